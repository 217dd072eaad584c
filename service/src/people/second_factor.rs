//! Taking the second factor off a colleague who lost it: the way back in that an administrator gives.

use domain::ids::{AccountId, PersonId};
use domain::operation::OperationId;
use domain::rights::{Action, check_role_change};
use domain::{AuditAction, Error, ErrorCode, Roles};
use sea_orm::ConnectionTrait;

use super::roles;
use crate::accounts::Own;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::{Person, Request};
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
/// as [`check`]; [`ErrorCode::WrongState`] where there is no second factor.
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
    check(&change.transaction, person, &own, input.person, &held.roles()).await??;
    let account = AccountId(held.account_id);
    let text = "delete from second_factor where account_id = $1 and confirmed_at is not null";
    let off = sql::run(&change.transaction, text, [account.0.into()]).await?;
    if off == 0 {
        return Err(ErrorCode::WrongState.into());
    }
    sql::run(&change.transaction, "delete from recovery_code where account_id = $1", [account.0.into()])
        .await?;
    sessions::end_all(&mut change, account).await?;
    let letter = Own::find(&change.transaction, account).await?.letter(account, "second_factor_off");
    change.post(letter);
    change.record(
        Event::new(person.organization, AuditAction::SecondFactorOff, "account", account)
            .person(input.person),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(held.full_name).await
}

/// Whether somebody with these roles may take a second factor off a person with those.
///
/// The inner error: [`ErrorCode::OwnSecondFactor`], because one's own is turned off with a code of it, on the
/// page Security; [`ErrorCode::RoleNotGrantable`]; [`ErrorCode::ServesOthers`] for an account that other
/// companies know, too.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn check(
    connection: &impl ConnectionTrait,
    by: &Person,
    own: &Roles,
    person: PersonId,
    roles: &Roles,
) -> Outcome<Result<(), Error>> {
    if person == by.id {
        return Ok(Err(ErrorCode::OwnSecondFactor.into()));
    }
    if let Err(error) = check_role_change(own, roles, &Roles::default()) {
        return Ok(Err(error));
    }
    let text = "select (select count(*) from person o
            where o.account_id = p.account_id and o.organization_id <> $2 and o.status <> 'left')
        + (select count(*) from operator_role r where r.account_id = p.account_id) as number
        from person p where p.id = $1";
    let values = [person.0.into(), by.organization.0.into()];
    let others = sql::number(connection, text, values).await?;
    Ok(if others > 0 { Err(ErrorCode::ServesOthers.into()) } else { Ok(()) })
}
