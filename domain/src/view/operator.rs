//! The operators' side: queue, outbox, policies.

use serde::{Deserialize, Serialize};

use super::also_waiting::WaitingGroup;
use super::area::NamedArea;
use super::benefits::WhyNot;
use super::orders::ProofRow;
use super::purchases::{CancellationReason, PurchaseLine};
use super::requests::{RequestKind, RequestState};
use crate::benefit::Category;
use crate::enrolment::ProfileDraft;
use crate::error::codes;
use crate::ids::{AccountId, GrantId, MailId, OrganizationId, QueueViewId, ServiceRequestId};
use crate::mail_kind::MailKind;
use crate::order::OrderState;
use crate::queue::MessageDirection;
use crate::support::{AdvisoryDraft, EngagementPlan};
use crate::{AuditAction, Day, Language, Policies, Role};

/// Rows of a page.
pub const PAGE_ROWS: u32 = 50;
/// What is looked for in the outbox is looked for in the subjects of so many mails, the latest.
pub const SUBJECTS_LOOKED_AT: u32 = 5_000;

codes! {
    /// With whom a request is.
    OwnerFilter {
        /// With the reader.
        Me = "me",
        /// With nobody yet.
        Nobody = "nobody",
    }
}

codes! {
    /// Which targets are wanted.
    TargetFilter {
        /// Past.
        Late = "late",
        /// Within seven days, past ones included.
        Week = "week",
    }
}

codes! {
    /// What the queue is sorted by.
    #[derive(Default)]
    QueueSort {
        /// The last day on which it is on time.
        #[default]
        Target = "target",
        /// Its number.
        Number = "number",
        /// The organization's name.
        Organization = "organization",
        /// Since when it waits.
        Age = "age",
    }
}

codes! {
    /// Where requests stand that are wanted.
    StateFilter {
        /// Nobody works on them yet.
        Requested = "requested",
        /// Somebody works on them.
        Processing = "processing",
        /// The company has answered.
        Answered = "answered",
    }
}

/// With whom requests are that are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WantedOwner {
    /// With the reader, or with nobody.
    Filter(OwnerFilter),
    /// With that operator.
    Person(AccountId),
}

impl WantedOwner {
    /// As it stands in an address.
    #[must_use]
    pub fn code(self) -> String {
        match self {
            Self::Filter(filter) => filter.code().to_owned(),
            Self::Person(account) => account.to_string(),
        }
    }

    /// What an address says.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        OwnerFilter::from_code(code).map(Self::Filter).or_else(|| code.parse().ok().map(Self::Person))
    }
}

/// An operator who works the queue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Colleague {
    /// The account.
    pub account: AccountId,
    /// Full name.
    pub name: String,
}

/// Filters and sorting of the queue under a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SavedView {
    /// The view.
    pub id: QueueViewId,
    /// Its name.
    pub name: String,
    /// What the address has behind its `?`.
    pub query: String,
    /// Whether all operators see it.
    pub shared: bool,
    /// Whose it is; none for the reader's own.
    pub by: Option<String>,
}

/// Where a page of the queue stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum QueuePlace {
    /// It begins behind this request.
    After(ServiceRequestId),
    /// It ends in front of this request.
    Before(ServiceRequestId),
}

/// A request that is ticked in the queue, and the version of the row that the tick stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ticked {
    /// The request.
    pub request: ServiceRequestId,
    /// The version of its row.
    pub version: i64,
}

impl Ticked {
    /// As it stands in a form.
    #[must_use]
    pub fn code(self) -> String {
        format!("{}:{}", self.request, self.version)
    }

    /// What a form says.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let (request, version) = code.split_once(':')?;
        Some(Self { request: request.parse().ok()?, version: version.parse().ok()? })
    }

    /// Several as they stand in an address.
    #[must_use]
    pub fn list(several: &[Self]) -> String {
        several.iter().map(|one| one.code()).collect::<Vec<_>>().join(",")
    }

    /// What an address says; as many as are worked on at once.
    #[must_use]
    pub fn from_list(list: &str) -> Vec<Self> {
        list.split(',').filter_map(Self::from_code).take(PAGE_ROWS as usize).collect()
    }
}

/// What the address of the queue asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct QueueQuery {
    /// Part of a number, a subject, an organization or a person's name.
    pub find: String,
    /// Only one kind.
    pub kind: Option<RequestKind>,
    /// With whom; none is anybody.
    pub owner: Option<WantedOwner>,
    /// Only those that stand there.
    pub state: Option<StateFilter>,
    /// Only those about benefits of a category.
    pub category: Option<Category>,
    /// Only those of one company.
    pub organization: Option<OrganizationId>,
    /// Which targets; none is any.
    pub target: Option<TargetFilter>,
    /// Sorted by.
    pub sort: QueueSort,
    /// Whether the other way round.
    pub descending: bool,
    /// Where the page stands; none is the first one.
    pub place: Option<QueuePlace>,
    /// What is ticked, whether a row shows it or not.
    pub ticked: Vec<Ticked>,
    /// The row that is open.
    pub open: Option<ServiceRequestId>,
    /// Part of the name of a company whose used incidents are recorded.
    pub company: String,
}

/// A request in the queue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueRow {
    /// The request.
    pub id: ServiceRequestId,
    /// Its version, for every form about it.
    pub version: i64,
    /// Its number.
    pub number: i64,
    /// What kind.
    pub kind: RequestKind,
    /// Where it stands.
    pub state: RequestState,
    /// Whether it still waits.
    pub open: bool,
    /// What it is about, in the reader's language where that is a product or an offer.
    pub subject: String,
    /// The benefit, where that isn't what it is about already.
    pub benefit: Option<String>,
    /// The company.
    pub organization: String,
    /// Its id.
    pub organization_id: OrganizationId,
    /// Who asked.
    pub requester: String,
    /// Days since.
    pub age: i64,
    /// Which day of how many, for the clock.
    pub clock: (i64, i64),
    /// The last day on which it is on time.
    pub target: Day,
    /// Days until then; negative once it is passed.
    pub target_days: i64,
    /// With whom it is.
    pub owner: Option<String>,
    /// Whether it is with the reader.
    pub mine: bool,
    /// Whether the company has answered, and no operator has looked after it since.
    pub answered: bool,
}

/// A moment as it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stamp {
    /// Day.
    pub day: Day,
    /// Hour and minute.
    pub time: (u8, u8),
}

/// The open row of the queue: what has to be known to decide.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueItem {
    /// The row itself, so that a row on another page can be open too.
    pub row: QueueRow,
    /// When it was asked for, in the company's time zone.
    pub requested: Stamp,
    /// When it was decided.
    pub decided: Option<Stamp>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Mail address of whoever asked.
    pub requester_email: String,
    /// The company's tier, in the reader's language.
    pub tier: String,
    /// Other requests of the company that wait.
    pub other_open: i64,
    /// The company's time zone, in which days begin and end.
    pub time_zone: String,
    /// Why the reader can't decide it.
    pub why_not: WhyNot,
    /// What belongs to its kind.
    pub facts: ItemFacts,
    /// What happened to it, what was noted and what was written, the earliest first.
    pub history: Vec<HistoryEntry>,
    /// Why the reader can't write a note.
    pub why_no_note: WhyNot,
}

/// Something in the history of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When, in the company's time zone.
    pub at: Stamp,
    /// Who; nobody where the portal did it by itself.
    pub by: Option<String>,
    /// What.
    pub what: HistoryKind,
}

/// What an entry of the history is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum HistoryKind {
    /// Something was done.
    Done(AuditAction),
    /// A note that operators alone read.
    Note(String),
    /// A message, and which way it went.
    Message(MessageDirection, String),
}

/// What belongs to the kind of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ItemFacts {
    /// An activation.
    Activation(Box<ActivationItem>),
    /// Advisory hours or presales assistance.
    Advisory(Box<AdvisoryItem>),
    /// A cancellation with its refund.
    Cancellation(Box<CancellationItem>),
    /// Somebody asks to become a Global admin.
    GlobalAdmin(GlobalAdminItem),
    /// A bank transfer.
    Payment(PaymentItem),
    /// The review of a company that enrols.
    Enrolment(Box<EnrolmentItem>),
}

/// An activation to complete.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActivationItem {
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Whether Access ID and Contract ID can be issued.
    pub takes_ids: bool,
    /// Whether they must be.
    pub needs_ids: bool,
    /// Whose support it is, in editions A and B, with the alternate address.
    pub holder: Option<(String, Option<String>)>,
    /// The marketing contact and the address that the instructions go to.
    pub contact: Option<(String, String)>,
    /// Whether it is a go-to-market benefit.
    pub marketing: bool,
    /// Suggested first day.
    pub starts: Day,
    /// Suggested last day.
    pub expires: Option<Day>,
}

/// Hours that were delivered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// When they were recorded.
    pub day: Day,
    /// How many.
    pub hours: i64,
    /// What was done.
    pub note: String,
    /// Who recorded them.
    pub by: String,
}

/// A request for advisory hours.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AdvisoryItem {
    /// The form as it was filled in.
    pub draft: AdvisoryDraft,
    /// The benefit that is charged, in the reader's language.
    pub benefit: String,
    /// Code of its source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Hours left; none is unlimited.
    pub left: Option<i64>,
    /// What was recorded for this request.
    pub deliveries: Vec<Delivery>,
    /// What is planned.
    pub plan: Option<EngagementPlan>,
}

/// A cancellation to decide.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CancellationItem {
    /// The purchase, with its deadline as of the day it was asked for and its uses as of now.
    pub line: PurchaseLine,
    /// Why.
    pub reason: Option<CancellationReason>,
    /// More about it.
    pub note: String,
}

/// Somebody asks to become a Global admin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GlobalAdminItem {
    /// Roles that the person has.
    pub roles: Vec<Role>,
    /// Global admins that the company has meanwhile.
    pub admins: Vec<String>,
    /// Whether the person can sign in.
    pub active: bool,
}

/// A bank transfer that is awaited.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaymentItem {
    /// Number of the order, which the transfer names.
    pub order: i64,
    /// Where the order stands.
    pub state: OrderState,
    /// The offer in the reader's language.
    pub offer: String,
    /// Names of the competency areas, in the reader's language.
    pub areas: Vec<String>,
    /// What is to be paid, in the smallest unit of the currency.
    pub price_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// When it was ordered.
    pub ordered: Day,
    /// What the company gave as a proof.
    pub proofs: Vec<ProofRow>,
    /// Whether its money has to be sent back: the order was refunded.
    pub refund: bool,
}

/// Which competencies to show.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CompetenciesQuery {
    /// Part of a company's name or domain.
    pub find: String,
}

/// A competency on record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AttainedRow {
    /// The company.
    pub company: String,
    /// Its mail domain.
    pub domain: String,
    /// Code of the level.
    pub tier: String,
    /// The level in the reader's language.
    pub level: String,
    /// The area.
    pub area: NamedArea,
    /// When it was recorded, in UTC.
    pub day: Day,
    /// By whom.
    pub by: String,
}

/// Competencies on record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompetenciesPage {
    /// The latest first.
    pub rows: Vec<AttainedRow>,
    /// The competency areas that the programme has.
    pub areas: Vec<NamedArea>,
    /// The levels in which a competency is attained: code and name.
    pub levels: Vec<(String, String)>,
    /// Why the reader can't record any.
    pub why_not: WhyNot,
}

/// So many grants are offered to record an incident on.
pub const INCIDENT_GRANTS: u32 = 50;

/// A grant whose used incidents are recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IncidentGrant {
    /// The grant.
    pub id: GrantId,
    /// The company.
    pub organization: String,
    /// The benefit in the reader's language.
    pub name: String,
    /// Code of its source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Incidents left; none is unlimited.
    pub left: Option<i64>,
}

/// The queue with its open row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueuePage {
    /// Rows of this page.
    pub rows: Vec<QueueRow>,
    /// Rows that the filters leave.
    pub total: i64,
    /// Requests that wait.
    pub open: i64,
    /// Of them, those past their target.
    pub late: i64,
    /// Of them, those with the reader.
    pub mine: i64,
    /// Rows in front of this page.
    pub before: i64,
    /// The row in front of which the page before ends, if there is one.
    pub previous: Option<ServiceRequestId>,
    /// The row behind which the page after begins, if there is one.
    pub next: Option<ServiceRequestId>,
    /// The open row.
    pub item: Option<Box<QueueItem>>,
    /// Why the reader can't work the queue.
    pub why_not: WhyNot,
    /// Operators who work the queue, by name.
    pub colleagues: Vec<Colleague>,
    /// Whether the reader's keys are on.
    pub shortcuts: bool,
    /// Saved views, by name.
    pub views: Vec<SavedView>,
    /// Name of the company that the filter has.
    pub organization: Option<String>,
    /// Grants of the companies that were looked for; none where nobody looked.
    pub incidents: Option<Vec<IncidentGrant>>,
    /// What else waits, of which the reader sees the lists.
    pub also: Vec<WaitingGroup>,
}

codes! {
    /// Where a mail stands.
    MailState {
        /// Given up after many attempts.
        Failed = "failed",
        /// To be sent, or to be tried again.
        Waiting = "waiting",
        /// Handed over.
        Sent = "sent",
        /// Handed over or refused, and known not to arrive.
        Bounced = "bounced",
    }
}

/// What the address of the outbox asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OutboxQuery {
    /// Part of the recipient's address, the subject or the company's name.
    pub find: String,
    /// Only one state.
    pub state: Option<MailState>,
    /// Only one kind.
    pub kind: Option<MailKind>,
    /// Only mail to this address; empty is any.
    pub recipient: String,
    /// Only mail about this company.
    pub company: Option<OrganizationId>,
    /// The mail after which the page begins.
    pub after: Option<MailId>,
    /// The row that is open.
    pub open: Option<MailId>,
}

/// A mail in the list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MailRow {
    /// The mail.
    pub id: MailId,
    /// Code of the kind of mail.
    pub kind: String,
    /// Where it goes.
    pub recipient: String,
    /// Its language.
    pub language: Language,
    /// Subject.
    pub subject: String,
    /// The company that it is about.
    pub organization: Option<String>,
    /// Where it stands.
    pub state: MailState,
    /// Attempts so far.
    pub attempts: i64,
    /// Why the last attempt failed, as the mail server said it.
    pub last_error: Option<String>,
    /// When it was written, UTC.
    pub written: Stamp,
    /// When it was handed over, UTC.
    pub sent: Option<Stamp>,
    /// Whether it waits because mail to its address comes back.
    pub held: bool,
}

/// An attempt to hand a mail over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MailAttempt {
    /// When it began, UTC.
    pub began: Stamp,
    /// Whether it ended; one that a stopped server left behind didn't.
    pub ended: bool,
    /// Why it failed, as the mail server said it.
    pub error: Option<String>,
}

/// The open row of the outbox: the mail as its reader gets it, without what is secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MailItem {
    /// The row itself, so that a row on another page can be open too.
    pub row: MailRow,
    /// The company that it is about.
    pub company: Option<OrganizationId>,
    /// The text before a link that is left out, and after it; one part where there is no such link.
    pub text: Vec<String>,
    /// Names of what is attached.
    pub attachments: Vec<String>,
    /// Attempts, the first one first.
    pub attempts: Vec<MailAttempt>,
    /// When it is tried next, UTC.
    pub next: Option<Stamp>,
    /// When somebody said that it came back, UTC, and why.
    pub bounced: Option<(Stamp, String)>,
    /// Since when mail to its address comes back, UTC, and why.
    pub address: Option<(Stamp, String)>,
    /// Whether it can be said that it came back.
    pub can_bounce: bool,
    /// Whether it can be sent again.
    pub can_repeat: bool,
}

/// The outbox, what needs attention first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OutboxPage {
    /// Rows of this page.
    pub rows: Vec<MailRow>,
    /// Rows that the filters leave; above `counted` it says only that there are more.
    pub total: i64,
    /// Up to where they are counted, as of events: [`super::activity::COUNTED`] or fewer.
    pub counted: i64,
    /// Mails that were given up.
    pub failed: i64,
    /// Mails that wait.
    pub waiting: i64,
    /// Addresses that mail doesn't reach.
    pub bouncing: i64,
    /// Name of the company that is filtered for.
    pub company: Option<String>,
    /// The open row.
    pub item: Option<Box<MailItem>>,
    /// The mail after which the next page begins.
    pub next: Option<MailId>,
    /// Why the reader can't send a mail again.
    pub why_not: WhyNot,
}

/// The policies in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PoliciesPage {
    /// Their values.
    pub policies: Policies,
    /// Changes with any value: a form older than the values is refused.
    pub version: i64,
    /// Why the reader can't change them.
    pub why_not: WhyNot,
}

/// The review of a company that enrols (rule 19).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EnrolmentItem {
    /// Legal profile and primary contact.
    pub profile: ProfileDraft,
    /// The company's domain.
    pub domain: String,
    /// Whether the company comes from the older portal.
    pub imported: bool,
    /// Version of the agreement that was accepted.
    pub agreement: i64,
    /// Who accepted it, as signed.
    pub accepted_name: String,
    /// When.
    pub accepted: Stamp,
    /// When the primary contact said yes to both questions.
    pub answered: Option<Stamp>,
}
