//! Forms about what lies idle. A seat is reclaimed by the form that removes any holder.

use std::future::Future;
use std::pin::Pin;

use domain::ErrorCode;
use locales::format::list_and as list;
use service::Outcome;
use service::insight::remind;

use super::submission::{Performed, Reader, Submission, said};

/// Reminds somebody. Boxed, because whoever finds the handler of a form has room for each of them on the stack.
pub(super) fn remind<'a>(
    reader: &'a Reader<'a>,
    form: &'a Submission,
) -> Pin<Box<dyn Future<Output = Outcome<Performed>> + Send + 'a>> {
    Box::pin(async move {
        let (service, request, operation) = (reader.service, reader.request, form.operation()?);
        let names = match form.code() {
            "remind_holder" => vec![remind::holder(service, request, operation, form.id("target")?).await?],
            "remind_administrators" => {
                remind::administrators(service, request, operation, form.id("target")?).await?
            }
            _ => return Err(ErrorCode::NotFound.into()),
        };
        Ok(said(reader.texts().insight_done_reminded(list(reader.language, &names))))
    })
}
