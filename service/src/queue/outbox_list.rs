//! The outbox as operators see it: what failed first, never a body, because links can be secret.

use domain::ids::MailId;
use domain::moment::Zone;
use domain::rights::OperatorAction;
use domain::view::operator::{MailRow, MailState, OutboxPage, OutboxQuery, PAGE_ROWS};
use domain::{AuditAction, ErrorCode, Language};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::item::stamp;
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, outbox, rights, sql};

/// A mail's row with its rank: given up, failed at least once, waiting, sent.
const ROWS: &str =
    "select m.id, m.kind, m.recipient, m.language, m.subject, m.state, m.attempts, m.last_error,
        m.created_at, m.sent_at, o.name as organization, lower(m.recipient) as recipient_key,
        lower(m.subject) as subject_key,
        cast(case when m.state = 'failed' then 0 when m.state = 'waiting' and m.attempts > 0 then 1
            when m.state = 'waiting' then 2 else 3 end as bigint) as place
    from mail m left join organization o on o.id = m.organization_id";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    kind: String,
    recipient: String,
    language: String,
    subject: String,
    state: String,
    attempts: i64,
    last_error: Option<String>,
    created_at: i64,
    sent_at: Option<i64>,
    organization: Option<String>,
}

#[derive(FromQueryResult)]
struct Totals {
    failed: i64,
    waiting: i64,
}

#[derive(FromQueryResult)]
struct Cursor {
    place: i64,
}

/// The page that the query asks for.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for operators who don't read mail; [`ErrorCode::NotFound`] for a page
/// that begins after no mail.
pub async fn page(service: &Service, request: &Request, query: &OutboxQuery) -> Outcome<OutboxPage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadMail)?;
    let reader = service.database.reader();
    let text = "select (select count(*) from mail where state = 'failed') as failed,
        (select count(*) from mail where state = 'waiting') as waiting";
    let totals = sql::one::<Totals>(reader, text, [])
        .await?
        .ok_or_else(|| Failure::broken("mail", "totals", "outbox"))?;
    let (filter, mut values) = filter(query);
    let count = format!("select count(*) as number from ({ROWS}) t where {filter}");
    let total = sql::number(reader, &count, values.clone()).await?;
    let from = match query.after {
        Some(after) => {
            let text = format!("select t.place from ({ROWS}) t where t.id = $1");
            let cursor =
                sql::one::<Cursor>(reader, &text, [after.0.into()]).await?.ok_or(ErrorCode::NotFound)?;
            values.extend([cursor.place.into(), after.0.into()]);
            let (place, id) = (values.len() - 1, values.len());
            // Ids are ordered by time: the latest first within a rank.
            format!(" and (t.place > ${place} or (t.place = ${place} and t.id < ${id}))")
        }
        None => String::new(),
    };
    let text = format!(
        "select * from ({ROWS}) t where {filter}{from} order by t.place, t.id desc limit {}",
        PAGE_ROWS + 1
    );
    let mut rows = sql::all::<Row>(reader, &text, values).await?;
    let more = rows.len() > PAGE_ROWS as usize;
    rows.truncate(PAGE_ROWS as usize);
    let zone = Zone::named("UTC");
    let rows = rows.into_iter().map(|row| view(row, &zone)).collect::<Outcome<Vec<_>>>()?;
    Ok(OutboxPage {
        next: rows.last().filter(|_| more).map(|row| row.id),
        rows,
        total,
        failed: totals.failed,
        waiting: totals.waiting,
        why_not: domain::rights::operator_may(&operator.roles, OperatorAction::WorkQueue).err(),
    })
}

fn filter(query: &OutboxQuery) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let mut parts = vec!["1 = 1".to_owned()];
    let find: String = query.find.trim().chars().take(120).collect();
    if !find.is_empty() {
        values.push(sql::contains_pattern(&find).into());
        parts.push("(t.recipient_key like $1 escape '\\' or t.subject_key like $1 escape '\\')".to_owned());
    }
    if let Some(state) = query.state {
        values.push(state.code().into());
        parts.push(format!("t.state = ${}", values.len()));
    }
    (parts.join(" and "), values)
}

fn view(row: Row, zone: &Zone) -> Outcome<MailRow> {
    Ok(MailRow {
        id: MailId(row.id),
        kind: row.kind,
        recipient: row.recipient,
        language: Language::from_tag(&row.language).unwrap_or_default(),
        subject: row.subject,
        organization: row.organization,
        state: MailState::from_code(&row.state).ok_or_else(|| Failure::broken("mail", "state", row.id))?,
        attempts: row.attempts,
        last_error: row.last_error,
        written: stamp(zone, row.created_at),
        sent: row.sent_at.map(|at| stamp(zone, at)),
    })
}

/// Puts a mail up for delivery now.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] if it was sent.
pub async fn send_again(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    mail: MailId,
) -> Outcome<()> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadMail)?;
    rights::check_operator(operator, OperatorAction::WorkQueue)?;
    let operation = Operation::new(operation, "send_again", &mail);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    outbox::retry(&change.transaction, mail, change.now).await?;
    change.record(Event::new(programme_chain(), AuditAction::MailSentAgain, "mail", mail));
    change.tell(Changed::Queue);
    change.commit(()).await
}
