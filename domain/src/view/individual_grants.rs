//! Individual grants: the list of all companies', and what one company has of each product.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::operator::Stamp;
use crate::Day;
use crate::benefit::{Category, Unit};
use crate::entitlement::Amount;
use crate::error::codes;
use crate::ids::{IndividualGrantId, OrganizationId, ProductId};
use crate::individual_grant::Individual;

/// Rows of a page.
pub const PAGE_ROWS: u32 = 50;
/// Companies that a search shows.
pub const COMPANIES: u32 = 20;

codes! {
    /// Which individual grants are wanted.
    IndividualState {
        /// Those in force.
        InForce = "in_force",
        /// Those that are over.
        Ended = "ended",
    }
}

/// What the address of the list asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct IndividualGrantsQuery {
    /// Part of a company's or a product's name.
    pub find: String,
    /// Only these.
    pub state: Option<IndividualState>,
    /// The row after which the page begins.
    pub after: Option<IndividualGrantId>,
    /// Part of the name of the company that is looked for.
    pub company: String,
}

/// An individual grant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IndividualGrantRow {
    /// Which one.
    pub id: IndividualGrantId,
    /// Of which company.
    pub organization: OrganizationId,
    /// The company's name.
    pub company: String,
    /// Its mail domain, for the address of its page.
    pub domain: String,
    /// The product.
    pub product: ProductId,
    /// Its name in the reader's language.
    pub name: String,
    /// What it gives.
    pub individual: Individual,
    /// Why, as operators read it.
    pub reason: String,
    /// Until the end of which day, in the company's time zone.
    pub ends: Day,
    /// Who set or changed it last.
    pub by: String,
    /// When, UTC.
    pub set: Stamp,
    /// When it was over, UTC.
    pub ended: Option<Stamp>,
    /// Who ended it; none for its own last day.
    pub ended_by: Option<String>,
    /// Row version, for the forms.
    pub version: i64,
}

/// A company that was looked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompanyFound {
    /// Which one.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its mail domain.
    pub domain: String,
    /// Its tier, in the reader's language.
    pub tier: String,
}

/// The individual grants of all companies, the latest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IndividualGrantsPage {
    /// Rows of this page.
    pub rows: Vec<IndividualGrantRow>,
    /// Rows that the filters leave.
    pub total: i64,
    /// Where the next page begins, if there is one.
    pub next: Option<IndividualGrantId>,
    /// Companies that were looked for.
    pub companies: Vec<CompanyFound>,
}

/// What the address of a company's page asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CompanyGrantsQuery {
    /// The company's mail domain.
    pub company: String,
    /// The product that is chosen.
    pub product: Option<ProductId>,
}

/// What a company has of a product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompanyGrantRow {
    /// The product.
    pub product: ProductId,
    /// Its name in the reader's language.
    pub name: String,
    /// Its category.
    pub category: Category,
    /// What its quantity counts.
    pub unit: Unit,
    /// What the plan gives; none where it gives none of it.
    pub plan: Option<Amount>,
    /// What the company has instead, or beside it.
    pub individual: Option<IndividualGrantRow>,
    /// What it has altogether; none for nothing.
    pub result: Option<Amount>,
    /// In use.
    pub in_use: i64,
}

/// What a company has of each product, and what it could have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompanyGrantsPage {
    /// The company.
    pub company: CompanyFound,
    /// Its time zone.
    pub zone: String,
    /// What it has, by name.
    pub rows: Vec<CompanyGrantRow>,
    /// Products that it could have an individual grant of: id and name.
    pub products: Vec<(ProductId, String)>,
    /// The chosen product.
    pub chosen: Option<CompanyGrantRow>,
    /// The first day that an individual grant can end on.
    pub earliest: Day,
    /// Why the reader can't set any.
    pub why_not: WhyNot,
}

/// An individual grant as the company sees it: not why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IndividualShown {
    /// The product's name: another one may share the pool.
    pub product: String,
    /// What the plan gives.
    pub plan: Option<Amount>,
    /// What it is.
    pub individual: Individual,
    /// What the company has altogether.
    pub result: Option<Amount>,
    /// Until the end of which day.
    pub until: Day,
}
