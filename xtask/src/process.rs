//! Runs other programs with a time limit, and ends only what was started here.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome, While};

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);

/// The program's name and arguments as one would type them.
pub fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Runs to the end with the terminal's output; anything but success is a failure.
pub fn run(command: &mut Command, limit: Duration) -> Outcome {
    let mut child = spawn(command)?;
    let status = wait(&mut child, limit, &shown(command))?;
    succeeded(status, command)
}

/// Runs to the end and says whether it succeeded; not starting, or taking too long, is a failure.
pub fn succeeds(command: &mut Command, limit: Duration) -> Outcome<bool> {
    let mut child = spawn(command)?;
    Ok(wait(&mut child, limit, &shown(command))?.success())
}

/// Runs to the end without showing anything, and returns what was written to standard output.
pub fn read(command: &mut Command, limit: Duration) -> Outcome<String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = spawn(command)?;
    let output = child.stdout.take().map(collect);
    let errors = child.stderr.take().map(collect);
    let status = wait(&mut child, limit, &shown(command))?;
    let text = |source: Option<Receiver<String>>| {
        source.and_then(|source| source.recv_timeout(GRACE).ok()).unwrap_or_default()
    };
    let (output, errors) = (text(output), text(errors));
    if status.success() {
        return Ok(output);
    }
    let last = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(Failure::new(format!("`{}` failed: {}", shown(command), last.trim())))
}

/// Runs to the end, shows each line of standard output and hands it to `line`. The answer says
/// whether the program succeeded.
pub fn run_reading(command: &mut Command, limit: Duration, mut line: impl FnMut(&str)) -> Outcome<bool> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = spawn(command)?;
    let name = shown(command);
    let Some(output) = child.stdout.take() else {
        return Err(Failure::new(format!("`{name}` has no standard output")));
    };
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for text in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&text).into_owned()).is_err() {
                break;
            }
        }
    });
    let end = Instant::now() + limit;
    let mut ended: Option<(ExitStatus, Instant)> = None;
    loop {
        match lines.recv_timeout(POLL) {
            Ok(text) => {
                println!("{text}");
                line(&text);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                // A grandchild may keep the pipe open for ever after the program itself ended.
                if ended.is_some_and(|(_, since)| since.elapsed() > GRACE) {
                    break;
                }
            }
        }
        if ended.is_none() {
            ended = child.try_wait().could_not(|| format!("wait for `{name}`"))?.map(|s| (s, Instant::now()));
        }
        if ended.is_none() && Instant::now() > end {
            stop_tree(&mut child);
            return Err(too_long(&name, limit));
        }
    }
    let status = match ended {
        Some((status, _)) => status,
        None => wait(&mut child, end.saturating_duration_since(Instant::now()) + GRACE, &name)?,
    };
    Ok(status.success())
}

/// Whether the program can be started at all.
pub fn exists(program: &str) -> bool {
    read(Command::new(program).arg("--version"), Duration::from_secs(20)).is_ok()
}

/// Starts the program; it lives until somebody waits for it or stops it.
pub fn spawn(command: &mut Command) -> Outcome<Child> {
    command.spawn().map_err(|error| {
        let name = command.get_program().to_string_lossy();
        if error.kind() == io::ErrorKind::NotFound {
            Failure::new(format!("the program `{name}` is missing"))
        } else {
            Failure::new(format!("could not start `{name}`: {error}"))
        }
    })
}

/// Ends the program and everything it started, gently first.
pub fn stop_tree(child: &mut Child) {
    let mut tree = descendants(child.id());
    signal("TERM", &tree);
    let end = Instant::now() + GRACE;
    while Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(POLL);
    }
    for pid in tree.clone() {
        for below in descendants(pid) {
            if !tree.contains(&below) {
                tree.push(below);
            }
        }
    }
    tree.retain(|pid| alive(*pid));
    signal("KILL", &tree);
    let _ = child.wait();
}

/// Sends a signal to processes that were started from here; one that has ended is no error.
pub fn signal(name: &str, pids: &[u32]) {
    if pids.is_empty() {
        return;
    }
    let _ = Command::new("kill")
        .arg(format!("-{name}"))
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status();
}

/// Whether a process of this id exists.
pub fn alive(pid: u32) -> bool {
    Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn wait(child: &mut Child, limit: Duration, name: &str) -> Outcome<ExitStatus> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().could_not(|| format!("wait for `{name}`"))? {
            return Ok(status);
        }
        if Instant::now() > end {
            stop_tree(child);
            return Err(too_long(name, limit));
        }
        thread::sleep(POLL / 2);
    }
}

fn succeeded(status: ExitStatus, command: &Command) -> Outcome {
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("`{}` failed", shown(command))))
}

fn too_long(name: &str, limit: Duration) -> Failure {
    Failure::new(format!("`{name}` took longer than {} minutes and was stopped", limit.as_secs() / 60))
}

fn collect(mut source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = source.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// The process and all below it.
fn descendants(root: u32) -> Vec<u32> {
    let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let listed =
        listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    below(root, &listed)
}

fn below(root: u32, listed: &str) -> Vec<u32> {
    let pairs: Vec<(u32, u32)> = listed
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
        .collect();
    let mut found = vec![root];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        for (pid, above) in &pairs {
            if *above == parent && !found.contains(pid) {
                found.push(*pid);
            }
        }
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_the_process_and_all_below_it() {
        let listed = "  1 0\n 10 1\n 11 10\n 12 11\n 20 1\n";
        assert_eq!(below(10, listed), [10, 11, 12]);
        assert_eq!(below(99, listed), [99]);
    }

    #[test]
    fn output_is_read_and_a_failure_keeps_the_last_line() {
        let limit = Duration::from_secs(10);
        assert_eq!(read(Command::new("echo").arg("one"), limit).ok().as_deref(), Some("one\n"));
        let failed = read(Command::new("sh").args(["-c", "echo two >&2; exit 3"]), limit);
        assert!(failed.is_err_and(|failure| failure.to_string().ends_with("failed: two")));
    }

    #[test]
    fn a_program_that_hangs_is_stopped_with_all_it_started() {
        let started = Instant::now();
        let mut lines = Vec::new();
        let result = run_reading(
            Command::new("sh").args(["-c", "sleep 300 & echo $!; wait"]),
            Duration::from_millis(300),
            |line| lines.push(line.to_owned()),
        );
        assert!(result.is_err());
        assert!(started.elapsed() < Duration::from_secs(30));
        let sleeping: Option<u32> = lines.first().and_then(|pid| pid.parse().ok());
        let gone = (0..50).any(|_| {
            thread::sleep(POLL);
            sleeping.is_some_and(|pid| !alive(pid))
        });
        assert!(gone, "the grandchild is still there");
    }

    #[test]
    fn a_missing_program_is_one_sentence() {
        let failed = run(&mut Command::new("no-such-program-here"), GRACE);
        assert!(
            failed
                .is_err_and(|failure| failure.to_string() == "the program `no-such-program-here` is missing")
        );
    }
}
