//! No text is kept that nobody reads.

#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

#[allow(dead_code)]
#[path = "../build/texts.rs"]
mod texts;

/// Where texts are asked for.
const SOURCES: &[&str] = &["app/src", "documents/src", "locales/src", "server/src", "service/src"];

fn gather(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn every_text_is_asked_for_somewhere() {
    // Asked when the test runs: built tests may come from another checkout of the same sources.
    let own = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
    let mut sources = String::new();
    for folder in SOURCES {
        gather(&own.join("..").join(folder), &mut sources);
    }
    let files = texts::read(&own).expect("the files are there");
    let areas = texts::check(&files).unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let unused: Vec<String> = areas
        .iter()
        // Texts of a looked-up area are found by the codes of `domain`; another test holds those together.
        .filter(|area| !area.lookup)
        .flat_map(|area| area.entries.keys().map(move |key| format!("{}_{key}", area.name)))
        .filter(|name| {
            !sources.match_indices(name.as_str()).any(|(at, _)| {
                let before = sources[..at].chars().next_back();
                let after = sources[at + name.len()..].chars().next();
                !before.is_some_and(is_word) && !after.is_some_and(is_word)
            })
        })
        .collect();
    assert!(unused.is_empty(), "nobody asks for {}", unused.join(", "));
}
