//! What an employee sees: own seats, what could be asked for.

use serde::{Deserialize, Serialize};

use super::software::KeyState;
use crate::Day;
use crate::benefit::{Category, ProductKind};
use crate::ids::{GrantId, SeatId};

/// One's own benefits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnBenefits {
    /// Active seats.
    pub seats: Vec<OwnSeat>,
    /// Former seats, the latest first.
    pub earlier: Vec<OwnEarlierSeat>,
    /// Technical benefits whose Access ID and Contract ID can be shown.
    pub support: Vec<OwnSupport>,
    /// What could be asked for.
    pub available: Vec<Askable>,
    /// Requests that wait or were refused.
    pub requests: Vec<OwnRequest>,
}

/// A seat of one's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnSeat {
    /// The seat.
    pub seat: SeatId,
    /// The grant.
    pub grant: GrantId,
    /// Product.
    pub name: String,
    /// Line under the name.
    pub summary: String,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Kind of product.
    pub kind: ProductKind,
    /// Category.
    pub category: Category,
    /// Since.
    pub since: Day,
    /// Who assigned it.
    pub assigned_by: String,
    /// Usable until.
    pub expires: Option<Day>,
    /// Days until then.
    pub expires_days: Option<i64>,
    /// Special instructions, a step each.
    pub instructions: Vec<String>,
    /// The vendor's portal.
    pub portal_url: Option<String>,
    /// While it is being set up: which day of how many.
    pub processing: Option<(i64, i64)>,
    /// Whether a key of its own belongs to it.
    pub has_key: bool,
    /// The key, as far as it can be told without showing it; only of the seat that is open.
    pub key: Option<KeyState>,
}

/// A seat that one had.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnEarlierSeat {
    /// The seat.
    pub seat: SeatId,
    /// Product.
    pub name: String,
    /// Since.
    pub since: Day,
    /// Until.
    pub until: Day,
    /// Code of the reason.
    pub reason: String,
}

/// A technical benefit that is active.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnSupport {
    /// The grant.
    pub grant: GrantId,
    /// Product.
    pub name: String,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Usable until.
    pub expires: Option<Day>,
}

/// A grant of which a seat can be asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Askable {
    /// The grant.
    pub grant: GrantId,
    /// Product.
    pub name: String,
    /// Line under the name.
    pub summary: String,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// What is left; none is unlimited.
    pub left: Option<i64>,
}

/// A request of one's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnRequest {
    /// Product.
    pub name: String,
    /// Code of its state.
    pub state: String,
    /// Since.
    pub asked: Day,
    /// Why it was refused.
    pub reason: Option<String>,
}
