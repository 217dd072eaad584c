//! How benefits are used: of a company, and over all companies.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::operator::Stamp;
use super::requests::RequestKind;
use crate::benefit::{Category, Unit};
use crate::ids::{GrantId, SeatId};
use crate::insight::{Figures, Idle, Month, Span};
use crate::{Day, Error, ErrorCode};

/// Rows of a page of what lies idle.
pub const IDLE_ROWS: u32 = 25;
/// Somebody who got a seat has so many days before it counts as idle.
pub const IDLE_DAYS: i64 = 7;

/// Where a page of a list that is sorted by its ends goes on: after the row that ends then.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct After {
    /// When the row ends, in milliseconds since 1970; the largest number where it doesn't.
    pub ends: i64,
    /// Its id.
    pub id: Uuid,
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.ends, self.id.simple())
    }
}

impl FromStr for After {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = text
            .split_once('.')
            .and_then(|(ends, id)| Some(Self { ends: ends.parse().ok()?, id: Uuid::try_parse(id).ok()? }));
        parts.ok_or_else(|| ErrorCode::NotFound.into())
    }
}

/// What the address of a company's page asks for.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct InsightQuery {
    /// Whose use is drawn; the first that is used where none is named.
    pub category: Option<Category>,
    /// How many months.
    pub span: Span,
    /// Where the unused benefits go on.
    pub benefits_after: Option<After>,
    /// Where the idle seats go on.
    pub seats_after: Option<After>,
}

/// What the address of the operators' page asks for.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ProgrammeInsightQuery {
    /// Whose use is drawn; the first that is used where none is named.
    pub category: Option<Category>,
    /// How many months.
    pub span: Span,
    /// Whose time to complete is drawn; the first that was completed where none is named.
    pub kind: Option<RequestKind>,
}

/// The figures of a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MonthFigures {
    /// Which.
    pub month: Month,
    /// Its figures.
    pub figures: Figures,
}

/// A unit of a category over the months.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnitUse {
    /// What is counted.
    pub unit: Unit,
    /// Month by month, the earliest first.
    pub months: Vec<MonthFigures>,
}

/// A unit of a category in the latest month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Overview {
    /// Category.
    pub category: Category,
    /// What is counted.
    pub unit: Unit,
    /// The figures.
    pub figures: Figures,
}

/// A product of the category that is drawn.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductUse {
    /// Product in the reader's language.
    pub name: String,
    /// What is counted.
    pub unit: Unit,
    /// In the latest month.
    pub figures: Figures,
    /// The most that was in use at once in the months that are looked at.
    pub peak: i64,
    /// The month of it.
    pub peak_in: Month,
}

/// What was paid for a category, and what of it lies idle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdleValue {
    /// Category.
    pub category: Category,
    /// ISO 4217.
    pub currency: String,
    /// The amounts.
    pub idle: Idle,
}

/// What both pages show of the use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Usage {
    /// The months that are looked at, the earliest first.
    pub months: Vec<Month>,
    /// Every unit of every category in the latest month.
    pub overview: Vec<Overview>,
    /// Whose use is drawn.
    pub category: Category,
    /// Its units.
    pub units: Vec<UnitUse>,
    /// Its products.
    pub products: Vec<ProductUse>,
    /// What lies idle, by category and currency.
    pub values: Vec<IdleValue>,
    /// When the figures were counted; none before that.
    pub counted: Option<Stamp>,
}

/// A benefit of which something is left.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct UnusedBenefit {
    /// The grant.
    pub grant: GrantId,
    /// Its category, whose page has it.
    pub category: Category,
    /// Product in the reader's language.
    pub name: String,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// What is counted.
    pub unit: Unit,
    /// Granted.
    pub quantity: i64,
    /// Used of it.
    pub used: i64,
    /// When it ends.
    pub ends: Option<Day>,
    /// Days until then.
    pub days_left: Option<i64>,
    /// When its administrators were reminded last.
    pub reminded: Option<Day>,
    /// From when on they can be reminded again; none where that is now.
    pub remind_again: Option<Day>,
    /// Where the list goes on after it.
    pub place: After,
}

/// A benefit of which something is left, for operators: with its company.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnusedOfCompany {
    /// The grant.
    pub grant: GrantId,
    /// The company.
    pub organization: String,
    /// Its domain, which the address of its page names.
    pub domain: String,
    /// Product in the reader's language.
    pub name: String,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// What is counted.
    pub unit: Unit,
    /// Granted.
    pub quantity: i64,
    /// Used of it.
    pub used: i64,
    /// When it ends, UTC.
    pub ends: Option<Day>,
    /// Days until then.
    pub days_left: Option<i64>,
    /// When its administrators were reminded last, UTC.
    pub reminded: Option<Day>,
    /// From when on they can be reminded again, UTC; none where that is now.
    pub remind_again: Option<Day>,
}

/// A seat whose holder doesn't use it, as far as the portal sees.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct IdleSeat {
    /// The seat.
    pub seat: SeatId,
    /// Its version, for reclaiming it.
    pub version: i64,
    /// Holder.
    pub name: String,
    /// The holder's address.
    pub email: String,
    /// Product in the reader's language.
    pub product: String,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Since when.
    pub since: Day,
    /// Whether its key was never shown; else its holder was never in the portal since.
    pub without_key: bool,
    /// Until when it can't be reassigned.
    pub locked_until: Option<Day>,
    /// When it ends.
    pub ends: Option<Day>,
    /// Days until then.
    pub days_left: Option<i64>,
    /// When the holder was reminded last.
    pub reminded: Option<Day>,
    /// From when on they can be reminded again; none where that is now.
    pub remind_again: Option<Day>,
    /// Where the list goes on after it.
    pub place: After,
}

/// A company's page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InsightPage {
    /// How its benefits are used.
    pub usage: Usage,
    /// Benefits of which something is left, those that end first at the top.
    pub unused: Vec<UnusedBenefit>,
    /// Where they go on.
    pub unused_next: Option<After>,
    /// Seats that aren't used, those that end first at the top.
    pub idle: Vec<IdleSeat>,
    /// Where they go on.
    pub idle_next: Option<After>,
    /// Why the reader can't remind.
    pub why_not_remind: Option<Error>,
    /// Why the reader can't reclaim a seat.
    pub why_not_reclaim: Option<Error>,
}

/// How long a kind of request took in a month, in minutes of working days.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Completion {
    /// The month in which they were decided.
    pub month: Month,
    /// Kind.
    pub kind: RequestKind,
    /// How many.
    pub number: i64,
    /// Half of them took no longer.
    pub median: i64,
    /// Nine of ten took no longer.
    pub ninetieth: i64,
    /// How many were decided before their target.
    pub in_time: i64,
}

/// A pool that runs low.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LowPool {
    /// Code of the product, which its address names.
    pub product: String,
    /// Product in the reader's language.
    pub name: String,
    /// Free keys.
    pub free: i64,
    /// Below so many it runs low.
    pub threshold: i64,
    /// Since when.
    pub since: Stamp,
}

/// What came in and went back in a month, in the smallest unit of the currency.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Money {
    /// Which month, UTC.
    pub month: Month,
    /// ISO 4217.
    pub currency: String,
    /// Invoiced.
    pub revenue: i64,
    /// Given back by credit notes.
    pub refunds: i64,
}

/// The operators' page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProgrammeInsightPage {
    /// How many companies the figures are of.
    pub companies: i64,
    /// How all of them use their benefits.
    pub usage: Usage,
    /// The months of requests and money, the earliest first: those of the use end with the last one that is counted
    /// everywhere.
    pub months: Vec<Month>,
    /// Every kind of request month by month, the earliest first.
    pub completions: Vec<Completion>,
    /// Whose time to complete is drawn; none where nothing was completed.
    pub kind: Option<RequestKind>,
    /// Benefits of which something is left, over all companies, those that end first at the top.
    pub unused: Vec<UnusedOfCompany>,
    /// Whether the reader can remind the companies of them.
    pub may_remind: bool,
    /// Pools that run low.
    pub low: Vec<LowPool>,
    /// What came in and went back, by currency and then month by month.
    pub money: Vec<Money>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::After;

    #[test]
    fn a_place_says_what_it_was_made_from() {
        for ends in [0, -5, i64::MAX] {
            let place = After { ends, id: Uuid::from_u128(77) };
            assert_eq!(place.to_string().parse::<After>().ok(), Some(place));
        }
        for wrong in ["", "5", "x.y", "5.", ".01890a5dac96774bbcceb302099a8057"] {
            assert!(wrong.parse::<After>().is_err(), "{wrong}");
        }
    }
}
