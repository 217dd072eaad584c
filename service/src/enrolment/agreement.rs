//! The agreement, accepted in the company's name, and the mail to the primary contact that follows.

use domain::enrolment::{CONTACT_DAYS, EnrolmentState};
use domain::error::Faults;
use domain::ids::OrganizationId;
use domain::operation::OperationId;
use domain::text::PersonName;
use domain::{AuditAction, ErrorCode, Field, Language};
use sea_orm::FromQueryResult;

use super::{Beginner, Company, Enrolment, agreement_in_force, allowed, programme_name};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::people::roles::lock;
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Failure, Outcome, Service, random, sql};

/// How the agreement is accepted.
#[derive(Clone, Debug)]
pub struct Accept {
    /// Version of the enrolment as the page showed it.
    pub version: i64,
    /// Version of the agreement that was shown.
    pub agreement: i64,
    /// Full name of whoever signs.
    pub name: String,
    /// "I am authorized to sign".
    pub authorized: bool,
}

/// Accepts the agreement, with name and time, and asks the primary contact both questions (rule 19).
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] before the enrolment was begun; [`ErrorCode::Invalid`]
/// with [`ErrorCode::AgreementNotAccepted`] or the faults of the name; [`ErrorCode::Stale`] where the
/// enrolment has moved on or another agreement is in force; [`ErrorCode::WrongState`];
/// [`ErrorCode::TooManyAttempts`] with the seconds to wait.
pub async fn accept(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: Accept,
) -> Outcome<()> {
    let person = allowed(service, request).await?;
    let mut faults = Faults::default();
    let name = faults.take(PersonName::parse(Field::Name, &input.name));
    if !input.authorized {
        faults.add(Field::Accept, ErrorCode::AgreementNotAccepted);
    }
    faults.check()?;
    let Some(name) = name else { return Err(ErrorCode::Invalid.into()) };
    check_limits(service, request, person.organization).await?;
    let operation = Operation::new(operation, "accept_agreement", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, person.organization).await?;
    let enrolment =
        Enrolment::of(&change.transaction, person.organization).await?.ok_or(ErrorCode::NotFound)?;
    let in_force = agreement_in_force(&change.transaction, change.now).await?;
    if enrolment.row_version != input.version || in_force != input.agreement || in_force == 0 {
        return Err(ErrorCode::Stale.into());
    }
    let after = enrolment.state()?.after_agreement()?;
    let text = "update enrolment set state = $2, agreement_version = $3, accepted_at = $4, accepted_by = $5,
            accepted_name = $6, reason = null, row_version = row_version + 1
        where organization_id = $1";
    let values = [
        person.organization.0.into(),
        after.code().into(),
        in_force.into(),
        change.now.0.into(),
        person.id.0.into(),
        name.as_str().into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    change.record(
        Event::new(person.organization, AuditAction::AgreementAccepted, "agreement", in_force)
            .person(person.id)
            .after(format!("version {in_force} authorized")),
    );
    ask_contact(&mut change, person.organization, enrolment.begun_by).await?;
    change.commit(()).await
}

/// Asks the primary contact again; the link before counts no longer.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] unless the answer is
/// awaited; [`ErrorCode::TooManyAttempts`] with the seconds to wait.
pub async fn ask_again(service: &Service, request: &Request, operation: OperationId) -> Outcome<()> {
    let person = allowed(service, request).await?;
    check_limits(service, request, person.organization).await?;
    let operation = Operation::new(operation, "ask_contact_again", &person.organization);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, person.organization).await?;
    let enrolment =
        Enrolment::of(&change.transaction, person.organization).await?.ok_or(ErrorCode::NotFound)?;
    if enrolment.state()? != EnrolmentState::Contact {
        return Err(ErrorCode::WrongState.into());
    }
    ask_contact(&mut change, person.organization, enrolment.begun_by).await?;
    change.commit(()).await
}

/// Counts a wish for a link to the primary contact, before anything is begun: where several servers count together
/// that takes a connection of its own.
async fn check_limits(service: &Service, request: &Request, organization: OrganizationId) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Contact {
        contact_email: String,
    }
    let text = "select contact_email from legal_profile where organization_id = $1";
    let contact = sql::one::<Contact>(service.database.reader(), text, [organization.0.into()]).await?;
    // Without one there is nobody to ask, and the rest says so.
    let Some(contact) = contact else { return Ok(()) };
    let (limits, address) = (&service.sign_in_limits, &request.address);
    limits.check_link(service, address, &contact.contact_email.to_lowercase()).await?;
    limits.check_link(service, address, &organization.to_string()).await
}

/// Sends both questions to the primary contact, behind a link that nobody else has.
async fn ask_contact(
    change: &mut Change<'_>,
    organization: OrganizationId,
    begun_by: uuid::Uuid,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Contact {
        contact_name: String,
        contact_email: String,
        contact_language: String,
    }
    let text = "select contact_name, contact_email, contact_language from legal_profile
        where organization_id = $1";
    let contact = sql::one::<Contact>(&change.transaction, text, [organization.0.into()])
        .await?
        .ok_or_else(|| Failure::broken("legal_profile", "organization_id", organization))?;
    let company = Company::of(&change.transaction, organization).await?;
    let founder = Beginner::of(&change.transaction, begun_by).await?;
    let language = Language::from_tag(&contact.contact_language).unwrap_or_default();
    let programme = programme_name(&change.transaction, language).await?;
    let token = random::token(&*change.service().random);
    let text = "update enrolment set contact_token_hash = $2, contact_asked_at = $3,
            row_version = row_version + 1 where organization_id = $1";
    let values = [organization.0.into(), hash_token(&token).into(), change.now.0.into()];
    sql::run(&change.transaction, text, values).await?;
    change.post(Letter {
        organization: Some(organization),
        account: None,
        recipient: contact.contact_email,
        language,
        kind: "enrolment_contact",
        values: vec![
            ("person", contact.contact_name),
            ("by", founder.full_name),
            ("organization", company.name),
            ("programme", programme),
            ("days", CONTACT_DAYS.to_string()),
        ],
        path: "/enrol/contact/".to_owned(),
        secret: Some(token),
        dates: Vec::new(),
    });
    change.record(Event::new(organization, AuditAction::PrimaryContactAsked, "organization", organization));
    change.tell(Changed::Organization(organization));
    Ok(())
}
