//! What an open row of seats shows, and the search for people to choose.

use domain::benefit::may_start;
use domain::ids::{GrantId, PersonId};
use domain::moment::Zone;
use domain::rights::Action;
use domain::seat::{ReleaseReason, check_assign, lock_until};
use domain::view::seats::{CHOICES, EarlierHolder, Holder, PersonChoice, SeatRequestRow, SeatsDetail};
use domain::{Moment, Policies};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::assign::{CANDIDATE, Candidate};
use crate::benefits::grants::{self, Grant};
use crate::benefits::list::processing;
use crate::failure::Failure;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// So many former holders are listed.
const EARLIER: u32 = 100;
/// So many people a search gives at most.
const FOUND: u32 = 20;

#[derive(FromQueryResult)]
struct HolderRow {
    id: Uuid,
    row_version: i64,
    person_id: Uuid,
    full_name: String,
    email: String,
    assigned_at: i64,
    assigned_by_name: String,
    locked_until: Option<i64>,
    mail_waiting: bool,
    requested_at: Option<i64>,
    target_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct EarlierRow {
    id: Uuid,
    full_name: String,
    assigned_at: i64,
    released_at: i64,
    release_reason: String,
}

#[derive(FromQueryResult)]
struct RequestRow {
    id: Uuid,
    full_name: String,
    email: String,
    note: String,
    requested_at: i64,
}

/// The seats of a grant, with whoever is chosen already among the people.
///
/// # Errors
/// [`Failure::Database`].
pub async fn seats(
    service: &Service,
    person: &Person,
    grant: &Grant,
    policies: &Policies,
    chosen: Option<PersonId>,
) -> Outcome<SeatsDetail> {
    let reader = service.database.reader();
    let now = service.now();
    let zone = person.zone();
    let why_not_assign = rights::why_not(reader, person, Action::AssignUser, policies).await?;
    let people = if why_not_assign.is_none() {
        let named: Vec<PersonId> = chosen.into_iter().chain([person.id]).collect();
        choices(service, grant, policies, Wanted::With(&named)).await?
    } else {
        Vec::new()
    };
    let values = || [grant.id.0.into()];
    let text = "select s.id, s.row_version, s.person_id, a.full_name, a.email, s.assigned_at, s.locked_until,
            b.full_name as assigned_by_name, v.requested_at, v.target_at,
            exists (select 1 from mail m where m.account_id = p.account_id and m.kind in ('seat_assigned', 'key_seat_assigned')
                and m.state = 'waiting' and m.created_at = s.assigned_at) as mail_waiting
        from seat s
        join person p on p.id = s.person_id join account a on a.id = p.account_id
        join person bp on bp.id = s.assigned_by join account b on b.id = bp.account_id
        left join activation v on v.grant_id = s.grant_id and v.person_id = s.person_id
            and v.state in ('requested', 'processing')
        where s.grant_id = $1 and s.released_at is null
        order by s.assigned_at, s.id";
    let holders = sql::all::<HolderRow>(reader, text, values()).await?;
    let text = format!(
        "with recursive chain as (select id, follows_id from benefit_grant where id = $1
            union all select f.id, f.follows_id from benefit_grant f join chain c on c.follows_id = f.id)
        select s.id, a.full_name, s.assigned_at, s.released_at, s.release_reason
        from seat s join person p on p.id = s.person_id join account a on a.id = p.account_id
        where s.grant_id in (select id from chain) and s.released_at is not null
        order by s.released_at desc, s.id limit {EARLIER}"
    );
    let earlier = sql::all::<EarlierRow>(reader, &text, values()).await?;
    let text = "select r.id, a.full_name, a.email, r.note, r.requested_at
        from seat_request r join person p on p.id = r.person_id join account a on a.id = p.account_id
        where r.grant_id = $1 and r.state = 'requested' order by r.requested_at, r.id";
    let requests = sql::all::<RequestRow>(reader, text, values()).await?;
    let holds = holders.iter().any(|holder| holder.person_id == person.id.0);
    let chosen = chosen.filter(|chosen| people.iter().any(|choice| choice.id == *chosen && !choice.refused));
    let myself = people.iter().find(|choice| choice.id == person.id).cloned();
    Ok(SeatsDetail {
        why_not_assign,
        why_closed: may_start(&grant.facts, now).err(),
        holders: holders.into_iter().map(|row| holder(row, &zone, now)).collect(),
        earlier: earlier.into_iter().map(|row| earlier_holder(row, &zone)).collect::<Outcome<_>>()?,
        people,
        myself,
        chosen,
        requests: requests
            .into_iter()
            .map(|row| SeatRequestRow {
                id: row.id.into(),
                name: row.full_name,
                email: row.email,
                note: row.note,
                asked: zone.day_of(Moment(row.requested_at)),
            })
            .collect(),
        locked_until: lock_until(now, policies).map(|until| zone.day_of(until)),
        portal_url: grant.portal_url.clone().filter(|_| holds),
        wants_alternate_email: grant.category == domain::benefit::Category::Technical,
    })
}

fn holder(row: HolderRow, zone: &Zone, now: Moment) -> Holder {
    Holder {
        seat: row.id.into(),
        version: row.row_version,
        person: row.person_id.into(),
        name: row.full_name,
        email: row.email,
        since: zone.day_of(Moment(row.assigned_at)),
        assigned_by: row.assigned_by_name,
        locked_until: row
            .locked_until
            .map(Moment)
            .filter(|until| *until > now)
            .map(|until| zone.day_of(until)),
        mail_waiting: row.mail_waiting,
        processing: processing(row.requested_at, row.target_at, zone, now),
    }
}

fn earlier_holder(row: EarlierRow, zone: &Zone) -> Outcome<EarlierHolder> {
    Ok(EarlierHolder {
        seat: row.id.into(),
        name: row.full_name,
        since: zone.day_of(Moment(row.assigned_at)),
        until: zone.day_of(Moment(row.released_at)),
        reason: ReleaseReason::from_code(&row.release_reason)
            .ok_or_else(|| Failure::broken("seat", "release_reason", row.id))?,
    })
}

/// People whose name or address has what was typed, with why not where they can't be chosen.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`] for whoever may not assign; [`domain::ErrorCode::NotFound`].
pub async fn search(
    service: &Service,
    request: &Request,
    grant: GrantId,
    typed: &str,
) -> Outcome<Vec<PersonChoice>> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AssignUser, &policies).await?;
    let grant = grants::find(reader, person.organization, grant).await?;
    if !grant.kind.takes_seats(grant.unit, &policies) {
        return Err(domain::ErrorCode::WrongKind.into());
    }
    let typed: String = typed.trim().chars().take(120).collect();
    choices(service, &grant, &policies, Wanted::Typed(&typed)).await
}

/// Which people of the company are wanted.
enum Wanted<'a> {
    /// The first by name, and in any case these.
    With(&'a [PersonId]),
    /// Those whose name or address has it.
    Typed(&'a str),
}

async fn choices(
    service: &Service,
    grant: &Grant,
    policies: &Policies,
    wanted: Wanted<'_>,
) -> Outcome<Vec<PersonChoice>> {
    let mut values: Vec<Value> = vec![grant.organization.0.into(), grant.id.0.into(), grant.product.0.into()];
    let (filter, first, limit) = match wanted {
        Wanted::Typed(typed) if !typed.is_empty() => {
            values.push(sql::contains_pattern(typed).into());
            let filter = " and (p.sort_name like $4 escape '\\' or a.email_key like $4 escape '\\')";
            (filter, String::new(), FOUND)
        }
        Wanted::Typed(_) => ("", String::new(), FOUND),
        Wanted::With(named) => {
            let places: Vec<String> = named
                .iter()
                .map(|person| {
                    values.push(person.0.into());
                    format!("${}", values.len())
                })
                .collect();
            ("", format!("p.id not in ({}), ", places.join(", ")), CHOICES)
        }
    };
    let text = format!(
        "{CANDIDATE} and p.status in ('active', 'invited') and a.status in ('active', 'invited'){filter}
        order by {first}p.sort_name, p.id limit {limit}"
    );
    let mut rows = sql::all::<Candidate>(service.database.reader(), &text, values).await?;
    rows.sort_by(|one, other| one.sort_name.cmp(&other.sort_name).then(one.id.cmp(&other.id)));
    Ok(rows.into_iter().map(|row| choice(row, policies)).collect())
}

fn choice(row: Candidate, policies: &Policies) -> PersonChoice {
    let (note, refused) = match check_assign(&row.facts(), policies) {
        Err(error) => (Some(error.code), true),
        Ok(Some(warning)) => (Some(warning), false),
        Ok(None) => (None, false),
    };
    PersonChoice { id: PersonId(row.id), name: row.full_name, email: row.email, note, refused }
}
