//! The grants that a company's holdings bring, by the catalogue in force (rule 18).

use std::collections::{HashMap, HashSet};

use domain::benefit::{Category, SourceLabel};
use domain::entitlement::{Entitlement, granted};
use domain::ids::OrganizationId;
use domain::membership::{Held, RENEWAL_WINDOW_DAYS, Tier};
use domain::moment::Zone;
use domain::{AuditAction, Moment};
use sea_orm::{EntityTrait, FromQueryResult, Set};
use uuid::Uuid;

use super::catalogue;
use crate::audit::Event;
use crate::change::Change;
use crate::entity::{benefit_grant, pool};
use crate::failure::Failure;
use crate::{Outcome, sql};

#[derive(FromQueryResult)]
struct Holding {
    id: Uuid,
    order_line_id: Uuid,
    tier: String,
    areas: String,
    anniversary_at: i64,
    time_zone: String,
}

#[derive(FromQueryResult)]
struct Granted {
    source: String,
    area: Option<String>,
    product_id: Uuid,
    tier: Option<String>,
}

#[derive(FromQueryResult)]
struct ProductCategory {
    id: Uuid,
    category: String,
}

/// What makes two rows the same benefit: a core comes once however many holdings bring it, what areas
/// add once for their level, or once for each area.
type Same = (SourceLabel, Option<Tier>, Option<String>, Uuid);

fn same(row: &Entitlement) -> Same {
    let area = if row.per_area { row.area.clone() } else { None };
    (row.source, row.level, area, row.product.0)
}

/// Grants what the holdings in force bring and the company doesn't have yet: after a purchase all that it
/// adds, after the end of a holding what another one brings as well. Says how many grants are new. To do
/// it again changes nothing.
///
/// # Errors
/// [`Failure::Database`]; [`Failure::Broken`] for a code that isn't known.
pub(crate) async fn entitle(change: &mut Change<'_>, organization: OrganizationId) -> Outcome<usize> {
    let catalogue = catalogue::entitlements(&change.transaction).await?;
    let version = "select catalogue_version as number from programme";
    let version = sql::number(&change.transaction, version, []).await?;
    let text = "select h.id, h.order_line_id, f.tier, h.areas, h.anniversary_at, o.time_zone
        from holding h join offer f on f.id = h.offer_id join organization o on o.id = h.organization_id
        where h.organization_id = $1 and h.state = 'active' order by h.starts_at, h.id";
    let holdings = sql::all::<Holding>(&change.transaction, text, [organization.0.into()]).await?;
    let mut have = present(change, organization, &catalogue).await?;
    let categories = categories(change).await?;
    let (mut pools, mut grants) = (Vec::new(), Vec::new());
    let mut held: Vec<Held> = Vec::new();
    for holding in holdings {
        let Some(tier) = Tier::from_code(&holding.tier) else { continue };
        held.extend(catalogue::of_areas(tier, &holding.areas, &catalogue));
        let zone = Zone::named(&holding.time_zone);
        let last_use = zone.day_of(Moment(holding.anniversary_at)).plus_days(RENEWAL_WINDOW_DAYS);
        let last_use = zone.end_of(last_use).0;
        let mut shared: HashMap<(SourceLabel, Option<String>, &str), Uuid> = HashMap::new();
        for row in granted(&catalogue, &held) {
            if !have.insert(same(row)) {
                continue;
            }
            let category = categories
                .get(&row.product.0)
                .copied()
                .ok_or_else(|| Failure::broken("product", "category", row.product))?;
            let fresh = change.service().new_id();
            let pool = match row.pool.as_deref() {
                Some(code) => *shared.entry((row.source, row.area.clone(), code)).or_insert(fresh),
                None => fresh,
            };
            if pool == fresh {
                pools.push(pool::ActiveModel {
                    id: Set(pool),
                    organization_id: Set(organization.0),
                    quantity: Set(row.limit()),
                    used: Set(0),
                });
            }
            // A go-to-market benefit expires with its activation.
            let dated = category != Category::GoToMarket;
            let id = change.service().new_id();
            grants.push(benefit_grant::ActiveModel {
                id: Set(id),
                organization_id: Set(organization.0),
                product_id: Set(row.product.0),
                category: Set(category.code().to_owned()),
                pool_id: Set(pool),
                source: Set(row.source.code().to_owned()),
                area: Set(row.area.clone()),
                holding_id: Set(Some(holding.id)),
                order_line_id: Set(Some(holding.order_line_id)),
                state: Set("granted".to_owned()),
                activation_state: Set("available".to_owned()),
                granted_at: Set(change.now.0),
                activate_by: Set(dated.then_some(holding.anniversary_at)),
                holding_ends_at: Set(Some(holding.anniversary_at)),
                expires_at: Set(dated.then_some(last_use)),
                catalogue_version: Set(version),
                row_version: Set(1),
            });
        }
    }
    let count = grants.len();
    if count > 0 {
        pool::Entity::insert_many(pools).exec_without_returning(&change.transaction).await?;
        benefit_grant::Entity::insert_many(grants).exec_without_returning(&change.transaction).await?;
        change.record(
            Event::new(organization, AuditAction::BenefitsGranted, "organization", organization)
                .after(format!("grants {count} catalogue {version}")),
        );
    }
    Ok(count)
}

/// What the company has already.
async fn present(
    change: &Change<'_>,
    organization: OrganizationId,
    catalogue: &[Entitlement],
) -> Outcome<HashSet<Same>> {
    let text = "select g.source, g.area, g.product_id, f.tier from benefit_grant g
        left join holding h on h.id = g.holding_id left join offer f on f.id = h.offer_id
        where g.organization_id = $1 and g.state = 'granted' and (h.id is null or h.state = 'active')";
    let mut present = HashSet::new();
    for row in sql::all::<Granted>(&change.transaction, text, [organization.0.into()]).await? {
        let source = SourceLabel::from_code(&row.source)
            .ok_or_else(|| Failure::broken("benefit_grant", "source", organization))?;
        let level = match source {
            SourceLabel::SelectCompetency => row.tier.as_deref().and_then(Tier::from_code),
            _ => None,
        };
        let each = catalogue.iter().any(|of| {
            of.source == source && of.product.0 == row.product_id && of.level == level && of.per_area
        });
        present.insert((source, level, row.area.filter(|_| each), row.product_id));
    }
    Ok(present)
}

async fn categories(change: &Change<'_>) -> Outcome<HashMap<Uuid, Category>> {
    sql::all::<ProductCategory>(&change.transaction, "select id, category from product", [])
        .await?
        .into_iter()
        .map(|row| {
            let category = Category::from_code(&row.category)
                .ok_or_else(|| Failure::broken("product", "category", row.id))?;
            Ok((row.id, category))
        })
        .collect()
}
