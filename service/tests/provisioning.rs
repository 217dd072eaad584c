//! Provisioning under the HTTP layer: rights of tokens, and what races and sequences of calls leave.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::{PersonId, ProvisioningTokenId};
use domain::view::provisioning::TOKENS_MAX;
use domain::{ErrorCode, Role};
use rstest::rstest;
use service::people::roles::{SetRoles, set_roles};
use service::provisioning::filter::Filter;
use service::provisioning::groups::{self, GroupAttributes, MapGroup};
use service::provisioning::tokens::{self, MakeToken};
use service::provisioning::users::{self, UserAttributes};
use service::provisioning::{Refusal, Wanted};
use service::{Actor, Failure, Request, Token, sql};

const GOLD: &str = "fernhollow.example";
const OTHER: &str = "kestrelash.example";
const MAREN: &str = "maren.tolvik@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";

/// Makes a token as an admin does, and finds who comes with it.
async fn program(stage: &Stage, admin: &str) -> (Request, String) {
    let admin = stage.person(admin).await;
    let input = MakeToken { name: "Directory".to_owned(), days: Some(90) };
    let token = tokens::make(&stage.service, &admin, stage.operation(), input).await.expect("made");
    let token = token.expect("shown once");
    let found = tokens::find(&stage.service, &token).await.expect("asked").expect("known");
    (asking(found), token)
}

fn asking(token: Token) -> Request {
    Request { actor: Actor::Token(token), address: "192.0.2.9".to_owned(), id: "test".to_owned() }
}

fn somebody(name: &str) -> UserAttributes {
    UserAttributes {
        user_name: format!("{name}@fernhollow.example"),
        display_name: Some("沈 知遥".to_owned()),
        active: true,
        ..UserAttributes::default()
    }
}

fn code(failure: &Failure) -> ErrorCode {
    failure.told().code
}

async fn version(stage: &Stage, person: PersonId) -> i64 {
    let text = "select row_version as number from person where id = $1";
    sql::number(stage.service.database.reader(), text, [person.0.into()]).await.expect("a version")
}

#[rstest]
#[tokio::test]
async fn a_token_lasts_until_its_day_or_until_it_is_revoked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (request, token) = program(&stage, MAREN).await;
    let kept = "select count(*) as number from provisioning_token where name = 'Directory'";
    assert_eq!(stage.count(kept).await, 1);
    assert!(tokens::find(&stage.service, &token.to_uppercase()).await.expect("asked").is_none());
    stage.clock.move_days(89);
    assert!(tokens::find(&stage.service, &token).await.expect("asked").is_some());
    stage.clock.move_days(1);
    assert!(tokens::find(&stage.service, &token).await.expect("asked").is_none());
    // Who came in before its end can't go on after it.
    let refused = users::create(&stage.service, &request, somebody("late")).await.expect_err("over");
    assert!(matches!(&refused, Refusal::Failure(failure) if code(failure) == ErrorCode::SignInNeeded));

    let (request, token) = program(&stage, MAREN).await;
    let Actor::Token(Token { id, .. }) = &request.actor else { panic!("a token") };
    let admin = stage.person(MAREN).await;
    for (who, expected) in
        [(USER_ADMIN, ErrorCode::RoleNeeded), ("piet.zanderling@kestrelash.example", ErrorCode::NotFound)]
    {
        let who = stage.person(who).await;
        let refused =
            tokens::revoke(&stage.service, &who, stage.operation(), *id).await.expect_err("refused");
        assert_eq!(code(&refused), expected);
    }
    tokens::revoke(&stage.service, &admin, stage.operation(), *id).await.expect("revoked");
    assert!(tokens::find(&stage.service, &token).await.expect("asked").is_none());
    let again = tokens::revoke(&stage.service, &admin, stage.operation(), *id).await.expect_err("once");
    assert_eq!(code(&again), ErrorCode::NotFound);
    let unknown = ProvisioningTokenId(stage.service.new_id());
    let none = tokens::revoke(&stage.service, &admin, stage.operation(), unknown).await.expect_err("none");
    assert_eq!(code(&none), ErrorCode::NotFound);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn tokens_are_few_named_and_made_by_global_admins(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let make = async |who: &str, name: &str, days| {
        let who = stage.person(who).await;
        let input = MakeToken { name: name.to_owned(), days };
        tokens::make(&stage.service, &who, stage.operation(), input).await
    };
    assert_eq!(code(&make(USER_ADMIN, "Directory", None).await.expect_err("right")), ErrorCode::RoleNeeded);
    for (name, days) in [("", None), ("Directory", Some(3)), ("a\u{7}b", None)] {
        assert_eq!(code(&make(MAREN, name, days).await.expect_err("field")), ErrorCode::Invalid, "{name:?}");
    }
    for _ in 0..TOKENS_MAX {
        assert!(make(MAREN, "Directory", None).await.expect("made").is_some());
    }
    assert_eq!(code(&make(MAREN, "Directory", None).await.expect_err("full")), ErrorCode::WrongState);
}

#[rstest]
#[tokio::test]
async fn rule_03_a_program_is_no_person_and_a_person_no_program(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (request, _) = program(&stage, MAREN).await;
    let person = stage.person_id(EMPLOYEE, GOLD).await;
    let input = SetRoles { person, version: version(&stage, person).await, roles: vec![Role::GlobalAdmin] };
    let refused = set_roles(&stage.service, &request, stage.operation(), input).await.expect_err("no person");
    assert_eq!(code(&refused), ErrorCode::WrongSide);
    let admin = stage.person(MAREN).await;
    let refused = users::get(&stage.service, &admin, person).await.expect_err("no program");
    assert!(matches!(&refused, Refusal::Failure(failure) if code(failure) == ErrorCode::WrongSide));
}

#[rstest]
#[tokio::test]
async fn what_one_company_says_leaves_the_account_of_two_companies_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (ours, _) = program(&stage, MAREN).await;
    let shared = users::create(&stage.service, &ours, somebody("shared")).await.expect("added");
    let (theirs, _) = program(&stage, "piet.zanderling@kestrelash.example").await;
    let joined = UserAttributes { display_name: Some("Another name".to_owned()), ..somebody("shared") };
    let joined = users::create(&stage.service, &theirs, joined).await.expect("joins");
    let name = "select count(*) as number from account where email_key = 'shared@fernhollow.example'
        and full_name = '沈 知遥'";
    assert_eq!(stage.count(name).await, 1, "the first name stays");
    let rename = |attributes: &mut UserAttributes| {
        attributes.display_name = Some("Renamed".to_owned());
        attributes.preferred_language = Some("zh-CN".to_owned());
        Ok(())
    };
    let changed = users::change(&stage.service, &theirs, joined.id, None, rename).await.expect("kept beside");
    assert_eq!(changed.attributes.display_name.as_deref(), Some("Renamed"));
    assert_eq!(stage.count(name).await, 1);
    let moved = |attributes: &mut UserAttributes| {
        attributes.email = "taken.over@kestrelash.example".to_owned();
        Ok(())
    };
    let refused =
        users::change(&stage.service, &theirs, joined.id, None, moved).await.expect_err("not theirs");
    assert!(matches!(refused, Refusal::Forbidden(_)), "{refused:?}");
    let refused = users::change(&stage.service, &ours, shared.id, None, moved).await.expect_err("nor ours");
    assert!(matches!(refused, Refusal::Forbidden(_)), "{refused:?}");
    assert_eq!(stage.count(name).await, 1);
}

#[rstest]
#[tokio::test]
async fn an_address_that_belongs_to_another_account_is_not_taken(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (request, _) = program(&stage, MAREN).await;
    let user = users::create(&stage.service, &request, somebody("mine")).await.expect("added");
    for taken in [EMPLOYEE, "PIET.zanderling@kestrelash.example"] {
        let moved = |attributes: &mut UserAttributes| {
            attributes.email = taken.to_owned();
            Ok(())
        };
        let refused = users::change(&stage.service, &request, user.id, None, moved).await.expect_err("taken");
        assert!(matches!(refused, Refusal::Uniqueness(_)), "{refused:?}");
    }
    let duplicate = UserAttributes { user_name: EMPLOYEE.to_uppercase(), ..somebody("x") };
    let refused = users::create(&stage.service, &request, duplicate).await.expect_err("known by the address");
    assert!(matches!(refused, Refusal::Uniqueness(_)), "{refused:?}");
}

#[rstest]
#[tokio::test]
async fn who_is_added_inactive_is_invited_once_let_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (request, _) = program(&stage, MAREN).await;
    let user = UserAttributes { active: false, ..somebody("later") };
    let user = users::create(&stage.service, &request, user).await.expect("added");
    assert!(!user.attributes.active);
    assert!(stage.mails("later@fernhollow.example").await.is_empty());
    let let_in = |attributes: &mut UserAttributes| {
        attributes.active = true;
        Ok(())
    };
    let user =
        users::change(&stage.service, &request, user.id, Some(user.version), let_in).await.expect("in");
    assert!(user.attributes.active);
    let mails = stage.mails("later@fernhollow.example").await;
    assert_eq!(mails.iter().map(|mail| mail.kind.as_str()).collect::<Vec<_>>(), ["invitation"]);
}

#[rstest]
#[tokio::test]
async fn a_role_that_another_group_gives_stays(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let (request, _) = program(&stage, MAREN).await;
    let admin = stage.person(MAREN).await;
    let user = users::create(&stage.service, &request, somebody("member")).await.expect("added");
    let mut made = Vec::new();
    for name in ["One", "Two"] {
        let group = GroupAttributes {
            display_name: name.to_owned(),
            members: [user.id].into(),
            ..GroupAttributes::default()
        };
        let group = groups::create(&stage.service, &request, group).await.expect("made");
        let map = |role| MapGroup { group: group.id, version: group.version, role };
        let refused =
            groups::map(&stage.service, &admin, stage.operation(), map(Some(Role::GlobalAdmin))).await;
        assert_eq!(code(&refused.expect_err("rule 3")), ErrorCode::UnknownChoice);
        groups::map(&stage.service, &admin, stage.operation(), map(Some(Role::UserAdmin)))
            .await
            .expect("mapped");
        made.push(group.id);
    }
    let roles = async || users::get(&stage.service, &request, user.id).await.expect("there").roles;
    assert_eq!(roles().await, [Role::UserAdmin, Role::Employee]);
    groups::remove(&stage.service, &request, made[0], None).await.expect("removed");
    assert_eq!(roles().await, [Role::UserAdmin, Role::Employee]);
    let nobody = |attributes: &mut GroupAttributes| {
        attributes.members.clear();
        Ok(())
    };
    groups::change(&stage.service, &request, made[1], None, nobody).await.expect("emptied");
    assert_eq!(roles().await, [Role::Employee]);
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn filters_find_names_whatever_letters_they_are_written_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (request, _) = program(&stage, MAREN).await;
    let attributes = UserAttributes {
        display_name: Some("Ünal ÖZTÜRK 王".to_owned()),
        formatted_name: Some("ÖZTÜRK, Ünal".to_owned()),
        given_name: Some("Ünal".to_owned()),
        family_name: Some("ÖZTÜRK".to_owned()),
        ..somebody("ünal.Öztürk")
    };
    let user = users::create(&stage.service, &request, attributes).await.expect("added");
    let wanted = |filter: &str| {
        let filter = Filter::parse(filter).expect("a filter");
        Wanted { filter: Some(filter), start: 1, count: 10 }
    };
    for filter in [
        r#"userName eq "ÜNAL.öztürk@FERNHOLLOW.example""#,
        r#"emails.value sw "ÜNAL.""#,
        r#"displayName eq "ÜNAL öztürk 王""#,
        r#"displayName ew "ÖZTÜRK 王""#,
        r#"name.formatted co "öztürk, ü""#,
        r#"name.givenName eq "ÜNAL""#,
        r#"name.familyName sw "ÖZ""#,
    ] {
        let found = users::list(&stage.service, &request, &wanted(filter)).await.expect("a list");
        assert_eq!(found.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [user.id], "{filter}");
    }
    // Whom no program has named yet is known by the portal's own name.
    let text = "update account set full_name = 'ÅSA Öberg', name_key = 'åsa öberg' where email_key = $1";
    assert_eq!(stage.run(text, [EMPLOYEE.into()]).await, 1);
    let filter = wanted(r#"displayName eq "åSA ÖBERG""#);
    assert_eq!(users::list(&stage.service, &request, &filter).await.expect("a list").total, 1);
    let group = GroupAttributes { display_name: "ÄRZTE 医生".to_owned(), ..GroupAttributes::default() };
    groups::create(&stage.service, &request, group).await.expect("made");
    let filter = wanted(r#"displayName sw "ärzte""#);
    assert_eq!(groups::list(&stage.service, &request, &filter, false).await.expect("a list").total, 1);
}

#[rstest]
#[tokio::test]
async fn lists_cost_as_many_questions_for_many_people_as_for_few(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let mut stage = stage(engine).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    stage.service.database.observe(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let (request, _) = program(&stage, "piet.zanderling@kestrelash.example").await;
    for name in 0..3 {
        users::create(&stage.service, &request, somebody(&format!("many{name}"))).await.expect("added");
    }
    let mut questions = Vec::new();
    for count in [1, 200] {
        asked.store(0, Ordering::Relaxed);
        let wanted = Wanted { filter: None, start: 1, count };
        let listed = users::list(&stage.service, &request, &wanted).await.expect("a list");
        assert_eq!(listed.rows.len() as i64, count.min(listed.total));
        questions.push(asked.load(Ordering::Relaxed));
    }
    assert_eq!(questions[0], questions[1]);
    assert!(stage.organization(OTHER).await != stage.organization(GOLD).await);
}
