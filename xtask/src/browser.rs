//! The browser of the end-to-end tests.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::{Failure, Outcome};
use crate::{prerequisites, process};

/// Where Chromium usually is, Debian's first.
const PLACES: [&str; 5] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// The browser named by `CHROMIUM`, or the one found, or Debian's, installed now.
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
    let found = match find() {
        Some(found) => found,
        None => {
            prerequisites::debian_packages("Chromium", &["chromium"])?;
            find().ok_or_else(|| {
                Failure::new(
                    "Chromium is installed, but its program was not found: set CHROMIUM to its path.",
                )
            })?
        }
    };
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
