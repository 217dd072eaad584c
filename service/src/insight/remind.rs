//! Reminding somebody of what lies idle, with one click: the holder of a seat, or those who decide about a benefit
//! of which something is left. Nobody is reminded of the same twice within a week, whoever does it: a colleague, or an
//! operator in the name of the programme.

use std::collections::HashMap;

use domain::benefit::{RowStatus, may_start, may_use};
use domain::ids::{AccountId, GrantId, OrganizationId, SeatId};
use domain::insight::{goes_on, remind_again};
use domain::moment::Zone;
use domain::operation::OperationId;
use domain::rights::{Action, OperatorAction};
use domain::{AuditAction, Error, ErrorCode, Language, Moment};
use locales::format;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::unused;
use crate::assignments::release::{HELD_SEAT, HeldSeat};
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::{list, products};
use crate::change::{Begun, Change};
use crate::enrolment::programme_names;
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::reminders::readers::readers;
use crate::request::{Operator, Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// Who reminds.
#[derive(Clone, Copy)]
enum By<'a> {
    /// Somebody of the company.
    Colleague(&'a Person),
    /// An operator; companies learn that it was one, not which.
    Operator(&'a Operator),
}

impl By<'_> {
    const fn account(self) -> AccountId {
        match self {
            Self::Colleague(person) => person.account,
            Self::Operator(operator) => operator.account,
        }
    }

    /// How mails in each language name them.
    async fn names(self, connection: &impl ConnectionTrait) -> Outcome<HashMap<Language, String>> {
        match self {
            Self::Colleague(person) => {
                Ok(Language::ALL.iter().map(|language| (*language, person.name.clone())).collect())
            }
            Self::Operator(_) => programme_names(connection).await,
        }
    }
}

/// Reminds the holder of a seat. Gives the holder's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::SeatReleased`]; [`ErrorCode::ReadOnly`] and
/// what [`may_use`] refuses; [`ErrorCode::WrongState`] where the seat is used, as far as the portal knows;
/// [`ErrorCode::RemindedAlready`] with the day from which on it can be done again.
pub async fn holder(
    service: &Service,
    request: &Request,
    operation: OperationId,
    seat: SeatId,
) -> Outcome<String> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::SetReminders, &policies).await?;
    let operation = Operation::new(operation, "remind_holder", &seat);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text = format!("{HELD_SEAT} where s.id = $1 and s.organization_id = $2");
    let values = [seat.0.into(), person.organization.0.into()];
    let held = sql::one::<HeldSeat>(&change.transaction, &text, values).await?.ok_or(ErrorCode::NotFound)?;
    if held.released_at.is_some() {
        return Err(ErrorCode::SeatReleased.into());
    }
    let place = (person.organization, &person.zone());
    let grant = begin(&change, place, held.grant_id.into(), Some(seat)).await?;
    if !unused::is_idle(&change.transaction, person.organization, seat, change.now).await? {
        return Err(ErrorCode::WrongState.into());
    }
    let texts = products::texts(&change.transaction, grant.product).await?;
    let language = Language::from_tag(&held.language).unwrap_or_default();
    change.post(Letter {
        organization: Some(person.organization),
        account: Some(held.account_id.into()),
        recipient: held.email.clone(),
        language,
        kind: "seat_idle",
        values: vec![
            ("person", held.full_name.clone()),
            ("product", texts.of(language)?.name.clone()),
            ("by", person.name.clone()),
        ],
        path: "/my-benefits".to_owned(),
        secret: None,
        dates: Vec::new(),
    });
    note(&change, By::Colleague(person), &grant, Some(seat)).await?;
    change.record(
        Event::new(person.organization, AuditAction::SeatReminded, "seat", seat)
            .grant(grant.id)
            .person(held.person_id)
            .after("idle"),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(held.full_name).await
}

/// Reminds those who decide about a benefit that something of it is left; whoever asks isn't told as well, unless
/// nobody else is there. Gives their names.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] where nothing is left;
/// [`ErrorCode::ReadOnly`] and what [`may_use`] refuses, [`may_start`] where what is left would have to be begun;
/// [`ErrorCode::RemindedAlready`] with the day from which on it can be done again.
pub async fn administrators(
    service: &Service,
    request: &Request,
    operation: OperationId,
    grant: GrantId,
) -> Outcome<Vec<String>> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::SetReminders, &policies).await?;
    let operation = Operation::new(operation, "remind_administrators", &grant);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let place = (person.organization, &person.zone());
    let names = of_what_is_left(&mut change, By::Colleague(person), place, grant).await?;
    change.commit(names).await
}

/// The same by an operator, for any member. Its administrators read it in the name of the programme, and they aren't
/// reminded of it sooner again than by a colleague. Gives their names.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] if there is no such grant; [`ErrorCode::WrongState`] where the
/// company is no member, nothing is left, or nobody decides about it; what [`may_use`] and [`may_start`] refuse;
/// [`ErrorCode::RemindedAlready`] with the day from which on it can be done again, UTC.
pub async fn company(
    service: &Service,
    request: &Request,
    operation: OperationId,
    grant: GrantId,
) -> Outcome<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Of {
        id: Uuid,
        portal_state: String,
    }
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::WorkQueue)?;
    let operation = Operation::new(operation, "remind_company", &grant);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text =
        "select o.id, o.portal_state from benefit_grant g join organization o on o.id = g.organization_id
        where g.id = $1";
    let of = sql::one::<Of>(&change.transaction, text, [grant.0.into()]).await?.ok_or(ErrorCode::NotFound)?;
    if of.portal_state != "member" {
        return Err(ErrorCode::WrongState.into());
    }
    let place = (OrganizationId(of.id), &Zone::named("UTC"));
    let names = of_what_is_left(&mut change, By::Operator(operator), place, grant).await?;
    if names.is_empty() {
        return Err(ErrorCode::WrongState.into());
    }
    change.commit(names).await
}

/// Posts the reminder of what is left of a grant, and its event. Gives the names of those who are told.
async fn of_what_is_left(
    change: &mut Change<'_>,
    by: By<'_>,
    (organization, zone): (OrganizationId, &Zone),
    grant: GrantId,
) -> Outcome<Vec<String>> {
    let grant = begin(change, (organization, zone), grant, None).await?;
    let connection = &change.transaction;
    let row = list::row(connection, organization, grant.id, Language::default(), zone, change.now).await?;
    if !(goes_on(grant.kind) && row.status == RowStatus::Active) {
        may_start(&grant.facts, change.now)?;
    }
    let quantity = row.quantity.filter(|quantity| *quantity > row.used).ok_or(ErrorCode::WrongState)?;
    let texts = products::texts(connection, grant.product).await?;
    let senders = by.names(connection).await?;
    let mut readers = readers(connection, organization).await?;
    if readers.iter().any(|reader| reader.account != by.account()) {
        readers.retain(|reader| reader.account != by.account());
    }
    let page = grant.category.code().replace('_', "-");
    let mut names = Vec::with_capacity(readers.len());
    for reader in readers {
        let language = reader.language;
        names.push(reader.name.clone());
        change.post(Letter {
            organization: Some(organization),
            account: Some(reader.account),
            recipient: reader.email,
            language,
            kind: "benefit_left",
            values: vec![
                ("person", reader.name),
                ("product", texts.of(language)?.name.clone()),
                ("left", format::number(language, quantity - row.used)),
                ("quantity", format::number(language, quantity)),
                ("by", senders.get(&language).cloned().unwrap_or_default()),
            ],
            path: format!("/benefits/{page}?open={0}#{0}", grant.id),
            secret: None,
            dates: Vec::new(),
        });
    }
    note(change, by, &grant, None).await?;
    change.record(
        Event::new(organization, AuditAction::BenefitReminded, "grant", grant.id)
            .grant(grant.id)
            .after("left"),
    );
    change.tell(Changed::Organization(organization));
    Ok(names)
}

/// The grant, held, in force and not reminded of within the last days.
async fn begin(
    change: &Change<'_>,
    (organization, zone): (OrganizationId, &Zone),
    grant: GrantId,
    seat: Option<SeatId>,
) -> Outcome<Grant> {
    #[derive(FromQueryResult)]
    struct Sent {
        at: Option<i64>,
    }
    grants::hold(change, grant).await?;
    let grant = grants::find(&change.transaction, organization, grant).await?;
    if grant.facts.read_only {
        return Err(ErrorCode::ReadOnly.into());
    }
    may_use(&grant.facts, change.now)?;
    let (text, id) = match seat {
        Some(seat) => ("select max(sent_at) as at from idle_reminder where seat_id = $1", seat.0),
        None => (
            "select max(sent_at) as at from idle_reminder where grant_id = $1 and seat_id is null",
            grant.id.0,
        ),
    };
    let sent = sql::one::<Sent>(&change.transaction, text, [id.into()]).await?.and_then(|sent| sent.at);
    match remind_again(sent.map(Moment), change.now) {
        Some(again) => {
            let day = zone.day_of(again).to_string();
            Err(Error::new(ErrorCode::RemindedAlready).with_detail(day).into())
        }
        None => Ok(grant),
    }
}

async fn note(change: &Change<'_>, by: By<'_>, grant: &Grant, seat: Option<SeatId>) -> Outcome<()> {
    let text = "insert into idle_reminder
            (id, organization_id, grant_id, seat_id, sent_by, operator_id, sent_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    let seat: Option<Uuid> = seat.map(|seat| seat.0);
    let (person, operator): (Option<Uuid>, Option<Uuid>) = match by {
        By::Colleague(person) => (Some(person.id.0), None),
        By::Operator(operator) => (None, Some(operator.account.0)),
    };
    let values = [
        change.service().new_id().into(),
        grant.organization.0.into(),
        grant.id.0.into(),
        seat.into(),
        person.into(),
        operator.into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    Ok(())
}
