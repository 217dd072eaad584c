//! Paying an order by bank transfer: it is announced, proved, and confirmed by an operator.

use domain::ids::{OrganizationId, ServiceRequestId};
use domain::operation::OperationId;
use domain::order::{PROOFS_MAX, PaymentMethod, ProofType, proof_type};
use domain::rights::{Action, OperatorAction};
use domain::view::requests::{RequestKind, RequestState};
use domain::{AuditAction, ErrorCode, Language};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::list::Purchase;
use super::place::WantedOrder;
use super::{card, orders, settle};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::failure::Failure;
use crate::live::Changed;
use crate::names::ProgrammeNames;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, policies, requests, rights, sql};

/// The longest name of a file that is kept, in characters.
const NAME_MAX: usize = 120;

/// Chooses to pay an order by transfer: its number is what the transfer names, and operators look for the
/// money from now on. Gives the order's number.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::Stale`], [`ErrorCode::OrderSettled`];
/// [`ErrorCode::MethodNotOffered`] where the programme has no account for it;
/// [`ErrorCode::PaymentUnderWay`] while a card payment isn't decided.
pub async fn choose(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: WantedOrder,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let details = orders::transfer_details(reader, person.language).await?;
    let details = details.ok_or(ErrorCode::MethodNotOffered)?;
    let mut wanted = input;
    let text = "select count(*) as number from orders where organization_id = $1 and number = $2
        and row_version <> $3";
    let values = [person.organization.0.into(), input.number.into(), input.version.into()];
    // Nothing is given up for a page that is out of date; the claim below says so.
    if sql::number(reader, text, values).await? == 0
        && card::give_up(service, request, person.organization, input.number).await?
    {
        wanted.version += 1;
    }
    let operation = Operation::new(operation, "pay_by_transfer", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let order = orders::claim(&change, person.organization, wanted).await?;
    let payment = service.new_id();
    card::begin(&mut change, &order, payment, PaymentMethod::BankTransfer).await?;
    let zone = person.zone();
    let target = requests::target(&change, RequestKind::Payment, &zone).await?;
    let new = requests::NewRequest {
        kind: RequestKind::Payment,
        grant: None,
        activation: None,
        title: order.number.to_string(),
        details: "{}".to_owned(),
        target,
    };
    let request_number = requests::open(&mut change, person, new).await?;
    let text = "update service_request set order_id = $2,
            order_line_id = (select l.id from order_line l where l.order_id = $2 order by l.id limit 1)
        where number = $1";
    sql::run(&change.transaction, text, [request_number.into(), order.id.into()]).await?;
    change.record(
        Event::new(person.organization, AuditAction::PaymentBegun, "order", order.number)
            .after(PaymentMethod::BankTransfer.code()),
    );
    if let Some(mut letter) =
        settle::letter(&change, person.organization, order.id, "order_transfer", Some(person.id)).await?
    {
        letter.values.push(("details", details));
        change.post(letter);
    }
    change.commit(order.number).await
}

/// Stops waiting for a transfer: another way was chosen, or the order ends.
pub(super) async fn stop(change: &mut Change<'_>, order: &orders::Claimed) -> Outcome<()> {
    let text = "update payment set state = 'cancelled', settled_at = $2, row_version = row_version + 1
        where order_id = $1 and method = 'bank_transfer' and state = 'started'";
    if sql::run(&change.transaction, text, [order.id.into(), change.now.0.into()]).await? == 0 {
        return Ok(());
    }
    let text = "update service_request set state = $2, open = false, decided_at = $3,
            row_version = row_version + 1
        where order_id = $1 and kind = 'payment' and open";
    let values = [order.id.into(), RequestState::Withdrawn.code().into(), change.now.0.into()];
    sql::run(&change.transaction, text, values).await?;
    change.tell(Changed::Queue);
    Ok(())
}

/// Whether somebody may give a proof at all: asked before a file is read.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`], [`ErrorCode::WrongSide`], [`ErrorCode::RoleNeeded`].
pub async fn may_give_proof(service: &Service, request: &Request) -> Outcome<()> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await
}

/// A file that proves a transfer.
pub struct Proof {
    /// Its name, as whoever gave it has it.
    pub name: String,
    /// What it is, by its content.
    pub kind: ProofType,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Keeps a proof of a transfer with its order, where operators find it.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`]; [`ErrorCode::OrderSettled`] where no transfer is
/// awaited; [`ErrorCode::TooLarge`], [`ErrorCode::ProofNotReadable`], [`ErrorCode::TooManyProofs`].
pub async fn give_proof(
    service: &Service,
    request: &Request,
    number: i64,
    name: &str,
    content: Vec<u8>,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Awaited {
        order_id: Uuid,
        proofs: i64,
    }
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let kind = proof_type(&content)?;
    let mut change = Change::begin_unasked(service, request).await?;
    orders::hold(&change, person.organization, number).await?;
    let values = [person.organization.0.into(), number.into()];
    let text = "select o.id as order_id, (select count(*) from payment_proof f where f.order_id = o.id) as proofs
        from orders o join payment y on y.order_id = o.id and y.method = 'bank_transfer' and y.state = 'started'
        where o.organization_id = $1 and o.number = $2 and o.state = 'placed'";
    let awaited = sql::one::<Awaited>(&change.transaction, text, values).await?;
    let awaited = awaited.ok_or(ErrorCode::OrderSettled)?;
    if awaited.proofs >= PROOFS_MAX {
        return Err(ErrorCode::TooManyProofs.into());
    }
    let name: String = name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(NAME_MAX)
        .collect();
    let text = "insert into payment_proof
            (id, order_id, organization_id, file_name, media_type, content, uploaded_at, uploaded_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        service.new_id().into(),
        awaited.order_id.into(),
        person.organization.0.into(),
        name.into(),
        kind.code().into(),
        content.into(),
        change.now.0.into(),
        person.id.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    change
        .record(Event::new(person.organization, AuditAction::ProofGiven, "order", number).after(kind.code()));
    change.tell(Changed::Organization(person.organization));
    change.tell(Changed::Queue);
    change.commit(()).await
}

#[derive(FromQueryResult)]
struct ProofRow {
    file_name: String,
    media_type: String,
    content: Vec<u8>,
}

impl ProofRow {
    fn read(self, id: Uuid) -> Outcome<Proof> {
        Ok(Proof {
            kind: ProofType::from_code(&self.media_type)
                .ok_or_else(|| Failure::broken("payment_proof", "media_type", id))?,
            name: self.file_name,
            content: self.content,
        })
    }
}

/// A proof that the company gave.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`], also for another company's.
pub async fn proof(service: &Service, request: &Request, id: Uuid) -> Outcome<Proof> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let text =
        "select file_name, media_type, content from payment_proof where id = $1 and organization_id = $2";
    let row = sql::one::<ProofRow>(reader, text, [id.into(), person.organization.0.into()]).await?;
    row.ok_or(ErrorCode::NotFound)?.read(id)
}

/// A proof of any company, for operators of the queue.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`].
pub async fn proof_for_operator(service: &Service, request: &Request, id: Uuid) -> Outcome<Proof> {
    rights::check_operator(request.operator()?, OperatorAction::ReadQueue)?;
    let text = "select file_name, media_type, content from payment_proof where id = $1";
    let row = sql::one::<ProofRow>(service.database.reader(), text, [id.into()]).await?;
    row.ok_or(ErrorCode::NotFound)?.read(id)
}

/// Makes a decision about a transfer wait for whoever pays or ends its order, before the request is taken
/// hold of: everybody takes the order first. Nothing for a request of another kind.
pub(crate) async fn hold(change: &Change<'_>, request: ServiceRequestId) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select id from orders where id = (select order_id from service_request where id = $1)
            for update";
        sql::run(&change.transaction, text, [request.0.into()]).await?;
    }
    Ok(())
}

/// The money of a transfer is here, or was sent back: settles the order of a request in the queue, or ends
/// its refund.
///
/// # Errors
/// [`ErrorCode::WrongState`] where nothing of it waits any more.
pub(crate) async fn confirmed(change: &mut Change<'_>, request: ServiceRequestId) -> Outcome<()> {
    let (order, organization) = named(change, request).await?;
    let text = "update payment set refunded_at = $2, row_version = row_version + 1
        where order_id = $1 and method = 'bank_transfer' and refund_due_at is not null and refunded_at is null";
    if sql::run(&change.transaction, text, [order.into(), change.now.0.into()]).await? > 0 {
        if let Some(letter) = settle::letter(change, organization, order, "refund_sent", None).await? {
            change.post(letter);
        }
        change.tell(Changed::Organization(organization));
        return Ok(());
    }
    let order = orders::claim_any(change, order).await?.ok_or(ErrorCode::WrongState)?;
    let by = change.request().account()?.0;
    let text =
        "update payment set state = 'paid', settled_at = $2, settled_by = $3, row_version = row_version + 1
        where order_id = $1 and method = 'bank_transfer' and state = 'started'";
    if sql::run(&change.transaction, text, [order.id.into(), change.now.0.into(), by.into()]).await? == 0 {
        return Err(ErrorCode::WrongState.into());
    }
    settle::settle(change, order.organization(), order.id).await?;
    Ok(())
}

/// Asks the operators to send the money of a refunded order back, where it came by transfer: nobody else can.
pub(crate) async fn send_back(change: &mut Change<'_>, purchase: &Purchase) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Paid {
        order_id: Uuid,
        number: i64,
        requested_by: Option<Uuid>,
    }
    let text = "select o.id as order_id, o.number, (select r.requested_by from service_request r
            where r.order_line_id = l.id and r.kind = 'cancellation' and r.state <> 'withdrawn' order by r.requested_at desc limit 1)
                as requested_by
        from order_line l join orders o on o.id = l.order_id
        join payment y on y.order_id = o.id and y.method = 'bank_transfer' and y.refund_due_at is not null
            and y.refunded_at is null
        where l.id = $1";
    let Some(paid) = sql::one::<Paid>(&change.transaction, text, [purchase.id.0.into()]).await? else {
        return Ok(());
    };
    // Nobody asked for what whoever bought it takes back alone.
    let by = paid.requested_by.or_else(|| change.request().person().ok().map(|person| person.id.0));
    let target = requests::target(change, RequestKind::Payment, &purchase.zone).await?;
    let text = "insert into service_request (id, number, organization_id, kind, state, open, order_line_id,
            order_id, title, title_key, details, requested_by, requested_at, target_at)
        values ($1, $2, $3, 'payment', 'requested', true, $4, $5, $6, $6, '{}', $7, $8, $9)";
    let values = [
        change.service().new_id().into(),
        requests::next_number(&change.transaction).await?.into(),
        purchase.organization.0.into(),
        purchase.id.0.into(),
        paid.order_id.into(),
        paid.number.to_string().into(),
        by.into(),
        change.now.0.into(),
        target.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    change.tell(Changed::Queue);
    Ok(())
}

/// The money can't be found: the transfer is no longer awaited, and the order waits for another payment.
pub(crate) async fn refused(change: &mut Change<'_>, request: ServiceRequestId) -> Outcome<()> {
    let order = order_of(change, request).await?;
    let by = change.request().account()?.0;
    let text = "update payment set state = 'cancelled', settled_at = $2, settled_by = $3,
            row_version = row_version + 1
        where order_id = $1 and method = 'bank_transfer' and state = 'started'";
    sql::run(&change.transaction, text, [order.id.into(), change.now.0.into(), by.into()]).await?;
    let text = "update orders set row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [order.id.into()]).await?;
    Ok(())
}

async fn order_of(change: &Change<'_>, request: ServiceRequestId) -> Outcome<orders::Claimed> {
    let (order, _) = named(change, request).await?;
    Ok(orders::claim_any(change, order).await?.ok_or(ErrorCode::WrongState)?)
}

/// The order that a request names, and whose it is.
async fn named(change: &Change<'_>, request: ServiceRequestId) -> Outcome<(Uuid, OrganizationId)> {
    #[derive(FromQueryResult)]
    struct Named {
        order_id: Option<Uuid>,
        organization_id: Uuid,
    }
    let text = "select order_id, organization_id from service_request where id = $1";
    let row = sql::one::<Named>(&change.transaction, text, [request.0.into()]).await?;
    row.and_then(|row| Some((row.order_id?, OrganizationId(row.organization_id))))
        .ok_or_else(|| Failure::broken("service_request", "order_id", request))
}

/// What an operator sees of the order of a request.
pub(crate) async fn item(
    service: &Service,
    language: Language,
    request: ServiceRequestId,
) -> Outcome<domain::view::operator::PaymentItem> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        number: i64,
        state: String,
        currency: String,
        price_minor: i64,
        ordered_at: i64,
        time_zone: String,
        offer: String,
        areas: String,
        refunds: i64,
    }
    let reader = service.database.reader();
    let text = "select o.id, o.number, o.state, o.currency, l.price_minor, o.ordered_at, c.time_zone,
            t.name as offer, l.areas, (select count(*) from payment y where y.order_id = o.id
                and y.refund_due_at is not null and y.refunded_at is null) as refunds
        from service_request r join orders o on o.id = r.order_id
        join order_line l on l.id = r.order_line_id
        join organization c on c.id = o.organization_id
        join offer_text t on t.offer_id = l.offer_id and t.language = $2
        where r.id = $1";
    let row = sql::one::<Row>(reader, text, [request.0.into(), language.tag().into()])
        .await?
        .ok_or_else(|| Failure::broken("service_request", "order_id", request))?;
    let zone = domain::moment::Zone::named(&row.time_zone);
    Ok(domain::view::operator::PaymentItem {
        order: row.number,
        state: domain::order::OrderState::from_code(&row.state)
            .ok_or_else(|| Failure::broken("orders", "state", row.id))?,
        offer: row.offer,
        areas: ProgrammeNames::of(reader, language).await?.names(&row.areas),
        price_minor: row.price_minor,
        currency: row.currency,
        ordered: zone.day_of(domain::Moment(row.ordered_at)),
        proofs: orders::proofs(reader, row.id, &zone).await?,
        refund: row.refunds > 0,
    })
}
