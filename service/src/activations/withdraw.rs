//! What becomes of activations when their benefit ends: they are withdrawn, and nothing is left to be decided.

use domain::AuditAction;
use domain::benefit::ActivationState;
use domain::ids::{AccountId, GrantId, OrganizationId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::audit::Event;
use crate::change::Change;
use crate::live::Changed;
use crate::{Outcome, requests, sql};

/// Withdraws the activations of a benefit that stand in one of these states, with the requests that wait for an
/// operator because of them; `by` is who decided it, none for the clock or a payment.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn withdraw(
    change: &mut Change<'_>,
    organization: OrganizationId,
    grant: GrantId,
    states: &[ActivationState],
    by: Option<AccountId>,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Withdrawn {
        id: Uuid,
    }
    let states: Vec<String> = states.iter().map(|state| format!("'{}'", state.code())).collect();
    let text = format!(
        "update activation set state = 'withdrawn', row_version = row_version + 1
        where grant_id = $1 and state in ({}) returning id",
        states.join(", ")
    );
    for Withdrawn { id } in sql::all::<Withdrawn>(&change.transaction, &text, [grant.0.into()]).await? {
        requests::close_for_activation(&change.transaction, id, change.now.0, by.map(|account| account.0))
            .await?;
        change.record(
            Event::new(organization, AuditAction::ActivationWithdrawn, "activation", id)
                .grant(grant)
                .after(ActivationState::Withdrawn.code()),
        );
        change.tell(Changed::Queue);
    }
    Ok(())
}
