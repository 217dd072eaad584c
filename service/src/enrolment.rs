//! Enrolment (rules 4 and 19): a company is founded behind a link in its own mail domain, or comes from
//! the older portal; it says who it is, accepts the agreement, its primary contact answers, and then the
//! operators review it. It becomes a member in one place, [`review::accept`].

pub mod agreement;
pub mod begin;
pub mod contact;
pub mod found;
pub mod legal_profile;
pub mod page;
pub mod profile;
pub(crate) mod review;

use std::collections::HashMap;

use domain::enrolment::EnrolmentState;
use domain::ids::{AccountId, OrganizationId};
use domain::older_portal::PortalState;
use domain::rights::Action;
use domain::{Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::change::Change;
use crate::failure::Failure;
use crate::outbox::Letter;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// An enrolment as it is kept.
#[derive(FromQueryResult, Clone, Debug)]
struct Enrolment {
    state: String,
    begun_by: Uuid,
    agreement_version: Option<i64>,
    accepted_at: Option<i64>,
    accepted_name: Option<String>,
    contact_asked_at: Option<i64>,
    contact_answered_at: Option<i64>,
    decided_at: Option<i64>,
    reason: Option<String>,
    row_version: i64,
}

impl Enrolment {
    /// The company's enrolment, if it was begun.
    async fn of(connection: &impl ConnectionTrait, organization: OrganizationId) -> Outcome<Option<Self>> {
        let text = "select state, begun_by, agreement_version, accepted_at, accepted_name, contact_asked_at,
                contact_answered_at, decided_at, reason, row_version
            from enrolment where organization_id = $1";
        Ok(sql::one::<Self>(connection, text, [organization.0.into()]).await?)
    }

    fn state(&self) -> Outcome<EnrolmentState> {
        EnrolmentState::from_code(&self.state)
            .ok_or_else(|| Failure::broken("enrolment", "state", self.begun_by))
    }
}

/// A company that enrols, as mail and pages name it.
#[derive(FromQueryResult, Clone, Debug)]
struct Company {
    name: String,
    domain: String,
    time_zone: String,
    portal_state: String,
    founder_person_id: Option<Uuid>,
    setup_finished: bool,
}

impl Company {
    async fn of(connection: &impl ConnectionTrait, organization: OrganizationId) -> Outcome<Self> {
        let text = "select name, domain, time_zone, portal_state, founder_person_id, setup_finished from organization where id = $1";
        sql::one::<Self>(connection, text, [organization.0.into()])
            .await?
            .ok_or_else(|| Failure::broken("organization", "id", organization))
    }

    fn is_member(&self) -> bool {
        PortalState::from_code(&self.portal_state) == Some(PortalState::Member)
    }
}

/// Where the company's enrolment stands, and the primary contact's address while its answer is awaited; none
/// where it wasn't begun.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn pending_of(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Option<(EnrolmentState, Option<String>)>> {
    let Some(enrolment) = Enrolment::of(connection, organization).await? else { return Ok(None) };
    let state = enrolment.state()?;
    if state != EnrolmentState::Contact {
        return Ok(Some((state, None)));
    }
    let profile = legal_profile::saved(connection, organization).await?;
    Ok(Some((state, profile.map(|profile| profile.contact_email))))
}

/// Whoever may enrol the company.
async fn allowed<'a>(service: &Service, request: &'a Request) -> Outcome<&'a Person> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::Enrol, &policies).await?;
    Ok(person)
}

/// Whoever began an enrolment, to be written to; where they have left, the first Global admin.
#[derive(FromQueryResult)]
struct Beginner {
    account_id: Uuid,
    full_name: String,
    email: String,
    language: String,
}

impl Beginner {
    async fn of(connection: &impl ConnectionTrait, person: Uuid) -> Outcome<Self> {
        let text = "select p.account_id, a.full_name, a.email, a.language
            from person p join account a on a.id = p.account_id
            where p.id = $1 or p.status = 'active' and a.status = 'active'
                and p.organization_id = (select b.organization_id from person b where b.id = $1)
                and exists (select 1 from person_role r where r.person_id = p.id and r.role = 'global_admin')
            order by case when p.status = 'active' and a.status = 'active' then 0 else 1 end,
                case when p.id = $1 then 0 else 1 end, p.sort_name, p.id limit 1";
        sql::one::<Self>(connection, text, [person.into()])
            .await?
            .ok_or_else(|| Failure::broken("enrolment", "begun_by", person))
    }

    /// A letter to them; their name and the company's are among its values.
    fn letter(
        self,
        organization: OrganizationId,
        company: &str,
        kind: &'static str,
        path: &str,
        values: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Letter {
        let own = [("person", self.full_name), ("organization", company.to_owned())];
        Letter {
            organization: Some(organization),
            account: Some(AccountId(self.account_id)),
            recipient: self.email,
            language: Language::from_tag(&self.language).unwrap_or_default(),
            kind,
            values: own.into_iter().chain(values).collect(),
            path: path.to_owned(),
            secret: None,
            dates: Vec::new(),
        }
    }
}

/// The programme's name in a language.
pub(crate) async fn programme_name(connection: &impl ConnectionTrait, language: Language) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let text = "select name from programme_text where language = $1";
    let row = sql::one::<Row>(connection, text, [language.tag().into()]).await?;
    Ok(row.map(|row| row.name).unwrap_or_default())
}

/// The programme's name in each language.
pub(crate) async fn programme_names(connection: &impl ConnectionTrait) -> Outcome<HashMap<Language, String>> {
    #[derive(FromQueryResult)]
    struct Row {
        language: String,
        name: String,
    }
    let rows = sql::all::<Row>(connection, "select language, name from programme_text", []).await?;
    Ok(rows.into_iter().filter_map(|row| Some((Language::from_tag(&row.language)?, row.name))).collect())
}

/// The version of the agreement that companies accept now; 0 where the programme has none.
async fn agreement_in_force(connection: &impl ConnectionTrait, now: Moment) -> Outcome<i64> {
    let text = "select coalesce(max(version), 0) as number from membership_agreement where in_force_at <= $1";
    Ok(sql::number(connection, text, [now.0.into()]).await?)
}

/// Removes links that nobody used in time; the worker's work.
///
/// # Errors
/// [`Failure::Database`].
pub async fn sweep(service: &Service) -> Outcome<u64> {
    let transaction = service.database.begin().await?;
    let text = "delete from enrolment_link where expires_at <= $1";
    let removed = sql::run(&transaction, text, [service.now().0.into()]).await?;
    transaction.commit().await?;
    Ok(removed)
}

/// Writes the new state of an enrolment, which nobody else has moved meanwhile.
///
/// # Errors
/// [`domain::ErrorCode::Stale`].
async fn move_on(
    change: &Change<'_>,
    organization: OrganizationId,
    from: &Enrolment,
    to: EnrolmentState,
) -> Outcome<()> {
    let text = "update enrolment set state = $3, row_version = row_version + 1
        where organization_id = $1 and row_version = $2";
    let values = [organization.0.into(), from.row_version.into(), to.code().into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(domain::ErrorCode::Stale.into());
    }
    Ok(())
}
