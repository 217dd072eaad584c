//! Notes that operators alone read, messages to whoever made a request, and the history of both.

use domain::audit::ActorKind;
use domain::ids::ServiceRequestId;
use domain::moment::Zone;
use domain::queue::{MESSAGE_MAX, MessageDirection};
use domain::rights::OperatorAction;
use domain::text::Paragraph;
use domain::view::operator::{HistoryEntry, HistoryKind};
use domain::view::requests::RequestKind;
use domain::{AuditAction, Error, ErrorCode, Field};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::item::stamp;
use super::{find, right};
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::requests::messages;
use crate::{Outcome, Service, rights, sql};

/// So many entries of each kind are shown at most, the latest of them.
const SHOWN: u32 = 200;

/// What an operator writes to whoever made a request, as it was typed.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which request, and what it says.
    pub written: Written,
    /// Whether an answer is needed to go on: the next step is the partner's until then.
    pub asks: bool,
}

/// What an operator writes about a request, as it was typed.
#[derive(Clone, Debug)]
pub struct Written {
    /// Which request.
    pub request: ServiceRequestId,
    /// What it says.
    pub text: String,
}

/// Writes a note that operators alone read; a decided request takes notes, too. Gives the number of the
/// request.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`]; [`ErrorCode::Invalid`] with the fault of the note.
pub async fn note(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: Written,
) -> Outcome<i64> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::WorkQueue)?;
    let operation = Operation::new(operation, "note_request", &input);
    let body: String = Paragraph::parse(Field::Note, &input.text, MESSAGE_MAX).map_err(Error::from)?.into();
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = find(&change, input.request).await?;
    let text = "insert into request_note (id, request_id, written_by, written_at, body)
        values ($1, $2, $3, $4, $5)";
    let values = [
        service.new_id().into(),
        item.id.into(),
        operator.account.0.into(),
        change.now.0.into(),
        body.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    // Not in the company's own chain: whoever sees its activity would see that something was noted.
    change.record(Event::new(programme_chain(), AuditAction::RequestNoted, "service_request", item.id));
    change.tell(Changed::Queue);
    change.commit(item.number).await
}

/// Writes to whoever made the request. Gives its number.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::AlreadyDecided`];
/// [`ErrorCode::WrongKind`] for the review of a company that enrols, which is asked for changes instead;
/// [`ErrorCode::Invalid`] with the fault of the message.
pub async fn message(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: Asked,
) -> Outcome<i64> {
    let operator = request.operator()?;
    let operation = Operation::new(operation, "message_partner", &input);
    let body: String =
        Paragraph::parse(Field::Message, &input.written.text, MESSAGE_MAX).map_err(Error::from)?.into();
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let item = find(&change, input.written.request).await?;
    let kind = item.kind()?;
    rights::check_operator(operator, right(kind))?;
    if kind == RequestKind::Enrolment {
        return Err(ErrorCode::WrongKind.into());
    }
    if !item.open {
        return Err(ErrorCode::AlreadyDecided.into());
    }
    messages::write(&change, item.id, MessageDirection::ToPartner, operator.account, &body, input.asks)
        .await?;
    let text = "update service_request set answered_at = null where id = $1";
    sql::run(&change.transaction, text, [item.id.into()]).await?;
    let path = format!("/requests?open={}#request-{}", item.id, item.number);
    change.post(item.letter("request_message", &path, [("message", body)]));
    change.record(item.event(AuditAction::RequestMessageSent));
    change.tell(Changed::Organization(item.organization()));
    change.tell(Changed::Queue);
    change.commit(item.number).await
}

#[derive(FromQueryResult)]
struct Row {
    at: i64,
    source: String,
    what: String,
    body: Option<String>,
    actor: Option<String>,
    full_name: Option<String>,
}

/// What happened to a request, what was noted and what was written, the earliest first.
pub(super) async fn history(
    connection: &impl ConnectionTrait,
    request: Uuid,
    zone: &Zone,
) -> Outcome<Vec<HistoryEntry>> {
    // Notes and messages stand for their own events.
    let text = format!(
        "select h.at, h.source, h.what, h.body, h.actor, a.full_name from (
            select * from (select e.at, 'event' as source, e.action as what, cast(null as text) as body,
                    e.actor_kind as actor, e.actor_id as account_id, e.sequence as place
                from audit_event e where e.object_kind = 'service_request' and e.object_id = $1
                    and e.action not in ('request_noted', 'request_message_sent', 'request_answered')
                order by e.at desc, e.sequence desc limit {SHOWN}) e
            union all
            select * from (select n.written_at as at, 'note' as source, '' as what, n.body,
                    cast(null as text) as actor, n.written_by as account_id, 0 as place
                from request_note n where n.request_id = $2
                order by n.written_at desc, n.id desc limit {SHOWN}) n
            union all
            select * from (select m.written_at as at, 'message' as source, m.direction as what, m.body,
                    cast(null as text) as actor, m.written_by as account_id, 0 as place
                from request_message m where m.request_id = $2
                order by m.written_at desc, m.id desc limit {SHOWN}) m
        ) h left join account a on a.id = h.account_id
        order by h.at, h.place, h.source"
    );
    let rows = sql::all::<Row>(connection, &text, [request.to_string().into(), request.into()]).await?;
    let broken = |column: &'static str| Failure::broken("service_request", column, request);
    rows.into_iter()
        .map(|row| {
            let what = match row.source.as_str() {
                "note" => HistoryKind::Note(row.body.unwrap_or_default()),
                "message" => {
                    let direction =
                        MessageDirection::from_code(&row.what).ok_or_else(|| broken("direction"))?;
                    HistoryKind::Message(direction, row.body.unwrap_or_default())
                }
                _ => HistoryKind::Done(AuditAction::from_code(&row.what).ok_or_else(|| broken("action"))?),
            };
            let nobody = row.actor.as_deref() == Some(ActorKind::Worker.code());
            Ok(HistoryEntry { at: stamp(zone, row.at), by: row.full_name.filter(|_| !nobody), what })
        })
        .collect()
}
