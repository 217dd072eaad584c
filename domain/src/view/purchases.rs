//! Purchases and whether they can be refunded (rule 20).

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::requests::RequestState;
use crate::Day;
use crate::error::codes;
use crate::ids::{OrderLineId, ServiceRequestId};

codes! {
    /// Why a company cancels a purchase.
    CancellationReason {
        /// It was bought by mistake.
        BoughtByMistake = "bought_by_mistake",
        /// Another membership was chosen.
        OtherMembership = "other_membership",
        /// Something else, which the note says.
        Other = "other",
    }
}

codes! {
    /// How a software benefit was put to use.
    UseKind {
        /// An activation is on record.
        Activated = "activated",
        /// A package was downloaded.
        Downloaded = "downloaded",
        /// Its key was revealed.
        Revealed = "revealed",
        /// It was used in the older portal (rule 22).
        UsedBefore = "used_before",
    }
}

/// A use that stands against a refund.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SoftwareUse {
    /// What kind of use.
    pub kind: UseKind,
    /// The product in the reader's language.
    pub product: String,
    /// When.
    pub day: Day,
    /// Who, where that is known.
    pub by: Option<String>,
}

/// A purchase with its conditions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PurchaseLine {
    /// The order line.
    pub id: OrderLineId,
    /// Version of the row.
    pub version: i64,
    /// Number of the order.
    pub order: i64,
    /// The offer in the reader's language.
    pub offer: String,
    /// Names of the competency areas, in the reader's language.
    pub areas: Vec<String>,
    /// Price in the smallest unit of the currency.
    pub price_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Day of purchase, day 0.
    pub bought: Day,
    /// Who bought it.
    pub bought_by: Option<String>,
    /// Whether it was refunded already.
    pub refunded: bool,
    /// Whether it is the network membership, and others of the company's memberships need it (rule 18).
    pub needed: bool,
    /// Whether what it gave is over, replaced by another level, or what an order builds on that waits for its
    /// payment.
    pub over: bool,
    /// Last day of a refund, to its end in the organization's time zone.
    pub deadline: Day,
    /// Days until then; negative once it is over.
    pub days_left: i64,
    /// Days since the purchase.
    pub day: i64,
    /// Whether it is within the thirty days.
    pub in_time: bool,
    /// Whether no software benefit is activated.
    pub untouched: bool,
    /// Software benefits of the purchase.
    pub software: i64,
    /// Uses that stand against it, the earliest first.
    pub uses: Vec<SoftwareUse>,
    /// Further uses that are not listed.
    pub more_uses: i64,
    /// Whether a revealed key counts, by the policies frozen on the purchase.
    pub reveal_counts: bool,
    /// The cancellation that waits for the operators.
    pub waiting: Option<WaitingCancellation>,
    /// Benefits that end with it.
    pub benefits: i64,
    /// Benefits that go on with their holders: back with what the purchase took the place of, or with another
    /// holding that brings them as well.
    pub going_on: i64,
    /// People who lose a seat with it.
    pub holders: i64,
    /// The tier that is left, in the reader's language, where it changes.
    pub tier_after: Option<String>,
    /// The last day of the membership, where it is not cancelled.
    pub ends: Option<Day>,
}

impl PurchaseLine {
    /// Whether every condition is met.
    #[must_use]
    pub const fn refundable(&self) -> bool {
        self.in_time && self.untouched && !self.refunded && !self.over && !self.needed
    }
}

/// A cancellation that waits for the operators.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WaitingCancellation {
    /// The request.
    pub id: ServiceRequestId,
    /// Its version.
    pub version: i64,
    /// Its number.
    pub number: i64,
    /// Since.
    pub asked: Day,
    /// Who asked.
    pub asked_by: String,
}

/// An earlier cancellation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EarlierCancellation {
    /// Number of the request.
    pub number: i64,
    /// The offer in the reader's language.
    pub offer: String,
    /// When it was asked for.
    pub asked: Day,
    /// What became of it.
    pub state: RequestState,
    /// The operators' reason, where it was refused.
    pub reason: Option<String>,
}

/// The page **Cancel a benefit**.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PurchasesPage {
    /// Purchases, the latest first.
    pub lines: Vec<PurchaseLine>,
    /// Why the reader can't cancel.
    pub why_not: WhyNot,
    /// Name of the time zone in which the last day ends.
    pub time_zone: String,
    /// Cancellations that were decided or withdrawn, the latest first.
    pub earlier: Vec<EarlierCancellation>,
}
