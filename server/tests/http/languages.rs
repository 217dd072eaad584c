//! Three languages: negotiated, chosen, kept on the account, and in the mail.

use axum::http::StatusCode;
use domain::Language;
use rstest::rstest;

use crate::browser::{Answer, Portal, fields};
use crate::common::Engine;
use crate::scene::{CHINESE_EMPLOYEE, COMPANY, EMPLOYEE, GLOBAL_ADMIN};

fn language(answer: &Answer) -> String {
    let html =
        crate::html::tags(&answer.body).into_iter().find(|tag| tag.name == "html").expect("a document");
    html.get("lang").expect("a language").to_owned()
}

#[rstest]
#[tokio::test]
async fn the_browsers_languages_choose(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    for (accepts, expected) in [
        ("", "en"),
        ("fr-FR,fr;q=0.9", "en"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK,en;q=0.5", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("zh-CN,zh;q=0.9", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("fr, zh-Hant;q=0.3, en;q=0.2", "zh-Hant"),
        ("en;q=0.1, zh-CN;q=0.9", "zh-Hans"),
        ("zh-TW;q=0, en", "en"),
        ("*;q=0.1,,;;q=x", "en"),
    ] {
        let mut browser = portal.browser();
        browser.accepts = accepts;
        let page = browser.get("/sign-in").await;
        assert_eq!(language(&page), expected, "{accepts:?}");
        let texts = locales::texts(Language::from_tag(expected).expect("a language"));
        assert!(page.body.contains(texts.sign_in_title()), "{accepts:?}");
    }
}

#[rstest]
#[tokio::test]
async fn who_chose_a_language_keeps_it_without_losing_the_page(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.browser();
    let path = "/sign-in?then=%2Frequests";
    let form = browser.get(path).await.form("choose_language", None).with("language", "zh-Hant");
    let answer = browser.submit(path, &form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, path));
    let page = browser.get(path).await;
    assert_eq!(language(&page), "zh-Hant");
    assert_eq!(page.form("sign_in", None).get("then"), Some("/requests"));
    // The account's own language counts once somebody has signed in.
    browser.sign_in(EMPLOYEE, crate::browser::PASSWORD).await;
    assert_eq!(language(&browser.get("/account").await), "en");
    let form =
        browser.get("/account").await.form("choose_language", Some("account")).with("language", "zh-Hans");
    let answer = browser.submit("/account", &form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/account"));
    assert_eq!(language(&browser.get("/account").await), "zh-Hans");
    // Another browser of the same account, which asks for English.
    let elsewhere = portal.signed_in(EMPLOYEE).await;
    assert_eq!(language(&elsewhere.get("/my-benefits").await), "zh-Hans");
    let unknown = fields(&[("form", "choose_language"), ("target", "account"), ("language", "tlh")]);
    let answer = elsewhere.post("/account", &unknown).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(language(&answer), "zh-Hans");
}

#[rstest]
#[tokio::test]
async fn refusals_are_in_the_readers_language(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(CHINESE_EMPLOYEE).await;
    let page = browser.get("/benefits/software").await;
    assert_eq!((page.status, language(&page).as_str()), (StatusCode::FORBIDDEN, "zh-Hans"));
    let role = locales::texts(Language::SimplifiedChinese).find("role", "global_admin").expect("a name");
    assert!(page.body.contains(role), "{}", page.body);
}

#[rstest]
#[tokio::test]
async fn rule_17_a_mail_is_in_its_readers_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let grant = stage.grant_in_area(COMPANY, "visual_studio_enterprise", "cloud_platform").await;
    for (email, tag) in [
        (CHINESE_EMPLOYEE, "zh-Hans"),
        ("yutong.lin@fernhollow.example", "zh-Hant"),
        ("priyanka.oyelaran@fernhollow.example", "en"),
    ] {
        let person = stage.person_id(email, COMPANY).await.to_string();
        let form = fields(&[
            ("form", "assign_seats"),
            ("target", &grant.to_string()),
            ("people", &person),
            ("operation", stage.operation().as_str()),
        ]);
        let answer = admin.perform(&form).await;
        assert_eq!(answer.status, StatusCode::OK, "{email}: {}", answer.body);
        let mails = stage.mails(email).await;
        let mail = mails.last().expect("a mail");
        assert_eq!((mail.kind.as_str(), mail.language.as_str()), ("seat_assigned", tag), "{email}");
        let instructions = stage.instructions("visual_studio_enterprise", tag).await;
        assert!(!instructions.is_empty());
        for step in instructions {
            assert!(mail.body.contains(&step), "{email}: {step} in {}", mail.body);
        }
    }
}
