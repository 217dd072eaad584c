//! Deciding the review of a company that enrols; to turn one down is a refusal like any other.

use domain::AuditAction;
use domain::enrolment::Decision;
use domain::view::requests::{RequestKind, RequestState};

use super::refuse::{Refuse, reason};
use super::{Wanted, claim, close};
use crate::change::{Begun, Change};
use crate::enrolment::review;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service};

/// Makes the company a member, with the free network membership. Gives the number of the request.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`], [`domain::ErrorCode::NotFound`], [`domain::ErrorCode::WrongKind`],
/// [`domain::ErrorCode::AlreadyDecided`], [`domain::ErrorCode::Stale`].
pub async fn accept(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: Wanted,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "accept_enrolment", &wanted);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = claim(&change, operator, wanted, Some(RequestKind::Enrolment)).await?;
    review::decide(&mut change, item.organization(), Decision::Accept, None).await?;
    close(&mut change, operator, &item, RequestState::Approved, None).await?;
    change.record(item.event(AuditAction::RequestCompleted).after(&item.kind));
    change.commit(item.number).await
}

/// Asks the company to change something; it can then accept the agreement again. Gives the number of the
/// request, which is closed: what comes back is reviewed anew.
///
/// # Errors
/// As [`accept`]; [`domain::ErrorCode::ReasonNeeded`] on the reason.
pub async fn ask_for_changes(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: Refuse,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "ask_for_changes", &input);
    let reason = reason(&input.reason)?;
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = claim(&change, operator, input.wanted, Some(RequestKind::Enrolment)).await?;
    review::decide(&mut change, item.organization(), Decision::Changes, Some(&reason)).await?;
    close(&mut change, operator, &item, RequestState::Refused, Some(&reason)).await?;
    change.record(item.event(AuditAction::RequestRefused).after(&item.kind));
    change.commit(item.number).await
}
