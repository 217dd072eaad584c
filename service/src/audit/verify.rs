//! Whether the audit trail is as it was written.

use domain::AuditAction;
use domain::ids::OrganizationId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{Head, link, retention};
use crate::change::programme_chain;
use crate::entity::audit_event;
use crate::failure::Failure;
use crate::{Database, Outcome, sql};

/// So many events are read at once.
const STEP: i64 = 1000;

/// What was found of one chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// Whose it is; none is the programme's own.
    pub organization: Option<OrganizationId>,
    /// Its name, if there still is such an organization.
    pub name: Option<String>,
    /// Events that are there.
    pub events: i64,
    /// The first sequence that isn't as it was written, or is missing; none where all is whole.
    pub broken: Option<i64>,
}

/// Follows every chain, in one state of the database, whatever is written meanwhile.
///
/// # Errors
/// [`Failure::Database`].
pub async fn verify(database: &Database) -> Outcome<Vec<Chain>> {
    #[derive(FromQueryResult)]
    struct Row {
        organization_id: Uuid,
        name: Option<String>,
        events: i64,
    }
    let text = "select c.organization_id, o.name,
            (select count(*) from audit_event e where e.organization_id = c.organization_id) as events
        from (select organization_id from audit_head union select organization_id from audit_event) c
        left join organization o on o.id = c.organization_id
        order by o.name, c.organization_id";
    let snapshot = database.snapshot().await?;
    let mut chains = Vec::new();
    for Row { organization_id, name, events } in sql::all::<Row>(&snapshot, text, []).await? {
        let organization = OrganizationId(organization_id);
        let broken = first_broken(&snapshot, organization).await?;
        let organization = Some(organization).filter(|id| *id != programme_chain());
        chains.push(Chain { organization, name, events, broken });
    }
    Ok(chains)
}

#[derive(FromQueryResult)]
struct Ends {
    sequence: i64,
    hash: Vec<u8>,
    removed_sequence: i64,
    removed_hash: Option<Vec<u8>>,
}

/// Follows an organization's chain and names the first sequence that doesn't fit, if any. Where retention
/// has removed events the chain begins after them, and the last removal that it tells of must be this one.
///
/// # Errors
/// [`Failure::Database`].
pub async fn first_broken(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Result<Option<i64>, Failure> {
    let text =
        "select sequence, hash, removed_sequence, removed_hash from audit_head where organization_id = $1";
    let ends = sql::one::<Ends>(connection, text, [organization.0.into()]).await?;
    let removed = ends.as_ref().filter(|ends| ends.removed_sequence > 0);
    let begin = match removed {
        Some(ends) => {
            Head { sequence: ends.removed_sequence, hash: ends.removed_hash.clone().unwrap_or_default() }
        }
        None => Head { sequence: 0, hash: vec![0; 32] },
    };
    let claimed = removed.map(|_| retention::told(begin.sequence, &begin.hash));
    let text = "select count(*) as number from audit_event where organization_id = $1 and sequence <= $2";
    if sql::number(connection, text, [organization.0.into(), begin.sequence.into()]).await? > 0 {
        return Ok(Some(1));
    }
    let mut told = None;
    let mut previous = begin;
    loop {
        let text = "select * from audit_event where organization_id = $1 and sequence > $2
            order by sequence limit 1000";
        let values = [organization.0.into(), previous.sequence.into()];
        let events = sql::all::<audit_event::Model>(connection, text, values).await?;
        let last = (events.len() as i64) < STEP;
        for event in events {
            let fits = event.sequence == previous.sequence + 1
                && event.previous_hash == previous.hash
                && event.hash == link(&event);
            if !fits {
                return Ok(Some(previous.sequence + 1));
            }
            if event.action == AuditAction::AuditRemoved.code() {
                told = event.after_state;
            }
            previous = Head { sequence: event.sequence, hash: event.hash };
        }
        if last {
            break;
        }
    }
    if told != claimed {
        return Ok(Some(1));
    }
    let fits = ends.map_or(previous.sequence == 0, |ends| {
        ends.sequence == previous.sequence && ends.hash == previous.hash
    });
    Ok((!fits).then_some(previous.sequence + 1))
}
