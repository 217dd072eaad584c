//! What the build needs from the machine. Whatever can be added is added; the rest is one sentence
//! with the command that mends it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::failure::{Failure, Outcome};
use crate::process;
use crate::workspace::{WASM_TARGET, Workspace};

const INSTALL_LIMIT: Duration = Duration::from_secs(15 * 60);
const QUESTION_LIMIT: Duration = Duration::from_secs(60);
/// The oldest Node that the browser tests run on.
const NODE_MAJOR: u32 = 20;

/// Rust's standard library for browsers, added by rustup where it is missing.
pub fn wasm_target(workspace: &Workspace) -> Outcome {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(&workspace.root).args(["--print", "target-libdir", "--target", WASM_TARGET]);
    if process::read(&mut rustc, QUESTION_LIMIT).is_ok_and(|folder| Path::new(folder.trim()).exists()) {
        return Ok(());
    }
    let command = format!("rustup target add {WASM_TARGET}");
    if !process::exists("rustup") {
        return Err(Failure::new(format!(
            "Rust's {WASM_TARGET} target is missing and rustup is not installed: install rustup from https://rustup.rs, then run `{command}`."
        )));
    }
    println!("    {command}");
    process::run(
        Command::new("rustup").current_dir(&workspace.root).args(["target", "add", WASM_TARGET]),
        INSTALL_LIMIT,
    )
    .map_err(|_| {
        Failure::new(format!(
            "Rust's {WASM_TARGET} target is missing and could not be added: run `{command}` when the network answers."
        ))
    })
}

/// rustfmt and clippy, which rustup's smallest profile leaves out.
pub fn rust_components(workspace: &Workspace) -> Outcome {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if process::read(workspace.cargo().args([subcommand, "--version"]), QUESTION_LIMIT).is_ok() {
            continue;
        }
        let command = format!("rustup component add {component}");
        println!("    {command}");
        process::run(
            Command::new("rustup").current_dir(&workspace.root).args(["component", "add", component]),
            INSTALL_LIMIT,
        )
        .map_err(|_| Failure::new(format!("{component} is missing: run `{command}`.")))?;
    }
    Ok(())
}

/// Node and npm. They are not installed from here: Debian's may be too old for the browser tests.
pub fn npm() -> Outcome {
    let mend = format!("install Node {NODE_MAJOR} or later from https://nodejs.org, which brings npm.");
    let version = process::read(Command::new("node").arg("--version"), QUESTION_LIMIT)
        .map_err(|_| Failure::new(format!("Node is missing: {mend}")))?;
    if major(&version).is_none_or(|major| major < NODE_MAJOR) {
        return Err(Failure::new(format!("Node {} is too old: {mend}", version.trim())));
    }
    if !process::exists("npm") {
        return Err(Failure::new(format!("npm is missing: {mend}")));
    }
    Ok(())
}

/// Python with what makes an environment of its own, for the checks of scim2-tester.
pub fn python() -> Outcome {
    let mut python = Command::new("python3");
    if process::read(python.args(["-c", "import venv, ensurepip"]), QUESTION_LIMIT).is_ok() {
        return Ok(());
    }
    debian_packages("Python 3 with venv", &["python3", "python3-venv"])
}

fn major(version: &str) -> Option<u32> {
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Installs Debian packages where this machine is Debian and the person may; otherwise the failure
/// says what to do.
pub fn debian_packages(what: &str, packages: &[&str]) -> Outcome {
    let command = format!("apt-get install --yes {}", packages.join(" "));
    if !Path::new("/etc/debian_version").exists() || !process::exists("apt-get") {
        return Err(Failure::new(format!(
            "{what} is missing: install it with this machine's package manager (on Debian `sudo {command}`)."
        )));
    }
    if !is_root() {
        return Err(Failure::new(format!("{what} is missing: run `sudo {command}`.")));
    }
    println!("    {what} is missing: {command}");
    if install(packages).is_ok() {
        return Ok(());
    }
    // A fresh machine has no package lists, an old one has stale ones.
    let updated = process::run(apt().args(["--quiet", "update"]), INSTALL_LIMIT);
    updated.and_then(|()| install(packages)).map_err(|_| {
        Failure::new(format!(
            "{what} is missing and could not be installed: run `apt-get update && {command}` when the network answers."
        ))
    })
}

fn install(packages: &[&str]) -> Outcome {
    process::run(
        apt().args(["--quiet", "install", "--yes", "--no-install-recommends"]).args(packages),
        INSTALL_LIMIT,
    )
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Whether this runs as root, for whom PostgreSQL refuses to start.
pub fn is_root() -> bool {
    process::read(Command::new("id").arg("-u"), QUESTION_LIMIT).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("18.1"), Some(18));
        assert_eq!(major("none"), None);
    }
}
