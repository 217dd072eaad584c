//! Kills the server at random moments and sees that nothing acknowledged is lost.
//!
//! What a client is told is kept in a file of the driver's own before the next request. After each
//! kill the server starts again on the same database; outcomes that nobody knows are asked for with
//! the same operation id, some acknowledged ones are sent a second time, and everything in the file is
//! looked for in the database.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::RngExt;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use service::sql;
use uuid::Uuid;

use crate::checker::{self, Acknowledged};
use crate::client::{Answer, Client, assignment, new_operation, open_session};
use crate::database::{Place, Stage};
use crate::portal::{Portal, Program};
use crate::{Outcome, scene};

/// So many clients ask at once.
const CLIENTS: usize = 6;
/// The server lives so many milliseconds under load before it is killed.
const LIVES: std::ops::RangeInclusive<u64> = 50..=400;
/// Of each kind that can't be repeated, so many for each round.
const A_ROUND: usize = 8;
/// So many acknowledged operations are sent a second time after each kill.
const AGAIN: usize = 4;
/// Employees who ask for seats.
const ASKERS: u64 = 16;
/// Products with a grant whose key is drawn.
const KEYED: [&str; 4] =
    ["exchange_server_standard", "project_professional", "sql_server_standard", "windows_enterprise"];
/// So many grants of each.
const KEYED_GRANTS: usize = 30;
/// Grants whose seats are assigned, and to how many people.
const SEAT_GRANTS: usize = 40;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// A seat for somebody.
    Assign,
    /// A key, for the first time or again.
    Reveal,
    /// An activation.
    Activate,
    /// A seat for oneself.
    Ask,
}

/// Something to be asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Wish {
    /// What.
    pub kind: Kind,
    /// Of which grant.
    pub grant: Uuid,
    /// For whom, where it is for somebody.
    pub person: Option<Uuid>,
    /// Which of the sessions asks.
    pub session: usize,
    /// The operation id, the same however often it is sent.
    pub operation: String,
}

/// An acknowledged operation, a line of the driver's file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Noted {
    /// What was asked for.
    pub wish: Wish,
    /// What was answered.
    pub answer: String,
}

impl Wish {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = match (self.kind, self.person) {
            (Kind::Assign, Some(person)) => return assignment(self.grant, person, &self.operation),
            (Kind::Reveal, _) => vec![("form", "reveal_key".to_owned()), ("accept", "true".to_owned())],
            (Kind::Activate, _) => vec![("form", "activate".to_owned()), ("version", "1".to_owned())],
            (Kind::Ask | Kind::Assign, _) => {
                vec![("form", "ask_for_seat".to_owned()), ("description", "For the tests.".to_owned())]
            }
        };
        fields.push(("target", self.grant.to_string()));
        fields.push(("operation", self.operation.clone()));
        fields
    }
}

/// What the database has of all that was asked for.
#[derive(Clone, Default, Debug)]
pub struct Found {
    /// Seats, their events and pools.
    pub seats: checker::Found,
    /// Ids of operations.
    pub operations: BTreeSet<String>,
    /// Grant and person of each request for a seat.
    pub asked: Vec<(Uuid, Uuid)>,
    /// The grant of each activation.
    pub activations: Vec<Uuid>,
    /// The grant of each service request for an activation.
    pub requests: Vec<Uuid>,
    /// The grant of each key that was drawn, by the key.
    pub keys: BTreeMap<Uuid, Uuid>,
    /// The key of each event of a reveal.
    pub reveals: Vec<Uuid>,
}

/// Where the file and the database don't agree, a sentence each.
#[must_use]
pub fn compare(noted: &[Noted], found: &Found) -> Vec<String> {
    let mut violations = Vec::new();
    let mut acknowledged = Acknowledged::default();
    let mut reveals: BTreeMap<Uuid, (usize, BTreeSet<&str>)> = BTreeMap::new();
    let mut operations = BTreeSet::new();
    for Noted { wish, answer } in noted {
        let Wish { kind, grant, person, operation, .. } = wish;
        if !operations.insert(operation) {
            continue;
        }
        if !found.operations.contains(operation) {
            violations.push(format!("{kind:?}: operation {operation} is lost"));
        }
        let mut once = |what: &str, count: usize| {
            if count != 1 {
                violations.push(format!("{kind:?}: grant {grant} has {count} {what}"));
            }
        };
        match (kind, person) {
            (Kind::Assign, Some(person)) => acknowledged.assigned.push((*grant, *person)),
            (Kind::Ask, Some(person)) => {
                once(
                    "requests of the person",
                    found.asked.iter().filter(|one| **one == (*grant, *person)).count(),
                );
            }
            (Kind::Activate, _) => {
                once("activations", found.activations.iter().filter(|one| *one == grant).count());
                once("service requests", found.requests.iter().filter(|one| *one == grant).count());
            }
            (Kind::Reveal, _) => {
                let entry = reveals.entry(*grant).or_default();
                entry.0 += 1;
                entry.1.insert(answer);
            }
            (Kind::Assign | Kind::Ask, None) => violations.push(format!("{kind:?} of nobody")),
        }
    }
    for (grant, (told, answers)) in reveals {
        let keys: Vec<&Uuid> =
            found.keys.iter().filter(|(_, of)| **of == grant).map(|(key, _)| key).collect();
        let events = found.reveals.iter().filter(|key| keys.contains(key)).count();
        if keys.len() != 1 || answers.len() != 1 || events != told {
            violations.push(format!(
                "grant {grant}: {told} reveals with {} answers; {} keys, {events} events",
                answers.len(),
                keys.len()
            ));
        }
    }
    violations.extend(checker::violations(&acknowledged, &found.seats));
    violations
}

/// What came of all rounds.
#[derive(Clone, Default, Debug)]
pub struct Killed {
    /// How often the server was killed.
    pub rounds: usize,
    /// Acknowledged operations, by kind.
    pub acknowledged: BTreeMap<Kind, usize>,
    /// Outcomes that a kill left unknown.
    pub unknown: usize,
    /// What isn't as it should be.
    pub violations: Vec<String>,
}

/// The driver's own file: a line for each acknowledged operation, kept before anything else happens.
struct Notes {
    path: PathBuf,
    file: Mutex<File>,
}

impl Notes {
    fn new(path: PathBuf) -> Outcome<Self> {
        let file = Mutex::new(File::options().create(true).append(true).open(&path)?);
        Ok(Self { path, file })
    }

    fn note(&self, wish: Wish, answer: String) -> Outcome {
        let line = serde_json::to_string(&Noted { wish, answer })? + "\n";
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())?;
        file.sync_data()?;
        Ok(())
    }

    fn read(&self) -> Outcome<Vec<Noted>> {
        let text = std::fs::read_to_string(&self.path)?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

/// What is still to be asked for, shared by the clients.
struct Wishes {
    /// What can be asked for once, in any order.
    once: Vec<Wish>,
    /// Grants whose key is shown again and again.
    keyed: Vec<Uuid>,
}

impl Wishes {
    fn next(&mut self) -> Option<Wish> {
        let mut random = rand::rng();
        if random.random_bool(0.25) && !self.keyed.is_empty() {
            let grant = self.keyed[random.random_range(0..self.keyed.len())];
            return Some(Wish {
                kind: Kind::Reveal,
                grant,
                person: None,
                session: 0,
                operation: new_operation(),
            });
        }
        if self.once.is_empty() {
            return None;
        }
        let at = random.random_range(0..self.once.len());
        Some(self.once.swap_remove(at))
    }
}

/// Everything that a run needs.
struct Driver {
    place: Place,
    stage: Stage,
    sessions: Vec<String>,
    seat_grants: Vec<Uuid>,
    wishes: Arc<Mutex<Wishes>>,
    notes: Arc<Notes>,
    killed: Killed,
}

/// Kills the server so many times under load, on this database.
///
/// # Errors
/// The server doesn't start, or the database can't be read; what is lost is told as a violation.
pub async fn kill(program: &Program, place: &Place, rounds: usize) -> Outcome<Killed> {
    let mut driver = Driver::prepare(place, rounds).await?;
    let mut portal = Portal::start(program, place).await?;
    for _ in 0..rounds {
        portal = driver.round(program, portal).await?;
    }
    portal.stop().await?;
    let noted = driver.notes.read()?;
    for Noted { wish, .. } in &noted {
        *driver.killed.acknowledged.entry(wish.kind).or_default() += 1;
    }
    driver.stage.close().await?;
    Ok(driver.killed)
}

impl Driver {
    async fn prepare(place: &Place, rounds: usize) -> Outcome<Self> {
        let stage = place.connect().await?;
        let seat_grants = scene::grants(&stage, scene::VISUAL_STUDIO, SEAT_GRANTS, 100_000).await?;
        let people = scene::people(&stage, (rounds as u64 * 2).max(ASKERS)).await?;
        let mut keyed = Vec::new();
        for product in KEYED {
            keyed.extend(scene::grants(&stage, product, KEYED_GRANTS, 5).await?);
        }
        let ask_grants = (rounds * A_ROUND).div_ceil(ASKERS as usize);
        let ask_grants = scene::grants(&stage, scene::VISUAL_STUDIO, ask_grants, 10).await?;
        let mut sessions = vec![open_session(&stage, scene::ADMIN).await?];
        let mut askers = Vec::new();
        for number in 1..=ASKERS {
            let email = scene::email(number);
            sessions.push(open_session(&stage, &email).await?);
            let text = format!(
                "select p.id from person p join account a on a.id = p.account_id where a.email_key = '{email}'"
            );
            askers.push(stage.id(&text).await?);
        }
        let wish =
            |kind, grant, person, session| Wish { kind, grant, person, session, operation: new_operation() };
        let mut once = Vec::new();
        for grant in &seat_grants {
            once.extend(people.iter().map(|person| wish(Kind::Assign, *grant, Some(*person), 0)));
        }
        for grant in ask_grants {
            let of = |(at, person): (usize, &Uuid)| wish(Kind::Ask, grant, Some(*person), at + 1);
            once.extend(askers.iter().enumerate().map(of));
        }
        let activated = scene::grants(&stage, scene::TECHNICAL, rounds * A_ROUND, 1).await?;
        once.extend(activated.into_iter().map(|grant| wish(Kind::Activate, grant, None, 0)));
        let notes = Notes::new(place.folder.join("acknowledged.jsonl"))?;
        Ok(Self {
            place: place.clone(),
            stage,
            sessions,
            seat_grants,
            wishes: Arc::new(Mutex::new(Wishes { once, keyed })),
            notes: Arc::new(notes),
            killed: Killed::default(),
        })
    }

    /// Loads the server, kills it, starts it again and compares; gives the one that runs then.
    async fn round(&mut self, program: &Program, portal: Portal) -> Outcome<Portal> {
        let clients = self.clients(&portal)?;
        let before = self.notes.read()?.len();
        let mut running = Vec::new();
        for _ in 0..CLIENTS {
            running.push(tokio::spawn(ask(clients.clone(), self.wishes.clone(), self.notes.clone())));
        }
        let lives = rand::rng().random_range(LIVES);
        tokio::time::sleep(Duration::from_millis(lives)).await;
        portal.kill().await?;
        let mut unknown = Vec::new();
        for one in running {
            let (left, violations) = one.await??;
            unknown.extend(left);
            self.killed.violations.extend(violations);
        }
        self.killed.unknown += unknown.len();

        let portal = Portal::start(program, &self.place).await?;
        let clients = self.clients(&portal)?;
        for wish in unknown {
            match clients[wish.session].send(&wish.fields(), None).await {
                Answer::Done(answer) => self.notes.note(wish, answer)?,
                other => self.killed.violations.push(format!("{wish:?}, sent again: {other:?}")),
            }
        }
        let noted = self.notes.read()?;
        for Noted { wish, answer } in noted.iter().skip(before).rev().take(AGAIN) {
            let again = clients[wish.session].send(&wish.fields(), None).await;
            if again != Answer::Done(answer.clone()) {
                self.killed.violations.push(format!("{wish:?} was answered {answer}, then {again:?}"));
            }
        }
        let found = self.read().await?;
        let missing =
            compare(&noted, &found).into_iter().map(|text| format!("round {}: {text}", self.killed.rounds));
        self.killed.violations.extend(missing);
        self.killed.rounds += 1;
        Ok(portal)
    }

    fn clients(&self, portal: &Portal) -> Outcome<Arc<Vec<Client>>> {
        let clients: Outcome<Vec<Client>> =
            self.sessions.iter().map(|cookie| Client::new(&portal.address, cookie)).collect();
        clients.map(Arc::new)
    }

    async fn read(&self) -> Outcome<Found> {
        #[derive(FromQueryResult)]
        struct Text {
            id: String,
        }
        #[derive(FromQueryResult)]
        struct Pair {
            first: Uuid,
            second: Uuid,
        }
        let reader = self.stage.database.reader();
        let pairs = async |text: &str| -> Outcome<Vec<(Uuid, Uuid)>> {
            let pairs = sql::all::<Pair>(reader, text, []).await?;
            Ok(pairs.into_iter().map(|Pair { first, second }| (first, second)).collect())
        };
        let operations = sql::all::<Text>(reader, "select id from operation", []).await?;
        let reveals = "select object_id as id from audit_event where action = 'key_revealed'";
        let reveals = sql::all::<Text>(reader, reveals, []).await?;
        let keys = "select id as first, grant_id as second from product_key
            where grant_id is not null and seat_id is null and state in ('held', 'spent')";
        let requests =
            "select grant_id as id from service_request where kind = 'activation' and grant_id is not null";
        Ok(Found {
            seats: checker::read(&self.stage, &self.seat_grants).await?,
            operations: operations.into_iter().map(|row| row.id).collect(),
            asked: pairs("select grant_id as first, person_id as second from seat_request").await?,
            activations: self.stage.ids("select grant_id as id from activation").await?,
            requests: self.stage.ids(requests).await?,
            keys: pairs(keys).await?.into_iter().collect(),
            reveals: reveals.iter().filter_map(|row| row.id.parse().ok()).collect(),
        })
    }
}

/// Asks until the server is gone; gives what it doesn't know the outcome of, and what was refused.
async fn ask(
    clients: Arc<Vec<Client>>,
    wishes: Arc<Mutex<Wishes>>,
    notes: Arc<Notes>,
) -> Outcome<(Option<Wish>, Vec<String>)> {
    let mut refused = Vec::new();
    loop {
        let wish = wishes.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(wish) = wish else { return Ok((None, refused)) };
        match clients[wish.session].send(&wish.fields(), None).await {
            Answer::Done(answer) => notes.note(wish, answer)?,
            Answer::Refused(status, code) => refused.push(format!("{wish:?} was refused: {status} {code}")),
            Answer::Unknown(_) => return Ok((Some(wish), refused)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: Uuid = Uuid::from_u128(1);
    const PERSON: Uuid = Uuid::from_u128(2);
    const KEY: Uuid = Uuid::from_u128(3);

    fn noted(kind: Kind, operation: &str, answer: &str) -> Noted {
        let wish =
            Wish { kind, grant: GRANT, person: Some(PERSON), session: 0, operation: operation.to_owned() };
        Noted { wish, answer: answer.to_owned() }
    }

    /// Asked, activated, and revealed twice.
    fn agreeing() -> (Vec<Noted>, Found) {
        let all = vec![
            noted(Kind::Ask, "one", "asked"),
            noted(Kind::Activate, "two", "number 7"),
            noted(Kind::Reveal, "three", "a key"),
            noted(Kind::Reveal, "four", "a key"),
        ];
        let found = Found {
            operations: all.iter().map(|noted| noted.wish.operation.clone()).collect(),
            asked: vec![(GRANT, PERSON)],
            activations: vec![GRANT],
            requests: vec![GRANT],
            keys: BTreeMap::from([(KEY, GRANT)]),
            reveals: vec![KEY, KEY],
            ..Found::default()
        };
        (all, found)
    }

    fn violations_after(change: impl FnOnce(&mut Vec<Noted>, &mut Found)) -> usize {
        let (mut noted, mut found) = agreeing();
        change(&mut noted, &mut found);
        compare(&noted, &found).len()
    }

    #[test]
    fn what_agrees_is_no_violation_and_a_line_written_twice_counts_once() {
        assert_eq!(violations_after(|_, _| {}), 0);
        assert_eq!(violations_after(|noted, _| noted.push(noted[0].clone())), 0);
    }

    #[test]
    fn what_is_lost_is_found() {
        assert_eq!(violations_after(|_, found| found.operations.retain(|id| id != "one")), 1);
        assert_eq!(violations_after(|_, found| found.asked.clear()), 1);
        assert_eq!(violations_after(|_, found| found.activations.clear()), 1);
        assert_eq!(violations_after(|_, found| found.requests.clear()), 1);
        assert_eq!(violations_after(|_, found| found.keys.clear()), 1);
        assert_eq!(violations_after(|_, found| found.reveals.truncate(1)), 1);
        assert_eq!(
            violations_after(|noted, found| {
                noted.push(noted_seat());
                found.operations.insert("five".to_owned());
            }),
            1
        );
    }

    #[test]
    fn what_is_there_twice_is_found() {
        assert_eq!(violations_after(|_, found| found.asked.push((GRANT, PERSON))), 1);
        assert_eq!(violations_after(|_, found| found.activations.push(GRANT)), 1);
        assert_eq!(violations_after(|_, found| found.reveals.push(KEY)), 1);
        assert_eq!(violations_after(|_, found| found.keys.extend([(PERSON, GRANT)])), 1);
        assert_eq!(violations_after(|noted, _| noted[3].answer = "another key".to_owned()), 1);
    }

    fn noted_seat() -> Noted {
        noted(Kind::Assign, "five", "assigned")
    }
}
