//! What can be done about the next year of a holding (rule 21).

use serde::{Deserialize, Serialize};

use super::area::NamedArea;
use crate::Day;
use crate::ids::HoldingId;
use crate::renewal::RenewalCondition;

/// Where the renewal of a holding stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RenewalState {
    /// It is possible from this day on.
    From(Day),
    /// It is possible.
    Possible,
    /// These conditions aren't met.
    NotPossible(Vec<RenewalCondition>),
    /// The order with this number renews or replaces it and waits for its payment.
    Waiting(i64),
    /// The next year is paid.
    Renewed {
        /// Number of the order.
        order: i64,
        /// The first day of the next year.
        begins: Day,
        /// The last one.
        ends: Day,
    },
}

/// The renewal of a holding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RenewalRow {
    /// The holding.
    pub holding: HoldingId,
    /// Code of the offer.
    pub offer_code: String,
    /// The offer in the reader's language.
    pub offer: String,
    /// Its competency areas.
    pub areas: Vec<NamedArea>,
    /// Price of the next year in the smallest unit of the currency.
    pub price_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The last day on which it can be renewed.
    pub until: Day,
    /// The last day of the year that a renewal buys.
    pub next: Day,
    /// Where it stands.
    pub state: RenewalState,
}
