//! What the clock does to grants: they end, and their seats with them (rule 21).

use domain::AuditAction;
use domain::benefit::{ActivationState, GrantState, SourceLabel};
use domain::ids::{GrantId, OrganizationId};
use domain::seat::ReleaseReason;
use sea_orm::FromQueryResult;
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

/// So many are looked up at once.
const BATCH: usize = 50;
/// Seats that end in one transaction: the writer is not held for all of a large company's.
const SEATS: usize = 500;

/// Grants whose last moment, the renewal window included, is before `$1`.
const DUE: &str = "state = 'granted' and coalesce(expires_at, holding_ends_at + 2592000000) < $1";

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

/// Ends the grants whose last moment, the renewal window included, is over, each by itself: holders become former
/// holders with the reason and are told. Says how many there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what was ended before stays ended.
pub async fn end_due(service: &Service) -> Outcome<usize> {
    let request = Request::of_worker(service);
    let (mut ended, mut after) = (0, Uuid::nil());
    loop {
        // Most of the time there is nothing to do, and that is found out without taking the writer.
        let text = format!(
            "select id, organization_id from benefit_grant where {DUE} and id > $2 order by id limit {BATCH}"
        );
        let values = [service.now().0.into(), after.into()];
        let due = sql::all::<Due>(service.database.reader(), &text, values).await?;
        let mut organizations = Vec::new();
        for &Due { id, organization_id } in &due {
            let organization = OrganizationId(organization_id);
            match end_one(service, &request, organization, GrantId(id)).await {
                Ok(true) => organizations.push(organization),
                Ok(false) => {}
                // The others don't wait for it.
                Err(failure) => {
                    tracing::error!(grant = %id, cause = %failure, "a grant could not be ended");
                }
            }
        }
        ended += organizations.len();
        quantities::settle_all(service, organizations).await;
        match due.last() {
            Some(last) if due.len() == BATCH => after = last.id,
            _ => return Ok(ended),
        }
    }
}

/// Ends a grant, its seats some at a time before it; not where another server did, or does.
async fn end_one(
    service: &Service,
    request: &Request,
    organization: OrganizationId,
    id: GrantId,
) -> Outcome<bool> {
    loop {
        let mut change = Change::begin_unasked(service, request).await?;
        if !is_due(&change, id).await? {
            return Ok(false);
        }
        hold_pool(&change, id).await?;
        grants::hold(&change, id).await?;
        let grant = grants::find(&change.transaction, organization, id).await?;
        let texts = products::texts(&change.transaction, grant.product).await?;
        let count = release::end_some(&mut change, &grant, ReleaseReason::GrantEnded, &texts, SEATS).await?;
        if count < SEATS {
            end_grant(&mut change, organization, id).await?;
            return change.commit(true).await;
        }
        change.commit(()).await?;
    }
}

async fn is_due(change: &Change<'_>, id: GrantId) -> Outcome<bool> {
    let lock = if change.service().database.is_postgres() { " for no key update skip locked" } else { "" };
    let text = format!("select id, organization_id from benefit_grant where {DUE} and id = $2{lock}");
    let values = [change.now.0.into(), id.0.into()];
    Ok(sql::one::<Due>(&change.transaction, &text, values).await?.is_some())
}

/// Whoever shares out individual grants takes pools before anything of theirs.
async fn hold_pool(change: &Change<'_>, id: GrantId) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select id from pool where id in (select pool_id from benefit_grant where id = $1)
            for no key update";
        sql::run(&change.transaction, text, [id.0.into()]).await?;
    }
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
