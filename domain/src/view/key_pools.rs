//! Key pools as operators see them: how many keys are in which state, never a key.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::operator::Stamp;
use crate::error::codes;
use crate::ids::{KeyBatchId, ProductKeyId};

/// Batches of a page.
pub const BATCH_ROWS: u32 = 20;
/// So many lines that brought no key are listed.
pub const FAULT_LINES: u32 = 500;

/// Keys whose readers a page lists.
pub const SEEN_KEYS: u32 = 50;

codes! {
    /// Where the import of a batch stands.
    BatchState {
        /// Some of its lines wait.
        Importing = "importing",
        /// All of its lines were looked at.
        Done = "done",
        /// Stopped before its end.
        Cancelled = "cancelled",
    }
}

codes! {
    /// Why a line brought no key.
    LineFault {
        /// The key is here already, in whichever pool.
        Duplicate = "duplicate",
        /// Not a key of the product's format, or not a count.
        Malformed = "malformed",
    }
}

/// Keys by their state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KeyCounts {
    /// Can be drawn.
    pub free: i64,
    /// Bound to a grant or a seat.
    pub held: i64,
    /// Redeemed, or left behind by a seat.
    pub spent: i64,
    /// Out of use.
    pub withdrawn: i64,
    /// Another one took their place.
    pub replaced: i64,
}

/// Whether a pool runs low: fewer keys are free than its threshold; none with 0.
#[must_use]
pub const fn runs_low(free: i64, threshold: i64) -> bool {
    free < threshold
}

/// A key pool.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PoolRow {
    /// Code of the product, for the address.
    pub product: String,
    /// Its name in the reader's language.
    pub name: String,
    /// How many keys there are.
    pub counts: KeyCounts,
    /// Below so many free keys the operators are told; 0 for never.
    pub threshold: i64,
    /// Whether an import is under way.
    pub importing: bool,
    /// When the latest batch came, UTC.
    pub last_import: Option<Stamp>,
}

impl PoolRow {
    /// Whether it runs low.
    #[must_use]
    pub const fn low(&self) -> bool {
        runs_low(self.counts.free, self.threshold)
    }
}

/// Every product with a key pool, those that run low first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyPoolsPage {
    /// The pools.
    pub rows: Vec<PoolRow>,
}

/// What the address of a pool's page asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KeyPoolQuery {
    /// Code of the product.
    pub product: String,
    /// The batch that is open.
    pub open: Option<KeyBatchId>,
    /// Its list of who had which key shown goes on after this one.
    pub before: Option<ProductKeyId>,
    /// The key that is open.
    pub key: Option<ProductKeyId>,
    /// Page of the batches, from 1.
    pub page: u32,
}

/// A batch of keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BatchRow {
    /// The batch.
    pub id: KeyBatchId,
    /// Its name.
    pub name: String,
    /// Where its keys came from.
    pub source: String,
    /// Who imported it; none for a command on the server.
    pub by: Option<String>,
    /// When, UTC.
    pub created: Stamp,
    /// Where it stands.
    pub state: BatchState,
    /// Whether it is out of use.
    pub withdrawn: bool,
    /// Lines with something in them.
    pub lines: i64,
    /// Lines that were looked at.
    pub position: i64,
    /// Keys that came.
    pub accepted: i64,
    /// Lines whose key was here already.
    pub duplicate: i64,
    /// Lines without a key.
    pub malformed: i64,
}

/// A line that brought no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FaultyLine {
    /// Which line of the file.
    pub line: i64,
    /// Why.
    pub fault: LineFault,
}

/// An open batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BatchDetail {
    /// Its row.
    pub row: BatchRow,
    /// Its keys as they are now.
    pub counts: KeyCounts,
    /// The first lines that brought no key.
    pub faults: Vec<FaultyLine>,
    /// That it was withdrawn.
    pub withdrawn: Option<WithdrawnBatch>,
    /// Who had which of its keys shown, the keys that were drawn last first.
    pub seen: Vec<SeenKey>,
    /// The last key of this list, where more follow.
    pub seen_before: Option<ProductKeyId>,
}

/// A batch out of use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WithdrawnBatch {
    /// When, UTC.
    pub at: Stamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// That somebody had a key shown: never the key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SeenKey {
    /// Which key.
    pub key: ProductKeyId,
    /// Code of its state now.
    pub state: String,
    /// The company.
    pub company: String,
    /// Who.
    pub person: String,
    /// When for the first time, UTC.
    pub first: Stamp,
    /// When for the last time, UTC.
    pub last: Stamp,
}

/// What tells a key apart from the others of its pool where the key itself may not stand: the end of its id.
#[must_use]
pub fn key_label(key: ProductKeyId) -> String {
    let id = key.to_string();
    format!("…{}", id.get(id.len().saturating_sub(8)..).unwrap_or_default())
}

/// One key of a pool: everything about it but the key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyDetail {
    /// The key.
    pub id: ProductKeyId,
    /// Code of its state.
    pub state: String,
    /// The batch that it came with, and its name.
    pub batch: Option<(KeyBatchId, String)>,
    /// Whose it is, or was; none for a key that nobody drew.
    pub drawn: Option<DrawnKey>,
    /// That another one took its place.
    pub replaced: Option<ReplacedKey>,
    /// Who had it shown, the latest first.
    pub seen: Vec<SeenKey>,
    /// Why operators had it shown, the latest first.
    pub inspections: Vec<KeyInspection>,
    /// Why the reader can't have it shown.
    pub why_not: WhyNot,
}

/// Whose a key is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DrawnKey {
    /// The company.
    pub company: String,
    /// Who holds its seat; none for a key of the company itself.
    pub holder: Option<String>,
    /// Since when, UTC.
    pub at: Stamp,
}

/// That another key took a key's place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReplacedKey {
    /// When, UTC.
    pub at: Stamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// That an operator had a key shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyInspection {
    /// Who.
    pub by: String,
    /// When, UTC.
    pub at: Stamp,
    /// Why.
    pub reason: String,
}

/// A pool with its batches.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyPoolPage {
    /// The pool.
    pub row: PoolRow,
    /// Its version, for the form with the threshold.
    pub version: i64,
    /// Whether its keys have a count of activations.
    pub takes_counts: bool,
    /// Batches, the latest first.
    pub batches: Vec<BatchRow>,
    /// How many there are.
    pub total: i64,
    /// Which page of them this is, from 1.
    pub page: u32,
    /// The open batch.
    pub open: Option<Box<BatchDetail>>,
    /// The open key.
    pub key: Option<Box<KeyDetail>>,
    /// Why the reader can't import.
    pub why_not_import: WhyNot,
    /// Why the reader can't withdraw a batch.
    pub why_not_withdraw: WhyNot,
}

#[cfg(test)]
mod tests {
    use super::runs_low;

    #[test]
    fn a_pool_runs_low_below_its_threshold() {
        assert!(runs_low(9, 10) && runs_low(0, 1));
        assert!(!runs_low(10, 10) && !runs_low(11, 10) && !runs_low(0, 0));
    }
}
