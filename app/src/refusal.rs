//! How a refusal travels from a server function to the page.

use domain::{Error, ErrorCode};
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// A refusal by a rule, or a failure of the way there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusal(pub Error);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromServerFnError for Refusal {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        let code = match value {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => ErrorCode::Unavailable,
            _ => ErrorCode::Internal,
        };
        Self(Error::new(code))
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self(Error::new(code))
    }
}

/// Whether trying again may help: the way there failed, or the server is in trouble. Then `detail` is
/// the id of the request, under which the log has the cause.
#[must_use]
pub const fn is_passing(error: &Error) -> bool {
    matches!(error.code, ErrorCode::Unavailable | ErrorCode::Internal)
}

/// The HTTP status that says the same as the code.
#[cfg(feature = "ssr")]
#[must_use]
pub const fn status(code: ErrorCode) -> http::StatusCode {
    use http::StatusCode;
    match code {
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::SignInNeeded => StatusCode::UNAUTHORIZED,
        ErrorCode::RoleNeeded
        | ErrorCode::WrongSide
        | ErrorCode::ForeignOrigin
        | ErrorCode::RoleNotGrantable => StatusCode::FORBIDDEN,
        ErrorCode::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::Stale
        | ErrorCode::OperationReused
        | ErrorCode::AlreadyHolds
        | ErrorCode::AlreadyDecided
        | ErrorCode::AlreadyRequested
        | ErrorCode::RemindedAlready
        | ErrorCode::NoSeatLeft
        | ErrorCode::NothingGranted
        | ErrorCode::SeatReleased
        | ErrorCode::LastGlobalAdmin
        | ErrorCode::LastProgrammeAdmin
        | ErrorCode::WrongState => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
