//! Pages: every address that is nothing else. A GET renders it, a POST carries out its form and
//! answers with the page itself or leads to the next one.

use std::sync::Arc;

use app::document::Scripts;
use app::forms::submission::{Cookies, Performed, Reader, Submission, carry_out};
use app::forms::{Claimed, Posted, Unclaimed};
use app::refusal::{is_passing, status};
use app::server_fns::context::Browser;
use app::server_fns::portal::DemoMode;
use app::site::AssetBase;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::view::form::{Done, Said};
use domain::{Error, ErrorCode};
use leptos::nonce::Nonce;
use leptos::prelude::provide_context;
use leptos::reactive::owner::Owner;
use leptos::server_fn::axum::server_fn_paths;
use service::directories::sign_in::{self, Brought};
use service::{Actor, Failure};

use crate::caller::{self, Caller, flash_cookie, language_cookie, session_cookie, step_cookie};
use crate::headers::page_policy;
use crate::plain;
use crate::router::Site;

/// So long may the arguments of a server function be: a form's body as JSON, where every character
/// may take two.
const MAX_CALL: usize = 2 * app::forms::submission::MAX_BYTES;

/// Addresses that need no session.
fn is_public(path: &str) -> bool {
    matches!(
        path,
        "/sign-in" | "/sign-in/second-factor" | "/forgotten-password" | "/enrol" | "/enrol/account"
    ) || path.starts_with("/enrol/link/")
        || path.starts_with("/enrol/contact/")
        || path.starts_with("/sign-in/directory")
        || path.starts_with("/invitation/")
        || path.starts_with("/reset-password/")
}

/// Renders a page.
pub async fn get(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let nobody = matches!(caller.request.actor, Actor::Nobody);
    let path = request.uri().path();
    if nobody && !is_public(path) {
        return to_sign_in(&request);
    }
    if !nobody && (path == "/sign-in" || path.starts_with("/sign-in/")) {
        return see_other("/", HeaderMap::new());
    }
    if path == "/" && matches!(caller.request.actor, Actor::Operator(_)) {
        // The dashboard is a company's; an operator's first page is the queue.
        return see_other("/operator/queue", HeaderMap::new());
    }
    let clear_flash = caller.browser.flash.is_some();
    let mut response = render(&site, caller, request, Render::default()).await;
    if clear_flash {
        let (flash, secure) = (flash_cookie(site.secure), if site.secure { "; Secure" } else { "" });
        append_cookie(&mut response, &format!("{flash}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}"));
    }
    response
}

/// Carries out the form that a page posts to itself.
pub async fn post(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, app::forms::submission::MAX_BYTES).await;
    let form = match body.map(|bytes| String::from_utf8(bytes.to_vec())) {
        Ok(Ok(text)) => Submission::parse(&text),
        Ok(Err(_)) => Err(Error::new(ErrorCode::Invalid)),
        Err(_) => Err(Error::new(ErrorCode::TooLarge)),
    };
    let page = || Request::from_parts(parts.clone(), Body::empty());
    let form = match form {
        Ok(form) => form,
        Err(error) => return plain::failure(&site, caller.language, &error),
    };
    let nobody = matches!(caller.request.actor, Actor::Nobody);
    if nobody && !is_public(parts.uri.path()) && form.code() != "choose_language" {
        return to_sign_in(&page());
    }
    let outcome = perform(&site, &caller, &form).await;
    answer(&site, caller, parts, &form, outcome).await
}

/// Answers a form on the page that it was posted to.
pub(crate) async fn answer(
    site: &Arc<Site>,
    caller: Caller,
    parts: Parts,
    form: &Submission,
    outcome: Result<Performed, Failure>,
) -> Response {
    let page = || Request::from_parts(parts.clone(), Body::empty());
    match outcome {
        Ok(performed) if performed.done.shown.is_none() => lead_on(site, &caller, &parts.uri, performed),
        Ok(performed) => {
            // What is shown once stands in the row that it belongs to; what was done is said on top.
            let browser = Browser { flash: said(&performed.done), ..caller.browser.clone() };
            let posted = posted(form, Ok(performed.done));
            let answer = Render { posted: Some(posted), ..Render::default() };
            render(site, Caller { browser, ..caller }, page(), answer).await
        }
        Err(failure) => {
            let mut told = failure.told();
            if is_passing(&told) {
                tracing::error!(request = %caller.request.id, cause = %failure, "a form could not be carried out");
                told = told.with_detail(caller.request.id.clone());
            }
            let code = status(told.code);
            let wait = (told.code == ErrorCode::TooManyAttempts).then_some(told.number).flatten();
            let posted = posted(form, Err(told.clone()));
            let claimed = posted.claimed.clone();
            let answer = Render { posted: Some(posted), status: Some(code), ..Render::default() };
            let mut response = render(site, caller.clone(), page(), answer).await;
            if !claimed.is_claimed() {
                // The form is gone with what it was about: the frame says why.
                let answer =
                    Render { unclaimed: Some(Unclaimed(told)), status: Some(code), ..Render::default() };
                response = render(site, caller, page(), answer).await;
            }
            if let Some(seconds) = wait {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

/// What the next page says about it.
fn said(done: &Done) -> Option<Said> {
    (!done.message.is_empty()).then(|| Said { text: done.message.clone(), extent: done.extent })
}

/// A browser drops a cookie of more than 4 kB, and a byte of a text takes three.
const COOKIE_ROOM: usize = 1100;
/// Stands where a text goes on.
const GOES_ON: &str = "…";

/// As much of a text as a cookie holds: whole lines, and a sign that there is more.
fn fitting(text: &str) -> String {
    if text.len() <= COOKIE_ROOM {
        return text.to_owned();
    }
    let mut room = COOKIE_ROOM - GOES_ON.len();
    let fits = |character: &char| match room.checked_sub(character.len_utf8()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    let begin: String = text.chars().take_while(fits).collect();
    match begin.rsplit_once('\n') {
        Some((lines, _)) => format!("{lines}\n{GOES_ON}"),
        None => begin + GOES_ON,
    }
}

fn posted(form: &Submission, result: Result<Done, Error>) -> Posted {
    Posted {
        form: form.code().to_owned(),
        target: form.target().to_owned(),
        values: form.kept(),
        result,
        claimed: Claimed::default(),
    }
}

async fn perform(site: &Arc<Site>, caller: &Caller, form: &Submission) -> Result<Performed, Failure> {
    let owner = Owner::new();
    let browser = caller.browser.clone();
    let reader = Reader { service: &site.service, request: &caller.request, language: caller.language };
    // Forms find the browser where server functions find it.
    owner.with(|| provide_context(browser));
    let performing = owner.with(|| leptos::reactive::computed::ScopedFuture::new(carry_out(&reader, form)));
    performing.await
}

/// Answers a form that showed nothing: the browser reads the next page, and a reload posts nothing.
fn lead_on(site: &Site, caller: &Caller, uri: &axum::http::Uri, performed: Performed) -> Response {
    // A path that begins with two slashes is another host to a browser.
    let here = uri.path_and_query().map_or("/", |path| path.as_str());
    let here = if here.starts_with("//") { "/" } else { here };
    let go = performed.done.go.as_deref().unwrap_or(here);
    let secure = if site.secure { "; Secure" } else { "" };
    let (session, step) = (session_cookie(site.secure), step_cookie(site.secure));
    let mut headers = HeaderMap::new();
    let mut set = |cookie: String| {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            headers.append(SET_COOKIE, value);
        }
    };
    match &performed.cookies {
        Cookies::Stay => {}
        Cookies::SignedIn(token) => {
            set(format!("{session}={token}; Path=/; HttpOnly; SameSite=Lax{secure}"));
            if caller.browser.step_token.is_some() {
                set(format!("{step}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}"));
            }
        }
        Cookies::SecondFactor(token) => {
            let seconds = domain::second_factor::STEP_MINUTES * 60;
            set(format!("{step}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"));
            if caller.browser.session_token.is_some() {
                set(format!("{session}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}"));
            }
        }
        Cookies::SignedOut | Cookies::SignedOutThere(_) => {
            set(format!("{session}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}"));
        }
        Cookies::AtDirectory { browser, .. } => {
            // Sent along when the directory leads back here: that comes from another site.
            let name = caller::directory_cookie(site.secure);
            set(format!("{name}={browser}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax{secure}"));
        }
        Cookies::Language(language) => {
            let tag = language.tag();
            let name = language_cookie(site.secure);
            set(format!("{name}={tag}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}"));
        }
    }
    if let Some(said) = said(&performed.done)
        && !matches!(caller.request.actor, Actor::Nobody)
    {
        let text = caller::encode(&fitting(&said.code()));
        let name = flash_cookie(site.secure);
        set(format!("{name}={text}; Path=/; Max-Age=30; HttpOnly; SameSite=Lax{secure}"));
    }
    if let Cookies::SignedOutThere(address) | Cookies::AtDirectory { address, .. } = &performed.cookies {
        let mut response = plain::onward(site, caller.language, address);
        response.headers_mut().extend(headers);
        return response;
    }
    see_other(go, headers)
}

/// Answers whoever comes back from a company's directory: with a session and the page that was asked
/// for, or with the sign-in page that says why not.
pub async fn from_directory(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let secure = if site.secure { "; Secure" } else { "" };
    let cookie = caller::directory_cookie(site.secure);
    let brought = brought(&site, &caller, &request);
    let service = &site.service;
    let (result, then) = match sign_in::take(service, &brought).await {
        Ok(pending) => (sign_in::finish(service, &caller.request, &pending, &brought).await, pending.then),
        Err(failure) => (Err(failure), String::new()),
    };
    let mut response = match result {
        Ok(token) => {
            let mut response = see_other(&then, HeaderMap::new());
            let session = session_cookie(site.secure);
            append_cookie(
                &mut response,
                &format!("{session}={token}; Path=/; HttpOnly; SameSite=Lax{secure}"),
            );
            response
        }
        Err(failure) => {
            let mut told = failure.told();
            if is_passing(&told) {
                tracing::error!(request = %caller.request.id, cause = %failure, "a sign-in could not be ended");
                told = told.with_detail(caller.request.id.clone());
            }
            let code = status(told.code);
            let posted = Posted {
                form: "directory_sign_in".to_owned(),
                target: String::new(),
                values: vec![("then".to_owned(), then)],
                result: Err(told),
                claimed: Claimed::default(),
            };
            let answer = Render { posted: Some(posted), status: Some(code), ..Render::default() };
            // Nobody has come in: a session that was there before has nothing to do with it.
            render(&site, caller, request, answer).await
        }
    };
    append_cookie(&mut response, &format!("{cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}"));
    response
}

fn brought(site: &Site, caller: &Caller, request: &Request) -> Brought {
    let pairs: Vec<(String, String)> =
        serde_html_form::from_str(request.uri().query().unwrap_or_default()).unwrap_or_default();
    let take = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    Brought {
        state: take("state").unwrap_or_default(),
        code: take("code"),
        error: take("error"),
        issuer: take("iss"),
        browser: caller::cookie(request.headers(), caller::directory_cookie(site.secure)),
        agent: caller.browser.agent.clone(),
    }
}

/// What a page answers beside its own data.
#[derive(Default)]
struct Render {
    /// The post that it answers.
    posted: Option<Posted>,
    /// A refusal that no form of it says.
    unclaimed: Option<Unclaimed>,
    /// Status of the answer, where it isn't the page's own.
    status: Option<StatusCode>,
}

/// Renders the page whole: whether a form claims a post is known only then.
async fn render(site: &Arc<Site>, caller: Caller, request: Request, answer: Render) -> Response {
    let mut request = request;
    *request.method_mut() = Method::GET;
    let nonce = Nonce::new();
    let policy = page_policy(&nonce);
    let Render { posted, unclaimed, status: code } = answer;
    let service = site.service.clone();
    let assets = site.assets.clone();
    let scripts = Scripts(posted.is_none() && unclaimed.is_none());
    let demo = site.demo;
    let context = move || {
        provide_context(service.clone());
        provide_context(caller.request.clone());
        provide_context(caller.language);
        provide_context(caller.browser.clone());
        provide_context(AssetBase(assets.clone()));
        provide_context(DemoMode(demo));
        provide_context(nonce.clone());
        provide_context(scripts);
        if let Some(posted) = &posted {
            provide_context(posted.clone());
        }
        if let Some(unclaimed) = &unclaimed {
            provide_context(unclaimed.clone());
        }
    };
    let render = leptos_axum::render_app_async_with_context(context, app::document);
    let mut response = render(request).await;
    if let Some(code) = code
        && response.status() == StatusCode::OK
    {
        *response.status_mut() = code;
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Server functions: what pages ask in the background.
pub async fn server_function(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let known = |(path, method): (&str, Method)| path == parts.uri.path() && method == parts.method;
    if !server_fn_paths().any(known) {
        return refused_call(&Error::new(ErrorCode::NotFound));
    }
    let Ok(body) = to_bytes(body, MAX_CALL).await else {
        return refused_call(&Error::new(ErrorCode::TooLarge));
    };
    // Only pages with JavaScript come here: they want data, not to be led back to where they came from.
    parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let request = Request::from_parts(parts, Body::from(body));
    let service = site.service.clone();
    let assets = site.assets.clone();
    let demo = site.demo;
    let context = move || {
        provide_context(service.clone());
        provide_context(caller.request.clone());
        provide_context(caller.language);
        provide_context(caller.browser.clone());
        provide_context(AssetBase(assets.clone()));
        provide_context(DemoMode(demo));
    };
    leptos_axum::handle_server_fns_with_context(context, request).await.into_response()
}

/// The answer to a call that reaches no server function, in the shape in which they refuse.
fn refused_call(error: &Error) -> Response {
    (status(error.code), axum::Json(error)).into_response()
}

/// Leads whoever isn't signed in to where that is done, and back.
pub(crate) fn to_sign_in(request: &Request) -> Response {
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if wanted == "/" || request.method() != Method::GET {
        return see_other("/sign-in", HeaderMap::new());
    }
    let then = query_pair("then", wanted);
    see_other(&format!("/sign-in?{then}"), HeaderMap::new())
}

fn query_pair(name: &str, value: &str) -> String {
    format!("{name}={}", caller::encode(value))
}

fn see_other(path: &str, headers: HeaderMap) -> Response {
    // A path that no header can carry leads home instead.
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, headers).into_response();
    response.headers_mut().insert(LOCATION, location);
    response
}

fn append_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::{COOKIE_ROOM, fitting};

    #[test]
    fn what_is_too_long_for_a_cookie_ends_with_a_line_and_a_sign() {
        let line = "请求 12345：昼尔科技（深圳）有限公司的请求已由同事处理，请查看其详情。";
        let few = [line; 3].join("\n");
        assert_eq!(fitting(&few), few);
        let many = fitting(&[line; 40].join("\n"));
        assert!(many.len() <= COOKIE_ROOM && many.len() > COOKIE_ROOM - line.len() - 4, "{}", many.len());
        let lines: Vec<&str> = many.split('\n').collect();
        let whole = lines.iter().filter(|kept| **kept == line).count();
        assert_eq!((lines.last(), whole), (Some(&"…"), lines.len() - 1));
        assert!(whole > 1);
        let long = fitting(&"長".repeat(1000));
        assert!(long.ends_with("長…") && long.len() <= COOKIE_ROOM, "{}", long.len());
    }
}
