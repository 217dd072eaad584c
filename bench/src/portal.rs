//! A server of the release, on a core of its own.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::Outcome;
use crate::database::Place;

/// The core of the server.
pub const SERVER_CORE: &str = "0";
/// The core of whoever asks it.
pub const CLIENT_CORE: &str = "1";

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// The product's program, and whether it keeps to one core.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program.
    pub binary: PathBuf,
    /// Whether it runs on [`SERVER_CORE`] with one thread for its tasks.
    pub pinned: bool,
}

impl Program {
    /// The program, on one core.
    #[must_use]
    pub fn pinned(binary: &Path) -> Self {
        Self { binary: binary.to_owned(), pinned: true }
    }

    /// The program, wherever the system puts it.
    #[must_use]
    pub fn free(binary: &Path) -> Self {
        Self { binary: binary.to_owned(), pinned: false }
    }

    /// How it is started.
    #[must_use]
    pub fn command(&self) -> Command {
        if !self.pinned {
            return Command::new(&self.binary);
        }
        let mut command = Command::new("taskset");
        command.args(["-c", SERVER_CORE]).arg(&self.binary).env("TOKIO_WORKER_THREADS", "1");
        command
    }
}

/// A running server.
pub struct Portal {
    /// Such as `http://127.0.0.1:40123`.
    pub address: String,
    /// From its start to the first page answered.
    pub started_within: Duration,
    child: Child,
}

impl Portal {
    /// Starts `binary serve` over a database and waits until it answers.
    ///
    /// # Errors
    /// It ends, or doesn't answer in time.
    pub async fn start(program: &Program, place: &Place) -> Outcome<Self> {
        Self::start_with_log(program, place, &place.folder.join("server.log")).await
    }

    /// Starts it with its log in another place.
    ///
    /// # Errors
    /// As [`Portal::start`].
    pub async fn start_with_log(program: &Program, place: &Place, log: &Path) -> Outcome<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut command = program.command();
        command.arg("serve");
        command.current_dir(&place.folder).envs(place.environment());
        command.env("BENEFITS_CENTER_ADDRESS", &address);
        command
            .env("BENEFITS_CENTER_TRUST_PROXY", "1")
            .env("BENEFITS_CENTER_LOG", "warn")
            .env("NO_COLOR", "1");
        Self::wait(command, log, address, "/sign-in").await
    }

    /// Starts any server that answers on `path`.
    ///
    /// # Errors
    /// As [`Portal::start`].
    pub async fn wait(mut command: Command, log: &Path, address: String, path: &str) -> Outcome<Self> {
        let log_file = File::options().create(true).append(true).open(log)?;
        let start = Instant::now();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log_file).kill_on_drop(true).spawn()?;
        let client = crate::client::plain().pool_max_idle_per_host(0).build()?;
        let page = format!("http://{address}{path}");
        while start.elapsed() < START_LIMIT {
            if let Some(status) = child.try_wait()? {
                let text = std::fs::read_to_string(log).unwrap_or_default();
                let last = text.lines().last().unwrap_or("its log says nothing").to_owned();
                return Err(format!("the server ended ({status}): {last}").into());
            }
            if client.get(&page).send().await.is_ok_and(|answer| answer.status().is_success()) {
                let started_within = start.elapsed();
                return Ok(Self { address: format!("http://{address}"), started_within, child });
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err(format!("the server did not answer on {page}").into())
    }

    /// Its process.
    ///
    /// # Errors
    /// It has ended.
    pub fn pid(&self) -> Outcome<u32> {
        self.child.id().ok_or_else(|| "the server has ended".into())
    }

    /// Memory in use, in MB: the resident set.
    ///
    /// # Errors
    /// The system doesn't say.
    pub fn memory(&self) -> Outcome<f64> {
        self.memory_of("VmRSS:")
    }

    /// The most memory that was in use so far, in MB.
    ///
    /// # Errors
    /// The system doesn't say.
    pub fn most_memory(&self) -> Outcome<f64> {
        self.memory_of("VmHWM:")
    }

    fn memory_of(&self, line: &str) -> Outcome<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let amount = text.lines().find_map(|one| one.strip_prefix(line)).ok_or("the memory isn't said")?;
        let kilobytes: f64 = amount.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Ends it as a power cut would end a process: at once.
    ///
    /// # Errors
    /// It can't be waited for.
    pub async fn kill(mut self) -> Outcome {
        self.child.start_kill()?;
        self.child.wait().await?;
        Ok(())
    }

    /// Asks it to end and waits.
    ///
    /// # Errors
    /// It doesn't end.
    pub async fn stop(mut self) -> Outcome {
        Command::new("kill").args(["-TERM", &self.pid()?.to_string()]).status().await?;
        if tokio::time::timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            self.child.start_kill()?;
            self.child.wait().await?;
            return Err("the server did not end when it was asked to".into());
        }
        Ok(())
    }
}

/// A port that nobody listens on.
///
/// # Errors
/// There is none.
pub fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
