//! What is wrong with a catalogue.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::document::{Catalogue, Download, Entitlement, OfferTier, Product, TierName, Translated};
use super::package::{OPERATING_SYSTEMS, PACKAGE_LANGUAGES};
use crate::Language;
use crate::benefit::{ProductKind, SourceLabel, Unit};
use crate::error::codes;
use crate::key_format::KeyFormat;
use crate::membership::Tier;

/// Characters of a code.
const CODE: usize = 60;
/// Characters of a name.
const NAME: usize = 120;
/// Characters of a longer text.
const TEXT: usize = 1_000;
/// The largest quantity, price or size in bytes.
const NUMBER: i64 = 1_000_000_000_000_000;
/// Characters of a place that a fault names.
const PLACE: usize = 300;
/// Steps of instructions.
const STEPS: std::ops::RangeInclusive<usize> = 1..=10;

codes! {
    /// A fault of a catalogue.
    FaultCode {
        /// A code with something else than small letters, digits and underscores.
        MalformedCode = "malformed_code",
        /// A code that something had which isn't listed any more.
        CodeUsed = "code_used",
        /// A code twice, or a quantity twice for the same source.
        Twice = "twice",
        /// A text that is missing in a language, or empty.
        TextMissing = "text_missing",
        /// A text above its limit.
        TextTooLong = "text_too_long",
        /// Steps: none, too many, or not equally many in each language.
        Steps = "steps",
        /// More lines than there can be.
        Lines = "lines",
        /// A number out of its range.
        NumberRange = "number_range",
        /// What was typed is no amount of the currency.
        MalformedPrice = "malformed_price",
        /// What was typed is neither a quantity nor the word for no limit.
        MalformedAmount = "malformed_amount",
        /// A line that doesn't have the parts of a download.
        MalformedDownload = "malformed_download",
        /// Activations without a multiple-activation key, or the other way round.
        Activations = "activations",
        /// A format of keys that isn't one, or of a product without keys.
        KeyFormat = "key_format",
        /// Not an address that begins with https:// and names a server.
        MalformedLink = "malformed_link",
        /// A language of a package that isn't among those that there are.
        UnknownLanguage = "unknown_language",
        /// An operating system of a package that isn't among those that there are.
        UnknownSystem = "unknown_system",
        /// A download of something that has none.
        DownloadOfKind = "download_of_kind",
        /// A product that the catalogue doesn't have.
        UnknownProduct = "unknown_product",
        /// An area that the catalogue doesn't have.
        UnknownArea = "unknown_area",
        /// Level and areas belong to a select competency, and to nothing else.
        LevelAndAreas = "level_and_areas",
        /// An individual grant is made for a company, not by a catalogue.
        IndividualGrant = "individual_grant",
        /// Rows of one pool and one source with other limits, or one of them without.
        PoolLimits = "pool_limits",
        /// A policy that isn't known, or a value that it doesn't have.
        UnknownPolicy = "unknown_policy",
        /// Not a currency's code of three capital letters.
        MalformedCurrency = "malformed_currency",
        /// A tier without a name.
        TierMissing = "tier_missing",
        /// A tier with several offers; only ISV offers can be many.
        OneOfferATier = "one_offer_a_tier",
        /// What a product is, or what a quantity counts, can't change: it needs another code.
        KindChanged = "kind_changed",
        /// What an offer gives can't change, for those who hold it: it needs another code.
        TierChanged = "tier_changed",
        /// The network membership comes first, for nothing: there is one offer of it, without a price.
        NetworkOffer = "network_offer",
    }
}

/// A fault and where it stands.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// What is wrong.
    pub code: FaultCode,
    /// Where, in the words of the document, such as `product windows_enterprise, name.zh-Hans`.
    pub place: String,
}

impl Fault {
    /// The field that the place names, such as `name.zh-Hans`; `code` where the whole thing is meant.
    #[must_use]
    pub fn field(&self) -> &str {
        match self.place.rsplit_once(", ") {
            Some((_, field)) => field.split(' ').next().unwrap_or(field),
            None => "code",
        }
    }
}

/// Everything that is wrong with a catalogue by itself. `known` says whether a policy has a value.
#[must_use]
pub fn faults(catalogue: &Catalogue, known: impl Fn(&str, &str) -> bool) -> Vec<Fault> {
    let mut found = Found::default();
    found.text("programme", "name", &catalogue.programme.name, NAME);
    if let Some(details) = &catalogue.programme.bank_details {
        found.lines("programme", "bank_details", details, 1..=20, false);
    }
    for (name, value) in &catalogue.policies {
        found.check(known(name, value), FaultCode::UnknownPolicy, || format!("policies, {name}"));
    }
    let tiers = found.codes("tier", catalogue.tiers.iter().map(|tier| tier.code.code()));
    for tier in OfferTier::ALL {
        found.check(tiers.contains(tier.code()), FaultCode::TierMissing, || format!("tier {}", tier.code()));
    }
    for tier in &catalogue.tiers {
        let place = format!("tier {}", tier.code.code());
        found.text(&place, "name", &tier.name, NAME);
        found.text(&place, "source_name", &tier.source_name, NAME);
    }
    found.tier_names(&catalogue.tiers);
    let areas = found.codes("area", catalogue.areas.iter().map(|area| area.code.as_str()));
    for area in &catalogue.areas {
        found.text(&format!("area {}", area.code), "name", &area.name, NAME);
    }
    found.codes("offer", catalogue.offers.iter().map(|offer| offer.code.as_str()));
    let mut tiers = BTreeMap::new();
    for offer in &catalogue.offers {
        let place = format!("offer {}", offer.code);
        found.text(&place, "name", &offer.name, NAME);
        found.text(&place, "description", &offer.description, TEXT);
        found.range(&place, "price_minor", Some(offer.price_minor), 0);
        let currency =
            offer.currency.len() == 3 && offer.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        found.check(currency, FaultCode::MalformedCurrency, || format!("{place}, currency"));
        *tiers.entry(offer.tier.code()).or_insert(0) += 1;
    }
    for (tier, count) in tiers {
        let one = count == 1 || tier == OfferTier::Isv.code();
        found.check(one, FaultCode::OneOfferATier, || format!("offer, tier {tier}"));
    }
    let network = catalogue.offers.iter().filter(|offer| offer.tier == OfferTier::Network);
    let free = network.clone().count() == 1 && network.clone().all(|offer| offer.price_minor == 0);
    found.check(free, FaultCode::NetworkOffer, || "offer, tier network".to_owned());
    found.codes("product", catalogue.products.iter().map(|product| product.code.as_str()));
    for product in &catalogue.products {
        found.product(product);
    }
    let products = catalogue.products.iter().map(|product| (product.code.as_str(), product)).collect();
    found.entitlements(&catalogue.entitlements, &products, &areas);
    found.faults
}

/// What the database knows by a code, also where the catalogue doesn't list it any more.
#[derive(Clone, Default, Debug)]
pub struct Known {
    /// What a product is, and what a quantity of it counts.
    pub products: HashMap<String, (ProductKind, Unit)>,
    /// What an offer gives.
    pub offers: HashMap<String, OfferTier>,
}

/// What a catalogue can't change about what there is.
#[must_use]
pub fn faults_against(catalogue: &Catalogue, known: &Known) -> Vec<Fault> {
    let products = catalogue.products.iter().filter_map(|product| {
        let other = *known.products.get(&product.code)? != (product.kind, product.unit);
        let place = format!("product {}, kind or unit", product.code);
        other.then_some(Fault { code: FaultCode::KindChanged, place })
    });
    let offers = catalogue.offers.iter().filter_map(|offer| {
        let other = *known.offers.get(&offer.code)? != offer.tier;
        let place = format!("offer {}, tier", offer.code);
        other.then_some(Fault { code: FaultCode::TierChanged, place })
    });
    products.chain(offers).collect()
}

/// A place is read by people: of a code that is much longer than it may be, its beginning.
fn cut(place: String) -> String {
    match place.char_indices().nth(PLACE) {
        Some((end, _)) => format!("{}…", &place[..end]),
        None => place,
    }
}

/// Whether it is an address of a server, told nobody in plain text.
fn is_link(link: &str) -> bool {
    let Some(rest) = link.strip_prefix("https://") else { return false };
    let server = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A name and a password before the server would be read by everybody who gets the address.
    !server.is_empty()
        && !server.contains(['@', '\\'])
        && link.len() <= TEXT
        && !link.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[derive(Default)]
struct Found {
    faults: Vec<Fault>,
}

impl Found {
    fn check(&mut self, fine: bool, code: FaultCode, place: impl FnOnce() -> String) {
        if !fine {
            self.faults.push(Fault { code, place: cut(place()) });
        }
    }

    fn codes<'a>(&mut self, what: &str, codes: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        for code in codes {
            let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            let fine = !code.is_empty() && code.len() <= CODE && code.bytes().all(letters);
            self.check(fine, FaultCode::MalformedCode, || format!("{what} {code}"));
            let first = seen.insert(code);
            self.check(first, FaultCode::Twice, || format!("{what} {code}"));
        }
        seen
    }

    /// Two tiers of one name can't be told apart, in a list of choices or in a file that names them.
    fn tier_names(&mut self, tiers: &[TierName]) {
        for language in Language::ALL {
            let mut named = HashMap::new();
            for tier in tiers {
                let name = tier.name.of(language).trim().to_lowercase();
                let same = *named.entry(name.clone()).or_insert(tier.code) == tier.code;
                self.check(same || name.is_empty(), FaultCode::Twice, || {
                    format!("tier {}, name.{}", tier.code.code(), language.tag())
                });
            }
        }
    }

    fn text(&mut self, place: &str, field: &str, texts: &Translated<String>, limit: usize) {
        for language in Language::ALL {
            let text = texts.of(language).trim();
            let at = || format!("{place}, {field}.{}", language.tag());
            self.check(!text.is_empty(), FaultCode::TextMissing, at);
            self.check(text.chars().count() <= limit, FaultCode::TextTooLong, at);
        }
    }

    fn lines(
        &mut self,
        place: &str,
        field: &str,
        texts: &Translated<Vec<String>>,
        count: std::ops::RangeInclusive<usize>,
        equally_many: bool,
    ) {
        let first = texts.en.len();
        for language in Language::ALL {
            let lines = texts.of(language);
            let at = || format!("{place}, {field}.{}", language.tag());
            let number = count.contains(&lines.len()) && (!equally_many || lines.len() == first);
            let code = match lines.len() {
                _ if equally_many => FaultCode::Steps,
                0 => FaultCode::TextMissing,
                _ => FaultCode::Lines,
            };
            self.check(number, code, at);
            // They are kept as one text, a line each.
            let filled = lines.iter().all(|line| !line.trim().is_empty() && !line.contains('\n'));
            self.check(filled, FaultCode::TextMissing, at);
            let short = lines.iter().all(|line| line.chars().count() <= TEXT);
            self.check(short, FaultCode::TextTooLong, at);
        }
    }

    fn range(&mut self, place: &str, field: &str, number: Option<i64>, least: i64) {
        let fine = number.is_none_or(|number| (least..=NUMBER).contains(&number));
        self.check(fine, FaultCode::NumberRange, || format!("{place}, {field}"));
    }

    fn product(&mut self, product: &Product) {
        let place = format!("product {}", product.code);
        self.text(&place, "name", &product.name, NAME);
        self.text(&place, "summary", &product.summary, TEXT);
        self.lines(&place, "instructions", &product.instructions, STEPS, true);
        if let Some(guidance) = &product.guidance {
            self.text(&place, "guidance", guidance, TEXT);
        }
        let several = product.kind == ProductKind::MultipleActivationKey;
        self.check(several == product.activations.is_some(), FaultCode::Activations, || {
            format!("{place}, activations")
        });
        self.range(&place, "activations", product.activations, 1);
        let format = product.key_format.as_deref();
        let looks =
            format.is_none_or(|pattern| product.kind.has_key() && KeyFormat::parse(pattern).is_some());
        self.check(looks, FaultCode::KeyFormat, || format!("{place}, key_format"));
        let link = product.portal_url.as_deref().is_none_or(is_link);
        self.check(link, FaultCode::MalformedLink, || format!("{place}, portal_url"));
        let has = product.kind.has_download() || product.downloads.is_empty();
        self.check(has, FaultCode::DownloadOfKind, || format!("{place}, download"));
        let mut files = HashSet::new();
        for download in &product.downloads {
            self.download(&format!("{place}, download {}", download.file), download);
            self.check(files.insert(&download.file), FaultCode::Twice, || {
                format!("{place}, download {}", download.file)
            });
        }
    }

    fn download(&mut self, place: &str, download: &Download) {
        let at = || place.to_owned();
        let filled = [&download.version, &download.file].iter().all(|text| {
            // A form has each download in one line, with semicolons between its parts.
            !text.trim().is_empty()
                && text.chars().count() <= NAME
                && !text.contains(|c: char| c == ';' || c.is_control())
        });
        // Neither a folder nor something that a header would read otherwise.
        let name = !download.file.contains(['/', '\\', '"']);
        self.check(filled && name, FaultCode::TextMissing, at);
        let language = PACKAGE_LANGUAGES.contains(&download.language.as_str());
        self.check(language, FaultCode::UnknownLanguage, at);
        let system = OPERATING_SYSTEMS.contains(&download.operating_system.as_str());
        self.check(system, FaultCode::UnknownSystem, at);
        self.range(place, "bytes", Some(download.bytes), 1);
        // It goes into a header, where other letters are written as %.. .
        let link = download.url.as_deref().is_none_or(|link| is_link(link) && link.is_ascii());
        self.check(link, FaultCode::MalformedLink, || format!("{place}, url"));
    }

    fn entitlements(
        &mut self,
        entitlements: &[Entitlement],
        products: &HashMap<&str, &Product>,
        areas: &BTreeSet<&str>,
    ) {
        let mut seen = HashSet::new();
        let mut pools: HashMap<(SourceLabel, Option<Tier>, &str), Option<i64>> = HashMap::new();
        for entitlement in entitlements {
            let place = format!("entitlement {} {}", entitlement.source.code(), entitlement.product);
            let known = products.contains_key(entitlement.product.as_str());
            self.check(known, FaultCode::UnknownProduct, || place.clone());
            let select = entitlement.source == SourceLabel::SelectCompetency;
            let level = matches!(entitlement.level, Some(Tier::Silver | Tier::Gold));
            let fits = if select {
                level && !entitlement.areas.is_empty()
            } else {
                entitlement.level.is_none() && entitlement.areas.is_empty() && !entitlement.per_area
            };
            self.check(fits, FaultCode::LevelAndAreas, || place.clone());
            let individual = entitlement.source == SourceLabel::IndividualGrant;
            self.check(!individual, FaultCode::IndividualGrant, || place.clone());
            for area in &entitlement.areas {
                self.check(areas.contains(area.as_str()), FaultCode::UnknownArea, || {
                    format!("{place}, {area}")
                });
            }
            self.range(&place, "quantity", entitlement.quantity, 1);
            self.range(&place, "seats", entitlement.seats, 1);
            for row in entitlement.rows() {
                let area = row.area.clone().unwrap_or_default();
                self.check(seen.insert(row), FaultCode::Twice, || {
                    format!("{place} {area}").trim_end().to_owned()
                });
            }
            if let Some(pool) = entitlement.pool.as_deref() {
                let limit = entitlement.limit();
                let shared = *pools.entry((entitlement.source, entitlement.level, pool)).or_insert(limit);
                self.check(shared == limit && !pool.trim().is_empty(), FaultCode::PoolLimits, || {
                    format!("{place}, pool {pool}")
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn codes(catalogue: &Catalogue) -> Vec<(FaultCode, String)> {
        faults(catalogue, |name, value| name == "double_holding" && value == "warn")
            .into_iter()
            .map(|fault| (fault.code, fault.place))
            .collect()
    }

    #[test]
    fn a_right_catalogue_has_no_fault() {
        assert_eq!(codes(&sample()), []);
    }

    #[test]
    fn every_fault_is_found_where_it_stands() {
        type Change = fn(&mut Catalogue);
        let cases: [(Change, FaultCode, &str); 34] = [
            (|c| c.products[0].code = "No Code".to_owned(), FaultCode::MalformedCode, "product No Code"),
            (
                |c| {
                    let again = c.areas[0].clone();
                    c.areas.push(again);
                },
                FaultCode::Twice,
                "area devops",
            ),
            (
                |c| c.products[0].name.simplified = " ".to_owned(),
                FaultCode::TextMissing,
                "product studio, name.zh-Hans",
            ),
            (
                |c| {
                    let again = c.tiers[3].clone();
                    c.tiers.push(again);
                },
                FaultCode::Twice,
                "tier gold",
            ),
            (|c| c.tiers.retain(|t| t.code != OfferTier::Isv), FaultCode::TierMissing, "tier isv"),
            (
                |c| c.tiers[3].name.traditional = format!(" {} ", c.tiers[2].name.traditional.to_uppercase()),
                FaultCode::Twice,
                "tier gold, name.zh-Hant",
            ),
            (|c| c.tiers[2].name.simplified.clear(), FaultCode::TextMissing, "tier silver, name.zh-Hans"),
            (
                |c| c.tiers[0].source_name.en = "x".repeat(121),
                FaultCode::TextTooLong,
                "tier network, source_name.en",
            ),
            (|c| c.areas[1].name.traditional.clear(), FaultCode::TextMissing, "area security, name.zh-Hant"),
            (|c| c.areas[0].name.en = "x".repeat(121), FaultCode::TextTooLong, "area devops, name.en"),
            (|c| c.offers[0].name.en = "x".repeat(121), FaultCode::TextTooLong, "offer network, name.en"),
            (|c| c.products[0].instructions.en.clear(), FaultCode::Steps, "product studio, instructions.en"),
            (
                |c| {
                    let lines = |count| vec!["A bank".to_owned(); count];
                    let details = Translated { en: lines(1), simplified: Vec::new(), traditional: lines(2) };
                    c.programme.bank_details = Some(details);
                },
                FaultCode::TextMissing,
                "programme, bank_details.zh-Hans",
            ),
            (
                |c| {
                    let lines = |count| vec!["A bank".to_owned(); count];
                    let details = Translated { en: lines(21), simplified: lines(1), traditional: lines(1) };
                    c.programme.bank_details = Some(details);
                },
                FaultCode::Lines,
                "programme, bank_details.en",
            ),
            (
                |c| c.products[1].downloads[0].version = "1; 2".to_owned(),
                FaultCode::TextMissing,
                "product system, download system.iso",
            ),
            (|c| c.offers[0].price_minor = -1, FaultCode::NumberRange, "offer network, price_minor"),
            (
                |c| c.entitlements[0].quantity = Some(0),
                FaultCode::NumberRange,
                "entitlement network_core studio, quantity",
            ),
            (|c| c.products[0].activations = Some(5), FaultCode::Activations, "product studio, activations"),
            (
                |c| c.products[0].key_format = Some("XXXX-XXXX".to_owned()),
                FaultCode::KeyFormat,
                "product studio, key_format",
            ),
            (
                |c| c.products[1].key_format = Some("five by five".to_owned()),
                FaultCode::KeyFormat,
                "product system, key_format",
            ),
            (|c| c.products[1].activations = None, FaultCode::Activations, "product system, activations"),
            (
                |c| c.products[0].portal_url = Some("http://a.example".to_owned()),
                FaultCode::MalformedLink,
                "product studio, portal_url",
            ),
            (
                |c| {
                    let download = c.products[1].downloads[0].clone();
                    c.products[0].downloads.push(download);
                },
                FaultCode::DownloadOfKind,
                "product studio, download",
            ),
            (
                |c| c.products[1].downloads[0].file = "../system.iso".to_owned(),
                FaultCode::TextMissing,
                "product system, download ../system.iso",
            ),
            (
                |c| c.products[1].downloads[0].language = "English".to_owned(),
                FaultCode::UnknownLanguage,
                "product system, download system.iso",
            ),
            (
                |c| c.products[1].downloads[0].operating_system = "windows".to_owned(),
                FaultCode::UnknownSystem,
                "product system, download system.iso",
            ),
            (
                |c| c.products[1].downloads[0].url = Some("http://a.example/system.iso".to_owned()),
                FaultCode::MalformedLink,
                "product system, download system.iso, url",
            ),
            (
                |c| c.entitlements[0].product = "other".to_owned(),
                FaultCode::UnknownProduct,
                "entitlement network_core other",
            ),
            (
                |c| c.entitlements[1].areas = vec!["other".to_owned()],
                FaultCode::UnknownArea,
                "entitlement select_competency studio, other",
            ),
            (
                |c| c.entitlements[0].level = Some(Tier::Gold),
                FaultCode::LevelAndAreas,
                "entitlement network_core studio",
            ),
            (
                |c| c.entitlements[0].source = SourceLabel::IndividualGrant,
                FaultCode::IndividualGrant,
                "entitlement individual_grant studio",
            ),
            (
                |c| {
                    c.policies.insert("double_holding".to_owned(), "sometimes".to_owned());
                },
                FaultCode::UnknownPolicy,
                "policies, double_holding",
            ),
            (
                |c| c.offers[0].currency = "usd".to_owned(),
                FaultCode::MalformedCurrency,
                "offer network, currency",
            ),
            (
                |c| {
                    let again = c.offers[0].clone();
                    c.offers.push(Offer { code: "two".to_owned(), ..again });
                },
                FaultCode::OneOfferATier,
                "offer, tier network",
            ),
        ];
        for (change, code, place) in cases {
            let mut catalogue = sample();
            change(&mut catalogue);
            let found = codes(&catalogue);
            assert!(found.contains(&(code, place.to_owned())), "{code:?} at {place}: {found:?}");
        }
    }

    #[test]
    fn the_network_membership_is_one_offer_for_nothing() {
        type Change = fn(&mut Catalogue);
        let changes: [Change; 3] = [
            |catalogue| catalogue.offers[0].price_minor = 1,
            |catalogue| catalogue.offers[0].tier = OfferTier::Silver,
            |catalogue| catalogue.offers.clear(),
        ];
        for change in changes {
            let mut catalogue = sample();
            change(&mut catalogue);
            assert!(codes(&catalogue).iter().any(|(code, _)| *code == FaultCode::NetworkOffer));
        }
    }

    #[test]
    fn a_download_has_an_address_of_a_server() {
        let of = |link: &str| {
            let mut catalogue = sample();
            catalogue.products[1].downloads[0].url = Some(link.to_owned());
            codes(&catalogue).into_iter().map(|(code, _)| code).collect::<Vec<_>>()
        };
        for link in ["https://a.example/system.iso", "https://a.example:8443/x?y=1;2#z", "https://a.example"]
        {
            assert_eq!(of(link), [], "{link}");
        }
        let long = format!("https://a.example/{}", "x".repeat(1_000));
        for link in [
            "",
            "a.example/system.iso",
            "http://a.example/system.iso",
            "javascript:alert(1)",
            "https://",
            "https:///system.iso",
            "https://me:secret@a.example/system.iso",
            "https://a.example/the system.iso",
            "https://a.example/\r\nSet-Cookie: a=b",
            "https://a.example/système.iso",
            &long,
        ] {
            assert_eq!(of(link), [FaultCode::MalformedLink], "{link}");
        }
    }

    #[test]
    fn tiers_without_a_name_are_not_of_one_name() {
        let mut catalogue = sample();
        catalogue.tiers[2].name.en.clear();
        catalogue.tiers[3].name.en.clear();
        assert!(codes(&catalogue).iter().all(|(code, _)| *code == FaultCode::TextMissing));
        // Names of one tier, or what its core is called, may be alike.
        let mut catalogue = sample();
        catalogue.tiers[2].name.simplified = catalogue.tiers[2].name.en.clone();
        catalogue.tiers[2].source_name.en = catalogue.tiers[3].name.en.clone();
        assert_eq!(codes(&catalogue), []);
    }

    #[test]
    fn rows_of_one_pool_have_one_limit() {
        let mut catalogue = sample();
        let mut other = catalogue.entitlements[0].clone();
        other.product = "system".to_owned();
        other.pool = Some("both".to_owned());
        catalogue.entitlements[0].pool = Some("both".to_owned());
        catalogue.entitlements.push(other);
        assert_eq!(codes(&catalogue), []);
        catalogue.entitlements[0].quantity = None;
        assert!(codes(&catalogue).iter().any(|(code, _)| *code == FaultCode::PoolLimits));
    }

    #[test]
    fn a_place_is_cut() {
        let mut catalogue = sample();
        catalogue.offers[0].code = "长".repeat(100_000);
        assert!(faults(&catalogue, |_, _| true).iter().all(|fault| fault.place.chars().count() <= PLACE + 1));
    }

    #[test]
    fn what_a_product_is_stays() {
        let mut catalogue = sample();
        let product = &catalogue.products[0];
        let offer = &catalogue.offers[0];
        let known = Known {
            products: [(product.code.clone(), (product.kind, product.unit))].into(),
            offers: [(offer.code.clone(), offer.tier)].into(),
        };
        catalogue.products[0].name.en = "Another name".to_owned();
        assert_eq!(faults_against(&catalogue, &known), []);
        catalogue.products[0].unit = Unit::Item;
        catalogue.offers[0].tier = OfferTier::Gold;
        let found: Vec<FaultCode> =
            faults_against(&catalogue, &known).iter().map(|fault| fault.code).collect();
        assert_eq!(found, [FaultCode::KindChanged, FaultCode::TierChanged]);
    }

    #[test]
    fn a_place_names_its_field() {
        for (place, field) in [
            ("offer gold, name.zh-Hans", "name.zh-Hans"),
            ("offer No Code", "code"),
            ("offer, tier network", "tier"),
            ("product studio, kind or unit", "kind"),
            ("policies, double_holding", "double_holding"),
        ] {
            let fault = Fault { code: FaultCode::TextMissing, place: place.to_owned() };
            assert_eq!(fault.field(), field, "{place}");
        }
    }

    use super::super::document::Offer;
}
