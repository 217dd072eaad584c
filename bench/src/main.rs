//! Measures a release and writes `docs/FIGURES.md`; `cargo xtask bench` runs it.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bench::database::{PostgresServer, Source};
use bench::figures::Name;
use bench::plan::{Browser, Plan};
use bench::portal::Program;
use bench::report::{self, Report};
use bench::yardstick::{argon, by_hand, pages};
use bench::{Outcome, Trouble};
use clap::{Args, Parser, Subcommand};
use mimalloc::MiMalloc;
use uuid::Uuid;

/// The product's: what is compared with it is not to be slower for another reason.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How much a page may grow before `--check` says so.
const MAY_GROW: f64 = 0.02;

/// Measures a release of Benefits Center.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    measure: Measure,
    #[command(subcommand)]
    yardstick: Option<Yardstick>,
}

#[derive(Args)]
struct Measure {
    /// What to measure; everything when empty
    names: Vec<Name>,
    /// The product's release
    #[arg(long, required = true)]
    server: Option<PathBuf>,
    /// Fails where a target is missed, or a page grew by more than 2 %
    #[arg(long)]
    check: bool,
    /// Divides counts and durations by 20: to try the bench itself
    #[arg(long)]
    quick: bool,
    /// A PostgreSQL server where databases may be created
    #[arg(long, requires = "postgres_data", requires = "postgres_command")]
    postgres_url: Option<String>,
    /// Its data folder
    #[arg(long)]
    postgres_data: Option<PathBuf>,
    /// Program and arguments that start it, as a JSON array
    #[arg(long)]
    postgres_command: Option<String>,
    /// A Chromium
    #[arg(long, requires = "browser_scripts")]
    browser: Option<PathBuf>,
    /// Folder of the scripts that run it
    #[arg(long)]
    browser_scripts: Option<PathBuf>,
    /// The browser's half as it was compiled, with its names
    #[arg(long)]
    module: Option<PathBuf>,
    /// The report
    #[arg(long, default_value = "docs/FIGURES.md")]
    figures: PathBuf,
}

/// What runs as a process of its own, to be compared with.
#[derive(Subcommand)]
enum Yardstick {
    /// Handlers written by hand
    #[command(hide = true, name = "yardstick")]
    Pages {
        #[arg(long)]
        database_url: String,
        #[arg(long)]
        address: String,
    },
    /// Assignments written by hand
    #[command(hide = true)]
    ByHand {
        #[arg(long)]
        database_url: String,
        #[arg(long)]
        token: String,
        #[arg(long)]
        pairs: PathBuf,
    },
    /// Passwords, verified and nothing else
    #[command(hide = true)]
    Argon {
        #[arg(long)]
        hash: String,
        #[arg(long)]
        password: String,
        #[arg(long)]
        seconds: u64,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { measure, yardstick } = Arguments::parse();
    let outcome = match yardstick {
        Some(yardstick) => run(yardstick).await.map(|()| true),
        None => measure_all(measure).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn run(yardstick: Yardstick) -> Outcome {
    match yardstick {
        Yardstick::Pages { database_url, address } => pages::serve(&database_url, &address).await,
        Yardstick::ByHand { database_url, token, pairs } => {
            let pairs: Vec<(Uuid, Uuid)> = serde_json::from_slice(&std::fs::read(pairs)?)?;
            let done = by_hand::assign(&database_url, &token, &pairs).await?;
            println!("{}", serde_json::to_string(&done)?);
            Ok(())
        }
        Yardstick::Argon { hash, password, seconds } => {
            println!("{}", argon::per_second(&hash, &password, Duration::from_secs(seconds))?);
            Ok(())
        }
    }
}

/// Measures what was asked for and writes the report after each part; whether nothing is to be complained of.
async fn measure_all(arguments: Measure) -> Outcome<bool> {
    let folder = tempfile::Builder::new().prefix("benefits-center-bench-").tempdir()?;
    let figures = std::path::absolute(&arguments.figures)?;
    let docs = figures.parent().ok_or("the report stands in no folder")?.to_owned();
    let plan = plan(&arguments, &docs, folder.path())?;
    let names = if arguments.names.is_empty() { Name::ALL.to_vec() } else { arguments.names.clone() };
    let mut complaints: Vec<String> = Vec::new();
    for name in Name::ALL.into_iter().filter(|name| names.contains(name)) {
        eprintln!("==> {}", name.code());
        match name.measure(&plan).await {
            Ok(section) => complaints.extend(keep(&plan, &figures, section)?),
            // The others are measured all the same.
            Err(trouble) => {
                eprintln!("    {}: not measured: {trouble}", name.code());
                complaints.push(format!("{}: not measured: {trouble}", name.code()));
            }
        }
    }
    plan.source.finish().await?;
    println!("{}", figures.display());
    if plan.quick {
        println!("quick: the figures say little");
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    let unmeasured = complaints.iter().any(|complaint| complaint.contains("not measured"));
    Ok(complaints.is_empty() || (!arguments.check && !unmeasured))
}

/// Puts a section into the report; gives what is to be complained of.
fn keep(plan: &Plan, figures: &std::path::Path, mut section: report::Section) -> Outcome<Vec<String>> {
    section.commit = report::commit(figures.parent().unwrap_or(figures));
    section.machine = report::machine();
    section.quick = plan.quick;
    let mut report = Report::read(figures)?;
    let mut complaints: Vec<String> = section
        .missed()
        .map(|figure| {
            let database = figure.database.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
            format!(
                "{}: {}{database} is {}, not {}",
                section.name,
                figure.name,
                figure.told(),
                figure.target_told()
            )
        })
        .collect();
    if section.name == Name::Bytes.code()
        && let Some(before) = report.section(&section.name)
    {
        complaints.extend(report::grown(before, &section, MAY_GROW));
    }
    report.replace(section, &Name::ALL.map(Name::code));
    report.write(figures)?;
    Ok(complaints)
}

fn plan(arguments: &Measure, docs: &std::path::Path, folder: &std::path::Path) -> Outcome<Plan> {
    let server = arguments.server.as_ref().ok_or("no server was named")?;
    let server = server
        .canonicalize()
        .map_err(|error| -> Trouble { format!("{}: {error}", server.display()).into() })?;
    let postgres = match (&arguments.postgres_url, &arguments.postgres_data, &arguments.postgres_command) {
        (Some(url), Some(data), Some(command)) => Some(PostgresServer {
            url: url.clone(),
            data: data.clone(),
            command: serde_json::from_str(command)?,
        }),
        _ => None,
    };
    let browser = arguments.browser.clone().zip(arguments.browser_scripts.clone());
    Ok(Plan {
        source: Source::new(&server, folder, postgres),
        server: Program::pinned(&server),
        own: std::env::current_exe()?,
        quick: arguments.quick,
        plots: docs.join("figures"),
        module: arguments.module.clone(),
        browser: browser.map(|(program, scripts)| Browser { program, scripts }),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
        assert!(Arguments::try_parse_from(["bench", "page", "sign-in", "--server", "x", "--quick"]).is_ok());
        assert!(
            Arguments::try_parse_from(["bench", "argon", "--hash", "h", "--password", "p", "--seconds", "1"])
                .is_ok()
        );
    }
}
