//! Forms about activations, Access ID and Contract ID, and requests to the operators.

use domain::Field;
use domain::support::AdvisoryDraft;
use domain::view::form::{Done, Shown};
use service::Outcome;
use service::activations::ids;
use service::activations::request::{self, ActivateGrant};
use service::requests::messages::{self, Answer};
use service::requests::{advisory, global_admin};

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn activate(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = ActivateGrant { grant: form.id("target")?, version: form.version()? };
    let number = request::activate(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().technical_done_requested(number)))
}

pub(super) async fn withdraw(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = ActivateGrant { grant: form.id("target")?, version: form.version()? };
    let number = request::withdraw(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().technical_done_withdrawn(number)))
}

pub(super) async fn show_ids(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let grant = form.id("target")?;
    let ids = ids::reveal(reader.service, reader.request, form.operation()?, grant).await?;
    Ok(Done {
        message: reader.texts().technical_done_shown().to_owned(),
        shown: Some(Shown::SupportIds {
            target: grant.to_string(),
            access_id: ids.access_id.into(),
            contract_id: ids.contract_id.into(),
        }),
        ..Done::default()
    }
    .into())
}

pub(super) async fn submit_advisory(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let typed = |field| form.field(field).to_owned();
    let draft = AdvisoryDraft {
        phase: typed(Field::Phase),
        environment: typed(Field::Environment),
        title: typed(Field::Title),
        description: typed(Field::Description),
        product: typed(Field::Product),
        country: typed(Field::Country),
        language: typed(Field::Language),
        phone: typed(Field::Phone),
        time_zone: typed(Field::TimeZone),
        working_hours: typed(Field::WorkingHours),
        grant: typed(Field::Grant),
        hours: typed(Field::Hours),
    };
    let number = advisory::submit(reader.service, reader.request, form.operation()?, draft).await?;
    Ok(said(reader.texts().technical_done_submitted(number)))
}

pub(super) async fn ask_global_admin(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let number = global_admin::ask(reader.service, reader.request, form.operation()?).await?;
    Ok(said(reader.texts().requests_done_admin_asked(number)))
}

pub(super) async fn answer_operators(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = Answer { request: form.id("target")?, text: form.field(Field::Message).to_owned() };
    let number = messages::answer(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().queue_done_answer(number)))
}
