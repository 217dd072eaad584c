//! What the primary contact answers (rule 19); the operators' review begins only then.

use domain::enrolment::{Answers, CONTACT_DAYS, EnrolmentState};
use domain::ids::{OrganizationId, PersonId};
use domain::moment::Zone;
use domain::view::enrolment::ContactPage;
use domain::view::requests::RequestKind;
use domain::{AuditAction, ErrorCode, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{Beginner, Company, Enrolment, programme_name};
use crate::audit::Event;
use crate::change::Change;
use crate::live::Changed;
use crate::request::Request;
use crate::requests::{self, NewRequest};
use crate::vault::hash_token;
use crate::{Outcome, Service, sql};

#[derive(FromQueryResult)]
struct Asked {
    organization_id: Uuid,
    contact_asked_at: i64,
    contact_name: String,
    contact_email: String,
}

/// The company that a link asks about.
async fn find(connection: &impl ConnectionTrait, token: &str, now: Moment) -> Outcome<Asked> {
    if token.len() != 64 {
        return Err(ErrorCode::EnrolmentEnded.into());
    }
    let text =
        "select e.organization_id, e.contact_asked_at, l.contact_name, l.contact_email from enrolment e
        join legal_profile l on l.organization_id = e.organization_id
        where e.contact_token_hash = $1 and e.state = 'contact'";
    let asked = sql::one::<Asked>(connection, text, [hash_token(token).into()]).await?;
    let in_time = |asked: &Asked| Moment(asked.contact_asked_at).plus_days(CONTACT_DAYS) > now;
    Ok(asked.filter(in_time).ok_or(ErrorCode::EnrolmentEnded)?)
}

/// What the primary contact is asked.
///
/// # Errors
/// [`ErrorCode::EnrolmentEnded`] for a link that was answered, was followed by a newer one, has expired or
/// never was.
pub async fn open(service: &Service, language: Language, token: &str) -> Outcome<ContactPage> {
    let reader = service.database.reader();
    let asked = find(reader, token, service.now()).await?;
    let organization = OrganizationId(asked.organization_id);
    let enrolment = Enrolment::of(reader, organization).await?.ok_or(ErrorCode::EnrolmentEnded)?;
    Ok(ContactPage {
        organization: Company::of(reader, organization).await?.name,
        programme: programme_name(reader, language).await?,
        founder: Beginner::of(reader, enrolment.begun_by).await?.full_name,
        name: asked.contact_name,
        email: asked.contact_email,
    })
}

/// Takes both answers. With both yes the review begins; with a no the founder is told, and nothing is
/// reviewed. Gives the state that follows.
///
/// # Errors
/// [`ErrorCode::EnrolmentEnded`].
pub async fn answer(
    service: &Service,
    request: &Request,
    token: &str,
    answers: Answers,
) -> Outcome<EnrolmentState> {
    let mut change = Change::begin_unasked(service, request).await?;
    let asked = find(&change.transaction, token, change.now).await?;
    let organization = OrganizationId(asked.organization_id);
    crate::people::roles::lock(&change, organization).await?;
    let enrolment =
        Enrolment::of(&change.transaction, organization).await?.ok_or(ErrorCode::EnrolmentEnded)?;
    let after = enrolment.state()?.after_answers(answers).map_err(|_| ErrorCode::EnrolmentEnded)?;
    let text = "update enrolment set state = $3, contact_answered_at = $4, signed_up = $5, own_address = $6,
            contact_token_hash = null, row_version = row_version + 1
        where organization_id = $1 and contact_token_hash = $2";
    let values = [
        organization.0.into(),
        hash_token(token).into(),
        after.code().into(),
        change.now.0.into(),
        answers.signed_up.into(),
        answers.own_address.into(),
    ];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::EnrolmentEnded.into());
    }
    let company = Company::of(&change.transaction, organization).await?;
    let founder = Beginner::of(&change.transaction, enrolment.begun_by).await?;
    let zone = Zone::named(&company.time_zone);
    let contact = ("contact", asked.contact_name);
    if after == EnrolmentState::Review {
        let target = requests::target(&change, RequestKind::Enrolment, &zone).await?;
        let new = NewRequest {
            kind: RequestKind::Enrolment,
            grant: None,
            activation: None,
            title: company.name.clone(),
            details: "{}".to_owned(),
            target,
        };
        let number = requests::open_for(&mut change, organization, PersonId(enrolment.begun_by), new).await?;
        let target = locales::format::date(
            Language::from_tag(&founder.language).unwrap_or_default(),
            zone.day_of(target),
        );
        let values = [contact, ("number", number.to_string()), ("target", target)];
        let letter =
            founder.letter(organization, &company.name, "enrolment_in_review", "/enrol/status", values);
        change.post(letter);
    } else {
        let letter =
            founder.letter(organization, &company.name, "enrolment_disputed", "/enrol/profile", [contact]);
        change.post(letter);
    }
    change.record(
        Event::new(organization, AuditAction::PrimaryContactAnswered, "organization", organization)
            .after(format!("signed_up {} own_address {}", answers.signed_up, answers.own_address)),
    );
    change.tell(Changed::Organization(organization));
    change.commit(after).await
}
