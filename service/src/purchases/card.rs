//! Paying an order by card.
//!
//! A payment is written before the processor is asked, and what the processor says is applied in a second
//! transaction. Whatever happens in between, the payment's id finds the truth at the processor.

use domain::ids::OrganizationId;
use domain::operation::OperationId;
use domain::order::{PaymentMethod, PaymentState, next_state};
use domain::rights::Action;
use domain::{AuditAction, Error, ErrorCode, Field};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::payment::{CardProcessor, Charge, Told};
use super::place::WantedOrder;
use super::{orders, settle, transfer};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// The longest word that stands for a card.
const CARD_MAX: usize = 120;

/// Which order is paid with which card.
#[derive(Clone, Debug)]
pub struct PayByCard {
    /// The order.
    pub order: WantedOrder,
    /// What stands for the card at the processor.
    pub card: String,
}

#[derive(FromQueryResult)]
struct Payment {
    id: Uuid,
    order_id: Uuid,
    state: String,
    started_by: Option<Uuid>,
}

/// Pays; says where the payment stands then.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::Stale`], [`ErrorCode::OrderSettled`];
/// [`ErrorCode::MethodNotOffered`] where no processor is set up; [`ErrorCode::PaymentUnderWay`].
pub async fn pay(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: PayByCard,
) -> Outcome<PaymentState> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let processor = processor(service)?;
    if input.card.is_empty() || input.card.len() > CARD_MAX {
        return Err(Error::field(Field::Card, ErrorCode::Required).into());
    }
    let operation = Operation::new(operation, "pay_by_card", &input);
    // A repeated operation asks the processor for the same payment, which charges it once.
    let (payment, charge) = match Change::begin::<Uuid>(service, request, operation).await? {
        Begun::Before(payment) => (payment, charge_of(service, payment, &input.card).await?),
        Begun::New(mut change) => {
            let order = orders::claim(&change, person.organization, input.order).await?;
            transfer::stop(&mut change, &order).await?;
            let payment = service.new_id();
            begin(&mut change, &order, payment, PaymentMethod::Card).await?;
            change.record(
                Event::new(person.organization, AuditAction::PaymentBegun, "order", order.number)
                    .after(PaymentMethod::Card.code()),
            );
            let charge = Charge {
                reference: payment,
                amount_minor: order.price_minor,
                currency: order.currency.clone(),
                card: input.card.clone(),
            };
            (change.commit(payment).await?, charge)
        }
    };
    match processor.charge(charge).await {
        Ok(told) => apply(service, request, payment, told).await,
        Err(failure) => {
            tracing::warn!(%payment, cause = %failure, "it isn't known yet whether a card was charged");
            doubt(service, payment, person.organization).await?;
            Ok(PaymentState::Unknown)
        }
    }
}

/// Writes a payment that begins.
///
/// # Errors
/// [`ErrorCode::PaymentUnderWay`] where the order has an open one.
pub(super) async fn begin(
    change: &mut Change<'_>,
    order: &orders::Claimed,
    payment: Uuid,
    method: PaymentMethod,
) -> Outcome<()> {
    let text = "select count(*) as number from payment
        where order_id = $1 and state in ('started', 'confirmation', 'unknown')";
    if sql::number(&change.transaction, text, [order.id.into()]).await? > 0 {
        return Err(ErrorCode::PaymentUnderWay.into());
    }
    let by = change.request().person()?;
    let text = "insert into payment
            (id, order_id, organization_id, method, state, amount_minor, currency, started_at, started_by)
        values ($1, $2, $3, $4, 'started', $5, $6, $7, $8)";
    let values = [
        payment.into(),
        order.id.into(),
        order.organization_id.into(),
        method.code().into(),
        order.price_minor.into(),
        order.currency.clone().into(),
        change.now.0.into(),
        by.id.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let text = "update orders set row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [order.id.into()]).await?;
    change.tell(Changed::Organization(order.organization()));
    Ok(())
}

fn processor(service: &Service) -> Outcome<&dyn CardProcessor> {
    Ok(service.payments.card.as_deref().ok_or(ErrorCode::MethodNotOffered)?)
}

async fn charge_of(service: &Service, payment: Uuid, card: &str) -> Outcome<Charge> {
    #[derive(FromQueryResult)]
    struct Row {
        amount_minor: i64,
        currency: String,
    }
    let text = "select amount_minor, currency from payment where id = $1";
    let row = sql::one::<Row>(service.database.reader(), text, [payment.into()])
        .await?
        .ok_or_else(|| Failure::broken("payment", "id", payment))?;
    Ok(Charge {
        reference: payment,
        amount_minor: row.amount_minor,
        currency: row.currency,
        card: card.to_owned(),
    })
}

async fn doubt(service: &Service, payment: Uuid, organization: OrganizationId) -> Outcome<()> {
    let transaction = service.database.begin().await?;
    let text = "update payment set state = 'unknown', row_version = row_version + 1
        where id = $1 and state = 'started'";
    sql::run(&transaction, text, [payment.into()]).await?;
    transaction.commit().await?;
    service.live.tell(Changed::Organization(organization));
    Ok(())
}

/// Applies what the processor says about a payment; says where it stands then. To hear it again changes
/// nothing.
///
/// # Errors
/// [`ErrorCode::NotFound`] for a payment that isn't ours.
pub(super) async fn apply(
    service: &Service,
    request: &Request,
    payment: Uuid,
    told: Told,
) -> Outcome<PaymentState> {
    let mut change = Change::begin_unasked(service, request).await?;
    let text = "select id, order_id, state, started_by from payment where id = $1";
    let find = || sql::one::<Payment>(&change.transaction, text, [payment.into()]);
    // The order first, as everywhere: whoever waits for it reads the payment afterwards.
    let order_id = find().await?.ok_or(ErrorCode::NotFound)?.order_id;
    let order = orders::claim_any(&change, order_id).await?;
    let row = find().await?.ok_or(ErrorCode::NotFound)?;
    let now =
        PaymentState::from_code(&row.state).ok_or_else(|| Failure::broken("payment", "state", row.id))?;
    let (Some(next), Some(order)) = (next_state(now, told.state), order) else { return Ok(now) };
    let settled = (!next.is_open()).then_some(change.now.0);
    let text =
        "update payment set state = $2, decline_code = $3, settled_at = $4, row_version = row_version + 1
        where id = $1";
    let decline = told.decline.filter(|_| next == PaymentState::Declined).map(|code| code.code().to_owned());
    sql::run(&change.transaction, text, [payment.into(), next.code().into(), decline.into(), settled.into()])
        .await?;
    match next {
        PaymentState::Paid => {
            settle::settle(&mut change, order.organization(), order.id).await?;
        }
        _ => {
            let text = "update orders set row_version = row_version + 1 where id = $1";
            sql::run(&change.transaction, text, [order.id.into()]).await?;
            change.record(
                Event::new(order.organization(), AuditAction::PaymentDeclined, "order", order.number)
                    .before(now.code())
                    .after(next.code()),
            );
            // Whoever pays sees it; whoever has gone on is told.
            if request.person().is_err() && next == PaymentState::Declined {
                let (company, to) = (order.organization(), row.started_by.map(Into::into));
                let letter = settle::letter(&change, company, order.id, "payment_declined", to).await?;
                if let Some(letter) = letter {
                    change.post(letter);
                }
            }
            change.tell(Changed::Organization(order.organization()));
        }
    }
    change.commit(next).await
}

/// The bank's answer to a confirmation that a payment waits for; says where it stands then. To answer once
/// more changes nothing.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] where the company has no such order paid by card;
/// [`ErrorCode::Unavailable`] where the processor doesn't answer.
pub async fn confirm(
    service: &Service,
    request: &Request,
    operation: OperationId,
    number: i64,
    confirmed: bool,
) -> Outcome<PaymentState> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let processor = processor(service)?;
    let operation = Operation::new(operation, "confirm_card", &(number, confirmed));
    let payment = match Change::begin::<Uuid>(service, request, operation).await? {
        Begun::Before(payment) => payment,
        Begun::New(change) => {
            let text = "select y.id from payment y join orders o on o.id = y.order_id
                where o.organization_id = $1 and o.number = $2 and y.method = 'card'
                order by case when y.state = 'confirmation' then 0 else 1 end, y.started_at desc, y.id desc
                limit 1";
            let values = [person.organization.0.into(), number.into()];
            let row = sql::one::<Id>(&change.transaction, text, values).await?;
            change.commit(row.ok_or(ErrorCode::NotFound)?.id).await?
        }
    };
    // What doesn't wait for a confirmation stays as it is.
    let told = processor.confirm(payment, confirmed).await.map_err(away)?;
    apply(service, request, payment, told).await
}

fn away(failure: super::payment::NoAnswer) -> Failure {
    tracing::warn!(cause = %failure, "the payment processor didn't answer");
    ErrorCode::Unavailable.into()
}

#[derive(FromQueryResult)]
struct Id {
    id: Uuid,
}

/// The payment of an order that waits for the bank's confirmation.
async fn waiting(service: &Service, organization: OrganizationId, number: i64) -> Outcome<Option<Uuid>> {
    let text = "select y.id from payment y join orders o on o.id = y.order_id
        where o.organization_id = $1 and o.number = $2 and y.state = 'confirmation' and y.method = 'card'";
    let values = [organization.0.into(), number.into()];
    Ok(sql::one::<Id>(service.database.reader(), text, values).await?.map(|row| row.id))
}

/// Gives up a card payment that waits for its confirmation, so that another way can be taken or the order
/// can end. A payment that turns out to be paid settles the order instead.
///
/// # Errors
/// [`ErrorCode::Unavailable`] where the processor doesn't answer.
pub(super) async fn give_up(
    service: &Service,
    request: &Request,
    organization: OrganizationId,
    number: i64,
) -> Outcome<bool> {
    let (Some(payment), Some(processor)) =
        (waiting(service, organization, number).await?, service.payments.card.as_deref())
    else {
        return Ok(false);
    };
    let told = processor.void(payment).await.map_err(away)?;
    apply(service, request, payment, told).await?;
    Ok(true)
}
