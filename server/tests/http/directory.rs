//! Signing in with a company's own directory over HTTP, against the certified provider `oidc-provider`,
//! which the tests start; a directory that misbehaves is in the tests of `service`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use axum::http::header::{COOKIE, LOCATION, REFRESH, SET_COOKIE};
use domain::{ErrorCode, Language, Moment};
use rstest::rstest;
use server::outside::{Https, Reach};
use service::directories::outside::{Asking, Names, Outside};

use crate::browser::{Answer, Browser, PASSWORD, Portal, fields};
use crate::common::{self, Engine};
use crate::html;
use crate::scene::{EMPLOYEE, GLOBAL_ADMIN};

const NEW: &str = "asta.lindqvist@fernhollow.example";

/// The directory's server; it ends with the test.
struct Directory {
    child: Child,
    issuer: String,
}

impl Directory {
    fn start(port: u16) -> Self {
        Self::with_tokens_for(port, 3600)
    }

    /// One whose ID tokens last so many seconds.
    fn with_tokens_for(port: u16, seconds: u32) -> Self {
        // Asked when the test runs: built tests may come from another checkout of the same sources.
        let own = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
        let folder = own.join("../end2end");
        assert!(
            folder.join("node_modules/oidc-provider").exists(),
            "These tests need the packages of end2end: `cargo xtask test` installs them, or `npm ci` there."
        );
        let mut child = Command::new("node")
            .current_dir(&folder)
            .args([
                "support/directory.mjs",
                &port.to_string(),
                "https://benefits.example",
                &seconds.to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let issuer = loop {
            let line = lines.next().expect("the directory says that it is ready").expect("a line");
            if let Some(issuer) = line.strip_prefix("ready ") {
                break issuer.to_owned();
            }
        };
        Self { child, issuer }
    }

    fn port(&self) -> u16 {
        self.issuer.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A browser at the directory: keeps its cookies, follows it until it leads back to the portal.
async fn sign_in_there(address: &str, email: &str) -> String {
    // The portal's client asks the directory; this one is a person's.
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client");
    let home = reqwest::Url::parse(address).expect("an address");
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut request = client.get(home.clone());
    for _ in 0..12 {
        let jar =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let response = request.header(COOKIE, jar).send().await.expect("the directory answers");
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a pair");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        if let Some(next) = response.headers().get(LOCATION) {
            let next = home.join(next.to_str().expect("text")).expect("an address");
            if next.host_str() == Some("benefits.example") {
                return format!("{}?{}", next.path(), next.query().unwrap_or_default());
            }
            request = client.get(next);
            continue;
        }
        let status = response.status();
        let page = response.text().await.expect("a page");
        let action = page.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
        let action = action.unwrap_or_else(|| panic!("no form: {status} {page}"));
        let body = if page.contains("value=\"login\"") {
            crate::browser::encoded(&fields(&[("prompt", "login"), ("login", email), ("password", "any")]))
        } else {
            crate::browser::encoded(&fields(&[("prompt", "consent")]))
        };
        request = client
            .post(home.join(action).expect("an address"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
    }
    panic!("the directory leads nowhere")
}

/// Nobody has records.
struct NoNames;

impl Names for NoNames {
    fn texts<'a>(&'a self, _name: &'a str) -> Asking<'a, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// The portal over a stage that may ask directories on this machine, and Fernhollow's directory in it.
async fn portal_with(engine: Engine, directory: &Directory, more: &[(&str, &str)]) -> Portal {
    let mut stage = common::stage(engine).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    stage.clock.set(Moment(i64::try_from(now).expect("a moment")));
    let https = Arc::new(Https::new(Reach::Loopback));
    stage.service.outside = Outside::new(https, Arc::new(NoNames), true);
    let portal = Portal::over(stage);
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let page = admin.get("/account/directory").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let mut form = page
        .form("save_directory", Some(""))
        .with("directory_name", "Fernhollow ID")
        .with("issuer", &directory.issuer)
        .with("client_id", "benefits-center")
        .with("client_secret", "a secret of the directory");
    form.fields.extend(fields(more));
    let answer = admin.submit("/account/directory", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    drop(admin);
    portal
}

/// Types an address on the sign-in page; gives where the portal sends the browser.
async fn away(browser: &Browser<'_>, path: &str, email: &str) -> Result<String, Answer> {
    let page = browser.get(path).await;
    let form = page.form("directory_sign_in", None).with("email", email);
    let answer = browser.submit(path, &form).await;
    let Some(address) = answer.header(REFRESH).strip_prefix("0;url=") else { return Err(answer) };
    assert_eq!(answer.status, StatusCode::OK);
    // Without `Refresh` the link leads there.
    assert!(html::decode(&answer.body).contains(address), "{}", answer.body);
    assert!(browser.cookie("directory").is_some_and(|cookie| cookie.len() == 64));
    Ok(address.to_owned())
}

/// The whole way through the directory's own pages.
async fn come(browser: &Browser<'_>, path: &str, email: &str) -> Answer {
    let address = away(browser, path, email).await.unwrap_or_else(|answer| panic!("{}", answer.body));
    let back = sign_in_there(&address, email).await;
    browser.get(&back).await
}

fn words(code: ErrorCode) -> String {
    let words = locales::texts(Language::English).find("error", code.code()).expect("words");
    words.split(['{', '\'']).next().unwrap_or_default().to_owned()
}

#[rstest]
#[tokio::test]
async fn a_known_and_a_new_person_sign_in_with_the_directory(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let directory = Directory::start(0);
    let portal = portal_with(engine, &directory, &[("just_in_time", "true")]).await;
    for (email, name) in [(EMPLOYEE, "Teodor Wrzosek"), (NEW, "Asta Lindqvist")] {
        let browser = portal.browser();
        let answer = come(&browser, "/sign-in?then=/my-benefits", email).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/my-benefits"),
            "{}",
            answer.body
        );
        assert!(browser.cookie("directory").is_none(), "it is used up");
        let page = browser.get("/account").await;
        assert!(page.status == StatusCode::OK && page.body.contains(name), "{}", page.body);
        assert!(page.body.contains(email));
    }
}

#[rstest]
#[tokio::test]
async fn an_answer_is_taken_once_and_only_with_its_state(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let directory = Directory::start(0);
    let portal = portal_with(engine, &directory, &[]).await;
    let browser = portal.browser();
    let address = away(&browser, "/sign-in?then=/my-benefits", EMPLOYEE).await.expect("goes there");
    let back = sign_in_there(&address, EMPLOYEE).await;
    let bound = browser.cookie("directory").expect("a cookie");

    // Another browser, and another state.
    let stranger = portal.browser();
    let ended = words(ErrorCode::DirectoryEnded);
    let answer = stranger.get(&back).await;
    assert_eq!(answer.status, app::refusal::status(ErrorCode::DirectoryEnded));
    assert!(answer.body.contains(&ended), "{}", answer.body);
    assert!(stranger.cookie("session").is_none());
    stranger.set_cookie("directory", &bound);
    let state = back.split("state=").nth(1).and_then(|rest| rest.split('&').next()).expect("a state");
    let wrong = back.replace(state, &"0".repeat(64));
    assert!(stranger.get(&wrong).await.body.contains(&ended));
    assert!(stranger.cookie("session").is_none());

    browser.set_cookie("directory", &bound);
    let answer = browser.get(&back).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/my-benefits"),
        "{}",
        answer.body
    );
    let replayed = portal.browser();
    replayed.set_cookie("directory", &bound);
    let answer = replayed.get(&back).await;
    assert!(answer.body.contains(&ended) && replayed.cookie("session").is_none());

    // The page that says so has the other way in.
    let form = answer.form("sign_in", None).with("email", EMPLOYEE).with("password", PASSWORD);
    let answer = replayed.submit(&back, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(replayed.cookie("session").is_some());
}

#[rstest]
#[tokio::test]
async fn without_a_challenge_the_directory_gives_no_code(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let directory = Directory::start(0);
    let portal = portal_with(engine, &directory, &[]).await;
    let browser = portal.browser();
    let address = away(&browser, "/sign-in", EMPLOYEE).await.expect("goes there");
    let parts: Vec<&str> = address.split('&').filter(|part| !part.starts_with("code_challenge")).collect();
    let back = sign_in_there(&parts.join("&"), EMPLOYEE).await;
    assert!(back.contains("error=invalid_request"), "{back}");
    let answer = browser.get(&back).await;
    assert!(answer.body.contains("Fernhollow ID didn"), "{}", answer.body);
    assert!(browser.cookie("session").is_none());
}

#[rstest]
#[tokio::test]
async fn a_directory_that_is_down_is_named_and_one_with_new_keys_is_believed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut directory = Directory::start(0);
    let portal = portal_with(engine, &directory, &[]).await;
    let answer = come(&portal.browser(), "/sign-in", EMPLOYEE).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let port = directory.port();
    directory.stop();

    // What it said before is still believed, so people are sent there; it is known to be down later.
    portal.stage.clock.move_seconds(3601);
    let browser = portal.browser();
    let answer = away(&browser, "/sign-in", EMPLOYEE).await.expect_err("nobody answers");
    assert_eq!(answer.status, app::refusal::status(ErrorCode::DirectoryUnreachable));
    assert!(html::decode(&answer.body).contains("Fernhollow ID doesn't answer"), "{}", answer.body);
    let form = answer.form("sign_in", None).with("email", EMPLOYEE).with("password", PASSWORD);
    let answer = browser.submit("/sign-in", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);

    let directory = Directory::start(port);
    portal.stage.clock.move_seconds(-3601);
    let answer = come(&portal.browser(), "/sign-in", EMPLOYEE).await;
    // Asked too soon after what is remembered: the new key isn't known yet.
    let first = answer.status;
    portal.stage.clock.move_seconds(60);
    let answer = come(&portal.browser(), "/sign-in", EMPLOYEE).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{first}, then {}", answer.body);
    drop(directory);
}

#[rstest]
#[tokio::test]
async fn signing_out_leads_to_the_directory_and_tokens_are_kept_nowhere(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let directory = Directory::start(0);
    let portal = portal_with(engine, &directory, &[("signs_out", "true")]).await;
    let browser = portal.browser();
    let answer = come(&browser, "/sign-in", EMPLOYEE).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = browser.get("/account").await;
    let answer = browser.submit("/account", &page.form("sign_out", None)).await;
    let there = answer.header(REFRESH).strip_prefix("0;url=").unwrap_or_else(|| panic!("{}", answer.body));
    assert!(
        there.starts_with(&format!("{}/session/end?client_id=benefits-center", directory.issuer)),
        "{there}"
    );
    assert!(there.contains("post_logout_redirect_uri=https%3A%2F%2Fbenefits.example%2Fsign-in"), "{there}");
    assert!(!there.contains("id_token"), "{there}");
    assert!(browser.cookie("session").is_none());
    assert_eq!(browser.get("/my-benefits").await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[tokio::test]
async fn the_secret_of_a_directory_is_in_no_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let directory = Directory::start(0);
    let portal = portal_with(engine, &directory, &[]).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let page = admin.get("/account/directory").await;
    assert!(page.body.contains(&directory.issuer) && !page.body.contains("a secret of the directory"));
    // Nor in the page that answers a refused form.
    let form = page.form("save_directory", Some("")).with("client_secret", "typed and refused");
    let answer = admin.submit("/account/directory", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.body.contains("typed and refused"), "{}", answer.body);
    let test = page.find_form("test_directory", None).expect("a form");
    let answer = admin.submit("/account/directory", &test).await;
    let said = admin.follow(answer).await;
    assert!(said.body.contains("Fernhollow ID answers and signs with 1 key."), "{}", said.body);
}

/// Changes the company's directory on its page.
async fn change(portal: &Portal, admin: &Browser<'_>, values: &[(&str, &str)]) {
    let id = portal.stage.id("select id from directory order by created_at limit 1", []).await.to_string();
    let page = admin.get("/account/directory").await;
    let mut form = page.form("save_directory", Some(&id));
    for (name, value) in values {
        // A box that isn't ticked isn't sent.
        form.fields.retain(|(of, _)| of != name);
        if *value != "false" {
            form.fields.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    let answer = admin.submit("/account/directory", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

/// Somebody who types `login` at the directory comes in.
async fn comes(portal: &Portal, login: &str) {
    let browser = portal.browser();
    let typed = login.split('|').nth(1).unwrap_or(login);
    let answer = come_as(&browser, login).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login}: {}", answer.told());
    let page = browser.get("/account").await;
    assert!(page.body.contains(typed), "{login}: {}", page.body);
}

/// Somebody who types `login` at the directory stays out, and is told why.
async fn stays_out(portal: &Portal, login: &str, code: ErrorCode) {
    let browser = portal.browser();
    let answer = come_as(&browser, login).await;
    assert_eq!(answer.status, app::refusal::status(code), "{login}: {}", answer.body);
    let words = words(code);
    let first = words.split('.').next().unwrap_or_default();
    assert!(html::decode(&answer.body).contains(first), "{login}: {}", answer.told());
    assert!(browser.cookie("session").is_none(), "{login}");
}

/// The way there begins with an address of the company that nobody else types: attempts for one are limited.
async fn come_as(browser: &Browser<'_>, login: &str) -> Answer {
    static TYPED: AtomicU32 = AtomicU32::new(0);
    let typed = format!("typed-{}@fernhollow.example", TYPED.fetch_add(1, Ordering::Relaxed));
    let address =
        away(browser, "/sign-in", &typed).await.unwrap_or_else(|answer| panic!("{}", answer.told()));
    let back = sign_in_there(&address, login).await;
    browser.get(&back).await
}

#[rstest]
#[tokio::test]
async fn a_token_for_another_nonce_or_that_has_expired_brings_nobody_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let directory = Directory::with_tokens_for(0, 60);
    let portal = portal_with(engine, &directory, &[]).await;
    let not_believed = words(ErrorCode::DirectoryAnswer);
    // The directory signs whatever nonce the browser brings it.
    let browser = portal.browser();
    let address = away(&browser, "/sign-in", EMPLOYEE).await.expect("goes there");
    let nonce = address.split("nonce=").nth(1).and_then(|rest| rest.split('&').next()).expect("a nonce");
    let back = sign_in_there(&address.replace(nonce, "another"), EMPLOYEE).await;
    let answer = browser.get(&back).await;
    assert!(answer.status.is_client_error() || answer.status.is_server_error(), "{}", answer.body);
    assert!(answer.body.contains("Fernhollow ID can"), "{not_believed}: {}", answer.body);
    assert!(browser.cookie("session").is_none());

    let browser = portal.browser();
    let address = away(&browser, "/sign-in", EMPLOYEE).await.expect("goes there");
    let back = sign_in_there(&address, EMPLOYEE).await;
    portal.stage.clock.move_seconds(300);
    let answer = browser.get(&back).await;
    assert!(answer.body.contains("Fernhollow ID can"), "{}", answer.body);
    assert!(browser.cookie("session").is_none());
    portal.stage.clock.move_seconds(-300);
    comes(&portal, EMPLOYEE).await;
}

#[rstest]
#[tokio::test]
async fn a_subject_keeps_its_account_under_another_address_and_other_companies_addresses_stay_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let directory = Directory::start(0);
    let portal = portal_with(engine, &directory, &[("just_in_time", "true")]).await;
    comes(&portal, &format!("u-1|{EMPLOYEE}")).await;
    // The same subject under another address is the same person, whose address an administrator changes.
    let browser = portal.browser();
    let answer = come_as(&browser, "u-1|teodor.married@fernhollow.example").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = browser.get("/account").await;
    assert!(page.body.contains("Teodor Wrzosek") && page.body.contains(EMPLOYEE), "{}", page.body);
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let page = admin.get("/account/directory").await;
    assert!(page.body.contains("teodor.married@fernhollow.example"), "{}", page.body);
    // Another subject with the first address isn't the first person.
    stays_out(&portal, &format!("u-2|{EMPLOYEE}"), ErrorCode::DirectoryOtherSubject).await;

    let before = portal.stage.count("select count(*) as number from account").await;
    for foreign in
        ["piet.zanderling@kestrelash.example", "rosalind.ekwueme@northlight.example", "a@b.example"]
    {
        stays_out(&portal, &format!("u-3|{foreign}"), ErrorCode::DirectoryAddressForeign).await;
    }
    assert_eq!(portal.stage.count("select count(*) as number from account").await, before);
}

#[rstest]
#[tokio::test]
async fn every_setting_of_a_directory_does_what_its_page_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let directory = Directory::start(0);
    let portal = portal_with(engine, &directory, &[]).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;

    // Whoever has no account: none, or one with the roles for new people.
    stays_out(&portal, "n-1|first.new@fernhollow.example", ErrorCode::DirectoryNotAllowed).await;
    change(&portal, &admin, &[("just_in_time", "true"), ("roles", "admin_agent")]).await;
    comes(&portal, "n-1|first.new@fernhollow.example").await;
    assert_eq!(portal.stage.roles("first.new@fernhollow.example").await, ["admin_agent"]);
    change(&portal, &admin, &[("roles", "employee")]).await;
    comes(&portal, "n-2|second.new@fernhollow.example").await;
    assert_eq!(portal.stage.roles("second.new@fernhollow.example").await, ["employee"]);
    change(&portal, &admin, &[("just_in_time", "false")]).await;
    stays_out(&portal, "n-3|third.new@fernhollow.example", ErrorCode::DirectoryNotAllowed).await;

    // Addresses that the directory doesn't call verified.
    let unverified = format!("v-1|{EMPLOYEE}|everybody|no");
    stays_out(&portal, &unverified, ErrorCode::DirectoryAddressUnproven).await;
    change(&portal, &admin, &[("authoritative", "true")]).await;
    comes(&portal, &unverified).await;
    change(&portal, &admin, &[("authoritative", "false")]).await;

    // Roles come and go with the claim; without one they stay.
    let claim = [
        ("role_claim", "groups"),
        ("role_values_user_admin", "people-care"),
        ("role_values_admin_agent", "agents"),
    ];
    change(&portal, &admin, &claim).await;
    comes(&portal, "n-2|second.new@fernhollow.example|people-care").await;
    assert!(portal.stage.roles("second.new@fernhollow.example").await.contains(&"user_admin".to_owned()));
    comes(&portal, "n-2|second.new@fernhollow.example|agents everybody").await;
    let roles = portal.stage.roles("second.new@fernhollow.example").await;
    assert!(
        roles.contains(&"admin_agent".to_owned()) && !roles.contains(&"user_admin".to_owned()),
        "{roles:?}"
    );
    // What changed, and from what, is in the trail.
    let text = "select count(*) as number from audit_event where action = 'directory_changed'
        and before_state not like '%people-care%' and after_state like '%people-care: user_admin%'";
    assert_eq!(portal.stage.count(text).await, 1);
    change(
        &portal,
        &admin,
        &[("role_claim", ""), ("role_values_user_admin", ""), ("role_values_admin_agent", "")],
    )
    .await;
    comes(&portal, "n-2|second.new@fernhollow.example|people-care").await;
    assert_eq!(portal.stage.roles("second.new@fernhollow.example").await, roles);

    // Signing out leads there or not.
    for (value, leads) in [("false", false), ("true", true)] {
        change(&portal, &admin, &[("signs_out", value)]).await;
        let browser = portal.browser();
        come_as(&browser, "n-2|second.new@fernhollow.example").await;
        let page = browser.get("/account").await;
        let answer = browser.submit("/account", &page.form("sign_out", None)).await;
        assert_eq!(answer.header(REFRESH).contains("/session/end"), leads, "{value}: {}", answer.body);
        assert!(browser.cookie("session").is_none());
    }

    // Out of use nobody comes in with it.
    change(&portal, &admin, &[("enabled", "false")]).await;
    let answer = away(&portal.browser(), "/sign-in", EMPLOYEE).await.expect_err("no directory");
    assert!(answer.body.contains(&words(ErrorCode::DirectoryUnknown)), "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn requiring_the_directory_closes_passwords_except_with_a_second_factor(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let directory = Directory::start(0);
    let portal = portal_with(engine, &directory, &[]).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let form = admin.get("/account/directory").await.form("require_directory", None);
    let answer = admin.submit("/account/directory", &form).await;
    assert_eq!(answer.status, app::refusal::status(ErrorCode::BreakGlassMissing));
    assert!(answer.body.contains(&words(ErrorCode::BreakGlassMissing)), "{}", answer.body);
    let invited = |page: &Answer| page.body.contains("name=\"new_password\"");

    portal.stage.break_glass(GLOBAL_ADMIN).await;
    let form = admin.get("/account/directory").await.form("require_directory", None);
    let answer = admin.submit("/account/directory", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    // A Global admin without a second factor comes in with the directory only, from now on.
    for email in [EMPLOYEE, "ingrid.vaszary@fernhollow.example"] {
        let browser = portal.browser();
        let form = browser.get("/sign-in").await.form("sign_in", None);
        let form = form.with("email", email).with("password", PASSWORD);
        let answer = browser.submit("/sign-in", &form).await;
        assert!(answer.body.contains(&words(ErrorCode::DirectoryRequired)), "{email}: {}", answer.body);
        assert!(browser.cookie("session").is_none());
    }
    let browser = portal.browser();
    let form = browser.get("/sign-in").await.form("sign_in", None);
    let form = form.with("email", GLOBAL_ADMIN).with("password", PASSWORD);
    let answer = browser.submit("/sign-in", &form).await;
    assert!(answer.location().starts_with("/sign-in/second-factor"), "{}", answer.location());

    // Whoever is added is invited to the directory, and an address that it doesn't speak for isn't added.
    let add = |email: &'static str| {
        let admin = &admin;
        async move {
            let form = admin.get("/account/users/add").await.form("add_user", None);
            let form = form.with("name", "Somebody New").with("email", email).with("roles", "employee");
            admin.submit("/account/users/add", &form).await
        }
    };
    let answer = add("somebody@elsewhere.example").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains(&words(ErrorCode::OutsideDirectory)), "{}", answer.body);
    let answer = add("somebody.new@fernhollow.example").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let mails = portal.stage.mails("somebody.new@fernhollow.example").await;
    assert_eq!(mails.iter().map(|mail| mail.kind.as_str()).collect::<Vec<_>>(), ["invitation_by_directory"]);
    assert!(mails[0].body.contains("https://benefits.example/sign-in/directory"), "{}", mails[0].body);
    comes(&portal, "somebody.new@fernhollow.example").await;

    // Allowed again, passwords open as before, and whoever waits for an invitation gets a usual one.
    let answer = add("another.new@fernhollow.example").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let form = admin.get("/account/directory").await.form("require_directory", None);
    let answer = admin.submit("/account/directory", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    portal.signed_in(EMPLOYEE).await;
    let person = portal.stage.person_id("another.new@fernhollow.example", "fernhollow.example").await;
    let path = format!("/account/users?open={person}");
    let form = admin.get(&path).await.form("invite_again", Some(&person.to_string()));
    let answer = admin.submit(&path, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let link = portal.stage.invitation_link("another.new@fernhollow.example").await;
    let page = portal.browser().get(&link).await;
    assert!(invited(&page), "{}", page.body);
    // The same link offers no password once the directory is required again.
    let form = admin.get("/account/directory").await.form("require_directory", None);
    admin.submit("/account/directory", &form).await;
    let browser = portal.browser();
    let page = browser.get(&link).await;
    assert!(!invited(&page) && page.find_form("directory_sign_in", None).is_some(), "{}", page.body);
}
