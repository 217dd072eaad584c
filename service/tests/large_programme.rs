//! The large programme, built smaller: it holds what the rules ask for, and the use cases go on from it.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, empty_stage};
use domain::benefit::Category;
use domain::view::benefits::{BenefitsQuery, SortColumn};
use domain::view::operator::QueueQuery;
use domain::view::requests::RequestKind;
use domain::{ErrorCode, Language, Tier};
use rstest::rstest;
use sea_orm::{FromQueryResult, Value};
use service::accounts::sign_in::{SignIn, sign_in};
use service::assignments::release::{ReleaseSeat, release};
use service::benefits::list;
use service::insight::count::count_due;
use service::membership::{on_clock, page};
use service::queue::{Wanted, complete, list as queue};
use service::sample_programme::DEMO_PASSWORD;
use service::sample_programme::large::{Scale, Summary, load};
use service::{keys, purchases, sql, vault};
use uuid::Uuid;

const SCALE: Scale = Scale { companies: 20, people: 30 };
const AGENT: &str = "marisa.talvinen@northlight.example";
const CATALOGUE: &str = "henrik.solvang@northlight.example";

async fn loaded(engine: Engine) -> (Stage, Summary) {
    let stage = empty_stage(engine).await;
    let mut told = Vec::new();
    let summary = load(&stage.service, SCALE, |companies| told.push(companies)).await.expect("loads");
    assert_eq!(told.last(), Some(&SCALE.companies));
    (stage, summary)
}

/// Those of the large programme; the sample's people are at addresses of their own.
const OURS: &str = "(select e.organization_id from audit_event e where e.request_id = 'large_programme')";

#[rstest]
#[tokio::test]
async fn rows_are_as_many_as_it_says_and_counts_agree_with_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (stage, summary) = loaded(engine).await;
    assert_eq!((summary.companies, summary.people), (20, 600));
    for (query, expected) in [
        (format!("organization where id in {OURS}"), summary.companies),
        (format!("person where organization_id in {OURS}"), summary.people),
        (format!("benefit_grant where organization_id in {OURS}"), summary.grants),
        (format!("seat where organization_id in {OURS} and released_at is null"), summary.seats),
        (format!("seat where organization_id in {OURS} and released_at is not null"), summary.seats_before),
        (format!("product_key where organization_id in {OURS} and state = 'held'"), summary.keys),
        (format!("service_request where organization_id in {OURS} and open = true"), summary.open_requests),
        (format!("service_request where organization_id in {OURS} and open = false"), summary.done_requests),
    ] {
        let found = stage.count(&format!("select count(*) as number from {query}")).await;
        assert_eq!(found, i64::try_from(expected).expect("few"), "{query}");
        assert!(found > 0, "{query}");
    }
    // Five seats a person, as far as small numbers can be divided.
    assert!((4 * summary.people..=5 * summary.people).contains(&summary.seats), "{summary}");
    for (what, query) in [
        (
            "people counted with a company",
            "organization o where o.people <> (select count(*) from person p
                where p.organization_id = o.id and p.status <> 'left')",
        ),
        (
            "used seats of a pool",
            "pool po where po.used <> (select count(*) from seat s where s.pool_id = po.id and s.released_at is null)",
        ),
        ("seats beyond a quantity", "pool where quantity is not null and used + used_before > quantity"),
        ("quantities other than the plan's", "pool where coalesce(quantity, -1) <> coalesce(plan_quantity, -1)"),
        (
            "quantities other than the catalogue's",
            "benefit_grant g join pool po on po.id = g.pool_id join holding h on h.id = g.holding_id
            join offer f on f.id = h.offer_id
            where not exists (select 1 from entitlement e where e.product_id = g.product_id and e.source = g.source
                and (e.level is null or e.level = f.tier) and (e.area is null or e.area = g.area)
                and e.from_version <= h.catalogue_version
                and (e.until_version is null or h.catalogue_version < e.until_version)
                and coalesce(e.seats, e.quantity, -1) = coalesce(po.plan_quantity, -1))",
        ),
        (
            "seats of a pool other than the grant's",
            "seat s join benefit_grant g on g.id = s.grant_id
            where s.pool_id <> g.pool_id or s.assigned_at < g.granted_at or s.released_at < s.assigned_at",
        ),
        (
            "keys counted with a batch",
            "key_batch b where b.accepted <> (select count(*) from product_key k where k.key_batch_id = b.id)
                or b.accepted <> b.lines",
        ),
        (
            "invoices other than what was paid",
            "invoice i join payment y on y.order_id = i.order_id join orders o on o.id = i.order_id
            join order_line l on l.order_id = o.id
            where i.amount_minor <> y.amount_minor or l.price_minor <> i.amount_minor or o.state <> 'paid'
                or i.issued_at <> y.settled_at",
        ),
        (
            "requests decided before they were made",
            "service_request where decided_at < requested_at or (decided_at is null) <> open",
        ),
        (
            "activations for go-to-market without a contact",
            "activation a join benefit_grant g on g.id = a.grant_id and g.category = 'go_to_market'
            where not exists (select 1 from marketing_contact c join person p on p.id = c.person_id
                and p.organization_id = c.organization_id where c.organization_id = a.organization_id)",
        ),
        ("mail that waits", "mail where state <> 'sent' or sent_at is null"),
        (
            "seats without an event, a mail or a notice of their own",
            "organization o where o.id in (select e.organization_id from audit_event e
                    where e.request_id = 'large_programme')
                and ((select count(*) from seat s where s.organization_id = o.id) <>
                    (select count(*) from audit_event e where e.organization_id = o.id and e.action = 'seat_assigned')
                or (select count(*) from seat s where s.organization_id = o.id) <>
                    (select count(*) from mail m where m.organization_id = o.id
                        and m.kind in ('seat_assigned', 'key_seat_assigned'))
                or (select count(*) from seat s where s.organization_id = o.id) <>
                    (select count(*) from notice n where n.organization_id = o.id
                        and n.kind in ('seat_assigned', 'key_seat_assigned')))",
        ),
    ] {
        assert_eq!(stage.count(&format!("select count(*) as number from {query}")).await, 0, "{what}");
    }
    for (sequence, query) in [
        ("order", "select max(number) as number from orders"),
        ("invoice", "select max(number) as number from invoice"),
        ("service_request", "select max(number) as number from service_request"),
    ] {
        let text = "select value as number from number_sequence where name = $1";
        let last = sql::number(stage.service.database.reader(), text, [sequence.into()]).await;
        assert_eq!(last.expect("a sequence"), stage.count(query).await, "{sequence}");
    }
}

#[rstest]
#[tokio::test]
async fn trail_and_secrets_are_whole_and_it_is_loaded_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (stage, _) = loaded(engine).await;
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
    vault::check(&stage.service).await.expect("secrets open");
    let again = load(&stage.service, SCALE, |_| {}).await.expect_err("there is a programme already");
    assert!(again.is(ErrorCode::WrongState), "{again}");
    assert_eq!(stage.count("select count(*) as number from organization").await, 24);
}

#[derive(FromQueryResult)]
struct Admin {
    email: String,
}

/// The Global admins of the companies of a level.
async fn admins(stage: &Stage, tier: Tier) -> Vec<String> {
    let text = format!(
        "select a.email from organization o
        join person p on p.id = o.founder_person_id join account a on a.id = p.account_id
        where o.tier = $1 and o.id in {OURS} order by a.email"
    );
    let rows = sql::all::<Admin>(stage.service.database.reader(), &text, [tier.code().into()]).await;
    rows.expect("admins").into_iter().map(|admin| admin.email).collect()
}

fn query(category: Category) -> BenefitsQuery {
    BenefitsQuery {
        category,
        find: String::new(),
        source: None,
        status: None,
        until: None,
        sort: SortColumn::Name,
        descending: false,
        page: 1,
        open: None,
        chosen: None,
    }
}

#[rstest]
#[tokio::test]
async fn companies_use_what_they_have(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (stage, _) = loaded(engine).await;
    let service = &stage.service;
    for tier in [Tier::Network, Tier::ActionPack, Tier::Silver, Tier::Gold] {
        let admins = admins(&stage, tier).await;
        let admin = admins.first().unwrap_or_else(|| panic!("no company of {tier:?}"));
        let person = stage.person(admin).await;
        for category in Category::ALL {
            let shown = list::page(service, &person, Language::English, &query(*category)).await;
            let shown = shown.expect("benefits");
            let any = tier > Tier::Network || *category == Category::GoToMarket;
            assert_eq!(shown.all > 0, any, "{tier:?} {category:?}");
        }
        let shown = page::page(service, &person, Language::English).await;
        shown.expect("the membership");
        purchases::list::page(service, &person, Language::English).await.expect("purchases");
    }
    let admin = admins(&stage, Tier::Gold).await.swap_remove(0);
    let input = SignIn {
        email: admin.clone(),
        password: DEMO_PASSWORD.to_owned(),
        agent: String::new(),
        earlier: None,
    };
    assert!(sign_in(service, &stage.nobody(), input).await.is_ok(), "with the password of the demo");
    let person = stage.person(&admin).await;
    let text = "select s.id from seat s where s.released_at is null and s.organization_id =
        (select p.organization_id from person p join account a on a.id = p.account_id where a.email = $1)
        order by s.id limit 1";
    let seat = stage.id(text, [Value::from(admin.as_str())]).await;
    let input = ReleaseSeat { seat: seat.into(), version: 1 };
    release(service, &person, stage.operation(), input).await.expect("a free seat");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn operators_see_what_waits(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let (stage, summary) = loaded(engine).await;
    let agent = stage.operator(AGENT).await;
    let all = QueueQuery::default();
    let shown = queue::page(&stage.service, &agent, Language::English, &all).await.expect("the queue");
    // Those of the sample programme wait too.
    assert_eq!(shown.open, i64::try_from(summary.open_requests).expect("few") + 13);
    for kind in [RequestKind::Activation, RequestKind::Advisory, RequestKind::Payment] {
        let text =
            format!("select id from service_request where kind = $1 and organization_id in {OURS} limit 3");
        let rows = sql::all::<Row>(stage.service.database.reader(), &text, [kind.code().into()]).await;
        let rows = rows.expect("requests");
        assert!(!rows.is_empty(), "{kind:?}");
        for row in rows {
            let open = QueueQuery { open: Some(row.id.into()), ..QueueQuery::default() };
            let shown = queue::page(&stage.service, &agent, Language::SimplifiedChinese, &open).await;
            assert!(shown.expect("a request").item.is_some(), "{kind:?}");
        }
    }
    let manager = stage.operator(CATALOGUE).await;
    keys::pools::page(&stage.service, &manager, Language::English).await.expect("pools");
}

#[rstest]
#[tokio::test]
async fn rule_20_what_is_to_be_cancelled_can_be(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let stage = empty_stage(engine).await;
    // As many companies as it takes until one cancels.
    load(&stage.service, Scale { companies: 40, people: 10 }, |_| {}).await.expect("loads");
    let text = format!(
        "select id from service_request where kind = 'cancellation' and open and organization_id in {OURS}"
    );
    let open = sql::all::<Row>(stage.service.database.reader(), &text, []).await.expect("requests");
    assert!(!open.is_empty());
    let admin = stage.operator("rosalind.ekwueme@northlight.example").await;
    for row in open {
        let wanted = Wanted { request: row.id.into(), version: 1 };
        complete::cancellation(&stage.service, &admin, stage.operation(), wanted).await.expect("approved");
    }
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn the_clock_finds_nothing_to_put_right(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (stage, _) = loaded(engine).await;
    count_due(&stage.service).await.expect("counted");
    assert_eq!(stage.count("select count(*) as number from usage_retry").await, 0);
    assert_eq!(stage.count("select count(*) as number from usage_count").await, 24);
    let ours = format!(
        "select count(distinct organization_id) as number from usage_month where organization_id in {OURS}"
    );
    assert_eq!(stage.count(&ours).await, 20);
    let before = stage.count("select count(*) as number from membership_reminder").await;
    on_clock::remind_due(&stage.service).await.expect("reminds");
    let ours = format!(
        "select count(*) as number from membership_reminder r join holding h on h.id = r.holding_id
        where h.organization_id in {OURS}"
    );
    assert_eq!((before, stage.count(&ours).await), (0, 0), "no year is about to end");
}

/// SQLite plans by what it has counted: next to nothing follows anything in a programme of one year.
#[rstest]
#[tokio::test]
async fn what_follows_a_grant_is_found_by_its_index_where_nothing_does(
    #[values(Engine::Sqlite)] engine: Engine,
) {
    let (stage, _) = loaded(engine).await;
    for (query, index) in [
        (
            "select 1 from benefit_grant g where not exists (select 1 from benefit_grant n
                where n.follows_id = g.id and n.state <> 'withdrawn')",
            "benefit_grant_follows_once",
        ),
        (
            "select 1 from holding h where not exists (select 1 from holding n
                where n.follows_id = h.id and n.state <> 'cancelled')",
            "holding_follows_once",
        ),
    ] {
        let plan = stage.plan(query).await;
        assert!(plan.contains(index), "{index}: {plan}");
    }
}
