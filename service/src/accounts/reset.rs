//! A new password by mail, for whoever has forgotten theirs.
//!
//! Whoever asks gets the same answer in the same time, whether there is an account or not: the wish is
//! only noted, and the worker sees what becomes of it. The second factor stays as it is.

use domain::error::Faults;
use domain::ids::{AccountId, OrganizationId};
use domain::text::Email;
use domain::view::security::Resetting;
use domain::{AuditAction, ErrorCode, Field, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::Own;
use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::outbox::Letter;
use crate::request::{Actor, Request};
use crate::vault::hash_token;
use crate::{Outcome, Service, passwords, random, sessions, sql};

/// So long the link can be used.
pub const LINK_MINUTES: i64 = 60;
/// Wishes that the worker sees to in a round.
const ROUND: usize = 20;

/// Notes that somebody wants a new password for the address.
///
/// # Errors
/// [`ErrorCode::Invalid`] for what is no address; [`ErrorCode::TooManyAttempts`] with the seconds to wait.
pub async fn ask(service: &Service, request: &Request, email: &str) -> Outcome<()> {
    let email = Email::parse(Field::Email, email)?;
    service.sign_in_limits.check_link(service, &request.address, &email.key()).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let text = "insert into password_reset_request (id, email_key, created_at, address, request_id)
        values ($1, $2, $3, $4, $5)";
    let values = [
        service.new_id().into(),
        email.key().into(),
        change.now.0.into(),
        request.address.clone().into(),
        request.id.clone().into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let event = Event::new(programme_chain(), AuditAction::PasswordResetAsked, "address", &request.address);
    change.record(event);
    change.commit(()).await
}

#[derive(FromQueryResult)]
struct Wish {
    id: Uuid,
    email_key: String,
    address: String,
    request_id: String,
}

/// Sees to what was noted: mails a link where the account can sign in with a password, and a hint where
/// its invitation wasn't accepted yet. Says how many mails were written; the worker's work.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn write_due(service: &Service) -> Outcome<usize> {
    let text = format!(
        "select id, email_key, address, request_id from password_reset_request order by id limit {ROUND}"
    );
    let wishes = sql::all::<Wish>(service.database.reader(), &text, []).await?;
    let mut written = 0;
    for wish in wishes {
        let id = wish.id;
        match see_to(service, wish).await {
            Ok(done) => written += usize::from(done),
            // The others don't wait for it.
            Err(failure) => tracing::error!(wish = %id, cause = %failure, "a wish could not be seen to"),
        }
    }
    Ok(written)
}

#[derive(FromQueryResult)]
struct Account {
    id: Uuid,
    full_name: String,
    email: String,
    language: String,
    status: String,
    local: bool,
}

async fn see_to(service: &Service, wish: Wish) -> Outcome<bool> {
    // The trail says from where it was asked for.
    let request = Request { actor: Actor::Worker, address: wish.address, id: wish.request_id };
    let mut change = Change::begin_unasked(service, &request).await?;
    let text = "delete from password_reset_request where id = $1";
    if sql::run(&change.transaction, text, [wish.id.into()]).await? == 0 {
        // Another worker saw to it.
        return Ok(false);
    }
    let text = "select id, full_name, email, language, status, password_hash is not null as local
        from account where email_key = $1";
    let account = sql::one::<Account>(&change.transaction, text, [wish.email_key.into()]).await?;
    let letter = match account {
        Some(account) if account.status == "active" && account.local => link(&mut change, &account).await?,
        Some(account) if account.status == "invited" => Some(account.letter("password_reset_invited")),
        _ => None,
    };
    let written = letter.is_some();
    if let Some(letter) = letter {
        change.post(letter);
    }
    change.commit(written).await
}

impl Account {
    fn letter(&self, kind: &'static str) -> Letter {
        Letter {
            organization: None,
            account: Some(AccountId(self.id)),
            recipient: self.email.clone(),
            language: Language::from_tag(&self.language).unwrap_or_default(),
            kind,
            values: vec![("person", self.full_name.clone()), ("minutes", LINK_MINUTES.to_string())],
            path: "/sign-in".to_owned(),
            secret: None,
            dates: Vec::new(),
        }
    }
}

/// A link in place of the one before; none for whoever is suspended everywhere.
async fn link(change: &mut Change<'_>, account: &Account) -> Outcome<Option<Letter>> {
    let id = AccountId(account.id);
    let organization = match sessions::home(&change.transaction, id).await {
        Ok(organization) => organization,
        Err(failure) if failure.is(ErrorCode::SignInFailed) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let token = random::token(&*change.service().random);
    let text = "insert into password_reset (account_id, token_hash, created_at, expires_at)
        values ($1, $2, $3, $4)
        on conflict (account_id) do update set token_hash = excluded.token_hash,
            created_at = excluded.created_at, expires_at = excluded.expires_at";
    let until = change.now.plus_seconds(LINK_MINUTES * 60);
    let values = [account.id.into(), hash_token(&token).into(), change.now.0.into(), until.0.into()];
    sql::run(&change.transaction, text, values).await?;
    let chain = organization.unwrap_or_else(programme_chain);
    change.record(Event::new(chain, AuditAction::PasswordResetSent, "account", id));
    let letter = account.letter("password_reset");
    Ok(Some(Letter { path: "/reset-password/".to_owned(), secret: Some(token), ..letter }))
}

#[derive(FromQueryResult)]
struct Row {
    account_id: Uuid,
}

/// The account of a link that can be used, and its chain.
async fn find(
    connection: &impl ConnectionTrait,
    token: &str,
    now: Moment,
) -> Outcome<(AccountId, OrganizationId)> {
    if token.len() != 64 {
        return Err(ErrorCode::ResetEnded.into());
    }
    let text = "select r.account_id from password_reset r
        join account a on a.id = r.account_id and a.status = 'active'
        where r.token_hash = $1 and r.expires_at > $2";
    let values = [hash_token(token).into(), now.0.into()];
    let row = sql::one::<Row>(connection, text, values).await?.ok_or(ErrorCode::ResetEnded)?;
    let account = AccountId(row.account_id);
    match sessions::home(connection, account).await {
        Ok(organization) => Ok((account, organization.unwrap_or_else(programme_chain))),
        Err(failure) if failure.is(ErrorCode::SignInFailed) => Err(ErrorCode::ResetEnded.into()),
        Err(failure) => Err(failure),
    }
}

/// Whose password is chosen behind a link.
///
/// # Errors
/// [`ErrorCode::ResetEnded`] for a link that was used, was followed by a newer one, has expired or never
/// was.
pub async fn open(service: &Service, token: &str) -> Outcome<Resetting> {
    let reader = service.database.reader();
    let (account, _) = find(reader, token, service.now()).await?;
    let own = Own::find(reader, account).await?;
    Ok(Resetting { name: own.full_name, email: own.email })
}

/// What somebody chose behind the link.
pub struct Reset {
    /// The token in the link, never logged.
    pub token: String,
    /// The password, never logged.
    pub password: String,
    /// The password again.
    pub repeat: String,
}

/// Sets the new password. Every session of the account ends, and nobody is signed in: the second factor is
/// asked for at the next sign-in as before.
///
/// # Errors
/// [`ErrorCode::ResetEnded`]; [`ErrorCode::Invalid`] with the faults of each field.
pub async fn reset(service: &Service, request: &Request, input: Reset) -> Outcome<()> {
    let reader = service.database.reader();
    let (account, _) = find(reader, &input.token, service.now()).await?;
    let own = Own::find(reader, account).await?;
    let mut faults = Faults::default();
    let field = Field::NewPassword;
    let password = passwords::choose(&mut faults, field, &input.password, &own.email, &own.words()).await?;
    if input.password != input.repeat {
        faults.add(Field::RepeatPassword, ErrorCode::PasswordsDiffer);
    }
    faults.check()?;
    let Some(password) = password else { return Err(ErrorCode::Invalid.into()) };
    let hash = passwords::hash(service, password.as_str()).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let (account, chain) = find(&change.transaction, &input.token, change.now).await?;
    let text = "delete from password_reset where token_hash = $1";
    if sql::run(&change.transaction, text, [hash_token(&input.token).into()]).await? == 0 {
        return Err(ErrorCode::ResetEnded.into());
    }
    let text = "update account set password_hash = $2, row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [account.0.into(), hash.into()]).await?;
    sessions::end_all(&mut change, account).await?;
    change.post(own.letter(account, "password_changed"));
    change.record(Event::new(chain, AuditAction::PasswordReset, "account", account));
    change.commit(()).await
}
