//! The programme's policies over HTTP: each number takes what lies between its ends, in the page of policies and in a
//! draft of the catalogue, and what a policy refuses is refused whatever the page has said.

use axum::http::StatusCode;
use domain::ErrorCode;
use rstest::rstest;

use crate::browser::{Answer, Browser, Portal};
use crate::catalogue_forms::is_marked;
use crate::common::Engine;
use crate::html::{decode, tags};
use crate::scene::{COMPANY, DRAFT, EMPLOYEE, GLOBAL_ADMIN, PROGRAMME_ADMIN};

/// The page of policies.
const PAGE: &str = "/operator/policies";

/// Every policy that is a number, with the least and the most that it takes.
const NUMBERS: [(&str, i32, i32); 7] = [
    ("reassign_lock_days", 0, 365),
    ("target_days_activation", 1, 60),
    ("target_days_advisory", 1, 60),
    ("target_days_cancellation", 1, 60),
    ("target_days_enrolment", 1, 60),
    ("target_days_global_admin", 1, 60),
    ("target_days_payment", 1, 60),
];

/// The names of the fields that a test picks, in the order of the alphabet.
fn names(page: &Answer, attribute: &str, value: &str) -> Vec<String> {
    let all = tags(&page.body);
    let fields = all.iter().filter(|tag| tag.get(attribute) == Some(value));
    let mut names: Vec<String> = fields.filter_map(|tag| tag.get("name").map(str::to_owned)).collect();
    names.sort_unstable();
    names
}

/// Saves both ends of each number in the form of a page, and tries what lies beyond them.
async fn takes_numbers_between_their_ends(browser: &Browser<'_>, path: &str, code: &str, prefix: &str) {
    let expected: Vec<String> = NUMBERS.iter().map(|(name, ..)| format!("{prefix}{name}")).collect();
    assert_eq!(names(&browser.get(path).await, "inputmode", "numeric"), expected);
    for ((_, least, most), name) in NUMBERS.into_iter().zip(&expected) {
        for value in [least.to_string(), most.to_string()] {
            let form = browser.get(path).await.form(code, None).with(name, &value);
            let answer = browser.submit(path, &form).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name} {value}: {}", answer.body);
            assert_eq!(browser.get(path).await.form(code, None).get(name), Some(&*value), "{name}");
        }
        let form = browser.get(path).await.form(code, None);
        for wrong in [(least - 1).to_string(), (most + 1).to_string(), "1.5".to_owned(), "soon".to_owned()] {
            let answer = browser.submit(path, &form.clone().with(name, &wrong)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {wrong}: {}", answer.body);
            assert!(is_marked(&answer, name), "{name} {wrong}: {}", answer.body);
            assert_eq!(names(&answer, "aria-invalid", "true"), [name.as_str()], "no other field");
            assert_eq!(answer.form(code, None).get(name), Some(&*wrong), "{name}: what was typed stays");
        }
        let kept = browser.get(path).await.form(code, None);
        assert_eq!(kept.get(name), Some(&*most.to_string()), "{name}: what was saved before");
    }
}

#[rstest]
#[tokio::test]
async fn each_policy_that_is_a_number_takes_what_lies_between_its_ends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    takes_numbers_between_their_ends(&browser, PAGE, "save_policies", "").await;
    let recorded = "select count(*) as number from audit_event where action = 'policy_changed'";
    let before = portal.stage.count(recorded).await;
    // An empty field is no number: what is in force stays.
    for (name, _, most) in NUMBERS {
        let form = browser.get(PAGE).await.form("save_policies", None).with(name, "");
        let answer = browser.submit(PAGE, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {}", answer.body);
        assert!(is_marked(&answer, name), "{name}: {}", answer.body);
        let kept = browser.get(PAGE).await.form("save_policies", None);
        assert_eq!(kept.get(name), Some(&*most.to_string()), "{name}");
    }
    assert_eq!(portal.stage.count(recorded).await, before, "nothing is changed");
}

#[rstest]
#[tokio::test]
async fn a_draft_takes_for_each_number_what_lies_between_its_ends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    portal.stage.draft_for_pages().await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let path = format!("/operator/catalogue/{DRAFT}/programme");
    takes_numbers_between_their_ends(&browser, &path, "save_catalogue_policies", "policy:").await;
    // An empty field says nothing about the policy, whatever the draft said before.
    for (name, _, _) in NUMBERS {
        let name = &format!("policy:{name}");
        let form = browser.get(&path).await.form("save_catalogue_policies", None).with(name, "");
        let answer = browser.submit(&path, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name}: {}", answer.body);
        let left = browser.get(&path).await.form("save_catalogue_policies", None);
        assert_eq!(left.get(name), Some(""), "{name}");
    }
    // Nothing of it is in force before it is published.
    let page = browser.get(PAGE).await.form("save_policies", None);
    assert_eq!(page.get("reassign_lock_days"), Some("0"));
}

#[rstest]
#[tokio::test]
async fn rule_12_where_the_policy_refuses_a_second_seat_a_post_is_refused_as_well(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let choose = async |value: &str| {
        let form = operator.get(PAGE).await.form("save_policies", None).with("double_holding", value);
        let answer = operator.submit(PAGE, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{value}: {}", answer.body);
    };
    // Has one from Gold Core.
    let person = stage.person_id(EMPLOYEE, COMPANY).await.to_string();
    let grant = stage.grant_in_area(COMPANY, "visual_studio_enterprise", "cloud_platform").await;
    let held = format!(
        "select count(*) as number from seat where grant_id = {} and released_at is null",
        stage.literal(grant.0)
    );
    let before = stage.count(&held).await;
    let target = grant.to_string();
    let path = format!("/benefits/visual-studio?open={target}");
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let form = async || admin.get(&path).await.form("assign_seats", Some(&target)).with("people", &person);

    // The page was opened before the policy changed.
    let opened = form().await;
    choose("refuse").await;
    for form in [opened.clone(), form().await] {
        let answer = admin.submit(&path, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
        let said = decode(&answer.body);
        assert!(said.contains("Teodor Wrzosek has the same product from another source."), "{said}");
    }
    // Sent in the background, as the page's script does, as well.
    let answer = admin.perform(&opened.fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert_eq!(answer.refusal().code, ErrorCode::HoldsSameProduct);
    assert_eq!(stage.count(&held).await, before, "nobody got a seat");
    let page = admin.get(&path).await;
    let option = tags(&page.body).into_iter().find(|tag| tag.get("value") == Some(person.as_str()));
    let option = option.expect("the person is in the list");
    assert!(option.name == "option" && option.get("disabled").is_some(), "{option:?}");

    choose("warn").await;
    let answer = admin.submit(&path, &form().await).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(stage.count(&held).await, before + 1);
}
