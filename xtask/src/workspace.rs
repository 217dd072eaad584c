//! Where things are: the checkout and the folder for everything that is built.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::{Failure, Outcome, While};
use crate::process;

/// The target that browsers run.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// The name of the binary, and of the script and wasm file that pages ask for.
pub const NAME: &str = "benefits-center";

/// The checkout and its target folder.
pub struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder, wherever the person put it.
    pub target: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that `CARGO_TARGET_DIR` and cargo's own configuration both count.
    pub fn find() -> Outcome<Self> {
        let own = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = own
            .parent()
            .map(Path::to_path_buf)
            .ok_or_else(|| Failure::new("the checkout was not found: run `cargo xtask` inside it"))?;
        let metadata = process::read(
            cargo_in(&root).args(["metadata", "--no-deps", "--format-version", "1"]),
            Duration::from_secs(120),
        )?;
        let metadata: serde_json::Value =
            serde_json::from_str(&metadata).could_not(|| "read cargo's metadata".to_owned())?;
        let target = metadata.get("target_directory").and_then(serde_json::Value::as_str);
        let target = target.ok_or_else(|| Failure::new("cargo does not name its target folder"))?;
        Ok(Self { target: PathBuf::from(target), root })
    }

    /// A cargo command in the checkout, free of what cargo set for this program itself.
    pub fn cargo(&self) -> Command {
        cargo_in(&self.root)
    }

    /// Where a program of this profile's folder is written.
    pub fn binary(&self, profile_folder: &str) -> PathBuf {
        self.target.join(profile_folder).join(format!("{NAME}{}", env::consts::EXE_SUFFIX))
    }

    /// The folder of the browser tests.
    pub fn end2end(&self) -> PathBuf {
        self.root.join("end2end")
    }
}

fn cargo_in(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|own| text.starts_with(own)) {
            command.env_remove(&name);
        }
    }
    command
}
