//! The catalogue as a file, for version control: taken away, and put into the place of a draft.

use std::sync::Arc;

use app::forms::submission::{Performed, Submission};
use axum::Extension;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::operation::OperationId;
use domain::view::form::Done;
use domain::{Error, ErrorCode};
use serde::Deserialize;
use service::catalogue::drafts::{self, WantedDraft};
use service::catalogue::file::LARGEST;
use service::{Actor, Outcome};

use crate::caller::Caller;
use crate::router::Site;
use crate::{key_files, page, plain};

/// Code of the form with a file, as the draft's page has it.
const REPLACE: &str = "replace_catalogue_draft";

/// What the address asks for.
#[derive(Deserialize)]
pub struct Wanted {
    /// A draft or an earlier version; without it the catalogue in force.
    draft: Option<String>,
}

/// The catalogue in force, or a draft.
pub async fn export(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Query(wanted): Query<Wanted>,
) -> Response {
    match service::catalogue::page::export(&site.service, &caller.request, wanted.draft.as_deref()).await {
        Ok(text) => {
            let headers = [
                (CONTENT_TYPE, "application/toml; charset=utf-8"),
                (CONTENT_DISPOSITION, "attachment; filename=\"catalogue.toml\""),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, text).into_response()
        }
        Err(failure) => plain::refused(&site, &caller, "catalogue", &failure).await,
    }
}

/// Takes what a draft's page posts: its forms, or a file that takes the place of what the draft says.
pub async fn post(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(draft): Path<String>,
    request: Request,
) -> Response {
    if !has_file(request.headers()) {
        return page::post(State(site), Extension(caller), request).await;
    }
    if matches!(caller.request.actor, Actor::Nobody) {
        return page::to_sign_in(&request);
    }
    let pairs: &[(&str, &str)] = &[("form", REPLACE), ("target", &draft)];
    let form = match Submission::parse(&serde_html_form::to_string(pairs).unwrap_or_default()) {
        Ok(form) => form,
        Err(error) => return plain::failure(&site, caller.language, &error),
    };
    let (parts, body) = request.into_parts();
    let file = Request::from_parts(parts.clone(), body);
    let outcome = replace(&site, &caller, &draft, file).await;
    if let Err(failure) = &outcome {
        service::audit::denied(&site.service, &caller.request, REPLACE, failure).await;
        tracing::info!(request = %caller.request.id, cause = %failure, "a file of the catalogue was refused");
    }
    page::answer(&site, caller, parts, &form, outcome).await
}

fn has_file(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

async fn replace(site: &Site, caller: &Caller, draft: &str, request: Request) -> Outcome<Performed> {
    // Nothing is read of somebody who may not.
    drafts::may_change(&caller.request)?;
    let Filled { operation, version, file } = read(request).await?;
    let operation = OperationId::parse(&operation)?;
    let version = version.parse::<i64>().map_err(|_| ErrorCode::Stale)?;
    let wanted = WantedDraft { draft: draft.parse()?, version };
    let text = String::from_utf8(file).map_err(|_| ErrorCode::CatalogueUnreadable)?;
    if text.trim().is_empty() {
        return Err(ErrorCode::CatalogueUnreadable.into());
    }
    let found = drafts::replace(&site.service, &caller.request, operation, wanted, &text).await?;
    let found = i64::try_from(found).unwrap_or(i64::MAX);
    let message = locales::texts(caller.language).catalogue_done_replaced(found);
    Ok(Done { message, ..Done::default() }.into())
}

/// The form as it came.
#[derive(Default)]
struct Filled {
    operation: String,
    version: String,
    file: Vec<u8>,
}

async fn read(request: Request) -> Result<Filled, Error> {
    let unreadable = || Error::new(ErrorCode::CatalogueUnreadable);
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    let mut filled = Filled::default();
    while let Some(part) = form.next_field().await.map_err(|_| unreadable())? {
        match part.name().unwrap_or_default() {
            "operation" => filled.operation = key_files::text(part).await?,
            "version" => filled.version = key_files::text(part).await?,
            "file" => filled.file = key_files::bytes(part, LARGEST).await?,
            _ => {}
        }
    }
    Ok(filled)
}
