//! Counting: the worker's way from the rows of companies to the facts that pages read.

use std::collections::BTreeMap;

use domain::Moment;
use domain::ids::OrganizationId;
use domain::insight::{Month, figures, idle, percentile, working_minutes};
use domain::moment::Zone;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::limits::limits;
use crate::sql::rows_of_places;
use crate::{Outcome, Service, sql};

/// So many companies are counted in a round.
const ROUND: u32 = 100;
/// A company is counted anew after so many seconds at the latest: the clock ends benefits without an event.
const LATEST_SECONDS: i64 = 6 * 3600;
/// So many months are counted when a company is counted for the first time.
const MONTHS: u8 = 24;
/// So many rows are written in one statement.
const AT_ONCE: usize = 500;

#[derive(FromQueryResult)]
struct Company {
    id: Uuid,
    time_zone: String,
    sequence: i64,
    month: Option<i64>,
}

/// Counts the companies whose trail has grown since they were counted, or that weren't counted for some hours, and
/// the sums of the months that this touched; then the requests that were decided. Says how many companies there
/// were.
///
/// # Errors
/// [`crate::Failure::Database`]; what was counted before stays.
pub async fn count_due(service: &Service) -> Outcome<usize> {
    let text = format!(
        "select o.id, o.time_zone, coalesce(h.sequence, 0) as sequence, c.month from organization o
        left join audit_head h on h.organization_id = o.id
        left join usage_count c on c.organization_id = o.id
        where c.organization_id is null or c.sequence <> coalesce(h.sequence, 0) or c.counted_at < $1
        order by coalesce(c.counted_at, 0), o.id limit {ROUND}"
    );
    let before = service.now().plus_seconds(-LATEST_SECONDS).0;
    let mut counted = 0;
    let mut touched: Option<(Month, Month)> = None;
    for company in sql::all::<Company>(service.database.reader(), &text, [before.into()]).await? {
        match count(service, &company).await {
            Ok((first, last)) => {
                counted += 1;
                touched =
                    Some(touched.map_or((first, last), |(from, until)| (from.min(first), until.max(last))));
            }
            // The others don't wait for it.
            Err(failure) => {
                tracing::error!(organization = %company.id, cause = %failure, "a company could not be counted");
            }
        }
    }
    if let Some((first, last)) = touched {
        totals(service, first, last).await?;
    }
    requests(service).await?;
    Ok(counted)
}

/// Counts a company from the month in which it was counted last; gives the first and the last month.
async fn count(service: &Service, company: &Company) -> Outcome<(Month, Month)> {
    let now = service.now();
    let zone = Zone::named(&company.time_zone);
    let current = Month::of(zone.day_of(now));
    let earliest = current.plus(1 - i64::from(MONTHS));
    let first = company.month.and_then(Month::from_number).unwrap_or(earliest).clamp(earliest, current);
    let organization = OrganizationId(company.id);
    let limits = limits(service.database.reader(), organization, first.bounds(&zone).0, now).await?;
    let mut rows: Vec<Value> = Vec::new();
    let months = u8::try_from(current.number() - first.number() + 1).unwrap_or(MONTHS);
    for month in current.latest(months) {
        let (start, end) = month.bounds(&zone);
        let end = end.min(Moment(now.0.saturating_add(1)));
        for ((category, unit, product), figures) in figures(&limits, start, end) {
            rows.extend([
                company.id.into(),
                month.number().into(),
                category.into(),
                unit.into(),
                product.map_or(Uuid::nil(), |product| product.0).into(),
                figures.granted.into(),
                figures.used.into(),
                figures.peak.into(),
                figures.begun.into(),
                figures.unlimited.into(),
            ]);
        }
    }
    let values: Vec<Value> = idle(&limits, now)
        .into_iter()
        .flat_map(|((category, currency), idle)| {
            [
                company.id.into(),
                category.into(),
                currency.into(),
                idle.paid.into(),
                idle.unused.min(idle.paid).into(),
            ]
        })
        .collect();
    let transaction = service.database.begin().await?;
    // Another server that counts the same company waits here.
    let text =
        "insert into usage_count (organization_id, month, sequence, counted_at) values ($1, $2, $3, $4)
        on conflict (organization_id) do update set month = $2, sequence = $3, counted_at = $4";
    let state = [company.id.into(), current.number().into(), company.sequence.into(), now.0.into()];
    sql::run(&transaction, text, state).await?;
    let text = "delete from usage_month where organization_id = $1 and month >= $2";
    sql::run(&transaction, text, [company.id.into(), first.number().into()]).await?;
    let head = "insert into usage_month
        (organization_id, month, category, unit, product_id, granted, used, peak, begun, unlimited) values ";
    insert(&transaction, head, rows, 10).await?;
    let text = "delete from usage_value where organization_id = $1";
    sql::run(&transaction, text, [company.id.into()]).await?;
    let head =
        "insert into usage_value (organization_id, category, currency, paid_minor, unused_minor) values ";
    insert(&transaction, head, values, 5).await?;
    transaction.commit().await?;
    Ok((first, current))
}

/// Inserts rows of so many values each.
async fn insert(
    connection: &impl ConnectionTrait,
    head: &str,
    values: Vec<Value>,
    width: usize,
) -> Outcome<()> {
    for some in values.chunks(AT_ONCE * width) {
        let text = format!("{head}{}", rows_of_places(some.len(), width));
        sql::run(connection, &text, some.to_vec()).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct TotalRow {
    month: i64,
    category: String,
    unit: String,
    product_id: Uuid,
    granted: i64,
    used: i64,
    peak: i64,
    begun: i64,
    unlimited: i64,
}

/// Adds up the companies' months. They are read first, so that nobody who writes waits for the sum.
async fn totals(service: &Service, first: Month, last: Month) -> Outcome<()> {
    let text = "select month, category, unit, product_id, cast(sum(granted) as bigint) as granted,
            cast(sum(used) as bigint) as used, cast(sum(peak) as bigint) as peak,
            cast(sum(begun) as bigint) as begun, cast(sum(unlimited) as bigint) as unlimited
        from usage_month where month between $1 and $2 group by month, category, unit, product_id";
    let between = || [Value::from(first.number()), Value::from(last.number())];
    let rows = sql::all::<TotalRow>(service.database.reader(), text, between()).await?;
    let values: Vec<Value> = rows
        .into_iter()
        .flat_map(|row| {
            [
                Value::from(row.month),
                row.category.into(),
                row.unit.into(),
                row.product_id.into(),
                row.granted.into(),
                row.used.into(),
                row.peak.into(),
                row.begun.into(),
                row.unlimited.into(),
            ]
        })
        .collect();
    let transaction = service.database.begin().await?;
    wait_for_its_like(service, &transaction, "usage_total").await?;
    sql::run(&transaction, "delete from usage_total where month between $1 and $2", between()).await?;
    let head = "insert into usage_total
        (month, category, unit, product_id, granted, used, peak, begun, unlimited) values ";
    insert(&transaction, head, values, 9).await?;
    transaction.commit().await?;
    Ok(())
}

/// Makes servers that write the same sums wait for each other; SQLite has one writer anyway.
async fn wait_for_its_like(
    service: &Service,
    connection: &impl ConnectionTrait,
    table: &'static str,
) -> Outcome<()> {
    if service.database.is_postgres() {
        sql::run(connection, &format!("lock table {table} in share row exclusive mode"), []).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Decided {
    kind: String,
    requested_at: i64,
    decided_at: i64,
    target_at: i64,
    time_zone: String,
}

/// What the operators decided; what was taken back by whoever asked isn't their work.
const DECIDED: &str = "r.decided_at >= $1 and r.state in ('completed', 'approved', 'refused')";

/// Counts how long requests took, from the month that was counted last, where something was decided since.
async fn requests(service: &Service) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Latest {
        month: Option<i64>,
    }
    let reader = service.database.reader();
    let utc = Zone::named("UTC");
    let current = Month::of(utc.day_of(service.now()));
    let text = "select max(month) as month from request_month";
    let latest = sql::one::<Latest>(reader, text, []).await?.and_then(|row| row.month);
    let earliest = current.plus(1 - i64::from(MONTHS));
    let first = latest.and_then(Month::from_number).unwrap_or(earliest).clamp(earliest, current);
    let start = || [Value::from(first.bounds(&utc).0.0)];
    let text = format!("select count(*) as number from service_request r where {DECIDED}");
    let decided = sql::number(reader, &text, start()).await?;
    let text = "select cast(sum(number) as bigint) as number from request_month where month >= $1";
    if sql::number(reader, text, [first.number().into()]).await? == decided {
        return Ok(());
    }
    let text = format!(
        "select r.kind, r.requested_at, r.decided_at, r.target_at, o.time_zone
        from service_request r join organization o on o.id = r.organization_id where {DECIDED}"
    );
    let mut zones: BTreeMap<String, Zone> = BTreeMap::new();
    let mut taken: BTreeMap<(Month, String), (Vec<i64>, i64)> = BTreeMap::new();
    for row in sql::all::<Decided>(reader, &text, start()).await? {
        let zone = zones.entry(row.time_zone).or_insert_with_key(|name| Zone::named(name));
        let minutes = working_minutes(Moment(row.requested_at), Moment(row.decided_at), zone);
        let month = Month::of(utc.day_of(Moment(row.decided_at)));
        let (all, in_time) = taken.entry((month, row.kind)).or_default();
        all.push(minutes);
        *in_time += i64::from(row.decided_at <= row.target_at);
    }
    let values: Vec<Value> = taken
        .into_iter()
        .flat_map(|((month, kind), (mut minutes, in_time))| {
            minutes.sort_unstable();
            let of = |percent| percentile(&minutes, percent).unwrap_or_default();
            [
                Value::from(month.number()),
                kind.into(),
                i64::try_from(minutes.len()).unwrap_or(i64::MAX).into(),
                of(50).into(),
                of(90).into(),
                in_time.into(),
            ]
        })
        .collect();
    let transaction = service.database.begin().await?;
    wait_for_its_like(service, &transaction, "request_month").await?;
    sql::run(&transaction, "delete from request_month where month >= $1", [first.number().into()]).await?;
    let head =
        "insert into request_month (month, kind, number, median_minutes, ninetieth_minutes, in_time) values ";
    insert(&transaction, head, values, 6).await?;
    transaction.commit().await?;
    Ok(())
}
