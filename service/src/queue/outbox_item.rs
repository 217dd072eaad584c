//! An open row of the outbox: the mail as its reader gets it. A link that opens an account or founds a
//! company isn't read at all, sealed or not: it is its reader's.

use domain::ErrorCode;
use domain::ids::{MailId, OrganizationId};
use domain::moment::Zone;
use domain::view::operator::{MailAttempt, MailItem, MailState};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::item::stamp;
use super::outbox_list::{COLUMNS, Row, view};
use crate::outbox::{AGAIN, CALENDAR_FILE};
use crate::{Outcome, sql};

/// So many attempts are shown, the latest ones.
const ATTEMPTS: u32 = 50;

/// The place of a link that leaves with the mail only.
const LINK: &str = "{link}";

#[derive(FromQueryResult)]
struct More {
    organization_id: Option<Uuid>,
    body: String,
    has_calendar: bool,
    next_attempt_at: i64,
    bounced_at: Option<i64>,
    bounce_reason: Option<String>,
    address_since: Option<i64>,
    address_reason: Option<String>,
    again: bool,
}

#[derive(FromQueryResult)]
struct Attempt {
    started_at: i64,
    ended_at: Option<i64>,
    error: Option<String>,
}

/// A mail with its text and what became of it.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(super) async fn item(connection: &impl ConnectionTrait, id: MailId, zone: &Zone) -> Outcome<MailItem> {
    let text = format!(
        "select {COLUMNS} from mail m left join organization o on o.id = m.organization_id where m.id = $1"
    );
    let row = sql::one::<Row>(connection, &text, [id.0.into()]).await?.ok_or(ErrorCode::NotFound)?;
    let row = view(row, zone)?;
    let text = format!(
        "select m.organization_id, m.body, m.calendar is not null as has_calendar, m.next_attempt_at,
            m.bounced_at, m.bounce_reason, b.since as address_since, b.reason as address_reason, ({AGAIN}) as again
        from mail m left join bouncing_address b on b.address_key = m.recipient_key where m.id = $1"
    );
    let more = sql::one::<More>(connection, &text, [id.0.into()]).await?.ok_or(ErrorCode::NotFound)?;
    let text = format!(
        "select started_at, ended_at, error from mail_attempt where mail_id = $1 order by id desc limit {ATTEMPTS}"
    );
    let mut attempts = sql::all::<Attempt>(connection, &text, [id.0.into()]).await?;
    attempts.reverse();
    let waits = row.state == MailState::Waiting && !row.held;
    Ok(MailItem {
        company: more.organization_id.map(OrganizationId),
        text: more.body.split(LINK).map(str::to_owned).collect(),
        attachments: more.has_calendar.then(|| CALENDAR_FILE.to_owned()).into_iter().collect(),
        attempts: attempts
            .into_iter()
            .map(|attempt| MailAttempt {
                began: stamp(zone, attempt.started_at),
                ended: attempt.ended_at.is_some(),
                error: attempt.error,
            })
            .collect(),
        next: waits.then(|| stamp(zone, more.next_attempt_at)),
        bounced: more.bounced_at.map(|at| (stamp(zone, at), more.bounce_reason.unwrap_or_default())),
        address: more.address_since.map(|at| (stamp(zone, at), more.address_reason.unwrap_or_default())),
        can_bounce: matches!(row.state, MailState::Sent | MailState::Failed),
        can_repeat: more.again,
        row,
    })
}
