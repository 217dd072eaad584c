//! Adding, updating and changing the marketing contact (rules 16, 17).

use domain::contact::check_alternate;
use domain::error::Faults;
use domain::ids::{OrganizationId, PersonId};
use domain::operation::OperationId;
use domain::rights::Action;
use domain::text::{Email, Phone};
use domain::{AuditAction, Error, ErrorCode, Field, Language};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account_email;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// The contact as it was typed.
#[derive(Clone, Debug)]
pub struct SaveContact {
    /// Id of the person.
    pub person: String,
    /// The designated address.
    pub alternate_email: String,
    /// Phone with country code.
    pub phone: String,
    /// Tag of the preferred language.
    pub language: String,
    /// Version of the contact that the page showed; none where it showed none.
    pub version: Option<i64>,
}

/// What happened to the contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Saved {
    /// There was none before.
    Added,
    /// The same person with other details.
    Updated,
    /// Somebody else.
    Changed,
}

/// The contact as it is kept.
#[derive(FromQueryResult)]
struct Kept {
    person_id: Uuid,
    full_name: String,
    alternate_email: String,
    language: String,
    row_version: i64,
}

#[derive(FromQueryResult)]
struct Chosen {
    full_name: String,
    email: String,
    active: bool,
}

/// Adds, updates or changes the marketing contact, and tells the new one and the former one.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; every fault of the form at once, an alternate address that equals the
/// person's or the company's among them; [`ErrorCode::NotFound`] for a person of somebody else;
/// [`ErrorCode::PersonNotActive`]; [`ErrorCode::Stale`].
pub async fn save(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: SaveContact,
) -> Outcome<Saved> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::ManageMarketingContact, &policies).await?;
    let operation = Operation::new(operation, "save_marketing_contact", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    rights::check_member(&change.transaction, person).await?;
    let contact = check(&change.transaction, person, &input).await?;
    let former = kept(&change.transaction, person.organization).await?;
    if former.as_ref().map(|former| former.row_version) != input.version {
        return Err(ErrorCode::Stale.into());
    }
    write(&change, person.organization, &contact, former.as_ref()).await?;
    let saved = match &former {
        None => Saved::Added,
        Some(former) if former.person_id == contact.person.0 => Saved::Updated,
        Some(_) => Saved::Changed,
    };
    let company = company_name(&change.transaction, person.organization).await?;
    change.post(letter(
        person,
        &company,
        &contact.name,
        contact.name.clone(),
        contact.alternate_email.clone(),
        contact.language,
    ));
    if let Some(former) = former.filter(|_| saved == Saved::Changed) {
        let language = Language::from_tag(&former.language).unwrap_or_default();
        change.post(letter(
            person,
            &company,
            &contact.name,
            former.full_name,
            former.alternate_email,
            language,
        ));
    }
    change.record(
        Event::new(person.organization, AuditAction::MarketingContactSaved, "person", contact.person)
            .person(contact.person)
            .after(format!("{saved:?}").to_lowercase()),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(saved).await
}

/// A contact that may be kept.
struct Contact {
    person: PersonId,
    name: String,
    alternate_email: String,
    phone: String,
    language: Language,
}

async fn check(connection: &impl ConnectionTrait, person: &Person, input: &SaveContact) -> Outcome<Contact> {
    let mut faults = Faults::default();
    let alternate = faults.take(Email::parse(Field::AlternateEmail, &input.alternate_email));
    let phone = faults.take(Phone::parse(Field::Phone, &input.phone));
    let language = Language::from_tag(&input.language);
    if language.is_none() {
        let missing = input.language.trim().is_empty();
        faults.add(Field::Language, if missing { ErrorCode::Required } else { ErrorCode::UnknownChoice });
    }
    if input.person.trim().is_empty() {
        faults.add(Field::Person, ErrorCode::Required);
        faults.check()?;
        return Err(Error::field(Field::Person, ErrorCode::Required).into());
    }
    let id: PersonId = input.person.trim().parse()?;
    let text = "select a.full_name, a.email, (p.status = 'active') as active from person p
        join account a on a.id = p.account_id where p.id = $1 and p.organization_id = $2";
    let chosen = sql::one::<Chosen>(connection, text, [id.0.into(), person.organization.0.into()])
        .await?
        .ok_or(ErrorCode::NotFound)?;
    if !chosen.active {
        faults.add(Field::Person, ErrorCode::PersonNotActive);
    }
    if let Some(alternate) = &alternate {
        let own =
            Email::parse(Field::Email, &chosen.email).map_err(|_| Failure::broken("account", "email", id))?;
        let company = account_email(connection, person.organization).await?;
        faults.take(check_alternate(alternate, &own, &company));
    }
    faults.check()?;
    match (alternate, phone, language) {
        (Some(alternate), Some(phone), Some(language)) => Ok(Contact {
            person: id,
            name: chosen.full_name,
            alternate_email: alternate.into(),
            phone: phone.into(),
            language,
        }),
        _ => Err(ErrorCode::Invalid.into()),
    }
}

async fn kept(connection: &impl ConnectionTrait, organization: OrganizationId) -> Outcome<Option<Kept>> {
    let text = "select c.person_id, a.full_name, c.alternate_email, c.language, c.row_version
        from marketing_contact c
        join person p on p.id = c.person_id join account a on a.id = p.account_id
        where c.organization_id = $1";
    Ok(sql::one::<Kept>(connection, text, [organization.0.into()]).await?)
}

/// Writes the contact over the version that was read; somebody faster makes it stale.
async fn write(
    change: &Change<'_>,
    organization: OrganizationId,
    contact: &Contact,
    former: Option<&Kept>,
) -> Outcome<()> {
    let mut values = vec![
        organization.0.into(),
        contact.person.0.into(),
        contact.alternate_email.clone().into(),
        contact.phone.clone().into(),
        contact.language.tag().into(),
        change.now.0.into(),
    ];
    let text = if let Some(former) = former {
        values.push(former.row_version.into());
        "update marketing_contact set person_id = $2, alternate_email = $3, phone = $4, language = $5,
            updated_at = $6, row_version = row_version + 1
        where organization_id = $1 and row_version = $7"
    } else {
        "insert into marketing_contact
            (organization_id, person_id, alternate_email, phone, language, updated_at, row_version)
        values ($1, $2, $3, $4, $5, $6, 1) on conflict (organization_id) do nothing"
    };
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::Stale.into());
    }
    Ok(())
}

async fn company_name(connection: &impl ConnectionTrait, organization: OrganizationId) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let text = "select name from organization where id = $1";
    sql::one::<Row>(connection, text, [organization.0.into()])
        .await?
        .map(|row| row.name)
        .ok_or_else(|| Failure::broken("organization", "id", organization))
}

/// To a contact's designated address, which is no account's.
fn letter(
    by: &Person,
    company: &str,
    contact: &str,
    person: String,
    recipient: String,
    language: Language,
) -> Letter {
    Letter {
        organization: Some(by.organization),
        account: None,
        recipient,
        language,
        kind: "marketing_contact_changed",
        values: vec![
            ("person", person),
            ("contact", contact.to_owned()),
            ("company", company.to_owned()),
            ("by", by.name.clone()),
        ],
        path: "/benefits/go-to-market".to_owned(),
        secret: None,
        dates: Vec::new(),
    }
}
