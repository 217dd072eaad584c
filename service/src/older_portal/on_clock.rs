//! What the clock does to records from the older portal: at their end they are view-only for good.

use domain::AuditAction;
use domain::Moment;
use domain::ids::OrganizationId;
use domain::older_portal::PortalState;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::Change;
use crate::live::Changed;
use crate::request::Request;
use crate::{Failure, Outcome, Service, sql};

/// So many are ended in one transaction.
const BATCH: usize = 50;

#[derive(FromQueryResult)]
struct Due {
    organization_id: Uuid,
    portal_state: String,
    ends_at: i64,
}

/// Ends the records whose last moment, 30 days after the last anniversary, is over (rule 22). Says how
/// many there were.
///
/// # Errors
/// [`Failure::Database`]; what earlier batches ended stays ended.
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
        "select r.organization_id, o.portal_state, r.ends_at
        from older_record r join organization o on o.id = r.organization_id
        where r.ended_at is null and r.ends_at < $1 order by r.ends_at limit {BATCH}{lock}"
    );
    Ok(sql::all::<Due>(connection, &text, [service.now().0.into()]).await?)
}

async fn end_batch(service: &Service, request: &Request) -> Outcome<usize> {
    let mut change = Change::begin_unasked(service, request).await?;
    let due = due(service, &change.transaction, " for no key update skip locked").await?;
    let count = due.len();
    for Due { organization_id, portal_state, ends_at } in due {
        let state = PortalState::from_code(&portal_state)
            .ok_or_else(|| Failure::broken("organization", "portal_state", organization_id))?;
        let now = change.now.0;
        let text = "update older_record set ended_at = $2 where organization_id = $1";
        sql::run(&change.transaction, text, [organization_id.into(), now.into()]).await?;
        let next = state.at(change.now, Moment(ends_at));
        // A company that enrolled meanwhile has nothing to lose but the old record.
        if next == state {
            continue;
        }
        let text = "update organization set portal_state = $2, row_version = row_version + 1 where id = $1";
        sql::run(&change.transaction, text, [organization_id.into(), next.code().into()]).await?;
        let organization = OrganizationId(organization_id);
        change.record(
            Event::new(organization, AuditAction::OlderRecordEnded, "organization", organization)
                .before(state.code())
                .after(next.code()),
        );
        change.tell(Changed::Organization(organization));
    }
    change.commit(count).await
}
