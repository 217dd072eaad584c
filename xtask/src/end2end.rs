//! The browser tests: their npm packages, one run, and its counts.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::failure::{Failure, Outcome, While};
use crate::process;
use crate::test::Counts;
use crate::workspace::Workspace;

const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);
const CHECK_LIMIT: Duration = Duration::from_secs(5 * 60);
const RUN_LIMIT: Duration = Duration::from_secs(55 * 60);

/// Installs exactly what the lock file says, if that isn't there already.
pub fn install_packages(workspace: &Workspace) -> Outcome {
    let folder = workspace.end2end();
    let lock = fs::read(folder.join("package-lock.json"))
        .could_not(|| "read end2end/package-lock.json".to_owned())?;
    let wanted = Sha256::digest(&lock).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("    nothing has changed");
        return Ok(());
    }
    process::run(
        Command::new("npm")
            .current_dir(&folder)
            .args(["ci", "--no-audit", "--no-fund"])
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
        INSTALL_LIMIT,
    )
    .map_err(|failure| {
        Failure::new(format!(
            "{failure}: run `npm ci` in end2end when the network answers, and read what it says."
        ))
    })?;
    fs::write(&stamp, wanted).could_not(|| format!("write {}", stamp.display()))
}

/// Checks the types of the tests; Playwright itself only strips them.
pub fn check_types(workspace: &Workspace) -> Outcome {
    process::run(npx(workspace).args(["tsc", "--noEmit"]), CHECK_LIMIT)
}

/// What a run needs to know.
pub struct Run<'a> {
    pub browser: &'a Path,
    pub server: &'a Path,
    pub site: &'a Path,
    /// Passed on to Playwright, such as the name of a file.
    pub arguments: &'a [String],
}

/// Runs the tests; the counts are added even when some fail.
pub fn run(workspace: &Workspace, run: &Run<'_>, counts: &mut Counts) -> Outcome {
    let results = workspace.target.join("end2end-results.json");
    let _ = fs::remove_file(&results);
    if run.arguments.is_empty() {
        // A whole run takes every picture anew; a picture of a page that is gone would hide that.
        let _ = fs::remove_dir_all(workspace.end2end().join("screenshots"));
    }
    let whole_run = if run.arguments.is_empty() { "1" } else { "0" };
    let finished = process::run(
        npx(workspace)
            .args(["playwright", "test"])
            .args(run.arguments)
            .env("CHROMIUM", run.browser)
            .env("BENEFITS_CENTER_BINARY", run.server)
            .env("BENEFITS_CENTER_SITE_DIR", run.site)
            .env("BENEFITS_CENTER_RESULTS", &results)
            .env("BENEFITS_CENTER_WHOLE_RUN", whole_run),
        RUN_LIMIT,
    );
    // Without results nothing ran, and the failure above says why.
    if let Ok(text) = fs::read_to_string(&results) {
        let (found, second_tries) = read_results(&text)?;
        for title in &second_tries {
            println!("    passed only at the second try: {title}");
        }
        counts.add(&found);
        if finished.is_ok() && found.passed == 0 {
            return Err(Failure::new("Playwright ran no test"));
        }
        if found.failed > 0 {
            return Err(Failure::new(format!("{} browser tests failed", found.failed)));
        }
    } else if finished.is_ok() {
        return Err(Failure::new("Playwright wrote no results"));
    }
    finished
}

/// How many tests of a run may pass at their second try only: a browser that dies or a machine that
/// stands still is no fault of the product, but what happens more often has a cause to be found.
const SECOND_TRIES_BORNE: usize = 2;

/// The counts, and the tests that failed before they passed. With too many of those, they failed.
fn read_results(results: &str) -> Outcome<(Counts, Vec<String>)> {
    let results: Value =
        serde_json::from_str(results).could_not(|| "read Playwright's results".to_owned())?;
    let number = |name: &str| {
        results
            .pointer(&format!("/stats/{name}"))
            .and_then(Value::as_u64)
            .ok_or_else(|| Failure::new(format!("Playwright's results have no count `{name}`")))
    };
    let mut second_tries = Vec::new();
    collect_second_tries(&results, &mut second_tries);
    let flaky = number("flaky")?;
    let borne = second_tries.len() <= SECOND_TRIES_BORNE;
    let counts = Counts {
        passed: number("expected")? + if borne { flaky } else { 0 },
        failed: number("unexpected")? + if borne { 0 } else { flaky },
        skipped: number("skipped")?,
    };
    Ok((counts, second_tries))
}

/// Walks down suites, their specs and the tests of each project.
fn collect_second_tries(suite: &Value, found: &mut Vec<String>) {
    let list =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    for spec in list(suite, "specs") {
        for test in list(&spec, "tests") {
            if text(&test, "status") == "flaky" {
                let project = text(&test, "projectName");
                found.push(format!("[{project}] {}: {}", text(&spec, "file"), text(&spec, "title")));
            }
        }
    }
    for inner in list(suite, "suites") {
        collect_second_tries(&inner, found);
    }
}

/// A program of the installed packages, never one fetched now.
fn npx(workspace: &Workspace) -> Command {
    let mut command = Command::new("npx");
    command.current_dir(workspace.end2end()).arg("--no-install");
    command
}

/// What the tests write, for the summary.
pub fn screenshots(workspace: &Workspace) -> PathBuf {
    workspace.end2end().join("screenshots")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(flaky: usize) -> String {
        let test = r#"{"projectName":"phone","status":"flaky"}"#;
        let tests = vec![test; flaky].join(",");
        format!(
            r#"{{"stats":{{"expected":12,"unexpected":1,"flaky":{flaky},"skipped":3}},
            "suites":[{{"suites":[{{"specs":[{{"file":"a.spec.ts","title":"one","tests":[{tests}]}}]}}]}}]}}"#
        )
    }

    #[test]
    fn few_second_tries_are_named_and_borne() {
        let (counts, named) = read_results(&results(2)).unwrap_or_default();
        assert_eq!(counts, Counts { passed: 14, failed: 1, skipped: 3 });
        assert_eq!(named, vec!["[phone] a.spec.ts: one"; 2]);
    }

    #[test]
    fn many_second_tries_failed() {
        let (counts, named) = read_results(&results(3)).unwrap_or_default();
        assert_eq!((counts.passed, counts.failed, named.len()), (12, 4, 3));
    }

    #[test]
    fn results_without_counts_are_refused() {
        assert!(read_results(r#"{"stats":{"expected":12}}"#).is_err());
        assert!(read_results("{").is_err());
    }
}
