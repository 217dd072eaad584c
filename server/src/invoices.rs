//! Invoices and credit notes as files.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use service::purchases::invoice_document;
use service::{Failure, Outcome};

use crate::caller::Caller;
use crate::plain;
use crate::router::Site;

/// A document of one's own company, in one's own language.
pub async fn invoice(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Response {
    match file(&site, &caller, &number).await {
        Ok((name, content)) => {
            let headers = [
                (CONTENT_TYPE, "application/pdf".to_owned()),
                (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
                (CACHE_CONTROL, "no-store".to_owned()),
            ];
            (headers, content).into_response()
        }
        Err(failure) => plain::refused(&site, &caller, "invoice", &failure).await,
    }
}

/// Name and content.
async fn file(site: &Site, caller: &Caller, number: &str) -> Outcome<(String, Vec<u8>)> {
    // What is no number is no document, to whoever may see documents.
    let number = number.parse().unwrap_or(0);
    let invoice = invoice_document::invoice(&site.service, &caller.request, caller.language, number).await?;
    match invoice.pdf() {
        Ok(content) => Ok((invoice.file_name(), content)),
        Err(error) => {
            tracing::error!(request = %caller.request.id, cause = %error, "an invoice has no file");
            Err(Failure::broken("invoice", "file", number))
        }
    }
}
