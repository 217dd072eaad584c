//! Offers, orders and how they are paid (rules 2, 18): on both databases.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{Engine, Stage, stage};
use documents::{Invoice, Kind};
use domain::ids::ServiceRequestId;
use domain::moment::Zone;
use domain::order::{OfferCondition, OrderState, PaymentMethod, PaymentState, pay_until};
use domain::view::orders::{OffersPage, OrderPage};
use domain::{ErrorCode, Field, Language};
use rstest::rstest;
use service::assignments::assign::{AssignSeats, assign};
use service::catalogue::{file, read};
use service::purchases::card::{self, PayByCard};
use service::purchases::competencies::{self, Competency};
use service::purchases::place::{self, PlaceOrder, WantedOrder};
use service::purchases::{
    invoice_document, list, offers, on_clock, orders, other_digits, processor_notice, transfer,
};
use service::queue::{Wanted, complete, refuse};
use service::{Failure, Request, sql};

/// An Action Pack company; DevOps and Security are recorded as attained at Silver.
const PACK: &str = "kestrelash.example";
const BUYER: &str = "piet.zanderling@kestrelash.example";
const AGENT: &str = "kofi.anselmsen@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const NETWORK_ADMIN: &str = "yunting.yeh@chienyuan.example";
const FULFILMENT: &str = "marisa.talvinen@northlight.example";
const SECRET: &str = "a secret that portal and processor share";

async fn shop(engine: Engine) -> Stage {
    let mut stage = stage(engine).await;
    stage.service.payments.notice_secret = Some(Arc::from(SECRET));
    stage
}

fn silver(area: &str) -> PlaceOrder {
    PlaceOrder { offer: "silver".to_owned(), area: area.to_owned(), agreement: 1, accepted: true }
}

async fn order(stage: &Stage, who: &Request, input: PlaceOrder) -> Result<i64, Failure> {
    place::place(&stage.service, who, stage.operation(), input).await
}

async fn shown(stage: &Stage, who: &Request, number: i64) -> OrderPage {
    orders::one(&stage.service, who, Language::English, number).await.expect("the order")
}

async fn wanted(stage: &Stage, who: &Request, number: i64) -> WantedOrder {
    WantedOrder { number, version: shown(stage, who, number).await.version }
}

async fn pay(stage: &Stage, who: &Request, number: i64, card: &str) -> Result<PaymentState, Failure> {
    let order = wanted(stage, who, number).await;
    card::pay(&stage.service, who, stage.operation(), PayByCard { order, card: card.to_owned() }).await
}

fn later(stage: &Stage, seconds: i64) {
    stage.clock.set(stage.service.now().plus_seconds(seconds));
}

async fn count(stage: &Stage, text: &str) -> i64 {
    sql::number(stage.service.database.reader(), text, []).await.expect("a number")
}

async fn document(stage: &Stage, who: &Request, language: Language, number: i64) -> Result<Invoice, Failure> {
    invoice_document::invoice(&stage.service, who, language, number).await
}

async fn page(stage: &Stage, who: &Request) -> OffersPage {
    offers::page(&stage.service, who, Language::English).await.expect("the offers")
}

async fn unmet(stage: &Stage, who: &Request, offer: &str) -> Vec<OfferCondition> {
    let page = page(stage, who).await;
    let offer = page.offers.iter().find(|of| of.code == offer).expect("the offer");
    let conditions = &offer.choices.first().expect("a choice").conditions;
    conditions.iter().filter(|(_, met)| !met).map(|(condition, _)| *condition).collect()
}

/// Asks for the refund of an order, and a programme admin approves it.
async fn refund(stage: &Stage, buyer: &Request, number: i64) {
    let line = stage
        .id(
            "select l.id from order_line l join orders o on o.id = l.order_id where o.number = $1",
            [number.into()],
        )
        .await;
    let input = service::purchases::cancel::CancelPurchase {
        line: line.into(),
        version: sql::number(
            stage.service.database.reader(),
            "select row_version as number from order_line where id = $1",
            [line.into()],
        )
        .await
        .expect("a version"),
        reason: "bought_by_mistake".to_owned(),
        note: String::new(),
        accepted: true,
    };
    service::purchases::cancel::submit(&stage.service, buyer, stage.operation(), input).await.expect("asked");
    let text = "select id from service_request where order_line_id = $1 and open";
    let request = ServiceRequestId(stage.id(text, [line.into()]).await);
    let admin = stage.operator("rosalind.ekwueme@northlight.example").await;
    let wanted = Wanted { request, version: 1 };
    complete::cancellation(&stage.service, &admin, stage.operation(), wanted).await.expect("approved");
}

/// What has to hold after whatever happened.
async fn check(stage: &Stage) {
    for (what, text) in [
        (
            "a grant without a holding that was paid",
            "select count(*) as number from benefit_grant g join order_line l on l.id = g.order_line_id
            where g.state = 'granted' and l.state <> 'active'",
        ),
        (
            "a holding of an order that isn't paid",
            "select count(*) as number from holding h join order_line l on l.id = h.order_line_id
            join orders o on o.id = l.order_id where h.state = 'active' and o.state <> 'paid'",
        ),
        (
            "an order that was paid twice",
            "select count(*) as number from (select order_id from payment where state = 'paid'
                group by order_id having count(*) > 1) twice",
        ),
        (
            "money without an invoice of the same amount",
            "select count(*) as number from payment y where y.state = 'paid' and not exists (select 1
                from invoice i where i.order_id = y.order_id and i.kind = 'invoice'
                    and i.amount_minor = y.amount_minor)",
        ),
        (
            "an invoice without its money",
            "select count(*) as number from invoice i where i.kind = 'invoice' and not exists (select 1
                from payment y where y.order_id = i.order_id and y.state = 'paid')",
        ),
        (
            "money at the processor that the portal doesn't know of",
            "select abs((select count(*) from test_card_charge where state <> 'declined' and state <> 'confirmation')
                - (select count(*) from payment where state = 'paid' and method = 'card')) as number",
        ),
    ] {
        assert_eq!(count(stage, text).await, 0, "{what}");
    }
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn rule_18_an_attained_competency_is_bought_and_its_benefits_come_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let of_company = "select count(*) as number from benefit_grant g join organization o
        on o.id = g.organization_id where o.domain = 'kestrelash.example' and g.state = 'granted'";
    let before = count(&stage, of_company).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    assert_eq!(count(&stage, of_company).await, before, "nothing before it is paid");
    let waiting = shown(&stage, &buyer, number).await;
    assert_eq!(waiting.order.state, OrderState::Placed);
    assert_eq!(waiting.order.price_minor, 167_000);
    assert!(waiting.order.pay_by.is_some() && !waiting.cards.is_empty() && waiting.bank_details.is_some());
    assert_eq!(pay(&stage, &buyer, number, "pays").await.expect("paid"), PaymentState::Paid);
    let paid = shown(&stage, &buyer, number).await;
    assert_eq!(paid.order.state, OrderState::Paid);
    assert_eq!(paid.documents.len(), 1);
    assert_eq!(paid.documents[0].amount_minor, 167_000);
    assert!(paid.cards.is_empty() && paid.bank_details.is_none(), "nothing more to pay");
    // What the catalogue says for Silver and for DevOps, a select area, with its quantities.
    let missing = "select count(*) as number from entitlement e where (e.source = 'silver_core' or
            (e.source = 'select_competency' and e.level = 'silver' and e.area = 'devops'))
        and not exists (select 1 from benefit_grant g join pool p on p.id = g.pool_id
            join organization o on o.id = g.organization_id
            where o.domain = 'kestrelash.example' and g.state = 'granted' and g.product_id = e.product_id
                and g.source = e.source
                and coalesce(p.quantity, -1) = coalesce(e.seats, e.quantity, -1))";
    assert_eq!(count(&stage, missing).await, 0);
    assert!(count(&stage, of_company).await > before);
    let tier =
        "select count(*) as number from organization where domain = 'kestrelash.example' and tier = 'silver'";
    assert_eq!(count(&stage, tier).await, 1);
    assert_eq!(count(&stage, "select count(*) as number from mail where kind = 'order_paid'").await, 1);
    assert_eq!(unmet(&stage, &buyer, "silver").await, [OfferCondition::NotHeld]);
    // The core of a level comes once, however many areas.
    let after = count(&stage, of_company).await;
    let second = order(&stage, &buyer, silver("security")).await.expect("placed");
    pay(&stage, &buyer, second, "pays").await.expect("paid");
    let core =
        "select count(*) as number from benefit_grant g join organization o on o.id = g.organization_id
        where o.domain = 'kestrelash.example' and g.source = 'silver_core' and g.state = 'granted'
        group by g.product_id having count(*) > 1";
    assert_eq!(count(&stage, &format!("select count(*) as number from ({core}) twice")).await, 0);
    assert!(count(&stage, of_company).await >= after);
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_18_each_condition_refuses_the_order_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let refused = |result: Result<i64, Failure>| result.expect_err("refused").told();
    let error = refused(order(&stage, &buyer, silver("messaging")).await);
    assert_eq!((error.code, error.detail.as_deref()), (ErrorCode::OfferNotPossible, Some("attained")));
    let pack = PlaceOrder { offer: "action_pack".to_owned(), area: String::new(), ..silver("") };
    let error = refused(order(&stage, &buyer, pack.clone()).await);
    assert_eq!((error.code, error.detail.as_deref()), (ErrorCode::OfferNotPossible, Some("not_held")));
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    let error = refused(order(&stage, &buyer, silver("devops")).await);
    assert_eq!((error.code, error.detail.as_deref()), (ErrorCode::OfferNotPossible, Some("none_waiting")));
    let page = page(&stage, &buyer).await;
    let silver_offer = page.offers.iter().find(|offer| offer.code == "silver").expect("silver");
    let choice = silver_offer
        .choices
        .iter()
        .find(|choice| choice.area.as_ref().is_some_and(|area| area.code == "devops"));
    assert_eq!(choice.expect("DevOps").waiting_order, Some(number));
    for (input, field, code) in [
        (
            PlaceOrder { accepted: false, ..silver("security") },
            Field::Accept,
            ErrorCode::AgreementNotAccepted,
        ),
        (silver("no such area"), Field::Area, ErrorCode::UnknownChoice),
        (silver(""), Field::Area, ErrorCode::Required),
        (
            PlaceOrder { offer: "action_pack".to_owned(), ..silver("devops") },
            Field::Area,
            ErrorCode::UnknownChoice,
        ),
    ] {
        let error = refused(order(&stage, &buyer, input).await);
        assert_eq!(error.of(field).map(|fault| fault.code), Some(code));
    }
    let stale = PlaceOrder { agreement: 7, ..silver("security") };
    assert_eq!(refused(order(&stage, &buyer, stale).await).code, ErrorCode::Stale);
    for offer in ["platinum", "isv_co_sell"] {
        let input = PlaceOrder { offer: offer.to_owned(), ..pack.clone() };
        assert_eq!(refused(order(&stage, &buyer, input).await).code, ErrorCode::NotFound, "{offer}");
    }
    // Without the network membership nothing else.
    stage.run("update holding set state = 'ended' where offer_id = (select id from offer where code = 'network')", []).await;
    let error = refused(order(&stage, &buyer, silver("security")).await);
    assert_eq!(error.detail.as_deref(), Some("network_first"));
    let network = PlaceOrder { offer: "network".to_owned(), ..pack.clone() };
    let free = order(&stage, &buyer, network).await.expect("joined");
    let joined = shown(&stage, &buyer, free).await;
    assert_eq!(joined.order.state, OrderState::Paid, "it is free");
    assert!(joined.documents.is_empty() && joined.payments.is_empty());
    // In the states of the older portal nothing can be bought.
    stage
        .run("update organization set portal_state = 'invited' where domain = 'kestrelash.example'", [])
        .await;
    assert_eq!(refused(order(&stage, &buyer, silver("security")).await).detail.as_deref(), Some("member"));
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_2_buying_needs_no_global_admin_but_no_employee_buys(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let agent = stage.person(AGENT).await;
    // Gold is held in some areas; another one is recorded, and an agent buys it.
    let operator = stage.operator(FULFILMENT).await;
    let security =
        Competency { domain: "fernhollow.example".into(), tier: "gold".into(), area: "security".into() };
    let recorded = competencies::record(&stage.service, &operator, stage.operation(), security.clone()).await;
    assert_eq!(recorded.expect("recorded"), "Fernhollow Systems");
    competencies::record(&stage.service, &operator, stage.operation(), security.clone())
        .await
        .expect("again");
    let gold = PlaceOrder { offer: "gold".to_owned(), ..silver("security") };
    let number = order(&stage, &agent, gold.clone()).await.expect("placed by an Admin agent");
    let employee = stage.person(EMPLOYEE).await;
    let error = order(&stage, &employee, gold.clone()).await.expect_err("an employee").told();
    assert_eq!(error.code, ErrorCode::RoleNeeded);
    let seen = orders::one(&stage.service, &employee, Language::English, number).await;
    assert_eq!(seen.expect_err("an employee").told().code, ErrorCode::RoleNeeded);
    // Somebody else's order answers like none.
    let other = stage.person(BUYER).await;
    let seen = orders::one(&stage.service, &other, Language::English, number).await;
    assert_eq!(seen.expect_err("another company").told().code, ErrorCode::NotFound);
    let cancelled =
        place::cancel(&stage.service, &agent, stage.operation(), wanted(&stage, &agent, number).await).await;
    assert_eq!(cancelled.expect("cancelled"), number);
    assert_eq!(shown(&stage, &agent, number).await.order.state, OrderState::Cancelled);
    competencies::revoke(&stage.service, &operator, stage.operation(), security).await.expect("taken off");
    let error = order(&stage, &agent, gold).await.expect_err("no longer attained").told();
    assert_eq!(error.detail.as_deref(), Some("attained"));
    let by_person = competencies::record(
        &stage.service,
        &agent,
        stage.operation(),
        Competency { domain: PACK.into(), tier: "gold".into(), area: "security".into() },
    );
    assert_eq!(by_person.await.expect_err("no operator").told().code, ErrorCode::WrongSide);
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn every_outcome_of_a_card_leaves_the_order_where_it_belongs(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    for (card, decline) in [("insufficient_funds", "insufficient_funds"), ("declined", "declined")] {
        later(&stage, 1);
        assert_eq!(pay(&stage, &buyer, number, card).await.expect("an answer"), PaymentState::Declined);
        let page = shown(&stage, &buyer, number).await;
        assert_eq!(page.order.state, OrderState::Placed);
        assert_eq!(page.payments[0].decline.map(|code| code.code()), Some(decline));
    }
    // The bank asks; nobody pays a second time meanwhile; it isn't confirmed.
    assert_eq!(pay(&stage, &buyer, number, "confirmation").await.expect("asked"), PaymentState::Confirmation);
    let again = pay(&stage, &buyer, number, "pays").await.expect_err("under way").told();
    assert_eq!(again.code, ErrorCode::PaymentUnderWay);
    let not =
        card::confirm(&stage.service, &buyer, stage.operation(), number, false).await.expect("an answer");
    assert_eq!(not, PaymentState::Declined);
    let late =
        card::confirm(&stage.service, &buyer, stage.operation(), number, true).await.expect("as it stands");
    assert_eq!(late, PaymentState::Declined, "a repeated answer changes nothing");
    // The answer is lost after the card was charged: the clock finds out.
    assert_eq!(pay(&stage, &buyer, number, "timeout").await.expect("no answer"), PaymentState::Unknown);
    let again = pay(&stage, &buyer, number, "pays").await.expect_err("under way").told();
    assert_eq!(again.code, ErrorCode::PaymentUnderWay);
    let order_now = wanted(&stage, &buyer, number).await;
    let cancelled = place::cancel(&stage.service, &buyer, stage.operation(), order_now).await;
    assert_eq!(cancelled.expect_err("perhaps paid").told().code, ErrorCode::PaymentUnderWay);
    assert_eq!(on_clock::look_up_due(&stage.service).await.expect("looked"), 0, "not yet");
    later(&stage, 61);
    assert_eq!(on_clock::look_up_due(&stage.service).await.expect("looked"), 1);
    assert_eq!(on_clock::look_up_due(&stage.service).await.expect("looked"), 0, "once");
    let page = shown(&stage, &buyer, number).await;
    assert_eq!((page.order.state, page.payments[0].state), (OrderState::Paid, PaymentState::Paid));
    let late = pay(&stage, &buyer, number, "pays").await.expect_err("paid").told();
    assert_eq!(late.code, ErrorCode::OrderSettled);
    assert_eq!(
        count(&stage, "select count(*) as number from test_card_charge where state = 'paid'").await,
        1
    );
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn a_confirmation_that_nobody_gives_is_given_up(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    pay(&stage, &buyer, number, "confirmation").await.expect("asked");
    later(&stage, 3601);
    assert_eq!(on_clock::look_up_due(&stage.service).await.expect("looked"), 1);
    assert_eq!(shown(&stage, &buyer, number).await.payments[0].state, PaymentState::Declined);
    // Whoever went on is told; whoever pays sees it.
    assert_eq!(count(&stage, "select count(*) as number from mail where kind = 'payment_declined'").await, 1);
    // Choosing the transfer gives a confirmation up as well.
    pay(&stage, &buyer, number, "confirmation").await.expect("asked");
    let order_now = wanted(&stage, &buyer, number).await;
    transfer::choose(&stage.service, &buyer, stage.operation(), order_now).await.expect("a transfer");
    let page = shown(&stage, &buyer, number).await;
    assert_eq!(page.open.expect("open").method, PaymentMethod::BankTransfer);
    assert_eq!(pay(&stage, &buyer, number, "pays").await.expect("back to the card"), PaymentState::Paid);
    let open = "select count(*) as number from service_request where kind = 'payment' and open";
    assert_eq!(count(&stage, open).await, 0, "nobody looks for the transfer any more");
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn a_transfer_is_proved_confirmed_and_never_counted_twice(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let operator = stage.operator(FULFILMENT).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    let pdf = b"%PDF-1.7\n1 0 obj\n%%EOF\n".to_vec();
    let early = transfer::give_proof(&stage.service, &buyer, number, "proof.pdf", pdf.clone()).await;
    assert_eq!(early.expect_err("no transfer yet").told().code, ErrorCode::OrderSettled);
    let order_now = wanted(&stage, &buyer, number).await;
    transfer::choose(&stage.service, &buyer, stage.operation(), order_now).await.expect("a transfer");
    let wrong =
        transfer::give_proof(&stage.service, &buyer, number, "proof.pdf", b"MZ not a PDF".to_vec()).await;
    assert_eq!(wrong.expect_err("no PDF").told().code, ErrorCode::ProofNotReadable);
    for _ in 0..5 {
        let given =
            transfer::give_proof(&stage.service, &buyer, number, "C:\\bank\\付款.pdf", pdf.clone()).await;
        given.expect("kept");
    }
    let more = transfer::give_proof(&stage.service, &buyer, number, "proof.pdf", pdf.clone()).await;
    assert_eq!(more.expect_err("enough").told().code, ErrorCode::TooManyProofs);
    let page = shown(&stage, &buyer, number).await;
    assert_eq!(page.proofs.len(), 5);
    assert_eq!(page.proofs[0].name, "付款.pdf");
    let id = page.proofs[0].id.parse().expect("an id");
    assert_eq!(transfer::proof(&stage.service, &buyer, id).await.expect("own").content, pdf);
    assert_eq!(
        transfer::proof_for_operator(&stage.service, &operator, id).await.expect("the queue's").content,
        pdf
    );
    let other = stage.person(AGENT).await;
    let foreign = transfer::proof(&stage.service, &other, id).await;
    assert_eq!(foreign.err().expect("another company").told().code, ErrorCode::NotFound);

    let text = "select id from service_request where kind = 'payment' and open";
    let request = ServiceRequestId(stage.id(text, []).await);
    let refusal = refuse::Refuse {
        wanted: Wanted { request, version: 1 },
        reason: "No such transfer on the account.".to_owned(),
    };
    refuse::refuse(&stage.service, &operator, stage.operation(), refusal).await.expect("not found");
    let page = shown(&stage, &buyer, number).await;
    assert_eq!((page.order.state, page.open), (OrderState::Placed, None), "it still waits");
    assert_eq!(count(&stage, "select count(*) as number from mail where kind = 'transfer_refused'").await, 1);
    let order_now = wanted(&stage, &buyer, number).await;
    transfer::choose(&stage.service, &buyer, stage.operation(), order_now).await.expect("once more");
    let request = ServiceRequestId(stage.id(text, []).await);
    let confirm = Wanted { request, version: 1 };
    complete::payment(&stage.service, &operator, stage.operation(), confirm)
        .await
        .expect("the money is here");
    assert_eq!(shown(&stage, &buyer, number).await.order.state, OrderState::Paid);
    let twice = complete::payment(&stage.service, &operator, stage.operation(), confirm).await;
    assert_eq!(twice.expect_err("confirmed").told().code, ErrorCode::AlreadyDecided);
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn a_notice_of_the_processor_grants_once_however_often_it_comes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let nobody = Request { actor: service::Actor::Nobody, address: String::new(), id: "notice".to_owned() };
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    assert_eq!(pay(&stage, &buyer, number, "timeout").await.expect("no answer"), PaymentState::Unknown);
    let payment = stage.id("select id from payment where state = 'unknown'", []).await;
    let body = format!("{{\"id\":\"notice-1\",\"reference\":\"{payment}\"}}");
    let signature = processor_notice::sign(SECRET, body.as_bytes(), stage.service.now().0 / 1000);
    let hear = |signature: String, body: String| {
        let (service, nobody) = (stage.service.clone(), nobody.clone());
        async move { processor_notice::hear(&service, &nobody, "test-card", &signature, body.as_bytes()).await }
    };
    let forged =
        hear(processor_notice::sign("guess", body.as_bytes(), stage.service.now().0 / 1000), body.clone());
    assert_eq!(forged.await.expect_err("forged").told().code, ErrorCode::ForeignOrigin);
    assert_eq!(shown(&stage, &buyer, number).await.order.state, OrderState::Placed);
    for _ in 0..5 {
        hear(signature.clone(), body.clone()).await.expect("heard");
    }
    assert_eq!(shown(&stage, &buyer, number).await.order.state, OrderState::Paid);
    let unknown = "{\"id\":\"notice-2\",\"reference\":\"00000000-0000-0000-0000-000000000000\"}".to_owned();
    let signed = processor_notice::sign(SECRET, unknown.as_bytes(), stage.service.now().0 / 1000);
    hear(signed, unknown).await.expect("nothing of ours");
    assert_eq!(count(&stage, "select count(*) as number from invoice").await, 1);
    assert_eq!(count(&stage, "select count(*) as number from payment_notice").await, 2);
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn an_order_that_nobody_pays_expires_after_thirty_days(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(None, Some("confirmation"), Some("transfer"))] begun: Option<&str>,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    match begun {
        Some("transfer") => {
            let order_now = wanted(&stage, &buyer, number).await;
            transfer::choose(&stage.service, &buyer, stage.operation(), order_now).await.expect("a transfer");
        }
        Some(card) => {
            pay(&stage, &buyer, number, card).await.expect("begun");
        }
        None => {}
    }
    let ordered = stage.service.now();
    let until = pay_until(ordered, &Zone::named("Europe/London"));
    stage.clock.set(until);
    assert_eq!(on_clock::expire_due(&stage.service).await.expect("looked"), 0, "day 30 is the last");
    later(&stage, 1);
    // Two servers at the same moment do it once.
    let (one, other) =
        tokio::join!(on_clock::expire_due(&stage.service), on_clock::expire_due(&stage.service));
    assert_eq!(one.expect("looked") + other.expect("looked"), 1);
    assert_eq!(on_clock::expire_due(&stage.service).await.expect("looked"), 0, "once");
    let page = shown(&stage, &buyer, number).await;
    assert_eq!((page.order.state, page.open), (OrderState::Expired, None));
    assert_eq!(count(&stage, "select count(*) as number from mail where kind = 'order_expired'").await, 1);
    let open = "select count(*) as number from service_request where kind = 'payment' and open";
    assert_eq!(count(&stage, open).await, 0);
    assert_eq!(unmet(&stage, &buyer, "silver").await, [], "it can be ordered again");
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn a_transfer_that_is_proved_is_decided_before_its_order_expires(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let operator = stage.operator(FULFILMENT).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    let order_now = wanted(&stage, &buyer, number).await;
    transfer::choose(&stage.service, &buyer, stage.operation(), order_now).await.expect("a transfer");
    let pdf = b"%PDF-1.7\n1 0 obj\n%%EOF\n".to_vec();
    transfer::give_proof(&stage.service, &buyer, number, "proof.pdf", pdf).await.expect("kept");
    later(&stage, 40 * 86_400);
    assert_eq!(on_clock::expire_due(&stage.service).await.expect("looked"), 0, "money may be on its way");
    let text = "select id from service_request where kind = 'payment' and open";
    let request = ServiceRequestId(stage.id(text, []).await);
    let refusal =
        refuse::Refuse { wanted: Wanted { request, version: 1 }, reason: "Nothing came.".to_owned() };
    refuse::refuse(&stage.service, &operator, stage.operation(), refusal).await.expect("refused");
    assert_eq!(on_clock::expire_due(&stage.service).await.expect("looked"), 1);
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_18_an_area_is_bought_at_one_level(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let operator = stage.operator(FULFILMENT).await;
    let gold = Competency { domain: PACK.into(), tier: "gold".into(), area: "devops".into() };
    competencies::record(&stage.service, &operator, stage.operation(), gold).await.expect("recorded");
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    let gold = PlaceOrder { offer: "gold".to_owned(), ..silver("devops") };
    let error = order(&stage, &buyer, gold.clone()).await.expect_err("one waits").told();
    assert_eq!(error.detail.as_deref(), Some("none_waiting"));
    pay(&stage, &buyer, number, "pays").await.expect("paid");
    let error = order(&stage, &buyer, gold).await.expect_err("held at Silver").told();
    assert_eq!(error.detail.as_deref(), Some("no_other_level"));
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_18_what_ended_before_its_holding_does_not_stand_in_the_way_of_another_purchase(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    // As a go-to-market benefit ends with its activation.
    let text =
        "update benefit_grant set state = 'ended' where category = 'go_to_market' and organization_id =
        (select id from organization where domain = 'kestrelash.example')";
    assert!(stage.run(text, []).await > 0);
    let ended = "select count(*) as number from benefit_grant where state = 'ended'";
    let before = count(&stage, ended).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    assert_eq!(pay(&stage, &buyer, number, "pays").await.expect("paid"), PaymentState::Paid);
    assert_eq!(count(&stage, ended).await, before, "what ended doesn't come a second time");
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_2_invoice_and_credit_note_say_what_was_bought_in_the_readers_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    pay(&stage, &buyer, number, "pays").await.expect("paid");
    refund(&stage, &buyer, number).await;
    let shown = shown(&stage, &buyer, number).await.documents;
    let [of_order, of_refund] = [shown[0].number, shown[1].number];
    let names = ["Silver competency, DevOps", "银级资质（DevOps）", "銀級專長認證（DevOps）"];
    for (language, name) in Language::ALL.into_iter().zip(names) {
        let invoice = document(&stage, &buyer, language, of_order).await.expect("the invoice");
        assert_eq!(invoice.kind, Kind::Invoice);
        assert_eq!((invoice.number, invoice.order, invoice.issued), (of_order, number, shown[0].issued));
        assert_eq!(invoice.buyer.name, "Kestrel & Ash Consulting");
        assert!(!invoice.seller.is_empty(), "the programme");
        assert_eq!((invoice.total_minor, invoice.currency.as_str()), (167_000, "USD"));
        let [line] = invoice.lines.as_slice() else { panic!("{:?}", invoice.lines) };
        assert_eq!((line.offer.as_str(), line.quantity, line.amount_minor), (name, 1, 167_000));
        let paid = invoice.payment.expect("it was paid");
        assert_eq!((paid.method, paid.paid), (PaymentMethod::Card, invoice.issued));
        let credit = document(&stage, &buyer, language, of_refund).await.expect("the credit note");
        assert_eq!(credit.kind, Kind::CreditNote { invoice: of_order });
        assert_eq!((credit.total_minor, credit.payment), (167_000, None));
        assert_eq!((credit.lines, credit.buyer), (invoice.lines.clone(), invoice.buyer.clone()));
        assert!(invoice.pdf().expect("a file").starts_with(b"%PDF-"));
    }
    // Names of later are not on it, unless it is from before names were kept.
    let rename = "update competency_area_text set name = 'Another name' where area = 'devops'";
    assert_eq!(stage.run(rename, []).await, 3);
    stage.run("update offer_text set name = 'Another offer'", []).await;
    stage.run("update programme_text set name = 'Another programme'", []).await;
    for number in [of_order, of_refund] {
        let kept = document(&stage, &buyer, Language::English, number).await.expect("the document");
        assert_eq!(kept.lines[0].offer, names[0]);
        assert_ne!(kept.seller, "Another programme");
    }
    stage.run("delete from invoice_line_text", []).await;
    let older = document(&stage, &buyer, Language::English, of_order).await.expect("the document");
    assert_eq!(
        (older.lines[0].offer.as_str(), older.seller.as_str()),
        ("Another offer, Another name", "Another programme")
    );
    let employee = stage.person(EMPLOYEE).await;
    let refused = document(&stage, &employee, Language::English, of_order).await;
    assert_eq!(refused.expect_err("an employee").told().code, ErrorCode::RoleNeeded);
    let agent = stage.person(AGENT).await;
    for number in [of_order, of_refund, of_refund + 1, 0] {
        let refused = document(&stage, &agent, Language::English, number).await;
        assert_eq!(refused.expect_err("another company").told().code, ErrorCode::NotFound, "{number}");
    }
}

#[rstest]
#[tokio::test]
async fn rule_20_a_refund_gives_the_money_back_once_with_a_credit_note(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    pay(&stage, &buyer, number, "pays").await.expect("paid");
    refund(&stage, &buyer, number).await;
    // Two servers at the same moment do it once.
    let (one, other) =
        tokio::join!(on_clock::refund_due(&stage.service), on_clock::refund_due(&stage.service));
    assert_eq!(one.expect("given back") + other.expect("given back"), 1);
    assert_eq!(on_clock::refund_due(&stage.service).await.expect("looked"), 0, "once");
    let page = shown(&stage, &buyer, number).await;
    assert_eq!(page.order.state, OrderState::Refunded);
    assert_eq!(page.documents.len(), 2);
    assert_eq!(page.documents[0].amount_minor, page.documents[1].amount_minor);
    let given = "select count(*) as number from test_card_charge where state = 'refunded'";
    assert_eq!(count(&stage, given).await, 1);
    assert_eq!(unmet(&stage, &buyer, "silver").await, [], "it can be bought again");
}

#[rstest]
#[tokio::test]
async fn rule_20_the_money_of_a_transfer_is_sent_back_by_an_operator(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let operator = stage.operator(FULFILMENT).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    let order_now = wanted(&stage, &buyer, number).await;
    transfer::choose(&stage.service, &buyer, stage.operation(), order_now).await.expect("a transfer");
    let text = "select id from service_request where kind = 'payment' and open";
    let request = ServiceRequestId(stage.id(text, []).await);
    let here = Wanted { request, version: 1 };
    complete::payment(&stage.service, &operator, stage.operation(), here).await.expect("the money is here");
    refund(&stage, &buyer, number).await;
    assert_eq!(on_clock::refund_due(&stage.service).await.expect("looked"), 0, "no card");
    let payment = shown(&stage, &buyer, number).await.payments[0].clone();
    assert!(payment.refund_due.is_some() && payment.refunded.is_none());
    let request = ServiceRequestId(stage.id(text, []).await);
    let back = Wanted { request, version: 1 };
    complete::payment(&stage.service, &operator, stage.operation(), back).await.expect("sent back");
    assert!(shown(&stage, &buyer, number).await.payments[0].refunded.is_some());
    assert_eq!(count(&stage, "select count(*) as number from mail where kind = 'refund_sent'").await, 1);
    let open = "select count(*) as number from service_request where kind = 'payment' and open";
    assert_eq!(count(&stage, open).await, 0);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_18_the_core_stays_as_long_as_one_area_is_held(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let first = order(&stage, &buyer, silver("devops")).await.expect("placed");
    pay(&stage, &buyer, first, "pays").await.expect("paid");
    later(&stage, 60);
    let second = order(&stage, &buyer, silver("security")).await.expect("placed");
    pay(&stage, &buyer, second, "pays").await.expect("paid");
    let granted = |source: &'static str| {
        let text = format!(
            "select count(*) as number from benefit_grant g join organization o on o.id = g.organization_id
            where o.domain = 'kestrelash.example' and g.state = 'granted' and g.source = '{source}'"
        );
        let stage = &stage;
        async move { count(stage, &text).await }
    };
    let (core, area) = (granted("silver_core").await, granted("select_competency").await);
    assert!(core > 0 && area > 0);
    let ids =
        "select count(*) as number from benefit_grant where source = 'silver_core' and state <> 'granted'";
    let gone = count(&stage, ids).await;
    let lines = list::page(&stage.service, &buyer, Language::English).await.expect("the purchases").lines;
    let line = lines.iter().find(|line| line.order == first).expect("the purchase");
    assert_eq!((line.going_on, line.tier_after.as_deref()), (core, None), "what goes on is said before");
    assert!(line.benefits > 0, "what DevOps added ends");
    // The core came with the first area; it goes on with the second, seats and ledger included.
    refund(&stage, &buyer, first).await;
    assert_eq!(count(&stage, ids).await, gone, "the same grants");
    assert_eq!(granted("silver_core").await, core);
    assert!(granted("select_competency").await < area, "what DevOps added is gone");
    refund(&stage, &buyer, second).await;
    assert_eq!((granted("silver_core").await, granted("select_competency").await), (0, 0));
    let tier = "select count(*) as number from organization
        where domain = 'kestrelash.example' and tier = 'action_pack'";
    assert_eq!(count(&stage, tier).await, 1);
}

#[rstest]
#[tokio::test]
async fn fifty_who_pay_the_same_order_at_once_pay_it_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    let order_now = wanted(&stage, &buyer, number).await;
    let mut running = Vec::new();
    for _ in 0..50 {
        let (service, buyer, operation) = (stage.service.clone(), buyer.clone(), stage.operation());
        let input = PayByCard { order: order_now, card: "pays".to_owned() };
        running.push(tokio::spawn(async move { card::pay(&service, &buyer, operation, input).await }));
    }
    let mut paid = 0;
    for one in running {
        match one.await.expect("joined") {
            Ok(PaymentState::Paid) => paid += 1,
            Ok(state) => panic!("{state:?}"),
            Err(failure) => {
                let code = failure.told().code;
                assert!(
                    matches!(code, ErrorCode::Stale | ErrorCode::OrderSettled | ErrorCode::PaymentUnderWay),
                    "{code:?}"
                );
            }
        }
    }
    assert_eq!(paid, 1);
    assert_eq!(count(&stage, "select count(*) as number from test_card_charge").await, 1);
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn why_to_join_stands_there_for_whoever_has_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let admin = stage.person(NETWORK_ADMIN).await;
    assert!(page(&stage, &admin).await.points.is_empty(), "a member already");
    assert_eq!(unmet(&stage, &admin, "silver").await, [OfferCondition::Attained]);
    assert_eq!(unmet(&stage, &admin, "action_pack").await, []);
    stage.run("update holding set state = 'ended'", []).await;
    let page = page(&stage, &admin).await;
    assert_eq!(page.points.len(), 4);
    assert_eq!(page.agreement.expect("an agreement").version, 1);
}

#[rstest]
#[case(true)]
#[case(false)]
#[tokio::test]
async fn rule_20_the_policies_of_the_day_of_the_order_decide(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] counts: bool,
) {
    let stage = shop(engine).await;
    let buyer = stage.person(BUYER).await;
    stage.set_policy("reveal_counts_as_activation", &counts.to_string()).await;
    let number = order(&stage, &buyer, silver("devops")).await.expect("placed");
    pay(&stage, &buyer, number, "pays").await.expect("paid");
    stage.set_policy("reveal_counts_as_activation", &(!counts).to_string()).await;
    let text = "select g.id from benefit_grant g join order_line l on l.id = g.order_line_id
        join orders o on o.id = l.order_id where o.number = $1 and g.category = 'software' order by g.id limit 1";
    let grant = stage.id(text, [number.into()]).await;
    let text = "update product_key set state = 'spent', grant_id = $1, organization_id =
            (select organization_id from benefit_grant where id = $1), drawn_at = $2, revealed_at = $2
        where id = (select id from product_key where state = 'free' order by id limit 1)";
    assert_eq!(stage.run(text, [grant.into(), stage.service.now().0.into()]).await, 1);
    let lines = list::page(&stage.service, &buyer, Language::English).await.expect("the purchases").lines;
    let line = lines.iter().find(|line| line.order == number).expect("the purchase");
    assert_eq!((line.reveal_counts, line.untouched, line.refundable()), (counts, !counts, !counts));
}

#[rstest]
#[tokio::test]
async fn rule_18_without_the_network_membership_nothing_new_starts_and_it_stays_while_others_need_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let admin = stage.person("maren.tolvik@fernhollow.example").await;
    let network =
        "update holding set state = $1 where offer_id = (select id from offer where code = 'network')
        and organization_id = (select id from organization where domain = 'fernhollow.example')";
    let lines = list::page(&stage.service, &admin, Language::English).await.expect("the purchases").lines;
    let needed = lines.iter().filter(|line| line.needed).map(|line| line.offer.as_str()).collect::<Vec<_>>();
    assert_eq!(needed, ["Network membership"]);
    let network_line = lines.iter().find(|line| line.needed).expect("the network membership");
    let text = "update orders set ordered_at = $2, paid_at = $2 where id = (select order_id from order_line where id = $1)";
    stage.run(text, [network_line.id.0.into(), stage.service.now().0.into()]).await;
    let input = service::purchases::cancel::CancelPurchase {
        line: network_line.id,
        version: network_line.version,
        reason: "bought_by_mistake".to_owned(),
        note: String::new(),
        accepted: true,
    };
    let asked = service::purchases::cancel::submit(&stage.service, &admin, stage.operation(), input).await;
    assert_eq!(asked.expect_err("others need it").told().code, ErrorCode::NetworkNeeded);
    let grant = stage.grant_in_area("fernhollow.example", "visual_studio_enterprise", "cloud_platform").await;
    let person = stage.people_without_seat("fernhollow.example", grant).await[0];
    let give = async || {
        let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
        assign(&stage.service, &admin, stage.operation(), input).await
    };
    stage.run(network, ["ended".into()]).await;
    assert_eq!(give().await.expect_err("the network comes first").told().code, ErrorCode::NetworkNeeded);
    stage.run(network, ["active".into()]).await;
    give().await.expect("assigned");
}

#[rstest]
#[tokio::test]
async fn amounts_of_an_earlier_version_that_are_read_otherwise_are_named(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let named = async || {
        let reader = stage.service.database.reader();
        other_digits::earlier(reader).await.expect("looked for")
    };
    stage.sql("update offer set currency = 'VND' where code = 'gold'").await;
    stage.sql("update orders set currency = 'KWD'").await;
    stage.sql("update invoice set currency = 'JPY'").await;
    let nothing = other_digits::Earlier::default();
    assert_eq!(named().await, nothing, "a new installation has no earlier amounts");

    // As where the portal was upgraded an hour from now, after a month.
    let upgraded = stage.service.now().0 / 1_000 + 3_600;
    let applied = async |migration: &str, at: i64| {
        stage
            .sql(&format!("update seaql_migrations set applied_at = {at} where version = '{migration}'"))
            .await;
    };
    applied("m0001_people", upgraded - 30 * 24 * 3_600).await;
    applied("m0036_links_formats_ends", upgraded).await;
    let orders = stage
        .count(
            "select count(*) as number from orders o where exists (select 1 from order_line l
            where l.order_id = o.id and l.price_minor > 0)",
        )
        .await;
    assert!(orders > 0, "somebody has paid");
    let offers = vec!["gold (VND)".to_owned()];
    let expected = other_digits::Earlier { offers: offers.clone(), orders, invoices: 0 };
    assert_eq!(named().await, expected, "an earlier version knew the yen");
    stage.sql("update invoice set currency = 'VND'").await;
    let invoices = stage.count("select count(*) as number from invoice where amount_minor > 0").await;
    assert_eq!(named().await, other_digits::Earlier { offers, orders, invoices });

    // A version since that leaves the price mends nothing; one that says another does. What was sold stays.
    let in_force = read::in_force(stage.service.database.reader()).await.expect("the catalogue");
    let document = file::write(&in_force).expect("a file");
    let (id, at) = (stage.literal(stage.service.new_id()), (upgraded + 1) * 1_000);
    let text = format!(
        "insert into catalogue_draft (id, title, state, document, base, base_version, in_force_at, version,
            drafted_by, drafted_at, changed_by, changed_at, published_by, published_at)
        select {id}, 'Later', 'in_force', $1, $1, 1, {at}, 2, a.id, {at}, a.id, {at}, a.id, {at}
        from (select id from account limit 1) a"
    );
    stage.run(&text, [document.into()]).await;
    assert_eq!(named().await.offers, ["gold (VND)"], "its price is as it was");
    stage.sql("update offer set price_minor = price_minor + 1 where code = 'gold'").await;
    assert_eq!(named().await, other_digits::Earlier { offers: Vec::new(), orders, invoices });
}
