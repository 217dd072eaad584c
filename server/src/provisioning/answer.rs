//! Answers: resources, lists, errors.

use app::refusal::status;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::moment::Zone;
use domain::{ErrorCode, Moment};
use serde_json::{Value, json};
use service::provisioning::Refusal;
use service::{Failure, Request};

use super::Scim;

/// The media type of every body.
pub(crate) const MEDIA_TYPE: &str = "application/scim+json";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// A body with its status.
pub(super) fn body(status: StatusCode, value: &Value) -> Response {
    (status, [(CONTENT_TYPE, MEDIA_TYPE)], value.to_string()).into_response()
}

/// An error as RFC 7644 writes it (section 3.12).
pub(crate) fn error(status: StatusCode, kind: Option<&str>, detail: &str) -> Response {
    let mut value = json!({ "schemas": [ERROR], "status": status.as_u16().to_string(), "detail": detail });
    if let Some(kind) = kind {
        value["scimType"] = kind.into();
    }
    body(status, &value)
}

/// A refusal of the service.
pub(super) fn refused(refusal: &Refusal) -> Response {
    let bad = |kind, detail: &str| error(StatusCode::BAD_REQUEST, Some(kind), detail);
    match refusal {
        Refusal::Filter(detail) => bad("invalidFilter", detail),
        Refusal::Syntax(detail) => bad("invalidSyntax", detail),
        Refusal::Path(detail) => bad("invalidPath", detail),
        Refusal::Target(detail) => bad("noTarget", detail),
        Refusal::Value(detail) => bad("invalidValue", detail),
        Refusal::Mutability(detail) => bad("mutability", detail),
        Refusal::Uniqueness(detail) => error(StatusCode::CONFLICT, Some("uniqueness"), detail),
        Refusal::Forbidden(detail) => error(StatusCode::FORBIDDEN, None, detail),
        Refusal::Stale => error(StatusCode::PRECONDITION_FAILED, None, "It changed since that version."),
        Refusal::Failure(failure) => {
            let told = failure.told();
            let detail = match told.code {
                ErrorCode::NotFound => "There is nothing with this id.",
                ErrorCode::SignInNeeded => "A valid token is needed.",
                ErrorCode::Unavailable => "The portal can't do this at the moment.",
                ErrorCode::Internal => "The portal failed; its log says why.",
                _ => "The portal's rules don't allow this.",
            };
            error(status(told.code), None, detail)
        }
    }
}

/// The same, with the log and, for what the rights refuse, the audit trail.
pub(super) async fn refuse(scim: &Scim, request: &Request, refusal: Refusal) -> Response {
    if let Refusal::Forbidden(_) = refusal {
        let failure = Failure::from(ErrorCode::RoleNotGrantable);
        service::audit::denied(&scim.site.service, request, "provisioning", &failure).await;
    }
    if let Refusal::Failure(failure) = &refusal {
        tracing::info!(request = %request.id, cause = %failure, "a call of a provisioning program failed");
    }
    refused(&refusal)
}

/// A resource with its version, and its address where it is new.
pub(super) fn resource(headers: &HeaderMap, new: bool, value: &Value) -> Response {
    let text = |name: &str| value.pointer(&format!("/meta/{name}")).and_then(Value::as_str);
    let (version, location) = (text("version"), text("location"));
    let known = headers.get("if-none-match").and_then(|tag| tag.to_str().ok());
    if !new && version.is_some() && known.is_some_and(|known| Some(known.trim()) == version) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut response = body(if new { StatusCode::CREATED } else { StatusCode::OK }, value);
    let mut set = |name, text: Option<&str>| {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            response.headers_mut().insert(name, value);
        }
    };
    set(ETAG, version);
    set(LOCATION, location.filter(|_| new));
    response
}

/// A part of a list.
pub(super) fn list(total: i64, start: i64, rows: Vec<Value>) -> Response {
    let value = json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": rows.len(),
        "Resources": rows,
    });
    body(StatusCode::OK, &value)
}

/// What every resource says about itself.
pub(super) fn meta(kind: &str, location: &str, created: Moment, version: i64) -> Value {
    json!({
        "resourceType": kind,
        "created": Zone::named("UTC").iso(created),
        "location": location,
        "version": format!("W/\"{version}\""),
    })
}

/// The version that a change is about; none where any will do.
///
/// # Errors
/// [`Refusal::Stale`] for one that no resource has.
pub(super) fn wanted_version(headers: &HeaderMap) -> Result<Option<i64>, Refusal> {
    let Some(tag) = headers.get("if-match") else { return Ok(None) };
    let tag = tag.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Ok(None);
    }
    let number = tag.trim_start_matches("W/").trim_matches('"').parse();
    number.map(Some).map_err(|_| Refusal::Stale)
}
