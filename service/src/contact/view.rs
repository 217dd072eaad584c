//! What the go-to-market page shows: the contact on top, and an open row.

use domain::ids::PersonId;
use domain::rights::Action;
use domain::view::marketing::{ContactPane, MarketingContactView, MarketingDetail};
use domain::view::seats::{CHOICES, PersonChoice};
use domain::{ErrorCode, Language, Moment, Policies};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::activations::view::{facts, shown_state, why_closed};
use crate::benefits::grants::Grant;
use crate::request::{Person, Request};
use crate::{Outcome, Service, activations, policies, rights, sql};

#[derive(FromQueryResult)]
struct ContactRow {
    person_id: Uuid,
    full_name: String,
    email: String,
    active: bool,
    alternate_email: String,
    phone: String,
    language: String,
    updated_at: i64,
    row_version: i64,
}

async fn contact_row(service: &Service, person: &Person) -> Outcome<Option<ContactRow>> {
    let text = "select c.person_id, a.full_name, a.email, (p.status = 'active') as active, c.alternate_email,
            c.phone, c.language, c.updated_at, c.row_version
        from marketing_contact c
        join person p on p.id = c.person_id join account a on a.id = p.account_id
        where c.organization_id = $1";
    Ok(sql::one::<ContactRow>(service.database.reader(), text, [person.organization.0.into()]).await?)
}

/// A go-to-market benefit.
///
/// # Errors
/// [`crate::Failure::Database`], [`crate::Failure::Broken`].
pub async fn marketing(
    service: &Service,
    person: &Person,
    grant: &Grant,
    policies: &Policies,
    _language: Language,
) -> Outcome<MarketingDetail> {
    let reader = service.database.reader();
    let activation = activations::latest(reader, grant.id).await?;
    let state = shown_state(activation.as_ref(), service.now())?;
    let contact = contact_row(service, person).await?;
    let startable = !state.is_open() && state != domain::ActivationState::Active;
    let missing = (startable && contact.is_none()).then(|| ErrorCode::ContactMissing.into());
    Ok(MarketingDetail {
        state,
        why_not: rights::why_not(reader, person, Action::ActivateGoToMarket, policies).await?,
        why_closed: why_closed(grant, state, service.now()).or(missing),
        activation: match &activation {
            Some(activation) => Some(facts(service, activation, &person.zone()).await?),
            None => None,
        },
        contact: contact.map(|contact| (contact.full_name, contact.alternate_email)),
        portal_url: grant.portal_url.clone(),
        target_days: policies.target_days.activation,
    })
}

/// The contact as the top of the page shows it, with people to choose from for whoever may; `chosen` is
/// chosen already (rule 11).
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever may not open the benefits pages.
pub async fn contact(service: &Service, request: &Request, chosen: Option<PersonId>) -> Outcome<ContactPane> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let why_not = rights::why_not(reader, person, Action::ManageMarketingContact, &policies).await?;
    let contact = contact_row(service, person).await?;
    let people = if why_not.is_none() {
        choices(service, person, contact.as_ref(), chosen).await?
    } else {
        Vec::new()
    };
    let zone = person.zone();
    Ok(ContactPane {
        chosen: chosen.filter(|chosen| people.iter().any(|choice| choice.id == *chosen)),
        why_not,
        people,
        contact: contact.map(|row| MarketingContactView {
            person: row.person_id.into(),
            name: row.full_name,
            alternate_email: row.alternate_email,
            phone: row.phone,
            language: Language::from_tag(&row.language).unwrap_or_default(),
            updated: zone.day_of(Moment(row.updated_at)),
            version: row.row_version,
            inactive: !row.active,
        }),
    })
}

async fn choices(
    service: &Service,
    person: &Person,
    contact: Option<&ContactRow>,
    chosen: Option<PersonId>,
) -> Outcome<Vec<PersonChoice>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        full_name: String,
        email: String,
    }
    // Whoever was just added for this comes first, in however large a company.
    let text = format!(
        "select p.id, a.full_name, a.email from person p join account a on a.id = p.account_id
        where p.organization_id = $1 and p.status = 'active'
        order by case when p.id = $2 then 0 else 1 end, p.sort_name, p.id limit {CHOICES}"
    );
    let values = [person.organization.0.into(), chosen.map(|chosen| chosen.0).unwrap_or_default().into()];
    let rows = sql::all::<Row>(service.database.reader(), &text, values).await?;
    let mut people: Vec<PersonChoice> = rows
        .into_iter()
        .map(|row| PersonChoice {
            id: row.id.into(),
            name: row.full_name,
            email: row.email,
            note: None,
            refused: false,
        })
        .collect();
    // Whoever is the contact can be kept, in however large a company.
    if let Some(row) =
        contact.filter(|row| row.active && !people.iter().any(|choice| choice.id.0 == row.person_id))
    {
        people.push(PersonChoice {
            id: row.person_id.into(),
            name: row.full_name.clone(),
            email: row.email.clone(),
            note: None,
            refused: false,
        });
    }
    Ok(people)
}
