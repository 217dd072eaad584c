//! The server is killed at random moments: nothing that was acknowledged is lost, and every order and benefit is
//! in a legal state.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use bench::database::{Engine, PostgresServer, Source};
use bench::driver::{Kind, kill};
use bench::portal::Program;
use bench::purchases;

const ROUNDS: usize = 10;
/// Purchases and changes of level: two hundred on both databases together.
const ROUNDS_OF_PURCHASES: usize = 100;

/// The program, with databases of this kind to kill it over.
fn source(engine: Engine, folder: &Path) -> Source {
    let binary = Path::new(env!("CARGO_BIN_EXE_benefits-center"));
    let postgres = (engine == Engine::Postgres).then(|| PostgresServer {
        url: std::env::var("TEST_POSTGRES_URL").expect(
            "This test needs a PostgreSQL server: `cargo xtask test` starts one, or set TEST_POSTGRES_URL to \
             one where databases can be created.",
        ),
        data: PathBuf::new(),
        command: Vec::new(),
    });
    Source::new(binary, folder, postgres)
}

async fn kill_on(engine: Engine) {
    let binary = Path::new(env!("CARGO_BIN_EXE_benefits-center"));
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(engine, folder.path());
    let place = source.create(engine).await.expect("a database");
    let killed = kill(&Program::free(binary), &place, ROUNDS).await.expect("the server starts every time");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
    assert_eq!(killed.violations, Vec::<String>::new());
    assert_eq!(killed.rounds, ROUNDS);
    for kind in [Kind::Assign, Kind::Reveal, Kind::Activate, Kind::Ask] {
        assert!(killed.acknowledged.contains_key(&kind), "no {kind:?} was acknowledged: {killed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    kill_on(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_on_postgres() {
    kill_on(Engine::Postgres).await;
}

async fn kill_purchases_on(engine: Engine) {
    let binary = Path::new(env!("CARGO_BIN_EXE_benefits-center"));
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(engine, folder.path());
    let place = source.create(engine).await.expect("a database");
    let killed = purchases::kill(&Program::free(binary), &place, ROUNDS_OF_PURCHASES)
        .await
        .expect("the server starts every time");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
    assert_eq!(killed.violations, Vec::<String>::new());
    assert_eq!(killed.rounds, ROUNDS_OF_PURCHASES);
    assert!(
        killed.paid > killed.changed && killed.changed > 0 && killed.unknown > 0 && killed.seated > 0,
        "{killed:?}"
    );
    println!("{killed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_and_grant_is_legal_after_each_kill_on_sqlite() {
    kill_purchases_on(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_and_grant_is_legal_after_each_kill_on_postgres() {
    kill_purchases_on(Engine::Postgres).await;
}

/// Keys of the import that is killed: as many as come in one go.
const KEYS: i64 = 100_000;
/// So many servers live for a part of a chunk or two only; the later ones for several, or the rest takes minutes.
const SHORT_LIVES: usize = 8;
const DOUBLED: i64 = 40;

/// A file of keys, some of them twice, and lines that are none.
fn key_file() -> String {
    let key = |number: i64| format!("KILLS-AAAAA-BBBBB-CCCCC-{number:05}\n");
    let good = KEYS - DOUBLED - 2;
    let mut text: String = (0..good).map(key).collect();
    text.extend((0..DOUBLED).map(|number| key(number * 7)));
    text.push_str("not a key\nnor this\n");
    text
}

/// What isn't as it should be about the import: lines that were looked at without a trace, or keys without lines.
async fn import_faults(stage: &bench::database::Stage, before: i64) -> Vec<String> {
    let number = async |text: &str| stage.number(text).await.expect("a number");
    let of = async |column: &str| {
        number(&format!("select {column} as number from key_batch where name = 'Killed'")).await
    };
    let (lines, position, accepted) = (of("lines").await, of("position").await, of("accepted").await);
    let keys = number(
        "select count(*) as number from product_key k join key_batch b on b.id = k.key_batch_id
            where b.name = 'Killed'",
    );
    let waiting = number(
        "select coalesce(cast(sum(c.lines) as bigint), 0) as number from key_import_chunk c
            join key_batch b on b.id = c.key_batch_id where b.name = 'Killed'",
    );
    let told = number(
        "select count(*) as number from key_import_fault f join key_batch b on b.id = f.key_batch_id
            where b.name = 'Killed'",
    );
    let (keys, waiting, told) = (keys.await, waiting.await, told.await);
    let mut faults = Vec::new();
    if keys != accepted {
        faults.push(format!("{accepted} keys were counted, {keys} are there"));
    }
    if waiting != lines - position {
        faults.push(format!("{waiting} lines wait, at {position} of {lines}"));
    }
    if keys + told != position {
        faults.push(format!("{keys} keys and {told} lines without one, at {position}"));
    }
    if position < before {
        faults.push(format!("back from {before} to {position}"));
    }
    faults
}

/// Kills the command in the middle of an import, and then the server again and again until the import is done.
async fn kill_import_on(engine: Engine) {
    let binary = Path::new(env!("CARGO_BIN_EXE_benefits-center"));
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(engine, folder.path());
    let place = source.create(engine).await.expect("a database");
    let file = folder.path().join("keys.csv");
    std::fs::write(&file, key_file()).expect("a file");
    let stage = place.connect().await.expect("the database answers");
    let program = Program::free(binary);
    let mut command = program.command();
    command.args(["keys", "import"]).arg(&file).args(["--product", "windows_enterprise"]);
    command.args(["--source", "A test", "--batch", "Killed"]);
    command.current_dir(&place.folder).envs(place.environment()).kill_on_drop(true);
    let mut child = command.spawn().expect("the command starts");
    let position = async || {
        let text = "select coalesce(max(position), 0) as number from key_batch where name = 'Killed'";
        stage.number(text).await.expect("a number")
    };
    while position().await == 0 {
        assert!(child.try_wait().expect("a child").is_none(), "the command ended before it was killed");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    child.start_kill().expect("killed");
    child.wait().await.expect("ended");
    let mut last = position().await;
    let mut violations = import_faults(&stage, 0).await;
    let (mut rounds, mut in_between) = (0_usize, usize::from(last < KEYS));
    let done = async || {
        let text = "select count(*) as number from key_batch where name = 'Killed' and state = 'done'";
        stage.number(text).await.expect("a number") == 1
    };
    while !done().await {
        assert!(rounds < 100, "the import goes on: {last}");
        let portal = bench::portal::Portal::start(&program, &place).await.expect("the server starts");
        let lives = rand::random_range(if rounds < SHORT_LIVES { 100..600 } else { 1_500..3_500 });
        tokio::time::sleep(std::time::Duration::from_millis(lives)).await;
        portal.kill().await.expect("killed");
        violations.extend(import_faults(&stage, last).await);
        last = position().await;
        rounds += 1;
        in_between += usize::from(!done().await);
    }
    println!("{engine:?}: {rounds} rounds, {in_between} kills in the middle");
    assert_eq!(violations, Vec::<String>::new());
    assert!(in_between >= 2, "{in_between} kills in the middle of the import");
    let text = "select accepted * 1000000 + duplicate * 100 + malformed as number from key_batch
        where name = 'Killed'";
    let came = stage.number(text).await.expect("a number");
    assert_eq!(came, (KEYS - DOUBLED - 2) * 1_000_000 + DOUBLED * 100 + 2);
    stage.close().await.expect("closed");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_of_an_import_is_lost_or_doubled_by_kills_on_sqlite() {
    kill_import_on(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_of_an_import_is_lost_or_doubled_by_kills_on_postgres() {
    kill_import_on(Engine::Postgres).await;
}
