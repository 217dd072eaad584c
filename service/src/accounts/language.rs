//! The account's language.

use domain::Language;

use crate::change::Change;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// Keeps the language on the account of whoever asks: pages and mail follow it.
///
/// # Errors
/// [`domain::ErrorCode::SignInNeeded`] for nobody.
pub async fn choose_language(service: &Service, request: &Request, language: Language) -> Outcome<()> {
    let account = request.account()?;
    let change = Change::begin_unasked(service, request).await?;
    let text = "update account set language = $2, row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [account.0.into(), language.tag().into()]).await?;
    change.commit(()).await
}
