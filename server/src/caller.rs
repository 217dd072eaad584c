//! Who calls: the session cookie becomes the request's actor, once, before anything else.

use std::net::SocketAddr;
use std::sync::Arc;

use app::server_fns::context::Browser;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, USER_AGENT};
use axum::middleware::Next;
use axum::response::Response;
use domain::Language;
use domain::view::form::Said;
use service::{Actor, sessions};

use crate::plain;
use crate::router::Site;
use crate::watched;

/// Name of the session cookie; with TLS it carries the `__Host-` prefix.
pub(crate) fn session_cookie(secure: bool) -> &'static str {
    if secure { "__Host-session" } else { "session" }
}

/// Name of the cookie between password and second factor.
pub(crate) fn step_cookie(secure: bool) -> &'static str {
    if secure { "__Host-second-factor" } else { "second-factor" }
}

/// Name of the cookie that binds a sign-in at a directory to the browser.
pub(crate) fn directory_cookie(secure: bool) -> &'static str {
    if secure { "__Host-directory" } else { "directory" }
}

/// Name of the cookie of the language, for whoever isn't signed in.
pub(crate) fn language_cookie(secure: bool) -> &'static str {
    if secure { "__Host-language" } else { "language" }
}

/// Name of the cookie of a message that one page leaves for the next.
pub(crate) fn flash_cookie(secure: bool) -> &'static str {
    if secure { "__Host-flash" } else { "flash" }
}

/// What the rest of the server knows of the call.
#[derive(Clone)]
pub struct Caller {
    /// Who asks, for the service.
    pub request: service::Request,
    /// The reader's language.
    pub language: Language,
    /// The browser.
    pub browser: Browser,
}

/// Finds out who calls and puts it beside the request.
pub async fn identify(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let token = cookie(headers, session_cookie(site.secure));
    let actor = match &token {
        None => Actor::Nobody,
        Some(token) => match sessions::actor(&site.service, token).await {
            Ok(actor) => actor,
            Err(failure) => {
                tracing::error!(cause = %failure, "the session could not be read");
                return plain::refusal(
                    &site,
                    request.uri().path(),
                    language(headers, site.secure),
                    &failure.told(),
                );
            }
        },
    };
    let language = match &actor {
        Actor::Person(person) => person.language,
        Actor::Operator(operator) => operator.language,
        Actor::Nobody | Actor::Token(_) | Actor::Worker => language(headers, site.secure),
    };
    let browser = Browser {
        session_token: token.filter(|_| !matches!(actor, Actor::Nobody)),
        step_token: cookie(headers, step_cookie(site.secure)),
        agent: header(headers, &USER_AGENT).chars().take(200).collect(),
        flash: cookie(headers, flash_cookie(site.secure))
            .and_then(|text| decode(&text))
            .and_then(|said| Said::from_code(&said)),
    };
    let caller = Caller {
        request: service::Request {
            actor,
            address: address(&site, &request),
            id: watched::id_of(&site, &request),
        },
        language,
        browser,
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// The language of a browser of which no more is known: what was chosen, or what it asks for.
pub(crate) fn language(headers: &HeaderMap, secure: bool) -> Language {
    cookie(headers, language_cookie(secure))
        .and_then(|tag| Language::from_tag(&tag))
        .unwrap_or_else(|| Language::negotiate(header(headers, &ACCEPT_LANGUAGE)))
}

/// The client's address, as far as the proxy in front can be believed.
pub(crate) fn address(site: &Site, request: &Request) -> String {
    // The proxy adds itself last, in a line of its own or at the end of the client's.
    let lines = request.headers().get_all("x-forwarded-for");
    let forwarded = lines.iter().next_back().filter(|_| site.trust_proxy);
    forwarded
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .map(|value| value.trim().chars().take(45).collect())
        .or_else(|| request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string()))
        .unwrap_or_default()
}

fn header<'a>(headers: &'a HeaderMap, name: &axum::http::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// Makes any text fit for a cookie: every byte that isn't a letter or a digit is written in hexadecimal.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn a_message_survives_the_cookie() {
        for text in ["Assigned to 沈知遥; done.", "a=b;c\r\nd", "", "%41"] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(decode("%4"), None);
        assert_eq!(decode("%zz"), None);
    }
}
