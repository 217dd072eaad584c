//! A change of level, before it is ordered and after it happened (rules 18, 20, 21).

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use crate::Day;
use crate::benefit::{Category, Unit};
use crate::entitlement::Amount;
use crate::ids::HoldingId;
use crate::tier_change::{TakeBackCondition, TierChangeCondition};

/// Which change is looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TierChangeQuery {
    /// The holding; none for the list of what can be changed.
    pub holding: Option<HoldingId>,
}

/// A holding that has another level.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TierChangeChoice {
    /// The holding.
    pub holding: HoldingId,
    /// Its offer in the reader's language.
    pub offer: String,
    /// The offer of the other level.
    pub target: String,
    /// Names of the competency areas, in the reader's language.
    pub areas: Vec<String>,
}

/// A benefit whose holders go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GoesOnRow {
    /// The product in the reader's language.
    pub product: String,
    /// Its category.
    pub category: Category,
    /// What is counted.
    pub unit: Unit,
    /// How much there is now.
    pub before: Amount,
    /// How much there will be.
    pub after: Amount,
    /// How many seats are held.
    pub held: i64,
}

impl GoesOnRow {
    /// Whether more is held than there will be: nobody is removed, and nobody new assigned (rule 12).
    #[must_use]
    pub const fn is_over_allocated(&self) -> bool {
        matches!(self.after, Amount::Of(quantity) if self.held > quantity)
    }
}

/// A benefit that ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EndsRow {
    /// The product in the reader's language.
    pub product: String,
    /// Its category.
    pub category: Category,
    /// Who loses a seat of it, by name.
    pub holders: Vec<String>,
}

/// What a change would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TierChangePreview {
    /// What is changed to what.
    pub choice: TierChangeChoice,
    /// What it costs, in the smallest unit of the currency.
    pub price_minor: i64,
    /// What the new level costs otherwise.
    pub full_price_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The anniversary, if it is paid today.
    pub anniversary: Day,
    /// Each condition, and whether it is met.
    pub conditions: Vec<(TierChangeCondition, bool)>,
    /// Number of the order that waits for its payment.
    pub waiting_order: Option<i64>,
    /// What goes on with the new level.
    pub goes_on: Vec<GoesOnRow>,
    /// Benefits that go on unchanged with something else that the company holds.
    pub elsewhere: i64,
    /// What ends.
    pub ends: Vec<EndsRow>,
    /// Who is told beside those who lose a seat, by name.
    pub told: Vec<String>,
}

/// The page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TierChangePage {
    /// What can be changed.
    pub choices: Vec<TierChangeChoice>,
    /// What the change that was asked for would do.
    pub preview: Option<TierChangePreview>,
    /// Version of the agreement that a purchase is made under now; none where the programme has none.
    pub agreement: Option<i64>,
    /// Why the reader can't buy.
    pub why_not: WhyNot,
}

/// A change that happened, on the page of its order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TierChangeDone {
    /// How many seats ended with it.
    pub former: i64,
    /// Each condition of taking it back, and whether it is met; none where it was taken back or is over.
    pub take_back: Option<Vec<(TakeBackCondition, bool)>>,
    /// The last day on which it can be taken back.
    pub deadline: Day,
    /// Why the reader can't take it back.
    pub why_not: WhyNot,
}
