//! The second step of signing in: a code, within minutes of the right password. In between the browser
//! has a token that opens nothing else.

use domain::ids::AccountId;
use domain::second_factor::{Code, STEP_MINUTES};
use domain::{ErrorCode, Field};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::second_factor;
use crate::change::{Change, programme_chain};
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Outcome, Service, random, sessions, sql};

/// What somebody typed after the password.
pub struct SecondStep {
    /// The token that the right password got.
    pub token: String,
    /// A code of the app or a recovery code, never logged.
    pub code: String,
    /// The browser's name, for the list of sessions.
    pub agent: String,
}

#[derive(FromQueryResult)]
struct Row {
    account_id: Uuid,
}

/// Notes that somebody typed the right password, and gives the token that goes on with it.
pub(super) async fn begin(change: &Change<'_>, account: AccountId) -> Outcome<String> {
    let token = random::token(&*change.service().random);
    let text =
        "insert into sign_in_step (token_hash, account_id, created_at, expires_at) values ($1, $2, $3, $4)";
    let until = change.now.plus_seconds(STEP_MINUTES * 60);
    let values = [hash_token(&token).into(), account.0.into(), change.now.0.into(), until.0.into()];
    sql::run(&change.transaction, text, values).await?;
    Ok(token)
}

/// Checks the code and opens a session; gives its token. The token of the step ends with it.
///
/// # Errors
/// [`ErrorCode::SecondFactorEnded`] without the right password before, or too long after it;
/// [`ErrorCode::Invalid`] for a wrong code; [`ErrorCode::TooManyAttempts`] with the seconds to wait.
pub async fn second_step(service: &Service, request: &Request, input: SecondStep) -> Outcome<String> {
    let hash = hash_token(&input.token);
    let text = "select s.account_id from sign_in_step s join account a on a.id = s.account_id
        where s.token_hash = $1 and s.expires_at > $2 and a.status = 'active'";
    let values = [hash.clone().into(), service.now().0.into()];
    let row = sql::one::<Row>(service.database.reader(), text, values).await?;
    let account = AccountId(row.ok_or(ErrorCode::SecondFactorEnded)?.account_id);
    let code = Code::parse(Field::Code, &input.code)?;
    let change = Change::begin_unasked(service, request).await?;
    let organization = sessions::home(&change.transaction, account).await?.unwrap_or_else(programme_chain);
    let mut change = second_factor::ask(change, organization, account, &code).await?;
    let text = "delete from sign_in_step where token_hash = $1";
    if sql::run(&change.transaction, text, [hash.into()]).await? == 0 {
        return Err(ErrorCode::SecondFactorEnded.into());
    }
    let token = sessions::open(&mut change, request, account, &input.agent).await?;
    change.commit(()).await?;
    Ok(token)
}
