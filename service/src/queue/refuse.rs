//! Refusing a request of any kind, with a reason that whoever asked reads.

use domain::enrolment::Decision;
use domain::text::Paragraph;
use domain::view::requests::{RequestKind, RequestState};
use domain::{AuditAction, Error, ErrorCode, Field};

use super::{Wanted, claim, close};
use crate::change::{Begun, Change};
use crate::enrolment::review;
use crate::operation::Operation;
use crate::purchases::cancel::offer_name;
use crate::purchases::transfer;
use crate::request::Request;
use crate::{Failure, Outcome, Service, activations};

/// The longest reason, in characters.
pub const REASON_MAX: usize = 500;

/// What is refused, and why.
#[derive(Clone, Debug)]
pub struct Refuse {
    /// Which request.
    pub wanted: Wanted,
    /// Why.
    pub reason: String,
}

/// Refuses a request; whoever asked is told why. Gives its number.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::AlreadyDecided`],
/// [`ErrorCode::Stale`]; [`ErrorCode::ReasonNeeded`] on the reason.
pub async fn refuse(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: Refuse,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "refuse_request", &input);
    let reason = reason(&input.reason)?;
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    transfer::hold(&change, input.wanted.request).await?;
    let item = claim(&change, operator, input.wanted, None).await?;
    let kind = item.kind()?;
    match kind {
        RequestKind::Activation => {
            let activation = item
                .activation_id
                .ok_or_else(|| Failure::broken("service_request", "activation_id", item.id))?;
            activations::complete::refuse(&mut change, activation.into(), &reason).await?;
        }
        RequestKind::Advisory => {
            let values = [("title", item.title.clone()), ("reason", reason.clone())];
            change.post(item.letter("advisory_refused", "/requests", values));
        }
        RequestKind::Cancellation => {
            let line = item
                .order_line_id
                .ok_or_else(|| Failure::broken("service_request", "order_line_id", item.id))?;
            let offer = offer_name(&change.transaction, line.into(), item.language()).await?;
            let values = [("offer", offer), ("reason", reason.clone())];
            change.post(item.letter("cancellation_refused", "/benefits/cancel", values));
        }
        RequestKind::Payment => {
            transfer::refused(&mut change, item.id.into()).await?;
            let values = [("order", item.title.clone()), ("reason", reason.clone())];
            change.post(item.letter("transfer_refused", &format!("/orders/{}", item.title), values));
        }
        RequestKind::Enrolment => {
            review::decide(&mut change, item.organization(), Decision::Reject, Some(&reason)).await?;
        }
        RequestKind::GlobalAdmin => {
            let values = [("reason", reason.clone())];
            change.post(item.letter("global_admin_refused", "/become-global-admin", values));
        }
    }
    close(&mut change, operator, &item, RequestState::Refused, Some(&reason)).await?;
    let action = match kind {
        RequestKind::GlobalAdmin => AuditAction::GlobalAdminRefused,
        RequestKind::Activation
        | RequestKind::Advisory
        | RequestKind::Cancellation
        | RequestKind::Payment
        | RequestKind::Enrolment => AuditAction::RequestRefused,
    };
    change.record(item.event(action).after(&item.kind));
    change.commit(item.number).await
}

pub(super) fn reason(typed: &str) -> Result<String, Error> {
    if typed.trim().is_empty() {
        return Err(Error::field(Field::Reason, ErrorCode::ReasonNeeded));
    }
    Ok(Paragraph::parse(Field::Reason, typed, REASON_MAX)?.into())
}
