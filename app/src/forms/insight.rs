//! Forms about what lies idle. A seat is reclaimed by the form that removes any holder.

use locales::format::list_and as list;
use service::Outcome;
use service::insight::remind;

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn remind_holder(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let name = remind::holder(reader.service, reader.request, form.operation()?, form.id("target")?).await?;
    Ok(said(reader.texts().insight_done_reminded(name)))
}

pub(super) async fn remind_administrators(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let names =
        remind::administrators(reader.service, reader.request, form.operation()?, form.id("target")?).await?;
    Ok(said(reader.texts().insight_done_reminded(list(reader.language, &names))))
}
