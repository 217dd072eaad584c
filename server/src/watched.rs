//! Every request has an id: in the lines of the log that it causes, in the trail, in its answer. And every
//! answer is counted, by the pattern of its address.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use leptos::server_fn::axum::server_fn_paths;
use tracing::Instrument;

use crate::router::Site;

/// The answer's header with the id.
pub const REQUEST_ID: &str = "x-request-id";
/// Where pages ask in the background.
const FUNCTIONS: &str = "/api/{*function}";

/// The id of a request.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The id that the request was given on its way in.
pub(crate) fn id_of(site: &Site, request: &Request) -> String {
    let given = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    given.unwrap_or_else(|| site.service.new_id().simple().to_string())
}

/// Gives the request its id, and counts the answer. What a client calls its request counts for nothing:
/// the id stands in the trail.
pub async fn watch(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let id = site.service.new_id().simple().to_string();
    let route = route(&request);
    let method = method(request.method());
    let span = tracing::error_span!("request", id = %id, method, route = %route);
    request.extensions_mut().insert(RequestId(id.clone()));
    let counted = site.metrics.begin_request();
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = begun.elapsed();
    drop(counted);
    site.metrics.answered(&route, method, response.status(), took);
    span.in_scope(|| {
        tracing::debug!(
            status = response.status().as_u16(),
            milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The pattern of the address, of which there are few: no address itself, which may be a secret.
fn route(request: &Request) -> String {
    let path = request.uri().path();
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(FUNCTIONS) => {
            let known = server_fn_paths().any(|(known, _)| known == path);
            if known { path.to_owned() } else { "other".to_owned() }
        }
        Some(pattern) => pattern.to_owned(),
        None => page_pattern(path).unwrap_or("other").to_owned(),
    }
}

fn page_pattern(path: &str) -> Option<&'static str> {
    let addresses = app::routes::ADDRESSES;
    let exact = addresses.iter().find(|address| **address == path);
    exact.or_else(|| addresses.iter().find(|address| fits(address, path))).copied()
}

fn fits(address: &str, path: &str) -> bool {
    let (mut parts, mut given) = (address.split('/'), path.split('/'));
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(text)) if part == text || part.starts_with(':') && !text.is_empty() => {}
            _ => return false,
        }
    }
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::page_pattern;

    #[test]
    fn an_address_is_told_by_its_pattern_only() {
        for (path, pattern) in [
            ("/", Some("/")),
            ("/orders", Some("/orders")),
            ("/orders/1042", Some("/orders/:number")),
            ("/reset-password/0123456789abcdef", Some("/reset-password/:token")),
            ("/reset-password/", None),
            ("/orders/1042/more", None),
            ("/wp-login.php", None),
        ] {
            assert_eq!(page_pattern(path), pattern, "{path}");
        }
    }
}
