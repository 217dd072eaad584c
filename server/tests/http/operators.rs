//! Operators over HTTP: the page as it is without JavaScript, and the way in of a new one.

use axum::http::StatusCode;
use rstest::rstest;

use crate::browser::{Portal, fields};
use crate::common::Engine;
use crate::html::decode;
use crate::scene::{AGENT, AUDITOR, PROGRAMME_ADMIN};

const LIST: &str = "/operator/operators";
const NEW: &str = "ida.moen@northlight.example";
const PASSWORD: &str = "a quiet lamp over the harbour";

#[rstest]
#[tokio::test]
async fn a_new_operator_comes_in_and_goes_without_javascript(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(PROGRAMME_ADMIN).await;
    let form = admin.get(LIST).await.form("add_operator", None);
    let form = form.with("name", "Ida Moen").with("email", NEW).with("language", "en");
    // Without a role nobody is one, and what was typed stays.
    let refused = admin.submit(LIST, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert!(refused.body.contains("value=\"Ida Moen\""), "{}", refused.body);
    let answer = admin.submit(LIST, &form.with("roles", "auditor")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let opened = answer.location().split('#').next().unwrap_or_default().to_owned();
    let page = admin.get(&opened).await;
    assert!(page.find_form("invite_operator_again", None).is_some(), "{}", page.body);

    let link = portal.stage.invitation_link(NEW).await;
    let theirs = portal.browser();
    let door = theirs.get(&link).await;
    assert!(decode(&door.body).contains("Northlight Partner Programme"), "{}", door.body);
    let chosen =
        door.form("accept_invitation", None).with("new_password", PASSWORD).with("repeat_password", PASSWORD);
    let answer = theirs.submit(&link, &chosen).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let list = theirs.get(LIST).await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.find_form("add_operator", None).is_none(), "an auditor reads");
    let answer = theirs.submit(&link, &chosen).await;
    assert_ne!(answer.status, StatusCode::SEE_OTHER, "the link works once");

    // Removed, the operator is out at once.
    let page = admin.get(&opened).await;
    let answer = admin.submit(&opened, &page.form("remove_operator", None)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(theirs.get(LIST).await.status, StatusCode::SEE_OTHER, "to the sign-in page");
    assert_eq!(admin.get(&opened).await.status, StatusCode::OK, "a page that had the row open goes on");
}

#[rstest]
#[tokio::test]
async fn whoever_may_not_change_operators_reads_who_can(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let text = "select id from account where email_key = $1";
    let agent = portal.stage.id(text, [AGENT.into()]).await;
    let auditor = portal.signed_in(AUDITOR).await;
    let page = auditor.get(&format!("{LIST}?open={agent}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(decode(&page.body).contains("Programme admin"), "{}", page.body);
    for code in ["add_operator", "set_operator_roles", "remove_operator"] {
        assert!(page.find_form(code, None).is_none(), "{code}");
    }
    // The last programme admin is told that they stay.
    let admin = portal.signed_in(PROGRAMME_ADMIN).await;
    let own = portal.stage.id(text, [PROGRAMME_ADMIN.into()]).await;
    let page = admin.get(&format!("{LIST}?open={own}")).await;
    assert!(decode(&page.body).contains("This is the last programme admin"), "{}", page.body);
    assert!(page.find_form("remove_operator", None).is_none());
    let version = portal.stage.version("account", own).await.to_string();
    let form = fields(&[
        ("form", "remove_operator"),
        ("target", &own.to_string()),
        ("version", &version),
        ("operation", "test-operation-remove-last"),
    ]);
    assert_eq!(admin.post(LIST, &form).await.status, StatusCode::CONFLICT);
}
