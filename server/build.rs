//! Puts the site that `cargo xtask` built into the binary.
//!
//! `BENEFITS_CENTER_SITE` names the site's folder. Without it, as in a plain `cargo check`, the
//! table is empty and everything still compiles.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

const VARIABLE: &str = "BENEFITS_CENTER_SITE";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let table = match env::var_os(VARIABLE) {
        Some(folder) if !folder.is_empty() => table(&PathBuf::from(folder).join("pkg"))?,
        _ => "Embedded { digest: \"\", files: &[] }".to_owned(),
    };
    let output = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(output.join("embedded_assets.rs"), table)?;
    Ok(())
}

/// The folder holds the manifest, which is written last, and one folder named by the digest.
fn table(public: &Path) -> Result<String, Box<dyn Error>> {
    let manifest = public.join("manifest.json");
    if !manifest.exists() {
        return Err(format!(
            "{VARIABLE} names a folder without {}: run `cargo xtask build`",
            manifest.display()
        )
        .into());
    }
    println!("cargo::rerun-if-changed={}", manifest.display());
    let mut folders = Vec::new();
    for entry in fs::read_dir(public)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    let [folder] = folders.as_slice() else {
        return Err(format!("{} holds {} folders instead of one", public.display(), folders.len()).into());
    };
    let digest = folder.file_name().and_then(|name| name.to_str()).ok_or("the digest is text")?;
    let mut files = Vec::new();
    gather(folder, "", &mut files)?;
    files.sort();
    let mut table = format!("Embedded {{ digest: {digest:?}, files: &[\n");
    for (name, path) in &files {
        writeln!(
            table,
            "    EmbeddedFile {{ name: {name:?}, bytes: {}, brotli: {}, gzip: {} }},",
            included(path)?,
            encoded(path, "br")?,
            encoded(path, "gz")?,
        )?;
    }
    table.push_str("] }");
    Ok(table)
}

fn gather(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("file names are text")?;
        if path.is_dir() {
            gather(&path, &format!("{prefix}{name}/"), files)?;
        } else if !name.ends_with(".br") && !name.ends_with(".gz") {
            files.push((format!("{prefix}{name}"), path.clone()));
        }
    }
    Ok(())
}

fn included(path: &Path) -> Result<String, Box<dyn Error>> {
    let path = path.canonicalize()?;
    let path = path.to_str().ok_or("the site's folder has a name that is text")?;
    Ok(format!("include_bytes!({path:?})"))
}

fn encoded(path: &Path, extension: &str) -> Result<String, Box<dyn Error>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    let path = PathBuf::from(name);
    if path.exists() { Ok(format!("Some({})", included(&path)?)) } else { Ok("None".to_owned()) }
}
