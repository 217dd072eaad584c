//! `cargo xtask dev`: a debug build that follows the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::failure::{Failure, Outcome, While};
use crate::site::{self, Profile};
use crate::step::Steps;
use crate::workspace::{NAME, Workspace};
use crate::{prerequisites, process, serve};

const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Everything the site or the server is made of.
const SOURCES: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "app",
    "documents",
    "domain",
    "frontend",
    "locales",
    "migrations",
    "server",
    "service",
    "style",
];

/// When each source file was last written.
type Sources = BTreeMap<PathBuf, SystemTime>;

/// Builds, serves, looks at the sources every second and does both again after a change. A build
/// that fails leaves the running server alone. It ends only when it is stopped.
pub fn follow(workspace: &Workspace, address: &str) -> Outcome {
    prerequisites::wasm_target(workspace)?;
    let mut server = Server { child: None };
    let mut built = sources(&workspace.root);
    refresh(workspace, address, &mut server);
    loop {
        thread::sleep(LOOK_EVERY);
        let now = sources(&workspace.root);
        if now == built {
            server.notice_end();
            continue;
        }
        for path in changed(&built, &now).iter().take(3) {
            let path = path.strip_prefix(&workspace.root).unwrap_or(path);
            println!("\nchanged: {}", path.display());
        }
        built = now;
        refresh(workspace, address, &mut server);
    }
}

fn refresh(workspace: &Workspace, address: &str, server: &mut Server) {
    // Every failure has been printed by its step.
    if let Ok((binary, site)) = build(workspace)
        && let Err(failure) = server.restart(workspace, &binary, &site, address)
    {
        println!("{failure}");
    }
    println!("    waiting for changes");
}

fn build(workspace: &Workspace) -> Outcome<(PathBuf, PathBuf)> {
    let mut steps = Steps::default();
    let site = site::build(workspace, &mut steps, Profile::Test)?;
    let binary = steps.take("server", || debug_server(workspace, false))?;
    Ok((binary, site))
}

/// Builds the debug binary from the whole workspace, so that its dependencies are those the tests
/// have compiled; `with_tests` also takes the test-only dependencies into account.
pub fn debug_server(workspace: &Workspace, with_tests: bool) -> Outcome<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--workspace", "--exclude", "frontend", "--bin", NAME]);
    if with_tests {
        cargo.arg("--tests");
    }
    process::run(&mut cargo, BUILD_LIMIT)?;
    Ok(workspace.binary("debug"))
}

/// The server that this command started, if it runs.
struct Server {
    child: Option<Child>,
}

impl Server {
    fn restart(&mut self, workspace: &Workspace, binary: &Path, site: &Path, address: &str) -> Outcome {
        self.stop();
        let mut command: Command = serve::demo_server(workspace, binary, address)?;
        command.env("BENEFITS_CENTER_SITE_DIR", site);
        println!("==> serve on http://{address}");
        self.child = Some(process::spawn(&mut command)?);
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            process::stop_tree(&mut child);
        }
    }

    fn notice_end(&mut self) {
        if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
            println!("the server ended ({status}); it starts again after the next change");
            self.child = None;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn sources(root: &Path) -> Sources {
    let mut found = Sources::new();
    for name in SOURCES {
        let _ = look_at(&root.join(name), &mut found);
    }
    found
}

fn look_at(path: &Path, found: &mut Sources) -> Outcome {
    let failed = |error| Failure::new(format!("could not look at {}: {error}", path.display()));
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        let written = metadata.modified().map_err(failed)?;
        found.insert(path.to_path_buf(), written);
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.could_not(|| format!("look at {}", path.display()))?;
        // Editors leave hidden files behind while one types.
        if !entry.file_name().to_string_lossy().starts_with('.') {
            let _ = look_at(&entry.path(), found);
        }
    }
    Ok(())
}

fn changed<'a>(before: &'a Sources, after: &'a Sources) -> Vec<&'a PathBuf> {
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    after
        .iter()
        .filter(|(path, time)| before.get(*path) != Some(*time))
        .map(|(path, _)| path)
        .chain(gone)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_a_written_and_a_removed_file_are_changes_and_a_hidden_one_is_not() {
        let root = std::env::temp_dir().join(format!("xtask-dev-{}", std::process::id()));
        let style = root.join("style/parts");
        assert!(fs::create_dir_all(&style).is_ok());
        assert!(fs::write(style.join("a.css"), "a").is_ok());
        let before = sources(&root);
        assert_eq!(before.len(), 1);

        assert!(fs::write(style.join(".a.css.swp"), "a").is_ok());
        assert_eq!(sources(&root), before);

        assert!(fs::write(style.join("b.css"), "b").is_ok());
        let after = sources(&root);
        assert_eq!(changed(&before, &after), [&style.join("b.css")]);
        assert_eq!(changed(&after, &before), [&style.join("b.css")]);

        let later = SystemTime::now() + Duration::from_secs(5);
        let file = fs::File::options().write(true).open(style.join("a.css"));
        assert!(file.and_then(|file| file.set_modified(later)).is_ok());
        assert_eq!(changed(&after, &sources(&root)), [&style.join("a.css")]);
        let _ = fs::remove_dir_all(&root);
    }
}
