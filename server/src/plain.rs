//! Answers where no page of the app can be rendered: plain, in the reader's language, with the way on.

use std::sync::Arc;

use app::refusal::status;
use app::routes::escaped;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFRESH};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Error, ErrorCode, Language};
use service::Failure;

use crate::caller::{self, Caller};
use crate::router::Site;

/// What provisioning programs read.
const SCIM: &str = crate::provisioning::MEDIA_TYPE;
/// Where pages ask in the background.
const DATA: &str = "/api/";
/// The style sheet is all that it loads.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A refusal in the shape that whoever asks reads: data for what pages ask in the background, else a
/// page of its own.
pub fn refusal(site: &Site, path: &str, language: Language, error: &Error) -> Response {
    if path.starts_with(crate::provisioning::ROOT) {
        crate::provisioning::error(status(error.code), None, error.code.code())
    } else if path.starts_with(DATA) {
        (status(error.code), axum::Json(error)).into_response()
    } else {
        failure(site, language, error)
    }
}

/// Answers a refusal with a page of its own; what the rights refuse goes into the trail. `attempt` is the code of
/// what was tried.
pub async fn refused(site: &Site, caller: &Caller, attempt: &'static str, cause: &Failure) -> Response {
    service::audit::denied(&site.service, &caller.request, attempt, cause).await;
    tracing::info!(request = %caller.request.id, attempt, %cause, "a file was refused");
    failure(site, caller.language, &cause.told())
}

/// A refusal as a page of its own.
pub fn failure(site: &Site, language: Language, error: &Error) -> Response {
    let texts = locales::texts(language);
    let text = format!(
        "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
        <meta name=\"color-scheme\" content=\"light dark\">\
        <title>{title}</title><link rel=\"stylesheet\" href=\"{assets}/style.css\"></head>\
        <body><main class=\"page\" id=\"main\"><h1 class=\"h3\">{said}</h1>\
        <p><a href=\"/\">{home}</a></p></main></body></html>",
        tag = language.tag(),
        title = escaped(&texts.common_page_title(texts.page_refused_title())),
        assets = site.assets,
        said = escaped(&locales::refusal(texts, error)),
        home = escaped(texts.page_to_dashboard()),
    );
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
    (status(error.code), headers, text).into_response()
}

/// Leads on to another site. A redirect would be refused: pages may post to this site only, and to
/// browsers the answer to a post belongs to it.
pub fn onward(site: &Site, language: Language, address: &str) -> Response {
    let texts = locales::texts(language);
    let host = url_host(address);
    let text = format!(
        "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
        <meta name=\"color-scheme\" content=\"light dark\">\
        <meta name=\"referrer\" content=\"no-referrer\">\
        <title>{title}</title><link rel=\"stylesheet\" href=\"{assets}/style.css\"></head>\
        <body><main class=\"page\" id=\"main\"><h1 class=\"h3\">{heading}</h1><p>{said}</p>\
        <p><a class=\"button primary\" href=\"{address}\">{link}</a></p></main></body></html>",
        tag = language.tag(),
        title = escaped(&texts.common_page_title(texts.directory_onward_title())),
        assets = site.assets,
        heading = escaped(texts.directory_onward_title()),
        said = escaped(&texts.directory_onward_text(host)),
        address = escaped(address).replace('"', "&quot;"),
        link = escaped(texts.directory_onward_link()),
    );
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
    let mut response = (StatusCode::OK, headers, text).into_response();
    // An address that no header can carry is still behind the link.
    if let Ok(value) = HeaderValue::from_str(&format!("0;url={address}")) {
        response.headers_mut().insert(REFRESH, value);
    }
    response
}

/// The host of an address, for a reader.
fn url_host(address: &str) -> String {
    address.parse::<axum::http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default()
}

/// Gives words to what the layers refuse before a handler sees it: another site's post, a body that
/// is too large, a panic.
pub async fn explain(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let language = caller::language(request.headers(), site.secure);
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let code = match response.status() {
        StatusCode::FORBIDDEN => ErrorCode::ForeignOrigin,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
        StatusCode::INTERNAL_SERVER_ERROR => ErrorCode::Internal,
        _ => return response,
    };
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/html") || kind.starts_with("application/json") || kind == SCIM {
        return response;
    }
    refusal(&site, &path, language, &Error::new(code))
}
