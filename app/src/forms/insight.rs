//! Forms about what lies idle. A seat is reclaimed by the form that removes any holder.

use domain::ErrorCode;
use locales::format::list_and as list;
use service::Outcome;
use service::insight::remind;

use super::submission::{Performed, Reader, Submission, said};

/// Reminds somebody.
pub(super) async fn remind(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let (service, request, operation) = (reader.service, reader.request, form.operation()?);
    let names = match form.code() {
        "remind_holder" => vec![remind::holder(service, request, operation, form.id("target")?).await?],
        "remind_administrators" => {
            remind::administrators(service, request, operation, form.id("target")?).await?
        }
        "remind_company" => remind::company(service, request, operation, form.id("target")?).await?,
        _ => return Err(ErrorCode::NotFound.into()),
    };
    Ok(said(reader.texts().insight_done_reminded(list(reader.language, &names))))
}
