//! Clicks, long tasks and Lighthouse, in a browser.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::process::Command;

use crate::database::Engine;
use crate::figure::Figure;
use crate::plan::Plan;
use crate::portal::Portal;
use crate::report::Section;
use crate::{Outcome, scene};

use super::{page, say};

const HOW: &str = "Chromium with an empty cache, at full speed and with its processor slowed down to a quarter: from \
    the click to the expanded row, from the click to the seat shown, the slowest of all interactions (INP), and the \
    longest task while a page with 50 rows is taken over (medians of 5 runs). Lighthouse as on a phone, for \
    every page that an administrator sees.";

/// Every page that an administrator of a company sees.
pub(super) const PAGES: [&str; 15] = [
    "/",
    "/benefits/software",
    "/benefits/cloud",
    scene::PAGE,
    "/benefits/technical",
    "/benefits/go-to-market",
    "/benefits/cancel",
    "/my-benefits",
    "/requests",
    "/technical-request",
    "/become-global-admin",
    "/notices",
    "/account",
    "/account/users",
    "/account/users/add",
];

const RUNS: u64 = 5;
/// People of the company; a page of them shows 50.
const PEOPLE: u64 = 1000;

#[derive(Deserialize)]
struct Interacted {
    interactions: Vec<Interaction>,
    hydration: Vec<Hydration>,
}

#[derive(Deserialize)]
struct Spread {
    median: f64,
}

#[derive(Deserialize)]
struct Interaction {
    throttle: f64,
    open: Spread,
    assign: Spread,
    inp: Spread,
}

#[derive(Deserialize)]
struct Hydration {
    throttle: f64,
    path: String,
    rows: f64,
    longest_task: Spread,
    hydrated: Spread,
}

#[derive(Deserialize)]
struct Judged {
    pages: Vec<Judgement>,
}

#[derive(Deserialize)]
struct Judgement {
    path: String,
    performance: f64,
    accessibility: f64,
    best_practices: f64,
}

/// Measures it.
///
/// # Errors
/// There is no browser, a page isn't hydrated, or something is written to the console.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("browser", "Browser", HOW);
    let place = plan.source.create(Engine::Sqlite).await?;
    let stage = place.connect().await?;
    scene::people(&stage, PEOPLE).await?;
    stage.close().await?;
    page::fill(&place).await?;
    let portal = Portal::start(&plan.server, &place).await?;

    let runs = plan.count(RUNS).to_string();
    let arguments = [
        "--path",
        scene::PAGE,
        "--rows",
        "50",
        "--throttle",
        "1,4",
        "--runs",
        &runs,
        "--hydrate",
        "/account/users=50",
    ];
    let interacted: Interacted = script(plan, &portal, "interaction.mjs", &arguments).await?;
    for Interaction { throttle, open, assign, inp } in interacted.interactions {
        let at = |of: &str| format!("{of}, throttle {throttle}×");
        section.add(Figure::new(at("Click to expanded row"), open.median, "ms"));
        section.add(Figure::new(at("Click to seat shown"), assign.median, "ms"));
        let inp = Figure::new(at("INP"), inp.median, "ms");
        section.add(if throttle > 1.0 { inp.at_most(100.0) } else { inp });
    }
    for Hydration { throttle, path, rows, longest_task, hydrated } in interacted.hydration {
        let at = |of: &str| format!("{of}, {path}, {rows} rows, throttle {throttle}×");
        let task = Figure::new(at("Longest task"), longest_task.median, "ms");
        section.add(if throttle > 1.0 { task.at_most(200.0) } else { task });
        section.add(Figure::new(at("Hydrated after"), hydrated.median, "ms"));
    }

    let pages = PAGES.join(",");
    let judged: Judged = script(plan, &portal, "lighthouse.mjs", &["--pages", &pages]).await?;
    portal.stop().await?;
    plan.source.remove(place).await?;
    for Judgement { path, performance, accessibility, best_practices } in judged.pages {
        say(format!("{path}: {performance} {accessibility} {best_practices}"));
        let of = |what: &str| format!("Lighthouse {path}, {what}");
        section.add(Figure::new(of("performance"), performance / 100.0, "").at_least(0.95));
        section.add(Figure::new(of("accessibility"), accessibility / 100.0, "").at_least(1.0));
        section.add(Figure::new(of("best practices"), best_practices / 100.0, "").at_least(1.0));
    }
    section.note(
        "No page shows more than 50 rows: the company has 1,000 people and a page of 50 of them is loaded.",
    );
    Ok(section)
}

/// Runs a script against the portal and reads what it prints.
pub(super) async fn script<T: DeserializeOwned>(
    plan: &Plan,
    portal: &Portal,
    name: &str,
    arguments: &[&str],
) -> Outcome<T> {
    let browser = plan.browser.as_ref().ok_or("no browser was named")?;
    let output = Command::new("node")
        .arg(browser.scripts.join(name))
        .args(["--base", &portal.address, "--chromium"])
        .arg(&browser.program)
        .args(arguments)
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
