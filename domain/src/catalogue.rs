//! The programme's catalogue as one document: what it says, what is wrong with it, how two of them differ,
//! and how a draft meets a catalogue that changed meanwhile.
//!
//! Codes are what a document calls things by; ids belong to the database.

mod difference;
mod document;
mod fault;
mod package;
mod rebase;

pub use difference::{ChangeKind, Difference, Subject, Value, differences, flatten};
pub use document::{
    Area, Catalogue, Download, Entitlement, Offer, OfferTier, Product, Programme, Publication, Quantity,
    TierName, Translated,
};
pub use fault::{Fault, FaultCode, Known, faults, faults_against};
pub use package::{OPERATING_SYSTEMS, PACKAGE_LANGUAGES, language_key, system_key};
pub use rebase::{rebase, rebase_policies};

/// A small catalogue without a fault, for tests.
#[cfg(test)]
pub(crate) fn sample() -> Catalogue {
    use crate::Tier;
    use crate::benefit::{ProductKind, SourceLabel, Unit};

    let texts = |text: &str| Translated {
        en: text.to_owned(),
        simplified: format!("{text} 简"),
        traditional: format!("{text} 繁"),
    };
    let steps = |text: &str| Translated {
        en: vec![text.to_owned()],
        simplified: vec![format!("{text} 简")],
        traditional: vec![format!("{text} 繁")],
    };
    let product = |code: &str, name: &str, kind, unit| Product {
        code: code.to_owned(),
        kind,
        unit,
        activations: None,
        key_format: None,
        portal_url: None,
        name: texts(name),
        summary: texts("A line"),
        instructions: steps("Open it."),
        guidance: None,
        downloads: Vec::new(),
    };
    let entitlement = |source, quantity| Entitlement {
        source,
        product: "studio".to_owned(),
        quantity,
        seats: None,
        pool: None,
        level: None,
        areas: Vec::new(),
        per_area: false,
        illustrative: false,
    };
    Catalogue {
        programme: Programme { name: texts("A programme"), bank_details: None },
        policies: std::collections::BTreeMap::new(),
        tiers: OfferTier::ALL
            .iter()
            .map(|tier| TierName {
                code: *tier,
                name: texts(tier.code()),
                source_name: texts(tier.source().code()),
            })
            .collect(),
        areas: ["devops", "security"].map(|code| Area { code: code.to_owned(), name: texts(code) }).to_vec(),
        offers: vec![Offer {
            code: "network".to_owned(),
            tier: OfferTier::Network,
            price_minor: 0,
            currency: "USD".to_owned(),
            name: texts("Network"),
            description: texts("The base."),
        }],
        products: vec![
            product("studio", "Studio", ProductKind::Subscription, Unit::Seat),
            Product {
                activations: Some(100),
                downloads: vec![Download {
                    version: "1".to_owned(),
                    language: "en".to_owned(),
                    operating_system: "windows_x64".to_owned(),
                    file: "system.iso".to_owned(),
                    bytes: 1,
                    url: None,
                }],
                ..product("system", "System", ProductKind::MultipleActivationKey, Unit::Activation)
            },
        ],
        entitlements: vec![
            entitlement(SourceLabel::NetworkCore, Some(5)),
            Entitlement {
                level: Some(Tier::Gold),
                areas: vec!["devops".to_owned()],
                per_area: true,
                ..entitlement(SourceLabel::SelectCompetency, None)
            },
        ],
    }
}
