//! With whom a request is: given to a colleague, given back, or marked as worked on.

use domain::ids::AccountId;
use domain::rights::operator_roles_for;
use domain::view::operator::Colleague;
use domain::view::requests::RequestState;
use domain::{AuditAction, Error, ErrorCode, Field};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{Item, Wanted, claim, right};
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// What happens to a request without deciding it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handover {
    /// A colleague has it.
    To(AccountId),
    /// Nobody has it: whoever looks next takes it.
    Nobody,
    /// Somebody works on it, and nothing else changes.
    Processing,
}

/// Hands a request over, or marks it. Gives its number.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::AlreadyDecided`], [`ErrorCode::Stale`];
/// [`ErrorCode::UnknownChoice`] for a colleague who couldn't decide it; [`ErrorCode::WrongState`] where it is
/// with nobody already, or marked already.
pub async fn hand_over(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    wanted: Wanted,
    handover: Handover,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "hand_over_request", &(wanted, handover));
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    if let Handover::To(colleague) = handover {
        hold_operator(&change, colleague).await?;
    }
    let item = claim(&change, operator, wanted, None).await?;
    match handover {
        Handover::To(colleague) => {
            if !can_decide(&change, &item, colleague).await? {
                return Err(Error::field(Field::Owner, ErrorCode::UnknownChoice).into());
            }
            let text = "update service_request set owner_id = $2, state = 'processing',
                    row_version = row_version + 1 where id = $1 and open";
            sql::run(&change.transaction, text, [item.id.into(), colleague.0.into()]).await?;
            change.record(item.event(AuditAction::RequestAssigned).after(colleague));
        }
        Handover::Nobody => {
            let text = "update service_request set owner_id = null, state = 'requested',
                    row_version = row_version + 1 where id = $1 and open and owner_id is not null";
            if sql::run(&change.transaction, text, [item.id.into()]).await? == 0 {
                return Err(ErrorCode::WrongState.into());
            }
            change.record(item.event(AuditAction::RequestReleased));
        }
        Handover::Processing => {
            let text = "update service_request set state = 'processing', row_version = row_version + 1
                where id = $1 and open and state = 'requested'";
            if sql::run(&change.transaction, text, [item.id.into()]).await? == 0 {
                return Err(ErrorCode::WrongState.into());
            }
            change.record(item.event(AuditAction::RequestTaken).after(RequestState::Processing.code()));
        }
    }
    change.tell(Changed::Organization(item.organization()));
    change.tell(Changed::Queue);
    change.commit(item.number).await
}

/// Whoever gets a request stays the operator that they are until they have it: who loses a role waits, and gives the
/// request back then. Called before the request is held, as whoever takes roles away does. SQLite has one writer anyway.
pub(super) async fn hold_operator(change: &Change<'_>, account: AccountId) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select id from account where id = $1 for share";
        sql::run(&change.transaction, text, [account.0.into()]).await?;
    }
    Ok(())
}

/// Whether somebody is an operator who could decide the request.
pub(super) async fn can_decide(change: &Change<'_>, item: &Item, account: AccountId) -> Outcome<bool> {
    let roles: Vec<String> =
        operator_roles_for(right(item.kind()?)).iter().map(|role| format!("'{}'", role.code())).collect();
    let text = format!(
        "select count(*) as number from account a where a.id = $1 and a.status = 'active'
            and exists (select 1 from operator_role r where r.account_id = a.id and r.role in ({}))",
        roles.join(", ")
    );
    Ok(sql::number(&change.transaction, &text, [account.0.into()]).await? > 0)
}

/// Operators who work the queue, by name.
pub(super) async fn colleagues(connection: &impl ConnectionTrait) -> Outcome<Vec<Colleague>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        full_name: String,
    }
    let roles: Vec<String> = operator_roles_for(domain::rights::OperatorAction::WorkQueue)
        .iter()
        .map(|role| format!("'{}'", role.code()))
        .collect();
    let text = format!(
        "select a.id, a.full_name from account a where a.status = 'active'
            and a.id in (select r.account_id from operator_role r where r.role in ({}))
        order by a.name_key, a.id limit 200",
        roles.join(", ")
    );
    let rows = sql::all::<Row>(connection, &text, []).await?;
    Ok(rows.into_iter().map(|row| Colleague { account: row.id.into(), name: row.full_name }).collect())
}
