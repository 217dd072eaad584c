//! What waits for operators beside the requests of the queue: drafts, key pools and mail.

use serde::{Deserialize, Serialize};

use crate::Language;
use crate::error::codes;
use crate::ids::{CatalogueDraftId, MailId};

/// So many of a kind are shown.
pub const ROWS: usize = 3;

/// So many of a kind are counted; above it the number says only that there are more.
pub const COUNTED: i64 = 1_000;

codes! {
    /// What kind of thing waits.
    WaitingKind {
        /// A draft of the catalogue that a second person publishes.
        CatalogueDraft = "catalogue_draft",
        /// A key pool that runs low.
        KeyPool = "key_pool",
        /// Mail that was given up.
        FailedMail = "failed_mail",
        /// Mail to an address that is on hold.
        HeldMail = "held_mail",
    }
}

/// Where that is done which somebody waits for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WaitingPlace {
    /// On the draft's page.
    Draft(CatalogueDraftId),
    /// On the page of the pool of the product with this code.
    KeyPool(String),
    /// In the mail's row of the outbox.
    Mail(MailId),
    /// Among what waits in the outbox for this address.
    Address(String),
}

/// One thing that waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WaitingRow {
    /// Where it is done.
    pub place: WaitingPlace,
    /// What it is called: a title, a product in the reader's language, a subject, an address.
    pub name: String,
    /// In which language it is called so; none where that is the reader's, or nobody knows.
    pub language: Option<Language>,
    /// Who changed a draft last, or where a mail goes.
    pub note: Option<String>,
    /// Days since, in UTC.
    pub age: i64,
}

/// What waits of a kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WaitingGroup {
    /// What kind.
    pub kind: WaitingKind,
    /// How many there are; above [`COUNTED`] it says only that there are more.
    pub total: i64,
    /// Some of them, what waits longest first; never none.
    pub rows: Vec<WaitingRow>,
}
