//! Counting: the worker's way from the rows of companies to the facts that pages read.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use domain::ids::OrganizationId;
use domain::insight::{Month, changes_use, figures, idle, percentile, working_minutes};
use domain::moment::Zone;
use domain::{AuditAction, Moment};
use futures::FutureExt;
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, Value};
use uuid::Uuid;

use super::limits::limits;
use super::unused;
use crate::sql::rows_of_places;
use crate::{Outcome, Service, sql};

/// So many companies are read at once.
const ROUND: u32 = 100;
/// Where so many were counted there may be more.
pub const MANY: usize = ROUND as usize;
/// After so many seconds the sums are written, and the next call goes on.
const BUDGET_SECONDS: i64 = 10;
/// A company that can't be counted is tried again after so many seconds, so that it doesn't stand before the others.
const RETRY_SECONDS: i64 = 900;
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

/// Counts the companies of which something that counts was done since they were counted, or that weren't counted for
/// some hours, and the sums of the months that this touched; then the requests that were decided. Says how many
/// companies there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what was counted before stays.
pub async fn count_due(service: &Service) -> Outcome<usize> {
    let quiet: Vec<String> = AuditAction::ALL
        .iter()
        .filter(|action| !changes_use(**action))
        .map(|action| format!("'{}'", action.code()))
        .collect();
    let quiet = quiet.join(", ");
    let text = format!(
        "select o.id, o.time_zone, coalesce(h.sequence, 0) as sequence, c.month from organization o
        left join audit_head h on h.organization_id = o.id
        left join usage_count c on c.organization_id = o.id
        left join usage_retry t on t.organization_id = o.id
        where (c.organization_id is null or c.counted_at < $1
                or c.sequence <> coalesce(h.sequence, 0) and exists (select 1 from audit_event e
                    where e.organization_id = o.id and e.sequence > c.sequence and e.action not in ({quiet})))
            and (t.after_at is null or t.after_at <= $2)
        order by coalesce(c.counted_at, 0), o.id limit {ROUND}"
    );
    let until = service.now().plus_seconds(BUDGET_SECONDS);
    let mut counted = 0;
    loop {
        let now = service.now();
        let values = [now.plus_seconds(-LATEST_SECONDS).0.into(), now.0.into()];
        let companies = sql::all::<Company>(service.database.reader(), &text, values).await?;
        for company in &companies {
            counted += usize::from(count_or_note(service, company).await?);
        }
        if companies.len() < MANY || service.now() >= until {
            break;
        }
    }
    pass_over(service, &quiet).await?;
    totals(service).await?;
    requests(service).await?;
    Ok(counted)
}

/// After so many events of a company that count for nothing they aren't read again in each round.
const PASSED_OVER: i64 = 100;

/// Notes how far the trail was read of companies where many events, such as sign-ins, and none that counts came since
/// they were counted.
async fn pass_over(service: &Service, quiet: &str) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Passed {
        organization_id: Uuid,
        counted: i64,
        sequence: i64,
    }
    let text = format!(
        "select c.organization_id, c.sequence as counted, h.sequence from usage_count c
        join audit_head h on h.organization_id = c.organization_id and h.sequence >= c.sequence + {PASSED_OVER}
        where not exists (select 1 from audit_event e where e.organization_id = c.organization_id
            and e.sequence > c.sequence and e.action not in ({quiet}))
        order by c.organization_id limit {ROUND}"
    );
    let passed = sql::all::<Passed>(service.database.reader(), &text, []).await?;
    if passed.is_empty() {
        return Ok(());
    }
    let transaction = service.database.begin().await?;
    // Not where somebody has counted it since.
    let text = "update usage_count set sequence = $3 where organization_id = $1 and sequence = $2";
    for Passed { organization_id, counted, sequence } in passed {
        sql::run(&transaction, text, [organization_id.into(), counted.into(), sequence.into()]).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Counts a company; where that fails the others don't wait for it. Says whether it was counted.
async fn count_or_note(service: &Service, company: &Company) -> Outcome<bool> {
    match AssertUnwindSafe(count(service, company)).catch_unwind().await {
        Ok(Ok(())) => return Ok(true),
        Ok(Err(failure)) => {
            tracing::error!(organization = %company.id, cause = %failure, "a company could not be counted");
        }
        Err(_) => tracing::error!(organization = %company.id, "counting a company panicked"),
    }
    let transaction = service.database.begin().await?;
    let text = "insert into usage_retry (organization_id, after_at) values ($1, $2)
        on conflict (organization_id) do update set after_at = $2";
    let after = service.now().plus_seconds(RETRY_SECONDS);
    sql::run(&transaction, text, [company.id.into(), after.0.into()]).await?;
    transaction.commit().await?;
    Ok(false)
}

/// Counts a company from the month in which it was counted last.
async fn count(service: &Service, company: &Company) -> Outcome<()> {
    let now = service.now();
    let zone = Zone::named(&company.time_zone);
    let current = Month::of(zone.day_of(now));
    let earliest = current.plus(1 - i64::from(MONTHS));
    let first = company.month.and_then(Month::from_number).unwrap_or(earliest).clamp(earliest, current);
    let organization = OrganizationId(company.id);
    let limits = limits(service.database.reader(), organization, first.bounds(&zone).0, now).await?;
    let mut rows: Vec<Value> = Vec::new();
    let mut changed: BTreeSet<i64> = BTreeSet::new();
    let months = u8::try_from(current.number() - first.number() + 1).unwrap_or(MONTHS);
    for month in current.latest(months) {
        let (start, end) = month.bounds(&zone);
        let end = end.min(Moment(now.0.saturating_add(1)));
        for ((category, unit, product), figures) in figures(&limits, start, end) {
            changed.insert(month.number());
            rows.extend([
                company.id.into(),
                month.number().into(),
                category.into(),
                unit.into(),
                product.map_or(Uuid::nil(), |product| product.0).into(),
                figures.granted.into(),
                figures.used.into(),
                figures.unused.into(),
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
    let used = unused::used_meanwhile(service.database.reader(), organization).await?;
    let transaction = service.database.begin().await?;
    // Another server that counts the same company waits here.
    let text =
        "insert into usage_count (organization_id, month, sequence, counted_at) values ($1, $2, $3, $4)
        on conflict (organization_id) do update set month = $2, sequence = $3, counted_at = $4";
    let state = [company.id.into(), current.number().into(), company.sequence.into(), now.0.into()];
    sql::run(&transaction, text, state).await?;
    let text = "delete from usage_retry where organization_id = $1";
    sql::run(&transaction, text, [company.id.into()]).await?;
    let text = "select distinct month from usage_month where organization_id = $1 and month >= $2";
    let own = || [Value::from(company.id), Value::from(first.number())];
    let before = sql::all::<MonthRow>(&transaction, text, own()).await?;
    changed.extend(before.into_iter().map(|row| row.month));
    sql::run(&transaction, "delete from usage_month where organization_id = $1 and month >= $2", own())
        .await?;
    let head = "insert into usage_month
        (organization_id, month, category, unit, product_id, granted, used, unused, peak, begun, unlimited) values ";
    insert(&transaction, head, rows, 11).await?;
    let text = "delete from usage_value where organization_id = $1";
    sql::run(&transaction, text, [company.id.into()]).await?;
    let head =
        "insert into usage_value (organization_id, category, currency, paid_minor, unused_minor) values ";
    insert(&transaction, head, values, 5).await?;
    // Rows of its own, so that servers that count different companies don't wait for each other.
    let changed: Vec<Value> =
        changed.into_iter().flat_map(|month| [Value::from(service.new_id()), Value::from(month)]).collect();
    insert(&transaction, "insert into usage_changed (id, month) values ", changed, 2).await?;
    for some in used.chunks(AT_ONCE) {
        unused::mark_used(service, &transaction, some).await?;
    }
    transaction.commit().await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct MonthRow {
    month: i64,
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

/// Adds up the companies' months of which something was written since their sum was. What is to be added up stands in
/// the database with what was counted, so no sum is missed, whoever stops in between.
async fn totals(service: &Service) -> Outcome<()> {
    let text = "select distinct month from usage_changed order by month";
    for MonthRow { month } in sql::all::<MonthRow>(service.database.reader(), text, []).await? {
        let transaction = service.database.begin().await?;
        wait_for_its_like(service, &transaction, "usage_total").await?;
        total(&transaction, month).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Writes the sum of a month. What was counted before its mark is taken away is in the sum, since that is read
/// afterwards; what is counted meanwhile leaves a mark of its own.
async fn total(transaction: &DatabaseTransaction, month: i64) -> Outcome<()> {
    for text in [
        "delete from usage_changed where month = $1",
        "delete from usage_total where month = $1",
        "insert into usage_total
            (month, category, unit, product_id, granted, used, unused, peak, begun, unlimited)
        select month, category, unit, product_id, cast(sum(granted) as bigint), cast(sum(used) as bigint),
            cast(sum(unused) as bigint), cast(sum(peak) as bigint), cast(sum(begun) as bigint),
            cast(sum(unlimited) as bigint)
        from usage_month where month = $1 group by month, category, unit, product_id",
    ] {
        sql::run(transaction, text, [month.into()]).await?;
    }
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
