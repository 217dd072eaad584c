//! Ending an individual grant: earlier than on its day, by an operator, or on its day, by the clock.

use domain::AuditAction;
use domain::entitlement::Amount;
use domain::ids::{AccountId, GrantId, IndividualGrantId};
use domain::operation::OperationId;
use domain::rights::OperatorAction;

use super::quantities::{self, Pooled, Pools};
use super::set::told;
use super::{Row, check_beyond, claim, letters, noted};
use crate::audit::Event;
use crate::benefits::on_clock::end_grant;
use crate::change::{Begun, Change};
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, rights, sql};

/// Which individual grant is to end now.
#[derive(Clone, Copy, Debug)]
pub struct EndIndividualGrant {
    /// Which one.
    pub id: IndividualGrantId,
    /// Its version as the page showed it.
    pub version: i64,
    /// How many more in use than there will be were accepted, as the page said it.
    pub accepted: Option<i64>,
}

/// Ends an individual grant before its last day: what the plan gives counts again, and a benefit beside the plan
/// ends with its seats.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`], [`domain::ErrorCode::NotFound`]; [`domain::ErrorCode::Stale`] if somebody changed it meanwhile,
/// [`domain::ErrorCode::WrongState`] if it is over; [`domain::ErrorCode::BelowUse`] where more is in use than the plan gives and that
/// wasn't accepted.
pub async fn end(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: EndIndividualGrant,
) -> Outcome<IndividualGrantId> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::SetIndividualGrants)?;
    let operation = Operation::new(operation, "end_individual_grant", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let (row, _) = claim(&change, input.id, input.version).await?;
    let pools = Pools::of(&change.transaction, row.organization(), change.now).await?;
    let over = match row.grant_id {
        None => pools.beyond(row.product(), None),
        // All that is in use of it ends.
        Some(grant) => pools.all(row.product()).filter(|own| own.grant_id == grant).map(Pooled::in_use).sum(),
    };
    check_beyond(over, input.accepted)?;
    over_now(&mut change, &row, Some(operator.account)).await?;
    change.commit(row.id()).await
}

/// Ends it, by somebody or by the clock. The company is locked by then. Says whether it was this call that did.
pub(super) async fn over_now(change: &mut Change<'_>, row: &Row, by: Option<AccountId>) -> Outcome<bool> {
    let (organization, product) = (row.organization(), row.product());
    let text = "update individual_grant set ended_at = $2, ended_by = $3, row_version = row_version + 1
        where id = $1 and ended_at is null";
    let values = [row.id.into(), change.now.0.into(), by.map(|by| by.0).into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Ok(false);
    }
    if let Some(grant) = row.grant_id {
        end_grant(change, organization, GrantId(grant)).await?;
    }
    quantities::settle(change, organization).await?;
    let pools = Pools::of(&change.transaction, organization, change.now).await?;
    let individual = row.individual()?;
    let before: Option<Amount> = quantities::result(&pools, product, Some(individual));
    let plan = pools.plan_value(product);
    letters::ended(change, organization, product, &pools, individual.kind).await?;
    let event = Event::new(organization, AuditAction::IndividualGrantEnded, "individual_grant", row.id())
        .before(noted(before))
        .after(noted(plan));
    let event = match row.grant_id {
        Some(grant) if pools.all(product).next().is_none() => event.grant(GrantId(grant)),
        _ => event,
    };
    told(change, organization, product, &pools, event);
    Ok(true)
}
