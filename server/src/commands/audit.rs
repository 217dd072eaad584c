//! `audit`: whether the trail of what was done is as it was written.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::moment::Zone;
use service::audit::{Adrift, Anchor, Anchored, Chain, adrift, heads, verify};

use super::Trouble;
use crate::configuration::Configuration;

/// What to do with the audit trail.
#[derive(Subcommand)]
pub enum Audit {
    /// Follow the chain of every company and name its first broken link
    Verify(VerifyArguments),
    /// Print the last event of every chain, to be kept where nobody who owns the database can change it
    Anchor(AnchorArguments),
}

/// What to compare with.
#[derive(Args)]
pub struct VerifyArguments {
    /// File of anchors; an anchored event that is missing or another one is a broken link, too
    #[arg(long)]
    anchors: Option<PathBuf>,
}

/// Where to keep anchors.
#[derive(Args)]
pub struct AnchorArguments {
    /// File to append to, made where it is missing
    #[arg(long)]
    file: Option<PathBuf>,
}

pub(super) async fn run(configuration: &Configuration, audit: Audit) -> Result<ExitCode, Trouble> {
    match audit {
        Audit::Verify(arguments) => follow(configuration, arguments.anchors.as_deref()).await,
        Audit::Anchor(arguments) => anchor(configuration, arguments.file.as_deref()).await,
    }
}

async fn follow(configuration: &Configuration, anchors: Option<&Path>) -> Result<ExitCode, Trouble> {
    let anchors = anchors.map(|path| read(path).map(|anchors| (path, anchors))).transpose()?;
    let service = configuration.service().await?;
    let chains = verify(&service.database).await?;
    for chain in &chains {
        println!("{}", line(chain));
    }
    let broken = chains.iter().filter(|chain| chain.broken.is_some()).count();
    println!("{} chains, {broken} broken", chains.len());
    let mut lost = 0;
    if let Some((path, anchors)) = anchors {
        let adrift = adrift(&service.database, &anchors).await?;
        for adrift in &adrift {
            println!("{}", lost_line(adrift, path));
        }
        lost = adrift.len();
        println!("{} anchors, {lost} chains adrift", anchors.len());
    }
    Ok(if broken == 0 && lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn anchor(configuration: &Configuration, file: Option<&Path>) -> Result<ExitCode, Trouble> {
    let service = configuration.service().await?;
    let heads = heads(&service.database).await?;
    let broken: Vec<&Anchored> = heads.iter().filter(|head| !head.fits).collect();
    if !broken.is_empty() {
        for head in broken {
            let whose = whose(head.name.as_deref(), &head.anchor);
            eprintln!("BAD   {whose}: the head isn't the last event; run `benefits-center audit verify`");
        }
        return Err("nothing was anchored".into());
    }
    let now = Zone::named("UTC").iso(service.now());
    let lines: String = heads.iter().map(|head| format!("{now} {}\n", head.anchor)).collect();
    print!("{lines}");
    if let Some(path) = file {
        let failed = |error| format!("{} can't be written: {error}", path.display());
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The anchors of a file; a line that is none is an error, or one that was cut short would be missed.
fn read(path: &Path) -> Result<Vec<Anchor>, Trouble> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    let mut anchors = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let anchor =
            line.parse().map_err(|()| format!("{}, line {}: not an anchor", path.display(), number + 1))?;
        anchors.push(anchor);
    }
    if anchors.is_empty() {
        return Err(format!("{} has no anchors", path.display()).into());
    }
    Ok(anchors)
}

fn whose(name: Option<&str>, anchor: &Anchor) -> String {
    match name {
        Some(name) => name.to_owned(),
        None if anchor.organization.0.is_nil() => "the programme".to_owned(),
        None => format!("organization {}, which is gone", anchor.organization),
    }
}

fn lost_line(adrift: &Adrift, file: &Path) -> String {
    let whose = whose(adrift.name.as_deref(), &adrift.anchor);
    format!(
        "BAD   {whose}: event {} is missing, or isn't the one that {} has",
        adrift.anchor.sequence,
        file.display()
    )
}

fn line(chain: &Chain) -> String {
    let whose = match (&chain.name, chain.organization) {
        (Some(name), _) => name.clone(),
        (None, Some(organization)) => format!("organization {organization}, which is gone"),
        (None, None) => "the programme".to_owned(),
    };
    match chain.broken {
        None => format!("ok    {whose}: {} events", chain.events),
        Some(sequence) => {
            format!(
                "BAD   {whose}: event {sequence} was changed, is missing, or isn't the last that was written"
            )
        }
    }
}
