//! What answers carry: content policy, caching, and secrets only where they are asked for.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ORIGIN, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use rstest::rstest;

use crate::browser::{Answer, Portal, configuration, encoded};
use crate::common::Engine;
use crate::html::tags;
use crate::scene::{COMPANY, EMPLOYEE, FUNCTIONS, GLOBAL_ADMIN, PAGES, PROGRAMME_ADMIN, Right, address};

fn nonce(answer: &Answer) -> String {
    let policy = answer.header(CONTENT_SECURITY_POLICY);
    let (_, rest) = policy.split_once("'nonce-").unwrap_or_else(|| panic!("no nonce in {policy:?}"));
    rest.split('\'').next().expect("a nonce").to_owned()
}

/// What the content policy would refuse.
fn keeps_to_the_policy(about: &str, answer: &Answer) {
    let policy = answer.header(CONTENT_SECURITY_POLICY);
    for part in [
        "default-src 'self'",
        "'strict-dynamic'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{about}: {policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{about}: {policy}");
    let nonce = nonce(answer);
    for tag in tags(&answer.body) {
        assert_ne!(tag.name, "style", "{about}");
        for (name, value) in &tag.attributes {
            assert_ne!(name, "style", "{about}: {tag:?}");
            assert!(!name.starts_with("on"), "{about}: {tag:?}");
            assert!(!value.starts_with("javascript:"), "{about}: {tag:?}");
        }
        if tag.name == "script" {
            assert_eq!(tag.get("nonce"), Some(nonce.as_str()), "{about}: {tag:?}");
        }
        if tag.name == "link" && matches!(tag.get("rel"), Some("stylesheet" | "modulepreload" | "preload")) {
            assert!(tag.get("href").is_some_and(|href| href.starts_with("/pkg/")), "{about}: {tag:?}");
        }
    }
    assert_eq!(answer.header(CACHE_CONTROL), "no-store", "{about}");
    common_headers(about, answer);
}

fn common_headers(about: &str, answer: &Answer) {
    assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS), "nosniff", "{about}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{about}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{about}");
    assert!(!answer.header("permissions-policy").is_empty(), "{about}");
    assert!(answer.header(CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"), "{about}");
    assert!(
        !answer.headers.contains_key("server") && !answer.headers.contains_key("x-powered-by"),
        "{about}"
    );
}

#[rstest]
#[tokio::test]
async fn every_page_keeps_to_its_content_policy(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let person = portal.signed_in(GLOBAL_ADMIN).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let nobody = portal.browser();
    let open = stage.grant(COMPANY, "visual_studio_enterprise", "gold_core").await;
    stage.draft_for_pages().await;
    let mut nonces = BTreeSet::new();
    let mut visited = 0;
    for row in PAGES {
        let (browser, public) = match row.right {
            Right::Anybody => (&nobody, true),
            Right::Operator(_) => (&operator, false),
            _ => (&person, false),
        };
        let path = address(row);
        for query in ["", &format!("?open={open}"), "?find=nothing+like+it"] {
            let answer = browser.get(&format!("{path}{query}")).await;
            keeps_to_the_policy(&path, &answer);
            let scripts = tags(&answer.body).iter().filter(|tag| tag.name == "script").count();
            assert!(scripts > 0, "{path} is hydrated (public: {public})");
            assert!(nonces.insert(nonce(&answer)), "{path}: a nonce was used before");
            visited += 1;
        }
    }
    assert_eq!(visited, 3 * app::routes::ADDRESSES.len());
    keeps_to_the_policy("not found", &person.get("/nothing").await);
}

#[rstest]
#[tokio::test]
async fn the_answer_to_a_post_runs_no_program(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(EMPLOYEE).await;
    let refused = browser.post("/account/security", &portal.stage.filled("change_password").await).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let shown = browser.post("/my-benefits", &portal.stage.filled("show_support_ids").await).await;
    assert_eq!(shown.status, StatusCode::OK);
    for answer in [refused, shown] {
        keeps_to_the_policy("an answer to a post", &answer);
        let program = |tag: &crate::html::Tag| {
            tag.get("type") == Some("module")
                || tag.name == "script" && tag.get("src").is_some()
                || tag.get("rel") == Some("modulepreload")
        };
        assert!(!tags(&answer.body).iter().any(program), "{}", answer.body);
    }
}

/// The secrets that the company can have shown, as they stand in the answers to its posts.
pub async fn reveal(portal: &Portal) -> Vec<String> {
    let browser = portal.signed_in(GLOBAL_ADMIN).await;
    let key = portal.stage.filled("reveal_key").await;
    let grant = key.iter().find(|(name, _)| name == "target").map(|(_, id)| id.clone()).expect("a grant");
    let with_key = browser.post(&format!("/benefits/software?open={grant}"), &key).await;
    let ids = portal.stage.filled("show_support_ids").await;
    let grant = ids.iter().find(|(name, _)| name == "target").map(|(_, id)| id.clone()).expect("a grant");
    let with_ids = browser.post(&format!("/benefits/technical?open={grant}"), &ids).await;
    let shown = |answer: axum::http::StatusCode| assert_eq!(answer, StatusCode::OK);
    shown(with_key.status);
    shown(with_ids.status);
    let mut secrets = Vec::new();
    for (form, page) in [(key, with_key), (ids, with_ids)] {
        let answer: serde_json::Value =
            serde_json::from_str(&browser.perform(&form).await.body).expect("an answer");
        let shown = answer["shown"].as_object().and_then(|shown| shown.values().next()).expect("a secret");
        for (name, value) in shown.as_object().expect("fields").iter().filter(|(name, _)| *name != "target") {
            let secret = value.as_str().expect("a text").to_owned();
            let grouped: String = secret
                .as_bytes()
                .chunks(3)
                .map(|part| String::from_utf8_lossy(part).into_owned())
                .collect::<Vec<_>>()
                .join(" ");
            assert!(
                page.body.contains(&secret) || page.body.contains(&grouped),
                "{name} stands in the answer"
            );
            for tag in tags(&page.body).into_iter().filter(|tag| tag.name == "script") {
                assert!(
                    !tag.text.contains(&secret) && !tag.text.contains(&grouped),
                    "{name} stands in a script"
                );
            }
            secrets.extend([secret, grouped]);
        }
    }
    assert_eq!(secrets.len(), 6);
    secrets
}

#[rstest]
#[tokio::test]
async fn secrets_stand_in_no_page_no_data_and_no_row(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let secrets = reveal(&portal).await;
    let absent = |about: &str, text: &str| {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{about} has a secret");
        }
    };
    let software = stage.grant(COMPANY, "windows_enterprise", "action_pack").await.0;
    let technical = stage.grant(COMPANY, "product_support_incidents", "gold_core").await.0;
    for email in [GLOBAL_ADMIN, EMPLOYEE, PROGRAMME_ADMIN] {
        let browser = portal.signed_in(email).await;
        for row in PAGES.iter().filter(|row| !row.address.contains(':')) {
            for open in [software, technical] {
                let path = format!("{}?open={open}", row.address);
                let answer = browser.get(&path).await;
                absent(&path, &answer.body);
                for (name, value) in &answer.headers {
                    absent(name.as_str(), value.to_str().unwrap_or_default());
                }
            }
        }
        for row in FUNCTIONS {
            absent(row.path, &browser.call(row.path, &stage.arguments(row.path).await).await.body);
        }
        for (category, open) in [
            (domain::benefit::Category::Software, software),
            (domain::benefit::Category::Technical, technical),
        ] {
            let query = serde_json::json!({ "query": crate::scene::benefits_query(category, Some(open)) });
            let answer = browser.call("/api/benefits", &query).await;
            absent("the open row", &answer.body);
        }
    }
    // Nor in what is kept about it.
    for (table, column) in
        [("operation", "outcome"), ("mail", "body"), ("mail", "subject"), ("notice", "title")]
    {
        for secret in &secrets {
            let text = format!("select count(*) as number from {table} where {column} like '%{secret}%'");
            assert_eq!(stage.count(&text).await, 0, "{table}.{column}");
        }
    }
    let trail = service::sql::all::<service::entity::audit_event::Model>(
        stage.service.database.reader(),
        "select * from audit_event",
        [],
    )
    .await
    .expect("the trail");
    assert!(!trail.is_empty());
    absent("the audit trail", &format!("{trail:?}"));
}

#[rstest]
#[tokio::test]
async fn a_revealed_key_is_shown_once_and_not_after_a_reload(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(GLOBAL_ADMIN).await;
    let grant = portal.stage.grant(COMPANY, "windows_enterprise", "action_pack").await.to_string();
    let path = format!("/benefits/software?open={grant}");
    let form = browser.get(&path).await.form("reveal_key", Some(&grant)).with("accept", "true");
    let answer = browser.submit(&path, &form).await;
    assert_eq!(
        (answer.status, answer.header(CACHE_CONTROL)),
        (StatusCode::OK, "no-store"),
        "{}",
        answer.body
    );
    let shaped = |body: &str| {
        let is_key = |word: &str| {
            word.len() == 29
                && word.split('-').count() == 5
                && word
                    .split('-')
                    .all(|part| part.len() == 5 && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        };
        body.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(is_key)
    };
    assert!(shaped(&answer.body), "the key is in the answer");
    let reloaded = browser.get(&path).await;
    assert_eq!(reloaded.status, StatusCode::OK);
    assert!(!shaped(&reloaded.body), "and in no page");
}

#[rstest]
#[tokio::test]
async fn pages_are_compressed_and_answers_with_secrets_are_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(GLOBAL_ADMIN).await;
    let page = browser.get("/benefits/software").await;
    assert_eq!(page.header(CONTENT_ENCODING), "", "nobody asked for it");
    for encoding in ["br", "gzip"] {
        let asked = [(ACCEPT_ENCODING, encoding)];
        let small = browser.send(Method::GET, "/benefits/software", &asked, Body::empty()).await;
        assert_eq!((small.status, small.header(CONTENT_ENCODING)), (StatusCode::OK, encoding));
        assert!(small.header(VARY).contains("accept-encoding"), "{:?}", small.headers);
        assert!(small.body.len() * 3 < page.body.len(), "{} of {}", small.body.len(), page.body.len());
    }
    let key = portal.stage.filled("reveal_key").await;
    let asked = [
        (ACCEPT_ENCODING, "br, gzip"),
        (CONTENT_TYPE, "application/x-www-form-urlencoded"),
        (ORIGIN, "http://benefits.example"),
    ];
    let body = Body::from(encoded(&key));
    let shown = browser.send(Method::POST, "/benefits/software", &asked, body).await;
    assert_eq!((shown.status, shown.header(CONTENT_ENCODING)), (StatusCode::OK, ""));
}

#[rstest]
#[tokio::test]
async fn what_a_page_asks_for_is_packed_for_its_own_version(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(GLOBAL_ADMIN).await;
    let page = browser.get("/account").await.body;
    let (_, rest) = page.split_once("data-assets=\"").expect("the page names its version");
    let assets = rest.split('"').next().expect("a value");
    let asked = [(CONTENT_TYPE, "application/json"), (ORIGIN, "http://benefits.example")];
    let answer = browser.send(Method::POST, "/api/portal", &asked, Body::from("{}")).await;
    let parcel: serde_json::Value = serde_json::from_str(&answer.body).expect("a parcel");
    assert_eq!(parcel["site"], format!("{assets}/"));
}

#[rstest]
#[tokio::test]
async fn what_is_no_page_carries_headers_too(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(GLOBAL_ADMIN).await;
    let nobody = portal.browser();
    let answers = [
        ("a redirect", nobody.get("/account").await),
        ("a server function", browser.call("/api/portal", &serde_json::json!({})).await),
        ("a refusal", nobody.call("/api/dashboard", &serde_json::json!({})).await),
        ("live events of nobody", nobody.get("/live").await),
        ("a download that isn't there", browser.get("/downloads/x/y").await),
    ];
    for (about, answer) in &answers {
        common_headers(about, answer);
        assert_eq!(answer.header(CACHE_CONTROL), "no-store", "{about}");
    }
    assert_eq!(answers[3].1.status, StatusCode::UNAUTHORIZED);
    let missing = nobody.get("/pkg/other/style.css").await;
    assert_eq!((missing.status, missing.header(CACHE_CONTROL)), (StatusCode::NOT_FOUND, "no-store"));
    assert_eq!(missing.header(X_CONTENT_TYPE_OPTIONS), "nosniff");
    // What pages name is there for ever; a test build may carry no files.
    let page = nobody.get("/sign-in").await;
    let sheet =
        tags(&page.body).into_iter().find(|tag| tag.get("rel") == Some("stylesheet")).expect("a style sheet");
    let path = sheet.get("href").expect("its address").to_owned();
    assert!(path.starts_with(&format!("/{}/", server::assets::folder())), "{path}");
    if server::assets::find(&path).is_some() {
        let answer = nobody.get(&path).await;
        assert_eq!(answer.header(CACHE_CONTROL), "public, max-age=31536000, immutable");
    }
}

#[rstest]
#[tokio::test]
async fn streams_of_live_events_end_when_the_server_stops(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use futures::StreamExt;
    use tower::ServiceExt;

    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let router = server::router::router(
        portal.stage.service.clone(),
        &configuration("http://benefits.example"),
        stopping,
    );
    let request = axum::http::Request::get("/live")
        .header(axum::http::header::COOKIE, admin.cookie_header())
        .body(axum::body::Body::empty())
        .expect("a request");
    let mut body = router.oneshot(request).await.expect("an answer").into_body().into_data_stream();
    // It tells what happens, and ends once the server is to end.
    portal
        .stage
        .service
        .live
        .tell(service::live::Changed::Organization(portal.stage.organization(COMPANY).await));
    let frame = body.next().await.expect("a frame").expect("no fault");
    assert!(frame.starts_with(b"data: organization"), "{frame:?}");
    stop.send(true).expect("somebody listens");
    assert!(body.next().await.is_none(), "the stream goes on");
}

#[rstest]
#[tokio::test]
async fn a_stream_of_live_events_ends_with_the_sessions_of_its_account(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use futures::StreamExt;
    use service::live::Changed;
    use tower::ServiceExt;

    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let account = portal.stage.person(GLOBAL_ADMIN).await.account().expect("an account");
    let (_stop, stopping) = tokio::sync::watch::channel(false);
    let router = server::router::router(
        portal.stage.service.clone(),
        &configuration("http://benefits.example"),
        stopping,
    );
    let request = axum::http::Request::get("/live")
        .header(axum::http::header::COOKIE, admin.cookie_header())
        .body(axum::body::Body::empty())
        .expect("a request");
    let mut body = router.oneshot(request).await.expect("an answer").into_body().into_data_stream();
    let live = &portal.stage.service.live;
    // Somebody else's sessions end nothing.
    live.tell(Changed::SignedOut(portal.stage.service.new_id().into()));
    live.tell(Changed::Organization(portal.stage.organization(COMPANY).await));
    let frame = body.next().await.expect("a frame").expect("no fault");
    assert!(frame.starts_with(b"data: organization"), "{frame:?}");
    live.tell(Changed::SignedOut(account));
    assert!(body.next().await.is_none(), "the stream goes on");
}

#[rstest]
#[tokio::test]
async fn a_stream_of_live_events_ends_wherever_its_session_may_have_ended(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use futures::StreamExt;
    use service::accounts::own_sessions;
    use service::live::Changed;
    use tower::ServiceExt;

    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let company = stage.organization(COMPANY).await;
    let (_stop, stopping) = tokio::sync::watch::channel(false);
    let router =
        server::router::router(stage.service.clone(), &configuration("http://benefits.example"), stopping);
    let open = async || {
        let request = axum::http::Request::get("/live")
            .header(axum::http::header::COOKIE, admin.cookie_header())
            .body(Body::empty())
            .expect("a request");
        router.clone().oneshot(request).await.expect("an answer").into_body().into_data_stream()
    };
    let live = &stage.service.live;
    // Sessions of everybody in the company; another one's end nothing.
    let mut body = open().await;
    live.tell(Changed::SignedOutOf(stage.organization("kestrelash.example").await));
    live.tell(Changed::Organization(company));
    let frame = body.next().await.expect("a frame").expect("no fault");
    assert!(frame.starts_with(b"data: organization"), "{frame:?}");
    live.tell(Changed::SignedOutOf(company));
    assert!(body.next().await.is_none(), "the stream goes on");
    // More at once than is kept for whoever doesn't listen: the end of the session may have been among it.
    let mut body = open().await;
    for _ in 0..300 {
        live.tell(Changed::Organization(company));
    }
    assert!(body.next().await.is_none(), "the stream goes on");
    // And by what somebody does, such as with a browser that was stolen.
    let mut body = open().await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let ended = own_sessions::end_others(&stage.service, &request, stage.operation(), "another one").await;
    assert!(ended.expect("ended") > 0);
    assert!(body.next().await.is_none(), "the stream goes on");
}
