//! Requests: what waits for a colleague, what waits for the operators.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::operator::Stamp;
use crate::Day;
use crate::error::codes;
use crate::ids::{GrantId, SeatRequestId, ServiceRequestId};
use crate::queue::NextStep;
use crate::support::EngagementPlan;

codes! {
    /// What a service request is about.
    RequestKind {
        /// An activation (rules 13, 16).
        Activation = "activation",
        /// Presales assistance or advisory hours (rule 15).
        Advisory = "advisory",
        /// A cancellation with its refund (rule 20).
        Cancellation = "cancellation",
        /// Somebody asks to become a Global admin (rule 5).
        GlobalAdmin = "global_admin",
        /// The money of a bank transfer is awaited.
        Payment = "payment",
        /// The review of a company that enrols (rule 19).
        Enrolment = "enrolment",
    }
}

codes! {
    /// Where a service request stands.
    RequestState {
        /// Nobody has looked at it yet.
        Requested = "requested",
        /// An operator works on it.
        Processing = "processing",
        /// Done.
        Completed = "completed",
        /// A cancellation that was approved.
        Approved = "approved",
        /// Refused, with a reason.
        Refused = "refused",
        /// Withdrawn by whoever asked, or together with what it was about.
        Withdrawn = "withdrawn",
    }
}

/// A service request in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServiceRequestRow {
    /// Its id.
    pub id: ServiceRequestId,
    /// The number that people name it by.
    pub number: i64,
    /// What kind.
    pub kind: RequestKind,
    /// Where it stands.
    pub state: RequestState,
    /// Whether it still waits.
    pub open: bool,
    /// What it is about: the title of the case, or the product in the reader's language.
    pub title: String,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested: Day,
    /// Expected by.
    pub target: Day,
    /// Days until then; negative once it is over.
    pub target_days: i64,
    /// When it was decided.
    pub decided: Option<Day>,
    /// Why it was refused, or what the operator said.
    pub reason: Option<String>,
}

/// What the address of the page of requests asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RequestsQuery {
    /// Page, from 1.
    pub page: u32,
    /// The request that is open.
    pub open: Option<ServiceRequestId>,
}

/// A message about a request, as the company reads it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RequestMessage {
    /// When.
    pub at: Stamp,
    /// Who of the company wrote it; none stands for the operators.
    pub by: Option<String>,
    /// What it says.
    pub text: String,
    /// Whether the operators asked something that they need to go on.
    pub asks: bool,
}

/// The open request: what was written about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenRequest {
    /// The request itself, so that one on another page can be open too.
    pub row: ServiceRequestRow,
    /// Messages, the earliest first.
    pub messages: Vec<RequestMessage>,
    /// Whether the operators can be written to about it.
    pub takes_messages: bool,
    /// What is planned for it.
    pub plan: Option<EngagementPlan>,
    /// What happens next; nothing once it is decided.
    pub next: Option<NextStep>,
}

/// The page of requests.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RequestsPage {
    /// Employees who ask for a seat, for whoever may assign.
    pub seats: Vec<WaitingSeatRequest>,
    /// Why the reader can't decide them.
    pub why_not_decide: WhyNot,
    /// The reader's own requests for a seat, the latest first.
    pub own_seats: Vec<OwnSeatRequest>,
    /// Service requests: the company's for administrators, one's own for everybody else.
    pub service: Vec<ServiceRequestRow>,
    /// Whether they are the company's.
    pub of_company: bool,
    /// How many there are in all.
    pub total: i64,
    /// Which page this is, from 1.
    pub page: u32,
    /// The open request.
    pub item: Option<Box<OpenRequest>>,
}

/// An employee's request for a seat, for whoever decides it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WaitingSeatRequest {
    /// The request.
    pub id: SeatRequestId,
    /// Of which grant.
    pub grant: GrantId,
    /// Product in the reader's language.
    pub product: String,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Seats left; none is unlimited.
    pub left: Option<i64>,
    /// Who asks.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Why.
    pub note: String,
    /// Since.
    pub asked: Day,
}

/// A request for a seat that the reader made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnSeatRequest {
    /// The request.
    pub id: SeatRequestId,
    /// Product in the reader's language.
    pub product: String,
    /// Code of its state: requested, granted, refused.
    pub state: String,
    /// Since.
    pub asked: Day,
    /// When it was decided.
    pub decided: Option<Day>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// How to become a Global admin (rule 5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GlobalAdminPage {
    /// Active Global admins: name and address.
    pub admins: Vec<(String, String)>,
    /// Whether the reader is one.
    pub is_one: bool,
    /// The reader's own request to the operators that still waits: number and target.
    pub waiting: Option<(i64, Day)>,
    /// Working days within which the operators answer.
    pub target_days: u16,
}
