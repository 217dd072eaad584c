//! Forms about individual grants.

use domain::Field;
use service::Outcome;
use service::individual_grants::Wanted;
use service::individual_grants::change::{self, ChangeIndividualGrant};
use service::individual_grants::end::{self, EndIndividualGrant};
use service::individual_grants::set::{self, SetIndividualGrant};

use super::submission::{Performed, Reader, Submission, said};

fn wanted(form: &Submission) -> Wanted {
    Wanted {
        quantity: form.field(Field::Quantity).to_owned(),
        unlimited: form.field(Field::Unlimited) == "true",
        ends: form.field(Field::Expires).to_owned(),
        reason: form.field(Field::Reason).to_owned(),
        accepted: accepted(form),
    }
}

/// The number that the tick was about.
fn accepted(form: &Submission) -> Option<i64> {
    form.field(Field::Accept).parse().ok()
}

pub(super) async fn set(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = SetIndividualGrant {
        organization: form.id("target")?,
        product: form.field(Field::Product).to_owned(),
        wanted: wanted(form),
    };
    set::set(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().individual_grants_done_set()))
}

pub(super) async fn change(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input =
        ChangeIndividualGrant { id: form.id("target")?, version: form.version()?, wanted: wanted(form) };
    change::change(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().individual_grants_done_changed()))
}

pub(super) async fn end(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input =
        EndIndividualGrant { id: form.id("target")?, version: form.version()?, accepted: accepted(form) };
    end::end(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().individual_grants_done_ended()))
}
