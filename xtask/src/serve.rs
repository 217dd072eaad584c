//! `cargo xtask serve` and `cargo xtask build`: the release binary with its assets inside.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::{Failure, Outcome, While};
use crate::site::{self, Profile};
use crate::step::Steps;
use crate::workspace::{NAME, Workspace};
use crate::{prerequisites, process};

const DATABASE_LIMIT: Duration = Duration::from_secs(5 * 60);
const BUILD_LIMIT: Duration = Duration::from_secs(90 * 60);
/// The database of the sample programme, below the checkout.
const DATABASE_URL: &str = "sqlite://data/benefits-center.db";

/// Builds style, wasm and server in release; the binary needs nothing beside it.
pub fn build(workspace: &Workspace) -> Outcome<PathBuf> {
    let mut steps = Steps::default();
    steps.take("wasm target", || prerequisites::wasm_target(workspace))?;
    let site = site::build(workspace, &mut steps, Profile::Release)?;
    let binary = workspace.binary("release");
    steps.take("server", || {
        process::run(
            workspace
                .cargo()
                .args(["build", "--release", "--package", "server", "--bin", NAME])
                .env("BENEFITS_CENTER_SITE", &site),
            BUILD_LIMIT,
        )
    })?;
    let size = fs::metadata(&binary).could_not(|| format!("find {}", binary.display()))?.len();
    println!("    {} ({} MB)", binary.display(), size.div_ceil(1024 * 1024));
    Ok(binary)
}

/// Builds everything, then runs the portal with the sample programme until it is stopped.
pub fn serve(workspace: &Workspace, address: &str) -> Outcome {
    let binary = build(workspace)?;
    let mut steps = Steps::default();
    for (step, subcommand) in [("database", "migrate"), ("sample programme", "seed-demo")] {
        let mut command = demo(workspace, &binary, subcommand)?;
        steps.take(step, || process::run(&mut command, DATABASE_LIMIT))?;
    }
    let mut command = demo_server(workspace, &binary, address)?;
    println!("==> serve on http://{address}");
    replace_with(&mut command)
}

/// The server in demo mode: it creates and migrates its database and loads the sample programme
/// when it starts for the first time. What the person set in the environment wins.
pub fn demo_server(workspace: &Workspace, binary: &Path, address: &str) -> Outcome<Command> {
    let mut command = demo(workspace, binary, "serve")?;
    command.env("BENEFITS_CENTER_ADDRESS", address);
    Ok(command)
}

/// A command of the binary, in demo mode on the checkout's own database.
fn demo(workspace: &Workspace, binary: &Path, subcommand: &str) -> Outcome<Command> {
    let data = workspace.root.join("data");
    fs::create_dir_all(&data).could_not(|| format!("create {}", data.display()))?;
    let mut command = Command::new(binary);
    command.current_dir(&workspace.root).arg(subcommand);
    for (name, value) in [("BENEFITS_CENTER_DEMO", "1"), ("DATABASE_URL", DATABASE_URL)] {
        if env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    Ok(command)
}

/// The server takes this process's place, so that the terminal's Ctrl-C and the process id are its.
#[cfg(unix)]
fn replace_with(command: &mut Command) -> Outcome {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(Failure::new(format!("could not start the server: {error}")))
}

#[cfg(not(unix))]
fn replace_with(command: &mut Command) -> Outcome {
    let status = process::spawn(command)?.wait().could_not(|| "wait for the server".to_owned())?;
    if status.success() { Ok(()) } else { Err(Failure::new("the server ended with an error")) }
}
