//! Forms about product keys.

use domain::view::form::{Done, Shown};
use domain::{ErrorCode, Field};
use service::Outcome;
use service::keys::activations::{self, RecordActivations};
use service::keys::reveal::{self, KeyOf, RevealKey};

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn reveal(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let of = match form.text("of") {
        "" => KeyOf::Grant(form.id("target")?),
        "seat" => KeyOf::Seat(form.id("target")?),
        _ => return Err(ErrorCode::UnknownChoice.into()),
    };
    let input = RevealKey { of, consequence_accepted: form.field(Field::Accept) == "true" };
    let revealed = reveal::reveal(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    let message = if revealed.refund_ended {
        texts.software_done_revealed_refund()
    } else {
        texts.software_done_revealed()
    };
    Ok(Done {
        message: message.to_owned(),
        go: None,
        shown: Some(Shown::Key { target: form.target().to_owned(), key: revealed.key }),
    }
    .into())
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
