//! The membership: what the company holds, how far its year is, and what another tier would change.

use serde::{Deserialize, Serialize};

use crate::Day;
use crate::benefit::{Category, Unit};
use crate::enrolment::EnrolmentState;
use crate::entitlement::{Amount, DifferenceKind};
use crate::error::codes;
use crate::membership::{Tier, YearPhase};
use crate::reminder::ReminderTimes;

use super::benefits::WhyNot;
use super::renewal::RenewalRow;

codes! {
    /// Where a holding stands.
    HoldingState {
        /// It gives benefits.
        Active = "active",
        /// It was bought ahead and begins with the anniversary of the one before.
        Coming = "coming",
        /// It was cancelled and refunded.
        Cancelled = "cancelled",
        /// Its year and the window after it are over.
        Ended = "ended",
    }
}

codes! {
    /// A day in the year of a holding.
    YearDay {
        /// It began.
        Began = "began",
        /// The company is told that the year ends soon.
        FirstReminder = "first_reminder",
        /// The last day of the year.
        Anniversary = "anniversary",
        /// The company is told that benefits end soon.
        SecondReminder = "second_reminder",
        /// The last day on which benefits can be used.
        LastUse = "last_use",
    }
}

/// Something that the company holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HoldingRow {
    /// Id of its element on the page.
    pub id: String,
    /// The offer in the reader's language.
    pub offer: String,
    /// Code of the tier of the offer.
    pub tier: String,
    /// Names of the competency areas, in the reader's language.
    pub areas: Vec<String>,
    /// Where it stands.
    pub state: HoldingState,
    /// Where it stands in its year.
    pub phase: YearPhase,
    /// The days of its year, the earliest first.
    pub days: Vec<(YearDay, Day)>,
    /// Days until the anniversary; negative after it.
    pub days_left: i64,
    /// Number of the order that it came with.
    pub order: i64,
    /// Who ordered it, if that is still known.
    pub ordered_by: Option<String>,
    /// Benefits that it gives now.
    pub benefits: i64,
    /// Its next year; none where it can't be had here, or it is over.
    pub renewal: Option<RenewalRow>,
}

/// A source of benefits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SourceRow {
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Benefits from it, by category.
    pub benefits: Vec<(Category, i64)>,
}

/// What changes about a product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DifferenceRow {
    /// The product in the reader's language.
    pub product: String,
    /// Its category.
    pub category: Category,
    /// What is counted.
    pub unit: Unit,
    /// What kind of change it is.
    pub kind: DifferenceKind,
    /// How much there is now.
    pub before: Option<Amount>,
    /// How much there would be.
    pub after: Option<Amount>,
}

/// A tier that the company doesn't have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NextTier {
    /// The tier.
    pub tier: Tier,
    /// Its offer in the reader's language.
    pub offer: String,
    /// Price for a year, in the smallest unit of the currency.
    pub price_minor: i64,
    /// Currency, ISO 4217.
    pub currency: String,
    /// Whether it takes the place of the silver competencies that the company has.
    pub replaces_silver: bool,
    /// What would change.
    pub differences: Vec<DifferenceRow>,
}

/// The page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MembershipPage {
    /// The company's name.
    pub organization: String,
    /// Whether it is a member; else it is still kept in the older portal, or enrols.
    pub member: bool,
    /// Where its enrolment stands, until it is a member.
    pub enrolment: Option<EnrolmentState>,
    /// The primary contact's address, while its answer is awaited.
    pub contact: Option<String>,
    /// Today, in the company's time zone.
    pub today: Day,
    /// The company's tier.
    pub tier: Tier,
    /// What it holds and held, the latest anniversary first.
    pub holdings: Vec<HoldingRow>,
    /// Where its benefits come from.
    pub sources: Vec<SourceRow>,
    /// Tiers that it doesn't have, the lowest first.
    pub next: Vec<NextTier>,
    /// Version of the agreement that a purchase is made under now; none where the programme has none.
    pub agreement: Option<i64>,
    /// Why the reader can't buy.
    pub why_not: WhyNot,
    /// When the company is reminded of its benefits.
    pub reminders: ReminderTimes,
    /// Why the reader can't change that.
    pub why_not_reminders: WhyNot,
}
