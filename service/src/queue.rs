//! The operators' queue: what partners asked for, taken, completed, approved or refused.

mod also_waiting;
pub mod assign;
pub mod bounce;
pub mod bulk;
pub mod complete;
pub mod enrolment;
pub mod item;
pub mod list;
pub mod messages;
mod outbox_item;
pub mod outbox_list;
mod outbox_search;
pub mod plan;
pub mod policies_edit;
pub mod record_use;
pub mod refuse;
pub mod shortcuts;
pub mod take;
pub mod templates;
pub mod views;

use domain::ids::{OrganizationId, PersonId, ServiceRequestId};
use domain::rights::OperatorAction;
use domain::view::requests::{RequestKind, RequestState};
use domain::{AuditAction, ErrorCode, Language, Moment};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::audit::Event;
use crate::change::Change;
use crate::failure::Failure;
use crate::live::Changed;
use crate::outbox::Letter;
use crate::reminders::readers::readers;
use crate::request::Operator;
use crate::{Outcome, rights, sql};

/// Which request, as the page showed it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The request.
    pub request: ServiceRequestId,
    /// Its version.
    pub version: i64,
}

/// A request under decision, with whoever asked.
#[derive(FromQueryResult)]
pub(crate) struct Item {
    pub(crate) id: Uuid,
    pub(crate) number: i64,
    pub(crate) organization_id: Uuid,
    pub(crate) kind: String,
    pub(crate) open: bool,
    pub(crate) grant_id: Option<Uuid>,
    pub(crate) activation_id: Option<Uuid>,
    pub(crate) order_line_id: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) requested_by: Uuid,
    pub(crate) requested_at: i64,
    pub(crate) row_version: i64,
    account_id: Uuid,
    full_name: String,
    email: String,
    language: String,
    /// Whether the addressee of its mail belongs to the company.
    there: bool,
}

impl Item {
    pub(crate) const fn organization(&self) -> OrganizationId {
        OrganizationId(self.organization_id)
    }

    pub(crate) const fn requester(&self) -> PersonId {
        PersonId(self.requested_by)
    }

    pub(crate) const fn asked(&self) -> Moment {
        Moment(self.requested_at)
    }

    pub(crate) fn kind(&self) -> Outcome<RequestKind> {
        RequestKind::from_code(&self.kind).ok_or_else(|| Failure::broken("service_request", "kind", self.id))
    }

    /// The language in which whoever asked reads.
    pub(crate) fn language(&self) -> Language {
        Language::from_tag(&self.language).unwrap_or_default()
    }

    /// What was done with it, for the audit trail.
    pub(crate) fn event(&self, action: AuditAction) -> Event {
        let event =
            Event::new(self.organization(), action, "service_request", self.id).person(self.requester());
        Event { grant: self.grant_id, ..event }
    }

    /// A mail to whoever asked, or looks after the company's benefits where they have left; none where nobody does.
    /// Name and number are among its values.
    pub(crate) fn letter(
        &self,
        kind: &'static str,
        path: &str,
        values: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Option<Letter> {
        if !self.there {
            return None;
        }
        let own = [("person", self.full_name.clone()), ("number", self.number.to_string())];
        Some(Letter {
            organization: Some(self.organization()),
            account: Some(self.account_id.into()),
            recipient: self.email.clone(),
            language: self.language(),
            kind,
            values: own.into_iter().chain(values).collect(),
            path: path.to_owned(),
            secret: None,
            dates: Vec::new(),
        })
    }
}

/// The right that deciding a kind of request takes.
const fn right(kind: RequestKind) -> OperatorAction {
    match kind {
        RequestKind::Cancellation => OperatorAction::DecideRefunds,
        RequestKind::Activation
        | RequestKind::Advisory
        | RequestKind::GlobalAdmin
        | RequestKind::Payment
        | RequestKind::Enrolment => OperatorAction::WorkQueue,
    }
}

/// A request, open or decided, for this change alone: whoever decides at the same moment waits.
///
/// # Errors
/// [`ErrorCode::NotFound`].
async fn find(change: &Change<'_>, request: ServiceRequestId) -> Outcome<Item> {
    let lock = if change.service().database.is_postgres() { " for update of r" } else { "" };
    let text = format!(
        "select r.id, r.number, r.organization_id, r.kind, r.open, r.grant_id, r.activation_id, r.order_line_id,
            r.title, r.requested_by, r.requested_at, r.row_version, p.account_id, a.full_name, a.email, a.language,
            (p.status = 'active' and a.status = 'active') as there
        from service_request r
        join person p on p.id = r.requested_by join account a on a.id = p.account_id
        where r.id = $1{lock}"
    );
    let found = sql::one::<Item>(&change.transaction, &text, [request.0.into()]).await?;
    let mut item = found.ok_or(ErrorCode::NotFound)?;
    if !item.there
        && let Some(reader) = readers(&change.transaction, item.organization()).await?.into_iter().next()
    {
        item.account_id = reader.account.0;
        item.full_name = reader.name;
        item.email = reader.email;
        item.language = reader.language.tag().to_owned();
        item.there = true;
    }
    Ok(item)
}

/// The open request, for this change alone: whoever decides at the same moment waits and then finds
/// it decided.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`ErrorCode::RoleNeeded`]; [`ErrorCode::WrongKind`] where another kind
/// was expected; [`ErrorCode::AlreadyDecided`]; [`ErrorCode::Stale`].
async fn claim(
    change: &Change<'_>,
    operator: &Operator,
    wanted: Wanted,
    expected: Option<RequestKind>,
) -> Outcome<Item> {
    let item = find(change, wanted.request).await?;
    let kind = item.kind()?;
    rights::check_operator(operator, right(kind))?;
    if expected.is_some_and(|expected| expected != kind) {
        return Err(ErrorCode::WrongKind.into());
    }
    if !item.open {
        return Err(ErrorCode::AlreadyDecided.into());
    }
    if item.row_version != wanted.version {
        return Err(ErrorCode::Stale.into());
    }
    Ok(item)
}

/// Closes a request, with the reason where it is refused; open pages of both sides hear of it.
async fn close(
    change: &mut Change<'_>,
    operator: &Operator,
    item: &Item,
    state: RequestState,
    reason: Option<&str>,
) -> Outcome<()> {
    let text = "update service_request set state = $2, open = false, decided_at = $3, decided_by = $4,
            owner_id = coalesce(owner_id, $4), reason = $5, answered_at = null, row_version = row_version + 1
        where id = $1 and open and row_version = $6";
    let values = [
        item.id.into(),
        state.code().into(),
        change.now.0.into(),
        operator.account.0.into(),
        reason.map(str::to_owned).into(),
        item.row_version.into(),
    ];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::AlreadyDecided.into());
    }
    change.tell(Changed::Organization(item.organization()));
    change.tell(Changed::Queue);
    Ok(())
}
