//! Seats: who holds what since when, and who may be chosen.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use crate::ids::{PersonId, SeatId, SeatRequestId};
use crate::seat::ReleaseReason;
use crate::{Day, ErrorCode};

/// People in the plain select at most; with JavaScript the search reaches everybody.
pub const CHOICES: u32 = 200;

/// The seats of a grant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SeatsDetail {
    /// Why the reader can't assign.
    pub why_not_assign: WhyNot,
    /// Why nobody can, whatever their role: the grant's own state.
    pub why_closed: WhyNot,
    /// Active holders, the latest last.
    pub holders: Vec<Holder>,
    /// Former holders, the latest first.
    pub earlier: Vec<EarlierHolder>,
    /// People to choose from; not everybody may get a seat.
    pub people: Vec<PersonChoice>,
    /// The reader, for "Assign myself".
    pub myself: Option<PersonChoice>,
    /// Who is chosen already: the address names a person who was just added (rule 11).
    pub chosen: Option<PersonId>,
    /// Employees who ask for a seat.
    pub requests: Vec<SeatRequestRow>,
    /// After an assignment today the seat can't be reassigned until then (rule 10).
    pub locked_until: Option<Day>,
    /// The vendor's portal, where the reader holds a seat (rule 9).
    pub portal_url: Option<String>,
    /// Whether an alternate email is asked for (support by assignment, rule 13).
    pub wants_alternate_email: bool,
}

/// Somebody with an active seat.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Holder {
    /// The seat.
    pub seat: SeatId,
    /// Version of the seat.
    pub version: i64,
    /// The person.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Since.
    pub since: Day,
    /// Who assigned it.
    pub assigned_by: String,
    /// Not to be reassigned before; none where it is free to go.
    pub locked_until: Option<Day>,
    /// Whether the mail with the steps is still waiting.
    pub mail_waiting: bool,
    /// While support is being set up: which day of how many.
    pub processing: Option<(i64, i64)>,
}

/// Somebody who held a seat before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EarlierHolder {
    /// The seat.
    pub seat: SeatId,
    /// Full name.
    pub name: String,
    /// Since.
    pub since: Day,
    /// Until.
    pub until: Day,
    /// Why it ended.
    pub reason: ReleaseReason,
}

/// A person to choose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PersonChoice {
    /// The person.
    pub id: PersonId,
    /// Full name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Why not, or what to know: holds a seat already, holds the same product.
    pub note: Option<ErrorCode>,
    /// Whether the note forbids it.
    pub refused: bool,
}

/// An employee's request for a seat.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SeatRequestRow {
    /// The request.
    pub id: SeatRequestId,
    /// Who asks.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Why.
    pub note: String,
    /// Since.
    pub asked: Day,
}

/// What became of each person who was chosen (rule 12: never a silent part).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AssignResult {
    /// Who got a seat: names.
    pub assigned: Vec<String>,
    /// Who was left out, because the chooser said "the first n".
    pub left_out: Vec<String>,
}
