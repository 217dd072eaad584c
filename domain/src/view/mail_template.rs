//! Templates of mail: the product's wording and the programme's own.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::operator::Stamp;
use crate::Language;
use crate::mail_kind::MailKind;
use crate::mail_template::Wording;

/// What the address of the page asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TemplatesQuery {
    /// The kind that is open.
    pub kind: Option<MailKind>,
    /// The language in which it is open; none is the reader's.
    pub language: Option<Language>,
    /// Only kinds with a wording of the programme's own.
    pub own: bool,
}

/// A kind of mail.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplateRow {
    /// The kind.
    pub kind: MailKind,
    /// Its subject with sample data, in the reader's language.
    pub subject: String,
    /// Languages in which the programme has its own wording.
    pub own: Vec<Language>,
}

/// A mail as its reader would get it, with sample data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MailPreview {
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
}

/// A kind of mail in a language.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplateItem {
    /// The kind.
    pub kind: MailKind,
    /// The language.
    pub language: Language,
    /// The wording in force.
    pub wording: Wording,
    /// The product's wording.
    pub product: Wording,
    /// What comes of the wording in force.
    pub preview: MailPreview,
    /// Its version; 0 where the product's wording is in force.
    pub version: i64,
    /// When it was changed, UTC, and by whom.
    pub changed: Option<(Stamp, String)>,
    /// Places that the subject can have.
    pub subject_places: Vec<String>,
    /// Places that the body can have.
    pub places: Vec<String>,
    /// Places that the body can't do without.
    pub needed: Vec<String>,
}

/// The page of templates.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TemplatesPage {
    /// Every kind of mail that the filter leaves.
    pub rows: Vec<TemplateRow>,
    /// Wordings of the programme's own, in all languages.
    pub own: i64,
    /// The open kind.
    pub item: Option<Box<TemplateItem>>,
    /// Why the reader can't change any.
    pub why_not: WhyNot,
}
