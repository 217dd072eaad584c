//! Forms of the operators.

use domain::ids::MailId;
use domain::view::form::Done;
use domain::{ErrorCode, Field, Policies};
use service::Outcome;
use service::queue::bounce::{self, MarkBounced};
use service::queue::complete::{self, CompleteActivation};
use service::queue::messages::{self, Asked, Written};
use service::queue::outbox_list;
use service::queue::policies_edit::{self, SavePolicies};
use service::queue::record_use::{self, RecordDelivery, RecordIncident};
use service::queue::refuse::{self, Refuse};
use service::queue::{Wanted, take as taking};

use super::submission::{Performed, Reader, Submission, said};

pub(super) fn wanted(form: &Submission) -> Outcome<Wanted> {
    Ok(Wanted { request: form.id("target")?, version: form.version()? })
}

pub(super) async fn take(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let number = taking::take(reader.service, reader.request, form.operation()?, wanted(form)?).await?;
    Ok(said(reader.texts().operator_done_taken(number)))
}

pub(super) async fn note(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = Written { request: form.id("target")?, text: form.field(Field::Note).to_owned() };
    let number = messages::note(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().queue_done_noted(number)))
}

pub(super) async fn message(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let written = Written { request: form.id("target")?, text: form.field(Field::Message).to_owned() };
    let input = Asked { written, asks: form.field(Field::Asks) == "true" };
    let number = messages::message(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().queue_done_message(number)))
}

pub(super) async fn complete_activation(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = CompleteActivation {
        wanted: wanted(form)?,
        access_id: form.field(Field::AccessId).to_owned(),
        contract_id: form.field(Field::ContractId).to_owned(),
        starts: form.field(Field::Starts).to_owned(),
        expires: form.field(Field::Expires).to_owned(),
    };
    let number = complete::activation(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().operator_done_completed(number)))
}

pub(super) async fn record_delivery(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = RecordDelivery {
        wanted: wanted(form)?,
        hours: form.field(Field::Hours).to_owned(),
        note: form.field(Field::Description).to_owned(),
    };
    let number = record_use::delivery(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().operator_done_hours(number)))
}

pub(super) async fn complete_advisory(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let number = complete::advisory(reader.service, reader.request, form.operation()?, wanted(form)?).await?;
    Ok(said(reader.texts().operator_done_completed(number)))
}

pub(super) async fn decide_cancellation(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let number = match form.text("decision") {
        "approved" => {
            complete::cancellation(reader.service, reader.request, form.operation()?, wanted(form)?).await?
        }
        "refused" => return refuse_request(reader, form).await,
        _ => return Err(ErrorCode::UnknownChoice.into()),
    };
    Ok(said(reader.texts().operator_done_approved(number)))
}

pub(super) async fn decide_global_admin(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let number = match form.text("decision") {
        "approved" => {
            complete::global_admin(reader.service, reader.request, form.operation()?, wanted(form)?).await?
        }
        "refused" => return refuse_request(reader, form).await,
        _ => return Err(ErrorCode::UnknownChoice.into()),
    };
    Ok(said(reader.texts().operator_done_approved(number)))
}

pub(super) async fn refuse_request(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = Refuse { wanted: wanted(form)?, reason: form.field(Field::Reason).to_owned() };
    let number = refuse::refuse(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().operator_done_refused(number)))
}

pub(super) async fn record_incident(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    if form.field(Field::Grant).is_empty() {
        return Err(domain::Error::field(Field::Grant, ErrorCode::Required).into());
    }
    let input = RecordIncident {
        grant: form.id(Field::Grant.code())?,
        incidents: form.field(Field::Quantity).to_owned(),
        note: form.field(Field::Description).to_owned(),
    };
    let left = record_use::incident(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    Ok(match left {
        Some(left) => said(texts.operator_done_incident(left)),
        None => said(texts.operator_done_incident_unlimited()),
    })
}

pub(super) async fn send_again(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let mail: MailId = form.id("target")?;
    outbox_list::send_again(reader.service, reader.request, form.operation()?, mail).await?;
    Ok(said(reader.texts().operator_done_sent_again()))
}

pub(super) async fn mark_bounced(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = MarkBounced { mail: form.id("target")?, reason: form.field(Field::Reason).to_owned() };
    let address = bounce::mark(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().outbox_done_bounced(address)))
}

pub(super) async fn clear_address(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let mail: MailId = form.id("target")?;
    let address = bounce::clear(reader.service, reader.request, form.operation()?, mail).await?;
    Ok(said(reader.texts().outbox_done_cleared(address)))
}

pub(super) async fn save_policies(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let values = service::policies::entries(&Policies::default())
        .into_iter()
        .filter_map(|(name, _)| Some((name.to_owned(), form.named(name)?.to_owned())))
        .collect();
    let input = SavePolicies { values, version: form.version()? };
    let changed = policies_edit::save(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    let message = match i64::try_from(changed).unwrap_or(i64::MAX) {
        0 => texts.common_nothing_changed().to_owned(),
        changed => texts.operator_done_policies(changed),
    };
    Ok(Done { message, ..Done::default() }.into())
}
