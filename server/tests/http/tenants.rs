//! Rule 7: another company's id answers exactly like an id that doesn't exist, in every form, page
//! and server function.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use rstest::rstest;
use uuid::Uuid;

use crate::browser::{Answer, Browser, NOTHING, Portal, fields, without_ids};
use crate::common::{Engine, Stage};
use crate::scene::{
    COMPANY, EMPLOYEE, FORMS, FUNCTIONS, OTHER_ADMIN, OTHER_COMPANY, PAGES, PARTNER_ADMIN, Right,
    changes_session,
};

fn is_id(value: &str) -> bool {
    Uuid::try_parse(value).is_ok()
}

fn same(answer: &Answer) -> (StatusCode, String, String) {
    (answer.status, answer.location().to_owned(), answer.told())
}

/// The rows that carry an id, with which of their fields do; `people` and the like beside the target
/// are tried alone too, in a form that is one's own otherwise.
async fn forms_with_ids(stage: &Stage) -> Vec<(&'static str, &'static str, Vec<(String, String)>)> {
    let mut forms = Vec::new();
    for row in FORMS.iter().filter(|row| !matches!(row.right, Right::Operator(_))) {
        let filled = stage.filled(row.key).await;
        if filled.iter().any(|(_, value)| is_id(value)) {
            forms.push((row.key, row.page, filled));
        }
    }
    forms
}

/// The forms of the other company with one id of this company in them.
async fn forms_with_a_foreign_part(
    stage: &Stage,
) -> Vec<(&'static str, &'static str, Vec<(String, String)>)> {
    let own = stage.grant(OTHER_COMPANY, "visual_studio_professional", "action_pack").await.to_string();
    let foreign = stage.person_id(PARTNER_ADMIN, COMPANY).await.to_string();
    let holder = "select s.id from seat s join organization o on o.id = s.organization_id
        join benefit_grant g on g.id = s.grant_id and g.category = 'visual_studio'
        where o.domain = $1 and s.released_at is null order by s.id limit 1";
    let seat = stage.id(holder, [OTHER_COMPANY.into()]).await;
    let version = stage.version("seat", seat).await.to_string();
    let leaving = stage.id("select person_id as id from seat where id = $1", [seat.into()]).await;
    let leaving_version = stage.version("person", leaving).await.to_string();
    let (fate, of_seat, heir) = (format!("fate-{seat}"), format!("version-{seat}"), format!("to-{seat}"));
    let contact = fields(&[
        ("form", "save_marketing_contact"),
        ("target", ""),
        ("person", &foreign),
        ("alternate_email", "press@elsewhere.example"),
        ("phone", "+44 20 7946 0142"),
        ("language", "en"),
        ("version", ""),
    ]);
    vec![
        (
            "assign_seats to a foreign person",
            "/benefits/visual-studio",
            fields(&[("form", "assign_seats"), ("target", &own), ("people", &foreign)]),
        ),
        (
            "reassign_seat to a foreign person",
            "/benefits/visual-studio",
            fields(&[
                ("form", "reassign_seat"),
                ("target", &seat.to_string()),
                ("version", &version),
                ("person", &foreign),
            ]),
        ),
        ("save_marketing_contact with a foreign person", "/benefits/go-to-market", contact),
        (
            "depart_person who hands over to a foreign person",
            "/account/users/departure",
            fields(&[
                ("form", "depart_person"),
                ("target", &leaving.to_string()),
                ("version", &leaving_version),
                ("departure", "suspend"),
                ("seats", &seat.to_string()),
                (&fate, "hand_over"),
                (&of_seat, &version),
                (&heir, &foreign),
            ]),
        ),
    ]
}

/// The fields with every foreign id replaced; ids of one's own stay.
fn pointing_nowhere(filled: &[(String, String)], own: &[String]) -> Vec<(String, String)> {
    filled
        .iter()
        .map(|(name, value)| {
            let foreign = is_id(value) && !own.contains(value);
            (name.clone(), if foreign { NOTHING.to_owned() } else { value.clone() })
        })
        .collect()
}

fn with_operation(filled: &[(String, String)], stage: &Stage) -> Vec<(String, String)> {
    let mut filled: Vec<_> = filled.iter().filter(|(name, _)| name != "operation").cloned().collect();
    filled.push(("operation".to_owned(), stage.operation().to_string()));
    filled
}

async fn compare(
    portal: &Portal,
    browser: &Browser<'_>,
    about: &str,
    page: &str,
    foreign: &[(String, String)],
    nowhere: &[(String, String)],
) {
    let stage = &portal.stage;
    let code = about.split(['/', ' ']).next().unwrap_or_default();
    let before = stage.traces().await;
    let theirs = browser.post(page, &with_operation(foreign, stage)).await;
    let missing = browser.post(page, &with_operation(nowhere, stage)).await;
    assert!(theirs.status.is_client_error(), "{about}: {} {}", theirs.status, theirs.location());
    assert_eq!(same(&theirs), same(&missing), "{about}");
    if !changes_session(code) {
        let theirs = browser.perform(&with_operation(foreign, stage)).await;
        let missing = browser.perform(&with_operation(nowhere, stage)).await;
        assert!(theirs.status.is_client_error(), "{about}: {}", theirs.status);
        assert_eq!(
            (theirs.status, &theirs.body),
            (missing.status, &missing.body),
            "{about}, in the background"
        );
    }
    assert_eq!(stage.traces().await, before, "{about} left something behind");
}

#[rstest]
#[tokio::test]
async fn rule_07_every_form_with_another_companys_id(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let forms = forms_with_ids(&portal.stage).await;
    let browser = portal.signed_in(OTHER_ADMIN).await;
    for (key, page, filled) in &forms {
        compare(&portal, &browser, key, page, filled, &pointing_nowhere(filled, &[])).await;
    }
    for (about, page, filled) in &forms_with_a_foreign_part(&portal.stage).await {
        // What of it is one's own are the target and its seats; the person is the foreign part.
        let own: Vec<String> = filled
            .iter()
            .filter(|(name, _)| name == "target" || name == "seats")
            .map(|(_, value)| value.clone())
            .collect();
        compare(&portal, &browser, about, page, filled, &pointing_nowhere(filled, &own)).await;
    }
    let stage = &portal.stage;
    let admin = stage.person(crate::scene::GLOBAL_ADMIN).await;
    let file = b"name,email\nSomebody New,somebody.new@fernhollow.example\n";
    let file =
        service::people::import::upload(&stage.service, &admin, "people.csv", file).await.expect("kept");
    let save = |id: &str| fields(&[("form", "save_people_import"), ("target", id)]);
    let page = "/account/users/import";
    let (foreign, nowhere) = (save(&file.to_string()), save(NOTHING));
    compare(&portal, &browser, "save_people_import of a foreign file", page, &foreign, &nowhere).await;
}

#[rstest]
#[tokio::test]
async fn rule_07_a_subscription_of_another_company_takes_no_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    // Fernhollow opens a subscription; Kestrel tries to add its own key to it.
    let admin = portal.signed_in(crate::scene::GLOBAL_ADMIN).await;
    let opened = admin.perform(&stage.filled("redeem_key").await).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    let text =
        "select s.id from subscription s join organization o on o.id = s.organization_id where o.domain = $1
        order by s.id desc limit 1";
    let subscription = stage.id(text, [COMPANY.into()]).await;
    let own = stage.grant(OTHER_COMPANY, "intune", "action_pack").await.to_string();
    let browser = portal.signed_in(OTHER_ADMIN).await;
    let reveal = fields(&[("form", "reveal_key"), ("target", &own), ("accept", "true")]);
    let revealed = browser.perform(&with_operation(&reveal, stage)).await;
    assert_eq!(revealed.status, StatusCode::OK, "{}", revealed.body);
    let with = |id: &str| {
        let subscription = format!("more_seats:{id}:1");
        fields(&[("form", "redeem_key"), ("target", &own), ("subscription", &subscription)])
    };
    let foreign = with(&subscription.to_string());
    compare(
        &portal,
        &browser,
        "redeem_key into a foreign subscription",
        "/benefits/cloud",
        &foreign,
        &with(NOTHING),
    )
    .await;
}

#[rstest]
#[tokio::test]
async fn rule_07_every_server_function_with_another_companys_id(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(OTHER_ADMIN).await;
    let mut tried = BTreeSet::new();
    for row in FUNCTIONS.iter().filter(|row| !matches!(row.right, Right::Anybody | Right::Operator(_))) {
        let foreign = portal.stage.arguments(row.path).await;
        let nowhere: serde_json::Value =
            serde_json::from_str(&without_ids(&foreign.to_string())).expect("arguments");
        if foreign == nowhere {
            continue;
        }
        tried.insert(row.path);
        let theirs = browser.call(row.path, &foreign).await;
        let missing = browser.call(row.path, &nowhere).await;
        assert_eq!(same(&theirs), same(&missing), "{}", row.path);
        for secret in ["fernhollow", "Fernhollow", "Priyanka", "Teodor"] {
            assert!(!theirs.body.contains(secret), "{} tells {secret}", row.path);
        }
    }
    let expected = [
        "/api/activity",
        "/api/advisory",
        "/api/benefits",
        "/api/departure_page",
        "/api/insight",
        "/api/marketing_contact",
        "/api/own_benefits",
        "/api/people",
        "/api/requests",
        "/api/search_people",
        "/api/tier_change",
    ];
    assert_eq!(tried, BTreeSet::from(expected), "functions that take an id");
}

#[rstest]
#[tokio::test]
async fn rule_07_every_page_with_another_companys_id_in_its_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let browser = portal.signed_in(OTHER_ADMIN).await;
    let grants = [
        ("/benefits/software", "windows_enterprise", "action_pack"),
        ("/benefits/cloud", "azure_credit", "gold_core"),
        ("/benefits/visual-studio", "visual_studio_enterprise", "gold_core"),
        ("/benefits/technical", "product_support_incidents", "gold_core"),
        ("/benefits/go-to-market", "case_study", "gold_core"),
    ];
    let person = stage.person_id(EMPLOYEE, COMPANY).await.to_string();
    let mut addresses: Vec<(String, String)> = Vec::new();
    for (page, product, source) in grants {
        addresses.push((page.to_owned(), stage.grant(COMPANY, product, source).await.to_string()));
    }
    let hours = stage.grant(COMPANY, "advisory_hours", "gold_core").await.to_string();
    addresses.push(("/technical-request".to_owned(), hours));
    for page in PAGES.iter().filter(|page| !page.address.contains(':') && page.address != "/sign-in") {
        addresses.push((page.address.to_owned(), person.clone()));
    }
    for (page, id) in addresses {
        for name in ["open", "chosen", "after", "grant", "departure=remove&person"] {
            let theirs = browser.get(&format!("{page}?{name}={id}")).await;
            let missing = browser.get(&format!("{page}?{name}={NOTHING}")).await;
            assert_eq!(same(&theirs), same(&missing), "{page}?{name}");
            assert!(!theirs.body.contains("Fernhollow"), "{page}?{name}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn rule_07_downloads_and_invitations_of_another_company(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let grant = stage.grant(COMPANY, "windows_enterprise", "action_pack").await.to_string();
    let text = "select d.id from product_download d join product p on p.id = d.product_id
        where p.code = $1 order by d.id limit 1";
    let download = stage.id(text, ["windows_enterprise".into()]).await;
    let admin = portal.signed_in(crate::scene::GLOBAL_ADMIN).await;
    let own = admin.get(&format!("/downloads/{grant}/{download}")).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.body);
    assert!(own.header("content-disposition").starts_with("attachment"), "{:?}", own.headers);
    let browser = portal.signed_in(OTHER_ADMIN).await;
    let missing = browser.get(&format!("/downloads/{NOTHING}/{download}")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    for path in [
        format!("/downloads/{grant}/{download}"),
        format!("/downloads/x/{download}"),
        format!("/downloads/{grant}/x"),
    ] {
        let answer = browser.get(&path).await;
        assert_eq!((answer.status, &answer.body), (missing.status, &missing.body), "{path}");
    }
    let nobody = portal.browser().get(&format!("/downloads/{grant}/{download}")).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[rstest]
#[tokio::test]
async fn rule_07_an_invoice_of_another_company(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let number = portal.stage.paid_invoice().await;
    let admin = portal.signed_in(crate::scene::GLOBAL_ADMIN).await;
    assert_eq!(admin.get(&format!("/invoices/{number}")).await.status, StatusCode::OK);
    let browser = portal.signed_in(OTHER_ADMIN).await;
    let missing = browser.get("/invoices/99999999").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    for path in [format!("/invoices/{number}"), "/invoices/x".to_owned(), "/invoices/-1".to_owned()] {
        let answer = browser.get(&path).await;
        assert_eq!((answer.status, &answer.body), (missing.status, &missing.body), "{path}");
    }
}
