//! A company's limits with what was used of them, as the rules of [`domain::insight`] ask for it.

use std::collections::HashMap;

use domain::benefit::{Category, GrantState, ProductKind, Unit};
use domain::ids::OrganizationId;
use domain::insight::{Limit, Use, Worth, goes_on, is_counted};
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
    ended_at: Option<i64>,
    follows_id: Option<Uuid>,
    followed_at: Option<i64>,
    order_line_id: Option<Uuid>,
    begin_by: Option<i64>,
}

/// A benefit is of use until its own end or the window after its holding's year (rule 21), and ends for its
/// follower, or earlier. One that was withdrawn counts until then; where it followed another one, that one goes on as
/// if nothing had been. Products that share a limit and came at one moment are in the order of their codes, so that
/// the same one stands for the limit in every company.
const GRANTS: &str =
    "select g.id, g.pool_id, g.product_id, p.category, p.kind, p.unit, po.quantity, po.used_before,
        g.state, g.granted_at, coalesce(g.expires_at, g.holding_ends_at + 2592000000) as ends_at,
        g.ended_at, g.follows_id, n.granted_at as followed_at, g.order_line_id,
        case when g.activate_by < g.holding_ends_at or g.holding_ends_at is null
            then g.activate_by else g.holding_ends_at end as begin_by
    from benefit_grant g
    join product p on p.id = g.product_id
    join pool po on po.id = g.pool_id
    join organization o on o.id = g.organization_id and o.portal_state = 'member'
    left join benefit_grant n on n.follows_id = g.id and n.state <> 'withdrawn'
    where g.organization_id = $1
        and (g.state <> 'withdrawn' or g.ended_at is not null and g.follows_id is null)
    order by case when g.state = 'withdrawn' then 1 else 0 end, g.granted_at, p.code, g.id";

/// What limits were before, the earliest first.
const EARLIER: &str =
    "select e.pool_id, e.until_at, e.quantity from pool_quantity e join pool p on p.id = e.pool_id
    where p.organization_id = $1 and e.until_at > $2 order by e.until_at";

#[derive(FromQueryResult)]
struct EarlierRow {
    pool_id: Uuid,
    until_at: i64,
    quantity: Option<i64>,
}

#[derive(FromQueryResult)]
struct UseRow {
    what: String,
    kind: String,
    pool_id: Uuid,
    from_at: i64,
    until_at: Option<i64>,
    amount: i64,
}

/// What was used since `$2`; what began before and goes on is added up, so that a company of many seats has few
/// rows here. Each comes with the kind of its own product, which may share its limit with another kind. A key that was
/// replaced began when the first one was drawn.
const USES: &str = "select 'seat' as what, p.kind, g.pool_id,
        case when s.assigned_at < $2 then $2 - 1 else s.assigned_at end as from_at,
        s.released_at as until_at, cast(count(*) as bigint) as amount
    from benefit_grant g join product p on p.id = g.product_id join seat s on s.grant_id = g.id
    where g.organization_id = $1 and (s.released_at is null or s.released_at >= $2) group by 2, 3, 4, 5
    union all
    select 'key', p.kind, g.pool_id, min(coalesce(k.drawn_at, g.granted_at)), cast(null as bigint), cast(1 as bigint)
    from benefit_grant g join product p on p.id = g.product_id join product_key k on k.grant_id = g.id
    where g.organization_id = $1 and p.kind in ('single_key', 'core_key', 'cloud_license')
        and k.seat_id is null and k.state in ('held', 'spent', 'replaced')
    group by g.id, p.kind, g.pool_id having max(case when k.state = 'replaced' then 0 else 1 end) = 1
    union all
    select b.kind, p.kind, g.pool_id, case when b.recorded_at < $2 then $2 - 1 else b.recorded_at end,
        cast(null as bigint), cast(sum(b.amount) as bigint)
    from benefit_grant g join product p on p.id = g.product_id join balance_entry b on b.grant_id = g.id
    where g.organization_id = $1 group by 1, 2, 3, 4
    union all
    select 'redeemed', p.kind, g.pool_id, r.redeemed_at, cast(null as bigint), r.seats
    from benefit_grant g join product p on p.id = g.product_id join redemption r on r.grant_id = g.id
    where g.organization_id = $1
    union all
    select 'running', p.kind, g.pool_id, a.completed_at, coalesce(a.expires_at,
        case when a.state = 'expired' then a.completed_at end), cast(1 as bigint)
    from benefit_grant g join product p on p.id = g.product_id
        join activation a on a.grant_id = g.id and a.person_id is null
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

    let earlier =
        sql::all::<EarlierRow>(connection, EARLIER, [organization.0.into(), since.0.into()]).await?;

    let mut uses_of: HashMap<Uuid, Vec<(ProductKind, UseRow)>> = HashMap::new();
    for row in uses {
        let kind = ProductKind::from_code(&row.kind)
            .ok_or_else(|| Failure::broken("product", "kind", row.pool_id))?;
        uses_of.entry(row.pool_id).or_default().push((kind, row));
    }
    let mut earlier_of: HashMap<Uuid, Vec<(Moment, Option<i64>)>> = HashMap::new();
    for row in earlier {
        earlier_of.entry(row.pool_id).or_default().push((Moment(row.until_at), row.quantity));
    }
    let mut read = Vec::with_capacity(grants.len());
    for row in grants {
        let kind = ProductKind::from_code(&row.kind)
            .ok_or_else(|| Failure::broken("product", "kind", row.product_id))?;
        if is_counted(kind) {
            read.push((kind, row));
        }
    }
    let prices = shares(&read, prices, now);
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
        .filter_map(|pool| {
            let uses = uses_of.remove(&pool).unwrap_or_default();
            let earlier = earlier_of.remove(&pool).unwrap_or_default();
            Some((pools.remove(&pool)?, uses, earlier))
        })
        .map(|(grants, uses, earlier)| limit(&grants, uses, earlier, &prices, now))
        .collect()
}

/// What each benefit with a limit is worth of its order line's price, while what is left of it can be used.
fn shares(grants: &[(ProductKind, GrantRow)], prices: Vec<PriceRow>, now: Moment) -> HashMap<Uuid, Worth> {
    let prices: HashMap<Uuid, PriceRow> = prices.into_iter().map(|row| (row.id, row)).collect();
    let limited = |row: &GrantRow| {
        row.order_line_id
            .filter(|_| row.state != "withdrawn" && row.quantity.is_some_and(|quantity| quantity > 0))
    };
    let mut number: HashMap<Uuid, i64> = HashMap::new();
    for line in grants.iter().filter_map(|(_, row)| limited(row)) {
        *number.entry(line).or_default() += 1;
    }
    grants
        .iter()
        .filter(|(kind, row)| goes_on(*kind) || row.begin_by.is_none_or(|last| now.0 <= last))
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
    uses: Vec<(ProductKind, UseRow)>,
    earlier: Vec<(Moment, Option<i64>)>,
    prices: &HashMap<Uuid, Worth>,
    now: Moment,
) -> Outcome<Limit> {
    let (_, first) = grants.first().ok_or(ErrorCode::Internal)?;
    let broken = |column| Failure::broken("product", column, first.product_id);
    let mut since = Moment(first.granted_at);
    let mut until = Some(Moment(i64::MIN));
    for (_, grant) in grants {
        since = since.min(Moment(grant.granted_at));
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
    let mut limit = Limit {
        product: first.product_id.into(),
        category: Category::from_code(&first.category).ok_or_else(|| broken("category"))?,
        unit: Unit::from_code(&first.unit).ok_or_else(|| broken("unit"))?,
        quantity: first.quantity,
        earlier,
        since,
        until,
        worth,
        uses: Vec::new(),
    };
    limit.uses = counted(&limit, uses);
    if first.used_before > 0 {
        let carried = first.follows_id.is_some();
        limit.uses.push(Use { from: since, until: None, amount: first.used_before, carried });
    }
    Ok(limit)
}

/// The first moment at which a benefit is of no use any more.
fn end(grant: &GrantRow, now: Moment) -> Outcome<Option<Moment>> {
    let state = GrantState::from_code(&grant.state)
        .ok_or_else(|| Failure::broken("benefit_grant", "state", grant.id))?;
    let last = grant.ends_at.map(|last| Moment(last.saturating_add(1)));
    let last = match state {
        GrantState::Granted => last,
        GrantState::Ended | GrantState::Withdrawn => {
            // Of what ended long ago only is known that it is over.
            let ended = grant.ended_at.map_or(now, Moment);
            Some(last.map_or(ended, |last| last.min(ended)))
        }
    };
    Ok(match (last, grant.followed_at.map(Moment)) {
        (Some(last), Some(followed)) => Some(last.min(followed)),
        (last, followed) => last.or(followed),
    })
}

/// What counts as use of each kind of product, as the benefits' own table has it: one key opens all that is granted.
fn counted(limit: &Limit, rows: Vec<(ProductKind, UseRow)>) -> Vec<Use> {
    let drawn = rows.iter().filter(|(kind, row)| kind.is_one_key() && row.what == "key");
    if let Some(drawn) = drawn.map(|(_, row)| row.from_at).min() {
        return limit.all_from(Moment(drawn));
    }
    rows.into_iter()
        .filter(|(kind, row)| counts(*kind).contains(&&*row.what))
        .map(|(_, row)| Use {
            from: Moment(row.from_at),
            until: row.until_at.map(Moment),
            amount: row.amount,
            carried: false,
        })
        .collect()
}

/// What counts as use of a kind of product.
const fn counts(kind: ProductKind) -> &'static [&'static str] {
    match kind {
        ProductKind::SingleKey
        | ProductKind::CoreKey
        | ProductKind::CloudLicense
        | ProductKind::MultipleActivationKey => &["seat", "activation", "redeemed"],
        ProductKind::BreakFixSignature
        | ProductKind::BreakFixIncidents
        | ProductKind::PresalesDeployment
        | ProductKind::AdvisoryHours => &["hour", "incident"],
        ProductKind::Marketing => &["running"],
        ProductKind::CloudUsage | ProductKind::Subscription => &["seat"],
        ProductKind::LicenseOnly => &[],
    }
}
