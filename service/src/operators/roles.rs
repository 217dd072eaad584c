//! Roles of operators: the last programme admin stays one.

use domain::ids::AccountId;
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::role::operator_roles;
use domain::{AuditAction, Error, ErrorCode, Field, OperatorRole};

use super::{claim, codes, held_in, put, words};
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, rights};

/// Which roles an operator has from now on.
#[derive(Clone, Debug)]
pub struct SetOperatorRoles {
    /// The operator.
    pub account: AccountId,
    /// Version of the row as the page showed it.
    pub version: i64,
    /// All roles; at least one.
    pub roles: Vec<OperatorRole>,
}

/// Sets an operator's roles, one's own included; the operator is told. Requests that they can't decide any more
/// are with nobody again. Gives the operator's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::Required`] without any role;
/// [`ErrorCode::Stale`]; [`ErrorCode::LastProgrammeAdmin`].
pub async fn set(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: SetOperatorRoles,
) -> Outcome<String> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ManageOperators)?;
    let after = operator_roles(input.roles.iter().copied());
    if after.is_empty() {
        return Err(Error::field(Field::Roles, ErrorCode::Required).into());
    }
    let operation = Operation::new(operation, "set_operator_roles", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    claim(&change, operator).await?;
    let held = held_in(&change, input.account, input.version).await?;
    let before = held.roles();
    if before == after {
        return change.commit(held.full_name).await;
    }
    put(&mut change, &held, &after).await?;
    if held.status == "active" && held.account() != operator.account {
        let mut letter = held.letter(&change, "operator_roles_changed", operator, "/").await?;
        letter.values.push(("roles", words(letter.language, &after)));
        change.post(letter);
    }
    change.record(
        Event::new(programme_chain(), AuditAction::OperatorRolesSet, "account", held.account())
            .before(codes(&before))
            .after(codes(&after)),
    );
    change.tell(Changed::Queue);
    change.commit(held.full_name).await
}
