//! The operators' page: the use over all companies, how long requests took, pools that run low, money.

use std::collections::BTreeMap;

use domain::insight::Month;
use domain::key_import::THRESHOLD_MAX;
use domain::moment::Zone;
use domain::rights::OperatorAction;
use domain::view::insight::{
    Completion, IDLE_ROWS, LowPool, Money, ProgrammeInsightPage, ProgrammeInsightQuery,
};
use domain::view::requests::RequestKind;
use domain::{Day, Language};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::unused;
use super::usage::{Of, usage};
use crate::failure::Failure;
use crate::queue::item::stamp;
use crate::request::Request;
use crate::{Outcome, Service, rights, sql};

/// Those whose figures are in the sum: not those that are still in the older portal, or enrolling.
const COMPANIES: &str = "select count(*) as number from usage_count c
    join organization o on o.id = c.organization_id where o.portal_state = 'member'";

/// The page that the query asks for. Months and times are UTC's; a company's own months are those of its zone.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`].
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &ProgrammeInsightQuery,
) -> Outcome<ProgrammeInsightPage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadEverything)?;
    let reader = service.database.reader();
    let zone = Zone::named("UTC");
    let current = Month::of(zone.day_of(service.now()));
    let of = Of::Everybody;
    let usage = usage(reader, of, language, &zone, current, (query.category, query.span)).await?;
    let months = current.latest(query.span.months());
    let first = months.first().copied().unwrap_or(current);
    let completions = completions(reader, first).await?;
    let kind = query.kind.or_else(|| {
        RequestKind::ALL.iter().copied().find(|kind| completions.iter().any(|one| one.kind == *kind))
    });
    Ok(ProgrammeInsightPage {
        companies: sql::number(reader, COMPANIES, []).await?,
        usage,
        months,
        kind,
        completions,
        unused: unused::of_all(reader, language, &zone, service.now(), IDLE_ROWS).await?,
        may_remind: rights::check_operator(operator, OperatorAction::WorkQueue).is_ok(),
        low: low(reader, language, &zone).await?,
        money: money(reader, first, &zone).await?,
    })
}

/// How long requests took, month by month.
pub(super) async fn completions(connection: &impl ConnectionTrait, first: Month) -> Outcome<Vec<Completion>> {
    #[derive(FromQueryResult)]
    struct Row {
        month: i64,
        kind: String,
        number: i64,
        median_minutes: i64,
        ninetieth_minutes: i64,
        in_time: i64,
    }
    let text = "select month, kind, number, median_minutes, ninetieth_minutes, in_time from request_month
        where month >= $1 order by month, kind";
    let rows = sql::all::<Row>(connection, text, [first.number().into()]).await?;
    rows.into_iter()
        .map(|row| {
            let broken = |column| Failure::broken("request_month", column, row.month);
            Ok(Completion {
                month: Month::from_number(row.month).ok_or_else(|| broken("month"))?,
                kind: RequestKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?,
                number: row.number,
                median: row.median_minutes,
                ninetieth: row.ninetieth_minutes,
                in_time: row.in_time,
            })
        })
        .collect()
}

/// Pools that the operators were told of and that aren't full again: only their keys are counted.
pub(super) async fn low(
    connection: &impl ConnectionTrait,
    language: Language,
    zone: &Zone,
) -> Outcome<Vec<LowPool>> {
    #[derive(FromQueryResult)]
    struct Row {
        product: String,
        name: String,
        threshold: i64,
        low_since: i64,
        free: i64,
    }
    let text = format!(
        "select p.code as product, t.name, k.threshold, k.low_since,
            (select count(*) from (select 1 from product_key f where f.key_pool_id = k.id and f.state = 'free'
                limit {THRESHOLD_MAX}) s) as free
        from key_pool k join product p on p.id = k.product_id
        join product_text t on t.product_id = p.id and t.language = $1
        where k.low_since is not null order by k.low_since, p.code"
    );
    let rows = sql::all::<Row>(connection, &text, [language.tag().into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| LowPool {
            product: row.product,
            name: row.name,
            free: row.free,
            threshold: row.threshold,
            since: stamp(zone, row.low_since),
        })
        .collect())
}

/// What was invoiced and credited, by currency and month.
pub(super) async fn money(
    connection: &impl ConnectionTrait,
    first: Month,
    zone: &Zone,
) -> Outcome<Vec<Money>> {
    #[derive(FromQueryResult)]
    struct Row {
        day: i64,
        currency: String,
        kind: String,
        amount: i64,
    }
    // A day of UTC has the same length always, so its number is a division; no more rows than days come.
    let text =
        "select issued_at / 86400000 as day, currency, kind, cast(sum(amount_minor) as bigint) as amount
        from invoice where issued_at >= $1 group by 1, 2, 3";
    let start = first.bounds(zone).0;
    let mut months: BTreeMap<(String, Month), (i64, i64)> = BTreeMap::new();
    for row in sql::all::<Row>(connection, text, [start.0.into()]).await? {
        let day =
            Day::from_number(row.day).ok_or_else(|| Failure::broken("invoice", "issued_at", row.day))?;
        let (revenue, refunds) = months.entry((row.currency, Month::of(day))).or_default();
        let place = if row.kind == "credit_note" { refunds } else { revenue };
        *place = place.saturating_add(row.amount);
    }
    Ok(months
        .into_iter()
        .map(|((currency, month), (revenue, refunds))| Money { month, currency, revenue, refunds })
        .collect())
}
