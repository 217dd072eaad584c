//! What is written about a request: the operators ask, and whoever may see the request answers.

use domain::ids::{AccountId, ServiceRequestId};
use domain::moment::Zone;
use domain::queue::{MESSAGE_MAX, MessageDirection};
use domain::rights::Action;
use domain::text::Paragraph;
use domain::view::requests::{RequestKind, RequestMessage};
use domain::{AuditAction, Error, ErrorCode, Field, Language};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::queue::item::stamp;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// So many messages are shown, the latest of them.
const SHOWN: u32 = 200;

/// An answer to the operators, as it was typed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Which request.
    pub request: ServiceRequestId,
    /// What it says.
    pub text: String,
}

#[derive(FromQueryResult)]
struct Found {
    id: Uuid,
    number: i64,
    kind: String,
    open: bool,
    title: String,
    grant_id: Option<Uuid>,
    requested_by: Uuid,
    owner_id: Option<Uuid>,
    owner_name: Option<String>,
    owner_email: Option<String>,
    owner_language: Option<String>,
}

impl Found {
    /// The mail to the operator whom the request is with.
    fn letter(&self, person: &str, body: &str) -> Option<Letter> {
        let language = self.owner_language.as_deref().and_then(Language::from_tag).unwrap_or_default();
        Some(Letter {
            organization: None,
            account: Some(AccountId(self.owner_id?)),
            recipient: self.owner_email.clone()?,
            language,
            kind: "request_answered",
            values: vec![
                ("person", self.owner_name.clone()?),
                ("number", self.number.to_string()),
                ("title", self.title.clone()),
                ("name", person.to_owned()),
                ("message", body.to_owned()),
            ],
            path: format!("/operator/queue?open={id}#{id}", id = self.id),
            secret: None,
            dates: Vec::new(),
        })
    }
}

/// Whether the operators can be written to about a kind of request: an enrolment that needs changes goes
/// back to the company instead.
pub(crate) const fn takes_messages(kind: RequestKind) -> bool {
    !matches!(kind, RequestKind::Enrolment)
}

/// Writes to the operators about a request that still waits: whoever made it, or may see the company's.
/// Gives its number.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`], [`ErrorCode::WrongSide`], [`ErrorCode::NotFound`],
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::ReadOnly`], [`ErrorCode::WrongKind`],
/// [`ErrorCode::AlreadyDecided`]; [`ErrorCode::Invalid`] with the fault of the message.
pub async fn answer(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: Answer,
) -> Outcome<i64> {
    let person = request.person()?;
    let operation = Operation::new(operation, "answer_operators", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let lock = if service.database.is_postgres() { " for update of r" } else { "" };
    let text = format!(
        "select r.id, r.number, r.kind, r.open, r.title, r.grant_id, r.requested_by, w.id as owner_id,
            w.full_name as owner_name, w.email as owner_email, w.language as owner_language
        from service_request r left join account w on w.id = r.owner_id and w.status = 'active'
            and exists (select 1 from operator_role o where o.account_id = w.id)
        where r.id = $1 and r.organization_id = $2{lock}"
    );
    let found =
        sql::one::<Found>(&change.transaction, &text, [input.request.0.into(), person.organization.0.into()])
            .await?
            .ok_or(ErrorCode::NotFound)?;
    if found.requested_by != person.id.0 {
        let policies = policies::in_force(&change.transaction).await?;
        rights::check(&change.transaction, person, Action::OpenBenefits, &policies).await?;
    }
    rights::check_member(&change.transaction, person).await?;
    let body: String =
        Paragraph::parse(Field::Message, &input.text, MESSAGE_MAX).map_err(Error::from)?.into();
    let kind = RequestKind::from_code(&found.kind)
        .ok_or_else(|| Failure::broken("service_request", "kind", found.id))?;
    if !takes_messages(kind) {
        return Err(ErrorCode::WrongKind.into());
    }
    if !found.open {
        return Err(ErrorCode::AlreadyDecided.into());
    }
    write(&change, found.id, MessageDirection::ToOperators, person.account, &body, false).await?;
    let text = "update service_request set answered_at = $2 where id = $1";
    sql::run(&change.transaction, text, [found.id.into(), change.now.0.into()]).await?;
    if let Some(letter) = found.letter(&person.name, &body) {
        change.post(letter);
    }
    let event = Event::new(person.organization, AuditAction::RequestAnswered, "service_request", found.id)
        .person(person.id);
    change.record(Event { grant: found.grant_id, ..event });
    change.tell(Changed::Organization(person.organization));
    change.tell(Changed::Queue);
    change.commit(found.number).await
}

/// Puts a message beside its request.
pub(crate) async fn write(
    change: &Change<'_>,
    request: Uuid,
    direction: MessageDirection,
    by: AccountId,
    body: &str,
    asks: bool,
) -> Outcome<()> {
    let text = "insert into request_message (id, request_id, direction, written_by, written_at, body, asks)
        values ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        change.service().new_id().into(),
        request.into(),
        direction.code().into(),
        by.0.into(),
        change.now.0.into(),
        body.to_owned().into(),
        asks.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    Ok(())
}

/// What was written about a request, the earliest first.
pub(super) async fn of(
    connection: &impl ConnectionTrait,
    request: ServiceRequestId,
    zone: &Zone,
) -> Outcome<Vec<RequestMessage>> {
    #[derive(FromQueryResult)]
    struct Row {
        written_at: i64,
        to_operators: bool,
        full_name: String,
        body: String,
        asks: bool,
    }
    let text = format!(
        "select m.written_at, (m.direction = 'to_operators') as to_operators, a.full_name, m.body, m.asks
        from request_message m join account a on a.id = m.written_by
        where m.request_id = $1 order by m.written_at desc, m.id desc limit {SHOWN}"
    );
    let mut rows = sql::all::<Row>(connection, &text, [request.0.into()]).await?;
    rows.reverse();
    Ok(rows
        .into_iter()
        .map(|row| RequestMessage {
            at: stamp(zone, row.written_at),
            by: row.to_operators.then_some(row.full_name),
            text: row.body,
            asks: row.asks,
        })
        .collect())
}
