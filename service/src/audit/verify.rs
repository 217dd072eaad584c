//! Whether the audit trail is as it was written.

use domain::ids::OrganizationId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{Head, link};
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

/// Follows an organization's chain and names the first sequence that doesn't fit, if any.
///
/// # Errors
/// [`Failure::Database`].
pub async fn first_broken(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Result<Option<i64>, Failure> {
    let mut previous = Head { sequence: 0, hash: vec![0; 32] };
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
            previous = Head { sequence: event.sequence, hash: event.hash };
        }
        if last {
            break;
        }
    }
    let text = "select sequence, hash from audit_head where organization_id = $1";
    let head = sql::one::<Head>(connection, text, [organization.0.into()]).await?;
    let fits = head.map_or(previous.sequence == 0, |head| {
        head.sequence == previous.sequence && head.hash == previous.hash
    });
    Ok((!fits).then_some(previous.sequence + 1))
}
