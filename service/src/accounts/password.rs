//! Changing one's password.

use domain::error::Faults;
use domain::password::NewPassword;
use domain::{AuditAction, ErrorCode, Field};
use sea_orm::FromQueryResult;

use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::request::{Actor, Request};
use crate::vault::hash_token;
use crate::{Failure, Outcome, Service, passwords, sql};

/// What somebody typed.
pub struct ChangePassword {
    /// The present password.
    pub current: String,
    /// The new one.
    pub new: String,
    /// The new one again.
    pub repeat: String,
    /// The session that stays; all others of the account end.
    pub session_token: String,
}

#[derive(FromQueryResult)]
struct Account {
    email: String,
    password_hash: Option<String>,
}

/// Changes the password of whoever asks, and ends the account's other sessions.
///
/// # Errors
/// [`ErrorCode::Invalid`] with the faults of each field.
pub async fn change_password(service: &Service, request: &Request, input: ChangePassword) -> Outcome<()> {
    let account = request.account()?;
    let text = "select email, password_hash from account where id = $1";
    let row = sql::one::<Account>(service.database.reader(), text, [account.0.into()])
        .await?
        .ok_or_else(|| Failure::broken("session", "account_id", account))?;
    service.sign_in_limits.check(&request.address, &row.email.to_lowercase())?;
    let mut faults = Faults::default();
    if !passwords::verify(&input.current, row.password_hash.as_deref()).await? {
        faults.add(Field::CurrentPassword, ErrorCode::PasswordWrong);
    }
    let new = faults.take(NewPassword::parse(Field::NewPassword, &input.new, &row.email));
    if input.new != input.repeat {
        faults.add(Field::RepeatPassword, ErrorCode::PasswordsDiffer);
    }
    faults.check()?;
    let Some(new) = new else { return Err(ErrorCode::Invalid.into()) };
    let hash = passwords::hash(service, new.as_str()).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let text = "update account set password_hash = $2, row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [account.0.into(), hash.into()]).await?;
    let text = "delete from session where account_id = $1 and token_hash <> $2";
    sql::run(&change.transaction, text, [account.0.into(), hash_token(&input.session_token).into()]).await?;
    let chain = match &request.actor {
        Actor::Person(person) => person.organization,
        _ => programme_chain(),
    };
    change.record(Event::new(chain, AuditAction::PasswordChanged, "account", account));
    change.commit(()).await
}
