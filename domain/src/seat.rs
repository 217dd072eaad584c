//! Seats: who gets one, when it is free to go, and what happens when there are too few (rules 10 to 12).

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, codes};
use crate::moment::Moment;
use crate::policy::{DoubleHolding, Policies};

/// A pool's quantity, none where it is unlimited, and what is in use of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Capacity {
    /// How many there are; none is unlimited.
    pub quantity: Option<i64>,
    /// How many are in use.
    pub used: i64,
}

impl Capacity {
    /// How many are left, never below zero; none where it is unlimited.
    #[must_use]
    pub fn left(&self) -> Option<i64> {
        self.quantity.map(|quantity| quantity.saturating_sub(self.used).max(0))
    }

    /// Whether there is any of it to begin with: an individual grant can say that there is none. What was drawn or
    /// activated before goes on.
    ///
    /// # Errors
    /// [`ErrorCode::NothingGranted`].
    pub fn check_any(&self) -> Result<(), Error> {
        if self.quantity.is_some_and(|quantity| quantity <= 0) {
            return Err(ErrorCode::NothingGranted.into());
        }
        Ok(())
    }

    /// Whether more is in use than there is: the quantity fell. Nobody is removed for it (rule 12).
    #[must_use]
    pub fn over_allocated(&self) -> bool {
        self.quantity.is_some_and(|quantity| self.used > quantity)
    }
}

codes! {
    /// What happens when more people are chosen than seats are left.
    Shortage {
        /// Nobody is assigned.
        None = "none",
        /// The first ones are, in the order in which they were chosen.
        #[serde(rename = "first")]
        FirstN = "first",
    }
}

/// Who of the chosen gets a seat and who is left out, both in the order of the choice. Who is chosen
/// twice counts once. There is never a silent part (rule 12): too few seats are a refusal, unless
/// the first ones were asked for and there is a seat for at least one of them.
///
/// # Errors
/// [`ErrorCode::NoSeatLeft`] with the seats left as `number` and the people chosen as `detail`.
pub fn allocate<T: PartialEq>(
    capacity: Capacity,
    chosen: Vec<T>,
    shortage: Option<Shortage>,
) -> Result<(Vec<T>, Vec<T>), Error> {
    let mut assigned: Vec<T> = Vec::with_capacity(chosen.len());
    for one in chosen {
        if !assigned.contains(&one) {
            assigned.push(one);
        }
    }
    let Some(left) = capacity.left() else {
        return Ok((assigned, Vec::new()));
    };
    let seats = usize::try_from(left).unwrap_or(usize::MAX);
    if assigned.len() <= seats {
        return Ok((assigned, Vec::new()));
    }
    if shortage != Some(Shortage::FirstN) || seats == 0 {
        let wanted = assigned.len().to_string();
        return Err(Error::new(ErrorCode::NoSeatLeft).with_number(left).with_detail(wanted));
    }
    let left_out = assigned.split_off(seats);
    Ok((assigned, left_out))
}

/// What the rules about seats ask of a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AssignFacts {
    /// Active or invited: neither suspended nor gone.
    pub person_belongs: bool,
    /// Invited and not signed in yet.
    pub person_invited: bool,
    /// Has an active seat of this grant.
    pub holds_this_grant: bool,
    /// Has an active seat of the same product from another source.
    pub holds_same_product: bool,
}

/// Whether the person may get a seat of the grant, and what to know before: where the policy warns,
/// [`ErrorCode::HoldsSameProduct`]; [`ErrorCode::PersonInvited`] for somebody who was just added, whom
/// rule 11 brings back to the form as chosen.
///
/// # Errors
/// [`ErrorCode::PersonNotActive`] (rule 11), [`ErrorCode::AlreadyHolds`] and, by policy,
/// [`ErrorCode::HoldsSameProduct`] (rule 12).
pub fn check_assign(facts: &AssignFacts, policies: &Policies) -> Result<Option<ErrorCode>, Error> {
    if !facts.person_belongs {
        return Err(ErrorCode::PersonNotActive.into());
    }
    if facts.holds_this_grant {
        return Err(ErrorCode::AlreadyHolds.into());
    }
    let invited = facts.person_invited.then_some(ErrorCode::PersonInvited);
    if !facts.holds_same_product {
        return Ok(invited);
    }
    match policies.double_holding {
        DoubleHolding::Warn => Ok(Some(ErrorCode::HoldsSameProduct)),
        DoubleHolding::Allow => Ok(invited),
        DoubleHolding::Refuse => Err(ErrorCode::HoldsSameProduct.into()),
    }
}

/// The moment from which a seat assigned now can be reassigned (rule 10); none where that is any
/// time.
#[must_use]
pub fn lock_until(assigned: Moment, policies: &Policies) -> Option<Moment> {
    (policies.reassign_lock_days > 0).then(|| assigned.plus_days(i64::from(policies.reassign_lock_days)))
}

/// Whether a seat is free to go. Only for releases by choice: see [`ReleaseReason::by_choice`].
///
/// # Errors
/// [`ErrorCode::SeatLocked`]; the caller adds the date, which depends on the reader's zone.
pub fn check_release(lock: Option<Moment>, now: Moment) -> Result<(), Error> {
    if lock.is_some_and(|until| now < until) {
        return Err(ErrorCode::SeatLocked.into());
    }
    Ok(())
}

/// Sorts grants of one product into the order in which they are drawn: the earlier expiry first,
/// what never expires last, and as before where the expiry is the same (rule 12).
pub fn draw_first<T>(grants: &mut [(Option<Moment>, T)]) {
    grants.sort_by_key(|(expires, _)| (expires.is_none(), *expires));
}

codes! {
    /// Why a seat ended.
    ReleaseReason {
        /// It was removed from its holder.
        Removed = "removed",
        /// It went to somebody else.
        Reassigned = "reassigned",
        /// Its holder left the organization.
        PersonLeft = "person_left",
        /// The grant was withdrawn.
        GrantWithdrawn = "grant_withdrawn",
        /// The grant ended.
        GrantEnded = "grant_ended",
        /// The company changed the level that the grant came with, and the new one hasn't got it.
        TierChanged = "tier_changed",
    }
}

impl ReleaseReason {
    /// Whether somebody chose it, so that the lock date of rule 10 holds it back.
    #[must_use]
    pub const fn by_choice(self) -> bool {
        matches!(self, Self::Removed | Self::Reassigned)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const NOW: Moment = Moment(1_795_000_000_000);

    fn limited(quantity: i64, used: i64) -> Capacity {
        Capacity { quantity: Some(quantity), used }
    }

    #[test]
    fn of_nothing_nothing_begins() {
        assert_eq!(limited(0, 0).check_any(), Err(ErrorCode::NothingGranted.into()));
        for there_is in [limited(1, 0), limited(1, 4), Capacity { quantity: None, used: 0 }] {
            assert_eq!(there_is.check_any(), Ok(()));
        }
    }

    #[test]
    fn rule_10_the_policy_locks_a_seat_until_its_date() {
        let policies = |reassign_lock_days| Policies { reassign_lock_days, ..Policies::default() };
        assert_eq!(lock_until(NOW, &Policies::default()), None);
        assert_eq!(lock_until(NOW, &policies(1)), Some(NOW.plus_days(1)));
        let lock = lock_until(NOW, &policies(90));
        assert_eq!(lock, Some(NOW.plus_days(90)));
        let before = Moment(NOW.plus_days(90).0 - 1);
        assert_eq!(check_release(lock, before), Err(Error::new(ErrorCode::SeatLocked)));
        assert_eq!(check_release(lock, NOW.plus_days(90)), Ok(()));
        assert_eq!(check_release(None, NOW), Ok(()));
    }

    #[test]
    fn rule_10_the_lock_holds_back_choices_only() {
        for reason in ReleaseReason::ALL {
            let chosen = matches!(reason, ReleaseReason::Removed | ReleaseReason::Reassigned);
            assert_eq!(reason.by_choice(), chosen, "{reason:?}");
        }
    }

    const FREE: AssignFacts = AssignFacts {
        person_belongs: true,
        person_invited: false,
        holds_this_grant: false,
        holds_same_product: false,
    };

    #[test]
    fn rule_11_whoever_was_just_added_can_be_assigned_and_the_page_says_invited() {
        let facts = AssignFacts { person_invited: true, ..FREE };
        assert_eq!(check_assign(&facts, &Policies::default()), Ok(Some(ErrorCode::PersonInvited)));
    }

    #[test]
    fn rule_11_only_people_of_the_company_get_a_seat() {
        assert_eq!(check_assign(&FREE, &Policies::default()), Ok(None));
        let facts = AssignFacts { person_belongs: false, ..FREE };
        let error = Error::new(ErrorCode::PersonNotActive);
        assert_eq!(check_assign(&facts, &Policies::default()), Err(error));
    }

    #[test]
    fn rule_12_one_person_holds_one_active_seat_of_a_grant() {
        let facts = AssignFacts { holds_this_grant: true, ..FREE };
        for double_holding in DoubleHolding::ALL {
            let policies = Policies { double_holding: *double_holding, ..Policies::default() };
            let error = Error::new(ErrorCode::AlreadyHolds);
            assert_eq!(check_assign(&facts, &policies), Err(error));
        }
    }

    #[test]
    fn rule_12_the_policy_decides_about_two_sources() {
        let facts = AssignFacts { holds_same_product: true, ..FREE };
        for (double_holding, expected) in [
            (DoubleHolding::Warn, Ok(Some(ErrorCode::HoldsSameProduct))),
            (DoubleHolding::Allow, Ok(None)),
            (DoubleHolding::Refuse, Err(Error::new(ErrorCode::HoldsSameProduct))),
        ] {
            let policies = Policies { double_holding, ..Policies::default() };
            assert_eq!(check_assign(&facts, &policies), expected, "{double_holding:?}");
            assert_eq!(check_assign(&FREE, &policies), Ok(None), "{double_holding:?}");
        }
    }

    #[test]
    fn rule_12_too_few_seats_are_a_refusal_or_the_first_ones_never_a_silent_part() {
        let chosen = || vec!["a", "b", "c"];
        assert_eq!(allocate(limited(5, 2), chosen(), None), Ok((chosen(), vec![])));
        for shortage in [None, Some(Shortage::None)] {
            let error = allocate(limited(5, 3), chosen(), shortage).expect_err("too few");
            assert_eq!(error.code, ErrorCode::NoSeatLeft);
            assert_eq!(error.number, Some(2));
            assert_eq!(error.detail.as_deref(), Some("3"));
        }
        let first = allocate(limited(5, 3), chosen(), Some(Shortage::FirstN));
        assert_eq!(first, Ok((vec!["a", "b"], vec!["c"])));
        let none = allocate(limited(5, 5), chosen(), Some(Shortage::FirstN)).expect_err("none");
        assert_eq!((none.code, none.number), (ErrorCode::NoSeatLeft, Some(0)));
        let unlimited = Capacity { quantity: None, used: 1_000 };
        assert_eq!(allocate(unlimited, chosen(), None), Ok((chosen(), vec![])));
    }

    #[test]
    fn rule_12_who_is_chosen_twice_counts_once() {
        assert_eq!(allocate(limited(2, 0), vec!["a", "b", "a"], None), Ok((vec!["a", "b"], vec![])));
    }

    #[test]
    fn rule_12_an_over_allocated_pool_gives_no_new_seat() {
        let pool = limited(3, 5);
        assert!(pool.over_allocated());
        assert_eq!(pool.left(), Some(0));
        assert!(allocate(pool, vec!["a"], Some(Shortage::FirstN)).is_err());
        assert!(!limited(5, 5).over_allocated());
        assert!(!Capacity { quantity: None, used: 5 }.over_allocated());
        assert_eq!(Capacity { quantity: None, used: 5 }.left(), None);
    }

    #[test]
    fn rule_12_the_earlier_expiry_is_drawn_first() {
        let mut grants = [
            (None, "for ever"),
            (Some(Moment(9)), "late"),
            (Some(Moment(2)), "early"),
            (Some(Moment(9)), "late too"),
        ];
        draw_first(&mut grants);
        assert_eq!(grants.map(|(_, name)| name), ["early", "late", "late too", "for ever"]);
    }

    proptest! {
        #[test]
        fn rule_12_no_allocation_goes_beyond_the_quantity(
            quantity in proptest::option::of(0_i64..40),
            used in 0_i64..60,
            chosen in proptest::collection::vec(0_u8..30, 0..50),
            shortage in prop_oneof![
                Just(None), Just(Some(Shortage::None)), Just(Some(Shortage::FirstN))
            ],
        ) {
            let capacity = Capacity { quantity, used };
            let mut seen = HashSet::new();
            let distinct: Vec<u8> = chosen.iter().copied().filter(|one| seen.insert(*one)).collect();
            match allocate(capacity, chosen, shortage) {
                Ok((assigned, left_out)) => {
                    // Everybody is told about, in the order of the choice.
                    let everybody: Vec<u8> = assigned.iter().chain(&left_out).copied().collect();
                    prop_assert_eq!(&everybody, &distinct);
                    let count = i64::try_from(assigned.len()).expect("few");
                    if let Some(quantity) = quantity {
                        prop_assert!(count == 0 || used + count <= quantity);
                        // And no seat stays free while somebody is left out.
                        prop_assert!(left_out.is_empty() || used + count == quantity);
                    }
                    prop_assert!(left_out.is_empty() || shortage == Some(Shortage::FirstN));
                }
                Err(error) => {
                    prop_assert_eq!(error.code, ErrorCode::NoSeatLeft);
                    prop_assert_eq!(error.number, capacity.left());
                    let left = capacity.left().expect("limited");
                    prop_assert!(i64::try_from(distinct.len()).expect("few") > left);
                    prop_assert!(shortage != Some(Shortage::FirstN) || left == 0);
                }
            }
        }

        #[test]
        fn rule_12_drawing_keeps_every_grant(expiries in proptest::collection::vec(proptest::option::of(0_i64..5), 0..20)) {
            let mut grants: Vec<(Option<Moment>, usize)> =
                expiries.iter().enumerate().map(|(at, expires)| (expires.map(Moment), at)).collect();
            draw_first(&mut grants);
            for pair in grants.windows(2) {
                let (first, second) = (pair[0], pair[1]);
                prop_assert!(first.0.is_some() || second.0.is_none());
                if let (Some(a), Some(b)) = (first.0, second.0) {
                    prop_assert!(a <= b);
                }
                prop_assert!(first.0 != second.0 || first.1 < second.1);
            }
            prop_assert_eq!(grants.len(), expiries.len());
        }
    }
}
