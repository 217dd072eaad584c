//! Random buying against a model that is simple enough to be believed: whatever is ordered, paid, declined,
//! cancelled, forgotten or told twice, an order gives its benefits once, for its price, or not at all.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;

use common::{Engine, Stage, stage};
use domain::ids::ServiceRequestId;
use domain::moment::Zone;
use domain::order::{OrderState, PaymentState, pay_until};
use domain::{ErrorCode, Language, Moment};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rstest::rstest;
use service::purchases::card::{self, PayByCard};
use service::purchases::place::{self, PlaceOrder, WantedOrder};
use service::purchases::{on_clock, orders, transfer};
use service::queue::{Wanted, complete, refuse};
use service::{Failure, Request, sql};

const BUYER: &str = "piet.zanderling@kestrelash.example";
const FULFILMENT: &str = "marisa.talvinen@northlight.example";
const AREAS: [&str; 3] = ["devops", "security", "messaging"];
const DAY: i64 = 86_400;

/// What the model knows of an order.
#[derive(Clone, PartialEq, Debug)]
struct Ordered {
    area: &'static str,
    state: OrderState,
    /// The last moment to pay it.
    until: Moment,
    /// The way on which money is awaited.
    open: Open,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Open {
    Nothing,
    Confirmation(i64),
    /// The card was charged, and the answer was lost.
    Charged(i64),
    Transfer,
}

struct World {
    stage: Stage,
    buyer: Request,
    operator: Request,
    orders: BTreeMap<i64, Ordered>,
    now: i64,
    paid: i64,
}

impl World {
    async fn open(engine: Engine) -> Self {
        let stage = stage(engine).await;
        let text = "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
            select o.id, 'silver', 'messaging', (select account_id from operator_role limit 1), 1
            from organization o where o.domain = 'kestrelash.example'";
        stage.run(text, []).await;
        // Its own membership doesn't run out while the clock is moved.
        stage.run("update holding set anniversary_at = anniversary_at + 31536000000000", []).await;
        let (buyer, operator) = (stage.person(BUYER).await, stage.operator(FULFILMENT).await);
        Self { stage, buyer, operator, orders: BTreeMap::new(), now: 0, paid: 0 }
    }

    async fn wanted(&self, number: i64) -> WantedOrder {
        let page = orders::one(&self.stage.service, &self.buyer, Language::English, number).await;
        WantedOrder { number, version: page.expect("the order").version }
    }

    fn pick(&self, random: &mut StdRng) -> Option<i64> {
        let numbers: Vec<i64> = self.orders.keys().copied().collect();
        (!numbers.is_empty()).then(|| numbers[random.random_range(0..numbers.len())])
    }

    fn holds(&self, area: &str) -> bool {
        self.orders.values().any(|order| order.area == area && order.state == OrderState::Paid)
    }

    fn order(&mut self, number: i64) -> &mut Ordered {
        self.orders.get_mut(&number).expect("a known order")
    }

    /// One deed, with the outcome that the model expects of it.
    async fn step(&mut self, random: &mut StdRng) {
        match random.random_range(0..9) {
            0 | 1 => self.place(AREAS[random.random_range(0..AREAS.len())]).await,
            2 | 3 => {
                let cards = ["pays", "declined", "insufficient_funds", "confirmation", "timeout"];
                if let Some(number) = self.pick(random) {
                    self.pay(number, cards[random.random_range(0..cards.len())]).await;
                }
            }
            4 => {
                if let Some(number) = self.pick(random) {
                    self.confirm(number, random.random()).await;
                }
            }
            5 => {
                if let Some(number) = self.pick(random) {
                    self.transfer(number).await;
                }
            }
            6 => {
                if let Some(number) = self.pick(random) {
                    self.decide(number, random.random()).await;
                }
            }
            7 => {
                if let Some(number) = self.pick(random) {
                    self.cancel(number).await;
                }
            }
            _ => {
                let steps = [30, 120, 4000, DAY, 12 * DAY];
                self.travel(steps[random.random_range(0..steps.len())]).await;
            }
        }
    }

    async fn place(&mut self, area: &'static str) {
        let waiting =
            self.orders.values().any(|order| order.area == area && order.state == OrderState::Placed);
        let input = PlaceOrder { offer: "silver".into(), area: area.into(), agreement: 1, accepted: true };
        let placed = place::place(&self.stage.service, &self.buyer, self.stage.operation(), input).await;
        if self.holds(area) || waiting {
            assert_eq!(code(placed), ErrorCode::OfferNotPossible);
            return;
        }
        let number = placed.expect("placed");
        let until = pay_until(self.stage.service.now(), &Zone::named("Europe/London"));
        let new = Ordered { area, state: OrderState::Placed, until, open: Open::Nothing };
        assert!(self.orders.insert(number, new).is_none(), "a number twice");
    }

    async fn pay(&mut self, number: i64, card: &str) {
        let order = self.wanted(number).await;
        let input = PayByCard { order, card: card.to_owned() };
        let operation = self.stage.operation();
        let told = card::pay(&self.stage.service, &self.buyer, operation.clone(), input.clone()).await;
        let known = self.orders[&number].clone();
        match (known.state, known.open) {
            (OrderState::Placed, Open::Nothing | Open::Transfer) => {}
            (OrderState::Placed, _) => return assert_eq!(code(told), ErrorCode::PaymentUnderWay),
            _ => return assert_eq!(code(told), ErrorCode::OrderSettled),
        }
        let (expected, open) = match card {
            "pays" => (PaymentState::Paid, Open::Nothing),
            "confirmation" => (PaymentState::Confirmation, Open::Confirmation(self.now)),
            "timeout" => (PaymentState::Unknown, Open::Charged(self.now)),
            _ => (PaymentState::Declined, Open::Nothing),
        };
        assert_eq!(told.expect("an answer"), expected);
        if expected == PaymentState::Paid {
            self.paid += 1;
            self.order(number).state = OrderState::Paid;
        }
        self.order(number).open = open;
        if card != "timeout" {
            // The same post once more: the same payment, charged once.
            let again = card::pay(&self.stage.service, &self.buyer, operation, input).await;
            assert_eq!(again.expect("the same answer"), expected);
        }
    }

    async fn confirm(&mut self, number: i64, yes: bool) {
        let Open::Confirmation(_) = self.orders[&number].open else { return };
        let told = card::confirm(&self.stage.service, &self.buyer, self.stage.operation(), number, yes)
            .await
            .expect("an answer");
        assert_eq!(told, if yes { PaymentState::Paid } else { PaymentState::Declined });
        self.order(number).open = Open::Nothing;
        if yes {
            self.paid += 1;
            self.order(number).state = OrderState::Paid;
        }
    }

    async fn transfer(&mut self, number: i64) {
        let order = self.wanted(number).await;
        let chosen = transfer::choose(&self.stage.service, &self.buyer, self.stage.operation(), order).await;
        let known = self.orders[&number].clone();
        match (known.state, known.open) {
            (OrderState::Placed, Open::Nothing | Open::Confirmation(_)) => {
                chosen.expect("a transfer");
                self.order(number).open = Open::Transfer;
            }
            (OrderState::Placed, Open::Charged(_) | Open::Transfer) => {
                assert_eq!(code(chosen), ErrorCode::PaymentUnderWay);
            }
            _ => assert_eq!(code(chosen), ErrorCode::OrderSettled),
        }
    }

    /// An operator finds the money of a transfer, or doesn't.
    async fn decide(&mut self, number: i64, here: bool) {
        if self.orders[&number].open != Open::Transfer {
            return;
        }
        let text = "select r.id from service_request r join orders o on o.id = r.order_id
            where r.kind = 'payment' and r.open and o.number = $1";
        let request = ServiceRequestId(self.stage.id(text, [number.into()]).await);
        let (service, operation) = (&self.stage.service, self.stage.operation());
        let wanted = Wanted { request, version: 1 };
        if here {
            complete::payment(service, &self.operator, operation, wanted).await.expect("confirmed");
            self.paid += 1;
            self.order(number).state = OrderState::Paid;
        } else {
            let refusal = refuse::Refuse { wanted, reason: "Nothing came.".to_owned() };
            refuse::refuse(service, &self.operator, operation, refusal).await.expect("refused");
        }
        self.order(number).open = Open::Nothing;
    }

    async fn cancel(&mut self, number: i64) {
        let order = self.wanted(number).await;
        let cancelled = place::cancel(&self.stage.service, &self.buyer, self.stage.operation(), order).await;
        let known = self.orders[&number].clone();
        match (known.state, known.open) {
            (OrderState::Placed, Open::Nothing | Open::Transfer) => {
                cancelled.expect("cancelled");
                *self.order(number) = Ordered { state: OrderState::Cancelled, open: Open::Nothing, ..known };
            }
            (OrderState::Placed, _) => assert_eq!(code(cancelled), ErrorCode::PaymentUnderWay),
            _ => assert_eq!(code(cancelled), ErrorCode::OrderSettled),
        }
    }

    /// Time goes on, and the worker does what is due.
    async fn travel(&mut self, seconds: i64) {
        self.now += seconds;
        self.stage.clock.set(self.stage.service.now().plus_seconds(seconds));
        on_clock::look_up_due(&self.stage.service).await.expect("looked up");
        on_clock::expire_due(&self.stage.service).await.expect("expired");
        let now = self.stage.service.now();
        let mut paid = 0;
        for order in self.orders.values_mut() {
            match order.open {
                Open::Charged(since) if self.now - since >= 60 => {
                    (order.open, order.state) = (Open::Nothing, OrderState::Paid);
                    paid += 1;
                }
                Open::Confirmation(since) if self.now - since >= 3600 => order.open = Open::Nothing,
                _ => {}
            }
            // An order whose card may have been charged waits for the answer.
            let decided = !matches!(order.open, Open::Charged(_));
            if decided && order.state == OrderState::Placed && now > order.until {
                (order.open, order.state) = (Open::Nothing, OrderState::Expired);
            }
        }
        self.paid += paid;
    }

    async fn number(&self, text: &str) -> i64 {
        sql::number(self.stage.service.database.reader(), text, []).await.expect("a number")
    }

    /// Portal and model agree, and the invariants hold.
    async fn check(&self) {
        for (number, order) in &self.orders {
            let page = orders::one(&self.stage.service, &self.buyer, Language::English, *number).await;
            assert_eq!(page.expect("the order").order.state, order.state, "{number} {order:?}");
        }
        for (what, text) in [
            (
                "a grant without a membership that was paid",
                "select count(*) as number from benefit_grant g join order_line l on l.id = g.order_line_id
                join orders o on o.id = l.order_id
                where g.state = 'granted' and (l.state <> 'active' or o.state <> 'paid')",
            ),
            (
                "something granted twice",
                "select count(*) as number from (select organization_id, product_id, source, area
                    from benefit_grant where state = 'granted'
                    group by organization_id, product_id, source, area having count(*) > 1) twice",
            ),
            (
                "a quantity that isn't the catalogue's",
                "select count(*) as number from benefit_grant g join pool p on p.id = g.pool_id
                join order_line l on l.id = g.order_line_id join invoice i on i.order_id = l.order_id
                where g.state = 'granted' and not exists (select 1 from entitlement e
                    where e.product_id = g.product_id and e.source = g.source
                        and coalesce(p.quantity, -1) = coalesce(e.seats, e.quantity, -1))",
            ),
        ] {
            assert_eq!(self.number(text).await, 0, "{what}");
        }
        let invoices = "select count(*) as number from invoice where kind = 'invoice'";
        let paid = "select count(*) as number from payment where state = 'paid'";
        assert_eq!((self.number(invoices).await, self.number(paid).await), (self.paid, self.paid));
        // Money in: what the processor took and what operators found is what the invoices say, but for the
        // charges whose answer is still to come.
        let charged =
            self.number("select count(*) as number from test_card_charge where state = 'paid'").await;
        let by_card = "select count(*) as number from payment where state = 'paid' and method = 'card'";
        let lost = self.orders.values().filter(|order| matches!(order.open, Open::Charged(_))).count();
        let lost = i64::try_from(lost).expect("few");
        assert_eq!(charged, self.number(by_card).await + lost);
        // Silver's core stands there once as soon as one area is paid.
        let cores = "select count(distinct g.product_id) as number from benefit_grant g
            join organization o on o.id = g.organization_id
            where o.domain = 'kestrelash.example' and g.source = 'silver_core' and g.state = 'granted'";
        let of_catalogue = "select count(*) as number from entitlement where source = 'silver_core'";
        let expected = if self.paid > 0 { self.number(of_catalogue).await } else { 0 };
        assert_eq!(self.number(cores).await, expected);
        assert!(self.stage.audit_intact().await);
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> ErrorCode {
    outcome.expect_err("refused").told().code
}

#[rstest]
#[tokio::test]
async fn rule_18_whatever_is_done_an_order_gives_its_benefits_once_or_not_at_all(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let sequences = match engine {
        Engine::Sqlite => 16,
        Engine::Postgres => 6,
    };
    for seed in 0..sequences {
        let mut random = StdRng::seed_from_u64(seed);
        let mut world = World::open(engine).await;
        for _ in 0..40 {
            world.step(&mut random).await;
        }
        world.check().await;
        // In the end everything is decided.
        world.travel(32 * DAY).await;
        world.check().await;
        assert!(world.orders.values().all(|order| order.state != OrderState::Placed));
    }
}
