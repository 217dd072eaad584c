//! Invoices as files: who gets one, and in which language.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use rstest::rstest;

use crate::browser::{Answer, Portal};
use crate::common::Engine;
use crate::scene::{EMPLOYEE, GLOBAL_ADMIN, USER_ADMIN};

#[track_caller]
fn is_invoice(answer: &Answer, number: i64, language: &str) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header(CONTENT_TYPE), "application/pdf");
    let name = format!("attachment; filename=\"invoice-{number}.pdf\"");
    assert_eq!(answer.header(CONTENT_DISPOSITION), name);
    assert_eq!(answer.header(CACHE_CONTROL), "no-store");
    assert!(answer.body.starts_with("%PDF-"));
    assert!(answer.body.contains(&format!("/Lang({language})")), "in another language than {language}");
}

#[rstest]
#[tokio::test]
async fn whoever_buys_takes_the_invoice_along_in_the_own_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let number = portal.stage.paid_invoice().await;
    let path = format!("/invoices/{number}");
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    is_invoice(&admin.get(&path).await, number, "en");
    // Buying takes no Global admin.
    is_invoice(&portal.signed_in(USER_ADMIN).await.get(&path).await, number, "en");
    for language in ["zh-Hans", "zh-Hant"] {
        let page = admin.get("/account").await;
        let form = page.form("choose_language", Some("account")).with("language", language);
        admin.submit("/account", &form).await;
        is_invoice(&admin.get(&path).await, number, language);
    }
    let text = format!(
        "select o.number from orders o join invoice i on i.order_id = o.id where i.number = {number}"
    );
    let page = admin.get(&format!("/orders/{}", portal.stage.count(&text).await)).await;
    assert!(page.body.contains(&format!("href=\"{path}\"")), "the order's page leads to it");
}

#[rstest]
#[tokio::test]
async fn whoever_does_not_buy_is_refused_and_the_trail_has_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let path = format!("/invoices/{}", portal.stage.paid_invoice().await);
    assert_eq!(portal.browser().get(&path).await.status, StatusCode::UNAUTHORIZED);
    let before = portal.stage.denied().await;
    let employee = portal.signed_in(EMPLOYEE).await;
    for path in [path.as_str(), "/invoices/1", "/invoices/none"] {
        let refused = employee.get(path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!refused.body.contains("%PDF-"));
    }
    assert_eq!(portal.stage.denied().await, before + 3);
}
