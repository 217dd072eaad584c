//! Suspending and removing people: who may, and what becomes of what they hold (rule 3).

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, codes};
use crate::rights::{check_role_change, keeps_global_admin};
use crate::role::Roles;
use crate::view::people::PersonStatus;

codes! {
    /// How somebody stops working in an organization.
    Departure {
        /// For now: the person can't sign in until resumed.
        Suspend = "suspend",
        /// For good: the row stays for what hangs on it.
        Remove = "remove",
    }
}

codes! {
    /// What becomes of a seat whose holder is suspended or removed.
    SeatFate {
        /// The person keeps it.
        Keep = "keep",
        /// It becomes free.
        Release = "release",
        /// A colleague gets it in the same step.
        HandOver = "hand_over",
    }
}

impl SeatFate {
    /// What can become of a seat: whoever is removed keeps none.
    #[must_use]
    pub const fn possible(departure: Departure) -> &'static [Self] {
        match departure {
            Departure::Suspend => &[Self::Keep, Self::Release, Self::HandOver],
            Departure::Remove => &[Self::Release, Self::HandOver],
        }
    }
}

impl Departure {
    /// The status that it leads to.
    #[must_use]
    pub const fn status(self) -> PersonStatus {
        match self {
            Self::Suspend => PersonStatus::Suspended,
            Self::Remove => PersonStatus::Left,
        }
    }
}

/// What the rules ask about somebody who is to be suspended or removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DepartureFacts<'a> {
    /// Roles of whoever does it.
    pub actor: &'a Roles,
    /// Whether it is the actor.
    pub own: bool,
    /// Roles of the person.
    pub roles: &'a Roles,
    /// How the person stands now.
    pub status: PersonStatus,
    /// Active Global admins besides the person.
    pub other_global_admins: u64,
}

/// Whether the person can be suspended or removed. It takes all roles away, so whoever couldn't take
/// one of them can't do it either (rule 3).
///
/// # Errors
/// [`ErrorCode::OwnPerson`]; [`ErrorCode::WrongState`] for somebody who is suspended or gone already;
/// [`ErrorCode::RoleNotGrantable`]; [`ErrorCode::LastGlobalAdmin`].
pub fn check_departure(facts: &DepartureFacts<'_>, departure: Departure) -> Result<(), Error> {
    if facts.own {
        return Err(ErrorCode::OwnPerson.into());
    }
    let possible = match facts.status {
        PersonStatus::Active | PersonStatus::Invited => true,
        PersonStatus::Suspended => departure == Departure::Remove,
        PersonStatus::Left => false,
    };
    if !possible {
        return Err(ErrorCode::WrongState.into());
    }
    check_role_change(facts.actor, facts.roles, &Roles::default())?;
    if facts.status == PersonStatus::Active {
        keeps_global_admin(facts.other_global_admins, facts.roles, facts.roles, false)?;
    }
    Ok(())
}

/// Whether a suspended person can be let in again. It gives all roles back (rule 3).
///
/// # Errors
/// [`ErrorCode::WrongState`] for anybody who isn't suspended; [`ErrorCode::RoleNotGrantable`].
pub fn check_return(actor: &Roles, roles: &Roles, status: PersonStatus) -> Result<(), Error> {
    if status != PersonStatus::Suspended {
        return Err(ErrorCode::WrongState.into());
    }
    check_role_change(actor, &Roles::default(), roles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Role;

    fn facts<'a>(actor: &'a Roles, roles: &'a Roles, status: PersonStatus) -> DepartureFacts<'a> {
        DepartureFacts { actor, own: false, roles, status, other_global_admins: 1 }
    }

    fn code(result: Result<(), Error>) -> Option<ErrorCode> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn rule_03_nobody_takes_a_role_away_by_suspending_that_they_could_not_take() {
        for departure in Departure::ALL {
            for actor in Role::ALL {
                for held in Role::ALL {
                    let (actor, roles) = (Roles::new([*actor]), Roles::new([*held]));
                    let could = check_role_change(&actor, &roles, &Roles::default()).is_ok();
                    let result = check_departure(&facts(&actor, &roles, PersonStatus::Active), *departure);
                    let expected = (!could).then_some(ErrorCode::RoleNotGrantable);
                    assert_eq!(code(result), expected, "{actor:?} {roles:?}");
                    let back = check_return(&actor, &roles, PersonStatus::Suspended);
                    assert_eq!(code(back), expected, "{actor:?} {roles:?}");
                }
            }
        }
    }

    #[test]
    fn rule_03_the_last_global_admin_is_neither_suspended_nor_removed() {
        let admin = Roles::new([Role::GlobalAdmin]);
        for departure in Departure::ALL {
            let last =
                DepartureFacts { other_global_admins: 0, ..facts(&admin, &admin, PersonStatus::Active) };
            assert_eq!(code(check_departure(&last, *departure)), Some(ErrorCode::LastGlobalAdmin));
            assert_eq!(code(check_departure(&facts(&admin, &admin, PersonStatus::Active), *departure)), None);
        }
        // Somebody who never signed in, or can't now, isn't counted among those who remain.
        let invited =
            DepartureFacts { other_global_admins: 0, ..facts(&admin, &admin, PersonStatus::Invited) };
        assert_eq!(code(check_departure(&invited, Departure::Remove)), None);
    }

    #[test]
    fn nobody_locks_themselves_out() {
        let admin = Roles::new([Role::GlobalAdmin]);
        for departure in Departure::ALL {
            let own = DepartureFacts { own: true, ..facts(&admin, &admin, PersonStatus::Active) };
            assert_eq!(code(check_departure(&own, *departure)), Some(ErrorCode::OwnPerson));
        }
    }

    #[test]
    fn each_status_has_its_ways_out() {
        let (admin, employee) = (Roles::new([Role::GlobalAdmin]), Roles::new([Role::Employee]));
        for (status, suspend, remove, back) in [
            (PersonStatus::Invited, true, true, false),
            (PersonStatus::Active, true, true, false),
            (PersonStatus::Suspended, false, true, true),
            (PersonStatus::Left, false, false, false),
        ] {
            let facts = facts(&admin, &employee, status);
            assert_eq!(check_departure(&facts, Departure::Suspend).is_ok(), suspend, "{status:?}");
            assert_eq!(check_departure(&facts, Departure::Remove).is_ok(), remove, "{status:?}");
            assert_eq!(check_return(&admin, &employee, status).is_ok(), back, "{status:?}");
        }
        assert!(!SeatFate::possible(Departure::Remove).contains(&SeatFate::Keep));
    }
}
