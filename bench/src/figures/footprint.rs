//! How much memory, how soon there, how large.

use std::time::Duration;

use crate::Outcome;
use crate::figure::Figure;
use crate::plan::Plan;
use crate::portal::Portal;
use crate::report::Section;
use crate::samples::median;
use crate::{scene, wrk};

use super::{page, say};

const HOW: &str = "Resident memory of the server three seconds after its start, and after the load of `page` over 25 \
    connections; the time from its start to the first page answered, over a database that is there \
    already (median of 5 starts).";

const STARTS: usize = 5;
const IDLE: Duration = Duration::from_secs(3);
const LOAD_SECONDS: u64 = 20;

/// Measures it.
///
/// # Errors
/// The server doesn't start or doesn't answer.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("footprint", "Footprint", HOW);
    for engine in plan.engines() {
        let place = plan.source.create(engine).await?;
        let cookie = page::fill(&place).await?;
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            let portal = Portal::start(&plan.server, &place).await?;
            starts.push(portal.started_within.as_secs_f64());
            portal.stop().await?;
        }
        let portal = Portal::start(&plan.server, &place).await?;
        tokio::time::sleep(IDLE).await;
        let idle = portal.memory()?;
        wrk::ask(&format!("{}{}", portal.address, scene::PAGE), &cookie, 25, plan.lasting(LOAD_SECONDS))
            .await?;
        let loaded = portal.memory()?;
        portal.stop().await?;
        plan.source.remove(place).await?;
        let start = median(&starts);
        say(format!("{}: {idle:.1} MB idle, {loaded:.1} MB after load, {start:.3} s", engine.name()));
        section.add(Figure::new("Memory, idle", idle, "MB").on(engine.name()).at_most(40.0));
        section.add(Figure::new("Memory, after the load", loaded, "MB").on(engine.name()).at_most(100.0));
        section.add(Figure::new("Start to first answer", start, "s").on(engine.name()).at_most(0.5));
    }
    let size = std::fs::metadata(&plan.server.binary)?.len() as f64 / (1024.0 * 1024.0);
    section.add(Figure::new("Binary, with its assets", size, "MB"));
    Ok(section)
}
