//! Load by wrk: many connections that ask the same page again and again.

use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use crate::{Outcome, portal};

/// What wrk found.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Load {
    /// Requests answered.
    pub requests: f64,
    /// Answers a second.
    pub per_second: f64,
    /// 99 of 100 requests were answered within so many milliseconds.
    pub p99: f64,
    /// Half of them were answered within so many milliseconds.
    pub median: f64,
    /// Answers that weren't 2xx or 3xx, broken connections and timeouts.
    pub errors: f64,
}

/// Prints what wrk measured as JSON, at full precision.
const REPORT: &str = r#"
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"per_second":%f,"p99":%f,"median":%f,"errors":%d}\n',
    summary.requests, summary.requests / (summary.duration / 1e6),
    latency:percentile(99.0) / 1000, latency:percentile(50.0) / 1000,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"#;

/// Asks `url` over so many connections for so long.
///
/// # Errors
/// Where wrk is missing or any answer was not a success: a figure over refusals says nothing.
pub async fn ask(url: &str, cookie: &str, connections: u32, duration: Duration) -> Outcome<Load> {
    let script = tempfile::Builder::new().suffix(".lua").tempfile()?;
    std::fs::write(script.path(), REPORT)?;
    let output = Command::new("taskset")
        .args(["-c", portal::CLIENT_CORE, "wrk", "--threads", "1", "--timeout", "10s"])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{}s", duration.as_secs().max(1))])
        .arg("--header")
        .arg(format!("Cookie: {cookie}"))
        .arg("--script")
        .arg(script.path())
        .arg(url)
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().rev().find(|line| line.starts_with('{'));
    let line =
        line.ok_or_else(|| format!("wrk said nothing: {}", String::from_utf8_lossy(&output.stderr)))?;
    let load: Load = serde_json::from_str(line)?;
    if load.errors > 0.0 || load.requests < 1.0 {
        return Err(format!("{url}: {} of {} requests failed", load.errors, load.requests).into());
    }
    Ok(load)
}
