//! Going from one level of a competency to another in the same areas: what it costs, on which conditions, what
//! becomes of each benefit, and until when it can be taken back (rules 18, 20, 21).

use serde::{Deserialize, Serialize};

use crate::benefit::SourceLabel;
use crate::error::{Error, ErrorCode, codes};
use crate::ids::ProductId;
use crate::membership::{RENEWAL_WINDOW_DAYS, Tier};
use crate::moment::Day;

/// What is taken off the price of Gold for whoever comes from Silver, in percent.
pub const UPGRADE_DISCOUNT_PERCENT: i64 = 25;

/// The level that a holding can be changed to; none for what has no levels.
#[must_use]
pub const fn target(tier: Tier) -> Option<Tier> {
    match tier {
        Tier::Silver => Some(Tier::Gold),
        Tier::Gold => Some(Tier::Silver),
        Tier::Network | Tier::ActionPack => None,
    }
}

/// What the change costs, in the smallest unit of the currency: the price of the new level, less the discount
/// on the way up, rounded in the company's favour. What is left of the old year is not given back.
#[must_use]
pub const fn price(from: Tier, to: Tier, price_minor: i64) -> i64 {
    match (from, to) {
        (Tier::Silver, Tier::Gold) => {
            let whole = price_minor / 100 * (100 - UPGRADE_DISCOUNT_PERCENT);
            whole + price_minor % 100 * (100 - UPGRADE_DISCOUNT_PERCENT) / 100
        }
        _ => price_minor,
    }
}

codes! {
    /// What has to be true for a change of level; the page shows each, met or not.
    TierChangeCondition {
        /// The company is a member here, and not only in the older portal (rule 22).
        Member = "member",
        /// What is changed still gives benefits.
        InForce = "in_force",
        /// The network membership is there: it comes before everything else (rule 18).
        NetworkFirst = "network_first",
        /// The competency is on record at the new level, in every area of the holding.
        Attained = "attained",
        /// The next year isn't bought yet.
        NotRenewed = "not_renewed",
        /// No order that renews or replaces it waits for its payment.
        NoneWaiting = "none_waiting",
    }
}

/// What the conditions ask about a holding. Days are those of the organization's time zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TierChangeFacts {
    /// Whether the company's own record is here, open to changes.
    pub member: bool,
    /// Whether the company has the network membership.
    pub has_network: bool,
    /// Whether the competency is on record at the new level, in every area.
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

/// Each condition, and whether it is met.
#[must_use]
pub fn conditions(facts: &TierChangeFacts) -> Vec<(TierChangeCondition, bool)> {
    vec![
        (TierChangeCondition::Member, facts.member),
        (TierChangeCondition::InForce, facts.today <= facts.anniversary.plus_days(RENEWAL_WINDOW_DAYS)),
        (TierChangeCondition::NetworkFirst, facts.has_network),
        (TierChangeCondition::Attained, facts.attained),
        (TierChangeCondition::NotRenewed, !facts.renewed),
        (TierChangeCondition::NoneWaiting, !facts.waiting),
    ]
}

/// Whether the level can be changed.
///
/// # Errors
/// [`ErrorCode::TierChangeNotPossible`] with the code of the first condition that isn't met.
pub fn check(facts: &TierChangeFacts) -> Result<(), Error> {
    match conditions(facts).into_iter().find(|(_, met)| !met) {
        None => Ok(()),
        Some((condition, _)) => {
            Err(Error::new(ErrorCode::TierChangeNotPossible).with_detail(condition.code()))
        }
    }
}

/// A benefit that a change of level is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Benefit {
    /// The product.
    pub product: ProductId,
    /// Where it comes from.
    pub source: SourceLabel,
    /// Code of the competency area that adds it.
    pub area: Option<String>,
}

impl Benefit {
    /// How near another benefit of the same product is: what an area adds goes on with what it adds at the
    /// other level, a core with a core; otherwise any of the same product is better than none.
    fn distance(&self, other: &Self) -> Option<u8> {
        let added = |of: &Self| of.source == SourceLabel::SelectCompetency;
        if self.product != other.product {
            None
        } else if added(self) == added(other) && self.area == other.area {
            Some(0)
        } else if added(self) == added(other) {
            Some(1)
        } else {
            Some(2)
        }
    }
}

/// Which of the new benefits goes on with which of the old ones, as places in both: each once, the nearest
/// first. What of the old isn't in it ends.
#[must_use]
pub fn successors(old: &[Benefit], new: &[Benefit]) -> Vec<(usize, usize)> {
    let mut near: Vec<(u8, usize, usize)> = Vec::new();
    for (at, before) in old.iter().enumerate() {
        for (to, after) in new.iter().enumerate() {
            if let Some(distance) = before.distance(after) {
                near.push((distance, at, to));
            }
        }
    }
    near.sort_unstable();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (_, at, to) in near {
        if !pairs.iter().any(|(of, with)| *of == at || *with == to) {
            pairs.push((at, to));
        }
    }
    pairs.sort_unstable();
    pairs
}

codes! {
    /// What has to be true for a change of level to be taken back; the page shows each, met or not.
    TakeBackCondition {
        /// Within thirty days of its payment, like every refund (rule 20).
        WithinThirtyDays = "within_thirty_days",
        /// Nothing depends on it yet: no assignment, no key, no activation, no use of a new
        /// benefit, no order that builds on it.
        NothingStarted = "nothing_started",
    }
}

/// Each condition of taking a change back, and whether it is met. `deadline` is that of a refund, `started`
/// counts what depends on the new benefits.
#[must_use]
pub fn take_back_conditions(today: Day, deadline: Day, started: i64) -> Vec<(TakeBackCondition, bool)> {
    vec![
        (TakeBackCondition::WithinThirtyDays, today <= deadline),
        (TakeBackCondition::NothingStarted, started == 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> TierChangeFacts {
        let day = |text: &str| Day::parse(text).expect("a date");
        TierChangeFacts {
            member: true,
            has_network: true,
            attained: true,
            anniversary: day("2027-03-01"),
            today: day("2027-03-31"),
            renewed: false,
            waiting: false,
        }
    }

    fn benefit(product: u128, source: SourceLabel, area: Option<&str>) -> Benefit {
        Benefit { product: ProductId(uuid::Uuid::from_u128(product)), source, area: area.map(str::to_owned) }
    }

    #[test]
    fn rule_21_from_silver_to_gold_a_quarter_is_taken_off() {
        assert_eq!(price(Tier::Silver, Tier::Gold, 473_000), 354_750);
        assert_eq!(price(Tier::Silver, Tier::Gold, 1), 0);
        assert_eq!(price(Tier::Silver, Tier::Gold, 199), 149, "in the company's favour");
        assert_eq!(price(Tier::Silver, Tier::Gold, i64::MAX), i64::MAX / 100 * 75 + 5);
        assert_eq!(price(Tier::Gold, Tier::Silver, 167_000), 167_000, "not on the way down");
        assert_eq!((target(Tier::Network), target(Tier::ActionPack)), (None, None));
        for tier in [Tier::Silver, Tier::Gold] {
            assert_eq!(target(tier).and_then(target), Some(tier));
        }
    }

    #[test]
    fn rule_21_each_condition_of_a_change_is_asked_for_and_named() {
        assert_eq!(check(&facts()), Ok(()));
        for (facts, missed) in [
            (TierChangeFacts { member: false, ..facts() }, TierChangeCondition::Member),
            (TierChangeFacts { today: facts().today.plus_days(1), ..facts() }, TierChangeCondition::InForce),
            (TierChangeFacts { has_network: false, ..facts() }, TierChangeCondition::NetworkFirst),
            (TierChangeFacts { attained: false, ..facts() }, TierChangeCondition::Attained),
            (TierChangeFacts { renewed: true, ..facts() }, TierChangeCondition::NotRenewed),
            (TierChangeFacts { waiting: true, ..facts() }, TierChangeCondition::NoneWaiting),
        ] {
            let unmet: Vec<_> = conditions(&facts).into_iter().filter(|(_, met)| !met).collect();
            assert_eq!(unmet, [(missed, false)]);
            let error = check(&facts).expect_err("unmet");
            assert_eq!(error.code, ErrorCode::TierChangeNotPossible);
            assert_eq!(error.detail.as_deref(), Some(missed.code()));
        }
    }

    #[test]
    fn rule_21_each_benefit_goes_on_once_with_the_nearest_of_the_same_product() {
        use SourceLabel::{GoldCore, SelectCompetency, SilverCore};
        let old = [
            benefit(1, SilverCore, None),
            benefit(1, SelectCompetency, Some("devops")),
            benefit(2, SilverCore, None),
            benefit(3, SilverCore, None),
        ];
        let new = [
            benefit(1, SelectCompetency, Some("devops")),
            benefit(1, GoldCore, None),
            benefit(3, GoldCore, None),
            benefit(4, GoldCore, None),
        ];
        assert_eq!(successors(&old, &new), [(0, 1), (1, 0), (3, 2)], "the second has none and ends");
        // One of two goes on where there is one only.
        assert_eq!(successors(&old[..2], &new[1..2]), [(0, 0)]);
        assert_eq!(successors(&old[1..2], &new[1..2]), [(0, 0)], "rather than none");
        assert_eq!(successors(&[], &new), []);
    }

    #[test]
    fn rule_20_a_change_is_taken_back_until_something_depends_on_it() {
        let deadline = crate::refund::deadline(facts().today);
        let possible =
            |today, started| take_back_conditions(today, deadline, started).iter().all(|(_, met)| *met);
        assert!(possible(deadline, 0));
        assert!(!possible(deadline.plus_days(1), 0));
        assert!(!possible(facts().today, 1));
    }
}
