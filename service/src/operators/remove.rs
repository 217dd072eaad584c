//! Taking the programme away from somebody: roles, sessions, requests.

use domain::AuditAction;
use domain::ids::AccountId;
use domain::operation::OperationId;
use domain::rights::OperatorAction;

use super::add::end_invitations;
use super::{claim, codes, held_in, put};
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::Request;
use crate::{Outcome, Service, rights, sessions, sql};

/// Who is no operator any more.
#[derive(Clone, Copy, Debug)]
pub struct RemoveOperator {
    /// The operator.
    pub account: AccountId,
    /// Version of the row as the page showed it.
    pub version: i64,
}

/// Takes all roles off an operator, ends the sessions and the link of an invitation, and gives the requests back
/// that were with them. Views of the queue that colleagues see go on with whoever removes; the operator's own
/// ones end. The account stays for what hangs on it, and opens nothing. Gives the name.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`], [`domain::ErrorCode::NotFound`], [`domain::ErrorCode::Stale`],
/// [`domain::ErrorCode::LastProgrammeAdmin`].
pub async fn remove(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: RemoveOperator,
) -> Outcome<String> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ManageOperators)?;
    let operation = Operation::new(operation, "remove_operator", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    claim(&change, operator).await?;
    let held = held_in(&change, input.account, input.version).await?;
    let before = held.roles();
    put(&mut change, &held, &[]).await?;
    sessions::end_all(&mut change, held.account()).await?;
    end_invitations(&change, held.account()).await?;
    pass_views_on(&change, held.account(), operator.account).await?;
    // No notice: whoever reads notices is signed in.
    let letter = held.letter(&change, "operator_removed", operator, "/").await?;
    change.post(Letter { account: None, ..letter });
    change.record(
        Event::new(programme_chain(), AuditAction::OperatorRemoved, "account", held.account())
            .before(codes(&before)),
    );
    change.tell(Changed::Queue);
    change.commit(held.full_name).await
}

/// Shared views go to a colleague who has none of that name; the others end.
async fn pass_views_on(change: &Change<'_>, from: AccountId, to: AccountId) -> Outcome<()> {
    if from != to {
        let text = "update queue_view set owner_id = $2 where owner_id = $1 and shared
            and name_key not in (select v.name_key from queue_view v where v.owner_id = $2)";
        sql::run(&change.transaction, text, [from.0.into(), to.0.into()]).await?;
    }
    sql::run(&change.transaction, "delete from queue_view where owner_id = $1", [from.0.into()]).await?;
    Ok(())
}
