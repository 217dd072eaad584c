//! Completing what waits: activations set up, engagements finished, refunds and roles approved.
//! Nothing of it happens in the partner's own request (rule 13).

use domain::error::Faults;
use domain::text::NineDigits;
use domain::view::requests::{RequestKind, RequestState};
use domain::{AuditAction, Day, Error, ErrorCode, Field, FieldError};
use sea_orm::FromQueryResult;

use super::{Wanted, claim, close};
use crate::activations::complete::Completion;
use crate::change::{Begun, Change};
use crate::operation::Operation;
use crate::people::roles::grant_global_admin;
use crate::purchases::cancel::offer_name;
use crate::purchases::{transfer, withdraw};
use crate::request::Request;
use crate::{Failure, Outcome, Service, activations, people, sql};

/// What an operator issues with an activation, as it was typed.
#[derive(Clone)]
pub struct CompleteActivation {
    /// Which request.
    pub wanted: Wanted,
    /// Access ID; empty for go-to-market.
    pub access_id: String,
    /// Contract ID; empty for go-to-market.
    pub contract_id: String,
    /// First day of use.
    pub starts: String,
    /// Last day of use.
    pub expires: String,
}

/// The numbers are secrets: their digits stand in no log.
impl std::fmt::Debug for CompleteActivation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompleteActivation")
            .field("wanted", &self.wanted)
            .field("starts", &self.starts)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Sets an activation up and closes its request; the partner sees the benefit as active at once.
/// Gives the number of the request.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::WrongKind`],
/// [`ErrorCode::AlreadyDecided`], [`ErrorCode::Stale`]; [`ErrorCode::Invalid`] with the faults of
/// each field; those of [`activations::complete::complete`].
pub async fn activation(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: CompleteActivation,
) -> Outcome<i64> {
    let operator = request.operator()?;
    // The numbers themselves stand nowhere, but another number is another operation.
    let numbers = service.vault.hash(&format!("{} {}", input.access_id, input.contract_id));
    let operation = Operation::new(operation, "complete_activation", &(&input, numbers));
    let completion = parse(&input)?;
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = claim(&change, operator, input.wanted, Some(RequestKind::Activation)).await?;
    let activation =
        item.activation_id.ok_or_else(|| Failure::broken("service_request", "activation_id", item.id))?;
    activations::complete::complete(&mut change, activation.into(), completion).await?;
    close(&mut change, operator, &item, RequestState::Completed, None).await?;
    change.record(item.event(AuditAction::RequestCompleted).after(&item.kind));
    change.commit(item.number).await
}

fn parse(input: &CompleteActivation) -> Result<Completion, Error> {
    let mut faults = Faults::default();
    let number = |field, typed: &str| {
        if typed.trim().is_empty() { Ok(None) } else { NineDigits::parse(field, typed).map(Some) }
    };
    let access_id = faults.take(number(Field::AccessId, &input.access_id));
    let contract_id = faults.take(number(Field::ContractId, &input.contract_id));
    let starts = faults.take(day(Field::Starts, &input.starts));
    let expires = faults.take(day(Field::Expires, &input.expires));
    faults.check()?;
    match (access_id, contract_id, starts, expires) {
        (Some(access_id), Some(contract_id), Some(starts), Some(expires)) => {
            Ok(Completion { access_id, contract_id, starts, expires })
        }
        _ => Err(ErrorCode::Invalid.into()),
    }
}

fn day(field: Field, typed: &str) -> Result<Day, FieldError> {
    let code = if typed.trim().is_empty() { ErrorCode::Required } else { ErrorCode::MalformedDate };
    Day::parse(typed).ok_or(FieldError { field, code, number: None })
}

/// Ends an engagement: all its hours are on record. Gives the number of the request.
///
/// # Errors
/// As [`activation`].
pub async fn advisory(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: Wanted,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "complete_advisory", &wanted);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = claim(&change, operator, wanted, Some(RequestKind::Advisory)).await?;
    let hours = super::record_use::recorded(&change.transaction, &item).await?;
    close(&mut change, operator, &item, RequestState::Completed, None).await?;
    let values = [("title", item.title.clone()), ("hours", hours.to_string())];
    change.post(item.letter("advisory_completed", "/requests", values));
    change.record(item.event(AuditAction::RequestCompleted).after(format!("advisory hours {hours}")));
    change.commit(item.number).await
}

/// Approves a cancellation: decided again under the policies frozen on the purchase, then its
/// benefits, seats and keys end (rule 20). Gives the number of the request.
///
/// # Errors
/// As [`activation`]; [`ErrorCode::RefundNotPossible`].
pub async fn cancellation(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: Wanted,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "approve_cancellation", &wanted);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = claim(&change, operator, wanted, Some(RequestKind::Cancellation)).await?;
    let line =
        item.order_line_id.ok_or_else(|| Failure::broken("service_request", "order_line_id", item.id))?;
    withdraw::approve(&mut change, line.into(), item.asked()).await?;
    close(&mut change, operator, &item, RequestState::Approved, None).await?;
    let offer = offer_name(&change.transaction, line.into(), item.language()).await?;
    change.post(item.letter("cancellation_approved", "/benefits/cancel", [("offer", offer)]));
    change.record(item.event(AuditAction::CancellationApproved).after(format!("order line {line}")));
    change.commit(item.number).await
}

/// Makes whoever asked Global admin, as long as the company has none (rule 5). Gives the number of
/// the request.
///
/// # Errors
/// As [`activation`]; [`ErrorCode::WrongState`] with their names where the company has a Global
/// admin meanwhile; [`ErrorCode::PersonNotActive`].
pub async fn global_admin(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: Wanted,
) -> Outcome<i64> {
    #[derive(FromQueryResult)]
    struct Admin {
        full_name: String,
    }
    let operator = request.operator()?;
    let operation = Operation::new(operation, "approve_global_admin", &wanted);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = claim(&change, operator, wanted, Some(RequestKind::GlobalAdmin)).await?;
    people::roles::lock(&change, item.organization()).await?;
    let text = format!("select a.full_name {} order by p.sort_name, p.id", super::item::ADMINS);
    let admins = sql::all::<Admin>(&change.transaction, &text, [item.organization_id.into()]).await?;
    if !admins.is_empty() {
        let colleagues = admins.into_iter().map(|admin| admin.full_name).collect();
        return Err(Error { colleagues, ..Error::new(ErrorCode::WrongState) }.into());
    }
    grant_global_admin(&mut change, item.organization(), item.requester()).await?;
    close(&mut change, operator, &item, RequestState::Approved, None).await?;
    let organization = people::add::organization_name(&change.transaction, item.organization()).await?;
    change.post(item.letter("global_admin_granted", "/", [("organization", organization)]));
    change.commit(item.number).await
}

/// The money of a bank transfer is here: the order is settled, and whoever ordered hears of it. Gives the
/// number of the request.
///
/// # Errors
/// As [`activation`]; [`ErrorCode::WrongState`] where the order no longer waits for it.
pub async fn payment(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: Wanted,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "confirm_payment", &wanted);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    transfer::hold(&change, wanted.request).await?;
    let item = claim(&change, operator, wanted, Some(RequestKind::Payment)).await?;
    transfer::confirmed(&mut change, item.id.into()).await?;
    close(&mut change, operator, &item, RequestState::Completed, None).await?;
    change.record(item.event(AuditAction::RequestCompleted).after(&item.kind));
    change.commit(item.number).await
}
