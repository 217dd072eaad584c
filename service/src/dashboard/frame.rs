//! The frame around every page: who is signed in, what the menu counts.

use domain::benefit::Category;
use domain::moment::Zone;
use domain::view::portal::{MembershipYear, OperatorReader, PersonReader, Portal, Reader};
use domain::{Language, Moment, Policies};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::request::{Actor, Operator, Person, Request};
use crate::{Failure, Outcome, Service, older_portal, policies, sql};

#[derive(FromQueryResult)]
struct ProgrammeRow {
    name: String,
    demo: bool,
    unread: i64,
}

#[derive(FromQueryResult)]
struct PersonRow {
    organization_name: String,
    tier: String,
    portal_state: String,
    setup_finished: bool,
    founder: bool,
    elsewhere: bool,
    own_seats: i64,
    open_requests: i64,
    people: i64,
    support_edition: Option<String>,
    starts_at: Option<i64>,
    anniversary_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct CountRow {
    category: String,
    rows: i64,
}

#[derive(FromQueryResult)]
struct OtherRow {
    id: Uuid,
    name: String,
}

/// The frame for whoever asks.
///
/// # Errors
/// [`Failure::Database`].
pub async fn frame(service: &Service, request: &Request, language: Language) -> Outcome<Portal> {
    let account = request.account().map(|account| account.0).unwrap_or_default();
    let text = "select t.name, p.demo,
            (select count(*) from notice n where n.account_id = $2 and n.read_at is null) as unread
        from programme p join programme_text t on t.language = $1";
    let programme =
        sql::one::<ProgrammeRow>(service.database.reader(), text, [language.tag().into(), account.into()])
            .await?;
    let (programme, demo, unread) =
        programme.map_or((String::new(), false, 0), |row| (row.name, row.demo, row.unread));
    let reader = match &request.actor {
        Actor::Nobody | Actor::Token(_) | Actor::Worker => Reader::Nobody,
        Actor::Person(person) => Reader::Person(Box::new(of_person(service, person, language).await?)),
        Actor::Operator(operator) => Reader::Operator(of_operator(service, operator).await?),
    };
    Ok(Portal { programme, demo, reader, unread, flash: None })
}

async fn of_person(service: &Service, person: &Person, language: Language) -> Outcome<PersonReader> {
    let reader = service.database.reader();
    let organization = person.organization.0;
    let text = "select o.name as organization_name, coalesce(tn.name, o.tier) as tier,
            o.portal_state, o.setup_finished,
            coalesce(o.founder_person_id = $2, false) as founder,
            exists (select 1 from person p where p.account_id = $3 and p.status = 'active'
                and p.organization_id <> o.id) as elsewhere,
            (select count(*) from seat s where s.person_id = $2 and s.released_at is null) as own_seats,
            (select count(*) from seat_request r where r.organization_id = o.id and r.state = 'requested')
                + (select count(*) from service_request r where r.organization_id = o.id and r.open) as open_requests,
            o.people,
            (select y.value from policy y where y.name = $4) as support_edition,
            h.starts_at, h.anniversary_at
        from organization o
        left join tier_text tn on tn.tier = o.tier and tn.language = $5
        left join holding h on h.id = (select h2.id from holding h2 join offer f on f.id = h2.offer_id
            where h2.organization_id = o.id and h2.state = 'active' and f.tier = o.tier
            order by h2.anniversary_at desc limit 1)
        where o.id = $1";
    let values = [
        organization.into(),
        person.id.0.into(),
        person.account.0.into(),
        policies::SUPPORT_EDITION.into(),
        language.tag().into(),
    ];
    let row = sql::one::<PersonRow>(reader, text, values)
        .await?
        .ok_or_else(|| Failure::broken("organization", "id", organization))?;
    let text =
        "select g.category, count(*) as rows from benefit_grant g where g.organization_id = $1
            and not exists (select 1 from benefit_grant n where n.follows_id = g.id and n.state <> 'withdrawn')
        group by g.category";
    let counts = sql::all::<CountRow>(reader, text, [organization.into()]).await?;
    let others = if row.elsewhere { other_organizations(reader, person).await? } else { Vec::new() };
    let older_portal = older_portal::notice(reader, person.organization, &row.portal_state).await?;
    let mut policies = Policies::default();
    if let Some(value) = row.support_edition {
        policies::set(&mut policies, policies::SUPPORT_EDITION, &value)
            .ok_or_else(|| Failure::broken("policy", "value", policies::SUPPORT_EDITION))?;
    }
    Ok(PersonReader {
        name: person.name.clone(),
        email: person.email.clone(),
        roles: person.roles.iter().collect(),
        organization: person.organization.to_string(),
        organization_name: row.organization_name,
        tier: row.tier,
        setup_finished: row.setup_finished,
        founder: row.founder,
        counts: counts
            .into_iter()
            .filter_map(|row| Category::from_code(&row.category).map(|category| (category, row.rows)))
            .collect(),
        own_seats: row.own_seats,
        open_requests: row.open_requests,
        people: row.people,
        edition: policies.support_edition,
        others,
        year: year(row.starts_at, row.anniversary_at, &person.zone(), service.now()),
        older_portal,
    })
}

/// The other companies that the account serves: id and name.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn other_organizations(
    connection: &impl ConnectionTrait,
    person: &Person,
) -> Outcome<Vec<(String, String)>> {
    let text = "select o.id, o.name from person p join organization o on o.id = p.organization_id
        where p.account_id = $1 and p.status = 'active' and o.id <> $2 order by o.name_key, o.id";
    let values = [person.account.0.into(), person.organization.0.into()];
    let rows = sql::all::<OtherRow>(connection, text, values).await?;
    Ok(rows.into_iter().map(|row| (row.id.to_string(), row.name)).collect())
}

fn year(
    starts_at: Option<i64>,
    anniversary_at: Option<i64>,
    zone: &Zone,
    now: Moment,
) -> Option<MembershipYear> {
    let starts = zone.day_of(Moment(starts_at?));
    let renews = zone.day_of(Moment(anniversary_at?));
    Some(MembershipYear { renews, day: starts.days_until(zone.day_of(now)) })
}

#[derive(FromQueryResult)]
struct OperatorRow {
    queue: i64,
    failed_mail: i64,
}

async fn of_operator(service: &Service, operator: &Operator) -> Outcome<OperatorReader> {
    let text = format!(
        "select (select count(*) from service_request where open) as queue,
        (select count(*) from mail where (state = 'failed' and bounced_at is null)
            or (state = 'waiting' and attempts > 0 and not {})) as failed_mail",
        crate::outbox::HELD
    );
    let row = sql::one::<OperatorRow>(service.database.reader(), &text, [])
        .await?
        .ok_or_else(|| Failure::broken("service_request", "count", "frame"))?;
    Ok(OperatorReader {
        name: operator.name.clone(),
        roles: operator.roles.clone(),
        queue: row.queue,
        failed_mail: row.failed_mail,
    })
}
