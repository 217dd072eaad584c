//! What operators write stays where it belongs, on every page and in every answer.

use axum::http::StatusCode;
use rstest::rstest;

use crate::browser::{Portal, fields};
use crate::common::Engine;
use crate::scene::{AGENT, GLOBAL_ADMIN, OTHER_ADMIN};

const QUIET: &str = "Quietly the third one this year";

#[rstest]
#[tokio::test]
async fn a_note_reaches_no_page_of_the_company_and_a_message_reaches_only_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let request = stage.service_request_of(GLOBAL_ADMIN).await.to_string();
    let agent = portal.signed_in(AGENT).await;
    let write = async |code: &str, field: &str, text: &str| {
        let operation = stage.operation().to_string();
        let form = fields(&[("form", code), ("target", &request), ("operation", &operation), (field, text)]);
        let answer = agent.post("/operator/queue", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    };
    write("note_request", "note", QUIET).await;
    write("message_partner", "message", "Which <tenant> is it?").await;
    let own = agent.get(&format!("/operator/queue?open={request}")).await;
    assert!(own.body.contains(QUIET) && own.body.contains("Which &lt;tenant&gt; is it?"));
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    for path in [
        "/".to_owned(),
        "/requests".to_owned(),
        format!("/requests?open={request}"),
        "/notices".to_owned(),
        "/account/activity".to_owned(),
        "/benefits/technical".to_owned(),
        "/technical-request".to_owned(),
    ] {
        let page = admin.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.body.contains("Quietly"), "{path} shows a note");
    }
    let open = admin.get(&format!("/requests?open={request}")).await;
    assert!(open.body.contains("Which &lt;tenant&gt; is it?"), "{}", open.body);
    let elsewhere = portal.signed_in(OTHER_ADMIN).await;
    let theirs = elsewhere.get(&format!("/requests?open={request}")).await;
    assert_eq!(theirs.status, StatusCode::OK);
    assert!(!theirs.body.contains("tenant&gt;") && !theirs.body.contains("Quietly"));
}
