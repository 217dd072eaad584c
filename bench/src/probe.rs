//! How long this machine takes to keep a byte: durable figures stand beside it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::Outcome;
use crate::samples::Samples;

/// So often a page is written and kept.
const ROUNDS: usize = 200;

/// The median of `fdatasync` after appending 4 KiB to a file in this folder, in milliseconds.
///
/// # Errors
/// The file can't be written.
pub fn fdatasync(folder: &Path) -> Outcome<f64> {
    let path = folder.join("fdatasync-probe");
    let mut file = File::create(&path)?;
    let mut samples = Samples::default();
    for _ in 0..ROUNDS {
        file.write_all(&[7; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        samples.add(start.elapsed());
    }
    drop(file);
    std::fs::remove_file(&path)?;
    Ok(samples.quantile(0.5))
}
