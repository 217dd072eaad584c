//! Offers, orders, payments and their documents (rules 2, 18).

use serde::{Deserialize, Serialize};

use super::area::NamedArea;
use super::benefits::WhyNot;
use super::renewal::RenewalRow;
use super::tier_change::TierChangeDone;
use crate::Day;
use crate::error::codes;
use crate::membership::Tier;
use crate::order::{DeclineCode, OfferCondition, OrderKind, OrderState, PaymentMethod, PaymentState};

/// Orders on a page.
pub const PAGE_ROWS: u32 = 50;

/// What a purchase is made under.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Agreement {
    /// Its version.
    pub version: i64,
    /// Its text in the reader's language; a blank line parts paragraphs.
    pub text: String,
}

/// A reason to join, as the programme says it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Point {
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub text: String,
}

/// What can be joined or bought.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OffersPage {
    /// Why to join, for whoever hasn't.
    pub points: Vec<Point>,
    /// The offers, the cheapest first.
    pub offers: Vec<OfferCard>,
    /// What a purchase is made under; none where the programme has none.
    pub agreement: Option<Agreement>,
    /// Why the reader can't buy.
    pub why_not: WhyNot,
}

/// An offer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferCard {
    /// Its code.
    pub code: String,
    /// Its tier.
    pub tier: Tier,
    /// Name in the reader's language.
    pub name: String,
    /// What it is for, in the reader's language.
    pub description: String,
    /// Price of a year in the smallest unit of the currency.
    pub price_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Whether it is bought for a competency area.
    pub needs_area: bool,
    /// What can be chosen: each attained area, or the one choice there is.
    pub choices: Vec<OfferChoice>,
}

/// An offer in an area, or without one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferChoice {
    /// The competency area.
    pub area: Option<NamedArea>,
    /// Names of the areas that it is said of together: neither attained nor held.
    pub others: Vec<String>,
    /// Each condition, and whether it is met.
    pub conditions: Vec<(OfferCondition, bool)>,
    /// Number of the order of it that waits for its payment.
    pub waiting_order: Option<i64>,
    /// Its next year, where the company has it.
    pub renewal: Option<RenewalRow>,
}

impl OfferChoice {
    /// Whether it can be bought.
    #[must_use]
    pub fn possible(&self) -> bool {
        self.conditions.iter().all(|(_, met)| *met)
    }

    /// Whether the company has it already.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.conditions.contains(&(OfferCondition::NotHeld, false))
    }
}

/// An order in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderRow {
    /// Its number.
    pub number: i64,
    /// What it buys.
    pub kind: OrderKind,
    /// The offer in the reader's language.
    pub offer: String,
    /// Names of the competency areas, in the reader's language.
    pub areas: Vec<String>,
    /// Where it stands.
    pub state: OrderState,
    /// When it was placed.
    pub ordered: Day,
    /// Who placed it.
    pub ordered_by: Option<String>,
    /// Price in the smallest unit of the currency.
    pub price_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The day by which it has to be paid, while it waits.
    pub pay_by: Option<Day>,
    /// Its invoice and its credit notes: kind and number. In the list only; the order itself has them in full.
    pub documents: Vec<(DocumentKind, i64)>,
}

/// Which orders to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OrdersQuery {
    /// Only those with a smaller number.
    pub before: Option<i64>,
}

/// The company's orders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrdersPage {
    /// The latest first.
    pub orders: Vec<OrderRow>,
    /// Where the next page begins.
    pub next: Option<i64>,
}

/// A payment of an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaymentRow {
    /// How.
    pub method: PaymentMethod,
    /// Where it stands.
    pub state: PaymentState,
    /// Why it was declined.
    pub decline: Option<DeclineCode>,
    /// When it began.
    pub started: Day,
    /// When it was decided.
    pub settled: Option<Day>,
    /// Since when its money is to be given back.
    pub refund_due: Option<Day>,
    /// When it was given back.
    pub refunded: Option<Day>,
    /// Who began it.
    pub by: Option<String>,
}

/// A proof of a transfer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProofRow {
    /// Its id, for its address.
    pub id: String,
    /// Name of the file.
    pub name: String,
    /// When it was given.
    pub day: Day,
    /// Who gave it.
    pub by: Option<String>,
}

codes! {
    /// A document about money.
    DocumentKind {
        /// What was to be paid, and was.
        Invoice = "invoice",
        /// What was given back.
        CreditNote = "credit_note",
    }
}

/// An invoice or a credit note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Document {
    /// Its number.
    pub number: i64,
    /// Which of both.
    pub kind: DocumentKind,
    /// Amount in the smallest unit of the currency.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// When it was issued.
    pub issued: Day,
}

/// One order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderPage {
    /// The order.
    pub order: OrderRow,
    /// Its version.
    pub version: i64,
    /// When it was paid.
    pub paid: Option<Day>,
    /// What it was placed under.
    pub agreement: Option<Agreement>,
    /// What stands for a card, where cards are taken and the order waits.
    pub cards: Vec<String>,
    /// Where a transfer goes, where transfers are taken and the order waits.
    pub bank_details: Option<String>,
    /// Its payments, the latest first.
    pub payments: Vec<PaymentRow>,
    /// The payment that isn't decided yet.
    pub open: Option<PaymentRow>,
    /// Proofs of a transfer.
    pub proofs: Vec<ProofRow>,
    /// Invoice and credit notes.
    pub documents: Vec<Document>,
    /// What became of the change of level that was ordered, once it is paid.
    pub tier_change: Option<TierChangeDone>,
}
