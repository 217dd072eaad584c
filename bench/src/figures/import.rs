//! A file of the older portal with 100,000 rows, taken over by the command that operators use.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rust_xlsxwriter::Workbook;

use crate::Outcome;
use crate::database::{Engine, Place};
use crate::figure::Figure;
use crate::plan::Plan;
use crate::report::Section;

use super::say;

const HOW: &str = "`benefits-center import-members FILE` with 12,500 companies of eight rows each, as CSV and as XLSX, into \
    the sample programme. Time of the whole command; memory is the most that the process held (VmHWM).";

const HEADS: &str = "record,domain,company,account_email,time_zone,language,contact_name,contact_email,roles,tier,areas,began,\
    benefit,quantity,used";
/// Rows of a company.
const ROWS: u64 = 8;
const COMPANIES: u64 = 12_500;
/// How often the memory is asked for.
const LOOK: Duration = Duration::from_millis(20);

/// Measures it.
///
/// # Errors
/// The command fails, or takes over fewer companies than the file has.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("import", "Import of 100,000 rows", HOW);
    let folder = tempfile::TempDir::new()?;
    let companies = plan.count(COMPANIES);
    let rows = rows(companies)?;
    for engine in plan.engines() {
        for kind in ["csv", "xlsx"] {
            let file = folder.path().join(format!("members.{kind}"));
            write(&file, &rows)?;
            let (seconds, megabytes) = import(plan, engine, &file, companies).await?;
            say(format!("{}, {kind}: {seconds:.1} s, {megabytes:.0} MB", engine.name()));
            let name = kind.to_uppercase();
            section.add(Figure::new(format!("{name}: time"), seconds, "s").on(engine.name()).at_most(120.0));
            section.add(
                Figure::new(format!("{name}: memory"), megabytes, "MB").on(engine.name()).at_most(200.0),
            );
        }
    }
    Ok(section)
}

fn rows(companies: u64) -> Outcome<Vec<String>> {
    let mut rows = Vec::with_capacity(usize::try_from(companies * ROWS)? + 1);
    rows.push(HEADS.to_owned());
    for number in 0..companies {
        let domain = format!("import{number}.example");
        let blank = ",".repeat(6);
        rows.push(format!(
            "company,{domain},Imported {number},office@{domain},Europe/Oslo,en,Contact {number},contact@{domain},{blank}"
        ));
        rows.push(format!(
            "contact,{domain},,,,,Colleague {number},colleague@{domain},User admin; Employee,,,,,,"
        ));
        for (tier, areas) in [("network", ""), ("gold", "devops; security")] {
            rows.push(format!("membership,{domain},,,,,,,,{tier},{areas},2026-05-10,,,"));
        }
        for (area, benefit, quantity, used) in [
            ("", "office_365_e3", "", 4),
            ("", "office_professional_plus", "100", 7),
            ("devops", "visual_studio_enterprise", "20", 3),
            ("", "windows_enterprise", "", 1),
        ] {
            rows.push(format!("grant,{domain},,,,,,,,gold,{area},,{benefit},{quantity},{used}"));
        }
    }
    Ok(rows)
}

fn write(file: &Path, rows: &[String]) -> Outcome {
    if file.extension().is_some_and(|kind| kind == "csv") {
        let mut text = String::new();
        for row in rows {
            writeln!(text, "{row}")?;
        }
        return Ok(std::fs::write(file, text)?);
    }
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.split(',').enumerate().filter(|(_, cell)| !cell.is_empty()) {
            sheet.write(u32::try_from(row)?, u16::try_from(column)?, cell)?;
        }
    }
    Ok(book.save(file)?)
}

/// Seconds and megabytes of one import.
async fn import(plan: &Plan, engine: Engine, file: &Path, companies: u64) -> Outcome<(f64, f64)> {
    let place = plan.source.create(engine).await?;
    let taken = taken(plan, &place, file).await?;
    let stage = place.connect().await?;
    let there =
        stage.number("select count(*) as number from organization where domain like 'import%'").await?;
    stage.close().await?;
    plan.source.remove(place).await?;
    if u64::try_from(there)? != companies {
        return Err(format!("{there} of {companies} companies were imported").into());
    }
    Ok(taken)
}

async fn taken(plan: &Plan, place: &Place, file: &Path) -> Outcome<(f64, f64)> {
    let mut command = plan.server.command();
    command.arg("import-members").arg(file).current_dir(&place.folder).envs(place.environment());
    let log = std::fs::File::create(place.folder.join("import.log"))?;
    let start = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true).spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id().ok_or("it ended at once")?));
    let mut most = 0.0_f64;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        most = most.max(held(&status).unwrap_or(0.0));
        tokio::time::sleep(LOOK).await;
    };
    let seconds = start.elapsed().as_secs_f64();
    if !ended.success() {
        let log = std::fs::read_to_string(place.folder.join("import.log")).unwrap_or_default();
        let last = log.lines().last().unwrap_or("it says nothing").to_owned();
        return Err(format!("the import ended ({ended}): {last}").into());
    }
    Ok((seconds, most))
}

/// The most that a process held so far, in megabytes.
fn held(status: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}
