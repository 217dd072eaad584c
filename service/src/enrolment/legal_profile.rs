//! Legal profile and primary contact of a company: as they are kept, and how a member keeps them up to date.

use domain::enrolment::{Profile, ProfileDraft};
use domain::ids::OrganizationId;
use domain::moment::Zone;
use domain::operation::OperationId;
use domain::rights::Action;
use domain::view::enrolment::LegalProfilePage;
use domain::{AuditAction, Error, ErrorCode, Field, Language, Moment};
use locales::format;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use super::page::known;
use super::profile::SaveProfile;
use super::{Company, allowed, programme_name};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::people::roles::lock;
use crate::reminders::readers::readers;
use crate::request::{Person, Request};
use crate::{Outcome, Service, individual_grants, policies, rights, sql};

/// Where it stands in the portal.
const PAGE: &str = "/membership/profile";

#[derive(FromQueryResult)]
struct Row {
    name: String,
    street: String,
    street_more: Option<String>,
    city: String,
    region: Option<String>,
    postal_code: Option<String>,
    country: String,
    registration_number: Option<String>,
    time_zone: String,
    contact_name: String,
    contact_email: String,
    contact_phone: String,
    contact_language: String,
}

/// Legal profile and primary contact as they were saved.
pub(crate) async fn saved(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Option<ProfileDraft>> {
    let text = "select name, street, street_more, city, region, postal_code, country, registration_number,
            time_zone, contact_name, contact_email, contact_phone, contact_language
        from legal_profile where organization_id = $1";
    let row = sql::one::<Row>(connection, text, [organization.0.into()]).await?;
    Ok(row.map(|row| ProfileDraft {
        company: row.name,
        street: row.street,
        street_more: row.street_more.unwrap_or_default(),
        city: row.city,
        region: row.region.unwrap_or_default(),
        postal_code: row.postal_code.unwrap_or_default(),
        country: row.country,
        registration: row.registration_number.unwrap_or_default(),
        time_zone: row.time_zone,
        contact_name: row.contact_name,
        contact_email: row.contact_email,
        contact_phone: row.contact_phone,
        contact_language: row.contact_language,
    }))
}

/// What was typed, checked.
///
/// # Errors
/// [`ErrorCode::Invalid`] with the faults of each field.
pub(super) fn check(draft: &ProfileDraft) -> Outcome<Profile> {
    let profile = draft.parse()?;
    if jiff::tz::TimeZone::get(profile.time_zone.as_str()).is_err() {
        return Err(Error::field(Field::TimeZone, ErrorCode::UnknownTimeZone).into());
    }
    Ok(profile)
}

/// Keeps the profile, and takes the company's name and time zone from it: its individual grants end in that one.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn write(change: &Change<'_>, person: &Person, profile: Profile) -> Outcome<()> {
    let line = |line: Option<domain::text::Line>| Value::from(line.map(String::from));
    let text = "insert into legal_profile (organization_id, name, street, street_more, city, region, postal_code,
            country, registration_number, contact_name, contact_email, contact_phone, contact_language, saved_at,
            saved_by, time_zone)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        on conflict (organization_id) do update set name = excluded.name, street = excluded.street,
            street_more = excluded.street_more, city = excluded.city, region = excluded.region,
            postal_code = excluded.postal_code, country = excluded.country,
            registration_number = excluded.registration_number, contact_name = excluded.contact_name,
            contact_email = excluded.contact_email, contact_phone = excluded.contact_phone,
            contact_language = excluded.contact_language, saved_at = excluded.saved_at,
            saved_by = excluded.saved_by, time_zone = excluded.time_zone, row_version = legal_profile.row_version + 1";
    let values = [
        person.organization.0.into(),
        profile.company.as_str().into(),
        profile.street.as_str().into(),
        line(profile.street_more),
        profile.city.as_str().into(),
        line(profile.region),
        line(profile.postal_code),
        profile.country.into(),
        line(profile.registration),
        profile.contact_name.as_str().into(),
        profile.contact_email.as_str().into(),
        profile.contact_phone.as_str().into(),
        profile.contact_language.tag().into(),
        change.now.0.into(),
        person.id.0.into(),
        profile.time_zone.as_str().into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let text =
        "update organization set name = $2, name_key = $4, time_zone = $3, row_version = row_version + 1
        where id = $1";
    let values = [
        person.organization.0.into(),
        profile.company.as_str().into(),
        profile.time_zone.as_str().into(),
        sql::folded(profile.company.as_str()).into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let zone = Zone::named(profile.time_zone.as_str());
    individual_grants::zone::moved(change, person.organization, &zone).await
}

#[derive(FromQueryResult)]
struct Saved {
    row_version: i64,
    saved_at: i64,
    full_name: String,
}

async fn last_saved(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Option<Saved>> {
    let text = "select l.row_version, l.saved_at, a.full_name from legal_profile l
        join person p on p.id = l.saved_by join account a on a.id = p.account_id where l.organization_id = $1";
    Ok(sql::one::<Saved>(connection, text, [organization.0.into()]).await?)
}

/// The page of the profile of a member.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever may not open the benefits pages; [`ErrorCode::NotFound`] for a
/// company that isn't a member: it has its profile in the enrolment.
pub async fn page(service: &Service, request: &Request) -> Outcome<LegalProfilePage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let company = Company::of(reader, person.organization).await?;
    if !company.is_member() {
        return Err(ErrorCode::NotFound.into());
    }
    let saved = last_saved(reader, person.organization).await?;
    let profile = match self::saved(reader, person.organization).await? {
        Some(profile) => profile,
        None => known(reader, person, &company).await?,
    };
    let zone = Zone::named(&company.time_zone);
    Ok(LegalProfilePage {
        profile,
        version: saved.as_ref().map_or(0, |saved| saved.row_version),
        saved: saved.map(|saved| (saved.full_name, zone.day_of(Moment(saved.saved_at)))),
        why_not: rights::why_not(reader, person, Action::Enrol, &policies).await?,
    })
}

/// Changes the profile of a member. Invoices that are issued from now on have it; whoever decides about the
/// membership is told, and a new primary contact that they were named.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Stale`]; [`ErrorCode::ReadOnly`] for a company that isn't a member;
/// [`ErrorCode::Invalid`] with the faults of each field.
pub async fn change(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: SaveProfile,
) -> Outcome<()> {
    let person = allowed(service, request).await?;
    let profile = check(&input.draft)?;
    let operation = Operation::new(operation, "change_legal_profile", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, person.organization).await?;
    rights::check_member(&change.transaction, person).await?;
    let version =
        last_saved(&change.transaction, person.organization).await?.map_or(0, |saved| saved.row_version);
    if version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let before = saved(&change.transaction, person.organization).await?;
    let contact = before.as_ref().map(|before| before.contact_email.to_lowercase());
    let named = (contact != Some(profile.contact_email.as_str().to_lowercase())).then(|| {
        (
            profile.contact_name.as_str().to_owned(),
            profile.contact_email.as_str().to_owned(),
            profile.contact_language,
        )
    });
    let company = profile.company.as_str().to_owned();
    write(&change, person, profile).await?;
    for reader in readers(&change.transaction, person.organization).await? {
        let day = person.zone().day_of(change.now);
        change.post(Letter {
            organization: Some(person.organization),
            account: Some(reader.account),
            recipient: reader.email,
            language: reader.language,
            kind: "legal_profile_changed",
            values: vec![
                ("person", reader.name),
                ("organization", company.clone()),
                ("by", person.name.clone()),
                ("day", format::date(reader.language, day)),
            ],
            path: PAGE.to_owned(),
            secret: None,
            dates: Vec::new(),
        });
    }
    if let Some((name, email, language)) = named {
        let programme = programme_name(&change.transaction, language).await?;
        change.post(contact_named(person, &company, programme, name, email, language));
    }
    let code = |known: bool| if known { "known" } else { "unknown" };
    change.record(
        Event::new(person.organization, AuditAction::LegalProfileSaved, "organization", person.organization)
            .before(code(before.is_some()))
            .after(code(true)),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(()).await
}

/// What a new primary contact of a member reads.
fn contact_named(
    person: &Person,
    company: &str,
    programme: String,
    name: String,
    email: String,
    language: Language,
) -> Letter {
    Letter {
        organization: Some(person.organization),
        account: None,
        recipient: email,
        language,
        kind: "primary_contact_named",
        values: vec![
            ("person", name),
            ("organization", company.to_owned()),
            ("programme", programme),
            ("by", person.name.clone()),
        ],
        path: "/".to_owned(),
        secret: None,
        dates: Vec::new(),
    }
}
