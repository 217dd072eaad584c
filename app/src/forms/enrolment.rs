//! Forms of the enrolment.

use domain::enrolment::{Answers, EnrolmentState, ProfileDraft, Step};
use domain::error::Faults;
use domain::view::form::Done;
use domain::{ErrorCode, Field};
use leptos::prelude::use_context;
use service::Outcome;
use service::directories::sign_in::Begun;
use service::enrolment::agreement::{self, Accept};
use service::enrolment::begin::{self, Begin};
use service::enrolment::contact;
use service::enrolment::found::{self, ByDirectory, ByPassword};
use service::enrolment::legal_profile;
use service::enrolment::profile::{self, SaveProfile};
use service::queue::enrolment as review;
use service::queue::refuse::Refuse;

use super::operator::wanted;
use super::submission::{Cookies, Performed, Reader, Submission, said};
use crate::server_fns::context::Browser;

fn go(step: Step) -> Performed {
    Done { go: Some(step.path().to_owned()), ..Done::default() }.into()
}

pub(super) async fn begin(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = Begin {
        domain: form.field(Field::CompanyDomain).to_owned(),
        name: form.field(Field::Name).to_owned(),
        email: form.field(Field::Email).to_owned(),
        language: reader.language,
    };
    begin::begin(reader.service, reader.request, input).await?;
    Ok(Done { go: Some(format!("{}?sent=", Step::Account.path())), ..Done::default() }.into())
}

pub(super) async fn found_by_password(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = ByPassword {
        token: form.target().to_owned(),
        password: form.field(Field::NewPassword).to_owned(),
        repeat: form.field(Field::RepeatPassword).to_owned(),
        agent: use_context::<Browser>().unwrap_or_default().agent,
    };
    let token = found::by_password(reader.service, reader.request, input).await?;
    Ok(Performed { cookies: Cookies::SignedIn(token), ..go(Step::Profile) })
}

pub(super) async fn found_by_directory(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = ByDirectory {
        token: form.target().to_owned(),
        issuer: form.field(Field::Issuer).to_owned(),
        client_id: form.field(Field::ClientId).to_owned(),
        client_secret: form.field(Field::ClientSecret).to_owned(),
    };
    match found::by_directory(reader.service, reader.request, input).await? {
        Begun::Away { address, browser } => {
            Ok(Performed { done: Done::default(), cookies: Cookies::AtDirectory { address, browser } })
        }
        Begun::Choose => Err(ErrorCode::DirectoryUnknown.into()),
    }
}

pub(super) async fn found_by_account(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let session = use_context::<Browser>().unwrap_or_default().session_token.unwrap_or_default();
    found::by_account(reader.service, reader.request, form.target(), &session).await?;
    Ok(go(Step::Profile))
}

pub(super) async fn start(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    profile::start(reader.service, reader.request, form.operation()?).await?;
    Ok(go(Step::Profile))
}

/// What was typed, for the profile whose version stands in the form.
fn typed(form: &Submission) -> Outcome<SaveProfile> {
    let field = |field: Field| form.field(field).to_owned();
    let draft = ProfileDraft {
        company: field(Field::Company),
        street: field(Field::Street),
        street_more: field(Field::StreetMore),
        city: field(Field::City),
        region: field(Field::Region),
        postal_code: field(Field::PostalCode),
        country: field(Field::Country),
        registration: field(Field::RegistrationNumber),
        time_zone: field(Field::TimeZone),
        contact_name: field(Field::Name),
        contact_email: field(Field::Email),
        contact_phone: field(Field::Phone),
        contact_language: field(Field::Language),
    };
    Ok(SaveProfile { version: form.version()?, draft })
}

pub(super) async fn save_profile(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = typed(form)?;
    profile::save(reader.service, reader.request, form.operation()?, input).await?;
    Ok(go(Step::Summary))
}

pub(super) async fn change_legal_profile(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    legal_profile::change(reader.service, reader.request, form.operation()?, typed(form)?).await?;
    Ok(said(reader.texts().legal_profile_done()))
}

pub(super) async fn accept_agreement(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = Accept {
        version: form.version()?,
        agreement: form.text("agreement").parse().map_err(|_| ErrorCode::Stale)?,
        name: form.field(Field::Name).to_owned(),
        authorized: form.field(Field::Accept) == "true",
    };
    agreement::accept(reader.service, reader.request, form.operation()?, input).await?;
    let message = reader.texts().enrol_done_accepted().to_owned();
    Ok(Done { message, go: Some(Step::Status.path().to_owned()), ..Done::default() }.into())
}

pub(super) async fn ask_again(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    agreement::ask_again(reader.service, reader.request, form.operation()?).await?;
    Ok(said(reader.texts().enrol_done_asked_again()))
}

pub(super) async fn answer(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let mut faults = Faults::default();
    let mut yes = |field: Field| match form.field(field) {
        "yes" => true,
        "no" => false,
        "" => {
            faults.add(field, ErrorCode::Required);
            false
        }
        _ => {
            faults.add(field, ErrorCode::UnknownChoice);
            false
        }
    };
    let answers = Answers { signed_up: yes(Field::SignedUp), own_address: yes(Field::OwnAddress) };
    faults.check()?;
    let state = contact::answer(reader.service, reader.request, form.target(), answers).await?;
    let said = if state == EnrolmentState::Review { "yes" } else { "no" };
    Ok(Done { go: Some(format!("{}?answered={said}", Step::Welcome.path())), ..Done::default() }.into())
}

pub(super) async fn accept_enrolment(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let number = review::accept(reader.service, reader.request, form.operation()?, wanted(form)?).await?;
    Ok(said(reader.texts().operator_done_approved(number)))
}

pub(super) async fn return_enrolment(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = Refuse { wanted: wanted(form)?, reason: form.field(Field::Reason).to_owned() };
    let number = review::ask_for_changes(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().operator_done_returned(number)))
}
