//! What a run is given: the program, the databases, how long.

use std::path::PathBuf;
use std::time::Duration;

use crate::database::{Engine, Source};
use crate::portal::Program;

/// What a run is given.
pub struct Plan {
    /// The release of the product.
    pub server: Program,
    /// This program: its yardsticks run as processes of their own.
    pub own: PathBuf,
    /// Databases.
    pub source: Source,
    /// Whether counts and durations are divided by [`QUICK`]: to try the bench itself.
    pub quick: bool,
    /// Where plots are written.
    pub plots: PathBuf,
    /// The browser and its scripts.
    pub browser: Option<Browser>,
    /// The browser's half as it was compiled, with its names.
    pub module: Option<PathBuf>,
}

/// What the figures of a browser need.
#[derive(Clone, Debug)]
pub struct Browser {
    /// A Chromium.
    pub program: PathBuf,
    /// Folder of the scripts that run it.
    pub scripts: PathBuf,
}

/// A quick run is so many times shorter.
pub const QUICK: u64 = 20;

impl Plan {
    /// So often ours and the yardstick take turns.
    #[must_use]
    pub const fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    /// So many of them, or few in a quick run.
    #[must_use]
    pub fn count(&self, full: u64) -> u64 {
        if self.quick { (full / QUICK).max(1) } else { full }
    }

    /// So long, in seconds, or a second in a quick run.
    #[must_use]
    pub fn lasting(&self, seconds: u64) -> Duration {
        Duration::from_secs(self.count(seconds))
    }

    /// The databases that there are.
    #[must_use]
    pub fn engines(&self) -> Vec<Engine> {
        self.source.engines()
    }

    /// This program as a yardstick: on the server's core, as the product is.
    #[must_use]
    pub fn yardstick(&self) -> Program {
        Program::pinned(&self.own)
    }
}
