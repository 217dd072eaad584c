//! Renewing a holding: when it is possible, on which conditions, and which year it buys (rule 21).

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, codes};
use crate::membership::{MEMBERSHIP_DAYS, RENEWAL_WINDOW_DAYS, Tier};
use crate::moment::Day;

/// Days before the anniversary from which the next year can be bought: the day of the first reminder. Nobody
/// is asked before to pay for a year whose price and catalogue may still change.
pub const RENEW_BEFORE_DAYS: i64 = 15;

codes! {
    /// What has to be true for a holding to be renewed; the page shows each that isn't met.
    RenewalCondition {
        /// The company is a member here, and not only in the older portal (rule 22).
        Member = "member",
        /// From the first reminder to the end of the window after the anniversary.
        InTime = "in_time",
        /// The programme still offers it.
        Offered = "offered",
        /// The network membership is there: it comes before everything else (rule 18).
        NetworkFirst = "network_first",
        /// The competencies of the holding are still on record as attained.
        Attained = "attained",
        /// The next year isn't bought yet.
        NotRenewed = "not_renewed",
        /// No order that renews or replaces it waits for its payment.
        NoneWaiting = "none_waiting",
    }
}

/// What the conditions ask about a holding. Days are those of the organization's time zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RenewalFacts {
    /// The tier of its offer.
    pub tier: Tier,
    /// Whether the company's own record is here, open to changes.
    pub member: bool,
    /// Whether the programme still offers it.
    pub offered: bool,
    /// Whether the company has the network membership.
    pub has_network: bool,
    /// Whether the competencies of all its areas are on record; true where it has none.
    pub attained: bool,
    /// The last day of its year.
    pub anniversary: Day,
    /// Today.
    pub today: Day,
    /// Whether its next year is paid.
    pub renewed: bool,
    /// Whether an order that renews or replaces it waits for its payment.
    pub waiting: bool,
}

/// The first day on which a holding can be renewed.
#[must_use]
pub fn first_day(anniversary: Day) -> Day {
    anniversary.plus_days(-RENEW_BEFORE_DAYS)
}

/// The last one, to its end: the last day of the window after the anniversary.
#[must_use]
pub fn last_day(anniversary: Day) -> Day {
    anniversary.plus_days(RENEWAL_WINDOW_DAYS)
}

/// The last day of the year that a renewal buys. It counts from the old anniversary, whenever it is bought:
/// who renews early loses nothing, and who renews in the window gains nothing.
#[must_use]
pub fn next_anniversary(anniversary: Day) -> Day {
    anniversary.plus_days(MEMBERSHIP_DAYS)
}

/// Each condition, and whether it is met.
#[must_use]
pub fn conditions(facts: &RenewalFacts) -> Vec<(RenewalCondition, bool)> {
    let in_time = first_day(facts.anniversary) <= facts.today && facts.today <= last_day(facts.anniversary);
    let mut conditions =
        vec![(RenewalCondition::Member, facts.member), (RenewalCondition::NotRenewed, !facts.renewed)];
    conditions.push((RenewalCondition::NoneWaiting, !facts.waiting));
    conditions.push((RenewalCondition::Offered, facts.offered));
    conditions.push((RenewalCondition::InTime, in_time));
    if facts.tier != Tier::Network {
        conditions.push((RenewalCondition::NetworkFirst, facts.has_network));
    }
    if matches!(facts.tier, Tier::Silver | Tier::Gold) {
        conditions.push((RenewalCondition::Attained, facts.attained));
    }
    conditions
}

/// Whether a holding can be renewed.
///
/// # Errors
/// [`ErrorCode::RenewalNotPossible`] with the code of the first condition that isn't met.
pub fn check(facts: &RenewalFacts) -> Result<(), Error> {
    match conditions(facts).into_iter().find(|(_, met)| !met) {
        None => Ok(()),
        Some((condition, _)) => Err(Error::new(ErrorCode::RenewalNotPossible).with_detail(condition.code())),
    }
}

/// Moments of a renewal: only where deadlines are computed.
#[cfg(feature = "zones")]
mod moments {
    use super::next_anniversary;
    use crate::moment::{Moment, Zone};

    /// The first and the last moment of the year that follows an anniversary.
    #[must_use]
    pub fn next_year(anniversary: Moment, zone: &Zone) -> (Moment, Moment) {
        let day = zone.day_of(anniversary);
        (Moment(zone.end_of(day).0 + 1), zone.end_of(next_anniversary(day)))
    }
}

#[cfg(feature = "zones")]
pub use moments::next_year;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::REMINDER_DAYS;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a date")
    }

    fn facts() -> RenewalFacts {
        RenewalFacts {
            tier: Tier::Silver,
            member: true,
            offered: true,
            has_network: true,
            attained: true,
            anniversary: day("2027-03-01"),
            today: day("2027-03-01"),
            renewed: false,
            waiting: false,
        }
    }

    #[test]
    fn rule_21_a_holding_is_renewed_from_the_first_reminder_to_the_end_of_the_window() {
        assert_eq!(-REMINDER_DAYS[0], RENEW_BEFORE_DAYS, "the mail leads to something that can be done");
        for (today, possible) in [
            ("2027-02-13", false),
            ("2027-02-14", true),
            ("2027-03-01", true),
            ("2027-03-02", true),
            ("2027-03-31", true),
            ("2027-04-01", false),
        ] {
            let result = check(&RenewalFacts { today: day(today), ..facts() });
            assert_eq!(result.is_ok(), possible, "{today}");
            if let Err(error) = result {
                assert_eq!(error.code, ErrorCode::RenewalNotPossible);
                assert_eq!(error.detail.as_deref(), Some("in_time"), "{today}");
            }
        }
    }

    #[test]
    fn rule_21_each_condition_of_a_renewal_is_asked_for_and_named() {
        for (facts, missed) in [
            (RenewalFacts { member: false, ..facts() }, RenewalCondition::Member),
            (RenewalFacts { renewed: true, ..facts() }, RenewalCondition::NotRenewed),
            (RenewalFacts { waiting: true, ..facts() }, RenewalCondition::NoneWaiting),
            (RenewalFacts { offered: false, ..facts() }, RenewalCondition::Offered),
            (RenewalFacts { has_network: false, ..facts() }, RenewalCondition::NetworkFirst),
            (RenewalFacts { attained: false, ..facts() }, RenewalCondition::Attained),
        ] {
            let unmet: Vec<_> = conditions(&facts).into_iter().filter(|(_, met)| !met).collect();
            assert_eq!(unmet, [(missed, false)]);
            assert_eq!(check(&facts).expect_err("unmet").detail.as_deref(), Some(missed.code()));
        }
        // The network doesn't wait for itself, and nobody attains an Action Pack.
        let network = RenewalFacts { tier: Tier::Network, has_network: false, attained: false, ..facts() };
        assert_eq!(check(&network), Ok(()));
        let pack = RenewalFacts { tier: Tier::ActionPack, attained: false, ..facts() };
        assert_eq!(check(&pack), Ok(()));
    }

    #[test]
    fn rule_21_the_next_year_counts_from_the_old_anniversary() {
        assert_eq!(next_anniversary(day("2027-03-01")).to_string(), "2028-02-29");
        assert_eq!(next_anniversary(day("2026-03-01")).to_string(), "2027-03-01");
    }

    #[cfg(feature = "zones")]
    #[test]
    fn rule_21_the_next_year_begins_where_the_old_one_ends_in_the_companys_zone() {
        use crate::moment::{Moment, Zone};
        for name in ["UTC", "Europe/Oslo", "Asia/Taipei", "America/Los_Angeles"] {
            let zone = Zone::named(name);
            let end = zone.end_of(day("2026-10-24"));
            let (starts, ends) = next_year(end, &zone);
            assert_eq!(starts, Moment(end.0 + 1), "{name}");
            assert_eq!(zone.day_of(starts).to_string(), "2026-10-25", "{name}");
            assert_eq!(zone.day_of(ends).to_string(), "2027-10-24", "{name}");
            assert_eq!(zone.time_of(ends), (23, 59), "{name}");
        }
    }
}
