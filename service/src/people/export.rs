//! The list of people as a file: all rows that the filters leave, a batch at a time.

use domain::ids::PersonId;
use domain::view::people::{PeopleQuery, PersonRow};
use domain::{Action, AuditAction};

use super::list::{Rows, batch};
use crate::audit::Event;
use crate::change::Change;
use crate::request::{Person, Request};
use crate::spreadsheet::Batches;
use crate::{Outcome, Service, policies, rights};

/// An export under way.
pub struct Export {
    service: Service,
    person: Person,
    query: PeopleQuery,
    after: Option<PersonId>,
    ended: bool,
}

/// Begins an export, which is recorded with its filters.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`] for whoever has nothing to do with the company's people.
pub async fn begin(service: &Service, request: &Request, query: &PeopleQuery) -> Outcome<Export> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let query = PeopleQuery { after: None, open: None, ..query.clone() };
    let mut change = Change::begin_unasked(service, request).await?;
    let role = query.role.map_or("", domain::Role::code);
    let status = query.status.map_or("", |status| status.code());
    let searched = if query.find.trim().is_empty() { "no" } else { "yes" };
    change.record(
        Event::new(person.organization, AuditAction::PeopleExported, "organization", person.organization)
            .after(format!("role {role} status {status} searched {searched}")),
    );
    change.commit(()).await?;
    Ok(Export { service: service.clone(), person: person.clone(), query, after: None, ended: false })
}

impl Batches for Export {
    type Row = PersonRow;

    async fn next(&mut self) -> Outcome<Vec<PersonRow>> {
        if self.ended {
            return Ok(Vec::new());
        }
        let query = PeopleQuery { after: self.after, ..self.query.clone() };
        let rows = batch(self.service.database.reader(), &self.person, &query, Rows::Export).await?;
        self.after = rows.last().map(|row| row.id);
        self.ended = rows.is_empty();
        Ok(rows)
    }
}
