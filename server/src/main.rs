//! The binary: reads the command and runs it.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use server::commands::CommandLine;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    server::commands::run(CommandLine::parse())
}
