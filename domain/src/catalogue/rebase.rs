//! A draft that was begun from one catalogue, carried over to another one that came into force meanwhile.

use std::collections::BTreeMap;

use super::document::{Catalogue, Entitlement, Quantity};

/// The draft's own changes on top of the catalogue in force: where the draft says what it began from, what
/// is in force now stands; where both changed the same thing, the draft's stands.
#[must_use]
pub fn rebase(base: &Catalogue, draft: &Catalogue, in_force: &Catalogue) -> Catalogue {
    let mut rebased = Catalogue {
        programme: pick(&base.programme, &draft.programme, &in_force.programme).clone(),
        policies: keyed(&base.policies, &draft.policies, &in_force.policies),
        areas: list(&base.areas, &draft.areas, &in_force.areas, |area| area.code.clone()),
        offers: list(&base.offers, &draft.offers, &in_force.offers, |offer| offer.code.clone()),
        products: list(&base.products, &draft.products, &in_force.products, |product| product.code.clone()),
        entitlements: keyed(&rows(base), &rows(draft), &rows(in_force)).into_values().collect(),
    };
    rebased.sort();
    rebased
}

fn pick<'a, T: PartialEq>(base: &T, draft: &'a T, in_force: &'a T) -> &'a T {
    if base == draft { in_force } else { draft }
}

fn keyed<K: Ord + Clone, T: PartialEq + Clone>(
    base: &BTreeMap<K, T>,
    draft: &BTreeMap<K, T>,
    in_force: &BTreeMap<K, T>,
) -> BTreeMap<K, T> {
    let keys: std::collections::BTreeSet<&K> = draft.keys().chain(in_force.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let chosen = pick(&base.get(key), &draft.get(key), &in_force.get(key)).cloned();
            chosen.map(|item| (key.clone(), item))
        })
        .collect()
}

fn list<T: PartialEq + Clone>(base: &[T], draft: &[T], in_force: &[T], key: impl Fn(&T) -> String) -> Vec<T> {
    let map = |items: &[T]| items.iter().map(|item| (key(item), item.clone())).collect::<BTreeMap<_, _>>();
    keyed(&map(base), &map(draft), &map(in_force)).into_values().collect()
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
    fn what_one_side_removed_is_gone() {
        let base = sample();
        let (mut draft, mut in_force) = (sample(), sample());
        draft.entitlements.remove(0);
        in_force.areas.pop();
        let rebased = rebase(&base, &draft, &in_force);
        assert_eq!((rebased.entitlements.len(), rebased.areas.len()), (1, 1));
        assert_eq!(rebase(&base, &base, &in_force).areas.len(), 1);
    }
}
