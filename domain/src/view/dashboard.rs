//! The dashboard: what needs attention.

use serde::{Deserialize, Serialize};

use super::benefits::BenefitRow;
use super::people::Setup;
use crate::Day;
use crate::benefit::Category;
use crate::error::codes;
use crate::mail_topic::MailTopic;

/// What needs attention.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dashboard {
    /// Grants that end soon, the nearest first; for whoever may not open the benefits pages those of
    /// their own seats.
    pub expiring: Vec<(Category, BenefitRow)>,
    /// Grants that nobody uses, those that end first on top.
    pub unused: Vec<(Category, BenefitRow)>,
    /// What waits, for the reader or for an operator.
    pub waiting: Vec<Waiting>,
    /// Notices not read yet, the latest first.
    pub unread: Vec<Notice>,
    /// Whether the reader may open the benefits pages.
    pub opens_benefits: bool,
    /// What is left of the company's set-up (rule 4), for whoever opens the benefits pages.
    pub setup: Option<Setup>,
}

/// Something that waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Waiting {
    /// Requests for seats that somebody here has to decide.
    SeatRequests(i64),
    /// A request to the programme's operators.
    Request {
        /// Its number.
        number: i64,
        /// What it is about.
        title: String,
        /// Code of its kind.
        kind: String,
        /// Which day of how many.
        processing: (i64, i64),
    },
}

/// A notice in the portal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: String,
    /// What it says.
    pub title: String,
    /// Where it leads.
    pub link: String,
    /// Since when.
    pub day: Day,
    /// Whether it was read.
    pub read: bool,
    /// The day that it is about.
    pub due: Option<Day>,
    /// Whether mail about it can be left out, and under which topic; none for what always comes, and for
    /// notices of before there were kinds.
    pub topic: Option<MailTopic>,
    /// Whether it is one that can't be done without.
    pub mandatory: bool,
}

codes! {
    /// Which notices are wanted.
    NoticeFilter {
        /// Those not read yet.
        Unread = "unread",
        /// Those about a day that is still to come, the nearest first.
        Due = "due",
    }
}

/// What the address of the notices asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct NoticesQuery {
    /// Only some of them.
    pub show: Option<NoticeFilter>,
    /// The notice after which the page begins.
    pub after: Option<String>,
}

/// Notices, in the order that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notices {
    /// At most 50 of them.
    pub notices: Vec<Notice>,
    /// The id after which further ones begin, where there are any.
    pub older: Option<String>,
}
