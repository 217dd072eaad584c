//! What a form's post comes to.

use serde::{Deserialize, Serialize};

use super::mail_template::MailPreview;
use crate::error::codes;

codes! {
    /// How much of what was asked for was done.
    #[derive(Default)]
    Extent {
        /// All of it.
        #[default]
        Whole = "whole",
        /// Some of it.
        Part = "part",
        /// Nothing of it.
        Nothing = "nothing",
    }
}

/// A use case was carried out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// What is said about it, in the reader's language.
    pub message: String,
    /// How much of it that was: several things at once can succeed in part.
    pub extent: Extent,
    /// Where to go on, if not on the same page.
    pub go: Option<String>,
    /// A secret that the answer shows once; never in a resource, a log or an address.
    pub shown: Option<Shown>,
}

/// What a page leaves for the next one to say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Said {
    /// Its words.
    pub text: String,
    /// How much was done.
    pub extent: Extent,
}

impl Said {
    /// As a cookie has it.
    #[must_use]
    pub fn code(&self) -> String {
        format!("{}:{}", self.extent.code(), self.text)
    }

    /// What a cookie says.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let (extent, text) = code.split_once(':')?;
        Some(Self { text: text.to_owned(), extent: Extent::from_code(extent)? })
    }
}

/// A secret shown in the answer to a post.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// A product key, for the grant with that id.
    Key {
        /// Grant or seat that it is bound to.
        target: String,
        /// The key.
        key: String,
    },
    /// Access ID and Contract ID.
    SupportIds {
        /// The grant.
        target: String,
        /// Nine digits.
        access_id: String,
        /// Nine digits.
        contract_id: String,
    },
    /// What an authenticator app needs.
    SecondFactor {
        /// The secret in base32.
        secret: String,
        /// The square that the app reads.
        square: Square,
    },
    /// Recovery codes, in groups.
    RecoveryCodes(Vec<String>),
    /// A mail as its wording would have it. No secret: it stands here because nothing was kept.
    Mail(MailPreview),
    /// A token for provisioning.
    Token {
        /// The token.
        token: String,
    },
}

/// A QR code as a drawing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Square {
    /// Modules on a side, without the quiet zone.
    pub side: usize,
    /// The dark modules as an SVG path, a unit each.
    pub path: String,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(..)")
    }
}
