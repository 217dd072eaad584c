//! The activity: who sees what of the trail, filters, pages, the file, and what is denied.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{Engine, Stage, stage};
use domain::audit::{ActivityKind, ActorKind, AuditAction};
use domain::ids::{OrganizationId, PersonId};
use domain::view::activity::{ActivityPage, ActivityQuery, COUNTED, EventKey, PAGE_ROWS, Thing};
use domain::{Day, ErrorCode, Language, Role};
use rstest::rstest;
use service::accounts::sign_in::{SignIn, sign_in};
use service::activity::{Side, export, list};
use service::audit::{DENIED_AN_HOUR, Event, denied};
use service::change::{Change, programme_chain};
use service::entity::audit_event;
use service::keys::reveal::{KeyOf, RevealKey, reveal};
use service::people::add::{AddUser, add_user};
use service::spreadsheet::Batches;
use service::{Failure, Outcome, Request, sql};

const GOLD: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const AGENT: &str = "kofi.anselmsen@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const OTHER_ADMIN: &str = "piet.zanderling@kestrelash.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";

async fn page(stage: &Stage, request: &Request, query: &ActivityQuery) -> Outcome<ActivityPage> {
    list::page(&stage.service, request, Side::Company, Language::English, query).await
}

/// Every key that somebody sees, through all pages.
async fn seen(stage: &Stage, request: &Request, query: &ActivityQuery) -> Vec<EventKey> {
    let mut keys = Vec::new();
    let mut query = query.clone();
    loop {
        let page = page(stage, request, &query).await.expect("a page");
        assert!(page.rows.len() <= PAGE_ROWS as usize);
        keys.extend(page.rows.iter().map(|row| row.key));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    let distinct: BTreeSet<_> = keys.iter().map(|key| key.sequence).collect();
    assert_eq!(distinct.len(), keys.len(), "no event stands twice");
    keys
}

async fn events(stage: &Stage, organization: OrganizationId) -> Vec<audit_event::Model> {
    let text = "select * from audit_event where organization_id = $1 order by at desc, sequence desc";
    let values = [organization.0.into()];
    sql::all(stage.service.database.reader(), text, values).await.expect("events")
}

/// Something of every kind, by people of every role.
async fn busy(stage: &Stage) {
    let service = &stage.service;
    let grant = stage.grant(GOLD, "visual_studio_enterprise", "gold_core").await;
    let admin = stage.person(ADMIN).await;
    let someone = stage.people_without_seat(GOLD, grant).await[0];
    let input = service::assignments::assign::AssignSeats {
        grant,
        people: vec![someone],
        shortage: None,
        alternate_email: None,
    };
    service::assignments::assign::assign(service, &admin, stage.operation(), input).await.expect("a seat");
    let key = stage.grant(GOLD, "windows_enterprise", "action_pack").await;
    let input = RevealKey { of: KeyOf::Grant(key), consequence_accepted: true };
    let partner = stage.person(PARTNER_ADMIN).await;
    reveal(service, &partner, stage.operation(), input).await.expect("a key");
    let input = AddUser {
        name: "New Colleague".to_owned(),
        email: "new.colleague@fernhollow.example".to_owned(),
        language: "en".to_owned(),
        roles: vec![Role::Employee],
    };
    add_user(service, &stage.person(USER_ADMIN).await, stage.operation(), input).await.expect("a user");
    let employee = stage.person(EMPLOYEE).await;
    let wish = stage.grant_in_area(GOLD, "visual_studio_enterprise", "cloud_platform").await;
    let input = service::assignments::seat_requests::AskForSeat { grant: wish, note: String::new() };
    service::assignments::seat_requests::ask(service, &employee, stage.operation(), input)
        .await
        .expect("asks");
    let refused = Failure::from(ErrorCode::RoleNeeded);
    denied(service, &employee, "assign_seats", &refused).await;
    for email in [EMPLOYEE, OTHER_ADMIN, "nobody@nowhere.example"] {
        assert!(sign_in(service, &stage.nobody(), wrong(email)).await.is_err());
    }
}

fn wrong(email: &str) -> SignIn {
    SignIn {
        email: email.to_owned(),
        password: "not the password".to_owned(),
        agent: String::new(),
        earlier: None,
    }
}

#[rstest]
#[tokio::test]
async fn everybody_sees_exactly_what_the_roles_reach(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use ActivityKind::{Activations, Keys, People, Purchases, Requests, Seats, SignIn as SigningIn};
    let stage = stage(engine).await;
    busy(&stage).await;
    let all = events(&stage, stage.organization(GOLD).await).await;
    assert!(all.len() > 6, "{}", all.len());
    let benefits: &[ActivityKind] = &[Seats, Keys, Activations, Requests, Purchases];
    let people: &[ActivityKind] = &[SigningIn, People];
    for (email, kinds) in [
        (ADMIN, ActivityKind::ALL),
        (PARTNER_ADMIN, benefits),
        (USER_ADMIN, people),
        (AGENT, people),
        (EMPLOYEE, &[]),
    ] {
        let request = stage.person(email).await;
        let person = request.person().expect("a person").clone();
        let expected: Vec<i64> = all
            .iter()
            .filter(|event| {
                let action = AuditAction::from_code(&event.action).expect("an action");
                kinds.contains(&action.kind())
                    || event.actor_id == Some(person.account.0)
                    || event.person_id == Some(person.id.0)
            })
            .map(|event| event.sequence)
            .collect();
        assert!(!expected.is_empty() || email == AGENT, "{email}");
        assert!((expected.len() == all.len()) == (email == ADMIN), "{email}");
        let keys = seen(&stage, &request, &ActivityQuery::default()).await;
        assert_eq!(keys.iter().map(|key| key.sequence).collect::<Vec<_>>(), expected, "{email}");
        let total = page(&stage, &request, &ActivityQuery::default()).await.expect("a page").total;
        assert_eq!(total, expected.len() as i64, "{email}");
        // What isn't in the list can't be opened either, and answers like what doesn't exist.
        for event in &all {
            let open = Some(EventKey { organization: None, sequence: event.sequence });
            let opened = page(&stage, &request, &ActivityQuery { open, ..Default::default() }).await;
            if expected.contains(&event.sequence) {
                let open = opened.expect("a page").open.expect("an open row");
                assert_eq!(open.row.key.sequence, event.sequence);
                assert_eq!(open.after, event.after_state);
            } else {
                assert!(opened.is_err_and(|failure| failure.is(ErrorCode::NotFound)), "{email}");
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn rule_07_the_trail_of_another_company_is_not_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    busy(&stage).await;
    let other = stage.person(OTHER_ADMIN).await;
    let own = events(&stage, stage.organization("kestrelash.example").await).await;
    let keys = seen(&stage, &other, &ActivityQuery::default()).await;
    assert_eq!(keys.len(), own.len());
    let foreign = Some(EventKey { organization: Some(stage.organization(GOLD).await), sequence: 1 });
    for query in [
        ActivityQuery { open: foreign, ..Default::default() },
        ActivityQuery { after: foreign, ..Default::default() },
    ] {
        assert!(page(&stage, &other, &query).await.is_err_and(|failure| failure.is(ErrorCode::NotFound)));
    }
    let find = ActivityQuery { find: "maren".to_owned(), ..Default::default() };
    assert_eq!(page(&stage, &other, &find).await.expect("a page").total, 0);
    // The programme's page is for whoever reads everything, and has every chain.
    let programme = |request: Request, query: ActivityQuery| {
        let service = stage.service.clone();
        async move { list::page(&service, &request, Side::Programme, Language::English, &query).await }
    };
    let auditor = stage.operator(AUDITOR).await;
    let page = programme(auditor.clone(), ActivityQuery::default()).await.expect("a page");
    assert_eq!(page.total, stage.count("select count(*) as number from audit_event").await);
    assert!(page.rows.iter().any(|row| row.organization.is_none() && row.action == "sign_in_failed"));
    assert!(
        page.rows.iter().any(|row| row.organization.as_deref().is_some_and(|name| name.starts_with("Fern")))
    );
    let fern = ActivityQuery { find: "fernhollow".to_owned(), ..Default::default() };
    let found = programme(auditor, fern).await.expect("a page");
    assert_eq!(found.total, events(&stage, stage.organization(GOLD).await).await.len() as i64);
    let fulfilment = stage.operator("marisa.talvinen@northlight.example").await;
    assert!(
        programme(fulfilment, ActivityQuery::default()).await.is_err_and(|f| f.is(ErrorCode::RoleNeeded))
    );
    assert!(programme(other, ActivityQuery::default()).await.is_err_and(|f| f.is(ErrorCode::WrongSide)));
}

#[rstest]
#[tokio::test]
async fn filters_leave_what_they_say(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    busy(&stage).await;
    stage.clock.move_days(3);
    let key = stage.grant(GOLD, "windows_enterprise", "action_pack").await;
    let partner = stage.person(PARTNER_ADMIN).await;
    let input = RevealKey { of: KeyOf::Grant(key), consequence_accepted: true };
    reveal(&stage.service, &partner, stage.operation(), input).await.expect("a key");
    let admin = stage.person(ADMIN).await;
    let organization = stage.organization(GOLD).await;
    let all = events(&stage, organization).await;
    let by = |query: ActivityQuery, fits: &dyn Fn(&audit_event::Model) -> bool| {
        let expected: Vec<i64> = all.iter().filter(|event| fits(event)).map(|event| event.sequence).collect();
        (query, expected)
    };
    let account = partner.account().expect("an account").0;
    let id = partner.person().expect("a person").id.0;
    let product = stage.grant_row(key).await.product_id;
    let row = page(&stage, &admin, &ActivityQuery::default()).await.expect("a page");
    assert!(row.products.iter().any(|(id, name)| id.0 == product && name.contains("Windows")));
    let day = |text: &str| Day::parse(text);
    let noon = 1_795_165_200_000_i64 + 86_400_000;
    let cases = [
        by(ActivityQuery { find: "BRANDT".to_owned(), ..Default::default() }, &|event| {
            event.actor_id == Some(account) || event.person_id == Some(id)
        }),
        by(ActivityQuery { find: "odalys.brandt@".to_owned(), ..Default::default() }, &|event| {
            event.actor_id == Some(account) || event.person_id == Some(id)
        }),
        by(ActivityQuery { find: "%".to_owned(), ..Default::default() }, &|_| false),
        by(ActivityQuery { kind: Some(ActivityKind::Keys), ..Default::default() }, &|event| {
            event.action == "key_revealed"
        }),
        by(ActivityQuery { product: Some(product.into()), ..Default::default() }, &|event| {
            event.grant_id == Some(key.0)
        }),
        by(ActivityQuery { from: day("2026-11-21"), ..Default::default() }, &|event| event.at > noon),
        by(ActivityQuery { to: day("2026-11-20"), ..Default::default() }, &|event| event.at < noon),
        by(
            ActivityQuery {
                kind: Some(ActivityKind::Keys),
                from: day("2026-11-23"),
                to: day("2026-11-23"),
                find: "odalys".to_owned(),
                ..Default::default()
            },
            &|event| event.action == "key_revealed" && event.at > noon,
        ),
    ];
    for (query, expected) in cases {
        let keys = seen(&stage, &admin, &query).await;
        assert_eq!(keys.iter().map(|key| key.sequence).collect::<Vec<_>>(), expected, "{query:?}");
        assert_eq!(page(&stage, &admin, &query).await.expect("a page").total, expected.len() as i64);
        assert!(!expected.is_empty() || query.find == "%", "{query:?}");
    }
}

/// Writes so many events at moments that aren't in the order of their numbers, as of clocks that differ.
async fn many(stage: &Stage, organization: OrganizationId, person: PersonId, count: usize) {
    let worker = stage.worker();
    for at in 0..5 {
        if at % 2 == 1 {
            stage.clock.move_days(-1);
        } else {
            stage.clock.move_days(2);
        }
        let mut change = Change::begin_unasked(&stage.service, &worker).await.expect("a change");
        for number in 0..count / 5 {
            let action = if number % 2 == 0 { AuditAction::SeatAssigned } else { AuditAction::RolesSet };
            let event = Event::new(organization, action, "person", person);
            change.record(if number % 3 == 0 { event.person(person) } else { event });
        }
        change.commit(()).await.expect("committed");
    }
}

#[rstest]
#[tokio::test]
async fn pages_and_the_file_go_through_everything_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let organization = stage.organization(GOLD).await;
    let employee = stage.person_id(EMPLOYEE, GOLD).await;
    many(&stage, organization, employee, 1300).await;
    for email in [ADMIN, PARTNER_ADMIN, EMPLOYEE] {
        let request = stage.person(email).await;
        let keys = seen(&stage, &request, &ActivityQuery::default()).await;
        assert!(keys.len() > 400, "{email}: {}", keys.len());
        // The file has every page and doesn't begin where one does.
        let query = ActivityQuery { open: Some(keys[0]), after: Some(keys[7]), ..Default::default() };
        let begun = export::begin(&stage.service, &request, Side::Company, Language::English, &query);
        let mut export = begun.await.expect("begins");
        let mut exported = Vec::new();
        loop {
            let batch = export.next().await.expect("a batch");
            if batch.is_empty() {
                break;
            }
            exported.extend(batch);
        }
        assert!(export.next().await.expect("nothing more").is_empty());
        // The export itself is the latest event, for whoever sees it.
        let own: Vec<_> = exported.iter().map(|event| event.event.row.key).collect();
        assert_eq!(own.len(), keys.len() + 1, "{email}");
        assert_eq!(exported[0].event.row.action, "activity_exported");
        assert_eq!(own[1..], keys, "{email}");
        assert!(exported.iter().all(|event| event.at.len() == 25), "{}", exported[0].at);
    }
    let many = page(&stage, &stage.person(ADMIN).await, &ActivityQuery::default()).await.expect("a page");
    assert!(many.total > 1300 && many.total <= COUNTED);
}

#[rstest]
#[tokio::test]
async fn operators_see_a_kind_of_event_of_all_companies_in_one_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (gold, other) = (stage.organization(GOLD).await, stage.organization("kestrelash.example").await);
    let employee = stage.person_id(EMPLOYEE, GOLD).await;
    for (organization, action) in [
        (gold, AuditAction::RolesSet),
        (other, AuditAction::PersonSuspended),
        (gold, AuditAction::SeatAssigned),
        (other, AuditAction::RolesSet),
        (gold, AuditAction::PersonSuspended),
    ] {
        for _ in 0..30 {
            stage.clock.move_seconds(1);
            let worker = stage.worker();
            let mut change = Change::begin_unasked(&stage.service, &worker).await.expect("a change");
            change.record(Event::new(organization, action, "person", employee));
            change.commit(()).await.expect("committed");
        }
    }
    let kind = AuditAction::RolesSet.kind();
    assert_eq!(kind, AuditAction::PersonSuspended.kind());
    let auditor = stage.operator(AUDITOR).await;
    let codes: Vec<String> = kind.actions().map(|action| format!("'{}'", action.code())).collect();
    for (mut query, actions) in [
        (ActivityQuery { kind: Some(kind), ..Default::default() }, codes.join(", ")),
        (
            ActivityQuery { action: Some(AuditAction::RolesSet), ..Default::default() },
            "'roles_set'".to_owned(),
        ),
    ] {
        let text = format!(
            "select * from audit_event where action in ({actions})
            order by at desc, organization_id desc, sequence desc"
        );
        let events = sql::all::<audit_event::Model>(stage.service.database.reader(), &text, []).await;
        let expected: Vec<EventKey> = events
            .expect("events")
            .iter()
            .map(|event| EventKey {
                organization: Some(event.organization_id.into()),
                sequence: event.sequence,
            })
            .collect();
        let mut seen = Vec::new();
        loop {
            let page = list::page(&stage.service, &auditor, Side::Programme, Language::English, &query);
            let page = page.await.expect("a page");
            assert_eq!(page.total, expected.len() as i64);
            seen.extend(page.rows.iter().map(|row| row.key));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        assert!(seen.len() > PAGE_ROWS as usize, "{actions}: {}", seen.len());
        assert_eq!(seen, expected, "{actions}");
    }
}

#[rstest]
#[tokio::test]
async fn an_export_is_recorded_without_what_finds_a_person(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let query = ActivityQuery {
        find: "teodor".to_owned(),
        kind: Some(ActivityKind::Seats),
        from: Day::parse("2026-11-01"),
        ..Default::default()
    };
    for (query, said) in
        [(query, "find kind seats from 2026-11-01"), (ActivityQuery::default(), "everything")]
    {
        let before = events(&stage, stage.organization(GOLD).await).await.len();
        let begun = export::begin(&stage.service, &admin, Side::Company, Language::English, &query).await;
        drop(begun.expect("begins"));
        let after = events(&stage, stage.organization(GOLD).await).await;
        assert_eq!(after.len(), before + 1);
        assert_eq!(after[0].action, "activity_exported");
        assert_eq!(after[0].after_state.as_deref(), Some(said));
        assert_eq!(after[0].actor_id, Some(admin.account().expect("an account").0));
    }
    let agent = stage.operator("marisa.talvinen@northlight.example").await;
    let all = ActivityQuery::default();
    let refused = export::begin(&stage.service, &agent, Side::Programme, Language::English, &all).await;
    assert!(refused.is_err_and(|failure| failure.is(ErrorCode::RoleNeeded)));
    // What can't be recorded isn't exported.
    let refuse = if stage.service.database.is_postgres() {
        "alter table audit_event add constraint full_up check (at < 0) not valid"
    } else {
        "create trigger full_up before insert on audit_event begin select raise(abort, 'full_up'); end"
    };
    stage.run(refuse, []).await;
    assert!(export::begin(&stage.service, &admin, Side::Company, Language::English, &all).await.is_err());
}

#[rstest]
#[tokio::test]
async fn a_row_reads_although_a_name_is_gone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let organization = stage.organization(GOLD).await;
    let nobody = stage.nobody();
    let mut change = Change::begin_unasked(&stage.service, &nobody).await.expect("a change");
    let (gone, account) = (stage.service.new_id(), stage.service.new_id());
    let event = Event::new(organization, AuditAction::RolesSet, "person", gone)
        .person(gone)
        .grant(gone)
        .by(ActorKind::Person, account.into());
    change.record(event);
    change.record(Event::new(organization, AuditAction::RequestTaken, "service_request", gone));
    change.commit(()).await.expect("committed");
    let admin = stage.person(ADMIN).await;
    let rows = page(&stage, &admin, &ActivityQuery::default()).await.expect("a page").rows;
    let row = rows.iter().find(|row| row.action == "roles_set").expect("a row");
    assert_eq!((row.actor, row.actor_name.as_ref(), row.person.as_ref()), (ActorKind::Person, None, None));
    let row = rows.iter().find(|row| row.action == "request_taken").expect("a row");
    assert_eq!(row.thing, Thing::Unnamed);
}

#[rstest]
#[tokio::test]
async fn what_is_denied_is_recorded_within_bounds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let recorded = async || {
        let text = "select * from audit_event where action = 'denied' order by at, sequence";
        sql::all::<audit_event::Model>(service.database.reader(), text, []).await.expect("events")
    };
    let employee = stage.person(EMPLOYEE).await;
    let operator = stage.operator(AUDITOR).await;
    for code in [ErrorCode::NotFound, ErrorCode::NoSeatLeft, ErrorCode::Invalid, ErrorCode::SignInNeeded] {
        denied(service, &employee, "assign_seats", &Failure::from(code)).await;
    }
    let role_needed = Failure::from(ErrorCode::RoleNeeded);
    denied(service, &stage.nobody(), "assign_seats", &role_needed).await;
    denied(service, &stage.worker(), "assign_seats", &role_needed).await;
    assert_eq!(recorded().await, []);
    for code in
        [ErrorCode::RoleNeeded, ErrorCode::RoleNotGrantable, ErrorCode::LastGlobalAdmin, ErrorCode::WrongSide]
    {
        denied(service, &operator, "set_roles", &Failure::from(code)).await;
        let last = recorded().await.pop().expect("an event");
        assert_eq!(last.organization_id, programme_chain().0);
        assert_eq!((last.object_kind.as_str(), last.object_id.as_str()), ("form", "set_roles"));
        assert_eq!(last.after_state.as_deref(), Some(code.code()));
        assert_eq!(last.address.as_deref(), Some("192.0.2.7"));
    }
    // Sixty and no more, also of attempts at the same moment; the last says so.
    let attempts = (0..DENIED_AN_HOUR + 20).map(|_| denied(service, &employee, "assign_seats", &role_needed));
    futures::future::join_all(attempts).await;
    let own = async || {
        let account = employee.account().expect("an account").0;
        recorded().await.into_iter().filter(|event| event.actor_id == Some(account)).collect::<Vec<_>>()
    };
    let events = own().await;
    assert_eq!(events.len() as i64, DENIED_AN_HOUR);
    let said = |event: &audit_event::Model| event.after_state.clone().unwrap_or_default();
    assert!(said(&events[59]).contains("log only"), "{}", said(&events[59]));
    assert_eq!(said(&events[58]), "role_needed");
    // Somebody else's attempts are counted apart, and an hour later there is room again.
    denied(service, &stage.person(USER_ADMIN).await, "assign_seats", &role_needed).await;
    assert_eq!(recorded().await.len() as i64, 4 + DENIED_AN_HOUR + 1);
    stage.clock.move_seconds(3601);
    denied(service, &employee, "assign_seats", &role_needed).await;
    assert_eq!(own().await.len() as i64, DENIED_AN_HOUR + 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_company_sees_who_tried_to_sign_in_as_its_people(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let failed = async || {
        let text = "select * from audit_event where action = 'sign_in_failed' order by at, sequence";
        sql::all::<audit_event::Model>(service.database.reader(), text, []).await.expect("events")
    };
    assert!(sign_in(service, &stage.nobody(), wrong("nobody@nowhere.example")).await.is_err());
    let unknown = failed().await.pop().expect("an event");
    assert_eq!((unknown.organization_id, unknown.object_kind.as_str()), (programme_chain().0, "address"));
    assert_eq!(unknown.person_id, None);
    stage.clock.move_seconds(1);
    assert!(sign_in(service, &stage.nobody(), wrong(EMPLOYEE)).await.is_err());
    let employee = stage.person(EMPLOYEE).await.person().expect("a person").clone();
    let known = failed().await.pop().expect("an event");
    assert_eq!(known.organization_id, employee.organization.0);
    assert_eq!((known.object_kind.as_str(), known.object_id), ("account", employee.account.to_string()));
    assert_eq!((known.actor_kind.as_str(), known.actor_id), ("nobody", None));
    assert_eq!((known.person_id, known.address.as_deref()), (Some(employee.id.0), Some("192.0.2.7")));
    // A suspended account is known, and answers as before.
    stage.clock.move_seconds(1);
    let text = "update account set status = 'suspended' where id = $1";
    stage.run(text, [employee.account.0.into()]).await;
    let right = SignIn {
        email: EMPLOYEE.to_owned(),
        password: service::sample_programme::DEMO_PASSWORD.to_owned(),
        agent: String::new(),
        earlier: None,
    };
    let refused = sign_in(service, &stage.nobody(), right).await;
    assert!(refused.is_err_and(|failure| failure.is(ErrorCode::SignInFailed)));
    assert_eq!(failed().await.len(), 3);
    assert_eq!(failed().await[2].organization_id, employee.organization.0);
    // Whoever signs in did it, although nobody was signed in before.
    let right = SignIn {
        email: USER_ADMIN.to_owned(),
        password: service::sample_programme::DEMO_PASSWORD.to_owned(),
        agent: String::new(),
        earlier: None,
    };
    sign_in(service, &stage.nobody(), right).await.expect("signs in");
    let admin = stage.person(USER_ADMIN).await;
    let rows = page(&stage, &admin, &ActivityQuery::default()).await.expect("a page").rows;
    let row = rows.iter().find(|row| row.action == "signed_in").expect("a row");
    assert_eq!((row.actor, row.actor_name.as_deref()), (ActorKind::Person, Some("Malin Thistlewood")));
}

#[rstest]
#[tokio::test]
async fn a_known_and_an_unknown_account_fail_after_the_same_statements(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use std::sync::{Arc, Mutex};
    let mut stage = stage(engine).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hear = heard.clone();
    stage.service.database.observe(move |info| {
        hear.lock().expect("not poisoned").push(info.statement.sql.clone());
    });
    let mut statements = Vec::new();
    // The first failure of a chain begins its head.
    for email in [EMPLOYEE, "nobody@nowhere.example", EMPLOYEE, "nobody@nowhere.example"] {
        heard.lock().expect("not poisoned").clear();
        assert!(sign_in(&stage.service, &stage.nobody(), wrong(email)).await.is_err());
        statements.push(heard.lock().expect("not poisoned").clone());
    }
    assert!(statements[2].len() > 3, "{:?}", statements[2]);
    assert_eq!(statements[2], statements[3]);
}

#[rstest]
#[tokio::test]
async fn pages_follow_an_index_and_sort_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let organization = stage.organization(GOLD).await;
    let employee = stage.person_id(EMPLOYEE, GOLD).await;
    // As many moments as in life: a change writes a few events, not hundreds.
    let other = stage.organization("kestrelash.example").await;
    for _ in 0..40 {
        many(&stage, organization, employee, 25).await;
        many(&stage, other, employee, 100).await;
    }
    let analyze = if stage.service.database.is_postgres() { "analyze audit_event" } else { "analyze" };
    stage.sql(analyze).await;
    let own = stage.literal(organization.0);
    let person = stage.literal(employee.0);
    let order = "order by e.at desc, e.organization_id desc, e.sequence desc limit 51";
    for (condition, index) in [
        (format!("e.organization_id = {own}"), "audit_event_by_time"),
        (
            format!("e.organization_id = {own} and (e.at, e.sequence) < (1795165200000, 7)"),
            "audit_event_by_time",
        ),
        (format!("e.organization_id = {own} and e.person_id = {person}"), "audit_event_by_person"),
        (format!("e.organization_id = {own} and e.actor_id = {person}"), "audit_event_by_actor"),
        ("1 = 1".to_owned(), "audit_event_of_all"),
        ("1 = 1 and e.action = 'operator_added'".to_owned(), "audit_event_of_action"),
    ] {
        let text =
            format!("select e.organization_id, e.sequence from audit_event e where {condition} {order}");
        let plan = stage.plan(&text).await;
        // PostgreSQL may find the index of all companies as good where there are few.
        let index = if stage.service.database.is_postgres() { "using audit_event_" } else { index };
        assert!(plan.contains(index), "{condition}: {plan}");
        assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{condition}: {plan}");
    }
}
