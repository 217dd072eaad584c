//! Suspending, resuming and removing people, with what becomes of their seats (rules 3, 10, 12).

use domain::benefit::{Category, may_start};
use domain::departure::{Departure, DepartureFacts, SeatFate, check_departure, check_return};
use domain::ids::{AccountId, GrantId, OrganizationId, PersonId, SeatId};
use domain::operation::OperationId;
use domain::rights::Action;
use domain::seat::{ReleaseReason, check_assign, check_release};
use domain::view::people::{DepartingSeat, DeparturePage, DepartureQuery, PersonStatus};
use domain::view::seats::{CHOICES, PersonChoice};
use domain::{AuditAction, Error, ErrorCode, Field, Language, Moment, Policies};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::add::{codes, organization_name};
use super::administrator::Administrator;
use super::{list, roles};
use crate::assignments::assign::{candidates, give};
use crate::assignments::release::{HELD_SEAT, HeldSeat, end};
use crate::audit::Event;
use crate::benefits::grants::Grant;
use crate::benefits::{grants, products};
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::names::ProgrammeNames;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::{Person, Request};
use crate::{Failure, Outcome, Service, policies, rights, sessions, sql};

/// Who is suspended or removed, and what becomes of each seat.
#[derive(Clone, Debug)]
pub struct Depart {
    /// The person.
    pub person: PersonId,
    /// Version of the person's row as the page showed it.
    pub version: i64,
    /// Which of the two.
    pub departure: Departure,
    /// All seats that the page showed.
    pub seats: Vec<DepartSeat>,
}

/// What becomes of a seat.
#[derive(Clone, Debug)]
pub struct DepartSeat {
    /// The seat.
    pub seat: SeatId,
    /// Its version as the page showed it.
    pub version: i64,
    /// What becomes of it.
    pub fate: SeatFate,
    /// Who gets it, where it is handed over.
    pub to: Option<PersonId>,
}

/// Who is let in again.
#[derive(Clone, Debug)]
pub struct Resume {
    /// The person.
    pub person: PersonId,
    /// Version of the person's row as the page showed it.
    pub version: i64,
}

/// What the page for suspending or removing shows; nothing where its address names nobody.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever has nothing to do with the company's people;
/// [`ErrorCode::NotFound`] for a person of somebody else.
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &DepartureQuery,
) -> Outcome<Option<DeparturePage>> {
    let reader = service.database.reader();
    let asking = request.person()?;
    let policies = policies::in_force(reader).await?;
    rights::check(reader, asking, Action::OpenBenefits, &policies).await?;
    let (Some(person), Some(departure)) = (query.person, query.departure) else { return Ok(None) };
    let row = list::one(reader, asking.organization, person, &asking.zone()).await?;
    let why_not = match rights::why_not(reader, asking, Action::SetRoles, &policies).await? {
        Some(error) => Some(error),
        None => possible(service, asking, &row, departure).await?.err(),
    };
    let why_not_hand_over = rights::why_not(reader, asking, Action::AssignUser, &policies).await?;
    let seats = seats(service, asking, language, person).await?;
    let colleagues = if seats.is_empty() || why_not_hand_over.is_some() {
        Vec::new()
    } else {
        colleagues(service, asking.organization, person).await?
    };
    let text = "select count(*) as number from seat_request where person_id = $1 and state = 'requested'";
    let waiting_requests = sql::number(reader, text, [person.0.into()]).await?;
    let text =
        "select count(*) as number from marketing_contact where organization_id = $1 and person_id = $2";
    let values = [asking.organization.0.into(), person.0.into()];
    let marketing_contact = sql::number(reader, text, values).await? > 0;
    Ok(Some(DeparturePage {
        person: row,
        departure,
        seats,
        waiting_requests,
        marketing_contact,
        why_not,
        why_not_hand_over,
        colleagues,
    }))
}

/// Whether the reader can do it, as far as the page can say before.
async fn possible(
    service: &Service,
    asking: &Person,
    row: &domain::view::people::PersonRow,
    departure: Departure,
) -> Outcome<Result<(), Error>> {
    let reader = service.database.reader();
    let others = roles::other_global_admins(reader, asking.organization, row.id).await?;
    let facts = DepartureFacts {
        actor: &asking.roles,
        own: row.id == asking.id,
        roles: &domain::Roles::new(row.roles.iter().copied()),
        status: row.status,
        other_global_admins: others,
    };
    Ok(check_departure(&facts, departure))
}

async fn seats(
    service: &Service,
    asking: &Person,
    language: Language,
    person: PersonId,
) -> Outcome<Vec<DepartingSeat>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        row_version: i64,
        grant_id: Uuid,
        name: String,
        locked_until: Option<i64>,
    }
    let reader = service.database.reader();
    let text = "select s.id, s.row_version, s.grant_id, t.name, s.locked_until
        from seat s join benefit_grant g on g.id = s.grant_id
        join product_text t on t.product_id = g.product_id and t.language = $3
        where s.person_id = $1 and s.organization_id = $2 and s.released_at is null
        order by t.name_key, g.source, s.id";
    let values = [person.0.into(), asking.organization.0.into(), language.tag().into()];
    let rows = sql::all::<Row>(reader, text, values).await?;
    let ids: Vec<GrantId> = rows.iter().map(|row| GrantId(row.grant_id)).collect();
    let grants = grants::of_ids(reader, asking.organization, &ids).await?;
    let programme = ProgrammeNames::of(reader, language).await?;
    let now = service.now();
    rows.into_iter()
        .map(|row| {
            let grant = find(&grants, row.grant_id)?;
            let locked = row.locked_until.map(Moment);
            let stays = handable(grant, locked, now).err().map(|error| error.code);
            Ok(DepartingSeat {
                seat: SeatId(row.id),
                version: row.row_version,
                grant: GrantId(row.grant_id),
                product: row.name,
                source: grant.source.clone(),
                source_name: programme.of_grant(&grant.source, grant.area.as_deref()),
                stays,
                locked_until: locked.filter(|until| *until > now).map(|until| asking.zone().day_of(until)),
            })
        })
        .collect()
}

fn find(grants: &[Grant], id: Uuid) -> Outcome<&Grant> {
    grants.iter().find(|grant| grant.id.0 == id).ok_or_else(|| Failure::broken("seat", "grant_id", id))
}

/// Whether a seat can go from one person to another at once. Support that is assigned needs the next
/// person's other address, which only its own page asks for.
fn handable(grant: &Grant, locked: Option<Moment>, now: Moment) -> Result<(), Error> {
    if grant.category == Category::Technical {
        return Err(ErrorCode::WrongKind.into());
    }
    may_start(&grant.facts, now)?;
    check_release(locked, now)
}

async fn colleagues(
    service: &Service,
    organization: OrganizationId,
    person: PersonId,
) -> Outcome<Vec<PersonChoice>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        full_name: String,
        email: String,
    }
    let text = format!(
        "select p.id, a.full_name, a.email from person p join account a on a.id = p.account_id
        where p.organization_id = $1 and p.id <> $2 and p.status <> 'left'
            and p.status in ('active', 'invited') and a.status in ('active', 'invited')
        order by p.sort_name, p.id limit {CHOICES}"
    );
    let rows =
        sql::all::<Row>(service.database.reader(), &text, [organization.0.into(), person.0.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| PersonChoice {
            id: PersonId(row.id),
            name: row.full_name,
            email: row.email,
            note: None,
            refused: false,
        })
        .collect())
}

/// Suspends or removes a person. Seats are kept, released or handed over as chosen, in the same step;
/// requests for seats, invitations and sessions of the person in this organization end; the person is
/// told. Gives the person's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], also where a seat is handed over by somebody who may not assign;
/// [`ErrorCode::NotFound`]; [`ErrorCode::ReadOnly`] (rule 22); [`ErrorCode::Stale`] if person or seats changed since the page was read;
/// those of [`check_departure`]; for a seat that is handed over those of reassigning it.
pub async fn depart(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: Depart,
) -> Outcome<String> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::SetRoles, &policies).await?;
    for seat in &input.seats {
        if !SeatFate::possible(input.departure).contains(&seat.fate) {
            return Err(ErrorCode::UnknownChoice.into());
        }
        if (seat.fate == SeatFate::HandOver) != seat.to.is_some() {
            return Err(Error::field(Field::Person, ErrorCode::Required).into());
        }
    }
    if input.seats.iter().any(|seat| seat.fate == SeatFate::HandOver) {
        rights::check(reader, person, Action::AssignUser, &policies).await?;
    }
    let operation = Operation::new(operation, "depart_person", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    roles::lock(&change, person.organization).await?;
    rights::check_member(&change.transaction, person).await?;
    let held = roles::held(&change.transaction, person.organization, input.person).await?;
    if held.row_version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let by = Administrator::from(person);
    check(&change, &by, input.person, &held, input.departure).await?;
    settle_seats(&mut change, person, &policies, &input).await?;
    leave(&mut change, &by, input.person, &held, input.departure).await?;
    change.commit(held.full_name).await
}

/// Suspends or removes a person on behalf of a program: every seat is kept, or every seat is released.
/// Who is removed keeps none.
///
/// # Errors
/// Those of [`check_departure`].
pub(crate) async fn depart_with_all(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    person: PersonId,
    held: &roles::Held,
    departure: Departure,
    keep: bool,
) -> Outcome<()> {
    check(change, by, person, held, departure).await?;
    if departure == Departure::Remove || !keep {
        let text = format!(
            "{HELD_SEAT} where s.person_id = $1 and s.organization_id = $2 and s.released_at is null
            order by s.assigned_at, s.id"
        );
        let values = [person.0.into(), by.organization.0.into()];
        let seats = sql::all::<HeldSeat>(&change.transaction, &text, values).await?;
        let ids: Vec<GrantId> = seats.iter().map(|seat| GrantId(seat.grant_id)).collect();
        let grants = grants::of_ids(&change.transaction, by.organization, &ids).await?;
        for seat in seats {
            let grant = find(&grants, seat.grant_id)?;
            let texts = products::texts(&change.transaction, grant.product).await?;
            end(change, &seat, grant, ReleaseReason::PersonLeft, &texts).await?;
        }
    }
    leave(change, by, person, held, departure).await
}

/// Asks the rules, with what holds under the lock.
async fn check(
    change: &Change<'_>,
    by: &Administrator<'_>,
    person: PersonId,
    held: &roles::Held,
    departure: Departure,
) -> Outcome<()> {
    let others = roles::other_global_admins(&change.transaction, by.organization, person).await?;
    let facts = DepartureFacts {
        actor: &by.roles(&change.transaction, change.now).await?,
        own: by.person() == Some(person),
        roles: &held.roles(),
        status: held.status()?,
        other_global_admins: others,
    };
    Ok(check_departure(&facts, departure)?)
}

/// Writes the status and all that goes with it but the seats; the one place where somebody leaves.
async fn leave(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    person: PersonId,
    held: &roles::Held,
    departure: Departure,
) -> Outcome<()> {
    end_what_waits(change, by, person, AccountId(held.account_id)).await?;
    let after = departure.status();
    let text = "update person set status = $2, row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [person.0.into(), after.code().into()]).await?;
    let (action, kind) = match departure {
        Departure::Suspend => (AuditAction::PersonSuspended, "person_suspended"),
        Departure::Remove => (AuditAction::PersonRemoved, "person_removed"),
    };
    change.record(
        Event::new(by.organization, action, "person", person)
            .person(person)
            .before(format!("{} {}", held.status()?.code(), codes(&held.roles())))
            .after(after.code()),
    );
    if departure == Departure::Remove {
        forget_provisioning(change, person).await?;
    }
    change.tell(Changed::Organization(by.organization));
    tell(change, by, held, kind).await
}

/// What a directory said about somebody who is gone: the name is free for somebody else.
async fn forget_provisioning(change: &Change<'_>, person: PersonId) -> Outcome<()> {
    for table in ["provisioned_group_member", "provisioned_person"] {
        let text = format!("delete from {table} where person_id = $1");
        sql::run(&change.transaction, &text, [person.0.into()]).await?;
    }
    Ok(())
}

/// Lets a suspended person in again, with the roles held before. Gives the person's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::Stale`]; those of [`check_return`].
pub async fn resume(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: Resume,
) -> Outcome<String> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::SetRoles, &policies).await?;
    let operation = Operation::new(operation, "resume_person", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    roles::lock(&change, person.organization).await?;
    let held = roles::held(&change.transaction, person.organization, input.person).await?;
    if held.row_version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let_in(&mut change, &person.into(), input.person, &held).await?;
    change.commit(held.full_name).await
}

/// Checks and writes that somebody is let in again; the one place where it happens.
pub(crate) async fn let_in(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    person: PersonId,
    held: &roles::Held,
) -> Outcome<()> {
    let own = by.roles(&change.transaction, change.now).await?;
    check_return(&own, &held.roles(), held.status()?)?;
    let text = "update person set status = 'active', row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [person.0.into()]).await?;
    change.record(
        Event::new(by.organization, AuditAction::PersonResumed, "person", person)
            .person(person)
            .before(PersonStatus::Suspended.code())
            .after(format!("{} {}", PersonStatus::Active.code(), codes(&held.roles()))),
    );
    change.tell(Changed::Organization(by.organization));
    tell(change, by, held, "person_resumed").await
}

/// Keeps, releases or hands over each seat as chosen. A seat that came or went since the page was
/// read makes the choice stale: nothing happens to a seat that nobody saw.
async fn settle_seats(
    change: &mut Change<'_>,
    person: &Person,
    policies: &Policies,
    input: &Depart,
) -> Outcome<()> {
    let text = format!(
        "{HELD_SEAT} where s.person_id = $1 and s.organization_id = $2 and s.released_at is null
        order by s.assigned_at, s.id"
    );
    let values = [input.person.0.into(), person.organization.0.into()];
    let seats = sql::all::<HeldSeat>(&change.transaction, &text, values).await?;
    if seats.len() != input.seats.len() {
        return Err(ErrorCode::Stale.into());
    }
    let ids: Vec<GrantId> = seats.iter().map(|seat| GrantId(seat.grant_id)).collect();
    let grants = grants::of_ids(&change.transaction, person.organization, &ids).await?;
    for held in seats {
        let chosen = input
            .seats
            .iter()
            .find(|chosen| chosen.seat.0 == held.id && chosen.version == held.row_version)
            .ok_or(ErrorCode::Stale)?;
        let grant = find(&grants, held.grant_id)?;
        match (chosen.fate, chosen.to) {
            (SeatFate::Keep, _) => {}
            (SeatFate::HandOver, Some(to)) => hand_over(change, person, policies, grant, &held, to).await?,
            (SeatFate::Release | SeatFate::HandOver, _) => {
                let texts = products::texts(&change.transaction, grant.product).await?;
                end(change, &held, grant, ReleaseReason::PersonLeft, &texts).await?;
            }
        }
    }
    Ok(())
}

async fn hand_over(
    change: &mut Change<'_>,
    person: &Person,
    policies: &Policies,
    grant: &Grant,
    held: &HeldSeat,
    to: PersonId,
) -> Outcome<()> {
    let locked = held.locked_until.map(Moment);
    handable(grant, locked, change.now).map_err(|error| match locked {
        Some(until) if error.code == ErrorCode::SeatLocked => {
            error.with_detail(person.zone().day_of(until).to_string())
        }
        _ => error,
    })?;
    let next = candidates(&change.transaction, person.organization, grant, &[to]).await?;
    for candidate in &next {
        check_assign(&candidate.facts(), policies)
            .map_err(|error| error.with_detail(candidate.full_name.clone()))?;
    }
    let texts = products::texts(&change.transaction, grant.product).await?;
    end(change, held, grant, ReleaseReason::Reassigned, &texts).await?;
    give(change, person, grant, policies, &next, None, &texts).await
}

/// Ends what the person waits for and the ways in: requests for seats, invitations, sessions.
async fn end_what_waits(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    person: PersonId,
    account: AccountId,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Waiting {
        id: Uuid,
        grant_id: Uuid,
    }
    let text = "update seat_request set state = 'refused', decided_at = $2, decided_by = $3
        where person_id = $1 and state = 'requested' returning id, grant_id";
    let decided_by = by.person().map(|person| person.0);
    let values = [person.0.into(), change.now.0.into(), decided_by.into()];
    for waiting in sql::all::<Waiting>(&change.transaction, text, values).await? {
        let event = Event::new(by.organization, AuditAction::SeatRequestRefused, "seat_request", waiting.id);
        change.record(event.person(person).grant(GrantId(waiting.grant_id)));
    }
    let text = "update invitation set expires_at = $3
        where account_id = $1 and organization_id = $2 and used_at is null and expires_at > $3";
    let values = [account.0.into(), by.organization.0.into(), change.now.0.into()];
    sql::run(&change.transaction, text, values).await?;
    let here = [account.0.into(), by.organization.0.into()];
    sessions::end_some(change, "account_id = $1 and organization_id = $2", here).await?;
    Ok(())
}

/// Tells the person, unless there is no account to sign in with yet.
async fn tell(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    held: &roles::Held,
    kind: &'static str,
) -> Outcome<()> {
    if held.account_status != "active" {
        return Ok(());
    }
    let organization = organization_name(&change.transaction, by.organization).await?;
    change.post(Letter {
        organization: Some(by.organization),
        account: Some(AccountId(held.account_id)),
        recipient: held.email.clone(),
        language: Language::from_tag(&held.language).unwrap_or_default(),
        kind,
        values: vec![
            ("person", held.full_name.clone()),
            ("by", by.name.to_owned()),
            ("organization", organization),
        ],
        path: "/".to_owned(),
        secret: None,
        dates: Vec::new(),
    });
    Ok(())
}
