//! Files about people: the template and the upload of an import, its faulty rows, the list as a table.

use std::sync::Arc;

use axum::Extension;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use domain::ids::PeopleImportId;
use domain::view::people_import::IMPORT_BYTES_MAX;
use domain::{Error, ErrorCode};
use service::people::import;
use service::{Failure, Outcome};

use crate::caller::Caller;
use crate::plain;
use crate::router::Site;

/// The page that an upload leads back to.
const PAGE: &str = "/account/users/import";

/// The template of an import, in the reader's language.
pub async fn template(State(site): State<Arc<Site>>, Extension(caller): Extension<Caller>) -> Response {
    let table = caller.request.person().and_then(|_| import::template(caller.language));
    answer(&site, &caller, "users-template.csv", table).await
}

/// The rows of an import that have a fault.
pub async fn faulty(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(import): Path<String>,
) -> Response {
    let table = match import.parse::<PeopleImportId>() {
        Ok(import) => import::faulty(&site.service, &caller.request, caller.language, import).await,
        Err(_) => Err(ErrorCode::NotFound.into()),
    };
    answer(&site, &caller, "users-to-correct.csv", table).await
}

/// Takes the file of an import and leads to what would come of it, or back with what is wrong.
pub async fn upload(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let read = match form {
        Ok(form) => file_of(form).await,
        Err(_) => Err(ErrorCode::NotText.into()),
    };
    let outcome = match read {
        Ok((name, content)) => import::upload(&site.service, &caller.request, &name, &content).await,
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(import) => lead(&format!("{PAGE}?import={import}")),
        Err(failure) => {
            let told = failure.told();
            if about_the_file(told.code) {
                return lead(&format!("{PAGE}?fault={}", told.code.code()));
            }
            refused(&site, &caller, &failure).await
        }
    }
}

/// What the page itself says about a file.
const fn about_the_file(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::TooLarge
            | ErrorCode::NotText
            | ErrorCode::MissingColumn
            | ErrorCode::NoRows
            | ErrorCode::TooManyRows
            | ErrorCode::Required
    )
}

/// Name and content of the form's file.
async fn file_of(mut form: Multipart) -> Result<(String, Vec<u8>), Error> {
    loop {
        let field = form.next_field().await.map_err(|_| Error::new(ErrorCode::NotText))?;
        let Some(mut field) = field else { return Err(ErrorCode::Required.into()) };
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(ErrorCode::Required.into());
        }
        let mut content = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|_| Error::new(ErrorCode::TooLarge))? {
            if content.len() + chunk.len() > IMPORT_BYTES_MAX {
                return Err(ErrorCode::TooLarge.into());
            }
            content.extend_from_slice(&chunk);
        }
        return Ok((name, content));
    }
}

fn lead(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path.to_owned())]).into_response()
}

async fn answer(site: &Site, caller: &Caller, name: &str, table: Outcome<Vec<u8>>) -> Response {
    match table {
        Ok(table) => {
            let headers = [
                (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
                (CACHE_CONTROL, "no-store".to_owned()),
            ];
            (headers, table).into_response()
        }
        Err(failure) => refused(site, caller, &failure).await,
    }
}

async fn refused(site: &Site, caller: &Caller, failure: &Failure) -> Response {
    plain::refused(site, caller, "people_import", failure).await
}
