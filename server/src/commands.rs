//! The commands of the binary.

mod audit;
mod backup;
mod catalogue;
mod create_admin;
mod doctor;
mod import_keys;
mod import_members;
mod keys;
mod migrate;
mod postgres_programs;
mod ready;
mod seed_demo;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::configuration::{Configuration, Settings};

/// What went wrong, in a sentence for whoever runs the command.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Benefits Center: a portal in which the members of a partner programme use their benefits.
#[derive(Parser)]
#[command(
    name = "benefits-center",
    version,
    about,
    after_help = "BENEFITS_CENTER_LOG says what is logged, such as `debug,sqlx=warn`; the default is info."
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the database up to date and serve the portal
    Serve,
    /// Bring the database up to date
    Migrate,
    /// Load the sample programme into an empty database; with `--scale large` a large one beside it
    SeedDemo(seed_demo::Arguments),
    /// Make a programme admin; the password is read from standard input
    CreateAdmin(create_admin::Arguments),
    /// Take companies, memberships, contacts and benefits over from the older portal
    ImportMembers(import_members::Arguments),
    /// Check configuration, database, keys, mail and what else the server stands on; one line each
    Doctor,
    /// Keep the catalogue as a file: write it, compare it, take it over
    #[command(subcommand)]
    Catalogue(catalogue::Catalogue),
    /// Ask the server that runs here whether it is ready; fails where it isn't
    Ready,
    /// Copy the database into a file while the server runs; the secret file isn't part of it
    Backup(backup::BackupArguments),
    /// Put a backup into an empty place, and say whether it is whole
    Restore(backup::RestoreArguments),
    /// Look after the audit trail
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Import product keys; look after the keys that seal them, Access IDs and links
    #[command(subcommand)]
    Keys(keys::Keys),
}

/// Runs the command; says what went wrong in one sentence.
#[must_use]
pub fn run(line: CommandLine) -> ExitCode {
    match start(line) {
        Ok(code) => code,
        Err(trouble) => {
            eprintln!("benefits-center: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn start(line: CommandLine) -> Result<ExitCode, Trouble> {
    let configuration = Configuration::resolve(line.settings)?;
    log(configuration.log_json);
    // One TLS provider for all: two would refuse to choose at run time.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match line.command {
            Command::Serve => serve::run(&configuration).await.map(|()| ExitCode::SUCCESS),
            Command::Migrate => migrate::run(&configuration).await.map(|()| ExitCode::SUCCESS),
            Command::SeedDemo(arguments) => {
                seed_demo::run(&configuration, arguments).await.map(|()| ExitCode::SUCCESS)
            }
            Command::CreateAdmin(arguments) => {
                create_admin::run(&configuration, arguments).await.map(|()| ExitCode::SUCCESS)
            }
            Command::ImportMembers(arguments) => import_members::run(&configuration, arguments).await,
            Command::Doctor => Ok(doctor::run(&configuration).await),
            Command::Catalogue(catalogue) => catalogue::run(&configuration, catalogue).await,
            Command::Ready => ready::run(&configuration).await,
            Command::Backup(arguments) => {
                backup::back_up(&configuration, arguments).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Restore(arguments) => backup::restore(&configuration, arguments).await,
            Command::Audit(audit) => audit::run(&configuration, audit).await,
            Command::Keys(keys) => keys::run(&configuration, keys).await.map(|()| ExitCode::SUCCESS),
        }
    })
}

fn log(json: bool) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("BENEFITS_CENTER_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log that can't be written, as on a full disk, must not take a request with it.
    let logs = logs.log_internal_errors(false);
    // A second subscriber, as in tests, is no reason to fail.
    let _ = if json { logs.json().try_init() } else { logs.with_target(false).try_init() };
}
