//! Signing in with mail address and password.

use domain::ids::{AccountId, OrganizationId};
use domain::text::Email;
use domain::{AuditAction, ErrorCode, Field};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Outcome, Service, passwords, sessions, sql};

use super::two_steps;

/// What somebody typed.
pub struct SignIn {
    /// Mail address.
    pub email: String,
    /// Password, never logged.
    pub password: String,
    /// The browser's name, for the list of sessions.
    pub agent: String,
    /// The token of the session that the browser has had so far: it ends.
    pub earlier: Option<String>,
}

/// What the right password leads to.
#[derive(Debug)]
pub enum Entry {
    /// A session; its token.
    Session(String),
    /// The question for the second factor; a token that opens nothing else.
    SecondFactor(String),
}

#[derive(FromQueryResult)]
struct Account {
    id: Uuid,
    password_hash: Option<String>,
    active: bool,
    second_factor: bool,
}

/// Checks the password and opens a session, or asks for the second factor.
///
/// Every sign-in has a new token: nobody can be given one that is known before.
///
/// # Errors
/// [`ErrorCode::SignInFailed`] for an unknown account, a wrong password, a suspended account alike,
/// in the same time; [`ErrorCode::TooManyAttempts`] with the seconds to wait.
pub async fn sign_in(service: &Service, request: &Request, input: SignIn) -> Outcome<Entry> {
    let key = Email::parse(Field::Email, &input.email).map(|email| email.key()).unwrap_or_default();
    service.sign_in_limits.check(service, &request.address, &key).await?;
    let text = "select id, password_hash, status = 'active' as active,
            exists (select 1 from second_factor f
                where f.account_id = account.id and f.confirmed_at is not null) as second_factor
        from account where email_key = $1";
    let account = sql::one::<Account>(service.database.reader(), text, [key.into()]).await?;
    let active = account.as_ref().filter(|account| account.active);
    let stored = active.and_then(|account| account.password_hash.as_deref());
    // Longer than any password that can be chosen: not worth a hash.
    let password = if input.password.len() > 1024 { "" } else { &input.password };
    let fits = passwords::verify(password, stored).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    if !fits || !account.as_ref().is_some_and(|account| account.active) {
        let event = failed(&change, request, account.map(|account| account.id)).await?;
        change.record(event);
        change.commit(()).await?;
        return Err(ErrorCode::SignInFailed.into());
    }
    let Some(account) = account else { return Err(ErrorCode::SignInFailed.into()) };
    if let Some(earlier) = &input.earlier {
        sessions::end_some(&mut change, "token_hash = $1", [hash_token(earlier).into()]).await?;
    }
    let id = AccountId(account.id);
    let entry = if account.second_factor {
        // Whoever is suspended everywhere learns nothing of the second factor.
        sessions::home(&change.transaction, id).await?;
        Entry::SecondFactor(two_steps::begin(&change, id).await?)
    } else {
        Entry::Session(sessions::open(&mut change, request, id, &input.agent).await?)
    };
    change.commit(()).await?;
    Ok(entry)
}

/// One event in one chain, whether the account is known or not, after the same statements: how long it
/// takes tells nobody which. A company's administrators see the attempts on their own people, operators
/// see all.
async fn failed(change: &Change<'_>, request: &Request, account: Option<Uuid>) -> Outcome<Event> {
    let asked = AccountId(account.unwrap_or_default());
    let person = sessions::first_person(&change.transaction, asked).await?;
    let chain = person.as_ref().map_or_else(programme_chain, |person| OrganizationId(person.organization_id));
    let event = match account {
        Some(account) => Event::new(chain, AuditAction::SignInFailed, "account", account),
        None => Event::new(chain, AuditAction::SignInFailed, "address", &request.address),
    };
    Ok(Event { person: person.map(|person| person.id), ..event })
}
