//! Insight over HTTP: drawings with their tables, one click without scripts, and the figures as files.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use rstest::rstest;
use service::insight::count::count_due;

use crate::browser::Portal;
use crate::common::{BEGINNING, Engine};
use crate::html::decode;
use crate::scene::{AUDITOR, CHINESE_EMPLOYEE, GLOBAL_ADMIN, OTHER_ADMIN, PROGRAMME_ADMIN};

/// The rows of a file, the head first.
fn table(body: &str) -> Vec<Vec<String>> {
    let text = body.strip_prefix('\u{feff}').expect("the mark of UTF-8");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("a table")
}

async fn counted(engine: Engine) -> Portal {
    let portal = Portal::open(engine).await;
    count_due(&portal.stage.service).await.expect("counted");
    portal
}

#[rstest]
#[tokio::test]
async fn every_drawing_has_its_words_and_its_table(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = counted(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let auditor = portal.signed_in(AUDITOR).await;
    for (browser, path) in [
        (&admin, "/insight?category=visual_studio"),
        (&admin, "/insight?category=technical&span=half"),
        (&auditor, "/operator/insight?category=visual_studio&span=two_years"),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let drawings = page.body.matches("<figure class=\"figures\">").count();
        assert!(drawings > 0, "{path}");
        assert_eq!(page.body.matches("class=\"chart\"").count(), drawings, "{path}");
        assert!(page.body.matches("role=\"img\"").count() >= drawings, "{path}");
        assert!(page.body.matches("<desc ").count() >= drawings, "{path}");
        assert!(page.body.matches("<table").count() > drawings, "{path}");
        assert!(page.body.contains("Nov 2026"), "{path}");
        assert!(!page.body.contains("style="), "{path}");
    }
    let odd = admin.get("/insight?category=nothing&span=99&benefits_after=x&seats_after=-1.7").await;
    assert_eq!(odd.status, StatusCode::OK);
}

#[rstest]
#[tokio::test]
async fn every_id_stands_once_on_a_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = counted(engine).await;
    let stage = &portal.stage;
    stage
        .sql(&format!(
            "update service_request set state = 'completed', open = false, decided_at = {} where kind = 'advisory'",
            BEGINNING.0
        ))
        .await;
    count_due(&stage.service).await.expect("counted");
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let auditor = portal.signed_in(AUDITOR).await;
    for (browser, path, needed) in
        [(&admin, "/insight", "use-title"), (&auditor, "/operator/insight", "times-chart-title")]
    {
        let page = browser.get(path).await;
        let mut ids: Vec<&str> =
            page.body.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(ids.contains(&needed), "{path}: {ids:?}");
        ids.sort_unstable();
        let twice: Vec<_> = ids.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{path}: {twice:?}");
    }
}

#[rstest]
#[tokio::test]
async fn one_click_reminds_and_takes_back_without_scripts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = counted(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let before = BEGINNING.plus_days(-30).0;
    stage
        .sql(&format!(
            "update seat set assigned_at = {before}, locked_until = null where released_at is null"
        ))
        .await;
    let page = admin.get("/insight").await;
    let form = page.form("remind_holder", None);
    let seat = form.get("target").expect("a seat").to_owned();
    let answer = admin.submit("/insight", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = admin.follow(answer).await;
    assert!(decode(&page.body).contains("Each is told."), "{}", page.body);
    assert!(page.find_form("remind_holder", Some(&seat)).is_none(), "not again within the week");
    let answer = admin.submit("/insight", &page.form("release_seat", Some(&seat))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(admin.follow(answer).await.find_form("release_seat", Some(&seat)).is_none(), "taken back");
    let answer = admin.submit("/insight", &page.form("remind_administrators", None)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn one_click_of_an_operator_reminds_a_company_without_scripts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const PATH: &str = "/operator/insight";
    let portal = counted(engine).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let form = operator.get(PATH).await.form("remind_company", None);
    let grant = form.get("target").expect("a grant").to_owned();
    let auditor = portal.signed_in(AUDITOR).await;
    let page = auditor.get(PATH).await;
    assert!(page.body.contains("id=\"unused-title\""), "the list is the auditor's, too");
    assert!(page.find_form("remind_company", None).is_none(), "the button isn't");
    let of_today = |body: &str| body.matches("datetime=\"2026-11-20\"").count();
    let before = of_today(&page.body);
    assert_eq!(auditor.submit(PATH, &form).await.status, StatusCode::FORBIDDEN);
    let noted = "select count(*) as number from idle_reminder";
    assert_eq!(portal.stage.count(noted).await, 0);

    let answer = operator.submit(PATH, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = operator.follow(answer).await;
    let body = decode(&page.body);
    assert!(body.contains("Each is told.") && body.contains("Again from "), "{body}");
    assert!(page.find_form("remind_company", Some(&grant)).is_none(), "not again within the week");
    assert!(page.find_form("remind_company", None).is_some(), "another one can be");
    assert_eq!(of_today(&auditor.get(PATH).await.body), before + 1, "the auditor reads when it was");
    // From a page that was opened before.
    let again = form.with("operation", &portal.stage.operation().to_string());
    let answer = operator.submit(PATH, &again).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(decode(&answer.body).contains("A reminder went out a few days ago."), "{}", answer.body);
    assert_eq!(portal.stage.count(noted).await, 1);
}

#[rstest]
#[tokio::test]
async fn the_figures_are_taken_away_as_lines_and_as_a_workbook(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = counted(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let file = admin.get("/insight.csv?span=half").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert_eq!(file.header(CONTENT_DISPOSITION), "attachment; filename=\"insight.csv\"");
    assert_eq!(file.header(CACHE_CONTROL), "no-store");
    let rows = table(&file.body);
    assert_eq!(rows[0][..5], ["Month", "Category", "Benefit name", "Counted in", "Granted"]);
    assert!(rows.len() > 5 && rows.iter().skip(1).all(|row| row[0].starts_with("2026-")), "{rows:?}");
    assert!(rows.iter().any(|row| row[2] == "All benefits"), "{rows:?}");
    let other = table(&portal.signed_in(OTHER_ADMIN).await.get("/insight.csv?span=half").await.body);
    assert_ne!(rows, other, "another company has its own");
    let book = admin.get("/insight.xlsx").await;
    assert_eq!(book.status, StatusCode::OK);
    assert_eq!(
        book.header(CONTENT_TYPE),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    );
    let auditor = portal.signed_in(AUDITOR).await;
    for (path, head) in [
        ("/operator/insight.csv", "Category"),
        ("/operator/insight.csv?part=times", "Kind"),
        ("/operator/insight.csv?part=money", "Currency"),
    ] {
        let rows = table(&auditor.get(path).await.body);
        assert_eq!(rows[0][..2], ["Month", head], "{path}");
    }
    portal.stage.sql("update key_pool set low_since = 1").await;
    let low = table(&auditor.get("/operator/insight.csv?part=low").await.body);
    assert!(low.len() > 1 && low[0][..2] == ["Product", "Free"], "{low:?}");
    let unused = table(&auditor.get("/operator/insight.csv?part=unused").await.body);
    assert!(unused.len() > 1 && unused[0][..2] == ["Organization", "Benefit name"], "{unused:?}");
    assert_eq!(auditor.get("/operator/insight.xlsx?span=two_years").await.status, StatusCode::OK);
    let recorded = "select count(*) as number from audit_event where action = 'insight_exported'";
    assert_eq!(portal.stage.count(recorded).await, 9);
    let employee = portal.signed_in(CHINESE_EMPLOYEE).await;
    assert_eq!(employee.status_of("/insight.xlsx").await, StatusCode::FORBIDDEN);
    assert_eq!(portal.stage.count(recorded).await, 9);
}
