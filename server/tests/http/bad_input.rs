//! What bad input gets: a clear answer, what was typed kept, nothing half-written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, ORIGIN};
use axum::http::{HeaderName, Method, StatusCode};
use domain::{Error, ErrorCode, Language};
use futures::StreamExt;
use rstest::rstest;

use crate::browser::{Answer, Portal, encoded, fields};
use crate::common::{Engine, Stage};
use crate::html::{content, decode, tags};
use crate::scene::{
    AGENT, CHINESE_EMPLOYEE, EMPLOYEE, FORMS, GLOBAL_ADMIN, PROGRAMME_ADMIN, Right, Then, changes_session,
};

const FORM: &str = "application/x-www-form-urlencoded";
const SCRIPT: &str = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>";

fn with(filled: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    let mut filled = filled;
    for field in filled.iter_mut().filter(|(key, _)| key == name) {
        field.1 = value.to_owned();
    }
    filled
}

/// The control of a form as a page shows it.
fn control(answer: &Answer, code: &str, name: &str) -> Vec<crate::html::Tag> {
    let all = tags(&answer.body);
    let start = all
        .iter()
        .position(|tag| tag.get("name") == Some("form") && tag.get("value") == Some(code))
        .unwrap_or_else(|| panic!("no form {code}"));
    let rest = &all[start..];
    let end = rest.iter().position(|tag| tag.name == "/form").unwrap_or(rest.len());
    rest[..end].iter().filter(|tag| tag.get("name") == Some(name)).cloned().collect()
}

/// Checks that the field is marked, described by its fault in these words, and keeps what was typed.
fn shows_fault(answer: &Answer, code: &str, name: &str, words: &str, typed: &str) {
    let found = control(answer, code, name);
    let tag = found.first().unwrap_or_else(|| panic!("no field {name} in {code}"));
    assert_eq!(tag.get("aria-invalid"), Some("true"), "{code}.{name}: {tag:?}");
    let described = tag.get("aria-describedby").unwrap_or_else(|| panic!("{code}.{name} has no description"));
    let all = tags(&answer.body);
    let start = all
        .iter()
        .position(|tag| described.split(' ').any(|id| tag.get("id") == Some(id)) && tag.name == "p")
        .unwrap_or_else(|| panic!("nothing has the id {described}"));
    let text: String =
        all[start..].iter().take_while(|tag| tag.name != "/p").map(|tag| decode(&tag.text)).collect();
    assert!(text.contains(words), "{code}.{name} says {text:?}, not {words:?}");
    let kept =
        if tag.name == "textarea" { content(tag) } else { tag.get("value").unwrap_or_default().to_owned() };
    assert_eq!(kept, typed, "{code}.{name} keeps what was typed");
}

#[rstest]
#[tokio::test]
async fn what_was_typed_stays_and_the_fault_stands_beside_the_field(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(CHINESE_EMPLOYEE).await;
    let before = portal.stage.traces().await;
    let long = "題".repeat(121);
    let typed = [("title", long.as_str()), ("phone", "22334455"), ("description", ""), ("hours", "26")];
    let mut form = portal.stage.filled("submit_advisory").await;
    for (name, value) in typed {
        form = with(form, name, value);
    }
    let answer = browser.post("/technical-request", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(answer.body.contains("<html lang=\"zh-Hans\""), "{}", &answer.body[..200]);
    let texts = locales::texts(Language::SimplifiedChinese);
    let codes =
        [ErrorCode::TooLong, ErrorCode::MalformedPhone, ErrorCode::Required, ErrorCode::EngagementTooLong];
    for ((name, value), code) in typed.into_iter().zip(codes) {
        let words = texts.find("error", code.code()).expect("words");
        let first = words.split('{').next().unwrap_or_default();
        shows_fault(&answer, "submit_advisory", name, first, value);
    }
    // What was right is kept as well.
    assert_eq!(answer.form("submit_advisory", None).get("working_hours"), Some("09:00–16:00"));
    assert_eq!(portal.stage.traces().await, before);
}

#[rstest]
#[tokio::test]
async fn passwords_are_never_shown_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let secret = "Zq9-never-to-be-seen";
    let answer = portal.browser().sign_in(EMPLOYEE, secret).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.form("sign_in", None).get("email"), Some(EMPLOYEE));
    assert!(!answer.body.contains(secret));
    let browser = portal.signed_in(EMPLOYEE).await;
    let mut form = portal.stage.filled("change_password").await;
    for name in ["current_password", "new_password"] {
        form = with(form, name, secret);
    }
    let answer = browser.post("/account/security", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.body.contains(secret));
}

/// Whether a page has the text only where it can't act: no element of it, and nothing raw.
fn is_harmless(about: &str, answer: &Answer) {
    assert!(!answer.body.contains("<script>alert"), "{about}: a script");
    for tag in tags(&answer.body) {
        let acts = tag
            .attributes
            .iter()
            .any(|(name, value)| name.starts_with("on") || value.starts_with("javascript:"));
        assert!(!acts && (tag.name != "img" || tag.get("src") != Some("x")), "{about}: {tag:?}");
    }
}

async fn shows(browser: &crate::browser::Browser<'_>, path: &str) {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    is_harmless(path, &answer);
    assert!(answer.body.contains("&lt;script&gt;alert("), "{path} doesn't show the text");
}

#[rstest]
#[tokio::test]
async fn a_script_in_any_free_text_is_text_wherever_it_is_shown(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const TEXTS: &[&str] = &[
        "name",
        "title",
        "description",
        "product",
        "country",
        "working_hours",
        "time_zone",
        "reason",
        "note",
        "email",
        "alternate_email",
        "phone",
    ];
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    // Each text of each form, kept with the fault or taken over: the answer is harmless.
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    for row in FORMS.iter().filter(|row| !changes_session(row.code())) {
        let browser = if matches!(row.right, Right::Operator(_)) { &operator } else { &admin };
        let filled = stage.filled(row.key).await;
        for (name, _) in filled.iter().filter(|(name, _)| TEXTS.contains(&name.as_str())) {
            let form = with(with(filled.clone(), name, SCRIPT), "operation", stage.operation().as_str());
            let answer = browser.post(row.page, &form).await;
            assert!(!answer.status.is_server_error(), "{}.{name}: {}", row.key, answer.body);
            is_harmless(&format!("{}.{name}", row.key), &answer);
            let next = browser.follow(answer).await;
            is_harmless(&format!("{}.{name}, next page", row.key), &next);
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_script_that_was_taken_over_is_shown_as_text(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let employee = portal.signed_in(EMPLOYEE).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let sent = async |browser: &crate::browser::Browser<'_>, key: &str, name: &str| {
        let answer = browser.perform(&with(stage.filled(key).await, name, SCRIPT)).await;
        assert_eq!(answer.status, StatusCode::OK, "{key}: {}", answer.body);
    };
    sent(&employee, "submit_advisory", "title").await;
    sent(&admin, "add_user", "name").await;
    sent(&employee, "ask_for_seat", "description").await;
    sent(&admin, "record_activations", "reason").await;
    let text = "select r.id from service_request r where r.title like '%script%' limit 1";
    let request = stage.id(text, []).await;
    shows(&employee, "/requests").await;
    shows(&admin, "/requests").await;
    shows(&admin, "/account/users").await;
    shows(&operator, "/operator/queue?sort=age").await;
    shows(&operator, &format!("/operator/queue?open={request}")).await;
    // The request's title stands in the mail to whoever asked, which operators see.
    shows(&operator, "/operator/outbox").await;
}

#[rstest]
#[tokio::test]
async fn names_may_be_of_any_script(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    for (at, name) in ["Zoë 🚀 O'Brien", "محمد الفارسي", "שרה לוי", "李小龍 & Söhne"].iter().enumerate()
    {
        let email = format!("colleague{at}@fernhollow.example");
        let form = with(with(portal.stage.filled("add_user").await, "name", name), "email", &email);
        let answer = admin.post("/account/users/add", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name}: {}", answer.body);
        let page = admin.follow(answer).await;
        assert!(
            page.body.contains(&format!("({email})")) || page.body.contains(&email),
            "{name}: the message names them"
        );
        let found = admin.get(&format!("/account/users?find=colleague{at}")).await;
        assert!(decode(&found.body).contains(name), "{name}");
    }
    let form = with(portal.stage.filled("add_user").await, "name", "Eve\u{202e}nimdA");
    let answer = admin.post("/account/users/add", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "a name that turns the text around");
}

#[rstest]
#[case::overlong("refuse_request", "reason", "x".repeat(501), ErrorCode::TooLong)]
#[case::empty("refuse_request", "reason", "  ".to_owned(), ErrorCode::ReasonNeeded)]
#[case::no_date("complete_activation", "expires", "31.12.2026".to_owned(), ErrorCode::MalformedDate)]
#[case::no_such_day("complete_activation", "expires", "2027-02-30".to_owned(), ErrorCode::MalformedDate)]
#[case::end_before_start("complete_activation", "expires", "2026-11-01".to_owned(), ErrorCode::DateOrder)]
#[case::eight_digits("complete_activation", "access_id", "12345678".to_owned(), ErrorCode::NineDigits)]
#[case::no_number("record_delivery", "hours", "many".to_owned(), ErrorCode::MalformedNumber)]
#[case::huge_number("record_incident", "quantity", "99999999999999999999".to_owned(), ErrorCode::MalformedNumber)]
#[tokio::test]
async fn a_fault_of_a_field_is_told_and_nothing_is_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] key: &str,
    #[case] name: &str,
    #[case] typed: String,
    #[case] code: ErrorCode,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(AGENT).await;
    let form = with(portal.stage.filled(key).await, name, &typed);
    let before = portal.stage.traces().await;
    let answer = browser.perform(&form).await;
    let refusal = answer.refusal();
    let told = refusal.fields.iter().find(|field| field.field.code() == name);
    assert_eq!(told.map(|field| field.code), Some(code), "{refusal:?}");
    let target =
        form.iter().find(|(key, _)| key == "target").map(|(_, value)| value.clone()).unwrap_or_default();
    let page = if target.is_empty() {
        "/operator/queue".to_owned()
    } else {
        format!("/operator/queue?open={target}")
    };
    let answer = browser.post(&page, &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    if key != "record_incident" {
        let words = locales::texts(Language::English).find("error", code.code()).expect("words");
        shows_fault(&answer, key, name, words.split('{').next().unwrap_or_default(), &typed);
    }
    assert_eq!(portal.stage.traces().await, before);
}

#[rstest]
#[tokio::test]
async fn a_form_posted_twice_has_one_effect_and_one_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let mut tried = 0;
    for row in FORMS.iter().filter(|row| !changes_session(row.code()) && !matches!(row.then, Then::Rule(_))) {
        if row.code() == "mark_notices_read" {
            // Marks what is unread: once more marks nothing, whatever its id.
            continue;
        }
        tried += 1;
        let browser = if matches!(row.right, Right::Operator(_)) { &operator } else { &admin };
        let form = portal.stage.filled(row.key).await;
        let first = browser.perform(&form).await;
        assert_eq!(first.status, StatusCode::OK, "{}: {}", row.key, first.body);
        let after = portal.stage.traces().await;
        let again = browser.perform(&form).await;
        if row.code() == "make_provisioning_token" {
            // A token is kept nowhere, so the second answer can't have it.
            assert_eq!(again.status, StatusCode::OK);
            assert!(first.body.contains("bcp_") && !again.body.contains("bcp_"), "{}", again.body);
        } else {
            assert_eq!((again.status, &again.body), (first.status, &first.body), "{}", row.key);
        }
        let posted = browser.post(row.page, &form).await;
        assert!(
            matches!(posted.status, StatusCode::SEE_OTHER | StatusCode::OK),
            "{}: {}",
            row.key,
            posted.body
        );
        assert_eq!(portal.stage.traces().await, after, "{} had a second effect", row.key);
        // The id belongs to whoever used it, and to what it was used for.
        let other = if matches!(row.right, Right::Operator(_)) { &admin } else { &operator };
        let stolen = other.perform(&form).await;
        assert!(stolen.status.is_client_error(), "{}: {}", row.key, stolen.body);
        let operation =
            form.iter().find(|(name, _)| name == "operation").map(|(_, id)| id.clone()).expect("an id");
        let reused =
            admin.perform(&with(portal.stage.filled("ask_for_seat").await, "operation", &operation)).await;
        if row.code() != "ask_for_seat" && !matches!(row.right, Right::Operator(_)) {
            assert_eq!(reused.refusal().code, ErrorCode::OperationReused, "{}", row.key);
        }
    }
    assert!(tried > 25, "{tried}");
}

#[rstest]
#[tokio::test]
async fn two_posts_at_the_same_time_have_one_effect(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let form = portal.stage.filled("assign_seats").await;
    let seats = "select count(*) as number from seat";
    let before = portal.stage.count(seats).await;
    let answers = futures::future::join_all((0..8).map(|_| admin.perform(&form))).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (StatusCode::OK, &answers[0].body), "{}", answer.body);
    }
    assert_eq!(portal.stage.count(seats).await, before + 1);
}

/// Moves the version of the row that a form edits on, as if somebody else had changed it.
async fn changed_by_somebody_else(stage: &Stage, form: &[(String, String)]) -> Option<()> {
    form.iter().find(|(name, _)| name == "version")?;
    let id = form.iter().find(|(name, _)| name == "target").map(|(_, value)| value.clone())?;
    // A draft has several forms, told apart by what stands behind a colon.
    let row = id.split(':').next().unwrap_or_default();
    if let Ok(id) = uuid::Uuid::try_parse(row) {
        for table in [
            "catalogue_draft",
            "benefit_grant",
            "seat",
            "order_line",
            "service_request",
            "person",
            "directory",
            "provisioned_group",
            "individual_grant",
            "account",
        ] {
            let text = format!("update {table} set row_version = row_version + 1 where id = $1");
            stage.run(&text, [id.into()]).await;
        }
    } else if let Ok(number) = id.parse::<i64>() {
        let text = "update orders set row_version = row_version + 1 where number = $1";
        stage.run(text, [number.into()]).await;
    } else if id.ends_with(":en") {
        let text = "update mail_template set row_version = row_version + 1";
        stage.run(text, []).await;
        let text =
            "insert into mail_template (kind, language, subject, body, row_version, changed_at, changed_by)
            select 'seat_removed', 'en', 'No', '{link}', 5, 5, id from account where true order by id limit 1
            on conflict (kind, language) do nothing";
        stage.run(text, []).await;
    } else if id.contains(':') {
        // An offer: another agreement is in force meanwhile.
        let text = "insert into purchase_agreement (version, language, text, in_force_at)
            select version + 1, language, text, in_force_at from purchase_agreement";
        stage.run(text, []).await;
    } else {
        stage.run("update marketing_contact set row_version = row_version + 1", []).await;
        stage.run("update organization set ending_first = 31", []).await;
        stage.run("update key_pool set row_version = row_version + 1", []).await;
        let text = "insert into provisioning_setting
                (organization_id, seats, gives_user_admin, gives_admin_agent, gives_employee)
            select id, 'release', false, false, true from organization where true
            on conflict (organization_id) do update set row_version = provisioning_setting.row_version + 1";
        stage.run(text, []).await;
        // Each time another value, or nothing would have changed.
        let days = 30
            + stage
                .count("select cast(value as bigint) as number from policy where name = 'reassign_lock_days'")
                .await;
        stage.set_policy("reassign_lock_days", &days.to_string()).await;
    }
    Some(())
}

#[rstest]
#[tokio::test]
async fn a_form_older_than_its_row_is_told_so(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let stale = app::words::refusal(locales::texts(Language::English), &Error::new(ErrorCode::Stale));
    let mut tried = Vec::new();
    for row in FORMS {
        let browser = if matches!(row.right, Right::Operator(_)) { &operator } else { &admin };
        // A member has no enrolment that could be older: service/tests/enrolment.rs has a company's own.
        if matches!(row.right, Right::Person(domain::Action::Enrol)) {
            continue;
        }
        let form = portal.stage.filled(row.key).await;
        if changed_by_somebody_else(&portal.stage, &form).await.is_none() {
            continue;
        }
        tried.push(row.key);
        let before = portal.stage.traces().await;
        let answer = browser.post(row.page, &form).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}: {}", row.key, answer.body);
        // Also where the form is no longer on the page.
        assert!(decode(&answer.body).contains(&stale), "{} doesn't say why", row.key);
        let answer = browser.perform(&form).await;
        assert_eq!(
            (answer.status, answer.refusal().code),
            (StatusCode::CONFLICT, ErrorCode::Stale),
            "{}",
            row.key
        );
        let none: Vec<_> = form.iter().filter(|(name, _)| name != "version").cloned().collect();
        if row.code() != "save_marketing_contact" {
            assert_eq!(
                browser.perform(&none).await.refusal().code,
                ErrorCode::Stale,
                "{} without a version",
                row.key
            );
        }
        assert_eq!(portal.stage.traces().await, before, "{}", row.key);
    }
    assert!(tried.len() >= 16, "{tried:?}");
}

#[rstest]
#[tokio::test]
async fn a_post_from_somewhere_else_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let body = encoded(&portal.stage.filled("assign_seats").await);
    let before = portal.stage.traces().await;
    let fetch_site = HeaderName::from_static("sec-fetch-site");
    admin.set_cookie("language", "zh-Hans");
    let foreign: [&[(HeaderName, &str)]; 5] = [
        &[(ORIGIN, "https://evil.example")],
        &[(ORIGIN, "http://benefits.example.evil.example")],
        &[(ORIGIN, "null")],
        &[(fetch_site.clone(), "cross-site")],
        &[(fetch_site.clone(), "same-site"), (ORIGIN, "http://other.benefits.example")],
    ];
    for headers in foreign {
        for (path, kind, body) in [
            ("/benefits/visual-studio", FORM, body.clone()),
            ("/sign-in", FORM, body.clone()),
            ("/api/perform", "application/json", serde_json::json!({ "form": body }).to_string()),
        ] {
            let mut headers = headers.to_vec();
            headers.push((CONTENT_TYPE, kind));
            let answer = admin.send(Method::POST, path, &headers, Body::from(body)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}: {}", answer.body);
            if path.starts_with("/api/") {
                assert_eq!(answer.refusal().code, ErrorCode::ForeignOrigin);
            } else {
                assert!(
                    answer.body.contains("请求来自其他网站"),
                    "in the reader's language: {}",
                    answer.body
                );
            }
        }
    }
    assert_eq!(portal.stage.traces().await, before);
    let own = [(ORIGIN, "http://benefits.example"), (fetch_site, "same-origin"), (CONTENT_TYPE, FORM)];
    let answer = admin.send(Method::POST, "/benefits/visual-studio", &own, Body::from(body)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn the_longest_texts_of_a_product_fit_into_its_form(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let mut fields = portal.stage.filled("save_catalogue_product").await;
    for (name, value) in &mut fields {
        let letter = if name.ends_with(".en") { "s" } else { "步" };
        let line = letter.repeat(1_000);
        if name.starts_with("instructions.") {
            *value = vec![line; 10].join("\r\n");
        } else if name.starts_with("summary.") {
            *value = line;
        }
    }
    let body = encoded(&fields);
    assert!(body.len() > 200_000, "{}", body.len());
    let own = [(ORIGIN, "http://benefits.example"), (CONTENT_TYPE, FORM)];
    let answer = operator.send(Method::POST, "/operator/catalogue", &own, Body::from(body)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn a_body_of_50_megabytes_is_refused_before_it_is_read(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const CHUNK: usize = 64 * 1024;
    const CHUNKS: usize = 800;
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    for (path, kind) in
        [("/benefits/software", FORM), ("/sign-in", FORM), ("/api/perform", "application/json")]
    {
        for announced in [true, false] {
            let read = Arc::new(AtomicUsize::new(0));
            let counted = read.clone();
            let chunks = futures::stream::iter(0..CHUNKS).map(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; CHUNK]))
            });
            let length = (CHUNK * CHUNKS).to_string();
            let mut headers =
                vec![(ACCEPT, "text/html"), (CONTENT_TYPE, kind), (ORIGIN, "http://benefits.example")];
            if announced {
                headers.push((CONTENT_LENGTH, &length));
            }
            let answer = admin.send(Method::POST, path, &headers, Body::from_stream(chunks)).await;
            assert_eq!(
                answer.status,
                StatusCode::PAYLOAD_TOO_LARGE,
                "{path}, announced: {announced}: {}",
                answer.body
            );
            let read = read.load(Ordering::Relaxed);
            assert!(read <= if announced { 0 } else { 8 }, "{path}: {read} of {CHUNKS} chunks were read");
        }
    }
}

#[rstest]
#[tokio::test]
async fn malformed_requests_get_an_answer(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    // Forms that aren't there.
    for form in
        [fields(&[]), fields(&[("target", "x")]), fields(&[("form", "")]), fields(&[("form", "drop_tables")])]
    {
        let answer = admin.post("/account", &form).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{form:?}");
        let answer = admin.perform(&form).await;
        assert_eq!(
            (answer.status, answer.refusal().code),
            (StatusCode::NOT_FOUND, ErrorCode::NotFound),
            "{form:?}"
        );
    }
    // Without an operation id nothing is carried out.
    let form: Vec<_> = portal
        .stage
        .filled("assign_seats")
        .await
        .into_iter()
        .filter(|(name, _)| name != "operation")
        .collect();
    assert_eq!(admin.perform(&form).await.refusal().code, ErrorCode::OperationMissing);
    let answer = admin.perform(&with(portal.stage.filled("assign_seats").await, "operation", "'; --")).await;
    assert_eq!(answer.refusal().code, ErrorCode::OperationMissing);
    // Bytes that are no text, and arguments that are no arguments.
    let raw = [(CONTENT_TYPE, FORM), (ORIGIN, "http://benefits.example")];
    let answer = admin.send(Method::POST, "/account", &raw, Body::from(&b"form=\xff\xfe"[..])).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for body in ["", "{", "[]", "null", "{\"form\": 7}", "{\"query\": {\"category\": \"nothing\"}}"] {
        for path in ["/api/perform", "/api/benefits"] {
            let headers = [(CONTENT_TYPE, "application/json"), (ORIGIN, "http://benefits.example")];
            let answer = admin.send(Method::POST, path, &headers, Body::from(body)).await;
            assert!(!answer.status.is_success(), "{path} {body}: {}", answer.body);
            assert!(!answer.body.contains("panicked"), "{path} {body}: {}", answer.body);
        }
    }
    assert_eq!(admin.call("/api/nothing", &serde_json::json!({})).await.status, StatusCode::NOT_FOUND);
    // Cookies that nobody gave out.
    let long = "a".repeat(8000);
    for cookie in [
        "session",
        "session=",
        "=;;=",
        "session=x; session=y",
        "session=%00%ff",
        "flash=%zz",
        "language=klingon",
        "session=\u{e9}",
        &format!("session={long}"),
        &format!("session={}", "0".repeat(64)),
    ] {
        let browser = portal.browser();
        let answer = browser.send(Method::GET, "/sign-in", &[(COOKIE, cookie)], Body::empty()).await;
        assert_eq!(answer.status, StatusCode::OK, "{cookie}");
        let answer = browser.send(Method::GET, "/account", &[(COOKIE, cookie)], Body::empty()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{cookie}");
    }
    // Addresses that aren't pages.
    for path in ["/nothing", "/benefits/nothing", "/..%2f..%2fetc/passwd", "/benefits/software%00"] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        is_harmless(path, &answer);
    }
    // Queries that mean nothing.
    for query in [
        "page=-1",
        "page=99999999999999999999",
        "sort=drop&descending=maybe",
        "open=x",
        "find=%00",
        "source=%00",
        "grant=%00",
        "find=%25%27%3B--",
        "page=4000000000",
    ] {
        for page in ["/benefits/software", "/account/users", "/operator/queue", "/requests"] {
            let answer = admin.get(&format!("{page}?{query}")).await;
            assert!(!answer.status.is_server_error(), "{page}?{query}: {}", answer.body);
        }
    }
    let found = admin.get("/account/users?find=%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    is_harmless("what was looked for", &found);
}
