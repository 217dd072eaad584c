//! What operators write stays where it belongs, on every page and in every answer.

use axum::http::StatusCode;
use rstest::rstest;

use crate::browser::{Portal, fields};
use crate::common::Engine;
use crate::html::tags;
use crate::scene::{AGENT, GLOBAL_ADMIN, OTHER_ADMIN};

#[rstest]
#[tokio::test]
async fn the_queue_is_read_page_by_page_with_its_links(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    portal.stage.add_requests(120).await;
    let agent = portal.signed_in(AGENT).await;
    // What the links say is what the page shows, without a script.
    let link = |page: &str, way: &str| {
        tags(page)
            .into_iter()
            .find(|tag| tag.name == "a" && tag.get("rel") == Some(way))
            .and_then(|tag| tag.get("href").map(str::to_owned))
    };
    let rows = |page: &str| {
        let boxes = tags(page).into_iter().filter(|tag| tag.get("class") == Some("pick"));
        boxes.filter_map(|tag| tag.get("value").map(str::to_owned)).collect::<Vec<_>>()
    };
    let first = agent.get("/operator/queue?kind=advisory&sort=-organization").await;
    assert!(link(&first.body, "prev").is_none());
    let next = link(&first.body, "next").expect("a page after");
    assert!(next.starts_with("/operator/queue?kind=advisory&sort=-organization&after="), "{next}");
    let second = agent.get(&next).await;
    assert_eq!(second.status, StatusCode::OK);
    assert!(rows(&second.body).iter().all(|row| !rows(&first.body).contains(row)));
    let previous = link(&second.body, "prev").expect("a page before");
    assert!(previous.starts_with("/operator/queue?kind=advisory&sort=-organization&before="), "{previous}");
    assert_eq!(rows(&agent.get(&previous).await.body), rows(&first.body));
    for place in ["after", "before"] {
        let unknown = format!("/operator/queue?{place}={}", portal.stage.service.new_id());
        assert_eq!(agent.get(&unknown).await.status, StatusCode::NOT_FOUND, "{place}");
        for malformed in ["7", "%00", "", "x&page=900"] {
            let answer = agent.get(&format!("/operator/queue?{place}={malformed}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{place}={malformed}");
            assert!(link(&answer.body, "prev").is_none() && link(&answer.body, "next").is_some());
        }
    }
}

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
