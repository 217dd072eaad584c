//! A real PostgreSQL for tests and figures: its own data folder, its own port, gone afterwards.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome, While};
use crate::workspace::Workspace;
use crate::{prerequisites, process};

const SETUP_LIMIT: Duration = Duration::from_secs(120);
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);
/// The system account that runs the server where this program is root.
const SYSTEM_USER: &str = "postgres";

/// What makes tests quick. Nothing here has to survive a power cut.
const QUICK: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// As it runs for real: figures are of this.
const DURABLE: [&str; 3] = ["fsync=on", "synchronous_commit=on", "full_page_writes=on"];

/// What both have in common.
const SETTINGS: [&str; 5] = [
    "max_connections=300",
    "shared_buffers=128MB",
    "jit=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_permissions=0700",
];

/// What a commit is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Commits {
    /// Nothing: for tests.
    Quick,
    /// It survives a power cut.
    Durable,
}

impl Commits {
    const fn settings(self) -> [&'static str; 3] {
        match self {
            Self::Quick => QUICK,
            Self::Durable => DURABLE,
        }
    }
}

/// A running server. Dropping it stops the server and removes its folder.
pub struct Postgres {
    folder: PathBuf,
    server: Launched,
    url: String,
}

/// A server's process, and how it was started.
struct Launched {
    child: Child,
    port: u16,
    command: Vec<String>,
}

impl Postgres {
    /// Finds PostgreSQL, installing it where that is possible, and starts a new server for tests.
    pub fn start(workspace: &Workspace) -> Outcome<Self> {
        Self::start_with(workspace, Commits::Quick)
    }

    /// The same for figures: what it commits is kept as it is where the product runs for real.
    pub fn start_durable(workspace: &Workspace) -> Outcome<Self> {
        Self::start_with(workspace, Commits::Durable)
    }

    fn start_with(workspace: &Workspace, commits: Commits) -> Outcome<Self> {
        let programs = Programs::find_or_install()?;
        let base = base_folder(workspace, programs.as_other_user)?;
        sweep(&base);
        let folder = base.join(std::process::id().to_string());
        create(&folder, programs.as_other_user)?;
        let password = password()?;
        let started = set_up(&programs, &folder, &password)
            .and_then(|()| launch_with_retries(&programs, &folder, commits));
        match started {
            Ok(server) => Ok(Self {
                url: format!("postgres://postgres:{password}@127.0.0.1:{}/postgres", server.port),
                folder,
                server,
            }),
            Err(failure) => {
                let _ = fs::remove_dir_all(&folder);
                Err(failure)
            }
        }
    }

    /// Where the tests connect, as a user who may create databases.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its data folder, with `postmaster.pid` while it runs.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Program and arguments that start it once it was stopped.
    pub fn command(&self) -> &[String] {
        &self.server.command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        stop(&self.folder, Some(&mut self.server.child));
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The programs of one installation.
struct Programs {
    folder: PathBuf,
    /// PostgreSQL refuses to run as root, so root runs it as the system account.
    as_other_user: bool,
}

impl Programs {
    fn find_or_install() -> Outcome<Self> {
        let folder = match find() {
            Some(folder) => folder,
            None => {
                prerequisites::debian_packages("PostgreSQL", &["postgresql"])?;
                find().ok_or_else(|| {
                    Failure::new("PostgreSQL is installed, but its `initdb` was not found: put its folder on the PATH.")
                })?
            }
        };
        Ok(Self { folder, as_other_user: prerequisites::is_root() })
    }

    fn command(&self, program: &str) -> Command {
        as_user(self.as_other_user, &self.folder.join(program))
    }
}

/// The newest installation: Debian's folders first, then Homebrew's, then the `PATH`.
fn find() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = Vec::new();
    for entry in fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let version = entry.file_name().to_string_lossy().parse().unwrap_or(0);
        versions.push((version, entry.path().join("bin")));
    }
    for entry in fs::read_dir("/opt/homebrew/opt").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(version) = name.strip_prefix("postgresql@").and_then(|version| version.parse().ok()) {
            versions.push((version, entry.path().join("bin")));
        }
    }
    versions.sort();
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    versions
        .into_iter()
        .rev()
        .map(|(_, folder)| folder)
        .chain(on_path.into_iter().flatten())
        .find(|folder| ["initdb", "postgres", "pg_isready"].iter().all(|name| folder.join(name).exists()))
}

fn as_user(other: bool, program: &Path) -> Command {
    if !other {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", SYSTEM_USER, "--"]).arg(program);
    command
}

/// The folder that holds one folder per run. The system account often can't enter root's home; then
/// its own home is used.
fn base_folder(workspace: &Workspace, as_other_user: bool) -> Outcome<PathBuf> {
    let own = workspace.target.join("test-postgres");
    fs::create_dir_all(&own).could_not(|| format!("create {}", own.display()))?;
    if !as_other_user {
        return Ok(own);
    }
    let mut enter = as_user(true, Path::new("test"));
    enter.arg("-x").arg(&own);
    if process::read(&mut enter, SETUP_LIMIT).is_ok() {
        return Ok(own);
    }
    let entry =
        process::read(Command::new("getent").args(["passwd", SYSTEM_USER]), SETUP_LIMIT).map_err(|_| {
            Failure::new("the system account `postgres` is missing: run `apt-get install postgresql`.")
        })?;
    let home = entry.trim().split(':').nth(5).map(PathBuf::from);
    let home = home.filter(|home| home.is_dir()).ok_or_else(|| {
        Failure::new("the system account `postgres` has no home folder: run `apt-get install --reinstall postgresql-common`.")
    })?;
    let base = home.join("benefits-center-tests");
    process::read(as_user(true, Path::new("mkdir")).arg("-p").arg(&base), SETUP_LIMIT)?;
    Ok(base)
}

/// Removes what runs left behind that were killed before they could.
fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let owner: Option<u32> = entry.file_name().to_string_lossy().parse().ok();
        if owner.is_some_and(|pid| !process::alive(pid) || pid == std::process::id()) {
            stop(&entry.path(), None);
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn create(folder: &Path, as_other_user: bool) -> Outcome {
    fs::create_dir_all(folder).could_not(|| format!("create {}", folder.display()))?;
    process::read(Command::new("chmod").arg("700").arg(folder), SETUP_LIMIT)?;
    if as_other_user {
        process::read(Command::new("chown").arg(SYSTEM_USER).arg(folder), SETUP_LIMIT)?;
    }
    Ok(())
}

fn set_up(programs: &Programs, folder: &Path, password: &str) -> Outcome {
    let password_file = folder.join("password");
    fs::write(&password_file, password).could_not(|| format!("write {}", password_file.display()))?;
    if programs.as_other_user {
        process::read(Command::new("chown").arg(SYSTEM_USER).arg(&password_file), SETUP_LIMIT)?;
    }
    let locale = if cfg!(target_os = "linux") { "--locale=C.UTF-8" } else { "--locale=C" };
    let mut initdb = programs.command("initdb");
    // The folder of the checkout may be closed to the system account.
    initdb.current_dir("/").arg("-D").arg(folder.join("data"));
    initdb.args(["-U", "postgres", "--auth=password", "--encoding=UTF8", locale, "--no-sync"]);
    initdb.arg("--pwfile").arg(&password_file);
    process::read(&mut initdb, SETUP_LIMIT)?;
    let _ = fs::remove_file(&password_file);
    Ok(())
}

/// Another program may take the port between the choice and the start.
fn launch_with_retries(programs: &Programs, folder: &Path, commits: Commits) -> Outcome<Launched> {
    let mut last = launch(programs, folder, commits);
    for _ in 0..2 {
        if last.is_ok() {
            break;
        }
        last = launch(programs, folder, commits);
    }
    last
}

fn launch(programs: &Programs, folder: &Path, commits: Commits) -> Outcome<Launched> {
    let port = free_port()?;
    let log = folder.join("log");
    let log_file = fs::File::create(&log).could_not(|| format!("write {}", log.display()))?;
    let errors = log_file.try_clone().could_not(|| format!("write {}", log.display()))?;
    let mut command = programs.command("postgres");
    command.current_dir("/").arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]);
    for setting in commits.settings().iter().chain(&SETTINGS) {
        command.args(["-c", setting]);
    }
    command.arg("-c").arg(socket_setting(folder));
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| word.to_string_lossy().into_owned()).collect();
    command.stdin(Stdio::null()).stdout(log_file).stderr(errors);
    let mut child = process::spawn(&mut command)?;
    let end = Instant::now() + START_LIMIT;
    while Instant::now() < end {
        let ended = matches!(child.try_wait(), Ok(Some(_)));
        if ended {
            break;
        }
        let mut ready = Command::new(programs.folder.join("pg_isready"));
        ready.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        if process::read(&mut ready, SETUP_LIMIT).is_ok() {
            return Ok(Launched { child, port, command: words });
        }
        thread::sleep(POLL);
    }
    stop(folder, Some(&mut child));
    let text = fs::read_to_string(&log).unwrap_or_default();
    let reason = text.lines().rev().find(|line| line.contains("FATAL") || line.contains("ERROR"));
    Err(Failure::new(format!("PostgreSQL did not start: {}", reason.unwrap_or("its log says nothing"))))
}

/// The socket stands in the run's own folder, or nowhere when that path is longer than a socket's
/// name may be.
fn socket_setting(folder: &Path) -> String {
    let folder = folder.to_string_lossy();
    let longest_name = 80;
    let usable = folder.len() < longest_name && !folder.contains([',', '"', '\'']);
    format!("unix_socket_directories={}", if usable { &folder } else { "" })
}

/// Stops the server of the folder by the process id it wrote itself.
fn stop(folder: &Path, mut child: Option<&mut Child>) {
    let server = fs::read_to_string(folder.join("data/postmaster.pid"))
        .ok()
        .and_then(|text| text.lines().next().and_then(|line| line.trim().parse::<u32>().ok()))
        .filter(|pid| is_postgres(*pid));
    // Interrupt closes connections and ends in order, quit ends at once.
    for name in ["INT", "QUIT", "KILL"] {
        let Some(server) = server else { break };
        process::signal(name, &[server]);
        let end = Instant::now() + STOP_LIMIT / 2;
        while Instant::now() < end && process::alive(server) {
            if let Some(child) = child.as_deref_mut() {
                let _ = child.try_wait();
            }
            thread::sleep(POLL);
        }
        if !process::alive(server) {
            break;
        }
    }
    if let Some(child) = child {
        process::stop_tree(child);
    }
}

fn is_postgres(pid: u32) -> bool {
    let mut ps = Command::new("ps");
    ps.args(["-p", &pid.to_string(), "-o", "comm="]);
    process::read(&mut ps, SETUP_LIMIT).is_ok_and(|name| name.contains("postgres"))
}

fn free_port() -> Outcome<u16> {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    Ok(address.could_not(|| "find a free port".to_owned())?.port())
}

fn password() -> Outcome<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .could_not(|| "read random bytes".to_owned())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_folder_gets_no_socket() {
        assert_eq!(socket_setting(Path::new("/short")), "unix_socket_directories=/short");
        let long = format!("/{}", "x".repeat(100));
        assert_eq!(socket_setting(Path::new(&long)), "unix_socket_directories=");
    }

    #[test]
    fn passwords_are_long_and_differ() {
        let (one, two) = (password().unwrap_or_default(), password().unwrap_or_default());
        assert_eq!(one.len(), 32);
        assert_ne!(one, two);
    }
}
