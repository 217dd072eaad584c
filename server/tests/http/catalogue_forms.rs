//! The forms of a draft of the catalogue, posted by a browser without JavaScript: what they change stands on the draft's
//! page, and what is wrong stands at its field.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use rstest::rstest;

use crate::browser::{Answer, Browser, Portal};
use crate::common::Engine;
use crate::html::tags;
use crate::scene::{AGENT, AUDITOR, DRAFT, GLOBAL_ADMIN, PROGRAMME_ADMIN};

/// The draft's page, or one of its pages.
fn at(rest: &str) -> String {
    format!("/operator/catalogue/{DRAFT}{rest}")
}

/// A portal with a draft, and whoever may change it.
async fn drafted(engine: Engine) -> Portal {
    let portal = Portal::open(engine).await;
    portal.stage.draft_for_pages().await;
    portal
}

/// Whether the field is marked as wrong and described by an element of the page.
pub fn is_marked(answer: &Answer, name: &str) -> bool {
    let all = tags(&answer.body);
    all.iter().filter(|tag| tag.get("name") == Some(name)).any(|field| {
        let described = field.get("aria-describedby").unwrap_or_default();
        field.get("aria-invalid") == Some("true")
            && all.iter().any(|tag| tag.get("id") == Some(described) && described.ends_with("-error"))
    })
}

/// The draft's page after a post that was carried out.
async fn shown(browser: &Browser<'_>, answer: Answer) -> Answer {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser.follow(answer).await;
    let page = browser.get(&at("")).await;
    assert_eq!(page.status, StatusCode::OK);
    page
}

#[rstest]
#[tokio::test]
async fn an_offer_is_changed_added_and_removed_by_posting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let path = at("/offer?code=gold");
    let page = browser.get(&path).await;
    let form = page.form("save_catalogue_offer", None);
    assert_eq!(form.get("price"), Some("4730.00"));

    // Every fault stands at its field, and what was typed stays.
    let wrong = form.clone().with("currency", "dollars").with("name.zh-Hans", "").with("price", "-5");
    let answer = browser.submit(&path, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    for name in ["currency", "name.zh-Hans", "price"] {
        assert!(is_marked(&answer, name), "{name}: {}", answer.body);
    }
    assert!(!is_marked(&answer, "name.en"));
    assert_eq!(answer.form("save_catalogue_offer", None).get("price"), Some("-5"));
    let answer = browser.submit(&path, &form.clone().with("price", "many")).await;
    assert!(is_marked(&answer, "price"), "{}", answer.body);

    let answer = browser.submit(&path, &form.with("price", "4800")).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("4,800"), "the list has the new price");
    assert!(page.body.contains("4730.00 → 4800.00"), "{}", page.body);

    let path = at("/offer");
    let mut form = browser.get(&path).await.form("save_catalogue_offer", None);
    for field in ["name.en", "name.zh-Hans", "name.zh-Hant"] {
        form = form.with(field, "Second co-sell");
    }
    for field in ["description.en", "description.zh-Hans", "description.zh-Hant"] {
        form = form.with(field, "For a second solution.");
    }
    let form = form.with("tier", "isv").with("price", "0").with("currency", "usd");
    let answer = browser.submit(&path, &form.clone().with("offer_code", "Second one")).await;
    assert!(is_marked(&answer, "offer_code"), "{}", answer.body);
    let answer = browser.submit(&path, &form.with("offer_code", "isv_second")).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("Second co-sell"));

    let path = at("/offer?code=isv_second");
    let form = browser.get(&path).await.form("remove_catalogue_offer", None);
    let answer = browser.submit(&path, &form).await;
    let page = shown(&browser, answer).await;
    assert!(!page.body.contains("Second co-sell"));
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);

    // Auditors read it and have no form.
    let auditor = portal.signed_in(AUDITOR).await;
    let page = auditor.get(&at("/offer?code=gold")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("aria-disabled=\"true\"")
            && page.find_form("remove_catalogue_offer", None).is_none()
    );
}

#[rstest]
#[tokio::test]
async fn a_form_that_somebody_was_quicker_with_shows_what_they_saved(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let path = at("/offer?code=gold");
    let old = browser.get(&path).await.form("save_catalogue_offer", None);
    let answer = browser.submit(&path, &old.clone().with("price", "4800")).await;
    shown(&browser, answer).await;
    // Another form of the same page, opened before; another id, as another page has.
    let late = old.with("name.en", "Golden").with("operation", "abcdef0123456789abcdef0123456789");
    let answer = browser.submit(&path, &late).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    let again = answer.form("save_catalogue_offer", None);
    assert_eq!(again.get("price"), Some("4800.00"), "not what was typed before");
    let answer = browser.submit(&path, &again.with("name.en", "Golden")).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("4,800") && page.body.contains("Golden"), "{}", page.body);

    // The boxes of a table as well.
    let path = at("/area?code=devops");
    let old = browser.get(&path).await.form("save_catalogue_area", None);
    let boxes = |answer: &Answer| {
        let all = tags(&answer.body);
        let ticked = all.iter().filter(|tag| tag.get("type") == Some("checkbox"));
        ticked.filter(|tag| tag.get("checked").is_some()).count()
    };
    let before = boxes(&browser.get(&path).await);
    assert!(before > 0, "some areas add their own");
    let late = old.with("version", "1").with("operation", "bbcdef0123456789abcdef0123456789");
    let answer = browser.submit(&path, &late).await;
    assert_eq!((answer.status, boxes(&answer)), (StatusCode::CONFLICT, before));
}

#[rstest]
#[tokio::test]
async fn a_products_addresses_and_keys_and_its_seats_are_changed_by_posting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let path = at("/product?code=windows_enterprise");
    let page = browser.get(&path).await;
    assert!(page.body.contains("linux_arm64"), "what there is to choose from");
    let form = page.form("save_catalogue_product", None);
    let lines = form.get("downloads").expect("lines").to_owned();
    let first = lines.lines().find(|line| !line.trim().is_empty()).expect("a line").trim();
    for (name, typed) in [
        ("downloads", format!("{first}; http://packages.example/a.iso")),
        ("downloads", format!("{first}; https://me:secret@packages.example/a.iso")),
        ("downloads", "1; Klingon; windows_x64; a.iso; 5".to_owned()),
        ("downloads", "1; en; toaster; a.iso; 5".to_owned()),
        ("key_format", "five by five".to_owned()),
    ] {
        let answer = browser.submit(&path, &form.clone().with(name, &typed)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}: {}", answer.body);
        assert_eq!(
            answer.form("save_catalogue_product", None).get(name).map(str::trim),
            Some(typed.as_str())
        );
    }
    let address = "https://packages.example/a.iso?x=1;2";
    let form = form.with("downloads", &format!("{first}; {address}")).with("key_format", "xxxx-xxxx-xxxx");
    let answer = browser.submit(&path, &form).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("XXXX-XXXX-XXXX"), "{}", page.body);
    let again = browser.get(&path).await.form("save_catalogue_product", None);
    assert!(again.get("downloads").is_some_and(|lines| lines.trim().ends_with(address)));
    assert_eq!(again.get("key_format"), Some("XXXX-XXXX-XXXX"));
    let file = browser.get(&format!("/operator/catalogue.toml?draft={DRAFT}")).await;
    assert!(file.body.contains(&format!("url = \"{address}\"")), "{}", file.body);
    assert!(file.body.contains("key_format = \"XXXX-XXXX-XXXX\""), "{}", file.body);

    let path = at("?category=cloud");
    let form = browser.get(&path).await.form("save_catalogue_quantities", None);
    assert_eq!(form.get("seats:azure_credit:gold_core"), Some("5"));
    assert_eq!(form.get("pool:office_365_e3:gold_core"), Some("gold_office"));
    let answer = browser.submit(&path, &form.clone().with("seats:azure_credit:gold_core", "many")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    let answer = browser.submit(&path, &form.with("seats:azure_credit:gold_core", "8")).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("Seats: 5 → 8"), "{}", page.body);
}

#[rstest]
#[tokio::test]
async fn two_numbers_for_one_pool_are_refused_and_one_is_followed_by_the_others(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let path = at("?category=software");
    let form = async || browser.get(&path).await.form("save_catalogue_quantities", None);
    let [first, second] = ["project_professional", "visio_professional"]
        .map(|product| (format!("quantity:{product}:gold_core"), format!("pool:{product}:gold_core")));
    let numbers = async || {
        let form = form().await;
        [&first.0, &second.0].map(|name| form.get(name).map(str::to_owned))
    };
    let said = |number: &str| Some(number.to_owned());
    assert_eq!(numbers().await, [said("20"), said("20")]);
    let shared = form().await.with(&first.1, "gold_apps").with(&second.1, "gold_apps");
    let answer = browser.submit(&path, &shared).await;
    shown(&browser, answer).await;

    let both = form().await.with(&first.0, "30").with(&second.0, "40");
    let answer = browser.submit(&path, &both).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert_eq!(numbers().await, [said("20"), said("20")], "neither of them");

    let answer = browser.submit(&path, &form().await.with(&second.0, "30")).await;
    shown(&browser, answer).await;
    assert_eq!(numbers().await, [said("30"), said("30")]);
}

#[rstest]
#[tokio::test]
async fn a_tier_is_named_by_posting_and_not_from_a_page_that_is_stale(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let path = at("/tiers/gold");
    let form = browser.get(&path).await.form("name_catalogue_tier", None);
    assert_eq!((form.get("name.en"), form.get("source_name.zh-Hant")), (Some("Gold"), Some("金級核心")));
    let old = form.clone().with("name.en", "Diamond").with("operation", "cbcdef0123456789abcdef0123456789");

    let wrong = form.clone().with("source_name.zh-Hans", " ").with("name.zh-Hant", &"長".repeat(121));
    let answer = browser.submit(&path, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(is_marked(&answer, "source_name.zh-Hans") && is_marked(&answer, "name.zh-Hant"));
    assert!(!is_marked(&answer, "name.en") && !is_marked(&answer, "source_name.en"), "{}", answer.body);

    let form = form.with("name.en", "Platinum & more").with("source_name.en", "Platinum Core");
    let answer = browser.submit(&path, &form).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("Gold → Platinum &amp; more"), "{}", page.body);
    assert!(page.body.contains("Visual Studio Enterprise, Platinum Core"), "the matrix is called so too");

    let answer = browser.submit(&path, &old).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    let kept = answer.form("name_catalogue_tier", None);
    assert_eq!(kept.get("name.en"), Some("Platinum & more"), "what stands is shown");

    assert_eq!(browser.get(&at("/tiers/platinum")).await.status, StatusCode::NOT_FOUND);
    // Whoever reads the catalogue sees the names; nobody but who drafts it has the form.
    let auditor = portal.signed_in(AUDITOR).await;
    let page = auditor.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Platinum &amp; more") && page.body.contains("aria-disabled"));
}

#[rstest]
#[tokio::test]
async fn an_area_is_added_with_its_quantities_and_removed_by_posting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let path = at("/area");
    let form = browser.get(&path).await.form("add_catalogue_area", None);
    let form = form.with("name.en", "Robotics").with("name.zh-Hans", "机器人").with("name.zh-Hant", "機器人");
    let answer = browser.submit(&path, &form.clone().with("area_code", "No Code")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(is_marked(&answer, "area_code"));
    let answer =
        browser.submit(&path, &form.clone().with("area_code", "robotics").with("name.en", " ")).await;
    assert!(is_marked(&answer, "name.en") && !is_marked(&answer, "name.zh-Hant"), "{}", answer.body);
    let answer = browser.submit(&path, &form.with("area_code", "robotics")).await;
    assert_eq!(answer.location(), at("/area?code=robotics"));

    let path = at("/area?code=robotics");
    let form = browser.get(&path).await.form("name_catalogue_area", None);
    assert_eq!((form.get("name.en"), form.get("name.zh-Hant")), (Some("Robotics"), Some("機器人")));
    let answer = browser.submit(&path, &form.clone().with("name.zh-Hans", "")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(is_marked(&answer, "name.zh-Hans") && !is_marked(&answer, "name.en"), "{}", answer.body);
    let answer = browser.submit(&path, &form.with("name.en", "Robots & drones")).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("Robots &amp; drones"), "{}", page.body);

    let quantity = "quantity:visual_studio_enterprise:silver";
    let own = "per_area:visual_studio_enterprise:silver";
    let path = at("/area?code=robotics");
    let form = browser.get(&path).await.form("save_catalogue_area", None);
    assert_eq!((form.get(quantity), form.get(own)), (Some(""), None));
    let wrong = form.clone().with(quantity, "many").with(own, "true");
    let answer = browser.submit(&path, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let kept = answer.form("save_catalogue_area", None);
    assert_eq!((kept.get(quantity), kept.get(own)), (Some("many"), Some("true")), "what was typed stays");
    let answer = browser.submit(&path, &form.with(quantity, "4").with(own, "true")).await;
    shown(&browser, answer).await;
    let saved = browser.get(&path).await.form("save_catalogue_area", None);
    assert_eq!((saved.get(quantity), saved.get(own)), (Some("4"), Some("true")));

    let path = at("/area?code=devops");
    let page = browser.get(&path).await;
    let form = page.form("save_catalogue_area", None);
    assert_eq!((form.get(quantity), form.get(own)), (Some("5"), Some("true")));
    let answer = browser.submit(&path, &page.form("remove_catalogue_area", None)).await;
    let page = shown(&browser, answer).await;
    assert!(!page.body.contains("/area?code=devops") && page.body.contains("/area?code=robotics"));
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[rstest]
#[tokio::test]
async fn the_programmes_texts_and_each_value_of_each_policy_are_saved_by_posting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let path = at("/programme");
    let form = browser.get(&path).await.form("save_catalogue_programme", None);
    let answer = browser.submit(&path, &form.clone().with("name.zh-Hant", " ")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(is_marked(&answer, "name.zh-Hant") && !is_marked(&answer, "name.en"));
    let answer = browser.submit(&path, &form.with("name.en", "Another programme")).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("Another programme"), "{}", page.body);

    // What the page offers is what each policy takes.
    let page = browser.get(&path).await;
    let choices: Vec<(String, String)> = tags(&page.body)
        .iter()
        .filter(|tag| tag.get("type") == Some("radio"))
        .filter_map(|tag| Some((tag.get("name")?.to_owned(), tag.get("value")?.to_owned())))
        .filter(|(name, _)| name.starts_with("policy:"))
        .collect();
    assert_eq!(choices.len(), 17, "{choices:?}");
    for (name, value) in &choices {
        let form = browser.get(&path).await.form("save_catalogue_policies", None).with(name, value);
        let answer = browser.submit(&path, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name} {value}: {}", answer.body);
        let saved = browser.get(&path).await.form("save_catalogue_policies", None);
        assert_eq!(saved.get(name), Some(&**value), "{name}");
    }
    let name = "policy:reassign_lock_days";
    let form = browser.get(&path).await.form("save_catalogue_policies", None);
    let answer = browser.submit(&path, &form.clone().with(name, "366")).await;
    assert!(is_marked(&answer, name), "{}", answer.body);
    let answer = browser.submit(&path, &form.with(name, "21")).await;
    let page = shown(&browser, answer).await;
    // In words, not by the names of the document.
    assert!(page.body.contains("Days until a seat can be reassigned"), "{}", page.body);
    assert!(page.body.contains("How long the activity is kept") && page.body.contains("One year"));
    assert!(!page.told().contains("audit_retention"));
}

/// Sends a file with the fields that stand beside it in the draft's page.
async fn send(browser: &Browser<'_>, fields: &[(&str, &str)], content: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"catalogue.toml\"\r\n\
        Content-Type: application/toml\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--frontier--\r\n");
    let kind = [(CONTENT_TYPE, "multipart/form-data; boundary=frontier")];
    browser.send(Method::POST, &at(""), &kind, Body::from(body)).await
}

/// Operation and version of the form with a file.
fn beside_the_file(page: &Answer) -> Vec<(String, String)> {
    let all = tags(&page.body);
    let start = all.iter().position(|tag| tag.get("enctype").is_some()).expect("the form with a file");
    let fields = all[start..].iter().take_while(|tag| tag.name != "/form");
    fields
        .filter(|tag| tag.get("type") == Some("hidden"))
        .filter_map(|tag| Some((tag.get("name")?.to_owned(), tag.get("value")?.to_owned())))
        .collect()
}

#[rstest]
#[tokio::test]
async fn a_file_replaces_a_draft_and_its_faults_stand_on_the_page(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let file = browser.get("/operator/catalogue.toml").await.body;
    let page = browser.get(&at("")).await;
    let fields = beside_the_file(&page);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(fields.len(), 2, "{fields:?}");

    // What is no catalogue is said with its line, and nothing changes.
    let broken = file.replacen("[[product]]", "[[products]]", 1);
    let answer = send(&browser, &fields, broken.as_bytes()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("role=\"alert\"") && answer.body.contains("be read: "), "{}", answer.body);
    for content in [b"".as_slice(), b"\xFF\xFE"] {
        let answer = send(&browser, &fields, content).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains("start from that file"), "{}", answer.body);
    }
    let large = vec![b'#'; 2 * 1024 * 1024 + 1];
    let answer = send(&browser, &fields, &large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("larger than allowed"), "{}", answer.body);

    // A file with a fault is taken over, and the page lists what is wrong with it.
    let faulty = file.replacen("tier = \"gold\"", "tier = \"silver\"", 1);
    let answer = send(&browser, &fields, faulty.as_bytes()).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, &*at("")));
    let page = browser.follow(answer).await;
    assert!(
        page.body.contains("offer, tier silver") && page.body.contains("Gold competency"),
        "{}",
        page.body
    );
    // The page that was looked at before is older than the draft now.
    let stale = [("operation", "0123456789abcdef0123456789abcdef"), fields[1]];
    let answer = send(&browser, &stale, file.as_bytes()).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);

    let next = beside_the_file(&page);
    let next: Vec<(&str, &str)> = next.iter().map(|(name, value)| (&**name, &**value)).collect();
    let renamed = file.replacen("en = \"Windows Enterprise\"", "en = \"Windows Enterprise 2030\"", 1);
    let answer = send(&browser, &next, renamed.as_bytes()).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("Windows Enterprise 2030") && !page.body.contains("offer, tier silver"));
}

#[rstest]
#[tokio::test]
async fn a_fault_of_the_version_in_force_is_told_apart_and_keeps_nothing_from_being_published(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let download = portal.stage.id("select id from product_download order by file_name limit 1", []).await;
    let text = "update product_download set language = 'English' where id = $1";
    portal.stage.run(text, [download.into()]).await;
    portal.stage.draft_for_pages().await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let page = browser.get(&at("")).await;
    assert!(page.body.contains("1 fault is in the version in force as well"), "{}", page.body);
    assert!(!page.body.contains("stands against publishing"), "{}", page.body);
    let form = page.form("publish_catalogue_draft", None).with("reach", "new");
    let answer = browser.submit(&at(""), &form).await;
    let page = shown(&browser, answer).await;
    assert!(page.body.contains("Version 2"), "{}", page.body);
}

#[rstest]
#[tokio::test]
async fn what_stands_beside_a_faulty_code_with_a_colon_is_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    let file = browser.get("/operator/catalogue.toml").await.body;
    let fields = beside_the_file(&browser.get(&at("")).await);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let faulty = file.replace("\"azure_credit\"", "\"azure:credit\"");
    let answer = send(&browser, &fields, faulty.as_bytes()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);

    let path = at("?category=cloud");
    let [quantity, seats] = ["quantity", "seats"].map(|field| format!("{field}:azure:credit:gold_core"));
    let form = browser.get(&path).await.form("save_catalogue_quantities", None);
    assert_eq!(form.get(&seats), Some("5"));
    let was = form.get(&quantity).expect("a quantity").to_owned();
    let answer = browser.submit(&path, &form.with(&seats, "8")).await;
    shown(&browser, answer).await;
    let form = browser.get(&path).await.form("save_catalogue_quantities", None);
    assert_eq!((form.get(&seats), form.get(&quantity)), (Some("8"), Some(&*was)));
}

#[rstest]
#[tokio::test]
async fn rule_01_a_file_replaces_a_draft_for_whoever_may_change_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = drafted(engine).await;
    let fields = [("operation", "0123456789abcdef0123456789abcdef"), ("version", "2")];
    for email in [AUDITOR, AGENT, GLOBAL_ADMIN] {
        let browser = portal.signed_in(email).await;
        let answer = send(&browser, &fields, b"[programme]").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{email}: {}", answer.body);
    }
    let nobody = send(&portal.browser(), &fields, b"[programme]").await;
    assert_eq!((nobody.status, nobody.location()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert_eq!(portal.stage.version("catalogue_draft", DRAFT).await, 2, "nothing is changed");
}
