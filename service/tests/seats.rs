//! Seats: assigning, releasing, asking (rules 7, 10 to 12), on both databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::{GrantId, PersonId};
use domain::seat::Shortage;
use domain::view::benefits::DetailKind;
use domain::{ErrorCode, Language};
use rstest::rstest;
use service::assignments::assign::{AssignSeats, assign};
use service::assignments::release::{ReassignSeat, ReleaseSeat, reassign, release};
use service::assignments::seat_requests::{AskForSeat, DecideSeatRequest, ask, decide};
use service::benefits::detail::detail;
use service::{Failure, Request};

const GOLD: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";

fn code(failure: &Failure) -> ErrorCode {
    failure.told().code
}

async fn enterprise(stage: &Stage) -> GrantId {
    stage.grant(GOLD, "visual_studio_enterprise", "gold_core").await
}

/// People of the Gold company without an active seat of the grant.
async fn without_seat(stage: &Stage, grant: GrantId, count: usize) -> Vec<PersonId> {
    let people = stage.people_without_seat(GOLD, grant).await;
    assert!(people.len() >= count, "the sample programme has {} free people", people.len());
    people.into_iter().take(count).collect()
}

async fn left(stage: &Stage, grant: GrantId) -> i64 {
    stage
        .count(&format!(
            "select po.quantity - po.used as number from pool po join benefit_grant g on g.pool_id = po.id
            where g.id = {}",
            stage.literal(grant.0)
        ))
        .await
}

/// Makes the grant's pool have exactly so many seats left.
async fn leave(stage: &Stage, grant: GrantId, seats: i64) {
    stage
        .sql(&format!(
            "update pool set quantity = used + {seats} where id = (select pool_id from benefit_grant where id = {})",
            stage.literal(grant.0)
        ))
        .await;
}

fn to(grant: GrantId, people: Vec<PersonId>) -> AssignSeats {
    AssignSeats { grant, people, shortage: None, alternate_email: None }
}

async fn assign_one(stage: &Stage, admin: &Request, grant: GrantId, person: PersonId) -> Result<(), Failure> {
    assign(&stage.service, admin, stage.operation(), to(grant, vec![person])).await.map(|_| ())
}

async fn seat_of(stage: &Stage, grant: GrantId, person: PersonId) -> (domain::ids::SeatId, i64) {
    stage.active_seat(grant, person).await
}

#[rstest]
#[tokio::test]
async fn rule_10_the_holder_gets_a_mail_with_the_products_own_steps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let person = without_seat(&stage, grant, 1).await[0];
    let before = left(&stage, grant).await;
    assign_one(&stage, &admin, grant, person).await.expect("assigns");
    assert_eq!(left(&stage, grant).await, before - 1);
    let email = stage.email_of(person).await;
    let mails = stage.mails(&email).await;
    let mail = mails.iter().find(|mail| mail.kind == "seat_assigned").expect("a mail");
    assert_eq!(mail.language, stage.language_of(person).await);
    let steps = stage.instructions("visual_studio_enterprise", &mail.language).await;
    assert!(!steps.is_empty());
    for step in steps {
        assert!(mail.body.contains(&step), "{step:?} is missing in {:?}", mail.body);
    }
    assert!(!mail.subject.contains('{') && !mail.body.contains('{'), "{mail:?}");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_2_assigning_needs_a_global_admin_by_default_and_the_policy_adds_the_partner_admin(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = enterprise(&stage).await;
    let people = without_seat(&stage, grant, 2).await;
    for email in [
        "odalys.brandt@fernhollow.example",
        "linnea.achterberg@fernhollow.example",
        "malin.thistlewood@fernhollow.example",
        "kofi.anselmsen@fernhollow.example",
        EMPLOYEE,
    ] {
        let asker = stage.person(email).await;
        let refused = assign_one(&stage, &asker, grant, people[0]).await;
        match refused {
            Err(failure) => {
                let told = failure.told();
                assert_eq!(told.code, ErrorCode::RoleNeeded, "{email}");
                assert!(!told.roles.is_empty());
                assert!(told.colleagues.contains(&"Maren Tolvik".to_owned()), "{told:?}");
            }
            Ok(()) => panic!("{email} may not assign"),
        }
    }
    stage.set_policy("assign_roles", "partner_admin").await;
    let partner_admin = stage.person("odalys.brandt@fernhollow.example").await;
    assign_one(&stage, &partner_admin, grant, people[0]).await.expect("the policy allows it");
    let agent = stage.person("kofi.anselmsen@fernhollow.example").await;
    let refused = assign_one(&stage, &agent, grant, people[1]).await.expect_err("still refused");
    assert_eq!(code(&refused), ErrorCode::RoleNeeded);
    let operator = stage.operator("rosalind.ekwueme@northlight.example").await;
    let refused =
        assign_one(&stage, &operator, grant, people[1]).await.expect_err("operators never act as partners");
    assert_eq!(code(&refused), ErrorCode::WrongSide);
}

#[rstest]
#[tokio::test]
async fn rule_7_another_companys_grant_person_and_seat_answer_like_none(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = enterprise(&stage).await;
    let person = without_seat(&stage, grant, 1).await[0];
    let stranger = stage.person("yanchu.gu@chenghu.example").await;
    let own = stage.grant("chenghu.example", "visual_studio_enterprise", "silver_core").await;
    let nothing = GrantId(uuid::Uuid::from_u128(7));
    // Whether for somebody of the other company or for somebody of their own.
    let own_person = stage.person_id("ruolan.wen@chenghu.example", "chenghu.example").await;
    for person in [person, own_person] {
        let foreign = assign_one(&stage, &stranger, grant, person).await.expect_err("foreign");
        let missing = assign_one(&stage, &stranger, nothing, person).await.expect_err("missing");
        assert_eq!(foreign.told(), missing.told());
        assert_eq!(code(&foreign), ErrorCode::NotFound);
    }
    let refused = assign_one(&stage, &stranger, own, person).await.expect_err("a foreign person");
    assert_eq!(code(&refused), ErrorCode::NotFound);
    let holder = stage.person_id("teodor.wrzosek@fernhollow.example", GOLD).await;
    let (seat, version) = seat_of(&stage, grant, holder).await;
    let input = ReleaseSeat { seat, version };
    let refused =
        release(&stage.service, &stranger, stage.operation(), input).await.expect_err("foreign seat");
    assert_eq!(code(&refused), ErrorCode::NotFound);
}

#[rstest]
#[tokio::test]
async fn rule_12_fifty_at_once_on_ten_seats_give_exactly_ten(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    race(engine, 50, 10).await;
}

#[rstest]
#[tokio::test]
async fn rule_12_a_thousand_on_the_last_seat_give_exactly_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    race(engine, 1000, 1).await;
}

async fn race(engine: Engine, askers: usize, seats: i64) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    stage.add_people(GOLD, askers).await;
    let people = without_seat(&stage, grant, askers).await;
    leave(&stage, grant, seats).await;
    let used = stage.count("select count(*) as number from seat where released_at is null").await;
    let events =
        stage.count("select count(*) as number from audit_event where action = 'seat_assigned'").await;
    let mut tasks = Vec::new();
    for person in people {
        let (service, admin, operation) = (stage.service.clone(), admin.clone(), stage.operation());
        tasks.push(tokio::spawn(async move {
            assign(&service, &admin, operation, to(grant, vec![person])).await.map(|_| ())
        }));
    }
    let mut given = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(()) => given += 1,
            Err(failure) => assert_eq!(code(&failure), ErrorCode::NoSeatLeft, "{failure}"),
        }
    }
    assert_eq!(given, seats);
    assert_eq!(left(&stage, grant).await, 0);
    let now = stage.count("select count(*) as number from seat where released_at is null").await;
    assert_eq!(now, used + seats);
    let recorded =
        stage.count("select count(*) as number from audit_event where action = 'seat_assigned'").await;
    assert_eq!(recorded, events + seats);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_12_the_database_refuses_a_seat_too_many_whatever_the_path(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = enterprise(&stage).await;
    let people = without_seat(&stage, grant, 2).await;
    leave(&stage, grant, 1).await;
    let insert = |person: PersonId, id: u128| {
        format!(
            "insert into seat (id, organization_id, grant_id, pool_id, person_id, assigned_at, assigned_by)
            select {}, organization_id, id, pool_id, {person}, 1, {person} from benefit_grant where id = {}",
            stage.literal(uuid::Uuid::from_u128(id)),
            stage.literal(grant.0),
            person = stage.literal(person.0)
        )
    };
    stage.try_sql(&insert(people[0], 1)).await.expect("one is left");
    let refused = stage.try_sql(&insert(people[1], 2)).await.expect_err("none is left");
    assert!(refused.contains("pool_full"), "{refused}");
    let refused = stage
        .try_sql(&format!("delete from seat where id = {}", stage.literal(uuid::Uuid::from_u128(1))))
        .await
        .expect_err("seats are kept");
    assert!(refused.contains("seat_is_kept"), "{refused}");
}

#[rstest]
#[tokio::test]
async fn rule_12_too_few_seats_assign_nobody_or_the_first_never_a_silent_part(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let people = without_seat(&stage, grant, 3).await;
    leave(&stage, grant, 2).await;
    for shortage in [None, Some(Shortage::None)] {
        let input = AssignSeats { shortage, ..to(grant, people.clone()) };
        let refused = assign(&stage.service, &admin, stage.operation(), input).await.expect_err("too few");
        assert_eq!(code(&refused), ErrorCode::NoSeatLeft);
        assert_eq!(refused.told().number, Some(2));
        assert_eq!(left(&stage, grant).await, 2, "nothing half-written");
    }
    let input = AssignSeats { shortage: Some(Shortage::FirstN), ..to(grant, people.clone()) };
    let result = assign(&stage.service, &admin, stage.operation(), input).await.expect("the first two");
    assert_eq!((result.assigned.len(), result.left_out.len()), (2, 1));
    assert_eq!(result.left_out[0], stage.name_of(people[2]).await);
    assert_eq!(left(&stage, grant).await, 0);
}

#[rstest]
#[tokio::test]
async fn rule_12_one_person_holds_one_active_seat_of_a_grant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let person = without_seat(&stage, grant, 1).await[0];
    let twice = to(grant, vec![person, person]);
    let result = assign(&stage.service, &admin, stage.operation(), twice).await.expect("counts once");
    assert_eq!(result.assigned.len(), 1);
    let refused = assign_one(&stage, &admin, grant, person).await.expect_err("has one");
    assert_eq!(code(&refused), ErrorCode::AlreadyHolds);
    // Twenty at once for one person: the index decides.
    let other = without_seat(&stage, grant, 1).await[0];
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let (service, admin, operation) = (stage.service.clone(), admin.clone(), stage.operation());
        tasks.push(tokio::spawn(async move {
            assign(&service, &admin, operation, to(grant, vec![other])).await.map(|_| ())
        }));
    }
    let mut given = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(()) => given += 1,
            Err(failure) => assert_eq!(code(&failure), ErrorCode::AlreadyHolds, "{failure}"),
        }
    }
    assert_eq!(given, 1);
}

#[rstest]
#[tokio::test]
async fn rule_12_double_holding_follows_the_policy(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("warn", "allow", "refuse")] policy: &str,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let core = enterprise(&stage).await;
    let select = stage.grant(GOLD, "visual_studio_enterprise", "select_competency").await;
    let person = stage.people_without_seat(GOLD, core).await.into_iter().next().expect("somebody free");
    stage.set_policy("double_holding", policy).await;
    for grant in [core, select] {
        leave(&stage, grant, 5).await;
    }
    let free = stage.people_without_seat(GOLD, select).await;
    let person = if free.contains(&person) { person } else { free[0] };
    if stage.people_without_seat(GOLD, core).await.contains(&person) {
        assign_one(&stage, &admin, core, person).await.expect("the first");
    }
    let second = assign_one(&stage, &admin, select, person).await;
    match policy {
        "refuse" => assert_eq!(code(&second.expect_err("refused")), ErrorCode::HoldsSameProduct),
        _ => second.expect("allowed"),
    }
}

#[rstest]
#[tokio::test]
async fn rule_11_somebody_invited_can_be_assigned_and_somebody_suspended_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let invited = stage.person_id("eirik.tveitanger@fernhollow.example", GOLD).await;
    let suspended = stage.person_id("tarik.selimbasic@fernhollow.example", GOLD).await;
    stage.id("select id from person where id = $1 and status = 'invited'", [invited.0.into()]).await;
    // Add user comes back with the new person chosen.
    let opened =
        detail(&stage.service, &admin, Language::English, grant, Some(invited)).await.expect("opens");
    let DetailKind::Seats(seats) = opened.kind else { panic!("not seats: {:?}", opened.kind) };
    assert_eq!(seats.chosen, Some(invited));
    let choice = seats.people.iter().find(|choice| choice.id == invited).expect("in the list");
    assert_eq!((choice.note, choice.refused), (Some(ErrorCode::PersonInvited), false));
    let opened =
        detail(&stage.service, &admin, Language::English, grant, Some(suspended)).await.expect("opens");
    let DetailKind::Seats(seats) = opened.kind else { panic!("not seats: {:?}", opened.kind) };
    assert_eq!(seats.chosen, None);
    let refused = assign_one(&stage, &admin, grant, suspended).await.expect_err("suspended");
    assert_eq!(code(&refused), ErrorCode::PersonNotActive);
    assign_one(&stage, &admin, grant, invited).await.expect("just added, and on the way");
    let nobody = PersonId(uuid::Uuid::from_u128(3));
    let refused = assign_one(&stage, &admin, grant, nobody).await.expect_err("nobody");
    assert_eq!(code(&refused), ErrorCode::NotFound);
}

#[rstest]
#[tokio::test]
async fn rule_10_a_seat_is_reassigned_at_any_time_unless_the_policy_locks_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let people = without_seat(&stage, grant, 3).await;
    assign_one(&stage, &admin, grant, people[0]).await.expect("assigns");
    let (seat, version) = seat_of(&stage, grant, people[0]).await;
    let input = ReassignSeat { seat, version, person: people[1], alternate_email: None };
    reassign(&stage.service, &admin, stage.operation(), input).await.expect("no lock by default");
    let earlier =
        stage.count("select count(*) as number from seat where release_reason = 'reassigned'").await;
    assert!(earlier >= 1, "the old seat stays listed");
    stage.set_policy("reassign_lock_days", "90").await;
    assign_one(&stage, &admin, grant, people[2]).await.expect("assigns");
    let (seat, version) = seat_of(&stage, grant, people[2]).await;
    let input = || ReleaseSeat { seat, version };
    stage.clock.move_days(89);
    let refused = release(&stage.service, &admin, stage.operation(), input()).await.expect_err("locked");
    assert_eq!(code(&refused), ErrorCode::SeatLocked);
    assert!(refused.told().detail.is_some(), "says until when");
    stage.clock.move_days(2);
    release(&stage.service, &admin, stage.operation(), input()).await.expect("free to go");
}

#[rstest]
#[tokio::test]
async fn rule_21_nothing_new_starts_after_the_anniversary_nor_a_minute_after_expiry(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let people = without_seat(&stage, grant, 2).await;
    let facts = stage.grant_row(grant).await;
    let anniversary = facts.holding_ends_at.expect("a holding");
    stage.clock.set(domain::Moment(anniversary));
    assign_one(&stage, &admin, grant, people[0]).await.expect("the last moment");
    stage.clock.set(domain::Moment(anniversary + 60_000));
    let refused = assign_one(&stage, &admin, grant, people[1]).await.expect_err("in the window");
    assert_eq!(code(&refused), ErrorCode::RenewalWindow);
    stage.clock.set(domain::Moment(facts.expires_at.expect("expires") + 60_000));
    let refused = assign_one(&stage, &admin, grant, people[1]).await.expect_err("a minute after");
    assert_eq!(code(&refused), ErrorCode::GrantEnded);
}

#[rstest]
#[tokio::test]
async fn rule_22_a_company_still_in_the_older_portal_is_read_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let person = without_seat(&stage, grant, 1).await[0];
    stage.sql("update organization set portal_state = 'invited' where domain = 'fernhollow.example'").await;
    let refused = assign_one(&stage, &admin, grant, person).await.expect_err("read-only");
    assert_eq!(code(&refused), ErrorCode::ReadOnly);
}

#[rstest]
#[tokio::test]
async fn a_repeated_operation_has_one_effect_and_the_same_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let people = without_seat(&stage, grant, 2).await;
    let before = left(&stage, grant).await;
    let operation = stage.operation();
    let first =
        assign(&stage.service, &admin, operation.clone(), to(grant, vec![people[0]])).await.expect("assigns");
    let again =
        assign(&stage.service, &admin, operation.clone(), to(grant, vec![people[0]])).await.expect("repeats");
    assert_eq!(first, again);
    assert_eq!(left(&stage, grant).await, before - 1);
    let other = assign(&stage.service, &admin, operation.clone(), to(grant, vec![people[1]])).await;
    assert_eq!(code(&other.expect_err("something else")), ErrorCode::OperationReused);
    let colleague = stage.person("ingrid.vaszary@fernhollow.example").await;
    let stolen = assign(&stage.service, &colleague, operation, to(grant, vec![people[0]])).await;
    assert_eq!(code(&stolen.expect_err("somebody else's")), ErrorCode::OperationReused);
}

#[rstest]
#[tokio::test]
async fn a_form_older_than_the_seat_it_edits_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let holder = stage.person_id("teodor.wrzosek@fernhollow.example", GOLD).await;
    let (seat, version) = seat_of(&stage, grant, holder).await;
    let stale = ReleaseSeat { seat, version: version - 1 };
    let refused = release(&stage.service, &admin, stage.operation(), stale).await.expect_err("stale");
    assert_eq!(code(&refused), ErrorCode::Stale);
    let input = || ReleaseSeat { seat, version };
    release(&stage.service, &admin, stage.operation(), input()).await.expect("releases");
    let refused = release(&stage.service, &admin, stage.operation(), input()).await.expect_err("gone");
    assert_eq!(code(&refused), ErrorCode::SeatReleased);
    let mails = stage.mails("teodor.wrzosek@fernhollow.example").await;
    assert_eq!(mails.iter().filter(|mail| mail.kind == "seat_removed").count(), 1);
}

#[rstest]
#[tokio::test]
async fn rule_12_an_employee_asks_and_whoever_may_assign_decides(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    leave(&stage, grant, 5).await;
    let people = without_seat(&stage, grant, 8).await;
    let mut askers = Vec::new();
    for person in people {
        let request = stage.person(&stage.email_of(person).await).await;
        if stage.open_seat_request(grant, person).await.is_none() {
            askers.push((person, request));
        }
    }
    let ask_for = |note: &str| AskForSeat { grant, note: note.to_owned() };
    let (person, employee) = &askers[0];
    let script = "<script>alert(1)</script> \u{1f600}";
    ask(&stage.service, employee, stage.operation(), ask_for(script)).await.expect("asks");
    let refused = ask(&stage.service, employee, stage.operation(), ask_for("")).await.expect_err("once");
    assert_eq!(code(&refused), ErrorCode::AlreadyRequested);
    let waiting = stage.open_seat_request(grant, *person).await.expect("waits");
    let decision =
        |granted, reason: &str| DecideSeatRequest { request: waiting, granted, reason: reason.to_owned() };
    let refused = decide(&stage.service, employee, stage.operation(), decision(true, ""))
        .await
        .expect_err("not by oneself");
    assert_eq!(code(&refused), ErrorCode::RoleNeeded);
    let refused = decide(&stage.service, &admin, stage.operation(), decision(false, " "))
        .await
        .expect_err("a reason is needed");
    assert_eq!(refused.told().fields[0].code, ErrorCode::Required);
    decide(&stage.service, &admin, stage.operation(), decision(false, "No budget")).await.expect("refuses");
    let refused =
        decide(&stage.service, &admin, stage.operation(), decision(true, "")).await.expect_err("once");
    assert_eq!(code(&refused), ErrorCode::AlreadyDecided);
    let mails = stage.mails(&stage.email_of(*person).await).await;
    assert!(mails.iter().any(|mail| mail.kind == "seat_request_refused" && mail.body.contains("No budget")));

    let (person, employee) = &askers[1];
    ask(&stage.service, employee, stage.operation(), ask_for("")).await.expect("asks");
    let waiting = stage.open_seat_request(grant, *person).await.expect("waits");
    let granted = DecideSeatRequest { request: waiting, granted: true, reason: String::new() };
    decide(&stage.service, &admin, stage.operation(), granted).await.expect("grants");
    seat_of(&stage, grant, *person).await;

    // Assigning directly answers a request too.
    let (person, employee) = &askers[2];
    ask(&stage.service, employee, stage.operation(), ask_for("")).await.expect("asks");
    assign_one(&stage, &admin, grant, *person).await.expect("assigns");
    assert!(stage.open_seat_request(grant, *person).await.is_none());
}

#[rstest]
#[tokio::test]
async fn nothing_is_left_behind_where_the_audit_event_cannot_be_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = enterprise(&stage).await;
    let person = without_seat(&stage, grant, 1).await[0];
    let before = left(&stage, grant).await;
    let mails = stage.count("select count(*) as number from mail").await;
    // The next event's place in the chain is taken.
    stage
        .sql(
            "insert into audit_event (organization_id, sequence, previous_hash, hash, at, actor_kind, action,
                object_kind, object_id)
            select organization_id, sequence + 1, hash, hash, 0, 'nobody', 'x', 'x', 'x' from audit_head
            where organization_id = (select id from organization where domain = 'fernhollow.example')",
        )
        .await;
    let failed = assign_one(&stage, &admin, grant, person).await.expect_err("fails");
    assert_eq!(code(&failed), ErrorCode::Internal);
    assert_eq!(left(&stage, grant).await, before);
    assert_eq!(stage.count("select count(*) as number from mail").await, mails);
    assert!(!stage.audit_intact().await);
}
