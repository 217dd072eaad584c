//! Whether the process lives, and whether it can do its work: for whatever starts it, watches it or leads
//! requests to it. Nobody signs in for it, no cookie is read, and the answers tell nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use service::Database;
use tokio::sync::watch;

/// The process lives; it asks nobody.
pub const ALIVE: &str = "/healthz";
/// It can do its work.
pub const READY: &str = "/readyz";

/// So long may the database take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What readiness stands on.
#[derive(Clone)]
struct Standing {
    database: Database,
    stopping: watch::Receiver<bool>,
}

/// Both addresses.
pub fn router<S: Clone + Send + Sync + 'static>(
    database: Database,
    stopping: watch::Receiver<bool>,
) -> Router<S> {
    Router::new()
        .route(ALIVE, get(async || said(StatusCode::OK, "alive")))
        .route(READY, get(ready))
        .with_state(Arc::new(Standing { database, stopping }))
}

async fn ready(State(standing): State<Arc<Standing>>) -> Response {
    if *standing.stopping.borrow() {
        return said(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    match tokio::time::timeout(PATIENCE, standing.database.is_current()).await {
        Ok(Ok(true)) => said(StatusCode::OK, "ready"),
        Ok(Ok(false)) => said(StatusCode::SERVICE_UNAVAILABLE, "the database is older than the program"),
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "not ready: the database does not answer");
            said(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
        }
        Err(_) => {
            tracing::warn!(seconds = PATIENCE.as_secs(), "not ready: the database does not answer in time");
            said(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
        }
    }
}

fn said(status: StatusCode, text: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}
