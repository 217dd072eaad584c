//! What an approved cancellation ends: benefits, seats, keys, the holding (rule 20).

use domain::benefit::ActivationState;
use domain::ids::{GrantId, OrderLineId};
use domain::seat::ReleaseReason;
use domain::{AuditAction, ErrorCode, Moment};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{list, settle, transfer};
use crate::activations::withdraw::withdraw;
use crate::assignments::{release, seat_requests};
use crate::audit::Event;
use crate::benefits::{grants, products};
use crate::change::Change;
use crate::live::Changed;
use crate::membership::{entitle, renewal, tier_change};
use crate::{Outcome, people, sql};

#[derive(FromQueryResult)]
struct Id {
    id: Uuid,
}

/// Cancels a purchase whose refund was asked for at a moment. Decides again, under the policies
/// frozen on the purchase: waiting for the operators costs nobody the deadline, but what was put to
/// use meanwhile counts.
///
/// Every holder of a seat is told by the release; the keys of the purchase are withdrawn.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] if it was refunded already;
/// [`ErrorCode::RefundNotPossible`].
pub(crate) async fn approve(change: &mut Change<'_>, line: OrderLineId, asked: Moment) -> Outcome<()> {
    // Orders, renewals and changes of level wait for each other here: each decides on what the other has done.
    let text = "select organization_id as id from order_line where id = $1";
    let organization = sql::one::<Id>(&change.transaction, text, [line.0.into()]).await?;
    let organization = organization.ok_or(ErrorCode::NotFound)?.id;
    people::roles::lock(change, organization.into()).await?;
    // A second approval waits here and finds it refunded.
    let text = "update order_line set row_version = row_version + 1 where id = $1";
    if sql::run(&change.transaction, text, [line.0.into()]).await? == 0 {
        return Err(ErrorCode::NotFound.into());
    }
    hold_still(change, line).await?;
    list::find(&change.transaction, line, change.now).await?.check(asked)?;
    undo(change, line).await
}

/// Takes away what a purchase brought, and gives back what was paid and what it took the place of. Whether it
/// may be is decided by then, and the purchase is held still.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(super) async fn undo(change: &mut Change<'_>, line: OrderLineId) -> Outcome<()> {
    let purchase = list::find(&change.transaction, line, change.now).await?;
    let organization = purchase.organization;
    let reopened = renewal::take_back(change, line.0).await?;
    let text = "select n.id from benefit_grant n join benefit_grant f on f.id = n.follows_id
        where n.order_line_id = $1 and n.state = 'granted' and f.state = 'granted' order by n.id";
    for Id { id } in sql::all::<Id>(&change.transaction, text, [line.0.into()]).await? {
        end_grant(change, organization, GrantId(id)).await?;
    }
    entitle::hand_on(change, organization, line.0).await?;
    let text = "select id from benefit_grant where order_line_id = $1 and state = 'granted' order by id";
    for Id { id } in sql::all::<Id>(&change.transaction, text, [line.0.into()]).await? {
        end_grant(change, organization, GrantId(id)).await?;
    }
    let text = "update order_line set state = 'refunded' where id = $1";
    sql::run(&change.transaction, text, [line.0.into()]).await?;
    let text = "update payment set refund_due_at = $2, row_version = row_version + 1
        where order_id = (select order_id from order_line where id = $1) and state = 'paid'
            and refund_due_at is null";
    sql::run(&change.transaction, text, [line.0.into(), change.now.0.into()]).await?;
    let text = "update orders set state = 'refunded'
        where id = (select order_id from order_line where id = $1)
            and not exists (select 1 from order_line l where l.order_id = orders.id and l.state <> 'refunded')";
    sql::run(&change.transaction, text, [line.0.into()]).await?;
    people::roles::lock(change, organization).await?;
    settle::credit(change, line.0).await?;
    transfer::send_back(change, &purchase).await?;
    let tier = list::tier_without(&change.transaction, organization, line, false).await?;
    let text =
        "update organization set tier = $2, row_version = row_version + 1 where id = $1 and tier <> $2";
    sql::run(&change.transaction, text, [organization.0.into(), tier.code().into()]).await?;
    // What another holding brings as well comes with that one from now on.
    entitle::entitle(change, organization).await?;
    if let Some(reopened) = reopened {
        tier_change::give_back(change, organization, &reopened).await?;
    }
    change.record(
        Event::new(organization, AuditAction::PurchaseRefunded, "order_line", line)
            .before("active")
            .after("refunded"),
    );
    change.tell(Changed::Organization(organization));
    Ok(())
}

/// Makes assignments and reveals of the purchase wait: what came before counts, what comes after finds
/// the grant withdrawn.
pub(super) async fn hold_still(change: &Change<'_>, line: OrderLineId) -> Outcome<()> {
    for text in [
        "update benefit_grant set state = state where order_line_id = $1",
        "update pool set used = used where id in (select pool_id from benefit_grant where order_line_id = $1)",
    ] {
        sql::run(&change.transaction, text, [line.0.into()]).await?;
    }
    Ok(())
}

async fn end_grant(
    change: &mut Change<'_>,
    organization: domain::ids::OrganizationId,
    id: GrantId,
) -> Outcome<()> {
    let grant = grants::find(&change.transaction, organization, id).await?;
    let texts = products::texts(&change.transaction, grant.product).await?;
    release::end_all(change, &grant, ReleaseReason::GrantWithdrawn, &texts).await?;
    let text = "update product_key set state = 'withdrawn', row_version = row_version + 1
        where grant_id = $1 and state in ('held', 'spent')";
    sql::run(&change.transaction, text, [id.0.into()]).await?;
    let running = [ActivationState::Requested, ActivationState::Processing, ActivationState::Active];
    let by = change.request().account()?;
    withdraw(change, organization, id, &running, Some(by)).await?;
    seat_requests::refuse_all(change, &grant, ReleaseReason::GrantWithdrawn, &texts).await?;
    let text = "update benefit_grant set state = 'withdrawn', ended_at = coalesce(ended_at, $2),
            row_version = row_version + 1,
            activation_state = case when activation_state in ('requested', 'processing', 'active')
                then 'withdrawn' else activation_state end
        where id = $1";
    sql::run(&change.transaction, text, [id.0.into(), change.now.0.into()]).await?;
    change.record(
        Event::new(organization, AuditAction::GrantWithdrawn, "grant", id)
            .grant(id)
            .before("granted")
            .after("withdrawn"),
    );
    change.tell(Changed::Grant(organization, id));
    Ok(())
}
