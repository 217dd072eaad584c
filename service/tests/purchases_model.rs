//! Random buying against a model that is simple enough to be believed: whatever is ordered, paid, declined,
//! cancelled, forgotten or told twice, renewed, changed, refunded or left to run out, an order gives its benefits
//! once, for its price, or not at all.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Engine, Stage, stage};
use domain::entitlement::granted;
use domain::ids::{HoldingId, OrderLineId, ServiceRequestId};
use domain::membership::{Tier, Year};
use domain::moment::Zone;
use domain::order::{OrderState, PaymentState, pay_until};
use domain::renewal::{first_day, last_day, next_year};
use domain::{ErrorCode, Language, Moment, refund, tier_change};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::membership::catalogue::Editions;
use service::purchases::card::{self, PayByCard};
use service::purchases::place::{self, PlaceOrder, WantedOrder};
use service::purchases::renew::{self, RenewHolding};
use service::purchases::tier_change::{self as change, ChangeTier};
use service::purchases::{cancel, on_clock, orders, transfer};
use service::queue::{Wanted, complete, refuse};
use service::{Failure, Request, benefits, membership, sql};
use uuid::Uuid;

const BUYER: &str = "piet.zanderling@kestrelash.example";
const REFUNDS: &str = "rosalind.ekwueme@northlight.example";
const FULFILMENT: &str = "marisa.talvinen@northlight.example";
const AREAS: [&str; 3] = ["devops", "security", "messaging"];
const DAY: i64 = 86_400;

/// What an order buys.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Buys {
    Something,
    NextYear,
    OtherLevel,
}

/// What the model knows of an order.
#[derive(Clone, PartialEq, Debug)]
struct Ordered {
    area: &'static str,
    buys: Buys,
    tier: Tier,
    price: i64,
    state: OrderState,
    paid_at: Moment,
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

/// What the model knows of what is held in an area.
#[derive(Clone, PartialEq, Debug)]
struct Held {
    /// The order that it came with.
    order: i64,
    tier: Tier,
    /// The last moment of its year.
    ends: Moment,
    /// The order of the next year, while that waits for its day, and its last moment.
    next: Option<(i64, Moment)>,
    /// What it took the place of, which a refund puts in force again.
    before: Option<Box<Held>>,
}

struct World {
    stage: Stage,
    buyer: Request,
    operator: Request,
    admin: Request,
    orders: BTreeMap<i64, Ordered>,
    held: BTreeMap<&'static str, Held>,
    /// The last moment of the free network membership, and of its next year where that was ordered.
    network: Option<(Moment, Option<Moment>)>,
    now: i64,
    paid: i64,
    refunded: i64,
    /// Invoices less credit notes.
    money: i64,
    /// What happened, so that the test knows what it tried.
    happened: BTreeSet<&'static str>,
}

fn zone() -> Zone {
    Zone::named("Europe/London")
}

const fn list_price(tier: Tier) -> i64 {
    if matches!(tier, Tier::Gold) { 473_000 } else { 167_000 }
}

impl World {
    async fn open(engine: Engine) -> Self {
        let stage = stage(engine).await;
        let text = "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
            select o.id, 'gold', c.code, (select account_id from operator_role limit 1), 1
            from organization o join competency_area c on c.code in ('devops', 'security', 'messaging')
            where o.domain = 'kestrelash.example'";
        stage.run(text, []).await;
        // Its Action Pack doesn't run out while the clock is moved; its network membership does.
        let others = "select h.id from holding h join offer f on f.id = h.offer_id where f.code <> 'network'";
        let text = format!(
            "update benefit_grant set expires_at = expires_at + 31536000000000,
            activate_by = activate_by + 31536000000000, holding_ends_at = holding_ends_at + 31536000000000
            where holding_id in ({others})"
        );
        stage.run(&text, []).await;
        let text = format!(
            "update holding set anniversary_at = anniversary_at + 31536000000000 where id in ({others})"
        );
        stage.run(&text, []).await;
        let network = "select h.anniversary_at as number from holding h join offer f on f.id = h.offer_id
            join organization o on o.id = h.organization_id
            where o.domain = 'kestrelash.example' and f.code = 'network'";
        let network = Some((Moment(stage.count(network).await), None));
        let (buyer, operator) = (stage.person(BUYER).await, stage.operator(FULFILMENT).await);
        let admin = stage.operator(REFUNDS).await;
        let (orders, held) = (BTreeMap::new(), BTreeMap::new());
        Self {
            stage,
            buyer,
            operator,
            admin,
            orders,
            held,
            network,
            now: 0,
            paid: 0,
            refunded: 0,
            money: 0,
            happened: BTreeSet::new(),
        }
    }

    async fn wanted(&self, number: i64) -> WantedOrder {
        let page = orders::one(&self.stage.service, &self.buyer, Language::English, number).await;
        WantedOrder { number, version: page.expect("the order").version }
    }

    fn pick(&self, random: &mut StdRng) -> Option<i64> {
        let numbers: Vec<i64> = self.orders.keys().copied().collect();
        (!numbers.is_empty()).then(|| numbers[random.random_range(0..numbers.len())])
    }

    fn waits(&self, area: &str) -> bool {
        self.orders.values().any(|order| order.area == area && order.state == OrderState::Placed)
    }

    fn pick_area(&self, random: &mut StdRng) -> Option<&'static str> {
        let areas: Vec<&'static str> = self.held.keys().copied().collect();
        (!areas.is_empty()).then(|| areas[random.random_range(0..areas.len())])
    }

    async fn holding(&self, area: &str) -> HoldingId {
        let text = "select h.id from holding h join organization o on o.id = h.organization_id
            where o.domain = 'kestrelash.example' and h.areas = $1 and h.state = 'active'";
        HoldingId(self.stage.id(text, [area.into()]).await)
    }

    fn add(&mut self, number: i64, area: &'static str, buys: Buys, tier: Tier, price: i64) {
        let until = pay_until(self.stage.service.now(), &zone());
        let (state, open, paid_at) = (OrderState::Placed, Open::Nothing, Moment(0));
        let new = Ordered { area, buys, tier, price, state, paid_at, until, open };
        assert!(self.orders.insert(number, new).is_none(), "a number twice");
    }

    /// An order is paid: what it buys is held from now on, or from its day on.
    fn settle(&mut self, number: i64) {
        let now = self.stage.service.now();
        let order = self.orders.get_mut(&number).expect("a known order");
        (order.state, order.paid_at, order.open) = (OrderState::Paid, now, Open::Nothing);
        let order = order.clone();
        self.paid += 1;
        self.money += order.price;
        let fresh = Held {
            order: number,
            tier: order.tier,
            ends: Year::from_purchase(now, &zone()).ends_at(&zone()),
            next: None,
            before: None,
        };
        match (order.buys, self.held.remove(order.area)) {
            (Buys::NextYear, Some(mut held)) => {
                let (starts, ends) = next_year(held.ends, &zone());
                held.next = Some((number, ends));
                let at_once = starts <= now;
                self.happened.insert(if at_once { "renewed in the window" } else { "renewed ahead" });
                let held = if at_once { begun(held) } else { held };
                self.held.insert(order.area, held);
            }
            (Buys::OtherLevel, Some(held)) => {
                self.happened.insert("changed");
                self.held.insert(order.area, Held { before: Some(Box::new(held)), ..fresh });
            }
            (buys, _) => {
                self.happened.insert(if buys == Buys::Something { "bought" } else { "paid too late" });
                self.held.insert(order.area, fresh);
            }
        }
    }

    fn order(&mut self, number: i64) -> &mut Ordered {
        self.orders.get_mut(&number).expect("a known order")
    }

    /// One deed, with the outcome that the model expects of it.
    async fn step(&mut self, random: &mut StdRng) {
        match random.random_range(0..17) {
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
            8 | 9 => {
                if let Some(area) = self.pick_area(random) {
                    if random.random() {
                        self.travel_to_the_end_of(area, [-10, -1, 5, 20][random.random_range(0..4)]).await;
                    }
                    if self.held.contains_key(area) {
                        self.renew(area).await;
                        self.perhaps_pay(area, random).await;
                        if self.waits(area) && random.random() {
                            self.travel_to_the_end_of(area, 31).await;
                            self.perhaps_pay(area, random).await;
                        }
                    }
                }
            }
            10 => {
                if let Some(area) = self.pick_area(random) {
                    self.change(area).await;
                    self.perhaps_pay(area, random).await;
                    let with = self.held.get(area).map(|held| held.order);
                    let changed = with.filter(|number| self.orders[number].buys == Buys::OtherLevel);
                    if let Some(number) = changed.filter(|_| random.random()) {
                        self.refund(number, random.random()).await;
                    }
                }
            }
            11 => {
                let latest = self.orders.iter().filter(|(_, order)| order.state == OrderState::Paid);
                let latest = latest.max_by_key(|(_, order)| order.paid_at).map(|(number, _)| *number);
                let number = if random.random() { latest } else { self.pick(random) };
                if let Some(number) = number {
                    self.refund(number, random.random()).await;
                }
            }
            12 => {
                // Around the end of a year, where things happen.
                if let Some(area) = self.pick_area(random) {
                    let days = [-20, -10, -1, 1, 20, 31, 40][random.random_range(0..7)];
                    self.travel_to_the_end_of(area, days).await;
                }
            }
            13 => {
                if let Some((ends, _)) = self.network.filter(|_| random.random()) {
                    let to = ends.plus_days([-10, -1, 5, 31][random.random_range(0..4)]).0 / 1000;
                    let seconds = to - self.stage.service.now().0 / 1000;
                    if seconds > 0 {
                        self.travel(seconds).await;
                    }
                }
                self.network().await;
            }
            _ => {
                let steps = [30, 120, 4000, DAY, 12 * DAY];
                self.travel(steps[random.random_range(0..steps.len())]).await;
            }
        }
    }

    /// So many days from the end of what is held in an area, unless that is behind.
    async fn travel_to_the_end_of(&mut self, area: &'static str, days: i64) {
        let to = self.held[area].ends.plus_days(days).0 / 1000;
        let seconds = to - self.stage.service.now().0 / 1000;
        if seconds > 0 {
            self.travel(seconds).await;
        }
    }

    /// The network membership is free: joined where it is over, renewed where it is time.
    async fn network(&mut self) {
        let now = self.stage.service.now();
        let Some((ends, next)) = self.network else {
            let input =
                PlaceOrder { offer: "network".into(), area: String::new(), agreement: 1, accepted: true };
            place::place(&self.stage.service, &self.buyer, self.stage.operation(), input)
                .await
                .expect("joined");
            self.network = Some((Year::from_purchase(now, &zone()).ends_at(&zone()), None));
            self.happened.insert("joined again");
            return;
        };
        let (day, today) = (zone().day_of(ends), zone().day_of(now));
        let text = "select h.id from holding h join offer f on f.id = h.offer_id
            join organization o on o.id = h.organization_id
            where o.domain = 'kestrelash.example' and f.code = 'network' and h.state = 'active'";
        let holding = HoldingId(self.stage.id(text, []).await);
        let input = RenewHolding { holding, agreement: 1, accepted: true };
        let renewed = renew::renew(&self.stage.service, &self.buyer, self.stage.operation(), input).await;
        if next.is_some() || today < first_day(day) || today > last_day(day) {
            assert_eq!(code(renewed), ErrorCode::RenewalNotPossible);
            return;
        }
        renewed.expect("renewed");
        self.happened.insert("network renewed");
        let (starts, until) = next_year(ends, &zone());
        self.network = Some(if starts <= now { (until, None) } else { (ends, Some(until)) });
    }

    /// Most of what is ordered is paid.
    async fn perhaps_pay(&mut self, area: &'static str, random: &mut StdRng) {
        let waits = |(_, order): &(&i64, &Ordered)| order.area == area && order.state == OrderState::Placed;
        let number = self.orders.iter().find(waits).map(|(number, _)| *number);
        if let Some(number) = number.filter(|_| random.random_range(0..4) > 0) {
            self.pay(number, "pays").await;
        }
    }

    async fn renew(&mut self, area: &'static str) {
        let held = self.held[area].clone();
        let today = zone().day_of(self.stage.service.now());
        let ends = zone().day_of(held.ends);
        let in_time = first_day(ends) <= today && today <= last_day(ends);
        let possible = in_time && held.next.is_none() && !self.waits(area) && self.network.is_some();
        let input = RenewHolding { holding: self.holding(area).await, agreement: 1, accepted: true };
        let placed = renew::renew(&self.stage.service, &self.buyer, self.stage.operation(), input).await;
        if possible {
            self.add(placed.expect("placed"), area, Buys::NextYear, held.tier, list_price(held.tier));
        } else {
            assert_eq!(code(placed), ErrorCode::RenewalNotPossible);
        }
    }

    async fn change(&mut self, area: &'static str) {
        let held = self.held[area].clone();
        let possible = held.next.is_none() && !self.waits(area) && self.network.is_some();
        let input = ChangeTier { holding: self.holding(area).await, agreement: 1, accepted: true };
        let placed = change::change(&self.stage.service, &self.buyer, self.stage.operation(), input).await;
        if possible {
            let target = tier_change::target(held.tier).expect("another level");
            let price = tier_change::price(held.tier, target, list_price(target));
            self.add(placed.expect("placed"), area, Buys::OtherLevel, target, price);
        } else {
            assert_eq!(code(placed), ErrorCode::TierChangeNotPossible);
        }
    }

    /// Asks for the refund of an order, which an operator approves, or takes a change of level back.
    async fn refund(&mut self, number: i64, alone: bool) {
        let order = self.orders[&number].clone();
        if order.state != OrderState::Paid {
            return;
        }
        let now = self.stage.service.now();
        let in_time = zone().day_of(now) <= refund::deadline(zone().day_of(order.paid_at));
        let held = self.held.get(order.area).cloned();
        let current = held.as_ref().is_some_and(|held| held.order == number);
        let coming = held.as_ref().is_some_and(|held| held.next.is_some_and(|(next, _)| next == number));
        let service = &self.stage.service;
        let result = if alone && order.buys == Buys::OtherLevel {
            let wanted = self.wanted(number).await;
            let told = change::take_back(service, &self.buyer, self.stage.operation(), wanted).await;
            if !held.as_ref().is_some_and(|held| held.order == number && held.before.is_some()) {
                return assert_eq!(code(told), ErrorCode::WrongState);
            }
            if !in_time || self.waits(order.area) {
                return assert_eq!(code(told), ErrorCode::TakeBackNotPossible);
            }
            told
        } else {
            let text = "select l.id from order_line l join orders o on o.id = l.order_id where o.number = $1";
            let line = OrderLineId(self.stage.id(text, [number.into()]).await);
            let text = "select row_version as number from order_line where id = $1";
            let version = sql::number(service.database.reader(), text, [line.0.into()]).await;
            let input = cancel::CancelPurchase {
                line,
                version: version.expect("a version"),
                reason: "bought_by_mistake".to_owned(),
                note: String::new(),
                accepted: true,
            };
            let asked = cancel::submit(service, &self.buyer, self.stage.operation(), input).await;
            if !current && !coming || current && self.waits(order.area) {
                return assert_eq!(code(asked), ErrorCode::WrongState, "{order:?}");
            }
            if !in_time {
                return assert_eq!(code(asked), ErrorCode::RefundNotPossible, "{order:?}");
            }
            asked.expect("asked");
            let text =
                "select id from service_request where order_line_id = $1 and kind = 'cancellation' and open";
            let request = ServiceRequestId(self.stage.id(text, [line.0.into()]).await);
            let wanted = Wanted { request, version: 1 };
            complete::cancellation(service, &self.admin, self.stage.operation(), wanted).await
        };
        result.expect("refunded");
        on_clock::refund_due(service).await.expect("given back");
        self.refunded += 1;
        self.happened.insert(if alone && order.buys == Buys::OtherLevel { "taken back" } else { "refunded" });
        self.money -= order.price;
        self.order(number).state = OrderState::Refunded;
        let held = held.expect("something is held");
        if coming {
            self.held.insert(order.area, Held { next: None, ..held });
            return;
        }
        self.held.remove(order.area);
        let before = held.before.filter(|of| zone().day_of(now) <= last_day(zone().day_of(of.ends)));
        if let Some(before) = before {
            self.happened.insert("restored");
            self.held.insert(order.area, Held { next: None, ..*before });
        }
    }

    async fn place(&mut self, area: &'static str) {
        let refused = self.held.contains_key(area) || self.waits(area) || self.network.is_none();
        let input = PlaceOrder { offer: "silver".into(), area: area.into(), agreement: 1, accepted: true };
        let placed = place::place(&self.stage.service, &self.buyer, self.stage.operation(), input).await;
        if refused {
            assert_eq!(code(placed), ErrorCode::OfferNotPossible);
            return;
        }
        self.add(placed.expect("placed"), area, Buys::Something, Tier::Silver, list_price(Tier::Silver));
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
        self.order(number).open = open;
        if expected == PaymentState::Paid {
            self.settle(number);
        }
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
            self.settle(number);
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
            self.settle(number);
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
        let service = &self.stage.service;
        membership::on_clock::begin_due(service).await.expect("begun");
        membership::on_clock::end_due(service).await.expect("ended");
        benefits::on_clock::end_due(service).await.expect("ended");
        on_clock::look_up_due(service).await.expect("looked up");
        on_clock::expire_due(service).await.expect("expired");
        let now = service.now();
        for (area, held) in std::mem::take(&mut self.held) {
            let over = held.next.is_some_and(|_| held.ends < now);
            if over {
                self.happened.insert("begun");
            }
            let held = if over { begun(held) } else { held };
            if held.next.is_some() || zone().day_of(now) <= last_day(zone().day_of(held.ends)) {
                self.held.insert(area, held);
            } else {
                self.happened.insert("ended");
            }
        }
        let network = match self.network {
            Some((ends, Some(next))) if ends < now => Some((next, None)),
            network => network,
        };
        let over = |(ends, next): &(Moment, Option<Moment>)| {
            next.is_none() && zone().day_of(now) > last_day(zone().day_of(*ends))
        };
        if network.as_ref().is_some_and(over) {
            self.happened.insert("network ended");
        }
        self.network = network.filter(|network| !over(network));
        let mut charged = Vec::new();
        for (number, order) in &mut self.orders {
            match order.open {
                Open::Charged(since) if self.now - since >= 60 => charged.push((since, *number)),
                Open::Confirmation(since) if self.now - since >= 3600 => order.open = Open::Nothing,
                _ => {}
            }
        }
        charged.sort_unstable();
        for (_, number) in charged {
            self.settle(number);
        }
        for order in self.orders.values_mut() {
            // An order whose card may have been charged waits for the answer.
            let decided = !matches!(order.open, Open::Charged(_));
            if decided && order.state == OrderState::Placed && now > order.until {
                (order.open, order.state) = (Open::Nothing, OrderState::Expired);
            }
        }
    }

    async fn number(&self, text: &str) -> i64 {
        sql::number(self.stage.service.database.reader(), text, []).await.expect("a number")
    }

    /// What has to hold after every deed.
    async fn hold(&self) {
        for (what, text) in [
            (
                "a grant without a membership that was paid",
                "select count(*) as number from benefit_grant g join order_line l on l.id = g.order_line_id
                join orders o on o.id = l.order_id
                where g.state = 'granted' and (l.state <> 'active' or o.state <> 'paid')",
            ),
            (
                "a grant in force of a holding that isn't",
                "select count(*) as number from benefit_grant g join holding h on h.id = g.holding_id
                where g.state = 'granted' and h.state <> 'active'",
            ),
            (
                "something granted twice",
                "select count(*) as number from (select organization_id, product_id, source, area
                    from benefit_grant where state = 'granted'
                    group by organization_id, product_id, source, area having count(*) > 1) twice",
            ),
        ] {
            assert_eq!(self.number(text).await, 0, "{what} {:?}", self.held);
        }
    }

    /// The company has what the catalogue gives for what it holds: each benefit of each area, in its quantity.
    async fn as_the_catalogue_says(&self) {
        #[derive(FromQueryResult)]
        struct Row {
            product_id: Uuid,
            source: String,
            area: Option<String>,
            quantity: Option<i64>,
        }
        let reader = self.stage.service.database.reader();
        let organization = self.stage.organization("kestrelash.example").await;
        let editions = Editions::of(reader, organization).await.expect("the catalogue");
        let held = editions.held(reader, organization, None).await.expect("holdings");
        let expected: BTreeSet<_> = granted(&held)
            .into_iter()
            .map(|row| (row.product.0, row.source.code().to_owned(), row.area.clone(), row.limit()))
            .collect();
        let text = "select g.product_id, g.source, g.area, p.quantity from benefit_grant g
            join pool p on p.id = g.pool_id
            where g.organization_id = $1 and g.state = 'granted'
                and g.source not in ('isv_co_sell', 'individual_grant')";
        let rows = sql::all::<Row>(reader, text, [organization.0.into()]).await.expect("grants");
        let found: BTreeSet<_> =
            rows.into_iter().map(|row| (row.product_id, row.source, row.area, row.quantity)).collect();
        assert_eq!(found, expected, "{:?}", self.held);
    }

    /// Portal and model agree, and the invariants hold.
    async fn check(&self) {
        self.hold().await;
        self.as_the_catalogue_says().await;
        for (number, order) in &self.orders {
            let page = orders::one(&self.stage.service, &self.buyer, Language::English, *number).await;
            assert_eq!(page.expect("the order").order.state, order.state, "{number} {order:?}");
        }
        let invoices = "select count(*) as number from invoice where kind = 'invoice'";
        let paid = "select count(*) as number from payment where state = 'paid'";
        assert_eq!((self.number(invoices).await, self.number(paid).await), (self.paid, self.paid));
        // Money in: what the processor took and what operators found is what the invoices say, but for the
        // charges whose answer is still to come.
        let charged = "select count(*) as number from test_card_charge where state in ('paid', 'refunded')";
        let charged = self.number(charged).await;
        let by_card = "select count(*) as number from payment where state = 'paid' and method = 'card'";
        let lost = self.orders.values().filter(|order| matches!(order.open, Open::Charged(_))).count();
        let lost = i64::try_from(lost).expect("few");
        assert_eq!(charged, self.number(by_card).await + lost);
        let credited = "select count(*) as number from invoice where kind = 'credit_note'";
        assert_eq!(self.number(credited).await, self.refunded);
        let money = "select cast(coalesce(sum(case when kind = 'invoice' then amount_minor else -amount_minor end), 0)
            as bigint) as number from invoice";
        assert_eq!(self.number(money).await, self.money);
        // A level's core stands there once as soon as one area is held at it, and no longer.
        for (tier, source) in [(Tier::Silver, "silver_core"), (Tier::Gold, "gold_core")] {
            let cores = format!(
                "select count(distinct g.product_id) as number from benefit_grant g
                join organization o on o.id = g.organization_id
                where o.domain = 'kestrelash.example' and g.source = '{source}' and g.state = 'granted'"
            );
            let of_catalogue =
                format!("select count(*) as number from entitlement where source = '{source}'");
            let any = self.held.values().any(|held| held.tier == tier);
            let expected = if any { self.number(&of_catalogue).await } else { 0 };
            assert_eq!(self.number(&cores).await, expected, "{source} {:?}", self.held);
        }
        for (area, held) in &self.held {
            let text = "select h.anniversary_at as number from holding h where h.id = $1";
            let id: Uuid = self.holding(area).await.0;
            let ends = sql::number(self.stage.service.database.reader(), text, [id.into()]).await;
            assert_eq!(ends.expect("a moment"), held.ends.0, "{area} {held:?}");
        }
        let network = "select count(*) as number from holding h join offer f on f.id = h.offer_id
            join organization o on o.id = h.organization_id
            where o.domain = 'kestrelash.example' and f.code = 'network' and h.state = 'active'";
        assert_eq!(self.number(network).await, i64::from(self.network.is_some()), "{:?}", self.network);
        let active =
            "select count(*) as number from holding h join organization o on o.id = h.organization_id
            where o.domain = 'kestrelash.example' and h.areas <> '' and h.state = 'active'";
        assert_eq!(self.number(active).await, i64::try_from(self.held.len()).expect("few"));
        self.stage.nothing_left_behind().await;
    }
}

/// The next year begins, and the one before is over.
fn begun(held: Held) -> Held {
    let Some((order, ends)) = held.next else { return held };
    Held { order, tier: held.tier, ends, next: None, before: Some(Box::new(Held { next: None, ..held })) }
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
        Engine::Sqlite => 24,
        Engine::Postgres => 8,
    };
    let mut happened = BTreeSet::new();
    for seed in 0..sequences {
        let mut random = StdRng::seed_from_u64(seed);
        let mut world = World::open(engine).await;
        for _ in 0..80 {
            world.step(&mut random).await;
            world.hold().await;
        }
        world.check().await;
        // In the end everything is decided.
        world.travel(32 * DAY).await;
        world.check().await;
        assert!(world.orders.values().all(|order| order.state != OrderState::Placed));
        happened.extend(world.happened);
    }
    if matches!(engine, Engine::Sqlite) {
        let all = [
            "begun",
            "bought",
            "changed",
            "ended",
            "joined again",
            "network ended",
            "network renewed",
            "paid too late",
            "refunded",
            "renewed ahead",
            "renewed in the window",
            "restored",
            "taken back",
        ];
        assert_eq!(happened, BTreeSet::from(all), "the test tries everything");
    }
}
