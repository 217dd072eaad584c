//! The server is killed at random moments: nothing that was acknowledged is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use bench::database::{Engine, PostgresServer, Source};
use bench::driver::{Kind, kill};
use bench::portal::Program;

const ROUNDS: usize = 10;

async fn kill_on(engine: Engine) {
    let binary = Path::new(env!("CARGO_BIN_EXE_benefits-center"));
    let folder = tempfile::tempdir().expect("a folder");
    let postgres = (engine == Engine::Postgres).then(|| PostgresServer {
        url: std::env::var("TEST_POSTGRES_URL").expect(
            "This test needs a PostgreSQL server: `cargo xtask test` starts one, or set TEST_POSTGRES_URL to \
             one where databases can be created.",
        ),
        data: PathBuf::new(),
        command: Vec::new(),
    });
    let source = Source::new(binary, folder.path(), postgres);
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
