//! The outbox in the operators' hands: what came back, addresses on hold, each attempt, what stays hidden.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use common::{Engine, Stage, stage};
use domain::ids::MailId;
use domain::mail_kind::MailKind;
use domain::view::activity::COUNTED;
use domain::view::operator::{MailState, OutboxPage, OutboxQuery};
use domain::view::people::PeopleQuery;
use domain::{ErrorCode, Field, Role};
use rstest::rstest;
use service::outbox::{Mailer, Message, Undelivered, deliver_due};
use service::people::add::{AddUser, add_user, invite_again};
use service::people::list;
use service::queue::bounce::{self, MarkBounced};
use service::queue::outbox_list;
use service::{Failure, Request};

const GOLD: &str = "fernhollow.example";
const MAREN: &str = "maren.tolvik@fernhollow.example";
const AGENT: &str = "marisa.talvinen@northlight.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";
const NEW: &str = "Asta.Lindqvist@fernhollow.example";

/// A way out that takes mail, or refuses it with these words.
#[derive(Default)]
struct Way {
    refuses: Option<Undelivered>,
    sent: Mutex<Vec<Message>>,
}

impl Way {
    fn refusing(words: &str, for_good: bool) -> Self {
        Self { refuses: Some(Undelivered { words: words.to_owned(), for_good }), ..Self::default() }
    }

    fn to(&self, email: &str) -> usize {
        self.sent.lock().expect("not poisoned").iter().filter(|mail| mail.recipient == email).count()
    }
}

impl Mailer for Way {
    fn send<'a>(
        &'a self,
        message: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>> {
        Box::pin(async move {
            self.sent.lock().expect("not poisoned").push(message.clone());
            self.refuses.clone().map_or(Ok(()), Err)
        })
    }
}

/// Never comes back, as in a server that is killed.
struct Silent;

impl Mailer for Silent {
    fn send<'a>(
        &'a self,
        _: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>> {
        Box::pin(std::future::pending())
    }
}

async fn all(stage: &Stage, way: &Way) {
    while deliver_due(&stage.service, way).await.expect("delivers") > 0 {}
}

/// Adds somebody, who is invited by mail; gives the mail.
async fn invited(stage: &Stage) -> MailId {
    let maren = stage.person(MAREN).await;
    let input = AddUser {
        email: NEW.to_owned(),
        name: "Ásta Lindqvist".to_owned(),
        roles: vec![Role::Employee],
        language: "en".to_owned(),
    };
    add_user(&stage.service, &maren, stage.operation(), input).await.expect("added");
    latest(stage).await
}

async fn latest(stage: &Stage) -> MailId {
    MailId(stage.mails(NEW).await.pop().expect("a mail").id)
}

async fn invite(stage: &Stage) -> MailId {
    // Mails are told apart by their time.
    stage.clock.move_seconds(1);
    let maren = stage.person(MAREN).await;
    let person = stage.person_id(&NEW.to_lowercase(), GOLD).await;
    invite_again(&stage.service, &maren, stage.operation(), person).await.expect("invited");
    latest(stage).await
}

async fn look(stage: &Stage, who: &Request, query: OutboxQuery) -> OutboxPage {
    outbox_list::page(&stage.service, who, &query).await.expect("a page")
}

fn open(mail: MailId) -> OutboxQuery {
    OutboxQuery { open: Some(mail), ..OutboxQuery::default() }
}

async fn mark(stage: &Stage, who: &Request, mail: MailId, reason: &str) -> Result<String, Failure> {
    let input = MarkBounced { mail, reason: reason.to_owned() };
    bounce::mark(&stage.service, who, stage.operation(), input).await
}

#[rstest]
#[tokio::test]
async fn an_address_that_mail_does_not_reach_waits_until_it_is_cleared(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let first = invited(&stage).await;
    let way = Way::default();
    assert!(mark(&stage, &admin, first, "Gone").await.expect_err("it waits").is(ErrorCode::WrongState));
    all(&stage, &way).await;
    assert_eq!(way.to(NEW), 1);

    let missing = mark(&stage, &admin, first, " ").await.expect_err("no reason").told();
    assert_eq!(missing.of(Field::Reason).map(|fault| fault.code), Some(ErrorCode::ReasonNeeded));
    let nothing = MailId(stage.service.new_id());
    assert!(mark(&stage, &admin, nothing, "Gone").await.expect_err("nothing").is(ErrorCode::NotFound));
    assert_eq!(mark(&stage, &admin, first, "550 no such mailbox").await.expect("marked"), NEW);
    let twice = mark(&stage, &admin, first, "550 no such mailbox").await.expect_err("once");
    assert!(twice.is(ErrorCode::WrongState));
    let page = look(&stage, &admin, open(first)).await;
    assert_eq!((page.bouncing, page.failed), (1, 0));
    let item = page.item.expect("is open");
    assert_eq!(item.row.state, MailState::Bounced);
    assert_eq!(item.bounced.expect("when and why").1, "550 no such mailbox");
    assert!(!item.can_repeat, "its link has left");

    // The company's administrators see it beside the person.
    let maren = stage.person(MAREN).await;
    let person = stage.person_id(&NEW.to_lowercase(), GOLD).await;
    let people = PeopleQuery { find: "lindqvist".to_owned(), open: Some(person), ..PeopleQuery::default() };
    let seen = list::page(&stage.service, &maren, &people).await.expect("a page");
    assert_eq!(seen.rows[0].mail_comes_back.as_deref(), Some("550 no such mailbox"));
    assert!(seen.open.expect("is open").mail_comes_back.is_some());

    // What is written now waits, whatever the case of its address, and counts no attempt.
    let second = invite(&stage).await;
    stage.clock.move_days(1);
    all(&stage, &way).await;
    assert_eq!(way.to(NEW), 1);
    let item = look(&stage, &admin, open(second)).await.item.expect("is open");
    assert!(item.row.held && item.next.is_none() && item.attempts.is_empty(), "{item:?}");
    assert_eq!(item.address.expect("is marked").1, "550 no such mailbox");
    let again = outbox_list::send_again(&stage.service, &admin, stage.operation(), second).await;
    assert!(again.expect_err("is marked").is(ErrorCode::AddressBounces));

    // Whoever reads mail only clears nothing.
    for who in [stage.operator(AUDITOR).await, stage.operator(AGENT).await] {
        let operation = stage.operation();
        let refused = bounce::clear(&stage.service, &who, operation, second).await;
        assert!(refused.expect_err("another role").is(ErrorCode::RoleNeeded));
        assert!(mark(&stage, &who, first, "Gone").await.expect_err("a role").is(ErrorCode::RoleNeeded));
    }
    let operation = stage.operation();
    let cleared = bounce::clear(&stage.service, &admin, operation.clone(), second).await;
    assert_eq!(cleared.expect("cleared"), NEW);
    bounce::clear(&stage.service, &admin, operation, second).await.expect("the same again");
    let over = bounce::clear(&stage.service, &admin, stage.operation(), second).await;
    assert!(over.expect_err("isn't marked").is(ErrorCode::WrongState));
    all(&stage, &way).await;
    assert_eq!(way.to(NEW), 2);
    let seen = list::page(&stage.service, &maren, &people).await.expect("a page");
    assert_eq!(seen.rows[0].mail_comes_back, None);
    let again = outbox_list::send_again(&stage.service, &admin, stage.operation(), first).await;
    assert!(again.expect_err("its link has left").is(ErrorCode::WrongState));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn what_is_refused_for_good_is_tried_once_and_what_came_back_can_go_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    all(&stage, &Way::default()).await;
    let mail = invited(&stage).await;
    deliver_due(&stage.service, &Way::refusing("450 come later", false)).await.expect("tries");
    let page = look(&stage, &admin, open(mail)).await;
    let item = page.item.expect("is open");
    assert_eq!((item.row.state, item.row.attempts, item.attempts.len()), (MailState::Waiting, 1, 1));
    assert!(item.next.is_some() && item.attempts[0].ended);
    stage.clock.move_days(1);
    deliver_due(&stage.service, &Way::refusing("550 no such mailbox", true)).await.expect("tries");
    stage.clock.move_days(1);
    let way = Way::default();
    all(&stage, &way).await;
    assert_eq!(way.to(NEW), 0, "it is given up");
    let page = look(&stage, &admin, open(mail)).await;
    assert_eq!(page.failed, 1);
    let item = page.item.expect("is open");
    let said: Vec<Option<&str>> = item.attempts.iter().map(|attempt| attempt.error.as_deref()).collect();
    assert_eq!(said, [Some("450 come later"), Some("550 no such mailbox")]);
    assert_eq!((item.row.state, item.next), (MailState::Failed, None));

    // It never left, so its link is still there: marked, cleared, sent again.
    mark(&stage, &admin, mail, "The server says so").await.expect("marked");
    bounce::clear(&stage.service, &admin, stage.operation(), mail).await.expect("cleared");
    outbox_list::send_again(&stage.service, &admin, stage.operation(), mail).await.expect("again");
    all(&stage, &way).await;
    let sent = way.sent.lock().expect("not poisoned").clone();
    let sent: Vec<&Message> = sent.iter().filter(|sent| sent.recipient == NEW).collect();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].id, mail, "the Message-ID stays");
    assert!(sent[0].body.contains("/invitation/"), "{}", sent[0].body);
    let item = look(&stage, &admin, open(mail)).await.item.expect("is open");
    assert_eq!((item.row.state, item.attempts.len(), item.bounced), (MailState::Sent, 3, None));
    assert_eq!(item.attempts[2].error, None);
}

#[rstest]
#[tokio::test]
async fn an_attempt_that_nobody_ended_is_on_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    all(&stage, &Way::default()).await;
    let mail = invited(&stage).await;
    let time = std::time::Duration::from_millis(300);
    assert!(tokio::time::timeout(time, deliver_due(&stage.service, &Silent)).await.is_err());
    let item = look(&stage, &admin, open(mail)).await.item.expect("is open");
    assert_eq!((item.row.state, item.attempts.len()), (MailState::Waiting, 1));
    assert!(!item.attempts[0].ended && item.attempts[0].error.is_none());
    // It is tried again, under the same Message-ID, once whoever claimed it must be gone.
    let way = Way::default();
    all(&stage, &way).await;
    assert_eq!(way.to(NEW), 0);
    stage.clock.move_seconds(16 * 60);
    all(&stage, &way).await;
    let sent = way.sent.lock().expect("not poisoned").clone();
    assert_eq!(sent.iter().map(|sent| sent.id).collect::<Vec<_>>(), [mail]);
}

#[rstest]
#[tokio::test]
async fn what_a_slow_server_still_holds_is_not_sent_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    all(&stage, &Way::default()).await;
    let mail = invited(&stage).await;
    let time = std::time::Duration::from_millis(300);
    assert!(tokio::time::timeout(time, deliver_due(&stage.service, &Silent)).await.is_err());
    let again = async || outbox_list::send_again(&stage.service, &admin, stage.operation(), mail).await;
    // It was behind others in its batch: whoever claimed it holds it longer than its attempt is old.
    stage.clock.move_seconds(16 * 60);
    let text = "update mail set next_attempt_at = $2 where id = $1";
    let until = stage.service.now().plus_seconds(600);
    stage.run(text, [mail.0.into(), until.0.into()]).await;
    assert!(again().await.expect_err("it may be under way").is(ErrorCode::WrongState));
    stage.clock.move_seconds(601);
    again().await.expect("nobody holds it any more");
    let way = Way::default();
    all(&stage, &way).await;
    assert_eq!(way.to(NEW), 1);
}

#[rstest]
#[tokio::test]
async fn the_outbox_is_filtered_by_kind_state_recipient_and_company(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let mail = invited(&stage).await;
    all(&stage, &Way::default()).await;
    let company = stage.organization(GOLD).await;
    let of_kind = OutboxQuery { kind: Some(MailKind::Invitation), ..OutboxQuery::default() };
    let page = look(&stage, &admin, of_kind).await;
    assert!(page.rows.iter().any(|row| row.id == mail), "{page:?}");
    assert!(page.rows.iter().all(|row| row.kind == "invitation"), "{page:?}");
    let to_new = OutboxQuery { recipient: NEW.to_uppercase(), ..OutboxQuery::default() };
    let page = look(&stage, &admin, to_new.clone()).await;
    assert_eq!(page.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [mail]);
    let about = OutboxQuery { company: Some(company), ..OutboxQuery::default() };
    let page = look(&stage, &admin, about).await;
    let name = page.company.clone().expect("its name");
    assert!(page.rows.iter().any(|row| row.id == mail));
    assert!(page.rows.iter().all(|row| row.organization.as_deref() == Some(name.as_str())));
    let found = OutboxQuery { find: name.to_lowercase(), ..OutboxQuery::default() };
    assert_eq!(look(&stage, &admin, found).await.total, page.total);
    for (state, expected) in
        [(MailState::Sent, 1), (MailState::Waiting, 0), (MailState::Failed, 0), (MailState::Bounced, 0)]
    {
        let query = OutboxQuery { state: Some(state), ..to_new.clone() };
        assert_eq!(look(&stage, &admin, query).await.total, expected, "{state:?}");
    }
    mark(&stage, &admin, mail, "Gone").await.expect("marked");
    for (state, expected) in [(MailState::Sent, 0), (MailState::Bounced, 1)] {
        let query = OutboxQuery { state: Some(state), ..to_new.clone() };
        assert_eq!(look(&stage, &admin, query).await.total, expected, "{state:?}");
    }
    let nowhere = OutboxQuery { company: Some(stage.service.new_id().into()), ..OutboxQuery::default() };
    let refused = outbox_list::page(&stage.service, &admin, &nowhere).await;
    assert!(refused.expect_err("no company").is(ErrorCode::NotFound));
}

#[rstest]
#[tokio::test]
async fn a_full_outbox_is_not_counted_to_its_end(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let now = stage.service.now().0;
    for _ in 0..COUNTED / 500 + 2 {
        let mails: Vec<String> = (0..500)
            .map(|_| {
                let id = stage.literal(stage.service.new_id());
                format!(
                    "({id}, 'invitation', 'extra@new.example', 'extra@new.example', 'en', 'Subject', 'subject', 'Body', 'sent', 1, {now}, {now})"
                )
            })
            .collect();
        let text = format!(
            "insert into mail (id, kind, recipient, recipient_key, language, subject, subject_key, body, state,
                attempts, next_attempt_at, created_at) values {}",
            mails.join(", ")
        );
        stage.sql(&text).await;
    }
    for query in [
        OutboxQuery::default(),
        OutboxQuery { state: Some(MailState::Sent), ..OutboxQuery::default() },
        OutboxQuery { find: "extra".to_owned(), ..OutboxQuery::default() },
    ] {
        let page = look(&stage, &admin, query).await;
        assert_eq!(page.total, COUNTED + 1, "more than that, and not how many more");
        assert!(page.next.is_some());
    }
    let none = OutboxQuery { find: "nobody was told this".to_owned(), ..OutboxQuery::default() };
    assert_eq!(look(&stage, &admin, none).await.total, 0);
}

#[test]
fn every_kind_of_mail_has_its_texts_and_every_text_its_kind() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../locales/en/mail.toml");
    let file = std::fs::read_to_string(file).expect("the texts");
    let mut written: Vec<&str> =
        file.lines().filter_map(|line| line.split_once("_subject = ")).map(|(kind, _)| kind).collect();
    let mut known: Vec<&str> = MailKind::ALL.iter().map(|kind| kind.code()).collect();
    written.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, written);
    for language in domain::Language::ALL {
        let texts = locales::texts(language);
        for kind in known.iter().copied() {
            assert!(texts.find("mail_kind", kind).is_some(), "{kind} in {}", language.tag());
        }
    }
}
