//! Individual grants: a company has more or less of a product than its plan gives it, until a day.
//!
//! It hangs on company and product, not on a holding: whatever holdings bring the product meanwhile, the company has
//! so much of it altogether.

use serde::{Deserialize, Serialize};

use crate::benefit::ProductKind;
use crate::entitlement::Amount;
use crate::error::{Error, ErrorCode, Field, codes};

/// The largest quantity.
pub const QUANTITY_MAX: i64 = 1_000_000;
/// The longest reason, in characters.
pub const REASON_MAX: usize = 500;

codes! {
    /// What an individual grant is.
    IndividualKind {
        /// So much of the product instead of what the plan gives of it. As long as the plan gives none, it rests.
        Quantity = "quantity",
        /// A product that the plan didn't give when it was set, or more of one in which nothing could start any more:
        /// a benefit of its own, beside whatever the plan gives later.
        Product = "product",
    }
}

/// A pool that plan benefits of the product have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlanPool {
    /// What the plan gives.
    pub plan: Amount,
    /// What is in use.
    pub in_use: i64,
    /// Whether something new can start in it: not in the renewal window, nor once all that there is has been taken
    /// with one key.
    pub opens: bool,
}

/// An individual grant in force, as the rule sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Individual {
    /// What it is.
    pub kind: IndividualKind,
    /// How much.
    pub amount: Amount,
}

/// What the plan gives of a product altogether; none where it gives none of it.
#[must_use]
pub fn plan_of(pools: &[PlanPool]) -> Option<Amount> {
    pools.iter().map(|pool| pool.plan).reduce(sum)
}

/// What there is in several pools; none where there is no pool.
#[must_use]
pub fn altogether(pools: &[Amount]) -> Option<Amount> {
    pools.iter().copied().reduce(sum)
}

/// What the company has of the product: plan value, individual grant, result.
#[must_use]
pub fn result(plan: Option<Amount>, individual: Option<Individual>) -> Option<Amount> {
    match (plan, individual) {
        (plan, None) => plan,
        (plan, Some(Individual { kind: IndividualKind::Quantity, amount })) => plan.map(|_| amount),
        (None, Some(Individual { kind: IndividualKind::Product, amount })) => Some(amount),
        (Some(plan), Some(Individual { kind: IndividualKind::Product, amount })) => Some(sum(plan, amount)),
    }
}

/// What setting so much of a product comes to. Where the plan gives none of it, it is a product of its own, and so
/// is what goes beyond a plan in which nothing can start any more: there it would be of use to nobody.
#[must_use]
pub fn on_top(plan: &[PlanPool], wanted: Amount) -> Individual {
    let Some(has) = plan_of(plan) else {
        return Individual { kind: IndividualKind::Product, amount: wanted };
    };
    let closed = !plan.iter().any(|pool| pool.opens);
    let more = match (wanted, has) {
        (Amount::Of(wanted), Amount::Of(has)) if wanted > has => Some(Amount::Of(wanted - has)),
        (Amount::Unlimited, Amount::Of(_)) => Some(Amount::Unlimited),
        _ => None,
    };
    match more.filter(|_| closed) {
        Some(amount) => Individual { kind: IndividualKind::Product, amount },
        None => Individual { kind: IndividualKind::Quantity, amount: wanted },
    }
}

/// Whether a company can have so much of a product of this kind: a licence of the cloud is a key for so many seats.
///
/// # Errors
/// [`ErrorCode::LimitNeeded`] on the quantity.
pub fn check_kind(kind: ProductKind, wanted: Amount) -> Result<(), Error> {
    if kind == ProductKind::CloudLicense && wanted == Amount::Unlimited {
        return Err(Error::field(Field::Quantity, ErrorCode::LimitNeeded));
    }
    Ok(())
}

/// Whether more than before would be of use: a key that was redeemed has taken all that there was.
///
/// # Errors
/// [`ErrorCode::MoreNeedsKey`] on the quantity.
pub fn check_more(before: Amount, wanted: Amount, redeemed: bool) -> Result<(), Error> {
    let more = match (before, wanted) {
        (Amount::Of(before), Amount::Of(wanted)) => wanted > before,
        (Amount::Of(_), Amount::Unlimited) => true,
        (Amount::Unlimited, _) => false,
    };
    if redeemed && more { Err(Error::field(Field::Quantity, ErrorCode::MoreNeedsKey)) } else { Ok(()) }
}

/// What each pool of the product has, where the company has so much of it instead of what the plan gives. What is in
/// use is covered first, as far as that goes, so that nobody's seat stands outside while another pool has room;
/// then each pool gets up to what the plan gives it, the oldest first, and the oldest has what is left. Pools in
/// which something new can start come before the others, which get no more than the plan gives.
#[must_use]
pub fn shares(instead: Amount, pools: &[PlanPool]) -> Vec<Amount> {
    let Amount::Of(mut left) = instead else { return vec![Amount::Unlimited; pools.len()] };
    let mut given = vec![0_i64; pools.len()];
    let any = pools.iter().any(|pool| pool.opens);
    let opens = |pool: &PlanPool| pool.opens || !any;
    up_to(&mut given, &mut left, pools, |pool| pool.in_use);
    up_to(&mut given, &mut left, pools, |pool| match pool.plan {
        Amount::Of(plan) if opens(pool) => plan,
        Amount::Unlimited if opens(pool) => i64::MAX,
        _ => 0,
    });
    up_to(&mut given, &mut left, pools, bounded);
    let rest = pools.iter().position(opens).and_then(|first| given.get_mut(first));
    if let Some(has) = rest {
        *has = has.saturating_add(left.max(0));
    }
    given.into_iter().map(Amount::Of).collect()
}

/// Gives each pool up to so much, as far as it goes.
fn up_to(given: &mut [i64], left: &mut i64, pools: &[PlanPool], most: impl Fn(&PlanPool) -> i64) {
    for (has, pool) in given.iter_mut().zip(pools) {
        let more = most(pool).saturating_sub(*has).clamp(0, (*left).max(0));
        *has += more;
        *left -= more;
    }
}

/// What a plan with a limit gives.
const fn bounded(pool: &PlanPool) -> i64 {
    match pool.plan {
        Amount::Of(plan) => plan,
        Amount::Unlimited => 0,
    }
}

/// Whether the pools of a product, each with what it has, have to be given their shares anew: altogether they have
/// something else than the company is to have, or room lies where nothing new can start while it could elsewhere.
/// What is in use moves all the time, and is no reason.
#[must_use]
pub fn is_unsettled(instead: Amount, pools: &[(PlanPool, Amount)]) -> bool {
    let Some(all) = pools.iter().map(|(_, has)| *has).reduce(sum) else { return false };
    let idle = |(pool, has): &(PlanPool, Amount)| {
        !pool.opens && matches!(has, Amount::Of(has) if *has > pool.in_use.max(bounded(pool)))
    };
    all != instead || pools.iter().any(|(pool, _)| pool.opens) && pools.iter().any(idle)
}

/// How many more are in use than there would be (rule 12); 0 where there is enough.
#[must_use]
pub fn beyond(amount: Amount, in_use: i64) -> i64 {
    match amount {
        Amount::Of(amount) => in_use.saturating_sub(amount).max(0),
        Amount::Unlimited => 0,
    }
}

const fn sum(one: Amount, other: Amount) -> Amount {
    match (one, other) {
        (Amount::Of(one), Amount::Of(other)) => Amount::Of(one.saturating_add(other)),
        _ => Amount::Unlimited,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Amount::{Of, Unlimited};
    use super::*;

    const fn pool(plan: Amount, in_use: i64) -> PlanPool {
        PlanPool { plan, in_use, opens: true }
    }

    const fn closed(plan: Amount, in_use: i64) -> PlanPool {
        PlanPool { plan, in_use, opens: false }
    }

    const fn instead(amount: Amount) -> Option<Individual> {
        Some(Individual { kind: IndividualKind::Quantity, amount })
    }

    const fn beside(amount: Amount) -> Option<Individual> {
        Some(Individual { kind: IndividualKind::Product, amount })
    }

    #[test]
    fn plan_value_individual_grant_and_result() {
        for (plan, individual, there_is) in [
            (Some(Of(10)), None, Some(Of(10))),
            (None, None, None),
            (Some(Of(10)), instead(Of(25)), Some(Of(25))),
            (Some(Of(10)), instead(Of(4)), Some(Of(4))),
            (Some(Of(10)), instead(Of(0)), Some(Of(0))),
            (Some(Of(10)), instead(Unlimited), Some(Unlimited)),
            (Some(Unlimited), instead(Of(4)), Some(Of(4))),
            // Without a plan there is nothing that it stands for.
            (None, instead(Of(25)), None),
            (None, beside(Of(5)), Some(Of(5))),
            (None, beside(Unlimited), Some(Unlimited)),
            // The plan gives it by now: both count.
            (Some(Of(10)), beside(Of(5)), Some(Of(15))),
            (Some(Unlimited), beside(Of(5)), Some(Unlimited)),
        ] {
            assert_eq!(result(plan, individual), there_is, "{plan:?} {individual:?}");
        }
    }

    #[test]
    fn what_several_sources_give_counts_together() {
        assert_eq!(plan_of(&[]), None);
        assert_eq!(plan_of(&[pool(Of(10), 0), pool(Of(25), 3)]), Some(Of(35)));
        assert_eq!(plan_of(&[pool(Of(10), 0), pool(Unlimited, 3)]), Some(Unlimited));
        assert_eq!(altogether(&[]), None);
        assert_eq!(altogether(&[Of(10), Of(25)]), Some(Of(35)));
        assert_eq!(altogether(&[Of(10), Unlimited]), Some(Unlimited));
    }

    #[test]
    fn more_goes_to_the_oldest_and_less_is_taken_from_the_latest() {
        let pools = [pool(Of(10), 0), pool(Of(25), 0)];
        for (amount, each) in [
            (Of(50), [Of(25), Of(25)]),
            (Of(35), [Of(10), Of(25)]),
            (Of(20), [Of(10), Of(10)]),
            (Of(4), [Of(4), Of(0)]),
            (Of(0), [Of(0), Of(0)]),
            (Unlimited, [Unlimited, Unlimited]),
        ] {
            assert_eq!(shares(amount, &pools), each, "{amount:?}");
        }
        assert_eq!(shares(Of(5), &[]), []);
        assert_eq!(shares(Of(5), &[pool(Unlimited, 0), pool(Of(3), 0)]), [Of(5), Of(0)]);
    }

    #[test]
    fn more_goes_where_something_new_can_start() {
        // The oldest is in its renewal window.
        let pools = [closed(Of(10), 6), pool(Of(25), 3)];
        for (amount, each) in [
            (Of(50), [Of(10), Of(40)]),
            (Of(35), [Of(10), Of(25)]),
            (Of(33), [Of(8), Of(25)]),
            (Of(20), [Of(6), Of(14)]),
            (Of(5), [Of(5), Of(0)]),
        ] {
            assert_eq!(shares(amount, &pools), each, "{amount:?}");
        }
        assert_eq!(shares(Of(12), &[closed(Unlimited, 2), pool(Of(5), 0)]), [Of(2), Of(10)]);
        assert_eq!(shares(Of(12), &[closed(Of(5), 2), pool(Unlimited, 0)]), [Of(2), Of(10)]);
        // Nothing can start anywhere: as if it could.
        assert_eq!(shares(Of(12), &[closed(Of(5), 0), closed(Of(5), 0)]), [Of(7), Of(5)]);
    }

    #[test]
    fn what_goes_beyond_a_plan_in_which_nothing_can_start_is_a_product_of_its_own() {
        for (plan, wanted, individual) in [
            (vec![], Of(5), beside(Of(5))),
            (vec![], Unlimited, beside(Unlimited)),
            (vec![pool(Of(10), 3)], Of(25), instead(Of(25))),
            (vec![pool(Of(10), 3), closed(Of(5), 5)], Of(25), instead(Of(25))),
            (vec![closed(Of(10), 3), closed(Of(5), 5)], Of(25), beside(Of(10))),
            (vec![closed(Of(10), 3)], Unlimited, beside(Unlimited)),
            // As much or less is no more of anything.
            (vec![closed(Of(10), 3)], Of(10), instead(Of(10))),
            (vec![closed(Of(10), 3)], Of(4), instead(Of(4))),
            (vec![closed(Unlimited, 3)], Of(25), instead(Of(25))),
            (vec![closed(Unlimited, 3)], Unlimited, instead(Unlimited)),
        ] {
            assert_eq!(Some(on_top(&plan, wanted)), individual, "{plan:?} {wanted:?}");
        }
    }

    #[test]
    fn a_licence_of_the_cloud_is_for_so_many_seats() {
        let refused = Err(Error::field(Field::Quantity, ErrorCode::LimitNeeded));
        assert_eq!(check_kind(ProductKind::CloudLicense, Unlimited), refused);
        assert_eq!(check_kind(ProductKind::CloudLicense, Of(5)), Ok(()));
        assert_eq!(check_kind(ProductKind::CloudUsage, Unlimited), Ok(()));
        let refused = Err(Error::field(Field::Quantity, ErrorCode::MoreNeedsKey));
        assert_eq!(check_more(Of(100), Of(150), true), refused);
        assert_eq!(check_more(Of(100), Unlimited, true), refused);
        for (before, wanted, redeemed) in [
            (Of(100), Of(150), false),
            (Of(100), Of(100), true),
            (Of(100), Of(50), true),
            (Unlimited, Of(5), true),
        ] {
            assert_eq!(check_more(before, wanted, redeemed), Ok(()), "{before:?} {wanted:?}");
        }
    }

    #[test]
    fn pools_are_looked_after_where_they_have_too_little_or_where_it_is_of_no_use() {
        for (all, pools, unsettled) in [
            (Of(20), vec![], false),
            (Of(20), vec![(pool(Of(10), 3), Of(20))], false),
            // Of two pools one has ended.
            (Of(20), vec![(pool(Of(10), 3), Of(10))], true),
            (Unlimited, vec![(pool(Of(10), 3), Unlimited)], false),
            (Of(20), vec![(pool(Of(10), 3), Unlimited)], true),
            // The oldest came into its renewal window.
            (Of(45), vec![(closed(Of(10), 3), Of(20)), (pool(Of(25), 0), Of(25))], true),
            (Of(45), vec![(closed(Of(10), 3), Of(10)), (pool(Of(25), 0), Of(35))], false),
            (Of(45), vec![(closed(Of(10), 20), Of(20)), (pool(Of(25), 0), Of(25))], false),
            // What is in use has moved.
            (Of(20), vec![(pool(Of(10), 0), Of(10)), (pool(Of(25), 14), Of(10))], false),
        ] {
            assert_eq!(is_unsettled(all, &pools), unsettled, "{all:?} {pools:?}");
        }
    }

    #[test]
    fn rule_12_what_is_in_use_is_covered_before_anything_else() {
        let pools = [pool(Of(10), 0), pool(Of(25), 18)];
        assert_eq!(shares(Of(20), &pools), [Of(2), Of(18)]);
        assert_eq!(shares(Of(12), &pools), [Of(0), Of(12)]);
        assert_eq!(shares(Of(30), &[pool(Of(5), 20), pool(Of(25), 0)]), [Of(20), Of(10)]);
    }

    #[test]
    fn rule_12_how_many_are_beyond_a_quantity() {
        assert_eq!(
            [beyond(Of(5), 5), beyond(Of(5), 8), beyond(Of(0), 1), beyond(Unlimited, 900)],
            [0, 3, 1, 0]
        );
    }

    proptest! {
        #[test]
        fn the_shares_add_up_and_nobody_is_outside_while_there_is_room(
            amount in 0_i64..200,
            pools in proptest::collection::vec((0_i64..60, 0_i64..60, proptest::bool::ANY), 1..5),
        ) {
            let pools: Vec<PlanPool> = pools
                .into_iter()
                .map(|(plan, in_use, opens)| PlanPool { plan: Of(plan), in_use, opens })
                .collect();
            let given = shares(Of(amount), &pools);
            let of = |share: &Amount| match share { Of(share) => *share, Unlimited => i64::MAX };
            prop_assert_eq!(given.iter().map(of).sum::<i64>(), amount);
            let outside: i64 = given.iter().zip(&pools).map(|(share, pool)| beyond(*share, pool.in_use)).sum();
            let in_use = pools.iter().map(|pool| pool.in_use).sum();
            prop_assert_eq!(outside, beyond(Of(amount), in_use));
            let has: Vec<(PlanPool, Amount)> = pools.iter().copied().zip(given).collect();
            prop_assert!(!is_unsettled(Of(amount), &has));
        }
    }
}
