//! Taking a request: whoever takes it works on it, and the partner sees that somebody does.

use domain::view::requests::{RequestKind, RequestState};
use domain::{AuditAction, ErrorCode};

use super::assign::{can_decide, hold_operator};
use super::{Wanted, claim};
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// Takes a request, from nobody or from a colleague. Gives its number.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`], [`domain::ErrorCode::NotFound`],
/// [`domain::ErrorCode::AlreadyDecided`], [`domain::ErrorCode::Stale`].
pub async fn take(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: Wanted,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "take_request", &wanted);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    hold_operator(&change, operator.account).await?;
    let item = claim(&change, operator, wanted, None).await?;
    // Who lost the role since the page was asked for takes nothing.
    if !can_decide(&change, &item, operator.account).await? {
        return Err(ErrorCode::RoleNeeded.into());
    }
    let text = "update service_request set owner_id = $2, state = $3, answered_at = null, row_version = row_version + 1
        where id = $1 and open";
    let values = [item.id.into(), operator.account.0.into(), RequestState::Processing.code().into()];
    sql::run(&change.transaction, text, values).await?;
    let action = match item.kind()? {
        RequestKind::GlobalAdmin => AuditAction::GlobalAdminRequestTaken,
        RequestKind::Activation
        | RequestKind::Advisory
        | RequestKind::Cancellation
        | RequestKind::Payment
        | RequestKind::Enrolment => AuditAction::RequestTaken,
    };
    change.record(item.event(action));
    change.tell(Changed::Organization(item.organization()));
    change.tell(Changed::Queue);
    change.commit(item.number).await
}
