//! A draft that was begun from one catalogue, carried over to another one that came into force meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{
    Area, Catalogue, Download, Entitlement, Offer, Product, Programme, Quantity, TierName, Translated,
};

/// The draft's own changes on top of the catalogue in force, field by field and language by language: where the
/// draft says what it began from, what is in force now stands; where both changed the same thing, the draft's stands.
/// Quantities of what either of them took away go with it.
#[must_use]
pub fn rebase(base: &Catalogue, draft: &Catalogue, in_force: &Catalogue) -> Catalogue {
    let areas = list(&base.areas, &draft.areas, &in_force.areas, |area| area.code.clone(), area);
    let products = list(&base.products, &draft.products, &in_force.products, |of| of.code.clone(), product);
    let mut entitlements = keyed(&rows(base), &rows(draft), &rows(in_force), pick);
    let left: BTreeSet<&str> = areas.iter().map(|area| area.code.as_str()).collect();
    let gone: BTreeSet<&str> =
        base.areas.iter().map(|area| area.code.as_str()).filter(|code| !left.contains(code)).collect();
    entitlements.retain(|row, _| row.area.as_deref().is_none_or(|area| !gone.contains(area)));
    let left: BTreeSet<&str> = products.iter().map(|product| product.code.as_str()).collect();
    let gone: BTreeSet<&str> = base
        .products
        .iter()
        .map(|product| product.code.as_str())
        .filter(|code| !left.contains(code))
        .collect();
    entitlements.retain(|row, _| !gone.contains(row.product.as_str()));
    let mut rebased = Catalogue {
        programme: programme(&base.programme, &draft.programme, &in_force.programme),
        policies: rebase_policies(&base.policies, &draft.policies, &in_force.policies),
        tiers: list(&base.tiers, &draft.tiers, &in_force.tiers, |tier| tier.code.code().to_owned(), tier),
        offers: list(&base.offers, &draft.offers, &in_force.offers, |offer| offer.code.clone(), offer),
        entitlements: entitlements.into_values().collect(),
        areas,
        products,
    };
    rebased.sort();
    rebased
}

/// The same for policies alone, which also change without another version.
#[must_use]
pub fn rebase_policies(
    base: &BTreeMap<String, String>,
    draft: &BTreeMap<String, String>,
    in_force: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    keyed(base, draft, in_force, pick)
}

fn pick<T: PartialEq + Clone>(base: &T, draft: &T, in_force: &T) -> T {
    if base == draft { in_force.clone() } else { draft.clone() }
}

fn programme(base: &Programme, draft: &Programme, in_force: &Programme) -> Programme {
    Programme {
        name: texts(&base.name, &draft.name, &in_force.name),
        bank_details: maybe(&base.bank_details, &draft.bank_details, &in_force.bank_details, texts),
    }
}

fn tier(base: &TierName, draft: &TierName, in_force: &TierName) -> TierName {
    TierName {
        code: draft.code,
        name: texts(&base.name, &draft.name, &in_force.name),
        source_name: texts(&base.source_name, &draft.source_name, &in_force.source_name),
    }
}

fn area(base: &Area, draft: &Area, in_force: &Area) -> Area {
    Area { code: draft.code.clone(), name: texts(&base.name, &draft.name, &in_force.name) }
}

fn offer(base: &Offer, draft: &Offer, in_force: &Offer) -> Offer {
    // A price means nothing without its currency.
    let price = |of: &Offer| (of.price_minor, of.currency.clone());
    let (price_minor, currency) = pick(&price(base), &price(draft), &price(in_force));
    Offer {
        code: draft.code.clone(),
        tier: pick(&base.tier, &draft.tier, &in_force.tier),
        price_minor,
        currency,
        name: texts(&base.name, &draft.name, &in_force.name),
        description: texts(&base.description, &draft.description, &in_force.description),
    }
}

fn product(base: &Product, draft: &Product, in_force: &Product) -> Product {
    Product {
        code: draft.code.clone(),
        kind: pick(&base.kind, &draft.kind, &in_force.kind),
        unit: pick(&base.unit, &draft.unit, &in_force.unit),
        activations: pick(&base.activations, &draft.activations, &in_force.activations),
        key_format: pick(&base.key_format, &draft.key_format, &in_force.key_format),
        portal_url: pick(&base.portal_url, &draft.portal_url, &in_force.portal_url),
        name: texts(&base.name, &draft.name, &in_force.name),
        summary: texts(&base.summary, &draft.summary, &in_force.summary),
        instructions: steps(&base.instructions, &draft.instructions, &in_force.instructions),
        guidance: maybe(&base.guidance, &draft.guidance, &in_force.guidance, texts),
        downloads: list(&base.downloads, &draft.downloads, &in_force.downloads, file, pick),
    }
}

fn file(download: &Download) -> String {
    download.file.clone()
}

fn texts<T: PartialEq + Clone>(
    base: &Translated<T>,
    draft: &Translated<T>,
    in_force: &Translated<T>,
) -> Translated<T> {
    Translated {
        en: pick(&base.en, &draft.en, &in_force.en),
        simplified: pick(&base.simplified, &draft.simplified, &in_force.simplified),
        traditional: pick(&base.traditional, &draft.traditional, &in_force.traditional),
    }
}

type Steps = Translated<Vec<String>>;

/// Steps are equally many in each language: where the two sides don't fit together so, they aren't mixed.
fn steps(base: &Steps, draft: &Steps, in_force: &Steps) -> Steps {
    let mixed = texts(base, draft, in_force);
    let equally_many = mixed.en.len() == mixed.simplified.len() && mixed.en.len() == mixed.traditional.len();
    if equally_many { mixed } else { pick(base, draft, in_force) }
}

fn maybe<T: PartialEq + Clone>(
    base: &Option<T>,
    draft: &Option<T>,
    in_force: &Option<T>,
    merge: impl Fn(&T, &T, &T) -> T,
) -> Option<T> {
    match (base, draft, in_force) {
        (Some(base), Some(draft), Some(in_force)) => Some(merge(base, draft, in_force)),
        _ => pick(base, draft, in_force),
    }
}

fn keyed<K: Ord + Clone, T: PartialEq + Clone>(
    base: &BTreeMap<K, T>,
    draft: &BTreeMap<K, T>,
    in_force: &BTreeMap<K, T>,
    merge: impl Fn(&T, &T, &T) -> T,
) -> BTreeMap<K, T> {
    let keys: BTreeSet<&K> = draft.keys().chain(in_force.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let [base, draft, in_force] = [base, draft, in_force].map(|of| of.get(key).cloned());
            maybe(&base, &draft, &in_force, &merge).map(|item| (key.clone(), item))
        })
        .collect()
}

fn list<T: PartialEq + Clone>(
    base: &[T],
    draft: &[T],
    in_force: &[T],
    key: impl Fn(&T) -> String,
    merge: impl Fn(&T, &T, &T) -> T,
) -> Vec<T> {
    let map = |items: &[T]| items.iter().map(|item| (key(item), item.clone())).collect::<BTreeMap<_, _>>();
    keyed(&map(base), &map(draft), &map(in_force), merge).into_values().collect()
}

/// Each quantity by itself, so that two areas of one row can change apart.
fn rows(catalogue: &Catalogue) -> BTreeMap<Quantity, Entitlement> {
    let mut rows = BTreeMap::new();
    for entitlement in &catalogue.entitlements {
        for row in entitlement.rows() {
            let areas = row.area.iter().cloned().collect();
            rows.insert(row, Entitlement { areas, ..entitlement.clone() });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::{differences, sample};
    use super::*;

    #[test]
    fn a_draft_keeps_its_own_changes_and_takes_over_the_others() {
        let base = sample();
        let (mut draft, mut in_force) = (sample(), sample());
        draft.entitlements[0].quantity = Some(9);
        draft.products[0].name.en = "The draft's".to_owned();
        in_force.offers[0].price_minor = 100;
        in_force.products[0].name.en = "Meanwhile".to_owned();
        in_force.entitlements[1].areas.push("security".to_owned());
        let rebased = rebase(&base, &draft, &in_force);
        assert_eq!(rebased.offers[0].price_minor, 100);
        assert_eq!(rebased.products.iter().filter(|p| p.name.en == "The draft's").count(), 1);
        assert_eq!(rebased.entitlements[0].quantity, Some(9));
        assert_eq!(rebased.entitlements[1].areas, ["devops", "security"]);
        assert_eq!(differences(&in_force, &rebased).len(), 2, "only the draft's own");
    }

    #[test]
    fn names_of_tiers_change_apart() {
        let base = sample();
        let (mut draft, mut in_force) = (sample(), sample());
        draft.tiers[3].name.en = "The draft's".to_owned();
        draft.tiers[2].source_name.en = "The draft's".to_owned();
        in_force.tiers[3].name.en = "Meanwhile".to_owned();
        in_force.tiers[3].name.traditional = "其間".to_owned();
        in_force.tiers[2].name.en = "Meanwhile".to_owned();
        let rebased = rebase(&base, &draft, &in_force);
        let (silver, gold) = (&rebased.tiers[2], &rebased.tiers[3]);
        assert_eq!((gold.name.en.as_str(), gold.name.traditional.as_str()), ("The draft's", "其間"));
        assert_eq!((silver.name.en.as_str(), silver.source_name.en.as_str()), ("Meanwhile", "The draft's"));
        assert_eq!(rebased.tiers.len(), 5);
        assert_eq!(differences(&in_force, &rebased).len(), 2, "only the draft's own");
    }

    #[test]
    fn what_one_side_removed_is_gone() {
        let base = sample();
        let (mut draft, mut in_force) = (sample(), sample());
        draft.entitlements.remove(0);
        in_force.areas.pop();
        let rebased = rebase(&base, &draft, &in_force);
        assert_eq!((rebased.entitlements.len(), rebased.areas.len()), (1, 1));
        assert_eq!(rebase(&base, &base, &in_force).areas.len(), 1);
    }

    #[test]
    fn fields_of_one_thing_change_apart() {
        let details = |account: &str| {
            let lines = || vec![account.to_owned()];
            Some(Translated { en: lines(), simplified: lines(), traditional: lines() })
        };
        let mut base = sample();
        base.programme.bank_details = details("closed");
        let (mut draft, mut in_force) = (base.clone(), base.clone());
        draft.programme.name.en = "The draft's".to_owned();
        in_force.programme.name.simplified = "其间".to_owned();
        in_force.programme.bank_details = details("open");
        draft.offers[0].description.en = "The draft's".to_owned();
        (in_force.offers[0].price_minor, in_force.offers[0].currency) = (5, "EUR".to_owned());
        draft.products[1].summary.en = "The draft's".to_owned();
        in_force.products[1].portal_url = Some("https://new.example".to_owned());
        in_force.products[1].downloads[0].bytes = 2;
        let rebased = rebase(&base, &draft, &in_force);
        assert_eq!(rebased.programme.bank_details, details("open"));
        assert_eq!(rebased.programme.name.en, "The draft's");
        assert_eq!(rebased.programme.name.simplified, "其间");
        let offer = &rebased.offers[0];
        assert_eq!((offer.price_minor, offer.currency.as_str()), (5, "EUR"));
        assert_eq!(offer.description.en, "The draft's");
        let product = rebased.products.iter().find(|product| product.code == "system").expect("the product");
        assert_eq!(product.portal_url.as_deref(), Some("https://new.example"));
        assert_eq!((product.downloads[0].bytes, product.summary.en.as_str()), (2, "The draft's"));
        assert_eq!(differences(&in_force, &rebased).len(), 3, "only the draft's own");
    }

    #[test]
    fn steps_stay_equally_many_in_each_language() {
        let base = sample();
        let (mut draft, mut in_force) = (sample(), sample());
        draft.products[0].instructions.en = vec!["Open it now.".to_owned()];
        for language in crate::Language::ALL {
            in_force.products[0].instructions.of_mut(language).push("Sign in.".to_owned());
        }
        let rebased = rebase(&base, &draft, &in_force);
        let studio = rebased.products.iter().find(|product| product.code == "studio").expect("the product");
        assert_eq!(studio.instructions, draft.products[0].instructions);
        draft.products[0].instructions.en.push("Sign in here.".to_owned());
        let rebased = rebase(&base, &draft, &in_force);
        let studio = rebased.products.iter().find(|product| product.code == "studio").expect("the product");
        assert_eq!(studio.instructions.simplified, in_force.products[0].instructions.simplified);
    }

    #[test]
    fn quantities_go_with_what_they_are_of() {
        let base = sample();
        let (mut draft, mut in_force) = (sample(), sample());
        draft.areas.retain(|area| area.code != "security");
        in_force.entitlements[1].areas.push("security".to_owned());
        let row =
            |product: &str| Entitlement { product: product.to_owned(), ..sample().entitlements[0].clone() };
        draft.products.retain(|product| product.code != "system");
        in_force.entitlements.push(row("system"));
        let rebased = rebase(&base, &draft, &in_force);
        assert!(rebased.entitlements.iter().all(|row| row.product == "studio" && row.areas != ["security"]));
        assert_eq!(rebased.entitlements[1].areas, ["devops"]);
        // The other way round as well.
        let rebased = rebase(&base, &in_force, &draft);
        assert!(rebased.entitlements.iter().all(|row| row.product == "studio"));
        assert_eq!(rebased.entitlements[1].areas, ["devops"]);
    }
}
