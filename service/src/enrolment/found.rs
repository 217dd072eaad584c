//! Behind the link: the company comes into being, with its founder as Global admin. The founder signs in
//! with a password, with the company's directory, or with the account that the address already has.

use domain::enrolment::EnrolmentState;
use domain::error::Faults;
use domain::ids::{AccountId, DirectoryId, OrganizationId, PersonId};
use domain::moment::Zone;
use domain::older_portal::PortalState;
use domain::text::{Email, PersonName};
use domain::view::enrolment::FoundingPage;
use domain::{AuditAction, Error, ErrorCode, Field, Language, Moment, Role, Roles, Tier};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::begin::enrolled;
use crate::audit::Event;
use crate::change::Change;
use crate::directories::settings::{SaveDirectory, Secret};
use crate::directories::{self, settings, sign_in};
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Failure, Outcome, Service, passwords, people, rights, sessions, sql};

/// A password for the founder.
pub struct ByPassword {
    /// The token in the link, never logged.
    pub token: String,
    /// The password, never logged.
    pub password: String,
    /// The password again.
    pub repeat: String,
    /// The browser's name, for the list of sessions.
    pub agent: String,
}

/// The company's directory, with which the founder signs in.
pub struct ByDirectory {
    /// The token in the link, never logged.
    pub token: String,
    /// The directory's issuer.
    pub issuer: String,
    /// What the portal is called there.
    pub client_id: String,
    /// The portal's secret there, never logged; empty for a public client.
    pub client_secret: String,
}

#[derive(FromQueryResult)]
struct Link {
    email: String,
    full_name: String,
    domain: String,
    language: String,
    expires_at: i64,
}

impl Link {
    /// A link that can be used: until somebody came in behind it. A company whose directory never let its
    /// founder in is still to be founded.
    async fn find(connection: &impl ConnectionTrait, token: &str, now: Moment) -> Outcome<Self> {
        if token.len() != 64 {
            return Err(ErrorCode::EnrolmentEnded.into());
        }
        let text = "select email, full_name, domain, language, expires_at from enrolment_link l
            where token_hash = $1 and used_at is null and expires_at > $2
                and not exists (select 1 from person p join account a on a.id = p.account_id and a.status = 'active'
                    where p.organization_id = l.organization_id and p.status = 'active')";
        let values = [hash_token(token).into(), now.0.into()];
        Ok(sql::one::<Self>(connection, text, values).await?.ok_or(ErrorCode::EnrolmentEnded)?)
    }

    /// Whether the address has an account whose owner has to sign in first. The link is as good as a new
    /// password for whoever serves no company any more.
    async fn is_taken(&self, connection: &impl ConnectionTrait) -> Outcome<bool> {
        Ok(self.account(connection).await?.is_some_and(|account| account.is_taken()))
    }

    fn email(&self) -> Outcome<Email> {
        Email::parse(Field::Email, &self.email)
            .map_err(|_| Failure::broken("enrolment_link", "email", &self.domain))
    }

    async fn account(&self, connection: &impl ConnectionTrait) -> Outcome<Option<Account>> {
        let text = "select id, status, exists (select 1 from person p
                where p.account_id = account.id and p.status in ('active', 'suspended')) as serves
            from account where email_key = $1";
        Ok(sql::one::<Account>(connection, text, [self.email()?.key().into()]).await?)
    }
}

#[derive(FromQueryResult)]
struct Account {
    id: Uuid,
    status: String,
    serves: bool,
}

impl Account {
    fn is_taken(&self) -> bool {
        match self.status.as_str() {
            "invited" => false,
            "active" => self.serves,
            _ => true,
        }
    }
}

/// What stands behind the link.
///
/// # Errors
/// [`ErrorCode::EnrolmentEnded`] for a link that was used, has expired or never was.
pub async fn open(service: &Service, request: &Request, token: &str) -> Outcome<FoundingPage> {
    let reader = service.database.reader();
    let link = Link::find(reader, token, service.now()).await?;
    let account = link.account(reader).await?;
    let signed_in = request.account().ok();
    Ok(FoundingPage {
        has_account: account.as_ref().is_some_and(Account::is_taken),
        other_reader: signed_in.is_some()
            && account.as_ref().is_none_or(|account| Some(AccountId(account.id)) != signed_in),
        is_reader: account.is_some_and(|account| Some(AccountId(account.id)) == signed_in),
        name: link.full_name,
        email: link.email,
        domain: link.domain,
        until: Zone::named("UTC").day_of(Moment(link.expires_at)),
        redirect_uri: directories::redirect_uri(service),
    })
}

/// Founds the company with a password for its founder; gives the token of a new session.
///
/// # Errors
/// [`ErrorCode::EnrolmentEnded`]; [`ErrorCode::AccountExists`]; [`ErrorCode::AlreadyEnrolled`] with the
/// administrators' names; [`ErrorCode::Invalid`] with the faults of each field.
pub async fn by_password(service: &Service, request: &Request, input: ByPassword) -> Outcome<String> {
    let reader = service.database.reader();
    let link = Link::find(reader, &input.token, service.now()).await?;
    if link.is_taken(reader).await? {
        return Err(ErrorCode::AccountExists.into());
    }
    let mut faults = Faults::default();
    let own = [link.full_name.as_str(), &link.email, &link.domain];
    let field = Field::NewPassword;
    let password = passwords::choose(&mut faults, field, &input.password, &link.email, &own).await?;
    if input.password != input.repeat {
        faults.add(Field::RepeatPassword, ErrorCode::PasswordsDiffer);
    }
    faults.check()?;
    let Some(password) = password else { return Err(ErrorCode::Invalid.into()) };
    let hash = passwords::hash(service, password.as_str()).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let founded = found(&mut change, &input.token, None).await?;
    let text = "update account set password_hash = $2, status = 'active', row_version = row_version + 1
        where id = $1 and status = 'invited'";
    if sql::run(&change.transaction, text, [founded.account.0.into(), hash.into()]).await? == 0 {
        return Err(ErrorCode::AccountExists.into());
    }
    for text in [
        "update invitation set used_at = $2 where account_id = $1 and used_at is null",
        "update person set status = 'active', row_version = row_version + 1
            where account_id = $1 and status = 'invited' and $2 > 0",
    ] {
        sql::run(&change.transaction, text, [founded.account.0.into(), change.now.0.into()]).await?;
    }
    used(&change, &input.token).await?;
    let way = sessions::Way::Founder(founded.organization);
    let token = sessions::open_by(&mut change, request, founded.account, &input.agent, way).await?;
    change.commit(()).await?;
    Ok(token)
}

/// Founds the company with its directory, and sends the founder there: nobody comes in before the
/// directory has said that the address is theirs. Until then the link can be used again.
///
/// # Errors
/// As [`by_password`], and those of [`sign_in::begin`].
pub async fn by_directory(
    service: &Service,
    request: &Request,
    input: ByDirectory,
) -> Outcome<sign_in::Begun> {
    let reader = service.database.reader();
    let link = Link::find(reader, &input.token, service.now()).await?;
    if link.is_taken(reader).await? {
        return Err(ErrorCode::AccountExists.into());
    }
    let secret = input.client_secret.trim();
    let directory = SaveDirectory {
        directory: None,
        name: link.domain.clone(),
        issuer: input.issuer,
        client_id: input.client_id,
        client_secret: if secret.is_empty() { Secret::Remove } else { Secret::New(secret.to_owned()) },
        scopes: settings::SCOPES.to_owned(),
        enabled: true,
        just_in_time: false,
        // The link has proven the founder's address; what the directory adds is the sign-in.
        authoritative: true,
        signs_out: false,
        default_roles: vec![Role::Employee],
        role_claim: String::new(),
        values: Vec::new(),
    };
    settings::reachable(service, request, &directory).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let founded = found(&mut change, &input.token, None).await?;
    let id = settings::write_founders(&mut change, founded.organization, &directory).await?;
    change.commit(()).await?;
    let begin = sign_in::Begin {
        email: link.email,
        directory: Some(DirectoryId(id)),
        then: domain::enrolment::Step::Profile.path().to_owned(),
    };
    sign_in::begin(service, request, begin).await
}

/// Founds the company for whoever is signed in with the account of the address; the session goes on in
/// the new company.
///
/// # Errors
/// [`ErrorCode::EnrolmentEnded`]; [`ErrorCode::AccountExists`] for anybody else;
/// [`ErrorCode::AlreadyEnrolled`] with the administrators' names; [`ErrorCode::WrongSide`] for operators.
pub async fn by_account(service: &Service, request: &Request, token: &str, session: &str) -> Outcome<()> {
    let person = request.person()?;
    let mut change = Change::begin_unasked(service, request).await?;
    let founded = found(&mut change, token, Some(person.account)).await?;
    used(&change, token).await?;
    sessions::go_on_in(&change, session, founded.account, founded.organization).await?;
    change.commit(()).await
}

async fn used(change: &Change<'_>, token: &str) -> Outcome<()> {
    let text = "update enrolment_link set used_at = $2 where token_hash = $1";
    sql::run(&change.transaction, text, [hash_token(token).into(), change.now.0.into()]).await?;
    Ok(())
}

struct Founded {
    organization: OrganizationId,
    account: AccountId,
}

/// Makes the company of a link, once; whoever comes again behind the same link finds it made. Where the
/// address has an account, its owner has to be the one who is signed in.
async fn found(change: &mut Change<'_>, token: &str, owner: Option<AccountId>) -> Outcome<Founded> {
    // Held until the commit: whoever uses the same link at the same moment waits, and finds it used.
    let text = "update enrolment_link set expires_at = expires_at
        where token_hash = $1 and used_at is null and expires_at > $2";
    let values = [hash_token(token).into(), change.now.0.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::EnrolmentEnded.into());
    }
    let link = Link::find(&change.transaction, token, change.now).await?;
    let email = link.email()?;
    let name = PersonName::parse(Field::Name, &link.full_name)
        .map_err(|_| Failure::broken("enrolment_link", "full_name", &link.domain))?;
    let language = Language::from_tag(&link.language).unwrap_or_default();
    let account = people::add::account_of(change, &email, &name, language).await?;
    if account.operator {
        return Err(Error::new(ErrorCode::WrongSide).into());
    }
    let id = AccountId(account.id);
    match owner {
        Some(owner) if owner != id => return Err(ErrorCode::AccountExists.into()),
        None if link.is_taken(&change.transaction).await? => {
            return Err(ErrorCode::AccountExists.into());
        }
        None => {
            // Until somebody has come in, whoever served a company before is invited like anybody else.
            let text = "update account set status = 'invited', row_version = row_version + 1
                where id = $1 and status = 'active'";
            sql::run(&change.transaction, text, [account.id.into()]).await?;
        }
        Some(_) => {}
    }
    if let Some(here) = enrolled(&change.transaction, &link.domain).await? {
        return Err(already(change, here).await?.into());
    }
    let organization = organization(change, &link).await?;
    // Whoever founded it at the same moment was waited for just now.
    if let Some(here) = enrolled(&change.transaction, &link.domain).await? {
        return Err(already(change, here).await?.into());
    }
    clear(change, organization, token).await?;
    let person = match person_of(&change.transaction, organization, account.id).await? {
        Some(person) => person,
        None => people::add::join(change, organization, account.id, &account.full_name).await?,
    };
    let roles = Roles::new([Role::GlobalAdmin, Role::Employee]);
    people::add::set(&change.transaction, organization, person, &roles).await?;
    let text = "update organization set founder_person_id = $2, account_email = $3 where id = $1";
    let values = [organization.0.into(), person.0.into(), email.as_str().into()];
    sql::run(&change.transaction, text, values).await?;
    let text = "insert into enrolment (organization_id, state, begun_at, begun_by) values ($1, $2, $3, $4)
        on conflict (organization_id) do update set begun_by = excluded.begun_by, begun_at = excluded.begun_at";
    let values =
        [organization.0.into(), EnrolmentState::Profile.code().into(), change.now.0.into(), person.0.into()];
    sql::run(&change.transaction, text, values).await?;
    let text = "update enrolment_link set organization_id = $2 where token_hash = $1";
    sql::run(&change.transaction, text, [hash_token(token).into(), organization.0.into()]).await?;
    change.record(
        Event::new(organization, AuditAction::OrganizationFounded, "organization", organization)
            .person(person)
            .after(format!("domain {}", link.domain))
            .by(domain::audit::ActorKind::Person, id),
    );
    Ok(Founded { organization, account: id })
}

/// The company of the link's domain: a new one, or one that somebody began to found and never entered.
async fn organization(change: &Change<'_>, link: &Link) -> Outcome<OrganizationId> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let text = "insert into organization
            (id, name, name_key, domain, account_email, time_zone, language, tier, portal_state, setup_finished,
                created_at, row_version)
        values ($1, $2, $8, $2, $3, 'UTC', $4, $5, $6, false, $7, 1)
        on conflict (domain) do update set language = excluded.language
            where organization.portal_state = excluded.portal_state returning id";
    let values = [
        change.service().new_id().into(),
        link.domain.as_str().into(),
        link.email.as_str().into(),
        link.language.as_str().into(),
        Tier::Network.code().into(),
        PortalState::Enrolling.code().into(),
        change.now.0.into(),
        sql::folded(&link.domain).into(),
    ];
    let row = sql::one::<Row>(&change.transaction, text, values).await?;
    Ok(row.map(|row| OrganizationId(row.id)).ok_or(ErrorCode::AlreadyEnrolled)?)
}

/// Takes away what somebody left who began to found the company and never came in: their roles, their
/// directory, their links. The company is held by the caller.
async fn clear(change: &mut Change<'_>, organization: OrganizationId, token: &str) -> Outcome<()> {
    let text =
        "delete from person_role where person_id in (select id from person where organization_id = $1)";
    sql::run(&change.transaction, text, [organization.0.into()]).await?;
    let text = "update person set status = 'left', row_version = row_version + 1
        where organization_id = $1 and status <> 'left'";
    sql::run(&change.transaction, text, [organization.0.into()]).await?;
    let text = "update enrolment_link set used_at = $3 where organization_id = $1 and token_hash <> $2
        and used_at is null";
    let values = [organization.0.into(), hash_token(token).into(), change.now.0.into()];
    sql::run(&change.transaction, text, values).await?;
    settings::forget_founders(change, organization).await
}

async fn person_of(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    account: Uuid,
) -> Outcome<Option<PersonId>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let text = "select id from person where organization_id = $1 and account_id = $2 and status <> 'left'";
    let row = sql::one::<Row>(connection, text, [organization.0.into(), account.into()]).await?;
    Ok(row.map(|row| PersonId(row.id)))
}

/// The company is here: its administrators are named to whoever has proven an address in its domain.
async fn already(change: &Change<'_>, here: OrganizationId) -> Outcome<Error> {
    let roles = [Role::GlobalAdmin, Role::UserAdmin, Role::AdminAgent];
    let colleagues = rights::colleagues(&change.transaction, here, &roles).await?;
    Ok(Error { colleagues, ..Error::new(ErrorCode::AlreadyEnrolled) })
}
