//! The user list of a company with few people and of one with many.

use crate::client::{Client, open_session};
use crate::database::{Engine, Place};
use crate::figure::Figure;
use crate::plan::Plan;
use crate::portal::Portal;
use crate::report::Section;
use crate::samples::median;
use crate::{Outcome, scene, wrk};

use super::growth::own_people;
use super::say;

const HOW: &str = "The first page of User management, 50 rows, of a company with 100 people and of one with 10,000. Server \
    time is that of one connection by wrk, in turns between the servers; the median of the rounds counts.";

const PATH: &str = "/account/users";
const SECONDS: u64 = 5;
/// People of a company, and of a large one.
const PEOPLE: [i64; 2] = [100, 10_000];

/// A company of one size, with its server.
struct Sized {
    place: Place,
    portal: Portal,
    cookie: String,
}

/// Measures it.
///
/// # Errors
/// A page isn't answered.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("people", "User list", HOW);
    for engine in plan.engines() {
        let mut all = Vec::new();
        for people in PEOPLE {
            all.push(sized(plan, engine, people).await?);
        }
        let mut found: Vec<Vec<f64>> = vec![Vec::new(); all.len()];
        for _ in 0..plan.rounds() {
            for (size, times) in all.iter().zip(&mut found) {
                let url = format!("{}{PATH}", size.portal.address);
                let load = wrk::ask(&url, &size.cookie, 1, plan.lasting(SECONDS)).await?;
                times.push(1000.0 / load.per_second);
            }
        }
        for size in all {
            size.portal.stop().await?;
            plan.source.remove(size.place).await?;
        }
        let (few, many) = (median(&found[0]), median(&found[1]));
        say(format!("{}: {few:.2} ms of 100 people, {many:.2} ms of 10,000", engine.name()));
        section.add(Figure::new("100 people", few, "ms").on(engine.name()));
        section.add(Figure::new("10,000 people", many, "ms").on(engine.name()));
        section.add(Figure::new("10,000 to 100", many / few, "").on(engine.name()).at_most(1.3));
    }
    Ok(section)
}

async fn sized(plan: &Plan, engine: Engine, people: i64) -> Outcome<Sized> {
    let place = plan.source.create(engine).await?;
    let stage = place.connect().await?;
    let missing = people - stage.number(&own_people()).await?;
    scene::people(&stage, u64::try_from(missing)?).await?;
    let cookie = open_session(&stage, scene::ADMIN).await?;
    stage.analyze().await?;
    stage.close().await?;
    let portal = Portal::start(&plan.server, &place).await?;
    let page = Client::new(&portal.address, &cookie)?.page(PATH).await?;
    let rows = page.matches("<tr role=\"row\" id=\"").count();
    if rows < 50 {
        return Err(format!("{PATH} shows {rows} rows").into());
    }
    Ok(Sized { place, portal, cookie })
}
