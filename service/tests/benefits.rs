//! The benefits tables: the database decides the status as the rule does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{BEGINNING, Engine, Stage, stage};
use domain::benefit::{ActivationState, Category, RowStatus, row_status};
use domain::view::benefits::{BenefitRow, BenefitsQuery, PAGE_ROWS, SortColumn};
use domain::{Language, Moment};
use rstest::rstest;
use service::Request;
use service::benefits::grants;
use service::benefits::list::page;

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
