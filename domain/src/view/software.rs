//! A software product with its key, downloads and activations (rule 8).

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::seats::SeatsDetail;
use crate::Day;
use crate::benefit::ProductKind;
use crate::ids::SeatId;

/// A software product with its key and downloads. The key itself is never part of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyDetail {
    /// What kind of key, or none at all.
    pub kind: ProductKind,
    /// The key; none where the product has none.
    pub key: Option<KeyState>,
    /// The key of the reader's own seat of this grant; none where the reader has no seat.
    pub own: Option<KeyState>,
    /// Seats, where each holder has a key of their own; none where nobody is assigned.
    pub seats: Option<Box<SeatsDetail>>,
    /// Activations of a multiple-activation key.
    pub activations: Option<Activations>,
    /// Packages that exist, by version, language and operating system; empty where there is nothing
    /// to download.
    pub downloads: Vec<Package>,
    /// Why the reader can't download.
    pub why_not_download: WhyNot,
    /// What still ends with the first download or the first activation on record; none where
    /// nothing ends.
    pub refund: Option<RefundEnds>,
}

/// The key of a grant or of a seat, as far as it can be told without showing it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyState {
    /// Who revealed it first; none while it is still to be drawn.
    pub revealed: Option<Revealed>,
    /// What ends with the first reveal (rule 20); then a tick is required.
    pub refund: Option<RefundEnds>,
    /// Activations that the key brings; getting it uses none of them.
    pub activations: Option<i64>,
    /// Why the reader can't have it shown, for the first time or again.
    pub why_not: WhyNot,
    /// Whether another one can take its place; none while it is still to be drawn.
    pub replacement: Option<Replacement>,
    /// The reader's own seat that the key belongs to; none for the company's key.
    pub own_seat: Option<SeatId>,
}

/// Another key in the place of one that doesn't work.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Replacement {
    /// The last day, in the organization's time zone.
    pub until: Day,
    /// Whether the key's batch was withdrawn: then it is possible at any time.
    pub withdrawn: bool,
    /// Why the reader can't replace it.
    pub why_not: WhyNot,
}

/// A refund that is still possible, and ends with a first software benefit put to use (rule 20).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefundEnds {
    /// The offer that was bought, in the reader's language.
    pub offer: String,
    /// Its last day.
    pub until: Day,
}

/// A first reveal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Revealed {
    /// Who.
    pub by: String,
    /// When, in the organization's time zone.
    pub day: Day,
    /// Hour and minute of that day.
    pub time: (u8, u8),
}

/// Activations of a multiple-activation key, computed from their records (rule 8).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Activations {
    /// How many there are; none is unlimited.
    pub limit: Option<i64>,
    /// Used.
    pub used: i64,
    /// Left.
    pub left: Option<i64>,
    /// The records, the latest first.
    pub entries: Vec<ActivationEntry>,
    /// Why the reader can't record any.
    pub why_not_record: WhyNot,
}

/// One record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActivationEntry {
    /// Who recorded it.
    pub by: String,
    /// When.
    pub day: Day,
    /// How many; negative for a correction.
    pub amount: i64,
    /// Where, or why; may be empty.
    pub note: String,
}

/// A package to download.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Package {
    /// Its id, for the link.
    pub id: String,
    /// Version.
    pub version: String,
    /// Code of the language.
    pub language: String,
    /// Code of the operating system.
    pub operating_system: String,
    /// Name of the file.
    pub file_name: String,
    /// Size in bytes.
    pub bytes: i64,
}

/// A size as people read it, alike in the three languages: `840 MB`, `2.1 GB`.
///
/// Units are powers of 1000; from ten of a unit on there is no fraction.
#[must_use]
pub fn size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let bytes = bytes.max(0);
    let mut unit = 0;
    let mut scale: i64 = 1;
    while unit + 1 < UNITS.len() && bytes / scale >= 1000 {
        scale *= 1000;
        unit += 1;
    }
    let tenths = i128::from(bytes) * 10 / i128::from(scale);
    let name = UNITS[unit];
    if unit == 0 || tenths >= 100 || tenths % 10 == 0 {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_read_like_sizes() {
        for (bytes, text) in [
            (-1, "0 B"),
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 KB"),
            (840_000_000, "840 MB"),
            (2_147_483_648, "2.1 GB"),
            (9_990_000_000, "9.9 GB"),
            (25_500_000_000, "25 GB"),
            (i64::MAX, "9223372 TB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }
}
