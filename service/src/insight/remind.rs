//! Reminding somebody of what lies idle, with one click: the holder of a seat, or those who decide about a benefit
//! of which something is left. Nobody is reminded of the same twice within a week.

use domain::benefit::{RowStatus, may_start, may_use};
use domain::ids::{GrantId, SeatId};
use domain::insight::{goes_on, remind_again};
use domain::operation::OperationId;
use domain::rights::Action;
use domain::{AuditAction, Error, ErrorCode, Language, Moment};
use locales::format;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::unused;
use crate::assignments::release::{HELD_SEAT, HeldSeat};
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::{list, products};
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::reminders::readers::readers;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

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
    let grant = begin(&change, person, held.grant_id.into(), Some(seat)).await?;
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
    note(&mut change, person, &grant, Some(seat)).await?;
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
    let grant = begin(&change, person, grant, None).await?;
    let (connection, organization) = (&change.transaction, person.organization);
    let row = list::row(connection, organization, grant.id, Language::default(), &person.zone(), change.now)
        .await?;
    if !(goes_on(grant.kind) && row.status == RowStatus::Active) {
        may_start(&grant.facts, change.now)?;
    }
    let quantity = row.quantity.filter(|quantity| *quantity > row.used).ok_or(ErrorCode::WrongState)?;
    let texts = products::texts(connection, grant.product).await?;
    let mut readers = readers(connection, organization).await?;
    if readers.iter().any(|reader| reader.account != person.account) {
        readers.retain(|reader| reader.account != person.account);
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
                ("by", person.name.clone()),
            ],
            path: format!("/benefits/{page}?open={0}#{0}", grant.id),
            secret: None,
            dates: Vec::new(),
        });
    }
    note(&mut change, person, &grant, None).await?;
    change.record(
        Event::new(organization, AuditAction::BenefitReminded, "grant", grant.id)
            .grant(grant.id)
            .after("left"),
    );
    change.tell(Changed::Organization(organization));
    change.commit(names).await
}

/// The grant, held, in force and not reminded of within the last days.
async fn begin(change: &Change<'_>, person: &Person, grant: GrantId, seat: Option<SeatId>) -> Outcome<Grant> {
    #[derive(FromQueryResult)]
    struct Sent {
        at: Option<i64>,
    }
    grants::hold(change, grant).await?;
    let grant = grants::find(&change.transaction, person.organization, grant).await?;
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
            let day = person.zone().day_of(again).to_string();
            Err(Error::new(ErrorCode::RemindedAlready).with_detail(day).into())
        }
        None => Ok(grant),
    }
}

async fn note(change: &mut Change<'_>, person: &Person, grant: &Grant, seat: Option<SeatId>) -> Outcome<()> {
    let text = "insert into idle_reminder (id, organization_id, grant_id, seat_id, sent_by, sent_at)
        values ($1, $2, $3, $4, $5, $6)";
    let seat: Option<Uuid> = seat.map(|seat| seat.0);
    let values = [
        change.service().new_id().into(),
        person.organization.0.into(),
        grant.id.0.into(),
        seat.into(),
        person.id.0.into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    Ok(())
}
