//! What browsers load: wasm, its script, style sheet and icons, under a name that changes with
//! every byte, so that it may be cached for ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::compress::{self, Effort};
use crate::failure::{Failure, Outcome, While};
use crate::step::Steps;
use crate::workspace::{NAME, WASM_TARGET, Workspace};
use crate::{process, style};

/// The reading of the texts' files, as the build of `locales` has it.
#[allow(dead_code)]
#[path = "../../locales/build/texts.rs"]
mod texts;

/// Raise it when this file makes something else from the same input.
const RECIPE: &str = "5";
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// How the browser's half is built; the names are those of the cargo profiles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// As it is shipped: small before fast.
    Release,
    /// Quick to build: for the everyday loop and the browser tests.
    Test,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "wasm-release",
            Self::Test => "wasm-test",
        }
    }

    fn effort(self) -> Effort {
        match self {
            Self::Release => Effort::Smallest,
            Self::Test => Effort::Quick,
        }
    }
}

/// Where the site of a profile is.
pub fn folder(workspace: &Workspace, profile: Profile) -> PathBuf {
    workspace.target.join("site").join(profile.name())
}

/// The browser's half as it was compiled, with its names.
pub fn module(workspace: &Workspace, profile: Profile) -> PathBuf {
    workspace.target.join(WASM_TARGET).join(profile.name()).join("frontend.wasm")
}

/// Builds the site if anything it is made of has changed, and returns its folder: `manifest.json`
/// and one folder named by the digest, both in `pkg`.
pub fn build(workspace: &Workspace, steps: &mut Steps, profile: Profile) -> Outcome<PathBuf> {
    let folder = folder(workspace, profile);
    let sources = workspace.root.join("style");
    let css = steps.take("style sheet", || style::bundle(&sources.join("main.css")))?;
    let wasm = steps.take("wasm", || {
        let name = profile.name();
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--package", "frontend", "--lib", "--target", WASM_TARGET, "--profile", name]);
        // A stripped module doesn't say which wasm features it uses; the bindings drop the rest.
        cargo.args(["--config", &format!("profile.{name}.strip=\"none\"")]);
        process::run(&mut cargo, BUILD_LIMIT)?;
        Ok(module(workspace, profile))
    })?;
    steps.take("site", || {
        let mut files = BTreeMap::from([("style.css".to_owned(), css.into_bytes())]);
        for name in ["icons.svg", "favicon.svg"] {
            files.insert(name.to_owned(), read(&sources.join(name))?);
        }
        files.extend(texts(workspace)?);
        let stamp = stamp(&read(&wasm)?, &files);
        if up_to_date(&folder, &stamp) {
            println!("    nothing has changed");
            return Ok(());
        }
        let work = folder.join("work");
        files.extend(bindings(&wasm, &work, profile)?);
        let _ = fs::remove_dir_all(&work);
        publish(&folder, &files, profile.effort())?;
        write(&folder.join("stamp"), stamp.as_bytes())
    })?;
    Ok(folder)
}

/// The texts of each language, as the app loads them.
fn texts(workspace: &Workspace) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let read = texts::read(&workspace.root.join("locales")).could_not(|| "read the texts".to_owned())?;
    let areas = texts::check(&read).map_err(|faults| Failure::new(faults.join("\n")))?;
    let named = texts::TAGS.iter().map(|tag| format!("texts.{tag}.txt"));
    Ok(named.zip(texts::packed(&areas).map(String::into_bytes)).collect())
}

/// The script and the wasm it loads, named as Leptos asks for them, and snippets if there are any.
fn bindings(wasm: &Path, work: &Path, profile: Profile) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let _ = fs::remove_dir_all(work);
    fs::create_dir_all(work).could_not(|| format!("create {}", work.display()))?;
    Bindgen::new()
        .input_path(wasm)
        .out_name(NAME)
        .web(true)
        .could_not(|| "set up wasm-bindgen".to_owned())?
        .typescript(false)
        .remove_name_section(profile == Profile::Release)
        .generate(work)
        .could_not(|| "write the browser bindings".to_owned())?;
    let wasm = work.join(format!("{NAME}.wasm"));
    fs::rename(work.join(format!("{NAME}_bg.wasm")), &wasm).could_not(|| "name the wasm file".to_owned())?;
    let mut files = BTreeMap::new();
    gather(work, "", &mut files)?;
    Ok(files)
}

fn gather(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Outcome {
    let entries = fs::read_dir(folder).could_not(|| format!("list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.could_not(|| format!("list {}", folder.display()))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            gather(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, read(&entry.path())?);
        }
    }
    Ok(())
}

/// Writes the files under their digest, each also compressed, and the manifest last.
fn publish(folder: &Path, files: &BTreeMap<String, Vec<u8>>, effort: Effort) -> Outcome {
    let digest = digest(files);
    let public = folder.join("pkg");
    let _ = fs::remove_dir_all(&public);
    for (name, bytes) in files {
        let path = public.join(&digest).join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).could_not(|| format!("create {}", parent.display()))?;
        }
        write(&path, bytes)?;
        let (brotli, gzip) = (compress::brotli(bytes, effort)?, compress::gzip(bytes, effort)?);
        println!("    {name}: {} KB, brotli {} KB", bytes.len().div_ceil(1024), brotli.len().div_ceil(1024));
        write(&added(&path, "br"), &brotli)?;
        write(&added(&path, "gz"), &gzip)?;
    }
    let names: Vec<&String> = files.keys().collect();
    let manifest = serde_json::json!({ "digest": digest, "files": names });
    write(&public.join("manifest.json"), manifest.to_string().as_bytes())
}

fn stamp(wasm: &[u8], files: &BTreeMap<String, Vec<u8>>) -> String {
    format!("{RECIPE} {} {}", hex(&Sha256::digest(wasm)), digest(files))
}

fn up_to_date(folder: &Path, stamp: &str) -> bool {
    folder.join("pkg/manifest.json").exists()
        && fs::read_to_string(folder.join("stamp")).is_ok_and(|written| written == stamp)
}

/// The first 16 hexadecimal digits over names, lengths and contents.
fn digest(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut sum = Sha256::new();
    for (name, bytes) in files {
        sum.update(format!("{name}\0{}\0", bytes.len()));
        sum.update(bytes);
    }
    let mut text = hex(&sum.finalize());
    text.truncate(16);
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn added(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| Failure::new(format!("could not read {}: {error}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome {
    fs::write(path, bytes).could_not(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(css: &str) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::from([
            ("style.css".to_owned(), css.as_bytes().to_vec()),
            ("icons.svg".to_owned(), b"<svg/>".to_vec()),
        ])
    }

    #[test]
    fn the_digest_changes_with_any_byte_and_any_name() {
        let one = digest(&files("a{}"));
        assert_eq!(one.len(), 16);
        assert_eq!(one, digest(&files("a{}")));
        assert_ne!(one, digest(&files("b{}")));
        let mut renamed = files("a{}");
        let css = renamed.remove("style.css").unwrap_or_default();
        renamed.insert("styles.css".to_owned(), css);
        assert_ne!(one, digest(&renamed));
    }

    #[test]
    fn publishing_leaves_one_folder_with_every_file_in_three_encodings() {
        let folder = std::env::temp_dir().join(format!("xtask-site-{}", std::process::id()));
        assert!(publish(&folder, &files("a{}"), Effort::Quick).is_ok());
        assert!(publish(&folder, &files("b{}"), Effort::Quick).is_ok());
        let digest = digest(&files("b{}"));
        let mut found = BTreeMap::new();
        assert!(gather(&folder.join("pkg"), "", &mut found).is_ok());
        let mut names: Vec<String> = found.into_keys().collect();
        names.sort();
        let mut expected = vec!["manifest.json".to_owned()];
        for name in ["icons.svg", "style.css"] {
            for end in ["", ".br", ".gz"] {
                expected.push(format!("{digest}/{name}{end}"));
            }
        }
        expected.sort();
        assert_eq!(names, expected);

        let stamp = stamp(b"wasm", &files("b{}"));
        assert!(!up_to_date(&folder, &stamp));
        assert!(write(&folder.join("stamp"), stamp.as_bytes()).is_ok());
        assert!(up_to_date(&folder, &stamp));
        assert!(!up_to_date(&folder, &super::stamp(b"other", &files("b{}"))));
        let _ = fs::remove_dir_all(&folder);
    }
}
