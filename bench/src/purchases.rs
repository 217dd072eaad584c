//! Kills the server at random moments of purchases and of changes of level, and sees that every order, payment
//! and benefit is in a legal state: nothing acknowledged is lost, and nothing is paid or granted twice.
//!
//! Each purchase is followed through: placed, paid by card, a seat of it given, changed to the other level, paid
//! again. The database is looked at as the kill left it; an outcome that is unknown is then asked for with the same
//! operation id, and it is looked at once more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::RngExt;
use sea_orm::FromQueryResult;
use service::sql;
use uuid::Uuid;

use crate::Outcome;
use crate::client::{Answer, Client, new_operation, open_session};
use crate::database::{Place, Stage};
use crate::portal::{Portal, Program};

/// So many clients buy at once.
const CLIENTS: usize = 4;
/// The server lives so many milliseconds under load before it is killed.
const LIVES: std::ops::RangeInclusive<u64> = 50..=400;
/// So many rounds one company has purchases for.
const ROUNDS_A_COMPANY: usize = 2;
/// Their domains begin with it.
const DOMAIN: &str = "buyer";

/// How far a purchase is: what is asked for next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Place,
    Pay,
    /// Gives somebody a seat, which has to be there after all that follows.
    Assign,
    Change,
    PayChange,
}

/// A purchase that is followed through.
#[derive(Clone, Debug)]
struct Purchase {
    /// Which company buys.
    company: usize,
    /// The competency area.
    area: String,
    next: Step,
    /// The order that was placed last.
    order: i64,
    /// The grant of the seat, or the holding to change.
    target: Option<Uuid>,
    /// Who gets the seat.
    person: Uuid,
    /// The operation id of what is asked for next, the same however often it is sent.
    operation: String,
}

impl Purchase {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = match self.next {
            Step::Place => vec![
                ("form", "place_order".to_owned()),
                ("target", format!("silver:{}", self.area)),
                ("version", "1".to_owned()),
                ("area", self.area.clone()),
                ("accept", "true".to_owned()),
            ],
            Step::Pay | Step::PayChange => vec![
                ("form", "pay_by_card".to_owned()),
                ("target", self.order.to_string()),
                ("version", "1".to_owned()),
                ("card", "pays".to_owned()),
            ],
            Step::Assign => vec![
                ("form", "assign_seats".to_owned()),
                ("target", self.target.unwrap_or_default().to_string()),
                ("people", self.person.to_string()),
            ],
            Step::Change => vec![
                ("form", "change_tier".to_owned()),
                ("target", self.target.unwrap_or_default().to_string()),
                ("version", "1".to_owned()),
                ("accept", "true".to_owned()),
            ],
        };
        fields.push(("operation", self.operation.clone()));
        fields
    }
}

/// What was acknowledged.
#[derive(Default)]
struct Told {
    placed: Vec<i64>,
    paid: Vec<i64>,
    /// Who was told to have a seat.
    seated: Vec<Uuid>,
    changed: usize,
}

/// What came of all rounds.
#[derive(Clone, Default, Debug)]
pub struct Bought {
    /// How often the server was killed.
    pub rounds: usize,
    /// Orders whose placing was acknowledged.
    pub placed: usize,
    /// Orders whose payment was acknowledged.
    pub paid: usize,
    /// Changes of level among them.
    pub changed: usize,
    /// Seats whose assignment was acknowledged.
    pub seated: usize,
    /// Outcomes that a kill left unknown.
    pub unknown: usize,
    /// What isn't as it should be.
    pub violations: Vec<String>,
}

/// What the clients share.
struct Work {
    place: Place,
    stage: Stage,
    sessions: Vec<String>,
    waiting: Mutex<VecDeque<Purchase>>,
    told: Mutex<Told>,
    /// The number of the last order that was here before.
    base: i64,
}

/// Kills the server so many times while companies buy, on this database.
///
/// # Errors
/// The server doesn't start, or the database can't be read; what isn't legal is told as a violation.
pub async fn kill(program: &Program, place: &Place, rounds: usize) -> Outcome<Bought> {
    let work = Arc::new(Work::prepare(place, rounds).await?);
    let mut bought = Bought::default();
    let mut portal = Portal::start(program, place).await?;
    for _ in 0..rounds {
        portal = round(&work, program, portal, &mut bought).await?;
    }
    portal.stop().await?;
    {
        let told = work.told.lock().unwrap_or_else(PoisonError::into_inner);
        (bought.placed, bought.paid, bought.changed) = (told.placed.len(), told.paid.len(), told.changed);
        bought.seated = told.seated.len();
    }
    for chain in service::audit::verify(&work.stage.database).await? {
        if let Some(broken) = chain.broken {
            bought.violations.push(format!("an audit chain is broken: {broken:?}"));
        }
    }
    let work = Arc::into_inner(work).ok_or("a client is still at work")?;
    work.stage.close().await?;
    Ok(bought)
}

/// Loads the server, kills it, starts it again, asks for what is unknown and compares.
async fn round(work: &Arc<Work>, program: &Program, portal: Portal, bought: &mut Bought) -> Outcome<Portal> {
    let clients = work.clients(&portal)?;
    let running: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(buy(work.clone(), clients.clone()))).collect();
    let lives = rand::rng().random_range(LIVES);
    tokio::time::sleep(Duration::from_millis(lives)).await;
    portal.kill().await?;
    let mut unknown = Vec::new();
    for one in running {
        let (left, violations) = one.await??;
        unknown.extend(left);
        bought.violations.extend(violations);
    }
    bought.unknown += unknown.len();
    let portal = Portal::start(program, &work.place).await?;
    let clients = work.clients(&portal)?;
    let left = work.violations(AsLeft::Yes).await?;
    bought
        .violations
        .extend(left.into_iter().map(|text| format!("round {}, as left: {text}", bought.rounds)));
    for purchase in unknown {
        match clients[purchase.company].send(&purchase.fields(), None).await {
            Answer::Done(answer) => work.go_on(purchase, &answer)?,
            // Another purchase of the company may have taken the benefit to another level meanwhile.
            Answer::Refused(..) if purchase.next == Step::Assign => work.skip(purchase),
            other => bought.violations.push(format!("{purchase:?}, sent again: {other:?}")),
        }
    }
    let violations = work.violations(AsLeft::No).await?;
    bought.violations.extend(violations.into_iter().map(|text| format!("round {}: {text}", bought.rounds)));
    bought.rounds += 1;
    Ok(portal)
}

/// Buys until the server is gone or nothing is left; gives what it doesn't know the outcome of, and what was
/// refused.
async fn buy(work: Arc<Work>, clients: Arc<Vec<Client>>) -> Outcome<(Option<Purchase>, Vec<String>)> {
    let mut refused = Vec::new();
    loop {
        let next = work.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(mut purchase) = next else { return Ok((None, refused)) };
        purchase.target = work.target(&purchase).await?;
        if purchase.next == Step::Assign && purchase.target.is_none() {
            work.skip(purchase);
            continue;
        }
        match clients[purchase.company].send(&purchase.fields(), None).await {
            Answer::Done(answer) => work.go_on(purchase, &answer)?,
            Answer::Refused(..) if purchase.next == Step::Assign => work.skip(purchase),
            Answer::Refused(status, code) => {
                refused.push(format!("{purchase:?} was refused: {status} {code}"));
            }
            Answer::Unknown(_) => return Ok((Some(purchase), refused)),
        }
    }
}

impl Work {
    async fn prepare(place: &Place, rounds: usize) -> Outcome<Self> {
        #[derive(FromQueryResult)]
        struct Area {
            code: String,
        }
        let stage = place.connect().await?;
        let base = stage.number("select max(number) as number from orders").await?;
        let areas =
            sql::all::<Area>(stage.database.reader(), "select code from competency_area order by code", [])
                .await?;
        let companies = rounds.div_ceil(ROUNDS_A_COMPANY);
        for number in 0..companies {
            company(&stage, number).await?;
        }
        stage
            .run(&format!(
                "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
                    select o.id, t.tier, c.code, (select account_id from operator_role limit 1), 1
                    from organization o cross join competency_area c
                    cross join (select 'silver' as tier union all select 'gold') t
                    where o.domain like '{DOMAIN}%'"
            ))
            .await?;
        let mut sessions = Vec::new();
        let mut people = Vec::new();
        for number in 0..companies {
            sessions.push(open_session(&stage, &email(number)).await?);
            let text = format!(
                "select p.id from person p join account a on a.id = p.account_id where a.email_key = '{}'",
                email(number)
            );
            people.push(stage.id(&text).await?);
        }
        let of = |company: usize, area: &Area| Purchase {
            company,
            area: area.code.clone(),
            next: Step::Place,
            order: 0,
            target: None,
            person: people[company],
            operation: new_operation(),
        };
        // One area of every company, then the next: companies and areas mix.
        let waiting = areas.iter().flat_map(|area| (0..companies).map(move |company| of(company, area)));
        Ok(Self {
            place: place.clone(),
            waiting: Mutex::new(waiting.collect()),
            stage,
            sessions,
            told: Mutex::default(),
            base,
        })
    }

    fn clients(&self, portal: &Portal) -> Outcome<Arc<Vec<Client>>> {
        let clients: Outcome<Vec<Client>> =
            self.sessions.iter().map(|cookie| Client::new(&portal.address, cookie)).collect();
        clients.map(Arc::new)
    }

    /// What is asked about: of a change of level the holding that the order before it brought, of a seat a benefit
    /// of the company that has one left and that the person doesn't hold.
    async fn target(&self, purchase: &Purchase) -> Outcome<Option<Uuid>> {
        #[derive(FromQueryResult)]
        struct Found {
            id: Uuid,
        }
        let person = self.stage.literal(purchase.person);
        let text = match purchase.next {
            Step::Place | Step::Pay | Step::PayChange => return Ok(None),
            Step::Change => format!(
                "select h.id from holding h join order_line l on l.id = h.order_line_id
                join orders o on o.id = l.order_id where o.number = {}",
                purchase.order
            ),
            Step::Assign => format!(
                "select g.id from benefit_grant g join product d on d.id = g.product_id
                join pool p on p.id = g.pool_id join person e on e.organization_id = g.organization_id
                where e.id = {person} and d.code = 'visual_studio_enterprise' and g.state = 'granted'
                    and p.used < p.quantity and not exists (select 1 from seat s
                        where s.person_id = e.id and s.released_at is null)
                order by g.id limit 1"
            ),
        };
        let found = sql::all::<Found>(self.stage.database.reader(), &text, []).await?;
        Ok(found.into_iter().next().map(|found| found.id))
    }

    /// Notes what was acknowledged, and puts the next step at the end.
    fn go_on(&self, purchase: Purchase, answer: &str) -> Outcome {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let placed = || -> Outcome<i64> {
            let number = answer.split("/orders/").nth(1).unwrap_or_default();
            let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
            Ok(digits.parse().map_err(|_| format!("no order in {answer}"))?)
        };
        let (next, order) = match purchase.next {
            Step::Place => {
                told.placed.push(placed()?);
                (Some(Step::Pay), placed()?)
            }
            Step::Pay => {
                told.paid.push(purchase.order);
                (Some(Step::Assign), purchase.order)
            }
            Step::Assign => {
                told.seated.push(purchase.person);
                (Some(Step::Change), purchase.order)
            }
            Step::Change => {
                told.placed.push(placed()?);
                (Some(Step::PayChange), placed()?)
            }
            Step::PayChange => {
                told.paid.push(purchase.order);
                told.changed += 1;
                (None, purchase.order)
            }
        };
        drop(told);
        if let Some(next) = next {
            self.put(Purchase { next, order, ..purchase });
        }
        Ok(())
    }

    /// A seat that can't be given: the purchase goes on without it.
    fn skip(&self, purchase: Purchase) {
        self.put(Purchase { next: Step::Change, ..purchase });
    }

    /// Puts the next step between others: a kill meets every step.
    fn put(&self, purchase: Purchase) {
        let purchase = Purchase { target: None, operation: new_operation(), ..purchase };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let at = rand::rng().random_range(0..=waiting.len().min(CLIENTS * 2));
        waiting.insert(at, purchase);
    }

    /// Where the database isn't as it has to be, a sentence each.
    async fn violations(&self, as_left: AsLeft) -> Outcome<Vec<String>> {
        let mut violations = Vec::new();
        for (what, text) in ILLEGAL {
            // What the processor charged and the portal hasn't heard of yet is asked for again.
            if as_left == AsLeft::Yes && *what == CHARGES {
                continue;
            }
            let text = text.replace("{base}", &self.base.to_string());
            let number = self.stage.number(&text).await?;
            if number > 0 {
                violations.push(format!("{number} {what}"));
            }
        }
        let (placed, paid, seated) = {
            let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            (told.placed.clone(), told.paid.clone(), told.seated.clone())
        };
        if !seated.is_empty() {
            let list: Vec<String> = seated.iter().map(|person| self.stage.literal(*person)).collect();
            let text = format!(
                "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
                    and g.state = 'granted' and g.pool_id = s.pool_id
                where s.released_at is null and s.person_id in ({})",
                list.join(", ")
            );
            let there = self.stage.number(&text).await?;
            if there != i64::try_from(seated.len())? {
                violations.push(format!("{} people were told to have a seat, {there} have", seated.len()));
            }
        }
        for (orders, states, what) in [(placed, "'placed', 'paid'", "placed"), (paid, "'paid'", "paid")] {
            if orders.is_empty() {
                continue;
            }
            let list: Vec<String> = orders.iter().map(i64::to_string).collect();
            let text = format!(
                "select count(*) as number from orders where state in ({states}) and number in ({})",
                list.join(", ")
            );
            let there = self.stage.number(&text).await?;
            if there != i64::try_from(orders.len())? {
                violations.push(format!("{} orders were told to be {what}, {there} are", orders.len()));
            }
        }
        Ok(violations)
    }
}

/// Whether the database is looked at as a kill left it, before what is unknown was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AsLeft {
    Yes,
    No,
}

/// Holds only once what is unknown was asked for.
const CHARGES: &str = "cards that were charged otherwise than the payments say";

/// What must not be, and how many there are of it.
const ILLEGAL: &[(&str, &str)] = &[
    (
        "lines of paid orders without exactly one holding",
        "select count(*) as number from order_line l join orders o on o.id = l.order_id
        where o.number > {base} and o.state = 'paid'
            and (select count(*) from holding h where h.order_line_id = l.id) <> 1",
    ),
    (
        "holdings of orders that aren't paid",
        "select count(*) as number from holding h join order_line l on l.id = h.order_line_id
        join orders o on o.id = l.order_id where o.number > {base} and o.state <> 'paid'",
    ),
    (
        "paid orders without exactly one invoice of their price",
        "select count(*) as number from orders o where o.number > {base} and o.state = 'paid'
            and (select count(*) from invoice i where i.order_id = o.id and i.kind = 'invoice'
                and i.amount_minor = (select sum(l.price_minor) from order_line l where l.order_id = o.id)) <> 1",
    ),
    (
        "invoices of orders that aren't paid",
        "select count(*) as number from invoice i join orders o on o.id = i.order_id
        where o.number > {base} and o.state <> 'paid'",
    ),
    (
        "paid orders without exactly one payment",
        "select count(*) as number from orders o where o.number > {base} and o.state = 'paid'
            and (select count(*) from payment y where y.order_id = o.id and y.state = 'paid') <> 1",
    ),
    (
        "payments of orders that aren't paid",
        "select count(*) as number from payment y join orders o on o.id = y.order_id
        where o.number > {base} and o.state <> 'paid' and y.state = 'paid'",
    ),
    (
        CHARGES,
        "select abs((select count(*) from payment y join orders o on o.id = y.order_id
                where o.number > {base} and y.state = 'paid')
            - (select count(*) from test_card_charge where state = 'paid')) as number",
    ),
    (
        "levels that go on beside the one that took their place",
        "select count(*) as number from order_line l join orders o on o.id = l.order_id and o.state = 'paid'
        join holding h on h.id = l.of_holding_id
        where o.number > {base} and l.kind = 'tier_change' and h.state = 'active'",
    ),
    (
        "benefits in force of holdings that are not",
        "select count(*) as number from benefit_grant g join holding h on h.id = g.holding_id
        join organization c on c.id = g.organization_id
        where c.domain like 'buyer%' and g.state = 'granted' and h.state <> 'active'",
    ),
    (
        "benefits that were granted twice",
        "select count(*) as number from (select g.organization_id from benefit_grant g
            join organization c on c.id = g.organization_id
            where c.domain like 'buyer%' and g.state = 'granted'
            group by g.organization_id, g.source, coalesce(g.area, ''), g.product_id having count(*) > 1) twice",
    ),
    (
        "pools that count other seats than they have",
        "select count(*) as number from pool p where p.used <> (select count(*) from seat s
            where s.pool_id = p.id and s.released_at is null)",
    ),
    (
        "companies with a competency and another number of benefits of its core than the catalogue has",
        "select count(*) as number from (select c.id, e.source, count(*) as wanted,
                (select count(*) from benefit_grant g where g.organization_id = c.id and g.state = 'granted'
                    and g.source = e.source) as has
            from organization c join entitlement e on e.source in ('silver_core', 'gold_core')
            where c.domain like 'buyer%' and exists (select 1 from holding h join offer f on f.id = h.offer_id
                where h.organization_id = c.id and h.state = 'active' and f.tier || '_core' = e.source)
            group by c.id, e.source) cores where wanted <> has",
    ),
    (
        "companies with a competency and no benefit of its core",
        "select count(*) as number from organization c where c.domain like 'buyer%'
            and exists (select 1 from holding h join offer f on f.id = h.offer_id
                where h.organization_id = c.id and h.state = 'active' and f.tier in ('silver', 'gold'))
            and not exists (select 1 from benefit_grant g where g.organization_id = c.id
                and g.state = 'granted' and g.source in ('silver_core', 'gold_core'))",
    ),
];

fn email(number: usize) -> String {
    format!("admin@{DOMAIN}{number}.example")
}

/// A member with the network membership and somebody who buys.
async fn company(stage: &Stage, number: usize) -> Outcome {
    let new = || stage.literal(Uuid::now_v7());
    let (organization, account, person, order, line) = (new(), new(), new(), new(), new());
    let (email, holding, number) = (email(number), new(), number + 1);
    let now = service::Clock::now(&service::SystemClock);
    let (now, ends) = (now.0, now.plus_days(300).0);
    stage
        .run(&format!(
            "insert into account (id, email, email_key, full_name, name_key, language, status, created_at)
                values ({account}, '{email}', '{email}', 'Buyer {number}', 'buyer {number}', 'en', 'active', {now});
            insert into organization (id, name, name_key, domain, account_email, time_zone, language, tier, portal_state,
                    setup_finished, created_at)
                values ({organization}, 'Buyer {number}', 'buyer {number}', '{DOMAIN}{}.example', '{email}', 'UTC', 'en', 'network',
                    'member', true, {now});
            insert into person (id, organization_id, account_id, sort_name, status, created_at)
                values ({person}, {organization}, {account}, 'buyer', 'active', {now});
            insert into person_role (person_id, organization_id, role)
                values ({person}, {organization}, 'global_admin');
            insert into orders (id, number, organization_id, ordered_at, currency, state)
                select {order}, -{number}, {organization}, {now}, currency, 'paid' from offer where tier = 'network';
            insert into order_line (id, order_id, organization_id, offer_id, areas, price_minor, policies,
                    agreement_version, state)
                select {line}, {order}, {organization}, id, '', 0, (select max(policies) from order_line), 1, 'active'
                from offer where tier = 'network';
            insert into holding (id, organization_id, offer_id, order_line_id, areas, state, starts_at,
                    anniversary_at)
                select {holding}, {organization}, id, {line}, '', 'active', {now}, {ends}
                from offer where tier = 'network'",
            number - 1
        ))
        .await
}
