//! One's own account: name and mail, sessions, second factor.

use serde::{Deserialize, Serialize};

use super::operator::Stamp;
use crate::ids::SessionId;
use crate::mail_topic::MailTopic;
use crate::reminder::ReminderCadence;

/// The profile of whoever asks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// Full name.
    pub name: String,
    /// Address to sign in with.
    pub email: String,
    /// What one can have by mail, and whether one does.
    pub topics: Vec<(MailTopic, bool)>,
    /// How they get reminders.
    pub reminders: ReminderCadence,
}

/// How whoever asks signs in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Security {
    /// Sessions, the one that asks first, then the last used first.
    pub sessions: Vec<OwnSession>,
    /// The time zone of their times.
    pub time_zone: String,
    /// The second factor.
    pub second_factor: SecondFactor,
}

/// A browser that somebody has signed in with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnSession {
    /// Its name in forms; it opens nothing.
    pub id: SessionId,
    /// The browser, where it is known.
    pub browser: Option<String>,
    /// What it runs on, where that is known.
    pub system: Option<String>,
    /// Signed in.
    pub begun: Stamp,
    /// Last used, to five minutes.
    pub seen: Stamp,
    /// The address that it signed in from.
    pub address: String,
    /// Whether it is the one that asks.
    pub here: bool,
}

/// What is known of the second factor; the secret and the codes aren't among it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SecondFactor {
    /// There is none.
    Off,
    /// A secret was shown, and no code of it came yet.
    Begun,
    /// It is asked for at every sign-in.
    On {
        /// Since when.
        since: Stamp,
        /// Recovery codes that weren't used.
        codes_left: i64,
    },
}

/// Who chooses a new password behind a link.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resetting {
    /// Full name.
    pub name: String,
    /// Address to sign in with.
    pub email: String,
}
