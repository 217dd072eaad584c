//! One's own account over HTTP: the second factor, a new password by mail, sessions, without JavaScript.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use rstest::rstest;

use crate::browser::{Answer, Browser, PASSWORD, Portal, fields};
use crate::common::Engine;
use crate::html::tags;
use crate::scene::{EMPLOYEE, GLOBAL_ADMIN, PROGRAMME_ADMIN};

const SECURITY: &str = "/account/security";
const NEW_PASSWORD: &str = "a quiet lamp over the harbour";

/// The key of the app as the page shows it.
fn key(page: &Answer) -> String {
    let all = tags(&page.body);
    let output = all.iter().find(|tag| tag.name == "output").expect("a key");
    output.text.replace(' ', "")
}

/// The recovery codes as the page shows them.
fn codes(page: &Answer) -> Vec<String> {
    let shown = tags(&page.body);
    let codes = shown.iter().filter(|tag| tag.name == "code").map(|tag| tag.text.clone());
    codes.filter(|code| code.len() == 29).collect()
}

fn code(portal: &Portal, key: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(key).expect("base32");
    let totp = totp_rs::Builder::new().with_secret(secret).build().expect("a generator");
    let seconds = portal.stage.service.now().0 / 1000;
    totp.generate(u64::try_from(seconds).expect("after 1970")).to_string()
}

/// Turns the second factor on through the page; gives the key and the recovery codes.
async fn set_up(portal: &Portal, browser: &Browser<'_>) -> (String, Vec<String>) {
    let page = browser.get(SECURITY).await;
    let form = page.form("begin_second_factor", None).with("current_password", PASSWORD);
    let shown = browser.submit(SECURITY, &form).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    let key = key(&shown);
    assert_eq!(key.len(), 32, "{key}");
    let drawing =
        tags(&shown.body).into_iter().find(|tag| tag.name == "path" && tag.get("fill") == Some("#000"));
    assert!(drawing.and_then(|path| path.get("d").map(|d| d.starts_with("M0 0h7"))).unwrap_or_default());
    // It stands in that answer only, and in no data of the page.
    for path in [SECURITY, "/account"] {
        assert!(!browser.get(path).await.body.replace(' ', "").contains(&key), "{path}");
    }
    assert!(!browser.call("/api/security", &serde_json::json!({})).await.body.contains(&key));
    let form = shown.form("confirm_second_factor", None).with("code", &code(portal, &key));
    let shown = browser.submit(SECURITY, &form).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    let codes = codes(&shown);
    assert_eq!(codes.len(), 10, "{}", shown.body);
    let page = browser.get(SECURITY).await;
    assert!(page.body.contains("10 recovery codes left"), "{}", page.body);
    assert!(codes.iter().all(|code| !page.body.contains(code)));
    (key, codes)
}

#[rstest]
#[case::person(EMPLOYEE, "/my-benefits?open=")]
#[case::operator(PROGRAMME_ADMIN, "/operator/queue?sort=age")]
#[tokio::test]
async fn the_second_step_leads_to_the_page_that_was_asked_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] email: &str,
    #[case] wanted: &str,
) {
    let portal = Portal::open(engine).await;
    let (key, codes) = set_up(&portal, &portal.signed_in(email).await).await;
    let browser = portal.browser();
    let door = browser.get(wanted).await.location().to_owned();
    let answer = browser.sign_in_at(&door, email, PASSWORD).await;
    let path = answer.location().to_owned();
    assert!(path.starts_with("/sign-in/second-factor?then="), "{path}");
    assert_eq!(browser.cookie("session"), None, "no session yet");
    let half = browser.cookie("second-factor").expect("half a sign-in");
    let cookies = answer.cookies();
    assert_eq!(cookies, [format!("second-factor={half}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax")]);
    // It opens nothing, in neither cookie.
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    let thief = portal.browser();
    thief.set_cookie("session", &half);
    assert_eq!(thief.get("/account").await.status, StatusCode::SEE_OTHER);
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    let refused = browser.submit(&path, &page.form("second_factor", None).with("code", "123 45")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = refused.form("second_factor", None);
    assert_eq!((form.get("then"), form.get("code")), (Some(wanted), Some("")), "the code isn't shown again");
    portal.stage.clock.move_seconds(30);
    let answer = browser.submit(&path, &form.with("code", &code(&portal, &key))).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, wanted), "{}", answer.body);
    assert_eq!(browser.cookie("second-factor"), None);
    let session = browser.cookie("session").expect("a session");
    assert_ne!(session, half);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    // A recovery code does as well; where to go on stays within the portal.
    let other = portal.browser();
    other.sign_in(email, PASSWORD).await;
    let form = [("form", "second_factor"), ("then", "//evil.example"), ("code", codes[3].as_str())];
    let answer = other.post("/sign-in/second-factor", &fields(&form)).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
}

#[rstest]
#[tokio::test]
async fn wrong_codes_wait_with_retry_after(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let (key, _) = set_up(&portal, &portal.signed_in(EMPLOYEE).await).await;
    portal.stage.clock.move_seconds(60);
    let browser = portal.browser();
    browser.sign_in(EMPLOYEE, PASSWORD).await;
    let send = async |code: &str| {
        browser.post("/sign-in/second-factor", &fields(&[("form", "second_factor"), ("code", code)])).await
    };
    for _ in 0..5 {
        assert_eq!(send("AAAAAAAAAAAAAAAAAAAAAAAA").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = send(&code(&portal, &key)).await;
    assert_eq!((answer.status, answer.header(RETRY_AFTER)), (StatusCode::TOO_MANY_REQUESTS, "900"));
    assert!(answer.cookies().is_empty());
    // The portal with TLS gives the cookie its prefix; without one there is nothing to go on with.
    let nobody = portal.browser();
    let answer = nobody
        .post("/sign-in/second-factor", &fields(&[("form", "second_factor"), ("code", "123456")]))
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Enter email address and password again"), "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn a_forgotten_password_is_answered_alike_for_every_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let mut answers = Vec::new();
    for email in [EMPLOYEE, "eirik.tveitanger@fernhollow.example", "nobody.at.all@fernhollow.example"] {
        let browser = portal.browser();
        assert!(browser.get("/sign-in").await.body.contains("href=\"/forgotten-password\""));
        let page = browser.get("/forgotten-password").await;
        let form = page.form("forgot_password", None).with("email", email);
        let answer = browser.submit("/forgotten-password", &form).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/forgotten-password?sent="));
        let page = browser.follow(answer).await;
        for _ in 0..2 {
            browser.submit("/forgotten-password", &form).await;
        }
        let refused = browser.submit("/forgotten-password", &form).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        let seconds: u64 = refused.header(RETRY_AFTER).parse().expect("seconds");
        assert!((590..=601).contains(&seconds), "{seconds}");
        answers.push(page.told());
    }
    assert!(
        answers
            .iter()
            .all(|answer| *answer == answers[0] && answer.contains("If the address has an account"))
    );
}

#[rstest]
#[tokio::test]
async fn the_link_of_the_mail_chooses_a_password(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let before = portal.signed_in(EMPLOYEE).await;
    let browser = portal.browser();
    browser.post("/forgotten-password", &fields(&[("form", "forgot_password"), ("email", EMPLOYEE)])).await;
    service::accounts::reset::write_due(&portal.stage.service).await.expect("writes");
    let sent = crate::outbox::delivered(&portal).await;
    let mail = sent.iter().find(|mail| mail.recipient == EMPLOYEE).expect("a mail");
    let link = mail.body.split_whitespace().find(|word| word.contains("/reset-password/")).expect("a link");
    let path = &link[link.find("/reset-password/").expect("a path")..];
    let page = browser.get(path).await;
    assert!(page.status == StatusCode::OK && page.body.contains(EMPLOYEE), "{}", page.body);
    let form = |password: &str| {
        page.form("reset_password", None).with("new_password", password).with("repeat_password", password)
    };
    let refused = browser.submit(path, &form("teodorwrzosek")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("little more than a word or a name"), "{}", refused.body);
    assert!(!refused.body.contains("teodorwrzosek"));
    let answer = browser.submit(path, &form(NEW_PASSWORD)).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in?reset="));
    assert_eq!(browser.cookie("session"), None, "nobody is signed in by a mail");
    let page = browser.follow(answer).await;
    assert!(page.body.contains("Your password is changed. Sign in with it."));
    assert_eq!(before.get("/account").await.status, StatusCode::SEE_OTHER, "sessions have ended");
    assert_eq!(browser.sign_in(EMPLOYEE, NEW_PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(portal.browser().get(path).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[rstest]
#[tokio::test]
async fn sessions_are_ended_by_names_that_open_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let here = portal.signed_in(GLOBAL_ADMIN).await;
    let elsewhere = portal.signed_in(GLOBAL_ADMIN).await;
    let page = here.get(SECURITY).await;
    assert!(page.body.contains("This browser") && page.body.contains("Unknown browser"));
    let form = page.form("end_session", None);
    let id = form.get("target").expect("an id").to_owned();
    for browser in [&here, &elsewhere] {
        let token = browser.cookie("session").expect("a session");
        assert!(!page.body.contains(&token));
        let hash: String =
            service::vault::hash_token(&token).iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!page.body.contains(&hash) && !hash.contains(&id.replace('-', "")));
    }
    let thief = portal.browser();
    thief.set_cookie("session", &id);
    assert_eq!(thief.get("/account").await.status, StatusCode::SEE_OTHER);
    let answer = here.submit(SECURITY, &form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, SECURITY));
    assert!(here.follow(answer).await.body.contains("The session has ended."));
    assert_eq!(elsewhere.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(here.get("/account").await.status, StatusCode::OK);
}
