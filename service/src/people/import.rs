//! Several people at once from a CSV file: read, checked row by row, and only then saved.

mod check;
pub(crate) mod file;
mod save;

use domain::ids::PeopleImportId;
use domain::view::people_import::{
    IMPORT_PAGE_ROWS, ImportFile, ImportPage, ImportQuery, ImportRow, ImportState,
};
use domain::{Action, Error, ErrorCode, Language};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::request::{Person, Request};
use crate::{Failure, Outcome, Service, policies, rights, sql};

pub use file::template;
pub use save::{Saved, save};

/// So long a file waits for its decision before it is forgotten, in seconds.
const KEPT_SECONDS: i64 = 24 * 3600;
/// So many files of one person wait at most; the oldest is forgotten.
const WAITING: u32 = 5;
/// The longest name of a file that is kept, in characters.
const NAME_MAX: usize = 120;

/// What is left of an import once it is saved.
#[derive(Serialize, Deserialize)]
struct Left {
    added: i64,
    faulty: Vec<ImportRow>,
}

#[derive(FromQueryResult)]
struct Stored {
    id: Uuid,
    file_name: String,
    content: String,
    state: String,
    outcome: Option<String>,
}

/// Reads a file and keeps it for its decision; nobody is added yet. Gives the id under which the page
/// shows what would come of it.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::TooLarge`]; [`ErrorCode::NotText`] for anything but UTF-8;
/// [`ErrorCode::MissingColumn`] without names or addresses; [`ErrorCode::NoRows`];
/// [`ErrorCode::TooManyRows`].
pub async fn upload(
    service: &Service,
    request: &Request,
    name: &str,
    content: &[u8],
) -> Outcome<PeopleImportId> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AddUser, &policies).await?;
    let content = file::text(content)?;
    file::rows(content)?;
    let id = PeopleImportId(service.new_id());
    let transaction = service.database.begin().await?;
    let text = "delete from people_import where person_id = $1 and id not in
        (select id from people_import where person_id = $1 order by created_at desc, id desc limit $2)";
    sql::run(&transaction, text, [person.id.0.into(), i64::from(WAITING - 1).into()]).await?;
    let text =
        "insert into people_import (id, organization_id, person_id, file_name, content, state, created_at)
        values ($1, $2, $3, $4, $5, 'checked', $6)";
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(NAME_MAX).collect();
    let values = [
        id.0.into(),
        person.organization.0.into(),
        person.id.0.into(),
        name.into(),
        content.into(),
        service.now().0.into(),
    ];
    sql::run(&transaction, text, values).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The page: without a file how to make one, with one what would come of each row.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever has nothing to do with the company's people;
/// [`ErrorCode::NotFound`] for a file of somebody else.
pub async fn page(service: &Service, request: &Request, query: &ImportQuery) -> Outcome<ImportPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let why_not = rights::why_not(reader, person, Action::AddUser, &policies).await?;
    let file = match query.import {
        Some(import) => Some(shown(service, person, import, query.page).await?),
        None => None,
    };
    Ok(ImportPage { why_not, file })
}

/// The rows with a fault as a file of their own, with what is wrong in the reader's language.
///
/// # Errors
/// As [`page`].
pub async fn faulty(
    service: &Service,
    request: &Request,
    language: Language,
    import: PeopleImportId,
) -> Outcome<Vec<u8>> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AddUser, &policies).await?;
    let stored = find(service, person, import).await?;
    let (_, rows) = results(service, person, &stored).await?;
    let faulty: Vec<&ImportRow> = rows.iter().filter(|row| !row.faults.is_empty()).collect();
    file::write(language, &faulty)
}

/// Forgets files that waited too long; the worker's work.
///
/// # Errors
/// [`Failure::Database`].
pub async fn sweep(service: &Service) -> Outcome<u64> {
    let transaction = service.database.begin().await?;
    let before = service.now().plus_seconds(-KEPT_SECONDS);
    let text = "delete from people_import where created_at < $1";
    let removed = sql::run(&transaction, text, [before.0.into()]).await?;
    transaction.commit().await?;
    Ok(removed)
}

async fn shown(service: &Service, person: &Person, import: PeopleImportId, page: u32) -> Outcome<ImportFile> {
    let stored = find(service, person, import).await?;
    let (good, mut rows) = results(service, person, &stored).await?;
    let faulty = rows.iter().filter(|row| !row.faults.is_empty()).count();
    rows.sort_by_key(|row| (row.faults.is_empty(), row.line));
    let pages = rows.len().div_ceil(IMPORT_PAGE_ROWS).max(1);
    let page = usize::try_from(page).unwrap_or(1).clamp(1, pages);
    let rows = rows.into_iter().skip((page - 1) * IMPORT_PAGE_ROWS).take(IMPORT_PAGE_ROWS).collect();
    Ok(ImportFile {
        id: import,
        name: stored.file_name,
        state: ImportState::from_code(&stored.state)
            .ok_or_else(|| Failure::broken("people_import", "state", stored.id))?,
        good,
        faulty: i64::try_from(faulty).unwrap_or(i64::MAX),
        rows,
        page: u32::try_from(page).unwrap_or(1),
        pages: u32::try_from(pages).unwrap_or(u32::MAX),
    })
}

/// How many rows are good, or were saved, and the rows that are left to look at.
async fn results(service: &Service, person: &Person, stored: &Stored) -> Outcome<(i64, Vec<ImportRow>)> {
    if let Some(outcome) = &stored.outcome {
        let left: Left = serde_json::from_str(outcome)
            .map_err(|_| Failure::broken("people_import", "outcome", stored.id))?;
        return Ok((left.added, left.faulty));
    }
    let rows = check::check(service.database.reader(), person, file::rows(&stored.content)?).await?;
    let rows: Vec<ImportRow> = rows.into_iter().map(|row| row.shown).collect();
    let good = rows.iter().filter(|row| row.faults.is_empty()).count();
    Ok((i64::try_from(good).unwrap_or(i64::MAX), rows))
}

async fn find(service: &Service, person: &Person, import: PeopleImportId) -> Outcome<Stored> {
    let text = "select id, file_name, content, state, outcome from people_import
        where id = $1 and organization_id = $2 and person_id = $3";
    let values = [import.0.into(), person.organization.0.into(), person.id.0.into()];
    Ok(sql::one::<Stored>(service.database.reader(), text, values)
        .await?
        .ok_or_else(|| Error::new(ErrorCode::NotFound))?)
}
