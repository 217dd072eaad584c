//! No page asks the database more often because it has more rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use rstest::rstest;

use crate::browser::Portal;
use crate::common::{self, Engine, Stage};
use crate::scene::{AGENT, AUDITOR, COMPANY, EMPLOYEE, GLOBAL_ADMIN};

/// The portal with a counter of the statements that it sends.
async fn counted(engine: Engine) -> (Portal, Arc<AtomicUsize>) {
    let mut stage = common::stage(engine).await;
    let statements = Arc::new(AtomicUsize::new(0));
    let counter = statements.clone();
    stage.service.database.observe(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    (Portal::over(stage), statements)
}

/// Seats, people and requests in numbers that fill every page.
async fn many_rows(stage: &Stage) {
    stage.add_people(COMPANY, 120).await;
    let grant = stage.grant(COMPANY, "visual_studio_enterprise", "gold_core").await;
    let row = stage.grant_row(grant).await;
    stage.run("update pool set quantity = 500 where id = $1", [row.pool_id.into()]).await;
    let by = stage.literal(stage.person_id(GLOBAL_ADMIN, COMPANY).await.0);
    let organization = stage.literal(row.organization_id);
    let (grant_id, pool) = (stage.literal(grant.0), stage.literal(row.pool_id));
    let mut text = String::new();
    let people = stage.people_without_seat(COMPANY, grant).await;
    assert!(people.len() > 100);
    for (at, person) in people.iter().enumerate() {
        let person = stage.literal(person.0);
        let (seat, request, wish) = (
            stage.literal(stage.service.new_id()),
            stage.literal(stage.service.new_id()),
            stage.literal(stage.service.new_id()),
        );
        if at % 2 == 0 {
            text.push_str(&format!(
                "insert into seat (id, organization_id, grant_id, pool_id, person_id, assigned_at, assigned_by, row_version)
                    values ({seat}, {organization}, {grant_id}, {pool}, {person}, 1, {by}, 1);"
            ));
        } else {
            text.push_str(&format!(
                "insert into seat_request (id, organization_id, grant_id, person_id, note, state, requested_at)
                    values ({wish}, {organization}, {grant_id}, {person}, '', 'requested', 1);"
            ));
        }
        let batch = stage.literal(stage.service.new_id());
        text.push_str(&format!(
            "insert into key_batch (id, key_pool_id, name, source, state, created_at, lines)
                select {batch}, k.id, 'More', 'A test', 'importing', 1, 5 from key_pool k
                join product p on p.id = k.product_id where p.code = 'windows_enterprise';"
        ));
        let mail = stage.literal(stage.service.new_id());
        text.push_str(&format!(
            "insert into mail (id, kind, recipient, language, subject, subject_key, body, state, attempts,
                next_attempt_at, created_at)
                values ({mail}, 'invitation', 'more@new.example', 'en', 'More', 'more', 'More', 'failed', 12, 1, 1);"
        ));
        text.push_str(&format!(
            "insert into service_request (id, number, organization_id, kind, state, open, title, title_key, details,
                requested_by, requested_at, target_at, row_version)
                values ({request}, {}, {organization}, 'global_admin', 'requested', true, 'More', 'more', '{{}}', {person}, 1, 1, 1);",
            90_000 + at
        ));
    }
    stage.sql(&text).await;
}

#[rstest]
#[tokio::test]
async fn pages_ask_no_more_often_for_more_rows(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (portal, statements) = counted(engine).await;
    let stage = &portal.stage;
    let grant = stage.grant(COMPANY, "visual_studio_enterprise", "gold_core").await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let agent = portal.signed_in(AGENT).await;
    let auditor = portal.signed_in(AUDITOR).await;
    let pages = [
        (&admin, "/".to_owned()),
        (&admin, "/benefits/visual-studio".to_owned()),
        (&admin, format!("/benefits/visual-studio?open={grant}")),
        (&admin, "/account/users".to_owned()),
        (&admin, "/account/directory".to_owned()),
        (&admin, "/membership".to_owned()),
        (&admin, "/requests".to_owned()),
        (&admin, "/my-benefits".to_owned()),
        (&admin, "/account/activity".to_owned()),
        (&admin, "/account/provisioning".to_owned()),
        (&auditor, "/operator/activity".to_owned()),
        (&admin, "/insight".to_owned()),
        (&auditor, "/operator/insight".to_owned()),
        (&auditor, "/operator/keys".to_owned()),
        (&auditor, "/operator/keys/windows_enterprise".to_owned()),
        (&auditor, "/operator/grants".to_owned()),
        (&auditor, "/operator/operators".to_owned()),
        (&auditor, format!("/operator/organizations/{COMPANY}/grants")),
        (&agent, "/operator/queue".to_owned()),
        (&auditor, "/operator/queue".to_owned()),
    ];
    let mut few = Vec::new();
    for (browser, path) in &pages {
        statements.store(0, Ordering::Relaxed);
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        few.push((statements.load(Ordering::Relaxed), page.body.len()));
    }
    assert!(few.iter().all(|(statements, _)| (2..40).contains(statements)), "{few:?}");
    many_rows(stage).await;
    for ((browser, path), (before, size)) in pages.iter().zip(few) {
        statements.store(0, Ordering::Relaxed);
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let after = statements.load(Ordering::Relaxed);
        assert!(after <= before, "{path}: {before} statements with few rows, {after} with many");
        let grows = path.contains("open=")
            || path.contains("users")
            || path.contains("requests")
            || path.contains("queue");
        assert!(!grows || page.body.len() > size, "{path} shows more rows");
    }
}

#[rstest]
#[tokio::test]
async fn the_user_list_of_ten_thousand_asks_as_often_as_that_of_a_hundred(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (portal, statements) = counted(engine).await;
    let stage = &portal.stage;
    stage.add_people(COMPANY, 100).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let person = stage.person_id(EMPLOYEE, COMPANY).await;
    let addresses = [
        "/account/users".to_owned(),
        "/account/users?find=extra".to_owned(),
        "/account/users?role=employee&status=active".to_owned(),
        "/account/users?sort=last_sign_in_down".to_owned(),
        format!("/account/users?after={person}"),
        format!("/account/users?open={person}"),
    ];
    let asked = async || {
        let mut asked = Vec::new();
        for path in &addresses {
            statements.store(0, Ordering::Relaxed);
            let page = admin.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            asked.push(statements.load(Ordering::Relaxed));
        }
        asked
    };
    let hundred = asked().await;
    let text = "update account set email = 'first' || email, email_key = 'first' || email_key
        where email like 'extra%'";
    stage.run(text, []).await;
    stage.add_people(COMPANY, 9_900).await;
    assert_eq!(asked().await, hundred);
}
