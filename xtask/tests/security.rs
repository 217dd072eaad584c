//! `docs/SECURITY.md` says what is so: every item of the standard has its row, every test that it names
//! exists, and its limits, rights and data are those of the code.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const STATES: [&str; 3] = ["met", "not applicable", "open"];
/// What begins the row of an item.
const ROW: &str = "| v5.0.0-";
/// So long is a reason at least.
const REASON: usize = 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn document() -> String {
    read("docs/SECURITY.md")
}

/// The numbers of a part of the list beside this file.
fn numbers(part: &str) -> Vec<String> {
    let list = include_str!("asvs_5.0.txt");
    let (_, rest) = list.split_once(&format!("[{part}]\n")).expect("the part");
    let lines = rest.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        .map(|line| line.split(' ').next().unwrap_or_default().to_owned())
        .collect()
}

/// The lines of a section, without its heading and without deeper ones.
fn section<'a>(document: &'a str, heading: &str) -> Vec<&'a str> {
    let depth = heading.bytes().take_while(|byte| *byte == b'#').count();
    let ends = |line: &&str| {
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        hashes == 0 || hashes > depth
    };
    document.lines().skip_while(|line| *line != heading).skip(1).take_while(ends).collect()
}

/// The cells of a table's row.
fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_start_matches('|').trim_end_matches('|').split(" | ").map(str::trim).collect()
}

/// What stands in backticks.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The tests that a text names: `path::name`.
fn tests(text: &str) -> Vec<(&str, &str)> {
    let is_file = |path: &str| path.contains('/') && (path.ends_with(".rs") || path.ends_with(".ts"));
    code(text)
        .into_iter()
        .filter_map(|span| span.split_once("::"))
        .filter(|(path, _)| is_file(path))
        .collect()
}

/// Whether a file has the test: a function below `#[test]` and the like that isn't left out, or a
/// title of Playwright.
fn has_test(source: &str, path: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    if path.ends_with(".ts") {
        let titles = ['\'', '"', '`'].map(|quote| format!("test({quote}{name}{quote},"));
        return lines.iter().any(|line| titles.iter().any(|title| line.starts_with(title.as_str())));
    }
    let starts = [format!("fn {name}("), format!("async fn {name}(")];
    let Some(at) = lines.iter().position(|line| starts.iter().any(|start| line.starts_with(start))) else {
        return false;
    };
    let above = lines[..at].iter().rev().take_while(|line| !line.is_empty() && **line != "}");
    let above: Vec<_> = above.collect();
    let is = |start: &str| above.iter().any(|line| line.starts_with(start));
    (is("#[test]") || is("#[tokio::test") || is("#[rstest]")) && !is("#[ignore")
}

fn exists(path: &str, name: &str) -> bool {
    fs::read_to_string(root().join(path)).is_ok_and(|source| has_test(&source, path, name))
}

/// What is wrong with the table of items.
fn faults(document: &str, numbers: &[String], exists: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeMap::new();
    for line in document.lines().filter(|line| line.starts_with(ROW)) {
        let cells = cells(line);
        let [item, asked, state, why] = cells[..] else {
            faults.push(format!("{} cells, not 4: {line}", cells.len()));
            continue;
        };
        let number = item.trim_start_matches("v5.0.0-");
        *seen.entry(number.to_owned()).or_insert(0) += 1;
        if asked.is_empty() {
            faults.push(format!("{number} doesn't say what is asked"));
        }
        if !STATES.contains(&state) {
            faults.push(format!("{number} is {state:?}"));
        }
        let named = tests(why);
        if state == "met" && named.is_empty() {
            faults.push(format!("{number} is met and names no test"));
        }
        if state != "met" && why.chars().count() < REASON {
            faults.push(format!("{number} is {state} without a reason"));
        }
    }
    for (number, times) in &seen {
        if *times > 1 {
            faults.push(format!("{number} has {times} rows"));
        }
        if !numbers.contains(number) {
            faults.push(format!("{number} is no item of the list"));
        }
    }
    faults.extend(
        numbers
            .iter()
            .filter(|number| !seen.contains_key(*number))
            .map(|number| format!("{number} has no row")),
    );
    for (path, name) in tests(document) {
        if !exists(path, name) {
            faults.push(format!("there is no test {name:?} in {path}"));
        }
    }
    faults
}

#[test]
fn every_item_has_its_row_and_every_named_test_exists() {
    let all: Vec<String> = [numbers("items"), numbers("client")].concat();
    assert_eq!(faults(&document(), &all, exists), Vec::<String>::new());
}

#[test]
fn the_list_has_210_items_and_those_of_a_client() {
    let (items, client) = (numbers("items"), numbers("client"));
    let different: BTreeSet<_> = items.iter().chain(&client).collect();
    assert_eq!((items.len(), client.len(), different.len()), (210, 16, 226));
    let chapter = |number: &String| number.split('.').next().unwrap_or_default().to_owned();
    assert!(items.iter().all(|number| !["9", "10", "17"].contains(&chapter(number).as_str())));
    assert!(client.iter().all(|number| ["9", "10"].contains(&chapter(number).as_str())));
}

/// The numbers that the document says are those of its table.
#[test]
fn the_summary_counts_the_rows() {
    let document = document();
    let (items, client) = (numbers("items"), numbers("client"));
    let count = |list: &[String], state: &str| {
        let rows = document.lines().filter(|line| line.starts_with(ROW)).map(cells);
        rows.filter(|cells| cells.get(2) == Some(&state))
            .filter(|cells| list.iter().any(|number| cells[0] == format!("v5.0.0-{number}")))
            .count()
    };
    let rows: Vec<_> =
        section(&document, "### Summary").into_iter().filter(|line| line.starts_with("| ")).collect();
    for (name, list) in [("the 210 items", &items), ("as a client", &client)] {
        let counted: Vec<String> = STATES.iter().map(|state| count(list, state).to_string()).collect();
        let expected = [vec![name.to_owned()], counted, vec![list.len().to_string()]].concat();
        assert!(
            rows.iter().any(|row| cells(row) == expected),
            "the summary needs the row {expected:?}: {rows:?}"
        );
    }
}

#[test]
fn a_wrong_table_is_noticed() {
    let row =
        |number: &str, state: &str, why: &str| format!("| v5.0.0-{number} | something | {state} | {why} |\n");
    let list = ["1.1.1".to_owned(), "1.1.2".to_owned()];
    let only = |path: &str, name: &str| (path, name) == ("a/b.rs", "holds");
    let check = |document: &str| faults(document, &list, only);
    let good = row("1.1.1", "met", "`a/b.rs::holds`") + &row("1.1.2", "open", "no test of this one yet");
    assert_eq!(check(&good), Vec::<String>::new());
    for (wrong, words) in [
        (good.replace("::holds", "::renamed"), "there is no test \"renamed\" in a/b.rs"),
        (good.replace("`a/b.rs::holds`", "we think so, and looked at it"), "1.1.1 is met and names no test"),
        (good.replace("no test of this one yet", "later"), "1.1.2 is open without a reason"),
        (good.replace("open", "nearly"), "1.1.2 is \"nearly\""),
        (good.replace("1.1.2", "1.1.1"), "1.1.1 has 2 rows"),
        (good.replace("1.1.2", "1.1.1"), "1.1.2 has no row"),
        (good.replace("1.1.2", "9.9.9"), "9.9.9 is no item of the list"),
        (good.replace(" | something", ""), "3 cells, not 4"),
        (good.clone() + "As `a/b.rs::gone` shows.", "there is no test \"gone\" in a/b.rs"),
    ] {
        let found = check(&wrong);
        assert!(found.iter().any(|fault| fault.contains(words)), "{words}: {found:?}");
    }
}

#[test]
fn what_is_no_test_is_told_from_one() {
    let source = "
        fn helper() {}

        #[rstest]
        #[case(1)]
        #[tokio::test]
        async fn it_holds(#[values(1)] one: u8) {}

        #[test]
        #[ignore = \"slow\"]
        fn it_is_left_out() {}
    ";
    assert!(has_test(source, "a.rs", "it_holds"));
    for name in ["helper", "it_is_left_out", "it_hold", "it_holds_not"] {
        assert!(!has_test(source, "a.rs", name), "{name}");
    }
    let titles = "test('it’s shown', async () => {\n  // test('not this',\n  test.skip('nor this', async";
    assert!(has_test(titles, "a.ts", "it’s shown"));
    assert!(!has_test(titles, "a.ts", "not this") && !has_test(titles, "a.ts", "nor this"));
}

/// What the standard asks to be written down, and what an operator needs.
const PARTS: &[&str] = &[
    "## Report a vulnerability",
    "## What is protected how",
    "## What an operator must do",
    "## What is not covered",
    "## Rules and limits",
    "### Input",
    "### Values that belong together",
    "### Limits",
    "### Passwords",
    "### Ways to sign in",
    "### Sessions",
    "### Files",
    "### Work that takes long",
    "## Who may do what",
    "### Fields",
    "## Data",
    "## Keys and cryptography",
    "## Connections",
    "## Logs",
    "## Components and updates",
];

#[test]
fn what_has_to_be_written_down_is_there() {
    let document = document();
    for part in PARTS {
        let words = section(&document, part).join(" ").split_whitespace().count();
        assert!(words >= 25, "{part} has {words} words");
    }
}

#[test]
fn every_limit_that_is_written_down_stands_in_the_code() {
    let document = document();
    let rows: Vec<_> = ["### Limits", "### Passwords", "### Sessions"]
        .iter()
        .flat_map(|part| section(&document, part))
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .collect();
    assert!(rows.len() >= 20, "{} rows", rows.len());
    for row in rows {
        let spans = code(cells(row).last().copied().unwrap_or_default());
        let [path, texts @ ..] = &spans[..] else { panic!("no file in {row}") };
        let source = read(path);
        assert!(!texts.is_empty(), "{row} names nothing in {path}");
        for text in texts {
            assert!(source.contains(text), "{path} has no {text:?}, which {row} says");
        }
    }
}

/// The rows of a table of rights in `domain/src/rights.rs`: action and a letter for each role.
fn rights(source: &str, kind: &str) -> BTreeMap<String, Vec<&'static str>> {
    let start = format!("({kind}::");
    let lines = source.lines().filter_map(|line| line.trim().strip_prefix(&start));
    lines
        .filter_map(|line| line.strip_suffix("\"),")?.split_once(", \""))
        .map(|(action, letters)| {
            let word = |letter: char| match letter {
                'y' => "yes",
                'p' => "policy",
                _ => "–",
            };
            (action.to_owned(), letters.chars().map(word).collect())
        })
        .collect()
}

#[test]
fn the_rights_that_are_written_down_are_those_of_the_code() {
    let document = document();
    let source = read("domain/src/rights.rs");
    for (kind, columns) in [("Action", 5), ("OperatorAction", 4)] {
        let expected = rights(&source, kind);
        assert!(expected.len() > 8, "{expected:?}");
        let written: BTreeMap<String, Vec<&str>> = section(&document, "## Who may do what")
            .into_iter()
            .filter(|line| line.starts_with("| "))
            .map(cells)
            .filter(|cells| cells.len() == columns + 2)
            .filter_map(|cells| Some(((*code(cells[1]).first()?).to_owned(), cells[2..].to_vec())))
            .collect();
        assert_eq!(written, expected);
    }
}

#[test]
fn every_table_of_the_database_has_its_protection() {
    let document = document();
    let written: BTreeSet<&str> = section(&document, "## Data")
        .into_iter()
        .filter(|line| line.starts_with("| "))
        .flat_map(|line| code(cells(line)[0]))
        .collect();
    let folder = fs::read_dir(root().join("migrations/src")).expect("the migrations");
    let mut files: Vec<PathBuf> = folder.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut tables = BTreeSet::new();
    for file in files {
        let source = fs::read_to_string(file).expect("a migration");
        let words: Vec<&str> = source
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .filter(|word| !word.is_empty())
            .collect();
        for at in 0..words.len() {
            match words[at..] {
                ["create", "table", "if", "not", "exists", name, ..] | ["create", "table", name, ..] => {
                    tables.insert(name.to_owned());
                }
                ["drop", "table", name, ..] => {
                    tables.remove(name);
                }
                ["alter", "table", old, "rename", "to", new, ..] => {
                    tables.remove(old);
                    tables.insert(new.to_owned());
                }
                _ => {}
            }
        }
    }
    assert!(tables.len() > 30, "{tables:?}");
    let missing: Vec<_> = tables.iter().filter(|table| !written.contains(table.as_str())).collect();
    assert!(missing.is_empty(), "docs/SECURITY.md, Data, says nothing of {missing:?}");
}

/// Every source file of what is shipped, with its path.
fn shipped() -> Vec<(String, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "js") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for name in ["domain", "locales", "documents", "migrations", "service", "app", "frontend", "server"] {
        walk(&root().join(name).join("src"), &mut files);
    }
    let mut sources = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("a source");
        // Unit tests stand at the end of their file.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let name = path.strip_prefix(root()).expect("below the root").display().to_string();
        sources.push((name, text));
    }
    assert!(sources.len() > 150, "{}", sources.len());
    sources
}

fn without(words: &[&str]) {
    for (path, text) in shipped() {
        for word in words {
            assert!(!text.contains(word), "{path} has {word:?}");
        }
    }
}

/// The compiler keeps memory safe where nobody switches it off.
#[test]
fn no_code_of_ours_leaves_memory_to_itself() {
    without(&["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "mem::forget", "Box::leak"]);
    let workspace = read("Cargo.toml");
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    for name in ["domain", "locales", "documents", "migrations", "service", "app", "server", "xtask"] {
        assert!(read(&format!("{name}/Cargo.toml")).contains("[lints]\nworkspace = true"), "{name}");
    }
}

/// What copies a PostgreSQL database, for whoever runs the commands `backup` and `restore`.
const STARTS_PROGRAMS: &str = "server/src/commands/postgres_programs.rs";

#[test]
fn the_program_starts_no_other_program_but_those_that_copy_a_database() {
    for (path, text) in shipped() {
        if path == STARTS_PROGRAMS {
            assert_eq!(text.matches("Command::new(").count(), 1, "{path} starts programs in one place");
            assert!(text.contains("Command::new(self.name())"), "{path} starts them by fixed names");
            let names = text.lines().filter(|line| line.contains("=> \"")).map(str::trim);
            let names: Vec<_> = names.collect();
            assert_eq!(names, ["Self::Dump => \"pg_dump\",", "Self::Restore => \"pg_restore\","]);
            continue;
        }
        for word in ["Command::new", "process::Command", "libc::"] {
            assert!(!text.contains(word), "{path} has {word:?}");
        }
    }
    assert!(shipped().iter().any(|(path, _)| path == STARTS_PROGRAMS));
}

#[test]
fn the_browsers_half_makes_no_code_of_text_and_keeps_nothing() {
    without(&[
        "eval(",
        "new Function",
        "innerHTML",
        "inner_html",
        "outerHTML",
        "document.write",
        "insertAdjacentHTML",
    ]);
    without(&[
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "local_storage",
        "session_storage",
        "postMessage",
    ]);
    let app = read("app/Cargo.toml");
    let line = app.lines().find(|line| line.starts_with("web-sys")).expect("the browser's bindings");
    let features = line.split('"').skip(1).step_by(2);
    assert!(features.clone().count() > 5, "{line}");
    for feature in features {
        let keeps = feature.contains("Storage") || feature.starts_with("Idb") || feature.starts_with("Cache");
        assert!(!keeps && feature != "MessageEvent" && feature != "WebSocket", "{feature}");
    }
}

#[test]
fn our_hashes_are_sha_256() {
    for (path, text) in shipped() {
        // Codes of authenticator apps are HMAC-SHA-1 (RFC 6238); the document says so.
        let codes = path.ends_with("/second_factor.rs");
        for word in ["Md5", "md5", "Sha1", "sha1", "SHA1", "Sha224", "crc32"] {
            assert!(!text.contains(word) || (codes && word == "SHA1"), "{path} has {word:?}");
        }
    }
    let service = read("service/Cargo.toml");
    assert!(service.contains("sha2.workspace = true") && service.contains("hmac.workspace = true"));
    for (path, text) in shipped() {
        for line in text.lines().filter(|line| line.contains("Digest") && line.starts_with("use ")) {
            assert!(line.contains("sha2::"), "{path}: {line}");
        }
    }
}

#[test]
fn randomness_comes_from_one_place() {
    for (path, text) in shipped() {
        if path != "service/src/random.rs" {
            for word in ["rand::", "getrandom", "fastrand", "Uuid::new_v4", "Math.random", "OsRng"] {
                assert!(!text.contains(word), "{path} has {word:?}");
            }
        }
    }
    let source = read("service/src/random.rs");
    assert!(source.contains("rand::rng().fill_bytes(bytes)"), "the generator that the system seeds");
}

/// Crates and npm packages, each with where it comes from, as the lock files keep them.
#[test]
fn every_component_comes_from_its_registry_with_its_digest() {
    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
    let own: BTreeSet<&str> = [
        "app",
        "bench",
        "documents",
        "domain",
        "frontend",
        "locales",
        "migrations",
        "server",
        "service",
        "xtask",
    ]
    .into();
    let lock = read("Cargo.lock");
    let mut number = 0;
    for package in lock.split("[[package]]\n").skip(1) {
        let value = |key: &str| {
            let start = format!("{key} = \"");
            package.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('"')).unwrap_or_default()
        };
        let name = value("name");
        if own.contains(name) {
            assert_eq!(value("source"), "", "{name}");
            continue;
        }
        number += 1;
        assert_eq!((value("source"), value("checksum").len()), (REGISTRY, 64), "{name}");
    }
    assert!(number > 300, "{number}");
    let lock = read("end2end/package-lock.json");
    let packages = lock.matches("    \"node_modules/").count();
    assert!(packages > 5, "{packages}");
    assert_eq!(lock.matches("\"integrity\": \"sha512-").count(), packages);
    let elsewhere =
        lock.lines().find(|line| line.contains("\"resolved\"") && !line.contains("registry.npmjs.org/"));
    assert_eq!(elsewhere, None);
}

/// What reads XML, LDAP, XPath, LaTeX, memcache, templates, markup or object graphs isn't there at all.
#[test]
fn no_component_reads_what_the_portal_has_no_use_for() {
    // What tests alone use, such as the reader of the files that they look at, isn't shipped.
    let shown = std::process::Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--offline", "--locked", "--workspace", "--target", "all"])
        .args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .output()
        .expect("cargo answers");
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let shown = String::from_utf8(shown.stdout).expect("text");
    let names: BTreeSet<&str> = shown.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("argon2") && names.contains("serde_json"));
    for name in [
        "xml-rs",
        "roxmltree",
        "libxml",
        "sxd-xpath",
        "ldap3",
        "memcache",
        "redis",
        "tectonic",
        "pulldown-cmark",
        "comrak",
        "ammonia",
        "async-graphql",
        "juniper",
        "openssl-sys",
        "native-tls",
        "des",
        "rc4",
        "ecb",
        "webrtc",
        "tar",
    ] {
        assert!(!names.contains(name), "{name} is a component");
    }
}
