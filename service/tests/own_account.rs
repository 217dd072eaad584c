//! What people do to their own account: sessions, new passwords by mail, the second factor, name, mail.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use common::{Engine, Stage, bare, stage};
use domain::ids::AccountId;
use domain::mail_topic::MailTopic;
use domain::reminder::ReminderCadence;
use domain::second_factor::{FAILURES_MOST, RECOVERY_CODES, STEP_MINUTES, WAIT_SECONDS};
use domain::view::security::SecondFactor;
use domain::{ErrorCode, Field, Language};
use futures::{FutureExt, StreamExt};
use migrations::Migrator;
use rstest::rstest;
use sea_orm::FromQueryResult;
use sea_orm_migration::MigratorTrait;
use service::accounts::invitation::{self, Accept};
use service::accounts::password::{ChangePassword, change_password};
use service::accounts::reset::{self, Reset};
use service::accounts::sign_in::{Entry, SignIn, sign_in};
use service::accounts::two_steps::{SecondStep, second_step};
use service::accounts::{mail_choices, own_sessions, profile, second_factor};
use service::assignments::assign::{AssignSeats, assign};
use service::live::{Changed, Heard};
use service::outbox::{Mailer, Message, Undelivered, deliver_due};
use service::people::add::{AddUser, add_user};
use service::people::create_admin::{CreateAdmin, create_admin};
use service::sample_programme::DEMO_PASSWORD;
use service::{Actor, Failure, Request, sessions, sql};
use uuid::Uuid;

const GOLD: &str = "fernhollow.example";
const MAREN: &str = "maren.tolvik@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const INVITED: &str = "eirik.tveitanger@fernhollow.example";
const SUSPENDED: &str = "tarik.selimbasic@fernhollow.example";
const CHINESE: &str = "zhiyao.shen@fernhollow.example";
const GUEST: &str = "noor.castellane@tarnbridge.example";
const OPERATOR: &str = "rosalind.ekwueme@northlight.example";
const PASSWORD: &str = "a quiet lamp over the harbour";

async fn enter(stage: &Stage, email: &str, password: &str) -> Result<Entry, Failure> {
    let input = SignIn {
        email: email.to_owned(),
        password: password.to_owned(),
        agent: "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0".to_owned(),
        earlier: None,
    };
    sign_in(&stage.service, &stage.nobody(), input).await
}

async fn session(stage: &Stage, email: &str, password: &str) -> String {
    match enter(stage, email, password).await.expect("signs in") {
        Entry::Session(token) => token,
        Entry::SecondFactor(_) => panic!("{email} is asked for a second factor"),
    }
}

async fn half_session(stage: &Stage, email: &str, password: &str) -> String {
    match enter(stage, email, password).await.expect("the password is right") {
        Entry::SecondFactor(token) => token,
        Entry::Session(_) => panic!("{email} isn't asked for the second factor"),
    }
}

async fn step(stage: &Stage, token: &str, code: &str) -> Result<String, Failure> {
    let input = SecondStep { token: token.to_owned(), code: code.to_owned(), agent: "test".to_owned() };
    second_step(&stage.service, &stage.nobody(), input).await
}

async fn is_signed_in(stage: &Stage, token: &str) -> bool {
    let actor = sessions::actor(&stage.service, token).await.expect("reads");
    !matches!(actor, Actor::Nobody)
}

fn account(request: &Request) -> AccountId {
    request.account().expect("somebody")
}

/// How often an action stands in the trails, about an account where one is given.
async fn events(stage: &Stage, action: &str) -> i64 {
    stage.count(&format!("select count(*) as number from audit_event where action = '{action}'")).await
}

fn fault(failure: &Failure, field: Field) -> Option<ErrorCode> {
    failure.told().of(field).map(|fault| fault.code)
}

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

/// Everything that goes out now.
async fn post(stage: &Stage) -> Vec<Message> {
    let mailer = Kept::default();
    while deliver_due(&stage.service, &mailer).await.expect("delivers") > 0 {}
    mailer.0.into_inner().expect("not poisoned")
}

// ---- sessions ----

#[rstest]
#[tokio::test]
async fn open_pages_hear_of_every_way_in_which_their_session_may_have_ended(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let here = session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    for _ in 0..3 {
        session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    }
    let employee = stage.person(EMPLOYEE).await;
    let who = [account(&employee)];
    let mut live = Box::pin(service.live.listen());
    let mut told = || {
        let mut accounts = Vec::new();
        while let Some(Some(Heard::Changed(changed))) = live.next().now_or_never() {
            if let Changed::SignedOut(account) = changed {
                accounts.push(account);
            }
        }
        accounts
    };
    let page = own_sessions::security(service, &employee, &here).await.expect("a page");
    let other = page.sessions.iter().find(|session| !session.here).expect("another one").id;
    own_sessions::end_one(service, &employee, stage.operation(), other, &here).await.expect("ended");
    assert_eq!(told(), who, "one of the others");
    let ended = own_sessions::end_others(service, &employee, stage.operation(), &here).await;
    assert_eq!((ended.expect("ended"), told()), (2, who.to_vec()));
    let ended = own_sessions::end_others(service, &employee, stage.operation(), &here).await;
    assert_eq!((ended.expect("none"), told()), (0, Vec::new()));

    session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    let input = ChangePassword {
        current: DEMO_PASSWORD.to_owned(),
        new: PASSWORD.to_owned(),
        repeat: PASSWORD.to_owned(),
        session_token: here.clone(),
    };
    change_password(service, &employee, input).await.expect("changed");
    assert_eq!(told(), who, "another password");
    let input = SignIn {
        email: EMPLOYEE.to_owned(),
        password: PASSWORD.to_owned(),
        agent: String::new(),
        earlier: Some(here),
    };
    let entry = sign_in(service, &stage.nobody(), input).await.expect("signs in");
    assert_eq!(told(), who, "the browser's earlier session");
    let Entry::Session(here) = entry else { panic!("no second factor") };
    sessions::end(service, &employee, &here).await.expect("signed out");
    assert_eq!(told(), who, "signed out");
}

#[rstest]
#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let (here, elsewhere) =
        (session(&stage, EMPLOYEE, DEMO_PASSWORD).await, session(&stage, EMPLOYEE, DEMO_PASSWORD).await);
    let third = session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    let foreign = session(&stage, MAREN, DEMO_PASSWORD).await;
    let employee = stage.person(EMPLOYEE).await;
    let page = own_sessions::security(service, &employee, &here).await.expect("a page");
    assert_eq!(page.sessions.len(), 3);
    assert!(page.sessions[0].here && page.sessions.iter().filter(|session| session.here).count() == 1);
    let first = &page.sessions[0];
    assert_eq!((first.browser.as_deref(), first.system.as_deref()), (Some("Firefox"), Some("Linux")));
    assert_eq!((first.address.as_str(), page.time_zone.as_str()), ("192.0.2.7", "Europe/Oslo"));
    assert_eq!(first.begun.time, (10, 0), "09:00 UTC in Oslo");
    let maren = stage.person(MAREN).await;
    let theirs = own_sessions::security(service, &maren, &foreign).await.expect("a page").sessions[0].id;
    let end =
        async |session| own_sessions::end_one(service, &employee, stage.operation(), session, &here).await;
    for session in [theirs, first.id, service.new_id().into()] {
        assert!(end(session).await.expect_err("not one's own").is(ErrorCode::NotFound));
    }
    assert!(is_signed_in(&stage, &foreign).await && is_signed_in(&stage, &here).await);
    let operation = stage.operation();
    let other = page.sessions[1].id;
    for _ in 0..2 {
        own_sessions::end_one(service, &employee, operation.clone(), other, &here).await.expect("ends");
    }
    assert_eq!(events(&stage, "session_ended").await, 1);
    let left = [is_signed_in(&stage, &elsewhere).await, is_signed_in(&stage, &third).await];
    assert_eq!(left.iter().filter(|left| **left).count(), 1);
    let ended = own_sessions::end_others(service, &employee, stage.operation(), &here).await;
    assert_eq!(ended.expect("ends"), 1);
    assert!(is_signed_in(&stage, &here).await);
    assert!(!is_signed_in(&stage, &elsewhere).await && !is_signed_in(&stage, &third).await);
    assert!(is_signed_in(&stage, &foreign).await, "a colleague's session stays");
    let nobody = own_sessions::security(service, &stage.nobody(), "").await;
    assert!(nobody.expect_err("nobody").is(ErrorCode::SignInNeeded));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn whoever_is_signed_in_stays_so_when_sessions_get_their_names(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult, PartialEq, Debug)]
    struct Row {
        token_hash: Vec<u8>,
        account_id: Uuid,
        expires_at: i64,
        agent: String,
    }
    let bare = bare(engine).await;
    let connection = &bare.connection;
    // The schema as it was before m0009_own_account.
    let before = Migrator::migrations().iter().position(|known| known.name() == "m0009_own_account");
    let before = u32::try_from(before.expect("the migration")).expect("a number");
    Migrator::up(connection, Some(before)).await.expect("migrates");
    let account = Uuid::from_bytes([7; 16]);
    let text = "insert into account (id, email, email_key, full_name, language, status, created_at)
        values ($1, 'a@b.example', 'a@b.example', 'A', 'en', 'active', 1)";
    sql::run(connection, text, [account.into()]).await.expect("an account");
    for token in [1_u8, 2, 3] {
        let text = "insert into session
                (token_hash, account_id, created_at, last_seen_at, expires_at, address, agent)
            values ($1, $2, 1, 2, 3, '192.0.2.7', 'a browser')";
        sql::run(connection, text, [vec![token; 32].into(), account.into()]).await.expect("a session");
    }
    let read = async || {
        let text = "select token_hash, account_id, expires_at, agent from session order by token_hash";
        sql::all::<Row>(connection, text, []).await.expect("sessions")
    };
    let before = read().await;
    Migrator::up(connection, None).await.expect("migrates");
    assert_eq!(read().await, before);
    let text = "select count(distinct id) as number from session";
    assert_eq!(sql::number(connection, text, []).await.expect("a number"), 3);
}

#[rstest]
#[tokio::test]
async fn every_sign_in_has_a_new_token_and_ends_the_one_before(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let before = session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    let input = SignIn {
        email: EMPLOYEE.to_owned(),
        password: DEMO_PASSWORD.to_owned(),
        agent: String::new(),
        earlier: Some(before.clone()),
    };
    let Entry::Session(after) = sign_in(&stage.service, &stage.nobody(), input).await.expect("signs in")
    else {
        panic!("no second factor")
    };
    assert_ne!(before, after);
    assert!(!is_signed_in(&stage, &before).await && is_signed_in(&stage, &after).await);
}

#[rstest]
#[tokio::test]
async fn a_session_ends_after_thirty_days_however_much_it_is_used(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let token = session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    for used in 0..60 {
        assert!(is_signed_in(&stage, &token).await, "after {used} half days");
        stage.clock.move_seconds(12 * 3600 - 1);
    }
    stage.clock.move_seconds(61);
    assert!(!is_signed_in(&stage, &token).await);
}

#[rstest]
#[tokio::test]
async fn who_is_suspended_is_out_and_stays_out_of_both_steps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let app = set_up(&stage, EMPLOYEE).await;
    let half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    stage.clock.move_seconds(30);
    let whole = step(&stage, &half, &app.code(&stage)).await.expect("signs in");
    let half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    let person = stage.person_id(EMPLOYEE, GOLD).await;
    stage.run("update person set status = 'suspended' where id = $1", [person.0.into()]).await;
    assert!(!is_signed_in(&stage, &whole).await);
    stage.clock.move_seconds(30);
    let refused = step(&stage, &half, &app.code(&stage)).await;
    assert!(refused.expect_err("suspended meanwhile").is(ErrorCode::SignInFailed));
    // Nothing tells the account from one that isn't there.
    let refused = enter(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    assert!(refused.expect_err("suspended").is(ErrorCode::SignInFailed));
}

// ---- new passwords by mail ----

async fn ask(stage: &Stage, email: &str) -> Result<(), Failure> {
    reset::ask(&stage.service, &stage.nobody(), email).await
}

/// The token of the link that goes to an address now.
async fn link(stage: &Stage, email: &str) -> Option<String> {
    reset::write_due(&stage.service).await.expect("writes");
    let sent = post(stage).await;
    sent.iter().filter(|mail| mail.recipient == email).find_map(|mail| {
        let (_, rest) = mail.body.split_once("https://benefits.example/reset-password/")?;
        Some(rest.chars().take_while(char::is_ascii_hexdigit).collect())
    })
}

async fn choose(stage: &Stage, token: &str, password: &str, repeat: &str) -> Result<(), Failure> {
    let input = Reset { token: token.to_owned(), password: password.to_owned(), repeat: repeat.to_owned() };
    reset::reset(&stage.service, &stage.nobody(), input).await
}

#[rstest]
#[case::person(EMPLOYEE)]
#[case::operator(OPERATOR)]
#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_behind_a_link(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] email: &str,
) {
    let stage = stage(engine).await;
    let (one, two) =
        (session(&stage, email, DEMO_PASSWORD).await, session(&stage, email, DEMO_PASSWORD).await);
    ask(&stage, &email.to_uppercase()).await.expect("asked");
    let token = link(&stage, email).await.expect("a link");
    assert_eq!(token.len(), 64);
    let who = reset::open(&stage.service, &token).await.expect("a page");
    assert_eq!(who.email, email);
    let differs = choose(&stage, &token, PASSWORD, "another").await.expect_err("differs");
    assert_eq!(fault(&differs, Field::RepeatPassword), Some(ErrorCode::PasswordsDiffer));
    let weak = choose(&stage, &token, "P@ssw0rd1234", "P@ssw0rd1234").await.expect_err("common");
    assert_eq!(fault(&weak, Field::NewPassword), Some(ErrorCode::PasswordCommon));
    choose(&stage, &token, PASSWORD, PASSWORD).await.expect("chosen");
    assert!(!is_signed_in(&stage, &one).await && !is_signed_in(&stage, &two).await);
    assert!(enter(&stage, email, DEMO_PASSWORD).await.expect_err("the old one").is(ErrorCode::SignInFailed));
    session(&stage, email, PASSWORD).await;
    for again in [
        choose(&stage, &token, PASSWORD, PASSWORD).await,
        reset::open(&stage.service, &token).await.map(drop),
    ] {
        assert!(again.expect_err("works once").is(ErrorCode::ResetEnded));
    }
    let told = post(&stage).await;
    assert!(told.iter().any(|mail| mail.recipient == email && mail.subject == "Your password is changed"));
    for action in ["password_reset_asked", "password_reset_sent", "password_reset"] {
        assert_eq!(events(&stage, action).await, 1, "{action}");
    }
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_link_ends_after_an_hour_and_by_a_newer_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    ask(&stage, EMPLOYEE).await.expect("asked");
    let first = link(&stage, EMPLOYEE).await.expect("a link");
    ask(&stage, EMPLOYEE).await.expect("asked");
    let second = link(&stage, EMPLOYEE).await.expect("a link");
    assert_ne!(first, second);
    for open in [
        reset::open(&stage.service, &first).await.map(drop),
        choose(&stage, &first, PASSWORD, PASSWORD).await,
    ] {
        assert!(open.expect_err("older").is(ErrorCode::ResetEnded));
    }
    stage.clock.move_seconds(3599);
    reset::open(&stage.service, &second).await.expect("within the hour");
    stage.clock.move_seconds(1);
    assert!(reset::open(&stage.service, &second).await.expect_err("an hour").is(ErrorCode::ResetEnded));
    let late = choose(&stage, &second, PASSWORD, PASSWORD).await;
    assert!(late.expect_err("an hour").is(ErrorCode::ResetEnded));
    own_sessions::sweep(&stage.service).await.expect("swept");
    assert_eq!(stage.count("select count(*) as number from password_reset").await, 0);
    // A new password ends a link that is under way, too.
    ask(&stage, EMPLOYEE).await.expect("asked");
    let third = link(&stage, EMPLOYEE).await.expect("a link");
    let here = session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    let input = ChangePassword {
        current: DEMO_PASSWORD.to_owned(),
        new: PASSWORD.to_owned(),
        repeat: PASSWORD.to_owned(),
        session_token: here,
    };
    change_password(&stage.service, &stage.person(EMPLOYEE).await, input).await.expect("changed");
    assert!(reset::open(&stage.service, &third).await.expect_err("changed").is(ErrorCode::ResetEnded));
}

#[rstest]
#[tokio::test]
async fn asking_leaves_the_same_traces_for_every_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let traces = async || {
        let mut traces = Vec::new();
        for table in ["password_reset_request", "password_reset", "mail", "notice", "audit_event"] {
            traces.push(stage.count(&format!("select count(*) as number from {table}")).await);
        }
        traces
    };
    let mut before = traces().await;
    for email in [EMPLOYEE, INVITED, SUSPENDED, "nobody@fernhollow.example"] {
        ask(&stage, email).await.expect("asked");
        let after = traces().await;
        let new: Vec<i64> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
        assert_eq!(new, [1, 0, 0, 0, 1], "{email}");
        before = after;
    }
    assert!(fault(&ask(&stage, "no address").await.expect_err("malformed"), Field::Email).is_some());
    // What becomes of it: a link, a hint, nothing, nothing.
    assert_eq!(reset::write_due(&stage.service).await.expect("writes"), 2);
    assert_eq!(reset::write_due(&stage.service).await.expect("writes"), 0);
    let sent = post(&stage).await;
    let to = |email: &str| sent.iter().filter(|mail| mail.recipient == email).collect::<Vec<_>>();
    assert!(to(EMPLOYEE)[0].body.contains("/reset-password/"));
    assert_eq!(to(EMPLOYEE).len(), 1);
    assert!(to(INVITED)[0].body.contains("ask an administrator"));
    assert!(!to(INVITED)[0].body.contains("/reset-password/") && to(INVITED).len() == 1);
    assert!(to(SUSPENDED).is_empty() && to("nobody@fernhollow.example").is_empty());
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_link_that_cannot_be_written_keeps_nobody_else_waiting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let account = stage.person(EMPLOYEE).await.person().expect("a person").account;
    stage.refuse_changes("password_reset", "account_id", account.0).await;
    ask(&stage, EMPLOYEE).await.expect("asked");
    ask(&stage, CHINESE).await.expect("asked");
    assert_eq!(reset::write_due(&stage.service).await.expect("writes"), 1);
    let sent = post(&stage).await;
    assert!(sent.iter().any(|mail| mail.recipient == CHINESE));
    assert!(sent.iter().all(|mail| mail.recipient != EMPLOYEE));
    let waiting = "select count(*) as number from password_reset_request";
    assert_eq!(stage.count(waiting).await, 1, "it is tried again");
}

#[rstest]
#[tokio::test]
async fn links_are_limited_for_each_address_and_mailed_in_its_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    for email in [CHINESE, "nobody@fernhollow.example"] {
        for _ in 0..3 {
            ask(&stage, email).await.expect("asked");
        }
        let refused = ask(&stage, &email.to_uppercase()).await.expect_err("too many").told();
        assert_eq!(refused.code, ErrorCode::TooManyAttempts);
        assert!(refused.number.is_some_and(|seconds| (1..=601).contains(&seconds)));
    }
    reset::write_due(&stage.service).await.expect("writes");
    let sent = post(&stage).await;
    let mail = sent.iter().find(|mail| mail.recipient == CHINESE).expect("a mail");
    assert_eq!(mail.language, Language::SimplifiedChinese);
    assert!(mail.body.contains("分钟"), "{}", mail.body);
    // The database has the link as a hash, and sealed until it is delivered.
    let text = "select count(*) as number from mail where secret is not null and kind = 'password_reset'";
    assert_eq!(stage.count(text).await, 0);
}

// ---- passwords that are chosen ----

#[rstest]
#[tokio::test]
async fn a_password_that_is_guessed_early_is_refused_with_its_reason(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let here = session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    let employee = stage.person(EMPLOYEE).await;
    for (password, code) in [
        ("P@ssw0rd1234", ErrorCode::PasswordCommon),
        ("zxcvfdsaqwer", ErrorCode::PasswordPattern),
        ("wrzosekteodor", ErrorCode::PasswordWords),
        ("FernhollowSystems", ErrorCode::PasswordWords),
    ] {
        let input = ChangePassword {
            current: DEMO_PASSWORD.to_owned(),
            new: password.to_owned(),
            repeat: password.to_owned(),
            session_token: here.clone(),
        };
        let refused = change_password(&stage.service, &employee, input).await.expect_err("refused");
        assert_eq!(fault(&refused, Field::NewPassword), Some(code), "{password}");
    }
    session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    // The other places where one is chosen; a link is the fourth.
    let admin = |password: &str| CreateAdmin {
        email: "ottoline.vance@northlight.example".to_owned(),
        name: "Ottoline Vance".to_owned(),
        language: "en".to_owned(),
        password: password.to_owned(),
    };
    for (password, code) in
        [("P@ssw0rd1234", ErrorCode::PasswordCommon), ("vance-ottoline", ErrorCode::PasswordWords)]
    {
        let refused = create_admin(&stage.service, admin(password)).await.expect_err("refused");
        assert_eq!(fault(&refused, Field::NewPassword), Some(code), "{password}");
    }
    let new = AddUser {
        email: "ottoline.vance@fernhollow.example".to_owned(),
        name: "Ottoline Vance".to_owned(),
        roles: vec![domain::Role::Employee],
        language: "en".to_owned(),
    };
    add_user(&stage.service, &stage.person(MAREN).await, stage.operation(), new).await.expect("added");
    let sent = post(&stage).await;
    let links = sent.iter().find_map(|mail| mail.body.split_once("https://benefits.example/invitation/"));
    let (_, rest) = links.expect("an invitation");
    let token: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    for (password, code) in
        [("P@ssw0rd1234", ErrorCode::PasswordCommon), ("vance fernhollow", ErrorCode::PasswordWords)]
    {
        let input = Accept {
            token: token.clone(),
            password: password.to_owned(),
            repeat: password.to_owned(),
            agent: String::new(),
        };
        let refused =
            invitation::accept(&stage.service, &stage.nobody(), input).await.err().expect("refused");
        assert_eq!(fault(&refused, Field::NewPassword), Some(code), "{password}");
    }
}

// ---- the second factor ----

/// An authenticator app.
struct App {
    totp: totp_rs::Totp,
    recovery: Vec<String>,
}

impl App {
    fn code(&self, stage: &Stage) -> String {
        self.code_in(stage, 0)
    }

    /// The code so many steps from now.
    fn code_in(&self, stage: &Stage, steps: i64) -> String {
        let seconds = stage.service.now().0 / 1000 + steps * 30;
        self.totp.generate(u64::try_from(seconds).expect("after 1970")).to_string()
    }
}

fn app(secret: &str) -> totp_rs::Totp {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("base32");
    totp_rs::Builder::new().with_secret(secret).build().expect("a generator")
}

async fn of(stage: &Stage, email: &str) -> Request {
    if email == OPERATOR { stage.operator(email).await } else { stage.person(email).await }
}

/// Turns the second factor on.
async fn set_up(stage: &Stage, email: &str) -> App {
    let who = of(stage, email).await;
    let begun = second_factor::begin(&stage.service, &who, DEMO_PASSWORD).await.expect("begins");
    let totp = app(&begun.secret);
    let mut app = App { totp, recovery: Vec::new() };
    app.recovery =
        second_factor::confirm(&stage.service, &who, &app.code(stage), "").await.expect("confirmed");
    app
}

#[rstest]
#[case::person(EMPLOYEE)]
#[case::operator(OPERATOR)]
#[tokio::test]
async fn the_second_factor_is_asked_for_after_the_password(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] email: &str,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let who = of(&stage, email).await;
    let (here, elsewhere) =
        (session(&stage, email, DEMO_PASSWORD).await, session(&stage, email, DEMO_PASSWORD).await);
    let wrong = second_factor::begin(service, &who, "not the password").await.err().expect("refused");
    assert_eq!(fault(&wrong, Field::CurrentPassword), Some(ErrorCode::PasswordWrong));
    let early = second_factor::confirm(service, &who, "123456", &here).await;
    assert!(early.expect_err("nothing begun").is(ErrorCode::WrongState));
    let begun = second_factor::begin(service, &who, DEMO_PASSWORD).await.expect("begins");
    // Until a code comes, signing in is as before.
    session(&stage, email, DEMO_PASSWORD).await;
    let app = App { totp: app(&begun.secret), recovery: Vec::new() };
    let wrong = second_factor::confirm(service, &who, "000000", &here).await.expect_err("a guess");
    assert_eq!(fault(&wrong, Field::Code), Some(ErrorCode::CodeWrong));
    let codes = second_factor::confirm(service, &who, &app.code(&stage), &here).await.expect("on");
    assert_eq!(codes.len(), RECOVERY_CODES);
    assert!(is_signed_in(&stage, &here).await && !is_signed_in(&stage, &elsewhere).await);
    let page = own_sessions::security(service, &who, &here).await.expect("a page");
    assert!(matches!(page.second_factor, SecondFactor::On { codes_left: 10, .. }), "{page:?}");
    for again in [
        second_factor::begin(service, &who, DEMO_PASSWORD).await.map(drop),
        second_factor::confirm(service, &who, &app.code(&stage), &here).await.map(drop),
    ] {
        assert!(again.expect_err("on already").is(ErrorCode::WrongState));
    }
    let half = half_session(&stage, email, DEMO_PASSWORD).await;
    assert!(!is_signed_in(&stage, &half).await, "half a sign-in opens nothing");
    // The code that turned it on is used up; so is each later one.
    let used = step(&stage, &half, &app.code(&stage)).await.expect_err("used");
    assert_eq!(fault(&used, Field::Code), Some(ErrorCode::CodeWrong));
    stage.clock.move_seconds(30);
    let token = step(&stage, &half, &app.code(&stage)).await.expect("signs in");
    assert!(is_signed_in(&stage, &token).await && token != half);
    let again = step(&stage, &half, &app.code_in(&stage, 1)).await;
    assert!(again.expect_err("the step has ended").is(ErrorCode::SecondFactorEnded));
    let half = half_session(&stage, email, DEMO_PASSWORD).await;
    let used = step(&stage, &half, &app.code(&stage)).await.expect_err("used");
    assert_eq!(fault(&used, Field::Code), Some(ErrorCode::CodeWrong));
    // What stands in the database gives neither secret nor codes away.
    let text =
        "select count(*) as number from second_factor where cast(secret as text) like '%' || $1 || '%'";
    let values = [begun.secret.clone().into()];
    assert_eq!(sql::number(service.database.reader(), text, values).await.expect("a number"), 0);
    assert!(
        service
            .vault
            .open(&second_factor::place(account(&who)), &sealed(&stage, account(&who)).await)
            .is_ok()
    );
    for action in ["second_factor_begun", "second_factor_on"] {
        assert_eq!(events(&stage, action).await, 1, "{action}");
    }
    assert_eq!(events(&stage, "second_factor_failed").await, 3);
    assert!(stage.audit_intact().await);
}

async fn sealed(stage: &Stage, account: AccountId) -> Vec<u8> {
    #[derive(FromQueryResult)]
    struct Row {
        secret: Vec<u8>,
    }
    let text = "select secret from second_factor where account_id = $1";
    let row = sql::one::<Row>(stage.service.database.reader(), text, [account.0.into()]).await;
    row.expect("reads").expect("a row").secret
}

#[rstest]
#[tokio::test]
async fn clocks_may_differ_by_one_step(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let app = set_up(&stage, EMPLOYEE).await;
    stage.clock.move_seconds(600);
    for (steps, fits) in [(-2, false), (2, false), (-1, true), (1, true)] {
        let half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
        let answer = step(&stage, &half, &app.code_in(&stage, steps)).await;
        assert_eq!(answer.is_ok(), fits, "{steps}");
    }
    // Now that the next step's code was used, the present one's doesn't count any more.
    let half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    assert!(step(&stage, &half, &app.code(&stage)).await.is_err());
}

#[rstest]
#[tokio::test]
async fn wrong_codes_make_the_account_wait_also_for_the_right_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let app = set_up(&stage, EMPLOYEE).await;
    stage.clock.move_seconds(60);
    let mut half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    for at in 0..FAILURES_MOST {
        // Another sign-in doesn't begin to count anew.
        if at == 2 {
            half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
        }
        let wrong = step(&stage, &half, "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA").await.expect_err("wrong");
        assert_eq!(fault(&wrong, Field::Code), Some(ErrorCode::CodeWrong));
    }
    for code in [app.code(&stage), app.recovery[0].clone()] {
        let refused = step(&stage, &half, &code).await.expect_err("waits").told();
        assert_eq!((refused.code, refused.number), (ErrorCode::TooManyAttempts, Some(WAIT_SECONDS)));
    }
    stage.clock.move_seconds(WAIT_SECONDS);
    let half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    step(&stage, &half, &app.code(&stage)).await.expect("after the wait");
    assert_eq!(events(&stage, "second_factor_failed").await, FAILURES_MOST);
}

#[rstest]
#[tokio::test]
async fn a_recovery_code_works_once_and_until_new_ones_are_made(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let app = set_up(&stage, EMPLOYEE).await;
    let foreign = set_up(&stage, CHINESE).await;
    let employee = stage.person(EMPLOYEE).await;
    let half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    assert!(step(&stage, &half, &foreign.recovery[0]).await.is_err(), "somebody else's");
    let typed = app.recovery[0].to_lowercase().replace('-', " ");
    step(&stage, &half, &typed).await.expect("signs in");
    let half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    let again = step(&stage, &half, &app.recovery[0]).await.expect_err("once");
    assert_eq!(fault(&again, Field::Code), Some(ErrorCode::CodeWrong));
    let page = own_sessions::security(service, &employee, "").await.expect("a page");
    assert!(matches!(page.second_factor, SecondFactor::On { codes_left: 9, .. }));
    let refused = second_factor::renew_codes(service, &employee, "not the password").await;
    assert_eq!(fault(&refused.expect_err("refused"), Field::CurrentPassword), Some(ErrorCode::PasswordWrong));
    let new = second_factor::renew_codes(service, &employee, DEMO_PASSWORD).await.expect("new ones");
    assert!(step(&stage, &half, &app.recovery[1]).await.is_err(), "those before have ended");
    step(&stage, &half, &new[0]).await.expect("signs in");
    let told = post(&stage).await;
    let subject = "A recovery code was used";
    assert_eq!(told.iter().filter(|mail| mail.recipient == EMPLOYEE && mail.subject == subject).count(), 2);
    assert_eq!(events(&stage, "recovery_code_used").await, 2);
    assert_eq!(events(&stage, "recovery_codes_renewed").await, 1);
    // The codes themselves are kept nowhere.
    let text =
        "select count(*) as number from recovery_code where cast(code_hash as text) like '%' || $1 || '%'";
    let values = [new[1].replace('-', "").into()];
    assert_eq!(sql::number(service.database.reader(), text, values).await.expect("a number"), 0);
}

#[rstest]
#[tokio::test]
async fn turning_it_off_takes_password_and_code(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let app = set_up(&stage, EMPLOYEE).await;
    let employee = stage.person(EMPLOYEE).await;
    stage.clock.move_seconds(30);
    let code = app.code(&stage);
    let refused =
        second_factor::turn_off(service, &employee, "not the password", "").await.expect_err("both");
    assert_eq!(fault(&refused, Field::CurrentPassword), Some(ErrorCode::PasswordWrong));
    assert_eq!(fault(&refused, Field::Code), Some(ErrorCode::Required));
    let refused = second_factor::turn_off(service, &employee, "not the password", &code).await;
    assert!(refused.is_err());
    let refused = second_factor::turn_off(service, &employee, DEMO_PASSWORD, "000000").await;
    assert_eq!(fault(&refused.expect_err("a guess"), Field::Code), Some(ErrorCode::CodeWrong));
    half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    second_factor::turn_off(service, &employee, DEMO_PASSWORD, &code).await.expect("off");
    session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    for table in ["second_factor", "recovery_code", "sign_in_step"] {
        assert_eq!(stage.count(&format!("select count(*) as number from {table}")).await, 0, "{table}");
    }
    let again = second_factor::turn_off(service, &employee, DEMO_PASSWORD, &code).await;
    assert!(again.expect_err("off already").is(ErrorCode::WrongState));
    assert_eq!(events(&stage, "second_factor_off").await, 1);
    let told = post(&stage).await;
    assert!(told.iter().any(|mail| mail.subject == "The second factor is on"));
    assert!(told.iter().any(|mail| mail.subject == "The second factor is off"));
}

#[rstest]
#[tokio::test]
async fn a_new_password_by_mail_leaves_the_second_factor_as_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let app = set_up(&stage, EMPLOYEE).await;
    let half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    ask(&stage, EMPLOYEE).await.expect("asked");
    let token = link(&stage, EMPLOYEE).await.expect("a link");
    choose(&stage, &token, PASSWORD, PASSWORD).await.expect("chosen");
    stage.clock.move_seconds(30);
    let late = step(&stage, &half, &app.code(&stage)).await;
    assert!(late.expect_err("of the old password").is(ErrorCode::SecondFactorEnded));
    let half = half_session(&stage, EMPLOYEE, PASSWORD).await;
    step(&stage, &half, &app.code(&stage)).await.expect("signs in");
}

#[rstest]
#[tokio::test]
async fn half_a_sign_in_and_half_a_set_up_are_forgotten(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let app = set_up(&stage, EMPLOYEE).await;
    let half = half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await;
    stage.clock.move_seconds(STEP_MINUTES * 60);
    let late = step(&stage, &half, &app.code(&stage)).await;
    assert!(late.expect_err("ten minutes").is(ErrorCode::SecondFactorEnded));
    let who = stage.person(CHINESE).await;
    let begun = second_factor::begin(&stage.service, &who, DEMO_PASSWORD).await.expect("begins");
    stage.clock.move_seconds(3600);
    let code = App { totp: self::app(&begun.secret), recovery: Vec::new() }.code(&stage);
    let late = second_factor::confirm(&stage.service, &who, &code, "").await;
    assert!(late.expect_err("an hour").is(ErrorCode::WrongState));
    own_sessions::sweep(&stage.service).await.expect("swept");
    assert_eq!(stage.count("select count(*) as number from sign_in_step").await, 0);
    assert_eq!(
        stage.count("select count(*) as number from second_factor").await,
        1,
        "the one that is on stays"
    );
}

#[rstest]
#[tokio::test]
async fn one_code_lets_one_of_many_in(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let app = set_up(&stage, EMPLOYEE).await;
    stage.clock.move_seconds(30);
    let code = app.code(&stage);
    let mut halves = Vec::new();
    for _ in 0..4 {
        halves.push(half_session(&stage, EMPLOYEE, DEMO_PASSWORD).await);
    }
    let answers = futures::future::join_all(halves.iter().map(|half| step(&stage, half, &code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
}

// ---- name and mail ----

#[rstest]
#[tokio::test]
async fn a_new_name_stands_in_every_company(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let guest = stage.person(GUEST).await;
    let operation = stage.operation();
    for _ in 0..2 {
        let name = profile::change_name(&stage.service, &guest, operation.clone(), "  Zoë Ångström ").await;
        assert_eq!(name.expect("changed"), "Zoë Ångström");
    }
    let text = "select count(*) as number from person p join account a on a.id = p.account_id
        where a.email_key = $1 and p.sort_name = $2 and a.full_name = $3";
    let values = [GUEST.into(), "zoë ångström".into(), "Zoë Ångström".into()];
    let places = sql::number(stage.service.database.reader(), text, values).await.expect("a number");
    assert_eq!(places, 2, "two companies");
    assert_eq!(events(&stage, "name_changed").await, 2, "one in the trail of each");
    let text = "select count(*) as number from audit_event where action = 'name_changed'
        and (before_state is not null or after_state is not null)";
    assert_eq!(stage.count(text).await, 0, "trails have no names");
    let empty = profile::change_name(&stage.service, &guest, stage.operation(), " ").await;
    assert_eq!(fault(&empty.expect_err("empty"), Field::Name), Some(ErrorCode::Required));
    let operator = stage.operator(OPERATOR).await;
    profile::change_name(&stage.service, &operator, stage.operation(), "Rosalind E.").await.expect("changed");
    assert_eq!(events(&stage, "name_changed").await, 3);
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn what_one_does_without_stands_in_the_portal_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let employee = stage.person(CHINESE).await;
    let all = profile::profile(service, &employee).await.expect("a profile").topics;
    assert!(
        all.len() == MailTopic::ALL.len() && all.iter().all(|(_, by_mail)| *by_mail),
        "mail is the default"
    );
    let give = async |area: &str| {
        let input = AssignSeats {
            grant: stage.grant_in_area(GOLD, "visual_studio_enterprise", area).await,
            people: vec![stage.person_id(CHINESE, GOLD).await],
            shortage: None,
            alternate_email: None,
        };
        assign(service, &stage.person(MAREN).await, stage.operation(), input).await.expect("assigned");
    };
    let notices = async || {
        let text = format!(
            "select count(*) as number from notice n join account a on a.id = n.account_id
            where a.email_key = '{CHINESE}'"
        );
        stage.count(&text).await
    };
    let (mails, said) = (stage.mails(CHINESE).await.len(), notices().await);
    mail_choices::choose(
        service,
        &employee,
        stage.operation(),
        &[MailTopic::Reminders],
        ReminderCadence::Single,
    )
    .await
    .expect("kept");
    let kept = profile::profile(service, &employee).await.expect("a profile").topics;
    let by_mail: Vec<_> = kept.iter().filter(|(_, by_mail)| *by_mail).map(|(topic, _)| *topic).collect();
    assert_eq!(by_mail, [MailTopic::Reminders]);
    give("cloud_platform").await;
    assert_eq!((stage.mails(CHINESE).await.len(), notices().await), (mails, said + 1));
    // What concerns access comes all the same.
    ask(&stage, CHINESE).await.expect("asked");
    assert!(link(&stage, CHINESE).await.is_some());
    mail_choices::choose(service, &employee, stage.operation(), MailTopic::ALL, ReminderCadence::Single)
        .await
        .expect("kept");
    let before = stage.mails(CHINESE).await.len();
    give("application_development").await;
    assert_eq!(stage.mails(CHINESE).await.len(), before + 1);
    assert_eq!(events(&stage, "mail_chosen").await, 2);
}

#[test]
fn every_kind_that_one_can_do_without_is_a_mail() {
    let texts = locales::texts(Language::English);
    for kind in [
        "seat_assigned",
        "key_seat_assigned",
        "seat_removed",
        "seat_withdrawn",
        "seat_ended",
        "seat_requested",
        "marketing_contact_changed",
        "marketing_expiring",
        "marketing_expired",
    ] {
        assert!(MailTopic::of(kind).is_some(), "{kind}");
        assert!(texts.find("mail", &format!("{kind}_subject")).is_some(), "{kind}");
    }
    for topic in MailTopic::ALL {
        assert!(texts.find_mail_topic(topic.code()).is_some(), "{topic:?}");
    }
}

#[rstest]
#[tokio::test]
async fn the_command_lets_an_operator_in_who_has_lost_the_second_factor(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    set_up(&stage, OPERATOR).await;
    half_session(&stage, OPERATOR, DEMO_PASSWORD).await;
    let input = CreateAdmin {
        email: OPERATOR.to_owned(),
        name: "Rosalind Ekwueme".to_owned(),
        language: "en".to_owned(),
        password: PASSWORD.to_owned(),
    };
    create_admin(&stage.service, input).await.expect("made again");
    session(&stage, OPERATOR, PASSWORD).await;
}
