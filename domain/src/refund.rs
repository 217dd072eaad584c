//! Whether a purchase can be refunded (rule 20).

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, codes};
use crate::moment::Day;
use crate::policy::Policies;

/// Days after the day of purchase in which a refund can be asked for.
pub const REFUND_DAYS: i64 = 30;

codes! {
    /// What has to be true for a refund; the page shows each, met or not.
    RefundCondition {
        /// Asked for within thirty days of purchase.
        WithinThirtyDays = "within_thirty_days",
        /// No software benefit of the purchase is activated.
        NothingActivated = "nothing_activated",
    }
}

/// What the rule asks of a purchase. Days are those of the organization's time zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefundFacts {
    /// The day of purchase, day 0.
    pub purchased: Day,
    /// Today.
    pub today: Day,
    /// The last day, as [`deadline`] says.
    pub deadline: Day,
    /// Activations on record of the purchase's software.
    pub activated: i64,
    /// Its packages downloaded.
    pub downloaded: i64,
    /// Its keys revealed.
    pub revealed: i64,
}

/// The last day on which a refund can be asked for: day 30, to its end.
#[must_use]
pub fn deadline(purchased: Day) -> Day {
    purchased.plus_days(REFUND_DAYS)
}

/// Each condition, and whether it is met.
#[must_use]
pub fn conditions(facts: &RefundFacts, policies: &Policies) -> Vec<(RefundCondition, bool)> {
    let revealed = policies.reveal_counts_as_activation && facts.revealed > 0;
    let activated = facts.activated > 0 || facts.downloaded > 0 || revealed;
    vec![
        (RefundCondition::WithinThirtyDays, facts.today <= facts.deadline),
        (RefundCondition::NothingActivated, !activated),
    ]
}

/// Whether the refund is possible. Asked at submission, with that day, and at approval, with the day
/// of submission as `today`: waiting for the operators doesn't cost the partner the deadline.
///
/// # Errors
/// [`ErrorCode::RefundNotPossible`] where a condition isn't met; the deadline as `detail` where it
/// has passed.
pub fn check(facts: &RefundFacts, policies: &Policies) -> Result<(), Error> {
    let missed: Vec<RefundCondition> = conditions(facts, policies)
        .into_iter()
        .filter(|(_, met)| !met)
        .map(|(condition, _)| condition)
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    let error = Error::new(ErrorCode::RefundNotPossible);
    Err(if missed.contains(&RefundCondition::WithinThirtyDays) {
        error.with_detail(facts.deadline.to_string())
    } else {
        error
    })
}

/// Moments of a refund: only where deadlines are computed.
#[cfg(feature = "zones")]
mod moments {
    use super::{RefundFacts, deadline};
    use crate::moment::{Moment, Zone};

    /// The last moment at which a refund can be asked for: 23:59:59 of day 30 in the zone.
    #[must_use]
    pub fn last_moment(purchased: Moment, zone: &Zone) -> Moment {
        zone.end_of(deadline(zone.day_of(purchased)))
    }

    impl RefundFacts {
        /// The facts of a purchase at a moment, with nothing activated.
        #[must_use]
        pub fn at(purchased: Moment, now: Moment, zone: &Zone) -> Self {
            let purchased = zone.day_of(purchased);
            Self {
                purchased,
                today: zone.day_of(now),
                deadline: deadline(purchased),
                activated: 0,
                downloaded: 0,
                revealed: 0,
            }
        }
    }
}

#[cfg(feature = "zones")]
pub use moments::last_moment;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts(days: i64) -> RefundFacts {
        let purchased = Day::parse("2026-11-21").expect("a date");
        RefundFacts {
            purchased,
            today: purchased.plus_days(days),
            deadline: deadline(purchased),
            activated: 0,
            downloaded: 0,
            revealed: 0,
        }
    }

    fn policies(reveal_counts_as_activation: bool) -> Policies {
        Policies { reveal_counts_as_activation, ..Policies::default() }
    }

    #[test]
    fn rule_20_day_30_is_the_last() {
        assert_eq!(facts(0).deadline.to_string(), "2026-12-21");
        for days in [0, 1, 29, 30] {
            assert_eq!(check(&facts(days), &policies(true)), Ok(()), "{days}");
        }
        for days in [31, 365] {
            let error = check(&facts(days), &policies(true)).expect_err("too late");
            assert_eq!(error.code, ErrorCode::RefundNotPossible, "{days}");
            assert_eq!(error.detail.as_deref(), Some("2026-12-21"), "{days}");
        }
    }

    #[test]
    fn rule_20_nothing_of_the_purchase_is_activated() {
        for (activated, downloaded, revealed, counts, possible) in [
            (0, 0, 0, true, true),
            (1, 0, 0, true, false),
            (1, 0, 0, false, false),
            (0, 1, 0, true, false),
            (0, 1, 0, false, false),
            (0, 0, 1, true, false),
            (0, 0, 1, false, true),
        ] {
            let facts = RefundFacts { activated, downloaded, revealed, ..facts(3) };
            let policies = policies(counts);
            let case = format!("{activated} {downloaded} {revealed} {counts}");
            assert_eq!(check(&facts, &policies).is_ok(), possible, "{case}");
            assert_eq!(
                conditions(&facts, &policies),
                [(RefundCondition::WithinThirtyDays, true), (RefundCondition::NothingActivated, possible)],
                "{case}"
            );
        }
    }

    #[test]
    fn rule_20_the_refusal_names_the_deadline_only_when_it_has_passed() {
        let facts = RefundFacts { activated: 1, ..facts(3) };
        assert_eq!(check(&facts, &policies(true)).expect_err("activated").detail, None);
    }

    #[cfg(feature = "zones")]
    #[test]
    fn rule_20_the_deadline_ends_with_the_day_in_the_organizations_zone() {
        use crate::moment::{Moment, Zone};
        // 2026-10-10 23:30 UTC is already the 11th in Oslo and Taipei; Oslo's clocks change meanwhile.
        let purchased = Moment(1_791_675_000_000);
        for (name, last) in [
            ("UTC", "2026-11-09"),
            ("Europe/Oslo", "2026-11-10"),
            ("Asia/Taipei", "2026-11-10"),
            ("America/Los_Angeles", "2026-11-09"),
        ] {
            let zone = Zone::named(name);
            let moment = last_moment(purchased, &zone);
            assert_eq!(zone.day_of(moment).to_string(), last, "{name}");
            assert_eq!(zone.time_of(moment), (23, 59), "{name}");
            let check_at = |now| check(&RefundFacts::at(purchased, now, &zone), &Policies::default());
            assert_eq!(check_at(moment), Ok(()), "{name}");
            assert!(check_at(Moment(moment.0 + 1)).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn rule_20_once_too_late_always_too_late(number in 0_i64..40_000, days in 0_i64..400) {
            let purchased = Day::from_number(number).expect("within the calendar");
            let facts = RefundFacts {
                purchased,
                today: purchased.plus_days(days),
                deadline: deadline(purchased),
                ..facts(0)
            };
            prop_assert_eq!(check(&facts, &Policies::default()).is_ok(), days <= 30);
        }
    }
}
