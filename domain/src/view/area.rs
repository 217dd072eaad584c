//! Competency areas as they are shown and chosen.

use serde::{Deserialize, Serialize};

/// A competency area with its name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NamedArea {
    /// Its code.
    pub code: String,
    /// Its name in the reader's language.
    pub name: String,
}
