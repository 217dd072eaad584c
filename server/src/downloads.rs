//! Downloads of software packages.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::ids::GrantId;
use uuid::Uuid;

use crate::caller::{Caller, encode};
use crate::plain;
use crate::router::Site;

/// Hands out a package of a granted product and records it.
pub async fn download(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path((grant, download)): Path<(String, String)>,
) -> Response {
    let found = match (grant.parse::<GrantId>(), Uuid::try_parse(&download)) {
        (Ok(grant), Ok(download)) => {
            service::keys::downloads::open_download(&site.service, &caller.request, grant, download).await
        }
        _ => Err(domain::ErrorCode::NotFound.into()),
    };
    match found {
        Ok(file) => {
            let name = format!("attachment; filename*=UTF-8''{}", encode(&file.file_name));
            (
                [(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)],
                file.content,
            )
                .into_response()
        }
        Err(failure) => plain::refused(&site, &caller, "download", &failure).await,
    }
}
