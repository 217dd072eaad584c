//! The operators' catalogue: its versions and drafts, what a draft changes, and what it is changed by.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::operator::Stamp;
use crate::Day;
use crate::benefit::{Category, ProductKind, SourceLabel, Unit};
use crate::catalogue::{ChangeKind, Fault, OfferTier, Publication, Value};
use crate::error::codes;
use crate::ids::CatalogueDraftId;
use crate::membership::Tier;

/// Rows of the list: the versions before are in the activity.
pub const ROWS: u32 = 100;

/// Sources whose quantities make the matrix, in its order.
pub const SOURCES: [SourceLabel; 5] = [
    SourceLabel::NetworkCore,
    SourceLabel::ActionPack,
    SourceLabel::SilverCore,
    SourceLabel::GoldCore,
    SourceLabel::IsvCoSell,
];

/// Levels whose competencies add quantities of their own in an area, in the order of its table.
pub const LEVELS: [Tier; 2] = [Tier::Silver, Tier::Gold];

codes! {
    /// Where a draft of the catalogue stands.
    DraftState {
        /// It can be changed.
        Draft = "draft",
        /// It waits for its day.
        Published = "published",
        /// It is the version in force.
        InForce = "in_force",
        /// Another version took its place.
        Replaced = "replaced",
        /// It was taken back.
        Withdrawn = "withdrawn",
    }
}

codes! {
    /// What a difference is about.
    Part {
        /// The programme's own texts.
        Programme = "programme",
        /// A policy.
        Policy = "policy",
        /// A tier.
        Tier = "tier",
        /// A competency area.
        Area = "area",
        /// An offer.
        Offer = "offer",
        /// A product.
        Product = "product",
        /// A quantity.
        Quantity = "quantity",
    }
}

/// A draft or a version in the list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftRow {
    /// Which one.
    pub id: CatalogueDraftId,
    /// What it is called.
    pub title: String,
    /// Where it stands.
    pub state: DraftState,
    /// Its version once it came into force.
    pub version: Option<i64>,
    /// The day on which it comes into force, or came (UTC).
    pub from: Option<Day>,
    /// Whether it reaches what companies hold already.
    pub existing: bool,
    /// Who changed it last.
    pub changed_by: String,
    /// When (UTC).
    pub changed: Stamp,
}

/// The page **Catalogue**.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CataloguePage {
    /// The version in force.
    pub version: i64,
    /// Products that it lists.
    pub products: i64,
    /// Drafts and versions, those that were changed last first.
    pub rows: Vec<DraftRow>,
    /// Why the reader can't draft.
    pub why_not: WhyNot,
}

/// What the page of a draft is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftQuery {
    /// Which one; none for an address that names none.
    pub draft: Option<CatalogueDraftId>,
    /// The category whose quantities are shown.
    pub category: Category,
}

/// What a draft changes about something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DifferenceRow {
    /// What happened to it.
    pub kind: ChangeKind,
    /// What it is.
    pub part: Part,
    /// Its name in the reader's language; the code of a policy.
    pub name: String,
    /// The source of a quantity by its name in the draft; of a select competency the level and the area.
    pub source: Option<String>,
    /// The fields that differ; a tier by its name in the draft.
    pub values: Vec<Value>,
}

/// A pool that the draft makes over-allocated (rule 12).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OverAllocatedRow {
    /// The company.
    pub organization: String,
    /// The product's name.
    pub product: String,
    /// Where its grant comes from, by its name in the draft.
    pub source: String,
    /// How many are in use.
    pub used: i64,
    /// How many there would be.
    pub quantity: i64,
    /// The last day of the holding's year.
    pub anniversary: Day,
}

/// A product with what the core sources grant of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QuantityRow {
    /// The product's code.
    pub product: String,
    /// Its name in the reader's language.
    pub name: String,
    /// What a quantity counts.
    pub unit: Unit,
    /// For each of [`SOURCES`]: nothing, a number, or without limit.
    pub amounts: Vec<Option<Option<i64>>>,
    /// For each of [`SOURCES`] what it says of people and of a shared pool; none where it grants nothing.
    pub shares: Vec<Option<CoreShare>>,
}

/// What a core source says of a product besides how much there is.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct CoreShare {
    /// How many people can hold it, where the quantity counts something else.
    pub seats: Option<i64>,
    /// The pool that it shares with other products of the source.
    pub pool: Option<String>,
}

/// An offer of a draft, in its list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftOfferRow {
    /// Its code.
    pub code: String,
    /// Its name in the reader's language.
    pub name: String,
    /// What it gives.
    pub tier: OfferTier,
    /// Price in minor units of the currency.
    pub price_minor: i64,
    /// ISO code of the currency.
    pub currency: String,
}

/// A tier with its names in a draft, in the reader's language; where the draft leaves a name out, the code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftTierRow {
    /// Which one.
    pub code: OfferTier,
    /// Its name.
    pub name: String,
    /// What its core is called as a source of benefits.
    pub source_name: String,
}

/// A competency area of a draft, in its list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftAreaRow {
    /// Its code.
    pub code: String,
    /// Its name in the reader's language.
    pub name: String,
    /// How many quantities it adds, over all products and levels.
    pub quantities: i64,
}

/// The page of a draft.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftPage {
    /// The draft.
    pub row: DraftRow,
    /// Its row's version.
    pub row_version: i64,
    /// The version of the catalogue that it began from.
    pub base_version: i64,
    /// The version in force.
    pub in_force: i64,
    /// Today (UTC): the first day on which it can come into force.
    pub today: Day,
    /// What is wrong with it and stands against publishing it.
    pub faults: Vec<Fault>,
    /// What is wrong with what it began from as well.
    pub earlier_faults: Vec<Fault>,
    /// What it changes about what it began from; the first ones.
    pub differences: Vec<DifferenceRow>,
    /// How many differences there are.
    pub difference_count: i64,
    /// Pools that it makes over-allocated; the first ones.
    pub over_allocated: Vec<OverAllocatedRow>,
    /// Companies with such a pool.
    pub over_allocated_companies: i64,
    /// Seats beyond their quantities.
    pub over_allocated_seats: i64,
    /// The category whose quantities follow.
    pub category: Category,
    /// Its products with their quantities.
    pub quantities: Vec<QuantityRow>,
    /// Every tier, the sources of [`SOURCES`] among them.
    pub tiers: Vec<DraftTierRow>,
    /// What can be joined or bought by it.
    pub offers: Vec<DraftOfferRow>,
    /// Its competency areas.
    pub areas: Vec<DraftAreaRow>,
    /// Whether a second person publishes.
    pub publication: Publication,
    /// Whether the reader changed it last.
    pub mine: bool,
    /// Why the reader can't change it.
    pub why_not: WhyNot,
    /// Why the reader can't publish it.
    pub why_not_publish: WhyNot,
}

/// What the page of a product is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftProductQuery {
    /// In which draft.
    pub draft: Option<CatalogueDraftId>,
    /// The product's code; empty for a new one.
    pub product: String,
}

/// A product's texts in a language.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ProductWords {
    /// Its name.
    pub name: String,
    /// A line about it.
    pub summary: String,
    /// Special instructions, a step a line.
    pub instructions: String,
    /// Guidance, or nothing.
    pub guidance: String,
}

/// A product of a draft, as its form has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductForm {
    /// Its code.
    pub code: String,
    /// What it is.
    pub kind: ProductKind,
    /// What a quantity counts.
    pub unit: Unit,
    /// Activations of a multiple-activation key, or nothing.
    pub activations: String,
    /// How its keys look, or nothing.
    pub key_format: String,
    /// The vendor's portal, or nothing.
    pub portal_url: String,
    /// Texts in the order of the languages.
    pub words: [ProductWords; 3],
    /// A download a line: version; language; operating system; file; bytes; address.
    pub downloads: String,
}

/// The page of a product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftProductPage {
    /// The draft.
    pub row: DraftRow,
    /// Its row's version.
    pub row_version: i64,
    /// The product; none for a new one.
    pub product: Option<ProductForm>,
    /// Why the reader can't change it.
    pub why_not: WhyNot,
}

/// What the page of an offer is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftOfferQuery {
    /// In which draft.
    pub draft: Option<CatalogueDraftId>,
    /// The offer's code; empty for a new one.
    pub offer: String,
}

/// An offer's texts in a language.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct OfferWords {
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub description: String,
}

/// An offer of a draft, as its form has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferForm {
    /// Its code.
    pub code: String,
    /// What it gives.
    pub tier: OfferTier,
    /// Price in the currency, as it is typed.
    pub price: String,
    /// ISO code of the currency.
    pub currency: String,
    /// Texts in the order of the languages.
    pub words: [OfferWords; 3],
}

/// The page of an offer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftOfferPage {
    /// The draft.
    pub row: DraftRow,
    /// Its row's version.
    pub row_version: i64,
    /// The offer; none for a new one.
    pub offer: Option<OfferForm>,
    /// Every tier.
    pub tiers: Vec<DraftTierRow>,
    /// Why the reader can't change it.
    pub why_not: WhyNot,
}

/// What the page of a tier is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftTierQuery {
    /// In which draft.
    pub draft: Option<CatalogueDraftId>,
    /// Which tier; none for an address that names none.
    pub tier: Option<OfferTier>,
}

/// A tier's names in a language.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct TierWords {
    /// Its name.
    pub name: String,
    /// What its core is called as a source of benefits.
    pub source_name: String,
}

/// The page of a tier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftTierPage {
    /// The draft.
    pub row: DraftRow,
    /// Its row's version.
    pub row_version: i64,
    /// The tier, as the list has it.
    pub tier: DraftTierRow,
    /// Its names in the order of the languages; empty where the draft leaves it out.
    pub words: [TierWords; 3],
    /// Why the reader can't change it.
    pub why_not: WhyNot,
}

/// What the page of a competency area is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftAreaQuery {
    /// In which draft.
    pub draft: Option<CatalogueDraftId>,
    /// The area's code; empty for a new one.
    pub area: String,
    /// The category whose quantities are shown.
    pub category: Category,
}

/// What an area adds of a product at a level.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AreaAmount {
    /// How much; none is without limit.
    pub quantity: Option<i64>,
    /// How many people can hold it, where the quantity counts something else.
    pub seats: Option<i64>,
    /// Whether each area adds its own; otherwise the areas of a level add it together.
    pub per_area: bool,
}

/// A product with what an area adds of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AreaQuantityRow {
    /// The product's code.
    pub product: String,
    /// Its name in the reader's language.
    pub name: String,
    /// What a quantity counts.
    pub unit: Unit,
    /// For each of [`LEVELS`]: nothing, or so much.
    pub amounts: Vec<Option<AreaAmount>>,
}

/// The page of a competency area.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftAreaPage {
    /// The draft.
    pub row: DraftRow,
    /// Its row's version.
    pub row_version: i64,
    /// The area's code; empty for a new one.
    pub area: String,
    /// Its names in the order of the languages; empty for a new one.
    pub names: [String; 3],
    /// What the draft calls each of [`LEVELS`].
    pub levels: Vec<String>,
    /// The category whose quantities follow.
    pub category: Category,
    /// Its products.
    pub rows: Vec<AreaQuantityRow>,
    /// Why the reader can't change it.
    pub why_not: WhyNot,
}

/// What the page of the programme is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftProgrammeQuery {
    /// In which draft.
    pub draft: Option<CatalogueDraftId>,
}

/// The programme's texts in a language.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ProgrammeWords {
    /// Its name.
    pub name: String,
    /// Where a bank transfer goes, a line a line, or nothing.
    pub bank_details: String,
}

/// What a draft says about a policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PolicyRow {
    /// Its name.
    pub name: String,
    /// Its value; none where it stays as it is.
    pub value: Option<String>,
}

/// The page of the programme.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftProgrammePage {
    /// The draft.
    pub row: DraftRow,
    /// Its row's version.
    pub row_version: i64,
    /// Texts in the order of the languages.
    pub words: [ProgrammeWords; 3],
    /// Every policy that there is.
    pub policies: Vec<PolicyRow>,
    /// Why the reader can't change it.
    pub why_not: WhyNot,
}
