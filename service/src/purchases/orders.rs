//! The company's orders: the list, and one with its payments, proofs and documents.

use domain::ids::OrganizationId;
use domain::moment::Zone;
use domain::order::{DeclineCode, OrderKind, OrderState, PaymentMethod, PaymentState, pay_by};
use domain::rights::Action;
use domain::view::orders::{
    Document, DocumentKind, OrderPage, OrderRow, OrdersPage, OrdersQuery, PAGE_ROWS, PaymentRow, ProofRow,
};
use domain::{ErrorCode, Language, Moment, Policies};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::place::WantedOrder;
use super::{test_card, tier_change};
use crate::change::Change;
use crate::failure::Failure;
use crate::names::ProgrammeNames;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// An order with its offer; `$1` language, `$2` organization.
const ORDERS: &str = "select o.id, o.number, o.row_version, o.state, o.ordered_at, o.paid_at, o.currency,
        l.price_minor, l.areas, l.kind, l.agreement_version, t.name as offer, a.full_name as ordered_by
    from orders o
    join order_line l on l.order_id = o.id
    join offer_text t on t.offer_id = l.offer_id and t.language = $1
    left join person p on p.id = o.ordered_by left join account a on a.id = p.account_id
    where o.organization_id = $2";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    row_version: i64,
    state: String,
    ordered_at: i64,
    paid_at: Option<i64>,
    currency: String,
    price_minor: i64,
    areas: String,
    kind: String,
    agreement_version: i64,
    offer: String,
    ordered_by: Option<String>,
}

#[derive(FromQueryResult)]
struct Payment {
    id: Uuid,
    method: String,
    state: String,
    decline_code: Option<String>,
    started_at: i64,
    settled_at: Option<i64>,
    refund_due_at: Option<i64>,
    refunded_at: Option<i64>,
    started_by: Option<String>,
}

#[derive(FromQueryResult)]
struct Proof {
    id: Uuid,
    file_name: String,
    uploaded_at: i64,
    by: Option<String>,
}

#[derive(FromQueryResult)]
struct Paper {
    number: i64,
    kind: String,
    amount_minor: i64,
    currency: String,
    issued_at: i64,
}

/// What settling an order asks of it.
#[derive(FromQueryResult)]
pub(super) struct Facts {
    pub(super) number: i64,
    pub(super) price_minor: i64,
    pub(super) currency: String,
}

/// An order that waits for its payment, held for this change alone.
#[derive(FromQueryResult)]
pub(super) struct Claimed {
    pub(super) id: Uuid,
    pub(super) number: i64,
    pub(super) organization_id: Uuid,
    state: String,
    row_version: i64,
    pub(super) currency: String,
    pub(super) price_minor: i64,
}

impl Claimed {
    pub(super) const fn organization(&self) -> OrganizationId {
        OrganizationId(self.organization_id)
    }
}

/// The order's number and price.
pub(super) async fn facts(connection: &impl ConnectionTrait, order: Uuid) -> Outcome<Facts> {
    let text = "select o.number, o.currency, cast(sum(l.price_minor) as bigint) as price_minor
        from orders o join order_line l on l.order_id = o.id where o.id = $1 group by o.number, o.currency";
    Ok(sql::one::<Facts>(connection, text, [order.into()]).await?.ok_or(ErrorCode::NotFound)?)
}

/// Makes changes of an order wait for each other, whatever its state.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(super) async fn hold(change: &Change<'_>, organization: OrganizationId, number: i64) -> Outcome<()> {
    lock(change, "o.organization_id = $1 and o.number = $2", [organization.0.into(), number.into()]).await?;
    Ok(())
}

/// The company's order that waits for its payment.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`ErrorCode::OrderSettled`] where it no longer waits; [`ErrorCode::Stale`].
pub(super) async fn claim(
    change: &Change<'_>,
    organization: OrganizationId,
    wanted: WantedOrder,
) -> Outcome<Claimed> {
    let order = lock(
        change,
        "o.organization_id = $1 and o.number = $2",
        [organization.0.into(), wanted.number.into()],
    )
    .await?;
    if order.state != OrderState::Placed.code() {
        return Err(ErrorCode::OrderSettled.into());
    }
    if order.row_version != wanted.version {
        return Err(ErrorCode::Stale.into());
    }
    Ok(order)
}

/// An order of any company, held for this change alone; none where it no longer waits.
pub(super) async fn claim_any(change: &Change<'_>, order: Uuid) -> Outcome<Option<Claimed>> {
    let order = lock(change, "o.id = $1", [order.into()]).await?;
    Ok((order.state == OrderState::Placed.code()).then_some(order))
}

async fn lock<const N: usize>(change: &Change<'_>, which: &str, values: [Value; N]) -> Outcome<Claimed> {
    let lock = if change.service().database.is_postgres() { " for update of o" } else { "" };
    let text = format!(
        "select o.id, o.number, o.organization_id, o.state, o.row_version, o.currency,
            (select cast(sum(l.price_minor) as bigint) from order_line l where l.order_id = o.id)
                as price_minor
        from orders o where {which}{lock}"
    );
    Ok(sql::one::<Claimed>(&change.transaction, &text, values).await?.ok_or(ErrorCode::NotFound)?)
}

fn view(row: &Row, areas: &ProgrammeNames, zone: &Zone) -> Outcome<OrderRow> {
    let state =
        OrderState::from_code(&row.state).ok_or_else(|| Failure::broken("orders", "state", row.id))?;
    Ok(OrderRow {
        number: row.number,
        kind: OrderKind::from_code(&row.kind).ok_or_else(|| Failure::broken("order_line", "kind", row.id))?,
        offer: row.offer.clone(),
        areas: areas.names(&row.areas),
        state,
        ordered: zone.day_of(Moment(row.ordered_at)),
        ordered_by: row.ordered_by.clone(),
        price_minor: row.price_minor,
        currency: row.currency.clone(),
        pay_by: (state == OrderState::Placed).then(|| pay_by(zone.day_of(Moment(row.ordered_at)))),
        documents: Vec::new(),
    })
}

/// Whoever may see what the company buys.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`].
pub(super) async fn reader<'r>(service: &Service, request: &'r Request) -> Outcome<(&'r Person, Policies)> {
    let person = request.person()?;
    let connection = service.database.reader();
    let policies = policies::in_force(connection).await?;
    rights::check(connection, person, Action::Purchase, &policies).await?;
    Ok((person, policies))
}

/// The company's orders, the latest first.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`].
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &OrdersQuery,
) -> Outcome<OrdersPage> {
    let (person, _) = reader(service, request).await?;
    let zone = person.zone();
    let mut values: Vec<Value> = vec![language.tag().into(), person.organization.0.into()];
    let mut further = String::new();
    if let Some(before) = query.before {
        values.push(before.into());
        further.push_str(" and o.number < $3");
    }
    let text = format!("{ORDERS}{further} order by o.number desc limit {}", PAGE_ROWS + 1);
    let mut rows = sql::all::<Row>(service.database.reader(), &text, values).await?;
    let more = rows.len() > PAGE_ROWS as usize;
    rows.truncate(PAGE_ROWS as usize);
    let areas = ProgrammeNames::of(service.database.reader(), language).await?;
    let mut orders = rows.iter().map(|row| view(row, &areas, &zone)).collect::<Outcome<Vec<_>>>()?;
    add_documents(service.database.reader(), person, &mut orders).await?;
    Ok(OrdersPage { next: orders.last().filter(|_| more).map(|row| row.number), orders })
}

/// Puts invoices and credit notes beside their orders.
async fn add_documents(
    connection: &impl ConnectionTrait,
    person: &Person,
    orders: &mut [OrderRow],
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Issued {
        order_number: i64,
        kind: String,
        number: i64,
    }
    let (Some(last), Some(first)) = (orders.first(), orders.last()) else { return Ok(()) };
    let text =
        "select o.number as order_number, i.kind, i.number from invoice i join orders o on o.id = i.order_id
        where o.organization_id = $1 and o.number >= $2 and o.number <= $3 order by i.number";
    let values = [person.organization.0.into(), first.number.into(), last.number.into()];
    for issued in sql::all::<Issued>(connection, text, values).await? {
        let kind = DocumentKind::from_code(&issued.kind)
            .ok_or_else(|| Failure::broken("invoice", "kind", issued.number))?;
        if let Some(order) = orders.iter_mut().find(|order| order.number == issued.order_number) {
            order.documents.push((kind, issued.number));
        }
    }
    Ok(())
}

/// One order.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`], also for another company's.
pub async fn one(
    service: &Service,
    request: &Request,
    language: Language,
    number: i64,
) -> Outcome<OrderPage> {
    let (person, policies) = reader(service, request).await?;
    let connection = service.database.reader();
    let zone = person.zone();
    let text = format!("{ORDERS} and o.number = $3");
    let values = [language.tag().into(), person.organization.0.into(), number.into()];
    let row = sql::one::<Row>(connection, &text, values).await?.ok_or(ErrorCode::NotFound)?;
    let order = view(&row, &ProgrammeNames::of(connection, language).await?, &zone)?;
    let payments = payments(connection, row.id, &zone).await?;
    let open = payments.iter().find(|payment| payment.state.is_open()).cloned();
    let waits = order.state == OrderState::Placed;
    let bank_details = transfer_details(connection, language).await?;
    let card = service.payments.card.is_some() && waits;
    Ok(OrderPage {
        version: row.row_version,
        paid: row.paid_at.map(|at| zone.day_of(Moment(at))),
        agreement: agreement(connection, language, row.agreement_version).await?,
        cards: if card { test_card::CARDS.map(str::to_owned).to_vec() } else { Vec::new() },
        bank_details: bank_details.filter(|_| waits),
        proofs: proofs(connection, row.id, &zone).await?,
        documents: documents(connection, row.id, &zone).await?,
        tier_change: tier_change::done(connection, person, &policies, number, service.now()).await?,
        open,
        payments,
        order,
    })
}

async fn agreement(
    connection: &impl ConnectionTrait,
    language: Language,
    version: i64,
) -> Outcome<Option<domain::view::orders::Agreement>> {
    #[derive(FromQueryResult)]
    struct Text {
        text: String,
    }
    let text = "select text from purchase_agreement where version = $1 and language = $2";
    let row = sql::one::<Text>(connection, text, [version.into(), language.tag().into()]).await?;
    Ok(row.map(|row| domain::view::orders::Agreement { version, text: row.text }))
}

/// Where a transfer goes, as the programme says it; none where it takes none.
pub(super) async fn transfer_details(
    connection: &impl ConnectionTrait,
    language: Language,
) -> Outcome<Option<String>> {
    #[derive(FromQueryResult)]
    struct Details {
        bank_details: Option<String>,
    }
    let text = "select bank_details from programme_text where language = $1";
    let row = sql::one::<Details>(connection, text, [language.tag().into()]).await?;
    Ok(row.and_then(|row| row.bank_details).filter(|details| !details.trim().is_empty()))
}

async fn payments(connection: &impl ConnectionTrait, order: Uuid, zone: &Zone) -> Outcome<Vec<PaymentRow>> {
    let text = "select y.id, y.method, y.state, y.decline_code, y.started_at, y.settled_at, y.refund_due_at,
            y.refunded_at,            a.full_name as started_by
        from payment y left join person p on p.id = y.started_by left join account a on a.id = p.account_id
        where y.order_id = $1 order by y.started_at desc, y.id desc limit 50";
    sql::all::<Payment>(connection, text, [order.into()])
        .await?
        .into_iter()
        .map(|row| {
            let broken = |column| Failure::broken("payment", column, row.id);
            Ok(PaymentRow {
                method: PaymentMethod::from_code(&row.method).ok_or_else(|| broken("method"))?,
                state: PaymentState::from_code(&row.state).ok_or_else(|| broken("state"))?,
                decline: row.decline_code.as_deref().and_then(DeclineCode::from_code),
                started: zone.day_of(Moment(row.started_at)),
                settled: row.settled_at.map(|at| zone.day_of(Moment(at))),
                refund_due: row.refund_due_at.map(|at| zone.day_of(Moment(at))),
                refunded: row.refunded_at.map(|at| zone.day_of(Moment(at))),
                by: row.started_by,
            })
        })
        .collect()
}

/// The proofs that were given, without their content.
pub(crate) async fn proofs(
    connection: &impl ConnectionTrait,
    order: Uuid,
    zone: &Zone,
) -> Outcome<Vec<ProofRow>> {
    let text = "select f.id, f.file_name, f.uploaded_at, a.full_name as by
        from payment_proof f left join person p on p.id = f.uploaded_by left join account a on a.id = p.account_id
        where f.order_id = $1 order by f.uploaded_at, f.id";
    let rows = sql::all::<Proof>(connection, text, [order.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| ProofRow {
            id: row.id.to_string(),
            name: row.file_name,
            day: zone.day_of(Moment(row.uploaded_at)),
            by: row.by,
        })
        .collect())
}

async fn documents(connection: &impl ConnectionTrait, order: Uuid, zone: &Zone) -> Outcome<Vec<Document>> {
    let text = "select number, kind, amount_minor, currency, issued_at from invoice
        where order_id = $1 order by number";
    sql::all::<Paper>(connection, text, [order.into()])
        .await?
        .into_iter()
        .map(|row| {
            Ok(Document {
                number: row.number,
                kind: DocumentKind::from_code(&row.kind)
                    .ok_or_else(|| Failure::broken("invoice", "kind", row.number))?,
                amount_minor: row.amount_minor,
                currency: row.currency,
                issued: zone.day_of(Moment(row.issued_at)),
            })
        })
        .collect()
}
