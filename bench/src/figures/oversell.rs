//! More people than seats, and many who lose patience: nothing is given twice.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::RngExt;
use sea_orm::FromQueryResult;
use service::sql;
use uuid::Uuid;

use crate::checker::{self, Acknowledged};
use crate::client::{Answer, Client, assignment, new_operation, open_session, release};
use crate::database::{Engine, Stage};
use crate::figure::Figure;
use crate::plan::Plan;
use crate::portal::Portal;
use crate::report::Section;
use crate::{Outcome, scene};

use super::say;

const HOW: &str = "64 clients assign and release seats of 4 grants with 10 seats each among 200 people; of 2 in 100 \
    requests the connection is dropped after 1 to 3 ms, and the same operation sent again until its outcome is \
    known. Active seats are counted all the time; at the end seats, audit events and chains are held against \
    what was acknowledged.";

const CLIENTS: usize = 64;
const OPERATIONS: u64 = 100_000;
const GRANTS: usize = 4;
const SEATS: i64 = 10;
const PEOPLE: u64 = 200;
/// In so many of 100 requests somebody loses patience.
const IMPATIENT: u32 = 2;
/// An outcome that isn't known after so many tries is a violation.
const TRIES: usize = 20;
const BETWEEN_SNAPSHOTS: Duration = Duration::from_millis(5);

/// What may be answered when two want the same.
const LEGITIMATE: [&str; 5] = ["no_seat_left", "already_holds", "stale", "not_found", "seat_released"];

/// Measures it.
///
/// # Errors
/// The storm can't be raised; what it finds is a figure.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("oversell", "Oversell", HOW);
    for engine in plan.engines() {
        storm(plan, engine, &mut section).await?;
    }
    Ok(section)
}

#[derive(Clone, FromQueryResult)]
struct Active {
    id: Uuid,
    row_version: i64,
}

/// What the clients share.
struct Shared {
    left: AtomicU64,
    over: AtomicBool,
    grants: Vec<Uuid>,
    people: Vec<Uuid>,
    active: Mutex<Vec<Active>>,
}

/// What one client, or all of them, came to.
#[derive(Default)]
struct Tally {
    acknowledged: Acknowledged,
    answers: BTreeMap<String, u64>,
    unknown: u64,
    violations: Vec<String>,
}

impl Tally {
    fn append(&mut self, other: Self) {
        self.acknowledged.assigned.extend(other.acknowledged.assigned);
        self.acknowledged.released.extend(other.acknowledged.released);
        for (answer, count) in other.answers {
            *self.answers.entry(answer).or_default() += count;
        }
        self.unknown += other.unknown;
        self.violations.extend(other.violations);
    }
}

async fn storm(plan: &Plan, engine: Engine, section: &mut Section) -> Outcome {
    let place = plan.source.create(engine).await?;
    let stage = place.connect().await?;
    let grants = scene::grants(&stage, scene::VISUAL_STUDIO, GRANTS, SEATS).await?;
    let people = scene::people(&stage, PEOPLE).await?;
    let mut cookies = Vec::new();
    for _ in 0..CLIENTS {
        cookies.push(open_session(&stage, scene::ADMIN).await?);
    }
    stage.analyze().await?;
    let portal = Portal::start(&plan.server, &place).await?;
    let operations = plan.count(OPERATIONS);
    let shared = Arc::new(Shared {
        left: AtomicU64::new(operations),
        over: AtomicBool::new(false),
        grants: grants.clone(),
        people,
        active: Mutex::default(),
    });
    let stage = Arc::new(stage);
    let watching = tokio::spawn(watch(stage.clone(), shared.clone()));
    let start = Instant::now();
    let mut clients = Vec::new();
    for cookie in &cookies {
        clients.push(tokio::spawn(rush(Client::new(&portal.address, cookie)?, shared.clone())));
    }
    let mut tally = Tally::default();
    for client in clients {
        tally.append(client.await?);
    }
    let seconds = start.elapsed().as_secs_f64();
    shared.over.store(true, Ordering::Relaxed);
    let (snapshots, overdrawn) = watching.await??;
    portal.stop().await?;

    tally.violations.extend(overdrawn);
    tally.violations.extend(checker::violations(&tally.acknowledged, &checker::read(&stage, &grants).await?));
    drop(stage);
    let log = std::fs::read_to_string(place.folder.join("server.log"))?;
    tally.violations.extend(log.lines().filter(|line| line.contains("ERROR")).take(5).map(str::to_owned));
    plan.source.remove(place).await?;

    say(format!(
        "{}: {:.0}/s, {:?}, {} violations",
        engine.name(),
        operations as f64 / seconds,
        tally.answers,
        tally.violations.len()
    ));
    let on = |name: &str, value: f64, unit: &str| Figure::new(name, value, unit).on(engine.name());
    section.add(on("Violations", tally.violations.len() as f64, "").at_most(0.0));
    section.add(on("Operations", operations as f64, ""));
    section.add(on("Operations a second", operations as f64 / seconds, "/s"));
    section.add(on("Outcomes that were unknown at first", tally.unknown as f64, ""));
    section.add(on("Snapshots of active seats", snapshots as f64, ""));
    let told: Vec<String> =
        tally.answers.iter().map(|(answer, count)| format!("{count} × {answer}")).collect();
    section.note(format!("{}: {}.", engine.name(), told.join(", ")));
    for violation in tally.violations.iter().take(10) {
        section.note(format!("{}, violation: {violation}", engine.name()));
    }
    Ok(())
}

/// Counts active seats until it is over: how often, and where there were too many.
async fn watch(stage: Arc<Stage>, shared: Arc<Shared>) -> Outcome<(u64, Vec<String>)> {
    let mut snapshots = 0;
    let mut overdrawn = Vec::new();
    let text = format!(
        "select id, row_version from seat where released_at is null and grant_id in ({})",
        checker::list(&stage, &shared.grants)
    );
    while !shared.over.load(Ordering::Relaxed) {
        for pool in checker::pools(&stage, &shared.grants).await? {
            if pool.active > SEATS || pool.used > SEATS {
                overdrawn.push(format!("snapshot {snapshots}: {pool:?}"));
            }
        }
        let active = sql::all::<Active>(stage.database.reader(), &text, []).await?;
        *shared.active.lock().unwrap_or_else(PoisonError::into_inner) = active;
        snapshots += 1;
        tokio::time::sleep(BETWEEN_SNAPSHOTS).await;
    }
    Ok((snapshots, overdrawn))
}

/// What a client wants next.
enum Wish {
    Assign(Uuid, Uuid),
    Release(Active),
}

impl Shared {
    fn wish(&self) -> Option<Wish> {
        let mut random = rand::rng();
        if random.random_bool(0.5) {
            let mut active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
            if !active.is_empty() {
                let at = random.random_range(0..active.len());
                return Some(Wish::Release(active.swap_remove(at)));
            }
        }
        let grant = self.grants.get(random.random_range(0..self.grants.len()))?;
        let person = self.people.get(random.random_range(0..self.people.len()))?;
        Some(Wish::Assign(*grant, *person))
    }

    fn another(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

async fn rush(client: Client, shared: Arc<Shared>) -> Tally {
    let mut tally = Tally::default();
    while shared.another() {
        let Some(wish) = shared.wish() else { break };
        let operation = new_operation();
        let fields = match &wish {
            Wish::Assign(grant, person) => assignment(*grant, *person, &operation),
            Wish::Release(seat) => release(seat.id, seat.row_version, &operation),
        };
        match outcome(&client, &fields, &mut tally.unknown).await {
            Answer::Done(_) => {
                let name = match wish {
                    Wish::Assign(grant, person) => {
                        tally.acknowledged.assigned.push((grant, person));
                        "assigned"
                    }
                    Wish::Release(seat) => {
                        tally.acknowledged.released.push(seat.id);
                        "released"
                    }
                };
                *tally.answers.entry(name.to_owned()).or_default() += 1;
            }
            Answer::Refused(status, code) => {
                if !LEGITIMATE.contains(&code.as_str()) {
                    tally.violations.push(format!("{status} {code}"));
                }
                *tally.answers.entry(code).or_default() += 1;
            }
            Answer::Unknown(why) => tally.violations.push(format!("the outcome stayed unknown: {why}")),
        }
    }
    tally
}

/// Sends it until the outcome is known, each time with the same operation.
async fn outcome(client: &Client, fields: &[(&'static str, String)], unknown: &mut u64) -> Answer {
    let mut impatience = {
        let mut random = rand::rng();
        (random.random_range(0..100) < IMPATIENT).then(|| Duration::from_millis(random.random_range(1..=3)))
    };
    let mut answer = client.send(fields, impatience.take()).await;
    for _ in 0..TRIES {
        if !matches!(answer, Answer::Unknown(_)) {
            break;
        }
        *unknown += 1;
        answer = client.send(fields, None).await;
    }
    answer
}
