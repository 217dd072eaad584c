//! A small browser without JavaScript: keeps cookies, follows nothing by itself, posts forms as
//! they stand in pages, and calls server functions as the hydrated page would.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE, USER_AGENT,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use domain::Error;
use server::configuration::Configuration;
use tower::ServiceExt;
use uuid::Uuid;

use crate::common::{self, Engine, Stage};
use crate::html::{self, PageForm};

/// The password of every account of the sample programme.
pub const PASSWORD: &str = service::sample_programme::DEMO_PASSWORD;
/// The host that the tests' browser believes to talk to.
pub const SITE: &str = "benefits.example";

/// A configuration as a server of tests has it.
pub fn configuration(base_url: &str) -> Configuration {
    Configuration {
        database_url: String::new(),
        address: ([127, 0, 0, 1], 3000).into(),
        base_url: base_url.to_owned(),
        secret_file: PathBuf::new(),
        demo: false,
        smtp_url: None,
        smtp_root_certificate: None,
        smtp_seconds: 20,
        mail_dir: PathBuf::new(),
        mail_from: "Benefits Center <no-reply@benefits.example>".to_owned(),
        trust_proxy: false,
        directory_allow_private: false,
        payment_notice_secret: None,
        metrics_address: None,
        backup_dir: None,
        log_json: false,
    }
}

/// A server that nobody stops.
pub fn running() -> tokio::sync::watch::Receiver<bool> {
    tokio::sync::watch::channel(false).1
}

/// The portal on a stage of its own.
pub struct Portal {
    /// Service, clock and what tests ask of the database.
    pub stage: Stage,
    router: Router,
}

impl Portal {
    /// The portal as browsers without TLS see it.
    pub async fn open(engine: Engine) -> Self {
        Self::at(engine, "http://benefits.example").await
    }

    /// The portal with another configuration.
    pub async fn configured(engine: Engine, configuration: &Configuration) -> Self {
        let stage = common::stage(engine).await;
        let router = server::router::router(stage.service.clone(), configuration, running());
        Self { stage, router }
    }

    /// The portal with its own address.
    pub async fn at(engine: Engine, base_url: &str) -> Self {
        let stage = common::stage(engine).await;
        let router = server::router::router(stage.service.clone(), &configuration(base_url), running());
        Self { stage, router }
    }

    /// The portal over a stage that was changed before.
    pub fn over(stage: Stage) -> Self {
        let router = server::router::router(
            stage.service.clone(),
            &configuration("http://benefits.example"),
            running(),
        );
        Self { stage, router }
    }

    /// The portal with what it counts, as long as `stopping` isn't true.
    pub async fn measured(
        engine: Engine,
        stopping: tokio::sync::watch::Receiver<bool>,
    ) -> (Self, std::sync::Arc<server::metrics::Metrics>) {
        let stage = common::stage(engine).await;
        let metrics = std::sync::Arc::new(server::metrics::Metrics::new(stage.service.counts.clone()));
        let configuration = configuration("http://benefits.example");
        let router =
            server::router::measured(stage.service.clone(), &configuration, metrics.clone(), stopping);
        (Self { stage, router }, metrics)
    }

    /// A browser that nobody has signed in with.
    pub fn browser(&self) -> Browser<'_> {
        Browser { portal: self, cookies: Mutex::default(), accepts: "en" }
    }

    /// A browser in which somebody has signed in.
    pub async fn signed_in(&self, email: &str) -> Browser<'_> {
        let browser = self.browser();
        let answer = browser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{email} signs in: {}", answer.body);
        browser
    }

    /// Answers a request whose body may never end.
    pub async fn open_stream(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.expect("infallible")
    }

    /// Answers a request as it is.
    pub async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 16 * 1024 * 1024).await.expect("a body");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as text.
    pub body: String,
}

impl Answer {
    /// A header's value; empty where it is missing.
    pub fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.header(LOCATION)
    }

    /// The `Set-Cookie` lines.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// The form with this code, about this target where one is given.
    pub fn form(&self, code: &str, target: Option<&str>) -> PageForm {
        self.find_form(code, target).unwrap_or_else(|| {
            let there: Vec<_> = html::forms(&self.body)
                .into_iter()
                .map(|form| (form.get("form").map(str::to_owned), form.get("target").map(str::to_owned)))
                .collect();
            panic!("no form {code} about {target:?}; there are {there:?} ({})", self.status)
        })
    }

    /// The form with this code, if the page has it.
    pub fn find_form(&self, code: &str, target: Option<&str>) -> Option<PageForm> {
        html::forms(&self.body).into_iter().find(|form| {
            form.get("form") == Some(code) && target.is_none_or(|target| form.get("target") == Some(target))
        })
    }

    /// The body without what is drawn anew for each answer, ids, operation ids and the nonce, and
    /// without scripts: they carry the data of server functions, in the order in which it came.
    pub fn told(&self) -> String {
        let policy = self.header(axum::http::header::CONTENT_SECURITY_POLICY);
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
        let mut body = nonce.map_or_else(|| self.body.clone(), |nonce| self.body.replace(nonce, "NONCE"));
        while let Some(start) = body.find("<script") {
            let end =
                body[start..].find("</script>").map_or(body.len(), |end| start + end + "</script>".len());
            body.replace_range(start..end, "");
        }
        without_ids(&body)
    }

    /// The refusal that a server function answered.
    pub fn refusal(&self) -> Error {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }
}

/// What a page's data says, as far as it is text; other answers as they are.
fn unpacked(body: &str) -> String {
    let Ok(parcel) = serde_json::from_str::<serde_json::Value>(body) else { return body.to_owned() };
    match parcel.get("data").and_then(serde_json::Value::as_str) {
        Some(data) => String::from_utf8_lossy(&app::loaded::as_bytes(data)).into_owned(),
        None => body.to_owned(),
    }
}

/// An id that nothing has.
pub const NOTHING: &str = "018f3f5e-0000-7000-8000-00000000dead";

/// Every id in a text becomes the one that nothing has.
pub fn without_ids(text: &str) -> String {
    let mut blank = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(id) = rest.get(..36).filter(|part| part.contains('-') && Uuid::try_parse(part).is_ok()) {
            blank.push_str(NOTHING);
            rest = &rest[id.len()..];
            continue;
        }
        // Operation ids of a page are drawn anew for each answer.
        if let Some(base) = rest.get(..32).filter(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            blank.push_str("BASE");
            rest = &rest[base.len()..];
            continue;
        }
        blank.push(character);
        rest = &rest[character.len_utf8()..];
    }
    blank
}

/// A browser without JavaScript.
pub struct Browser<'a> {
    portal: &'a Portal,
    cookies: Mutex<BTreeMap<String, String>>,
    /// `Accept-Language`.
    pub accepts: &'static str,
}

impl Browser<'_> {
    /// The cookies as a request carries them.
    pub fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().expect("not poisoned");
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Puts a cookie into the browser.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().expect("not poisoned").insert(name.to_owned(), value.to_owned());
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("not poisoned").get(name).cloned()
    }

    /// Sends a request with the browser's cookies and keeps those of the answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, SITE)
            .header(USER_AGENT, "test browser")
            .header(ACCEPT_LANGUAGE, self.accepts);
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        for (name, value) in headers {
            request = request.header(name, HeaderValue::from_str(value).expect("a header"));
        }
        let answer = self.portal.answer(request.body(body).expect("a request")).await;
        let mut kept = self.cookies.lock().expect("not poisoned");
        for cookie in answer.cookies() {
            let (pair, rest) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie");
            if rest.contains("Max-Age=0") {
                kept.remove(name);
            } else {
                kept.insert(name.to_owned(), value.to_owned());
            }
        }
        drop(kept);
        answer
    }

    /// The status of an answer whose body may never end.
    pub async fn status_of(&self, path: &str) -> StatusCode {
        let mut request = Request::get(path).header(HOST, SITE).header(ACCEPT_LANGUAGE, self.accepts);
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        let request = request.body(Body::empty()).expect("a request");
        self.portal.router.clone().oneshot(request).await.expect("infallible").status()
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[(ACCEPT, "text/html")], Body::empty()).await
    }

    /// Opens a page and goes where it leads, five times at most.
    pub async fn follow(&self, answer: Answer) -> Answer {
        let mut answer = answer;
        for _ in 0..5 {
            if answer.status != StatusCode::SEE_OTHER {
                break;
            }
            let path = answer.location().to_owned();
            answer = self.get(&path).await;
        }
        answer
    }

    /// Posts fields to a page.
    pub async fn post(&self, path: &str, fields: &[(String, String)]) -> Answer {
        let headers = [
            (ACCEPT, "text/html"),
            (CONTENT_TYPE, "application/x-www-form-urlencoded"),
            (ORIGIN, "http://benefits.example"),
        ];
        self.send(Method::POST, path, &headers, Body::from(encoded(fields))).await
    }

    /// Sends a file as a form with `enctype="multipart/form-data"` does.
    pub async fn post_file(&self, path: &str, name: &str, content: impl AsRef<[u8]>) -> Answer {
        let head = format!(
            "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
            Content-Type: text/csv\r\n\r\n"
        );
        let body = [head.as_bytes(), content.as_ref(), b"\r\n--frontier--\r\n"].concat();
        let kind = [(CONTENT_TYPE, "multipart/form-data; boundary=frontier")];
        self.send(Method::POST, path, &kind, Body::from(body)).await
    }

    /// Posts a form of a page.
    pub async fn submit(&self, path: &str, form: &PageForm) -> Answer {
        self.post(path, &form.fields).await
    }

    /// Calls a server function.
    pub async fn call(&self, path: &str, arguments: &serde_json::Value) -> Answer {
        let headers = [
            (ACCEPT, "application/json"),
            (CONTENT_TYPE, "application/json"),
            (ORIGIN, "http://benefits.example"),
        ];
        let answer = self.send(Method::POST, path, &headers, Body::from(arguments.to_string())).await;
        Answer { body: unpacked(&answer.body), ..answer }
    }

    /// Sends a form in the background, as the hydrated page does.
    pub async fn perform(&self, fields: &[(String, String)]) -> Answer {
        self.call("/api/perform", &serde_json::json!({ "form": encoded(fields) })).await
    }

    /// Signs in through the form of the page.
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.sign_in_at("/sign-in", email, password).await
    }

    /// Signs in at the address to which a page led.
    pub async fn sign_in_at(&self, path: &str, email: &str, password: &str) -> Answer {
        let page = self.get(path).await;
        let form = page.form("sign_in", None).with("email", email).with("password", password);
        self.submit(path, &form).await
    }
}

/// Fields as a form's body.
pub fn encoded(fields: &[(String, String)]) -> String {
    use std::fmt::Write;
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        for (at, part) in [name, value].into_iter().enumerate() {
            if at == 1 {
                body.push('=');
            }
            for byte in part.bytes() {
                if byte.is_ascii_alphanumeric() {
                    body.push(char::from(byte));
                } else {
                    write!(body, "%{byte:02X}").expect("a string");
                }
            }
        }
    }
    body
}

/// Fields of a form from literals.
pub fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
