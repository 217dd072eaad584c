//! Changing one's password.

use domain::error::Faults;
use domain::{AuditAction, ErrorCode, Field};

use crate::audit::Event;
use crate::change::Change;
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Outcome, Service, passwords, sessions, sql};

use super::{Own, chain};

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

/// Changes the password of whoever asks, and ends the account's other sessions.
///
/// # Errors
/// [`ErrorCode::Invalid`] with the faults of each field.
pub async fn change_password(service: &Service, request: &Request, input: ChangePassword) -> Outcome<()> {
    let account = request.account()?;
    let own = Own::find(service.database.reader(), account).await?;
    let mut faults = Faults::default();
    if !own.has_password(service, request, &input.current).await? {
        faults.add(Field::CurrentPassword, ErrorCode::PasswordWrong);
    }
    let field = Field::NewPassword;
    let new = passwords::choose(&mut faults, field, &input.new, &own.email, &own.words()).await?;
    if input.new != input.repeat {
        faults.add(Field::RepeatPassword, ErrorCode::PasswordsDiffer);
    }
    faults.check()?;
    let Some(new) = new else { return Err(ErrorCode::Invalid.into()) };
    let hash = passwords::hash(service, new.as_str()).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let text = "update account set password_hash = $2, row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [account.0.into(), hash.into()]).await?;
    let others = [account.0.into(), hash_token(&input.session_token).into()];
    sessions::end_some(&mut change, "account_id = $1 and token_hash <> $2", others).await?;
    // Neither an older password nor a link goes on to a session.
    for text in
        ["delete from sign_in_step where account_id = $1", "delete from password_reset where account_id = $1"]
    {
        sql::run(&change.transaction, text, [account.0.into()]).await?;
    }
    change.post(own.letter(account, "password_changed"));
    change.record(Event::new(chain(request), AuditAction::PasswordChanged, "account", account));
    change.commit(()).await
}
