//! SCIM 2.0 (RFC 7643, RFC 7644) under `/scim/v2`: HTTP and JSON of what `service::provisioning` does.
//!
//! A program comes with its company's token and nothing else: cookies aren't read here, so no session
//! opens anything, and no page of another site can make a browser ask.

mod answer;
mod body;
mod discovery;
mod groups;
mod projection;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use service::Actor;
use service::provisioning::calls::CallLimits;
use service::provisioning::tokens;

use crate::caller;
use crate::router::Site;
use crate::watched;

pub(crate) use answer::{MEDIA_TYPE, error};

/// Where everything of it stands.
pub const ROOT: &str = "/scim/v2";
const CONFIGURATION: &str = "/ServiceProviderConfig";
const TYPES: &str = "/ResourceTypes";
const TYPE: &str = "/ResourceTypes/{id}";
const SCHEMAS: &str = "/Schemas";
const SCHEMA: &str = "/Schemas/{id}";
const USERS: &str = "/Users";
const USERS_SEARCH: &str = "/Users/.search";
const USER: &str = "/Users/{id}";
const GROUPS: &str = "/Groups";
const GROUPS_SEARCH: &str = "/Groups/.search";
const GROUP: &str = "/Groups/{id}";
const SEARCH: &str = "/.search";

/// What answers there, below [`ROOT`].
pub const ROUTES: &[&str] = &[
    CONFIGURATION,
    TYPES,
    TYPE,
    SCHEMAS,
    SCHEMA,
    USERS,
    USERS_SEARCH,
    USER,
    GROUPS,
    GROUPS_SEARCH,
    GROUP,
    SEARCH,
];

/// So large may a body be: a group with some thousand members.
const MAX_BODY: usize = 512 * 1024;

/// What the handlers share.
struct Scim {
    site: Arc<Site>,
    limits: CallLimits,
}

/// The routes, each behind a token.
pub fn router(site: Arc<Site>) -> Router<Arc<Site>> {
    let scim = Arc::new(Scim { site, limits: CallLimits::default() });
    let routes = Router::new()
        .route(CONFIGURATION, get(discovery::configuration))
        .route(TYPES, get(discovery::types))
        .route(TYPE, get(discovery::one_type))
        .route(SCHEMAS, get(discovery::schemas))
        .route(SCHEMA, get(discovery::one_schema))
        .route(USERS, get(users::list).post(users::create))
        .route(USERS_SEARCH, post(users::search))
        .route(USER, get(users::get).put(users::replace).patch(users::patch).delete(users::remove))
        .route(GROUPS, get(groups::list).post(groups::create))
        .route(GROUPS_SEARCH, post(groups::search))
        .route(GROUP, get(groups::get).put(groups::replace).patch(groups::patch).delete(groups::remove))
        .route(SEARCH, post(groups::search_everything))
        .fallback(async || error(StatusCode::NOT_FOUND, None, "There is nothing at this address."))
        .method_not_allowed_fallback(async || {
            error(StatusCode::METHOD_NOT_ALLOWED, None, "This can't be done at this address.")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(scim.clone(), identify))
        .with_state(scim);
    Router::new().nest(ROOT, routes)
}

/// Finds out whose token it is and puts the asker beside the request.
async fn identify(State(scim): State<Arc<Scim>>, mut request: Request, next: Next) -> Response {
    let service = &scim.site.service;
    let Some(token) = bearer(request.headers()) else { return unauthorized("Bearer") };
    let token = match tokens::find(service, token).await {
        Ok(Some(token)) => token,
        Ok(None) => return unauthorized("Bearer error=\"invalid_token\""),
        Err(failure) => return answer::refused(&failure.into()),
    };
    match scim.limits.check(service, token.id).await {
        Ok(None) => {}
        Ok(Some(wait)) => {
            let mut response = error(StatusCode::TOO_MANY_REQUESTS, None, "Too many requests at once.");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
            return response;
        }
        Err(failure) => return answer::refused(&failure.into()),
    }
    let asking = service::Request {
        actor: Actor::Token(token),
        address: caller::address(&scim.site, &request),
        id: watched::id_of(&scim.site, &request),
    };
    request.extensions_mut().insert(asking);
    let mut response = next.run(request).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorized(challenge: &'static str) -> Response {
    let mut response = error(StatusCode::UNAUTHORIZED, None, "A valid token is needed.");
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}
