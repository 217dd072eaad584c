//! The form that says when a company is reminded of its benefits.

use domain::Field;
use domain::reminder::{LeadTimes, ReminderTimes};
use service::Outcome;
use service::reminders::settings;

use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn set(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let times = |fields: [Field; 2]| LeadTimes::parse(fields, fields.map(|field| form.field(field)));
    let times = ReminderTimes {
        ending: times([Field::EndingFirst, Field::EndingSecond])?,
        unused: times([Field::UnusedFirst, Field::UnusedSecond])?,
    };
    settings::set(reader.service, reader.request, form.operation()?, form.version()?, times).await?;
    Ok(said(reader.texts().reminders_done()))
}
