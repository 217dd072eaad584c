//! What holds whoever asks and for whatever: methods, types and origins of answers, addresses behind a
//! proxy, where a request ends, passwords and tokens, and what is told when something breaks below.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, ORIGIN, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY,
};
use axum::http::{HeaderName, Method, StatusCode};
use domain::ErrorCode;
use rstest::rstest;
use server::configuration::Configuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::browser::{
    Answer, Browser, PASSWORD, Portal, configuration, encoded, fields, running, without_ids,
};
use crate::common::{Engine, empty_stage};
use crate::html::tags;
use crate::scene::{CHINESE_EMPLOYEE, COMPANY, EMPLOYEE, FORMS, GLOBAL_ADMIN, PAGES, PROGRAMME_ADMIN, Right};

const FORM: &str = "application/x-www-form-urlencoded";
const OWN: &str = "http://benefits.example";
/// Where one changes one's password.
const PASSWORDS: &str = "/account/security";
/// A page, the background, the door, assets, what needs more than a page, and nothing at all.
const KINDS: &[&str] =
    &["/", "/account", "/sign-in", "/api/portal", "/api/none", "/downloads/x/y", "/pkg/x/style.css", "/none"];

/// One answer of each kind, with what it answers.
async fn every_kind(browser: &Browser<'_>) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for path in KINDS {
        answers.push((format!("GET {path}"), browser.get(path).await));
    }
    for path in ["/api/portal", "/api/outbox", "/api/none"] {
        let own = [(ORIGIN, OWN), (CONTENT_TYPE, "application/json")];
        let answer = browser.send(Method::POST, path, &own, Body::from("{}")).await;
        answers.push((format!("POST {path}"), answer));
    }
    answers.push(("a form that isn't there".to_owned(), browser.post("/account", &fields(&[])).await));
    for (path, kind) in [("/account", FORM), ("/api/perform", "application/json")] {
        let foreign = [(ORIGIN, "https://evil.example"), (CONTENT_TYPE, kind)];
        let answer = browser.send(Method::POST, path, &foreign, Body::from("form=x")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        answers.push((format!("another site's post to {path}"), answer));
    }
    answers
}

/// Where a request comes from, as browsers say it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[rstest]
#[tokio::test]
async fn no_answer_is_for_another_origin(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let mut answers = every_kind(&admin).await;
    let asked = [(ORIGIN, "https://evil.example"), (ACCESS_CONTROL_REQUEST_METHOD, "POST")];
    for path in KINDS {
        for method in [Method::GET, Method::OPTIONS] {
            let about = format!("{method} {path} from elsewhere");
            answers.push((about, admin.send(method, path, &asked, Body::empty()).await));
        }
    }
    for (about, answer) in &answers {
        for name in answer.headers.keys() {
            assert!(!name.as_str().starts_with("access-control-"), "{about}: {name}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn every_answer_says_what_it_is(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let mut seen = std::collections::BTreeSet::new();
    for browser in [&admin, &portal.browser()] {
        for (about, answer) in every_kind(browser).await {
            if answer.body.is_empty() {
                continue;
            }
            let kind = answer.header(CONTENT_TYPE).to_owned();
            let expected = if answer.body.to_ascii_lowercase().starts_with("<!doctype html>") {
                "text/html; charset=utf-8"
            } else if answer.body.starts_with(['{', '"']) {
                "application/json"
            } else {
                "text/plain; charset=utf-8"
            };
            assert_eq!(kind, expected, "{about}: {}", answer.body);
            seen.insert(kind);
        }
    }
    assert!(seen.contains("application/json") && seen.contains("text/html; charset=utf-8"), "{seen:?}");
}

#[rstest]
#[tokio::test]
async fn with_tls_every_answer_keeps_browsers_to_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::at(engine, "https://benefits.example").await;
    for (about, answer) in every_kind(&portal.signed_in(GLOBAL_ADMIN).await).await {
        let policy = answer.header(STRICT_TRANSPORT_SECURITY);
        let seconds = policy.split(';').find_map(|part| part.trim().strip_prefix("max-age="));
        let seconds: u64 = seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
        assert!(seconds >= 365 * 86_400, "{about}: {policy:?}");
        assert!(policy.split(';').any(|part| part.trim() == "includeSubDomains"), "{about}: {policy:?}");
    }
}

#[rstest]
#[tokio::test]
async fn methods_that_nothing_needs_are_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let token = admin.cookie("session").expect("a session");
    for path in KINDS.iter().chain(&["/live"]) {
        for method in [Method::TRACE, Method::PUT, Method::PATCH, Method::DELETE] {
            let about = format!("{method} {path}");
            let answer = admin.send(method, path, &[(ORIGIN, OWN)], Body::empty()).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{about}");
            assert!(!answer.body.contains(&token), "{about} tells the request again");
        }
    }
}

#[rstest]
#[tokio::test]
async fn addresses_that_are_no_pages_give_nothing_away(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let nothing = admin.get("/none").await;
    for path in [
        "/.git/HEAD",
        "/.git/config",
        "/.env",
        "/Cargo.toml",
        "/data/secret.key",
        "/data/benefits-center.db",
        "/pkg",
        "/api",
        "/api/",
        "/docs",
        "/openapi.json",
        "/metrics",
        "/debug",
        "/health",
    ] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        let same = |answer: &Answer| without_ids(&answer.told()).replace(path, "/none");
        assert_eq!(same(&answer), same(&nothing), "{path}");
    }
    // No folder is listed either.
    let folder = admin.get(&format!("/{}/", server::assets::folder())).await;
    assert_eq!((folder.status, folder.body.as_str()), (StatusCode::NOT_FOUND, ""));
}

/// A failed attempt to sign in that says it comes from these addresses.
async fn attempt(portal: &Portal, forwarded: &[&str]) -> StatusCode {
    let form = [("form", "sign_in"), ("target", ""), ("email", EMPLOYEE), ("password", "not the password")];
    let mut headers = vec![(CONTENT_TYPE, FORM), (ORIGIN, OWN)];
    headers.extend(forwarded.iter().map(|line| (HeaderName::from_static("x-forwarded-for"), *line)));
    let body = Body::from(encoded(&fields(&form)));
    portal.browser().send(Method::POST, "/sign-in", &headers, body).await.status
}

#[rstest]
#[tokio::test]
async fn only_a_trusted_proxy_says_where_a_request_comes_from(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let recorded = |address: &str| {
        format!(
            "select count(*) as number from audit_event where action = 'sign_in_failed' and address like '{address}'"
        )
    };
    let trusting = Configuration { trust_proxy: true, ..configuration(OWN) };
    let portal = Portal::configured(engine, &trusting).await;
    // What the client writes stands before what the proxy adds, in its line or in an earlier one.
    for number in 0..4 {
        let client = format!("10.0.0.{number}");
        let one = format!("{client}, 203.0.113.9");
        assert_eq!(attempt(&portal, &[&one]).await, StatusCode::UNPROCESSABLE_ENTITY, "{number}");
        let two = attempt(&portal, &[&client, "203.0.113.9"]).await;
        assert_eq!(two, StatusCode::UNPROCESSABLE_ENTITY, "{number}");
    }
    assert_eq!(attempt(&portal, &["10.9.9.9, 203.0.113.9"]).await, StatusCode::TOO_MANY_REQUESTS);
    let other = attempt(&portal, &["203.0.113.9, 203.0.113.77"]).await;
    assert_eq!(other, StatusCode::UNPROCESSABLE_ENTITY, "another client goes on");
    assert_eq!(portal.stage.count(&recorded("203.0.113.9")).await, 8);
    assert_eq!(portal.stage.count(&recorded("10.%")).await, 0);
    // Where no proxy is trusted, nobody gets a new address by writing one.
    let portal = Portal::open(engine).await;
    for number in 0..8 {
        let line = format!("203.0.113.{number}");
        assert_eq!(attempt(&portal, &[&line]).await, StatusCode::UNPROCESSABLE_ENTITY, "{number}");
    }
    assert_eq!(attempt(&portal, &["203.0.113.200"]).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(portal.stage.count(&recorded("203.%")).await, 0);
}

/// Sends bytes as they are and gives the statuses of the answers, until the server closes.
async fn statuses(address: std::net::SocketAddr, request: &str) -> Vec<u16> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answers = Vec::new();
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, stream.read_to_end(&mut answers)).await.expect("an end").expect("answers");
    let answers = String::from_utf8_lossy(&answers);
    let lines = answers.split("HTTP/1.1 ").skip(1);
    lines.filter_map(|line| line.get(..3).and_then(|status| status.parse().ok())).collect()
}

#[rstest]
#[tokio::test]
async fn where_a_request_ends_has_one_answer(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let router = server::router::router(portal.stage.service.clone(), &configuration(OWN), running());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let post = "POST /sign-in HTTP/1.1\r\nHost: benefits.example\r\nOrigin: http://benefits.example\r\n\
        Content-Type: application/x-www-form-urlencoded\r\n";
    let next = "GET /sign-in HTTP/1.1\r\nHost: benefits.example\r\nConnection: close\r\n\r\n";
    // As it should be: two requests, two answers.
    let plain = format!("{post}Content-Length: 9\r\n\r\nform=none{next}");
    assert_eq!(statuses(address, &plain).await, [404, 200]);
    let chunked = format!("{post}Transfer-Encoding: chunked\r\n\r\n9\r\nform=none\r\n0\r\n\r\n{next}");
    assert_eq!(statuses(address, &chunked).await, [404, 200]);
    // Both lengths: the chunks count, or nothing is read at all. By the other one the rest of the chunks
    // would be a request of its own, and answered as malformed.
    let both = format!(
        "{post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nform=none\r\n0\r\n\r\n{next}"
    );
    let answered = statuses(address, &both).await;
    assert!(matches!(answered[..], [400] | [404] | [404, 200]), "{answered:?}");
    // Lengths that contradict each other, and an encoding whose end nobody knows.
    for lengths in [
        "Content-Length: 9\r\nContent-Length: 4\r\n",
        "Content-Length: 9, 4\r\n",
        "Content-Length: +9\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ] {
        let request = format!("{post}{lengths}\r\nform=none{next}");
        assert_eq!(statuses(address, &request).await, [400], "{lengths}");
    }
    serving.abort();
}

#[rstest]
#[tokio::test]
async fn a_token_that_was_there_before_is_never_taken_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let planted = "ab".repeat(32);
    let victim = portal.browser();
    victim.set_cookie("session", &planted);
    let answer = victim.sign_in(EMPLOYEE, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let token = victim.cookie("session").expect("a session");
    assert_ne!(token, planted);
    let planter = portal.browser();
    planter.set_cookie("session", &planted);
    assert_eq!(planter.get("/account").await.status, StatusCode::SEE_OTHER);
    // Every sign-in has a token of its own.
    let again = portal.signed_in(EMPLOYEE).await.cookie("session").expect("a session");
    assert_ne!(again, token);
    assert_eq!(victim.get("/account").await.status, StatusCode::OK);
}

#[rstest]
#[tokio::test]
async fn no_form_is_carried_out_by_reading(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    for row in FORMS {
        let browser = if matches!(row.right, Right::Operator(_)) { &operator } else { &admin };
        let filled = portal.stage.filled(row.key).await;
        let before = portal.stage.traces().await;
        let answer = browser.get(&format!("{}?{}", row.page, encoded(&filled))).await;
        assert!(answer.headers.get_all(SET_COOKIE).iter().next().is_none(), "{}", row.key);
        let form = fields(&[("form", &encoded(&filled))]);
        let answer = browser.get(&format!("/api/perform?{}", encoded(&form))).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{}", row.key);
        assert_eq!(portal.stage.traces().await, before, "{}", row.key);
    }
    for browser in [&admin, &operator] {
        assert_eq!(browser.get("/account").await.status, StatusCode::OK, "nobody was signed out");
    }
}

#[rstest]
#[tokio::test]
async fn no_other_site_takes_a_file_away(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let grant = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let text = "select d.id from product_download d join product p on p.id = d.product_id
        where p.code = 'windows_enterprise' order by d.id limit 1";
    let download = format!("/downloads/{grant}/{}", stage.id(text, []).await);
    let invoice = format!("/invoices/{}", stage.paid_invoice().await);
    let taken = "select count(*) as number from download";
    for (browser, path) in [
        (&admin, download.as_str()),
        (&admin, invoice.as_str()),
        (&admin, "/account/users.csv"),
        (&admin, "/account/activity.csv"),
        (&operator, "/operator/activity.csv"),
        (&admin, "/insight.csv"),
        (&admin, "/insight.xlsx"),
        (&operator, "/operator/insight.csv"),
        (&operator, "/operator/insight.xlsx"),
    ] {
        let before = (stage.traces().await, stage.count(taken).await);
        let from = async |site: &'static str| {
            browser.send(Method::GET, path, &[(SEC_FETCH_SITE, site)], Body::empty()).await
        };
        assert_eq!(from("cross-site").await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!((stage.traces().await, stage.count(taken).await), before, "{path}");
        for site in ["same-origin", "none"] {
            assert_eq!(from(site).await.status, StatusCode::OK, "{path}, {site}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn fields_that_a_form_does_not_have_mean_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let employee = portal.signed_in(EMPLOYEE).await;
    let other = stage.person_id(GLOBAL_ADMIN, COMPANY).await.to_string();
    let more = fields(&[
        ("roles", "global_admin"),
        ("role", "global_admin"),
        ("operator_role", "programme_admin"),
        ("state", "granted"),
        ("decision", "granted"),
        ("status", "suspended"),
        ("person", &other),
        ("person_id", &other),
        ("account_id", &other),
        ("organization", &other),
        ("full_name", "Somebody Else"),
        ("name", "Somebody Else"),
        ("email", "somebody.else@fernhollow.example"),
        ("password_hash", "x"),
        ("row_version", "77"),
    ]);
    let asked = format!(
        "select count(*) as number from seat_request r join person p on p.id = r.person_id
            join account a on a.id = p.account_id where a.email_key = '{EMPLOYEE}' and r.state = 'requested'"
    );
    let same = [
        format!(
            "select count(*) as number from account where email_key = '{EMPLOYEE}' and status = 'active'"
        ),
        "select count(*) as number from account where full_name = 'Somebody Else'".to_owned(),
        "select count(*) as number from account where row_version >= 77".to_owned(),
        "select count(*) as number from person_role".to_owned(),
        "select count(*) as number from operator_role".to_owned(),
        "select count(*) as number from seat".to_owned(),
        "select count(*) as number from session".to_owned(),
    ];
    let read = async || {
        let mut numbers = Vec::new();
        for text in &same {
            numbers.push(stage.count(text).await);
        }
        numbers
    };
    let (requests, before) = (stage.count(&asked).await, read().await);
    assert_eq!(before[0], 1);
    for (key, page) in [("ask_for_seat", "/my-benefits"), ("choose_language", "/account")] {
        let mut form = stage.filled(key).await;
        let own: Vec<String> = form.iter().map(|(name, _)| name.clone()).collect();
        form.extend(more.iter().filter(|(name, _)| !own.contains(name)).cloned());
        let answer = employee.post(page, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{key}: {}", answer.body);
    }
    assert_eq!(stage.count(&asked).await, requests + 1, "a request, and one's own");
    assert_eq!(read().await, before);
}

#[rstest]
#[tokio::test]
async fn a_field_twice_and_a_field_in_the_address_change_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let browser = portal.signed_in(EMPLOYEE).await;
    let asked = "select count(*) as number from seat_request where state = 'requested'";
    let before = portal.stage.count(asked).await;
    let form = portal.stage.filled("ask_for_seat").await;
    let answer = browser.post("/my-benefits?form=sign_out&target=account", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(portal.stage.count(asked).await, before + 1, "the body says which form it is");
    assert_eq!(browser.get("/account").await.status, StatusCode::OK, "and nobody was signed out");
    let twice = fields(&[
        ("form", "choose_language"),
        ("form", "sign_out"),
        ("target", "account"),
        ("language", "zh-Hans"),
        ("language", "zh-Hant"),
    ]);
    browser.post("/account?language=zh-Hant", &twice).await;
    browser.set_cookie("language", "zh-Hant");
    let page = browser.get("/account?language=zh-Hant").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<html lang=\"zh-Hans\""), "the first counts: {}", &page.body[..200]);
}

#[rstest]
#[tokio::test]
async fn a_file_name_stays_in_its_header(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let text = "select d.id from product_download d join product p on p.id = d.product_id
        where p.code = $1 order by d.id limit 1";
    let download = stage.id(text, ["windows_enterprise".into()]).await;
    let name = "a\"; filename=\"b.exe\r\nSet-Cookie: x=y\r\n\r\n<script>/../../遠";
    let text = "update product_download set file_name = $2 where id = $1";
    stage.run(text, [download.into(), name.into()]).await;
    let answer = admin.get(&format!("/downloads/{grant}/{download}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(answer.cookies().is_empty(), "{:?}", answer.headers);
    let header = answer.header(CONTENT_DISPOSITION);
    let encoded = header.strip_prefix("attachment; filename*=UTF-8''").expect("a name in its own encoding");
    assert!(!encoded.is_empty(), "{header}");
    assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'), "{header}");
}

#[rstest]
#[tokio::test]
async fn a_download_with_an_address_leads_there(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let text = "select d.id from product_download d join product p on p.id = d.product_id
        where p.code = $1 order by d.id limit 1";
    let download = stage.id(text, ["windows_enterprise".into()]).await;
    let address = "https://packages.example/windows.iso?a=1;2";
    let text = "update product_download set url = $2 where id = $1";
    stage.run(text, [download.into(), address.into()]).await;
    let answer = admin.get(&format!("/downloads/{grant}/{download}")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(answer.header(LOCATION), address);
}

/// The password of an account becomes another one, through the page.
async fn change_password(browser: &Browser<'_>, new: &str) {
    let page = browser.get(PASSWORDS).await;
    let form = page
        .form("change_password", None)
        .with("current_password", PASSWORD)
        .with("new_password", new)
        .with("repeat_password", new);
    let answer = browser.submit(PASSWORDS, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn a_password_is_checked_exactly_as_it_was_typed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let long = "Quiet harbour, copper kettle; velvet lantern over the meadow. Pepper and marble, a canyon of \
        thirty-one violins, and still the ferry waits for nobody ";
    assert!(long.len() > 128 && long.ends_with(' '));
    change_password(&portal.signed_in(EMPLOYEE).await, long).await;
    let altered = [
        ("without its last space", long.trim().to_owned()),
        ("in small letters", long.to_lowercase()),
        ("cut after 72 characters", long[..72].to_owned()),
        ("cut after 128 characters", long[..128].to_owned()),
    ];
    for (about, password) in altered {
        let answer = portal.browser().sign_in(EMPLOYEE, &password).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{about}");
    }
    assert_eq!(portal.browser().sign_in(EMPLOYEE, long).await.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[tokio::test]
async fn passwords_are_kept_by_argon2id_each_with_its_salt(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    for email in [EMPLOYEE, CHINESE_EMPLOYEE] {
        change_password(&portal.signed_in(email).await, "a quiet lamp over the harbour").await;
    }
    // 19 MiB, two passes, one lane: the first of OWASP's settings for argon2id that a small server bears.
    let text = format!(
        "select count(distinct password_hash) as number from account
            where email_key in ('{EMPLOYEE}', '{CHINESE_EMPLOYEE}')
            and password_hash like '$argon2id$v=19$m=19456,t=2,p=1$%'"
    );
    assert_eq!(portal.stage.count(&text).await, 2);
    let plain = "select count(*) as number from account where password_hash like '%harbour%'";
    assert_eq!(portal.stage.count(plain).await, 0);
}

#[rstest]
#[tokio::test]
async fn password_fields_are_masked_and_open_to_password_managers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let answer = admin.perform(&portal.stage.filled("add_user").await).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let sent = crate::outbox::delivered(&portal).await;
    let mail =
        sent.iter().find(|mail| mail.recipient == "new.colleague@fernhollow.example").expect("an invitation");
    let link = mail.body.split_whitespace().find(|word| word.contains("/invitation/")).expect("a link");
    let invitation = link[link.find("/invitation/").expect("a path")..].to_owned();
    let nobody = portal.browser();
    for (browser, path, at_least) in
        [(&nobody, "/sign-in", 1), (&admin, PASSWORDS, 3), (&nobody, invitation.as_str(), 2)]
    {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let mut found = 0;
        for tag in tags(&page.body).iter().filter(|tag| tag.name == "input") {
            if !tag.get("name").is_some_and(|name| name.contains("password")) {
                continue;
            }
            found += 1;
            assert_eq!(tag.get("type"), Some("password"), "{path}: {tag:?}");
            let manager = tag.get("autocomplete");
            assert!(matches!(manager, Some("current-password" | "new-password")), "{path}: {tag:?}");
            let in_the_way = |name: &str| {
                name.starts_with("on") || matches!(name, "readonly" | "value" | "maxlength" | "pattern")
            };
            assert!(!tag.attributes.iter().any(|(name, _)| in_the_way(name)), "{path}: {tag:?}");
        }
        assert!(found >= at_least, "{path}: {found}");
    }
}

#[rstest]
#[tokio::test]
async fn every_page_of_somebody_signed_in_offers_to_sign_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let person = portal.signed_in(GLOBAL_ADMIN).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let mut seen = 0;
    for row in PAGES.iter().filter(|row| !matches!(row.right, Right::Anybody) && !row.address.contains(':')) {
        let browser = if matches!(row.right, Right::Operator(_)) { &operator } else { &person };
        let answer = browser.get(row.address).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", row.address);
        assert!(answer.find_form("sign_out", None).is_some(), "{}", row.address);
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
}

#[rstest]
#[tokio::test]
async fn signing_in_out_and_failing_to_are_on_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let trusting = Configuration { trust_proxy: true, ..configuration(OWN) };
    let portal = Portal::configured(engine, &trusting).await;
    let began = portal.stage.count("select count(*) as number from audit_event").await;
    attempt(&portal, &["203.0.113.9"]).await;
    let browser = portal.signed_in(EMPLOYEE).await;
    change_password(&browser, "a quiet lamp over the harbour").await;
    let page = browser.get("/account").await;
    browser.submit("/account", &page.form("sign_out", Some("account"))).await;
    for (action, who) in [
        ("sign_in_failed", "actor_id is null"),
        ("signed_in", "object_kind = 'account'"),
        ("password_changed", "actor_id is not null"),
        ("signed_out", "actor_id is not null"),
    ] {
        let text = format!(
            "select count(*) as number from audit_event where action = '{action}' and {who}
                and at = {} and address is not null and length(request_id) = 32",
            portal.stage.service.now().0
        );
        assert_eq!(portal.stage.count(&text).await, 1, "{action}");
    }
    assert_eq!(portal.stage.count("select count(*) as number from audit_event").await, began + 4);
    assert!(portal.stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn what_is_on_record_cannot_be_changed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    portal.signed_in(EMPLOYEE).await;
    for text in [
        "update audit_event set action = 'nothing'",
        "update audit_event set at = at + 1 where sequence = 1",
        "delete from audit_event",
    ] {
        let transaction = portal.stage.service.database.begin().await.expect("a transaction");
        let refused = service::sql::run(&transaction, text, []).await.expect_err("it stays");
        assert!(refused.to_string().contains("audit_is_append_only"), "{text}: {refused}");
    }
    assert!(portal.stage.audit_intact().await);
}

/// Words that only the database or the program uses.
fn keeps_to_itself(about: &str, answer: &Answer) {
    let text = format!("{} {:?}", answer.body, answer.headers).to_lowercase();
    for word in ["no such table", "relation \"", "sqlx", "sqlite", "postgres", "panicked", ".rs:"] {
        assert!(!text.contains(word), "{about} tells {word:?}: {text}");
    }
}

#[rstest]
#[tokio::test]
async fn what_breaks_below_is_told_by_a_code_and_a_number_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let form = portal.stage.filled("ask_for_seat").await;
    portal.stage.run("alter table seat_request rename to away", []).await;
    let before = portal.stage.count("select count(*) as number from audit_event").await;
    for path in ["/my-benefits", "/requests"] {
        let page = admin.get(path).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        keeps_to_itself(path, &page);
    }
    let posted = admin.post("/my-benefits", &form).await;
    assert_eq!(posted.status, StatusCode::INTERNAL_SERVER_ERROR);
    keeps_to_itself("a post", &posted);
    let sent = admin.perform(&form).await;
    assert_eq!((sent.status, sent.refusal().code), (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal));
    keeps_to_itself("a form in the background", &sent);
    // The number under which the log has the cause.
    let number = sent.refusal().detail.unwrap_or_default();
    assert!(number.len() == 32 && number.bytes().all(|byte| byte.is_ascii_hexdigit()), "{number}");
    assert_eq!(portal.stage.count("select count(*) as number from audit_event").await, before);
}

#[rstest]
#[tokio::test]
async fn nobody_gets_in_while_sessions_cannot_be_read(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let form = portal.stage.filled("assign_seats").await;
    let before = portal.stage.traces().await;
    portal.stage.run("alter table session rename to away", []).await;
    let nothing = serde_json::json!({});
    for (about, answer) in [
        ("a page", admin.get("/account").await),
        ("a post", admin.post("/benefits/visual-studio", &form).await),
        ("a server function", admin.call("/api/dashboard", &nothing).await),
        ("a form in the background", admin.perform(&form).await),
        ("a sign-in", portal.browser().post("/sign-in", &sign_in_form()).await),
    ] {
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{about}: {}", answer.body);
        assert!(answer.cookies().is_empty(), "{about}");
        keeps_to_itself(about, &answer);
    }
    assert_eq!(portal.stage.traces().await, before);
}

fn sign_in_form() -> Vec<(String, String)> {
    fields(&[("form", "sign_in"), ("target", ""), ("email", EMPLOYEE), ("password", PASSWORD)])
}

#[rstest]
#[tokio::test]
async fn a_fresh_installation_has_no_account(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = empty_stage(engine).await;
    for table in ["account", "operator_role", "person", "session", "invitation"] {
        assert_eq!(stage.count(&format!("select count(*) as number from {table}")).await, 0, "{table}");
    }
    let portal = Portal::over(stage);
    for (email, password) in [("admin@localhost", "admin"), ("admin@benefits.example", PASSWORD)] {
        let answer = portal.browser().sign_in(email, password).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
    }
}

#[rstest]
#[tokio::test]
async fn what_was_encoded_twice_is_decoded_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let name = "%3Cb%3E %2541 &lt;i&gt; \\u003c";
    let mut form = portal.stage.filled("add_user").await;
    form.retain(|(name, _)| name != "name");
    form.push(("name".to_owned(), name.to_owned()));
    let answer = admin.post("/account/users/add", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let text = "select count(*) as number from account where full_name = $1";
    let kept = service::sql::number(portal.stage.service.database.reader(), text, [name.into()]).await;
    assert_eq!(kept.expect("a number"), 1);
    let page = admin.get("/account/users?find=new.colleague").await;
    assert!(crate::html::decode(&page.body).contains(name), "{}", page.body);
}

#[rstest]
#[tokio::test]
async fn every_cookie_is_for_this_site_and_out_of_scripts_reach(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::at(engine, "https://benefits.example").await;
    let browser = portal.browser();
    let asked = portal.stage.filled("ask_for_seat").await;
    let language = fields(&[("form", "choose_language"), ("target", "frame"), ("language", "zh-Hans")]);
    let mut names = std::collections::BTreeSet::new();
    for answer in [
        browser.post("/sign-in", &language).await,
        browser.sign_in(EMPLOYEE, PASSWORD).await,
        browser.post("/my-benefits", &asked).await,
    ] {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        for cookie in answer.cookies() {
            let mut parts = cookie.split("; ");
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a pair");
            let flags: Vec<&str> = parts.collect();
            for flag in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
                assert!(flags.contains(&flag), "{cookie}");
            }
            assert!(!flags.iter().any(|flag| flag.starts_with("Domain")), "{cookie}");
            assert!(!value.is_empty(), "{cookie}");
            names.insert(name.to_owned());
        }
    }
    assert_eq!(names, ["__Host-flash", "__Host-language", "__Host-session"].map(str::to_owned).into());
    // The one that clears a message is no weaker than the one that left it.
    let answer = browser.get("/my-benefits").await;
    let cleared = answer.cookies().into_iter().find(|cookie| cookie.starts_with("__Host-flash=;"));
    assert!(cleared.is_some_and(|cookie| cookie.ends_with("; Secure")), "{:?}", answer.cookies());
}

#[rstest]
#[tokio::test]
async fn a_password_stays_valid_until_it_is_changed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    portal.stage.clock.move_days(5 * 366);
    let browser = portal.signed_in(PROGRAMME_ADMIN).await;
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[test]
fn the_log_is_lines_of_json_with_their_time_in_utc() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_benefits-center"))
        .args(["migrate", "--log-json"])
        .current_dir(folder.path())
        .env_clear()
        .env("BENEFITS_CENTER_LOG", "info")
        .output()
        .expect("the binary runs");
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).expect("text");
    assert!(log.lines().count() > 3, "{log}");
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let time = entry["timestamp"].as_str().expect("a time");
        assert!(time.len() > 20 && time.ends_with('Z'), "{line}");
        assert!(entry["level"].is_string() && entry["target"].is_string(), "{line}");
    }
    // To standard error and nowhere else.
    assert!(!String::from_utf8_lossy(&output.stdout).contains("timestamp"));
    let kept = std::fs::read_dir(folder.path()).expect("the folder").flatten();
    assert_eq!(kept.map(|entry| entry.file_name()).collect::<Vec<_>>(), ["data"]);
}
