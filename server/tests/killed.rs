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
