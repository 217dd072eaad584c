//! What a form's post comes to.

use serde::{Deserialize, Serialize};

use super::mail_template::MailPreview;

/// A use case was carried out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// What is said about it, in the reader's language.
    pub message: String,
    /// Where to go on, if not on the same page.
    pub go: Option<String>,
    /// A secret that the answer shows once; never in a resource, a log or an address.
    pub shown: Option<Shown>,
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
