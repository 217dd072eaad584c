//! A company's limits with what was used of them, as the rules of [`domain::insight`] ask for it.

use std::collections::HashMap;

use domain::benefit::{Category, GrantState, ProductKind, Unit};
use domain::ids::OrganizationId;
use domain::insight::{Limit, Use, Worth, is_counted};
use domain::{Moment, error::ErrorCode};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::failure::Failure;
use crate::{Outcome, sql};

#[derive(FromQueryResult)]
struct GrantRow {
    id: Uuid,
    pool_id: Uuid,
    product_id: Uuid,
    category: String,
    kind: String,
    unit: String,
    quantity: Option<i64>,
    used_before: i64,
    state: String,
    granted_at: i64,
    ends_at: Option<i64>,
    followed_at: Option<i64>,
    order_line_id: Option<Uuid>,
}

/// A benefit is of use until its own end or the window after its holding's year (rule 21), and ends for its
/// follower. When one that was withdrawn ended isn't kept: it counts in the months that were counted before.
const GRANTS: &str =
    "select g.id, g.pool_id, g.product_id, p.category, p.kind, p.unit, po.quantity, po.used_before,
        g.state, g.granted_at, coalesce(g.expires_at, g.holding_ends_at + 2592000000) as ends_at,
        n.granted_at as followed_at, g.order_line_id
    from benefit_grant g
    join product p on p.id = g.product_id
    join pool po on po.id = g.pool_id
    left join benefit_grant n on n.follows_id = g.id and n.state <> 'withdrawn'
    where g.organization_id = $1 and g.state <> 'withdrawn'
    order by g.granted_at, g.id";

#[derive(FromQueryResult)]
struct UseRow {
    what: String,
    pool_id: Uuid,
    from_at: i64,
    until_at: Option<i64>,
    amount: i64,
}

/// What was used since `$2`; what began before and goes on is added up, so that a company of many seats has few
/// rows here.
const USES: &str = "select 'seat' as what, g.pool_id, case when s.assigned_at < $2 then $2 - 1 else s.assigned_at end as from_at,
        s.released_at as until_at, cast(count(*) as bigint) as amount
    from benefit_grant g join seat s on s.grant_id = g.id
    where g.organization_id = $1 and (s.released_at is null or s.released_at >= $2) group by 2, 3, 4
    union all
    select 'key', g.pool_id, coalesce(k.drawn_at, g.granted_at), cast(null as bigint), cast(1 as bigint)
    from benefit_grant g join product_key k on k.grant_id = g.id and k.seat_id is null and k.state in ('held', 'spent')
    where g.organization_id = $1
    union all
    select b.kind, g.pool_id, case when b.recorded_at < $2 then $2 - 1 else b.recorded_at end, cast(null as bigint),
        cast(sum(b.amount) as bigint)
    from benefit_grant g join balance_entry b on b.grant_id = g.id
    where g.organization_id = $1 group by 1, 2, 3
    union all
    select 'redeemed', g.pool_id, r.redeemed_at, cast(null as bigint), r.seats
    from benefit_grant g join redemption r on r.grant_id = g.id
    where g.organization_id = $1
    union all
    select 'running', g.pool_id, a.completed_at, coalesce(a.expires_at,
        case when a.state = 'expired' then a.completed_at end), cast(1 as bigint)
    from benefit_grant g join activation a on a.grant_id = g.id and a.person_id is null
    where g.organization_id = $1 and a.state in ('active', 'expired') and a.completed_at is not null";

#[derive(FromQueryResult)]
struct PriceRow {
    id: Uuid,
    price_minor: i64,
    currency: String,
}

/// The company's limits, with what was used of them since a moment.
///
/// # Errors
/// [`Failure::Database`]; [`Failure::Broken`] for a row that can't be.
pub(super) async fn limits(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    since: Moment,
    now: Moment,
) -> Outcome<Vec<Limit>> {
    let own = || [Value::from(organization.0)];
    let grants = sql::all::<GrantRow>(connection, GRANTS, own()).await?;
    let uses = sql::all::<UseRow>(connection, USES, [organization.0.into(), since.0.into()]).await?;
    let text = "select l.id, l.price_minor, o.currency from order_line l join orders o on o.id = l.order_id
        where l.organization_id = $1 and l.state = 'active' and l.price_minor > 0";
    let prices = sql::all::<PriceRow>(connection, text, own()).await?;

    let mut uses_of: HashMap<Uuid, Vec<UseRow>> = HashMap::new();
    for row in uses {
        uses_of.entry(row.pool_id).or_default().push(row);
    }
    let mut read = Vec::with_capacity(grants.len());
    for row in grants {
        let kind = ProductKind::from_code(&row.kind)
            .ok_or_else(|| Failure::broken("product", "kind", row.product_id))?;
        if is_counted(kind) {
            read.push((kind, row));
        }
    }
    let prices = shares(&read, prices);
    let mut order: Vec<Uuid> = Vec::new();
    let mut pools: HashMap<Uuid, Vec<(ProductKind, GrantRow)>> = HashMap::new();
    for (kind, row) in read {
        let pool = pools.entry(row.pool_id).or_default();
        if pool.is_empty() {
            order.push(row.pool_id);
        }
        pool.push((kind, row));
    }
    order
        .into_iter()
        .filter_map(|pool| Some((pools.remove(&pool)?, uses_of.remove(&pool).unwrap_or_default())))
        .map(|(grants, uses)| limit(&grants, uses, &prices, now))
        .collect()
}

/// What each benefit with a limit is worth of its order line's price.
fn shares(grants: &[(ProductKind, GrantRow)], prices: Vec<PriceRow>) -> HashMap<Uuid, Worth> {
    let prices: HashMap<Uuid, PriceRow> = prices.into_iter().map(|row| (row.id, row)).collect();
    let limited =
        |row: &GrantRow| row.order_line_id.filter(|_| row.quantity.is_some_and(|quantity| quantity > 0));
    let mut number: HashMap<Uuid, i64> = HashMap::new();
    for line in grants.iter().filter_map(|(_, row)| limited(row)) {
        *number.entry(line).or_default() += 1;
    }
    grants
        .iter()
        .filter_map(|(_, row)| {
            let line = limited(row)?;
            let price = prices.get(&line)?;
            let minor = price.price_minor / number.get(&line).copied().unwrap_or(1).max(1);
            Some((row.id, Worth { minor, currency: price.currency.clone() }))
        })
        .collect()
}

fn limit(
    grants: &[(ProductKind, GrantRow)],
    uses: Vec<UseRow>,
    prices: &HashMap<Uuid, Worth>,
    now: Moment,
) -> Outcome<Limit> {
    let (kind, first) = grants.first().ok_or(ErrorCode::Internal)?;
    let broken = |column| Failure::broken("product", column, first.product_id);
    let mut until = Some(Moment(i64::MIN));
    for (_, grant) in grants {
        let end = end(grant, now)?;
        until = until.zip(end).map(|(one, other)| one.max(other));
    }
    let mut worth: Option<Worth> = None;
    for share in grants.iter().filter_map(|(_, grant)| prices.get(&grant.id)) {
        match &mut worth {
            None => worth = Some(share.clone()),
            Some(worth) if worth.currency == share.currency => {
                worth.minor = worth.minor.saturating_add(share.minor);
            }
            Some(_) => {}
        }
    }
    let since = Moment(first.granted_at);
    let before = Use { from: since, until: None, amount: first.used_before };
    let uses = counted(*kind, first.quantity, uses);
    Ok(Limit {
        product: first.product_id.into(),
        category: Category::from_code(&first.category).ok_or_else(|| broken("category"))?,
        unit: Unit::from_code(&first.unit).ok_or_else(|| broken("unit"))?,
        quantity: first.quantity,
        since,
        until,
        worth,
        uses: uses.into_iter().chain((first.used_before > 0).then_some(before)).collect(),
    })
}

/// The first moment at which a benefit is of no use any more.
fn end(grant: &GrantRow, now: Moment) -> Outcome<Option<Moment>> {
    let state = GrantState::from_code(&grant.state)
        .ok_or_else(|| Failure::broken("benefit_grant", "state", grant.id))?;
    let last = grant.ends_at.map(|last| Moment(last.saturating_add(1)));
    let last = match (state, last) {
        (GrantState::Granted, last) => last,
        // Ended before its day: when isn't kept, only that it is over.
        (GrantState::Ended | GrantState::Withdrawn, last) => Some(last.map_or(now, |last| last.min(now))),
    };
    Ok(match (last, grant.followed_at.map(Moment)) {
        (Some(last), Some(followed)) => Some(last.min(followed)),
        (last, followed) => last.or(followed),
    })
}

/// What counts as use of a kind of product, as the benefits' own table has it: one key opens all that is granted.
fn counted(kind: ProductKind, quantity: Option<i64>, rows: Vec<UseRow>) -> Vec<Use> {
    if kind.is_one_key()
        && let Some(drawn) = rows.iter().filter(|row| row.what == "key").map(|row| row.from_at).min()
    {
        return vec![Use { from: Moment(drawn), until: None, amount: quantity.unwrap_or(1) }];
    }
    let counts: &[&str] = match kind {
        ProductKind::SingleKey | ProductKind::CoreKey | ProductKind::CloudLicense => {
            &["seat", "activation", "redeemed"]
        }
        ProductKind::MultipleActivationKey => &["seat", "activation", "redeemed"],
        ProductKind::BreakFixSignature
        | ProductKind::BreakFixIncidents
        | ProductKind::PresalesDeployment
        | ProductKind::AdvisoryHours => &["hour", "incident"],
        ProductKind::Marketing => &["running"],
        ProductKind::CloudUsage | ProductKind::Subscription => &["seat"],
        ProductKind::LicenseOnly => &[],
    };
    rows.into_iter()
        .filter(|row| counts.contains(&&*row.what))
        .map(|row| Use { from: Moment(row.from_at), until: row.until_at.map(Moment), amount: row.amount })
        .collect()
}
