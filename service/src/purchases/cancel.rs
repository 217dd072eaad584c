//! Asking for a cancellation with its refund, and taking that back (rule 20).

use domain::error::Faults;
use domain::ids::{OrderLineId, ServiceRequestId};
use domain::rights::Action;
use domain::text::Paragraph;
use domain::view::purchases::CancellationReason;
use domain::view::requests::{RequestKind, RequestState};
use domain::{AuditAction, ErrorCode, Field, Language};
use locales::format;
use sea_orm::{EntityTrait, FromQueryResult, Set};

use super::list;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::entity::service_request;
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, requests, rights, sql};

/// The longest note, in characters.
pub const NOTE_MAX: usize = 500;

/// What is cancelled, and why.
#[derive(Clone, Debug)]
pub struct CancelPurchase {
    /// The order line.
    pub line: OrderLineId,
    /// Its version as the page showed it.
    pub version: i64,
    /// Code of a [`CancellationReason`].
    pub reason: String,
    /// More about it; needed where the reason is another one.
    pub note: String,
    /// Whether what ends with it was accepted.
    pub accepted: bool,
}

/// Which request is taken back.
#[derive(Clone, Debug)]
pub struct TakeBack {
    /// The request.
    pub request: ServiceRequestId,
    /// Its version as the page showed it.
    pub version: i64,
}

/// Asks the operators to cancel a purchase; gives the number of the request. The conditions are
/// decided anew here, whatever the page showed.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] for a purchase of somebody else;
/// [`ErrorCode::Invalid`] with the faults of each field; [`ErrorCode::Stale`];
/// [`ErrorCode::RefundNotPossible`]; [`ErrorCode::AlreadyRequested`].
pub async fn submit(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: CancelPurchase,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::CancelPurchase, &in_force).await?;
    let operation = Operation::new(operation, "cancel_purchase", &input);
    let (reason, note) = parse(&input)?;
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    rights::check_member(&change.transaction, person).await?;
    let purchase = list::find(&change.transaction, input.line, change.now).await?;
    if purchase.organization != person.organization {
        return Err(ErrorCode::NotFound.into());
    }
    if purchase.version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    purchase.check(change.now)?;
    let zone = person.zone();
    let target = requests::target(&change, RequestKind::Cancellation, &zone).await?;
    let number = requests::next_number(&change.transaction).await?;
    let id = service.new_id();
    let row = service_request::ActiveModel {
        id: Set(id),
        number: Set(number),
        organization_id: Set(person.organization.0),
        kind: Set(RequestKind::Cancellation.code().to_owned()),
        state: Set(RequestState::Requested.code().to_owned()),
        open: Set(true),
        grant_id: Set(None),
        activation_id: Set(None),
        order_line_id: Set(Some(purchase.id.0)),
        title: Set(purchase.offer.clone()),
        title_key: Set(sql::folded(&purchase.offer)),
        details: Set(serde_json::json!({ "reason": reason.code(), "note": note }).to_string()),
        requested_by: Set(person.id.0),
        requested_at: Set(change.now.0),
        target_at: Set(target.0),
        owner_id: Set(None),
        decided_at: Set(None),
        decided_by: Set(None),
        reason: Set(None),
        row_version: Set(1),
    };
    service_request::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    change.record(
        Event::new(person.organization, AuditAction::CancellationRequested, "order_line", purchase.id)
            .after(format!("number {number} reason {}", reason.code())),
    );
    let offer = offer_name(&change.transaction, purchase.id, person.language).await?;
    change.post(confirmation(person, offer, number, zone.day_of(target)));
    change.tell(Changed::Organization(person.organization));
    change.tell(Changed::Queue);
    change.commit(number).await
}

fn parse(input: &CancelPurchase) -> Outcome<(CancellationReason, String)> {
    let mut faults = Faults::default();
    let reason = CancellationReason::from_code(&input.reason);
    if reason.is_none() {
        let code = if input.reason.is_empty() { ErrorCode::ReasonNeeded } else { ErrorCode::UnknownChoice };
        faults.add(Field::Reason, code);
    }
    let note = if input.note.trim().is_empty() {
        if reason == Some(CancellationReason::Other) {
            faults.add(Field::Description, ErrorCode::ReasonNeeded);
        }
        Some(String::new())
    } else {
        faults.take(Paragraph::parse(Field::Description, &input.note, NOTE_MAX)).map(String::from)
    };
    if !input.accepted {
        faults.add(Field::Accept, ErrorCode::ConsequenceNotAccepted);
    }
    faults.check()?;
    match (reason, note) {
        (Some(reason), Some(note)) => Ok((reason, note)),
        _ => Err(ErrorCode::Invalid.into()),
    }
}

fn confirmation(person: &Person, offer: String, number: i64, target: domain::Day) -> Letter {
    let language = person.language;
    Letter {
        organization: Some(person.organization),
        account: Some(person.account),
        recipient: person.email.clone(),
        language,
        kind: "cancellation_requested",
        values: vec![
            ("person", person.name.clone()),
            ("offer", offer),
            ("number", number.to_string()),
            ("target", format::date(language, target)),
        ],
        path: "/benefits/cancel".to_owned(),
        secret: None,
        dates: Vec::new(),
    }
}

#[derive(FromQueryResult)]
struct Asked {
    number: i64,
    open: bool,
    row_version: i64,
}

/// Takes a cancellation back before an operator decides it. Gives its number.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::AlreadyDecided`],
/// [`ErrorCode::Stale`].
pub async fn take_back(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: TakeBack,
) -> Outcome<i64> {
    let person = request.person()?;
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    rights::check(reader, person, Action::CancelPurchase, &in_force).await?;
    let operation = Operation::new(operation, "take_back_cancellation", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text = "select number, open, row_version from service_request
        where id = $1 and organization_id = $2 and kind = 'cancellation'";
    let values = [input.request.0.into(), person.organization.0.into()];
    let asked = sql::one::<Asked>(&change.transaction, text, values).await?.ok_or(ErrorCode::NotFound)?;
    if !asked.open {
        return Err(ErrorCode::AlreadyDecided.into());
    }
    if asked.row_version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let text =
        "update service_request set state = 'withdrawn', open = false, decided_at = $2, decided_by = $3,
            row_version = row_version + 1
        where id = $1 and open and row_version = $4";
    let values = [input.request.0.into(), change.now.0.into(), person.account.0.into(), input.version.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::AlreadyDecided.into());
    }
    change.record(Event::new(
        person.organization,
        AuditAction::CancellationTakenBack,
        "service_request",
        input.request,
    ));
    change.tell(Changed::Organization(person.organization));
    change.tell(Changed::Queue);
    change.commit(asked.number).await
}

/// The reason and the note of a cancellation, from its details.
pub(crate) fn details(details: &str) -> (Option<CancellationReason>, String) {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Details {
        reason: String,
        note: Option<String>,
    }
    let details: Details = serde_json::from_str(details).unwrap_or_default();
    (CancellationReason::from_code(&details.reason), details.note.unwrap_or_default())
}

/// The offer of an order line in a language.
pub(crate) async fn offer_name(
    connection: &impl sea_orm::ConnectionTrait,
    line: OrderLineId,
    language: Language,
) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Name {
        name: String,
    }
    let text =
        "select t.name from order_line l join offer_text t on t.offer_id = l.offer_id and t.language = $2
        where l.id = $1";
    let row = sql::one::<Name>(connection, text, [line.0.into(), language.tag().into()]).await?;
    Ok(row.ok_or(ErrorCode::NotFound)?.name)
}
