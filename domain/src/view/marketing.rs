//! Go-to-market benefits and the contact that hears of them (rules 16, 17).

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::seats::PersonChoice;
use super::technical::ActivationFacts;
use crate::benefit::ActivationState;
use crate::ids::PersonId;
use crate::{Day, Language};

/// A go-to-market benefit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MarketingDetail {
    /// Where it stands.
    pub state: ActivationState,
    /// Why the reader's roles don't let them activate it.
    pub why_not: WhyNot,
    /// Why nobody can activate it now: the grant's own state, or no marketing contact yet.
    pub why_closed: WhyNot,
    /// The latest activation; none before the first.
    pub activation: Option<ActivationFacts>,
    /// Whom the instructions go to: name and address; none where there is no contact.
    pub contact: Option<(String, String)>,
    /// Where the benefit is used.
    pub portal_url: Option<String>,
    /// Working days within which operators set it up.
    pub target_days: u16,
}

/// The marketing contact as the top of the page shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ContactPane {
    /// Somebody who was just added for this, and is chosen already (rule 11).
    pub chosen: Option<PersonId>,
    /// Why the reader can't add, update or change it.
    pub why_not: WhyNot,
    /// The contact; none before it is added.
    pub contact: Option<MarketingContactView>,
    /// People to choose from; empty where the reader can't choose.
    pub people: Vec<PersonChoice>,
}

/// The marketing contact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MarketingContactView {
    /// The person.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// Where the programme's mail goes.
    pub alternate_email: String,
    /// Phone with country code.
    pub phone: String,
    /// Language of the mail.
    pub language: Language,
    /// Since when it says this.
    pub updated: Day,
    /// Version, for forms that edit it.
    pub version: i64,
    /// Whether the person has left or is suspended: somebody else has to be chosen.
    pub inactive: bool,
}
