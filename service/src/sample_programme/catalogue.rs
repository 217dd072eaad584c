//! The programme: its name, policies, products, offers, entitlements and keys that nobody has yet.

use std::collections::{BTreeSet, HashMap};

use domain::benefit::{ProductKind, SourceLabel};
use domain::{Language, Policies};
use uuid::Uuid;

use super::files::{Area, Entitlement, Files, Offer, Product, Translated, broken};
use super::rows::Rows;
use crate::entity::{
    entitlement, key_pool, offer, offer_text, policy, product, product_download, product_key, product_text,
    programme, programme_text,
};
use crate::{Outcome, Service, policies, sql};

/// The catalogue's version as it is loaded.
pub(super) const VERSION: i64 = 1;
/// Keys in each pool that nobody has drawn.
const FREE_KEYS: usize = 40;
/// Letters and digits of a key, without those that are taken for each other.
const KEY_LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A product as it was written.
pub(super) struct Item<'a> {
    pub(super) id: Uuid,
    pub(super) file: &'a Product,
    /// Where its keys come from, if it has keys.
    pub(super) key_pool: Option<Uuid>,
}

/// What the companies' data refers to.
pub(super) struct Catalogue<'a> {
    items: HashMap<&'a str, Item<'a>>,
    offers: HashMap<&'a str, (Uuid, &'a Offer)>,
    areas: HashMap<&'a str, &'a Area>,
    pub(super) entitlements: &'a [Entitlement],
}

impl<'a> Catalogue<'a> {
    /// Writes the programme.
    pub(super) fn build(service: &Service, files: &'a Files, rows: &mut Rows) -> Outcome<Self> {
        rows.programme.push(programme::Model { id: 1, catalogue_version: VERSION, demo: true });
        for language in Language::ALL {
            let name =
                text("operators.toml", "programme", "name", &files.operators.programme.name, language)?;
            rows.programme_text.push(programme_text::Model { language: language.tag().to_owned(), name });
        }
        for (name, value) in policies::entries(&Policies::default()) {
            rows.policy.push(policy::Model { name: name.to_owned(), value });
        }
        let mut catalogue = Self {
            items: HashMap::new(),
            offers: HashMap::new(),
            areas: files.areas.iter().map(|area| (area.code.as_str(), area)).collect(),
            entitlements: &files.entitlements,
        };
        for product in &files.products {
            let item = write_product(service, product, rows)?;
            if catalogue.items.insert(&product.code, item).is_some() {
                return Err(broken("products.toml", format!("{} twice", product.code)));
            }
        }
        for offer in &files.offers {
            let id = write_offer(service, offer, rows)?;
            if catalogue.offers.insert(&offer.code, (id, offer)).is_some() {
                return Err(broken("offers.toml", format!("{} twice", offer.code)));
            }
        }
        for entitlement in catalogue.entitlements {
            catalogue.write_entitlement(service, entitlement, rows)?;
        }
        Ok(catalogue)
    }

    /// The product of a code.
    pub(super) fn item(&self, code: &str) -> Outcome<&Item<'a>> {
        self.items.get(code).ok_or_else(|| broken("products.toml", format!("no product {code}")))
    }

    /// The offer of a code.
    pub(super) fn offer(&self, code: &str) -> Outcome<(Uuid, &'a Offer)> {
        self.offers.get(code).copied().ok_or_else(|| broken("offers.toml", format!("no offer {code}")))
    }

    /// The competency area of a code.
    pub(super) fn area(&self, code: &str) -> Outcome<&'a Area> {
        let area = self.areas.get(code).copied();
        area.ok_or_else(|| broken("competency_areas.toml", format!("no area {code}")))
    }

    fn write_entitlement(&self, service: &Service, file: &Entitlement, rows: &mut Rows) -> Outcome<()> {
        let item = self.item(&file.product)?;
        let fault = |what: &str| {
            Err(broken("tiers.toml", format!("{} {}: {what}", file.source.code(), file.product)))
        };
        if (file.source == SourceLabel::SelectCompetency) == file.areas.is_empty()
            || file.areas.is_empty() != file.level.is_none()
        {
            return fault("level and areas belong to select_competency, and to nothing else");
        }
        for code in &file.areas {
            let area = self.area(code)?;
            if file.per_area && !area.select {
                return fault("an area that adds nothing of its own");
            }
            if !file.per_area && file.quantity.is_none() && !area.cloud {
                return fault("without limit in an area that isn't a cloud area");
            }
        }
        if file.quantity.is_some_and(|quantity| quantity < 1) || file.seats.is_some_and(|seats| seats < 1) {
            return fault("a quantity below one");
        }
        if let Some(activations) = file.activations {
            let limit = item.file.activations.unwrap_or(0);
            if activations > limit || file.quantity != Some(activations) {
                return fault("activations beyond the key's limit, or other than the quantity");
            }
        }
        // A row of several areas becomes one for each, so that a purchase finds it by its area.
        let areas: Vec<Option<&String>> =
            if file.areas.is_empty() { vec![None] } else { file.areas.iter().map(Some).collect() };
        for area in areas {
            rows.entitlement.push(entitlement::Model {
                id: service.new_id(),
                source: file.source.code().to_owned(),
                level: file.level.clone(),
                area: area.cloned(),
                per_area: file.per_area,
                product_id: item.id,
                quantity: file.quantity,
                seats: file.seats,
                pool_code: file.pool.clone(),
                illustrative: file.illustrative,
                from_version: VERSION,
                until_version: None,
            });
        }
        Ok(())
    }
}

/// A text in a language, or the fault that names where it is missing.
fn text(
    file: &'static str,
    code: &str,
    what: &str,
    texts: &Translated<String>,
    language: Language,
) -> Outcome<String> {
    let text = texts.of(language).trim();
    if text.is_empty() {
        return Err(broken(file, format!("{code}.{what} in {}", language.tag())));
    }
    Ok(text.to_owned())
}

fn write_product<'a>(service: &Service, file: &'a Product, rows: &mut Rows) -> Outcome<Item<'a>> {
    let code = file.code.as_str();
    let fault = |what: &str| broken("products.toml", format!("{code}: {what}"));
    if file.kind.category() != file.category {
        return Err(fault("a kind of another category"));
    }
    if (file.kind == ProductKind::MultipleActivationKey) != file.activations.is_some() {
        return Err(fault("activations belong to multiple-activation keys"));
    }
    let id = service.new_id();
    rows.product.push(product::Model {
        id,
        code: code.to_owned(),
        category: file.category.code().to_owned(),
        kind: file.kind.code().to_owned(),
        unit: file.unit.code().to_owned(),
        portal_url: file.portal_url.clone(),
        activation_limit: file.activations,
    });
    let steps = file.instructions.of(Language::English).len();
    for language in Language::ALL {
        let instructions = file.instructions.of(language);
        let missing = instructions.len() != steps || instructions.iter().any(|step| step.trim().is_empty());
        if !(2..=4).contains(&steps) || missing {
            return Err(fault(&format!("instructions in {}", language.tag())));
        }
        let name = text("products.toml", code, "name", &file.name, language)?;
        rows.product_text.push(product_text::Model {
            product_id: id,
            language: language.tag().to_owned(),
            name_key: sql::folded(&name),
            name,
            summary: text("products.toml", code, "summary", &file.summary, language)?,
            instructions: instructions.join("\n"),
            guidance: match &file.guidance {
                Some(guidance) => text("products.toml", code, "guidance", guidance, language)?,
                None => String::new(),
            },
        });
    }
    for download in &file.download {
        rows.product_download.push(product_download::Model {
            id: service.new_id(),
            product_id: id,
            version: download.version.clone(),
            language: download.language.clone(),
            operating_system: download.operating_system.clone(),
            file_name: download.file.clone(),
            bytes: download.bytes,
        });
    }
    let key_pool = file.kind.has_key().then(|| service.new_id());
    if let Some(pool) = key_pool {
        rows.key_pool.push(key_pool::Model { id: pool, product_id: id });
        for _ in 0..FREE_KEYS {
            rows.product_key.push(new_key(service, pool)?);
        }
    }
    Ok(Item { id, file, key_pool })
}

fn write_offer(service: &Service, file: &Offer, rows: &mut Rows) -> Outcome<Uuid> {
    let id = service.new_id();
    rows.offer.push(offer::Model {
        id,
        code: file.code.clone(),
        tier: file.tier.clone(),
        price_minor: file.price_minor,
        currency: file.currency.clone(),
    });
    for language in Language::ALL {
        let name = text("offers.toml", &file.code, "name", &file.name, language)?;
        rows.offer_text.push(offer_text::Model {
            offer_id: id,
            language: language.tag().to_owned(),
            name_key: sql::folded(&name),
            name,
        });
    }
    Ok(id)
}

/// A fresh key, free and sealed.
pub(super) fn new_key(service: &Service, key_pool: Uuid) -> Outcome<product_key::Model> {
    let id = service.new_id();
    let mut bytes = [0; 25];
    service.random.fill(&mut bytes);
    let mut key = String::with_capacity(29);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % 5 == 0 {
            key.push('-');
        }
        // 32 letters: five bits of the byte choose one, none more often than another.
        key.push(char::from(KEY_LETTERS[usize::from(byte % 32)]));
    }
    Ok(product_key::Model {
        id,
        key_pool_id: key_pool,
        ciphertext: service.vault.seal(&*service.random, &format!("product_key/{id}"), &key)?,
        key_hash: service.vault.hash(&key),
        state: "free".to_owned(),
        organization_id: None,
        grant_id: None,
        seat_id: None,
        drawn_at: None,
        revealed_at: None,
        revealed_by: None,
        row_version: 1,
    })
}

/// Areas as they stand in a row: codes, separated by commas.
pub(super) fn area_list(areas: &[String]) -> Outcome<String> {
    let distinct: BTreeSet<&String> = areas.iter().collect();
    if distinct.len() != areas.len() {
        return Err(broken("companies.toml", format!("an area twice in {areas:?}")));
    }
    Ok(areas.join(","))
}
