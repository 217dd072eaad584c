//! A command of the product, run to its end.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::database::Place;
use crate::portal::Program;

/// How often the memory is asked for.
const LOOK: Duration = Duration::from_millis(20);

/// What a command took.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Seconds of the whole command.
    pub seconds: f64,
    /// The most memory that it held (VmHWM), in MB.
    pub megabytes: f64,
}

/// Runs a command over a database.
///
/// # Errors
/// It can't be started, or fails: with the last line of what it said.
pub async fn run(program: &Program, place: &Place, arguments: &[&str]) -> Outcome<Taken> {
    let mut command = program.command();
    command.args(arguments).current_dir(&place.folder).envs(place.environment());
    let path = place.folder.join("command.log");
    let log = std::fs::File::create(&path)?;
    let start = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true).spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id().ok_or("it ended at once")?));
    let mut megabytes = 0.0_f64;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        megabytes = megabytes.max(held(&status).unwrap_or(0.0));
        tokio::time::sleep(LOOK).await;
    };
    let seconds = start.elapsed().as_secs_f64();
    if !ended.success() {
        let log = std::fs::read_to_string(&path).unwrap_or_default();
        let last = log.lines().last().unwrap_or("it says nothing").to_owned();
        return Err(format!("{} ended ({ended}): {last}", arguments.join(" ")).into());
    }
    Ok(Taken { seconds, megabytes })
}

/// The most that a process held so far, in MB.
fn held(status: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}
