//! A backup that is made under load is whole, and restored it is row by row what it was.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bench::checker::{self, Acknowledged};
use bench::client::{Answer, Client, assignment, new_operation, open_session};
use bench::database::{Engine, Place, Stage};
use bench::portal::{Portal, Program};
use bench::scene;
use sea_orm::ConnectionTrait;
use sea_orm::FromQueryResult;
use service::{Database, sql};
use uuid::Uuid;

use super::super::{binary, command, postgres_url, said, source};

#[derive(FromQueryResult)]
struct Text {
    text: String,
}

async fn texts(stage: &Stage, query: &str) -> Vec<String> {
    let rows = sql::all::<Text>(stage.database.reader(), query, []).await;
    let mut texts: Vec<_> = rows.unwrap_or_else(|error| panic!("{query}: {error}")).into_iter().collect();
    texts.sort_by(|one, other| one.text.cmp(&other.text));
    texts.into_iter().map(|row| row.text).collect()
}

/// Every row of every table, as text.
async fn rows(stage: &Stage) -> BTreeMap<String, Vec<String>> {
    let tables = match stage.engine {
        Engine::Sqlite => {
            "select name as text from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        }
        Engine::Postgres => "select tablename::text as text from pg_tables where schemaname = 'public'",
    };
    let mut all = BTreeMap::new();
    for table in texts(stage, tables).await {
        let query = match stage.engine {
            Engine::Sqlite => {
                let columns = format!("select name as text from pragma_table_info('{table}')");
                let quoted = texts(stage, &columns).await;
                let quoted: Vec<_> = quoted.iter().map(|column| format!("quote(\"{column}\")")).collect();
                format!("select {} as text from \"{table}\"", quoted.join(" || ',' || "))
            }
            Engine::Postgres => format!("select t::text as text from \"{table}\" t"),
        };
        all.insert(table, texts(stage, &query).await);
    }
    all
}

/// An empty place of the same kind.
async fn empty_place(engine: Engine, folder: &Path, name: &str) -> Place {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let url = match engine {
        Engine::Sqlite => format!("sqlite://{}", folder.join("benefits-center.db").display()),
        Engine::Postgres => {
            let name = format!("restored_{}", Uuid::now_v7().simple());
            let server = Database::connect(&postgres_url()).await.expect("the server");
            server.reader().execute_unprepared(&format!("create database {name}")).await.expect("created");
            server.close().await.expect("closed");
            let url = postgres_url();
            format!("{}/{name}", url.rsplit_once('/').expect("a database").0)
        }
    };
    Place { engine, folder, url }
}

async fn remove(place: &Place) {
    if place.engine == Engine::Postgres {
        let name = place.url.rsplit_once('/').expect("a database").1;
        let server = Database::connect(&postgres_url()).await.expect("the server");
        let text = format!("drop database if exists {name} with (force)");
        server.reader().execute_unprepared(&text).await.expect("dropped");
        server.close().await.expect("closed");
    }
}

/// Gives seats until it is told to stop; says which were acknowledged, in their order.
async fn load(client: Client, wishes: Vec<(Uuid, Uuid)>, enough: Arc<AtomicBool>) -> Vec<(Uuid, Uuid)> {
    let mut given = Vec::new();
    for (grant, person) in wishes {
        if enough.load(Ordering::Relaxed) {
            break;
        }
        match client.send(&assignment(grant, person, &new_operation()), None).await {
            Answer::Done(_) => given.push((grant, person)),
            other => panic!("a seat was not given: {other:?}"),
        }
    }
    given
}

async fn round_trip(engine: Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(engine, folder.path());
    let place = source.create(engine).await.expect("a database");
    let stage = place.connect().await.expect("connected");
    let grants = scene::grants(&stage, scene::VISUAL_STUDIO, 4, 10_000).await.expect("grants");
    let people = scene::people(&stage, 300).await.expect("people");
    let session = open_session(&stage, scene::ADMIN).await.expect("a session");
    let portal = Portal::start(&Program::free(binary()), &place).await.expect("started");

    let enough = Arc::new(AtomicBool::new(false));
    let loads: Vec<_> = grants
        .iter()
        .map(|grant| {
            let client = Client::new(&portal.address, &session).expect("a client");
            let wishes = people.iter().map(|person| (*grant, *person)).collect();
            tokio::spawn(load(client, wishes, enough.clone()))
        })
        .collect();
    let count = "select count(*) as number from seat s join person p on p.id = s.person_id
        join account a on a.id = p.account_id where a.email_key like 'bench.%'";
    while stage.number(count).await.expect("counted") < 40 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let before = stage.number(count).await.expect("counted");
    let under_load = place.folder.join("under-load.backup");
    let output = command(&place, &["backup", "--to", &under_load.display().to_string()]).await;
    assert!(output.status.success(), "{}", said(&output));
    let after = stage.number(count).await.expect("counted");
    enough.store(true, Ordering::Relaxed);
    let mut given = Acknowledged::default();
    for load in loads {
        given.assigned.extend(load.await.expect("it ends"));
    }
    assert!(after > before, "nobody wrote while the backup was made");

    // One moment of the database: seats, counts of pools, events and chains fit each other.
    let restored = empty_place(engine, folder.path(), "under-load").await;
    std::fs::copy(place.folder.join("secret.key"), restored.folder.join("secret.key")).expect("the secret");
    let output = command(&restored, &["restore", "--from", &under_load.display().to_string()]).await;
    assert!(output.status.success() && said(&output).contains("none broken"), "{}", said(&output));
    assert!(said(&output).contains("opens what is sealed"), "{}", said(&output));
    let copy = restored.connect().await.expect("connected");
    let there = copy.number(count).await.expect("counted");
    assert!((before..=after).contains(&there), "{there} seats, {before} before and {after} after");
    let found = checker::read(&copy, &grants).await.expect("read");
    let seats = found.seats.iter().map(|seat| (seat.grant_id, seat.person_id)).collect();
    let moment = Acknowledged { assigned: seats, released: Vec::new() };
    assert_eq!(checker::violations(&moment, &found), Vec::<String>::new());
    copy.database.close().await.expect("closed");
    remove(&restored).await;

    // At rest nothing differs, in any row of any table.
    portal.stop().await.expect("stopped");
    let at_rest = place.folder.join("at-rest.backup");
    let output = command(&place, &["backup", "--to", &at_rest.display().to_string()]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("secret.key") && said(&output).contains("key 1 ("), "{}", said(&output));
    let again = command(&place, &["backup", "--to", &at_rest.display().to_string()]).await;
    assert!(!again.status.success() && said(&again).contains("nothing is written over"), "{}", said(&again));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&at_rest).expect("the backup").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "only its owner reads it");
    }
    let restored = empty_place(engine, folder.path(), "at-rest").await;
    let output = command(&restored, &["restore", "--from", &at_rest.display().to_string()]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("there is no secret file"), "{}", said(&output));
    assert!(!restored.folder.join("secret.key").exists(), "a secret that opens nothing isn't made");
    let copy = restored.connect().await.expect("connected");
    let (was, is) = (rows(&stage).await, rows(&copy).await);
    assert_eq!(was.keys().collect::<Vec<_>>(), is.keys().collect::<Vec<_>>());
    for (table, rows) in &was {
        assert_eq!(rows, &is[table], "{table}");
    }
    assert!(was["seat"].len() >= given.assigned.len() && was.len() > 40, "{} tables", was.len());
    copy.database.close().await.expect("closed");

    // Nothing is restored over something.
    let again = command(&restored, &["restore", "--from", &at_rest.display().to_string()]).await;
    assert!(!again.status.success(), "{}", said(&again));
    assert!(said(&again).contains("already"), "{}", said(&again));
    // Another installation's secret is noticed.
    std::fs::write(restored.folder.join("secret.key"), "00".repeat(32)).expect("another secret");
    let other = empty_place(engine, folder.path(), "other-secret").await;
    std::fs::copy(restored.folder.join("secret.key"), other.folder.join("secret.key")).expect("the secret");
    let output = command(&other, &["restore", "--from", &at_rest.display().to_string()]).await;
    assert!(!output.status.success() && said(&output).contains("another installation"), "{}", said(&output));
    remove(&other).await;

    // The restored portal works.
    std::fs::copy(place.folder.join("secret.key"), restored.folder.join("secret.key")).expect("the secret");
    let portal = Portal::start(&Program::free(binary()), &restored).await.expect("started");
    let client = Client::new(&portal.address, &session).expect("a client");
    assert!(client.page(scene::PAGE).await.expect("a page").contains("Visual Studio Enterprise"));
    portal.stop().await.expect("stopped");
    remove(&restored).await;
    stage.close().await.expect("closed");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_whole_and_comes_back_row_by_row_on_sqlite() {
    round_trip(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_whole_and_comes_back_row_by_row_on_postgres() {
    round_trip(Engine::Postgres).await;
}

#[tokio::test]
async fn what_is_no_whole_backup_is_not_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(Engine::Sqlite, folder.path());
    let place = source.create(Engine::Sqlite).await.expect("a database");
    let good = place.folder.join("good.backup");
    let output = command(&place, &["backup", "--to", &good.display().to_string()]).await;
    assert!(output.status.success(), "{}", said(&output));
    let bytes = std::fs::read(&good).expect("the backup");

    let changed = place.folder.join("changed.backup");
    std::fs::copy(&good, &changed).expect("a copy");
    let stage = Stage {
        engine: Engine::Sqlite,
        database: Database::connect(&format!("sqlite://{}", changed.display())).await.expect("connected"),
    };
    // As somebody would who wants the past to be another one.
    stage.run("drop trigger if exists audit_event_stays").await.expect("run");
    let triggers = texts(
        &stage,
        "select name as text from sqlite_master where type = 'trigger' and tbl_name = 'audit_event'",
    )
    .await;
    for trigger in triggers {
        stage.run(&format!("drop trigger {trigger}")).await.expect("run");
    }
    stage.run("update audit_event set action = 'signed_out' where sequence = 1").await.expect("changed");
    stage.database.close().await.expect("closed");
    let later = place.folder.join("later.backup");
    std::fs::copy(&good, &later).expect("a copy");
    let database = Database::connect(&format!("sqlite://{}", later.display())).await.expect("connected");
    let text = "insert into seaql_migrations (version, applied_at) values ('m9999_to_come', 0)";
    database.reader().execute_unprepared(text).await.expect("changed");
    database.close().await.expect("closed");

    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4096].fill(0x5a);
    for (name, content, why) in [
        ("half.backup", bytes[..bytes.len() / 2 / 4096 * 4096].to_vec(), "not whole"),
        ("damaged.backup", damaged, "not whole"),
        ("text.backup", b"select 1;".to_vec(), "is no backup"),
        ("changed.backup", std::fs::read(&changed).expect("a copy"), "is broken at 1"),
        ("later.backup", std::fs::read(&later).expect("a copy"), "m9999_to_come"),
        ("dump.backup", b"PGDMP\x01\x0e\x00 and so on".to_vec(), "names SQLite"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, content).expect("written");
        let into = empty_place(Engine::Sqlite, folder.path(), name.trim_end_matches(".backup")).await;
        let output = command(&into, &["restore", "--from", &file.display().to_string()]).await;
        assert!(!output.status.success(), "{name}: {}", said(&output));
        let told = said(&output);
        assert!(told.contains(why) || name == "half.backup" || name == "damaged.backup", "{name}: {told}");
        assert_eq!(std::fs::read_dir(&into.folder).expect("the folder").count(), 0, "{name} leaves nothing");
    }
    source.remove(place).await.expect("removed");
}
