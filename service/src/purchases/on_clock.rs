//! What the clock does to orders: payments whose fate isn't known are looked up, and orders that nobody paid
//! expire.

use domain::ids::OrganizationId;
use domain::moment::Zone;
use domain::order::{ORDER_DAYS, OrderState, pay_until};
use domain::{AuditAction, ErrorCode, Moment};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{card, orders, place, settle};
use crate::audit::Event;
use crate::change::Change;
use crate::failure::Failure;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// So many are looked at in a round.
const ROUND: u32 = 500;
/// So long whoever began a payment has to hear of it before it is looked up, in seconds.
const PATIENCE: i64 = 60;
/// So long a confirmation is waited for, in seconds.
const CONFIRMATION: i64 = 3600;

#[derive(FromQueryResult)]
struct Payment {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct Order {
    id: Uuid,
    organization_id: Uuid,
    number: i64,
    ordered_at: i64,
    time_zone: String,
}

/// Learns what became of card payments: those without an answer, those whose process ended before it came,
/// and those that nobody confirmed. Says how many were decided.
///
/// # Errors
/// [`Failure::Database`]; what was decided before stays decided.
pub async fn look_up_due(service: &Service) -> Outcome<usize> {
    let Some(processor) = service.payments.card.as_deref() else { return Ok(0) };
    let now = service.now();
    let text = format!(
        "select id from payment where method = 'card'
            and (state in ('started', 'unknown') and started_at <= $1 or state = 'confirmation' and started_at <= $2)
        order by started_at, id limit {ROUND}"
    );
    let before = [now.plus_seconds(-PATIENCE).0.into(), now.plus_seconds(-CONFIRMATION).0.into()];
    let request = Request::of_worker(service);
    let mut decided = 0;
    for Payment { id } in sql::all::<Payment>(service.database.reader(), &text, before).await? {
        // What the processor never heard of, or nobody confirmed, is made sure never to be charged.
        let told = match processor.look_up(id).await {
            Ok(Some(told)) if told.state != domain::order::ChargeState::Confirmation => Ok(told),
            Ok(_) => processor.void(id).await,
            Err(failure) => Err(failure),
        };
        match told {
            // The others don't wait for one that can't be decided.
            Ok(told) => match card::apply(service, &request, id, told).await {
                Ok(state) => decided += usize::from(!state.is_open()),
                Err(failure) => {
                    tracing::error!(payment = %id, cause = %failure, "a payment could not be decided");
                }
            },
            Err(failure) => {
                tracing::warn!(payment = %id, cause = %failure, "a payment could not be looked up");
            }
        }
    }
    Ok(decided)
}

/// Gives the money of refunded card payments back. Says how many.
///
/// # Errors
/// [`Failure::Database`].
pub async fn refund_due(service: &Service) -> Outcome<usize> {
    let Some(processor) = service.payments.card.as_deref() else { return Ok(0) };
    let text = format!(
        "select id from payment where method = 'card' and refund_due_at is not null and refunded_at is null
        order by refund_due_at, id limit {ROUND}"
    );
    let mut refunded = 0;
    for Payment { id } in sql::all::<Payment>(service.database.reader(), &text, []).await? {
        if let Err(failure) = processor.refund(id).await {
            tracing::warn!(payment = %id, cause = %failure, "money could not be given back yet");
            continue;
        }
        let transaction = service.database.begin().await?;
        let text = "update payment set refunded_at = $2, row_version = row_version + 1
            where id = $1 and refunded_at is null";
        // The processor gives a payment back once, however many servers ask; one of them notes it.
        let noted = sql::run(&transaction, text, [id.into(), service.now().0.into()]).await?;
        transaction.commit().await?;
        refunded += usize::from(noted > 0);
    }
    Ok(refunded)
}

/// Ends orders that nobody paid by the end of day 30. A transfer whose proof is here, or that an operator
/// looks for, is decided first. Says how many ended.
///
/// # Errors
/// [`Failure::Database`]; what ended before stays ended.
pub async fn expire_due(service: &Service) -> Outcome<usize> {
    let now = service.now();
    let text = format!(
        "select o.id, o.organization_id, o.number, o.ordered_at, c.time_zone from orders o
        join organization c on c.id = o.organization_id
        where o.state = 'placed' and o.ordered_at < $1 and not exists (select 1 from service_request r
            where r.order_id = o.id and r.kind = 'payment' and r.open and (r.owner_id is not null
                or exists (select 1 from payment_proof f where f.order_id = o.id)))
        order by o.ordered_at, o.id limit {ROUND}"
    );
    let before = now.plus_days(-ORDER_DAYS);
    let mut expired = 0;
    for order in sql::all::<Order>(service.database.reader(), &text, [before.0.into()]).await? {
        if now <= pay_until(Moment(order.ordered_at), &Zone::named(&order.time_zone)) {
            continue;
        }
        match expire(service, &order).await {
            Ok(done) => expired += usize::from(done),
            // Its card payment is decided first.
            Err(Failure::Refused(error)) if error.code == ErrorCode::PaymentUnderWay => {}
            Err(failure) => {
                tracing::error!(order = order.number, cause = %failure, "an order could not be expired");
            }
        }
    }
    Ok(expired)
}

async fn expire(service: &Service, order: &Order) -> Outcome<bool> {
    let request = Request::of_worker(service);
    let organization = OrganizationId(order.organization_id);
    card::give_up(service, &request, organization, order.number).await?;
    let mut change = Change::begin_unasked(service, &request).await?;
    let Some(claimed) = orders::claim_any(&change, order.id).await? else { return Ok(false) };
    place::end(&mut change, &claimed, OrderState::Expired).await?;
    if let Some(letter) = settle::letter(&change, organization, order.id, "order_expired", None).await? {
        change.post(letter);
    }
    change.record(
        Event::new(organization, AuditAction::OrderExpired, "order", order.number)
            .before(OrderState::Placed.code())
            .after(OrderState::Expired.code()),
    );
    change.commit(true).await
}
