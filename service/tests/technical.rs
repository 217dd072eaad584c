//! Technical benefits: activating, Access ID and Contract ID, support by assignment (rules 13, 14).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::{GrantId, ServiceRequestId};
use domain::{ActivationState, ErrorCode, Field, Language};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::activations::request::{ActivateGrant, activate, withdraw};
use service::activations::{ids, on_clock};
use service::assignments::assign::{AssignSeats, assign};
use service::assignments::release::{ReleaseSeat, release};
use service::benefits::detail::detail;
use service::entity::activation;
use service::queue::Wanted;
use service::queue::complete::{CompleteActivation, activation as complete};
use service::queue::refuse::{Refuse, refuse};
use service::{Failure, Request, sql};
use uuid::Uuid;

const GOLD: &str = "fernhollow.example";
const SILVER: &str = "chenghu.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
/// Reads Simplified Chinese.
const CHINESE_EMPLOYEE: &str = "zhiyao.shen@fernhollow.example";
const SILVER_ADMIN: &str = "yanchu.gu@chenghu.example";
const OPERATOR: &str = "marisa.talvinen@northlight.example";
const ACCESS_ID: &str = "482016357";
const CONTRACT_ID: &str = "730915264";

fn code(failure: &Failure) -> ErrorCode {
    failure.told().code
}

/// A benefit of the Gold company that nobody has activated yet.
async fn ready(stage: &Stage) -> GrantId {
    stage.grant(GOLD, "technical_presales_deployment", "gold_core").await
}

/// Incidents of the Gold company, as if nobody had activated them.
async fn ready_incidents(stage: &Stage) -> GrantId {
    let grant = stage.grant(GOLD, "product_support_incidents", "gold_core").await;
    stage.run("update activation set state = 'withdrawn' where grant_id = $1", [grant.0.into()]).await;
    stage
        .run("update benefit_grant set activation_state = 'withdrawn' where id = $1", [grant.0.into()])
        .await;
    grant
}

async fn version(stage: &Stage, grant: GrantId) -> i64 {
    let text = "select row_version as number from benefit_grant where id = $1";
    sql::number(stage.service.database.reader(), text, [grant.0.into()]).await.expect("a version")
}

async fn input(stage: &Stage, grant: GrantId) -> ActivateGrant {
    ActivateGrant { grant, version: version(stage, grant).await }
}

async fn ask(stage: &Stage, who: &Request, grant: GrantId) -> Result<i64, Failure> {
    activate(&stage.service, who, stage.operation(), input(stage, grant).await).await
}

async fn latest(stage: &Stage, grant: GrantId) -> activation::Model {
    let text = "select * from activation where grant_id = $1 order by requested_at desc, id desc limit 1";
    sql::one(stage.service.database.reader(), text, [grant.0.into()])
        .await
        .expect("reads")
        .expect("an activation")
}

#[derive(FromQueryResult)]
struct RequestRow {
    id: Uuid,
    state: String,
    open: bool,
    target_at: i64,
    row_version: i64,
}

async fn request_of(stage: &Stage, activation: Uuid) -> RequestRow {
    let text = "select id, state, open, target_at, row_version from service_request where activation_id = $1";
    sql::one(stage.service.database.reader(), text, [activation.into()])
        .await
        .expect("reads")
        .expect("a request")
}

async fn wanted(stage: &Stage, activation: Uuid) -> Wanted {
    let row = request_of(stage, activation).await;
    Wanted { request: ServiceRequestId(row.id), version: row.row_version }
}

async fn finish(stage: &Stage, grant: GrantId, expires: &str) -> Result<i64, Failure> {
    let operator = stage.operator(OPERATOR).await;
    let input = CompleteActivation {
        wanted: wanted(stage, latest(stage, grant).await.id).await,
        access_id: "482 016 357".to_owned(),
        contract_id: "730-915-264".to_owned(),
        starts: "2026-11-20".to_owned(),
        expires: expires.to_owned(),
    };
    complete(&stage.service, &operator, stage.operation(), input).await
}

#[rstest]
#[tokio::test]
async fn rule_13_processing_never_ends_in_the_partners_own_request(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = ready(&stage).await;
    let number = ask(&stage, &admin, grant).await.expect("asks");
    assert!(number > 20_400, "{number}");
    let row = latest(&stage, grant).await;
    assert_eq!(row.state, "requested");
    // Five working days from a Friday end on the Friday after, at the last moment in Oslo.
    assert_eq!(row.target_at, 1_795_820_399_999);
    let request = request_of(&stage, row.id).await;
    assert_eq!((request.state.as_str(), request.open, request.target_at), ("requested", true, row.target_at));
    // Whatever the partner does, and however long it takes, it isn't active.
    assert_eq!(
        ask(&stage, &admin, grant).await.map_err(|failure| code(&failure)),
        Err(ErrorCode::WrongState)
    );
    stage.clock.move_days(20);
    on_clock::expire_due(&stage.service).await.expect("runs");
    assert_eq!(latest(&stage, grant).await.state, "requested");
    let error =
        ids::reveal(&stage.service, &admin, stage.operation(), grant).await.expect_err("nothing to show");
    assert_eq!(code(&error), ErrorCode::WrongState);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_13_an_operator_completes_and_the_requester_gets_the_products_own_steps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(PARTNER_ADMIN).await;
    let grant = ready_incidents(&stage).await;
    ask(&stage, &admin, grant).await.expect("asks");
    finish(&stage, grant, "2027-11-01").await.expect("completes");
    let row = latest(&stage, grant).await;
    assert_eq!(row.state, "active");
    assert!(row.completed_by.is_some());
    let text = "select count(*) as number from benefit_grant where id = $1 and activation_state = 'active'";
    assert_eq!(sql::number(stage.service.database.reader(), text, [grant.0.into()]).await.expect("reads"), 1);
    let mails = stage.mails(PARTNER_ADMIN).await;
    let mail = mails.iter().find(|mail| mail.kind == "technical_active").expect("a mail");
    assert_eq!(mail.language, "en");
    assert!(mail.body.contains("Have the Access ID and the Contract ID at hand."), "{}", mail.body);
    assert!(mail.body.contains("1 Nov 2027"), "{}", mail.body);
    assert!(!mail.body.contains('{'), "{}", mail.body);
    assert!(!mail.body.contains(ACCESS_ID) && !mail.body.contains("482 016 357"));
    let view = detail(&stage.service, &admin, Language::English, grant, None).await.expect("opens");
    let domain::view::benefits::DetailKind::Technical(view) = view.kind else { panic!("another kind") };
    assert_eq!(view.state, ActivationState::Active);
    assert!(view.has_ids);
    assert_eq!((view.balance.granted, view.balance.used, view.balance.left), (Some(20), 6, Some(14)));
    let json = serde_json::to_string(&view).expect("json");
    assert!(!json.contains(ACCESS_ID) && !json.contains(CONTRACT_ID), "no number is part of a view");
}

#[rstest]
#[tokio::test]
async fn rule_13_break_fix_support_needs_both_numbers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let operator = stage.operator(OPERATOR).await;
    let grant = ready_incidents(&stage).await;
    ask(&stage, &admin, grant).await.expect("asks");
    let attempt = async |access: &str, contract: &str, expires: &str| {
        let input = CompleteActivation {
            wanted: wanted(&stage, latest(&stage, grant).await.id).await,
            access_id: access.to_owned(),
            contract_id: contract.to_owned(),
            starts: "2026-11-20".to_owned(),
            expires: expires.to_owned(),
        };
        complete(&stage.service, &operator, stage.operation(), input).await.expect_err("refused").told()
    };
    let error = attempt("", "", "2027-11-01").await;
    assert!(error.of(Field::AccessId).is_some() && error.of(Field::ContractId).is_some(), "{error:?}");
    let error = attempt(ACCESS_ID, "", "2027-11-01").await;
    assert!(error.of(Field::AccessId).is_none() && error.of(Field::ContractId).is_some(), "{error:?}");
    let error = attempt(ACCESS_ID, CONTRACT_ID, "2026-11-19").await;
    assert_eq!(error.of(Field::Expires).map(|fault| fault.code), Some(ErrorCode::DateOrder));
    assert_eq!(latest(&stage, grant).await.state, "requested");
    assert!(stage.mails(ADMIN).await.iter().all(|mail| mail.kind != "technical_active"));
}

#[rstest]
#[tokio::test]
async fn rule_13_everybody_active_sees_the_numbers_and_each_look_is_recorded(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = ready_incidents(&stage).await;
    ask(&stage, &admin, grant).await.expect("asks");
    finish(&stage, grant, "2027-11-01").await.expect("completes");
    let looks = "select count(*) as number from audit_event where action = 'support_ids_shown'";
    let before = stage.count(looks).await;
    for who in [ADMIN, PARTNER_ADMIN, USER_ADMIN, EMPLOYEE] {
        let person = stage.person(who).await;
        let shown = ids::reveal(&stage.service, &person, stage.operation(), grant).await.expect("shows");
        assert_eq!((shown.access_id.as_str(), shown.contract_id.as_str()), (ACCESS_ID, CONTRACT_ID));
    }
    assert_eq!(stage.count(looks).await, before + 4);
    // The same operation shows them again and is recorded once.
    let person = stage.person(EMPLOYEE).await;
    let operation = stage.operation();
    for _ in 0..2 {
        let shown = ids::reveal(&stage.service, &person, operation.clone(), grant).await.expect("shows");
        assert_eq!(shown.access_id.as_str(), ACCESS_ID);
    }
    assert_eq!(stage.count(looks).await, before + 5);
    // Once the last day is over there is nothing to show, also before the worker has run.
    stage.clock.move_days(400);
    let error = ids::reveal(&stage.service, &person, stage.operation(), grant).await.expect_err("over");
    assert!(matches!(code(&error), ErrorCode::WrongState | ErrorCode::GrantEnded));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_13_the_numbers_stand_in_no_table_in_plain(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = ready_incidents(&stage).await;
    ask(&stage, &admin, grant).await.expect("asks");
    finish(&stage, grant, "2027-11-01").await.expect("completes");
    ids::reveal(&stage.service, &admin, stage.operation(), grant).await.expect("shows");
    for (table, columns) in [
        ("operation", "outcome"),
        ("mail", "subject || body"),
        ("notice", "title || link"),
        ("service_request", "title || details || coalesce(reason, '')"),
        ("audit_event", "object_id || coalesce(before_state, '') || coalesce(after_state, '')"),
    ] {
        let text = format!(
            "select count(*) as number from {table} where {columns} like '%482016357%' or {columns} like '%730915264%'
                or {columns} like '%482 016 357%' or {columns} like '%730-915-264%'"
        );
        assert_eq!(stage.count(&text).await, 0, "{table}");
    }
    let row = latest(&stage, grant).await;
    for sealed in [row.access_id, row.contract_id] {
        let sealed = sealed.expect("sealed");
        assert!(!String::from_utf8_lossy(&sealed).contains(ACCESS_ID));
        assert!(!String::from_utf8_lossy(&sealed).contains(CONTRACT_ID));
    }
}

#[rstest]
#[tokio::test]
async fn rule_13_a_refusal_tells_the_requester_why_and_can_be_tried_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(SILVER_ADMIN).await;
    let operator = stage.operator(OPERATOR).await;
    let grant = stage.grant(SILVER, "signature_cloud_support", "silver_core").await;
    ask(&stage, &admin, grant).await.expect("asks");
    let input = Refuse {
        wanted: wanted(&stage, latest(&stage, grant).await.id).await,
        reason: "合同已过期。".to_owned(),
    };
    refuse(&stage.service, &operator, stage.operation(), input).await.expect("refuses");
    let first = latest(&stage, grant).await;
    assert_eq!((first.state.as_str(), first.reason.as_deref()), ("refused", Some("合同已过期。")));
    let mails = stage.mails(SILVER_ADMIN).await;
    let mail = mails.iter().find(|mail| mail.kind == "activation_refused").expect("a mail");
    assert_eq!(mail.language, "zh-Hans");
    assert!(mail.body.contains("合同已过期。") && mail.body.contains("签名云支持"), "{}", mail.body);
    stage.clock.move_seconds(60);
    ask(&stage, &admin, grant).await.expect("tries again");
    let second = latest(&stage, grant).await;
    assert_ne!(first.id, second.id);
    assert_eq!(second.state, "requested");
}

#[rstest]
#[tokio::test]
async fn rule_13_a_request_can_be_taken_back_until_it_is_completed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = ready_incidents(&stage).await;
    let number = ask(&stage, &admin, grant).await.expect("asks");
    let row = latest(&stage, grant).await;
    let input_now = input(&stage, grant).await;
    let back = withdraw(&stage.service, &admin, stage.operation(), input_now).await.expect("takes it back");
    assert_eq!(back, number);
    assert_eq!(latest(&stage, grant).await.state, "withdrawn");
    let request = request_of(&stage, row.id).await;
    assert_eq!((request.state.as_str(), request.open), ("withdrawn", false));
    stage.clock.move_seconds(60);
    ask(&stage, &admin, grant).await.expect("asks once more");
    finish(&stage, grant, "2027-11-01").await.expect("completes");
    let input_now = input(&stage, grant).await;
    let error = withdraw(&stage.service, &admin, stage.operation(), input_now).await.expect_err("too late");
    assert_eq!(code(&error), ErrorCode::WrongState);
    assert_eq!(latest(&stage, grant).await.state, "active");
}

#[rstest]
#[tokio::test]
async fn rules_6_and_7_roles_and_tenants(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let grant = ready(&stage).await;
    for who in [USER_ADMIN, EMPLOYEE] {
        let person = stage.person(who).await;
        let error = ask(&stage, &person, grant).await.expect_err("may not").told();
        assert_eq!(error.code, ErrorCode::RoleNeeded, "{who}");
        assert!(error.colleagues.contains(&"Maren Tolvik".to_owned()), "{error:?}");
    }
    let stranger = stage.person(SILVER_ADMIN).await;
    assert_eq!(code(&ask(&stage, &stranger, grant).await.expect_err("not theirs")), ErrorCode::NotFound);
    let active = stage.grant(GOLD, "product_support_incidents", "gold_core").await;
    let error =
        ids::reveal(&stage.service, &stranger, stage.operation(), active).await.expect_err("not theirs");
    assert_eq!(code(&error), ErrorCode::NotFound);
    let operator = stage.operator(OPERATOR).await;
    let error = ids::reveal(&stage.service, &operator, stage.operation(), active).await.expect_err("rule 1");
    assert_eq!(code(&error), ErrorCode::WrongSide);
    let admin = stage.person(ADMIN).await;
    let software = stage.grant(GOLD, "visual_studio_enterprise", "gold_core").await;
    assert_eq!(code(&ask(&stage, &admin, software).await.expect_err("no")), ErrorCode::WrongKind);
    let error = ids::reveal(&stage.service, &admin, stage.operation(), software).await.expect_err("no");
    assert_eq!(code(&error), ErrorCode::WrongKind);
    assert_eq!(latest_count(&stage, grant).await, 0);
}

async fn latest_count(stage: &Stage, grant: GrantId) -> i64 {
    let text = "select count(*) as number from activation where grant_id = $1";
    sql::number(stage.service.database.reader(), text, [grant.0.into()]).await.expect("reads")
}

#[rstest]
#[tokio::test]
async fn a_double_click_asks_once_and_an_old_page_is_stale(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = ready(&stage).await;
    let old = ActivateGrant { grant, version: version(&stage, grant).await - 1 };
    let error = activate(&stage.service, &admin, stage.operation(), old).await.expect_err("stale");
    assert_eq!(code(&error), ErrorCode::Stale);
    let (operation, wanted) = (stage.operation(), input(&stage, grant).await);
    let first = activate(&stage.service, &admin, operation.clone(), wanted.clone()).await.expect("asks");
    let again = activate(&stage.service, &admin, operation, wanted).await.expect("the same answer");
    assert_eq!(first, again);
    assert_eq!(latest_count(&stage, grant).await, 1);
    let text = format!("select count(*) as number from service_request where number = {first}");
    assert_eq!(stage.count(&text).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_grant_that_ended_a_minute_ago_isnt_activated(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = ready(&stage).await;
    let minute_ago = common::BEGINNING.0 - 60_000;
    stage
        .run("update benefit_grant set expires_at = $2 where id = $1", [grant.0.into(), minute_ago.into()])
        .await;
    assert_eq!(code(&ask(&stage, &admin, grant).await.expect_err("over")), ErrorCode::GrantEnded);
}

#[rstest]
#[tokio::test]
async fn rule_13_editions_a_and_b_assign_a_person_and_tell_both_addresses(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("a", "b")] edition: &str,
) {
    const ALTERNATE: &str = "zhiyao@home.example";
    let stage = stage(engine).await;
    stage.set_policy("support_edition", edition).await;
    let admin = stage.person(ADMIN).await;
    let grant = stage.grant(GOLD, "technical_presales_deployment", "gold_core").await;
    assert_eq!(code(&ask(&stage, &admin, grant).await.expect_err("by assignment")), ErrorCode::WrongKind);
    let holder = stage.person_id(CHINESE_EMPLOYEE, GOLD).await;
    let seat = AssignSeats {
        grant,
        people: vec![holder],
        shortage: None,
        alternate_email: Some(format!("  {ALTERNATE} ")),
    };
    assign(&stage.service, &admin, stage.operation(), seat).await.expect("assigns");
    let row = latest(&stage, grant).await;
    assert_eq!((row.state.as_str(), row.person_id), ("requested", Some(holder.0)));
    assert_eq!(row.alternate_email.as_deref(), Some(ALTERNATE));
    assert!(stage.mails(ALTERNATE).await.is_empty(), "nothing is sent before it is set up");
    let operator = stage.operator(OPERATOR).await;
    let input = CompleteActivation {
        wanted: wanted(&stage, row.id).await,
        access_id: String::new(),
        contract_id: String::new(),
        starts: "2026-11-20".to_owned(),
        expires: "2027-11-01".to_owned(),
    };
    complete(&stage.service, &operator, stage.operation(), input).await.expect("completes");
    assert_eq!(latest(&stage, grant).await.state, "active");
    for address in [CHINESE_EMPLOYEE, ALTERNATE] {
        let mails = stage.mails(address).await;
        let mail = mails.iter().find(|mail| mail.kind == "support_active").expect(address);
        assert_eq!(mail.language, "zh-Hans", "{address}");
        assert!(mail.body.contains("填写此页面上的请求表单并选择阶段。"), "{}", mail.body);
        assert_eq!(mail.account_id.is_some(), address == CHINESE_EMPLOYEE);
    }
    // Removing the person ends what was set up, and the seat is free for the next.
    let (seat, version) = stage.active_seat(grant, holder).await;
    release(&stage.service, &admin, stage.operation(), ReleaseSeat { seat, version }).await.expect("removes");
    assert_eq!(latest(&stage, grant).await.state, "withdrawn");
}

#[rstest]
#[tokio::test]
async fn rule_17_the_alternate_address_of_support_differs_by_case_and_spaces_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    stage.set_policy("support_edition", "b").await;
    let admin = stage.person(ADMIN).await;
    let grant = stage.grant(GOLD, "technical_presales_deployment", "gold_core").await;
    let holder = stage.person_id(EMPLOYEE, GOLD).await;
    let attempt = async |people: Vec<domain::ids::PersonId>, alternate: Option<&str>| {
        let alternate_email = alternate.map(str::to_owned);
        let seat = AssignSeats { grant, people, shortage: None, alternate_email };
        assign(&stage.service, &admin, stage.operation(), seat).await.expect_err("refused").told()
    };
    for (alternate, expected) in [
        (Some(" Teodor.WRZOSEK@fernhollow.example\t"), ErrorCode::AlternateEqualsOwn),
        (Some("  ACCOUNTS@Fernhollow.example "), ErrorCode::AlternateEqualsCompany),
        (Some("nobody"), ErrorCode::MalformedEmail),
        (None, ErrorCode::Required),
    ] {
        let error = attempt(vec![holder], alternate).await;
        assert_eq!(error.of(Field::AlternateEmail).map(|fault| fault.code), Some(expected), "{alternate:?}");
    }
    // Each person has an address of their own.
    let second = stage.person_id(CHINESE_EMPLOYEE, GOLD).await;
    let error = attempt(vec![holder, second], Some("both@home.example")).await;
    assert!(error.of(Field::People).is_some(), "{error:?}");
    assert_eq!(latest_count(&stage, grant).await, 0);
    let seats = "select count(*) as number from seat where alternate_email is not null";
    assert_eq!(stage.count(seats).await, 0);
}

#[rstest]
#[tokio::test]
async fn rule_13_the_clock_ends_an_activation_after_its_last_day_in_the_companys_zone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = ready_incidents(&stage).await;
    ask(&stage, &admin, grant).await.expect("asks");
    finish(&stage, grant, "2026-11-22").await.expect("completes");
    // 2026-11-22 23:59:59.999 in Oslo.
    let last = 1_795_388_399_999;
    assert_eq!(latest(&stage, grant).await.expires_at, Some(last));
    stage.clock.set(domain::Moment(last));
    on_clock::expire_due(&stage.service).await.expect("runs");
    assert_eq!(latest(&stage, grant).await.state, "active");
    stage.clock.set(domain::Moment(last + 1));
    // Two servers at the same moment do it once.
    let (one, other) =
        tokio::join!(on_clock::expire_due(&stage.service), on_clock::expire_due(&stage.service));
    assert!(one.expect("runs") + other.expect("runs") >= 1);
    assert_eq!(latest(&stage, grant).await.state, "expired");
    assert_eq!(on_clock::expire_due(&stage.service).await.expect("runs again"), 0);
    assert!(stage.audit_intact().await);
}
