//! Whether the keys of the queue are on for an operator.

use domain::operation::OperationId;
use domain::rights::OperatorAction;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::{Operator, Request};
use crate::{Outcome, Service, rights, sql};

/// Turns the keys on or off, for this account in every browser.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`].
pub async fn choose(service: &Service, request: &Request, operation: OperationId, on: bool) -> Outcome<bool> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadQueue)?;
    let operation = Operation::new(operation, "choose_shortcuts", &on);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text = "update account set shortcuts = $2 where id = $1";
    sql::run(&change.transaction, text, [operator.account.0.into(), on.into()]).await?;
    change.tell(Changed::Queue);
    change.commit(on).await
}

/// Whether they are on.
pub(super) async fn are_on(connection: &impl ConnectionTrait, operator: &Operator) -> Outcome<bool> {
    #[derive(FromQueryResult)]
    struct Row {
        shortcuts: bool,
    }
    let text = "select shortcuts from account where id = $1";
    let row = sql::one::<Row>(connection, text, [operator.account.0.into()]).await?;
    Ok(row.is_none_or(|row| row.shortcuts))
}
