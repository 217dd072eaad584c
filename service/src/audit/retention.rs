//! How long the trail is kept: for ever, unless the programme sets a limit. Events go from the front of
//! a chain, each removal is an event of the same chain, and the head keeps what the chain begins after.

use domain::ids::OrganizationId;
use domain::moment::Zone;
use domain::{AuditAction, Day, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{Event, hexadecimal, lock_head};
use crate::change::Change;
use crate::request::Request;
use crate::{Outcome, Service, policies, sql};

/// So many events go in one transaction.
const AT_ONCE: i64 = 5000;
/// So many transactions a round has: mail waits for the same worker.
const BATCHES: usize = 20;

#[derive(FromQueryResult)]
struct Chain {
    organization_id: Uuid,
}

#[derive(FromQueryResult)]
struct Last {
    sequence: i64,
    hash: Vec<u8>,
}

/// Removes events that are older than the programme keeps them; says how many there were. What is left
/// over after a round goes in the next one.
///
/// # Errors
/// [`crate::Failure::Database`]; what earlier transactions removed stays removed.
pub async fn remove_due(service: &Service) -> Outcome<i64> {
    let reader = service.database.reader();
    let retention = policies::in_force(reader).await?.audit_retention;
    let zone = Zone::named("UTC");
    let Some(from) = retention.keeps_from(zone.day_of(service.now())) else { return Ok(0) };
    let start = zone.start_of(from);
    let mut removed = 0;
    for _ in 0..BATCHES {
        let Some(chain) = first_due(reader, start).await? else { break };
        removed += remove(service, OrganizationId(chain.organization_id), from, start).await?;
    }
    Ok(removed)
}

/// A chain whose first event is too old.
async fn first_due(connection: &impl ConnectionTrait, start: Moment) -> Outcome<Option<Chain>> {
    let text = "select h.organization_id from audit_head h
        join audit_event e on e.organization_id = h.organization_id and e.sequence = h.removed_sequence + 1
        where e.at < $1 limit 1";
    Ok(sql::one::<Chain>(connection, text, [start.0.into()]).await?)
}

async fn remove(service: &Service, organization: OrganizationId, from: Day, start: Moment) -> Outcome<i64> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    lock_head(service, &change.transaction, organization.0).await?;
    let text = "select removed_sequence as number from audit_head where organization_id = $1";
    let before = sql::number(&change.transaction, text, [organization.0.into()]).await?;
    // Up to the first event that stays: a clock that was set back leaves no hole.
    let text = "select sequence, hash from audit_event
        where organization_id = $1 and sequence > $2 and sequence <= $3
            and sequence < coalesce((select min(e.sequence) from audit_event e
                where e.organization_id = $1 and e.sequence > $2 and e.sequence <= $3 and e.at >= $4), $3 + 1)
        order by sequence desc limit 1";
    let values = [organization.0.into(), before.into(), (before + AT_ONCE).into(), start.0.into()];
    let Some(last) = sql::one::<Last>(&change.transaction, text, values).await? else { return Ok(0) };
    let text = "update audit_head set removed_sequence = $2, removed_hash = $3 where organization_id = $1";
    let values = [organization.0.into(), last.sequence.into(), last.hash.clone().into()];
    sql::run(&change.transaction, text, values).await?;
    let text = "delete from audit_event where organization_id = $1 and sequence <= $2";
    sql::run(&change.transaction, text, [organization.0.into(), last.sequence.into()]).await?;
    let event = Event::new(organization, AuditAction::AuditRemoved, "organization", organization);
    change.record(event.before(from).after(told(last.sequence, &last.hash)));
    change.commit(last.sequence - before).await
}

/// The last event that went, as the event of its removal says it.
pub(super) fn told(sequence: i64, hash: &[u8]) -> String {
    format!("{sequence} {}", hexadecimal(hash))
}
