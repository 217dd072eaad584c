//! `cargo xtask bench`: the release, PostgreSQL, wrk and a browser for the program in `bench/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::{Failure, Outcome, While};
use crate::postgres::Postgres;
use crate::site::{self, Profile};
use crate::step::Steps;
use crate::workspace::Workspace;
use crate::{browser, prerequisites, process, serve};

/// What can be measured alone.
pub const NAMES: [&str; 12] = [
    "page",
    "growth",
    "console",
    "people",
    "import",
    "assign",
    "oversell",
    "durability",
    "bytes",
    "browser",
    "footprint",
    "sign-in",
];

/// These need a browser.
const IN_BROWSER: [&str; 2] = ["bytes", "browser"];
/// The client's core; the server has the other one.
const CLIENT_CORE: &str = "1";

const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);
const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);
const QUESTION_LIMIT: Duration = Duration::from_secs(20);
const RUN_LIMIT: Duration = Duration::from_secs(4 * 60 * 60);

/// What the person asked for.
pub struct Request {
    /// What to measure, everything when empty.
    pub names: Vec<String>,
    /// Whether a missed target is a failure.
    pub check: bool,
    /// Whether the run is only to try the command.
    pub quick: bool,
}

/// Sets everything up and runs the program.
pub fn run(workspace: &Workspace, request: &Request) -> Outcome {
    let mut steps = Steps::default();
    steps.take("wrk", wrk)?;
    let browser = if request.needs_browser() {
        let packages = || {
            prerequisites::npm()?;
            install_packages(&scripts(workspace))
        };
        steps.take("npm packages", packages)?;
        Some(steps.take("browser", browser::find_or_install)?)
    } else {
        None
    };
    let server = serve::build(workspace)?;
    steps.take("bench", || {
        let arguments = ["build", "--release", "--package", "bench"];
        process::run(workspace.cargo().args(arguments), BUILD_LIMIT)
    })?;
    let postgres = steps.take("start of PostgreSQL", || Postgres::start_durable(workspace))?;
    let mut command = command(workspace, request, &server, &postgres, browser.as_deref())?;
    if process::succeeds(&mut command, RUN_LIMIT)? {
        return Ok(());
    }
    // The program has said why.
    Err(Failure::new(""))
}

impl Request {
    fn needs_browser(&self) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| IN_BROWSER.contains(&name.as_str()))
    }
}

fn command(
    workspace: &Workspace,
    request: &Request,
    server: &Path,
    postgres: &Postgres,
    browser: Option<&Path>,
) -> Outcome<Command> {
    let program = workspace.target.join("release").join(format!("bench{}", std::env::consts::EXE_SUFFIX));
    let start =
        serde_json::to_string(postgres.command()).could_not(|| "write a command as JSON".to_owned())?;
    let mut command = Command::new("taskset");
    command.current_dir(&workspace.root).args(["-c", CLIENT_CORE]).arg(program).args(&request.names);
    command.arg("--server").arg(server).arg("--figures").arg(figures(workspace, request));
    command.args(["--postgres-url", postgres.url(), "--postgres-command", &start]);
    command.arg("--postgres-data").arg(postgres.data());
    command.arg("--module").arg(site::module(workspace, Profile::Release));
    if let Some(browser) = browser {
        command.arg("--browser").arg(browser).arg("--browser-scripts").arg(scripts(workspace));
    }
    for (name, asked) in [("--check", request.check), ("--quick", request.quick)] {
        if asked {
            command.arg(name);
        }
    }
    Ok(command)
}

/// Figures of a quick run say little: they don't take the place of those that are kept.
fn figures(workspace: &Workspace, request: &Request) -> PathBuf {
    let folder =
        if request.quick { workspace.target.join("quick-figures") } else { workspace.root.join("docs") };
    folder.join("FIGURES.md")
}

fn scripts(workspace: &Workspace) -> PathBuf {
    workspace.root.join("bench/browser")
}

/// The load generator. It has no `--version` that succeeds, so it is looked for by its name.
fn wrk() -> Outcome {
    let mut find = Command::new("sh");
    find.args(["-c", "command -v wrk"]);
    if process::read(&mut find, QUESTION_LIMIT).is_ok() {
        return Ok(());
    }
    prerequisites::debian_packages("wrk", &["wrk"])
}

/// Installs exactly what the lock file says, if that isn't there already.
fn install_packages(folder: &Path) -> Outcome {
    let lock = folder.join("package-lock.json");
    let wanted = fs::read_to_string(&lock).could_not(|| format!("read {}", lock.display()))?;
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("    nothing has changed");
        return Ok(());
    }
    process::run(
        Command::new("npm")
            .current_dir(folder)
            .args(["ci", "--no-audit", "--no-fund"])
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
        INSTALL_LIMIT,
    )
    .map_err(|failure| {
        Failure::new(format!(
            "{failure}: run `npm ci` in bench/browser when the network answers, and read what it says."
        ))
    })?;
    fs::write(&stamp, wanted).could_not(|| format!("write {}", stamp.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_set_up_only_for_what_needs_it() {
        let request = |names: &[&str]| Request {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            check: false,
            quick: false,
        };
        assert!(request(&[]).needs_browser());
        assert!(request(&["page", "bytes"]).needs_browser());
        assert!(!request(&["page"]).needs_browser());
        assert!(IN_BROWSER.iter().all(|name| NAMES.contains(name)));
    }
}
