//! Names are found and sorted without case, whatever letters they are written in, and alike on both databases.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::Language;
use domain::view::activity::ActivityQuery;
use domain::view::individual_grants::IndividualGrantsQuery;
use domain::view::operator::{OutboxQuery, QueuePlace, QueueQuery, QueueSort};
use domain::view::operators::OperatorsQuery;
use rstest::rstest;
use service::accounts::profile;
use service::activity::Side;
use service::assignments::assign::{AssignSeats, assign};
use service::queue::{list, outbox_list};
use service::{activity, individual_grants, operators, sql};

const GOLD: &str = "fernhollow.example";
const PACK: &str = "kestrelash.example";
const CHINESE: &str = "chenghu.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const OPERATORS: [(&str, &str); 4] = [
    ("henrik.solvang@northlight.example", "Ünal Öztürk"),
    ("marisa.talvinen@northlight.example", "ünal Arslan"),
    ("bartholomew.okonreed@northlight.example", "Ａlice Ågren"),
    ("ruoxi.ding@northlight.example", "王丽华"),
];

/// Gives a company another name.
async fn rename(stage: &Stage, domain: &str, name: &str) {
    let text = "update organization set name = $2, name_key = $3 where domain = $1";
    assert_eq!(stage.run(text, [domain.into(), name.into(), sql::folded(name).into()]).await, 1);
}

async fn open_requests(stage: &Stage, domain: &str) -> i64 {
    let text =
        "select count(*) as number from service_request r join organization o on o.id = r.organization_id
        where o.domain = $1 and r.open";
    sql::number(stage.service.database.reader(), text, [domain.into()]).await.expect("a number")
}

#[rstest]
#[tokio::test]
async fn operators_are_found_and_sorted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    for (email, name) in OPERATORS {
        let operator = stage.operator(email).await;
        profile::change_name(&stage.service, &operator, stage.operation(), name).await.expect("changed");
    }
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let read = async |find: &str| {
        let query = OperatorsQuery { find: find.to_owned(), ..OperatorsQuery::default() };
        let page = operators::list::page(&stage.service, &admin, &query).await.expect("a page");
        page.rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(read("ÜNAL").await, ["ünal Arslan", "Ünal Öztürk"]);
    assert_eq!(read("öztürk").await, ["Ünal Öztürk"]);
    assert_eq!(read("ａLICE åGREN").await, ["Ａlice Ågren"]);
    assert_eq!(read("丽华").await, ["王丽华"]);
    let all: Vec<String> = read("").await.iter().map(|name| sql::folded(name)).collect();
    assert!(all.len() > OPERATORS.len() && all.is_sorted(), "{all:?}");
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn companies_are_found_and_sorted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let (long, short) = ("Österreichische Brücken", "österreichische Brauerei");
    rename(&stage, GOLD, long).await;
    rename(&stage, PACK, short).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;

    let read = async |query: QueueQuery| {
        list::page(&stage.service, &admin, Language::English, &query).await.expect("a page")
    };
    let find =
        async |find: &str| read(QueueQuery { find: find.to_owned(), ..QueueQuery::default() }).await.total;
    let [gold, pack, chinese] = [
        open_requests(&stage, GOLD).await,
        open_requests(&stage, PACK).await,
        open_requests(&stage, CHINESE).await,
    ];
    assert!(gold > 0 && pack > 0);
    assert_eq!(find("ÖSTERREICH").await, gold + pack);
    assert_eq!(find("bRÜCKEN").await, gold);
    assert_eq!(find("澄湖").await, chinese);
    let sorted = QueueQuery { sort: QueueSort::Organization, ..QueueQuery::default() };
    let rows = read(sorted.clone()).await.rows;
    let names: Vec<String> = rows.iter().map(|row| sql::folded(&row.organization)).collect();
    assert!(names.is_sorted(), "{names:?}");
    let place = |name: &str| rows.iter().position(|row| row.organization == name);
    assert!(place(short) < place(long) && place(short).is_some());
    let first = rows.first().expect("a row").id;
    let after = read(QueueQuery { place: Some(QueuePlace::After(first)), ..sorted }).await.rows;
    assert_eq!(
        after.iter().map(|row| row.id).collect::<Vec<_>>(),
        rows.iter().skip(1).map(|row| row.id).collect::<Vec<_>>()
    );
    let incidents =
        read(QueueQuery { company: "BRÜCKEN".to_owned(), ..QueueQuery::default() }).await.incidents;
    let incidents = incidents.expect("they were asked for");
    assert!(!incidents.is_empty() && incidents.iter().all(|grant| grant.organization == long));

    let query = IndividualGrantsQuery { company: "BRÜCKEN".to_owned(), ..IndividualGrantsQuery::default() };
    let page = individual_grants::list::page(&stage.service, &admin, Language::English, &query).await;
    let found = page.expect("a page").companies;
    assert_eq!(found.iter().map(|company| company.domain.as_str()).collect::<Vec<_>>(), [GOLD]);

    // What is written from now on has the keys that it is found by.
    let grant = stage.grant(GOLD, "visual_studio_enterprise", "gold_core").await;
    let person = stage.people_without_seat(GOLD, grant).await[0];
    let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
    assign(&stage.service, &stage.person(ADMIN).await, stage.operation(), input).await.expect("assigned");
    let query = OutboxQuery { find: "ÖSTERREICHISCHE B".to_owned(), ..OutboxQuery::default() };
    let mail = outbox_list::page(&stage.service, &admin, &query).await.expect("a page");
    assert!(mail.total > 0 && mail.rows.iter().all(|row| row.organization.as_deref() == Some(long)));
    let query = ActivityQuery { find: "BRÜCKEN".to_owned(), ..ActivityQuery::default() };
    let page = activity::list::page(&stage.service, &admin, Side::Programme, Language::English, &query).await;
    let rows = page.expect("a page").rows;
    assert!(rows.iter().any(|row| row.organization.as_deref() == Some(long)));
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn mail_is_found_by_its_subject(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let text = "update product_text set name = $2, name_key = $3
        where product_id = (select id from product where code = $1)";
    let name = "Ärzte Studio ＥＮＴＥＲＰＲＩＳＥ 企业版";
    let code = "visual_studio_enterprise";
    assert_eq!(stage.run(text, [code.into(), name.into(), sql::folded(name).into()]).await, 3);
    let grant = stage.grant(GOLD, code, "gold_core").await;
    let person = stage.people_without_seat(GOLD, grant).await[0];
    let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
    assign(&stage.service, &stage.person(ADMIN).await, stage.operation(), input).await.expect("assigned");
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    for find in ["ärzte", "ÄRZTE", "ｅｎｔｅｒｐｒｉｓｅ", "企业版"] {
        let query = OutboxQuery { find: find.to_owned(), ..OutboxQuery::default() };
        let found = outbox_list::page(&stage.service, &admin, &query).await.expect("a page");
        assert!(found.total > 0, "{find}");
        assert!(found.rows.iter().all(|row| row.subject.contains(name)), "{find}");
    }
    stage.names_are_folded().await;
}
