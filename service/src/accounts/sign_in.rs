//! Signing in with mail address and password.

use domain::ids::AccountId;
use domain::text::Email;
use domain::{ErrorCode, Field};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::request::Request;
use crate::{Outcome, Service, passwords, sessions, sql};

/// What somebody typed.
pub struct SignIn {
    /// Mail address.
    pub email: String,
    /// Password, never logged.
    pub password: String,
    /// The browser's name, for the list of sessions.
    pub agent: String,
}

#[derive(FromQueryResult)]
struct Account {
    id: Uuid,
    password_hash: Option<String>,
}

/// Checks the password and opens a session; gives its token.
///
/// # Errors
/// [`ErrorCode::SignInFailed`] for an unknown account, a wrong password, a suspended account alike,
/// in the same time; [`ErrorCode::TooManyAttempts`] with the seconds to wait.
pub async fn sign_in(service: &Service, request: &Request, input: SignIn) -> Outcome<String> {
    let key = Email::parse(Field::Email, &input.email).map(|email| email.key()).unwrap_or_default();
    service.sign_in_limits.check(&request.address, &key)?;
    let text = "select id, password_hash from account where email_key = $1 and status = 'active'";
    let account = sql::one::<Account>(service.database.reader(), text, [key.into()]).await?;
    let stored = account.as_ref().and_then(|account| account.password_hash.as_deref());
    // Longer than any password that can be chosen: not worth a hash.
    let password = if input.password.len() > 1024 { "" } else { &input.password };
    let fits = passwords::verify(password, stored).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let Some(account) = account.filter(|_| fits) else {
        change.record(Event::new(programme_chain(), "sign_in_failed", "address", &request.address));
        change.commit(()).await?;
        return Err(ErrorCode::SignInFailed.into());
    };
    let token = sessions::open(&mut change, request, AccountId(account.id), &input.agent).await?;
    change.commit(()).await?;
    Ok(token)
}
