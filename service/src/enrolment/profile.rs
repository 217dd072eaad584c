//! Legal profile and primary contact, and the beginning for a company that comes from the older portal.

use domain::enrolment::{EnrolmentState, ProfileDraft};
use domain::operation::OperationId;
use domain::{AuditAction, ErrorCode};

use super::{Company, Enrolment, allowed, legal_profile};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::people::roles::lock;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// Begins to enrol a company that was invited, or whose old record is over; whoever does is its founder
/// (rule 4). A company that was turned down can apply again. To begin again changes nothing else.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::WrongState`] for a company that is a member, or that goes on in
/// the older portal.
pub async fn start(service: &Service, request: &Request, operation: OperationId) -> Outcome<()> {
    let person = allowed(service, request).await?;
    let operation = Operation::new(operation, "start_enrolment", &person.organization);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, person.organization).await?;
    if let Some(enrolment) = Enrolment::of(&change.transaction, person.organization).await? {
        if let Some(again) = enrolment.state()?.begun_again() {
            super::move_on(&change, person.organization, &enrolment, again).await?;
            change.record(
                Event::new(
                    person.organization,
                    AuditAction::EnrolmentBegun,
                    "organization",
                    person.organization,
                )
                .person(person.id)
                .before(&enrolment.state),
            );
            change.tell(Changed::Organization(person.organization));
        }
        return change.commit(()).await;
    }
    let company = Company::of(&change.transaction, person.organization).await?;
    let state = domain::older_portal::PortalState::from_code(&company.portal_state);
    if !state.is_some_and(domain::older_portal::PortalState::can_begin_to_enrol) {
        return Err(ErrorCode::WrongState.into());
    }
    let text = "insert into enrolment (organization_id, state, begun_at, begun_by) values ($1, $2, $3, $4)";
    let values = [
        person.organization.0.into(),
        EnrolmentState::Profile.code().into(),
        change.now.0.into(),
        person.id.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let text = "update organization set founder_person_id = $2, setup_finished = false,
            row_version = row_version + 1
        where id = $1 and founder_person_id is null";
    sql::run(&change.transaction, text, [person.organization.0.into(), person.id.0.into()]).await?;
    change.record(
        Event::new(person.organization, AuditAction::EnrolmentBegun, "organization", person.organization)
            .person(person.id),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(()).await
}

/// What stands in the form.
#[derive(Clone, Debug)]
pub struct SaveProfile {
    /// Version of the enrolment as the page showed it.
    pub version: i64,
    /// What was typed.
    pub draft: ProfileDraft,
}

/// Saves legal profile and primary contact. Whatever was accepted before has to be accepted again, and a
/// question that was on its way to the contact counts no longer.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] before the enrolment was begun; [`ErrorCode::Stale`];
/// [`ErrorCode::WrongState`] under review and after it; [`ErrorCode::Invalid`] with the faults of each field.
pub async fn save(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: SaveProfile,
) -> Outcome<()> {
    let person = allowed(service, request).await?;
    let profile = legal_profile::check(&input.draft)?;
    let operation = Operation::new(operation, "save_legal_profile", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, person.organization).await?;
    let enrolment =
        Enrolment::of(&change.transaction, person.organization).await?.ok_or(ErrorCode::NotFound)?;
    if enrolment.row_version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let before = enrolment.state()?;
    let after = before.after_profile()?;
    legal_profile::write(&change, person, profile).await?;
    let text = "update enrolment set state = $2, contact_token_hash = null, contact_asked_at = null,
            contact_answered_at = null, signed_up = null, own_address = null, row_version = row_version + 1
        where organization_id = $1";
    sql::run(&change.transaction, text, [person.organization.0.into(), after.code().into()]).await?;
    change.record(
        Event::new(person.organization, AuditAction::LegalProfileSaved, "organization", person.organization)
            .before(before.code())
            .after(after.code()),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(()).await
}
