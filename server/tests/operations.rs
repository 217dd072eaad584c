//! Servers as they are run: stopped while somebody asks, copied while somebody writes, two of them on one
//! database of which one is killed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod operations {
    mod backup;
    mod packaging;
    mod running;
    mod several;
}

use std::path::{Path, PathBuf};
use std::process::Output;

use bench::database::{Engine, Place, PostgresServer, Source};
use tokio::process::Command;

/// The program.
fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_benefits-center"))
}

/// Where databases can be created.
fn postgres_url() -> String {
    std::env::var("TEST_POSTGRES_URL").expect(
        "This test needs a PostgreSQL server: `cargo xtask test` starts one, or set TEST_POSTGRES_URL to \
         one where databases can be created.",
    )
}

/// The program, with databases of this kind.
fn source(engine: Engine, folder: &Path) -> Source {
    let postgres = (engine == Engine::Postgres).then(|| PostgresServer {
        url: postgres_url(),
        data: PathBuf::new(),
        command: Vec::new(),
    });
    Source::new(binary(), folder, postgres)
}

/// Runs a command of the program over a database.
async fn command(place: &Place, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(&place.folder).envs(place.environment());
    command.env("BENEFITS_CENTER_LOG", "warn").output().await.expect("the binary runs")
}

/// What a command said, on either way.
fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}
