//! Saving the rows without a fault: all of them, or none if anything fails on the way.

use domain::ids::PeopleImportId;
use domain::operation::OperationId;
use domain::view::people_import::ImportRow;
use domain::{Action, AuditAction, ErrorCode};
use serde::{Deserialize, Serialize};

use super::{Left, check, file, find};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::people::{add, roles};
use crate::request::Request;
use crate::{Failure, Outcome, Service, policies, rights, sql};

/// What came of an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Saved {
    /// People who were added.
    pub added: i64,
    /// Rows that were left out.
    pub faulty: i64,
}

/// Adds everybody whose row has no fault, each with an invitation or a mail, in one step. The rows are
/// checked again at that moment; those with a fault stay, to be put right and sent anew.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::ReadOnly`] (rule 22); [`ErrorCode::NotFound`] for a file of somebody else;
/// [`ErrorCode::WrongState`] for one that was saved already; [`ErrorCode::NoRows`] if every row has a
/// fault.
pub async fn save(
    service: &Service,
    request: &Request,
    operation: OperationId,
    import: PeopleImportId,
) -> Outcome<Saved> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AddUser, &policies).await?;
    let stored = find(service, person, import).await?;
    let operation = Operation::new(operation, "save_people_import", &import);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    roles::lock(&change, person.organization).await?;
    rights::check_member(&change.transaction, person).await?;
    if stored.outcome.is_some() {
        return Err(ErrorCode::WrongState.into());
    }
    let rows = check::check(&change.transaction, person, file::rows(&stored.content)?).await?;
    let mut added = 0;
    let mut faulty: Vec<ImportRow> = Vec::new();
    for row in rows {
        match row.person {
            Some(new) => {
                add::write(&mut change, &person.into(), &new).await?;
                added += 1;
            }
            None => faulty.push(row.shown),
        }
    }
    if added == 0 {
        return Err(ErrorCode::NoRows.into());
    }
    let saved = Saved { added, faulty: i64::try_from(faulty.len()).unwrap_or(i64::MAX) };
    let left = serde_json::to_string(&Left { added, faulty })
        .map_err(|_| Failure::broken("people_import", "outcome", import))?;
    let text = "update people_import set state = 'saved', content = '', outcome = $2
        where id = $1 and state = 'checked'";
    if sql::run(&change.transaction, text, [import.0.into(), left.into()]).await? == 0 {
        return Err(ErrorCode::WrongState.into());
    }
    change.record(
        Event::new(person.organization, AuditAction::PeopleImported, "people_import", import)
            .after(format!("added {} faulty {}", saved.added, saved.faulty)),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(saved).await
}
