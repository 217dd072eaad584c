//! `import-members`: takes the older portal's records over from a file.

use std::fs;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use domain::older_portal::RowFault;
use domain::{ErrorCode, Language};
use locales::Texts;
use service::older_portal::{self, Format, Place, Progress, Report, Wanted};
use service::{Failure, Service};

use super::Trouble;
use crate::configuration::Configuration;

/// What to take over, and how.
#[derive(Args)]
pub struct Arguments {
    /// CSV or XLSX file with the records
    #[arg(required_unless_present_any = ["sign_in_link", "technical_contact"])]
    file: Option<PathBuf>,
    /// Write FILE as an empty one to fill in, and import nothing
    #[arg(long, requires = "file", conflicts_with_all = ["valid_rows", "invite"])]
    template: bool,
    /// Write the rows without a fault where others have one; otherwise nothing is written then
    #[arg(long)]
    valid_rows: bool,
    /// Invite the companies of the file that weren't yet: their primary contacts get a mail
    #[arg(long)]
    invite: bool,
    /// Sign-in page of the older portal, which its companies are led to
    #[arg(long, value_name = "URL")]
    sign_in_link: Option<String>,
    /// Whom these companies ask about technical benefits
    #[arg(long, value_name = "TEXT")]
    technical_contact: Option<String>,
    /// Language of faults and template: en, zh-Hans or zh-Hant
    #[arg(long, default_value = "en")]
    language: String,
}

pub(super) async fn run(configuration: &Configuration, arguments: Arguments) -> Result<ExitCode, Trouble> {
    let language = Language::from_tag(&arguments.language)
        .ok_or_else(|| format!("{} is none of en, zh-Hans, zh-Hant", arguments.language))?;
    if let (true, Some(path)) = (arguments.template, &arguments.file) {
        write_template(path, language)?;
        return Ok(ExitCode::SUCCESS);
    }
    let service = configuration.service().await?;
    service.database.migrate().await?;
    if arguments.sign_in_link.is_some() || arguments.technical_contact.is_some() {
        let place =
            Place { sign_in_link: arguments.sign_in_link, technical_contact: arguments.technical_contact };
        older_portal::set_place(&service, place).await.map_err(|failure| told(&failure))?;
        println!("The older portal's place was set.");
    }
    let Some(path) = arguments.file else { return Ok(ExitCode::SUCCESS) };
    let wanted = Wanted { valid_rows: arguments.valid_rows, invite: arguments.invite };
    import(&service, &path, wanted, language).await
}

/// Never over a file that is there: it may be somebody's work.
fn write_template(path: &Path, language: Language) -> Result<(), Trouble> {
    let content = older_portal::template(Format::of(path), language)?;
    let file = fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{} is there already; nothing was written", path.display()),
        _ => format!("{} can't be written: {error}", path.display()),
    })?;
    file.write_all(&content)
        .and_then(|()| file.sync_all())
        .map_err(|error| format!("{} can't be written: {error}", path.display()))?;
    println!("{} is ready to be filled in.", path.display());
    Ok(())
}

async fn import(
    service: &Service,
    path: &Path,
    wanted: Wanted,
    language: Language,
) -> Result<ExitCode, Trouble> {
    // What can't be opened is told as it is, before anything else.
    fs::File::open(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    let mut meter = Meter::new();
    let report = older_portal::import(service, path, wanted, &mut |progress| meter.tell(progress)).await;
    meter.end();
    let report = report.map_err(|failure| about_file(&failure))?;
    let texts = locales::texts(language);
    let mut out = std::io::stdout().lock();
    for fault in &report.faults {
        writeln!(out, "line {}: {}", fault.line, words(texts, fault))?;
    }
    writeln!(out, "{}", summary(&report))?;
    if !report.written {
        writeln!(out, "Nothing was written. Correct these rows, or take the others with --valid-rows.")?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(report: &Report) -> String {
    let Report { rows, companies, added, updated, unchanged, view_only, invited, faulty, .. } = report;
    if !report.written {
        return format!("rows {rows}, faulty {faulty}");
    }
    format!(
        "rows {rows}, companies {companies}: added {added}, updated {updated}, unchanged {unchanged}, \
         view-only {view_only}, faulty {faulty}, invited {invited}"
    )
}

/// A fault in words, with the name of its column.
fn words(texts: Texts, fault: &RowFault) -> String {
    let template = texts.find("record_fault", fault.fault.code()).unwrap_or_default();
    let column = texts.find("record_column", fault.column.code()).unwrap_or_default();
    let number = fault.number.unwrap_or_default().to_string();
    locales::fill(template, &[("column", column), ("number", &number)])
}

/// What is wrong about the file as a whole; the words of the pages speak of other files.
fn about_file(failure: &Failure) -> String {
    let error = failure.told();
    match error.code {
        ErrorCode::NotText => {
            "the file is neither text in UTF-8 nor a workbook; save it as one of them".to_owned()
        }
        ErrorCode::MissingColumn => {
            format!(
                "the file has no column {}; take the heads of --template",
                error.detail.as_deref().unwrap_or("record")
            )
        }
        ErrorCode::NoRows => "the file has no rows below its heads".to_owned(),
        ErrorCode::NotFound => "the database has no programme yet; load one first".to_owned(),
        _ => told(failure),
    }
}

fn told(failure: &Failure) -> String {
    match failure {
        Failure::Refused(error) => locales::refusal(locales::texts(Language::English), error),
        _ => failure.to_string(),
    }
}

/// Says on standard error how far it is: in one line that changes at a terminal, seldom elsewhere.
struct Meter {
    began: Instant,
    told: Instant,
    writing: Option<Instant>,
    terminal: bool,
}

impl Meter {
    fn new() -> Self {
        let now = Instant::now();
        Self { began: now, told: now, writing: None, terminal: std::io::stderr().is_terminal() }
    }

    fn tell(&mut self, progress: Progress) {
        let now = Instant::now();
        let (text, last) = match progress {
            Progress::Read(rows) => {
                (format!("{rows} rows read, {} a second", rate(rows, now - self.began)), false)
            }
            Progress::Written(rows, all) => {
                let began = *self.writing.get_or_insert(self.told);
                let rate = rate(rows, now - began);
                (format!("{rows} of {all} rows written, {rate} a second"), rows == all)
            }
        };
        let every = Duration::from_millis(if self.terminal { 200 } else { 5_000 });
        if now - self.told < every && !last {
            return;
        }
        self.told = now;
        // Progress that can't be shown is no reason to stop.
        let mut out = std::io::stderr().lock();
        let _ = if self.terminal {
            write!(out, "\r\u{1b}[K{text}").and_then(|()| out.flush())
        } else {
            writeln!(out, "{text}")
        };
    }

    fn end(&self) {
        if self.terminal {
            eprintln!();
        }
    }
}

fn rate(rows: usize, time: Duration) -> usize {
    let milliseconds = usize::try_from(time.as_millis()).unwrap_or(usize::MAX).max(1);
    rows.saturating_mul(1_000) / milliseconds
}
