//! Product keys on their way into their pools: what is wrong is told without a key, and no answer has one.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use rstest::rstest;
use service::keys::take_over::take_next;

use crate::browser::{Answer, Browser, Portal};
use crate::common::Engine;
use crate::scene::{AUDITOR, PRODUCT, PROGRAMME_ADMIN};

const KEYS: &str = "QWERT-12345-ASDFG-67890-ZXCVB\nnot a key\nQWERT-12345-ASDFG-67890-ZXCVB\n";

/// Sends the form with its fields, and a file where there is one.
async fn send(browser: &Browser<'_>, fields: &[(&str, &str)], file: Option<&[u8]>) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    if let Some(file) = file {
        let head = "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"keys.csv\"\r\n\
            Content-Type: text/csv\r\n\r\n";
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--frontier--\r\n");
    let kind = [(CONTENT_TYPE, "multipart/form-data; boundary=frontier")];
    let path = format!("/operator/keys/{PRODUCT}/file");
    browser.send(Method::POST, &path, &kind, Body::from(body)).await
}

#[rstest]
#[tokio::test]
async fn no_key_of_a_file_comes_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(PROGRAMME_ADMIN).await;
    let operation = portal.stage.operation().to_string();
    let fields = [("operation", operation.as_str()), ("batch", "Order 7"), ("source", "Vendor")];
    let sent = send(&admin, &fields, Some(KEYS.as_bytes())).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let place = sent.location().to_owned();
    assert!(place.starts_with(&format!("/operator/keys/{PRODUCT}?open=")), "{place}");
    // Once more, as after a double click: the same batch.
    assert_eq!(send(&admin, &fields, Some(KEYS.as_bytes())).await.location(), place);
    let waiting = admin.get(&place).await;
    assert!(waiting.body.contains("Importing, 0 of 3 lines"), "{}", waiting.body);
    while take_next(&portal.stage.service).await.expect("taken over") {}
    for email in [PROGRAMME_ADMIN, AUDITOR] {
        let page = portal.signed_in(email).await.get(&place).await;
        assert_eq!(page.status, StatusCode::OK);
        for text in ["Order 7", "Vendor", "Key here already, in lines", "No key of this format, in lines"] {
            assert!(page.body.contains(text), "{text}: {}", page.body);
        }
        assert!(!page.body.contains("QWERT") && !page.body.contains("not a key"));
    }
    let text = "select count(*) as number from key_batch where name = 'Order 7' and state = 'done'
        and accepted = 1 and duplicate = 1 and malformed = 1";
    assert_eq!(portal.stage.count(text).await, 1);
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_about_a_file_is_said_on_the_page(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(PROGRAMME_ADMIN).await;
    let before = portal.stage.count("select count(*) as number from key_batch").await;
    let large = vec![b'a'; domain::key_import::KEY_BYTES_MAX + 1];
    let many = "a\n".repeat(domain::key_import::KEYS_MAX + 1);
    let cases: [(&str, &str, Option<&[u8]>, &str); 6] = [
        ("Order 7", "", Some(b"\xFF\xFE"), "not_text"),
        ("Order 7", "", Some(b"key\n"), "no_rows"),
        ("Order 7", "", Some(&large), "too_large"),
        ("Order 7", "", Some(many.as_bytes()), "too_many_rows"),
        ("", "QWERT-12345-ASDFG-67890-ZXCVB", None, "invalid"),
        ("Order 7", "", None, "invalid"),
    ];
    for (batch, pasted, file, fault) in cases {
        let operation = portal.stage.operation().to_string();
        let fields = [
            ("operation", operation.as_str()),
            ("batch", batch),
            ("source", "The vendor"),
            ("product_keys", pasted),
        ];
        let sent = send(&admin, &fields, file).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{fault}: {}", sent.body);
        assert!(sent.location().contains(&format!("?fault={fault}&")), "{}", sent.location());
        assert!(!sent.location().contains("QWERT"), "{}", sent.location());
        let page = admin.get(sent.location()).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("role=\"alert\"") && page.body.contains("The vendor"), "{fault}");
    }
    assert_eq!(portal.stage.count("select count(*) as number from key_batch").await, before);
}

#[rstest]
#[tokio::test]
async fn a_name_in_a_title_is_text(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let text =
        "update product_text set name = $2 where product_id = (select id from product where code = $1)";
    let name = "A </title><b>name</b> & more";
    portal.stage.run(text, [PRODUCT.into(), name.into()]).await;
    let page = portal.signed_in(AUDITOR).await.get(&format!("/operator/keys/{PRODUCT}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains(name), "{}", page.body);
    let title = page.body.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    let title = title.expect("a title");
    assert!(title.starts_with("A &lt;/title&gt;&lt;b&gt;name&lt;/b&gt; &amp; more"), "{title}");
}
