//! A file of the older portal with 100,000 rows, taken over by the command that operators use.

use std::fmt::Write as _;
use std::path::Path;

use rust_xlsxwriter::Workbook;

use crate::database::Engine;
use crate::figure::Figure;
use crate::plan::Plan;
use crate::report::Section;
use crate::{Outcome, command};

use super::say;

const HOW: &str = "`benefits-center import-members FILE` with 12,500 companies of eight rows each, as CSV and as XLSX, into \
    the sample programme. Time of the whole command; memory is the most that the process held (VmHWM).";

const HEADS: &str = "record,domain,company,account_email,time_zone,language,contact_name,contact_email,roles,tier,areas,began,\
    benefit,quantity,used";
/// Rows of a company.
const ROWS: u64 = 8;
const COMPANIES: u64 = 12_500;

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
    let file = file.display().to_string();
    let taken = command::run(&plan.server, &place, &["import-members", &file]).await?;
    let stage = place.connect().await?;
    let there =
        stage.number("select count(*) as number from organization where domain like 'import%'").await?;
    stage.close().await?;
    plan.source.remove(place).await?;
    if u64::try_from(there)? != companies {
        return Err(format!("{there} of {companies} companies were imported").into());
    }
    Ok((taken.seconds, taken.megabytes))
}
