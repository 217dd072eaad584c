//! Suspending, letting in again and removing people, with what becomes of their seats.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::departure::{Departure, SeatFate};
use domain::ids::{GrantId, PersonId};
use domain::view::people::{DeparturePage, DepartureQuery, PeopleQuery, PersonStatus};
use domain::{ErrorCode, Language, Role};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rstest::rstest;
use service::accounts::sign_in::{Entry, SignIn, sign_in};
use service::assignments::seat_requests;
use service::people::add::{AddUser, add_user};
use service::people::departure::{self, Depart, DepartSeat, Resume, depart, resume};
use service::people::list;
use service::people::roles::{SetRoles, set_roles};
use service::provisioning::Refusal;
use service::provisioning::groups::{self, GroupAttributes, MapGroup};
use service::provisioning::tokens::{self, MakeToken};
use service::provisioning::users::{self, UserAttributes};
use service::{Actor, Failure, Request, sample_programme, sessions, sql};

const GOLD: &str = "fernhollow.example";
const OTHER: &str = "kestrelash.example";
const MAREN: &str = "maren.tolvik@fernhollow.example";
const INGRID: &str = "ingrid.vaszary@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const HOLDER: &str = "teodor.wrzosek@fernhollow.example";
/// Serves the other company, too.
const GUEST: &str = "noor.castellane@tarnbridge.example";
const LAST_ADMIN: &str = "piet.zanderling@kestrelash.example";

fn code(failure: &Failure) -> ErrorCode {
    failure.told().code
}

async fn version(stage: &Stage, person: PersonId) -> i64 {
    let text = "select row_version as number from person where id = $1";
    sql::number(stage.service.database.reader(), text, [person.0.into()]).await.expect("a version")
}

async fn look(
    stage: &Stage,
    who: &Request,
    person: PersonId,
    departure: Departure,
) -> Result<DeparturePage, Failure> {
    let query = DepartureQuery { person: Some(person), departure: Some(departure) };
    let page = departure::page(&stage.service, who, Language::English, &query).await?;
    Ok(page.expect("the address names somebody"))
}

/// What the page offers for the person, with one fate for every seat.
async fn chosen(
    stage: &Stage,
    who: &Request,
    person: PersonId,
    departure: Departure,
    fate: SeatFate,
    to: Option<PersonId>,
) -> Depart {
    let page = look(stage, who, person, departure).await.expect("the page");
    let seats = page
        .seats
        .iter()
        .map(|seat| DepartSeat { seat: seat.seat, version: seat.version, fate, to })
        .collect();
    Depart { person, version: page.person.version, departure, seats }
}

async fn leave(stage: &Stage, who: &Request, input: Depart) -> Result<String, Failure> {
    depart(&stage.service, who, stage.operation(), input).await
}

async fn let_in(stage: &Stage, who: &Request, person: PersonId) -> Result<String, Failure> {
    let input = Resume { person, version: version(stage, person).await };
    resume(&stage.service, who, stage.operation(), input).await
}

async fn held(stage: &Stage, person: PersonId) -> i64 {
    let text = "select count(*) as number from seat where person_id = $1 and released_at is null";
    sql::number(stage.service.database.reader(), text, [person.0.into()]).await.expect("a count")
}

async fn enterprise(stage: &Stage) -> GrantId {
    stage.grant(GOLD, "visual_studio_enterprise", "gold_core").await
}

async fn sign_in_as(stage: &Stage, email: &str) -> Result<String, Failure> {
    let input = SignIn {
        email: email.to_owned(),
        password: sample_programme::DEMO_PASSWORD.to_owned(),
        agent: "A browser".to_owned(),
        earlier: None,
    };
    match sign_in(&stage.service, &stage.nobody(), input).await? {
        Entry::Session(token) => Ok(token),
        Entry::SecondFactor(_) => panic!("no second factor is set up"),
    }
}

#[rstest]
#[tokio::test]
async fn a_suspended_person_keeps_the_seats_and_is_out_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let holder = stage.person_id(HOLDER, GOLD).await;
    let token = sign_in_as(&stage, HOLDER).await.expect("signs in");
    let seats = held(&stage, holder).await;
    assert!(seats > 0);
    let input = chosen(&stage, &admin, holder, Departure::Suspend, SeatFate::Keep, None).await;
    assert_eq!(leave(&stage, &admin, input).await.expect("suspends"), stage.name_of(holder).await);
    assert_eq!(held(&stage, holder).await, seats);
    assert!(matches!(sessions::actor(&stage.service, &token).await.expect("reads"), Actor::Nobody));
    assert_eq!(code(&sign_in_as(&stage, HOLDER).await.expect_err("out")), ErrorCode::SignInFailed);
    assert!(stage.mails(HOLDER).await.iter().any(|mail| mail.kind == "person_suspended"));

    let query = PeopleQuery { status: Some(PersonStatus::Suspended), ..PeopleQuery::default() };
    let page = list::page(&stage.service, &admin, &query).await.expect("the list");
    assert!(page.rows.iter().any(|row| row.id == holder && row.seats == seats));

    let_in(&stage, &admin, holder).await.expect("lets in again");
    sign_in_as(&stage, HOLDER).await.expect("signs in again");
    assert_eq!(code(&let_in(&stage, &admin, holder).await.expect_err("is active")), ErrorCode::WrongState);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_removed_persons_seats_are_released_and_stay_listed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let holder = stage.person_id(HOLDER, GOLD).await;
    let seats = held(&stage, holder).await;
    let keep = chosen(&stage, &admin, holder, Departure::Remove, SeatFate::Keep, None).await;
    assert_eq!(code(&leave(&stage, &admin, keep).await.expect_err("keeps none")), ErrorCode::UnknownChoice);
    let input = chosen(&stage, &admin, holder, Departure::Remove, SeatFate::Release, None).await;
    leave(&stage, &admin, input).await.expect("removes");
    assert_eq!(held(&stage, holder).await, 0);
    let text = "select count(*) as number from seat where person_id = $1 and release_reason = 'person_left'";
    let former =
        sql::number(stage.service.database.reader(), text, [holder.0.into()]).await.expect("a count");
    assert_eq!(former, seats);
    let page = list::page(&stage.service, &admin, &PeopleQuery::default()).await.expect("the list");
    assert!(page.rows.iter().all(|row| row.id != holder));
    let gone = look(&stage, &admin, holder, Departure::Remove).await;
    assert_eq!(code(&gone.expect_err("gone")), ErrorCode::NotFound);

    // Whoever comes back is the same person, without the seats.
    let input = AddUser {
        email: HOLDER.to_owned(),
        name: "Teodor Wrzosek".to_owned(),
        roles: vec![Role::Employee],
        language: "en".to_owned(),
    };
    let added = add_user(&stage.service, &admin, stage.operation(), input).await.expect("comes back");
    assert_eq!(added.person, holder);
    assert_eq!(held(&stage, holder).await, 0);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn seats_are_handed_over_in_the_same_step_or_nothing_happens(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let grant = enterprise(&stage).await;
    let holder = stage.person_id(HOLDER, GOLD).await;
    let heir = stage.people_without_seat(GOLD, grant).await[0];
    let page = look(&stage, &admin, holder, Departure::Remove).await.expect("the page");
    assert!(page.colleagues.iter().all(|colleague| colleague.id != holder));
    let seats: Vec<DepartSeat> = page
        .seats
        .iter()
        .map(|seat| DepartSeat {
            seat: seat.seat,
            version: seat.version,
            fate: if seat.grant == grant { SeatFate::HandOver } else { SeatFate::Release },
            to: (seat.grant == grant).then_some(heir),
        })
        .collect();
    let input = Depart { person: holder, version: page.person.version, departure: Departure::Remove, seats };

    // To somebody who has one already.
    let (other_holder, before) = (stage.person_id(INGRID, GOLD).await, held(&stage, holder).await);
    let text = "select count(*) as number from seat
        where person_id = $1 and grant_id = $2 and released_at is null";
    let values = [other_holder.0.into(), grant.0.into()];
    if sql::number(stage.service.database.reader(), text, values).await.expect("a count") > 0 {
        let mut refused = input.clone();
        for seat in refused.seats.iter_mut().filter(|seat| seat.to.is_some()) {
            seat.to = Some(other_holder);
        }
        let failure = leave(&stage, &admin, refused).await.expect_err("has one");
        assert_eq!(code(&failure), ErrorCode::AlreadyHolds);
        assert_eq!(held(&stage, holder).await, before);
    }

    leave(&stage, &admin, input).await.expect("hands over");
    assert_eq!(held(&stage, holder).await, 0);
    stage.active_seat(grant, heir).await;
    let text = "select count(*) as number from seat
        where person_id = $1 and grant_id = $2 and release_reason = 'reassigned'";
    let values = [holder.0.into(), grant.0.into()];
    assert_eq!(sql::number(stage.service.database.reader(), text, values).await.expect("a count"), 1);
    let email = stage.email_of(heir).await;
    assert!(stage.mails(&email).await.iter().any(|mail| mail.kind == "seat_assigned"));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn whoever_is_suspended_hands_over_in_the_same_step(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let grant = enterprise(&stage).await;
    let holder = stage.person_id(HOLDER, GOLD).await;
    let heir = stage.people_without_seat(GOLD, grant).await[0];
    let before = held(&stage, holder).await;
    assert!(before > 0);
    let input = chosen(&stage, &admin, holder, Departure::Suspend, SeatFate::HandOver, Some(heir)).await;
    let handed = input.seats.iter().filter(|seat| seat.fate == SeatFate::HandOver).count();
    assert!(handed > 0, "{input:?}");
    leave(&stage, &admin, input).await.expect("suspends and hands over");
    assert_eq!(roles_and_status(&stage, holder).await.1, "suspended");
    stage.active_seat(grant, heir).await;
    assert_eq!(held(&stage, holder).await, 0);
    // Let in again, the person has the roles, not the seats.
    let_in(&stage, &admin, holder).await.expect("comes back");
    assert_eq!(roles_and_status(&stage, holder).await.1, "active");
    assert_eq!(held(&stage, holder).await, 0);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn handing_over_is_assigning_and_releasing_is_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let user_admin = stage.person(USER_ADMIN).await;
    let grant = enterprise(&stage).await;
    let holder = stage.person_id(HOLDER, GOLD).await;
    let heir = stage.people_without_seat(GOLD, grant).await[0];
    let page = look(&stage, &user_admin, holder, Departure::Suspend).await.expect("the page");
    assert!(page.why_not.is_none(), "a User admin looks after employees");
    assert!(page.why_not_hand_over.is_some_and(|why| why.roles == [Role::GlobalAdmin]));
    assert!(page.colleagues.is_empty());
    let input = chosen(&stage, &user_admin, holder, Departure::Suspend, SeatFate::HandOver, Some(heir)).await;
    assert_eq!(code(&leave(&stage, &user_admin, input).await.expect_err("no right")), ErrorCode::RoleNeeded);
    let input = chosen(&stage, &user_admin, holder, Departure::Suspend, SeatFate::Release, None).await;
    leave(&stage, &user_admin, input).await.expect("releases");
    assert_eq!(held(&stage, holder).await, 0);
    // Nobody to hand over to was chosen.
    let admin = stage.person(MAREN).await;
    let ingrid = stage.person_id(INGRID, GOLD).await;
    let input = chosen(&stage, &admin, ingrid, Departure::Suspend, SeatFate::HandOver, None).await;
    assert_eq!(code(&leave(&stage, &admin, input).await.expect_err("nobody")), ErrorCode::Invalid);
}

#[rstest]
#[tokio::test]
async fn rule_10_a_locked_seat_is_released_but_not_handed_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    stage.set_policy("reassign_lock_days", "90").await;
    let admin = stage.person(MAREN).await;
    let grant = enterprise(&stage).await;
    let people = stage.people_without_seat(GOLD, grant).await;
    let input = service::assignments::assign::AssignSeats {
        grant,
        people: vec![people[0]],
        shortage: None,
        alternate_email: None,
    };
    service::assignments::assign::assign(&stage.service, &admin, stage.operation(), input)
        .await
        .expect("assigns");
    let page = look(&stage, &admin, people[0], Departure::Remove).await.expect("the page");
    let locked = page.seats.iter().find(|seat| seat.grant == grant).expect("the seat");
    assert_eq!(locked.stays, Some(ErrorCode::SeatLocked));
    assert!(locked.locked_until.is_some());
    let input =
        chosen(&stage, &admin, people[0], Departure::Remove, SeatFate::HandOver, Some(people[1])).await;
    assert_eq!(code(&leave(&stage, &admin, input).await.expect_err("locked")), ErrorCode::SeatLocked);
    let input = chosen(&stage, &admin, people[0], Departure::Remove, SeatFate::Release, None).await;
    leave(&stage, &admin, input).await.expect("releases");
}

#[rstest]
#[tokio::test]
async fn a_seat_that_nobody_saw_on_the_page_makes_the_choice_stale(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let grant = enterprise(&stage).await;
    let person = stage.people_without_seat(GOLD, grant).await[0];
    let input = chosen(&stage, &admin, person, Departure::Remove, SeatFate::Release, None).await;
    let seat = service::assignments::assign::AssignSeats {
        grant,
        people: vec![person],
        shortage: None,
        alternate_email: None,
    };
    service::assignments::assign::assign(&stage.service, &admin, stage.operation(), seat)
        .await
        .expect("assigns");
    assert_eq!(code(&leave(&stage, &admin, input).await.expect_err("stale")), ErrorCode::Stale);
    let mut input = chosen(&stage, &admin, person, Departure::Remove, SeatFate::Release, None).await;
    input.version += 1;
    assert_eq!(code(&leave(&stage, &admin, input).await.expect_err("stale")), ErrorCode::Stale);
}

#[rstest]
#[tokio::test]
async fn what_somebody_waits_for_ends_with_them(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let grant = enterprise(&stage).await;
    let mut asker = None;
    for person in stage.people_without_seat(GOLD, grant).await {
        let email = stage.email_of(person).await;
        let request = stage.person(&email).await;
        let input = seat_requests::AskForSeat { grant, note: String::new() };
        if seat_requests::ask(&stage.service, &request, stage.operation(), input).await.is_ok() {
            asker = Some(person);
            break;
        }
    }
    let asker = asker.expect("somebody can ask");
    let input = chosen(&stage, &admin, asker, Departure::Suspend, SeatFate::Keep, None).await;
    leave(&stage, &admin, input).await.expect("suspends");
    assert!(stage.open_seat_request(grant, asker).await.is_none());
    let refused = "select count(*) as number from audit_event where action = 'seat_request_refused'";
    assert_eq!(stage.count(refused).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_withdrawn_invitation_opens_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let input = AddUser {
        email: "somebody.new@fernhollow.example".to_owned(),
        name: "Somebody New".to_owned(),
        roles: vec![Role::Employee],
        language: "en".to_owned(),
    };
    let added = add_user(&stage.service, &admin, stage.operation(), input).await.expect("adds");
    let open = "select count(*) as number from invitation i join account a on a.id = i.account_id
        where a.email_key = 'somebody.new@fernhollow.example' and i.used_at is null and i.expires_at > ";
    let open = format!("{open}{}", stage.service.now().0);
    assert_eq!(stage.count(&open).await, 1);
    let input = chosen(&stage, &admin, added.person, Departure::Remove, SeatFate::Release, None).await;
    leave(&stage, &admin, input).await.expect("withdraws");
    assert_eq!(stage.count(&open).await, 0);
}

#[rstest]
#[tokio::test]
async fn rule_03_the_last_global_admin_is_neither_suspended_nor_removed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let last = stage.person_id(LAST_ADMIN, OTHER).await;
    let agent = stage.person("ulla.brennmark@kestrelash.example").await;
    for departure in Departure::ALL {
        let own =
            chosen(&stage, &stage.person(LAST_ADMIN).await, last, *departure, SeatFate::Release, None).await;
        let failure = leave(&stage, &stage.person(LAST_ADMIN).await, own).await.expect_err("oneself");
        assert_eq!(code(&failure), ErrorCode::OwnPerson);
        let input = chosen(&stage, &agent, last, *departure, SeatFate::Release, None).await;
        let failure = leave(&stage, &agent, input).await.expect_err("beyond the table");
        assert!(matches!(code(&failure), ErrorCode::RoleNotGrantable | ErrorCode::RoleNeeded), "{failure}");
    }
    // Of two Global admins who suspend each other at the same moment one remains.
    let (maren, ingrid) = (stage.person(MAREN).await, stage.person(INGRID).await);
    let (first, second) = (stage.person_id(MAREN, GOLD).await, stage.person_id(INGRID, GOLD).await);
    let one = chosen(&stage, &maren, second, Departure::Suspend, SeatFate::Keep, None).await;
    let other = chosen(&stage, &ingrid, first, Departure::Suspend, SeatFate::Keep, None).await;
    let (one, other) = tokio::join!(leave(&stage, &maren, one), leave(&stage, &ingrid, other));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
    let failure = one.and(other).expect_err("one is refused");
    assert!(
        matches!(
            code(&failure),
            ErrorCode::LastGlobalAdmin | ErrorCode::RoleNotGrantable | ErrorCode::NotFound
        ),
        "{failure}"
    );
}

#[rstest]
#[tokio::test]
async fn rule_07_somebody_of_another_company_answers_like_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let stranger = stage.person(LAST_ADMIN).await;
    let holder = stage.person_id(HOLDER, GOLD).await;
    for person in [holder, PersonId(uuid::Uuid::from_u128(7))] {
        let page = look(&stage, &stranger, person, Departure::Remove).await;
        assert_eq!(code(&page.expect_err("foreign")), ErrorCode::NotFound);
        let input = Depart { person, version: 1, departure: Departure::Remove, seats: Vec::new() };
        assert_eq!(code(&leave(&stage, &stranger, input).await.expect_err("foreign")), ErrorCode::NotFound);
        let input = Resume { person, version: 1 };
        let resumed = resume(&stage.service, &stranger, stage.operation(), input).await;
        assert_eq!(code(&resumed.expect_err("foreign")), ErrorCode::NotFound);
    }
    // A colleague of another company inherits nothing.
    let admin = stage.person(MAREN).await;
    let foreign = stage.person_id(LAST_ADMIN, OTHER).await;
    let input = chosen(&stage, &admin, holder, Departure::Remove, SeatFate::HandOver, Some(foreign)).await;
    assert_eq!(code(&leave(&stage, &admin, input).await.expect_err("foreign")), ErrorCode::NotFound);
}

/// Something that somebody does to somebody in User management.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Roles(u8),
    Suspend,
    Resume,
    Remove,
    Add(u8),
    /// The directory's program lets the person in or out.
    Provision(bool),
    /// The program puts the person into a group, to which the actor gives a role.
    Group(usize),
}

fn deeds() -> impl Strategy<Value = Vec<(usize, usize, Deed)>> {
    let deed = prop_oneof![
        3 => (0_u8..32).prop_map(Deed::Roles),
        2 => Just(Deed::Suspend),
        2 => Just(Deed::Resume),
        1 => Just(Deed::Remove),
        1 => (0_u8..32).prop_map(Deed::Add),
        1 => any::<bool>().prop_map(Deed::Provision),
        1 => (0_usize..5).prop_map(Deed::Group),
    ];
    prop::collection::vec((0_usize..6, 0_usize..7, deed), 1..30)
}

fn roles(bits: u8) -> Vec<Role> {
    Role::ALL.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0).map(|(_, role)| *role).collect()
}

/// The last one hasn't accepted the invitation yet, so that as a Global admin nobody could count on it.
const CAST: [&str; 7] = [
    MAREN,
    INGRID,
    PARTNER_ADMIN,
    USER_ADMIN,
    "kofi.anselmsen@fernhollow.example",
    HOLDER,
    "eirik.tveitanger@fernhollow.example",
];

async fn roles_and_status(stage: &Stage, person: PersonId) -> (domain::Roles, String) {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        status: String,
        roles: Option<String>,
    }
    let text = "select p.status,
            (select string_agg(r.role, ',') from person_role r where r.person_id = p.id) as roles
        from person p where p.id = $1";
    let row = sql::one::<Row>(stage.service.database.reader(), text, [person.0.into()])
        .await
        .expect("reads")
        .expect("a person");
    let roles = row.roles.unwrap_or_default();
    (domain::Roles::new(roles.split(',').filter_map(Role::from_code)), row.status)
}

/// The company's program, which keeps its people.
async fn program(stage: &Stage) -> Request {
    let admin = stage.person(MAREN).await;
    let input = MakeToken { name: "Directory".to_owned(), days: None };
    let token = tokens::make(&stage.service, &admin, stage.operation(), input).await.expect("made");
    let found = tokens::find(&stage.service, &token.expect("shown once")).await.expect("asked");
    Request { actor: Actor::Token(found.expect("known")), ..stage.nobody() }
}

async fn play(stage: &Stage, program: &Request, actor: &str, on: &str, deed: Deed) {
    let (who, person) = (stage.person_in(actor, GOLD).await, stage.person_id(on, GOLD).await);
    let actors = stage.person_id(actor, GOLD).await;
    let (own, own_status) = roles_and_status(stage, actors).await;
    if own_status != "active" {
        // A session of somebody who is out is nobody's.
        return;
    }
    let (before, status) = roles_and_status(stage, person).await;
    // A program grants what a User admin grants, whoever made its token (rule 3).
    let own = match deed {
        Deed::Provision(_) => domain::Roles::new([Role::UserAdmin]),
        _ => own,
    };
    let done = match deed {
        Deed::Provision(active) => {
            let set = |attributes: &mut UserAttributes| {
                attributes.active = active;
                Ok(())
            };
            let version = version(stage, person).await;
            users::change(&stage.service, program, person, Some(version), set).await.map(drop).map_err(told)
        }
        Deed::Group(role) => {
            let attributes = GroupAttributes {
                display_name: stage.service.new_id().to_string(),
                members: [person].into(),
                ..GroupAttributes::default()
            };
            let Ok(group) = groups::create(&stage.service, program, attributes).await else { return };
            let input =
                MapGroup { group: group.id, version: group.version, role: Role::ALL.get(role).copied() };
            groups::map(&stage.service, &who, stage.operation(), input).await.map(drop)
        }
        Deed::Roles(bits) => {
            let input = SetRoles { person, version: version(stage, person).await, roles: roles(bits) };
            set_roles(&stage.service, &who, stage.operation(), input).await.map(|_| ())
        }
        Deed::Suspend | Deed::Remove if status == "left" => return,
        Deed::Suspend | Deed::Remove => {
            let departure =
                if matches!(deed, Deed::Suspend) { Departure::Suspend } else { Departure::Remove };
            let page = look(stage, &who, person, departure).await;
            let Ok(page) = page else { return };
            let foreseen = page.why_not.clone();
            let input = Depart {
                person,
                version: page.person.version,
                departure,
                seats: page
                    .seats
                    .iter()
                    .map(|seat| DepartSeat {
                        seat: seat.seat,
                        version: seat.version,
                        fate: SeatFate::Release,
                        to: None,
                    })
                    .collect(),
            };
            let done = leave(stage, &who, input).await;
            assert_eq!(
                foreseen.map(|why| why.code),
                done.as_ref().err().map(code),
                "the page said so before"
            );
            done.map(|_| ())
        }
        Deed::Resume => let_in(stage, &who, person).await.map(|_| ()),
        Deed::Add(bits) => {
            let input = AddUser {
                email: on.to_owned(),
                name: "Somebody".to_owned(),
                roles: roles(bits),
                language: "en".to_owned(),
            };
            add_user(&stage.service, &who, stage.operation(), input).await.map(|_| ())
        }
    };
    let (after, status_after) = roles_and_status(stage, person).await;
    let changed = before != after || status != status_after;
    assert!(done.is_ok() || !changed, "what is refused changes nothing: {done:?}");
    if changed {
        // The roles that the person could use before and can use now differ by what the actor may grant.
        let usable = |roles: &domain::Roles, status: &str| {
            if status == "active" { roles.clone() } else { domain::Roles::default() }
        };
        let (was, is) = (usable(&before, &status), usable(&after, &status_after));
        assert!(domain::rights::check_role_change(&own, &was, &is).is_ok(), "{own:?}: {was:?} to {is:?}");
    }
    let text = format!(
        "select count(*) as number from person_role r join person p on p.id = r.person_id
        join organization o on o.id = r.organization_id join account a on a.id = p.account_id
        where o.domain = '{GOLD}' and r.role = 'global_admin' and p.status = 'active' and a.status = 'active'"
    );
    assert!(stage.count(&text).await > 0, "a company without a Global admin after {actor} {deed:?} {on}");
}

/// What a program is told, as people are.
fn told(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Failure(failure) => failure,
        _ => ErrorCode::RoleNotGrantable.into(),
    }
}

#[rstest]
fn rule_03_no_sequence_leaves_a_company_without_global_admin_or_grants_beyond_the_table(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let cases = match engine {
        Engine::Sqlite => 24,
        Engine::Postgres => 8,
    };
    let config = Config { cases, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    runner
        .run(&deeds(), |deeds| {
            runtime.block_on(async {
                let stage = stage(engine).await;
                let program = program(&stage).await;
                for (actor, on, deed) in deeds {
                    play(&stage, &program, CAST[actor], CAST[on], deed).await;
                }
                assert!(stage.audit_intact().await);
            });
            Ok(())
        })
        .expect("holds");
}

async fn with_second_factor(stage: &Stage, email: &str) {
    let text = "insert into second_factor (account_id, secret, begun_at, confirmed_at)
        select id, $2, 1, 1 from account where email_key = $1";
    assert_eq!(stage.run(text, [email.into(), vec![1_u8, 2, 3].into()]).await, 1);
}

#[rstest]
#[tokio::test]
async fn an_administrator_lets_in_a_colleague_who_lost_the_second_factor(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use service::people::second_factor::{TakeOff, take_off};
    let stage = stage(engine).await;
    let (admin, user_admin) = (stage.person(MAREN).await, stage.person(USER_ADMIN).await);
    let token = sign_in_as(&stage, HOLDER).await.expect("signs in");
    with_second_factor(&stage, HOLDER).await;
    with_second_factor(&stage, INGRID).await;
    let of = async |email: &str| {
        let person = stage.person_id(email, GOLD).await;
        TakeOff { person, version: version(&stage, person).await }
    };
    let off = async |who: &Request, email: &str| {
        take_off(&stage.service, who, stage.operation(), of(email).await).await
    };
    // Nobody weakens the sign-in of somebody whose roles they couldn't take.
    assert_eq!(
        code(&off(&user_admin, INGRID).await.expect_err("beyond the table")),
        ErrorCode::RoleNotGrantable
    );
    let employee = stage.person("yunhee.paikova@fernhollow.example").await;
    assert_eq!(code(&off(&employee, HOLDER).await.expect_err("no right")), ErrorCode::RoleNeeded);
    let stranger = stage.person(LAST_ADMIN).await;
    assert_eq!(code(&off(&stranger, HOLDER).await.expect_err("foreign")), ErrorCode::NotFound);

    off(&user_admin, HOLDER).await.expect("takes it off");
    assert!(matches!(sessions::actor(&stage.service, &token).await.expect("reads"), Actor::Nobody));
    sign_in_as(&stage, HOLDER).await.expect("the password suffices");
    assert!(stage.mails(HOLDER).await.iter().any(|mail| mail.kind == "second_factor_off"));
    assert_eq!(code(&off(&user_admin, HOLDER).await.expect_err("is off")), ErrorCode::WrongState);
    let event = "select count(*) as number from audit_event where action = 'second_factor_off'";
    assert_eq!(stage.count(event).await, 1);
    assert!(stage.audit_intact().await);

    // Whoever serves another company, too, isn't this company's to let in; and nobody lets in oneself.
    with_second_factor(&stage, GUEST).await;
    assert_eq!(code(&off(&admin, GUEST).await.expect_err("serves others")), ErrorCode::ServesOthers);
    let ingrid = stage.person(INGRID).await;
    assert_eq!(code(&off(&ingrid, INGRID).await.expect_err("oneself")), ErrorCode::OwnSecondFactor);
    off(&admin, INGRID).await.expect("a Global admin takes it off another");
}
