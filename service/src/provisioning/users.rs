//! People as a provisioning program sees and keeps them.
//!
//! What the program says is kept beside the person as it was said; the account follows as far as it
//! is the company's to change: an account that serves another company as well keeps its name, language
//! and address.

use std::collections::HashMap;

use domain::departure::Departure;
use domain::ids::{AccountId, OrganizationId, PersonId, ProvisionedGroupId};
use domain::text::{EMAIL_MAX, Email, PersonName};
use domain::{AuditAction, ErrorCode, Field, Language, Moment, Role, Roles};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::condition::{Column, Values, condition};
use super::refusal::PROTECTED;
use super::{Listed, PAGE_MAX, Refusal, Wanted, settings};
use crate::audit::Event;
use crate::change::Change;
use crate::live::Changed;
use crate::people::add::{self, Invitee, NewPerson};
use crate::people::administrator::Administrator;
use crate::people::{departure, roles};
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// The schema of a user, in lower case.
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:user";
/// So many characters a text of a directory may have.
const TEXT_MAX: usize = 254;

/// What a program says about a person.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserAttributes {
    /// The name that the directory knows the person by; unique in the organization, without case.
    pub user_name: String,
    /// The directory's own id; unique in the organization.
    pub external_id: Option<String>,
    /// Full name as it is shown.
    pub display_name: Option<String>,
    /// Full name, formatted.
    pub formatted_name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Sign-in address; the user name where the program names none and that is one.
    pub email: String,
    /// Whether the person is let in.
    pub active: bool,
    /// Language, as the directory writes it.
    pub preferred_language: Option<String>,
}

/// A person of the organization.
#[derive(Clone, Debug)]
pub struct User {
    /// The person.
    pub id: PersonId,
    /// Version of the row.
    pub version: i64,
    /// When the person came.
    pub created: Moment,
    /// What the program says.
    pub attributes: UserAttributes,
    /// Roles held.
    pub roles: Vec<Role>,
    /// Groups with their names.
    pub groups: Vec<(ProvisionedGroupId, String)>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    row_version: i64,
    status: String,
    created_at: i64,
    email: String,
    full_name: String,
    language: String,
    known: Option<Uuid>,
    user_name: Option<String>,
    external_id: Option<String>,
    display_name: Option<String>,
    formatted_name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    preferred_language: Option<String>,
    roles: Option<String>,
}

const FROM: &str = "from person p join account a on a.id = p.account_id
    left join provisioned_person x on x.person_id = p.id
    where p.organization_id = $1 and p.status <> 'left'";

const SELECT: &str = "select p.id, p.account_id, p.row_version, p.status, p.created_at, a.email, a.full_name,
    a.language, x.person_id as known, x.user_name, x.external_id, x.display_name, x.formatted_name,
    x.given_name, x.family_name, x.preferred_language,
    (select string_agg(r.role, ',') from person_role r where r.person_id = p.id) as roles";

fn column(name: &str, part: Option<&str>) -> Option<Column> {
    Some(match (name, part) {
        ("id", None) => Column::Id("p.id"),
        ("username", None) => Column::Folded("coalesce(x.user_name_key, a.email_key)"),
        ("externalid", None) => Column::Exact("x.external_id"),
        ("displayname", None) => {
            Column::Folded("case when x.person_id is null then a.name_key else x.display_name_key end")
        }
        ("name", Some("formatted")) => {
            Column::Folded("case when x.person_id is null then a.name_key else x.formatted_name_key end")
        }
        ("name", Some("givenname")) => Column::Folded("x.given_name_key"),
        ("name", Some("familyname")) => Column::Folded("x.family_name_key"),
        ("emails", None | Some("value")) => Column::Folded("a.email_key"),
        ("emails", Some("type")) => Column::Always("work"),
        ("emails", Some("primary")) => Column::Yes,
        ("active", None) => Column::Boolean("(p.status <> 'suspended')"),
        ("preferredlanguage", None) => {
            // Tags of languages are English letters.
            Column::Folded(
                "lower(case when x.person_id is null then a.language else x.preferred_language end)",
            )
        }
        ("roles", None | Some("value")) => Column::AmongTexts(
            "(exists (select 1 from person_role f where f.person_id = p.id and f.role = {}))",
        ),
        ("groups", None | Some("value")) => Column::AmongIds(
            "(exists (select 1 from provisioned_group_member f where f.person_id = p.id and f.group_id = {}))",
        ),
        _ => return None,
    })
}

impl Row {
    fn attributes(&self) -> UserAttributes {
        let active = self.status != "suspended";
        if self.known.is_none() {
            return UserAttributes {
                user_name: self.email.clone(),
                display_name: Some(self.full_name.clone()),
                formatted_name: Some(self.full_name.clone()),
                email: self.email.clone(),
                active,
                preferred_language: Some(self.language.clone()),
                ..UserAttributes::default()
            };
        }
        UserAttributes {
            user_name: self.user_name.clone().unwrap_or_else(|| self.email.clone()),
            external_id: self.external_id.clone(),
            display_name: self.display_name.clone(),
            formatted_name: self.formatted_name.clone(),
            given_name: self.given_name.clone(),
            family_name: self.family_name.clone(),
            email: self.email.clone(),
            active,
            preferred_language: self.preferred_language.clone(),
        }
    }

    fn user(self, groups: Vec<(ProvisionedGroupId, String)>) -> User {
        let roles = self.roles.as_deref().unwrap_or_default();
        User {
            id: PersonId(self.id),
            version: self.row_version,
            created: Moment(self.created_at),
            attributes: self.attributes(),
            roles: Roles::new(roles.split(',').filter_map(Role::from_code)).iter().collect(),
            groups,
        }
    }
}

impl UserAttributes {
    /// The same with its texts trimmed and checked; an empty one is none.
    fn checked(mut self) -> Result<Self, Refusal> {
        let texts = [
            ("externalId", &mut self.external_id),
            ("displayName", &mut self.display_name),
            ("name.formatted", &mut self.formatted_name),
            ("name.givenName", &mut self.given_name),
            ("name.familyName", &mut self.family_name),
            ("preferredLanguage", &mut self.preferred_language),
        ];
        for (name, text) in texts {
            *text = bounded(name, text.take())?;
        }
        self.user_name = bounded("userName", Some(self.user_name))?
            .ok_or_else(|| Refusal::Value("userName is missing".into()))?;
        if self.email.trim().is_empty() {
            // Many directories know people by their address alone.
            self.email.clone_from(&self.user_name);
        }
        let email = Email::parse(Field::Email, &self.email).map_err(|_| {
            Refusal::Value("emails, or userName where there are none, needs a mail address".into())
        })?;
        email.as_str().clone_into(&mut self.email);
        self.name()?;
        Ok(self)
    }

    /// The full name: what is shown, or formatted, or put together; at last the address before its @.
    fn name(&self) -> Result<PersonName, Refusal> {
        let joined = [&self.given_name, &self.family_name]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ");
        let local = self.email.split('@').next().unwrap_or_default();
        let name = self
            .display_name
            .as_deref()
            .or(self.formatted_name.as_deref())
            .or_else(|| Some(&*joined).filter(|joined| !joined.is_empty()))
            .unwrap_or(local);
        PersonName::parse(Field::Name, name)
            .map_err(|fault| Refusal::Value(format!("The name can't be taken: {}", fault.code.code())))
    }

    /// The language of the account: the portal's own that comes next.
    fn language(&self) -> Language {
        self.preferred_language.as_deref().map(Language::negotiate).unwrap_or_default()
    }

    /// Names of the attributes in which two differ, for the audit trail; the values stay out of it.
    fn differences(&self, other: &Self) -> String {
        [
            ("userName", self.user_name != other.user_name),
            ("externalId", self.external_id != other.external_id),
            ("displayName", self.display_name != other.display_name),
            (
                "name",
                (&self.formatted_name, &self.given_name, &self.family_name)
                    != (&other.formatted_name, &other.given_name, &other.family_name),
            ),
            ("emails", self.email != other.email),
            ("preferredLanguage", self.preferred_language != other.preferred_language),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect::<Vec<_>>()
        .join(" ")
    }
}

/// A text of one line, trimmed; none where nothing is left.
pub(super) fn bounded(name: &str, raw: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(raw) = raw else { return Ok(None) };
    let trimmed = raw.trim();
    if trimmed.chars().any(char::is_control) {
        return Err(Refusal::Value(format!("{name} has control characters")));
    }
    if trimmed.chars().count() > TEXT_MAX {
        return Err(Refusal::Value(format!("{name} has more than {TEXT_MAX} characters")));
    }
    Ok(Some(trimmed.to_owned()).filter(|text| !text.is_empty()))
}

/// The people of the organization that match, in the order in which they came.
///
/// # Errors
/// [`Refusal::Filter`]; [`Refusal::Failure`].
pub async fn list(service: &Service, request: &Request, wanted: &Wanted) -> Result<Listed<User>, Refusal> {
    let organization = request.token()?.organization;
    let reader = service.database.reader();
    let mut values = Values(vec![organization.0.into()]);
    let matches = match &wanted.filter {
        Some(filter) => format!(" and {}", condition(filter, SCHEMA, column, &mut values)?),
        None => String::new(),
    };
    let text = format!("select count(*) as number {FROM}{matches}");
    let total = sql::number(reader, &text, values.0.clone()).await?;
    let count = wanted.count.clamp(0, PAGE_MAX);
    let skipped = wanted.start.max(1) - 1;
    let rows = if count == 0 {
        Vec::new()
    } else {
        let text = format!("{SELECT} {FROM}{matches} order by p.id limit {count} offset {skipped}");
        sql::all::<Row>(reader, &text, values.0).await?
    };
    Ok(Listed { total, rows: with_groups(reader, organization, rows).await? })
}

async fn with_groups(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    rows: Vec<Row>,
) -> Outcome<Vec<User>> {
    #[derive(FromQueryResult)]
    struct Membership {
        person_id: Uuid,
        group_id: Uuid,
        display_name: String,
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (2..rows.len() + 2).map(|at| format!("${at}")).collect();
    let text = format!(
        "select m.person_id, m.group_id, g.display_name from provisioned_group_member m
        join provisioned_group g on g.id = m.group_id
        where m.organization_id = $1 and m.person_id in ({}) order by g.display_name_key, g.id",
        places.join(", ")
    );
    let values = std::iter::once(Value::from(organization.0)).chain(rows.iter().map(|row| row.id.into()));
    let mut groups: HashMap<Uuid, Vec<(ProvisionedGroupId, String)>> = HashMap::new();
    for row in sql::all::<Membership>(connection, &text, values).await? {
        groups.entry(row.person_id).or_default().push((ProvisionedGroupId(row.group_id), row.display_name));
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let groups = groups.remove(&row.id).unwrap_or_default();
            row.user(groups)
        })
        .collect())
}

async fn row(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    person: PersonId,
) -> Outcome<Row> {
    let text = format!("{SELECT} {FROM} and p.id = $2");
    let values = [organization.0.into(), person.0.into()];
    Ok(sql::one::<Row>(connection, &text, values).await?.ok_or(ErrorCode::NotFound)?)
}

/// A person of the organization.
///
/// # Errors
/// [`ErrorCode::NotFound`] for a person of somebody else, or one who has left (rule 7).
pub async fn get(service: &Service, request: &Request, person: PersonId) -> Result<User, Refusal> {
    let organization = request.token()?.organization;
    let reader = service.database.reader();
    let row = row(reader, organization, person).await?;
    let mut users = with_groups(reader, organization, vec![row]).await?;
    users.pop().ok_or_else(|| ErrorCode::NotFound.into())
}

/// Adds a person, with the roles that the company gives everybody new. Whoever has no account yet
/// gets an invitation; whoever is added inactive gets it once let in.
///
/// # Errors
/// [`Refusal::Value`]; [`Refusal::Uniqueness`] if somebody of the organization has the user name, the
/// address or the directory's id; [`Refusal::Forbidden`] for an operator's address.
pub async fn create(
    service: &Service,
    request: &Request,
    attributes: UserAttributes,
) -> Result<User, Refusal> {
    let token = request.token()?;
    let by = Administrator::from(token);
    let attributes = attributes.checked()?;
    let mut change = Change::begin_unasked(service, request).await?;
    roles::lock(&change, by.organization).await?;
    let own = by.roles(&change.transaction, change.now).await?;
    let settings = settings::in_force(&change.transaction, by.organization).await?;
    domain::rights::check_role_change(&own, &Roles::default(), &settings.roles)?;
    free(&change, by.organization, &attributes, None).await?;
    let new = NewPerson {
        name: attributes.name()?,
        email: Email::parse(Field::Email, &attributes.email).map_err(domain::Error::from)?,
        roles: settings.roles,
        language: attributes.language(),
        suspended: !attributes.active,
    };
    let added = add::write(&mut change, &by, &new).await?;
    keep(&change, by.organization, added.person, &attributes).await?;
    change.tell(Changed::Organization(by.organization));
    change.commit(()).await?;
    get(service, request, added.person).await
}

/// Changes what the program says about a person, and lets the person in or out.
///
/// # Errors
/// Those of [`create`]; [`ErrorCode::NotFound`]; [`Refusal::Stale`] if the version is another one;
/// [`Refusal::Forbidden`] for Global admins and MPN partner admins, and for the address of an account
/// that serves another company as well; what `edit` refuses.
pub async fn change(
    service: &Service,
    request: &Request,
    person: PersonId,
    version: Option<i64>,
    edit: impl FnOnce(&mut UserAttributes) -> Result<(), Refusal> + Send,
) -> Result<User, Refusal> {
    let token = request.token()?;
    let by = Administrator::from(token);
    let mut change = Change::begin_unasked(service, request).await?;
    roles::lock(&change, by.organization).await?;
    by.roles(&change.transaction, change.now).await?;
    let row = row(&change.transaction, by.organization, person).await?;
    if version.is_some_and(|version| version != row.row_version) {
        return Err(Refusal::Stale);
    }
    let before = row.attributes();
    let mut after = before.clone();
    edit(&mut after)?;
    let after = after.checked()?;
    if before == after {
        drop(change);
        return get(service, request, person).await;
    }
    let held = roles::held(&change.transaction, by.organization, person).await?;
    unprotected(&held.roles())?;
    free(&change, by.organization, &after, Some(PersonId(row.id))).await?;
    let account = AccountId(row.account_id);
    change_account(&mut change, &by, account, person, &before, &after, &held).await?;
    keep(&change, by.organization, person, &after).await?;
    let differences = after.differences(&before);
    if !differences.is_empty() {
        change.record(
            Event::new(by.organization, AuditAction::PersonUpdated, "person", person)
                .person(person)
                .after(differences),
        );
        let text = "update person set row_version = row_version + 1 where id = $1";
        sql::run(&change.transaction, text, [person.0.into()]).await?;
    }
    if before.active != after.active {
        let held = roles::held(&change.transaction, by.organization, person).await?;
        if after.active {
            departure::let_in(&mut change, &by, person, &held).await?;
            if held.account_status == "invited" {
                add::invite(&mut change, &by, &invitee(&held)).await?;
            }
        } else {
            let keep = settings::in_force(&change.transaction, by.organization).await?.keep_seats;
            departure::depart_with_all(&mut change, &by, person, &held, Departure::Suspend, keep).await?;
        }
    }
    change.tell(Changed::Organization(by.organization));
    change.commit(()).await?;
    get(service, request, person).await
}

/// Removes a person; every seat is released.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`Refusal::Stale`]; [`Refusal::Forbidden`] for Global admins and MPN
/// partner admins.
pub async fn remove(
    service: &Service,
    request: &Request,
    person: PersonId,
    version: Option<i64>,
) -> Result<(), Refusal> {
    let by = Administrator::from(request.token()?);
    let mut change = Change::begin_unasked(service, request).await?;
    roles::lock(&change, by.organization).await?;
    by.roles(&change.transaction, change.now).await?;
    let held = roles::held(&change.transaction, by.organization, person).await?;
    if version.is_some_and(|version| version != held.row_version) {
        return Err(Refusal::Stale);
    }
    unprotected(&held.roles())?;
    departure::depart_with_all(&mut change, &by, person, &held, Departure::Remove, false).await?;
    change.commit(()).await?;
    Ok(())
}

/// Checks that a program may change the person at all (rule 3).
fn unprotected(roles: &Roles) -> Result<(), Refusal> {
    if roles.has(Role::GlobalAdmin) || roles.has(Role::PartnerAdmin) {
        return Err(Refusal::Forbidden(PROTECTED.into()));
    }
    Ok(())
}

fn invitee(held: &roles::Held) -> Invitee {
    Invitee {
        account: AccountId(held.account_id),
        name: held.full_name.clone(),
        email: held.email.clone(),
        language: Language::from_tag(&held.language).unwrap_or_default(),
    }
}

/// Checks that nobody else of the organization is known by the user name or the directory's id. People
/// whom no program keeps yet are known by their address.
async fn free(
    change: &Change<'_>,
    organization: OrganizationId,
    attributes: &UserAttributes,
    own: Option<PersonId>,
) -> Result<(), Refusal> {
    let text = "select count(*) as number from person p join account a on a.id = p.account_id
        left join provisioned_person x on x.person_id = p.id
        where p.organization_id = $1 and p.status <> 'left' and p.id <> $2
            and (coalesce(x.user_name_key, a.email_key) = $3 or x.external_id = $4)";
    let values = [
        organization.0.into(),
        own.map_or(Uuid::nil(), |own| own.0).into(),
        sql::folded(&attributes.user_name).into(),
        attributes.external_id.clone().into(),
    ];
    if sql::number(&change.transaction, text, values).await? > 0 {
        return Err(Refusal::Uniqueness("userName or externalId belongs to somebody else already.".into()));
    }
    Ok(())
}

/// Keeps what the program says, as it was said.
async fn keep(
    change: &Change<'_>,
    organization: OrganizationId,
    person: PersonId,
    attributes: &UserAttributes,
) -> Outcome<()> {
    let text =
        "insert into provisioned_person (person_id, organization_id, user_name, user_name_key, external_id,
            display_name, formatted_name, given_name, family_name, preferred_language, display_name_key,
            formatted_name_key, given_name_key, family_name_key)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        on conflict (person_id) do update set user_name = excluded.user_name,
            user_name_key = excluded.user_name_key, external_id = excluded.external_id,
            display_name = excluded.display_name, formatted_name = excluded.formatted_name,
            given_name = excluded.given_name, family_name = excluded.family_name,
            preferred_language = excluded.preferred_language,
            display_name_key = excluded.display_name_key, formatted_name_key = excluded.formatted_name_key,
            given_name_key = excluded.given_name_key, family_name_key = excluded.family_name_key";
    let key = |name: Option<&str>| Value::from(name.map(sql::folded));
    let values = [
        person.0.into(),
        organization.0.into(),
        attributes.user_name.clone().into(),
        sql::folded(&attributes.user_name).into(),
        attributes.external_id.clone().into(),
        attributes.display_name.clone().into(),
        attributes.formatted_name.clone().into(),
        attributes.given_name.clone().into(),
        attributes.family_name.clone().into(),
        attributes.preferred_language.clone().into(),
        key(attributes.display_name.as_deref()),
        key(attributes.formatted_name.as_deref()),
        key(attributes.given_name.as_deref()),
        key(attributes.family_name.as_deref()),
    ];
    sql::run(&change.transaction, text, values).await?;
    Ok(())
}

/// Lets the account follow, as far as it is this company's alone.
async fn change_account(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    account: AccountId,
    person: PersonId,
    before: &UserAttributes,
    after: &UserAttributes,
    held: &roles::Held,
) -> Result<(), Refusal> {
    let moves = before.email != after.email;
    let text = "select (select count(*) from person where account_id = $1 and organization_id <> $2)
        + (select count(*) from operator_role where account_id = $1) as number";
    let values = [account.0.into(), by.organization.0.into()];
    if sql::number(&change.transaction, text, values).await? > 0 {
        if moves {
            return Err(Refusal::Forbidden(
                "This account serves another company as well: only its owner changes the address.".into(),
            ));
        }
        return Ok(());
    }
    let name = after.name()?;
    let email = Email::parse(Field::Email, &after.email).map_err(domain::Error::from)?;
    let renamed = before.name()?.as_str() != name.as_str();
    let language = if before.preferred_language == after.preferred_language {
        Language::from_tag(&held.language).unwrap_or_default()
    } else {
        after.language()
    };
    if moves {
        let text = "select count(*) as number from account where email_key = $1 and id <> $2";
        if sql::number(&change.transaction, text, [email.key().into(), account.0.into()]).await? > 0 {
            return Err(Refusal::Uniqueness("This address belongs to another account.".into()));
        }
    }
    let full_name = if renamed { name.as_str() } else { held.full_name.as_str() };
    let name_key = sql::folded(full_name);
    let text = "update account set email = $2, email_key = $3, full_name = $4, language = $5, name_key = $6,
        row_version = row_version + 1 where id = $1";
    let values = [
        account.0.into(),
        email.as_str().into(),
        email.key().into(),
        full_name.into(),
        language.tag().into(),
        name_key.as_str().into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let text = "update person set sort_name = $2 where id = $1";
    sql::run(&change.transaction, text, [person.0.into(), name_key.into()]).await?;
    if moves && held.account_status == "invited" {
        // What was sent to the address before opens nothing any more.
        let text = "update invitation set expires_at = $2
            where account_id = $1 and used_at is null and expires_at > $2";
        sql::run(&change.transaction, text, [account.0.into(), change.now.0.into()]).await?;
        if before.active && after.active {
            let held = roles::held(&change.transaction, by.organization, person).await?;
            add::invite(change, by, &invitee(&held)).await?;
        }
    }
    Ok(())
}

const _: () = assert!(TEXT_MAX <= EMAIL_MAX, "a user name can be an address");
