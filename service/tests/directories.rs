//! Signing in with a company's own directory, against a directory that can be made to misbehave: who
//! comes in, what is believed, and what the settings allow (rules 1, 3, 7).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Engine, Stage, stage};
use domain::ids::{DirectoryId, DirectoryIdentityId, MailDomainId};
use domain::{ErrorCode, Field, Role};
use futures::{FutureExt, Stream, StreamExt};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use rstest::rstest;
use serde_json::{Value, json};
use service::accounts::sign_in::{Entry, SignIn, sign_in};
use service::directories::domains::{self, AddMailDomain};
use service::directories::identities::{self, Decide};
use service::directories::outside::{Asking, Names, Outside, Unreachable, Web, WebRequest, WebResponse};
use service::directories::settings::{self, SCOPES, SaveDirectory, Secret};
use service::directories::sign_in::{self, Begin, Begun, Brought};
use service::live::{Changed, Heard};
use service::{Actor, Failure, sessions, sql};
use sha2::{Digest, Sha256};

const GOLD: &str = "fernhollow.example";
const OTHER: &str = "kestrelash.example";
const MAREN: &str = "maren.tolvik@fernhollow.example";
const INGRID: &str = "ingrid.vaszary@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const INVITED: &str = "eirik.tveitanger@fernhollow.example";
const SUSPENDED: &str = "tarik.selimbasic@fernhollow.example";
/// Serves both companies; [`Set::guest`] gives the address.
const GUEST: &str = "noor.castellane@fernhollow.example";
const OTHER_ADMIN: &str = "piet.zanderling@kestrelash.example";
const OPERATOR: &str = "rosalind.ekwueme@northlight.example";
const ISSUER: &str = "https://login.fernhollow.example/tenant/";
const CLIENT: &str = "benefits";
const SECRET: &str = "s:cret/ with+signs";
const PASSWORD: &str = service::sample_programme::DEMO_PASSWORD;

/// How a directory behaves.
struct Behaviour {
    /// Nobody answers.
    down: bool,
    /// Number of the key that it signs with, and publishes.
    key: u8,
    /// Number of the key that it publishes, where it is another.
    published: Option<u8>,
    /// Claims that replace those of a good token; null takes one away.
    claims: Value,
    /// What the userinfo endpoint says; none where there is no such endpoint.
    userinfo: Option<Value>,
    /// Replaces parts of what it says of itself.
    metadata: Value,
    /// The algorithm in the token's head, where it isn't the right one.
    algorithm: Option<&'static str>,
    /// How many requests it has answered, by path.
    asked: HashMap<String, u32>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            down: false,
            key: 1,
            published: None,
            claims: json!({}),
            userinfo: None,
            metadata: json!({}),
            algorithm: None,
            asked: HashMap::new(),
        }
    }
}

/// A sign-in at the directory: who signs in there, and what the portal sent along.
#[derive(Clone)]
struct Grant {
    nonce: String,
    challenge: String,
    claims: Value,
}

/// A directory within the test.
#[derive(Default)]
struct Provider {
    behaviour: Mutex<Behaviour>,
    grants: Mutex<HashMap<String, Grant>>,
    now: Mutex<i64>,
    texts: Mutex<HashMap<String, Vec<String>>>,
}

fn key(number: u8) -> CoreEdDsaPrivateSigningKey {
    // PKCS #8 of an Ed25519 key whose seed is the number (RFC 8410).
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    der.extend([number; 32]);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(format!("key-{number}"))))
        .expect("a key")
}

fn merge(into: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            into.as_object_mut().expect("an object").remove(name);
        } else {
            into[name] = value.clone();
        }
    }
}

impl Provider {
    fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour.lock().expect("not poisoned"));
    }

    fn asked(&self, path: &str) -> u32 {
        self.behaviour.lock().expect("not poisoned").asked.get(path).copied().unwrap_or(0)
    }

    /// Somebody signs in at the directory: the code that the browser takes back.
    fn grant(&self, address: &str, claims: Value) -> (String, String) {
        let address = url::Url::parse(address).expect("an address");
        let parameters: HashMap<String, String> = address.query_pairs().into_owned().collect();
        assert_eq!(parameters["response_type"], "code");
        assert_eq!(parameters["client_id"], CLIENT);
        assert_eq!(parameters["code_challenge_method"], "S256");
        assert_eq!(parameters["redirect_uri"], "https://benefits.example/sign-in/directory/callback");
        let code = format!("code-{}", self.grants.lock().expect("not poisoned").len());
        let grant = Grant {
            nonce: parameters["nonce"].clone(),
            challenge: parameters["code_challenge"].clone(),
            claims,
        };
        self.grants.lock().expect("not poisoned").insert(code.clone(), grant);
        (code, parameters["state"].clone())
    }

    fn answer(&self, request: &WebRequest) -> Result<WebResponse, Unreachable> {
        let mut behaviour = self.behaviour.lock().expect("not poisoned");
        if behaviour.down {
            return Err(Unreachable::Away("connection refused".to_owned()));
        }
        let path = request.uri().path().trim_start_matches("/tenant").to_owned();
        *behaviour.asked.entry(path.clone()).or_default() += 1;
        let (status, body) = match path.as_str() {
            "/.well-known/openid-configuration" => {
                let at = |path: &str| format!("https://login.fernhollow.example/tenant{path}");
                let mut metadata = json!({
                    "issuer": ISSUER,
                    "authorization_endpoint": at("/authorize?policy=portal"),
                    "token_endpoint": at("/token"),
                    "jwks_uri": at("/keys"),
                    "end_session_endpoint": at("/leave"),
                });
                if behaviour.userinfo.is_some() {
                    metadata["userinfo_endpoint"] = json!(at("/me"));
                }
                merge(&mut metadata, &behaviour.metadata);
                (200, metadata)
            }
            "/keys" => {
                let number = behaviour.published.unwrap_or(behaviour.key);
                (200, json!({ "keys": [key(number).as_verification_key()] }))
            }
            "/token" => self.token(&behaviour, request),
            "/me" => {
                assert_eq!(request.headers()["authorization"], "Bearer access");
                (200, behaviour.userinfo.clone().expect("an endpoint"))
            }
            other => panic!("nothing is at {other}"),
        };
        let mut response = WebResponse::new(body.to_string().into_bytes());
        *response.status_mut() = openidconnect::http::StatusCode::from_u16(status).expect("a status");
        Ok(response)
    }

    fn token(&self, behaviour: &Behaviour, request: &WebRequest) -> (u16, Value) {
        let form: HashMap<String, String> =
            url::form_urlencoded::parse(request.body()).into_owned().collect();
        let expected = format!(
            "Basic {}",
            STANDARD.encode(format!(
                "{CLIENT}:{}",
                url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect::<String>()
            ))
        );
        if request.headers().get("authorization").is_none_or(|value| value != expected.as_str()) {
            return (401, json!({ "error": "invalid_client" }));
        }
        // A code is good for once.
        let Some(grant) = self.grants.lock().expect("not poisoned").remove(&form["code"]) else {
            return (400, json!({ "error": "invalid_grant" }));
        };
        let verifier = form.get("code_verifier").cloned().unwrap_or_default();
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != grant.challenge {
            return (400, json!({ "error": "invalid_grant" }));
        }
        let now = *self.now.lock().expect("not poisoned") / 1000;
        let mut claims = json!({
            "iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": grant.nonce,
        });
        merge(&mut claims, &grant.claims);
        merge(&mut claims, &behaviour.claims);
        let head = json!({
            "alg": behaviour.algorithm.unwrap_or("EdDSA"), "kid": format!("key-{}", behaviour.key), "typ": "JWT",
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature =
            key(behaviour.key).sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).expect("signs");
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        (200, json!({ "id_token": token, "access_token": "access", "token_type": "Bearer" }))
    }
}

/// The provider as the world outside.
struct World(Arc<Provider>);

impl Web for World {
    fn send(&self, request: WebRequest) -> Asking<'_, WebResponse> {
        Box::pin(async move { self.0.answer(&request) })
    }
}

impl Names for World {
    fn texts<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<String>> {
        Box::pin(async move {
            Ok(self.0.texts.lock().expect("not poisoned").get(name).cloned().unwrap_or_default())
        })
    }
}

/// A stage whose world outside is one directory.
struct Set {
    stage: Stage,
    provider: Arc<Provider>,
}

async fn set(engine: Engine) -> Set {
    let mut stage = stage(engine).await;
    let provider = Arc::new(Provider::default());
    let world = Arc::new(World(provider.clone()));
    stage.service.outside = Outside::new(world.clone(), world, false);
    *provider.now.lock().expect("not poisoned") = stage.service.now().0;
    Set { stage, provider }
}

fn form() -> SaveDirectory {
    SaveDirectory {
        directory: None,
        name: "Fernhollow ID".to_owned(),
        issuer: ISSUER.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: Secret::New(SECRET.to_owned()),
        scopes: SCOPES.to_owned(),
        enabled: true,
        just_in_time: false,
        authoritative: false,
        signs_out: false,
        default_roles: vec![Role::Employee],
        role_claim: String::new(),
        values: Vec::new(),
    }
}

/// Somebody as the directory knows them.
fn claims(subject: &str, email: &str) -> Value {
    json!({ "sub": subject, "email": email, "email_verified": true, "name": "Ásta Lindqvist" })
}

impl Set {
    async fn add(&self, input: SaveDirectory) -> DirectoryId {
        let admin = self.stage.person(MAREN).await;
        settings::save(&self.stage.service, &admin, self.stage.operation(), input).await.expect("saves");
        self.directory().await
    }

    async fn directory(&self) -> DirectoryId {
        let text = "select id from directory order by created_at desc, id desc limit 1";
        DirectoryId(self.stage.id(text, []).await)
    }

    async fn away(&self, email: &str) -> Result<(String, String), Failure> {
        let input = Begin { email: email.to_owned(), directory: None, then: "/benefits/software".to_owned() };
        match sign_in::begin(&self.stage.service, &self.stage.nobody(), input).await? {
            Begun::Away { address, browser } => Ok((address, browser)),
            Begun::Choose => panic!("a choice"),
        }
    }

    async fn back(&self, brought: &Brought) -> Result<String, Failure> {
        let service = &self.stage.service;
        let pending = sign_in::take(service, brought).await?;
        assert_eq!(pending.then, "/benefits/software");
        sign_in::finish(service, &self.stage.nobody(), &pending, brought).await
    }

    /// The whole way, for somebody whom the directory knows so.
    async fn comes(&self, typed: &str, claims: Value) -> Result<String, Failure> {
        let (address, browser) = self.away(typed).await?;
        let (code, state) = self.provider.grant(&address, claims);
        self.back(&Brought { state, code: Some(code), browser: Some(browser), ..Brought::default() }).await
    }

    async fn actor(&self, token: &str) -> Actor {
        sessions::actor(&self.stage.service, token).await.expect("reads")
    }

    async fn is(&self, token: &str, email: &str) {
        match self.actor(token).await {
            Actor::Person(person) => assert_eq!(person.email, email),
            other => panic!("{other:?} instead of {email}"),
        }
    }

    async fn roles(&self, email: &str) -> Vec<Role> {
        match self.stage.person(email).await.actor {
            Actor::Person(person) => person.roles.iter().collect(),
            other => panic!("{other:?}"),
        }
    }

    async fn local(&self, email: &str) -> Result<String, Failure> {
        let input = SignIn {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            agent: String::new(),
            earlier: None,
        };
        sign_in_with_password(&self.stage, input).await
    }

    /// Somebody with an address of the one company who serves both.
    async fn guest(&self) {
        let text = "update account set email = $1, email_key = $1 where full_name = 'Noor Castellane'";
        assert_eq!(self.stage.run(text, [GUEST.into()]).await, 1);
    }

    /// Sets up a second factor; gives the recovery codes.
    async fn two_factors(&self, email: &str) -> Vec<String> {
        use service::accounts::second_factor::{begin, confirm};
        let (service, who) = (&self.stage.service, self.stage.person(email).await);
        let begun = begin(service, &who, PASSWORD).await.expect("begins");
        let secret = totp_rs::Secret::try_from_base32(&begun.secret).expect("base32");
        let app = totp_rs::Builder::new().with_secret(secret).build().expect("a generator");
        let now = u64::try_from(service.now().0 / 1000).expect("after 1970");
        confirm(service, &who, &app.generate(now).to_string(), "").await.expect("on")
    }

    async fn events(&self, action: &str) -> i64 {
        let text = "select count(*) as number from audit_event where action = $1";
        sql::number(self.stage.service.database.reader(), text, [action.into()]).await.expect("a number")
    }
}

async fn sign_in_with_password(stage: &Stage, input: SignIn) -> Result<String, Failure> {
    match sign_in(&stage.service, &stage.nobody(), input).await? {
        Entry::Session(token) => Ok(token),
        Entry::SecondFactor(_) => panic!("no second factor is set up"),
    }
}

fn refused<T>(result: Result<T, Failure>, code: ErrorCode) -> domain::Error {
    match result {
        Err(Failure::Refused(error)) => {
            assert_eq!(error.code, code, "{error:?}");
            error
        }
        Err(other) => panic!("{other} instead of {code:?}"),
        Ok(_) => panic!("done instead of {code:?}"),
    }
}

/// What was told since.
fn heard(live: &mut (impl Stream<Item = Heard> + Unpin)) -> Vec<Changed> {
    let mut all = Vec::new();
    while let Some(Some(Heard::Changed(changed))) = live.next().now_or_never() {
        all.push(changed);
    }
    all
}

#[rstest]
#[tokio::test]
async fn a_known_person_signs_in_and_stays_who_they_are(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(form()).await;
    let before = set.roles(EMPLOYEE).await;
    let token = set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await.expect("signs in");
    set.is(&token, EMPLOYEE).await;
    assert_eq!(set.roles(EMPLOYEE).await, before);
    assert_eq!((set.events("directory_linked").await, set.events("signed_in").await), (1, 1));
    set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await.expect("signs in again");
    assert_eq!(set.events("directory_linked").await, 1);
    assert_eq!(set.provider.asked("/keys"), 1, "what a directory says is remembered");
    assert!(set.stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn an_invited_person_comes_without_a_password(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(form()).await;
    let token = set.comes(INVITED, claims("e-1", INVITED)).await.expect("signs in");
    set.is(&token, INVITED).await;
    let open = "select count(*) as number from invitation i join account a on a.id = i.account_id
        where a.email_key = 'eirik.tveitanger@fernhollow.example' and i.used_at is null";
    assert_eq!(set.stage.count(open).await, 0);
}

#[rstest]
#[tokio::test]
async fn nobody_new_comes_in_unless_the_company_takes_them_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    let id = set.add(form()).await;
    let new = "asta.lindqvist@fernhollow.example";
    let people = "select count(*) as number from account";
    let before = set.stage.count(people).await;
    let error = refused(set.comes(new, claims("a-1", new)).await, ErrorCode::DirectoryNotAllowed);
    assert!(error.colleagues.iter().any(|name| name == "Maren Tolvik"), "{error:?}");
    assert_eq!(set.stage.count(people).await, before);
    assert_eq!(set.events("directory_sign_in_refused").await, 1);

    let input = SaveDirectory {
        directory: Some((id, 1)),
        client_secret: Secret::Keep,
        just_in_time: true,
        default_roles: vec![Role::Employee, Role::UserAdmin],
        ..form()
    };
    set.add(input).await;
    let token = set.comes(new, claims("a-1", new)).await.expect("comes in");
    set.is(&token, new).await;
    assert_eq!(set.roles(new).await, [Role::UserAdmin, Role::Employee]);
    let Actor::Person(person) = set.actor(&token).await else { panic!("a person") };
    assert_eq!(person.name, "Ásta Lindqvist");
    // Without a password nobody signs in locally.
    refused(set.local(new).await, ErrorCode::SignInFailed);
    assert!(set.stage.audit_intact().await);
    set.stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn suspended_people_operators_and_whoever_has_left_stay_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(SaveDirectory { just_in_time: true, ..form() }).await;
    refused(set.comes(SUSPENDED, claims("s-1", SUSPENDED)).await, ErrorCode::DirectoryNotAllowed);
    let text = "update person set status = $2
        where account_id = (select id from account where email_key = $1)";
    for status in ["suspended", "left"] {
        set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await.expect("active");
        set.stage.run(text, [EMPLOYEE.into(), status.into()]).await;
        // Linked already, and by address alone.
        refused(set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await, ErrorCode::DirectoryNotAllowed);
        set.stage.run("delete from directory_identity where subject = $1", ["t-1".into()]).await;
        refused(set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await, ErrorCode::DirectoryNotAllowed);
        set.stage.run(text, [EMPLOYEE.into(), "active".into()]).await;
    }
    let operator = "update account set email = $2, email_key = $2 where email_key = $1";
    set.stage.run(operator, [OPERATOR.into(), "rosalind@fernhollow.example".into()]).await;
    let who = claims("o-1", "rosalind@fernhollow.example");
    refused(set.comes("rosalind@fernhollow.example", who).await, ErrorCode::WrongSide);
}

#[rstest]
#[tokio::test]
async fn an_address_of_another_company_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(SaveDirectory { just_in_time: true, authoritative: true, ..form() }).await;
    for email in [OTHER_ADMIN, "new@kestrelash.example", "new@nobody.example", OPERATOR] {
        let sessions = "select count(*) as number from session";
        let before = set.stage.count(sessions).await;
        refused(set.comes(MAREN, claims("x-1", email)).await, ErrorCode::DirectoryAddressForeign);
        assert_eq!(set.stage.count(sessions).await, before);
    }
    // And nobody is sent to a directory for an address that isn't the company's.
    refused(set.away(OTHER_ADMIN).await, ErrorCode::DirectoryUnknown);
    refused(set.away("new@nobody.example").await, ErrorCode::DirectoryUnknown);
}

#[rstest]
#[tokio::test]
async fn an_address_counts_when_it_is_verified_or_the_directory_is_trusted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    let id = set.add(form()).await;
    for verified in [json!(false), json!(null), json!("false"), json!(1)] {
        let mut who = claims("t-1", EMPLOYEE);
        merge(&mut who, &json!({ "email_verified": verified }));
        let result = set.comes(EMPLOYEE, who).await;
        assert!(
            result.as_ref().is_err_and(|failure| failure.is(ErrorCode::DirectoryAddressUnproven)
                || failure.is(ErrorCode::DirectoryAnswer)),
            "{verified}"
        );
    }
    let input = SaveDirectory {
        directory: Some((id, 1)),
        client_secret: Secret::Keep,
        authoritative: true,
        ..form()
    };
    set.add(input).await;
    let mut who = claims("t-1", EMPLOYEE);
    merge(&mut who, &json!({ "email_verified": null }));
    let token = set.comes(EMPLOYEE, who).await.expect("signs in");
    set.is(&token, EMPLOYEE).await;
}

#[rstest]
#[tokio::test]
async fn a_subject_whose_address_changed_keeps_the_account(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(SaveDirectory { just_in_time: true, ..form() }).await;
    let admin = set.stage.person(MAREN).await;
    set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await.expect("links");
    let new = "teodor.new@fernhollow.example";
    let token = set.comes(EMPLOYEE, claims("t-1", new)).await.expect("stays");
    set.is(&token, EMPLOYEE).await;
    set.comes(EMPLOYEE, claims("t-1", new)).await.expect("stays");
    assert_eq!(set.events("directory_address_differs").await, 1);
    let page = settings::page(&set.stage.service, &admin).await.expect("a page");
    assert_eq!(page.offers.len(), 1);
    assert_eq!(page.offers[0].address.as_deref(), Some(new));
    // Even the address of somebody else changes nothing.
    let token = set.comes(EMPLOYEE, claims("t-1", INGRID)).await.expect("stays");
    set.is(&token, EMPLOYEE).await;
    let decide = |identity: DirectoryIdentityId| Decide { identity, accepted: true };
    let offer = page.offers[0].id;
    let result = identities::decide(&set.stage.service, &admin, set.stage.operation(), decide(offer)).await;
    refused(result, ErrorCode::AlreadyInOrganization);
    set.comes(EMPLOYEE, claims("t-1", new)).await.expect("stays");
    identities::decide(&set.stage.service, &admin, set.stage.operation(), decide(offer))
        .await
        .expect("takes");
    let token = set.comes(new, claims("t-1", new)).await.expect("signs in");
    set.is(&token, new).await;
    assert!(settings::page(&set.stage.service, &admin).await.expect("a page").offers.is_empty());
}

#[rstest]
#[tokio::test]
async fn whoever_gets_an_old_address_waits_for_an_administrator(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(SaveDirectory { just_in_time: true, ..form() }).await;
    let first = set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await.expect("links");
    for _ in 0..2 {
        refused(set.comes(EMPLOYEE, claims("t-2", EMPLOYEE)).await, ErrorCode::DirectoryOtherSubject);
    }
    let admin = set.stage.person(MAREN).await;
    let page = settings::page(&set.stage.service, &admin).await.expect("a page");
    assert_eq!((page.offers.len(), page.offers[0].address.as_deref()), (1, None));
    let other = set.stage.person(OTHER_ADMIN).await;
    let input = Decide { identity: page.offers[0].id, accepted: true };
    let stolen = identities::decide(&set.stage.service, &other, set.stage.operation(), input.clone()).await;
    refused(stolen, ErrorCode::NotFound);
    identities::decide(&set.stage.service, &admin, set.stage.operation(), input).await.expect("links");
    assert!(matches!(set.actor(&first).await, Actor::Nobody), "the old entry's session ends");
    let token = set.comes(EMPLOYEE, claims("t-2", EMPLOYEE)).await.expect("signs in");
    set.is(&token, EMPLOYEE).await;
    refused(set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await, ErrorCode::DirectoryOtherSubject);
}

#[rstest]
#[case::nonce(json!({ "nonce": "another" }))]
#[case::no_nonce(json!({ "nonce": null }))]
#[case::over(json!({ "exp": 1_000 }))]
#[case::audience(json!({ "aud": "somebody else" }))]
#[case::audiences(json!({ "aud": ["benefits", "somebody else"] }))]
#[case::issuer(json!({ "iss": "https://login.kestrelash.example/" }))]
#[case::no_subject(json!({ "sub": null }))]
#[case::long_subject(json!({ "sub": "x".repeat(300) }))]
#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_is_not_believed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] wrong: Value,
) {
    let set = set(engine).await;
    set.add(form()).await;
    set.provider.behave(|behaviour| behaviour.claims = wrong);
    let error = refused(set.comes(MAREN, claims("m-1", MAREN)).await, ErrorCode::DirectoryAnswer);
    assert_eq!(error.detail.as_deref(), Some("Fernhollow ID"));
    assert_eq!(set.stage.count("select count(*) as number from session").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_token_with_a_wrong_signature_is_not_believed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(form()).await;
    for algorithm in ["none", "HS256", "RS256"] {
        set.provider.behave(|behaviour| behaviour.algorithm = Some(algorithm));
        refused(set.comes(MAREN, claims("m-1", MAREN)).await, ErrorCode::DirectoryAnswer);
    }
    set.provider.behave(|behaviour| {
        behaviour.algorithm = None;
        behaviour.key = 2;
        behaviour.published = Some(1);
    });
    set.stage.clock.move_seconds(60);
    *set.provider.now.lock().expect("not poisoned") = set.stage.service.now().0;
    refused(set.comes(MAREN, claims("m-1", MAREN)).await, ErrorCode::DirectoryAnswer);
    assert_eq!(set.stage.count("select count(*) as number from session").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_directory_may_change_its_key(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let set = set(engine).await;
    set.add(form()).await;
    set.comes(MAREN, claims("m-1", MAREN)).await.expect("signs in");
    set.provider.behave(|behaviour| behaviour.key = 2);
    set.stage.clock.move_seconds(60);
    *set.provider.now.lock().expect("not poisoned") = set.stage.service.now().0;
    let token = set.comes(MAREN, claims("m-1", MAREN)).await.expect("signs in with the new key");
    set.is(&token, MAREN).await;
    assert_eq!(set.provider.asked("/keys"), 2);
    // Unknown keys, of whoever they are, don't make the server ask all the time.
    set.provider.behave(|behaviour| {
        behaviour.key = 3;
        behaviour.published = Some(2);
    });
    for _ in 0..3 {
        refused(set.comes(MAREN, claims("m-1", MAREN)).await, ErrorCode::DirectoryAnswer);
    }
    assert_eq!(set.provider.asked("/keys"), 2);
}

#[rstest]
#[tokio::test]
async fn a_directory_that_is_down_is_named_and_passwords_still_work(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(form()).await;
    set.provider.behave(|behaviour| behaviour.down = true);
    let error = refused(set.away(EMPLOYEE).await, ErrorCode::DirectoryUnreachable);
    assert_eq!(error.detail.as_deref(), Some("Fernhollow ID"));
    set.local(EMPLOYEE).await.expect("signs in with the password");
    // It may go down while somebody is there.
    set.provider.behave(|behaviour| behaviour.down = false);
    let (address, browser) = set.away(EMPLOYEE).await.expect("goes there");
    let (code, state) = set.provider.grant(&address, claims("t-1", EMPLOYEE));
    set.provider.behave(|behaviour| behaviour.down = true);
    let brought = Brought { state, code: Some(code), browser: Some(browser), ..Brought::default() };
    refused(set.back(&brought).await, ErrorCode::DirectoryUnreachable);
}

#[rstest]
#[tokio::test]
async fn a_sign_in_is_taken_once_in_its_own_browser_and_in_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(form()).await;
    let (address, browser) = set.away(EMPLOYEE).await.expect("goes there");
    let (code, state) = set.provider.grant(&address, claims("t-1", EMPLOYEE));
    let brought = Brought { state, code: Some(code), browser: Some(browser), ..Brought::default() };
    for wrong in [
        Brought { state: "0".repeat(64), ..brought.clone() },
        Brought { state: String::new(), ..brought.clone() },
        Brought { browser: Some("0".repeat(64)), ..brought.clone() },
        Brought { browser: None, ..brought.clone() },
    ] {
        refused(set.back(&wrong).await, ErrorCode::DirectoryEnded);
    }
    set.back(&brought).await.expect("signs in");
    refused(set.back(&brought).await, ErrorCode::DirectoryEnded);
    let (address, browser) = set.away(EMPLOYEE).await.expect("goes there");
    let (code, state) = set.provider.grant(&address, claims("t-1", EMPLOYEE));
    set.stage.clock.move_seconds(601);
    let late = Brought { state, code: Some(code), browser: Some(browser), ..Brought::default() };
    refused(set.back(&late).await, ErrorCode::DirectoryEnded);
    // What nobody comes back from goes.
    set.away(EMPLOYEE).await.expect("goes there");
    set.stage.clock.move_seconds(601);
    assert_eq!(sign_in::sweep(&set.stage.service).await.expect("sweeps"), 1);
}

#[rstest]
#[tokio::test]
async fn a_code_of_another_sign_in_and_a_refusal_there_bring_nobody_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(form()).await;
    // A stolen code: PKCE binds it to the sign-in that it was made for.
    let (address, _) = set.away(MAREN).await.expect("goes there");
    let (stolen, _) = set.provider.grant(&address, claims("m-1", MAREN));
    let (address, browser) = set.away(EMPLOYEE).await.expect("goes there");
    let (_, state) = set.provider.grant(&address, claims("t-1", EMPLOYEE));
    let brought = Brought { state, code: Some(stolen), browser: Some(browser), ..Brought::default() };
    refused(set.back(&brought).await, ErrorCode::DirectoryAnswer);

    let (address, browser) = set.away(EMPLOYEE).await.expect("goes there");
    let (_, state) = set.provider.grant(&address, claims("t-1", EMPLOYEE));
    let error = Some("access_denied".to_owned());
    let brought = Brought { state, error, browser: Some(browser), ..Brought::default() };
    refused(set.back(&brought).await, ErrorCode::DirectoryDeclined);

    // The answer of another directory.
    let (address, browser) = set.away(EMPLOYEE).await.expect("goes there");
    let (code, state) = set.provider.grant(&address, claims("t-1", EMPLOYEE));
    let issuer = Some("https://login.kestrelash.example/".to_owned());
    let brought = Brought { state, code: Some(code), issuer, browser: Some(browser), ..Brought::default() };
    refused(set.back(&brought).await, ErrorCode::DirectoryAnswer);
    assert_eq!(set.stage.count("select count(*) as number from session").await, 0);
}

#[rstest]
#[case::issuer(json!({ "issuer": "https://login.fernhollow.example/other" }))]
#[case::no_pkce(json!({ "code_challenge_methods_supported": ["plain"] }))]
#[case::plain_http(json!({ "token_endpoint": "http://login.fernhollow.example/token" }))]
#[case::script(json!({ "authorization_endpoint": "javascript:alert(1)" }))]
#[case::no_keys(json!({ "jwks_uri": null }))]
#[tokio::test]
async fn a_directory_that_says_wrong_things_of_itself_is_not_used(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] wrong: Value,
) {
    let set = set(engine).await;
    let id = set.add(form()).await;
    set.provider.behave(|behaviour| behaviour.metadata = wrong);
    refused(set.away(EMPLOYEE).await, ErrorCode::DirectoryAnswer);
    let admin = set.stage.person(MAREN).await;
    let tried = settings::try_out(&set.stage.service, &admin, set.stage.operation(), id).await;
    refused(tried, ErrorCode::DirectoryAnswer);
}

#[rstest]
#[tokio::test]
async fn what_the_token_lacks_is_asked_for_and_only_of_the_same_person(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(form()).await;
    let more = claims("t-1", EMPLOYEE);
    set.provider.behave(|behaviour| behaviour.userinfo = Some(more));
    let token = set.comes(EMPLOYEE, json!({ "sub": "t-1" })).await.expect("signs in");
    set.is(&token, EMPLOYEE).await;
    refused(set.comes(EMPLOYEE, json!({ "sub": "t-2" })).await, ErrorCode::DirectoryAnswer);
}

#[rstest]
#[tokio::test]
async fn rule_03_roles_follow_the_claim_and_the_last_global_admin_stays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    let values = vec![
        (Role::GlobalAdmin, "portal-admins\n".to_owned()),
        (Role::PartnerAdmin, "benefits\n other \n".to_owned()),
    ];
    set.add(SaveDirectory { role_claim: "groups".to_owned(), values, ..form() }).await;
    let with = |subject: &str, email: &str, groups: Value| {
        let mut who = claims(subject, email);
        who["groups"] = groups;
        who
    };
    set.comes(EMPLOYEE, with("t-1", EMPLOYEE, json!(["benefits", "x"]))).await.expect("signs in");
    assert_eq!(set.roles(EMPLOYEE).await, [Role::PartnerAdmin, Role::Employee]);
    set.comes(EMPLOYEE, with("t-1", EMPLOYEE, json!(["portal-admins"]))).await.expect("signs in");
    assert_eq!(set.roles(EMPLOYEE).await, [Role::GlobalAdmin, Role::Employee]);
    set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await.expect("signs in");
    assert_eq!(set.roles(EMPLOYEE).await, [Role::Employee], "a missing claim has no values");

    // One Global admin after the other loses the group; the last stays.
    let admins = "select count(*) as number from person_role r join person p on p.id = r.person_id
        join organization o on o.id = p.organization_id
        where o.domain = 'fernhollow.example' and r.role = 'global_admin' and p.status = 'active'";
    assert_eq!(set.stage.count(admins).await, 2);
    set.comes(INGRID, claims("i-1", INGRID)).await.expect("signs in");
    assert_eq!(set.stage.count(admins).await, 1);
    set.comes(MAREN, claims("m-1", MAREN)).await.expect("signs in");
    assert_eq!(set.stage.count(admins).await, 1);
    assert!(set.roles(MAREN).await.contains(&Role::GlobalAdmin));
    assert_eq!(set.events("last_global_admin_kept").await, 1);
    assert!(set.stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_directorys_session_opens_its_own_company_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    let id = set.add(form()).await;
    set.guest().await;
    let token = set.comes(GUEST, claims("o-1", GUEST)).await.expect("signs in");
    let Actor::Person(person) = set.actor(&token).await else { panic!("a person") };
    assert_eq!(person.organization, set.stage.organization(GOLD).await);
    let other = set.stage.organization(OTHER).await;
    let request = set.stage.person(GUEST).await;
    let switched = sessions::switch_organization(&set.stage.service, &request, &token, other).await;
    refused(switched, ErrorCode::DirectorySession);
    // Not by a row changed behind the back of the use cases either.
    set.stage
        .run("update session set organization_id = $1 where directory_id = $2", [other.0.into(), id.0.into()])
        .await;
    assert!(matches!(set.actor(&token).await, Actor::Nobody));

    // A directory that isn't in use any more ends what it opened.
    let token = set.comes(GUEST, claims("o-1", GUEST)).await.expect("signs in");
    let admin = set.stage.person(MAREN).await;
    let off =
        SaveDirectory { directory: Some((id, 1)), client_secret: Secret::Keep, enabled: false, ..form() };
    let mut live = Box::pin(set.stage.service.live.listen());
    let ended = Changed::SignedOutOf(set.stage.organization(GOLD).await);
    settings::save(&set.stage.service, &admin, set.stage.operation(), off).await.expect("saves");
    assert!(matches!(set.actor(&token).await, Actor::Nobody));
    assert!(heard(&mut live).contains(&ended), "open pages go on listening");
    refused(set.away(GUEST).await, ErrorCode::DirectoryUnknown);
    settings::remove(&set.stage.service, &admin, set.stage.operation(), id).await.expect("removes");
    assert!(heard(&mut live).contains(&ended), "open pages go on listening");
    assert_eq!(set.stage.count("select count(*) as number from directory_identity").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_company_may_require_its_directory_and_a_global_admin_with_two_factors_still_gets_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    let service = &set.stage.service;
    let admin = set.stage.person(MAREN).await;
    let missing = settings::require(service, &admin, set.stage.operation(), true).await;
    refused(missing, ErrorCode::DirectoryMissing);
    let id = set.add(form()).await;
    let unsafe_yet = settings::require(service, &admin, set.stage.operation(), true).await;
    refused(unsafe_yet, ErrorCode::BreakGlassMissing);
    set.stage.break_glass(MAREN).await;
    let before = set.local(EMPLOYEE).await.expect("not required yet");
    let mut live = Box::pin(service.live.listen());
    settings::require(service, &admin, set.stage.operation(), true).await.expect("requires");
    let ended = Changed::SignedOutOf(set.stage.organization(GOLD).await);
    assert!(heard(&mut live).contains(&ended), "open pages go on listening");
    assert!(matches!(set.actor(&before).await, Actor::Nobody), "sessions of passwords lead nowhere");
    refused(set.local(EMPLOYEE).await, ErrorCode::DirectoryRequired);
    refused(set.local(INGRID).await, ErrorCode::DirectoryRequired);
    let input = SignIn {
        email: MAREN.to_owned(),
        password: PASSWORD.to_owned(),
        agent: String::new(),
        earlier: None,
    };
    let entry = sign_in(service, &set.stage.nobody(), input).await.expect("a Global admin with two factors");
    assert!(matches!(entry, Entry::SecondFactor(_)));
    let token = set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await.expect("by the directory");
    set.is(&token, EMPLOYEE).await;

    // Whoever serves another company, too, comes in there with the password, and not here.
    set.guest().await;
    let token = set.local(GUEST).await.expect("signs in");
    let Actor::Person(person) = set.actor(&token).await else { panic!("a person") };
    assert_eq!(person.organization, set.stage.organization(OTHER).await);
    let gold = set.stage.organization(GOLD).await;
    let request = set.stage.person_in(GUEST, OTHER).await;
    let switched = sessions::switch_organization(service, &request, &token, gold).await;
    refused(switched, ErrorCode::DirectoryRequired);
    set.local(OTHER_ADMIN).await.expect("other companies don't notice");

    // Without a directory in use nobody can be made to use one.
    let off =
        SaveDirectory { directory: Some((id, 1)), client_secret: Secret::Keep, enabled: false, ..form() };
    settings::save(service, &admin, set.stage.operation(), off).await.expect("saves");
    set.local(EMPLOYEE).await.expect("signs in with the password again");
}

#[rstest]
#[tokio::test]
async fn several_directories_are_a_choice(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let set = set(engine).await;
    let first = set.add(form()).await;
    let second =
        SaveDirectory { name: "Fernhollow guests".to_owned(), client_id: "guests".to_owned(), ..form() };
    set.add(second).await;
    let service = &set.stage.service;
    let begin = |directory| Begin { email: EMPLOYEE.to_owned(), directory, then: "/".to_owned() };
    let begun = sign_in::begin(service, &set.stage.nobody(), begin(None)).await.expect("begins");
    assert!(matches!(begun, Begun::Choose));
    let choices = sign_in::choices(service, &set.stage.nobody(), EMPLOYEE).await.expect("choices");
    let names: Vec<&str> = choices.iter().map(|choice| choice.name.as_str()).collect();
    assert_eq!(names, ["Fernhollow ID", "Fernhollow guests"]);
    let begun = sign_in::begin(service, &set.stage.nobody(), begin(Some(first))).await.expect("begins");
    assert!(matches!(&begun, Begun::Away { address, .. } if address.contains("client_id=benefits")));
    // Another company's choice is none.
    let stranger = Begin { email: OTHER_ADMIN.to_owned(), ..begin(Some(first)) };
    refused(sign_in::begin(service, &set.stage.nobody(), stranger).await, ErrorCode::DirectoryUnknown);
    assert!(sign_in::choices(service, &set.stage.nobody(), OTHER_ADMIN).await.expect("choices").is_empty());
}

#[rstest]
#[tokio::test]
async fn a_mail_domain_is_proven_by_its_record(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let set = set(engine).await;
    let service = &set.stage.service;
    let id = set.add(SaveDirectory { just_in_time: true, ..form() }).await;
    let admin = set.stage.person(MAREN).await;
    let add = async |domain: &str| {
        let input = AddMailDomain { domain: domain.to_owned(), directory: Some(id) };
        domains::add(service, &admin, set.stage.operation(), input).await
    };
    for taken in [GOLD, OTHER, "KESTRELASH.example"] {
        let error = refused(add(taken).await, ErrorCode::Invalid);
        assert_eq!(error.of(Field::MailDomain).map(|fault| fault.code), Some(ErrorCode::DomainTaken));
    }
    let record = add("Mail.Fernhollow.Example").await.expect("adds");
    assert!(record.starts_with("benefits-center-verification="), "{record}");
    let fault = refused(add("mail.fernhollow.example").await, ErrorCode::Invalid);
    assert_eq!(fault.of(Field::MailDomain).map(|fault| fault.code), Some(ErrorCode::DomainTaken));
    let domain = MailDomainId(set.stage.id("select id from mail_domain", []).await);
    let new = "asta@mail.fernhollow.example";
    refused(set.away(new).await, ErrorCode::DirectoryUnknown);
    refused(set.comes(MAREN, claims("a-1", new)).await, ErrorCode::DirectoryAddressForeign);

    let verify = async || domains::verify(service, &admin, set.stage.operation(), domain).await;
    let error = refused(verify().await, ErrorCode::DomainNotProven);
    assert_eq!(error.detail.as_deref(), Some("mail.fernhollow.example"));
    let publish = |texts: &[&str]| {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        set.provider.texts.lock().expect("not poisoned").insert("mail.fernhollow.example".to_owned(), texts);
    };
    publish(&["v=spf1 -all", "benefits-center-verification=0000"]);
    refused(verify().await, ErrorCode::DomainNotProven);
    publish(&["v=spf1 -all", &record]);
    // Whoever else asks doesn't get it, nor sees it.
    let other = set.stage.person(OTHER_ADMIN).await;
    refused(domains::verify(service, &other, set.stage.operation(), domain).await, ErrorCode::NotFound);
    let pending = AddMailDomain { domain: "mail.fernhollow.example".to_owned(), directory: None };
    domains::add(service, &other, set.stage.operation(), pending).await.expect("asks, too");
    assert_eq!(verify().await.expect("verifies"), "mail.fernhollow.example");
    let token = set.comes(new, claims("a-1", new)).await.expect("comes in");
    set.is(&token, new).await;

    // It is this company's now, whoever asked for it, too, and with whatever record.
    let theirs = "select m.id from mail_domain m join organization o on o.id = m.organization_id
        where o.domain = 'kestrelash.example'";
    let theirs = MailDomainId(set.stage.id(theirs, []).await);
    let text = "update mail_domain set token = 'x' where id = $1";
    set.stage.run(text, [theirs.0.into()]).await;
    publish(&["benefits-center-verification=x"]);
    let late = domains::verify(service, &other, set.stage.operation(), theirs).await;
    refused(late, ErrorCode::DomainTaken);
    domains::remove(service, &admin, set.stage.operation(), domain).await.expect("removes");
    refused(set.away(new).await, ErrorCode::DirectoryUnknown);
    assert!(set.stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn only_global_admins_see_and_change_the_settings(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    let service = &set.stage.service;
    let id = set.add(form()).await;
    let page = settings::page(service, &set.stage.person(USER_ADMIN).await).await.expect("a page");
    let why = page.why_not.expect("a reason");
    assert_eq!((why.code, why.roles), (ErrorCode::RoleNeeded, vec![Role::GlobalAdmin]));
    assert!(!why.colleagues.is_empty());
    assert!(page.providers.is_empty() && page.domains.is_empty());
    for email in [USER_ADMIN, EMPLOYEE] {
        let who = set.stage.person(email).await;
        refused(settings::save(service, &who, set.stage.operation(), form()).await, ErrorCode::RoleNeeded);
        refused(settings::remove(service, &who, set.stage.operation(), id).await, ErrorCode::RoleNeeded);
    }
    let other = set.stage.person(OTHER_ADMIN).await;
    let stolen = SaveDirectory { directory: Some((id, 1)), ..form() };
    refused(settings::save(service, &other, set.stage.operation(), stolen).await, ErrorCode::NotFound);
    refused(settings::remove(service, &other, set.stage.operation(), id).await, ErrorCode::NotFound);
    assert!(settings::page(service, &other).await.expect("a page").providers.is_empty());
}

#[rstest]
#[tokio::test]
async fn the_settings_are_checked_and_the_secret_is_write_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    let service = &set.stage.service;
    let admin = set.stage.person(MAREN).await;
    let save =
        async |input: SaveDirectory| settings::save(service, &admin, set.stage.operation(), input).await;
    let wrong = SaveDirectory {
        name: String::new(),
        issuer: "http://127.0.0.1:9/".to_owned(),
        client_id: " ".to_owned(),
        default_roles: vec![Role::GlobalAdmin],
        values: vec![(Role::UserAdmin, "x".to_owned())],
        ..form()
    };
    let error = refused(save(wrong).await, ErrorCode::Invalid);
    for (field, code) in [
        (Field::DirectoryName, ErrorCode::Required),
        (Field::Issuer, ErrorCode::MalformedAddress),
        (Field::ClientId, ErrorCode::Required),
        (Field::Roles, ErrorCode::UnknownChoice),
        (Field::RoleClaim, ErrorCode::Required),
    ] {
        assert_eq!(error.of(field).map(|fault| fault.code), Some(code), "{field:?}");
    }
    let id = set.add(form()).await;
    refused(save(form()).await, ErrorCode::DirectoryExists);
    let page = settings::page(service, &admin).await.expect("a page");
    assert!(page.providers[0].has_secret);
    assert!(!format!("{page:?}").contains(SECRET));
    let kept = "select count(*) as number from directory where client_secret is not null";
    let text = "select count(*) as number from audit_event where coalesce(after_state, '') like '%s:cret%'";
    assert_eq!((set.stage.count(kept).await, set.stage.count(text).await), (1, 0));
    // A secret goes to nobody but the directory that it was typed for.
    let moved = SaveDirectory {
        directory: Some((id, 1)),
        issuer: "https://login.elsewhere.example".to_owned(),
        client_secret: Secret::Keep,
        ..form()
    };
    let error = refused(save(moved).await, ErrorCode::Invalid);
    assert!(error.of(Field::ClientSecret).is_some());
    refused(save(SaveDirectory { directory: Some((id, 9)), ..form() }).await, ErrorCode::Stale);
    let public = SaveDirectory { directory: Some((id, 1)), client_secret: Secret::Remove, ..form() };
    save(public).await.expect("a public client");
    assert_eq!(set.stage.count(kept).await, 0);
    let tried = settings::try_out(service, &admin, set.stage.operation(), id).await.expect("answers");
    assert_eq!((tried.keys, tried.signs_out), (1, true));
}

#[rstest]
#[tokio::test]
async fn signing_out_leads_there_where_the_directory_wants_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    let service = &set.stage.service;
    set.add(SaveDirectory { signs_out: true, ..form() }).await;
    let token = set.comes(EMPLOYEE, claims("t-1", EMPLOYEE)).await.expect("signs in");
    let request = set.stage.person(EMPLOYEE).await;
    let there = sign_in::sign_out_address(service, &request, &token).await.expect("an address");
    assert_eq!(
        there.as_deref(),
        Some(
            "https://login.fernhollow.example/tenant/leave?client_id=benefits\
            &post_logout_redirect_uri=https%3A%2F%2Fbenefits.example%2Fsign-in"
        )
    );
    let local = set.local(EMPLOYEE).await.expect("signs in");
    assert_eq!(sign_in::sign_out_address(service, &request, &local).await.expect("none"), None);
}

#[rstest]
#[tokio::test]
async fn two_arrivals_of_one_new_person_make_one_account(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let set = set(engine).await;
    set.add(SaveDirectory { just_in_time: true, ..form() }).await;
    let new = "asta.lindqvist@fernhollow.example";
    let (one, other) = tokio::join!(set.comes(new, claims("a-1", new)), set.comes(new, claims("a-1", new)));
    set.is(&one.expect("comes in"), new).await;
    set.is(&other.expect("comes in"), new).await;
    let people =
        "select count(*) as number from account where email_key = 'asta.lindqvist@fernhollow.example'";
    assert_eq!(set.stage.count(people).await, 1);
}

#[rstest]
#[tokio::test]
async fn the_last_who_gets_in_without_the_directory_keeps_the_second_factor(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use service::accounts::second_factor;
    let set = set(engine).await;
    let service = &set.stage.service;
    set.add(form()).await;
    let ingrid = set.stage.person(INGRID).await;
    let codes = set.two_factors(INGRID).await;
    settings::require(service, &ingrid, set.stage.operation(), true).await.expect("requires");
    let kept = second_factor::turn_off(service, &ingrid, PASSWORD, &codes[0]).await;
    refused(kept, ErrorCode::BreakGlassNeeded);
    set.two_factors(MAREN).await;
    second_factor::turn_off(service, &ingrid, PASSWORD, &codes[1]).await.expect("another one gets in");
    refused(set.local(INGRID).await, ErrorCode::DirectoryRequired);
}

#[rstest]
#[tokio::test]
async fn rule_19_a_founder_signs_in_with_the_companys_directory(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use common::enrolment::{DOMAIN, FOUNDER};
    use service::enrolment::found::{self, ByDirectory};

    let set = set(engine).await;
    let (service, nobody) = (&set.stage.service, set.stage.nobody());
    set.stage.begin_enrolment(DOMAIN, FOUNDER).await.expect("a link");
    let token = set.stage.mailed_token(FOUNDER, "enrolment_link").await;
    let connect = async |secret: &str| {
        let input = ByDirectory {
            token: token.clone(),
            issuer: ISSUER.to_owned(),
            client_id: CLIENT.to_owned(),
            client_secret: secret.to_owned(),
        };
        match found::by_directory(service, &nobody, input).await {
            Ok(Begun::Away { address, browser }) => Ok((address, browser)),
            Ok(Begun::Choose) => panic!("a choice"),
            Err(failure) => Err(failure),
        }
    };
    let come = async |(address, browser): (String, String), claims: Value| {
        let (code, state) = set.provider.grant(&address, claims);
        let brought = Brought { state, code: Some(code), browser: Some(browser), ..Brought::default() };
        let pending = sign_in::take(service, &brought).await.expect("begun here");
        assert_eq!(pending.then, "/enrol/profile");
        sign_in::finish(service, &nobody, &pending, &brought).await
    };
    // A directory that doesn't answer founds nothing.
    set.provider.behaviour.lock().expect("not poisoned").down = true;
    refused(connect(SECRET).await, ErrorCode::DirectoryUnreachable);
    let companies = "select count(*) as number from organization where domain = 'oakfen.example'";
    assert_eq!(set.stage.count(companies).await, 0);
    set.provider.behaviour.lock().expect("not poisoned").down = false;
    // A wrong secret lets nobody in, and the link can be used again.
    let away = connect("not the secret").await.expect("sent there");
    refused(come(away, claims("i-1", FOUNDER)).await, ErrorCode::DirectoryAnswer);
    assert!(found::open(service, &nobody, &token).await.is_ok());
    // The address that was proven is the one that the directory has to say.
    let away = connect(SECRET).await.expect("sent there");
    refused(come(away, claims("i-2", "somebody@oakfen.example")).await, ErrorCode::DirectoryNotAllowed);
    let away = connect(SECRET).await.expect("sent there");
    let session = come(away, claims("i-1", FOUNDER)).await.expect("signs in");
    set.is(&session, FOUNDER).await;
    assert_eq!(set.roles(FOUNDER).await, [Role::GlobalAdmin, Role::Employee]);
    assert_eq!(set.stage.count(companies).await, 1);
    refused(found::open(service, &nobody, &token).await, ErrorCode::EnrolmentEnded);
    assert!(set.stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_19_who_never_came_in_leaves_nothing_to_the_founder_who_does(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use common::enrolment::{DOMAIN, FOUNDER};
    use service::enrolment::found::{self, ByDirectory};

    let set = set(engine).await;
    let (service, nobody) = (&set.stage.service, set.stage.nobody());
    let early = "early@oakfen.example";
    set.stage.begin_enrolment(DOMAIN, early).await.expect("a link");
    let token = set.stage.mailed_token(early, "enrolment_link").await;
    let input = ByDirectory {
        token: token.clone(),
        issuer: ISSUER.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.to_owned(),
    };
    let Begun::Away { address, browser } =
        found::by_directory(service, &nobody, input).await.expect("sent there")
    else {
        panic!("a choice")
    };
    // The founder comes with a password, before the other one is back from the directory.
    set.stage.founded().await;
    let (code, state) = set.provider.grant(&address, claims("e-1", early));
    let brought = Brought { state, code: Some(code), browser: Some(browser), ..Brought::default() };
    assert!(sign_in::take(service, &brought).await.is_err());
    refused(found::open(service, &nobody, &token).await, ErrorCode::EnrolmentEnded);
    refused(set.comes(early, claims("e-1", early)).await, ErrorCode::DirectoryUnknown);
    assert!(set.stage.roles(early).await.is_empty());
    assert_eq!(set.stage.roles(FOUNDER).await, ["employee", "global_admin"]);
    assert_eq!(set.stage.count("select count(*) as number from directory").await, 0);
}
