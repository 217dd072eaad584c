//! Bytes until a page is interactive, with an empty cache.

use serde::Deserialize;

use crate::contributors::contributors;
use crate::figure::Figure;
use crate::plan::Plan;
use crate::portal::Portal;
use crate::report::Section;
use crate::{Outcome, scene};

use super::browser::{PAGES, script};
use super::{page, say};

const HOW: &str = "Chromium with an empty cache loads each page until it is hydrated; what came over the wire counts, \
    headers included. 1 KB is 1,000 bytes. `--check` fails where a page grew by more than 2 %.";

const FIRST_PAGE: f64 = 200.0;
const LATER_CHUNK: f64 = 50.0;
/// So many crates are named.
const CONTRIBUTORS: usize = 8;

#[derive(Deserialize)]
struct Weighed {
    pages: Vec<PageWeight>,
}

#[derive(Deserialize)]
struct PageWeight {
    path: String,
    document: Document,
    script: f64,
    wasm: f64,
    style: f64,
    other: f64,
    total: f64,
    files: Vec<FileWeight>,
}

#[derive(Deserialize)]
struct Document {
    wire: f64,
}

#[derive(Deserialize)]
struct FileWeight {
    #[serde(rename = "type")]
    kind: String,
    bytes: f64,
}

/// Measures it.
///
/// # Errors
/// There is no browser, or a page isn't hydrated.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("bytes", "Bytes", HOW);
    let engine = crate::database::Engine::Sqlite;
    let place = plan.source.create(engine).await?;
    page::fill(&place).await?;
    let portal = Portal::start(&plan.server, &place).await?;
    let pages = PAGES.join(",");
    let weighed: Weighed = script(plan, &portal, "bytes.mjs", &["--pages", &pages]).await?;
    portal.stop().await?;
    plan.source.remove(place).await?;
    for page in &weighed.pages {
        let kilobytes = |bytes: f64| bytes / 1000.0;
        say(format!("{}: {:.0} KB", page.path, kilobytes(page.total)));
        let total = Figure::new(&page.path, kilobytes(page.total), "KB");
        section.add(total.at_most(FIRST_PAGE));
        // The largest is loaded by every page; what comes beside it is a page's own.
        let mut chunks: Vec<f64> =
            page.files.iter().filter(|file| file.kind == "wasm").map(|file| file.bytes).collect();
        chunks.sort_by(f64::total_cmp);
        chunks.pop();
        if let Some(largest) = chunks.last() {
            let name = format!("{}, largest later chunk", page.path);
            section.add(Figure::new(name, kilobytes(*largest), "KB").at_most(LATER_CHUNK));
        }
        if page.path == scene::PAGE {
            let parts = [
                ("document", page.document.wire),
                ("script", page.script),
                ("wasm", page.wasm),
                ("style", page.style),
                ("other", page.other),
            ];
            for (name, bytes) in parts {
                section.add(Figure::new(format!("{} of it {name}", page.path), kilobytes(bytes), "KB"));
            }
        }
    }
    if let Some(module) = &plan.module {
        let told: Vec<String> = contributors(module)?
            .into_iter()
            .take(CONTRIBUTORS)
            .map(|of| format!("{} {:.1} % ({} functions)", of.name, 100.0 * of.share, of.functions))
            .collect();
        section.note(format!("Code of the wasm by crate, before compression: {}.", told.join(", ")));
    }
    Ok(section)
}
