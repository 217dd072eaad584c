//! Forms about the queue as a whole: several requests at once, saved views, who has what, what is planned.

use domain::ids::{QueueViewId, ServiceRequestId};
use domain::view::form::{Done, Extent};
use domain::view::operator::{PAGE_ROWS, Ticked};
use domain::{Error, ErrorCode, Field};
use service::Outcome;
use service::queue::Wanted;
use service::queue::assign::{self, Handover};
use service::queue::bulk::{self, Together, Worked};
use service::queue::plan::{self, PlanAdvisory};
use service::queue::shortcuts;
use service::queue::views::{self, SaveView};

use super::operator::wanted;
use super::submission::{Performed, Reader, Submission, said};
use crate::components::filter_bar::ALONG;
use crate::pages::operator::queue::{filtered, kept_of, unticked};
use crate::words;

/// So many requests that didn't work are named in the answer; of the rest their number is told.
const NAMED: usize = 8;

pub(super) async fn hand_over(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let handover = match form.text("decision") {
        "release" => Handover::Nobody,
        "assign" => Handover::To(colleague(form)?),
        "process" => Handover::Processing,
        _ => return Err(ErrorCode::UnknownChoice.into()),
    };
    let number =
        assign::hand_over(reader.service, reader.request, form.operation()?, wanted(form)?, handover).await?;
    let texts = reader.texts();
    Ok(said(match handover {
        Handover::Nobody => texts.queue_done_released(number),
        Handover::To(_) => texts.queue_done_assigned(number),
        Handover::Processing => texts.queue_done_processing(number),
    }))
}

fn colleague(form: &Submission) -> Outcome<domain::ids::AccountId> {
    match form.field(Field::Owner) {
        "" => Err(Error::field(Field::Owner, ErrorCode::Required).into()),
        typed => Ok(typed.parse().map_err(|_| Error::field(Field::Owner, ErrorCode::UnknownChoice))?),
    }
}

/// A box: the request and the version of its row.
fn chosen(value: &str) -> Result<Wanted, Error> {
    let (request, version) = value.split_once(':').ok_or(Error::new(ErrorCode::NotFound))?;
    let request: ServiceRequestId = request.parse()?;
    Ok(Wanted { request, version: version.parse().map_err(|_| Error::new(ErrorCode::Stale))? })
}

pub(super) async fn work(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let requests = form.all(Field::Requests).map(chosen).collect::<Result<Vec<_>, _>>()?;
    if form.text("decision") == "filter" {
        return filter(reader, form, &requests);
    }
    let together = match form.text("decision") {
        "take" => Together::Take,
        "assign" => Together::Assign(colleague(form)?),
        "release" => Together::Release,
        "process" => Together::Process,
        "complete" => Together::Complete,
        "refuse" => Together::Refuse(form.field(Field::Reason).to_owned()),
        _ => return Err(ErrorCode::UnknownChoice.into()),
    };
    let worked = bulk::work(reader.service, reader.request, &form.operation()?, &requests, &together).await?;
    // What was worked on is ticked no longer, in the address either.
    let go = Some(form.text("then")).filter(|then| !then.is_empty()).map(unticked);
    let refused = worked.iter().filter(|one| one.refused.is_some()).count();
    let extent = match refused {
        0 => Extent::Whole,
        all if all == worked.len() => Extent::Nothing,
        _ => Extent::Part,
    };
    Ok(Done { message: told(reader, &together, worked), extent, go, ..Done::default() }.into())
}

/// Without JavaScript the filters are sent with what is ticked: the address has both then.
fn filter(reader: &Reader<'_>, form: &Submission, requests: &[Wanted]) -> Outcome<Performed> {
    reader.request.operator()?;
    if requests.len() > PAGE_ROWS as usize {
        return Err(Error::field(Field::Requests, ErrorCode::TooManyChosen).into());
    }
    let ticked =
        requests.iter().map(|wanted| Ticked { request: wanted.request, version: wanted.version }).collect();
    let filters: Vec<_> = form.beginning_with(ALONG).collect();
    Ok(Done { go: Some(filtered(&filters, ticked)), ..Done::default() }.into())
}

/// Which worked, which didn't, and why.
fn told(reader: &Reader<'_>, together: &Together, worked: Vec<Worked>) -> String {
    let texts = reader.texts();
    let (refused, done): (Vec<_>, Vec<_>) = worked.into_iter().partition(|one| one.refused.is_some());
    let count = i64::try_from(done.len()).unwrap_or(i64::MAX);
    let mut lines = Vec::new();
    if count > 0 {
        lines.push(match together {
            Together::Take => texts.queue_bulk_done_take(count),
            Together::Assign(_) => texts.queue_bulk_done_assign(count),
            Together::Release => texts.queue_bulk_done_release(count),
            Together::Process => texts.queue_bulk_done_process(count),
            Together::Complete => texts.queue_bulk_done_complete(count),
            Together::Refuse(_) => texts.queue_bulk_done_refuse(count),
        });
    }
    let more = refused.len().saturating_sub(NAMED);
    for one in refused.into_iter().take(NAMED) {
        let error = one.refused.unwrap_or_else(|| Error::new(ErrorCode::Internal));
        let why = match (error.code, one.with) {
            (ErrorCode::Stale | ErrorCode::AlreadyDecided, Some(name)) => texts.queue_bulk_theirs(name),
            (ErrorCode::Stale, None) => texts.queue_bulk_changed().to_owned(),
            (ErrorCode::WrongKind, _) => texts.queue_bulk_own_form().to_owned(),
            (ErrorCode::WrongState, _) => texts.queue_bulk_so_already().to_owned(),
            // A colleague who couldn't decide it, for example.
            _ => match error.fields.first() {
                Some(fault) => words::field(texts, fault),
                None => words::refusal(texts, &error),
            },
        };
        let number = one.number.map(|number| number.to_string()).unwrap_or_default();
        lines.push(texts.queue_bulk_refused_line(number, why));
    }
    if more > 0 {
        lines.push(texts.queue_bulk_more_refused(i64::try_from(more).unwrap_or(i64::MAX)));
    }
    lines.join("\n")
}

pub(super) async fn save_view(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = SaveView {
        name: form.field(Field::Name).to_owned(),
        query: kept_of(form.text("query")),
        shared: form.text("shared") == "true",
    };
    let name = views::save(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().queue_done_view_saved(name)))
}

pub(super) async fn remove_view(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let view: QueueViewId = form.id("target")?;
    let name = views::remove(reader.service, reader.request, form.operation()?, view).await?;
    Ok(said(reader.texts().queue_done_view_removed(name)))
}

pub(super) async fn choose_shortcuts(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let on = form.text("on") == "true";
    let on = shortcuts::choose(reader.service, reader.request, form.operation()?, on).await?;
    let texts = reader.texts();
    Ok(said(if on { texts.queue_keys_are_on() } else { texts.queue_keys_are_off() }))
}

pub(super) async fn plan(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = PlanAdvisory {
        wanted: wanted(form)?,
        consultant: form.field(Field::Consultant).to_owned(),
        day: form.field(Field::Day).to_owned(),
        hours: form.field(Field::PlannedHours).to_owned(),
        note: form.field(Field::Place).to_owned(),
    };
    let number = plan::plan(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().queue_done_planned(number)))
}
