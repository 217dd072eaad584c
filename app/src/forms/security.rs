//! Forms about one's own name, mail, sessions and second factor.

use domain::mail_topic::MailTopic;
use domain::reminder::ReminderCadence;
use domain::view::form::{Done, Shown};
use domain::{Error, ErrorCode, Field};
use service::Outcome;
use service::accounts::{mail_choices, own_sessions, profile, second_factor};

use super::account::browser;
use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn change_name(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let name = form.field(Field::Name);
    let name = profile::change_name(reader.service, reader.request, form.operation()?, name).await?;
    Ok(said(reader.texts().account_done_name(name)))
}

pub(super) async fn choose_mail(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let unknown = || Error::field(Field::MailTopics, ErrorCode::UnknownChoice);
    let topics: Vec<MailTopic> = form
        .all(Field::MailTopics)
        .map(|code| MailTopic::from_code(code).ok_or_else(unknown))
        .collect::<Result<_, _>>()?;
    let reminders = ReminderCadence::from_code(form.field(Field::Reminders))
        .ok_or_else(|| Error::field(Field::Reminders, ErrorCode::UnknownChoice))?;
    mail_choices::choose(reader.service, reader.request, form.operation()?, &topics, reminders).await?;
    Ok(said(reader.texts().account_done_mail()))
}

fn session_token() -> String {
    browser().session_token.unwrap_or_default()
}

pub(super) async fn end_session(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let (operation, token) = (form.operation()?, session_token());
    own_sessions::end_one(reader.service, reader.request, operation, form.id("target")?, &token).await?;
    Ok(said(reader.texts().security_done_ended()))
}

pub(super) async fn end_other_sessions(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let (operation, token) = (form.operation()?, session_token());
    let ended = own_sessions::end_others(reader.service, reader.request, operation, &token).await?;
    Ok(said(reader.texts().security_done_others(ended)))
}

pub(super) async fn begin_second_factor(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let password = form.field(Field::CurrentPassword);
    let begun = second_factor::begin(reader.service, reader.request, password).await?;
    Ok(Done {
        message: reader.texts().security_done_begun().to_owned(),
        shown: Some(Shown::SecondFactor { secret: begun.secret, square: begun.square }),
        ..Done::default()
    }
    .into())
}

fn codes(message: &str, codes: Vec<String>) -> Performed {
    Done { message: message.to_owned(), shown: Some(Shown::RecoveryCodes(codes)), ..Done::default() }.into()
}

pub(super) async fn confirm_second_factor(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let code = form.field(Field::Code);
    let shown = second_factor::confirm(reader.service, reader.request, code, &session_token()).await?;
    Ok(codes(reader.texts().security_done_on(), shown))
}

pub(super) async fn renew_recovery_codes(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let password = form.field(Field::CurrentPassword);
    let shown = second_factor::renew_codes(reader.service, reader.request, password).await?;
    Ok(codes(reader.texts().security_done_renewed(), shown))
}

pub(super) async fn turn_off_second_factor(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let (password, code) = (form.field(Field::CurrentPassword), form.field(Field::Code));
    second_factor::turn_off(reader.service, reader.request, password, code).await?;
    Ok(said(reader.texts().security_done_off()))
}
