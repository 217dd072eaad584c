//! Signing in and out: nothing tells accounts apart, limits hold, sessions end where they should.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ORIGIN, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use rstest::rstest;
use server::configuration::Configuration;

use crate::browser::{Answer, PASSWORD, Portal, configuration, fields};
use crate::common::Engine;
use crate::scene::{COMPANY, EMPLOYEE, GLOBAL_ADMIN, PROGRAMME_ADMIN};

const NEW_PASSWORD: &str = "a quiet lamp over the harbour";

/// What stays of an answer without what was typed and drawn.
fn told(answer: &Answer, typed: &str) -> (StatusCode, String) {
    (answer.status, answer.told().replace(typed, "TYPED"))
}

#[rstest]
#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_answer_alike(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let invited = "eirik.tveitanger@fernhollow.example";
    let suspended = "tarik.selimbasic@fernhollow.example";
    let wrong = portal.browser().sign_in(EMPLOYEE, "not the password").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.cookies().is_empty());
    for email in ["nobody.at.all@fernhollow.example", invited, suspended] {
        for password in [PASSWORD, "not the password", ""] {
            let answer = portal.browser().sign_in(email, password).await;
            assert_eq!(told(&answer, email), told(&wrong, EMPLOYEE), "{email}");
            assert!(answer.cookies().is_empty(), "{email}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn the_ninth_attempt_waits_also_with_the_right_password(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    for email in [EMPLOYEE, "nobody.at.all@fernhollow.example"] {
        let browser = portal.browser();
        for _ in 0..8 {
            let answer = browser.sign_in(email, "not the password").await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        }
        let answer = browser.sign_in(&email.to_uppercase(), PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{email}");
        let seconds: u64 = answer.header(RETRY_AFTER).parse().expect("seconds to wait");
        assert!((1..=61).contains(&seconds), "{seconds}");
        assert!(answer.body.contains(&seconds.to_string()), "{}", answer.body);
        assert!(answer.cookies().is_empty());
    }
    // Others go on.
    portal.signed_in(GLOBAL_ADMIN).await;
}

#[rstest]
#[tokio::test]
async fn signing_in_leads_to_the_page_that_was_asked_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.browser();
    let asked = "/benefits/visual-studio?find=Studio&page=1";
    let led = browser.get(asked).await;
    assert_eq!(led.status, StatusCode::SEE_OTHER);
    let door = led.location().to_owned();
    let answer = browser.sign_in_at(&door, GLOBAL_ADMIN, "not the password").await;
    assert_eq!(answer.form("sign_in", None).get("then"), Some(asked), "also after a wrong password");
    let answer = browser.sign_in_at(&door, GLOBAL_ADMIN, PASSWORD).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, asked));
    let page = browser.get(asked).await;
    assert_eq!(page.status, StatusCode::OK);
}

#[rstest]
#[tokio::test]
async fn signing_in_never_leads_away(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let elsewhere = [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        " /benefits",
        "/a\r\nSet-Cookie: x=y",
        "/\u{202e}",
        "evil.example",
    ];
    // Attempts are counted for each account.
    for (then, email) in elsewhere.iter().zip([PROGRAMME_ADMIN, GLOBAL_ADMIN].into_iter().cycle()) {
        let form = [("form", "sign_in"), ("then", then), ("email", email), ("password", PASSWORD)];
        let answer = portal.browser().post("/sign-in", &fields(&form)).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"), "{then:?}");
        assert_eq!(answer.cookies().len(), 1, "{then:?}");
    }
}

#[rstest]
#[case("http://benefits.example", "session", "Path=/; HttpOnly; SameSite=Lax")]
#[case("https://benefits.example", "__Host-session", "Path=/; HttpOnly; SameSite=Lax; Secure")]
#[tokio::test]
async fn the_session_cookie_is_out_of_reach(
    #[case] base_url: &str,
    #[case] name: &str,
    #[case] flags: &str,
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::at(engine, base_url).await;
    let browser = portal.browser();
    let form = fields(&[("form", "sign_in"), ("target", ""), ("email", EMPLOYEE), ("password", PASSWORD)]);
    let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded"), (ORIGIN, base_url)];
    let body = Body::from(crate::browser::encoded(&form));
    let answer = browser.send(Method::POST, "/sign-in", &headers, body).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let cookies = answer.cookies();
    assert_eq!(cookies.len(), 1);
    let token = browser.cookie(name).expect("the session");
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert_eq!(cookies[0], format!("{name}={token}; {flags}"));
    let page = browser.get("/account").await;
    assert_eq!(page.status, StatusCode::OK);
    let transport = page.header("strict-transport-security");
    assert_eq!(!transport.is_empty(), base_url.starts_with("https"), "{transport}");
    // The token is kept as a hash only.
    let text = "select count(*) as number from session where cast(token_hash as text) like '%' || $1 || '%'";
    let there = service::sql::number(portal.stage.service.database.reader(), text, [token.into()]).await;
    assert_eq!(there.expect("a number"), 0);
}

#[rstest]
#[tokio::test]
async fn signing_out_ends_the_session_on_the_server(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(EMPLOYEE).await;
    let token = browser.cookie("session").expect("a session");
    let page = browser.get("/account").await;
    let answer = browser.submit("/account", &page.form("sign_out", Some("account"))).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert_eq!(browser.cookie("session"), None);
    // A copy of the cookie is worth nothing.
    browser.set_cookie("session", &token);
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.call("/api/dashboard", &serde_json::json!({})).await.status, StatusCode::UNAUTHORIZED);
}

#[rstest]
#[tokio::test]
async fn a_session_ends_twelve_hours_after_its_last_use(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(EMPLOYEE).await;
    let clock = &portal.stage.clock;
    let hours = |hours: i64| clock.move_seconds(hours * 3600);
    hours(11);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    hours(11);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK, "each use prolongs it");
    hours(13);
    let answer = browser.get("/my-benefits").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in?then=%2Fmy%2Dbenefits"));
    let answer = browser.post("/my-benefits", &portal.stage.filled("ask_for_seat").await).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in"));
}

#[rstest]
#[tokio::test]
async fn a_new_password_ends_the_other_sessions(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let here = portal.signed_in(EMPLOYEE).await;
    let elsewhere = portal.signed_in(EMPLOYEE).await;
    let page = here.get("/account/security").await;
    let form = page
        .form("change_password", None)
        .with("current_password", PASSWORD)
        .with("new_password", NEW_PASSWORD)
        .with("repeat_password", NEW_PASSWORD);
    let answer = here.submit("/account/security", &form).await;
    let expected = (StatusCode::SEE_OTHER, "/account/security");
    assert_eq!((answer.status, answer.location()), expected, "{}", answer.body);
    assert_eq!(here.get("/account").await.status, StatusCode::OK);
    assert_eq!(elsewhere.get("/account").await.status, StatusCode::SEE_OTHER);
    let old = portal.browser().sign_in(EMPLOYEE, PASSWORD).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
    let new = portal.browser().sign_in(EMPLOYEE, NEW_PASSWORD).await;
    assert_eq!(new.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[tokio::test]
async fn who_is_suspended_is_out_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(EMPLOYEE).await;
    let person = portal.stage.person_id(EMPLOYEE, COMPANY).await;
    let text = "update person set status = 'suspended' where id = $1";
    portal.stage.run(text, [person.0.into()]).await;
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    let answer = portal.browser().sign_in(EMPLOYEE, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.cookies().is_empty());
}

#[rstest]
#[tokio::test]
async fn an_invitation_opens_once_and_signs_in(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let answer = admin.perform(&portal.stage.filled("add_user").await).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let sent = crate::outbox::delivered(&portal).await;
    let mail =
        sent.iter().find(|mail| mail.recipient == "new.colleague@fernhollow.example").expect("an invitation");
    let link = mail.body.split_whitespace().find(|word| word.contains("/invitation/")).expect("a link");
    let path = &link[link.find("/invitation/").expect("a path")..];
    let guest = portal.browser();
    let page = guest.get(path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Fernhollow Systems"), "{}", page.body);
    let form =
        page.form("accept_invitation", None).with("new_password", "short").with("repeat_password", "shorter");
    let refused = guest.submit(path, &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.body.contains("shorter"), "a password is never shown again");
    let form = page
        .form("accept_invitation", None)
        .with("new_password", NEW_PASSWORD)
        .with("repeat_password", NEW_PASSWORD);
    let answer = guest.submit(path, &form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"), "{}", answer.body);
    assert_eq!(guest.get("/").await.status, StatusCode::OK);
    let late = portal.browser().get(path).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[rstest]
#[tokio::test]
async fn demo_accounts_stand_on_the_sign_in_page_in_demo_mode_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    for demo in [false, true] {
        let configuration = Configuration { demo, ..configuration("http://benefits.example") };
        let portal = Portal::configured(engine, &configuration).await;
        let page = portal.browser().get("/sign-in").await;
        assert_eq!(page.status, StatusCode::OK);
        for text in [GLOBAL_ADMIN, PROGRAMME_ADMIN, service::sample_programme::DEMO_PASSWORD] {
            assert_eq!(page.body.contains(text), demo, "{text}, demo mode: {demo}");
        }
        // The page asks for its data in the background, too.
        let answer = portal.browser().call("/api/door", &serde_json::json!({})).await;
        assert_eq!(answer.body.contains(service::sample_programme::DEMO_PASSWORD), demo);
    }
}
