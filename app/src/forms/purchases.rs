//! Forms about purchases.

use domain::Field;
use service::Outcome;
use service::purchases::cancel::{self, CancelPurchase, TakeBack};

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn submit_cancellation(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = CancelPurchase {
        line: form.id("target")?,
        version: form.version()?,
        reason: form.field(Field::Reason).to_owned(),
        note: form.field(Field::Description).to_owned(),
        accepted: form.field(Field::Accept) == "true",
    };
    let number = cancel::submit(reader.service, reader.request, form.operation()?, input).await?;
    let policies = service::policies::in_force(reader.service.database.reader()).await?;
    Ok(said(reader.texts().cancel_done_submitted(policies.target_days.cancellation, number)))
}

pub(super) async fn take_back_cancellation(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = TakeBack { request: form.id("target")?, version: form.version()? };
    let number = cancel::take_back(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().cancel_done_taken_back(number)))
}
