//! `catalogue`: the catalogue as a file that can be kept under version control.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::catalogue::{
    Catalogue as Document, ChangeKind, Difference, Known, Quantity, Subject, differences,
};
use domain::{Day, OperationId};
use service::catalogue::drafts::{BeginDraft, WantedDraft};
use service::catalogue::publish::{Publish, publish};
use service::catalogue::{drafts, file, read};
use service::{Failure, Service, sessions};

use super::Trouble;
use crate::configuration::Configuration;

/// What to do with the catalogue.
#[derive(Subcommand)]
pub enum Catalogue {
    /// Write the catalogue in force as a file
    Export(Export),
    /// Compare a file with the catalogue in force; ends with 1 where they differ
    Diff {
        /// The file
        file: PathBuf,
    },
    /// Take a file over as a draft, and publish it if that is wanted
    Import(Import),
}

/// Where to write.
#[derive(Args)]
pub struct Export {
    /// The file; without it the catalogue is written to standard output
    file: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    overwrite: bool,
}

/// What to take over, and how.
#[derive(Args)]
pub struct Import {
    /// The file
    file: PathBuf,
    /// Mail address of the operator in whose name it happens
    #[arg(long, value_name = "ADDRESS")]
    by: String,
    /// What the draft is called
    #[arg(long, default_value = "From a file")]
    title: String,
    /// Publish the draft
    #[arg(long)]
    publish: bool,
    /// The day from which on it is in force (UTC), such as 2027-01-31; without it at once
    #[arg(long, requires = "publish", value_name = "DAY")]
    from: Option<String>,
    /// Let it reach what companies hold already; otherwise they have it from their renewal on
    #[arg(long, requires = "publish")]
    existing: bool,
}

pub(super) async fn run(configuration: &Configuration, catalogue: Catalogue) -> Result<ExitCode, Trouble> {
    let service = configuration.service().await?;
    service.database.migrate().await?;
    match catalogue {
        Catalogue::Export(export) => self::export(&service, export).await,
        Catalogue::Diff { file } => diff(&service, &file).await,
        Catalogue::Import(import) => self::import(&service, import).await,
    }
}

async fn export(service: &Service, export: Export) -> Result<ExitCode, Trouble> {
    let (version, catalogue) = read::at_one_moment(&service.database).await?;
    let text = file::write(&catalogue)?;
    let Some(path) = export.file else {
        std::io::stdout().write_all(text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut options = fs::OpenOptions::new();
    options.write(true);
    if export.overwrite {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut out = options.open(&path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("{} is there already; --overwrite writes over it", path.display())
        }
        _ => format!("{} can't be written: {error}", path.display()),
    })?;
    out.write_all(text.as_bytes())
        .and_then(|()| out.sync_all())
        .map_err(|error| format!("{} can't be written: {error}", path.display()))?;
    println!("{} has version {version} of the catalogue.", path.display());
    Ok(ExitCode::SUCCESS)
}

fn read_file(path: &Path) -> Result<(String, Document), Trouble> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    let catalogue = file::read(&text).map_err(|error| match (error.number, &error.detail) {
        (Some(line), Some(what)) => format!("{}, line {line}: {what}", path.display()),
        _ => format!("{} is larger than a catalogue can be", path.display()),
    })?;
    Ok((text, catalogue))
}

/// Says what is wrong with a file; whether anything is that the catalogue in force hasn't as well.
fn tell_faults(in_force: &Document, catalogue: &Document, known: &Known) -> std::io::Result<bool> {
    let (faults, earlier) = file::faults_after(in_force, catalogue, known);
    let mut out = std::io::stdout().lock();
    for fault in &faults {
        writeln!(out, "fault {}: {}", fault.code.code(), fault.place)?;
    }
    for fault in &earlier {
        writeln!(out, "in force as well, {}: {}", fault.code.code(), fault.place)?;
    }
    Ok(!faults.is_empty())
}

async fn diff(service: &Service, path: &Path) -> Result<ExitCode, Trouble> {
    let (_, mut catalogue) = read_file(path)?;
    read::name_unnamed(service.database.reader(), [&mut catalogue]).await?;
    let (_, in_force) = read::at_one_moment(&service.database).await?;
    let faulty = tell_faults(&in_force, &catalogue, &read::known(service.database.reader()).await?)?;
    let found = differences(&in_force, &catalogue);
    tell(&found)?;
    Ok(if found.is_empty() && !faulty { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line for each difference, below it one for each field.
fn tell(found: &[Difference]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for difference in found {
        let sign = match difference.kind {
            ChangeKind::Added => '+',
            ChangeKind::Changed => '~',
            ChangeKind::Removed => '-',
        };
        writeln!(out, "{sign} {}", subject(&difference.subject))?;
        if difference.kind == ChangeKind::Removed {
            continue;
        }
        for value in &difference.values {
            let text = |value: &Option<String>| value.as_deref().unwrap_or("nothing").replace('\n', " / ");
            let (before, after) = (text(&value.before), text(&value.after));
            match difference.kind {
                ChangeKind::Added => writeln!(out, "    {}: {after}", value.field)?,
                _ => writeln!(out, "    {}: {before} -> {after}", value.field)?,
            }
        }
    }
    writeln!(out, "{} differences", found.len())
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Programme => "programme".to_owned(),
        Subject::Policy(name) => format!("policy {name}"),
        Subject::Tier(code) => format!("tier {code}"),
        Subject::Area(code) => format!("area {code}"),
        Subject::Offer(code) => format!("offer {code}"),
        Subject::Product(code) => format!("product {code}"),
        Subject::Quantity(Quantity { product, source, level, area }) => {
            let parts = [Some(source), level.as_ref(), area.as_ref()];
            let source: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            format!("quantity {product}, {}", source.join(" "))
        }
    }
}

async fn import(service: &Service, import: Import) -> Result<ExitCode, Trouble> {
    let (text, mut catalogue) = read_file(&import.file)?;
    read::name_unnamed(service.database.reader(), [&mut catalogue]).await?;
    let from = match &import.from {
        Some(day) => Some(Day::parse(day).ok_or_else(|| format!("{day} is no day like 2027-01-31"))?),
        None => None,
    };
    let request = sessions::operator_of(service, &import.by)
        .await
        .map_err(|failure| told(&failure, &format!("no operator has the address {}", import.by)))?;
    let (_, in_force) = read::at_one_moment(&service.database).await?;
    let faulty = tell_faults(&in_force, &catalogue, &read::known(service.database.reader()).await?)?;
    tell(&differences(&in_force, &catalogue))?;
    if faulty && import.publish {
        println!("Nothing was taken over: correct the faults first.");
        return Ok(ExitCode::FAILURE);
    }
    let input = BeginDraft { title: import.title, file: Some(text) };
    let draft = drafts::begin(service, &request, operation(service)?, input)
        .await
        .map_err(|failure| told(&failure, &format!("{} may not draft the catalogue", import.by)))?;
    if !import.publish {
        println!("The draft is begun: /operator/catalogue/{draft}");
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = WantedDraft { draft, version: 1 };
    let input = Publish { wanted, from, existing: import.existing };
    let published = publish(service, &request, operation(service)?, input)
        .await
        .map_err(|failure| told(&failure, &format!("{} may not publish the catalogue", import.by)))?;
    match published {
        Some(version) => println!("Version {version} is in force."),
        None => println!("The version waits for its day."),
    }
    Ok(ExitCode::SUCCESS)
}

/// A fresh operation: a command is carried out each time it is given.
fn operation(service: &Service) -> Result<OperationId, Trouble> {
    OperationId::parse(&service.new_id().simple().to_string()).map_err(|error| error.to_string().into())
}

/// A refusal in words, the others as they are.
fn told(failure: &Failure, without_right: &str) -> String {
    use domain::ErrorCode::{NotFound, RoleNeeded};
    if failure.is(NotFound) || failure.is(RoleNeeded) {
        return without_right.to_owned();
    }
    match failure {
        Failure::Refused(error) => locales::refusal(locales::texts(domain::Language::English), error),
        other => other.to_string(),
    }
}
