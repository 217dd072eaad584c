//! Forms about product keys.

use domain::view::form::{Done, Shown};
use domain::{ErrorCode, Field};
use service::Outcome;
use service::keys::activations::{self, RecordActivations};
use service::keys::replace::{self, ReplaceKey};
use service::keys::reveal::{self, KeyOf, RevealKey};

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn reveal(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = RevealKey { of: of(form)?, consequence_accepted: form.field(Field::Accept) == "true" };
    let revealed = reveal::reveal(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    let message = if revealed.refund_ended {
        texts.software_done_revealed_refund()
    } else {
        texts.software_done_revealed()
    };
    Ok(Done {
        message: message.to_owned(),
        shown: Some(Shown::Key { target: form.target().to_owned(), key: revealed.key }),
        ..Done::default()
    }
    .into())
}

pub(super) async fn replace(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = ReplaceKey { of: of(form)?, reason: form.field(Field::Reason).to_owned() };
    let replaced = replace::replace(reader.service, reader.request, form.operation()?, input).await?;
    Ok(Done {
        message: reader.texts().software_done_replaced().to_owned(),
        shown: Some(Shown::Key { target: form.target().to_owned(), key: replaced.key }),
        ..Done::default()
    }
    .into())
}

/// What the key of a form is bound to.
fn of(form: &Submission) -> Outcome<KeyOf> {
    match form.text("of") {
        "" => Ok(KeyOf::Grant(form.id("target")?)),
        "seat" => Ok(KeyOf::Seat(form.id("target")?)),
        _ => Err(ErrorCode::UnknownChoice.into()),
    }
}

pub(super) async fn record(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let range = -activations::AT_ONCE..=activations::AT_ONCE;
    let count = domain::text::whole_number(Field::Quantity, form.field(Field::Quantity), range)?;
    let note = form.field(Field::Reason).to_owned();
    let input = RecordActivations { grant: form.id("target")?, count, note };
    activations::record_activations(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    Ok(if count > 0 {
        said(texts.software_done_recorded(count))
    } else {
        said(texts.software_done_corrected())
    })
}
