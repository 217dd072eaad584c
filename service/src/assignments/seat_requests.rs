//! Employees' requests for a seat: requested, then granted or refused by whoever may assign.

use domain::benefit::{Category, may_start};
use domain::ids::{GrantId, SeatRequestId};
use domain::rights::Action;
use domain::seat::{ReleaseReason, allocate, check_assign};
use domain::text::Paragraph;
use domain::{AuditAction, ErrorCode, Field, Language};
use sea_orm::{EntityTrait, FromQueryResult, Set};
use uuid::Uuid;

use super::assign::{candidates, give};
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::products::{self, ProductTexts};
use crate::change::{Begun, Change};
use crate::entity::seat_request;
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// So long may a note or a reason be.
const NOTE: usize = 500;

/// A request for a seat.
#[derive(Clone, Debug)]
pub struct AskForSeat {
    /// Of which grant.
    pub grant: GrantId,
    /// Why, if the person says so.
    pub note: String,
}

/// What whoever may assign decides.
#[derive(Clone, Debug)]
pub struct DecideSeatRequest {
    /// Which request.
    pub request: SeatRequestId,
    /// Granted, or refused.
    pub granted: bool,
    /// Why it is refused.
    pub reason: String,
}

/// Asks for a seat for oneself; whoever may assign is told.
///
/// # Errors
/// [`ErrorCode::AlreadyHolds`], [`ErrorCode::AlreadyRequested`], [`ErrorCode::NotFound`],
/// [`ErrorCode::WrongKind`], and those of [`may_start`].
pub async fn ask(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: AskForSeat,
) -> Outcome<()> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::RequestSeat, &policies).await?;
    let note = if input.note.trim().is_empty() {
        String::new()
    } else {
        Paragraph::parse(Field::Description, &input.note, NOTE)?.as_str().to_owned()
    };
    let operation = Operation::new(operation, "ask_for_seat", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let grant = grants::find(&change.transaction, person.organization, input.grant).await?;
    // Support by assignment needs an alternate email, which only whoever assigns can give.
    if !grant.kind.takes_seats(grant.unit, &policies) || grant.category == Category::Technical {
        return Err(ErrorCode::WrongKind.into());
    }
    may_start(&grant.facts, change.now)?;
    let people = candidates(&change.transaction, person.organization, &grant, &[person.id]).await?;
    for candidate in &people {
        check_assign(&candidate.facts(), &policies)?;
    }
    let id = service.new_id();
    let row = seat_request::ActiveModel {
        id: Set(id),
        organization_id: Set(person.organization.0),
        grant_id: Set(grant.id.0),
        person_id: Set(person.id.0),
        note: Set(note.clone()),
        state: Set("requested".to_owned()),
        requested_at: Set(change.now.0),
        decided_at: Set(None),
        decided_by: Set(None),
        reason: Set(None),
    };
    seat_request::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    change.record(
        Event::new(person.organization, AuditAction::SeatRequested, "seat_request", id)
            .grant(grant.id)
            .person(person.id),
    );
    tell_assigners(&mut change, person, &grant, &note, &policies).await?;
    change.tell(Changed::Grant(person.organization, grant.id));
    change.commit(()).await
}

#[derive(FromQueryResult)]
struct Assigner {
    account_id: Uuid,
    full_name: String,
    email: String,
    language: String,
}

async fn tell_assigners(
    change: &mut Change<'_>,
    person: &Person,
    grant: &grants::Grant,
    note: &str,
    policies: &domain::Policies,
) -> Outcome<()> {
    let roles = domain::rights::roles_for(Action::AssignUser, policies);
    let list: Vec<String> = roles.iter().map(|role| format!("'{}'", role.code())).collect();
    let text = format!(
        "select distinct p.account_id, a.full_name, a.email, a.language from person p
            join account a on a.id = p.account_id
            join person_role r on r.person_id = p.id and r.role in ({})
        where r.organization_id = $1 and p.status = 'active'",
        list.join(", ")
    );
    let assigners = sql::all::<Assigner>(&change.transaction, &text, [person.organization.0.into()]).await?;
    let texts = products::texts(&change.transaction, grant.product).await?;
    for assigner in assigners {
        let language = Language::from_tag(&assigner.language).unwrap_or_default();
        change.post(Letter {
            organization: Some(person.organization),
            account: Some(assigner.account_id.into()),
            recipient: assigner.email,
            language,
            kind: "seat_requested",
            values: vec![
                ("person", assigner.full_name),
                ("asker", person.name.clone()),
                ("product", texts.of(language)?.name.clone()),
                ("note", note.to_owned()),
            ],
            path: "/requests".to_owned(),
            secret: None,
            dates: Vec::new(),
        });
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Waiting {
    grant_id: Uuid,
    person_id: Uuid,
    state: String,
}

/// Grants or refuses a request; the person is told either way. Gives the person's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::AlreadyDecided`],
/// [`ErrorCode::NoSeatLeft`]; [`ErrorCode::Required`] on the reason of a refusal.
pub async fn decide(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: DecideSeatRequest,
) -> Outcome<String> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AssignUser, &policies).await?;
    let reason = if input.granted {
        None
    } else {
        Some(Paragraph::parse(Field::Reason, &input.reason, NOTE)?.as_str().to_owned())
    };
    let operation = Operation::new(operation, "decide_seat_request", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    // Of two decisions at the same moment the second finds the first.
    let lock = if service.database.is_postgres() { " for update" } else { "" };
    let text = format!(
        "select grant_id, person_id, state from seat_request where id = $1 and organization_id = $2{lock}"
    );
    let values = [input.request.0.into(), person.organization.0.into()];
    let waiting =
        sql::one::<Waiting>(&change.transaction, &text, values).await?.ok_or(ErrorCode::NotFound)?;
    if waiting.state != "requested" {
        return Err(ErrorCode::AlreadyDecided.into());
    }
    let grant = grants::find(&change.transaction, person.organization, waiting.grant_id.into()).await?;
    let people =
        candidates(&change.transaction, person.organization, &grant, &[waiting.person_id.into()]).await?;
    let texts = products::texts(&change.transaction, grant.product).await?;
    let name = people.first().map(|candidate| candidate.full_name.clone()).unwrap_or_default();
    if let Some(reason) = reason {
        let text = "update seat_request set state = 'refused', decided_at = $2, decided_by = $3, reason = $4
            where id = $1 and state = 'requested'";
        let values = [input.request.0.into(), change.now.0.into(), person.id.0.into(), reason.clone().into()];
        sql::run(&change.transaction, text, values).await?;
        for candidate in people {
            let language = candidate.language();
            let refused = Refused {
                account_id: candidate.account_id,
                full_name: candidate.full_name,
                email: candidate.email,
            };
            change.post(refusal(&grant, refused, language, &texts, person.name.clone(), reason.clone())?);
        }
        change.record(
            Event::new(person.organization, AuditAction::SeatRequestRefused, "seat_request", input.request)
                .grant(grant.id)
                .person(waiting.person_id),
        );
    } else {
        may_start(&grant.facts, change.now)?;
        for candidate in &people {
            check_assign(&candidate.facts(), &policies)?;
        }
        let (people, _) = allocate(grant.capacity, people, None)?;
        give(&mut change, person, &grant, &policies, &people, None, &texts).await?;
        change.record(
            Event::new(person.organization, AuditAction::SeatRequestGranted, "seat_request", input.request)
                .grant(grant.id)
                .person(waiting.person_id),
        );
    }
    change.tell(Changed::Grant(person.organization, grant.id));
    change.commit(name).await
}

/// Whoever is told that there will be no seat.
struct Refused {
    account_id: Uuid,
    full_name: String,
    email: String,
}

fn refusal(
    grant: &Grant,
    refused: Refused,
    language: Language,
    texts: &ProductTexts,
    by: String,
    reason: String,
) -> Outcome<Letter> {
    Ok(Letter {
        organization: Some(grant.organization),
        account: Some(refused.account_id.into()),
        recipient: refused.email,
        language,
        kind: "seat_request_refused",
        values: vec![
            ("person", refused.full_name),
            ("product", texts.of(language)?.name.clone()),
            ("by", by),
            ("reason", reason),
        ],
        path: "/my-benefits".to_owned(),
        secret: None,
        dates: Vec::new(),
    })
}

/// Refuses whatever waits for a grant that is withdrawn; whoever asked is told why.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn refuse_all(
    change: &mut Change<'_>,
    grant: &Grant,
    why: ReleaseReason,
    texts: &ProductTexts,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Asked {
        id: Uuid,
        person_id: Uuid,
        account_id: Uuid,
        full_name: String,
        email: String,
        language: String,
    }
    let text = "select r.id, r.person_id, p.account_id, a.full_name, a.email, a.language from seat_request r
        join person p on p.id = r.person_id join account a on a.id = p.account_id
        where r.grant_id = $1 and r.state = 'requested' order by r.requested_at, r.id";
    let asked = sql::all::<Asked>(&change.transaction, text, [grant.id.0.into()]).await?;
    let text = "update seat_request set state = 'refused', decided_at = $2
        where grant_id = $1 and state = 'requested'";
    sql::run(&change.transaction, text, [grant.id.0.into(), change.now.0.into()]).await?;
    for Asked { id, person_id, account_id, full_name, email, language } in asked {
        let language = Language::from_tag(&language).unwrap_or_default();
        let words = locales::texts(language);
        let reason = words.find_release_reason(why.code()).unwrap_or_default();
        let by = words.mail_operators().to_owned();
        let refused = Refused { account_id, full_name, email };
        change.post(refusal(grant, refused, language, texts, by, reason.to_owned())?);
        change.record(
            Event::new(grant.organization, AuditAction::SeatRequestRefused, "seat_request", id)
                .grant(grant.id)
                .person(person_id),
        );
    }
    Ok(())
}
