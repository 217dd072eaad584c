//! The activity as a file, and what is denied on the way.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use rstest::rstest;

use crate::browser::{Portal, fields};
use crate::common::Engine;
use crate::scene::{AUDITOR, CHINESE_EMPLOYEE, COMPANY, EMPLOYEE, GLOBAL_ADMIN, OTHER_ADMIN, PARTNER_ADMIN};

/// The rows of a file, the head first.
fn table(body: &str) -> Vec<Vec<String>> {
    let text = body.strip_prefix('\u{feff}').expect("the mark of UTF-8");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("a table")
}

#[rstest]
#[tokio::test]
async fn the_file_has_what_the_page_has(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let partner = portal.signed_in(PARTNER_ADMIN).await;
    partner.post("/benefits/software", &portal.stage.filled("reveal_key").await).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let page = admin.get("/account/activity?kind=keys").await;
    assert!(page.body.contains("Revealed a key") && page.body.contains("Odalys Brandt"), "{}", page.body);
    assert!(page.body.contains("/account/activity.csv?kind=keys"), "the page links the file");
    let file = admin.get("/account/activity.csv?kind=keys").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert_eq!(file.header(CONTENT_TYPE), "text/csv; charset=utf-8");
    assert_eq!(file.header(CONTENT_DISPOSITION), "attachment; filename=\"activity.csv\"");
    assert_eq!(file.header(CACHE_CONTROL), "no-store");
    let rows = table(&file.body);
    assert_eq!(rows[0][..3], ["When", "Who", "What"]);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(
        rows[1][..4],
        ["2026-11-20T10:00:00+01:00", "Odalys Brandt-Reyes", "Revealed a key", "key_revealed"]
    );
    assert!(rows[1].contains(&"Action Pack".to_owned()), "{rows:?}");
    // The file says that it was taken away.
    let after = table(&admin.get("/account/activity.csv?kind=evidence").await.body);
    let exported: Vec<_> = after.iter().filter(|row| row[3] == "activity_exported").collect();
    assert_eq!(exported.len(), 2, "{after:?}");
    assert!(exported[1].contains(&"kind keys".to_owned()), "{exported:?}");
    // In the reader's language, and only what the reader sees.
    let employee = portal.signed_in(CHINESE_EMPLOYEE).await;
    let rows = table(&employee.get("/account/activity.csv").await.body);
    assert_eq!(rows[0][..3], ["时间", "操作者", "操作"]);
    assert!(rows.iter().skip(1).all(|row| row[1] == "沈知遥"), "{rows:?}");
    let other = portal.signed_in(OTHER_ADMIN).await.get("/account/activity.csv").await;
    assert!(!other.body.contains("Odalys") && !other.body.contains("Maren"), "{}", other.body);
    // Operators have it of every company, and which it is.
    let auditor = portal.signed_in(AUDITOR).await;
    let rows = table(&auditor.get("/operator/activity.csv?find=brandt").await.body);
    assert_eq!(rows[0][1], "Organization");
    assert!(rows.len() > 1 && rows.iter().skip(1).all(|row| row[1].starts_with("Fernhollow")), "{rows:?}");
}

#[rstest]
#[tokio::test]
async fn no_name_becomes_a_formula(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let text = "update account set full_name = '=HYPERLINK(\"http://evil.example\")' where email_key = $1";
    portal.stage.run(text, [EMPLOYEE.into()]).await;
    let browser = portal.signed_in(EMPLOYEE).await;
    let rows = table(&browser.get("/account/activity.csv").await.body);
    assert!(rows.len() > 1);
    assert!(rows.iter().skip(1).all(|row| row[1].starts_with("'=HYPERLINK")), "{rows:?}");
}

#[rstest]
#[tokio::test]
async fn what_is_denied_by_form_file_and_download_is_in_the_trail(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let browser = portal.signed_in(EMPLOYEE).await;
    let grant = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let text = "select d.id from product_download d join product p on p.id = d.product_id
        where p.code = $1 order by d.id limit 1";
    let download = stage.id(text, ["windows_enterprise".into()]).await;
    let refused = browser.post("/benefits/visual-studio", &stage.filled("assign_seats").await).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for path in [format!("/downloads/{grant}/{download}"), "/operator/activity.csv".to_owned()] {
        assert_eq!(browser.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    // A form that nobody has is no attempt worth a row.
    browser.post("/account", &fields(&[("form", "no_such_form")])).await;
    assert_eq!(stage.denied().await, 3);
    // A page that isn't for partners.
    assert_eq!(browser.get("/operator/queue").await.status, StatusCode::FORBIDDEN);
    assert_eq!(stage.denied().await, 4);
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let rows = table(&admin.get("/account/activity.csv?kind=evidence&find=wrzosek").await.body);
    let denied: Vec<_> = rows.iter().filter(|row| row[3] == "denied").collect();
    assert_eq!(denied.len(), 4, "{rows:?}");
    for attempt in ["Assigning seats", "Downloading a package", "Exporting the activity", "/operator/queue"] {
        assert!(denied.iter().any(|row| row.contains(&attempt.to_owned())), "{attempt}: {denied:?}");
    }
}
