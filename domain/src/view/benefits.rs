//! The benefits table of a category.

use serde::{Deserialize, Serialize};

use super::individual_grants::IndividualShown;
use super::{
    cloud::CloudKeyDetail, marketing::MarketingDetail, seats::SeatsDetail, software::KeyDetail,
    technical::TechnicalDetail,
};
use crate::benefit::{Category, ProductKind, RowStatus, Unit};
use crate::error::codes;
use crate::ids::{GrantId, PersonId};
use crate::policy::SupportEdition;
use crate::{Day, Error};

/// Rows of a page.
pub const PAGE_ROWS: u32 = 50;

codes! {
    /// What the table is sorted by.
    SortColumn {
        /// Benefit name.
        Name = "name",
        /// Source.
        Source = "source",
        /// What is left.
        Left = "left",
        /// Status.
        Status = "status",
        /// Activate by.
        ActivateBy = "activate_by",
        /// Expires.
        Expires = "expires",
    }
}

codes! {
    /// Which deadlines are wanted.
    Until {
        /// Within seven days.
        Week = "week",
        /// Within thirty days.
        Month = "month",
        /// Later than thirty days, or never.
        Later = "later",
    }
}

/// What the address of the page asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BenefitsQuery {
    /// Category.
    pub category: Category,
    /// Part of the name.
    pub find: String,
    /// Code of a source; of a competency area with its code after a colon.
    pub source: Option<String>,
    /// Status.
    pub status: Option<RowStatus>,
    /// Deadline.
    pub until: Option<Until>,
    /// Sorted by.
    pub sort: SortColumn,
    /// Whether the other way round.
    pub descending: bool,
    /// Page, from 1.
    pub page: u32,
    /// The row that is open.
    pub open: Option<GrantId>,
    /// Who is chosen in the open row (rule 11).
    pub chosen: Option<PersonId>,
}

/// A source that the filter of a benefits table offers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SourceChoice {
    /// As the query has it.
    pub value: String,
    /// Code of the source.
    pub source: String,
    /// What it is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
}

/// One grant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BenefitRow {
    /// The grant.
    pub id: GrantId,
    /// Product in the reader's language.
    pub name: String,
    /// Line under the name.
    pub summary: String,
    /// What kind of product.
    pub kind: ProductKind,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Unit of the quantity.
    pub unit: Unit,
    /// Granted; none is unlimited.
    pub quantity: Option<i64>,
    /// Used.
    pub used: i64,
    /// Status.
    pub status: RowStatus,
    /// While processing: which day of how many.
    pub processing: Option<(i64, i64)>,
    /// To be put to use until.
    pub activate_by: Option<Day>,
    /// Days until then.
    pub activate_by_days: Option<i64>,
    /// Usable until.
    pub expires: Option<Day>,
    /// Days until then.
    pub expires_days: Option<i64>,
}

/// The table with its open row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BenefitsPage {
    /// Rows of this page.
    pub rows: Vec<BenefitRow>,
    /// Rows that the filters leave.
    pub total: i64,
    /// Rows without filters.
    pub all: i64,
    /// Which page this is, from 1.
    pub page: u32,
    /// Sum of quantities, unlimited ones aside.
    pub quantity: i64,
    /// Sum of what is left.
    pub left: i64,
    /// People with an active seat.
    pub holders: i64,
    /// Rows that end within 30 days.
    pub ending: i64,
    /// Sources that the filter offers.
    pub sources: Vec<SourceChoice>,
    /// How technical benefits are put to use; in edition A the category is called Support.
    pub edition: SupportEdition,
    /// The open row.
    pub open: Option<GrantDetail>,
}

/// What an open row shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GrantDetail {
    /// The row itself, so that a row on another page can be open too.
    pub row: BenefitRow,
    /// Category of the product.
    pub category: Category,
    /// Version of the grant, for forms that edit it.
    pub version: i64,
    /// Since when it is granted.
    pub granted: Day,
    /// Special instructions in the reader's language, a step each.
    pub instructions: Vec<String>,
    /// What the company has of it instead of what its plan gives, or beside that.
    pub individual: Option<IndividualShown>,
    /// What belongs to its kind.
    pub kind: DetailKind,
}

/// What belongs to the kind of product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DetailKind {
    /// Seats: developer subscriptions, usage-based cloud, support by assignment.
    Seats(Box<SeatsDetail>),
    /// Software with or without a key.
    Software(Box<KeyDetail>),
    /// Licence-based cloud.
    CloudKey(Box<CloudKeyDetail>),
    /// Technical benefits, edition C.
    Technical(Box<TechnicalDetail>),
    /// Go-to-market.
    Marketing(Box<MarketingDetail>),
}

/// Why something isn't possible; none where it is (rule 6).
pub type WhyNot = Option<Error>;
