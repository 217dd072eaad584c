//! What holdings grant, by the catalogue, and what another holding would change (rule 18).

use serde::{Deserialize, Serialize};

use crate::benefit::SourceLabel;
use crate::error::codes;
use crate::ids::ProductId;
use crate::membership::{Held, Tier};

/// A row of the catalogue: what a source grants of a product.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entitlement {
    /// Where the grant comes from.
    pub source: SourceLabel,
    /// The tier whose competencies add it, for a select competency.
    pub level: Option<Tier>,
    /// The competency area that adds it, for a select competency.
    pub area: Option<String>,
    /// Whether each area adds its own; otherwise the areas of a level add it once, together.
    pub per_area: bool,
    /// The product.
    pub product: ProductId,
    /// How much of it; none is without limit.
    pub quantity: Option<i64>,
    /// How many people can hold it, where that isn't the quantity: a unit may be many seats.
    pub seats: Option<i64>,
    /// The pool that it shares with other benefits of the same source.
    pub pool: Option<String>,
}

impl Entitlement {
    /// The limit of its pool; none is without limit.
    #[must_use]
    pub fn limit(&self) -> Option<i64> {
        self.seats.or(self.quantity)
    }
}

/// Holdings with the catalogue that they have: the one in force when they were bought, until their renewal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edition<'a> {
    /// What that catalogue grants.
    pub catalogue: &'a [Entitlement],
    /// What is held by it.
    pub held: Vec<Held>,
}

/// The rows that the holdings grant, each once: the core of every tier however many areas are held, what
/// an area adds for each area, and what areas add together with the first of them (rule 18). What several
/// bring comes by the catalogue of the first.
#[must_use]
pub fn granted<'a>(editions: &[Edition<'a>]) -> Vec<&'a Entitlement> {
    let mut granted: Vec<&'a Entitlement> = Vec::new();
    let holdings = editions.iter().flat_map(|of| of.held.iter().map(move |holding| (of.catalogue, holding)));
    for (catalogue, holding) in holdings {
        let cores = holding.tier.includes();
        for row in catalogue {
            let fits = if row.source == SourceLabel::SelectCompetency {
                row.level == Some(holding.tier) && row.area.is_some() && row.area == holding.area
            } else {
                cores.iter().any(|tier| row.source == SourceLabel::core_of(*tier))
            };
            let again = |other: &&Entitlement| {
                other.source == row.source
                    && other.level == row.level
                    && other.product == row.product
                    && (!row.per_area || other.area == row.area)
            };
            if fits && !granted.iter().any(again) {
                granted.push(row);
            }
        }
    }
    granted
}

/// How much of a product there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Amount {
    /// So much.
    Of(i64),
    /// Without limit.
    Unlimited,
}

impl Amount {
    fn plus(self, quantity: Option<i64>) -> Self {
        match (self, quantity) {
            (Self::Of(amount), Some(quantity)) => Self::Of(amount.saturating_add(quantity)),
            _ => Self::Unlimited,
        }
    }
}

codes! {
    /// What becomes of a product when the holdings change.
    #[derive(PartialOrd, Ord)]
    DifferenceKind {
        /// It is new.
        Gained = "gained",
        /// There is another quantity of it.
        Changed = "changed",
        /// It is gone.
        Lost = "lost",
    }
}

/// What changes about a product.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The product.
    pub product: ProductId,
    /// How much there is now; none where there is none of it.
    pub before: Option<Amount>,
    /// How much there would be.
    pub after: Option<Amount>,
}

impl Difference {
    /// Which kind of change it is.
    #[must_use]
    pub const fn kind(&self) -> DifferenceKind {
        match (self.before, self.after) {
            (None, _) => DifferenceKind::Gained,
            (_, None) => DifferenceKind::Lost,
            _ => DifferenceKind::Changed,
        }
    }
}

/// What the company would have otherwise with other holdings; what stays the same isn't in it. In the
/// order in which the holdings bring it.
#[must_use]
pub fn differences(now: &[Edition<'_>], then: &[Edition<'_>]) -> Vec<Difference> {
    let (now, then) = (granted(now), granted(then));
    let total = |rows: &[&Entitlement], product: ProductId| {
        rows.iter()
            .filter(|row| row.product == product)
            .fold(None, |sum: Option<Amount>, row| Some(sum.unwrap_or(Amount::Of(0)).plus(row.quantity)))
    };
    let mut products: Vec<ProductId> = Vec::new();
    for row in now.iter().chain(&then) {
        if !products.contains(&row.product) {
            products.push(row.product);
        }
    }
    products
        .into_iter()
        .map(|product| Difference { product, before: total(&now, product), after: total(&then, product) })
        .filter(|difference| difference.before != difference.after)
        .collect()
}

/// The holdings after a tier is joined as well, by the catalogue in force: a gold competency takes the place of
/// the silver ones, in their areas; without one it is a competency in an area that adds nothing of its own. What
/// stays keeps its catalogue.
#[must_use]
pub fn joined<'a>(held: &[Edition<'a>], tier: Tier, in_force: &'a [Entitlement]) -> Vec<Edition<'a>> {
    let (mut then, mut fresh): (Vec<Edition<'a>>, Vec<Held>) = (Vec::new(), Vec::new());
    for edition in held {
        let replaced = |holding: &Held| tier == Tier::Gold && holding.tier == Tier::Silver;
        let (over, stays): (Vec<Held>, Vec<Held>) = edition.held.iter().cloned().partition(replaced);
        fresh.extend(over.into_iter().map(|holding| Held { tier, ..holding }));
        then.push(Edition { catalogue: edition.catalogue, held: stays });
    }
    if fresh.is_empty() {
        fresh.push(Held { tier, area: None, select: false });
    }
    then.push(Edition { catalogue: in_force, held: fresh });
    then
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(number: u128) -> ProductId {
        ProductId(uuid::Uuid::from_u128(number))
    }

    fn core(tier: Tier, number: u128, quantity: Option<i64>) -> Entitlement {
        Entitlement {
            source: SourceLabel::core_of(tier),
            level: None,
            area: None,
            per_area: false,
            product: product(number),
            quantity,
            seats: None,
            pool: None,
        }
    }

    fn select(level: Tier, area: &str, per_area: bool, number: u128, quantity: Option<i64>) -> Entitlement {
        Entitlement {
            source: SourceLabel::SelectCompetency,
            level: Some(level),
            area: Some(area.to_owned()),
            per_area,
            product: product(number),
            quantity,
            seats: None,
            pool: None,
        }
    }

    fn held(tier: Tier, area: Option<&str>) -> Held {
        Held { tier, area: area.map(str::to_owned), select: area.is_some() }
    }

    /// 1 is a subscription, 2 support, 3 training, 4 something of silver's alone.
    fn catalogue() -> Vec<Entitlement> {
        vec![
            core(Tier::Network, 3, Some(1)),
            core(Tier::ActionPack, 1, Some(3)),
            core(Tier::Silver, 1, Some(5)),
            core(Tier::Silver, 2, Some(5)),
            core(Tier::Silver, 4, Some(1)),
            core(Tier::Gold, 1, Some(10)),
            core(Tier::Gold, 2, Some(10)),
            select(Tier::Silver, "devops", true, 1, Some(5)),
            select(Tier::Gold, "devops", true, 1, Some(25)),
            select(Tier::Gold, "cloud_crm", true, 1, Some(25)),
            select(Tier::Gold, "security", false, 2, None),
            select(Tier::Gold, "cloud_productivity", false, 2, None),
        ]
    }

    /// All of it by one catalogue.
    fn by<'a>(catalogue: &'a [Entitlement], held: &[Held]) -> [Edition<'a>; 1] {
        [Edition { catalogue, held: held.to_vec() }]
    }

    fn totals(held: &[Held]) -> Vec<(u128, Option<Amount>)> {
        differences(&[], &by(&catalogue(), held))
            .iter()
            .map(|difference| (difference.product.0.as_u128(), difference.after))
            .collect()
    }

    #[test]
    fn rule_18_tiers_add_up_in_quantities_and_the_core_comes_once() {
        assert_eq!(totals(&[held(Tier::Network, None)]), [(3, Some(Amount::Of(1)))]);
        let all = [
            held(Tier::Network, None),
            held(Tier::ActionPack, None),
            held(Tier::Gold, Some("devops")),
            held(Tier::Gold, Some("cloud_crm")),
            held(Tier::Gold, Some("messaging")),
        ];
        assert_eq!(
            totals(&all),
            [(3, Some(Amount::Of(1))), (1, Some(Amount::Of(3 + 10 + 25 + 25))), (2, Some(Amount::Of(10)))]
        );
        let catalogue = catalogue();
        assert_eq!(granted(&[by(&catalogue, &all), by(&catalogue, &all)].concat()).len(), 6);
    }

    #[test]
    fn rule_18_what_areas_add_together_comes_once_and_without_limit_stays_so() {
        let gold = [held(Tier::Gold, Some("security")), held(Tier::Gold, Some("cloud_productivity"))];
        let catalogue = catalogue();
        let rows = granted(&by(&catalogue, &gold));
        assert_eq!(rows.iter().filter(|row| row.quantity.is_none()).count(), 1);
        assert!(totals(&gold).contains(&(2, Some(Amount::Unlimited))));
    }

    #[test]
    fn rule_18_a_comparison_says_what_is_gained_lost_and_changed() {
        let catalogue = catalogue();
        let now = by(&catalogue, &[held(Tier::Network, None), held(Tier::Silver, Some("devops"))]);
        let then = joined(&now, Tier::Gold, &catalogue);
        let gold = held(Tier::Gold, Some("devops"));
        assert_eq!(then, [by(&catalogue, &[held(Tier::Network, None)]), by(&catalogue, &[gold])].concat());
        let found: Vec<_> = differences(&now, &then)
            .iter()
            .map(|difference| {
                (difference.product.0.as_u128(), difference.kind(), difference.before, difference.after)
            })
            .collect();
        let of = |amount| Some(Amount::Of(amount));
        assert_eq!(
            found,
            [
                (1, DifferenceKind::Changed, of(10), of(35)),
                (2, DifferenceKind::Changed, of(5), of(10)),
                (4, DifferenceKind::Lost, of(1), None),
            ]
        );
        let pack = differences(&now, &joined(&now, Tier::ActionPack, &catalogue));
        assert_eq!(pack.len(), 1, "only more of what there is: {pack:?}");
        assert_eq!(differences(&now, &now), []);
        let network = by(&catalogue, &[held(Tier::Network, None)]);
        let gold = differences(&network, &joined(&network, Tier::Gold, &catalogue));
        assert!(gold.iter().all(|difference| difference.kind() == DifferenceKind::Gained));
    }

    #[test]
    fn rule_18_what_is_held_keeps_its_catalogue_and_what_is_joined_has_the_one_in_force() {
        let held_by = catalogue();
        let mut in_force = catalogue();
        for row in &mut in_force {
            row.quantity = row.quantity.map(|quantity| quantity + 100);
        }
        let now = by(&held_by, &[held(Tier::Network, None), held(Tier::Silver, Some("devops"))]);
        let of = |amount| Some(Amount::Of(amount));
        let found: Vec<_> = differences(&now, &joined(&now, Tier::ActionPack, &in_force))
            .iter()
            .map(|difference| (difference.product.0.as_u128(), difference.before, difference.after))
            .collect();
        assert_eq!(found, [(1, of(10), of(10 + 103))], "the network's own stays as it is held");
        let gold = differences(&now, &joined(&now, Tier::Gold, &in_force));
        let studio = gold.iter().find(|difference| difference.product == product(1)).expect("more of it");
        assert_eq!((studio.before, studio.after), (of(10), of(110 + 125)));
    }

    #[test]
    fn rule_18_joining_never_loses_anything_but_silver() {
        for now in [vec![], vec![held(Tier::Network, None)], vec![held(Tier::Gold, Some("devops"))]] {
            for tier in Tier::ALL {
                let catalogue = catalogue();
                let now = by(&catalogue, &now);
                let lost = differences(&now, &joined(&now, *tier, &catalogue));
                assert!(lost.iter().all(|difference| difference.kind() != DifferenceKind::Lost), "{tier:?}");
            }
        }
    }
}
