//! What the steps of the enrolment show.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::orders::{Agreement, Point};
use crate::Day;
use crate::enrolment::{EnrolmentState, ProfileDraft};

/// Who looks at the wizard, and how far the company is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EnrolmentPage {
    /// The programme's name.
    pub programme: String,
    /// Why to join, as the programme says it.
    pub points: Vec<Point>,
    /// What can be held, as the programme describes it.
    pub tiers: Vec<Point>,
    /// Who reads.
    pub reader: EnrolmentReader,
}

/// Who looks at the wizard.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum EnrolmentReader {
    /// Nobody is signed in: a company can be founded.
    Nobody,
    /// Somebody of a company.
    Person(Box<EnrolmentCompany>),
    /// An operator, who enrols no company.
    Operator,
}

/// A company and its enrolment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EnrolmentCompany {
    /// Its name.
    pub name: String,
    /// Whether it is a member already.
    pub member: bool,
    /// Whether the reader can begin to enrol it: it was invited, or its old record is over.
    pub can_begin: bool,
    /// Why the reader may not; none if they may.
    pub why_not: WhyNot,
    /// Where the enrolment stands; none where it wasn't begun.
    pub state: Option<EnrolmentState>,
    /// Version of the enrolment.
    pub version: i64,
    /// Profile and contact: what was saved, else what is known.
    pub profile: ProfileDraft,
    /// The agreement in force, in the reader's language.
    pub agreement: Option<Agreement>,
    /// The reader's name, to sign with.
    pub signer: String,
    /// What is done and what is pending.
    pub pending: Pending,
}

/// What is done and what is pending of an enrolment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Pending {
    /// Who accepted the agreement, as signed, and when.
    pub accepted: Option<(String, Day)>,
    /// When the primary contact was asked last.
    pub asked: Option<Day>,
    /// When the primary contact answered.
    pub answered: Option<Day>,
    /// Whether the founder has ticked Admin agent (rule 4).
    pub admin_agent: bool,
    /// The operators' review: its number and the day by which it is decided.
    pub review: Option<(i64, Day)>,
    /// Why the operators asked for changes or turned the company down.
    pub reason: Option<String>,
    /// When they decided.
    pub decided: Option<Day>,
}

/// Legal profile and primary contact of a member.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LegalProfilePage {
    /// What was saved, else what is known.
    pub profile: ProfileDraft,
    /// Version of the profile; 0 where none was saved.
    pub version: i64,
    /// Who saved it last, and when.
    pub saved: Option<(String, Day)>,
    /// Why the reader may not change it; none if they may.
    pub why_not: WhyNot,
}

/// What stands behind the link that founds a company.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FoundingPage {
    /// The founder's full name.
    pub name: String,
    /// The founder's address.
    pub email: String,
    /// The company's domain.
    pub domain: String,
    /// Last day of the link.
    pub until: Day,
    /// Where the company's directory sends people back to, to be registered there.
    pub redirect_uri: String,
    /// Whether the address has an account already, whose owner signs in first.
    pub has_account: bool,
    /// Whether that account is the one that is signed in.
    pub is_reader: bool,
    /// Whether somebody else is signed in.
    pub other_reader: bool,
}

/// What the primary contact is asked (rule 19).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ContactPage {
    /// The company.
    pub organization: String,
    /// The programme.
    pub programme: String,
    /// Who signed up in the company's name.
    pub founder: String,
    /// The primary contact's name.
    pub name: String,
    /// The primary contact's address.
    pub email: String,
}
