//! What a catalogue says.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::Language;
use crate::benefit::{ProductKind, SourceLabel, Unit};
use crate::error::codes;
use crate::membership::Tier;

codes! {
    /// Who puts a draft into force (programme policy).
    Publication {
        /// Whoever may publish, also their own draft.
        OnePerson = "one_person",
        /// Somebody who may publish and didn't change the draft.
        SecondPerson = "second_person",
    }
}

codes! {
    /// What an offer gives when it is held.
    OfferTier {
        /// The network membership.
        Network = "network",
        /// The Action Pack.
        ActionPack = "action_pack",
        /// A silver competency.
        Silver = "silver",
        /// A gold competency.
        Gold = "gold",
        /// An ISV offer.
        Isv = "isv",
    }
}

impl OfferTier {
    /// Where the grants of its core come from.
    #[must_use]
    pub const fn source(self) -> SourceLabel {
        match self {
            Self::Network => SourceLabel::NetworkCore,
            Self::ActionPack => SourceLabel::ActionPack,
            Self::Silver => SourceLabel::SilverCore,
            Self::Gold => SourceLabel::GoldCore,
            Self::Isv => SourceLabel::IsvCoSell,
        }
    }
}

/// Something in each language.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Translated<T> {
    /// English.
    pub en: T,
    /// 简体中文.
    #[serde(rename = "zh-Hans")]
    pub simplified: T,
    /// 繁體中文.
    #[serde(rename = "zh-Hant")]
    pub traditional: T,
}

impl<T> Translated<T> {
    /// What it is in a language.
    #[must_use]
    pub const fn of(&self, language: Language) -> &T {
        match language {
            Language::English => &self.en,
            Language::SimplifiedChinese => &self.simplified,
            Language::TraditionalChinese => &self.traditional,
        }
    }

    /// The same, to be changed.
    pub const fn of_mut(&mut self, language: Language) -> &mut T {
        match language {
            Language::English => &mut self.en,
            Language::SimplifiedChinese => &mut self.simplified,
            Language::TraditionalChinese => &mut self.traditional,
        }
    }
}

/// A catalogue, as it stands in a file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The programme itself.
    pub programme: Programme,
    /// Values of policies by their names; a policy that isn't named stays as it is.
    #[serde(default)]
    pub policies: BTreeMap<String, String>,
    /// What the tiers are called. A document that was written before tiers had names is read without: whoever reads it
    /// fills them in.
    #[serde(default, rename = "tier")]
    pub tiers: Vec<TierName>,
    /// Competency areas.
    #[serde(default, rename = "area")]
    pub areas: Vec<Area>,
    /// What can be joined or bought.
    #[serde(default, rename = "offer")]
    pub offers: Vec<Offer>,
    /// What can be granted.
    #[serde(default, rename = "product")]
    pub products: Vec<Product>,
    /// How much of what each source grants.
    #[serde(default, rename = "entitlement")]
    pub entitlements: Vec<Entitlement>,
}

/// The programme's own texts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// Its name.
    pub name: Translated<String>,
    /// Where a bank transfer goes, in lines; without it there are no transfers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_details: Option<Translated<Vec<String>>>,
}

/// What a tier is called. Which tiers there are is a rule (18), not the catalogue's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierName {
    /// Which one.
    pub code: OfferTier,
    /// Its name, such as that of whoever has attained it.
    pub name: Translated<String>,
    /// What stands beside the benefits that its core grants, as their source.
    pub source_name: Translated<String>,
}

/// A competency area.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// Its code.
    pub code: String,
    /// Its name. A document that was written before areas had names is read without: whoever reads it fills them in.
    #[serde(default)]
    pub name: Translated<String>,
}

impl Area {
    /// Whether it has no name in any language.
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        Language::ALL.iter().all(|language| self.name.of(*language).is_empty())
    }
}

/// What can be joined or bought.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Its code.
    pub code: String,
    /// What it gives.
    pub tier: OfferTier,
    /// Price in minor units of the currency.
    pub price_minor: i64,
    /// ISO code of the currency.
    pub currency: String,
    /// Its name.
    pub name: Translated<String>,
    /// A sentence about it.
    pub description: Translated<String>,
}

/// What can be granted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its code.
    pub code: String,
    /// What it is; says in which category it stands.
    pub kind: ProductKind,
    /// What a quantity of it counts.
    pub unit: Unit,
    /// Activations that a multiple-activation key has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activations: Option<i64>,
    /// How its keys look, such as `XXXX-XXXX-XXXX`; five groups of five without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_format: Option<String>,
    /// The vendor's portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal_url: Option<String>,
    /// Its name.
    pub name: Translated<String>,
    /// A line about it.
    pub summary: Translated<String>,
    /// Special instructions, step by step.
    pub instructions: Translated<Vec<String>>,
    /// Guidance to kinds of support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<Translated<String>>,
    /// What can be downloaded.
    #[serde(default, rename = "download", skip_serializing_if = "Vec::is_empty")]
    pub downloads: Vec<Download>,
}

/// A package of a version for a language and an operating system.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// The version's name.
    pub version: String,
    /// Tag of the package's language, one of [`super::PACKAGE_LANGUAGES`].
    pub language: String,
    /// Code of the operating system, one of [`super::OPERATING_SYSTEMS`].
    pub operating_system: String,
    /// Name of the file.
    pub file: String,
    /// Its size.
    pub bytes: i64,
    /// Where it is; without an address nobody gets it, outside the sample programme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How much of a product a source grants.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entitlement {
    /// The source.
    pub source: SourceLabel,
    /// The product's code.
    pub product: String,
    /// How much; without it there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    /// How many people can hold it, where the quantity counts something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<i64>,
    /// The pool that it shares with other rows of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The level whose competencies add it, for a select competency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Tier>,
    /// The areas that add it, for a select competency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// Whether each area adds its own; otherwise the areas of a level add it together.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub per_area: bool,
    /// Whether the figure is chosen rather than documented.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub illustrative: bool,
}

/// What makes two rows of quantities the same one: an area's, or the source's own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Quantity {
    /// The product's code.
    pub product: String,
    /// Code of the source.
    pub source: String,
    /// Code of the level, for a select competency.
    pub level: Option<String>,
    /// The area, for a select competency.
    pub area: Option<String>,
}

impl Entitlement {
    /// The rows that it stands for: one for each area, or one.
    #[must_use]
    pub fn rows(&self) -> Vec<Quantity> {
        let row = |area: Option<String>| Quantity {
            product: self.product.clone(),
            source: self.source.code().to_owned(),
            level: self.level.map(|level| level.code().to_owned()),
            area,
        };
        if self.areas.is_empty() {
            vec![row(None)]
        } else {
            self.areas.iter().map(|area| row(Some(area.clone()))).collect()
        }
    }

    /// The limit of its pool; none is without limit.
    #[must_use]
    pub fn limit(&self) -> Option<i64> {
        self.seats.or(self.quantity)
    }
}

impl Catalogue {
    /// Brings it into the order in which it is compared and written: by code, areas one after the other;
    /// rows that say the same of several areas become one.
    pub fn sort(&mut self) {
        self.tiers.sort_by_key(|tier| tier.code as u8);
        self.areas.sort_by(|a, b| a.code.cmp(&b.code));
        self.offers.sort_by_key(|offer| (offer.tier as u8, offer.code.clone()));
        self.products
            .sort_by(|a, b| (a.kind.category() as u8, &a.code).cmp(&(b.kind.category() as u8, &b.code)));
        for product in &mut self.products {
            product.downloads.sort();
        }
        let mut rows: Vec<Entitlement> = Vec::new();
        // What a row says without its areas, and where that row stands.
        let mut at: HashMap<Entitlement, usize> = HashMap::new();
        for mut entitlement in std::mem::take(&mut self.entitlements) {
            let areas = std::mem::take(&mut entitlement.areas);
            if areas.is_empty() {
                rows.push(entitlement);
                continue;
            }
            match at.get(&entitlement).and_then(|at| rows.get_mut(*at)) {
                Some(row) => row.areas.extend(areas),
                None => {
                    at.insert(entitlement.clone(), rows.len());
                    rows.push(Entitlement { areas, ..entitlement });
                }
            }
        }
        for row in &mut rows {
            row.areas.sort();
            row.areas.dedup();
        }
        rows.sort_by(|a, b| {
            (a.source as u8, a.level, &a.product, &a.areas).cmp(&(
                b.source as u8,
                b.level,
                &b.product,
                &b.areas,
            ))
        });
        self.entitlements = rows;
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn rows_that_say_the_same_of_several_areas_become_one() {
        let mut catalogue = sample();
        let row = catalogue.entitlements[1].clone();
        catalogue.entitlements.push(Entitlement { areas: vec!["security".to_owned()], ..row.clone() });
        catalogue.entitlements.push(Entitlement { areas: Vec::new(), ..row.clone() });
        catalogue.entitlements.push(Entitlement { quantity: Some(3), ..row });
        catalogue.sort();
        let areas: Vec<usize> = catalogue.entitlements.iter().map(|row| row.areas.len()).collect();
        assert_eq!(areas, [0, 0, 1, 2]);
    }

    /// Row by row with each earlier one, it would be minutes.
    #[test]
    fn many_rows_are_sorted_at_once() {
        let mut catalogue = sample();
        let row = catalogue.entitlements[1].clone();
        catalogue.entitlements = (0..40_000)
            .map(|number| Entitlement { product: format!("product_{number}"), ..row.clone() })
            .collect();
        let begun = std::time::Instant::now();
        catalogue.sort();
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        assert_eq!(catalogue.entitlements.len(), 40_000);
    }
}
