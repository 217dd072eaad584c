//! The program's log: what failed below is in it under the request's number, what is secret isn't, and
//! nobody writes a line of it for us.

use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use rstest::rstest;
use serde_json::Value;
use service::outbox::{Mailer, Message, Undelivered, deliver_due};
use tracing::subscriber::{DefaultGuard, set_default};

use crate::browser::{PASSWORD, Portal, fields};
use crate::common::Engine;
use crate::scene::{EMPLOYEE, GLOBAL_ADMIN};

/// What was written so far.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }

    fn entries(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

/// The log of this test as JSON lines, with more than an installation writes by default.
fn listen() -> (Kept, DefaultGuard) {
    let kept = Kept::default();
    let writer = kept.clone();
    let logs = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone());
    (kept, set_default(logs.finish()))
}

#[rstest]
#[tokio::test]
async fn what_fails_below_is_in_the_log_under_its_number(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let form = portal.stage.filled("ask_for_seat").await;
    portal.stage.run("alter table seat_request rename to away", []).await;
    let (kept, _listening) = listen();
    let answer = admin.perform(&form).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.body);
    let number = answer.refusal().detail.expect("a number");
    let entries = kept.entries();
    let about_it = entries.iter().find(|entry| entry["fields"]["request"] == number.as_str());
    let entry = about_it.unwrap_or_else(|| panic!("nothing about {number}: {}", kept.text()));
    assert_eq!(entry["level"], "ERROR");
    assert!(entry["fields"]["cause"].as_str().is_some_and(|cause| cause.contains("seat_request")), "{entry}");
    assert_eq!(entry["span"]["id"], number.as_str(), "{entry}");
    assert_eq!(answer.header("x-request-id"), number);
    let answered = entries.iter().find(|entry| entry["fields"]["message"] == "answered");
    let answered = answered.unwrap_or_else(|| panic!("no line of the answer: {}", kept.text()));
    assert_eq!(
        (&answered["span"]["id"], &answered["fields"]["status"]),
        (&number.as_str().into(), &500.into())
    );
    assert_eq!(answered["span"]["route"], "/api/perform");
}

#[rstest]
#[tokio::test]
async fn no_secret_is_in_the_log(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let (kept, _listening) = listen();
    let mut secrets = crate::headers::reveal(&portal).await;
    let (wrong, new) = ("Zq9-never-to-be-seen", "a quiet lamp over the harbour");
    portal.browser().sign_in(EMPLOYEE, wrong).await;
    let browser = portal.signed_in(EMPLOYEE).await;
    let page = browser.get("/account/security").await;
    for current in [wrong, PASSWORD] {
        let form = page
            .form("change_password", None)
            .with("current_password", current)
            .with("new_password", new)
            .with("repeat_password", new);
        browser.submit("/account/security", &form).await;
    }
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let answer = admin.perform(&portal.stage.filled("add_user").await).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let sent = crate::outbox::delivered(&portal).await;
    let mail = sent.iter().find(|mail| mail.body.contains("/invitation/")).expect("an invitation");
    let (_, rest) = mail.body.split_once("/invitation/").expect("a link");
    let token: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    let path = format!("/invitation/{token}");
    portal.browser().post(&path, &fields(&[("form", "accept_invitation"), ("target", &token)])).await;
    // What an operator types about a company's support.
    let agent = portal.signed_in("marisa.talvinen@northlight.example").await;
    let typed = portal.stage.filled("complete_activation").await;
    let answer = agent.perform(&typed).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let ids = typed.iter().filter(|(name, _)| matches!(name.as_str(), "access_id" | "contract_id"));
    secrets.extend(ids.flat_map(|(_, id)| [id.clone(), id.replace(' ', "")]));
    // Something does go wrong, so that there is a log at all.
    portal.stage.run("alter table seat_request rename to away", []).await;
    browser.perform(&portal.stage.filled("ask_for_seat").await).await;
    portal.stage.run("alter table session rename to away_too", []).await;
    browser.get("/account").await;
    secrets.extend([wrong, new, PASSWORD, &token].map(str::to_owned));
    secrets.extend([&browser, &admin].map(|browser| browser.cookie("session").expect("a session")));
    let text = kept.text();
    assert!(kept.entries().iter().filter(|entry| entry["level"] == "ERROR").count() >= 2, "{text}");
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is in the log: {text}");
    }
}

/// Refuses every mail with words that look like a line of the log.
struct Forger;

impl Mailer for Forger {
    fn send<'a>(
        &'a self,
        _message: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>> {
        Box::pin(async {
            Err("550 no\n{\"level\":\"ERROR\",\"target\":\"forged\"}\r\n\u{1b}[31mforged\u{1b}[0m"
                .to_owned()
                .into())
        })
    }
}

#[rstest]
#[tokio::test]
async fn nobody_forges_a_line_of_the_log(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    crate::outbox::assigned(&portal).await;
    let (kept, _listening) = listen();
    deliver_due(&portal.stage.service, &Forger).await.expect("tries");
    let told: Vec<Value> =
        kept.entries().into_iter().filter(|entry| entry["fields"]["error"].is_string()).collect();
    assert!(!told.is_empty(), "{}", kept.text());
    for entry in &told {
        assert_eq!(
            (&entry["level"], &entry["target"]),
            (&"WARN".into(), &"service::outbox".into()),
            "{entry}"
        );
    }
    assert!(
        !kept.text().contains('\u{1b}') && !kept.entries().iter().any(|entry| entry["target"] == "forged")
    );
}
