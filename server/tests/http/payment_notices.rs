//! Notices of the payment processor, as they come over the wire: signed, heard once, without a word about why not.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use domain::order::PaymentState;
use rstest::rstest;
use service::purchases::card::{self, PayByCard};
use service::purchases::place::{self, PlaceOrder, WantedOrder};
use service::purchases::processor_notice::sign;

use crate::browser::{Portal, SITE};
use crate::common::{Engine, stage};

const BUYER: &str = "piet.zanderling@kestrelash.example";
const SECRET: &str = "a secret that portal and processor share";

/// Posts a notice as the processor does: from elsewhere, without a cookie.
async fn post(portal: &Portal, processor: &str, signature: Option<&str>, body: &str) -> StatusCode {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(format!("/payment-notices/{processor}"))
        .header("host", SITE)
        .header("content-type", "application/json");
    if let Some(signature) = signature {
        request = request.header("payment-signature", signature);
    }
    portal.answer(request.body(Body::from(body.to_owned())).expect("a request")).await.status
}

#[rstest]
#[tokio::test]
async fn a_signed_notice_pays_an_order_once_however_often_it_is_delivered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut stage = stage(engine).await;
    stage.service.payments.notice_secret = Some(Arc::from(SECRET));
    let buyer = stage.person(BUYER).await;
    let wanted =
        PlaceOrder { offer: "silver".to_owned(), area: "devops".to_owned(), agreement: 1, accepted: true };
    let number = place::place(&stage.service, &buyer, stage.operation(), wanted).await.expect("placed");
    let input = PayByCard { order: WantedOrder { number, version: 1 }, card: "timeout".to_owned() };
    let state = card::pay(&stage.service, &buyer, stage.operation(), input).await.expect("no answer");
    assert_eq!(state, PaymentState::Unknown);
    let payment = stage.id("select id from payment where state = 'unknown'", []).await;
    let body = format!("{{\"id\":\"notice-1\",\"reference\":\"{payment}\"}}");
    let now = stage.service.now().0 / 1000;
    let portal = Portal::over(stage);
    let paid = format!("select count(*) as number from orders where number = {number} and state = 'paid'");

    let signature = sign(SECRET, body.as_bytes(), now);
    for (processor, signature, body, status) in [
        ("test-card", None, body.as_str(), StatusCode::FORBIDDEN),
        ("test-card", Some(sign("guess", body.as_bytes(), now)), &body, StatusCode::FORBIDDEN),
        ("test-card", Some(sign(SECRET, body.as_bytes(), now - 301)), &body, StatusCode::FORBIDDEN),
        ("test-card", Some(signature.clone()), "{\"id\":\"notice-1\"}", StatusCode::FORBIDDEN),
        ("test-card", Some(sign(SECRET, b"no notice", now)), "no notice", StatusCode::BAD_REQUEST),
        ("another", Some(signature.clone()), &body, StatusCode::NOT_FOUND),
    ] {
        assert_eq!(post(&portal, processor, signature.as_deref(), body).await, status, "{processor} {body}");
    }
    assert_eq!(portal.stage.count(&paid).await, 0);
    for _ in 0..5 {
        assert_eq!(post(&portal, "test-card", Some(&signature), &body).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(portal.stage.count(&paid).await, 1);
    for (table, expected) in [("invoice", 1), ("payment_notice", 1), ("payment", 1)] {
        let text = format!("select count(*) as number from {table}");
        assert_eq!(portal.stage.count(&text).await, expected, "{table}");
    }
    let granted = format!(
        "select count(*) as number from (select product_id from benefit_grant g
            join order_line l on l.id = g.order_line_id join orders o on o.id = l.order_id
            where o.number = {number} group by product_id, source, area having count(*) > 1) twice"
    );
    assert_eq!(portal.stage.count(&granted).await, 0, "nothing is granted twice");
}

#[rstest]
#[tokio::test]
async fn without_a_shared_secret_no_notice_is_heard(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let body = "{\"id\":\"notice-1\",\"reference\":\"00000000-0000-0000-0000-000000000000\"}";
    let now = portal.stage.service.now().0 / 1000;
    let signature = sign("", body.as_bytes(), now);
    assert_eq!(post(&portal, "test-card", Some(&signature), body).await, StatusCode::NOT_FOUND);
}
