//! The browser of the end-to-end tests.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::{Failure, Outcome};
use crate::{prerequisites, process};

/// Chromium without windows: the same engine, and the tests take half the time in it.
const HEADLESS: &str = "chromium-headless-shell";
/// Where Chromium usually is, the one without windows first, then Debian's.
const PLACES: [&str; 6] = [
    "/usr/bin/chromium-headless-shell",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// The browser named by `CHROMIUM`, or Chromium without windows, which is installed now where Debian
/// has it, or else whichever Chromium there is.
pub fn find_or_install() -> Outcome<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").map(PathBuf::from) {
        if named.exists() {
            return Ok(named);
        }
        return Err(Failure::new(format!(
            "CHROMIUM names {}, which does not exist: name an existing browser or unset it.",
            named.display()
        )));
    }
    if !Path::new(PLACES[0]).exists()
        && let Err(failure) = prerequisites::debian_packages("Chromium without windows", &[HEADLESS])
    {
        match find() {
            Some(other) => println!("    {} takes its place, and longer. {failure}", other.display()),
            None => return Err(failure),
        }
    }
    let found = find().ok_or_else(|| {
        Failure::new("Chromium is installed, but its program was not found: set CHROMIUM to its path.")
    })?;
    chinese_font();
    Ok(found)
}

fn find() -> Option<PathBuf> {
    PLACES.iter().map(Path::new).find(|place| place.exists()).map(Path::to_path_buf)
}

/// Without a Chinese font the screenshots show boxes; no test depends on it, so it only says so.
fn chinese_font() {
    let list = process::read(Command::new("fc-list").arg(":lang=zh"), Duration::from_secs(60));
    if list.is_ok_and(|fonts| fonts.trim().is_empty())
        && let Err(failure) = prerequisites::debian_packages("A Chinese font", &["fonts-noto-cjk"])
    {
        println!("    screenshots will show boxes for Chinese text. {failure}");
    }
}
