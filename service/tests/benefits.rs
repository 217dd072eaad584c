//! The benefits tables: the database decides the status as the rule does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{BEGINNING, Engine, Stage, stage};
use domain::benefit::{ActivationState, Category, RowStatus, row_status};
use domain::view::benefits::{BenefitRow, BenefitsQuery, PAGE_ROWS, SortColumn, Until};
use domain::{ErrorCode, Language, Moment};
use rstest::rstest;
use service::activations::request::{ActivateGrant, withdraw};
use service::assignments::release::{ReleaseSeat, release};
use service::benefits::list::page;
use service::benefits::{grants, on_clock};
use service::keys::activations::{RecordActivations, record_activations};
use service::purchases::cancel::{CancelPurchase, submit};
use service::{Request, sql};

const GLOBAL_ADMINS: &[&str] = &["maren.tolvik@fernhollow.example", "piet.zanderling@kestrelash.example"];

async fn rows(stage: &Stage, request: &Request) -> Vec<BenefitRow> {
    let mut all = Vec::new();
    for category in Category::ALL {
        let mut number = 1;
        loop {
            let query = BenefitsQuery {
                category: *category,
                find: String::new(),
                source: None,
                status: None,
                until: None,
                sort: SortColumn::Name,
                descending: false,
                page: number,
                open: None,
                chosen: None,
            };
            let shown = page(&stage.service, request, Language::English, &query).await.expect("a page");
            let count = all.len();
            all.extend(shown.rows);
            let category_rows = i64::try_from(all.len() - count).expect("few");
            if category_rows == 0 || shown.page < number || shown.total <= i64::from(number * PAGE_ROWS) {
                break;
            }
            number += 1;
        }
    }
    all
}

/// Compares every row of the company with the rule, and notes which statuses were seen.
async fn compare(stage: &Stage, request: &Request, seen: &mut BTreeSet<&'static str>) {
    let reader = stage.service.database.reader();
    let now = stage.service.now();
    let organization = request.person().expect("a person").organization;
    for row in rows(stage, request).await {
        let grant = grants::find(reader, organization, row.id).await.expect("a grant");
        let activation = ActivationState::from_code(&grant.activation_state).expect("a state");
        let expected = row_status(&grant.facts, row.kind, row.quantity, row.used, activation, now);
        assert_eq!(row.status, expected, "{row:?} {grant:?}");
        seen.insert(row.status.code());
    }
}

#[rstest]
#[tokio::test]
async fn the_table_shows_the_status_of_the_rule_at_every_moment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let mut seen = BTreeSet::new();
    // Over-allocated, refused, withdrawn and read-only rows don't come by themselves.
    let change = |text: &'static str| stage.run(text, []);
    change(
        "update benefit_grant set activation_state = 'refused' where id in
        (select g.id from benefit_grant g where g.category = 'technical' and g.activation_state = 'available'
            order by g.id limit 2)",
    )
    .await;
    change(
        "update benefit_grant set state = 'withdrawn' where id in
        (select g.id from benefit_grant g where g.category = 'software' order by g.id limit 3)",
    )
    .await;
    change(
        "update pool set quantity = used - 1 where id in
        (select g.pool_id from benefit_grant g join pool po on po.id = g.pool_id
            where g.category = 'visual_studio' and po.used > 1 order by po.id limit 2)",
    )
    .await;
    for days in [0, 12, 31, 200, 400, 800] {
        stage.clock.set(Moment(BEGINNING.0).plus_days(days));
        for email in GLOBAL_ADMINS {
            compare(&stage, &stage.person(email).await, &mut seen).await;
        }
    }
    stage.clock.set(BEGINNING);
    change("update organization set portal_state = 'invited' where domain = 'kestrelash.example'").await;
    compare(&stage, &stage.person(GLOBAL_ADMINS[1]).await, &mut seen).await;
    let all: BTreeSet<&str> = RowStatus::ALL.iter().map(|status| status.code()).collect();
    assert_eq!(seen, all, "every status has to be among the rows");
}

fn all(category: Category) -> BenefitsQuery {
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

/// Copies of a grant until the category has more rows than two pages show.
async fn fill(stage: &Stage, category: Category) {
    let request = stage.person(GLOBAL_ADMINS[0]).await;
    let organization = request.person().expect("a person").organization;
    let first = page(&stage.service, &request, Language::English, &all(category)).await.expect("a page");
    let row = &first.rows[0];
    for at in first.total..i64::from(PAGE_ROWS) * 2 + 7 {
        let (pool, id) = (stage.literal(stage.service.new_id()), stage.literal(stage.service.new_id()));
        let (organization, of) = (stage.literal(organization.0), stage.literal(row.id.0));
        // Different quantities and dates, so that an order is to be seen.
        let text = format!(
            "insert into pool (id, organization_id, quantity, used) values ({pool}, {organization}, {}, 0)",
            at % 13
        );
        stage.run(&text, []).await;
        let text = format!(
            "insert into benefit_grant (id, organization_id, product_id, category, pool_id, source, area, holding_id,
                state, activation_state, activate_by, expires_at, holding_ends_at, granted_at,
                catalogue_version, row_version)
            select {id}, organization_id, product_id, category, {pool}, source, area, holding_id,
                'granted', 'available', {}, {}, null, granted_at, catalogue_version, 1
            from benefit_grant where id = {of}",
            BEGINNING.0 + 86_400_000 * (at % 17 + 1),
            BEGINNING.0 + 86_400_000 * (at % 19 + 1),
        );
        stage.run(&text, []).await;
    }
}

#[rstest]
#[tokio::test]
async fn a_benefit_is_found_whatever_letters_its_name_is_written_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let name = "Ärzte Studio 企业版";
    let text = "update product_text set name = $2, name_key = $3
        where product_id = (select id from product where code = $1)";
    let values = ["visual_studio_enterprise".into(), name.into(), sql::folded(name).into()];
    assert_eq!(stage.run(text, values).await, 3);
    let request = stage.person(GLOBAL_ADMINS[0]).await;
    for find in ["ÄRZTE", "ärzte", "企业"] {
        let query = BenefitsQuery { find: find.to_owned(), ..all(Category::VisualStudio) };
        let found = page(&stage.service, &request, Language::English, &query).await.expect("a page");
        assert!(found.total > 0 && found.rows.iter().all(|row| row.name == name), "{find}");
    }
}

#[rstest]
#[tokio::test]
async fn tables_are_filtered_sorted_and_paged_by_the_database(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(
        Category::Software,
        Category::Cloud,
        Category::VisualStudio,
        Category::Technical,
        Category::GoToMarket
    )]
    category: Category,
) {
    let stage = stage(engine).await;
    fill(&stage, category).await;
    let request = stage.person(GLOBAL_ADMINS[0]).await;
    let get = async |query: BenefitsQuery| {
        page(&stage.service, &request, Language::English, &query).await.expect("a page")
    };
    let whole = async |query: BenefitsQuery| {
        let mut rows = Vec::new();
        let first = get(query.clone()).await;
        let pages = first.total.max(1).unsigned_abs().div_ceil(u64::from(PAGE_ROWS));
        for number in 1..=u32::try_from(pages).expect("few") {
            let shown = get(BenefitsQuery { page: number, ..query.clone() }).await;
            assert_eq!((shown.page, shown.total), (number, first.total));
            rows.extend(shown.rows);
        }
        assert_eq!(i64::try_from(rows.len()).expect("few"), first.total);
        rows
    };
    let everything = whole(all(category)).await;
    assert!(everything.len() > 2 * PAGE_ROWS as usize);
    let ids: BTreeSet<_> = everything.iter().map(|row| row.id.to_string()).collect();
    assert_eq!(ids.len(), everything.len(), "no row is on two pages");
    // Behind the last page is the last page.
    let behind = get(BenefitsQuery { page: 99, ..all(category) }).await;
    assert_eq!(behind.page, 3);

    type Key = fn(&BenefitRow) -> (bool, i64);
    let orders: [(SortColumn, Key); 3] = [
        (SortColumn::Left, |row| {
            (row.quantity.is_none(), row.quantity.map_or(0, |quantity| quantity - row.used))
        }),
        (SortColumn::ActivateBy, |row| {
            (row.activate_by.is_none(), row.activate_by.map_or(0, domain::Day::number))
        }),
        (SortColumn::Expires, |row| (row.expires.is_none(), row.expires.map_or(0, domain::Day::number))),
    ];
    for (sort, key) in orders {
        let up: Vec<_> = whole(BenefitsQuery { sort, ..all(category) }).await.iter().map(key).collect();
        assert!(up.is_sorted(), "{sort:?}: {up:?}");
        let down: Vec<_> =
            whole(BenefitsQuery { sort, descending: true, ..all(category) }).await.iter().map(key).collect();
        assert!(down.is_sorted_by(|one, other| one >= other), "{sort:?}: {down:?}");
    }
    for sort in [SortColumn::Name, SortColumn::Source, SortColumn::Status] {
        let text = |row: &BenefitRow| match sort {
            SortColumn::Name => row.name.to_lowercase(),
            SortColumn::Source => row.source.clone(),
            _ => row.status.code().to_owned(),
        };
        for descending in [false, true] {
            let rows = whole(BenefitsQuery { sort, descending, ..all(category) }).await;
            let mut texts: Vec<_> = rows.iter().map(text).collect();
            texts.dedup();
            let different: BTreeSet<_> = texts.iter().collect();
            assert_eq!(different.len(), texts.len(), "{sort:?}: what is alike stands together");
        }
    }

    let sources = get(all(category)).await.sources;
    for row in [&everything[0], &everything[everything.len() - 1]] {
        let typed: String = row.name.chars().take(5).collect::<String>().to_uppercase();
        let found = whole(BenefitsQuery { find: typed.clone(), ..all(category) }).await;
        assert!(found.iter().any(|other| other.id == row.id), "{typed}");
        assert!(found.iter().all(|other| other.name.to_uppercase().contains(&typed)), "{typed}");
        let status = whole(BenefitsQuery { status: Some(row.status), ..all(category) }).await;
        let expected = everything.iter().filter(|other| other.status == row.status).count();
        assert_eq!(status.len(), expected, "{:?}", row.status);
        let offered = sources
            .iter()
            .find(|choice| (&choice.source, &choice.source_name) == (&row.source, &row.source_name));
        let source = offered.map(|choice| choice.value.clone());
        assert!(source.is_some(), "{:?} {:?} isn't offered", row.source, row.source_name);
        let same = whole(BenefitsQuery { source, ..all(category) }).await;
        let expected = everything
            .iter()
            .filter(|other| (&other.source, &other.source_name) == (&row.source, &row.source_name))
            .count();
        assert_eq!(same.len(), expected, "{:?} {:?}", row.source, row.source_name);
    }
    let within =
        |days: i64| move |row: &&BenefitRow| row.expires_days.is_some_and(|left| (0..=days).contains(&left));
    for (until, expected) in [
        (Until::Week, everything.iter().filter(within(7)).count()),
        (Until::Month, everything.iter().filter(within(30)).count()),
    ] {
        assert_eq!(whole(BenefitsQuery { until: Some(until), ..all(category) }).await.len(), expected);
    }
    let none = get(BenefitsQuery { find: "%_\\".to_owned(), ..all(category) }).await;
    assert_eq!((none.total, none.all), (0, i64::try_from(everything.len()).expect("few")));
}

#[rstest]
#[tokio::test]
async fn areas_of_one_source_are_filtered_apart(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMINS[0]).await;
    let shown = page(&stage.service, &request, Language::English, &all(Category::VisualStudio))
        .await
        .expect("a page");
    let areas: Vec<_> = shown.sources.iter().filter(|choice| choice.value.contains(':')).collect();
    assert!(areas.len() >= 2, "{:?}", shown.sources);
    for area in areas {
        let query = BenefitsQuery { source: Some(area.value.clone()), ..all(Category::VisualStudio) };
        let shown = page(&stage.service, &request, Language::English, &query).await.expect("a page");
        assert!(!shown.rows.is_empty());
        assert!(shown.rows.iter().all(|row| row.source_name == area.source_name), "{area:?}");
    }
}

#[rstest]
#[tokio::test]
async fn chinese_readers_find_by_chinese_names(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMINS[0]).await;
    for (language, typed) in
        [(Language::SimplifiedChinese, "企业版"), (Language::TraditionalChinese, "企業版")]
    {
        let query = BenefitsQuery { find: typed.to_owned(), ..all(Category::VisualStudio) };
        let shown = page(&stage.service, &request, language, &query).await.expect("a page");
        assert!(shown.total > 0, "{typed}");
        assert!(shown.rows.iter().all(|row| row.name.contains(typed)), "{typed}");
    }
}

#[rstest]
#[tokio::test]
async fn rule_21_a_grant_that_cannot_be_ended_lets_the_others_end(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    stage.clock.move_days(4000);
    let due = "select count(*) as number from benefit_grant
        where state = 'granted' and (expires_at is not null or holding_ends_at is not null)";
    let before = stage.count(due).await;
    assert!(before > 10, "{before}");
    let broken = stage.grant("fernhollow.example", "visual_studio_enterprise", "gold_core").await;
    stage.refuse_changes("benefit_grant", "id", broken.0).await;
    let ended = on_clock::end_due(&stage.service).await.expect("the others end");
    assert_eq!((ended as i64, stage.count(due).await), (before - 1, 1));
    assert_eq!(on_clock::end_due(&stage.service).await.expect("runs again"), 0);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_21_when_a_grant_ends_its_holders_become_former_holders_and_are_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant("fernhollow.example", "visual_studio_enterprise", "gold_core").await;
    let place = stage.literal(grant.0);
    let active =
        format!("select count(*) as number from seat where grant_id = {place} and released_at is null");
    let holders = stage.count(&active).await;
    assert!(holders > 1);
    let last = stage
        .count(&format!(
            "select coalesce(expires_at, holding_ends_at + 2592000000) as number from benefit_grant where id = {place}"
        ))
        .await;
    stage.clock.set(Moment(last));
    on_clock::end_due(&stage.service).await.expect("runs");
    assert_eq!(stage.count(&active).await, holders, "its last moment counts");
    stage.clock.set(Moment(last + 1));
    // Two servers at the same moment do it once.
    let (one, other) = tokio::join!(on_clock::end_due(&stage.service), on_clock::end_due(&stage.service));
    assert!(one.expect("runs") + other.expect("runs") >= 1);
    assert_eq!(on_clock::end_due(&stage.service).await.expect("runs again"), 0);
    assert_eq!(stage.count(&active).await, 0);
    let former = format!(
        "select count(*) as number from seat where grant_id = {place} and release_reason = 'grant_ended'
            and released_at = {}",
        last + 1
    );
    assert_eq!(stage.count(&former).await, holders);
    let told = stage.count("select count(*) as number from mail where kind = 'seat_ended'").await;
    assert!(told >= holders, "{told} of {holders} are told");
    let ended =
        format!("select count(*) as number from benefit_grant where id = {place} and state = 'ended'");
    assert_eq!(stage.count(&ended).await, 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_22_read_only_data_is_changed_by_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(GLOBAL_ADMINS[0]).await;
    stage.run("update organization set portal_state = 'expired'", []).await;
    let text = "select s.id from seat s join organization o on o.id = s.organization_id
        where o.domain = 'fernhollow.example' and s.released_at is null order by s.id limit 1";
    let seat = stage.id(text, []).await;
    let version = format!("select row_version as number from seat where id = {}", stage.literal(seat));
    let input = ReleaseSeat { seat: seat.into(), version: stage.count(&version).await };
    let refused = release(&stage.service, &admin, stage.operation(), input).await.expect_err("read-only");
    assert!(refused.is(ErrorCode::ReadOnly), "{refused}");

    let text = "select g.id from benefit_grant g join organization o on o.id = g.organization_id
        where o.domain = 'fernhollow.example' and g.activation_state in ('requested', 'processing') limit 1";
    let grant = stage.id(text, []).await;
    let version =
        format!("select row_version as number from benefit_grant where id = {}", stage.literal(grant));
    let input = ActivateGrant { grant: grant.into(), version: stage.count(&version).await };
    let refused = withdraw(&stage.service, &admin, stage.operation(), input).await.expect_err("read-only");
    assert!(refused.is(ErrorCode::ReadOnly), "{refused}");

    let grant = stage.grant("fernhollow.example", "windows_enterprise", "action_pack").await;
    let input = RecordActivations { grant, count: -1, note: "counted twice".to_owned() };
    let refused = record_activations(&stage.service, &admin, stage.operation(), input).await;
    assert!(refused.expect_err("read-only").is(ErrorCode::ReadOnly));

    let text = "select l.id from order_line l join offer f on f.id = l.offer_id
        join organization o on o.id = l.organization_id
        where f.code = 'gold' and o.domain = 'fernhollow.example'";
    let line = stage.id(text, []).await;
    let input = CancelPurchase {
        line: line.into(),
        version: 1,
        reason: "bought_by_mistake".to_owned(),
        note: String::new(),
        accepted: true,
    };
    let refused = submit(&stage.service, &admin, stage.operation(), input).await.expect_err("read-only");
    assert!(refused.is(ErrorCode::ReadOnly), "{refused}");
}
