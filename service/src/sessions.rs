//! Sessions: a random token in the browser, its hash in the database.

use domain::audit::ActorKind;
use domain::ids::{AccountId, OrganizationId, PersonId};
use domain::{AuditAction, ErrorCode, Language, Moment, OperatorRole, Role, Roles};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::live::Changed;
use crate::request::{Actor, Operator, Person, Request};
use crate::vault::hash_token;
use crate::{Failure, Outcome, Service, random, sql};

/// A session lasts twelve hours from its last use.
pub const LIFETIME_SECONDS: i64 = 12 * 3600;
/// However much it is used, somebody signs in again after so many days (NIST SP 800-63B, AAL1).
pub const LONGEST_DAYS: i64 = 30;
/// Its last use is noted at most every five minutes: reading a page shouldn't write.
pub(crate) const NOTED_EVERY_SECONDS: i64 = 300;

#[derive(FromQueryResult)]
struct Row {
    account_id: Uuid,
    organization_id: Option<Uuid>,
    created_at: i64,
    last_seen_at: i64,
    email: String,
    full_name: String,
    language: String,
    person_id: Option<Uuid>,
    time_zone: Option<String>,
    roles: Option<String>,
    operator_roles: Option<String>,
}

/// Who holds the token; nobody if it is unknown, has expired, or its account is not active.
///
/// # Errors
/// [`Failure::Database`].
pub async fn actor(service: &Service, token: &str) -> Outcome<Actor> {
    if token.len() != 64 {
        return Ok(Actor::Nobody);
    }
    let now = service.now();
    let hash = hash_token(token);
    let text = "select s.account_id, s.organization_id, s.created_at, s.last_seen_at, a.email, a.full_name, a.language,
            p.id as person_id, o.time_zone,
            (select string_agg(r.role, ',') from person_role r where r.person_id = p.id) as roles,
            (select string_agg(r.role, ',') from operator_role r where r.account_id = a.id) as operator_roles
        from session s
        join account a on a.id = s.account_id and a.status = 'active'
        left join organization o on o.id = s.organization_id
        left join person p on p.account_id = a.id and p.organization_id = o.id and p.status = 'active'
            and case when s.directory_id is null then not o.directory_required or exists (select 1 from person_role r join second_factor f on f.account_id = p.account_id
                        and f.confirmed_at is not null
                    where r.person_id = p.id and r.role = 'global_admin')
                else exists (select 1 from directory d
                    where d.id = s.directory_id and d.organization_id = o.id and d.enabled) end
        where s.token_hash = $1 and s.expires_at > $2
            and (s.directory_id is null or p.id is not null)";
    let reader = service.database.reader();
    let Some(row) = sql::one::<Row>(reader, text, [hash.clone().into(), now.0.into()]).await? else {
        return Ok(Actor::Nobody);
    };
    if now.0 - row.last_seen_at > NOTED_EVERY_SECONDS * 1000 {
        let transaction = service.database.begin().await?;
        // The person before the session, as whoever suspends somebody: nobody waits in a ring.
        if let Some(person) = row.person_id {
            seen(&transaction, PersonId(person), now).await?;
        }
        let text = "update session set last_seen_at = $2, expires_at = $3 where token_hash = $1";
        let until = now.plus_seconds(LIFETIME_SECONDS).min(Moment(row.created_at).plus_days(LONGEST_DAYS));
        sql::run(&transaction, text, [hash.into(), now.0.into(), until.0.into()]).await?;
        transaction.commit().await?;
    }
    Ok(who(row))
}

/// Keeps when a person was in the portal: sessions go with a sign-out, this stays.
async fn seen(connection: &impl ConnectionTrait, person: PersonId, now: Moment) -> Outcome<()> {
    let text = "update person set last_seen_at = $2 where id = $1 and last_seen_at < $2";
    sql::run(connection, text, [person.0.into(), now.0.into()]).await?;
    Ok(())
}

/// The operator with a mail address, for commands that act in somebody's name.
///
/// # Errors
/// [`domain::ErrorCode::NotFound`] where no operator has it.
pub async fn operator_of(service: &Service, email: &str) -> Outcome<Request> {
    #[derive(FromQueryResult)]
    struct Found {
        id: Uuid,
        full_name: String,
        language: String,
        roles: String,
    }
    let text = "select a.id, a.full_name, a.language, string_agg(r.role, ',') as roles
        from account a join operator_role r on r.account_id = a.id
        where a.email_key = $1 and a.status = 'active' group by a.id, a.full_name, a.language";
    let email = email.trim().to_lowercase();
    let found = sql::one::<Found>(service.database.reader(), text, [email.into()]).await?;
    let found = found.ok_or(domain::ErrorCode::NotFound)?;
    let operator = Operator {
        account: AccountId(found.id),
        roles: codes(Some(&found.roles), OperatorRole::from_code).collect(),
        name: found.full_name,
        language: Language::from_tag(&found.language).unwrap_or_default(),
    };
    Ok(Request { actor: Actor::Operator(operator), ..Request::of_worker(service) })
}

fn who(row: Row) -> Actor {
    let language = Language::from_tag(&row.language).unwrap_or_default();
    let account = AccountId(row.account_id);
    match (row.person_id, row.organization_id) {
        (Some(person), Some(organization)) => Actor::Person(Person {
            account,
            id: PersonId(person),
            organization: OrganizationId(organization),
            roles: Roles::new(codes(row.roles.as_deref(), Role::from_code)),
            name: row.full_name,
            email: row.email,
            language,
            time_zone: row.time_zone.unwrap_or_default(),
        }),
        _ => {
            let roles: Vec<_> = codes(row.operator_roles.as_deref(), OperatorRole::from_code).collect();
            if roles.is_empty() {
                return Actor::Nobody;
            }
            Actor::Operator(Operator { account, roles, name: row.full_name, language })
        }
    }
}

fn codes<'a, T>(
    list: Option<&'a str>,
    from: impl Fn(&str) -> Option<T> + 'a,
) -> impl Iterator<Item = T> + 'a {
    list.unwrap_or_default().split(',').filter_map(from)
}

/// How somebody signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// With what the portal itself keeps: a password, an invitation.
    Own,
    /// With the password just chosen, into the company just founded.
    Founder(OrganizationId),
    /// With the directory of a company, which opens that company only.
    Directory {
        /// The directory.
        directory: Uuid,
        /// Its company.
        organization: OrganizationId,
    },
}

/// Opens a session for an account, in the organization where it is a person, and gives its token.
///
/// # Errors
/// [`Failure::Database`]; [`ErrorCode::SignInFailed`] if it neither is a person anywhere nor an operator;
/// [`ErrorCode::DirectoryRequired`] if it is one only where a directory has to be used.
pub(crate) async fn open(
    change: &mut Change<'_>,
    request: &Request,
    account: AccountId,
    agent: &str,
) -> Outcome<String> {
    open_by(change, request, account, agent, Way::Own).await
}

/// Opens a session for somebody who came in this way, as [`open`].
///
/// # Errors
/// As [`open`].
pub(crate) async fn open_by(
    change: &mut Change<'_>,
    request: &Request,
    account: AccountId,
    agent: &str,
    way: Way,
) -> Outcome<String> {
    let service = change.service();
    let now = change.now;
    let (person, directory) = match way {
        Way::Own => (enter_first(&change.transaction, account, now).await?, None),
        Way::Founder(organization) => (enter(&change.transaction, account, organization, now).await?, None),
        Way::Directory { directory, organization } => {
            (enter(&change.transaction, account, organization, now).await?, Some(directory))
        }
    };
    let organization = person.as_ref().map(|person| OrganizationId(person.organization_id));
    if organization.is_none() && !enter_operations(&change.transaction, account, now).await? {
        return Err(nowhere(&change.transaction, account).await?.into());
    }
    let token = random::token(&*service.random);
    let text = "insert into session
            (token_hash, account_id, organization_id, created_at, last_seen_at, expires_at, address, agent, id,
                directory_id)
        values ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9)";
    let agent: String = agent.chars().take(200).collect();
    let values = [
        hash_token(&token).into(),
        account.0.into(),
        organization.map(|id| id.0).into(),
        now.0.into(),
        now.plus_seconds(LIFETIME_SECONDS).0.into(),
        request.address.clone().into(),
        agent.into(),
        service.new_id().into(),
        directory.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let chain = organization.unwrap_or_else(programme_chain);
    let kind = if organization.is_some() { ActorKind::Person } else { ActorKind::Operator };
    let event = Event::new(chain, AuditAction::SignedIn, "account", account).by(kind, account);
    let event = match directory {
        Some(directory) => event.after(format!("directory {directory}")),
        None => event,
    };
    change.record(Event { person: person.map(|person| person.id), ..event });
    Ok(token)
}

/// The person that the account `$1` has been for longest.
const FIRST_PERSON: &str = "select id from person where account_id = $1 and status = 'active'
    order by created_at, organization_id limit 1";

/// The same, where the account comes in with its password: where a directory has to be used only Global
/// admins with a second factor do.
const FIRST_HOME: &str = "select p.id from person p join organization o on o.id = p.organization_id
    where p.account_id = $1 and p.status = 'active' and (not o.directory_required or exists
        (select 1 from person_role r join second_factor f on f.account_id = p.account_id
                and f.confirmed_at is not null
            where r.person_id = p.id and r.role = 'global_admin'))
    order by p.created_at, p.organization_id limit 1";

/// Why an account can begin no session: it is nobody anywhere, or has to use a directory.
async fn nowhere(connection: &impl ConnectionTrait, account: AccountId) -> Outcome<ErrorCode> {
    let somewhere = first_person(connection, account).await?.is_some();
    Ok(if somewhere { ErrorCode::DirectoryRequired } else { ErrorCode::SignInFailed })
}

/// Whether an account comes in nowhere with a password of the portal, because every company that it serves
/// requires its directory.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn needs_directory(connection: &impl ConnectionTrait, account: AccountId) -> Outcome<bool> {
    match home(connection, account).await {
        Ok(_) => Ok(false),
        Err(Failure::Refused(error)) => Ok(error.code == ErrorCode::DirectoryRequired),
        Err(failure) => Err(failure),
    }
}

/// Who an account is in the organization where it signs in.
#[derive(FromQueryResult)]
pub(crate) struct FirstPerson {
    pub(crate) id: Uuid,
    pub(crate) organization_id: Uuid,
}

/// Where a session of the account begins: in the company that it has served longest, or with the operators,
/// which is none.
///
/// # Errors
/// [`Failure::Database`]; [`ErrorCode::SignInFailed`] if it neither is a person anywhere nor an operator.
pub(crate) async fn home(
    connection: &impl ConnectionTrait,
    account: AccountId,
) -> Outcome<Option<OrganizationId>> {
    let text = format!("select id, organization_id from person where id = ({FIRST_HOME})");
    let person = sql::one::<FirstPerson>(connection, &text, [account.0.into()]).await?;
    let organization = person.map(|person| OrganizationId(person.organization_id));
    if organization.is_none() && !is_operator(connection, account).await? {
        return Err(nowhere(connection, account).await?.into());
    }
    Ok(organization)
}

/// Ends every session of an account, and whatever would become one: half sign-ins, links for a new
/// password; what its open pages listen to ends with the commit. For a new password, and for whoever is suspended.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn end_all(change: &mut Change<'_>, account: AccountId) -> Outcome<()> {
    for text in [
        "delete from session where account_id = $1",
        "delete from sign_in_step where account_id = $1",
        "delete from password_reset where account_id = $1",
    ] {
        sql::run(&change.transaction, text, [account.0.into()]).await?;
    }
    change.tell(Changed::SignedOut(account));
    Ok(())
}

/// Ends the sessions for which a condition holds, and says how many there were; what open pages of their accounts listen
/// to ends with the commit, and those of another session connect again by it.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn end_some(
    change: &mut Change<'_>,
    condition: &str,
    values: impl IntoIterator<Item = Value>,
) -> Outcome<u64> {
    #[derive(FromQueryResult)]
    struct Ended {
        account_id: Uuid,
    }
    let text = format!("delete from session where {condition} returning account_id");
    let mut number = 0;
    for Ended { account_id } in sql::all::<Ended>(&change.transaction, &text, values).await? {
        number += 1;
        change.tell(Changed::SignedOut(AccountId(account_id)));
    }
    Ok(number)
}

/// The person that an account is where it has been longest; none for operators.
pub(crate) async fn first_person(
    connection: &impl ConnectionTrait,
    account: AccountId,
) -> Result<Option<FirstPerson>, Failure> {
    let text = format!("select id, organization_id from person where id = ({FIRST_PERSON})");
    Ok(sql::one::<FirstPerson>(connection, &text, [account.0.into()]).await?)
}

/// The person that an account is in that organization, which notes the sign-in.
async fn enter(
    connection: &impl ConnectionTrait,
    account: AccountId,
    organization: OrganizationId,
    now: Moment,
) -> Result<Option<FirstPerson>, Failure> {
    let text = "update person set last_sign_in_at = $3, last_seen_at = $3
        where account_id = $1 and organization_id = $2 and status = 'active' returning id, organization_id";
    let values = [account.0.into(), organization.0.into(), now.0.into()];
    Ok(sql::one::<FirstPerson>(connection, text, values).await?)
}

/// The person where a session of an account begins, which notes the sign-in.
async fn enter_first(
    connection: &impl ConnectionTrait,
    account: AccountId,
    now: Moment,
) -> Result<Option<FirstPerson>, Failure> {
    let text = format!(
        "update person set last_sign_in_at = $2, last_seen_at = $2 where id = ({FIRST_HOME})
        returning id, organization_id"
    );
    Ok(sql::one::<FirstPerson>(connection, &text, [account.0.into(), now.0.into()]).await?)
}

/// Whether the account is an operator; notes the sign-in where it is.
async fn enter_operations(
    connection: &impl ConnectionTrait,
    account: AccountId,
    now: Moment,
) -> Result<bool, Failure> {
    let text = "update account set last_sign_in_at = $2
        where id = $1 and exists (select 1 from operator_role r where r.account_id = account.id)";
    Ok(sql::run(connection, text, [account.0.into(), now.0.into()]).await? > 0)
}

async fn is_operator(connection: &impl ConnectionTrait, account: AccountId) -> Result<bool, Failure> {
    let text = "select count(*) as number from operator_role where account_id = $1";
    Ok(sql::number(connection, text, [account.0.into()]).await? > 0)
}

/// Ends the session; nothing happens if there is none.
///
/// # Errors
/// [`Failure::Database`].
pub async fn end(service: &Service, request: &Request, token: &str) -> Outcome<()> {
    let mut change = Change::begin_unasked(service, request).await?;
    if let Actor::Person(person) = &request.actor {
        seen(&change.transaction, person.id, change.now).await?;
    }
    if end_some(&mut change, "token_hash = $1", [hash_token(token).into()]).await? > 0 {
        let account = request.account()?;
        let chain = match &request.actor {
            Actor::Person(person) => person.organization,
            _ => programme_chain(),
        };
        change.record(Event::new(chain, AuditAction::SignedOut, "account", account));
    }
    change.commit(()).await
}

/// Goes on in another organization that the account serves.
///
/// # Errors
/// [`ErrorCode::NotFound`] if the account is no active person there (rule 7);
/// [`ErrorCode::DirectorySession`] in a session of a directory, which opens its own company only;
/// [`ErrorCode::DirectoryRequired`] where a directory has to be used.
pub async fn switch_organization(
    service: &Service,
    request: &Request,
    token: &str,
    organization: OrganizationId,
) -> Outcome<()> {
    let account = request.account()?;
    let mut change = Change::begin_unasked(service, request).await?;
    let text = "update session set organization_id = $3 where token_hash = $1 and account_id = $2 and exists
        (select 1 from person p where p.account_id = $2 and p.organization_id = $3 and p.status = 'active')";
    let values = [hash_token(token).into(), account.0.into(), organization.0.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::NotFound.into());
    }
    #[derive(FromQueryResult)]
    struct Entered {
        by_directory: bool,
        own_directory: bool,
        refused: bool,
    }
    let text = "select s.directory_id is not null as by_directory,
            exists (select 1 from directory d where d.id = s.directory_id and d.organization_id = o.id)
                as own_directory,
            o.directory_required and not exists (select 1 from person p
                join person_role r on r.person_id = p.id and r.role = 'global_admin'
                join second_factor f on f.account_id = p.account_id and f.confirmed_at is not null
                where p.account_id = s.account_id and p.organization_id = o.id) as refused
        from session s join organization o on o.id = s.organization_id where s.token_hash = $1";
    let entered = sql::one::<Entered>(&change.transaction, text, [hash_token(token).into()]).await?;
    match entered {
        Some(Entered { by_directory: true, own_directory: false, .. }) => {
            return Err(ErrorCode::DirectorySession.into());
        }
        Some(Entered { by_directory: false, refused: true, .. }) => {
            return Err(ErrorCode::DirectoryRequired.into());
        }
        _ => {}
    }
    let text = "update person set last_sign_in_at = $3, last_seen_at = $3
        where account_id = $1 and organization_id = $2";
    sql::run(&change.transaction, text, [account.0.into(), organization.0.into(), change.now.0.into()])
        .await?;
    change.record(Event::new(organization, AuditAction::OrganizationEntered, "account", account));
    change.commit(()).await
}

/// Lets a session go on in a company that its account has just founded.
///
/// # Errors
/// [`ErrorCode::DirectorySession`] in a session of a directory, which opens its own company only;
/// [`ErrorCode::SignInNeeded`] where the session isn't the account's.
pub(crate) async fn go_on_in(
    change: &Change<'_>,
    token: &str,
    account: AccountId,
    organization: OrganizationId,
) -> Outcome<()> {
    let text = "select count(*) as number from session
        where token_hash = $1 and account_id = $2 and directory_id is not null";
    let values = [hash_token(token).into(), account.0.into()];
    if sql::number(&change.transaction, text, values).await? > 0 {
        return Err(ErrorCode::DirectorySession.into());
    }
    let text = "update session set organization_id = $3 where token_hash = $1 and account_id = $2";
    let values = [hash_token(token).into(), account.0.into(), organization.0.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::SignInNeeded.into());
    }
    enter(&change.transaction, account, organization, change.now).await?;
    Ok(())
}

/// Removes sessions that have expired; the worker's work.
///
/// # Errors
/// [`Failure::Database`].
pub async fn sweep(service: &Service) -> Outcome<u64> {
    let transaction = service.database.begin().await?;
    let text = "delete from session where expires_at <= $1";
    let removed = sql::run(&transaction, text, [service.now().0.into()]).await?;
    transaction.commit().await?;
    Ok(removed)
}
