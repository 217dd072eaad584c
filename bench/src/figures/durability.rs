//! Nothing acknowledged is lost: the server killed, the database stopped, the disk full.

use crate::database::Engine;
use crate::figure::Figure;
use crate::plan::Plan;
use crate::report::Section;
use crate::{Outcome, disk, driver, outage, probe, purchases};

use super::say;

const HOW: &str = "6 clients assign, reveal, activate and ask; each acknowledged operation is kept in a file of the \
    driver's own. After 50 to 400 ms the server is killed with SIGKILL and started again on the same database; everything \
    in the file has to be there exactly once, and a repeated operation has to be answered as before. The same is done to \
    companies that place orders, pay by card and change the level of what they bought: every order, payment, invoice and \
    benefit has to be in a legal state, and nothing paid or granted twice. PostgreSQL is also \
    stopped and started under load, and SQLite's disk filled.";

const ROUNDS: u64 = 200;
/// So many violations are told in full.
const TOLD: usize = 5;

/// Measures it.
///
/// # Errors
/// The server or the database doesn't start; what is lost is a figure.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("durability", "Nothing acknowledged is lost", HOW);
    for engine in plan.engines() {
        killed(plan, engine, &mut section).await?;
        killed_while_buying(plan, engine, &mut section).await?;
    }
    if plan.engines().contains(&Engine::Postgres) {
        stopped(plan, &mut section).await?;
    }
    full(plan, &mut section).await?;
    Ok(section)
}

async fn killed(plan: &Plan, engine: Engine, section: &mut Section) -> Outcome {
    let before = probe::fdatasync(std::env::temp_dir().as_path())?;
    let place = plan.source.create(engine).await?;
    let rounds = usize::try_from(plan.count(ROUNDS))?;
    let killed = driver::kill(&plan.server, &place, rounds).await?;
    plan.source.remove(place).await?;
    let after = probe::fdatasync(std::env::temp_dir().as_path())?;
    say(format!(
        "{}: {:?}, {} unknown, {} violations",
        engine.name(),
        killed.acknowledged,
        killed.unknown,
        killed.violations.len()
    ));
    let on = |name: &str, value: f64, unit: &str| Figure::new(name, value, unit).on(engine.name());
    section.add(on("Killed: violations", killed.violations.len() as f64, "").at_most(0.0));
    section.add(on("Killed: rounds", killed.rounds as f64, ""));
    section.add(on(
        "Killed: acknowledged operations",
        killed.acknowledged.values().sum::<usize>() as f64,
        "",
    ));
    section.add(on("Killed: unknown outcomes", killed.unknown as f64, ""));
    section.add(on("fdatasync before", before, "ms"));
    section.add(on("fdatasync after", after, "ms"));
    tell(section, engine.name(), &killed.violations);
    Ok(())
}

async fn killed_while_buying(plan: &Plan, engine: Engine, section: &mut Section) -> Outcome {
    let place = plan.source.create(engine).await?;
    let rounds = usize::try_from(plan.count(ROUNDS))?;
    let killed = purchases::kill(&plan.server, &place, rounds).await?;
    plan.source.remove(place).await?;
    say(format!(
        "{}: {} orders placed, {} paid, {} seats given, {} levels changed, {} unknown, {} violations",
        engine.name(),
        killed.placed,
        killed.paid,
        killed.seated,
        killed.changed,
        killed.unknown,
        killed.violations.len()
    ));
    let on = |name: &str, value: f64, unit: &str| Figure::new(name, value, unit).on(engine.name());
    section.add(on("Killed while buying: violations", killed.violations.len() as f64, "").at_most(0.0));
    section.add(on("Killed while buying: rounds", killed.rounds as f64, ""));
    section.add(on("Killed while buying: orders paid", killed.paid as f64, ""));
    section.add(on("Killed while buying: levels changed", killed.changed as f64, ""));
    section.add(on("Killed while buying: unknown outcomes", killed.unknown as f64, ""));
    tell(section, engine.name(), &killed.violations);
    Ok(())
}

async fn stopped(plan: &Plan, section: &mut Section) -> Outcome {
    let place = plan.source.create(Engine::Postgres).await?;
    let outage = outage::outage(&plan.server, &place, plan.source.postgres()?).await?;
    plan.source.remove(place).await?;
    say(format!(
        "database stopped: up {:?}, away {:?}, edges {:?}, recovery {:.2} s, {} violations",
        outage.up,
        outage.away,
        outage.edges,
        outage.recovery,
        outage.violations.len()
    ));
    let on = |name: &str, value: f64, unit: &str| Figure::new(name, value, unit).on(Engine::Postgres.name());
    section.add(on("Database stopped: violations", outage.violations.len() as f64, "").at_most(0.0));
    section.add(on(
        "Database stopped: answers while it is away",
        outage.away.values().sum::<u64>() as f64,
        "",
    ));
    section.add(on("Database stopped: slowest answer while it is away", outage.slowest, "s"));
    section.add(on("Database stopped: recovery", outage.recovery, "s"));
    section.note(format!(
        "Database stopped: answers while it was there {:?}, away {:?}, at the edges {:?}.",
        outage.up, outage.away, outage.edges
    ));
    tell(section, "Database stopped", &distinct(&outage.violations));
    Ok(())
}

async fn full(plan: &Plan, section: &mut Section) -> Outcome {
    let folder = tempfile::tempdir()?;
    if let Some(why) = disk::why_not(folder.path()) {
        section.note(format!("Disk full: left out, no small disk could be mounted ({why})."));
        return Ok(());
    }
    let full = disk::fill(&plan.server, &plan.source, &folder.path().join("disk")).await?;
    say(format!(
        "disk full: changes {:?}, pages {:?}, afterwards {}, {} violations",
        full.changes,
        full.pages,
        full.afterwards,
        full.violations.len()
    ));
    let on = |name: &str, value: f64| Figure::new(name, value, "").on(Engine::Sqlite.name());
    section.add(on("Disk full: violations", full.violations.len() as f64).at_most(0.0));
    section.add(on("Disk full: changes carried out afterwards", full.afterwards as f64));
    section.note(format!("Disk full: changes {:?}, pages {:?}.", full.changes, full.pages));
    tell(section, "Disk full", &distinct(&full.violations));
    for line in full.log.iter().take(5) {
        section.note(format!("Disk full, the server's log: `{line}`"));
    }
    Ok(())
}

/// Each sentence once.
fn distinct(violations: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for violation in violations {
        if !all.contains(violation) {
            all.push(violation.clone());
        }
    }
    all
}

fn tell(section: &mut Section, of: &str, violations: &[String]) {
    for violation in violations.iter().take(TOLD) {
        section.note(format!("{of}, violation: {violation}"));
    }
    if let Some(more) = violations.len().checked_sub(TOLD + 1) {
        section.note(format!("{of}: {} violations more.", more + 1));
    }
}
