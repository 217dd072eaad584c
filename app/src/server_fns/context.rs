//! What a server function finds in its context.

use domain::view::form::Said;
use domain::{Error, ErrorCode};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use serde::Serialize;
use service::{Actor, Failure, Request, Service};

use crate::forms::{Posted, Unclaimed};
use crate::loaded::Loaded;
use crate::refusal::{Refusal, is_passing, status};

/// The browser at the other end.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Token of the session cookie.
    pub session_token: Option<String>,
    /// Token that goes on from the right password to the second factor.
    pub step_token: Option<String>,
    /// `User-Agent`.
    pub agent: String,
    /// A message that the page before left for this one.
    pub flash: Option<Said>,
}

/// The use cases.
///
/// # Errors
/// [`ErrorCode::Internal`] where the server did not provide them.
pub fn service() -> Result<Service, Refusal> {
    use_context::<Service>().ok_or(Refusal(Error::new(ErrorCode::Internal)))
}

/// Who asks.
#[must_use]
pub fn request() -> Request {
    use_context::<Request>().unwrap_or_else(|| Request {
        actor: Actor::Nobody,
        address: String::new(),
        id: String::new(),
    })
}

/// The path that was asked for, cut where it is long; none where a form was sent, whose own refusal is
/// recorded, and the page follows as its answer.
fn path() -> Option<String> {
    if use_context::<Posted>().is_some() || use_context::<Unclaimed>().is_some() {
        return None;
    }
    Some(use_context::<http::request::Parts>()?.uri.path().chars().take(120).collect())
}

/// Turns a failure into what the reader is told, with its HTTP status; the log has the cause.
#[must_use]
pub fn refuse(failure: Failure) -> Refusal {
    let told = failure.told();
    if is_passing(&told) {
        let id = request().id;
        tracing::error!(request = %id, cause = %failure, "a use case failed");
        if let Some(options) = use_context::<ResponseOptions>() {
            options.set_status(status(told.code));
        }
        return Refusal(told.with_detail(id));
    }
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(status(told.code));
    }
    Refusal(told)
}

/// The answer to a page's question, with a fresh base for its operation ids. A refusal for lack of a right
/// is in the audit trail, with the path that was asked for.
///
/// # Errors
/// What the use case refused.
pub async fn answer<T: Serialize>(
    service: &Service,
    outcome: Result<T, Failure>,
) -> Result<Loaded<T>, Refusal> {
    if let (Err(failure), Some(path)) = (&outcome, path()) {
        service::audit::denied(service, &request(), &path, failure).await;
    }
    let data = outcome.map_err(refuse)?;
    Loaded::new(service.new_id().simple().to_string(), &data).map_err(|error| {
        tracing::error!(request = %request().id, cause = %error, "an answer could not be packed");
        Refusal(Error::new(ErrorCode::Internal))
    })
}
