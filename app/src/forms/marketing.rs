//! The form of the marketing contact.

use domain::{Error, ErrorCode, Field};
use service::Outcome;
use service::contact::save::{SaveContact, Saved, save};

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn save_contact(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let version = match form.text("version") {
        "" => None,
        typed => Some(typed.parse().map_err(|_| Error::new(ErrorCode::Stale))?),
    };
    let input = SaveContact {
        person: form.field(Field::Person).to_owned(),
        alternate_email: form.field(Field::AlternateEmail).to_owned(),
        phone: form.field(Field::Phone).to_owned(),
        language: form.field(Field::Language).to_owned(),
        version,
    };
    let saved = save(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    Ok(said(match saved {
        Saved::Added => texts.marketing_done_added(),
        Saved::Updated => texts.marketing_done_updated(),
        Saved::Changed => texts.marketing_done_changed(),
    }))
}
