//! The grants that a company's holdings bring, each by the catalogue that it was bought with (rule 18).

use std::collections::{HashMap, HashSet};

use domain::benefit::{Category, SourceLabel};
use domain::entitlement::{Edition, Entitlement, granted};
use domain::ids::OrganizationId;
use domain::membership::{RENEWAL_WINDOW_DAYS, Tier};
use domain::moment::Zone;
use domain::{AuditAction, Moment};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use uuid::Uuid;

use super::carry::{Way, carry};
use super::catalogue::{self, Editions};
use crate::audit::Event;
use crate::change::Change;
use crate::entity::{benefit_grant, pool};
use crate::failure::Failure;
use crate::individual_grants::quantities;
use crate::{Outcome, sql};

#[derive(FromQueryResult, Clone)]
struct Holding {
    id: Uuid,
    order_line_id: Uuid,
    tier: String,
    areas: String,
    anniversary_at: i64,
    catalogue_version: i64,
    time_zone: String,
}

#[derive(FromQueryResult)]
struct Granted {
    source: String,
    area: Option<String>,
    product_id: Uuid,
    tier: Option<String>,
    catalogue_version: Option<i64>,
}

#[derive(FromQueryResult)]
struct ProductCategory {
    id: Uuid,
    category: String,
}

/// What makes two rows the same benefit: a core comes once however many holdings bring it, what areas
/// add once for their level, or once for each area.
pub(crate) type Same = (SourceLabel, Option<Tier>, Option<String>, Uuid);

pub(crate) fn same(row: &Entitlement) -> Same {
    let area = if row.per_area { row.area.clone() } else { None };
    (row.source, row.level, area, row.product.0)
}

/// A holding in force, with what it brings that none before it does.
struct Bringing<'c> {
    holding: Holding,
    /// The last moment of use, the window after the year included.
    last_use: i64,
    rows: Vec<&'c Entitlement>,
}

/// What each holding in force brings, the oldest first; what several bring stands with the first of them. A
/// renewed one is as old as its first year: what comes once comes anew once a year.
async fn bringing<'c>(
    connection: &impl ConnectionTrait,
    now: Moment,
    organization: OrganizationId,
    editions: &'c Editions,
    without: Option<Uuid>,
) -> Outcome<Vec<Bringing<'c>>> {
    let text =
        "select h.id, h.order_line_id, f.tier, h.areas, h.anniversary_at, h.catalogue_version, o.time_zone
        from holding h join offer f on f.id = h.offer_id join organization o on o.id = h.organization_id
        join holding r on r.id = coalesce(h.first_id, h.id)
        where h.organization_id = $1 and h.state = 'active' and o.portal_state = 'member'
        order by r.starts_at, r.id";
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    for holding in sql::all::<Holding>(connection, text, [organization.0.into()]).await? {
        let zone = Zone::named(&holding.time_zone);
        let last_use = zone.day_of(Moment(holding.anniversary_at)).plus_days(RENEWAL_WINDOW_DAYS);
        let last_use = zone.end_of(last_use).0;
        // What is over only waits for the clock to say so.
        if last_use < now.0 || Some(holding.order_line_id) == without {
            continue;
        }
        let catalogue = editions.at(holding.catalogue_version);
        let brought: Vec<&Entitlement> = match Tier::from_code(&holding.tier) {
            Some(tier) => {
                let held = catalogue::of_areas(tier, &holding.areas, catalogue);
                granted(&[Edition { catalogue, held }])
            }
            // An offer that is no tier brings the same whatever else is held.
            None => catalogue.iter().filter(|row| row.source == SourceLabel::IsvCoSell).collect(),
        };
        let rows = brought.into_iter().filter(|row| seen.insert(same(row))).collect();
        all.push(Bringing { holding, last_use, rows });
    }
    Ok(all)
}

/// Grants what the holdings in force bring and the company doesn't have yet: after a purchase all that it
/// adds, after the end of a holding what another one brings as well. Says how many grants are new. To do
/// it again changes nothing. A grant follows the same benefit of a holding that is over, and takes over its
/// holders.
///
/// # Errors
/// [`Failure::Database`]; [`Failure::Broken`] for a code that isn't known.
pub(crate) async fn entitle(change: &mut Change<'_>, organization: OrganizationId) -> Outcome<usize> {
    let editions = Editions::of(&change.transaction, organization).await?;
    let have = present(change, organization, &editions).await?;
    let mut left = left_behind(change, organization, &editions).await?;
    let pools_here = pools_here(change, organization).await?;
    let categories = categories(change).await?;
    let (mut pools, mut grants) = (Vec::new(), Vec::new());
    for Bringing { holding, last_use, rows } in
        bringing(&change.transaction, change.now, organization, &editions, None).await?
    {
        let mut shared: HashMap<(SourceLabel, Option<String>, &str), Uuid> = HashMap::new();
        // What came before shares its pool with what comes now.
        for row in editions.at(holding.catalogue_version) {
            let key = (holding.id, row.product.0, row.source.code().to_owned(), row.area.clone());
            if let (Some(code), Some(pool)) = (row.pool.as_deref(), pools_here.get(&key)) {
                shared.insert((row.source, row.area.clone(), code), *pool);
            }
        }
        for row in rows.into_iter().filter(|row| !have.contains(&same(row))) {
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
                    plan_quantity: Set(row.limit()),
                    used: Set(0),
                });
            }
            // A go-to-market benefit expires with its activation.
            let dated = category != Category::GoToMarket;
            grants.push(benefit_grant::ActiveModel {
                id: Set(change.service().new_id()),
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
                catalogue_version: Set(holding.catalogue_version),
                follows_id: Set(left.remove(&same(row))),
                row_version: Set(1),
            });
        }
    }
    let count = grants.len();
    if count > 0 {
        pool::Entity::insert_many(pools).exec_without_returning(&change.transaction).await?;
        benefit_grant::Entity::insert_many(grants).exec_without_returning(&change.transaction).await?;
        carry(change, Way::On, organization.0).await?;
        change.record(
            Event::new(organization, AuditAction::BenefitsGranted, "organization", organization)
                .after(format!("grants {count}")),
        );
    }
    // Boxed: what grants is part of many a long use case.
    Box::pin(quantities::settle(change, organization)).await?;
    Ok(count)
}

/// A benefit of a purchase that ends, with the holding that brings it as well.
struct Heir {
    grant: Uuid,
    holding: Holding,
    last_use: i64,
}

/// The benefits of a purchase that another holding brings as well.
async fn heirs(
    connection: &impl ConnectionTrait,
    now: Moment,
    organization: OrganizationId,
    editions: &Editions,
    line: Uuid,
) -> Outcome<Vec<Heir>> {
    #[derive(FromQueryResult)]
    struct Leaving {
        id: Uuid,
        source: String,
        area: Option<String>,
        product_id: Uuid,
        tier: Option<String>,
        catalogue_version: Option<i64>,
    }
    let others = bringing(connection, now, organization, editions, Some(line)).await?;
    let text = "select g.id, g.source, g.area, g.product_id, f.tier, h.catalogue_version from benefit_grant g
        left join holding h on h.id = g.holding_id left join offer f on f.id = h.offer_id
        where g.order_line_id = $1 and g.state = 'granted' order by g.id";
    let leaving = sql::all::<Leaving>(connection, text, [line.into()]).await?;
    // An heir may have had the benefit before, as one that ran out on its own: it comes once a purchase.
    #[derive(FromQueryResult, PartialEq, Eq, Hash)]
    struct Had {
        order_line_id: Uuid,
        product_id: Uuid,
        source: String,
        area: Option<String>,
    }
    let text = "select order_line_id, product_id, source, area from benefit_grant
        where organization_id = $1 and order_line_id is not null and order_line_id <> $2";
    let had = sql::all::<Had>(connection, text, [organization.0.into(), line.into()]).await?;
    let had: HashSet<Had> = had.into_iter().collect();
    let mut heirs = Vec::new();
    for leaving in leaving {
        let (product_id, source, area) = (leaving.product_id, leaving.source.clone(), leaving.area.clone());
        let key = key_of(
            editions.of_grant(leaving.catalogue_version),
            organization,
            &leaving.source,
            leaving.area,
            leaving.product_id,
            leaving.tier.as_deref(),
        )?;
        let heir = others.iter().find(|other| other.rows.iter().any(|row| same(row) == key));
        let heir = heir.filter(|heir| {
            let order_line_id = heir.holding.order_line_id;
            !had.contains(&Had { order_line_id, product_id, source: source.clone(), area: area.clone() })
        });
        heirs.extend(heir.map(|heir| Heir {
            grant: leaving.id,
            holding: heir.holding.clone(),
            last_use: heir.last_use,
        }));
    }
    Ok(heirs)
}

/// The benefits of a purchase that go on without it, with another holding.
///
/// # Errors
/// As [`entitle`].
pub(crate) async fn staying(
    connection: &impl ConnectionTrait,
    now: Moment,
    organization: OrganizationId,
    editions: &Editions,
    line: Uuid,
) -> Outcome<HashSet<Uuid>> {
    let heirs = heirs(connection, now, organization, editions, line).await?;
    Ok(heirs.into_iter().map(|heir| heir.grant).collect())
}

/// Lets the benefits of a purchase that is about to end go on with another holding that brings them as well:
/// nobody loses a seat of them, and what was used of them stays used. Says how many there were.
///
/// # Errors
/// As [`entitle`].
pub(crate) async fn hand_on(change: &Change<'_>, organization: OrganizationId, line: Uuid) -> Outcome<usize> {
    let editions = Editions::of(&change.transaction, organization).await?;
    let mut handed_on = 0;
    for Heir { grant, holding, last_use } in
        heirs(&change.transaction, change.now, organization, &editions, line).await?
    {
        let text = "update benefit_grant set holding_id = $2, order_line_id = $3, holding_ends_at = $4,
                activate_by = case when category = 'go_to_market' then activate_by else $4 end,
                expires_at = case when category = 'go_to_market' then expires_at else $5 end,
                row_version = row_version + 1
            where id = $1";
        let values = [
            grant.into(),
            holding.id.into(),
            holding.order_line_id.into(),
            holding.anniversary_at.into(),
            last_use.into(),
        ];
        handed_on += usize::from(sql::run(&change.transaction, text, values).await? > 0);
    }
    Ok(handed_on)
}

/// What a grant is, compared with others.
fn key_of(
    catalogue: &[Entitlement],
    organization: OrganizationId,
    source: &str,
    area: Option<String>,
    product: Uuid,
    tier: Option<&str>,
) -> Outcome<Same> {
    let source = SourceLabel::from_code(source)
        .ok_or_else(|| Failure::broken("benefit_grant", "source", organization))?;
    let level = match source {
        SourceLabel::SelectCompetency => tier.and_then(Tier::from_code),
        _ => None,
    };
    let each = catalogue
        .iter()
        .any(|of| of.source == source && of.product.0 == product && of.level == level && of.per_area);
    Ok((source, level, area.filter(|_| each), product))
}

/// What the company has already, or had from a holding that goes on: a go-to-market benefit ends before its
/// holding does, and doesn't come a second time; what a version took away comes back as the same grant.
async fn present(
    change: &Change<'_>,
    organization: OrganizationId,
    editions: &Editions,
) -> Outcome<HashSet<Same>> {
    let text = "select g.source, g.area, g.product_id, f.tier, h.catalogue_version from benefit_grant g
        left join holding h on h.id = g.holding_id left join offer f on f.id = h.offer_id
        where g.organization_id = $1 and (g.state = 'granted' and h.id is null
            or g.state in ('granted', 'ended', 'withdrawn') and h.state = 'active')";
    let mut present = HashSet::new();
    for row in sql::all::<Granted>(&change.transaction, text, [organization.0.into()]).await? {
        let tier = row.tier.as_deref();
        let catalogue = editions.of_grant(row.catalogue_version);
        present.insert(key_of(catalogue, organization, &row.source, row.area, row.product_id, tier)?);
    }
    Ok(present)
}

/// Grants in force whose holding is over: the new grant of the same benefit follows them. A go-to-market benefit
/// that runs isn't among them: it ends with its activation, whichever year that is in.
async fn left_behind(
    change: &Change<'_>,
    organization: OrganizationId,
    editions: &Editions,
) -> Outcome<HashMap<Same, Uuid>> {
    #[derive(FromQueryResult)]
    struct Left {
        id: Uuid,
        source: String,
        area: Option<String>,
        product_id: Uuid,
        tier: String,
        catalogue_version: i64,
    }
    let text = "select g.id, g.source, g.area, g.product_id, f.tier, h.catalogue_version from benefit_grant g
        join holding h on h.id = g.holding_id join offer f on f.id = h.offer_id
        where g.organization_id = $1 and g.state = 'granted' and h.state not in ('active', 'coming')
            and not (g.category = 'go_to_market' and g.activation_state in ('requested', 'processing', 'active'))
            and not exists (select 1 from benefit_grant n where n.follows_id = g.id and n.state <> 'withdrawn')
        order by g.granted_at, g.id";
    let mut left = HashMap::new();
    for row in sql::all::<Left>(&change.transaction, text, [organization.0.into()]).await? {
        let tier = Some(row.tier.as_str());
        let catalogue = editions.of_grant(Some(row.catalogue_version));
        left.insert(key_of(catalogue, organization, &row.source, row.area, row.product_id, tier)?, row.id);
    }
    Ok(left)
}

/// The pool of each granted benefit, by holding, product, source and area.
async fn pools_here(
    change: &Change<'_>,
    organization: OrganizationId,
) -> Outcome<HashMap<(Uuid, Uuid, String, Option<String>), Uuid>> {
    #[derive(FromQueryResult)]
    struct Here {
        holding_id: Uuid,
        product_id: Uuid,
        source: String,
        area: Option<String>,
        pool_id: Uuid,
    }
    let text = "select g.holding_id, g.product_id, g.source, g.area, g.pool_id from benefit_grant g
        join holding h on h.id = g.holding_id
        where g.organization_id = $1 and g.state = 'granted' and h.state = 'active'";
    let rows = sql::all::<Here>(&change.transaction, text, [organization.0.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.holding_id, row.product_id, row.source, row.area), row.pool_id))
        .collect())
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
