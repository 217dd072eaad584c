//! Placing an order, and taking it back before it is paid (rules 2, 18).

use domain::operation::OperationId;
use domain::order::{self, OrderKind, OrderState};
use domain::rights::Action;
use domain::{AuditAction, Error, ErrorCode, Field, Moment};
use sea_orm::ConnectionTrait;

use super::settle::{self, NewOrder};
use super::{offers, orders, transfer};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, people, policies, rights, sql};

/// What is ordered.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// Code of the offer.
    pub offer: String,
    /// Code of the competency area; empty where the offer has none.
    pub area: String,
    /// Version of the agreement that was shown.
    pub agreement: i64,
    /// Whether it was accepted, with the authority to.
    pub accepted: bool,
}

/// Which order, as the page showed it.
#[derive(Clone, Copy, Debug)]
pub struct WantedOrder {
    /// Its number.
    pub number: i64,
    /// Its version.
    pub version: i64,
}

/// Places an order with price, policies and agreement as they are now; what is free is settled at once.
/// Gives its number.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Invalid`] with [`ErrorCode::UnknownChoice`] on the area or
/// [`ErrorCode::AgreementNotAccepted`]; [`ErrorCode::NotFound`] for an offer that isn't there;
/// [`ErrorCode::Stale`] where another agreement is in force; [`ErrorCode::OfferNotPossible`].
pub async fn place(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: PlaceOrder,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let operation = Operation::new(operation, "place_order", &input);
    if !input.accepted {
        return Err(Error::field(Field::Accept, ErrorCode::AgreementNotAccepted).into());
    }
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    // One order after the other: what is held and what waits is decided under this lock.
    people::roles::lock(&change, person.organization).await?;
    if agreement_in_force(&change.transaction, change.now).await? != input.agreement {
        return Err(ErrorCode::Stale.into());
    }
    let offer = offers::find(&change.transaction, &input.offer).await?;
    let area = Some(input.area.trim()).filter(|area| !area.is_empty());
    if let Some(area) = area {
        let text = "select count(*) as number from competency_area where code = $1";
        if sql::number(&change.transaction, text, [area.into()]).await? == 0 {
            return Err(Error::field(Field::Area, ErrorCode::UnknownChoice).into());
        }
    }
    let standing = offers::standing(&change.transaction, person.organization).await?;
    let facts = standing.facts(&offer, area)?;
    if facts.needs_area != area.is_some() {
        let code = if facts.needs_area { ErrorCode::Required } else { ErrorCode::UnknownChoice };
        return Err(Error::field(Field::Area, code).into());
    }
    order::check(&facts)?;
    let new = NewOrder {
        organization: person.organization,
        by: Some(person.id),
        offer: offer.id,
        areas: area.unwrap_or_default(),
        price_minor: offer.price_minor,
        currency: &offer.currency,
        agreement: input.agreement,
        kind: OrderKind::Purchase,
        of: None,
    };
    let number = put(&mut change, &new, &offer.code).await?;
    change.commit(number).await
}

/// Writes an order whose conditions are met; what is free is settled at once. Gives its number.
pub(super) async fn put(change: &mut Change<'_>, new: &NewOrder<'_>, offer: &str) -> Outcome<i64> {
    let (order, number) = settle::write_order(change, new).await?;
    change.record(Event::new(new.organization, AuditAction::OrderPlaced, "order", number).after(format!(
        "{} offer {offer} {} agreement {}",
        new.kind.code(),
        new.areas,
        new.agreement
    )));
    if new.price_minor == 0 {
        settle::settle(change, new.organization, order).await?;
    } else if let Some(letter) = settle::letter(change, new.organization, order, "order_placed", None).await?
    {
        change.post(letter);
    }
    change.tell(Changed::Organization(new.organization));
    Ok(number)
}

/// The version of the agreement that a purchase is made under now.
pub(crate) async fn agreement_in_force(connection: &impl ConnectionTrait, now: Moment) -> Outcome<i64> {
    let text = "select coalesce(max(version), 0) as number from purchase_agreement where in_force_at <= $1";
    Ok(sql::number(connection, text, [now.0.into()]).await?)
}

/// Takes an order back that isn't paid. Gives its number.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::Stale`];
/// [`ErrorCode::OrderSettled`] where it no longer waits; [`ErrorCode::PaymentUnderWay`] while a card
/// payment isn't decided.
pub async fn cancel(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: WantedOrder,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Purchase, &in_force).await?;
    let operation = Operation::new(operation, "cancel_order", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let order = orders::claim(&change, person.organization, input).await?;
    end(&mut change, &order, OrderState::Cancelled).await?;
    change.record(
        Event::new(person.organization, AuditAction::OrderCancelled, "order", order.number)
            .before(OrderState::Placed.code())
            .after(OrderState::Cancelled.code()),
    );
    change.commit(order.number).await
}

/// Ends an order that waits: its lines, the transfer that was awaited, the request to confirm it.
///
/// # Errors
/// [`ErrorCode::PaymentUnderWay`] while a card payment isn't decided.
pub(super) async fn end(change: &mut Change<'_>, order: &orders::Claimed, state: OrderState) -> Outcome<()> {
    transfer::stop(change, order).await?;
    let text = "select count(*) as number from payment
        where order_id = $1 and state in ('started', 'confirmation', 'unknown')";
    if sql::number(&change.transaction, text, [order.id.into()]).await? > 0 {
        return Err(ErrorCode::PaymentUnderWay.into());
    }
    for text in [
        "update orders set state = $2, row_version = row_version + 1 where id = $1 and state = 'placed'",
        "update order_line set state = $2, row_version = row_version + 1
            where order_id = $1 and state = 'placed'",
    ] {
        sql::run(&change.transaction, text, [order.id.into(), state.code().into()]).await?;
    }
    change.tell(Changed::Organization(order.organization()));
    Ok(())
}
