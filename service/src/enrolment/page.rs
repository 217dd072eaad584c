//! What the steps of the wizard show.

use domain::enrolment::ProfileDraft;
use domain::ids::OrganizationId;
use domain::moment::Zone;
use domain::older_portal::PortalState;
use domain::rights::Action;
use domain::view::enrolment::{EnrolmentCompany, EnrolmentPage, EnrolmentReader, Pending};
use domain::view::orders::Agreement;
use domain::{Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::{Company, Enrolment, agreement_in_force, legal_profile, programme_name};
use crate::purchases::offers;
use crate::request::{Actor, Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// The wizard for whoever looks at it.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn page(service: &Service, request: &Request, language: Language) -> Outcome<EnrolmentPage> {
    let reader = service.database.reader();
    let who = match &request.actor {
        Actor::Person(person) => EnrolmentReader::Person(Box::new(company(service, person, language).await?)),
        Actor::Operator(_) => EnrolmentReader::Operator,
        Actor::Nobody | Actor::Token(_) | Actor::Worker => EnrolmentReader::Nobody,
    };
    Ok(EnrolmentPage {
        programme: programme_name(reader, language).await?,
        points: offers::points(reader, language).await?,
        tiers: offers::tiers(reader, language).await?,
        reader: who,
    })
}

async fn company(service: &Service, person: &Person, language: Language) -> Outcome<EnrolmentCompany> {
    let reader = service.database.reader();
    let in_force = policies::in_force(reader).await?;
    let company = Company::of(reader, person.organization).await?;
    let enrolment = Enrolment::of(reader, person.organization).await?;
    let state = enrolment.as_ref().map(Enrolment::state).transpose()?;
    let portal = PortalState::from_code(&company.portal_state);
    let profile = match legal_profile::saved(reader, person.organization).await? {
        Some(profile) => profile,
        None => known(reader, person, &company).await?,
    };
    let zone = Zone::named(&company.time_zone);
    Ok(EnrolmentCompany {
        member: portal == Some(PortalState::Member),
        can_begin: state.is_none() && portal.is_some_and(PortalState::can_begin_to_enrol),
        why_not: rights::why_not(reader, person, Action::Enrol, &in_force).await?,
        version: enrolment.as_ref().map_or(0, |enrolment| enrolment.row_version),
        agreement: agreement(reader, service.now(), language).await?,
        signer: person.name.clone(),
        pending: pending(reader, person.organization, &company, enrolment.as_ref(), &zone).await?,
        name: company.name,
        state,
        profile,
    })
}

/// What is known before anything was saved: of the company, and of whom the older portal has as its primary
/// contact; else of the reader.
pub(super) async fn known(
    connection: &impl ConnectionTrait,
    person: &Person,
    company: &Company,
) -> Outcome<ProfileDraft> {
    #[derive(FromQueryResult)]
    struct Contact {
        full_name: String,
        email: String,
        language: String,
    }
    let text = "select a.full_name, a.email, a.language from older_record r
        join person p on p.id = r.primary_person_id join account a on a.id = p.account_id
        where r.organization_id = $1";
    let contact = sql::one::<Contact>(connection, text, [person.organization.0.into()]).await?;
    let (name, email, language) = contact.map_or_else(
        || (person.name.clone(), person.email.clone(), person.language.tag().to_owned()),
        |contact| (contact.full_name, contact.email, contact.language),
    );
    Ok(ProfileDraft {
        // A company that was just founded has its domain for a name.
        company: if company.name == company.domain { String::new() } else { company.name.clone() },
        time_zone: company.time_zone.clone(),
        contact_name: name,
        contact_email: email,
        contact_language: language,
        ..ProfileDraft::default()
    })
}

async fn agreement(
    connection: &impl ConnectionTrait,
    now: Moment,
    language: Language,
) -> Outcome<Option<Agreement>> {
    #[derive(FromQueryResult)]
    struct Row {
        text: String,
    }
    let version = agreement_in_force(connection, now).await?;
    let text = "select text from membership_agreement where version = $1 and language = $2";
    let row = sql::one::<Row>(connection, text, [version.into(), language.tag().into()]).await?;
    Ok(row.map(|row| Agreement { version, text: row.text }))
}

async fn pending(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    company: &Company,
    enrolment: Option<&Enrolment>,
    zone: &Zone,
) -> Outcome<Pending> {
    #[derive(FromQueryResult)]
    struct Review {
        number: i64,
        target_at: i64,
    }
    let Some(enrolment) = enrolment else { return Ok(Pending::default()) };
    let text = "select number, target_at from service_request
        where organization_id = $1 and kind = 'enrolment' and open";
    let review = sql::one::<Review>(connection, text, [organization.0.into()]).await?;
    let day = |at: i64| zone.day_of(Moment(at));
    Ok(Pending {
        accepted: enrolment.accepted_name.clone().zip(enrolment.accepted_at.map(day)),
        asked: enrolment.contact_asked_at.map(day),
        answered: enrolment.contact_answered_at.map(day),
        admin_agent: company.setup_finished || company.founder_person_id.is_none(),
        review: review.map(|review| (review.number, day(review.target_at))),
        reason: enrolment.reason.clone(),
        decided: enrolment.decided_at.map(day),
    })
}
