//! Files about people: the upload of an import leads to what would come of it, or back with the reason.

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use rstest::rstest;

use crate::browser::{Answer, Browser, Portal};
use crate::common::Engine;
use crate::scene::{COMPANY, EMPLOYEE, GLOBAL_ADMIN, OTHER_ADMIN};

const UPLOAD: &str = "/account/users/import/file";

async fn send(browser: &Browser<'_>, name: &str, content: &[u8]) -> Answer {
    browser.post_file(UPLOAD, name, content).await
}

#[rstest]
#[tokio::test]
async fn a_file_leads_to_its_rows_and_the_faulty_ones_come_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let template = admin.get("/account/users/import/template.csv").await;
    assert_eq!(template.status, StatusCode::OK);
    assert!(template.header(CONTENT_DISPOSITION).contains("users-template.csv"));
    let filled =
        format!("{}\u{6c88},no address,,\r\nBo Strand,bo.strand@fernhollow.example,,\r\n", template.body);
    let sent = send(&admin, "people.csv", filled.as_bytes()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let place = sent.location().to_owned();
    assert!(place.starts_with("/account/users/import?import="), "{place}");
    let page = admin.get(&place).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Add 1 user") && page.body.contains("people.csv"));
    let id = place.rsplit('=').next().unwrap_or_default();
    let faulty = format!("/account/users/import/{id}/faulty.csv");
    let file = admin.get(&faulty).await;
    assert_eq!(file.status, StatusCode::OK);
    assert!(file.header(CONTENT_TYPE).starts_with("text/csv"));
    assert!(file.body.contains("no address") && !file.body.contains("bo.strand"), "{}", file.body);
    assert!(file.body.contains("This is the template's example."), "nobody is invited by it: {}", file.body);
    // Another company's admin finds nothing there.
    let stranger = portal.signed_in(OTHER_ADMIN).await;
    assert_eq!(stranger.get(&faulty).await.status, StatusCode::NOT_FOUND);
    let form = page.form("save_people_import", Some(id));
    let saved = admin.submit(&place, &form).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    assert_eq!(saved.location(), place, "what is left over is shown");
}

#[rstest]
#[tokio::test]
async fn what_is_no_file_of_people_is_explained_on_the_page(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let large = vec![b'a'; 220 * 1024];
    for (name, content, fault) in [
        ("people.csv", b"\xFF\xFEn\0a\0".as_slice(), "not_text"),
        ("people.csv", b"name,phone\nA,1\n", "missing_column"),
        ("people.csv", b"name,email\n", "no_rows"),
        ("people.csv", &large, "too_large"),
        ("", b"", "required"),
    ] {
        let sent = send(&admin, name, content).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{fault}: {}", sent.body);
        assert_eq!(sent.location(), format!("/account/users/import?fault={fault}"));
        let page = admin.get(sent.location()).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("role=\"alert\""), "{fault}");
    }
    // No boundary at all, and a code that somebody made up.
    let broken =
        admin.send(Method::POST, UPLOAD, &[(CONTENT_TYPE, "multipart/form-data")], Body::from("x")).await;
    assert_eq!(broken.location(), "/account/users/import?fault=not_text");
    let forged = admin.get("/account/users/import?fault=%3Cscript%3E").await;
    assert!(!forged.body.contains("role=\"alert\""));
    let employee = portal.signed_in(EMPLOYEE).await;
    let refused = send(&employee, "people.csv", b"name,email\nA,a@a.example\n").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let nobody = send(&portal.browser(), "people.csv", b"name,email\nA,a@a.example\n").await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[rstest]
#[tokio::test]
async fn the_list_is_taken_away_as_its_filters_leave_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    portal.stage.add_people(COMPANY, 700).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let all = admin.get("/account/users.csv").await;
    assert_eq!(all.status, StatusCode::OK);
    let count = portal
        .stage
        .count(&format!(
            "select count(*) as number from person p join organization o on o.id = p.organization_id
            where o.domain = '{COMPANY}' and p.status <> 'left'"
        ))
        .await;
    let mut reader = csv::Reader::from_reader(all.body.trim_start_matches('\u{FEFF}').as_bytes());
    let addresses: Vec<String> =
        reader.records().map(|record| record.expect("a row").get(1).unwrap_or_default().to_owned()).collect();
    assert_eq!(addresses.len(), usize::try_from(count).expect("a count"));
    assert!(addresses.iter().all(|address| !address.ends_with("kestrelash.example")));
    let unique: std::collections::BTreeSet<&String> = addresses.iter().collect();
    assert_eq!(unique.len(), addresses.len(), "nobody stands there twice");
    let admins = admin.get("/account/users.csv?role=global_admin&sort=name_down").await;
    let lines: Vec<&str> = admins.body.lines().skip(1).collect();
    assert!(lines.len() >= 2 && lines.iter().all(|line| line.contains("Global admin")), "{lines:?}");
    assert!(lines[0] > lines[1], "{lines:?}");
    let recorded = "select count(*) as number from audit_event where action = 'people_exported'";
    assert_eq!(portal.stage.count(recorded).await, 2);
}
