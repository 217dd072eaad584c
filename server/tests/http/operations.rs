//! What whoever runs the server sees of it: health, readiness, metrics, the number of a request.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use rstest::rstest;
use tower::ServiceExt;

use crate::browser::{PASSWORD, Portal, running};
use crate::common::Engine;
use crate::scene::{AGENT, EMPLOYEE, GLOBAL_ADMIN};

/// What the listener of its own answers.
async fn measured(router: &axum::Router, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let answer = router.clone().oneshot(request).await.expect("infallible");
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1024 * 1024).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

/// The value of a series; 0 where it isn't there.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

#[rstest]
#[tokio::test]
async fn a_server_is_ready_while_its_database_answers_and_is_current(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let (portal, metrics) = Portal::measured(engine, stopping.clone()).await;
    let service = &portal.stage.service;
    let own = server::metrics::router(service.clone(), metrics, stopping);
    let browser = portal.browser();
    let ready = async || {
        let answer = browser.get("/readyz").await;
        let own = measured(&own, "/readyz").await;
        assert_eq!((answer.status, answer.body.clone()), own, "both listeners say the same");
        assert!(answer.cookies().is_empty());
        assert_eq!(answer.header("cache-control"), "no-store");
        (answer.status, answer.body)
    };
    assert_eq!(ready().await, (StatusCode::OK, "ready".to_owned()));

    portal.stage.run("create table kept as select * from seaql_migrations", []).await;
    portal.stage.run("delete from seaql_migrations where version = 'm0001_people'", []).await;
    let (status, body) = ready().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("older than the program"), "{body}");
    portal.stage.run("delete from seaql_migrations", []).await;
    portal.stage.run("insert into seaql_migrations select * from kept", []).await;
    // Of a version to come, while servers are replaced one after the other.
    portal
        .stage
        .run("insert into seaql_migrations (version, applied_at) values ('m9999_to_come', 0)", [])
        .await;
    assert_eq!(ready().await.0, StatusCode::OK);

    stop.send(true).expect("listened to");
    assert_eq!(ready().await, (StatusCode::SERVICE_UNAVAILABLE, "stopping".to_owned()));
    stop.send(false).expect("listened to");

    service.database.reader().clone().close().await.expect("closed");
    let (status, body) = ready().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("does not answer"), "{body}");
    let alive = browser.get("/healthz").await;
    assert_eq!((alive.status, alive.body.as_str()), (StatusCode::OK, "alive"));
    let (status, text) = measured(&own, "/metrics").await;
    assert_eq!((status, value(&text, "benefits_center_database_up")), (StatusCode::OK, 0.0), "{text}");
    assert!(!text.contains("benefits_center_mail{"), "{text}");
}

#[rstest]
#[tokio::test]
async fn metrics_count_by_pattern_and_name_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (portal, metrics) = Portal::measured(engine, running()).await;
    let service = portal.stage.service.clone();
    let own = server::metrics::router(service.clone(), metrics.clone(), running());
    let (wrong, token) =
        ("never-in-any-metric", "5ec2e7000000000000000000000000000000000000000000000000000000beef");
    portal.browser().sign_in(EMPLOYEE, wrong).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    admin.get("/").await;
    admin.get("/orders/1042").await;
    admin.get(&format!("/reset-password/{token}")).await;
    admin.get(&format!("/{token}")).await;
    let answer = admin.perform(&portal.stage.filled("ask_for_seat").await).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    admin.call(&format!("/api/{token}"), &serde_json::json!({})).await;
    let stream = Request::get("/live").header("cookie", admin.cookie_header()).body(Body::empty());
    let stream = portal.open_stream(stream.expect("a request")).await;
    assert_eq!(stream.status(), StatusCode::OK);
    metrics.job_done("outbox_deliver_due", true, service.now());
    metrics.job_done("outbox_deliver_due", false, service.now());
    portal.stage.run("update service_request set target_at = 1 where open", []).await;
    let late = portal.stage.count("select count(*) as number from service_request where open").await;
    let mail = portal.stage.count("select count(*) as number from mail where state = 'waiting'").await;

    let (status, text) = measured(&own, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.ends_with("# EOF\n"), "{text}");
    let is = |series: &str, wanted: f64| {
        let found = value(&text, &format!("benefits_center_{series}"));
        assert!((found - wanted).abs() < f64::EPSILON, "{series} is {found}, not {wanted}: {text}");
    };
    is("http_requests_total{route=\"/sign-in\",method=\"POST\",status=\"3xx\"}", 1.0);
    is("http_requests_total{route=\"/\",method=\"GET\",status=\"2xx\"}", 1.0);
    is("http_requests_total{route=\"/orders/:number\",method=\"GET\",status=\"4xx\"}", 1.0);
    is("http_requests_total{route=\"/api/perform\",method=\"POST\",status=\"2xx\"}", 1.0);
    is("http_request_duration_seconds_count{route=\"/\",method=\"GET\"}", 1.0);
    is("actions_total{action=\"signed_in\"}", 1.0);
    is("actions_total{action=\"sign_in_failed\"}", 1.0);
    is("live_connections", 1.0);
    is("http_requests_in_flight", 0.0);
    is("job_runs_total{job=\"outbox_deliver_due\"}", 2.0);
    is("job_failures_total{job=\"outbox_deliver_due\"}", 1.0);
    is("job_last_success_timestamp_seconds{job=\"outbox_deliver_due\"}", (service.now().0 / 1000) as f64);
    is("queue_requests{state=\"open\"}", late as f64);
    is("queue_requests{state=\"late\"}", late as f64);
    is("mail{state=\"waiting\"}", mail as f64);
    is("database_up", 1.0);
    assert!(late > 0 && mail > 0, "{late} requests, {mail} mails");
    assert!(text.contains("route=\"/reset-password/:token\"") && text.contains("route=\"other\""), "{text}");
    assert!(text.contains("benefits_center_database_connections{pool="), "{text}");
    let secret = [wrong, token, PASSWORD, EMPLOYEE, GLOBAL_ADMIN, AGENT, "fernhollow", "1042"];
    for word in secret {
        assert!(!text.contains(word), "{word}: {text}");
    }
    drop(stream);
    let (_, text) = measured(&own, "/metrics").await;
    assert_eq!(value(&text, "benefits_center_live_connections"), 0.0, "{text}");

    // Browsers' listener has none of it.
    let page = portal.browser().get("/metrics").await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?then=%2Fmetrics"));
    assert_eq!(admin.get("/metrics").await.status, StatusCode::NOT_FOUND);
}

#[rstest]
#[tokio::test]
async fn what_a_limit_held_back_is_counted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (portal, metrics) = Portal::measured(engine, running()).await;
    let browser = portal.browser();
    for _ in 0..9 {
        browser.sign_in(EMPLOYEE, "wrong every time").await;
    }
    let text = metrics.text(&portal.stage.service).await.expect("text");
    assert_eq!(value(&text, "benefits_center_attempts_held_back_total"), 1.0, "{text}");
    assert_eq!(value(&text, "benefits_center_actions_total{action=\"sign_in_failed\"}"), 8.0, "{text}");
}

#[rstest]
#[tokio::test]
async fn every_answer_has_a_number_of_its_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let mut numbers = std::collections::BTreeSet::new();
    let paths =
        ["/", "/nowhere", "/healthz", "/readyz", "/pkg/nothing", "/scim/v2/Users", "/account/users.csv"];
    for path in paths {
        let given = [(axum::http::HeaderName::from_static("x-request-id"), "chosen-by-somebody-else")];
        let answer = admin.send(axum::http::Method::GET, path, &given, Body::empty()).await;
        let number = answer.header("x-request-id").to_owned();
        assert!(
            number.len() == 32 && number.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{path}: {number}"
        );
        assert!(numbers.insert(number), "{path}");
    }
    let taken = portal
        .stage
        .count("select count(*) as number from audit_event where request_id = 'chosen-by-somebody-else'");
    assert_eq!(taken.await, 0);
    let answer = admin.perform(&portal.stage.filled("ask_for_seat").await).await;
    let number = answer.header("x-request-id");
    let text = format!("select count(*) as number from audit_event where request_id = '{number}'");
    assert!(portal.stage.count(&text).await > 0, "the trail names the request {number}");
}
