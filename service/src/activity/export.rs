//! The activity as a file: every event that the filters leave, a batch at a time. Taking it away is
//! an event itself, written before the first row is read.

use domain::view::activity::{ActivityDetail, ActivityQuery};
use domain::{AuditAction, Language, Moment};

use super::Side;
use super::list::{detail, rows};
use super::names::Names;
use super::reach::{Place, Reach, Wanted, own_chain};
use crate::audit::Event;
use crate::change::Change;
use crate::request::Request;
use crate::spreadsheet::Batches;
use crate::{Outcome, Service};

/// So many events are read at once.
const BATCH: i64 = 500;

/// An export under way. It holds no transaction, however slowly it is read: the trail only grows, and
/// what is added meanwhile comes before where the reading has begun.
pub struct Export {
    service: Service,
    reach: Reach,
    wanted: Wanted,
    last: Option<Place>,
    ended: bool,
}

/// An event as it is exported.
pub struct Exported {
    /// When, ISO 8601 with the offset of the zone.
    pub at: String,
    /// All that it says.
    pub event: ActivityDetail,
}

/// Begins an export and records it.
///
/// # Errors
/// As for [`super::list::page`]; [`crate::Failure::Database`] where it can't be recorded: then there is
/// no export.
pub async fn begin(
    service: &Service,
    request: &Request,
    side: Side,
    language: Language,
    query: &ActivityQuery,
) -> Outcome<Export> {
    let query = query.filters();
    let reach = Reach::of(service, request, side, language).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    change.record(
        Event::new(own_chain(&reach), AuditAction::ActivityExported, "activity", "csv").after(said(&query)),
    );
    change.commit(()).await?;
    let wanted = reach.wanted(service.database.reader(), &query).await?;
    Ok(Export { service: service.clone(), reach, wanted, last: None, ended: false })
}

/// The filters as the trail keeps them: people stand in it by id only, so what somebody typed to find
/// one doesn't.
fn said(query: &ActivityQuery) -> String {
    let parts: Vec<String> = query
        .pairs()
        .into_iter()
        .map(|(name, value)| if name == "find" { "find".to_owned() } else { format!("{name} {value}") })
        .collect();
    if parts.is_empty() { "everything".to_owned() } else { parts.join(" ") }
}

impl Batches for Export {
    type Row = Exported;

    async fn next(&mut self) -> Outcome<Vec<Exported>> {
        if self.ended {
            return Ok(Vec::new());
        }
        let reader = self.service.database.reader();
        let rows = rows(reader, &self.reach, self.wanted.clone().after(self.last), BATCH).await?;
        self.ended = (rows.len() as i64) < BATCH;
        self.last = rows.last().map(super::list::Row::place).or(self.last);
        let names = Names::of(reader, self.reach.language, &rows).await?;
        rows.into_iter()
            .map(|row| {
                let at = self.reach.zone.iso(Moment(row.at));
                Ok(Exported { at, event: detail(&self.reach, &names, row)? })
            })
            .collect()
    }
}
