//! Mail on its way out: as files, retried with backoff, given up in sight of the operators.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use axum::http::StatusCode;
use domain::view::operator::OutboxQuery;
use rstest::rstest;
use serde_json::json;
use service::outbox::{MAX_ATTEMPTS, Mailer, Message, Undelivered, deliver_due};
use tempfile::TempDir;

use crate::browser::{Portal, configuration, fields};
use crate::common::Engine;
use crate::html::decode;
use crate::scene::{CHINESE_EMPLOYEE, COMPANY, GLOBAL_ADMIN, PROGRAMME_ADMIN};

/// Takes what it is given, or refuses with a sentence.
#[derive(Default)]
struct Counter {
    refuses: Option<&'static str>,
    sent: Mutex<Vec<Message>>,
}

impl Mailer for Counter {
    fn send<'a>(
        &'a self,
        message: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>> {
        Box::pin(async move {
            self.sent.lock().expect("not poisoned").push(message.clone());
            self.refuses.map_or(Ok(()), |why| Err(why.to_owned().into()))
        })
    }
}

/// Delivers everything that is due and gives it.
pub async fn delivered(portal: &Portal) -> Vec<Message> {
    let mailer = Counter::default();
    while deliver_due(&portal.stage.service, &mailer).await.expect("delivers") > 0 {}
    mailer.sent.into_inner().expect("not poisoned")
}

/// Assigns a seat, whose holder is told by mail; gives the mail's id.
pub async fn assigned(portal: &Portal) -> String {
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let grant = portal.stage.grant_in_area(COMPANY, "visual_studio_enterprise", "cloud_platform").await;
    let person = portal.stage.person_id(CHINESE_EMPLOYEE, COMPANY).await.to_string();
    let form = fields(&[
        ("form", "assign_seats"),
        ("target", &grant.to_string()),
        ("people", &person),
        ("operation", portal.stage.operation().as_str()),
    ]);
    let answer = admin.perform(&form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let mails = portal.stage.mails(CHINESE_EMPLOYEE).await;
    mails.last().expect("a mail").id.to_string()
}

/// The lines of a mail behind its headers, decoded from quoted-printable or base64.
fn body_of(mail: &[u8]) -> String {
    let text = String::from_utf8(mail.to_vec()).expect("a mail is ASCII");
    let (head, body) = text.split_once("\r\n\r\n").expect("headers and a body");
    let head = head.to_ascii_lowercase();
    if head.contains("content-transfer-encoding: base64") {
        return from_base64(body);
    }
    if !head.contains("content-transfer-encoding: quoted-printable") {
        return body.replace("\r\n", "\n");
    }
    let mut bytes = Vec::new();
    let joined = body.replace("=\r\n", "");
    let mut rest = joined.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
            let digits = std::str::from_utf8(&digits).expect("digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("digits"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("UTF-8").replace("\r\n", "\n")
}

fn from_base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let Some(value) = LETTERS.iter().position(|letter| *letter == byte) else { continue };
        bits = bits << 6 | u32::try_from(value).expect("six bits");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).expect("eight bits"));
        }
    }
    String::from_utf8(bytes).expect("UTF-8").replace("\r\n", "\n")
}

#[rstest]
#[tokio::test]
async fn mail_is_written_as_a_file_that_says_all(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = Portal::open(engine).await;
    let id = assigned(&portal).await;
    let folder = TempDir::new().expect("a folder");
    let mut configuration = configuration("http://benefits.example");
    configuration.mail_dir = folder.path().join("mail");
    let mailer = server::mailer::from(&configuration).expect("a mailer");
    while deliver_due(&portal.stage.service, &*mailer).await.expect("delivers") > 0 {}
    let file = std::fs::read(configuration.mail_dir.join(format!("{id}.eml"))).expect("a file of the mail");
    let text = String::from_utf8_lossy(&file);
    let header = |name: &str| {
        let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {text}"))[name.len() + 2..].to_owned()
    };
    assert!(header("message-id").starts_with(&format!("<{id}@")), "{}", header("message-id"));
    assert_eq!(header("content-language"), "zh-Hans");
    assert!(header("to").contains(CHINESE_EMPLOYEE));
    assert!(header("from").contains("no-reply@benefits.example"));
    let body = body_of(&file);
    for step in portal.stage.instructions("visual_studio_enterprise", "zh-Hans").await {
        assert!(body.contains(&step), "{step} in {body}");
    }
    assert!(body.contains("https://benefits.example/"), "a link into the portal: {body}");
    let left = std::fs::read_dir(&configuration.mail_dir).expect("the folder");
    assert!(
        left.flatten().all(|file| file.path().extension().is_some_and(|kind| kind == "eml")),
        "no half mail stays"
    );
    let mails = portal.stage.mails(CHINESE_EMPLOYEE).await;
    assert_eq!(mails.last().map(|mail| mail.state.as_str()), Some("sent"));
    assert_eq!(
        deliver_due(&portal.stage.service, &*mailer).await.expect("delivers"),
        0,
        "nothing goes out twice"
    );
}

#[rstest]
#[tokio::test]
async fn a_mail_that_fails_waits_longer_each_time_and_is_given_up(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    delivered(&portal).await;
    let id = assigned(&portal).await;
    let broken = Counter { refuses: Some("550 <mailbox> is full"), ..Counter::default() };
    let mut waits = Vec::new();
    for attempt in 1..=MAX_ATTEMPTS {
        deliver_due(&stage.service, &broken).await.expect("tries");
        let mail = stage.mails(CHINESE_EMPLOYEE).await.pop().expect("a mail");
        assert_eq!((mail.id.to_string(), mail.attempts), (id.clone(), attempt));
        assert_eq!(mail.last_error.as_deref(), Some("550 <mailbox> is full"));
        let expected = if attempt < MAX_ATTEMPTS { "waiting" } else { "failed" };
        assert_eq!(mail.state, expected, "attempt {attempt}");
        let wait = (mail.next_attempt_at - stage.service.now().0) / 1000;
        // A second before its time it isn't tried.
        stage.clock.move_seconds(wait - 1);
        let tried = broken.sent.lock().expect("not poisoned").len();
        deliver_due(&stage.service, &broken).await.expect("waits");
        assert_eq!(broken.sent.lock().expect("not poisoned").len(), tried, "attempt {attempt}");
        stage.clock.move_seconds(1);
        waits.push(wait);
    }
    assert!(waits.is_sorted() && waits[0] < waits[5], "{waits:?}");
    stage.clock.move_days(30);
    deliver_due(&stage.service, &broken).await.expect("rests");
    let tried =
        broken.sent.lock().expect("not poisoned").iter().filter(|mail| mail.id.to_string() == id).count();
    assert_eq!(tried, usize::try_from(MAX_ATTEMPTS).expect("a number"), "it is given up");

    // The operator sees it with its cause, and sends it again.
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let page = operator.get(&format!("/operator/outbox?state=failed&open={id}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let said = decode(&page.body).matches("550 <mailbox> is full").count();
    // The row has the last one, the open row each.
    assert_eq!(i64::try_from(said).expect("a number"), MAX_ATTEMPTS + 1, "{}", page.body);
    let answer = operator.submit("/operator/outbox", &page.form("send_again", Some(&id))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let sent = delivered(&portal).await;
    assert!(sent.iter().any(|mail| mail.id.to_string() == id));
    let mail = stage.mails(CHINESE_EMPLOYEE).await.pop().expect("a mail");
    assert_eq!((mail.state.as_str(), mail.last_error), ("sent", None));
    // Sent is sent.
    let form = fields(&[("form", "send_again"), ("target", &id), ("operation", stage.operation().as_str())]);
    assert_eq!(operator.perform(&form).await.status, StatusCode::CONFLICT);
}

#[rstest]
#[tokio::test]
async fn a_link_with_a_secret_leaves_with_its_mail_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let answer = admin.perform(&stage.filled("add_user").await).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let kept = stage.mails("new.colleague@fernhollow.example").await.pop().expect("an invitation");
    assert!(kept.secret.is_some() && !kept.body.contains("/invitation/"), "{}", kept.body);
    let sent = delivered(&portal).await;
    let mail = sent.iter().find(|mail| mail.recipient == "new.colleague@fernhollow.example").expect("sent");
    let link = mail.body.split_whitespace().find(|word| word.contains("/invitation/")).expect("a link");
    let token = link.rsplit('/').next().expect("a token");
    assert_eq!(token.len(), 64, "{link}");
    let kept = stage.mails("new.colleague@fernhollow.example").await.pop().expect("an invitation");
    assert!(kept.secret.is_none() && !kept.body.contains(token));
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let open = format!("/operator/outbox?open={}", kept.id);
    let page = operator.get(&open).await;
    assert!(page.body.contains("[link for the reader alone]"), "{}", page.body);
    assert!(!page.body.contains(token) && !page.body.contains("/invitation/"), "{}", page.body);
    assert!(!operator.get("/operator/outbox").await.body.contains(token));
    let query = OutboxQuery { open: Some(kept.id.into()), ..OutboxQuery::default() };
    let answer = operator.call("/api/outbox", &json!({ "query": query })).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.body.contains(token) && !answer.body.contains("/invitation/"), "{}", answer.body);
    // Nor before it has left.
    stage.clock.move_seconds(1);
    let person = stage.person_id("new.colleague@fernhollow.example", COMPANY).await.to_string();
    let form =
        fields(&[("form", "invite_again"), ("target", &person), ("operation", stage.operation().as_str())]);
    let answer = admin.perform(&form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let waits = stage.mails("new.colleague@fernhollow.example").await.pop().expect("another invitation");
    assert!(waits.secret.is_some() && waits.id != kept.id);
    let page = operator.get(&format!("/operator/outbox?open={}", waits.id)).await;
    assert!(page.body.contains("[link for the reader alone]"), "{}", page.body);
    assert!(!page.body.contains("/invitation/"), "{}", page.body);
}
