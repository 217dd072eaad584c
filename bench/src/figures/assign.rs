//! Assigning seats over HTTP, with session, rights, audit and mail, beside the same statements by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use uuid::Uuid;

use crate::client::{Answer, Client, assignment, new_operation, open_session};
use crate::database::{Engine, Place};
use crate::figure::Figure;
use crate::plan::Plan;
use crate::portal::Portal;
use crate::report::Section;
use crate::samples::{Samples, median};
use crate::yardstick::by_hand::Done;
use crate::{Outcome, probe, scene};

use super::say;

const HOW: &str = "32 clients, each with a session of its own, assign a seat each to as many people, spread over \
    64 grants and on one hot grant; every answer has to be a success. In turn with the same statements on one \
    connection with the bare driver, in one transaction for each seat. A new database for each round; both sides on one core.";

const CLIENTS: usize = 32;
const SEATS: u64 = 4000;
const ROOM: i64 = 100_000;

/// Over how many grants the seats are spread, and what that is called.
const SPREADS: [(usize, &str); 2] = [(64, "many grants"), (1, "one hot grant")];

/// Measures it.
///
/// # Errors
/// An assignment is refused, or somebody is told that the database is locked.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("assign", "Assign", HOW);
    for engine in plan.engines() {
        let bound = if engine == Engine::Sqlite { 0.3 } else { 0.5 };
        let before = probe::fdatasync(std::env::temp_dir().as_path())?;
        for (grants, spread) in SPREADS {
            let mut found: [Vec<f64>; 4] = Default::default();
            for _ in 0..plan.rounds() {
                let ours = over_http(plan, engine, grants).await?;
                let hand = by_hand(plan, engine, grants).await?;
                for (values, value) in
                    found.iter_mut().zip([ours.per_second, ours.p99, hand.per_second, hand.p99])
                {
                    values.push(value);
                }
            }
            let [rate, p99, hand_rate, hand_p99] = found.map(|values| median(&values));
            say(format!(
                "{}, {spread}: {rate:.0}/s, p99 {p99:.0} ms; by hand {hand_rate:.0}/s",
                engine.name()
            ));
            let of = |what: &str| format!("{what}, {spread}");
            section.add(Figure::new(of("Assignments"), rate, "/s").on(engine.name()));
            section.add(Figure::new(of("By hand on one connection"), hand_rate, "/s").on(engine.name()));
            section.add(Figure::new(of("Ratio"), rate / hand_rate, "").on(engine.name()).at_least(bound));
            section.add(Figure::new(of("p99"), p99, "ms").on(engine.name()));
            section.add(Figure::new(of("p99 by hand"), hand_p99, "ms").on(engine.name()));
        }
        let after = probe::fdatasync(std::env::temp_dir().as_path())?;
        section.add(Figure::new("fdatasync before", before, "ms").on(engine.name()));
        section.add(Figure::new("fdatasync after", after, "ms").on(engine.name()));
    }
    Ok(section)
}

/// Whom to give which grant, and a session for each client.
struct Scene {
    pairs: Vec<(Uuid, Uuid)>,
    cookies: Vec<String>,
}

async fn scene(plan: &Plan, place: &Place, grants: usize) -> Outcome<Scene> {
    let stage = place.connect().await?;
    let grants = scene::grants(&stage, scene::VISUAL_STUDIO, grants, ROOM).await?;
    let people = scene::people(&stage, plan.count(SEATS)).await?;
    let mut cookies = Vec::new();
    for _ in 0..CLIENTS {
        cookies.push(open_session(&stage, scene::ADMIN).await?);
    }
    stage.analyze().await?;
    stage.close().await?;
    let pairs = grants.into_iter().cycle().zip(people).collect();
    Ok(Scene { pairs, cookies })
}

async fn over_http(plan: &Plan, engine: Engine, grants: usize) -> Outcome<Done> {
    let place = plan.source.create(engine).await?;
    let Scene { pairs, cookies } = scene(plan, &place, grants).await?;
    let portal = Portal::start(&plan.server, &place).await?;
    let pairs = Arc::new(pairs);
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut clients = Vec::new();
    for cookie in &cookies {
        let client = Client::new(&portal.address, cookie)?;
        let (pairs, next) = (pairs.clone(), next.clone());
        clients.push(tokio::spawn(async move {
            let mut samples = Samples::default();
            while let Some((grant, person)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let begun = Instant::now();
                match client.send(&assignment(*grant, *person, &new_operation()), None).await {
                    Answer::Done(_) => samples.add(begun.elapsed()),
                    other => return Err(format!("an assignment was not carried out: {other:?}")),
                }
            }
            Ok(samples)
        }));
    }
    let mut samples = Samples::default();
    for client in clients {
        samples.append(&client.await??);
    }
    let seconds = start.elapsed().as_secs_f64();
    portal.stop().await?;
    never_locked(&place)?;
    check_seats(&place, pairs.len()).await?;
    plan.source.remove(place).await?;
    Ok(Done {
        count: samples.count(),
        per_second: samples.count() as f64 / seconds,
        p99: samples.quantile(0.99),
    })
}

async fn by_hand(plan: &Plan, engine: Engine, grants: usize) -> Outcome<Done> {
    let place = plan.source.create(engine).await?;
    let Scene { pairs, cookies } = scene(plan, &place, grants).await?;
    let list = place.folder.join("pairs.json");
    std::fs::write(&list, serde_json::to_string(&pairs)?)?;
    let token = cookies.first().and_then(|cookie| cookie.strip_prefix("session=")).ok_or("no session")?;
    let output = plan
        .yardstick()
        .command()
        .args(["by-hand", "--database-url", &place.url, "--token", token, "--pairs"])
        .arg(&list)
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!("by hand: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    check_seats(&place, pairs.len()).await?;
    plan.source.remove(place).await?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn check_seats(place: &Place, expected: usize) -> Outcome {
    let stage = place.connect().await?;
    let text = "select count(*) as number from seat s join person p on p.id = s.person_id
        join account a on a.id = p.account_id where a.email_key like 'bench.%'";
    let seats = stage.number(text).await?;
    stage.close().await?;
    if usize::try_from(seats)? != expected {
        return Err(format!("{seats} seats of {expected}").into());
    }
    Ok(())
}

/// Nobody is ever told that the database is locked, and the log doesn't know of it either.
fn never_locked(place: &Place) -> Outcome {
    let log = std::fs::read_to_string(place.folder.join("server.log"))?;
    match log.lines().find(|line| line.contains("database is locked")) {
        Some(line) => Err(format!("the server's log: {line}").into()),
        None => Ok(()),
    }
}
