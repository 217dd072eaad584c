//! Every page of the console over a large programme, and how long it takes to build one.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::client::{Client, open_session};
use crate::database::{Engine, Stage};
use crate::figure::Figure;
use crate::plan::Plan;
use crate::portal::{Portal, Program};
use crate::report::Section;
use crate::samples::median;
use crate::{Outcome, scene, wrk};

use super::say;

const HOW: &str = "`seed-demo --scale large` builds 2,000 companies, 200,000 people and 1,000,000 assignments. Once the \
    use of every company has been counted, every page of the console is asked for over one connection by wrk, by a \
    programme admin; the median of the medians of the rounds counts. A company of it has one event and one mail: the \
    trail and the outbox of a portal that is in use have at least one for each assignment, and the pages of the two are \
    not measured at that size.";

const SECONDS: u64 = 5;
/// Half of the answers come within so many milliseconds.
const WITHIN: f64 = 150.0;
/// The programme is built within so many seconds.
const BUILT_WITHIN: f64 = 300.0;
/// Whoever may see every page.
const READER: &str = "rosalind.ekwueme@northlight.example";
/// Counting the use of every company may take so long.
const COUNTING_LIMIT: Duration = Duration::from_secs(1800);

/// Pages that have the same address in every database, with something that only they show.
const PAGES: [(&str, &str, &str); 22] = [
    ("/operator/queue", "Queue", "<tr role=\"row\" id=\""),
    ("/operator/queue?sort=-age", "Queue, oldest first", "<tr role=\"row\" id=\""),
    ("/operator/queue?state=processing", "Queue, one state", "<main"),
    ("/operator/queue?find=cloud", "Queue, search", "<main"),
    ("/operator/queue?company=Fernhollow", "Queue, incidents of a company", "<main"),
    ("/operator/outbox", "Outbox", "<main"),
    ("/operator/outbox?state=sent", "Outbox, what went out", "<main"),
    ("/operator/outbox?find=fernhollow", "Outbox, search", "<main"),
    ("/operator/templates", "Wording of mail", "<main"),
    ("/operator/policies", "Policies", "<main"),
    ("/operator/operators", "Operators", "<main"),
    ("/operator/activity", "Activity", "<main"),
    ("/operator/activity?kind=programme", "Activity, one kind", "<main"),
    ("/operator/activity?kind=programme&action=operator_added", "Activity, one action", "<main"),
    ("/operator/activity?find=fernhollow", "Activity, search", "<main"),
    ("/operator/insight", "Insight", "<svg"),
    ("/operator/insight?category=visual_studio&span=two_years", "Insight of a category", "<svg"),
    ("/operator/competencies", "Competencies", "<main"),
    ("/operator/catalogue", "Catalogue", "<main"),
    ("/operator/keys", "Key pools", "<main"),
    ("/operator/keys/windows_enterprise", "A key pool", "<main"),
    ("/operator/grants?company=fern", "Individual grants", "<main"),
];

/// Measures it.
///
/// # Errors
/// The programme isn't built, or a page isn't answered.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("console", "Console", HOW);
    for engine in plan.engines() {
        say(format!("{}: builds a large programme", engine.name()));
        let begin = Instant::now();
        let place = plan.source.create_large(engine).await?;
        let built = begin.elapsed().as_secs_f64();
        section.add(Figure::new("Building it", built, "s").on(engine.name()).at_most(BUILT_WITHIN));
        let stage = place.connect().await?;
        let cookie = open_session(&stage, READER).await?;
        stage.analyze().await?;
        section.note(size(&stage, engine).await?);
        counted(plan, &place, &stage, &mut section).await?;
        let open =
            stage.id("select id from service_request where open order by target_at, id limit 1").await?;
        stage.analyze().await?;
        stage.close().await?;
        let portal = Portal::start(&plan.server, &place).await?;
        let reader = Client::new(&portal.address, &cookie)?;
        let mut pages: Vec<(String, &str, &str)> =
            PAGES.iter().map(|(path, title, shown)| ((*path).to_owned(), *title, *shown)).collect();
        pages.push((
            format!("/operator/queue?open={open}"),
            "An item of the queue",
            "<tr role=\"row\" id=\"",
        ));
        pages.push((
            format!("/operator/organizations/{}/grants", scene::COMPANY),
            "Individual grants of a company",
            "<main",
        ));
        for (path, title, shown) in pages {
            if !reader.page(&path).await?.contains(shown) {
                return Err(format!("{path} shows no {shown}").into());
            }
            let url = format!("{}{path}", portal.address);
            let mut times = Vec::new();
            for _ in 0..plan.rounds() {
                times.push(wrk::ask(&url, &cookie, 1, plan.lasting(SECONDS)).await?.median);
            }
            let time = median(&times);
            say(format!("{}, {title}: {time:.2} ms", engine.name()));
            section.add(Figure::new(title, time, "ms").on(engine.name()).at_most(WITHIN));
        }
        portal.stop().await?;
        plan.source.remove(place).await?;
    }
    Ok(section)
}

/// Lets a server count the use of every company, as one does after its first start.
async fn counted(
    plan: &Plan,
    place: &crate::database::Place,
    stage: &Stage,
    section: &mut Section,
) -> Outcome {
    let portal = Portal::start(&Program::free(&plan.server.binary), place).await?;
    let begin = Instant::now();
    let text = "select count(*) as number from organization o where o.portal_state = 'member'
        and not exists (select 1 from usage_count c where c.organization_id = o.id)";
    loop {
        let left = stage.number(text).await?;
        if left == 0 {
            break;
        }
        if begin.elapsed() > COUNTING_LIMIT {
            portal.stop().await?;
            return Err(format!("the use of {left} companies was not counted in time").into());
        }
        sleep(Duration::from_secs(1)).await;
    }
    portal.stop().await?;
    let name = place.engine.name();
    section
        .add(Figure::new("Counting the use of every company", begin.elapsed().as_secs_f64(), "s").on(name));
    Ok(())
}

async fn size(stage: &Stage, engine: Engine) -> Outcome<String> {
    let companies = stage.number("select count(*) as number from organization").await?;
    let people = stage.number("select count(*) as number from person").await?;
    let seats = stage.number("select count(*) as number from seat").await?;
    Ok(format!("{}: {companies} companies, {people} people, {seats} assignments.", engine.name()))
}
