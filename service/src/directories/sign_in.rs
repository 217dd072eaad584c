//! Signing in with a directory: out to it, back from it, and who comes in.

use domain::directory::{Address, Arrival, Entrance, Standing, entrance};
use domain::ids::{AccountId, DirectoryId, OrganizationId, PersonId};
use domain::text::{Email, PersonName};
use domain::view::directory::DirectoryChoice;
use domain::{AuditAction, Error, ErrorCode, Field, Role, Roles};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::provider::{self, Exchange, Said};
use super::{COLUMNS, Directory, for_domain, identities, speaks_for};
use crate::audit::Event;
use crate::change::Change;
use crate::failure::Failure;
use crate::live::Changed;
use crate::people::{add, roles};
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Outcome, Service, random, rights, sessions, sql};

/// So long one may take at the directory.
const AWAY_SECONDS: i64 = 600;
/// The longest path that is come back to, in bytes.
const THEN_MAX: usize = 2000;
/// The longest code, state or the like that a browser brings, in bytes.
const BROUGHT_MAX: usize = 4096;

/// What somebody typed who wants to sign in with a directory.
pub struct Begin {
    /// Mail address at the company.
    pub email: String,
    /// Which of the company's directories, where it has several.
    pub directory: Option<DirectoryId>,
    /// Path in the portal to come back to; the caller has checked that it is one.
    pub then: String,
}

/// How it goes on.
pub enum Begun {
    /// At the directory.
    Away {
        /// Where the browser goes.
        address: String,
        /// What binds the sign-in to this browser, for a cookie.
        browser: String,
    },
    /// With a choice between several directories.
    Choose,
}

/// The directories that somebody with this address can choose from.
///
/// # Errors
/// [`ErrorCode::TooManyAttempts`]: whoever asks for one address after the other learns who uses what.
pub async fn choices(service: &Service, request: &Request, email: &str) -> Outcome<Vec<DirectoryChoice>> {
    let Ok(email) = Email::parse(Field::Email, email) else { return Ok(Vec::new()) };
    service.sign_in_limits.check_address(service, &request.address).await?;
    let found = for_domain(service.database.reader(), &email.key()).await?;
    Ok(found
        .into_iter()
        .map(|directory| DirectoryChoice { id: DirectoryId(directory.id), name: directory.name })
        .collect())
}

/// Sends somebody to the directory of the address's mail domain.
///
/// # Errors
/// [`ErrorCode::Invalid`] with the fault of the address; [`ErrorCode::TooManyAttempts`];
/// [`ErrorCode::DirectoryUnknown`]; [`ErrorCode::DirectoryUnreachable`] and
/// [`ErrorCode::DirectoryAnswer`] with the directory's name.
pub async fn begin(service: &Service, request: &Request, input: Begin) -> Outcome<Begun> {
    let email = Email::parse(Field::Email, &input.email)?;
    service.sign_in_limits.check(service, &request.address, &email.key()).await?;
    let mut found = for_domain(service.database.reader(), &email.key()).await?;
    if let Some(wanted) = input.directory {
        found.retain(|directory| directory.id == wanted.0);
    }
    let directory = match found.len() {
        0 => return Err(ErrorCode::DirectoryUnknown.into()),
        1 => found.remove(0),
        _ => return Ok(Begun::Choose),
    };
    let registration = directory.registration(service)?;
    let known = provider::known(service, &directory.issuer).await;
    let known = known.map_err(|trouble| directory.told(request, &trouble))?;
    let draw = || random::token(&*service.random);
    let (state, nonce, verifier, browser) = (draw(), draw(), draw(), draw());
    let address = provider::sign_in_address(&known, &registration, &state, &nonce, &verifier, email.as_str())
        .map_err(|trouble| directory.told(request, &trouble))?;
    let hash = hash_token(&state);
    let secret = service.vault.seal(&*service.random, &place(&hash), &format!("{nonce}.{verifier}"))?;
    let then = if input.then.len() <= THEN_MAX { input.then } else { "/".to_owned() };
    let text = "insert into directory_sign_in
            (state_hash, browser_hash, directory_id, secret, then_path, expires_at)
        values ($1, $2, $3, $4, $5, $6)";
    let values = [
        hash.into(),
        hash_token(&browser).into(),
        directory.id.into(),
        secret.into(),
        then.into(),
        service.now().plus_seconds(AWAY_SECONDS).0.into(),
    ];
    let transaction = service.database.begin().await?;
    sql::run(&transaction, text, values).await?;
    transaction.commit().await?;
    Ok(Begun::Away { address, browser })
}

fn place(state_hash: &[u8]) -> String {
    let digits: String = state_hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("directory_sign_in/{digits}")
}

/// What a browser brings back from a directory.
#[derive(Clone, Default)]
pub struct Brought {
    /// Names the sign-in.
    pub state: String,
    /// Is traded for a token.
    pub code: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// Which directory says so.
    pub issuer: Option<String>,
    /// The cookie that binds the sign-in to the browser.
    pub browser: Option<String>,
    /// The browser's name, for the list of sessions.
    pub agent: String,
}

/// A sign-in that was begun here, in this browser; taken once.
pub struct Pending {
    directory: Directory,
    nonce: String,
    verifier: String,
    /// Path in the portal to come back to.
    pub then: String,
}

#[derive(FromQueryResult)]
struct Waiting {
    directory_id: Uuid,
    secret: Vec<u8>,
    then_path: String,
    expires_at: i64,
}

/// Takes the sign-in that the browser comes back from: nobody can take it again.
///
/// # Errors
/// [`ErrorCode::DirectoryEnded`] for a state that isn't known, was taken before, is over, or began in
/// another browser.
pub async fn take(service: &Service, brought: &Brought) -> Outcome<Pending> {
    let browser = brought.browser.as_deref().unwrap_or_default();
    if brought.state.len() != 64 || browser.len() != 64 {
        return Err(ErrorCode::DirectoryEnded.into());
    }
    let hash = hash_token(&brought.state);
    let transaction = service.database.begin().await?;
    let text = "delete from directory_sign_in where state_hash = $1 and browser_hash = $2
        returning directory_id, secret, then_path, expires_at";
    let values = [hash.clone().into(), hash_token(browser).into()];
    let waiting = sql::one::<Waiting>(&transaction, text, values).await?;
    let Some(waiting) = waiting.filter(|waiting| waiting.expires_at > service.now().0) else {
        transaction.commit().await?;
        return Err(ErrorCode::DirectoryEnded.into());
    };
    let text = format!("select {COLUMNS} from directory d where d.id = $1 and d.enabled");
    let directory = sql::one::<Directory>(&transaction, &text, [waiting.directory_id.into()]).await?;
    transaction.commit().await?;
    let directory = directory.ok_or(ErrorCode::DirectoryEnded)?;
    let secret = service.vault.open(&place(&hash), &waiting.secret)?;
    let (nonce, verifier) = secret
        .split_once('.')
        .ok_or_else(|| Failure::broken("directory_sign_in", "secret", waiting.directory_id))?;
    Ok(Pending { directory, nonce: nonce.to_owned(), verifier: verifier.to_owned(), then: waiting.then_path })
}

/// Ends the sign-in: asks the directory who it is, decides who comes in, and opens a session; gives its
/// token. A refusal is in the company's audit trail.
///
/// # Errors
/// [`ErrorCode::DirectoryDeclined`], [`ErrorCode::DirectoryUnreachable`],
/// [`ErrorCode::DirectoryAnswer`], and as [`entrance`] decides; [`ErrorCode::DirectoryNotAllowed`] names
/// colleagues who could change it.
pub async fn finish(
    service: &Service,
    request: &Request,
    pending: &Pending,
    brought: &Brought,
) -> Outcome<String> {
    let directory = &pending.directory;
    let failure = match come_in(service, request, pending, brought).await {
        Ok(token) => return Ok(token),
        Err(failure) => failure,
    };
    if let Failure::Refused(error) = &failure {
        let mut change = Change::begin_unasked(service, request).await?;
        let organization = OrganizationId(directory.organization_id);
        let event = Event::new(organization, AuditAction::DirectorySignInRefused, "directory", directory.id);
        change.record(event.after(error.code.code()));
        change.commit(()).await?;
    }
    Err(failure)
}

async fn come_in(
    service: &Service,
    request: &Request,
    pending: &Pending,
    brought: &Brought,
) -> Outcome<String> {
    let directory = &pending.directory;
    let told = |trouble| directory.told(request, &trouble);
    let known = provider::known(service, &directory.issuer).await.map_err(told)?;
    let named = Error::new(ErrorCode::DirectoryAnswer).with_detail(directory.name.clone());
    // Another directory's answer must not be taken for this one's (RFC 9207).
    match &brought.issuer {
        Some(issuer) if *issuer != directory.issuer => return Err(named.into()),
        None if known.names_itself() => return Err(named.into()),
        _ => {}
    }
    if brought.error.is_some() {
        let declined = Error::new(ErrorCode::DirectoryDeclined).with_detail(directory.name.clone());
        return Err(declined.into());
    }
    let code = brought.code.as_deref().filter(|code| (1..=BROUGHT_MAX).contains(&code.len()));
    let code = code.ok_or(named)?;
    let registration = directory.registration(service)?;
    let exchange = Exchange { code, verifier: &pending.verifier, nonce: &pending.nonce };
    let said = provider::exchange(service, &known, &registration, exchange, &directory.role_claim)
        .await
        .map_err(|trouble| directory.told(request, &trouble))?;
    admit(service, request, directory, &said, &brought.agent).await
}

#[derive(FromQueryResult)]
struct Account {
    id: Uuid,
    email_key: String,
    status: String,
    person_id: Option<Uuid>,
    person_status: Option<String>,
    operator: bool,
    /// Whether another entry of the directory stands for it.
    linked: bool,
}

impl Account {
    fn standing(&self) -> Standing {
        match (self.status.as_str(), self.person_status.as_deref()) {
            _ if self.operator => Standing::Operator,
            ("suspended", _) | (_, Some("suspended")) => Standing::Suspended,
            (_, Some("left")) => Standing::Left,
            (_, None) => Standing::Elsewhere,
            ("invited", _) | (_, Some("invited")) => Standing::Invited,
            _ => Standing::Active,
        }
    }
}

/// An account as it stands towards the company; `which` names it by `$3`.
async fn account(
    connection: &impl ConnectionTrait,
    directory: &Directory,
    which: &str,
    value: sea_orm::Value,
) -> Outcome<Option<Account>> {
    let text = format!(
        "select a.id, a.email_key, a.status, p.id as person_id, p.status as person_status,
            exists (select 1 from operator_role r where r.account_id = a.id) as operator,
            exists (select 1 from directory_identity i where i.directory_id = $2 and i.account_id = a.id
                and i.state = 'linked') as linked
        from account a left join person p on p.account_id = a.id and p.organization_id = $1
        where {which}"
    );
    let values = [directory.organization_id.into(), directory.id.into(), value];
    Ok(sql::one::<Account>(connection, &text, values).await?)
}

/// Decides who comes in, writes what follows, and opens the session.
async fn admit(
    service: &Service,
    request: &Request,
    directory: &Directory,
    said: &Said,
    agent: &str,
) -> Outcome<String> {
    let organization = OrganizationId(directory.organization_id);
    let email = said.email.as_deref().and_then(|email| Email::parse(Field::Email, email).ok());
    let mut change = Change::begin_unasked(service, request).await?;
    // Two arrivals of one person, and a change of the settings meanwhile, wait for each other.
    roles::lock(&change, organization).await?;
    let by_subject = "a.id = (select i.account_id from directory_identity i
        where i.directory_id = $2 and i.subject = $3 and i.state = 'linked')";
    let linked = account(&change.transaction, directory, by_subject, said.subject.clone().into()).await?;
    let proven = said.email_verified || directory.authoritative;
    let address = match &email {
        Some(email) if proven && speaks_for(&change.transaction, directory, &email.key()).await? => {
            Address::Own
        }
        Some(_) if proven => Address::Foreign,
        _ => Address::Unproven,
    };
    let by_address = match &email {
        Some(email) if linked.is_none() && address == Address::Own => {
            account(&change.transaction, directory, "a.email_key = $3", email.key().into()).await?
        }
        _ => None,
    };
    let arrival = Arrival {
        linked: linked.as_ref().map(Account::standing),
        address,
        by_address: by_address.as_ref().map(Account::standing),
        linked_otherwise: by_address.as_ref().is_some_and(|account| account.linked),
        just_in_time: directory.just_in_time,
    };
    let how = match entrance(arrival) {
        Ok(how) => how,
        Err(code) => {
            if let (ErrorCode::DirectoryOtherSubject, Some(account)) = (code, &by_address) {
                identities::wait(&change, directory, &said.subject, account.id).await?;
                change.commit(()).await?;
            }
            return Err(refused(service, organization, code).await?);
        }
    };
    let account = match (how, linked, by_address, &email) {
        (Entrance::Known, Some(account), ..) => {
            identities::used(
                &mut change,
                directory,
                &said.subject,
                &account.email_key,
                offered(&email, address),
            )
            .await?;
            account
        }
        (Entrance::Link | Entrance::Join, _, Some(account), _) => account,
        (Entrance::Create, _, _, Some(email)) => create(&change, directory, said, email).await?,
        _ => return Err(Failure::broken("directory_identity", "subject", directory.id)),
    };
    if how != Entrance::Known {
        identities::link(&mut change, directory, &said.subject, account.id).await?;
    }
    let person = match account.person_id {
        Some(person) => PersonId(person),
        None => join(&mut change, directory, account.id).await?,
    };
    wake(&mut change, organization, &account).await?;
    let (mapping, new) = directory.roles(&change.transaction).await?;
    let new = if new.is_empty() { Roles::new([Role::Employee]) } else { new };
    roles::by_directory(&mut change, organization, person, |before| {
        // Whoever joins begins with the roles of whoever is new; the claim may add to them.
        let fresh = before.is_empty();
        let start = if fresh { new.clone() } else { before.clone() };
        mapping.roles_after(&start, said.values.as_deref(), &new)
    })
    .await?;
    let way = sessions::Way::Directory { directory: directory.id, organization };
    let token = sessions::open_by(&mut change, request, AccountId(account.id), agent, way).await?;
    change.commit(()).await?;
    Ok(token)
}

/// The address that the directory has, where it counts.
fn offered(email: &Option<Email>, address: Address) -> Option<&Email> {
    email.as_ref().filter(|_| address == Address::Own)
}

/// A refusal with the colleagues who could change it.
async fn refused(service: &Service, organization: OrganizationId, code: ErrorCode) -> Outcome<Failure> {
    let mut error = Error::new(code);
    let asks = matches!(code, ErrorCode::DirectoryNotAllowed | ErrorCode::DirectoryOtherSubject);
    if asks {
        let admins = [Role::GlobalAdmin];
        error.colleagues = rights::colleagues(service.database.reader(), organization, &admins).await?;
    }
    Ok(error.into())
}

/// A new account without a password.
async fn create(change: &Change<'_>, directory: &Directory, said: &Said, email: &Email) -> Outcome<Account> {
    let local = email.as_str().split('@').next().unwrap_or_default().to_owned();
    let name = said.name.as_deref().and_then(|name| PersonName::parse(Field::Name, name).ok());
    let name = name.map_or(local, String::from);
    let (id, name_key) = (change.service().new_id(), sql::folded(&name));
    let text =
        "insert into account (id, email, email_key, full_name, name_key, language, status, created_at, row_version)
        values ($1, $2, $3, $4, $7, (select language from organization where id = $5), 'active', $6, 1)";
    let values = [
        id.into(),
        email.as_str().into(),
        email.key().into(),
        name.into(),
        directory.organization_id.into(),
        change.now.0.into(),
        name_key.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    Ok(Account {
        id,
        email_key: email.key(),
        status: "active".to_owned(),
        person_id: None,
        person_status: None,
        operator: false,
        linked: false,
    })
}

/// Makes an account a person of the company; its roles follow.
async fn join(change: &mut Change<'_>, directory: &Directory, account: Uuid) -> Outcome<PersonId> {
    #[derive(FromQueryResult)]
    struct Named {
        full_name: String,
    }
    let organization = OrganizationId(directory.organization_id);
    let text = "select full_name from account where id = $1";
    let named = sql::one::<Named>(&change.transaction, text, [account.into()]).await?;
    let named = named.ok_or_else(|| Failure::broken("account", "id", account))?;
    let id = add::join(change, organization, account, &named.full_name).await?;
    change.record(
        Event::new(organization, AuditAction::UserAdded, "person", id)
            .person(id)
            .after(format!("directory {}", directory.id)),
    );
    change.tell(Changed::Organization(organization));
    Ok(id)
}

/// Whoever was invited has come: the invitations end, and no password is needed.
async fn wake(change: &mut Change<'_>, organization: OrganizationId, account: &Account) -> Outcome<()> {
    let text = "update person set status = 'active', row_version = row_version + 1
        where account_id = $1 and organization_id = $2 and status = 'invited'";
    let woken = sql::run(&change.transaction, text, [account.id.into(), organization.0.into()]).await?;
    if account.status == "invited" {
        let text = "update account set status = 'active', row_version = row_version + 1
            where id = $1 and status = 'invited'";
        sql::run(&change.transaction, text, [account.id.into()]).await?;
        let text = "update invitation set used_at = $2 where account_id = $1 and used_at is null";
        sql::run(&change.transaction, text, [account.id.into(), change.now.0.into()]).await?;
        change.record(Event::new(organization, AuditAction::InvitationAccepted, "account", account.id));
    }
    if woken > 0 || account.status == "invited" {
        change.tell(Changed::Organization(organization));
    }
    Ok(())
}

/// Where whoever holds the session goes to sign out of the directory, too; none where the session is of
/// no directory, or the directory doesn't want it or can't be asked.
///
/// # Errors
/// [`Failure::Database`].
pub async fn sign_out_address(service: &Service, request: &Request, token: &str) -> Outcome<Option<String>> {
    let text = format!(
        "select {COLUMNS} from session s join directory d on d.id = s.directory_id
        where s.token_hash = $1 and d.enabled and d.signs_out"
    );
    let values = [hash_token(token).into()];
    let Some(directory) = sql::one::<Directory>(service.database.reader(), &text, values).await? else {
        return Ok(None);
    };
    let back = format!("{}{}", service.base_url, super::SIGNED_OUT_PATH);
    match provider::known(service, &directory.issuer).await {
        Ok(known) => Ok(provider::sign_out_address(&known, &directory.client_id, &back)),
        Err(trouble) => {
            // Signing out here works without the directory.
            tracing::warn!(request = %request.id, directory = %directory.id, cause = %trouble, "no sign-out there");
            Ok(None)
        }
    }
}

/// Removes sign-ins that nobody came back from; the worker's work.
///
/// # Errors
/// [`Failure::Database`].
pub async fn sweep(service: &Service) -> Outcome<u64> {
    let transaction = service.database.begin().await?;
    let text = "delete from directory_sign_in where expires_at <= $1";
    let removed = sql::run(&transaction, text, [service.now().0.into()]).await?;
    transaction.commit().await?;
    Ok(removed)
}
