//! Files of payments: proofs of a bank transfer, given and looked at; notices of the payment processor.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::order::PROOF_MAX_BYTES;
use domain::{Error, ErrorCode};
use service::purchases::transfer::Proof;
use service::purchases::{processor_notice, transfer};
use service::{Failure, Outcome};
use uuid::Uuid;

use crate::caller::Caller;
use crate::plain;
use crate::router::Site;

/// Takes a proof of a bank transfer and leads back to its order.
pub async fn give_proof(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    // Nothing is read of somebody who may not.
    if let Err(failure) = transfer::may_give_proof(&site.service, &caller.request).await {
        return refused(&site, &caller, &failure).await;
    }
    let outcome = match number.parse::<i64>() {
        Err(_) => Err(ErrorCode::NotFound.into()),
        Ok(number) => match file_of(form).await {
            Ok((name, content)) => {
                transfer::give_proof(&site.service, &caller.request, number, &name, content).await
            }
            Err(error) => Err(error.into()),
        },
    };
    match outcome {
        Ok(()) => lead(&format!("/orders/{number}")),
        Err(failure) => {
            let code = failure.told().code;
            if about_the_file(code) {
                return lead(&format!("/orders/{number}?fault={}", code.code()));
            }
            refused(&site, &caller, &failure).await
        }
    }
}

/// A proof of one's own company.
pub async fn proof(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let proof = match id.parse::<Uuid>() {
        Ok(id) => transfer::proof(&site.service, &caller.request, id).await,
        Err(_) => Err(ErrorCode::NotFound.into()),
    };
    download(&site, &caller, proof).await
}

/// A proof, for operators.
pub async fn proof_for_operator(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let proof = match id.parse::<Uuid>() {
        Ok(id) => transfer::proof_for_operator(&site.service, &caller.request, id).await,
        Err(_) => Err(ErrorCode::NotFound.into()),
    };
    download(&site, &caller, proof).await
}

/// As a download: what a stranger made is never shown within the portal.
async fn download(site: &Site, caller: &Caller, proof: Outcome<Proof>) -> Response {
    match proof {
        Ok(proof) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static(proof.kind.code())),
                (CONTENT_DISPOSITION, disposition(&proof.name)),
                (CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
            ];
            (headers, proof.content).into_response()
        }
        Err(failure) => refused(site, caller, &failure).await,
    }
}

/// Hears a notice of the payment processor; nothing is said about why one isn't heard.
pub async fn notice(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(processor): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signature = headers.get("payment-signature").and_then(|value| value.to_str().ok());
    let heard = processor_notice::hear(
        &site.service,
        &caller.request,
        &processor,
        signature.unwrap_or_default(),
        &body,
    );
    match heard.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failure) => {
            tracing::info!(request = %caller.request.id, cause = %failure, "a payment notice was not heard");
            match failure.told().code {
                ErrorCode::NotFound => StatusCode::NOT_FOUND,
                ErrorCode::ForeignOrigin => StatusCode::FORBIDDEN,
                ErrorCode::Invalid => StatusCode::BAD_REQUEST,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            }
            .into_response()
        }
    }
}

/// What the order's page itself says about a file.
const fn about_the_file(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::TooLarge
            | ErrorCode::Required
            | ErrorCode::ProofNotReadable
            | ErrorCode::TooManyProofs
            | ErrorCode::OrderSettled
    )
}

/// Saved under its own name, whatever letters that has.
fn disposition(name: &str) -> HeaderValue {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{encoded}"))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

async fn file_of(form: Result<Multipart, MultipartRejection>) -> Result<(String, Vec<u8>), Error> {
    let mut form = form.map_err(|_| Error::new(ErrorCode::ProofNotReadable))?;
    loop {
        let field = form.next_field().await.map_err(|_| Error::new(ErrorCode::ProofNotReadable))?;
        let Some(mut field) = field else { return Err(ErrorCode::Required.into()) };
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(ErrorCode::Required.into());
        }
        let (mut content, mut large) = (Vec::new(), false);
        while let Some(chunk) = field.chunk().await.map_err(|_| Error::new(ErrorCode::TooLarge))? {
            // Read to its end without being kept: a browser that still sends doesn't hear an answer.
            large |= content.len() + chunk.len() > PROOF_MAX_BYTES;
            if !large {
                content.extend_from_slice(&chunk);
            }
        }
        return if large { Err(ErrorCode::TooLarge.into()) } else { Ok((name, content)) };
    }
}

fn lead(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path.to_owned())]).into_response()
}

async fn refused(site: &Site, caller: &Caller, failure: &Failure) -> Response {
    plain::refused(site, caller, "payment_proof", failure).await
}
