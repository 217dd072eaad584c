//! Downloads of software packages.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use domain::ids::GrantId;
use service::keys::downloads::{HandedOut, open_download};
use uuid::Uuid;

use crate::caller::{Caller, encode};
use crate::plain;
use crate::router::Site;

/// Hands out a package of a granted product and records it; one that has an address is found there.
pub async fn download(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path((grant, download)): Path<(String, String)>,
) -> Response {
    let found = match (grant.parse::<GrantId>(), Uuid::try_parse(&download)) {
        (Ok(grant), Ok(download)) => open_download(&site.service, &caller.request, grant, download).await,
        _ => Err(domain::ErrorCode::NotFound.into()),
    };
    match found {
        Ok(HandedOut::At(address)) => (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response(),
        Ok(HandedOut::StandIn(file)) => {
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
