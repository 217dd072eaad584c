//! Forms about seats.

use domain::seat::Shortage;
use domain::{ErrorCode, Field};
use locales::format::list_and as list;
use service::Outcome;
use service::assignments::assign::{AssignSeats, assign as assign_seats};
use service::assignments::release::{ReassignSeat, ReleaseSeat};
use service::assignments::seat_requests::{AskForSeat, DecideSeatRequest};
use service::assignments::{release as releasing, seat_requests};

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn assign(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let mut people = Vec::new();
    for id in form.all(Field::People) {
        people.push(id.parse()?);
    }
    let shortage = match form.field(Field::Shortage) {
        "" => None,
        code => Some(Shortage::from_code(code).ok_or(ErrorCode::UnknownChoice)?),
    };
    let input = AssignSeats {
        grant: form.id("target")?,
        people,
        shortage,
        alternate_email: optional(form.field(Field::AlternateEmail)),
    };
    let result = assign_seats(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    let assigned = list(reader.language, &result.assigned);
    Ok(said(if result.left_out.is_empty() {
        texts.seats_done_assigned(assigned)
    } else {
        texts.seats_done_assigned_part(assigned, list(reader.language, &result.left_out))
    }))
}

pub(super) async fn release(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = ReleaseSeat { seat: form.id("target")?, version: form.version()? };
    let name = releasing::release(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().seats_done_removed(name)))
}

pub(super) async fn reassign(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    if form.field(Field::Person).is_empty() {
        return Err(domain::Error::field(Field::Person, ErrorCode::Required).into());
    }
    let input = ReassignSeat {
        seat: form.id("target")?,
        version: form.version()?,
        person: form.id(Field::Person.code())?,
        alternate_email: optional(form.field(Field::AlternateEmail)),
    };
    let (from, to) = releasing::reassign(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().seats_done_reassigned(from, to)))
}

pub(super) async fn ask(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = AskForSeat { grant: form.id("target")?, note: form.field(Field::Description).to_owned() };
    seat_requests::ask(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().seats_done_asked()))
}

pub(super) async fn decide(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let granted = match form.text("decision") {
        "granted" => true,
        "refused" => false,
        _ => return Err(ErrorCode::UnknownChoice.into()),
    };
    let input = DecideSeatRequest {
        request: form.id("target")?,
        granted,
        reason: form.field(Field::Reason).to_owned(),
    };
    let name = seat_requests::decide(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    Ok(said(if granted {
        texts.seats_done_request_granted(name)
    } else {
        texts.seats_done_request_refused(name)
    }))
}

fn optional(typed: &str) -> Option<String> {
    (!typed.trim().is_empty()).then(|| typed.to_owned())
}
