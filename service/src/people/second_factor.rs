//! Taking the second factor off a colleague who lost it: the way back in that an administrator gives.

use domain::ids::{AccountId, PersonId};
use domain::operation::OperationId;
use domain::rights::{Action, check_role_change};
use domain::{AuditAction, ErrorCode, Roles};

use super::roles;
use crate::accounts::Own;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sessions, sql};

/// Whose second factor.
#[derive(Clone, Debug)]
pub struct TakeOff {
    /// The person.
    pub person: PersonId,
    /// Version of the person's row as the page showed it.
    pub version: i64,
}

/// Turns a colleague's second factor off and ends their sessions; the password stays, and the person is
/// told. It opens everything that the person may do, so whoever couldn't take one of the person's roles
/// away can't do it either (rule 3). Gives the person's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::Stale`];
/// [`ErrorCode::RoleNotGrantable`]; [`ErrorCode::ServesOthers`] for an account that other companies know,
/// too; [`ErrorCode::WrongState`] for oneself, and where there is no second factor.
pub async fn take_off(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: TakeOff,
) -> Outcome<String> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::SetRoles, &policies).await?;
    let operation = Operation::new(operation, "take_off_second_factor", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    roles::lock(&change, person.organization).await?;
    let held = roles::held(&change.transaction, person.organization, input.person).await?;
    if held.row_version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let own = roles::held(&change.transaction, person.organization, person.id).await?.roles();
    check_role_change(&own, &held.roles(), &Roles::default())?;
    let account = AccountId(held.account_id);
    let text = "select (select count(*) from person where account_id = $1 and organization_id <> $2
            and status <> 'left')
        + (select count(*) from operator_role where account_id = $1) as number";
    let values = [account.0.into(), person.organization.0.into()];
    if sql::number(&change.transaction, text, values).await? > 0 {
        return Err(ErrorCode::ServesOthers.into());
    }
    let text = "delete from second_factor where account_id = $1 and confirmed_at is not null";
    let off = sql::run(&change.transaction, text, [account.0.into()]).await?;
    // One's own is turned off with a code of it, on the page Security.
    if off == 0 || input.person == person.id {
        return Err(ErrorCode::WrongState.into());
    }
    sql::run(&change.transaction, "delete from recovery_code where account_id = $1", [account.0.into()])
        .await?;
    sessions::end_all(&change.transaction, account).await?;
    let letter = Own::find(&change.transaction, account).await?.letter(account, "second_factor_off");
    change.post(letter);
    change.record(
        Event::new(person.organization, AuditAction::SecondFactorOff, "account", account)
            .person(input.person),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(held.full_name).await
}
