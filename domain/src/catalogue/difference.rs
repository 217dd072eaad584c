//! How two catalogues differ.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::document::{Catalogue, Quantity, Translated};
use crate::error::codes;
use crate::{Language, money};

codes! {
    /// What happened to something.
    ChangeKind {
        /// It is new.
        Added = "added",
        /// It says something else.
        Changed = "changed",
        /// It is gone.
        Removed = "removed",
    }
}

/// What a difference is about; codes as in the document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Subject {
    /// The programme's own texts.
    Programme,
    /// The policy of a name.
    Policy(String),
    /// The tier of a code.
    Tier(String),
    /// The area of a code.
    Area(String),
    /// The offer of a code.
    Offer(String),
    /// The product of a code.
    Product(String),
    /// How much a source grants.
    Quantity(Quantity),
}

/// A field with what it said and says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Value {
    /// Name of the field, as in the document.
    pub field: String,
    /// What it said; none where it said nothing.
    pub before: Option<String>,
    /// What it says.
    pub after: Option<String>,
}

/// A difference between two catalogues.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// What it is about.
    pub subject: Subject,
    /// What happened to it.
    pub kind: ChangeKind,
    /// The fields that differ, in the order of their names.
    pub values: Vec<Value>,
}

/// The fields of each subject as text; the word for no limit is `unlimited`.
pub type Flat = BTreeMap<Subject, BTreeMap<String, String>>;

/// A catalogue as subjects with fields.
#[must_use]
pub fn flatten(catalogue: &Catalogue) -> Flat {
    let mut flat = Flat::new();
    let mut programme = Fields::default();
    programme.texts("name", &catalogue.programme.name);
    if let Some(details) = &catalogue.programme.bank_details {
        programme.lines("bank_details", details);
    }
    flat.insert(Subject::Programme, programme.0);
    for (name, value) in &catalogue.policies {
        let mut fields = Fields::default();
        fields.put("value", value);
        flat.insert(Subject::Policy(name.clone()), fields.0);
    }
    for tier in &catalogue.tiers {
        let mut fields = Fields::default();
        fields.texts("name", &tier.name);
        fields.texts("source_name", &tier.source_name);
        flat.insert(Subject::Tier(tier.code.code().to_owned()), fields.0);
    }
    for area in &catalogue.areas {
        let mut fields = Fields::default();
        fields.texts("name", &area.name);
        flat.insert(Subject::Area(area.code.clone()), fields.0);
    }
    for offer in &catalogue.offers {
        let mut fields = Fields::default();
        fields.put("tier", offer.tier.code());
        fields.put("price_minor", money::typed(offer.price_minor, &offer.currency));
        fields.put("currency", &offer.currency);
        fields.texts("name", &offer.name);
        fields.texts("description", &offer.description);
        flat.insert(Subject::Offer(offer.code.clone()), fields.0);
    }
    for product in &catalogue.products {
        let mut fields = Fields::default();
        fields.put("kind", product.kind.code());
        fields.put("unit", product.unit.code());
        if let Some(activations) = product.activations {
            fields.put("activations", activations);
        }
        if let Some(format) = &product.key_format {
            fields.put("key_format", format);
        }
        if let Some(link) = &product.portal_url {
            fields.put("portal_url", link);
        }
        fields.texts("name", &product.name);
        fields.texts("summary", &product.summary);
        fields.lines("instructions", &product.instructions);
        if let Some(guidance) = &product.guidance {
            fields.texts("guidance", guidance);
        }
        for download in &product.downloads {
            let mut what = format!(
                "{}, {}, {}, {}",
                download.version, download.language, download.operating_system, download.bytes
            );
            if let Some(address) = &download.url {
                what.push_str(", ");
                what.push_str(address);
            }
            fields.put(&format!("download {}", download.file), what);
        }
        flat.insert(Subject::Product(product.code.clone()), fields.0);
    }
    for entitlement in &catalogue.entitlements {
        for row in entitlement.rows() {
            let mut fields = Fields::default();
            let quantity = entitlement.quantity.map_or_else(|| "unlimited".to_owned(), |n| n.to_string());
            fields.put("quantity", quantity);
            if let Some(seats) = entitlement.seats {
                fields.put("seats", seats);
            }
            if let Some(pool) = &entitlement.pool {
                fields.put("pool", pool);
            }
            if row.area.is_some() {
                fields.put("per_area", entitlement.per_area);
            }
            fields.put("illustrative", entitlement.illustrative);
            flat.insert(Subject::Quantity(row), fields.0);
        }
    }
    flat
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn put(&mut self, field: &str, value: impl ToString) {
        self.0.insert(field.to_owned(), value.to_string());
    }

    fn texts(&mut self, field: &str, texts: &Translated<String>) {
        for language in Language::ALL {
            self.put(&format!("{field}.{}", language.tag()), texts.of(language).trim());
        }
    }

    fn lines(&mut self, field: &str, texts: &Translated<Vec<String>>) {
        for language in Language::ALL {
            self.put(&format!("{field}.{}", language.tag()), texts.of(language).join("\n"));
        }
    }
}

/// What a catalogue changes about another one, in the order of the subjects. A policy that the later one
/// doesn't name stays as it is.
#[must_use]
pub fn differences(before: &Catalogue, after: &Catalogue) -> Vec<Difference> {
    let (before, after) = (flatten(before), flatten(after));
    let mut found: Vec<Difference> = Vec::new();
    for (subject, fields) in &before {
        match after.get(subject) {
            None if matches!(subject, Subject::Policy(_)) => {}
            None => found.push(Difference {
                subject: subject.clone(),
                kind: ChangeKind::Removed,
                values: values(fields, &BTreeMap::new()),
            }),
            Some(now) if now == fields => {}
            Some(now) => found.push(Difference {
                subject: subject.clone(),
                kind: ChangeKind::Changed,
                values: values(fields, now),
            }),
        }
    }
    for (subject, fields) in after.iter().filter(|(subject, _)| !before.contains_key(*subject)) {
        found.push(Difference {
            subject: subject.clone(),
            kind: ChangeKind::Added,
            values: values(&BTreeMap::new(), fields),
        });
    }
    found.sort_by(|a, b| a.subject.cmp(&b.subject));
    found
}

fn values(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Value> {
    let fields: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    fields
        .into_iter()
        .filter(|field| before.get(*field) != after.get(*field))
        .map(|field| Value {
            field: field.clone(),
            before: before.get(field).cloned(),
            after: after.get(field).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_catalogue_differs_in_nothing_from_itself_in_another_order() {
        let mut other = sample();
        other.products.reverse();
        other.entitlements.reverse();
        assert_eq!(differences(&sample(), &other), []);
    }

    #[test]
    fn what_is_added_removed_and_changed_is_said_with_its_values() {
        let (before, mut after) = (sample(), sample());
        after.entitlements[0].quantity = Some(7);
        after.entitlements[1].areas.push("security".to_owned());
        after.products.retain(|product| product.code != "system");
        after.offers[0].name.en = "Base".to_owned();
        after.areas[0].name.en = "Development".to_owned();
        after.tiers[3].name.en = "Platinum".to_owned();
        after.tiers[3].source_name.simplified = "铂金级核心".to_owned();
        let found = differences(&before, &after);
        let said: Vec<String> = found
            .iter()
            .map(|difference| {
                let values: Vec<String> = difference
                    .values
                    .iter()
                    .filter(|value| {
                        ["quantity", "name.en", "source_name.zh-Hans"].contains(&value.field.as_str())
                    })
                    .map(|value| format!("{}: {:?} to {:?}", value.field, value.before, value.after))
                    .collect();
                format!("{} {:?} {}", difference.kind.code(), difference.subject, values.join("; "))
            })
            .collect();
        let quantity = |source: &str, level: &str, area: &str| {
            format!(
                "Quantity(Quantity {{ product: \"studio\", source: \"{source}\", level: {level}, area: {area} }})"
            )
        };
        assert_eq!(
            said,
            [
                "changed Tier(\"gold\") name.en: Some(\"gold\") to Some(\"Platinum\"); source_name.zh-Hans: \
                 Some(\"gold_core 简\") to Some(\"铂金级核心\")"
                    .to_owned(),
                "changed Area(\"devops\") name.en: Some(\"devops\") to Some(\"Development\")".to_owned(),
                "changed Offer(\"network\") name.en: Some(\"Network\") to Some(\"Base\")".to_owned(),
                "removed Product(\"system\") name.en: Some(\"System\") to None".to_owned(),
                format!(
                    "changed {} quantity: Some(\"5\") to Some(\"7\")",
                    quantity("network_core", "None", "None")
                ),
                format!(
                    "added {} quantity: None to Some(\"unlimited\")",
                    quantity("select_competency", "Some(\"gold\")", "Some(\"security\")")
                ),
            ]
        );
    }

    #[test]
    fn a_policy_that_is_not_named_stays() {
        let (mut before, mut after) = (sample(), sample());
        before.policies.insert("double_holding".to_owned(), "warn".to_owned());
        assert_eq!(differences(&before, &after), []);
        after.policies.insert("double_holding".to_owned(), "refuse".to_owned());
        assert_eq!(differences(&before, &after).len(), 1);
    }
}
