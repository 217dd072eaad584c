//! The settings of a company: its directories, and who has to use them. Global admins only.

use std::collections::BTreeSet;
use std::fmt;

use domain::directory::{Issuer, check_default_roles};
use domain::error::Faults;
use domain::ids::{AccountId, DirectoryId, OrganizationId};
use domain::rights::Action;
use domain::text::Line;
use domain::view::directory::{DirectoryPage, Provider};
use domain::{AuditAction, Error, ErrorCode, Field, FieldError, Role, Roles};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::provider::{self, Trouble};
use super::{
    COLUMNS, Directory, RoleRow, SIGNED_OUT_PATH, domains, identities, redirect_uri, role_rows, secret_place,
};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::people::roles::lock;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// So many directories a company has at most.
const MOST: i64 = 10;
/// So many values give a role at most, and so long may each be.
const VALUES_FOR_A_ROLE: usize = 50;
const VALUE_MAX: usize = 200;
/// What is asked where nobody says otherwise.
pub const SCOPES: &str = "openid profile email";

/// What stands in the form of a directory.
#[derive(Clone, Debug)]
pub struct SaveDirectory {
    /// The directory with the version that the page showed; none for a new one.
    pub directory: Option<(DirectoryId, i64)>,
    /// What it is called on the sign-in page.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// What the portal is called there.
    pub client_id: String,
    /// The portal's secret there.
    pub client_secret: Secret,
    /// What is asked, with spaces between.
    pub scopes: String,
    /// Whether people can sign in with it.
    pub enabled: bool,
    /// Whether whoever has no account yet gets one.
    pub just_in_time: bool,
    /// Whether its addresses count as verified without saying so.
    pub authoritative: bool,
    /// Whether signing out here signs out there.
    pub signs_out: bool,
    /// Roles of whoever comes in for the first time.
    pub default_roles: Vec<Role>,
    /// The claim that roles follow from.
    pub role_claim: String,
    /// For each role the values that give it, one a line.
    pub values: Vec<(Role, String)>,
}

/// A secret as it was typed. Its debug text, which stands in digests, doesn't show it.
#[derive(Clone)]
pub enum Secret {
    /// The one that is kept stays.
    Keep,
    /// None any more: a public client.
    Remove,
    /// A new one.
    New(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keep => "Keep",
            Self::Remove => "Remove",
            Self::New(_) => "New(..)",
        })
    }
}

/// The settings; whoever may not change them learns who could.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`], [`ErrorCode::WrongSide`].
pub async fn page(service: &Service, request: &Request) -> Outcome<DirectoryPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    let mut page = DirectoryPage {
        why_not: rights::why_not(reader, person, Action::ConfigureSignIn, &policies).await?,
        redirect_uri: redirect_uri(service),
        sign_out_uri: format!("{}{SIGNED_OUT_PATH}", service.base_url),
        providers: Vec::new(),
        domains: Vec::new(),
        required: false,
        offers: Vec::new(),
    };
    if page.why_not.is_some() {
        return Ok(page);
    }
    let organization = person.organization;
    let text =
        format!("select {COLUMNS} from directory d where d.organization_id = $1 order by d.name, d.id");
    let directories = sql::all::<Directory>(reader, &text, [organization.0.into()]).await?;
    let of_company = "directory_id in (select id from directory where organization_id = $1)";
    let roles = role_rows(reader, of_company, organization.0).await?;
    page.providers = directories
        .into_iter()
        .map(|directory| {
            let own = || roles.iter().filter(|row| row.directory_id == directory.id);
            let with = |role: Role| {
                let values = own().filter(|row| row.role == role.code() && !row.claim_value.is_empty());
                values.map(|row| row.claim_value.clone()).collect::<Vec<_>>()
            };
            let new = own().filter(|row| row.claim_value.is_empty());
            Provider {
                id: DirectoryId(directory.id),
                version: directory.row_version,
                default_roles: Roles::new(new.filter_map(|row| Role::from_code(&row.role))).iter().collect(),
                values: Role::ALL
                    .iter()
                    .map(|role| (*role, with(*role)))
                    .filter(|(_, values)| !values.is_empty())
                    .collect(),
                name: directory.name,
                issuer: directory.issuer,
                client_id: directory.client_id,
                has_secret: directory.client_secret.is_some(),
                scopes: directory.scopes,
                enabled: directory.enabled,
                just_in_time: directory.just_in_time,
                authoritative: directory.authoritative,
                signs_out: directory.signs_out,
                role_claim: directory.role_claim,
            }
        })
        .collect();
    page.domains = domains::rows(reader, person).await?;
    page.offers = identities::offers(reader, organization).await?;
    let text = "select count(*) as number from organization where id = $1 and directory_required";
    page.required = sql::number(reader, text, [organization.0.into()]).await? > 0;
    Ok(page)
}

/// Whoever may change how the company signs in.
pub(super) async fn allowed<'a>(service: &Service, request: &'a Request) -> Outcome<&'a Person> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::ConfigureSignIn, &policies).await?;
    Ok(person)
}

/// What was typed, checked.
struct Checked {
    name: String,
    issuer: String,
    client_id: String,
    scopes: String,
    role_claim: String,
    default_roles: Roles,
    values: BTreeSet<(String, Role)>,
}

fn check(service: &Service, input: &SaveDirectory) -> Outcome<Checked> {
    let mut faults = Faults::default();
    let name = faults.take(Line::parse(Field::DirectoryName, &input.name, 80));
    let issuer = faults.take(Issuer::parse(Field::Issuer, &input.issuer, service.outside.http_on_loopback));
    let client_id = faults.take(Line::parse(Field::ClientId, &input.client_id, 200));
    if let Secret::New(secret) = &input.client_secret {
        faults.take(Line::parse(Field::ClientSecret, secret, 500));
    }
    let mut scopes: Vec<&str> = input.scopes.split_whitespace().collect();
    if !scopes.contains(&"openid") {
        scopes.insert(0, "openid");
    }
    let scopes = faults.take(Line::parse(Field::Scopes, &scopes.join(" "), 300));
    let role_claim = if input.role_claim.trim().is_empty() {
        Some(String::new())
    } else {
        faults.take(Line::parse(Field::RoleClaim, &input.role_claim, 120)).map(String::from)
    };
    let default_roles = Roles::new(input.default_roles.iter().copied());
    faults.take(check_default_roles(Field::Roles, &default_roles));
    let values = faults.take(values(&input.values));
    if role_claim.as_deref() == Some("") && values.as_ref().is_some_and(|values| !values.is_empty()) {
        // Values that nothing is compared with would look as if they did something.
        faults.add(Field::RoleClaim, ErrorCode::Required);
    }
    faults.check()?;
    match (name, issuer, client_id, scopes, role_claim, values) {
        (Some(name), Some(issuer), Some(client_id), Some(scopes), Some(role_claim), Some(values)) => {
            Ok(Checked {
                name: name.into(),
                issuer: issuer.as_str().to_owned(),
                client_id: client_id.into(),
                scopes: scopes.into(),
                role_claim,
                default_roles,
                values,
            })
        }
        _ => Err(ErrorCode::Invalid.into()),
    }
}

fn values(typed: &[(Role, String)]) -> Result<BTreeSet<(String, Role)>, FieldError> {
    let mut values = BTreeSet::new();
    for (role, lines) in typed {
        let lines: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.len() > VALUES_FOR_A_ROLE {
            let number = i64::try_from(VALUES_FOR_A_ROLE).ok();
            return Err(FieldError { field: Field::RoleValues, code: ErrorCode::TooLong, number });
        }
        for line in lines {
            values.insert((Line::parse(Field::RoleValues, line, VALUE_MAX)?.into(), *role));
        }
    }
    Ok(values)
}

/// Adds a directory or changes one; gives its name. A directory that isn't in use any more ends the
/// sessions that it opened.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Invalid`] with the faults of each field;
/// [`ErrorCode::NotFound`]; [`ErrorCode::Stale`]; [`ErrorCode::DirectoryExists`].
pub async fn save(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: SaveDirectory,
) -> Outcome<String> {
    let person = allowed(service, request).await?;
    let checked = check(service, &input)?;
    let operation = Operation::new(operation, "save_directory", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, person.organization).await?;
    let mut stood = None;
    let mut ends_sessions = !input.enabled;
    let (id, action) = match input.directory {
        Some((id, version)) => {
            let before = Directory::of(&change.transaction, person.organization, id).await?;
            if before.row_version != version {
                return Err(ErrorCode::Stale.into());
            }
            stood = Some(recorded(&change.transaction, id.0).await?);
            let moves = before.issuer != checked.issuer;
            if moves && before.client_secret.is_some() && matches!(input.client_secret, Secret::Keep) {
                // A secret goes only to the directory that it was typed for.
                return Err(Error::field(Field::ClientSecret, ErrorCode::Required).into());
            }
            if moves || before.client_id != checked.client_id {
                // Subjects of another directory are other people.
                forget_people(&change.transaction, id.0).await?;
                ends_sessions = true;
            }
            (id.0, AuditAction::DirectoryChanged)
        }
        None => {
            let text = "select count(*) as number from directory where organization_id = $1";
            if sql::number(&change.transaction, text, [person.organization.0.into()]).await? >= MOST {
                return Err(Error::new(ErrorCode::TooLarge).into());
            }
            (service.new_id(), AuditAction::DirectoryAdded)
        }
    };
    write(&change, person.organization, id, &checked, &input).await?;
    if ends_sessions {
        end_sessions(&change.transaction, id).await?;
        change.tell(Changed::SignedOutOf(person.organization));
    }
    keep_a_way_in(&mut change, person.organization).await?;
    let after = recorded(&change.transaction, id).await?;
    let event = Event::new(person.organization, action, "directory", id).after(after);
    change.record(Event { before: stood, ..event });
    change.tell(Changed::Organization(person.organization));
    change.commit(checked.name).await
}

/// Checks what was typed, and that the directory answers: a founder who can't be sent there stays here.
///
/// # Errors
/// [`ErrorCode::Invalid`] with the faults of each field; [`ErrorCode::DirectoryUnreachable`],
/// [`ErrorCode::DirectoryAnswer`], [`ErrorCode::PrivateAddress`].
pub(crate) async fn reachable(service: &Service, request: &Request, input: &SaveDirectory) -> Outcome<()> {
    let checked = check(service, input)?;
    service.sign_in_limits.check_address(service, &request.address).await?;
    match provider::known(service, &checked.issuer).await {
        Ok(_) => Ok(()),
        Err(trouble) => Err(super::told(request, &checked.name, &trouble)),
    }
}

/// Removes the directories of a company that nobody has entered yet.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn forget_founders(change: &mut Change<'_>, organization: OrganizationId) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        issuer: String,
    }
    let text = "select id, issuer from directory where organization_id = $1";
    for Row { id, issuer } in sql::all::<Row>(&change.transaction, text, [organization.0.into()]).await? {
        remove_rows(&change.transaction, id).await?;
        change
            .record(Event::new(organization, AuditAction::DirectoryRemoved, "directory", id).before(issuer));
    }
    Ok(())
}

/// A directory with everything that hangs on it.
async fn remove_rows(connection: &impl ConnectionTrait, id: Uuid) -> Outcome<()> {
    forget_people(connection, id).await?;
    for text in [
        "delete from directory_role where directory_id = $1",
        "delete from directory_default_role where directory_id = $1",
        // A domain that led to this one alone leads nowhere, not suddenly to the others.
        "delete from mail_domain where directory_id = $1",
        "delete from directory where id = $1",
    ] {
        sql::run(connection, text, [id.into()]).await?;
    }
    Ok(())
}

/// Writes the directory with which a founder signs in. There is no other: see [`forget_founders`].
///
/// # Errors
/// [`ErrorCode::Invalid`] with the faults of each field.
pub(crate) async fn write_founders(
    change: &mut Change<'_>,
    organization: OrganizationId,
    input: &SaveDirectory,
) -> Outcome<Uuid> {
    let checked = check(change.service(), input)?;
    let id = change.service().new_id();
    write(change, organization, id, &checked, input).await?;
    let after = recorded(&change.transaction, id).await?;
    change.record(Event::new(organization, AuditAction::DirectoryAdded, "directory", id).after(after));
    Ok(id)
}

/// A directory as the trail keeps it: everything that decides who comes in as what, without its secret.
async fn recorded(connection: &impl ConnectionTrait, id: Uuid) -> Outcome<String> {
    let text = format!("select {COLUMNS} from directory d where d.id = $1");
    let directory =
        sql::one::<Directory>(connection, &text, [id.into()]).await?.ok_or(ErrorCode::NotFound)?;
    let roles = role_rows(connection, "directory_id = $1", id).await?;
    let given = |row: &RoleRow| match row.claim_value.as_str() {
        "" => format!("new: {}", row.role),
        value => format!("{value}: {}", row.role),
    };
    let roles: Vec<String> = roles.iter().map(given).collect();
    let Directory { issuer, client_id, scopes, enabled, just_in_time, authoritative, signs_out, .. } =
        directory;
    Ok(format!(
        "{issuer} client={client_id} secret={} scopes=({scopes}) enabled={enabled} just_in_time={just_in_time} \
        authoritative={authoritative} signs_out={signs_out} claim={} roles=({})",
        directory.client_secret.is_some(),
        directory.role_claim,
        roles.join("; ")
    ))
}

async fn write(
    change: &Change<'_>,
    organization: OrganizationId,
    id: Uuid,
    checked: &Checked,
    input: &SaveDirectory,
) -> Outcome<()> {
    let service = change.service();
    let transaction = &change.transaction;
    let values: [sea_orm::Value; 12] = [
        id.into(),
        organization.0.into(),
        checked.name.clone().into(),
        checked.issuer.clone().into(),
        checked.client_id.clone().into(),
        checked.scopes.clone().into(),
        input.enabled.into(),
        input.just_in_time.into(),
        input.authoritative.into(),
        input.signs_out.into(),
        checked.role_claim.clone().into(),
        change.now.0.into(),
    ];
    let text = "insert into directory (id, organization_id, name, issuer, client_id, scopes, enabled,
            just_in_time, authoritative, signs_out, role_claim, created_at, row_version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)
        on conflict (id) do update set name = excluded.name, issuer = excluded.issuer,
            client_id = excluded.client_id, scopes = excluded.scopes, enabled = excluded.enabled,
            just_in_time = excluded.just_in_time, authoritative = excluded.authoritative,
            signs_out = excluded.signs_out, role_claim = excluded.role_claim,
            row_version = directory.row_version + 1";
    sql::run(transaction, text, values).await?;
    let secret = match &input.client_secret {
        Secret::Keep => None,
        Secret::Remove => Some(None),
        Secret::New(secret) => {
            Some(Some(service.vault.seal(&*service.random, &secret_place(id), secret.trim())?))
        }
    };
    if let Some(secret) = secret {
        let text = "update directory set client_secret = $2 where id = $1";
        sql::run(transaction, text, [id.into(), secret.into()]).await?;
    }
    for text in [
        "delete from directory_role where directory_id = $1",
        "delete from directory_default_role where directory_id = $1",
    ] {
        sql::run(transaction, text, [id.into()]).await?;
    }
    if !checked.values.is_empty() {
        let mut text = "insert into directory_role (directory_id, claim_value, role) values ".to_owned();
        let mut values: Vec<sea_orm::Value> = vec![id.into()];
        for (at, (value, role)) in checked.values.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            text.push_str(&format!("{separator}($1, ${}, ${})", at * 2 + 2, at * 2 + 3));
            values.extend([value.clone().into(), role.code().into()]);
        }
        sql::run(transaction, &text, values).await?;
    }
    let mut text = "insert into directory_default_role (directory_id, role) values ".to_owned();
    let mut values: Vec<sea_orm::Value> = vec![id.into()];
    for (at, role) in checked.default_roles.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        text.push_str(&format!("{separator}($1, ${})", at + 2));
        values.push(role.code().into());
    }
    sql::run(transaction, &text, values).await?;
    Ok(())
}

/// Removes a directory with the sessions that it opened; accounts stay. Gives its name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`].
pub async fn remove(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    id: DirectoryId,
) -> Outcome<String> {
    let person = allowed(service, request).await?;
    let operation = Operation::new(operation, "remove_directory", &id);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, person.organization).await?;
    let directory = Directory::of(&change.transaction, person.organization, id).await?;
    remove_rows(&change.transaction, id.0).await?;
    keep_a_way_in(&mut change, person.organization).await?;
    change.record(
        Event::new(person.organization, AuditAction::DirectoryRemoved, "directory", id)
            .before(&directory.issuer),
    );
    change.tell(Changed::SignedOutOf(person.organization));
    change.tell(Changed::Organization(person.organization));
    change.commit(directory.name).await
}

/// Who is who in a directory, and whoever is on the way from it.
async fn forget_people(connection: &impl ConnectionTrait, directory: Uuid) -> Outcome<()> {
    for text in [
        "delete from directory_identity where directory_id = $1",
        "delete from directory_sign_in where directory_id = $1",
    ] {
        sql::run(connection, text, [directory.into()]).await?;
    }
    end_sessions(connection, directory).await
}

async fn end_sessions(connection: &impl ConnectionTrait, directory: Uuid) -> Outcome<()> {
    sql::run(connection, "delete from session where directory_id = $1", [directory.into()]).await?;
    Ok(())
}

/// Without any directory in use nobody can be made to use one.
async fn keep_a_way_in(change: &mut Change<'_>, organization: OrganizationId) -> Outcome<()> {
    let text = "update organization set directory_required = false, row_version = row_version + 1
        where id = $1 and directory_required
            and not exists (select 1 from directory d where d.organization_id = $1 and d.enabled)";
    if sql::run(&change.transaction, text, [organization.0.into()]).await? > 0 {
        let event = Event::new(organization, AuditAction::DirectoryNotRequired, "organization", organization);
        change.record(event);
    }
    Ok(())
}

/// Global admins who get in without the directory: of the accounts that `which` leaves, where `$2` is
/// `account`.
async fn break_glass(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    which: &str,
    account: AccountId,
) -> Outcome<i64> {
    let text = format!(
        "select count(*) as number from person_role r
        join person p on p.id = r.person_id and p.status = 'active'
        join account a on a.id = p.account_id and a.status = 'active' and a.password_hash is not null
        join second_factor f on f.account_id = a.id and f.confirmed_at is not null
        where r.organization_id = $1 and r.role = 'global_admin' and {which}"
    );
    Ok(sql::number(connection, &text, [organization.0.into(), account.0.into()]).await?)
}

/// Checks that an account may give up its second factor: where a directory is required, the last Global
/// admin who gets in without it may not.
///
/// # Errors
/// [`ErrorCode::BreakGlassNeeded`].
pub(crate) async fn keeps_break_glass(change: &Change<'_>, account: AccountId) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Company {
        organization_id: Uuid,
    }
    let text = "select p.organization_id from person p
        join organization o on o.id = p.organization_id and o.directory_required
        join person_role r on r.person_id = p.id and r.role = 'global_admin'
        where p.account_id = $1 and p.status = 'active' order by p.organization_id";
    for company in sql::all::<Company>(&change.transaction, text, [account.0.into()]).await? {
        let organization = OrganizationId(company.organization_id);
        lock(change, organization).await?;
        if break_glass(&change.transaction, organization, "a.id <> $2", account).await? == 0 {
            return Err(ErrorCode::BreakGlassNeeded.into());
        }
    }
    Ok(())
}

/// Whether everybody has to sign in with a directory from now on, but Global admins with a second factor.
/// Sessions that others opened with a password lead nowhere then.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::DirectoryMissing`] where none is in use;
/// [`ErrorCode::BreakGlassMissing`] for whoever has no second factor, and wouldn't get in again.
pub async fn require(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    required: bool,
) -> Outcome<bool> {
    let person = allowed(service, request).await?;
    let organization = person.organization;
    let operation = Operation::new(operation, "require_directory", &required);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, organization).await?;
    let text = "select count(*) as number from directory where organization_id = $1 and enabled";
    if required && sql::number(&change.transaction, text, [organization.0.into()]).await? == 0 {
        return Err(ErrorCode::DirectoryMissing.into());
    }
    let own = "a.id = $2";
    if required && break_glass(&change.transaction, organization, own, person.account).await? == 0 {
        return Err(ErrorCode::BreakGlassMissing.into());
    }
    let text = "update organization set directory_required = $2, row_version = row_version + 1
        where id = $1 and directory_required <> $2";
    if sql::run(&change.transaction, text, [organization.0.into(), required.into()]).await? > 0 {
        let action =
            if required { AuditAction::DirectoryRequired } else { AuditAction::DirectoryNotRequired };
        change.record(Event::new(organization, action, "organization", organization));
        change.tell(Changed::SignedOutOf(organization));
        change.tell(Changed::Organization(organization));
    }
    change.commit(required).await
}

/// What a directory said of itself just now.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What it is called.
    pub name: String,
    /// How many keys it signs with.
    pub keys: i64,
    /// Whether people can sign out there.
    pub signs_out: bool,
}

/// Asks a directory what it says of itself, as a sign-in would.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::DirectoryUnreachable`],
/// [`ErrorCode::PrivateAddress`], [`ErrorCode::DirectoryAnswer`] with its name.
pub async fn try_out(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    id: DirectoryId,
) -> Outcome<Tried> {
    let person = allowed(service, request).await?;
    let directory = Directory::of(service.database.reader(), person.organization, id).await?;
    let asked = provider::ask(service, &directory.issuer).await;
    let known = asked.map_err(|trouble: Trouble| directory.told(request, &trouble))?;
    let keys = i64::try_from(known.keys()).unwrap_or(i64::MAX);
    let operation = Operation::new(operation, "test_directory", &id);
    let (keys, signs_out) = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => outcome,
        Begun::New(mut change) => {
            change.record(Event::new(person.organization, AuditAction::DirectoryTested, "directory", id));
            change.commit((keys, known.signs_out())).await?
        }
    };
    Ok(Tried { name: directory.name, keys, signs_out })
}
