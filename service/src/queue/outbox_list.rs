//! The outbox as operators see it: what failed first.

use domain::ids::{MailId, OrganizationId};
use domain::moment::Zone;
use domain::rights::OperatorAction;
use domain::view::activity::{COUNTED, COUNTED_OF_MANY};
use domain::view::operator::{MailRow, MailState, OutboxPage, OutboxQuery, PAGE_ROWS};
use domain::{AuditAction, ErrorCode, Language};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::item::stamp;
use super::outbox_item;
use super::outbox_search::Search;
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, outbox, rights, sql};

/// A mail's rank, which `mail_by_place` has: given up, failed at least once, waiting, sent.
pub(super) const PLACE: &str = "case when m.state = 'failed' and m.bounced_at is null then 0
    when m.state = 'waiting' and m.attempts > 0 then 1 when m.state = 'waiting' then 2 else 3 end";

const TABLES: &str = "from mail m left join organization o on o.id = m.organization_id";

/// The columns of [`Row`].
pub(super) const COLUMNS: &str =
    "m.id, m.kind, m.recipient, m.language, m.subject, m.state, m.attempts, m.last_error, m.created_at, m.sent_at,
    o.name as organization, m.bounced_at is not null as bounced,
    exists (select 1 from bouncing_address b where b.address_key = m.recipient_key) as held";

#[derive(FromQueryResult)]
pub(super) struct Row {
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
    bounced: bool,
    held: bool,
}

#[derive(FromQueryResult)]
struct Totals {
    failed: i64,
    waiting: i64,
    bouncing: i64,
}

#[derive(FromQueryResult)]
struct Cursor {
    place: i64,
}

/// The page that the query asks for.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for operators who don't read mail; [`ErrorCode::NotFound`] for a page
/// that begins after no mail, or an open row that is none.
pub async fn page(service: &Service, request: &Request, query: &OutboxQuery) -> Outcome<OutboxPage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadMail)?;
    let reader = service.database.reader();
    let text = "select (select count(*) from mail where state = 'failed' and bounced_at is null) as failed,
        (select count(*) from mail where state = 'waiting') as waiting,
        (select count(*) from bouncing_address) as bouncing";
    let totals = sql::one::<Totals>(reader, text, [])
        .await?
        .ok_or_else(|| Failure::broken("mail", "totals", "outbox"))?;
    let search = Search::of(reader, &query.find).await?;
    let (filter, mut values) = filter(query, search.as_ref().map(Part::Whole));
    let many = search.as_ref().filter(|search| search.finds_many());
    let counted = if many.is_some() { COUNTED_OF_MANY } else { COUNTED };
    // All mail that ever went out is here: nobody waits until it is counted.
    let count = |filter: &str| {
        format!(
            "select count(*) as number from (select m.id {TABLES} where {filter} limit {}) counted",
            counted + 1
        )
    };
    let filters = values.clone();
    let from = match query.after {
        Some(after) => {
            let text = format!("select cast({PLACE} as bigint) as place from mail m where m.id = $1");
            let cursor =
                sql::one::<Cursor>(reader, &text, [after.0.into()]).await?.ok_or(ErrorCode::NotFound)?;
            values.extend([cursor.place.into(), after.0.into()]);
            let (place, id) = (values.len() - 1, values.len());
            // Ids are ordered by time: the latest first within a rank. The first condition is what an index
            // can begin at.
            format!(" and ({PLACE}) >= ${place} and (({PLACE}) > ${place} or m.id < ${id})")
        }
        None => String::new(),
    };
    let text = format!(
        "select {COLUMNS} {TABLES} where {filter}{from} order by {PLACE}, m.id desc limit {}",
        PAGE_ROWS + 1
    );
    let mut rows = sql::all::<Row>(reader, &text, values).await?;
    let more = rows.len() > PAGE_ROWS as usize;
    rows.truncate(PAGE_ROWS as usize);
    let total = if query.after.is_none() && !more {
        rows.len() as i64
    } else {
        let some = match many {
            Some(search) => {
                let (filter, values) = self::filter(query, Some(Part::Some(search)));
                sql::number(reader, &count(&filter), values).await?
            }
            None => 0,
        };
        if some > counted { some } else { sql::number(reader, &count(&filter), filters).await? }
    };
    let zone = Zone::named("UTC");
    let rows = rows.into_iter().map(|row| view(row, &zone)).collect::<Outcome<Vec<_>>>()?;
    let item = match query.open {
        Some(open) => Some(Box::new(outbox_item::item(reader, open, &zone).await?)),
        None => None,
    };
    let company = match query.company {
        Some(company) => Some(company_name(reader, company).await?),
        None => None,
    };
    Ok(OutboxPage {
        next: rows.last().filter(|_| more).map(|row| row.id),
        rows,
        total,
        counted,
        failed: totals.failed,
        waiting: totals.waiting,
        bouncing: totals.bouncing,
        company,
        item,
        why_not: domain::rights::operator_may(&operator.roles, OperatorAction::WorkQueue).err(),
    })
}

async fn company_name(connection: &impl ConnectionTrait, company: OrganizationId) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Name {
        name: String,
    }
    let text = "select name from organization where id = $1";
    let found = sql::one::<Name>(connection, text, [company.0.into()]).await?;
    Ok(found.ok_or(ErrorCode::NotFound)?.name)
}

/// What of a search is asked for.
enum Part<'s> {
    /// All that it finds.
    Whole(&'s Search),
    /// Some of it, which is quick to count.
    Some(&'s Search),
}

fn filter(query: &OutboxQuery, part: Option<Part<'_>>) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let mut parts = vec!["1 = 1".to_owned()];
    match part {
        Some(Part::Whole(search)) => parts.push(search.condition(&mut values)),
        Some(Part::Some(search)) => parts.push(search.some(&mut values)),
        None => {}
    }
    // By rank, so that each is a part of an index in the order of the list.
    match query.state {
        Some(MailState::Failed) => parts.push(format!("({PLACE}) < 1")),
        Some(MailState::Waiting) => parts.push(format!("({PLACE}) between 1 and 2")),
        Some(MailState::Sent) => parts.push(format!("({PLACE}) > 2 and m.bounced_at is null")),
        Some(MailState::Bounced) => parts.push("m.bounced_at is not null".to_owned()),
        None => {}
    }
    if let Some(kind) = query.kind {
        values.push(kind.code().into());
        parts.push(format!("m.kind = ${}", values.len()));
    }
    if !query.recipient.is_empty() {
        values.push(sql::folded(&query.recipient).into());
        parts.push(format!("m.recipient_key = ${}", values.len()));
    }
    if let Some(company) = query.company {
        values.push(company.0.into());
        parts.push(format!("m.organization_id = ${}", values.len()));
    }
    (parts.join(" and "), values)
}

pub(super) fn view(row: Row, zone: &Zone) -> Outcome<MailRow> {
    let state = if row.bounced { Some(MailState::Bounced) } else { MailState::from_code(&row.state) };
    let state = state.ok_or_else(|| Failure::broken("mail", "state", row.id))?;
    Ok(MailRow {
        id: MailId(row.id),
        kind: row.kind,
        recipient: row.recipient,
        language: Language::from_tag(&row.language).unwrap_or_default(),
        subject: row.subject,
        organization: row.organization,
        state,
        attempts: row.attempts,
        last_error: row.last_error,
        written: stamp(zone, row.created_at),
        sent: row.sent_at.map(|at| stamp(zone, at)),
        held: row.held && state == MailState::Waiting,
    })
}

/// Puts a mail up for delivery now.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] if it was sent;
/// [`ErrorCode::AddressBounces`] as long as mail to its address comes back.
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
