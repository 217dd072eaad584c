//! The protocol: what a directory says of itself, where a person is sent, and what of its answer is
//! believed. OpenID Connect Core 1.0 and Discovery 1.0, code flow with PKCE (RFC 7636), issuer in the
//! answer (RFC 9207).

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::DateTime;
use domain::Moment;
use domain::directory::{VALUES_MAX, is_web_address};
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::http::Request;
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, ClientId, IdToken, IdTokenVerifier, IssuerUrl, Nonce,
    SignatureVerificationError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::outside::{Unreachable, WebRequest, WebResponse};
use crate::Service;

/// So long what a directory says of itself is believed without asking again.
const BELIEVED_SECONDS: i64 = 3600;
/// Unknown keys make the server ask again at most this often: tokens of strangers must not make it.
const ASKED_AGAIN_SECONDS: i64 = 10;
/// The longest subject, in bytes (Core 1.0, section 2).
const SUBJECT_MAX: usize = 255;
/// The longest value of a claim that roles follow from.
const VALUE_MAX: usize = 300;

/// Why a directory's word isn't taken. The texts are for the log; they carry no token and no secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It can't be asked.
    #[error("the directory can't be asked: {0}")]
    Unreachable(#[from] Unreachable),
    /// What it says can't be believed.
    #[error("the directory's answer can't be believed: {0}")]
    Answer(String),
}

fn answer(cause: impl Into<String>) -> Trouble {
    Trouble::Answer(cause.into())
}

fn away(cause: impl Into<String>) -> Trouble {
    Trouble::Unreachable(Unreachable::Away(cause.into()))
}

/// What a directory says of itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// Missing where the directory doesn't say; then it is tried.
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// What is known of a directory.
pub(super) struct Known {
    metadata: Metadata,
    keys: CoreJsonWebKeySet,
    /// When it was learned.
    pub(super) at: Moment,
}

impl Known {
    /// How many keys it signs with.
    pub(super) fn keys(&self) -> usize {
        self.keys.keys().len()
    }

    /// Whether people can sign out there.
    pub(super) fn signs_out(&self) -> bool {
        self.metadata.end_session_endpoint.is_some()
    }

    /// Whether the answer to the browser has to name the issuer.
    pub(super) fn names_itself(&self) -> bool {
        self.metadata.authorization_response_iss_parameter_supported
    }
}

/// How the portal is known to a directory.
#[derive(Clone)]
pub(super) struct Registration {
    /// The directory's issuer.
    pub(super) issuer: String,
    /// The portal's name there.
    pub(super) client_id: String,
    /// The portal's secret there; public clients have none.
    pub(super) client_secret: Option<String>,
    /// What is asked for.
    pub(super) scopes: String,
    /// Where people come back to.
    pub(super) redirect_uri: String,
}

/// What only the portal and the directory know of one sign-in.
pub(super) struct Exchange<'a> {
    /// The code that the browser brought.
    pub(super) code: &'a str,
    /// What the challenge was made of.
    pub(super) verifier: &'a str,
    /// What the token has to repeat.
    pub(super) nonce: &'a str,
}

/// What the directory says of a person, after it was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Said {
    /// The person's entry, for good.
    pub(super) subject: String,
    /// Mail address.
    pub(super) email: Option<String>,
    /// Whether the directory says that the address is the person's own.
    pub(super) email_verified: bool,
    /// Full name.
    pub(super) name: Option<String>,
    /// Values of the claim that roles follow from; none where there are too many to name.
    pub(super) values: Option<Vec<String>>,
}

/// What a directory says of itself, asked for at most once an hour.
pub(super) async fn known(service: &Service, issuer: &str) -> Result<Arc<Known>, Trouble> {
    let after = service.now().plus_seconds(-BELIEVED_SECONDS);
    match service.outside.remembered(issuer, after) {
        Some(known) => Ok(known),
        None => ask(service, issuer).await,
    }
}

/// Asks a directory what it says of itself, and remembers it.
pub(super) async fn ask(service: &Service, issuer: &str) -> Result<Arc<Known>, Trouble> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let metadata: Metadata = json(get(service, &address, None).await?)?;
    if metadata.issuer != issuer {
        return Err(answer("it names itself otherwise than its address"));
    }
    let fits = |address: &str| is_web_address(address, service.outside.http_on_loopback);
    let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
    let optional = [&metadata.userinfo_endpoint, &metadata.end_session_endpoint];
    if !endpoints.into_iter().chain(optional.into_iter().flatten()).all(|address| fits(address)) {
        return Err(answer("one of its addresses isn't one"));
    }
    if let Some(methods) = &metadata.code_challenge_methods_supported
        && !methods.iter().any(|method| method == "S256")
    {
        return Err(answer("it doesn't do PKCE with S256"));
    }
    let keys: CoreJsonWebKeySet = json(get(service, &metadata.jwks_uri, None).await?)?;
    let known = Arc::new(Known { metadata, keys, at: service.now() });
    service.outside.remember(issuer, known.clone());
    Ok(known)
}

async fn get(service: &Service, address: &str, bearer: Option<&str>) -> Result<WebResponse, Trouble> {
    let mut request = Request::builder().method("GET").uri(address).header("accept", "application/json");
    if let Some(token) = bearer {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Vec::new()).map_err(|_| answer("an address that can't be asked"))?;
    Ok(service.outside.web().send(request).await?)
}

fn json<T: serde::de::DeserializeOwned>(response: WebResponse) -> Result<T, Trouble> {
    let status = response.status();
    if status.is_server_error() {
        return Err(away(format!("status {status}")));
    }
    if !status.is_success() {
        return Err(answer(format!("status {status}")));
    }
    // The parser's own words could repeat what was answered.
    serde_json::from_slice(response.body()).map_err(|error| {
        answer(format!("no JSON of the expected shape at line {}, column {}", error.line(), error.column()))
    })
}

/// Where a person is sent to sign in.
pub(super) fn sign_in_address(
    known: &Known,
    registration: &Registration,
    state: &str,
    nonce: &str,
    verifier: &str,
    login_hint: &str,
) -> Result<String, Trouble> {
    let mut address = Url::parse(&known.metadata.authorization_endpoint)
        .map_err(|_| answer("its sign-in page has no address"))?;
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &registration.client_id)
        .append_pair("redirect_uri", &registration.redirect_uri)
        .append_pair("scope", &registration.scopes)
        .append_pair("state", state)
        .append_pair("nonce", nonce)
        .append_pair("code_challenge", &challenge(verifier))
        .append_pair("code_challenge_method", "S256")
        .append_pair("login_hint", login_hint);
    Ok(address.into())
}

/// Where a person is sent to sign out, if the directory has such a page. The token of the sign-in isn't
/// kept, so the portal names itself and the directory asks.
pub(super) fn sign_out_address(known: &Known, client_id: &str, back: &str) -> Option<String> {
    let mut address = Url::parse(known.metadata.end_session_endpoint.as_deref()?).ok()?;
    address
        .query_pairs_mut()
        .append_pair("client_id", client_id)
        .append_pair("post_logout_redirect_uri", back);
    Some(address.into())
}

/// The challenge of a verifier (RFC 7636, section 4.2).
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Trades the code for a token and believes of it what is signed, for the portal, for this sign-in and
/// in time.
pub(super) async fn exchange(
    service: &Service,
    known: &Arc<Known>,
    registration: &Registration,
    exchange: Exchange<'_>,
    role_claim: &str,
) -> Result<Said, Trouble> {
    #[derive(Deserialize)]
    struct Tokens {
        id_token: String,
        access_token: Option<String>,
    }
    let request = token_request(known, registration, &exchange)?;
    let tokens: Tokens = json(service.outside.web().send(request).await?)?;
    let claims = believed(service, known, registration, &tokens.id_token, exchange.nonce).await?;
    let subject = subject_of(&claims).ok_or_else(|| answer("no subject"))?;
    let mut everything = claims;
    let wants_more = !everything.contains_key("email")
        || !everything.contains_key("name")
        || (!role_claim.is_empty() && claim(&everything, role_claim).is_none());
    if let (Some(address), Some(token), true) =
        (&known.metadata.userinfo_endpoint, &tokens.access_token, wants_more)
    {
        let more: Map<String, Value> = json(get(service, address, Some(token)).await?)?;
        // Core 1.0, section 5.3.2: without this somebody else's word could be passed off.
        if subject_of(&more).as_deref() != Some(&subject) {
            return Err(answer("it speaks of somebody else"));
        }
        for (name, value) in more {
            everything.entry(name).or_insert(value);
        }
    }
    Ok(said(subject, &everything, role_claim))
}

fn token_request(
    known: &Known,
    registration: &Registration,
    exchange: &Exchange<'_>,
) -> Result<WebRequest, Trouble> {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", exchange.code)
        .append_pair("redirect_uri", &registration.redirect_uri)
        .append_pair("code_verifier", exchange.verifier);
    let mut request = Request::builder()
        .method("POST")
        .uri(&known.metadata.token_endpoint)
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded");
    let methods = &known.metadata.token_endpoint_auth_methods_supported;
    let has = |name: &str| methods.iter().any(|method| method == name);
    match &registration.client_secret {
        // What a directory does that doesn't say (Discovery 1.0, section 3).
        Some(secret) if methods.is_empty() || has("client_secret_basic") => {
            let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", part(&registration.client_id), part(secret));
            request = request.header("authorization", format!("Basic {}", STANDARD.encode(pair)));
        }
        Some(secret) => {
            form.append_pair("client_id", &registration.client_id).append_pair("client_secret", secret);
        }
        None => {
            form.append_pair("client_id", &registration.client_id);
        }
    }
    request.body(form.finish().into_bytes()).map_err(|_| answer("its token endpoint can't be asked"))
}

/// All claims beside those that the library knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Others {
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl AdditionalClaims for Others {}

type Token = IdToken<Others, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// The claims of a token that is signed by the directory, made for the portal and this sign-in, and not
/// over. An unknown key is asked for once: directories change theirs.
async fn believed(
    service: &Service,
    known: &Arc<Known>,
    registration: &Registration,
    token: &str,
    nonce: &str,
) -> Result<Map<String, Value>, Trouble> {
    let token: Token = token.parse().map_err(|_| answer("its token can't be read"))?;
    let nonce = Nonce::new(nonce.to_owned());
    match check(service, known, registration, &token, &nonce) {
        Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey))
            if known.at <= service.now().plus_seconds(-ASKED_AGAIN_SECONDS) =>
        {
            let newer = ask(service, &registration.issuer).await?;
            check(service, &newer, registration, &token, &nonce)
        }
        result => result,
    }
    .map_err(|error| answer(told(&error)))
}

/// The kind of fault, without the values that the library names.
fn told(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "its token is over",
        ClaimsVerificationError::InvalidAudience(_) => "its token is for somebody else",
        ClaimsVerificationError::InvalidIssuer(_) => "its token is of another directory",
        ClaimsVerificationError::InvalidNonce(_) => "its token is of another sign-in",
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            "its token is signed with an unknown key"
        }
        ClaimsVerificationError::SignatureVerification(_) => "its token's signature is wrong",
        _ => "its token isn't valid",
    }
}

fn check(
    service: &Service,
    known: &Known,
    registration: &Registration,
    token: &Token,
    nonce: &Nonce,
) -> Result<Map<String, Value>, ClaimsVerificationError> {
    let issuer = IssuerUrl::new(registration.issuer.clone())
        .map_err(|_| ClaimsVerificationError::Other("issuer".to_owned()))?;
    let now = service.now();
    let verifier = IdTokenVerifier::new_public_client(
        ClientId::new(registration.client_id.clone()),
        issuer,
        known.keys.clone(),
    )
    // Signed with a key of the directory's own: neither unsigned nor with a shared secret.
    .set_allowed_algs([
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        CoreJwsSigningAlgorithm::EdDsa,
    ])
    .set_time_fn(move || DateTime::from_timestamp_millis(now.0).unwrap_or_default());
    let claims = token.claims(&verifier, nonce)?;
    match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => Ok(claims),
        _ => Err(ClaimsVerificationError::Other("claims".to_owned())),
    }
}

fn subject_of(claims: &Map<String, Value>) -> Option<String> {
    let subject = claims.get("sub")?.as_str()?;
    (1..=SUBJECT_MAX).contains(&subject.len()).then(|| subject.to_owned())
}

fn said(subject: String, claims: &Map<String, Value>, role_claim: &str) -> Said {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
    let name = text("name").map(str::to_owned).or_else(|| {
        let parts: Vec<&str> = ["given_name", "family_name"].into_iter().filter_map(text).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    });
    let verified = match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(verified)) => verified == "true",
        _ => false,
    };
    Said {
        subject,
        email: text("email").map(str::to_owned),
        email_verified: verified,
        name,
        values: values(claims, role_claim),
    }
}

/// A claim by its name, or by its way through objects: `realm_access.roles`.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut parts = name.split('.');
    let mut value = claims.get(parts.next()?)?;
    for part in parts {
        value = value.get(part)?;
    }
    Some(value)
}

/// The values of the claim that roles follow from. A claim that is missing has none; one that the
/// directory says to be elsewhere, because there are too many, isn't known (Core 1.0, section 5.6.2).
fn values(claims: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    if name.is_empty() {
        return None;
    }
    let elsewhere = claims.get("_claim_names").and_then(|names| names.get(name)).is_some();
    match claim(claims, name) {
        None if elsewhere => None,
        None => Some(Vec::new()),
        Some(Value::String(value)) => Some(vec![value.clone()]),
        Some(Value::Array(values)) => {
            let mut seen = HashSet::new();
            let texts = values.iter().filter_map(Value::as_str).filter(|value| value.len() <= VALUE_MAX);
            Some(texts.filter(|value| seen.insert(*value)).take(VALUES_MAX).map(str::to_owned).collect())
        }
        Some(_) => Some(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(claims) => claims,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn roles_are_found_by_name_and_by_way() {
        let found = |value: Value, name: &str| values(&claims(value), name);
        let list = |values: &[&str]| Some(values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        assert_eq!(found(json!({ "groups": ["a", "b", "a", 7] }), "groups"), list(&["a", "b"]));
        assert_eq!(found(json!({ "roles": "a" }), "roles"), list(&["a"]));
        assert_eq!(found(json!({ "realm_access": { "roles": ["a"] } }), "realm_access.roles"), list(&["a"]));
        assert_eq!(
            found(json!({ "https://a.example/roles": ["a"] }), "https://a.example/roles"),
            list(&["a"])
        );
        assert_eq!(found(json!({}), "groups"), list(&[]), "none of them");
        assert_eq!(found(json!({ "groups": { "a": 1 } }), "groups"), list(&[]));
        assert_eq!(
            found(json!({ "_claim_names": { "groups": "src1" } }), "groups"),
            None,
            "too many to name"
        );
        assert_eq!(found(json!({ "groups": ["a"] }), ""), None, "nobody asked");
    }

    #[test]
    fn what_is_said_of_a_person() {
        let of = |value: Value| said("s".to_owned(), &claims(value), "");
        let full = of(json!({ "email": " a@b.example ", "email_verified": "true", "name": "Anna" }));
        assert_eq!((full.email.as_deref(), full.email_verified), (Some("a@b.example"), true));
        assert_eq!(full.name.as_deref(), Some("Anna"));
        let parts = of(json!({ "given_name": "Anna", "family_name": "Berg", "email_verified": 1 }));
        assert_eq!(
            (parts.name.as_deref(), parts.email, parts.email_verified),
            (Some("Anna Berg"), None, false)
        );
        assert_eq!(subject_of(&claims(json!({ "sub": "" }))), None);
        assert_eq!(subject_of(&claims(json!({ "sub": "x".repeat(256) }))), None);
    }
}
