//! A technical benefit in edition C (rules 13 to 15).

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::requests::ServiceRequestRow;
use crate::Day;
use crate::benefit::{ActivationState, ProductKind, Unit};

/// A technical benefit in edition C. Access ID and Contract ID are never among it: whoever wants to
/// see them asks with a form of their own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TechnicalDetail {
    /// Where it stands.
    pub state: ActivationState,
    /// Why the reader's roles don't let them activate it.
    pub why_not: WhyNot,
    /// Why nobody can activate it now: the grant's own state.
    pub why_closed: WhyNot,
    /// Why the reader can't see Access ID and Contract ID.
    pub why_no_ids: WhyNot,
    /// The latest activation; none before the first.
    pub activation: Option<ActivationFacts>,
    /// Whether Access ID and Contract ID were issued and the benefit is active.
    pub has_ids: bool,
    /// Name of the company: everybody of it sees the numbers.
    pub company: String,
    /// What kind of support it is.
    pub kind: ProductKind,
    /// What it is for, who has it and what one needs, in the reader's language.
    pub guidance: String,
    /// Granted, used, left, with the entries.
    pub balance: Balance,
    /// Where incidents are opened.
    pub portal_url: Option<String>,
    /// Whether hours of it are asked for with the request form (rule 15).
    pub takes_requests: bool,
    /// Tiers that have such support, in the reader's language.
    pub available_to: Vec<String>,
    /// Requests so far, the latest first.
    pub requests: Vec<ServiceRequestRow>,
    /// Working days within which operators set it up.
    pub target_days: u16,
}

/// An activation on its way, or arrived.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActivationFacts {
    /// Number of the request.
    pub number: Option<i64>,
    /// Day on which it was asked for.
    pub requested: Day,
    /// Hour and minute of it.
    pub requested_time: (u8, u8),
    /// Who asked.
    pub requested_by: String,
    /// Expected by.
    pub target: Day,
    /// While it is worked on: which day of how many.
    pub processing: Option<(i64, i64)>,
    /// When it was set up or refused.
    pub completed: Option<Day>,
    /// Usable until.
    pub expires: Option<Day>,
    /// Why it was refused, in the operator's words.
    pub reason: Option<String>,
}

/// A ledger with its sums.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Balance {
    /// Unit.
    pub unit: Unit,
    /// Granted; none is unlimited.
    pub granted: Option<i64>,
    /// Used.
    pub used: i64,
    /// Left; none is unlimited.
    pub left: Option<i64>,
    /// Entries, the latest first.
    pub entries: Vec<BalanceEntry>,
}

/// One entry of a ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BalanceEntry {
    /// When it was recorded.
    pub day: Day,
    /// How much was used; negative gives back.
    pub amount: i64,
    /// What for, in the words of whoever recorded it.
    pub reason: String,
}

/// The form that asks for presales assistance and advisory hours (rule 15).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AdvisoryPage {
    /// Why the reader can't ask.
    pub why_not: WhyNot,
    /// What can be charged; empty where the company has nothing of the kind.
    pub grants: Vec<ChargeChoice>,
    /// Tiers that have such benefits, in the reader's language.
    pub available_to: Vec<String>,
    /// What is chosen first.
    pub chosen: Option<String>,
    /// Time zone of the company, as the form begins.
    pub time_zone: String,
    /// Requests of this kind that the company made so far, the latest first.
    pub requests: Vec<ServiceRequestRow>,
    /// Working days within which a consultant answers.
    pub target_days: u16,
}

/// A benefit that an advisory request can be charged to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChargeChoice {
    /// The grant's id.
    pub grant: String,
    /// Product in the reader's language.
    pub name: String,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Hours left; none is unlimited.
    pub left: Option<i64>,
    /// Why it can't be charged.
    pub why_closed: WhyNot,
}
