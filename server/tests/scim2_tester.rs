//! The checks of scim2-tester, a program of its own that knows SCIM 2.0, against the server as it runs.
//!
//! It comes from PyPI into the target folder, each package in its version and with its hash.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use service::{Database, sql, vault};

const TOKEN: &str = "bcp_1111111111111111111111111111111111111111111111111111111111111111";
/// So many checks there are at least: fewer would mean that the program found nothing to check.
const CHECKS_MIN: usize = 60;

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn succeeded(output: &Output, about: &str) {
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{about}: {said}");
}

/// The Python that has scim2-tester, installed where it is missing or another version is wanted.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim2-tester");
    let python = folder.join("bin/python");
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scim2_tester/requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).expect("the requirements");
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).output();
    succeeded(&made.expect("python3 runs"), "python3 -m venv, from Debian's python3-venv");
    let installed = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"])
        .args(["--require-hashes", "--requirement"])
        .arg(&requirements)
        .output();
    succeeded(&installed.expect("pip runs"), "pip install of scim2-tester, when the network answers");
    std::fs::write(&stamp, wanted).expect("a stamp");
    python
}

fn program(folder: &Path, address: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_benefits-center"));
    command
        .current_dir(folder)
        .env("BENEFITS_CENTER_LOG", "warn")
        .env("BENEFITS_CENTER_ADDRESS", address)
        .env("BENEFITS_CENTER_BASE_URL", format!("http://{address}"))
        .env_remove("DATABASE_URL");
    command
}

#[tokio::test]
async fn every_check_of_scim2_tester_passes() {
    let python = python();
    let folder = tempfile::tempdir().expect("a folder");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = port.expect("a free port").to_string();
    for arguments in [["migrate"], ["seed-demo"]] {
        let output = program(folder.path(), &address).args(arguments).output().expect("the binary runs");
        succeeded(&output, arguments[0]);
    }
    let url = format!("sqlite://{}", folder.path().join("data/benefits-center.db").display());
    let database = Database::connect(&url).await.expect("the database");
    let text =
        "insert into provisioning_token (id, organization_id, name, token_hash, created_at, created_by)
        select $1, o.id, 'scim2-tester', $2, 1, p.id from organization o
        join person p on p.organization_id = o.id where o.domain = $3 order by p.id limit 1";
    let id = sea_orm::prelude::Uuid::from_u128(1);
    let values = [id.into(), vault::hash_token(TOKEN).into(), "kestrelash.example".into()];
    let transaction = database.begin().await.expect("a transaction");
    assert_eq!(sql::run(&transaction, text, values).await.expect("a token"), 1);
    transaction.commit().await.expect("committed");

    let log = folder.path().join("server.log");
    let log_file = File::create(&log).expect("a log");
    let server = program(folder.path(), &address)
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log_file)
        .spawn();
    let _server = Ended(server.expect("the server starts"));
    let start = Instant::now();
    while std::net::TcpStream::connect(&address).is_err() {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        assert!(start.elapsed() < Duration::from_secs(60), "the server doesn't answer: {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scim2_tester/run.py");
    let output = Command::new(python)
        .arg(script)
        .arg(format!("http://{address}/scim/v2"))
        .env("SCIM_TOKEN", TOKEN)
        .output()
        .expect("the checks run");
    succeeded(&output, "scim2-tester");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = said.lines().last().unwrap_or_default();
    let passed: usize = last.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
    assert!(passed >= CHECKS_MIN && last.ends_with("about Group User"), "{said}");
    println!("scim2-tester: {last}");
}
