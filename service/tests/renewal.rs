//! The next year of a holding (rule 21): bought ahead, in the window and too late; what goes over to it, and
//! what a refund gives back. On both databases.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{Engine, Stage, stage};
use domain::ids::{HoldingId, ServiceRequestId};
use domain::order::{OrderKind, OrderState, PaymentState};
use domain::view::orders::OrderPage;
use domain::view::renewal::{RenewalRow, RenewalState};
use domain::{ErrorCode, Field, Language, Moment};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::assignments::assign::{AssignSeats, assign};
use service::keys::reveal::{KeyOf, RevealKey, reveal};
use service::membership::{on_clock, page};
use service::purchases::card::{self, PayByCard};
use service::purchases::place::WantedOrder;
use service::purchases::renew::{self, RenewHolding};
use service::purchases::{cancel, list, offers, orders, processor_notice};
use service::queue::{Wanted, complete};
use service::{Failure, Request, benefits, sql};
use uuid::Uuid;

const PACK: &str = "kestrelash.example";
const BUYER: &str = "piet.zanderling@kestrelash.example";
const GOLD: &str = "fernhollow.example";
const GOLD_ADMIN: &str = "maren.tolvik@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const REFUNDS: &str = "rosalind.ekwueme@northlight.example";
const SECRET: &str = "a secret that portal and processor share";
const DAY: i64 = 24 * 3600 * 1000;

async fn shop(engine: Engine) -> Stage {
    let mut stage = stage(engine).await;
    stage.service.payments.notice_secret = Some(Arc::from(SECRET));
    stage
}

#[derive(FromQueryResult, Clone, Debug)]
struct Holding {
    id: Uuid,
    state: String,
    starts_at: i64,
    anniversary_at: i64,
    follows_id: Option<Uuid>,
}

/// The company's holdings of an offer, the earliest year first.
async fn holdings(stage: &Stage, company: &str, offer: &str) -> Vec<Holding> {
    let text = "select h.id, h.state, h.starts_at, h.anniversary_at, h.follows_id from holding h
        join offer f on f.id = h.offer_id join organization o on o.id = h.organization_id
        where o.domain = $1 and f.code = $2 order by h.anniversary_at, h.id";
    let values = [company.into(), offer.into()];
    sql::all::<Holding>(stage.service.database.reader(), text, values).await.expect("holdings")
}

async fn first(stage: &Stage, company: &str, offer: &str) -> Holding {
    holdings(stage, company, offer).await.first().expect("a holding").clone()
}

/// Noon of the day so many days after the first year's anniversary; negative is before.
async fn go_to(stage: &Stage, company: &str, offer: &str, days: i64) {
    let at = first(stage, company, offer).await.anniversary_at;
    stage.clock.set(Moment(at - DAY / 2 + days * DAY));
}

/// The network membership goes on whatever the clock says.
async fn network_stays(stage: &Stage) {
    let text = "update holding set anniversary_at = anniversary_at + 315360000000
        where offer_id = (select id from offer where code = 'network')";
    stage.run(text, []).await;
}

async fn order_renewal(stage: &Stage, who: &Request, holding: Uuid) -> Result<i64, Failure> {
    let input = RenewHolding { holding: HoldingId(holding), agreement: 1, accepted: true };
    renew::renew(&stage.service, who, stage.operation(), input).await
}

async fn shown(stage: &Stage, who: &Request, number: i64) -> OrderPage {
    orders::one(&stage.service, who, Language::English, number).await.expect("the order")
}

async fn pay(stage: &Stage, who: &Request, number: i64, card: &str) -> PaymentState {
    let order = WantedOrder { number, version: shown(stage, who, number).await.version };
    let input = PayByCard { order, card: card.to_owned() };
    card::pay(&stage.service, who, stage.operation(), input).await.expect("an answer")
}

/// Renews and pays; gives the number of the order.
async fn renewed(stage: &Stage, who: &Request, company: &str, offer: &str) -> i64 {
    let holding = first(stage, company, offer).await.id;
    let number = order_renewal(stage, who, holding).await.expect("placed");
    assert_eq!(pay(stage, who, number, "pays").await, PaymentState::Paid);
    number
}

async fn refund(stage: &Stage, buyer: &Request, number: i64) {
    let text = "select l.id from order_line l join orders o on o.id = l.order_id where o.number = $1";
    let line = stage.id(text, [number.into()]).await;
    let version = "select row_version as number from order_line where id = $1";
    let version = sql::number(stage.service.database.reader(), version, [line.into()]).await;
    let input = cancel::CancelPurchase {
        line: line.into(),
        version: version.expect("a version"),
        reason: "bought_by_mistake".to_owned(),
        note: String::new(),
        accepted: true,
    };
    cancel::submit(&stage.service, buyer, stage.operation(), input).await.expect("asked");
    let text = "select id from service_request where order_line_id = $1 and kind = 'cancellation' and open";
    let request = ServiceRequestId(stage.id(text, [line.into()]).await);
    let admin = stage.operator(REFUNDS).await;
    let wanted = Wanted { request, version: 1 };
    complete::cancellation(&stage.service, &admin, stage.operation(), wanted).await.expect("approved");
}

/// The renewal of an offer as the page Membership shows it.
async fn renewal(stage: &Stage, who: &Request, offer: &str) -> RenewalRow {
    let page = page::page(&stage.service, who, Language::English).await.expect("the page");
    let rows = page.holdings.into_iter().filter_map(|holding| holding.renewal);
    rows.into_iter().find(|row| row.offer_code == offer).expect("a renewal")
}

async fn clock(stage: &Stage) {
    let service = &stage.service;
    on_clock::begin_due(service).await.expect("begun");
    on_clock::end_due(service).await.expect("ended");
    benefits::on_clock::end_due(service).await.expect("ended");
    on_clock::remind_due(service).await.expect("reminded");
}

/// Seats that are held of what an offer gives, by grants of its holdings in a state.
async fn seats(stage: &Stage, company: &str, offer: &str, state: &str) -> i64 {
    let text = format!(
        "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
        join holding h on h.id = g.holding_id join offer f on f.id = h.offer_id
        join organization o on o.id = g.organization_id
        where o.domain = '{company}' and f.code = '{offer}' and g.state = '{state}' and s.released_at is null"
    );
    stage.count(&text).await
}

async fn check(stage: &Stage) {
    stage.nothing_left_behind().await;
}

fn detail(outcome: Result<i64, Failure>) -> (ErrorCode, Option<String>) {
    let error = outcome.expect_err("refused").told();
    (error.code, error.detail)
}

#[rstest]
#[tokio::test]
async fn rule_21_a_year_bought_ahead_begins_at_the_anniversary_and_everybody_keeps_their_seats(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let buyer = stage.person(BUYER).await;
    let old = first(&stage, PACK, "action_pack").await;
    go_to(&stage, PACK, "action_pack", -16).await;
    assert!(matches!(renewal(&stage, &buyer, "action_pack").await.state, RenewalState::From(_)));
    let early = detail(order_renewal(&stage, &buyer, old.id).await);
    assert_eq!(early, (ErrorCode::RenewalNotPossible, Some("in_time".to_owned())));

    go_to(&stage, PACK, "action_pack", -15).await;
    let row = renewal(&stage, &buyer, "action_pack").await;
    assert_eq!((row.state, row.price_minor), (RenewalState::Possible, 47_500));
    let number = order_renewal(&stage, &buyer, old.id).await.expect("placed");
    let order = shown(&stage, &buyer, number).await.order;
    assert_eq!(
        (order.kind, order.state, order.price_minor),
        (OrderKind::Renewal, OrderState::Placed, 47_500)
    );
    assert_eq!(renewal(&stage, &buyer, "action_pack").await.state, RenewalState::Waiting(number));
    let again = detail(order_renewal(&stage, &buyer, old.id).await);
    assert_eq!(again.1.as_deref(), Some("none_waiting"));

    let held = seats(&stage, PACK, "action_pack", "granted").await;
    assert!(held > 0);
    assert_eq!(pay(&stage, &buyer, number, "pays").await, PaymentState::Paid);
    let years = holdings(&stage, PACK, "action_pack").await;
    assert_eq!((years.len(), years[0].state.as_str(), years[1].state.as_str()), (2, "active", "coming"));
    assert_eq!((years[1].starts_at, years[1].follows_id), (old.anniversary_at + 1, Some(old.id)));
    assert_eq!(years[1].anniversary_at, old.anniversary_at + 365 * DAY, "from the old anniversary");
    assert!(matches!(
        renewal(&stage, &buyer, "action_pack").await.state,
        RenewalState::Renewed { order, .. } if order == number
    ));
    let again = detail(order_renewal(&stage, &buyer, old.id).await);
    assert_eq!(again.1.as_deref(), Some("not_renewed"));
    assert_eq!(shown(&stage, &buyer, number).await.documents.len(), 1);
    assert_eq!(stage.count("select count(*) as number from mail where kind = 'order_renewed'").await, 1);

    // Until then nothing changes, and nobody is asked to renew.
    go_to(&stage, PACK, "action_pack", 0).await;
    clock(&stage).await;
    assert_eq!(first(&stage, PACK, "action_pack").await.state, "active");
    let asked = stage.mails(BUYER).await.into_iter().filter(|mail| mail.kind == "membership_renew");
    assert_eq!(asked.filter(|mail| mail.subject.contains("Action Pack")).count(), 0);

    go_to(&stage, PACK, "action_pack", 1).await;
    let (one, other) = tokio::join!(on_clock::begin_due(&stage.service), on_clock::begin_due(&stage.service));
    assert_eq!(one.expect("begins") + other.expect("begins"), 1, "once, with two servers");
    assert_eq!(on_clock::begin_due(&stage.service).await.expect("once"), 0);
    clock(&stage).await;
    let years = holdings(&stage, PACK, "action_pack").await;
    assert_eq!((years[0].state.as_str(), years[1].state.as_str()), ("ended", "active"));
    assert_eq!(seats(&stage, PACK, "action_pack", "granted").await, held, "everybody");
    let followed =
        "select count(*) as number from benefit_grant n join benefit_grant f on f.id = n.follows_id
        join seat s on s.grant_id = n.id and s.released_at is null where f.state = 'ended'";
    assert_eq!(stage.count(followed).await, held);
    let told = stage.mails(BUYER).await.into_iter().filter(|mail| mail.kind.starts_with("seat_"));
    assert_eq!(told.filter(|mail| mail.kind == "seat_ended").count(), 0, "nobody lost anything");
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_21_a_renewal_in_the_window_begins_at_once_and_counts_from_the_old_anniversary(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let buyer = stage.person(BUYER).await;
    let old = first(&stage, PACK, "action_pack").await;
    let held = seats(&stage, PACK, "action_pack", "granted").await;
    go_to(&stage, PACK, "action_pack", 30).await;
    clock(&stage).await;
    let grant = "select g.id from benefit_grant g join product p on p.id = g.product_id
        where g.holding_id = $1 and p.code = 'visual_studio_professional'";
    let give = async |of: Uuid| {
        let grant = domain::ids::GrantId(stage.id(grant, [of.into()]).await);
        let people = stage.people_without_seat(PACK, grant).await.into_iter().take(1).collect();
        let input = AssignSeats { grant, people, shortage: None, alternate_email: None };
        assign(&stage.service, &buyer, stage.operation(), input).await.map(|_| ())
    };
    // One seat is left, so that nothing but the window stands in the way.
    let one_left = "update pool set quantity = used + 1 where id = (select g.pool_id from benefit_grant g
        join product p on p.id = g.product_id where g.holding_id = $1 and p.code = 'visual_studio_professional')";
    stage.run(one_left, [old.id.into()]).await;
    assert_eq!(give(old.id).await.expect_err("in the window").told().code, ErrorCode::RenewalWindow);
    renewed(&stage, &buyer, PACK, "action_pack").await;
    let years = holdings(&stage, PACK, "action_pack").await;
    assert_eq!((years[0].state.as_str(), years[1].state.as_str()), ("ended", "active"));
    assert_eq!(years[1].anniversary_at, old.anniversary_at + 365 * DAY, "no free month");
    assert_eq!(seats(&stage, PACK, "action_pack", "granted").await, held);
    // What couldn't start in the window can again.
    stage.run(one_left, [years[1].id.into()]).await;
    give(years[1].id).await.expect("assigned");
    // The next reminders are those of the new year, and the clock leaves it alone.
    clock(&stage).await;
    assert_eq!(holdings(&stage, PACK, "action_pack").await[1].state, "active");
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_21_after_the_window_nothing_is_renewed_and_a_late_payment_buys_a_year_from_its_day(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let buyer = stage.person(BUYER).await;
    let old = first(&stage, PACK, "action_pack").await;
    go_to(&stage, PACK, "action_pack", 20).await;
    let number = order_renewal(&stage, &buyer, old.id).await.expect("placed in the window");
    go_to(&stage, PACK, "action_pack", 31).await;
    let late = detail(order_renewal(&stage, &buyer, old.id).await);
    assert_eq!(late.0, ErrorCode::RenewalNotPossible);
    clock(&stage).await;
    assert_eq!(first(&stage, PACK, "action_pack").await.state, "ended");
    let gone = detail(order_renewal(&stage, &buyer, old.id).await);
    assert_eq!(gone.0, ErrorCode::NotFound);
    assert_eq!(pay(&stage, &buyer, number, "pays").await, PaymentState::Paid);
    let years = holdings(&stage, PACK, "action_pack").await;
    assert_eq!((years.len(), years[1].state.as_str(), years[1].follows_id), (2, "active", None));
    assert!(years[1].anniversary_at > stage.service.now().0 + 364 * DAY, "a whole year");
    assert_eq!(seats(&stage, PACK, "action_pack", "granted").await, 0, "the seats had ended");
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_21_a_free_membership_is_renewed_without_payment_and_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    let admin = stage.person(GOLD_ADMIN).await;
    // The sample company's ends in thirteen days.
    let row = renewal(&stage, &admin, "network").await;
    assert_eq!((row.state, row.price_minor), (RenewalState::Possible, 0));
    let offered = offers::page(&stage.service, &admin, Language::English).await.expect("the offers");
    let network = offered.offers.iter().find(|offer| offer.code == "network").expect("the network");
    let shown_there = network.choices[0].renewal.clone().expect("its next year");
    assert_eq!(shown_there.state, RenewalState::Possible, "the page Offers says the same");
    let employee = stage.person(EMPLOYEE).await;
    let refused = order_renewal(&stage, &employee, row.holding.0).await.expect_err("an employee").told();
    assert_eq!(refused.code, ErrorCode::RoleNeeded);
    assert!(!refused.colleagues.is_empty());
    let other = stage.person(BUYER).await;
    assert_eq!(detail(order_renewal(&stage, &other, row.holding.0).await).0, ErrorCode::NotFound);
    let unread = RenewHolding { holding: row.holding, agreement: 1, accepted: false };
    let unread = renew::renew(&stage.service, &admin, stage.operation(), unread).await;
    let fault = unread.expect_err("not accepted").told();
    assert_eq!(fault.of(Field::Accept).map(|fault| fault.code), Some(ErrorCode::AgreementNotAccepted));
    let stale = RenewHolding { holding: row.holding, agreement: 9, accepted: true };
    assert_eq!(
        detail(renew::renew(&stage.service, &admin, stage.operation(), stale).await).0,
        ErrorCode::Stale
    );

    let mut running = Vec::new();
    for _ in 0..8 {
        let (service, admin, operation) = (stage.service.clone(), admin.clone(), stage.operation());
        let input = RenewHolding { holding: row.holding, agreement: 1, accepted: true };
        running.push(tokio::spawn(async move { renew::renew(&service, &admin, operation, input).await }));
    }
    let mut orders = Vec::new();
    for one in running {
        if let Ok(number) = one.await.expect("joined") {
            orders.push(number);
        }
    }
    assert_eq!(orders.len(), 1, "once, however many ask");
    let order = shown(&stage, &admin, orders[0]).await;
    assert_eq!(order.order.state, OrderState::Paid);
    assert!(order.payments.is_empty() && order.documents.is_empty());
    let years = holdings(&stage, GOLD, "network").await;
    assert_eq!((years.len(), years[1].state.as_str()), (2, "coming"));
    // The database says so, too, whatever the path.
    let twice = "insert into order_line (id, order_id, organization_id, offer_id, areas, price_minor, policies,
            agreement_version, state, kind, of_holding_id)
        select id, order_id, organization_id, offer_id, areas, price_minor, policies, agreement_version, 'placed',
            kind, of_holding_id from order_line where kind = 'renewal'";
    let id = stage.literal(stage.service.new_id());
    let twice = twice.replacen("select id", &format!("select {id}"), 1);
    assert!(stage.try_sql(&twice).await.is_err());
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_12_a_smaller_quantity_of_the_next_year_is_over_allocated_and_nobody_is_removed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let buyer = stage.person(BUYER).await;
    let grant = stage.grant(PACK, "visual_studio_professional", "action_pack").await;
    let held = stage.grant_row(grant).await;
    let seats_of = |pool: Uuid| {
        let text = format!("select used as number from pool where id = {}", stage.literal(pool));
        let stage = &stage;
        async move { stage.count(&text).await }
    };
    let used = seats_of(held.pool_id).await;
    assert!(used > 1, "two people hold one");
    let text = "update entitlement set quantity = 1
        where source = 'action_pack' and product_id = (select id from product where code = 'visual_studio_professional')";
    assert!(stage.run(text, []).await > 0);
    go_to(&stage, PACK, "action_pack", 2).await;
    renewed(&stage, &buyer, PACK, "action_pack").await;
    let next = "select id from benefit_grant where follows_id = $1";
    let next = domain::ids::GrantId(stage.id(next, [grant.0.into()]).await);
    let row = stage.grant_row(next).await;
    assert_eq!(seats_of(row.pool_id).await, used, "nobody was removed");
    let quantity = format!("select quantity as number from pool where id = {}", stage.literal(row.pool_id));
    assert_eq!(stage.count(&quantity).await, 1, "by the catalogue in force");
    let people = stage.people_without_seat(PACK, next).await;
    let input = AssignSeats {
        grant: next,
        people: people.into_iter().take(1).collect(),
        shortage: None,
        alternate_email: None,
    };
    let refused = assign(&stage.service, &buyer, stage.operation(), input).await.expect_err("no seat").told();
    assert_eq!(refused.code, ErrorCode::NoSeatLeft);
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_21_keys_of_seats_and_what_runs_go_over_and_balances_begin_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let admin = stage.person(GOLD_ADMIN).await;
    let of = |what: &str| {
        format!(
            "select count(*) as number from {what} join benefit_grant g on g.id = x.grant_id
            join organization o on o.id = g.organization_id and o.domain = '{GOLD}'
            where g.source in ('gold_core', 'select_competency') and g.state = 'granted'"
        )
    };
    let running = of("(select * from activation where state in ('requested', 'processing', 'active')) x");
    let keys =
        of("(select k.* from product_key k join seat s on s.id = k.seat_id and s.released_at is null) x");
    let balances = of("balance_entry x");
    let before = (stage.count(&running).await, stage.count(&keys).await, stage.count(&balances).await);
    assert!(before.0 > 0 && before.2 > 0, "the sample company uses them: {before:?}");
    go_to(&stage, GOLD, "gold", -1).await;
    // What has run out meanwhile isn't what this is about.
    let text = "update activation set expires_at = expires_at + 63072000000 where expires_at is not null";
    stage.run(text, []).await;
    renewed(&stage, &admin, GOLD, "gold").await;
    go_to(&stage, GOLD, "gold", 1).await;
    on_clock::begin_due(&stage.service).await.expect("begins");
    assert_eq!(stage.count(&running).await, before.0, "what runs goes on");
    assert_eq!(stage.count(&keys).await, before.1);
    let technical = "select count(*) as number from balance_entry b join benefit_grant g on g.id = b.grant_id
        join holding h on h.id = g.holding_id and h.follows_id is not null";
    assert_eq!(stage.count(technical).await, 0, "the new year's balances are whole");
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_20_a_key_of_the_year_before_is_shown_again_and_is_no_use_of_the_renewal(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let buyer = stage.person(BUYER).await;
    let grant = stage.grant(PACK, "project_professional", "action_pack").await;
    let show = |grant| {
        let input = RevealKey { of: KeyOf::Grant(grant), consequence_accepted: true };
        reveal(&stage.service, &buyer, stage.operation(), input)
    };
    let drawn = show(grant).await.expect("a key");
    go_to(&stage, PACK, "action_pack", 3).await;
    let number = renewed(&stage, &buyer, PACK, "action_pack").await;
    let next = "select id from benefit_grant where follows_id = $1";
    let next = domain::ids::GrantId(stage.id(next, [grant.0.into()]).await);
    let again = show(next).await.expect("the same key");
    assert_eq!((again.id, again.first), (drawn.id, false), "nothing new is drawn");
    let purchases = list::page(&stage.service, &buyer, Language::English).await.expect("purchases");
    let line = purchases.lines.iter().find(|line| line.order == number).expect("the renewal");
    assert!(line.refundable() && line.uses.is_empty(), "{line:?}");
    refund(&stage, &buyer, number).await;
    let back = show(grant).await.expect("with the year before");
    assert_eq!(back.id, drawn.id);
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_20_a_refunded_renewal_leaves_what_was_there_before(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(-3, 3)] day: i64,
) {
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let buyer = stage.person(BUYER).await;
    let held = seats(&stage, PACK, "action_pack", "granted").await;
    go_to(&stage, PACK, "action_pack", day).await;
    let old = first(&stage, PACK, "action_pack").await;
    let number = renewed(&stage, &buyer, PACK, "action_pack").await;
    go_to(&stage, PACK, "action_pack", day + 1).await;
    refund(&stage, &buyer, number).await;
    let years = holdings(&stage, PACK, "action_pack").await;
    assert_eq!((years[0].state.as_str(), years[1].state.as_str()), ("active", "cancelled"));
    assert_eq!(years[0].anniversary_at, old.anniversary_at);
    assert_eq!(seats(&stage, PACK, "action_pack", "granted").await, held, "as before");
    let of_old = format!(
        "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
        where g.holding_id = {} and s.released_at is null",
        stage.literal(old.id)
    );
    assert_eq!(stage.count(&of_old).await, held, "with the grants of the first year");
    check(&stage).await;
    // It can be renewed after all, and the seats go over once more.
    let again = order_renewal(&stage, &buyer, old.id).await.expect("placed again");
    assert_eq!(pay(&stage, &buyer, again, "pays").await, PaymentState::Paid);
    go_to(&stage, PACK, "action_pack", 5).await;
    clock(&stage).await;
    assert_eq!(seats(&stage, PACK, "action_pack", "granted").await, held);
    assert_eq!(
        holdings(&stage, PACK, "action_pack").await.iter().filter(|of| of.state == "active").count(),
        1
    );
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_21_a_renewal_that_is_paid_five_times_over_is_one_year(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let buyer = stage.person(BUYER).await;
    let nobody = Request { actor: service::Actor::Nobody, address: String::new(), id: "notice".to_owned() };
    go_to(&stage, PACK, "action_pack", 4).await;
    let old = first(&stage, PACK, "action_pack").await;
    let number = order_renewal(&stage, &buyer, old.id).await.expect("placed");
    assert_eq!(pay(&stage, &buyer, number, "timeout").await, PaymentState::Unknown);
    let payment = stage.id("select id from payment where state = 'unknown'", []).await;
    for notice in 0..5 {
        let body = format!("{{\"id\":\"notice-{}\",\"reference\":\"{payment}\"}}", notice / 2);
        let signature = processor_notice::sign(SECRET, body.as_bytes(), stage.service.now().0 / 1000);
        processor_notice::hear(&stage.service, &nobody, "test-card", &signature, body.as_bytes())
            .await
            .expect("heard");
    }
    assert_eq!(shown(&stage, &buyer, number).await.order.state, OrderState::Paid);
    assert_eq!(holdings(&stage, PACK, "action_pack").await.len(), 2);
    let granted = "select count(*) as number from audit_event where action = 'benefits_granted'";
    assert_eq!(stage.count(granted).await, 1);
    check(&stage).await;
}

#[rstest]
#[tokio::test]
async fn rule_18_a_renewed_area_goes_on_bringing_the_core_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use service::purchases::place::{PlaceOrder, place};
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let buyer = stage.person(BUYER).await;
    for area in ["devops", "security"] {
        let input = PlaceOrder { offer: "silver".into(), area: area.into(), agreement: 1, accepted: true };
        let number = place(&stage.service, &buyer, stage.operation(), input).await.expect("placed");
        pay(&stage, &buyer, number, "pays").await;
        stage.clock.move_seconds(3600);
    }
    let core = "select count(*) as number from benefit_grant g join holding h on h.id = g.holding_id
        join organization o on o.id = g.organization_id
        where o.domain = 'kestrelash.example' and g.source = 'silver_core' and g.state = 'granted'";
    let before = stage.count(core).await;
    let areas = holdings(&stage, PACK, "silver").await;
    let first = areas.iter().min_by_key(|of| of.starts_at).expect("DevOps").clone();
    stage.clock.set(Moment(first.anniversary_at - 3 * DAY));
    for holding in &areas {
        let number = order_renewal(&stage, &buyer, holding.id).await.expect("placed");
        pay(&stage, &buyer, number, "pays").await;
    }
    stage.clock.set(Moment(first.anniversary_at + DAY));
    clock(&stage).await;
    assert_eq!(stage.count(core).await, before, "once");
    let of_first = format!("{core} and h.follows_id = {}", stage.literal(first.id));
    assert_eq!(stage.count(&of_first).await, before, "with the next year of the first area");
    check(&stage).await;
    // A competency that is no longer on record isn't renewed.
    let second = holdings(&stage, PACK, "silver").await.into_iter().find(|of| of.state == "active");
    let second = second.expect("a year");
    stage.run("delete from attained_area", []).await;
    stage.clock.set(Moment(second.anniversary_at));
    assert_eq!(detail(order_renewal(&stage, &buyer, second.id).await).1.as_deref(), Some("attained"));
}

#[rstest]
#[tokio::test]
async fn rule_20_a_renewal_is_refunded_while_a_go_to_market_benefit_of_the_year_before_runs(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = shop(engine).await;
    network_stays(&stage).await;
    let who = stage.person(GOLD_ADMIN).await;
    let before = first(&stage, GOLD, "gold").await;
    let until = before.anniversary_at + 200 * DAY;
    let text = "update benefit_grant set activation_state = 'active', expires_at = $2
        where holding_id = $1 and category = 'go_to_market'";
    assert!(stage.run(text, [before.id.into(), until.into()]).await > 0);
    let running =
        "select count(*) as number from benefit_grant g join organization o on o.id = g.organization_id
        where o.domain = 'fernhollow.example' and g.category = 'go_to_market' and g.state = 'granted'
            and g.source = 'gold_core'";
    let had = stage.count(running).await;
    go_to(&stage, GOLD, "gold", -3).await;
    let number = renewed(&stage, &who, GOLD, "gold").await;
    go_to(&stage, GOLD, "gold", 1).await;
    clock(&stage).await;
    refund(&stage, &who, number).await;
    let years = holdings(&stage, GOLD, "gold").await;
    assert_eq!(years.iter().map(|year| year.state.as_str()).collect::<Vec<_>>(), ["active", "cancelled"]);
    assert_eq!(stage.count(running).await, had, "what runs goes on once");
    assert!(stage.audit_intact().await);
}
