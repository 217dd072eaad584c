//! `cargo xtask test`: everything that has to hold before a change is kept, with all its set-up.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::ValueEnum;

use crate::failure::{Failure, Outcome};
use crate::postgres::Postgres;
use crate::site::{self, Profile};
use crate::step::Steps;
use crate::workspace::{WASM_TARGET, Workspace};
use crate::{browser, dev, end2end, prerequisites, process};

const FORMAT_LIMIT: Duration = Duration::from_secs(5 * 60);
const CLIPPY_LIMIT: Duration = Duration::from_secs(40 * 60);
const RUST_LIMIT: Duration = Duration::from_secs(60 * 60);
const DENY_LIMIT: Duration = Duration::from_secs(5 * 60);
const DENY_INSTALL_LIMIT: Duration = Duration::from_secs(25 * 60);
/// How long the advisory database may take to arrive before the check goes on without it.
const ADVISORIES_LIMIT: Duration = Duration::from_secs(60);
const CARGO_DENY_VERSION: &str = "0.20.2";

/// A part of the tests that can be run alone.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum Part {
    /// Formatting of the Rust sources.
    Format,
    /// clippy with warnings as errors, for the server and for the browser.
    Clippy,
    /// cargo-deny: duplicates, licences, sources and, where reachable, advisories.
    Deny,
    /// Unit and integration tests on SQLite and PostgreSQL.
    Rust,
    /// The wasm build and the browser tests.
    End2end,
    /// The wasm as it is shipped, and the browser tests of the main job on it.
    Shipped,
}

/// The browser tests that load what is shipped: the optimizer of a release may break what a quicker
/// build has right.
const ON_SHIPPED: [&str; 3] =
    ["specs/main-flow.languages.spec.ts", "specs/visual-studio.spec.ts", "--project=desktop"];

/// What the person asked for.
pub struct Request {
    /// The parts to run, all when empty.
    pub only: Vec<Part>,
    /// Whether the browser tests load the site as it is shipped.
    pub shipped: bool,
    /// Passed on to `cargo test` and to Playwright.
    pub arguments: Vec<String>,
}

/// How many tests passed, failed and did not run.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Runs the parts one after the other, a failed one doesn't stop the next, and ends with one line of
/// counts. A skipped test is a failure, too.
pub fn run(workspace: &Workspace, request: &Request) -> Outcome {
    let mut session = Session { workspace, request, steps: Steps::default(), counts: Counts::default() };
    for part in Part::value_variants() {
        if request.only.is_empty() || request.only.contains(part) {
            // Every failure is kept by its step and told at the end.
            let _ = session.run(*part);
        }
    }
    session.finish()
}

struct Session<'a> {
    workspace: &'a Workspace,
    request: &'a Request,
    steps: Steps,
    counts: Counts,
}

impl Session<'_> {
    fn run(&mut self, part: Part) -> Outcome {
        match part {
            Part::Format => self.format(),
            Part::Clippy => self.clippy(),
            Part::Deny => self.deny(),
            Part::Rust => self.rust(),
            Part::End2end => self.end2end(),
            Part::Shipped => self.shipped(),
        }
    }

    fn format(&mut self) -> Outcome {
        let workspace = self.workspace;
        self.steps.take("format", || {
            prerequisites::rust_components(workspace)?;
            process::run(workspace.cargo().args(["fmt", "--all", "--check"]), FORMAT_LIMIT)
                .map_err(|_| Failure::new("some files are not formatted: run `cargo fmt --all`."))
        })
    }

    fn clippy(&mut self) -> Outcome {
        let workspace = self.workspace;
        let native = self.steps.take("clippy", || {
            prerequisites::rust_components(workspace)?;
            let arguments = ["clippy", "--all-targets", "--", "-D", "warnings"];
            process::run(workspace.cargo().args(arguments), CLIPPY_LIMIT)
        });
        let browser = self.steps.take("clippy for the browser", || {
            prerequisites::wasm_target(workspace)?;
            let arguments =
                ["clippy", "--package", "frontend", "--target", WASM_TARGET, "--", "-D", "warnings"];
            process::run(workspace.cargo().args(arguments), CLIPPY_LIMIT)
        });
        native.and(browser)
    }

    fn deny(&mut self) -> Outcome {
        let workspace = self.workspace;
        let tools = workspace.target.join("tools");
        let program = tools.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
        self.steps.take("set-up of cargo-deny", || {
            let version = process::read(Command::new(&program).arg("--version"), DENY_LIMIT);
            if version.is_ok_and(|version| version.contains(CARGO_DENY_VERSION)) {
                return Ok(());
            }
            let build = tools.join("build");
            let installed = process::run(
                workspace
                    .cargo()
                    .args(["install", "cargo-deny", "--locked", "--version", CARGO_DENY_VERSION, "--root"])
                    .arg(&tools)
                    .env("CARGO_TARGET_DIR", &build),
                DENY_INSTALL_LIMIT,
            );
            let _ = std::fs::remove_dir_all(&build);
            installed
        })?;
        self.steps.take("cargo-deny", || {
            let deny = |arguments: &[&str], limit| {
                let mut command = Command::new(&program);
                command.current_dir(&workspace.root).args(arguments);
                process::run(&mut command, limit)
            };
            let mut checks = vec!["check", "bans", "licenses", "sources"];
            if deny(&["fetch", "db"], ADVISORIES_LIMIT).is_ok() {
                println!("    checks bans, licences, sources and advisories");
                checks.push("advisories");
            } else {
                println!("    checks bans, licences and sources; the advisory database can't be reached");
            }
            deny(&checks, DENY_LIMIT)
        })
    }

    fn rust(&mut self) -> Outcome {
        let Self { workspace, request, steps, counts } = self;
        // Compiled first, so that the next step's duration is that of the tests themselves.
        steps.take("build of the Rust tests", || {
            process::run(workspace.cargo().args(RUST_TESTS).arg("--no-run"), RUST_LIMIT)
        })?;
        // The directory that people sign in with in the tests is one of them.
        steps.take("npm packages", || {
            prerequisites::npm()?;
            end2end::install_packages(workspace)
        })?;
        steps.take("Python", prerequisites::python)?;
        let postgres = steps.take("start of PostgreSQL", || Postgres::start(workspace))?;
        steps.take("Rust tests", || {
            let mut found = Counts::default();
            let mut cargo = workspace.cargo();
            cargo.args(RUST_TESTS).args(&request.arguments).env("TEST_POSTGRES_URL", postgres.url());
            let passed = process::run_reading(&mut cargo, RUST_LIMIT, |line| {
                if let Some(result) = counts_of(line) {
                    found.add(&result);
                }
            });
            counts.add(&found);
            match passed {
                Ok(true) if found.passed == 0 => Err(Failure::new("no Rust test ran")),
                Ok(true) => Ok(()),
                Ok(false) => Err(Failure::new(format!("{} Rust tests failed, see above", found.failed))),
                Err(failure) => Err(failure),
            }
        })
    }

    fn end2end(&mut self) -> Outcome {
        let profile = if self.request.shipped { Profile::Release } else { Profile::Test };
        let arguments = self.request.arguments.clone();
        self.in_browser("browser tests", profile, &arguments)?;
        println!("    screenshots are in {}", end2end::screenshots(self.workspace).display());
        Ok(())
    }

    fn shipped(&mut self) -> Outcome {
        let arguments = ON_SHIPPED.map(str::to_owned);
        self.in_browser("browser tests of what is shipped", Profile::Release, &arguments)
    }

    fn in_browser(&mut self, name: &'static str, profile: Profile, arguments: &[String]) -> Outcome {
        let workspace = self.workspace;
        // Missing programs are told before minutes of building.
        let browser = self.steps.take("browser and npm", || {
            prerequisites::npm()?;
            browser::find_or_install()
        });
        let packages = self.steps.take("npm packages", || end2end::install_packages(workspace));
        let types = packages
            .and_then(|()| self.steps.take("types of the browser tests", || end2end::check_types(workspace)));
        let built = self.build_for_browser(profile);
        match (browser, types, built) {
            (Ok(browser), Ok(()), Ok((server, site))) => {
                let Self { steps, counts, .. } = self;
                steps.take(name, || {
                    let run = end2end::Run { browser: &browser, server: &server, site: &site, arguments };
                    end2end::run(workspace, &run, counts)
                })
            }
            _ => {
                let why = "what they need is missing, see the failed step above";
                self.steps.refuse(name, why);
                Err(Failure::new(why))
            }
        }
    }

    fn build_for_browser(&mut self, profile: Profile) -> Outcome<(PathBuf, PathBuf)> {
        let workspace = self.workspace;
        self.steps.take("wasm target", || prerequisites::wasm_target(workspace))?;
        let site = site::build(workspace, &mut self.steps, profile)?;
        let server = self.steps.take("server", || dev::debug_server(workspace, true))?;
        Ok((server, site))
    }

    fn finish(self) -> Outcome {
        let Self { steps, mut counts, .. } = self;
        let failed = steps.failed();
        steps.print_table();
        if counts.skipped > 0 {
            println!("{} tests were skipped; none may be", counts.skipped);
        }
        if failed > 0 && counts.failed == 0 {
            // A step that failed without a test must not end in "0 failed".
            counts.failed = failed as u64;
        }
        println!("tests: {} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped);
        if failed > 0 || counts.failed > 0 || counts.skipped > 0 {
            return Err(Failure::new(""));
        }
        Ok(())
    }
}

const RUST_TESTS: [&str; 5] = ["test", "--workspace", "--exclude", "frontend", "--no-fail-fast"];

/// Reads libtest's line of counts.
fn counts_of(line: &str) -> Option<Counts> {
    let (_, counts) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
    let number = |name: &str| {
        counts.split(';').find_map(|part| part.trim().strip_suffix(name)?.trim().parse::<u64>().ok())
    };
    Some(Counts { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtest_counts_are_read_and_other_lines_are_not() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.2s";
        assert_eq!(counts_of(line), Some(Counts { passed: 12, failed: 3, skipped: 1 }));
        assert_eq!(counts_of("test rule_7_other_tenants ... ok"), None);
        assert_eq!(counts_of("running 4 tests"), None);
    }

    #[test]
    fn counts_add_up() {
        let mut sum = Counts { passed: 1, failed: 0, skipped: 2 };
        sum.add(&Counts { passed: 10, failed: 1, skipped: 0 });
        assert_eq!(sum, Counts { passed: 11, failed: 1, skipped: 2 });
    }
}
