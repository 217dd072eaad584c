//! The database stopped and started under load: a clear answer meanwhile, and no restart of ours.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::client::{Answer, Client, assignment, new_operation, open_session};
use crate::database::{Place, PostgresServer};
use crate::portal::{Portal, Program};
use crate::{Outcome, scene};

/// So many clients read pages, and as many assign seats.
const CLIENTS: usize = 4;
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// So long after the database is back everything may take to go on.
const RECOVERY_LIMIT: Duration = Duration::from_secs(30);

/// So long the database is there before and afterwards.
const UP_FOR: Duration = Duration::from_secs(5);
/// So long it is away: several times as long as the product waits for a connection.
const AWAY_FOR: Duration = Duration::from_secs(30);

/// What came of an outage.
#[derive(Clone, Default, Debug)]
pub struct Outage {
    /// Answers while the database was there, by status.
    pub up: BTreeMap<String, u64>,
    /// Answers that were asked for and given while it was away, by status.
    pub away: BTreeMap<String, u64>,
    /// Answers at the edges, by status.
    pub edges: BTreeMap<String, u64>,
    /// The slowest answer while it was away, in seconds.
    pub slowest: f64,
    /// From the database's return to the first page and the first assignment, in seconds.
    pub recovery: f64,
    /// What isn't as it should be.
    pub violations: Vec<String>,
}

const UP: u8 = 0;
const EDGE: u8 = 1;
const AWAY: u8 = 2;
const OVER: u8 = 3;

/// One answer: its status, or why there was none; what is unclear about it; how long it took.
struct Seen {
    phase: u8,
    status: String,
    unclear: Option<String>,
    took: Duration,
}

/// Stops and starts the server of the database under load.
///
/// # Errors
/// Server or database can't be stopped and started.
pub async fn outage(program: &Program, place: &Place, server: &PostgresServer) -> Outcome<Outage> {
    let stage = place.connect().await?;
    let grants = scene::grants(&stage, scene::VISUAL_STUDIO, 40, 100_000).await?;
    let people = scene::people(&stage, 2000).await?;
    let cookie = open_session(&stage, scene::ADMIN).await?;
    stage.close().await?;
    let pairs: Vec<(Uuid, Uuid)> =
        grants.iter().flat_map(|grant| people.iter().map(|person| (*grant, *person))).collect();
    let portal = Portal::start(program, place).await?;
    let client = Client::new(&portal.address, &cookie)?;

    let phase = Arc::new(AtomicU8::new(UP));
    let mut clients = Vec::new();
    for at in 0..CLIENTS {
        clients.push(tokio::spawn(read(client.clone(), phase.clone())));
        let own: Vec<(Uuid, Uuid)> = pairs.iter().skip(at).step_by(CLIENTS).copied().collect();
        clients.push(tokio::spawn(assign(client.clone(), own, phase.clone())));
    }
    tokio::time::sleep(UP_FOR).await;
    phase.store(EDGE, Ordering::SeqCst);
    stop(server).await?;
    phase.store(AWAY, Ordering::SeqCst);
    tokio::time::sleep(AWAY_FOR).await;
    phase.store(EDGE, Ordering::SeqCst);
    let _database = start(server, place).await?;
    let recovery = recovered(&client).await;
    phase.store(UP, Ordering::SeqCst);
    tokio::time::sleep(UP_FOR).await;
    phase.store(OVER, Ordering::SeqCst);

    let mut outage = Outage::default();
    for client in clients {
        for seen in client.await? {
            outage.count(seen);
        }
    }
    match recovery {
        Some(recovery) => outage.recovery = recovery.as_secs_f64(),
        None => {
            outage.recovery = RECOVERY_LIMIT.as_secs_f64();
            outage
                .violations
                .push(format!("no page {} s after the database was back", RECOVERY_LIMIT.as_secs()));
        }
    }
    portal.stop().await?;
    Ok(outage)
}

impl Outage {
    fn count(&mut self, seen: Seen) {
        let Seen { phase, status, unclear, took } = seen;
        let (answers, expected): (_, &[StatusCode]) = match phase {
            UP => (&mut self.up, &[StatusCode::OK]),
            AWAY => (&mut self.away, &[StatusCode::SERVICE_UNAVAILABLE]),
            _ => (&mut self.edges, &[StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE]),
        };
        *answers.entry(status.clone()).or_default() += 1;
        if phase == AWAY {
            self.slowest = self.slowest.max(took.as_secs_f64());
        }
        if !expected.iter().any(|expected| expected.as_str() == status) {
            let when = ["while the database was there", "at the edge", "while it was away"];
            self.violations.push(format!("{status} {}", when.get(usize::from(phase)).unwrap_or(&"")));
        }
        self.violations.extend(unclear);
    }
}

/// Reads pages until it is over.
async fn read(client: Client, phase: Arc<AtomicU8>) -> Vec<Seen> {
    let mut all = Vec::new();
    while let Some((begun, at)) = begin(&phase) {
        let (status, unclear) = match client.answer(scene::PAGE).await {
            Ok((status, text)) => {
                let unclear = (!text.contains("<h1")).then(|| format!("a page with {status} has no heading"));
                (status.as_str().to_owned(), unclear)
            }
            Err(trouble) => (trouble.to_string(), None),
        };
        all.push(end(&phase, begun, at, status, unclear));
    }
    all
}

/// Assigns seats until it is over.
async fn assign(client: Client, pairs: Vec<(Uuid, Uuid)>, phase: Arc<AtomicU8>) -> Vec<Seen> {
    let mut all = Vec::new();
    for (grant, person) in pairs {
        let Some((begun, at)) = begin(&phase) else { break };
        let (status, unclear) = match client.send(&assignment(grant, person, &new_operation()), None).await {
            Answer::Done(_) => ("200".to_owned(), None),
            Answer::Refused(status, code) => {
                let unclear = status == StatusCode::SERVICE_UNAVAILABLE && code != "unavailable";
                let unclear = unclear.then(|| {
                    let begin: String = code.chars().take(60).collect();
                    format!("503 to a form that was sent in the background isn't the refusal that it reads: {begin}")
                });
                (status.as_str().to_owned(), unclear)
            }
            Answer::Unknown(why) => (why, None),
        };
        all.push(end(&phase, begun, at, status, unclear));
    }
    all
}

fn begin(phase: &AtomicU8) -> Option<(u8, Instant)> {
    let begun = phase.load(Ordering::SeqCst);
    (begun != OVER).then(|| (begun, Instant::now()))
}

/// What began in one phase and ended in another belongs to the edge between them.
fn end(phase: &AtomicU8, begun: u8, at: Instant, status: String, unclear: Option<String>) -> Seen {
    let ended = phase.load(Ordering::SeqCst);
    let same = begun == ended || (begun == UP && ended == OVER);
    Seen { phase: if same { begun } else { EDGE }, status, unclear, took: at.elapsed() }
}

/// How long it took until a page was answered; none if that took too long.
async fn recovered(client: &Client) -> Option<Duration> {
    let start = Instant::now();
    while start.elapsed() < RECOVERY_LIMIT {
        if client.status(scene::PAGE).await.is_ok_and(|status| status == StatusCode::OK) {
            return Some(start.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

async fn stop(server: &PostgresServer) -> Outcome {
    let pid = server.data.join("postmaster.pid");
    let text = std::fs::read_to_string(&pid)?;
    let process = text.lines().next().ok_or("postmaster.pid is empty")?.trim().to_owned();
    // Interrupt breaks the connections and ends in order.
    Command::new("kill").args(["-INT", &process]).status().await?;
    let start = Instant::now();
    while pid.exists() {
        if start.elapsed() > STOP_LIMIT {
            return Err("PostgreSQL did not stop".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Starts it; it lives on when this program ends, as it did before.
async fn start(server: &PostgresServer, place: &Place) -> Outcome<Child> {
    let (program, arguments) = server.command.split_first().ok_or("no command starts PostgreSQL")?;
    let child = Command::new(program)
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let begun = Instant::now();
    while begun.elapsed() < START_LIMIT {
        if let Ok(stage) = place.connect().await {
            stage.close().await?;
            return Ok(child);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("PostgreSQL did not start again".into())
}
