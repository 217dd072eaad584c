//! Taking the second factor off an operator who lost it: the way back in that a programme admin gives.

use domain::ids::AccountId;
use domain::operation::OperationId;
use domain::rights::{OperatorAction, may_take_off};
use domain::{AuditAction, ErrorCode};

use super::{claim, held_in};
use crate::accounts::Own;
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, rights, sessions, sql};

/// Whose second factor.
#[derive(Clone, Copy, Debug)]
pub struct TakeOffOperator {
    /// The operator.
    pub account: AccountId,
    /// Version of the row as the page showed it.
    pub version: i64,
}

/// Turns an operator's second factor off and ends their sessions; the password stays, and the operator is told.
/// Gives the name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::Stale`]; [`ErrorCode::OwnSecondFactor`];
/// [`ErrorCode::WrongState`] where there is no second factor.
pub async fn take_off(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: TakeOffOperator,
) -> Outcome<String> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ManageOperators)?;
    let operation = Operation::new(operation, "take_off_operator_factor", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    claim(&change, operator).await?;
    let held = held_in(&change, input.account, input.version).await?;
    let account = held.account();
    may_take_off(operator.account, account)?;
    let text = "delete from second_factor where account_id = $1 and confirmed_at is not null";
    if sql::run(&change.transaction, text, [account.0.into()]).await? == 0 {
        return Err(ErrorCode::WrongState.into());
    }
    let text = "delete from recovery_code where account_id = $1";
    sql::run(&change.transaction, text, [account.0.into()]).await?;
    sessions::end_all(&mut change, account).await?;
    let text = "update account set row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [account.0.into()]).await?;
    let letter = Own::find(&change.transaction, account).await?.letter(account, "second_factor_off");
    change.post(letter);
    change.record(Event::new(programme_chain(), AuditAction::SecondFactorOff, "account", account));
    change.tell(Changed::Queue);
    change.commit(held.full_name).await
}
