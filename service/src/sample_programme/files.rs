//! The files as they are written; `service/sample_programme/README.md` describes them.

use std::collections::BTreeMap;

use domain::benefit::{ActivationState, Category, ProductKind, SourceLabel, Unit};
use domain::seat::ReleaseReason;
use domain::{Language, OperatorRole, Role};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Outcome};

/// A fault of a file: which file, and what is wrong in it.
pub(super) fn broken(file: &'static str, what: impl ToString) -> Failure {
    Failure::broken("sample_programme", file, what)
}

/// All files.
pub(super) struct Files {
    pub(super) products: Vec<Product>,
    pub(super) entitlements: Vec<Entitlement>,
    pub(super) offers: Vec<Offer>,
    pub(super) areas: Vec<Area>,
    pub(super) operators: Operators,
    pub(super) companies: Vec<Company>,
    pub(super) purchases: Purchases,
    pub(super) enrolment: Enrolment,
}

impl Files {
    /// The files that the binary was built with.
    pub(super) fn embedded() -> Outcome<Self> {
        let products = include_str!("../../sample_programme/products.toml");
        let tiers = include_str!("../../sample_programme/tiers.toml");
        let offers = include_str!("../../sample_programme/offers.toml");
        let areas = include_str!("../../sample_programme/competency_areas.toml");
        let operators = include_str!("../../sample_programme/operators.toml");
        let companies = include_str!("../../sample_programme/companies.toml");
        Ok(Self {
            products: read::<ProductsFile>("products.toml", products)?.product,
            entitlements: read::<TiersFile>("tiers.toml", tiers)?.entitlement,
            offers: read::<OffersFile>("offers.toml", offers)?.offer,
            areas: read::<AreasFile>("competency_areas.toml", areas)?.area,
            operators: read("operators.toml", operators)?,
            purchases: read("purchases.toml", include_str!("../../sample_programme/purchases.toml"))?,
            enrolment: read("enrolment.toml", include_str!("../../sample_programme/enrolment.toml"))?,
            companies: read::<CompaniesFile>("companies.toml", companies)?.company,
        })
    }
}

fn read<T: DeserializeOwned>(file: &'static str, text: &str) -> Outcome<T> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        broken(file, format!("line {}: {}", before.lines().count().max(1), error.message()))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductsFile {
    product: Vec<Product>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TiersFile {
    entitlement: Vec<Entitlement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OffersFile {
    offer: Vec<Offer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AreasFile {
    area: Vec<Area>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompaniesFile {
    company: Vec<Company>,
}

/// Something in each language; a file without one of them can't be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Translated<T> {
    en: T,
    #[serde(rename = "zh-Hans")]
    simplified: T,
    #[serde(rename = "zh-Hant")]
    traditional: T,
}

impl<T> Translated<T> {
    pub(super) const fn of(&self, language: Language) -> &T {
        match language {
            Language::English => &self.en,
            Language::SimplifiedChinese => &self.simplified,
            Language::TraditionalChinese => &self.traditional,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Product {
    pub(super) code: String,
    pub(super) category: Category,
    pub(super) kind: ProductKind,
    pub(super) unit: Unit,
    pub(super) charge: Option<Charge>,
    pub(super) activations: Option<i64>,
    pub(super) portal_url: Option<String>,
    #[serde(default)]
    pub(super) download: Vec<Download>,
    pub(super) name: Translated<String>,
    pub(super) summary: Translated<String>,
    pub(super) instructions: Translated<Vec<String>>,
    pub(super) guidance: Option<Translated<String>>,
}

/// What a recorded use takes off.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum Charge {
    Hour,
    Incident,
}

impl Charge {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Incident => "incident",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Download {
    pub(super) version: String,
    pub(super) language: String,
    pub(super) operating_system: String,
    pub(super) file: String,
    pub(super) bytes: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entitlement {
    pub(super) source: SourceLabel,
    pub(super) product: String,
    pub(super) quantity: Option<i64>,
    pub(super) activations: Option<i64>,
    pub(super) seats: Option<i64>,
    pub(super) pool: Option<String>,
    #[serde(default)]
    pub(super) illustrative: bool,
    pub(super) level: Option<String>,
    #[serde(default)]
    pub(super) areas: Vec<String>,
    #[serde(default)]
    pub(super) per_area: bool,
}

impl Entitlement {
    /// The limit of its pool: people where the quantity counts something else.
    pub(super) fn limit(&self) -> Option<i64> {
        self.seats.or(self.quantity)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offer {
    pub(super) code: String,
    pub(super) tier: String,
    pub(super) source: SourceLabel,
    pub(super) needs_area: bool,
    pub(super) price_minor: i64,
    pub(super) currency: String,
    pub(super) term_days: u16,
    pub(super) name: Translated<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "says something to whoever reads the file")]
    illustrative: bool,
    pub(super) description: Translated<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Area {
    pub(super) code: String,
    pub(super) name: Translated<String>,
    pub(super) select: bool,
    pub(super) cloud: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operators {
    pub(super) programme: Programme,
    pub(super) operator: Vec<Operator>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Programme {
    #[expect(dead_code, reason = "says something to whoever reads the file")]
    code: String,
    pub(super) domain: String,
    pub(super) name: Translated<String>,
    pub(super) older_portal: OlderPortal,
}

/// Where the older portal is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OlderPortal {
    pub(super) sign_in_link: String,
    pub(super) technical_contact: String,
}

/// What purchases need.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Purchases {
    pub(super) point: Vec<Point>,
    pub(super) agreement: Vec<Agreement>,
    pub(super) bank_details: Translated<Vec<String>>,
    pub(super) attained: Vec<Attained>,
}

/// `enrolment.toml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enrolment {
    pub(super) agreement: Vec<Agreement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Point {
    pub(super) title: Translated<String>,
    pub(super) text: Translated<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agreement {
    pub(super) version: i64,
    pub(super) days_ago: i64,
    pub(super) text: Translated<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attained {
    pub(super) domain: String,
    pub(super) tier: String,
    pub(super) area: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operator {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) language: Language,
    pub(super) roles: Vec<OperatorRole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Company {
    #[expect(dead_code, reason = "says something to whoever reads the file")]
    code: String,
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) account_email: String,
    #[expect(dead_code, reason = "says something to whoever reads the file")]
    country: String,
    pub(super) time_zone: String,
    pub(super) language: Language,
    pub(super) primary_contact: String,
    pub(super) person: Vec<Person>,
    pub(super) holding: Vec<Holding>,
    #[serde(default)]
    pub(super) marketing_contact: Vec<MarketingContact>,
    #[serde(default)]
    pub(super) seat: Vec<Seat>,
    #[serde(default)]
    pub(super) revealed: Vec<Revealed>,
    #[serde(default)]
    pub(super) activation: Vec<Activation>,
    #[serde(default, rename = "use")]
    pub(super) used: Vec<Use>,
    #[serde(default)]
    pub(super) request: Vec<Request>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) language: Language,
    pub(super) roles: Vec<Role>,
    pub(super) state: Option<PersonState>,
}

/// A person's state where it isn't active.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum PersonState {
    Invited,
    Suspended,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Holding {
    pub(super) offer: String,
    pub(super) areas: Vec<String>,
    pub(super) bought_days_ago: u16,
    pub(super) bought_by: String,
    pub(super) price_minor: i64,
    pub(super) currency: String,
    /// Policies that were in force at the purchase and are no longer; the others are the defaults.
    #[serde(default)]
    pub(super) policies: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarketingContact {
    pub(super) email: String,
    pub(super) alternate_email: String,
    pub(super) phone: String,
    pub(super) language: Language,
    pub(super) days_ago: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seat {
    pub(super) product: String,
    pub(super) source: SourceLabel,
    pub(super) area: Option<String>,
    pub(super) emails: Vec<String>,
    pub(super) by: String,
    pub(super) days_ago: u16,
    pub(super) released_days_ago: Option<u16>,
    pub(super) release_reason: Option<ReleaseReason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revealed {
    pub(super) product: String,
    pub(super) source: SourceLabel,
    pub(super) area: Option<String>,
    pub(super) by: String,
    pub(super) days_ago: u16,
    pub(super) activations: Option<i64>,
    pub(super) holder: Option<String>,
    pub(super) redeemed_days_ago: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Activation {
    pub(super) product: String,
    pub(super) source: SourceLabel,
    pub(super) area: Option<String>,
    pub(super) state: ActivationState,
    pub(super) by: String,
    pub(super) days_ago: u16,
    pub(super) active_days_ago: Option<u16>,
    pub(super) expires_in_days: Option<i64>,
    pub(super) reason: Option<String>,
    pub(super) operator: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Use {
    pub(super) product: String,
    pub(super) source: SourceLabel,
    pub(super) area: Option<String>,
    pub(super) amount: f64,
    pub(super) days_ago: u16,
    pub(super) note: String,
    pub(super) operator: String,
}

/// Something that somebody waits for.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Request {
    Advisory(Box<Advisory>),
    Seat(SeatWish),
    Cancellation(Cancellation),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advisory {
    pub(super) by: String,
    pub(super) days_ago: u16,
    pub(super) product: String,
    pub(super) source: SourceLabel,
    pub(super) area: Option<String>,
    pub(super) phase: String,
    pub(super) environment: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) subject_product: String,
    pub(super) country: String,
    pub(super) language: Language,
    pub(super) phone: String,
    pub(super) time_zone: String,
    pub(super) working_hours: String,
    pub(super) hours: u8,
    pub(super) taken_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeatWish {
    pub(super) by: String,
    pub(super) days_ago: u16,
    pub(super) product: String,
    pub(super) source: SourceLabel,
    pub(super) area: Option<String>,
    pub(super) note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cancellation {
    pub(super) by: String,
    pub(super) days_ago: u16,
    pub(super) offer: String,
    pub(super) reason: CancellationReason,
    pub(super) note: Option<String>,
}

/// Why a company wants its money back.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum CancellationReason {
    BoughtByMistake,
    OtherMembership,
    Other,
}

impl CancellationReason {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::BoughtByMistake => "bought_by_mistake",
            Self::OtherMembership => "other_membership",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OffersFile, read};

    const OFFER: &str = "[[offer]]
code = \"network\"
tier = \"network\"
source = \"network_core\"
needs_area = false
price_minor = 0
currency = \"USD\"
term_days = 365
name = { en = \"Network\", zh-Hans = \"网络\", zh-Hant = \"網路\" }
description = { en = \"Base\", zh-Hans = \"基础\", zh-Hant = \"基礎\" }
";

    #[test]
    fn a_fault_of_a_file_is_named_with_its_line() {
        assert!(read::<OffersFile>("offers.toml", OFFER).is_ok());
        for (from, to, named) in [
            (", zh-Hant = \"網路\"", "", "zh-Hant"),
            ("term_days", "days", "days"),
            ("network_core", "another_core", "another_core"),
            ("\"USD\"", "7", "line 7"),
        ] {
            let Err(fault) = read::<OffersFile>("offers.toml", &OFFER.replace(from, to)) else {
                panic!("{named} is read");
            };
            let told = fault.to_string();
            assert!(told.contains("offers.toml") && told.contains(named), "{told}");
        }
    }
}
