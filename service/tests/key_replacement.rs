//! Replacing a key that doesn't work: once, within thirty days, and never two new ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::GrantId;
use domain::view::benefits::DetailKind;
use domain::view::software::{KeyState, Replacement};
use domain::{ErrorCode, Field, Language};
use rstest::rstest;
use service::benefits::detail::detail;
use service::keys::activations::{RecordActivations, record_activations};
use service::keys::replace::{ReplaceKey, replace};
use service::keys::reveal::{KeyOf, RevealKey, RevealedKey, reveal};
use service::{Failure, Request};

const COMPANY: &str = "fernhollow.example";
const GLOBAL_ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const STRANGER: &str = "piet.zanderling@kestrelash.example";

async fn show(stage: &Stage, request: &Request, grant: GrantId) -> RevealedKey {
    let input = RevealKey { of: KeyOf::Grant(grant), consequence_accepted: true };
    reveal(&stage.service, request, stage.operation(), input).await.expect("a key")
}

async fn ask(stage: &Stage, request: &Request, grant: GrantId) -> Result<RevealedKey, Failure> {
    let input = ReplaceKey { of: KeyOf::Grant(grant), reason: "The vendor refuses it.".to_owned() };
    replace(&stage.service, request, stage.operation(), input).await
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> ErrorCode {
    match result {
        Err(Failure::Refused(error)) => error.code,
        other => panic!("not refused: {other:?}"),
    }
}

async fn state(stage: &Stage, request: &Request, grant: GrantId) -> KeyState {
    match detail(&stage.service, request, Language::English, grant, None).await.expect("a row").kind {
        DetailKind::Software(software) => software.key.expect("a key"),
        other => panic!("not software: {other:?}"),
    }
}

async fn offered(stage: &Stage, request: &Request, grant: GrantId) -> Replacement {
    state(stage, request, grant).await.replacement.expect("a key is revealed")
}

async fn keys(stage: &Stage, grant: GrantId, state: &str) -> i64 {
    let text = format!(
        "select count(*) as number from product_key where grant_id = {} and state = '{state}'",
        stage.literal(grant.0)
    );
    stage.count(&text).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_replaced_once_by_whoever_may_get_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let admin = stage.person(PARTNER_ADMIN).await;
    assert_eq!(state(&stage, &admin, grant).await.replacement, None);
    assert_eq!(code(ask(&stage, &admin, grant).await), ErrorCode::WrongState);
    let old = show(&stage, &admin, grant).await;
    let employee = stage.person(EMPLOYEE).await;
    assert_eq!(code(ask(&stage, &employee, grant).await), ErrorCode::RoleNeeded);
    let stranger = stage.person(STRANGER).await;
    assert_eq!(code(ask(&stage, &stranger, grant).await), ErrorCode::NotFound);
    let reasonless = ReplaceKey { of: KeyOf::Grant(grant), reason: " ".to_owned() };
    let Err(Failure::Refused(error)) = replace(&stage.service, &admin, stage.operation(), reasonless).await
    else {
        panic!("not refused");
    };
    assert_eq!(error.of(Field::Reason).map(|fault| fault.code), Some(ErrorCode::Required));

    let before = offered(&stage, &admin, grant).await;
    assert_eq!((before.until.to_string().as_str(), before.why_not), ("2026-12-20", None));
    let operation = stage.operation();
    let input = ReplaceKey { of: KeyOf::Grant(grant), reason: "The vendor refuses it.".to_owned() };
    let new = replace(&stage.service, &admin, operation.clone(), input.clone()).await.expect("another key");
    assert!(new.key != old.key && new.id != old.id);
    let again = replace(&stage.service, &admin, operation, input).await.expect("the same answer");
    assert_eq!((again.id, &again.key), (new.id, &new.key));
    assert_eq!(show(&stage, &admin, grant).await.key, new.key);
    assert_eq!((keys(&stage, grant, "held").await, keys(&stage, grant, "replaced").await), (1, 1));

    assert_eq!(code(ask(&stage, &admin, grant).await), ErrorCode::AlreadyReplaced);
    let after = offered(&stage, &admin, grant).await;
    assert_eq!(after.why_not.map(|error| error.code), Some(ErrorCode::AlreadyReplaced));
    for action in ["key_replaced", "key_revealed"] {
        let text = format!(
            "select count(*) as number from audit_event where action = '{action}' and object_id = '{}'",
            if action == "key_replaced" { old.id } else { new.id }
        );
        assert!(stage.count(&text).await >= 1, "{action}");
    }
    let mails = stage.mails(GLOBAL_ADMIN).await;
    let mail = mails.iter().find(|mail| mail.kind == "key_replaced").expect("a mail");
    assert!(mail.body.contains("Odalys Brandt-Reyes") && !mail.body.contains(&new.key), "{}", mail.body);
    assert!(mail.body.contains(&grant.to_string()));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn thirty_days_after_its_first_reveal_a_key_stays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let admin = stage.person(GLOBAL_ADMIN).await;
    show(&stage, &admin, grant).await;
    // Revealed so long ago that day 30 ends now, in the company's time zone, and one second later.
    let zone = domain::moment::Zone::named("Europe/Oslo");
    let end = zone.end_of(zone.day_of(stage.service.now()).plus_days(30));
    stage.clock.set(end);
    assert_eq!(offered(&stage, &admin, grant).await.why_not, None);
    stage.clock.set(end.plus_seconds(1));
    let Err(Failure::Refused(error)) = ask(&stage, &admin, grant).await else { panic!("not refused") };
    assert_eq!((error.code, error.detail.as_deref()), (ErrorCode::ReplacementOver, Some("2026-12-20")));
    stage.clock.set(end);
    ask(&stage, &admin, grant).await.expect("another key");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_replacements_at_once_draw_one_key(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let grant = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let admin = stage.person(GLOBAL_ADMIN).await;
    show(&stage, &admin, grant).await;
    let free = stage.count("select count(*) as number from product_key where state = 'free'").await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let (service, request, operation) = (stage.service.clone(), admin.clone(), stage.operation());
        tasks.push(tokio::spawn(async move {
            let input = ReplaceKey { of: KeyOf::Grant(grant), reason: "The vendor refuses it.".to_owned() };
            replace(&service, &request, operation, input).await
        }));
    }
    let (mut new, mut refused) = (0, 0);
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(_) => new += 1,
            Err(Failure::Refused(error)) if error.code == ErrorCode::AlreadyReplaced => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((new, refused), (1, 7));
    let left = stage.count("select count(*) as number from product_key where state = 'free'").await;
    assert_eq!(left, free - 1);
    assert_eq!((keys(&stage, grant, "held").await, keys(&stage, grant, "replaced").await), (1, 1));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn activations_on_record_stay_when_the_key_is_replaced_and_none_is_lost_without_a_free_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let text = "select g.id from benefit_grant g join organization o on o.id = g.organization_id
        join product p on p.id = g.product_id and p.kind = 'multiple_activation_key'
        where o.domain = $1 and not exists (select 1 from product_key k where k.grant_id = g.id)
        order by p.code, g.id limit 1";
    let grant = GrantId(stage.id(text, [COMPANY.into()]).await);
    let admin = stage.person(GLOBAL_ADMIN).await;
    let old = show(&stage, &admin, grant).await;
    let record = RecordActivations { grant, count: 3, note: String::new() };
    let left = record_activations(&stage.service, &admin, stage.operation(), record).await.expect("recorded");
    // Without a free key nothing happens to the old one.
    let text =
        "update product_key set state = 'withdrawn', grant_id = $1 where state = 'free' and key_pool_id =
        (select k.key_pool_id from product_key k where k.id = $2)";
    stage.run(text, [grant.0.into(), old.id.0.into()]).await;
    assert_eq!(code(ask(&stage, &admin, grant).await), ErrorCode::NoKeyLeft);
    assert_eq!(show(&stage, &admin, grant).await.key, old.key);
    let text =
        "update product_key set state = 'free', grant_id = null where state = 'withdrawn' and seat_id is null
        and drawn_at is null and grant_id = $1";
    stage.run(text, [grant.0.into()]).await;
    let new = ask(&stage, &admin, grant).await.expect("another key");
    assert!(new.key != old.key);
    let record = RecordActivations { grant, count: 1, note: String::new() };
    let after =
        record_activations(&stage.service, &admin, stage.operation(), record).await.expect("recorded");
    assert_eq!(after, left.map(|left| left - 1));
}
