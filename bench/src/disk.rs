//! A full disk: changes are refused, pages go on, and with room again so do changes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::StatusCode;
use uuid::Uuid;

use crate::checker::{self, Acknowledged};
use crate::client::{Answer, Client, assignment, new_operation, open_session};
use crate::database::{Engine, Source};
use crate::portal::{Portal, Program};
use crate::{Outcome, scene};

/// So large is the disk.
const SIZE: &str = "48m";
/// So many refusals have to be seen before there is room again.
const REFUSALS: usize = 50;
/// Before that, so many changes may still find a place that is theirs already.
const ATTEMPTS: usize = 5000;
const AFTERWARDS: usize = 20;

/// What came of it.
#[derive(Clone, Default, Debug)]
pub struct Full {
    /// Answers to changes while the disk was full, by status and code.
    pub changes: BTreeMap<String, u64>,
    /// Answers to pages while the disk was full, by status.
    pub pages: BTreeMap<String, u64>,
    /// Changes carried out once there was room again.
    pub afterwards: usize,
    /// What the server's log says went wrong, each cause once.
    pub log: Vec<String>,
    /// What isn't as it should be.
    pub violations: Vec<String>,
}

/// A small disk in memory, gone when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path) -> Outcome<Self> {
        std::fs::create_dir_all(folder)?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={SIZE}"), "tmpfs"])
            .arg(folder)
            .output()?;
        if !mounted.status.success() {
            return Err(String::from_utf8_lossy(&mounted.stderr).trim().to_owned().into());
        }
        Ok(Self(folder.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that was just killed may still be there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Whether a small disk can be mounted here, else why not.
#[must_use]
pub fn why_not(folder: &Path) -> Option<String> {
    Disk::mount(&folder.join("probe")).err().map(|trouble| trouble.to_string())
}

/// Fills the disk under the server, in a folder of this name.
///
/// # Errors
/// The server doesn't start, or the database can't be read.
pub async fn fill(program: &Program, source: &Source, folder: &Path) -> Outcome<Full> {
    let disk = Disk::mount(folder)?;
    let place = source.create_in(Engine::Sqlite, &disk.0.join("portal")).await?;
    let stage = place.connect().await?;
    let grants = scene::grants(&stage, scene::VISUAL_STUDIO, 20, 100_000).await?;
    let people = scene::people(&stage, 500).await?;
    let cookie = open_session(&stage, scene::ADMIN).await?;
    stage.close().await?;
    let mut pairs = grants.iter().flat_map(|grant| people.iter().map(|person| (*grant, *person)));
    // Elsewhere: it is the database's disk that is full, and the log says what became of it.
    let log = folder.with_extension("log");
    let portal = Portal::start_with_log(program, &place, &log).await?;
    let client = Client::new(&portal.address, &cookie)?;
    let mut full = Full::default();
    let mut acknowledged = Acknowledged::default();

    if full.change(&client, &mut pairs, &mut acknowledged).await != Some(true) {
        full.violations.push("no change was carried out before the disk was full".to_owned());
    }
    full.changes.clear();
    let filler = disk.0.join("filler");
    fill_up(&filler)?;
    let mut refused = 0;
    for _ in 0..ATTEMPTS {
        match full.change(&client, &mut pairs, &mut acknowledged).await {
            Some(true) => {}
            Some(false) => refused += 1,
            None => break,
        }
        let status = match client.status(scene::PAGE).await {
            Ok(status) => status.as_str().to_owned(),
            Err(trouble) => trouble.to_string(),
        };
        if status != StatusCode::OK.as_str() {
            full.violations.push(format!("a page was answered with {status} while the disk was full"));
        }
        *full.pages.entry(status).or_default() += 1;
        if refused >= REFUSALS {
            break;
        }
    }
    if refused == 0 {
        full.violations.push("nothing was refused while the disk was full".to_owned());
    }
    std::fs::remove_file(&filler)?;
    let during = full.changes.clone();
    for _ in 0..AFTERWARDS {
        match full.change(&client, &mut pairs, &mut acknowledged).await {
            Some(true) => full.afterwards += 1,
            _ => full.violations.push("a change was refused although there was room again".to_owned()),
        }
    }
    full.changes = during;
    portal.stop().await?;
    let stage = place.connect().await?;
    full.violations.extend(checker::violations(&acknowledged, &checker::read(&stage, &grants).await?));
    stage.close().await?;
    full.log = causes(&std::fs::read_to_string(log)?);
    drop(disk);
    Ok(full)
}

/// The causes that a log tells, each once.
fn causes(log: &str) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    for line in log.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")) {
        let cause = line.rsplit("cause").next().unwrap_or(line);
        if !causes.iter().any(|kept| kept.ends_with(cause)) {
            causes.push(line.to_owned());
        }
    }
    causes
}

impl Full {
    /// Assigns one seat: whether it was carried out; none when there is nothing left to assign.
    async fn change(
        &mut self,
        client: &Client,
        pairs: &mut impl Iterator<Item = (Uuid, Uuid)>,
        acknowledged: &mut Acknowledged,
    ) -> Option<bool> {
        let (grant, person) = pairs.next()?;
        let answer = client.send(&assignment(grant, person, &new_operation()), None).await;
        let (name, done) = match answer {
            Answer::Done(_) => {
                acknowledged.assigned.push((grant, person));
                ("200".to_owned(), true)
            }
            Answer::Refused(status, code) => {
                let clean =
                    matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE);
                if !clean {
                    self.violations.push(format!("a change was answered with {status} {code}"));
                }
                (format!("{} {code}", status.as_str()), false)
            }
            Answer::Unknown(why) => {
                self.violations.push(format!("a change was not answered: {why}"));
                (why, false)
            }
        };
        *self.changes.entry(name).or_default() += 1;
        Some(done)
    }
}

/// Takes all the room that is left, in ever smaller pieces.
fn fill_up(path: &Path) -> Outcome {
    let mut file = File::create(path)?;
    let mut piece = 1024 * 1024;
    while piece >= 512 {
        if file.write_all(&vec![0; piece]).is_err() {
            piece /= 2;
        }
    }
    Ok(())
}
