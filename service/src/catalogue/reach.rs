//! Brings what a company holds to a version of the catalogue whose publisher let it reach that.
//!
//! Company by company, so that no statement holds everybody else up, and each time by comparison with the whole
//! version: what those before left as it was comes along; later ones, which are for purchases and renewals, don't.
//! Nobody loses a seat: a pool with a smaller quantity than is in use is over-allocated (rule 12), and of what is no
//! longer granted nothing new starts.

use std::collections::{HashMap, HashSet};

use domain::AuditAction;
use domain::benefit::SourceLabel;
use domain::entitlement::Entitlement;
use domain::ids::{GrantId, OrganizationId, ProductId};
use domain::membership::Tier;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::audit::Event;
use crate::change::Change;
use crate::individual_grants::quantities;
use crate::live::Changed;
use crate::membership::catalogue;
use crate::membership::entitle::{Same, same};
use crate::{Outcome, sql};

#[derive(FromQueryResult)]
struct Grant {
    id: Uuid,
    product_id: Uuid,
    source: String,
    area: Option<String>,
    holding_id: Uuid,
    pool_id: Uuid,
    used_before: i64,
    state: String,
    catalogue_version: i64,
    category: String,
    activate_by: Option<i64>,
    holding_ends_at: Option<i64>,
    tier: String,
    areas: String,
    in_use: bool,
}

impl Grant {
    /// The row of the catalogue that brings it: of what areas add together, that of any area held.
    fn row<'c>(&self, catalogue: &'c [Entitlement]) -> Option<&'c Entitlement> {
        let source = SourceLabel::from_code(&self.source)?;
        let level = source.has_area().then(|| Tier::from_code(&self.tier)).flatten();
        let like = |row: &&Entitlement| {
            row.source == source && row.product == ProductId(self.product_id) && row.level == level
        };
        let exactly = |row: &&Entitlement| row.area == self.area;
        let held = |row: &&Entitlement| {
            !row.per_area
                && row.area.as_deref().is_some_and(|area| self.areas.split(',').any(|of| of == area))
        };
        let mut rows = catalogue.iter().filter(like);
        rows.clone().find(exactly).or_else(|| rows.find(held))
    }

    /// Until when it can be put to use; a go-to-market benefit has no such day.
    fn regular_activate_by(&self) -> Option<i64> {
        if self.category == "go_to_market" { None } else { self.holding_ends_at }
    }
}

/// Brings the company's grants and pools to the version; what was bought with a later one stays. New benefits come
/// with [`crate::membership::entitle::entitle`], which the caller asks for. The organization is locked by then.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn reach(
    change: &mut Change<'_>,
    organization: OrganizationId,
    version: i64,
) -> Outcome<()> {
    hold_still(change, organization).await?;
    let text = "update holding set catalogue_version = $2, row_version = row_version + 1
        where organization_id = $1 and state in ('active', 'coming') and catalogue_version < $2";
    sql::run(&change.transaction, text, [organization.0.into(), version.into()]).await?;
    let catalogue = catalogue::entitlements_at(&change.transaction, version).await?;
    let grants = grants(change, organization).await?;
    let mut had: HashSet<Same> = HashSet::new();
    let mut brought: Vec<(&Grant, &Entitlement)> = Vec::new();
    // What is granted comes before what could be granted again: each benefit comes once (rule 18).
    let (granted, withdrawn): (Vec<&Grant>, Vec<&Grant>) =
        grants.iter().partition(|grant| grant.state == "granted");
    let (later, mut granted): (Vec<&Grant>, Vec<&Grant>) =
        granted.into_iter().partition(|grant| grant.catalogue_version > version);
    had.extend(later.into_iter().filter_map(|grant| grant.row(&catalogue)).map(same));
    // Where areas that each added their own now add it together, one stays: one that is in use.
    granted.sort_by_key(|grant| !grant.in_use);
    for grant in granted {
        match grant.row(&catalogue).filter(|row| had.insert(same(row))) {
            Some(row) => {
                if grant.activate_by != grant.regular_activate_by() {
                    set_activate_by(change, grant.id, grant.regular_activate_by()).await?;
                }
                brought.push((grant, row));
            }
            None if grant.in_use => {
                // The last moment to begin is over.
                let over = change.now.0 - 1;
                if grant.activate_by.is_none_or(|until| until > over) {
                    set_activate_by(change, grant.id, Some(over)).await?;
                }
            }
            None => withdraw(change, organization, grant.id).await?,
        }
    }
    for grant in withdrawn.into_iter().filter(|grant| grant.catalogue_version <= version) {
        let Some(row) = grant.row(&catalogue) else { continue };
        if had.insert(same(row)) {
            let text = "update benefit_grant set state = 'granted', ended_at = null,
                row_version = row_version + 1 where id = $1";
            sql::run(&change.transaction, text, [grant.id.into()]).await?;
            set_activate_by(change, grant.id, grant.regular_activate_by()).await?;
            brought.push((grant, row));
        }
    }
    share(change, organization, &brought).await
}

/// Waits for whoever assigns or reveals at this moment, and lets nobody begin until the end: on PostgreSQL the
/// database would decide by what it saw before.
async fn hold_still(change: &Change<'_>, organization: OrganizationId) -> Outcome<()> {
    for text in [
        "update benefit_grant set state = state where organization_id = $1 and state in ('granted', 'withdrawn')",
        "update pool set used = used where organization_id = $1",
    ] {
        sql::run(&change.transaction, text, [organization.0.into()]).await?;
    }
    Ok(())
}

async fn grants(change: &Change<'_>, organization: OrganizationId) -> Outcome<Vec<Grant>> {
    let text = "select g.id, g.product_id, g.source, g.area, g.holding_id, g.pool_id, g.used_before, g.state,
            g.category, g.activate_by, g.holding_ends_at, f.tier, h.areas, h.catalogue_version,
            (g.activation_state in ('requested', 'processing', 'active') or g.used_before > 0
                or exists (select 1 from seat s where s.grant_id = g.id and s.released_at is null)
                or exists (select 1 from seat_request r where r.grant_id = g.id and r.state = 'requested')
                or exists (select 1 from service_request r where r.grant_id = g.id and r.open)
                or exists (select 1 from balance_entry b where b.grant_id = g.id)
                or exists (select 1 from product_key k where k.grant_id = g.id
                    and k.state in ('held', 'spent'))) as in_use
        from benefit_grant g join holding h on h.id = g.holding_id join offer f on f.id = h.offer_id
        where g.organization_id = $1 and g.state in ('granted', 'withdrawn') and h.state = 'active'
        order by g.granted_at, g.id";
    Ok(sql::all::<Grant>(&change.transaction, text, [organization.0.into()]).await?)
}

async fn set_activate_by(change: &Change<'_>, grant: Uuid, until: Option<i64>) -> Outcome<()> {
    let text = "update benefit_grant set activate_by = $2, row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [grant.into(), until.into()]).await?;
    Ok(())
}

async fn withdraw(change: &mut Change<'_>, organization: OrganizationId, grant: Uuid) -> Outcome<()> {
    let text = "update benefit_grant set state = 'withdrawn', ended_at = $2, row_version = row_version + 1
        where id = $1";
    sql::run(&change.transaction, text, [grant.into(), change.now.0.into()]).await?;
    let id = GrantId(grant);
    change.record(
        Event::new(organization, AuditAction::GrantWithdrawn, "grant", id)
            .grant(id)
            .before("granted")
            .after("withdrawn"),
    );
    change.tell(Changed::Grant(organization, id));
    Ok(())
}

/// Which grants share a pool: those of a holding and a source whose rows name the same one.
type Sharing<'c> = (Uuid, &'c str, Option<&'c str>, &'c str);

/// Gives each pool its limit. Grants whose rows no longer share one get one each, and those that share one now come
/// together, with their seats.
async fn share(
    change: &Change<'_>,
    organization: OrganizationId,
    brought: &[(&Grant, &Entitlement)],
) -> Outcome<()> {
    let mut pool_of: HashMap<Sharing<'_>, Uuid> = HashMap::new();
    let mut taken: HashMap<Uuid, i64> = HashMap::new();
    let mut limits: HashMap<Uuid, Option<i64>> = HashMap::new();
    for (at, (grant, row)) in (0_i64..).zip(brought) {
        let sharing = row
            .pool
            .as_deref()
            .map(|code| (grant.holding_id, grant.source.as_str(), row.area.as_deref(), code));
        let pool = match sharing.and_then(|sharing| pool_of.get(&sharing)) {
            Some(pool) => *pool,
            // The first one keeps the pool that it is in.
            None if taken.insert(grant.pool_id, at).is_none() => grant.pool_id,
            None => {
                let fresh = change.service().new_id();
                let text = "insert into pool (id, organization_id, quantity, plan_quantity, used)
                    values ($1, $2, $3, $3, 0)";
                let values = [fresh.into(), organization.0.into(), row.limit().into()];
                sql::run(&change.transaction, text, values).await?;
                fresh
            }
        };
        if let Some(sharing) = sharing {
            pool_of.insert(sharing, pool);
        }
        if pool != grant.pool_id {
            move_to(change, grant, pool).await?;
        }
        limits.insert(pool, row.limit());
    }
    // Individual grants come on top of it, with what is granted anew.
    let text = "update pool set quantity = $2, plan_quantity = $2 where id = $1";
    for (pool, limit) in limits {
        quantities::keep_before(change, pool, limit).await?;
        sql::run(&change.transaction, text, [pool.into(), limit.into()]).await?;
    }
    Ok(())
}

/// Moves a grant with its seats, past ones too, to another pool.
async fn move_to(change: &Change<'_>, grant: &Grant, pool: Uuid) -> Outcome<()> {
    let text = "select count(*) as number from seat where grant_id = $1 and released_at is null";
    let seats = sql::number(&change.transaction, text, [grant.id.into()]).await?;
    for (of, seats, before) in [(grant.pool_id, -seats, -grant.used_before), (pool, seats, grant.used_before)]
    {
        let text = "update pool set used = used + $2, used_before = used_before + $3 where id = $1";
        sql::run(&change.transaction, text, [of.into(), seats.into(), before.into()]).await?;
    }
    let text = "update seat set pool_id = $2 where grant_id = $1";
    sql::run(&change.transaction, text, [grant.id.into(), pool.into()]).await?;
    let text = "update benefit_grant set pool_id = $2, row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [grant.id.into(), pool.into()]).await?;
    Ok(())
}
