//! Go-to-market benefits and the marketing contact (rules 16, 17).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::{GrantId, ServiceRequestId};
use domain::view::benefits::DetailKind;
use domain::view::marketing::MarketingDetail;
use domain::{ActivationState, ErrorCode, Field, Language};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::activations::on_clock;
use service::activations::request::{ActivateGrant, activate};
use service::benefits::detail::detail;
use service::contact::save::{SaveContact, Saved, save};
use service::contact::view::contact;
use service::queue::Wanted;
use service::queue::complete::{CompleteActivation, activation as complete};
use service::{Failure, Request, sql};
use uuid::Uuid;

const GOLD: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
/// Has no marketing contact.
const SMALL: &str = "kestrelash.example";
const SMALL_ADMIN: &str = "piet.zanderling@kestrelash.example";
const SMALL_EMPLOYEE: &str = "imogen.larkwhistle@kestrelash.example";
const OPERATOR: &str = "marisa.talvinen@northlight.example";

fn code(failure: &Failure) -> ErrorCode {
    failure.told().code
}

async fn version_of_contact(stage: &Stage, who: &Request) -> Option<i64> {
    contact(&stage.service, who, None).await.expect("opens").contact.map(|contact| contact.version)
}

async fn typed(stage: &Stage, who: &Request, email: &str, domain: &str, alternate: &str) -> SaveContact {
    SaveContact {
        person: stage.person_id(email, domain).await.to_string(),
        alternate_email: alternate.to_owned(),
        phone: "+44 20 7946 0142".to_owned(),
        language: "en".to_owned(),
        version: version_of_contact(stage, who).await,
    }
}

async fn ask(stage: &Stage, who: &Request, grant: GrantId) -> Result<i64, Failure> {
    let text = "select row_version as number from benefit_grant where id = $1";
    let version =
        sql::number(stage.service.database.reader(), text, [grant.0.into()]).await.expect("a version");
    activate(&stage.service, who, stage.operation(), ActivateGrant { grant, version }).await
}

async fn finish(stage: &Stage, grant: GrantId, expires: &str) {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        row_version: i64,
    }
    let text =
        "select id, row_version from service_request where grant_id = $1 and open and kind = 'activation'";
    let row: Row = sql::one(stage.service.database.reader(), text, [grant.0.into()])
        .await
        .expect("reads")
        .expect("a request");
    let input = CompleteActivation {
        wanted: Wanted { request: ServiceRequestId(row.id), version: row.row_version },
        access_id: String::new(),
        contract_id: String::new(),
        starts: "2026-11-20".to_owned(),
        expires: expires.to_owned(),
    };
    let operator = stage.operator(OPERATOR).await;
    complete(&stage.service, &operator, stage.operation(), input).await.expect("completes");
}

async fn open(stage: &Stage, who: &Request, grant: GrantId) -> (MarketingDetail, Option<domain::Day>) {
    let detail = detail(&stage.service, who, Language::English, grant, None).await.expect("opens");
    match detail.kind {
        DetailKind::Marketing(marketing) => (*marketing, detail.row.expires),
        other => panic!("another kind: {other:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn rule_16_nothing_is_activated_without_a_marketing_contact(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(SMALL_ADMIN).await;
    let grant = stage.grant(SMALL, "standard_marketing_assets", "action_pack").await;
    let (view, _) = open(&stage, &admin, grant).await;
    assert_eq!(view.why_closed.map(|error| error.code), Some(ErrorCode::ContactMissing));
    assert_eq!(code(&ask(&stage, &admin, grant).await.expect_err("no contact")), ErrorCode::ContactMissing);
    let text = "select count(*) as number from activation where grant_id = $1";
    assert_eq!(sql::number(stage.service.database.reader(), text, [grant.0.into()]).await.expect("reads"), 0);
    let input = typed(&stage, &admin, SMALL_EMPLOYEE, SMALL, "brand@kestrelash.example").await;
    assert_eq!(save(&stage.service, &admin, stage.operation(), input).await.expect("adds"), Saved::Added);
    let (view, _) = open(&stage, &admin, grant).await;
    assert_eq!(view.why_closed, None);
    ask(&stage, &admin, grant).await.expect("asks");
    let (view, expires) = open(&stage, &admin, grant).await;
    assert_eq!((view.state, expires), (ActivationState::Requested, None));
    assert!(view.activation.expect("facts").processing.is_some());
}

#[rstest]
#[tokio::test]
async fn rule_16_the_instructions_go_to_the_contacts_designated_address_in_its_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let mut input = typed(&stage, &admin, PARTNER_ADMIN, GOLD, "press@fernhollow.example").await;
    input.language = "zh-Hant".to_owned();
    save(&stage.service, &admin, stage.operation(), input).await.expect("updates");
    let grant = stage.grant(GOLD, "case_study", "gold_core").await;
    ask(&stage, &admin, grant).await.expect("asks");
    finish(&stage, grant, "2027-02-18").await;
    let mails = stage.mails("press@fernhollow.example").await;
    let mail = mails.iter().find(|mail| mail.kind == "marketing_active").expect("a mail");
    assert_eq!(mail.language, "zh-Hant");
    assert_eq!(mail.account_id, None);
    let text = "select t.instructions as name from product_text t join product p on p.id = t.product_id
        where p.code = 'case_study' and t.language = 'zh-Hant'";
    let steps = one_text(&stage, text).await;
    for step in steps.lines().filter(|line| !line.trim().is_empty()) {
        assert!(mail.body.contains(step.trim()), "{step} in {}", mail.body);
    }
    assert!(mail.body.contains("2027年2月18日"), "{}", mail.body);
    assert!(stage.mails(PARTNER_ADMIN).await.iter().all(|mail| mail.kind != "marketing_active"));
    let (view, expires) = open(&stage, &admin, grant).await;
    assert_eq!(view.state, ActivationState::Active);
    assert_eq!(expires.map(|day| day.to_string()).as_deref(), Some("2027-02-18"));
}

async fn one_text(stage: &Stage, text: &str) -> String {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let row: Option<Row> = sql::one(stage.service.database.reader(), text, []).await.expect("reads");
    row.expect("a row").name
}

#[rstest]
#[tokio::test]
async fn rule_16_it_is_usable_until_its_last_day_and_the_contact_hears_when_it_is_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = stage.grant(GOLD, "case_study", "gold_core").await;
    ask(&stage, &admin, grant).await.expect("asks");
    finish(&stage, grant, "2026-11-22").await;
    let told = async || {
        let mails = stage.mails("press@fernhollow.example").await;
        mails.into_iter().filter(|mail| mail.kind == "marketing_expiring").collect::<Vec<_>>()
    };
    // The sample programme has one that ends in 14 days, too: each is told once.
    on_clock::remind_due(&stage.service).await.expect("runs");
    assert_eq!(on_clock::remind_due(&stage.service).await.expect("runs again"), 0);
    let soon = told().await;
    let case_study: Vec<_> = soon.iter().filter(|mail| mail.body.contains("22 Nov 2026")).collect();
    assert_eq!(case_study.len(), 1, "{soon:?}");
    assert!(case_study[0].subject.starts_with("Ends soon: "), "{}", case_study[0].subject);
    // 2026-11-22 23:59:59.999 in Oslo.
    let last = 1_795_388_399_999;
    stage.clock.set(domain::Moment(last));
    on_clock::expire_due(&stage.service).await.expect("runs");
    assert_eq!(open(&stage, &admin, grant).await.0.state, ActivationState::Active);
    stage.clock.set(domain::Moment(last + 1));
    // The page knows before the worker does.
    assert_eq!(open(&stage, &admin, grant).await.0.state, ActivationState::Expired);
    assert!(on_clock::expire_due(&stage.service).await.expect("runs") >= 1);
    let mails = stage.mails("press@fernhollow.example").await;
    let mails: Vec<_> = mails.iter().filter(|mail| mail.kind == "marketing_expired").collect();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].body.contains("22 Nov 2026"), "{}", mails[0].body);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_16_the_new_and_the_former_contact_hear_of_the_change(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(PARTNER_ADMIN).await;
    let changed = "marketing_contact_changed";
    let input = typed(&stage, &admin, PARTNER_ADMIN, GOLD, "news@fernhollow.example").await;
    assert_eq!(
        save(&stage.service, &admin, stage.operation(), input).await.expect("updates"),
        Saved::Updated
    );
    let count = async |address: &str| {
        stage.mails(address).await.into_iter().filter(|mail| mail.kind == changed).count()
    };
    assert_eq!(count("news@fernhollow.example").await, 1);
    assert_eq!(count("press@fernhollow.example").await, 0);
    let input = typed(&stage, &admin, EMPLOYEE, GOLD, "teodor@home.example").await;
    assert_eq!(
        save(&stage.service, &admin, stage.operation(), input).await.expect("changes"),
        Saved::Changed
    );
    assert_eq!(count("teodor@home.example").await, 1);
    assert_eq!(count("news@fernhollow.example").await, 2);
    let mails = stage.mails("news@fernhollow.example").await;
    assert!(mails.iter().any(|mail| mail.body.contains("contact of Fernhollow Systems: Teodor Wrzosek")));
    let pane = contact(&stage.service, &admin, None).await.expect("opens").contact.expect("a contact");
    assert_eq!(
        (pane.name.as_str(), pane.alternate_email.as_str()),
        ("Teodor Wrzosek", "teodor@home.example")
    );
}

#[rstest]
#[tokio::test]
async fn rule_17_the_contacts_address_differs_from_both_by_case_and_spaces_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let before = version_of_contact(&stage, &admin).await;
    for (alternate, expected) in [
        ("  TEODOR.wrzosek@Fernhollow.example ", ErrorCode::AlternateEqualsOwn),
        ("\tAccounts@FERNHOLLOW.example", ErrorCode::AlternateEqualsCompany),
        ("", ErrorCode::Required),
        ("nobody", ErrorCode::MalformedEmail),
    ] {
        let input = typed(&stage, &admin, EMPLOYEE, GOLD, alternate).await;
        let error = save(&stage.service, &admin, stage.operation(), input).await.expect_err("refused").told();
        assert_eq!(error.of(Field::AlternateEmail).map(|fault| fault.code), Some(expected), "{alternate}");
    }
    // Every fault is told at once.
    let mut input = typed(&stage, &admin, EMPLOYEE, GOLD, "nobody").await;
    input.phone = "12".to_owned();
    input.language = "no".to_owned();
    let error = save(&stage.service, &admin, stage.operation(), input).await.expect_err("refused").told();
    let fields: Vec<Field> = error.fields.iter().map(|fault| fault.field).collect();
    assert_eq!(fields, [Field::AlternateEmail, Field::Phone, Field::Language]);
    assert_eq!(version_of_contact(&stage, &admin).await, before);
}

#[rstest]
#[tokio::test]
async fn rules_6_and_7_roles_tenants_and_old_pages(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let input = typed(&stage, &admin, EMPLOYEE, GOLD, "teodor@home.example").await;
    let user_admin = stage.person(USER_ADMIN).await;
    let error =
        save(&stage.service, &user_admin, stage.operation(), input.clone()).await.expect_err("no").told();
    assert_eq!(error.code, ErrorCode::RoleNeeded);
    assert!(!error.colleagues.is_empty());
    let pane = contact(&stage.service, &user_admin, None).await.expect("sees it");
    assert!(pane.contact.is_some() && pane.people.is_empty() && pane.why_not.is_some());
    // Somebody of another company can't be chosen, and isn't known.
    let mut foreign = input.clone();
    foreign.person = stage.person_id(SMALL_ADMIN, SMALL).await.to_string();
    let error = save(&stage.service, &admin, stage.operation(), foreign).await.expect_err("not theirs");
    assert_eq!(code(&error), ErrorCode::NotFound);
    let mut unknown = input.clone();
    unknown.person = Uuid::nil().to_string();
    let error = save(&stage.service, &admin, stage.operation(), unknown).await.expect_err("nobody");
    assert_eq!(code(&error), ErrorCode::NotFound);
    let mut suspended = input.clone();
    suspended.person = stage.person_id("tarik.selimbasic@fernhollow.example", GOLD).await.to_string();
    let error =
        save(&stage.service, &admin, stage.operation(), suspended).await.expect_err("suspended").told();
    assert_eq!(error.of(Field::Person).map(|fault| fault.code), Some(ErrorCode::PersonNotActive));
    save(&stage.service, &admin, stage.operation(), input.clone()).await.expect("changes");
    let error = save(&stage.service, &admin, stage.operation(), input.clone()).await.expect_err("old page");
    assert_eq!(code(&error), ErrorCode::Stale);
    let error = save(&stage.service, &admin, stage.operation(), SaveContact { version: None, ..input });
    assert_eq!(code(&error.await.expect_err("older still")), ErrorCode::Stale);
    for who in [USER_ADMIN, EMPLOYEE] {
        let grant = stage.grant(GOLD, "case_study", "gold_core").await;
        let person = stage.person(who).await;
        assert_eq!(code(&ask(&stage, &person, grant).await.expect_err("may not")), ErrorCode::RoleNeeded);
    }
}
