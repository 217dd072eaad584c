//! The binary: reads the command and runs it.

use std::process::ExitCode;

use clap::Parser;
use server::commands::CommandLine;

fn main() -> ExitCode {
    server::commands::run(CommandLine::parse())
}
