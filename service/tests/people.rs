//! People: adding users, invitations, roles, the last Global admin (rules 3, 4, 7, 11).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use common::{Engine, Stage, empty_stage, stage};
use domain::ids::PersonId;
use domain::view::people::{PAGE_ROWS, PeopleQuery, PersonStatus};
use domain::{ErrorCode, Field, Role};
use rstest::rstest;
use service::accounts::invitation::{self, Accept};
use service::accounts::sign_in::{Entry, SignIn, sign_in};
use service::assignments::assign::{AssignSeats, assign};
use service::outbox::{Mailer, Message, Undelivered, deliver_due};
use service::people::add::{AddUser, Added, INVITATION_DAYS, add_user, invite_again};
use service::people::create_admin::{CreateAdmin, create_admin};
use service::people::list;
use service::people::roles::{OwnAgent, SetRoles, set_roles, update_own_agent};
use service::{Actor, Failure, Request, sessions, sql};

const GOLD: &str = "fernhollow.example";
const OTHER: &str = "kestrelash.example";
const MAREN: &str = "maren.tolvik@fernhollow.example";
const INGRID: &str = "ingrid.vaszary@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const ADMIN_AGENT: &str = "kofi.anselmsen@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const PASSWORD: &str = "a quiet lamp over the harbour";

fn new_user(email: &str, roles: &[Role]) -> AddUser {
    AddUser {
        email: email.to_owned(),
        name: "Ásta Lindqvist 🌿".to_owned(),
        roles: roles.to_vec(),
        language: "zh-Hant".to_owned(),
    }
}

async fn add(stage: &Stage, who: &Request, input: AddUser) -> Result<Added, Failure> {
    add_user(&stage.service, who, stage.operation(), input).await
}

async fn version(stage: &Stage, person: PersonId) -> i64 {
    let text = "select row_version as number from person where id = $1";
    sql::number(stage.service.database.reader(), text, [person.0.into()]).await.expect("a version")
}

async fn give(stage: &Stage, who: &Request, person: PersonId, roles: &[Role]) -> Result<String, Failure> {
    let input = SetRoles { person, version: version(stage, person).await, roles: roles.to_vec() };
    set_roles(&stage.service, who, stage.operation(), input).await
}

async fn roles_of(stage: &Stage, person: PersonId) -> Vec<String> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        role: String,
    }
    let text = "select role from person_role where person_id = $1 order by role";
    let rows = sql::all::<Row>(stage.service.database.reader(), text, [person.0.into()]).await;
    rows.expect("reads").into_iter().map(|row| row.role).collect()
}

async fn admins(stage: &Stage, domain: &str) -> i64 {
    stage
        .count(&format!(
            "select count(*) as number from person_role r join person p on p.id = r.person_id
            join organization o on o.id = p.organization_id
            where o.domain = '{domain}' and r.role = 'global_admin' and p.status = 'active'"
        ))
        .await
}

/// Keeps what is sent.
#[derive(Default)]
struct Kept(Mutex<Vec<Message>>);

impl Mailer for Kept {
    fn send<'a>(
        &'a self,
        message: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>> {
        self.0.lock().expect("not poisoned").push(message.clone());
        Box::pin(async { Ok(()) })
    }
}

/// The token of the latest invitation to an address, from the mail as it goes out.
async fn token(stage: &Stage, email: &str) -> String {
    let mailer = Kept::default();
    deliver_due(&stage.service, &mailer).await.expect("delivers");
    let sent = mailer.0.into_inner().expect("not poisoned");
    let body = sent
        .iter()
        .rev()
        .find(|message| message.recipient == email && message.body.contains("/invitation/"))
        .map(|message| message.body.clone())
        .expect("an invitation");
    let (_, rest) = body.split_once("https://benefits.example/invitation/").expect("a link");
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

async fn accept(stage: &Stage, token: &str, password: &str, repeat: &str) -> Result<String, Failure> {
    let input = Accept {
        token: token.to_owned(),
        password: password.to_owned(),
        repeat: repeat.to_owned(),
        agent: "test".to_owned(),
    };
    invitation::accept(&stage.service, &stage.nobody(), input).await.map(|accepted| accepted.token)
}

#[rstest]
#[tokio::test]
async fn rule_03_nobody_grants_a_role_beyond_the_table(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let of_people = [Role::UserAdmin, Role::AdminAgent, Role::Employee];
    for (email, grantable) in [
        (MAREN, Role::ALL),
        (USER_ADMIN, &of_people[..]),
        (ADMIN_AGENT, &of_people[..]),
        (PARTNER_ADMIN, &[][..]),
        (EMPLOYEE, &[][..]),
    ] {
        let who = stage.person(email).await;
        for role in Role::ALL {
            let address = format!("{}.{}@new.example", role.code(), email.split('.').next().expect("a name"));
            let added = add(&stage, &who, new_user(&address, &[*role])).await;
            let target = stage.person_id(EMPLOYEE, GOLD).await;
            // Only the difference counts, so the target keeps what it has.
            let set = give(&stage, &who, target, &[*role, Role::Employee]).await;
            if grantable.contains(role) {
                let added = added.unwrap_or_else(|failure| panic!("{email} adds {role:?}: {failure}"));
                assert_eq!(roles_of(&stage, added.person).await, [role.code()]);
                set.unwrap_or_else(|failure| panic!("{email} sets {role:?}: {failure}"));
                assert!(roles_of(&stage, target).await.contains(&role.code().to_owned()));
                let maren = stage.person(MAREN).await;
                give(&stage, &maren, target, &[Role::Employee]).await.expect("back to the start");
            } else {
                let expected =
                    if grantable.is_empty() { ErrorCode::RoleNeeded } else { ErrorCode::RoleNotGrantable };
                assert!(added.expect_err("refused").is(expected), "{email} adds {role:?}");
                assert!(set.expect_err("refused").is(expected), "{email} sets {role:?}");
                assert_eq!(roles_of(&stage, target).await, ["employee"]);
                let text = format!("select count(*) as number from account where email_key = '{address}'");
                assert_eq!(stage.count(&text).await, 0, "nothing half-written");
            }
        }
    }
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn rule_03_the_last_global_admin_stays_by_every_path(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (maren, ingrid) = (stage.person(MAREN).await, stage.person(INGRID).await);
    let (maren_id, ingrid_id) = (stage.person_id(MAREN, GOLD).await, stage.person_id(INGRID, GOLD).await);
    give(&stage, &maren, ingrid_id, &[Role::Employee]).await.expect("another remains");
    let told = &stage.mails(INGRID).await;
    assert!(told.iter().any(|mail| mail.kind == "roles_changed"));
    // By the last one themselves, and by somebody whose session still says Global admin.
    let own = give(&stage, &maren, maren_id, &[Role::PartnerAdmin]).await.expect_err("the last");
    assert!(own.is(ErrorCode::LastGlobalAdmin));
    let stale_session = give(&stage, &ingrid, maren_id, &[Role::Employee]).await.expect_err("demoted before");
    assert!(stale_session.is(ErrorCode::RoleNotGrantable), "{stale_session}");
    let without = give(&stage, &maren, maren_id, &[]).await.expect_err("no role at all");
    assert!(without.told().of(Field::Roles).is_some_and(|fault| fault.code == ErrorCode::Required));
    // Somebody who can't sign in is no Global admin to count on.
    let invited =
        add(&stage, &maren, new_user("next@new.example", &[Role::GlobalAdmin])).await.expect("added");
    let own = give(&stage, &maren, maren_id, &[Role::Employee]).await.expect_err("still the last");
    assert!(own.is(ErrorCode::LastGlobalAdmin));
    let token = token(&stage, "next@new.example").await;
    accept(&stage, &token, PASSWORD, PASSWORD).await.expect("accepted");
    give(&stage, &maren, maren_id, &[Role::Employee]).await.expect("another remains now");
    assert_eq!(roles_of(&stage, invited.person).await, ["global_admin"]);
    assert_eq!(admins(&stage, GOLD).await, 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_03_a_hundred_parallel_demotions_of_two_admins_leave_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let ids = [stage.person_id(MAREN, GOLD).await, stage.person_id(INGRID, GOLD).await];
    let requests = [stage.person(MAREN).await, stage.person(INGRID).await];
    let versions = [version(&stage, ids[0]).await, version(&stage, ids[1]).await];
    let mut running = tokio::task::JoinSet::new();
    for number in 0..100 {
        let (service, operation) = (stage.service.clone(), stage.operation());
        // Everybody demotes themselves or the other one.
        let request = requests[number % 2].clone();
        let target = (number / 2) % 2;
        let input = SetRoles { person: ids[target], version: versions[target], roles: vec![Role::Employee] };
        running.spawn(async move { set_roles(&service, &request, operation, input).await });
    }
    let mut done = 0;
    while let Some(result) = running.join_next().await {
        match result.expect("no panic") {
            Ok(_) => done += 1,
            Err(failure) => assert!(
                [ErrorCode::LastGlobalAdmin, ErrorCode::Stale, ErrorCode::RoleNotGrantable]
                    .iter()
                    .any(|code| failure.is(*code)),
                "{failure}"
            ),
        }
    }
    assert_eq!(done, 1);
    assert_eq!(admins(&stage, GOLD).await, 1);
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn rule_04_the_founder_finishes_the_set_up_with_admin_agent(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let organization = stage.organization(GOLD).await;
    let founder_id = stage.person_id(MAREN, GOLD).await;
    stage
        .run(
            "update organization set setup_finished = false, founder_person_id = $2 where id = $1",
            [organization.0.into(), founder_id.0.into()],
        )
        .await;
    let (founder, other) = (stage.person(MAREN).await, stage.person(INGRID).await);
    let page = list::add_user_page(&stage.service, &other).await.expect("a page");
    assert!(!page.setup.finished && !page.setup.by_reader);
    assert_eq!(page.setup.founder.as_deref(), Some("Maren Tolvik"));
    let own = |admin_agent| OwnAgent { admin_agent };
    let refused = update_own_agent(&stage.service, &other, stage.operation(), own(true)).await;
    assert!(refused.expect_err("not the founder").is(ErrorCode::NotFound));
    let refused = update_own_agent(&stage.service, &founder, stage.operation(), own(false)).await;
    assert!(refused.expect_err("not ticked").told().of(Field::Roles).is_some());
    assert!(!list::add_user_page(&stage.service, &founder).await.expect("a page").setup.finished);
    // Other roles of the founder, and Admin agent for somebody else, finish nothing.
    let roles = [Role::GlobalAdmin, Role::PartnerAdmin, Role::Employee];
    give(&stage, &other, founder_id, &roles).await.expect("other roles");
    let colleague = stage.person_id("teodor.wrzosek@fernhollow.example", GOLD).await;
    give(&stage, &other, colleague, &[Role::AdminAgent, Role::Employee]).await.expect("an Admin agent");
    assert!(!list::add_user_page(&stage.service, &founder).await.expect("a page").setup.finished);
    let founder = stage.person(MAREN).await;
    update_own_agent(&stage.service, &founder, stage.operation(), own(true)).await.expect("updated");
    let setup = list::add_user_page(&stage.service, &founder).await.expect("a page").setup;
    assert!(setup.finished && setup.by_reader);
    assert_eq!(
        roles_of(&stage, founder_id).await,
        ["admin_agent", "employee", "global_admin", "partner_admin"]
    );
}

#[rstest]
#[tokio::test]
async fn rule_11_an_added_user_can_be_assigned_at_once_and_accepts_a_single_use_invitation(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let maren = stage.person(MAREN).await;
    let email = "asta.lindqvist@new.example";
    let added = add(&stage, &maren, new_user(email, &[Role::Employee])).await.expect("added");
    let grant = stage.grant(GOLD, "azure_credit", "gold_core").await;
    let input = AssignSeats { grant, people: vec![added.person], shortage: None, alternate_email: None };
    assign(&stage.service, &maren, stage.operation(), input).await.expect("assigned");

    // The token is in no row: neither of the mail, nor of the invitation.
    let mails = stage.mails(email).await;
    let mail = mails.iter().find(|mail| mail.kind == "invitation").expect("the invitation");
    assert_eq!(mail.language, "zh-Hant");
    assert!(mail.subject.contains("Fernhollow Systems"), "{}", mail.subject);
    let token = token(&stage, email).await;
    assert_eq!(token.len(), 64);
    assert!(!mail.body.contains(&token));
    let text =
        format!("select count(*) as number from mail where body like '%{token}%' or secret is not null");
    assert_eq!(stage.count(&text).await, 0, "delivered mail keeps no secret");

    let invited = invitation::open(&stage.service, &token).await.expect("open");
    assert_eq!((invited.email.as_str(), invited.organization.as_str()), (email, "Fernhollow Systems"));
    for (password, repeat, field, code) in [
        ("short", "short", Field::NewPassword, ErrorCode::TooShort),
        (email, email, Field::NewPassword, ErrorCode::PasswordCommon),
        (PASSWORD, "something else", Field::RepeatPassword, ErrorCode::PasswordsDiffer),
    ] {
        let refused = accept(&stage, &token, password, repeat).await.expect_err("refused").told();
        assert!(refused.of(field).is_some_and(|fault| fault.code == code), "{refused:?}");
    }
    let session = accept(&stage, &token, PASSWORD, PASSWORD).await.expect("accepted");
    let actor = sessions::actor(&stage.service, &session).await.expect("reads");
    assert!(matches!(actor, Actor::Person(person) if person.id == added.person));
    assert!(
        accept(&stage, &token, PASSWORD, PASSWORD).await.expect_err("once").is(ErrorCode::InvitationEnded)
    );
    assert!(invitation::open(&stage.service, &token).await.expect_err("once").is(ErrorCode::InvitationEnded));
    let again = SignIn {
        email: email.to_uppercase(),
        password: PASSWORD.to_owned(),
        agent: String::new(),
        earlier: None,
    };
    sign_in(&stage.service, &stage.nobody(), again).await.expect("signs in");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn an_invitation_ends_after_seven_days_and_with_the_next_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let maren = stage.person(MAREN).await;
    let email = "late@new.example";
    let added = add(&stage, &maren, new_user(email, &[Role::Employee])).await.expect("added");
    let first = token(&stage, email).await;
    stage.clock.move_seconds(INVITATION_DAYS * 86_400 - 1);
    invitation::open(&stage.service, &first).await.expect("the last second");
    stage.clock.move_seconds(1);
    assert!(invitation::open(&stage.service, &first).await.expect_err("over").is(ErrorCode::InvitationEnded));
    let over = accept(&stage, &first, PASSWORD, PASSWORD).await.expect_err("over");
    assert!(over.is(ErrorCode::InvitationEnded));

    invite_again(&stage.service, &maren, stage.operation(), added.person).await.expect("again");
    let second = token(&stage, email).await;
    stage.clock.move_seconds(60);
    invite_again(&stage.service, &maren, stage.operation(), added.person).await.expect("and again");
    let third = token(&stage, email).await;
    let withdrawn = accept(&stage, &second, PASSWORD, PASSWORD).await.expect_err("withdrawn");
    assert!(withdrawn.is(ErrorCode::InvitationEnded));
    accept(&stage, &third, PASSWORD, PASSWORD).await.expect("the latest works");
    let active = invite_again(&stage.service, &maren, stage.operation(), added.person).await;
    assert!(active.expect_err("has a password").is(ErrorCode::WrongState));
    for nonsense in ["", "x", &"0".repeat(64), &"é".repeat(32)] {
        let failure = invitation::open(&stage.service, nonsense).await.expect_err("nothing");
        assert!(failure.is(ErrorCode::InvitationEnded), "{nonsense}");
    }
}

#[rstest]
#[tokio::test]
async fn an_account_of_another_company_serves_this_one_too_and_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let maren = stage.person(MAREN).await;
    let email = "piet.zanderling@kestrelash.example";
    let input = new_user("  Piet.Zanderling@KestrelAsh.example ", &[Role::Employee]);
    let added = add(&stage, &maren, input.clone()).await.expect("added");
    assert_eq!(added.name, "Piet Zanderling", "the account keeps its name");
    let here = stage.person_in(email, GOLD).await;
    assert!(matches!(&here.actor, Actor::Person(person) if person.roles.iter().eq([Role::Employee])));
    let there = stage.person_in(email, OTHER).await;
    assert!(matches!(&there.actor, Actor::Person(person) if person.roles.has(Role::GlobalAdmin)));
    let mails = stage.mails(email).await;
    assert!(mails.iter().any(|mail| mail.kind == "person_added" && mail.secret.is_none()));
    assert!(mails.iter().all(|mail| mail.kind != "invitation"));
    let twice = add(&stage, &maren, input).await.expect_err("twice").told();
    assert!(twice.of(Field::Email).is_some_and(|fault| fault.code == ErrorCode::AlreadyInOrganization));
    let operator = new_user("marisa.talvinen@northlight.example", &[Role::Employee]);
    let wrong = add(&stage, &maren, operator).await.expect_err("rule 1").told();
    assert!(wrong.of(Field::Email).is_some_and(|fault| fault.code == ErrorCode::WrongSide));
}

#[rstest]
#[tokio::test]
async fn bad_input_names_every_field_and_a_repeated_form_has_one_effect(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let maren = stage.person(MAREN).await;
    let input = AddUser {
        email: "no address".to_owned(),
        name: " ".to_owned(),
        roles: Vec::new(),
        language: "de".to_owned(),
    };
    let refused = add(&stage, &maren, input).await.expect_err("refused").told();
    for field in [Field::Email, Field::Name, Field::Roles, Field::Language] {
        assert!(refused.of(field).is_some(), "{field:?}");
    }
    let operation = stage.operation();
    let input = new_user("twice@new.example", &[Role::Employee]);
    let first = add_user(&stage.service, &maren, operation.clone(), input.clone()).await.expect("added");
    let second = add_user(&stage.service, &maren, operation, input).await.expect("the same answer");
    assert_eq!(first, second);
    let invitations = stage.mails("twice@new.example").await;
    assert_eq!(invitations.len(), 1);
    let stale = SetRoles { person: first.person, version: 0, roles: vec![Role::UserAdmin] };
    let stale = set_roles(&stage.service, &maren, stage.operation(), stale).await;
    assert!(stale.expect_err("older than the row").is(ErrorCode::Stale));
}

#[rstest]
#[tokio::test]
async fn rule_07_somebody_of_another_company_answers_like_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let maren = stage.person(MAREN).await;
    let foreign = stage.person_id("oskar.lindqvarn@kestrelash.example", OTHER).await;
    let nobody = PersonId(stage.service.new_id());
    for person in [foreign, nobody] {
        let input = SetRoles { person, version: 1, roles: vec![Role::Employee] };
        let failure = set_roles(&stage.service, &maren, stage.operation(), input).await.expect_err("hidden");
        assert_eq!(failure.told(), ErrorCode::NotFound.into());
        let failure =
            invite_again(&stage.service, &maren, stage.operation(), person).await.expect_err("hidden");
        assert_eq!(failure.told(), ErrorCode::NotFound.into());
        for query in [
            PeopleQuery { open: Some(person), ..PeopleQuery::default() },
            PeopleQuery { after: Some(person), ..PeopleQuery::default() },
        ] {
            let failure = list::page(&stage.service, &maren, &query).await.expect_err("hidden");
            assert_eq!(failure.told(), ErrorCode::NotFound.into());
        }
    }
    let operator = stage.operator("marisa.talvinen@northlight.example").await;
    let failure = list::page(&stage.service, &operator, &PeopleQuery::default()).await.expect_err("rule 1");
    assert!(failure.is(ErrorCode::WrongSide));
}

#[rstest]
#[tokio::test]
async fn the_list_is_searched_filtered_and_paged_by_the_database(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let maren = stage.person(MAREN).await;
    for number in 0..60 {
        let mut input = new_user(&format!("extra{number:02}@new.example"), &[Role::Employee]);
        // The same name often: the id decides.
        input.name = "Same Name".to_owned();
        add(&stage, &maren, input).await.expect("added");
    }
    let mut query = PeopleQuery::default();
    let mut seen: Vec<PersonId> = Vec::new();
    let all = loop {
        let page = list::page(&stage.service, &maren, &query).await.expect("a page");
        assert!(page.rows.len() <= PAGE_ROWS as usize);
        assert_eq!(page.before, seen.len() as i64);
        seen.extend(page.rows.iter().map(|row| row.id));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break page.total,
        }
    };
    assert_eq!(seen.len() as i64, all);
    let mut distinct = seen.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), seen.len());

    let find = |find: &str| PeopleQuery { find: find.to_owned(), ..PeopleQuery::default() };
    let page = list::page(&stage.service, &maren, &find("EXTRA0")).await.expect("a page");
    assert_eq!(page.total, 10);
    assert!(page.rows.iter().all(|row| row.status == PersonStatus::Invited));
    let page = list::page(&stage.service, &maren, &find("100%")).await.expect("a page");
    assert_eq!(page.total, 0, "what is typed matches itself only");
    let query = PeopleQuery { status: Some(PersonStatus::Suspended), ..PeopleQuery::default() };
    let page = list::page(&stage.service, &maren, &query).await.expect("a page");
    assert!(page.rows.iter().any(|row| row.email == "tarik.selimbasic@fernhollow.example"));
    let query = PeopleQuery { role: Some(Role::GlobalAdmin), ..PeopleQuery::default() };
    let page = list::page(&stage.service, &maren, &query).await.expect("a page");
    assert_eq!((page.total, page.global_admins), (2, 2));

    let employee = stage.person(EMPLOYEE).await;
    let failure = list::page(&stage.service, &employee, &PeopleQuery::default()).await.expect_err("refused");
    let told = failure.told();
    assert_eq!(told.code, ErrorCode::RoleNeeded);
    assert!(!told.colleagues.is_empty(), "rule 6: who could");
    let partner_admin = stage.person(PARTNER_ADMIN).await;
    let page = list::page(&stage.service, &partner_admin, &PeopleQuery::default()).await.expect("sees");
    assert!(page.why_not_add.is_some() && page.why_not_roles.is_some() && page.grantable.is_empty());
}

#[rstest]
#[tokio::test]
async fn the_command_makes_a_programme_admin_who_can_sign_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = empty_stage(engine).await;
    let input = |email: &str, password: &str| CreateAdmin {
        email: email.to_owned(),
        name: "First Admin".to_owned(),
        language: "en".to_owned(),
        password: password.to_owned(),
    };
    let short = create_admin(&stage.service, input("admin@northlight.example", "short")).await;
    assert!(short.expect_err("too short").told().of(Field::NewPassword).is_some());
    create_admin(&stage.service, input("admin@northlight.example", PASSWORD)).await.expect("made");
    let changed = "another lamp over the harbour";
    create_admin(&stage.service, input("Admin@Northlight.example", changed)).await.expect("made again");
    let session = |password: &str| SignIn {
        email: "admin@northlight.example".to_owned(),
        password: password.to_owned(),
        agent: String::new(),
        earlier: None,
    };
    let old = sign_in(&stage.service, &stage.nobody(), session(PASSWORD)).await;
    assert!(old.expect_err("the old password").is(ErrorCode::SignInFailed));
    let entry = sign_in(&stage.service, &stage.nobody(), session(changed)).await.expect("signs in");
    let Entry::Session(token) = entry else { panic!("{entry:?}") };
    let actor = sessions::actor(&stage.service, &token).await.expect("reads");
    assert!(
        matches!(actor, Actor::Operator(operator) if operator.roles == [domain::OperatorRole::ProgrammeAdmin])
    );
    let stage = common::stage(engine).await;
    let partner = create_admin(&stage.service, input(MAREN, PASSWORD)).await.expect_err("rule 1");
    assert!(partner.is(ErrorCode::WrongSide));
}

#[rstest]
#[tokio::test]
async fn the_number_of_people_stands_with_the_company_whatever_happens_to_their_rows(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let wrong =
        "select count(*) as number from organization o where o.people <> (select count(*) from person p
        where p.organization_id = o.id and p.status <> 'left')";
    let count = |text: &'static str| {
        let reader = stage.service.database.reader();
        async move { sql::number(reader, text, []).await.expect("a number") }
    };
    let of_gold = "select people as number from organization where domain = 'fernhollow.example'";
    assert_eq!(count(wrong).await, 0);
    let before = count(of_gold).await;
    assert!(before > 10);
    let one = "(select id from person where organization_id =
        (select id from organization where domain = 'fernhollow.example') and status = 'active' limit 1)";
    for (text, left) in [
        (format!("update person set status = 'suspended' where id = {one}"), 0),
        (format!("update person set status = 'left' where id = {one}"), 1),
        ("update person set status = 'left' where status = 'left'".to_owned(), 1),
        ("update person set status = 'active' where status = 'left' or status = 'suspended'".to_owned(), 0),
    ] {
        stage.run(&text, []).await;
        assert_eq!(count(wrong).await, 0, "{text}");
        assert!(count(of_gold).await >= before - left, "{text}");
    }
    let new = "insert into person (id, organization_id, account_id, sort_name, status, created_at)
        select a.id, o.id, a.id, 'new', 'active', 1 from account a
        join organization o on o.domain = 'fernhollow.example'
        where not exists (select 1 from person p where p.account_id = a.id and p.organization_id = o.id)";
    let added = stage.run(new, []).await;
    assert!(added > 1);
    assert_eq!(count(wrong).await, 0);
    stage.run("delete from person where sort_name = 'new'", []).await;
    assert_eq!((count(wrong).await, count(of_gold).await), (0, before));
}
