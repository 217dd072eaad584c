//! Builds, serves, tests and measures the product: `cargo xtask --help` lists the commands.

#![forbid(unsafe_code)]

mod bench;
mod browser;
mod compress;
mod dev;
mod end2end;
mod failure;
mod guards;
mod postgres;
mod prerequisites;
mod process;
mod serve;
mod site;
mod step;
mod style;
mod test;
mod workspace;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Outcome;
use workspace::Workspace;

const ADDRESS: &str = "127.0.0.1:3000";

/// Builds, serves and tests Benefits Center. Nothing has to be installed but rustup's stable Rust
/// and a C compiler.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the release and serves it with the sample programme; the database is in `data/`.
    Serve {
        /// Where to listen.
        #[arg(long, default_value = ADDRESS)]
        address: SocketAddr,
    },
    /// Serves a debug build and follows the sources: it builds and starts again after a change.
    Dev {
        /// Where to listen.
        #[arg(long, default_value = ADDRESS)]
        address: SocketAddr,
    },
    /// Builds the release: one binary that carries its assets.
    Build,
    /// Builds only what browsers load, as it is shipped, and says how large it is.
    Site,
    /// Sets up and runs all tests; ends with one line of counts.
    Test {
        /// Runs only this part; may be given several times.
        #[arg(long, value_enum, value_name = "PART")]
        only: Vec<test::Part>,
        /// Runs the browser tests against the wasm as it is shipped, which takes longer to build.
        #[arg(long)]
        shipped: bool,
        /// Passed on to `cargo test` or to Playwright; needs exactly one of these as `--only`.
        #[arg(last = true, requires = "only")]
        arguments: Vec<String>,
    },
    /// Measures the release and writes docs/FIGURES.md.
    Bench {
        /// Only these; the last figures of the others stay.
        #[arg(value_parser = bench::NAMES)]
        names: Vec<String>,
        /// Fails where a target is missed, or a page grew by more than 2 %.
        #[arg(long)]
        check: bool,
        /// Divides counts and durations by 20, to try the command; the figures go into the target folder.
        #[arg(long)]
        quick: bool,
    },
    /// Takes the guard of each rule away, one at a time in a copy, and sees its tests fail.
    Guards {
        /// Only these rules, by their numbers.
        rules: Vec<String>,
    },
}

fn main() -> ExitCode {
    let outcome = run(Arguments::parse());
    if let Err(failure) = outcome {
        let sentence = failure.to_string();
        // The last line of the tests is that of their counts.
        if !sentence.is_empty() {
            eprintln!("{sentence}");
        }
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run(arguments: Arguments) -> Outcome {
    let workspace = Workspace::find()?;
    match arguments.command {
        Task::Serve { address } => serve::serve(&workspace, &address.to_string()),
        Task::Dev { address } => dev::follow(&workspace, &address.to_string()),
        Task::Build => serve::build(&workspace).map(|_| ()),
        Task::Site => {
            site::build(&workspace, &mut step::Steps::default(), site::Profile::Release).map(|_| ())
        }
        Task::Bench { names, check, quick } => {
            bench::run(&workspace, &bench::Request { names, check, quick })
        }
        Task::Guards { rules } => guards::run(&workspace, &rules),
        Task::Test { only, shipped, arguments } => {
            let passes_on = matches!(only.as_slice(), [test::Part::Rust | test::Part::End2end]);
            if !arguments.is_empty() && !passes_on {
                return Err(failure::Failure::new(
                    "arguments after `--` need either `--only rust` or `--only end2end`.",
                ));
            }
            test::run(&workspace, &test::Request { only, shipped, arguments })
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Arguments::command().debug_assert();
    }
}
