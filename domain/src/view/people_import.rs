//! Several people at once, from a file: what stands in each row, and what would come of it.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use crate::error::codes;
use crate::ids::PeopleImportId;
use crate::{FieldError, Role};

/// So many people can stand in one file.
pub const IMPORT_ROWS_MAX: usize = 1000;
/// So large can the file be, in bytes.
pub const IMPORT_BYTES_MAX: usize = 200 * 1024;
/// Rows of a page.
pub const IMPORT_PAGE_ROWS: usize = 100;

codes! {
    /// How far an import is.
    ImportState {
        /// Read and checked; nothing is written yet.
        Checked = "checked",
        /// The rows without a fault are people now.
        Saved = "saved",
    }
}

/// What the address of the page asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ImportQuery {
    /// The file that was read.
    pub import: Option<PeopleImportId>,
    /// Page of its rows, from 1.
    pub page: u32,
}

/// The page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportPage {
    /// Why the reader can't add people.
    pub why_not: WhyNot,
    /// The file, once one was read.
    pub file: Option<ImportFile>,
}

/// A file that was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportFile {
    /// Its id.
    pub id: PeopleImportId,
    /// Its name, as the browser gave it.
    pub name: String,
    /// How far it is.
    pub state: ImportState,
    /// Rows that can be saved, or were.
    pub good: i64,
    /// Rows with a fault.
    pub faulty: i64,
    /// Rows of this page, those with a fault first; once saved only those.
    pub rows: Vec<ImportRow>,
    /// This page, from 1.
    pub page: u32,
    /// How many pages there are, at least 1.
    pub pages: u32,
}

/// A row of the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportRow {
    /// Its line in the file; the heads are line 1.
    pub line: i64,
    /// Full name as it stands there.
    pub name: String,
    /// Mail address as it stands there.
    pub email: String,
    /// Roles as they stand there.
    pub roles: String,
    /// Language as it stands there.
    pub language: String,
    /// The roles that were understood.
    pub understood: Vec<Role>,
    /// What is wrong; nothing where the row can be saved.
    pub faults: Vec<FieldError>,
}
