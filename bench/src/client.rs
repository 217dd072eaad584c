//! Who asks: somebody with a session, as the hydrated page asks.

use std::time::Duration;

use rand::Rng;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, ORIGIN};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Outcome;
use crate::database::Stage;

/// So long may an answer take before its outcome counts as unknown.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of a form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It was carried out.
    Done(String),
    /// It was refused, with this status and this code.
    Refused(StatusCode, String),
    /// Nobody knows: the connection broke or nothing came in time.
    Unknown(String),
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

/// A session as the product keeps it, written from outside: signing in is measured elsewhere.
///
/// # Errors
/// There is no such account.
pub async fn open_session(stage: &Stage, email: &str) -> Outcome<String> {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let hash: String = Sha256::digest(&token).iter().map(|byte| format!("{byte:02x}")).collect();
    let id = &hash[..32];
    let (hash, id) = match stage.engine {
        crate::database::Engine::Sqlite => (format!("x'{hash}'"), format!("x'{id}'")),
        crate::database::Engine::Postgres => (format!("'\\x{hash}'::bytea"), format!("'{id}'::uuid")),
    };
    let now = service::Clock::now(&service::SystemClock).0;
    let text = format!(
        "insert into session (token_hash, id, account_id, organization_id, created_at, last_seen_at, expires_at, address, agent)
            select {hash}, {id}, a.id, (select p.organization_id from person p where p.account_id = a.id limit 1),
                {now}, {now}, {now} + 36000000, '127.0.0.1', 'bench'
            from account a where a.email_key = '{email}'"
    );
    stage.run(&text).await?;
    Ok(format!("session={token}"))
}

/// A client that goes straight to where it is sent.
pub fn plain() -> reqwest::ClientBuilder {
    // Built beside the server's crates it gets their TLS, which names no provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

impl Client {
    /// Somebody with this cookie, on connections of their own.
    ///
    /// # Errors
    /// The client can't be set up.
    pub fn new(base: &str, cookie: &str) -> Outcome<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_str(base)?);
        headers.insert(COOKIE, HeaderValue::from_str(cookie)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let http = plain()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(headers)
            .build()?;
        Ok(Self { http, base: base.to_owned(), cookie: cookie.to_owned() })
    }

    /// The same somebody, asking another server.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn at(&self, base: &str) -> Outcome<Self> {
        Self::new(base, &self.cookie)
    }

    /// The cookie.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// A page's text.
    ///
    /// # Errors
    /// It isn't answered with 200.
    pub async fn page(&self, path: &str) -> Outcome<String> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("{path}: {}", answer.status()).into());
        }
        Ok(answer.text().await?)
    }

    /// Status and text of a page, whatever they are.
    ///
    /// # Errors
    /// The connection breaks.
    pub async fn answer(&self, path: &str) -> Outcome<(StatusCode, String)> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await?;
        Ok((answer.status(), answer.text().await?))
    }

    /// The status of a page, whatever it is.
    ///
    /// # Errors
    /// The connection breaks.
    pub async fn status(&self, path: &str) -> Outcome<StatusCode> {
        Ok(self.http.get(format!("{}{path}", self.base)).send().await?.status())
    }

    /// Sends a form as the hydrated page does; `impatience` drops the connection earlier.
    pub async fn send(&self, fields: &[(&str, String)], impatience: Option<Duration>) -> Answer {
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let body = serde_json::json!({ "form": form.join("&") }).to_string();
        let mut request = self.http.post(format!("{}/api/perform", self.base)).body(body);
        if let Some(impatience) = impatience {
            request = request.timeout(impatience);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Answer::Unknown(causes(&error)),
        };
        let status = answer.status();
        match answer.text().await {
            Err(error) => Answer::Unknown(causes(&error)),
            Ok(text) if status.is_success() => Answer::Done(text),
            Ok(text) => Answer::Refused(status, code_of(&text)),
        }
    }
}

/// An error with all that it comes from: reqwest's own words only name the address.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

fn code_of(refusal: &str) -> String {
    serde_json::from_str::<serde_json::Value>(refusal)
        .ok()
        .and_then(|refusal| refusal.get("code").and_then(serde_json::Value::as_str).map(str::to_owned))
        .unwrap_or_else(|| refusal.chars().take(200).collect())
}

/// Every byte that isn't a letter or a digit in hexadecimal.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// An operation id that nobody has used.
#[must_use]
pub fn new_operation() -> String {
    Uuid::now_v7().simple().to_string()
}

/// The fields of an assignment.
#[must_use]
pub fn assignment(grant: Uuid, person: Uuid, operation: &str) -> Vec<(&'static str, String)> {
    vec![
        ("form", "assign_seats".to_owned()),
        ("target", grant.to_string()),
        ("operation", operation.to_owned()),
        ("people", person.to_string()),
    ]
}

/// The fields of a release.
#[must_use]
pub fn release(seat: Uuid, version: i64, operation: &str) -> Vec<(&'static str, String)> {
    vec![
        ("form", "release_seat".to_owned()),
        ("target", seat.to_string()),
        ("version", version.to_string()),
        ("operation", operation.to_owned()),
    ]
}
