//! Forms of the templates of mail.

use domain::mail_kind::MailKind;
use domain::view::form::{Done, Shown};
use domain::{ErrorCode, Field, Language};
use service::Outcome;
use service::queue::templates::{self, TypedWording};

use super::submission::{Performed, Reader, Submission, said};

/// The kind of mail and the language that a form is about; what there isn't is answered like an unknown id.
fn about(form: &Submission) -> Outcome<(MailKind, Language)> {
    let (kind, language) = form.target().split_once(':').ok_or(ErrorCode::NotFound)?;
    let found = MailKind::from_code(kind).zip(Language::from_tag(language));
    Ok(found.ok_or(ErrorCode::NotFound)?)
}

pub(super) async fn save(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let (kind, language) = about(form)?;
    let typed = TypedWording {
        kind,
        language,
        subject: form.field(Field::MailSubject).to_owned(),
        body: form.field(Field::MailBody).to_owned(),
        version: form.version()?,
    };
    match form.text("step") {
        "preview" => {
            let preview = templates::preview(reader.service, reader.request, &typed)?;
            Ok(Done { shown: Some(Shown::Mail(preview)), ..Done::default() }.into())
        }
        "save" => {
            templates::save(reader.service, reader.request, form.operation()?, typed).await?;
            Ok(said(reader.texts().templates_done_saved()))
        }
        _ => Err(ErrorCode::UnknownChoice.into()),
    }
}

pub(super) async fn reset(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let (kind, language) = about(form)?;
    let version = form.version()?;
    templates::reset(reader.service, reader.request, form.operation()?, kind, language, version).await?;
    Ok(said(reader.texts().templates_done_reset()))
}
