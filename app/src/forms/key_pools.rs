//! Forms about key pools.

use domain::Field;
use domain::view::form::{Done, Shown};
use service::Outcome;
use service::keys::import;
use service::keys::inspect::{self, FoundKey, InspectKey};
use service::keys::threshold::{self, SetThreshold};
use service::keys::withdraw::{self, WithdrawBatch};

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn set_threshold(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = SetThreshold {
        product: form.target().to_owned(),
        threshold: form.field(Field::Threshold).to_owned(),
        version: form.version()?,
    };
    let threshold = threshold::set(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    Ok(match threshold {
        0 => said(texts.key_pools_done_no_threshold()),
        threshold => {
            said(texts.key_pools_done_threshold(locales::format::number(reader.language, threshold)))
        }
    })
}

pub(super) async fn cancel_import(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let accepted =
        import::cancel(reader.service, reader.request, form.operation()?, form.id("target")?).await?;
    Ok(said(reader.texts().key_pools_done_cancelled(accepted)))
}

pub(super) async fn withdraw(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = WithdrawBatch {
        batch: form.id("target")?,
        reason: form.field(Field::Reason).to_owned(),
        accepted: form.field(Field::Accept) == "true",
    };
    let withdrawn = withdraw::withdraw(reader.service, reader.request, form.operation()?, input).await?;
    let number = |value| locales::format::number(reader.language, value);
    Ok(said(reader.texts().key_pools_done_withdrawn(number(withdrawn.free), number(withdrawn.in_use))))
}

pub(super) async fn find(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let FoundKey { product, key } =
        inspect::find(reader.service, reader.request, form.field(Field::ProductKey)).await?;
    Ok(Done { go: Some(format!("/operator/keys/{product}?key={key}#key")), ..Done::default() }.into())
}

pub(super) async fn inspect(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = InspectKey { key: form.id("target")?, reason: form.field(Field::Reason).to_owned() };
    let key = inspect::inspect(reader.service, reader.request, form.operation()?, input).await?;
    let shown = Some(Shown::Key { target: form.target().to_owned(), key });
    Ok(Done { message: reader.texts().software_done_revealed().to_owned(), shown, ..Done::default() }.into())
}
