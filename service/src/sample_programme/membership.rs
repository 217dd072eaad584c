//! What a company bought, and the grants that came with it.

use std::collections::{HashMap, HashSet};

use domain::Policies;
use domain::benefit::{Category, SourceLabel};
use domain::membership::RENEWAL_WINDOW_DAYS;
use uuid::Uuid;

use super::calendar::{At, Calendar};
use super::catalogue::{Catalogue, VERSION, area_list};
use super::files::{Company, Entitlement, Holding, Offer, broken};
use super::people::Staff;
use super::rows::Rows;
use crate::entity::{benefit_grant, holding, order_line, orders, pool};
use crate::{Outcome, Service, policies};

/// The agreement that every purchase of the sample was made under.
const AGREEMENT: i64 = 1;

/// Where the company's grants and order lines stand among the rows.
#[derive(Default)]
pub(super) struct Membership {
    /// By source and product: the grants with their areas, as places among the rows.
    grants: HashMap<(SourceLabel, String), Vec<usize>>,
    /// Order lines by offer.
    lines: HashMap<String, Uuid>,
}

/// What a purchase gives its grants.
struct Purchase {
    line: Uuid,
    holding: Uuid,
    bought_at: i64,
    ends_at: i64,
    last_use_at: i64,
}

impl Membership {
    /// Writes the company's purchases, the oldest first, and their grants.
    pub(super) fn build(
        service: &Service,
        catalogue: &Catalogue<'_>,
        company: &Company,
        staff: &Staff<'_>,
        calendar: &Calendar,
        rows: &mut Rows,
    ) -> Outcome<Self> {
        let mut membership = Self::default();
        let mut holdings: Vec<&Holding> = company.holding.iter().collect();
        holdings.sort_by_key(|holding| std::cmp::Reverse(holding.bought_days_ago));
        // A level's core grants come once, however many purchases it was reached with; so does what
        // an area adds.
        let mut given: HashSet<(SourceLabel, String, Option<String>)> = HashSet::new();
        for file in holdings {
            let (offer_id, offer) = catalogue.offer(&file.offer)?;
            check(catalogue, file, offer)?;
            let purchase = buy(service, file, offer_id, offer, staff, calendar, rows)?;
            if membership.lines.insert(file.offer.clone(), purchase.line).is_some() {
                return Err(broken("companies.toml", format!("{} bought twice", file.offer)));
            }
            let mut pools: HashMap<&str, Uuid> = HashMap::new();
            for entitlement in catalogue.entitlements {
                for area in areas_granted(entitlement, file, offer) {
                    let once = (entitlement.source, entitlement.product.clone(), area.clone());
                    if !given.insert(once) {
                        continue;
                    }
                    let item = catalogue.item(&entitlement.product)?;
                    let pool = match entitlement.pool.as_deref().and_then(|code| pools.get(code)) {
                        Some(shared) => *shared,
                        None => {
                            let id = service.new_id();
                            rows.pool.push(pool::Model {
                                id,
                                organization_id: staff.organization,
                                quantity: entitlement.limit(),
                                plan_quantity: entitlement.limit(),
                                // The seats count themselves: a trigger does it.
                                used: 0,
                            });
                            if let Some(code) = &entitlement.pool {
                                pools.insert(code, id);
                            }
                            id
                        }
                    };
                    let marketing = item.file.category == Category::GoToMarket;
                    let place = rows.benefit_grant.len();
                    rows.benefit_grant.push(benefit_grant::Model {
                        id: service.new_id(),
                        organization_id: staff.organization,
                        product_id: item.id,
                        category: item.file.category.code().to_owned(),
                        pool_id: pool,
                        source: entitlement.source.code().to_owned(),
                        area,
                        holding_id: Some(purchase.holding),
                        order_line_id: Some(purchase.line),
                        state: "granted".to_owned(),
                        activation_state: "available".to_owned(),
                        granted_at: purchase.bought_at,
                        activate_by: (!marketing).then_some(purchase.ends_at),
                        holding_ends_at: Some(purchase.ends_at),
                        // A go-to-market benefit expires with its activation.
                        expires_at: (!marketing).then_some(purchase.last_use_at),
                        catalogue_version: VERSION,
                        follows_id: None,
                        row_version: 1,
                    });
                    let key = (entitlement.source, entitlement.product.clone());
                    membership.grants.entry(key).or_default().push(place);
                }
            }
        }
        Ok(membership)
    }

    /// The place of a grant among the rows; without an area there must be one only.
    pub(super) fn grant(
        &self,
        rows: &Rows,
        source: SourceLabel,
        product: &str,
        area: Option<&str>,
    ) -> Outcome<usize> {
        let fault = || {
            let place = area.unwrap_or("any area");
            broken("companies.toml", format!("no grant of {product} from {} in {place}", source.code()))
        };
        let places = self.grants.get(&(source, product.to_owned())).ok_or_else(fault)?;
        let fits = |place: &&usize| {
            let grant = rows.benefit_grant.get(**place);
            area.is_none() || grant.is_some_and(|grant| grant.area.as_deref() == area)
        };
        let mut fitting = places.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(place), None) => Ok(*place),
            _ => Err(fault()),
        }
    }

    /// The order line with which an offer was bought.
    pub(super) fn line(&self, offer: &str) -> Outcome<Uuid> {
        let line = self.lines.get(offer).copied();
        line.ok_or_else(|| broken("companies.toml", format!("{offer} was not bought")))
    }
}

fn check(catalogue: &Catalogue<'_>, file: &Holding, offer: &Offer) -> Outcome<()> {
    for area in &file.areas {
        catalogue.area(area)?;
    }
    if offer.needs_area == file.areas.is_empty() {
        return Err(broken("companies.toml", format!("areas of {}", offer.code)));
    }
    Ok(())
}

/// The areas for which a purchase grants an entitlement: none without an area, several where each
/// adds its own, the first where they add it together.
fn areas_granted(entitlement: &Entitlement, file: &Holding, offer: &Offer) -> Vec<Option<String>> {
    if entitlement.source == offer.source {
        return vec![None];
    }
    if entitlement.source != SourceLabel::SelectCompetency
        || entitlement.level.as_deref() != Some(offer.tier.as_str())
    {
        return Vec::new();
    }
    let held = file.areas.iter().filter(|area| entitlement.areas.contains(area)).cloned().map(Some);
    if entitlement.per_area { held.collect() } else { held.take(1).collect() }
}

fn buy(
    service: &Service,
    file: &Holding,
    offer_id: Uuid,
    offer: &Offer,
    staff: &Staff<'_>,
    calendar: &Calendar,
    rows: &mut Rows,
) -> Outcome<Purchase> {
    let bought = calendar.ago(file.bought_days_ago, At::Bought);
    // The anniversary, and the end of the renewal window after it (rule 21).
    let left = i64::from(offer.term_days) - i64::from(file.bought_days_ago);
    let ends = calendar.end_of_day_in(left);
    let last_use = calendar.end_of_day_in(left + RENEWAL_WINDOW_DAYS);
    let areas = area_list(&file.areas)?;
    let frozen: serde_json::Map<String, serde_json::Value> = policies::of_purchase(&Policies::default())
        .into_iter()
        .map(|(name, value)| {
            let value = file.policies.get(name).cloned().unwrap_or(value);
            (name.to_owned(), value.into())
        })
        .collect();
    let (order, line, holding) = (service.new_id(), service.new_id(), service.new_id());
    rows.orders.push(orders::Model {
        id: order,
        // Given out by age once every company's orders are there.
        number: 0,
        organization_id: staff.organization,
        ordered_by: Some(staff.member(&file.bought_by)?.person),
        ordered_at: bought.0,
        currency: file.currency.clone(),
        state: "paid".to_owned(),
    });
    rows.order_line.push(order_line::Model {
        id: line,
        order_id: order,
        organization_id: staff.organization,
        offer_id,
        areas: areas.clone(),
        price_minor: file.price_minor,
        policies: serde_json::Value::Object(frozen).to_string(),
        agreement_version: AGREEMENT,
        state: "active".to_owned(),
        row_version: 1,
    });
    rows.holding.push(holding::Model {
        id: holding,
        organization_id: staff.organization,
        offer_id,
        order_line_id: line,
        areas,
        state: "active".to_owned(),
        starts_at: bought.0,
        anniversary_at: ends.0,
        row_version: 1,
    });
    Ok(Purchase { line, holding, bought_at: bought.0, ends_at: ends.0, last_use_at: last_use.0 })
}
