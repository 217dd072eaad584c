//! Several people at once from a file: checked first, then saved (rules 3, 7, 11).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::PeopleImportId;
use domain::view::people_import::{IMPORT_PAGE_ROWS, ImportFile, ImportQuery, ImportState};
use domain::{ErrorCode, Field, Language};
use rstest::rstest;
use service::people::import::{Saved, faulty, page, save, sweep, upload};
use service::{Failure, Request};

const MAREN: &str = "maren.tolvik@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const OTHER_ADMIN: &str = "piet.zanderling@kestrelash.example";

/// Six rows, of which three are good.
const FILE: &str = "\u{FEFF}Full name,Email address,Roles,Language\n\
    \"Vance, Ottoline\",ottoline.vance@fernhollow.example,User admin,English\n\
    林涵予,hanyu.lin@fernhollow.example,员工,简体中文\n\
    ,no.name@fernhollow.example,,\n\
    Teodor Wrzosek,TEODOR.wrzosek@fernhollow.example,,\n\
    \"Ada \"\"Countess\"\" Byron\",ada.byron@elsewhere.example,,\n\
    Twice,Ottoline.Vance@fernhollow.example,boss,Klingon\n";

fn code(failure: &Failure) -> ErrorCode {
    failure.told().code
}

async fn read(stage: &Stage, who: &Request, content: &str) -> Result<PeopleImportId, Failure> {
    upload(&stage.service, who, "people.csv", content.as_bytes()).await
}

async fn shown(stage: &Stage, who: &Request, import: PeopleImportId, number: u32) -> ImportFile {
    let query = ImportQuery { import: Some(import), page: number };
    page(&stage.service, who, &query).await.expect("the page").file.expect("a file")
}

async fn people(stage: &Stage) -> i64 {
    stage.count("select count(*) as number from person").await
}

#[rstest]
#[tokio::test]
async fn every_row_is_checked_and_nobody_is_added_before_it_is_saved(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let before = people(&stage).await;
    let import = read(&stage, &admin, FILE).await.expect("reads");
    let file = shown(&stage, &admin, import, 1).await;
    assert_eq!((file.state, file.good, file.faulty), (ImportState::Checked, 3, 3));
    let faults = |line: i64| {
        let row = file.rows.iter().find(|row| row.line == line).expect("the row");
        row.faults.iter().map(|fault| (fault.field, fault.code, fault.number)).collect::<Vec<_>>()
    };
    assert_eq!(faults(2), []);
    assert_eq!(faults(4), [(Field::Name, ErrorCode::Required, None)]);
    assert_eq!(faults(5), [(Field::Email, ErrorCode::AlreadyInOrganization, None)]);
    assert_eq!(
        faults(7),
        [
            (Field::Roles, ErrorCode::UnknownChoice, None),
            (Field::Language, ErrorCode::UnknownChoice, None),
            (Field::Email, ErrorCode::DuplicateRow, Some(2)),
        ]
    );
    assert!(!file.rows[0].faults.is_empty(), "what needs another look comes first");
    assert_eq!(people(&stage).await, before);
    assert!(stage.mails("ada.byron@elsewhere.example").await.is_empty());

    let operation = stage.operation();
    let saved = save(&stage.service, &admin, operation.clone(), import).await.expect("saves");
    assert_eq!(saved, Saved { added: 3, faulty: 3 });
    assert_eq!(people(&stage).await, before + 3);
    for (email, language) in [
        ("ottoline.vance@fernhollow.example", "en"),
        ("hanyu.lin@fernhollow.example", "zh-Hans"),
        ("ada.byron@elsewhere.example", "en"),
    ] {
        let mails = stage.mails(email).await;
        assert_eq!(mails.len(), 1, "{email}");
        assert_eq!((mails[0].kind.as_str(), mails[0].language.as_str()), ("invitation", language));
    }
    // The same form once more, and another one.
    assert_eq!(save(&stage.service, &admin, operation, import).await.expect("the same answer"), saved);
    let again = save(&stage.service, &admin, stage.operation(), import).await.expect_err("saved");
    assert_eq!(code(&again), ErrorCode::WrongState);
    assert_eq!(people(&stage).await, before + 3);
    let file = shown(&stage, &admin, import, 1).await;
    assert_eq!((file.state, file.good, file.faulty, file.rows.len()), (ImportState::Saved, 3, 3, 3));
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn only_the_rows_that_need_another_look_come_back_as_a_file(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let import = read(&stage, &admin, FILE).await.expect("reads");
    let before = faulty(&stage.service, &admin, Language::English, import).await.expect("a file");
    save(&stage.service, &admin, stage.operation(), import).await.expect("saves");
    let after = faulty(&stage.service, &admin, Language::English, import).await.expect("a file");
    assert_eq!(before, after);
    let text = String::from_utf8(after).expect("UTF-8");
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("no.name@fernhollow.example") && !text.contains("ada.byron"), "{text}");
    assert!(text.contains("line 2"), "{text}");
    // Put right it is a file again.
    let right = text.replace(",no.name@", "Nomen Nescio,no.name@");
    let import = read(&stage, &admin, &right).await.expect("reads");
    let file = shown(&stage, &admin, import, 1).await;
    assert_eq!((file.good, file.faulty), (1, 2));
    for language in [Language::SimplifiedChinese, Language::TraditionalChinese] {
        let table = faulty(&stage.service, &admin, language, import).await.expect("a file");
        let text = String::from_utf8(table).expect("UTF-8");
        assert!(!text.contains("Fill it in"), "{text}");
        read(&stage, &admin, &text).await.expect("reads its own heads");
    }
}

#[rstest]
#[tokio::test]
async fn rule_03_a_file_grants_no_role_beyond_the_table(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let user_admin = stage.person(USER_ADMIN).await;
    let text = "name,email,roles\nA,a@a.example,Global admin\nB,b@a.example,Admin agent\n";
    let import = read(&stage, &user_admin, text).await.expect("reads");
    let file = shown(&stage, &user_admin, import, 1).await;
    assert_eq!((file.good, file.faulty), (1, 1));
    assert_eq!(file.rows[0].faults[0].code, ErrorCode::RoleNotGrantable);
    let saved = save(&stage.service, &user_admin, stage.operation(), import).await.expect("saves");
    assert_eq!(saved, Saved { added: 1, faulty: 1 });
    let employee = stage.person(EMPLOYEE).await;
    assert_eq!(code(&read(&stage, &employee, text).await.expect_err("no right")), ErrorCode::RoleNeeded);
}

#[rstest]
#[tokio::test]
async fn what_changed_since_the_check_is_checked_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let text = "name,email\nA,a@a.example\nB,b@a.example\n";
    let first = read(&stage, &admin, text).await.expect("reads");
    let second = read(&stage, &admin, "name,email\nA,a@a.example\n").await.expect("reads");
    save(&stage.service, &admin, stage.operation(), second).await.expect("saves");
    let saved = save(&stage.service, &admin, stage.operation(), first).await.expect("saves the other");
    assert_eq!(saved, Saved { added: 1, faulty: 1 });
    let third = read(&stage, &admin, text).await.expect("reads");
    let nothing = save(&stage.service, &admin, stage.operation(), third).await.expect_err("nobody is new");
    assert_eq!(code(&nothing), ErrorCode::NoRows);
}

#[rstest]
#[tokio::test]
async fn rule_07_a_file_is_its_readers_own_and_forgotten_after_a_day(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let import = read(&stage, &admin, FILE).await.expect("reads");
    for other in [OTHER_ADMIN, USER_ADMIN] {
        let other = stage.person(other).await;
        let query = ImportQuery { import: Some(import), page: 1 };
        assert_eq!(
            code(&page(&stage.service, &other, &query).await.expect_err("foreign")),
            ErrorCode::NotFound
        );
        let saved = save(&stage.service, &other, stage.operation(), import).await;
        assert_eq!(code(&saved.expect_err("foreign")), ErrorCode::NotFound);
        let table = faulty(&stage.service, &other, Language::English, import).await;
        assert_eq!(code(&table.expect_err("foreign")), ErrorCode::NotFound);
    }
    assert_eq!(sweep(&stage.service).await.expect("sweeps"), 0);
    stage.clock.move_seconds(24 * 3600 + 1);
    assert_eq!(sweep(&stage.service).await.expect("sweeps"), 1);
    // Nobody fills the database with files.
    for _ in 0..8 {
        read(&stage, &admin, FILE).await.expect("reads");
    }
    assert_eq!(stage.count("select count(*) as number from people_import").await, 5);
}

#[rstest]
#[tokio::test]
async fn a_thousand_rows_are_added_in_one_step(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let admin = stage.person(MAREN).await;
    let mut text = String::from("name,email\n");
    for number in 0..1000 {
        text.push_str(&format!("Person {number},person.{number}@fernhollow.example\n"));
    }
    let import = read(&stage, &admin, &text).await.expect("reads");
    let file = shown(&stage, &admin, import, 10).await;
    assert_eq!((file.rows.len(), file.page, file.pages), (IMPORT_PAGE_ROWS, 10, 10));
    let before = people(&stage).await;
    let saved = save(&stage.service, &admin, stage.operation(), import).await.expect("saves");
    assert_eq!(saved, Saved { added: 1000, faulty: 0 });
    assert_eq!(people(&stage).await, before + 1000);
    assert!(stage.audit_intact().await);
}
