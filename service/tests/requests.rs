//! Advisory requests, becoming a Global admin, and the lists of requests (rules 5, 15).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::support::AdvisoryDraft;
use domain::view::requests::{RequestKind, RequestState, RequestsQuery};
use domain::{ErrorCode, Field, Language};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::requests::{advisory, global_admin, list};
use service::{Failure, sql};

const GOLD: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const SMALL: &str = "kestrelash.example";
const SMALL_ADMIN: &str = "piet.zanderling@kestrelash.example";
const SMALL_EMPLOYEE: &str = "imogen.larkwhistle@kestrelash.example";
const CHINESE_EMPLOYEE: &str = "zhiyao.shen@fernhollow.example";

/// A page of the list with nothing open.
fn listed(page: u32) -> RequestsQuery {
    RequestsQuery { page, open: None }
}

fn code(failure: &Failure) -> ErrorCode {
    failure.told().code
}

async fn draft(stage: &Stage, company: &str, product: &str, source: &str, hours: &str) -> AdvisoryDraft {
    AdvisoryDraft {
        phase: "app_development".to_owned(),
        environment: "hybrid".to_owned(),
        title: "Sizing <script>alert(1)</script> 🚀".to_owned(),
        description: "Forty users.\r\nCall in the morning.".to_owned(),
        product: "SQL Server".to_owned(),
        country: "Norway".to_owned(),
        language: "English".to_owned(),
        phone: "+47 22 33 44 55".to_owned(),
        time_zone: "Europe/Oslo".to_owned(),
        working_hours: "09:00–16:00".to_owned(),
        grant: stage.grant(company, product, source).await.to_string(),
        hours: hours.to_owned(),
    }
}

#[rstest]
#[tokio::test]
async fn rule_15_the_requester_gets_a_number_on_the_page_and_by_mail(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Row {
        details: String,
        target_at: i64,
    }
    let stage = stage(engine).await;
    let employee = stage.person(CHINESE_EMPLOYEE).await;
    let input = draft(&stage, GOLD, "advisory_hours", "gold_core", "10").await;
    let ledger = "select count(*) as number from balance_entry";
    let before = stage.count(ledger).await;
    let number =
        advisory::submit(&stage.service, &employee, stage.operation(), input.clone()).await.expect("submits");
    let mails = stage.mails(CHINESE_EMPLOYEE).await;
    let mail = mails.iter().find(|mail| mail.kind == "advisory_submitted").expect("a mail");
    assert_eq!(mail.language, "zh-Hans");
    assert!(mail.subject.contains(&number.to_string()), "{}", mail.subject);
    assert!(mail.body.contains("顾问会在两个工作日内答复。"), "{}", mail.body);
    let text = "select details, target_at from service_request where number = $1 and kind = 'advisory'";
    let row: Row = sql::one(stage.service.database.reader(), text, [number.into()])
        .await
        .expect("reads")
        .expect("a request");
    let kept: AdvisoryDraft = serde_json::from_str(&row.details).expect("a form");
    assert_eq!((kept.title.as_str(), kept.hours.as_str()), (input.title.as_str(), "10"));
    assert_eq!(kept.description, "Forty users.\nCall in the morning.");
    // Two working days from a Friday: Tuesday, at its last moment in Oslo.
    assert_eq!(row.target_at, 1_795_561_199_999);
    assert_eq!(stage.count(ledger).await, before, "hours are deducted when the delivery is recorded");
    let page = list::page(&stage.service, &employee, Language::English, listed(1)).await.expect("lists");
    let listed = page.service.iter().find(|row| row.number == number).expect("listed");
    assert_eq!(
        (listed.kind, listed.state, listed.open),
        (RequestKind::Advisory, RequestState::Requested, true)
    );
    assert_eq!(listed.target_days, 4);
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn rule_15_the_form_tells_every_fault_and_charges_only_what_is_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let submit = async |draft: AdvisoryDraft| {
        advisory::submit(&stage.service, &admin, stage.operation(), draft)
            .await
            .map_err(|failure| failure.told())
    };
    let error = submit(AdvisoryDraft::default()).await.expect_err("empty");
    assert_eq!(error.fields.len(), 12);
    let mut input = draft(&stage, GOLD, "advisory_hours", "gold_core", "26").await;
    input.description = "x".repeat(4001);
    let error = submit(input).await.expect_err("too much");
    assert_eq!(error.of(Field::Hours).map(|fault| fault.code), Some(ErrorCode::EngagementTooLong));
    assert_eq!(error.of(Field::Description).map(|fault| fault.code), Some(ErrorCode::TooLong));
    let input = draft(&stage, GOLD, "product_support_incidents", "gold_core", "1").await;
    assert_eq!(submit(input).await.expect_err("incidents").code, ErrorCode::WrongKind);
    let foreign = draft(&stage, SMALL, "advisory_hours", "action_pack", "1").await;
    assert_eq!(submit(foreign).await.expect_err("not theirs").code, ErrorCode::NotFound);
    let unlimited = draft(&stage, GOLD, "technical_presales_deployment", "gold_core", "25").await;
    submit(unlimited).await.expect("unlimited");
}

#[rstest]
#[tokio::test]
async fn rule_14_presales_of_the_action_pack_draws_on_its_advisory_hours(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(SMALL_ADMIN).await;
    // Five hours, of which the ledger of advisory hours has charged two.
    let input = draft(&stage, SMALL, "technical_presales_deployment", "action_pack", "4").await;
    let error = advisory::submit(&stage.service, &admin, stage.operation(), input)
        .await
        .expect_err("too much")
        .told();
    assert_eq!((error.code, error.number), (ErrorCode::BalanceTooLow, Some(3)));
    let page = advisory::page(&stage.service, &admin, Language::English, None).await.expect("opens");
    assert!(page.grants.iter().all(|choice| choice.left == Some(3)), "{:?}", page.grants);
    let input = draft(&stage, SMALL, "technical_presales_deployment", "action_pack", "3").await;
    advisory::submit(&stage.service, &admin, stage.operation(), input).await.expect("submits");
}

#[rstest]
#[tokio::test]
async fn rule_5_the_existing_global_admins_come_first_and_operators_only_where_there_is_none(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let employee = stage.person(SMALL_EMPLOYEE).await;
    let page = global_admin::page(&stage.service, &employee).await.expect("opens");
    assert_eq!(page.admins, [("Piet Zanderling".to_owned(), SMALL_ADMIN.to_owned())]);
    let error =
        global_admin::ask(&stage.service, &employee, stage.operation()).await.expect_err("ask Piet").told();
    assert_eq!(error.code, ErrorCode::WrongState);
    assert_eq!(error.colleagues, ["Piet Zanderling"]);
    let admin = stage.person_id(SMALL_ADMIN, SMALL).await;
    stage.run("update person set status = 'left' where id = $1", [admin.0.into()]).await;
    let operation = stage.operation();
    let number = global_admin::ask(&stage.service, &employee, operation.clone()).await.expect("asks");
    let again = global_admin::ask(&stage.service, &employee, operation).await.expect("a double click");
    assert_eq!(number, again);
    let error =
        global_admin::ask(&stage.service, &employee, stage.operation()).await.expect_err("waits already");
    assert_eq!(code(&error), ErrorCode::AlreadyRequested);
    let page = global_admin::page(&stage.service, &employee).await.expect("opens");
    assert!(page.admins.is_empty());
    assert_eq!(page.waiting.map(|(number, _)| number), Some(number));
}

#[rstest]
#[tokio::test]
async fn rules_6_and_7_administrators_see_the_companys_requests_and_employees_their_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let page = list::page(&stage.service, &admin, Language::English, listed(1)).await.expect("lists");
    assert!(page.of_company && page.why_not_decide.is_none());
    assert!(page.seats.iter().any(|request| request.name == "Solveig Aurdalen"), "{:?}", page.seats);
    assert!(
        page.service
            .iter()
            .any(|row| row.kind == RequestKind::Activation && row.title == "Signature cloud support")
    );
    let chinese =
        list::page(&stage.service, &admin, Language::SimplifiedChinese, listed(1)).await.expect("lists");
    assert!(chinese.service.iter().any(|row| row.title == "签名云支持"));
    let company = stage.organization(GOLD).await;
    let text = "select count(*) as number from service_request where organization_id = $1";
    let all = sql::number(stage.service.database.reader(), text, [company.0.into()]).await.expect("reads");
    assert_eq!(page.total, all);
    // Sees them, and is told who decides.
    let user_admin = stage.person(USER_ADMIN).await;
    let page = list::page(&stage.service, &user_admin, Language::English, listed(1)).await.expect("lists");
    let why_not = page.why_not_decide.expect("may not decide");
    assert!(!page.seats.is_empty() && why_not.colleagues.contains(&"Maren Tolvik".to_owned()));
    let employee = stage.person(EMPLOYEE).await;
    let page = list::page(&stage.service, &employee, Language::English, listed(1)).await.expect("lists");
    assert!(!page.of_company && page.seats.is_empty() && page.service.is_empty());
    assert_eq!(page.own_seats.len(), 1);
    assert_eq!(page.own_seats[0].state, "requested");
    // A page beyond the last is the last.
    let page = list::page(&stage.service, &admin, Language::English, listed(99)).await.expect("lists");
    assert_eq!(page.page, 1);
    let operator = stage.operator("marisa.talvinen@northlight.example").await;
    let error =
        list::page(&stage.service, &operator, Language::English, listed(1)).await.expect_err("rule 1");
    assert_eq!(code(&error), ErrorCode::WrongSide);
}
