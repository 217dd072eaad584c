//! The catalogue as a file, for version control.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::caller::Caller;
use crate::plain;
use crate::router::Site;

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
