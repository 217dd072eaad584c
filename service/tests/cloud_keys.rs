//! Licence-based cloud: what a key is used for (rule 9).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::cloud::KeyUse;
use domain::ids::{GrantId, SubscriptionId};
use domain::view::benefits::DetailKind;
use domain::view::cloud::CloudKeyDetail;
use domain::{Error, ErrorCode, Field, Language};
use rstest::rstest;
use service::benefits::detail::detail;
use service::cloud::redeem::{RedeemKey, RedeemedKey, redeem};
use service::keys::activations::{RecordActivations, record_activations};
use service::keys::reveal::{KeyOf, RevealKey, reveal};
use service::{Failure, Request};
use uuid::Uuid;

const COMPANY: &str = "fernhollow.example";
const GLOBAL_ADMIN: &str = "maren.tolvik@fernhollow.example";
const STRANGER: &str = "piet.zanderling@kestrelash.example";

fn refusal<T: std::fmt::Debug>(result: Result<T, Failure>) -> Error {
    match result {
        Err(Failure::Refused(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> ErrorCode {
    refusal(result).code
}

async fn use_key(
    stage: &Stage,
    request: &Request,
    grant: GrantId,
    used_for: KeyUse,
    subscription: Option<(SubscriptionId, i64)>,
) -> Result<RedeemedKey, Failure> {
    let input = RedeemKey { grant, used_for, subscription };
    redeem(&stage.service, request, stage.operation(), input).await
}

async fn show_key(stage: &Stage, request: &Request, grant: GrantId) {
    let input = RevealKey { of: KeyOf::Grant(grant), consequence_accepted: false };
    reveal(&stage.service, request, stage.operation(), input).await.expect("a key");
}

async fn view(stage: &Stage, request: &Request, grant: GrantId) -> CloudKeyDetail {
    match detail(&stage.service, request, Language::English, grant, None).await.expect("a row").kind {
        DetailKind::CloudKey(cloud) => *cloud,
        other => panic!("not a cloud key: {other:?}"),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_09_a_key_opens_a_new_subscription_and_is_spent(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "enterprise_mobility_suite", "action_pack").await;
    let before = view(&stage, &request, grant).await;
    let preview = before.new.expect("a preview");
    assert_eq!((before.seats, preview.seats, preview.ends.to_string().as_str()), (Some(5), 5, "2027-11-20"));
    assert!(before.redeemed.is_none() && before.why_not_redeem.is_none() && before.subscriptions.is_empty());

    let result = use_key(&stage, &request, grant, KeyUse::NewSubscription, None).await.expect("redeemed");
    assert_eq!((result.seats, result.ends), (preview.seats, preview.ends));
    let after = view(&stage, &request, grant).await;
    assert_eq!(after.subscriptions.len(), 1);
    assert_eq!((after.subscriptions[0].id, after.subscriptions[0].now), (result.subscription, preview));
    let redeemed = after.redeemed.expect("redeemed");
    assert_eq!((redeemed.used_for, redeemed.by.as_str()), (KeyUse::NewSubscription, "Maren Tolvik"));
    assert_eq!(after.why_not_redeem.map(|error| error.code), Some(ErrorCode::KeyRedeemed));
    assert!(after.new.is_none() && after.subscriptions[0].more_seats.is_none());

    // Another choice for the same key.
    let seats = Some((result.subscription, 1));
    assert_eq!(
        code(use_key(&stage, &request, grant, KeyUse::MoreSeats, seats).await),
        ErrorCode::KeyRedeemed
    );
    assert_eq!(
        code(use_key(&stage, &request, grant, KeyUse::NewSubscription, None).await),
        ErrorCode::KeyRedeemed
    );
    assert!(stage.audit_intact().await);
}

#[rstest]
#[case("maren.tolvik@fernhollow.example", COMPANY, "enterprise_mobility_suite", "2027年", false)]
#[case("qinghe.wei@chenghu.example", "chenghu.example", "intune", "2027年11月20日", true)]
#[tokio::test(flavor = "multi_thread")]
async fn rule_17_whoever_redeems_gets_the_products_own_instructions_in_the_own_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] email: &str,
    #[case] company: &str,
    #[case] product: &str,
    #[case] date: &str,
    #[case] has_date: bool,
) {
    let stage = stage(engine).await;
    let request = stage.person(email).await;
    let grant = stage.grant(company, product, "action_pack").await;
    show_key(&stage, &request, grant).await;
    use_key(&stage, &request, grant, KeyUse::NewSubscription, None).await.expect("redeemed");
    let language = request.person().expect("a person").language;
    let steps = detail(&stage.service, &request, language, grant, None).await.expect("a row").instructions;
    let mails = stage.mails(email).await;
    let mail = mails.iter().filter(|mail| mail.kind == "cloud_key_redeemed").collect::<Vec<_>>();
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].language, language.tag());
    assert!(!mail[0].subject.is_empty() && !steps.is_empty());
    for step in &steps {
        assert!(mail[0].body.contains(step.as_str()), "{step} in {}", mail[0].body);
    }
    assert_eq!(mail[0].body.contains(date), has_date, "{}", mail[0].body);
    assert!(mail[0].body.contains(&format!("https://benefits.example/benefits/cloud?open={grant}")));
    assert!(!mail[0].body.contains('{'), "{}", mail[0].body);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_09_a_key_is_redeemed_once_however_many_try(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "enterprise_mobility_suite", "action_pack").await;
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (service, request, operation) = (stage.service.clone(), request.clone(), stage.operation());
        tasks.push(tokio::spawn(async move {
            let input = RedeemKey { grant, used_for: KeyUse::NewSubscription, subscription: None };
            redeem(&service, &request, operation, input).await
        }));
    }
    let mut redeemed = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(_) => redeemed += 1,
            Err(failure) => assert!(failure.is(ErrorCode::KeyRedeemed), "{failure:?}"),
        }
    }
    assert_eq!(redeemed, 1);
    assert_eq!(view(&stage, &request, grant).await.subscriptions.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_09_more_seats_and_a_later_end_come_out_as_previewed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(KeyUse::MoreSeats, KeyUse::LaterEnd)] used_for: KeyUse,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "office_365_e3", "gold_core").await;
    // The Action Pack's subscription is large enough for an extension by 100.
    stage
        .run(
            "update subscription set seats = 50 where organization_id = $1",
            [stage.organization(COMPANY).await.0.into()],
        )
        .await;
    assert_eq!(
        code(use_key(&stage, &request, grant, used_for, None).await),
        ErrorCode::WrongState,
        "no key yet"
    );
    show_key(&stage, &request, grant).await;
    let before = view(&stage, &request, grant).await;
    let row = before.subscriptions.first().expect("the Action Pack's subscription").clone();
    let preview = match used_for {
        KeyUse::LaterEnd => row.later_end.clone(),
        _ => row.more_seats.clone(),
    };
    let preview = preview.expect("previewed").expect("possible");
    assert!(preview.ends > row.now.ends);
    assert_eq!(preview.seats, if used_for == KeyUse::MoreSeats { 150 } else { 50 });

    let missing = use_key(&stage, &request, grant, used_for, None).await;
    assert_eq!(refusal(missing).of(Field::Subscription).map(|fault| fault.code), Some(ErrorCode::Required));
    let stale = use_key(&stage, &request, grant, used_for, Some((row.id, row.version + 1))).await;
    assert_eq!(code(stale), ErrorCode::Stale);
    let result =
        use_key(&stage, &request, grant, used_for, Some((row.id, row.version))).await.expect("redeemed");
    assert_eq!((result.subscription, result.seats, result.ends), (row.id, preview.seats, preview.ends));
    let after = view(&stage, &request, grant).await;
    assert_eq!(after.subscriptions.len(), before.subscriptions.len());
    assert_eq!(after.subscriptions[0].now, preview);
    assert_eq!(after.subscriptions[0].version, row.version + 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_09_an_extension_above_three_times_the_seats_is_refused_before_and_after_the_choice(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "office_365_e3", "gold_core").await;
    show_key(&stage, &request, grant).await;
    let row = view(&stage, &request, grant).await.subscriptions.first().expect("a subscription").clone();
    assert_eq!(row.now.seats, 5);
    let shown = row.later_end.expect("previewed").expect_err("100 is more than 15");
    assert_eq!((shown.code, shown.number), (ErrorCode::ExtensionTooLarge, Some(15)));
    let result = use_key(&stage, &request, grant, KeyUse::LaterEnd, Some((row.id, row.version))).await;
    assert_eq!(code(result), ErrorCode::ExtensionTooLarge);
    assert!(view(&stage, &request, grant).await.redeemed.is_none(), "the key can still be used");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_12_a_cloud_key_brings_what_the_shared_pool_has_left(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let office = stage.grant(COMPANY, "office_professional_plus", "gold_core").await;
    let cloud = stage.grant(COMPANY, "office_365_e3", "gold_core").await;
    let input = RevealKey { of: KeyOf::Grant(office), consequence_accepted: true };
    reveal(&stage.service, &request, stage.operation(), input).await.expect("a key");
    let record = |count| {
        let (service, request, operation) = (stage.service.clone(), request.clone(), stage.operation());
        let input = RecordActivations { grant: office, count, note: String::new() };
        async move { record_activations(&service, &request, operation, input).await }
    };
    assert_eq!(record(40).await.expect("recorded"), Some(60));
    show_key(&stage, &request, cloud).await;
    assert_eq!(view(&stage, &request, cloud).await.seats, Some(60));
    let result = use_key(&stage, &request, cloud, KeyUse::NewSubscription, None).await.expect("redeemed");
    assert_eq!(result.seats, 60);
    let error = refusal(record(1).await);
    assert_eq!((error.code, error.number), (ErrorCode::ActivationsExceeded, Some(0)));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_07_another_companys_key_and_subscription_dont_exist(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let stranger = stage.person(STRANGER).await;
    let theirs = stage.grant(COMPANY, "enterprise_mobility_suite", "action_pack").await;
    assert_eq!(
        code(use_key(&stage, &stranger, theirs, KeyUse::NewSubscription, None).await),
        ErrorCode::NotFound
    );
    // One's own key for somebody else's subscription, for one of another product, for none at all.
    let request = stage.person(GLOBAL_ADMIN).await;
    let own = stage.grant("kestrelash.example", "intune", "action_pack").await;
    show_key(&stage, &stranger, own).await;
    let subscriptions = "select s.id from subscription s join organization o on o.id = s.organization_id
        join product p on p.id = s.product_id where o.domain = $1 and p.code = $2";
    let foreign = stage.id(subscriptions, [COMPANY.into(), "intune".into()]).await;
    let other_product = stage.id(subscriptions, ["kestrelash.example".into(), "office_365_e3".into()]).await;
    for id in [foreign, other_product, Uuid::from_u128(7)] {
        let choice = Some((SubscriptionId(id), 1));
        assert_eq!(
            code(use_key(&stage, &stranger, own, KeyUse::MoreSeats, choice).await),
            ErrorCode::NotFound
        );
    }
    assert!(view(&stage, &request, theirs).await.redeemed.is_none());
}

#[rstest]
#[case("maren.tolvik@fernhollow.example", true)]
#[case("odalys.brandt@fernhollow.example", true)]
#[case("malin.thistlewood@fernhollow.example", false)]
#[case("kofi.anselmsen@fernhollow.example", false)]
#[case("teodor.wrzosek@fernhollow.example", false)]
#[tokio::test(flavor = "multi_thread")]
async fn rule_06_redeeming_is_for_whoever_may_get_keys(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] email: &str,
    #[case] may: bool,
) {
    let stage = stage(engine).await;
    let request = stage.person(email).await;
    let grant = stage.grant(COMPANY, "enterprise_mobility_suite", "action_pack").await;
    let result = use_key(&stage, &request, grant, KeyUse::NewSubscription, None).await;
    if may {
        result.expect("allowed");
    } else {
        let error = refusal(result);
        assert_eq!(error.code, ErrorCode::RoleNeeded);
        assert!(!error.colleagues.is_empty());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_21_a_key_whose_grant_ended_a_minute_ago_is_not_redeemed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "enterprise_mobility_suite", "action_pack").await;
    let end = common::BEGINNING.0 + 60_000;
    stage.run("update benefit_grant set expires_at = $1 where id = $2", [end.into(), grant.0.into()]).await;
    stage.clock.move_seconds(120);
    let result = use_key(&stage, &request, grant, KeyUse::NewSubscription, None).await;
    assert_eq!(code(result), ErrorCode::GrantEnded);
    let shown = view(&stage, &request, grant).await;
    assert_eq!(shown.why_not_redeem.map(|error| error.code), Some(ErrorCode::GrantEnded));
    let software = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    assert_eq!(
        code(use_key(&stage, &request, software, KeyUse::NewSubscription, None).await),
        ErrorCode::WrongKind
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_operation_id_redeems_once_with_the_same_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "enterprise_mobility_suite", "action_pack").await;
    let operation = stage.operation();
    let send = || {
        let input = RedeemKey { grant, used_for: KeyUse::NewSubscription, subscription: None };
        redeem(&stage.service, &request, operation.clone(), input)
    };
    let first = send().await.expect("redeemed");
    assert_eq!(send().await.expect("the same answer"), first);
    assert_eq!(view(&stage, &request, grant).await.subscriptions.len(), 1);
    assert_eq!(
        stage.mails(GLOBAL_ADMIN).await.iter().filter(|mail| mail.kind == "cloud_key_redeemed").count(),
        1
    );
}
