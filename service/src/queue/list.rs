//! The queue of all organizations: searched, filtered, sorted and paged by the database.

use domain::ids::ServiceRequestId;
use domain::moment::Zone;
use domain::rights::OperatorAction;
use domain::view::operator::{
    OwnerFilter, PAGE_ROWS, QueuePage, QueuePlace, QueueQuery, QueueRow, QueueSort, StateFilter,
    TargetFilter, WantedOwner,
};
use domain::view::requests::{RequestKind, RequestState};
use domain::{ErrorCode, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::{also_waiting, assign, item, shortcuts, views};
use crate::benefits::list::processing;
use crate::failure::Failure;
use crate::request::{Operator, Request};
use crate::{Outcome, Service, rights, sql};

/// Seven days in milliseconds.
const WEEK: i64 = 7 * 86_400_000;

/// A request's row; `$1` language, `$2` the operator's account.
const ROWS: &str = "
    select r.id, r.row_version, r.number, r.kind, r.state, r.open, r.requested_at, r.target_at, r.owner_id,
        case r.kind when 'activation' then coalesce(pt.name, r.title)
            when 'cancellation' then coalesce(ft.name, r.title)
            when 'payment' then coalesce(r.title || ' · ' || ft.name, r.title) else r.title end as subject,
        case r.kind when 'advisory' then pt.name end as benefit,
        case r.kind when 'activation' then coalesce(pt.name_key, r.title_key)
            when 'cancellation' then coalesce(ft.name_key, r.title_key)
            when 'payment' then coalesce(r.title_key || ' · ' || ft.name_key, r.title_key)
            else r.title_key end as subject_key,
        o.name as organization, o.name_key as organization_key, r.organization_id, g.category, o.time_zone, a.full_name as requester, p.sort_name as requester_key,
        w.full_name as owner, coalesce(r.owner_id = $2, false) as mine,
        r.answered_at is not null as answered
    from service_request r
    join organization o on o.id = r.organization_id
    join person p on p.id = r.requested_by
    join account a on a.id = p.account_id
    left join account w on w.id = r.owner_id
    left join benefit_grant g on g.id = r.grant_id
    left join product_text pt on pt.product_id = g.product_id and pt.language = $1
    left join order_line l on l.id = r.order_line_id
    left join offer_text ft on ft.offer_id = l.offer_id and ft.language = $1";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    row_version: i64,
    number: i64,
    kind: String,
    state: String,
    open: bool,
    requested_at: i64,
    target_at: i64,
    subject: String,
    benefit: Option<String>,
    organization: String,
    organization_id: Uuid,
    time_zone: String,
    requester: String,
    owner: Option<String>,
    mine: bool,
    answered: bool,
}

#[derive(FromQueryResult)]
struct Totals {
    open: i64,
    late: Option<i64>,
    mine: Option<i64>,
}

#[derive(FromQueryResult)]
struct Company {
    name: String,
}

/// The page that the query asks for, its open row included.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for operators who don't read the queue; [`ErrorCode::NotFound`] for a company or
/// an open request that doesn't exist, and for a page at the place of none.
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &QueueQuery,
) -> Outcome<QueuePage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadQueue)?;
    let reader = service.database.reader();
    let now = service.now();
    let text = "select count(*) as open,
            cast(sum(case when target_at < $2 then 1 else 0 end) as bigint) as late,
            cast(sum(case when owner_id = $1 then 1 else 0 end) as bigint) as mine
        from service_request where open = true";
    let totals = sql::one::<Totals>(reader, text, [operator.account.0.into(), now.0.into()])
        .await?
        .ok_or_else(|| Failure::broken("service_request", "totals", "queue"))?;
    let (filter, values) = filter(operator, language, query, now);
    let total = if filter == ALL_OPEN {
        totals.open
    } else {
        let count = format!("select count(*) as number from ({ROWS}) t where {filter}");
        sql::number(reader, &count, values.clone()).await?
    };
    let part = part(reader, query, &filter, &values, total).await?;
    let rows = part.rows.into_iter().map(|row| view(row, now)).collect::<Outcome<Vec<_>>>()?;
    let item = match query.open {
        Some(open) => Some(Box::new(item::item(service, operator, language, open).await?)),
        None => None,
    };
    let incidents = match query.company.trim() {
        "" => None,
        company => Some(item::incident_grants(reader, language, company).await?),
    };
    let organization = match query.organization {
        Some(organization) => {
            let text = "select name from organization where id = $1";
            let named = sql::one::<Company>(reader, text, [organization.0.into()]).await?;
            Some(named.ok_or(ErrorCode::NotFound)?.name)
        }
        None => None,
    };
    Ok(QueuePage {
        colleagues: assign::colleagues(reader).await?,
        views: views::listed(reader, operator).await?,
        shortcuts: shortcuts::are_on(reader, operator).await?,
        organization,
        before: part.before,
        previous: rows.first().filter(|_| part.previous).map(|row| row.id),
        next: rows.last().filter(|_| part.next).map(|row| row.id),
        rows,
        total,
        open: totals.open,
        late: totals.late.unwrap_or(0),
        mine: totals.mine.unwrap_or(0),
        item,
        why_not: domain::rights::operator_may(&operator.roles, OperatorAction::WorkQueue).err(),
        incidents,
        also: also_waiting::listed(reader, operator, language, now).await?,
    })
}

/// One row, open or decided.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(super) async fn row(
    connection: &impl ConnectionTrait,
    operator: &Operator,
    language: Language,
    id: Uuid,
    now: Moment,
) -> Outcome<QueueRow> {
    let text = format!("{ROWS} where r.id = $3");
    let values = [language.tag().into(), operator.account.0.into(), id.into()];
    view(sql::one::<Row>(connection, &text, values).await?.ok_or(ErrorCode::NotFound)?, now)
}

/// The condition of a queue that isn't filtered.
const ALL_OPEN: &str = "t.open = true";

fn filter(operator: &Operator, language: Language, query: &QueueQuery, now: Moment) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = vec![language.tag().into(), operator.account.0.into()];
    let mut parts = vec![ALL_OPEN.to_owned()];
    let mut place = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let find: String = query.find.trim().chars().take(120).collect();
    if !find.is_empty() {
        let at = place(sql::contains_pattern(&find).into());
        let columns = ["cast(t.number as text)", "t.subject_key", "t.organization_key", "t.requester_key"];
        let any: Vec<String> =
            columns.iter().map(|column| format!("{column} like {at} escape '\\'")).collect();
        parts.push(format!("({})", any.join(" or ")));
    }
    if let Some(kind) = query.kind {
        parts.push(format!("t.kind = {}", place(kind.code().into())));
    }
    match query.owner {
        Some(WantedOwner::Filter(OwnerFilter::Me)) => parts.push("t.owner_id = $2".to_owned()),
        Some(WantedOwner::Filter(OwnerFilter::Nobody)) => parts.push("t.owner_id is null".to_owned()),
        Some(WantedOwner::Person(account)) => {
            parts.push(format!("t.owner_id = {}", place(account.0.into())));
        }
        None => {}
    }
    match query.state {
        Some(StateFilter::Requested) => parts.push("t.state = 'requested'".to_owned()),
        Some(StateFilter::Processing) => parts.push("t.state = 'processing'".to_owned()),
        Some(StateFilter::Answered) => parts.push("t.answered".to_owned()),
        None => {}
    }
    if let Some(category) = query.category {
        parts.push(format!("t.category = {}", place(category.code().into())));
    }
    if let Some(organization) = query.organization {
        parts.push(format!("t.organization_id = {}", place(organization.0.into())));
    }
    match query.target {
        Some(TargetFilter::Late) => parts.push(format!("t.target_at < {}", place(now.0.into()))),
        Some(TargetFilter::Week) => {
            parts.push(format!("t.target_at < {}", place(now.0.saturating_add(WEEK).into())));
        }
        None => {}
    }
    (parts.join(" and "), values)
}

/// What places a request among the others.
#[derive(FromQueryResult)]
struct Place {
    number: i64,
    target_at: i64,
    requested_at: i64,
    company: String,
}

/// A column that rows are sorted by, and what of a place it is compared with.
struct Sorted {
    column: &'static str,
    descending: bool,
    of: fn(&Place) -> Value,
}

/// The columns of a sorting; the last one is no two requests' alike.
fn order(sort: QueueSort, descending: bool) -> Vec<Sorted> {
    let number =
        |descending| Sorted { column: "t.number", descending, of: |place: &Place| Value::from(place.number) };
    let target = |descending| Sorted {
        column: "t.target_at",
        descending,
        of: |place: &Place| Value::from(place.target_at),
    };
    match sort {
        QueueSort::Target => vec![target(descending), number(descending)],
        QueueSort::Number => vec![number(descending)],
        QueueSort::Organization => {
            let company = Sorted {
                column: "t.organization_key",
                descending,
                of: |place: &Place| Value::from(place.company.clone()),
            };
            vec![company, target(false), number(false)]
        }
        QueueSort::Age => {
            // The oldest has the greatest age and the earliest day.
            let requested = Sorted {
                column: "t.requested_at",
                descending: !descending,
                of: |place: &Place| Value::from(place.requested_at),
            };
            vec![requested, number(!descending)]
        }
    }
}

/// The order of the rows, or the other way round.
fn clause(order: &[Sorted], backwards: bool) -> String {
    let columns: Vec<String> = order
        .iter()
        .map(|Sorted { column, descending, .. }| {
            let way = if *descending == backwards { "asc" } else { "desc" };
            format!("{column} {way}")
        })
        .collect();
    columns.join(", ")
}

/// Whether a row comes after a place, or before it. The first condition is what an index can begin at.
fn beyond(order: &[Sorted], place: &Place, backwards: bool, values: &mut Vec<Value>) -> String {
    let (mut from, mut same) = (String::new(), String::new());
    let mut ways = Vec::with_capacity(order.len());
    for Sorted { column, descending, of } in order {
        values.push(of(place));
        let at = values.len();
        let than = if *descending == backwards { ">" } else { "<" };
        if from.is_empty() {
            from = format!("{column} {than}= ${at}");
        }
        ways.push(format!("({same}{column} {than} ${at})"));
        same.push_str(&format!("{column} = ${at} and "));
    }
    format!("({from} and ({}))", ways.join(" or "))
}

/// Where a request stands among the others, decided or not.
async fn place(connection: &impl ConnectionTrait, request: ServiceRequestId) -> Outcome<Place> {
    let text = "select r.number, r.target_at, r.requested_at, o.name_key as company
        from service_request r join organization o on o.id = r.organization_id where r.id = $1";
    Ok(sql::one::<Place>(connection, text, [request.0.into()]).await?.ok_or(ErrorCode::NotFound)?)
}

/// The rows of a page.
struct Part {
    rows: Vec<Row>,
    /// So many are in front of them.
    before: i64,
    /// Whether a page goes before it.
    previous: bool,
    /// Whether a page comes after it.
    next: bool,
}

/// The page at the place that the query says. Where nothing is left behind it, and where less than a page is left in
/// front of it, that is the first page: requests are decided while somebody reads.
async fn part(
    connection: &impl ConnectionTrait,
    query: &QueueQuery,
    filter: &str,
    values: &[Value],
    total: i64,
) -> Outcome<Part> {
    let order = order(query.sort, query.descending);
    if let Some(wanted) = query.place {
        let (request, backwards) = match wanted {
            QueuePlace::After(request) => (request, false),
            QueuePlace::Before(request) => (request, true),
        };
        let place = place(connection, request).await?;
        let mut values = values.to_vec();
        let beyond = beyond(&order, &place, backwards, &mut values);
        let condition = format!("{filter} and {beyond}");
        let (mut rows, more) =
            read(connection, &condition, values.clone(), &clause(&order, backwards)).await?;
        if more || !(backwards || rows.is_empty()) {
            let in_front = if backwards { beyond } else { format!("not {beyond}") };
            let text = format!("select count(*) as number from ({ROWS}) t where {filter} and {in_front}");
            let number = sql::number(connection, &text, values).await?;
            if !backwards {
                return Ok(Part { rows, before: number, previous: number > 0, next: more });
            }
            rows.reverse();
            let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
            return Ok(Part { rows, before: number - shown, previous: true, next: number < total });
        }
    }
    let (rows, next) = read(connection, filter, values.to_vec(), &clause(&order, false)).await?;
    Ok(Part { rows, before: 0, previous: false, next })
}

/// The first rows of that order, as many as a page has, and whether more follow.
async fn read(
    connection: &impl ConnectionTrait,
    condition: &str,
    values: Vec<Value>,
    order: &str,
) -> Outcome<(Vec<Row>, bool)> {
    let text = format!("select * from ({ROWS}) t where {condition} order by {order} limit {}", PAGE_ROWS + 1);
    let mut rows = sql::all::<Row>(connection, &text, values).await?;
    let more = rows.len() > PAGE_ROWS as usize;
    rows.truncate(PAGE_ROWS as usize);
    Ok((rows, more))
}

fn view(row: Row, now: Moment) -> Outcome<QueueRow> {
    let zone = Zone::named(&row.time_zone);
    let today = zone.day_of(now);
    let target = zone.day_of(Moment(row.target_at));
    let broken = |column| Failure::broken("service_request", column, row.id);
    Ok(QueueRow {
        id: row.id.into(),
        version: row.row_version,
        number: row.number,
        kind: RequestKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?,
        state: RequestState::from_code(&row.state).ok_or_else(|| broken("state"))?,
        open: row.open,
        subject: row.subject,
        benefit: row.benefit,
        organization: row.organization,
        organization_id: row.organization_id.into(),
        requester: row.requester,
        age: zone.day_of(Moment(row.requested_at)).days_until(today),
        clock: processing(Some(row.requested_at), Some(row.target_at), &zone, now).unwrap_or((1, 1)),
        target,
        target_days: today.days_until(target),
        owner: row.owner,
        mine: row.mine,
        answered: row.answered,
    })
}
