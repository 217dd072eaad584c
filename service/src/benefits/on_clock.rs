//! What the clock does to grants: they end, and their seats with them (rule 21).

use domain::AuditAction;
use domain::benefit::{ActivationState, GrantState, SourceLabel};
use domain::ids::{GrantId, OrganizationId};
use domain::seat::ReleaseReason;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::{grants, products};
use crate::activations::withdraw::withdraw;
use crate::assignments::{release, seat_requests};
use crate::audit::Event;
use crate::change::Change;
use crate::individual_grants::quantities;
use crate::live::Changed;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// So many are ended in one transaction.
const BATCH: usize = 50;

/// Activations that somebody is at work on.
const OPEN: &[ActivationState] = &[ActivationState::Requested, ActivationState::Processing];
/// The same, and those in use.
const RUNNING: &[ActivationState] =
    &[ActivationState::Requested, ActivationState::Processing, ActivationState::Active];

#[derive(FromQueryResult)]
struct Due {
    id: Uuid,
    organization_id: Uuid,
}

/// Ends the grants whose last moment, the renewal window included, is over: holders become former
/// holders with the reason and are told. Says how many there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what earlier batches ended stays ended.
pub async fn end_due(service: &Service) -> Outcome<usize> {
    let request = Request::of_worker(service);
    let mut ended = 0;
    loop {
        // Most of the time there is nothing to do, and that is found out without taking the writer.
        if due(service, service.database.reader(), "").await?.is_empty() {
            return Ok(ended);
        }
        let count = end_batch(service, &request).await?;
        ended += count;
        if count < BATCH {
            return Ok(ended);
        }
    }
}

async fn due(service: &Service, connection: &impl ConnectionTrait, lock: &str) -> Outcome<Vec<Due>> {
    let lock = if service.database.is_postgres() { lock } else { "" };
    let text = format!(
        "select id, organization_id from benefit_grant
        where state = 'granted' and coalesce(expires_at, holding_ends_at + 2592000000) < $1
        order by id limit {BATCH}{lock}"
    );
    Ok(sql::all::<Due>(connection, &text, [service.now().0.into()]).await?)
}

async fn end_batch(service: &Service, request: &Request) -> Outcome<usize> {
    let mut change = Change::begin_unasked(service, request).await?;
    let due = due(service, &change.transaction, " for no key update skip locked").await?;
    let count = due.len();
    hold_pools(&change, &due).await?;
    let mut organizations = Vec::with_capacity(count);
    for Due { id, organization_id } in due {
        let organization = OrganizationId(organization_id);
        end_grant(&mut change, organization, GrantId(id)).await?;
        organizations.push(organization);
    }
    let count = change.commit(count).await?;
    quantities::settle_all(service, organizations).await;
    Ok(count)
}

/// Pools in the order in which whoever shares out individual grants takes them: products may share them crosswise.
async fn hold_pools(change: &Change<'_>, due: &[Due]) -> Outcome<()> {
    if due.is_empty() || !change.service().database.is_postgres() {
        return Ok(());
    }
    let places: Vec<String> = (1..=due.len()).map(|place| format!("${place}")).collect();
    let text = format!(
        "select id from pool where id in (select pool_id from benefit_grant where id in ({}))
        order by id for no key update",
        places.join(", ")
    );
    sql::run(&change.transaction, &text, due.iter().map(|due| Value::from(due.id))).await?;
    Ok(())
}

/// Ends a grant that stands: its holders become former holders and are told. One that is over stays as it is. With
/// one beside the plan nothing is left to be decided: it ends for good, whatever the company's holdings bring.
pub(crate) async fn end_grant(
    change: &mut Change<'_>,
    organization: OrganizationId,
    id: GrantId,
) -> Outcome<()> {
    grants::hold(change, id).await?;
    let grant = grants::find(&change.transaction, organization, id).await?;
    if grant.facts.state != GrantState::Granted {
        return Ok(());
    }
    let texts = products::texts(&change.transaction, grant.product).await?;
    release::end_all(change, &grant, ReleaseReason::GrantEnded, &texts).await?;
    if grant.source == SourceLabel::IndividualGrant.code() {
        seat_requests::refuse_all(change, &grant, ReleaseReason::GrantEnded, &texts).await?;
        // What is over as well expires on its own, and its contact hears of that.
        let text = "select count(*) as number from activation
            where grant_id = $1 and state = 'active' and expires_at < $2";
        let expires = sql::number(&change.transaction, text, [id.0.into(), change.now.0.into()]).await? > 0;
        withdraw(change, organization, id, if expires { OPEN } else { RUNNING }, None).await?;
        let text = "update benefit_grant set activation_state = 'withdrawn'
            where id = $1 and activation_state in ('requested', 'processing', 'active')
                and not exists (select 1 from activation a where a.grant_id = $1 and a.state = 'active')";
        sql::run(&change.transaction, text, [id.0.into()]).await?;
    }
    let text = "update benefit_grant set state = 'ended', ended_at = $2, row_version = row_version + 1
        where id = $1";
    sql::run(&change.transaction, text, [id.0.into(), change.now.0.into()]).await?;
    change.record(
        Event::new(organization, AuditAction::GrantEnded, "grant", id)
            .grant(id)
            .before("granted")
            .after("ended"),
    );
    change.tell(Changed::Grant(organization, id));
    Ok(())
}
