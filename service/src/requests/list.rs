//! Lists of requests: what waits for a colleague, and what became of one's own.

use domain::ids::{GrantId, ServiceRequestId};
use domain::moment::Zone;
use domain::queue::next_step;
use domain::rights::{self as domain_rights, Action};
use domain::view::benefits::PAGE_ROWS;
use domain::view::requests::{
    OpenRequest, OwnSeatRequest, RequestKind, RequestState, RequestsPage, RequestsQuery, ServiceRequestRow,
    WaitingSeatRequest,
};
use domain::{Language, Moment};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::messages;
use crate::failure::Failure;
use crate::queue::plan;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// So many requests for seats are listed.
const SEATS: u32 = 200;
/// So many requests stand beside the benefit they are about.
const BESIDE: u32 = 20;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    kind: String,
    state: String,
    open: bool,
    title: String,
    product: Option<String>,
    full_name: String,
    requested_at: i64,
    target_at: i64,
    decided_at: Option<i64>,
    reason: Option<String>,
}

/// `$1` organization, `$2` language.
const ROWS: &str = "select r.id, r.number, r.kind, r.state, r.open, coalesce(ft.name, r.title) as title,
        t.name as product, a.full_name,
        r.requested_at, r.target_at, r.decided_at, r.reason
    from service_request r
    join person p on p.id = r.requested_by join account a on a.id = p.account_id
    left join benefit_grant g on g.id = r.grant_id
    left join product_text t on t.product_id = g.product_id and t.language = $2
    left join order_line l on l.id = r.order_line_id
    left join offer_text ft on ft.offer_id = l.offer_id and ft.language = $2
    where r.organization_id = $1";

#[derive(FromQueryResult)]
struct WaitingRow {
    id: Uuid,
    grant_id: Uuid,
    product: String,
    source: String,
    source_name: Option<String>,
    quantity: Option<i64>,
    used: i64,
    full_name: String,
    email: String,
    note: String,
    requested_at: i64,
}

#[derive(FromQueryResult)]
struct OwnRow {
    id: Uuid,
    product: String,
    state: String,
    requested_at: i64,
    decided_at: Option<i64>,
    decided_by: Option<String>,
    reason: Option<String>,
}

/// The page of requests: whoever may open the benefits pages sees the company's service requests,
/// everybody else their own.
///
/// # Errors
/// [`domain::ErrorCode::SignInNeeded`], [`domain::ErrorCode::WrongSide`].
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: RequestsQuery,
) -> Outcome<RequestsPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    let zone = person.zone();
    let now = service.now();
    let of_company = domain_rights::may(&person.roles, Action::OpenBenefits, &policies).is_ok();
    let why_not_decide = rights::why_not(reader, person, Action::AssignUser, &policies).await?;
    let mut values: Vec<Value> = vec![person.organization.0.into(), language.tag().into()];
    let whose = if of_company {
        ""
    } else {
        values.push(person.id.0.into());
        " and r.requested_by = $3"
    };
    let count = format!("select count(*) as number from ({ROWS}{whose}) t");
    let total = sql::number(reader, &count, values.clone()).await?;
    let pages = u32::try_from(total.max(1)).unwrap_or(u32::MAX).div_ceil(PAGE_ROWS);
    let page = query.page.clamp(1, pages);
    let offset = (page - 1) * PAGE_ROWS;
    let text = format!(
        "{ROWS}{whose} order by case when r.open then 0 else 1 end, r.requested_at desc, r.number desc
        limit {PAGE_ROWS} offset {offset}"
    );
    let rows = sql::all::<Row>(reader, &text, values.clone()).await?;
    let item = match query.open {
        Some(open) => self::open(service, open, whose, values, &zone).await?.map(Box::new),
        None => None,
    };
    Ok(RequestsPage {
        seats: if of_company { waiting_seats(service, person, language, &zone).await? } else { Vec::new() },
        why_not_decide,
        own_seats: own_seats(service, person, language, &zone).await?,
        service: rows.into_iter().map(|row| view(row, &zone, now)).collect::<Outcome<_>>()?,
        of_company,
        total,
        page,
        item,
    })
}

/// The open request; none where the reader doesn't see it.
async fn open(
    service: &Service,
    id: ServiceRequestId,
    whose: &str,
    mut values: Vec<Value>,
    zone: &Zone,
) -> Outcome<Option<OpenRequest>> {
    values.push(id.0.into());
    let text = format!("{ROWS}{whose} and r.id = ${}", values.len());
    let reader = service.database.reader();
    let Some(row) = sql::one::<Row>(reader, &text, values).await? else { return Ok(None) };
    let row = view(row, zone, service.now())?;
    let messages = messages::of(reader, id, zone).await?;
    let plan = plan::of(reader, id.0).await?;
    // What was planned for a day that is over has taken place.
    let coming = plan.as_ref().is_some_and(|plan| plan.day >= zone.day_of(service.now()));
    let asked = messages.last().is_some_and(|message| message.asks);
    Ok(Some(OpenRequest {
        next: next_step(row.kind, row.state, asked, coming),
        plan,
        messages,
        takes_messages: row.open && messages::takes_messages(row.kind),
        row,
    }))
}

/// The requests about a benefit, the latest first: the company's for whoever may open the benefits
/// pages.
pub(crate) async fn of_grant(
    service: &Service,
    person: &Person,
    grant: GrantId,
    language: Language,
) -> Outcome<Vec<ServiceRequestRow>> {
    let text =
        format!("{ROWS} and r.grant_id = $3 order by r.requested_at desc, r.number desc limit {BESIDE}");
    let values = [person.organization.0.into(), language.tag().into(), grant.0.into()];
    rows(service, person, &text, values).await
}

/// Advisory requests of the company, or only one's own, the latest first.
pub(super) async fn advisory(
    service: &Service,
    person: &Person,
    language: Language,
    of_company: bool,
) -> Outcome<Vec<ServiceRequestRow>> {
    let mut values: Vec<Value> = vec![person.organization.0.into(), language.tag().into()];
    let whose = if of_company {
        ""
    } else {
        values.push(person.id.0.into());
        " and r.requested_by = $3"
    };
    let text = format!(
        "{ROWS} and r.kind = 'advisory'{whose} order by r.requested_at desc, r.number desc limit {BESIDE}"
    );
    rows(service, person, &text, values).await
}

async fn rows(
    service: &Service,
    person: &Person,
    text: &str,
    values: impl IntoIterator<Item = Value>,
) -> Outcome<Vec<ServiceRequestRow>> {
    let zone = person.zone();
    let now = service.now();
    let rows = sql::all::<Row>(service.database.reader(), text, values).await?;
    rows.into_iter().map(|row| view(row, &zone, now)).collect()
}

fn view(row: Row, zone: &Zone, now: Moment) -> Outcome<ServiceRequestRow> {
    let broken = |column| Failure::broken("service_request", column, row.id);
    let kind = RequestKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?;
    let state = RequestState::from_code(&row.state).ok_or_else(|| broken("state"))?;
    let target = zone.day_of(Moment(row.target_at));
    Ok(ServiceRequestRow {
        id: row.id.into(),
        number: row.number,
        kind,
        state,
        open: row.open,
        title: match (kind, row.product) {
            (RequestKind::Activation, Some(product)) => product,
            _ => row.title,
        },
        requested_by: row.full_name,
        requested: zone.day_of(Moment(row.requested_at)),
        target,
        target_days: zone.day_of(now).days_until(target),
        decided: row.decided_at.map(|at| zone.day_of(Moment(at))),
        reason: row.reason,
    })
}

async fn waiting_seats(
    service: &Service,
    person: &Person,
    language: Language,
    zone: &Zone,
) -> Outcome<Vec<WaitingSeatRequest>> {
    let text = format!(
        "select r.id, r.grant_id, t.name as product, g.source,
            coalesce(an.name, g.area, sn.source_name) as source_name, po.quantity, po.used, a.full_name, a.email,
            r.note, r.requested_at
        from seat_request r
        join person p on p.id = r.person_id join account a on a.id = p.account_id
        join benefit_grant g on g.id = r.grant_id join pool po on po.id = g.pool_id
        join product_text t on t.product_id = g.product_id and t.language = $2
        left join competency_area_text an on an.area = g.area and an.language = $2
        left join tier_text sn on sn.source = g.source and sn.language = $2
        where r.organization_id = $1 and r.state = 'requested'
        order by r.requested_at, r.id limit {SEATS}"
    );
    let values = [person.organization.0.into(), language.tag().into()];
    let rows = sql::all::<WaitingRow>(service.database.reader(), &text, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| WaitingSeatRequest {
            id: row.id.into(),
            grant: row.grant_id.into(),
            product: row.product,
            source: row.source,
            source_name: row.source_name,
            left: row.quantity.map(|quantity| quantity.saturating_sub(row.used).max(0)),
            name: row.full_name,
            email: row.email,
            note: row.note,
            asked: zone.day_of(Moment(row.requested_at)),
        })
        .collect())
}

async fn own_seats(
    service: &Service,
    person: &Person,
    language: Language,
    zone: &Zone,
) -> Outcome<Vec<OwnSeatRequest>> {
    let text = format!(
        "select r.id, t.name as product, r.state, r.requested_at, r.decided_at, a.full_name as decided_by, r.reason
        from seat_request r
        join benefit_grant g on g.id = r.grant_id
        join product_text t on t.product_id = g.product_id and t.language = $2
        left join person p on p.id = r.decided_by left join account a on a.id = p.account_id
        where r.person_id = $1
        order by r.requested_at desc, r.id limit {SEATS}"
    );
    let values = [person.id.0.into(), language.tag().into()];
    let rows = sql::all::<OwnRow>(service.database.reader(), &text, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| OwnSeatRequest {
            id: row.id.into(),
            product: row.product,
            state: row.state,
            asked: zone.day_of(Moment(row.requested_at)),
            decided: row.decided_at.map(|at| zone.day_of(Moment(at))),
            decided_by: row.decided_by,
            reason: row.reason,
        })
        .collect())
}
