//! Notes, messages, the history of a request, and by when it is answered.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::ServiceRequestId;
use domain::queue::{MESSAGE_MAX, MessageDirection, NextStep};
use domain::view::operator::{HistoryKind, QueueItem, QueueQuery};
use domain::view::requests::{OpenRequest, RequestsQuery};
use domain::{AuditAction, ErrorCode, Field, Language};
use rstest::rstest;
use service::queue::messages::{self, Asked, Written};
use service::queue::policies_edit::{self, SavePolicies};
use service::queue::refuse::{Refuse, refuse};
use service::queue::take::take;
use service::queue::{Wanted, list};
use service::requests::messages::{Answer, answer};
use service::{Failure, Request, requests, sql};

const ADMIN: &str = "maren.tolvik@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const REQUESTER: &str = "priyanka.oyelaran@fernhollow.example";
const ELSEWHERE: &str = "piet.zanderling@kestrelash.example";
const AGENT: &str = "marisa.talvinen@northlight.example";
const OTHER_AGENT: &str = "ruoxi.ding@northlight.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";

async fn wanted(stage: &Stage, kind: &str) -> Wanted {
    let text = "select r.id from service_request r join person p on p.id = r.requested_by
        join account a on a.id = p.account_id
        where a.email_key = $1 and r.kind = $2 and r.open order by r.number limit 1";
    let request = ServiceRequestId(stage.id(text, [REQUESTER.into(), kind.into()]).await);
    again(stage, request).await
}

async fn again(stage: &Stage, request: ServiceRequestId) -> Wanted {
    let text = "select row_version as number from service_request where id = $1";
    let version = sql::number(stage.service.database.reader(), text, [request.0.into()]).await;
    Wanted { request, version: version.expect("a version") }
}

async fn item(stage: &Stage, who: &Request, request: ServiceRequestId) -> QueueItem {
    let query = QueueQuery { open: Some(request), ..QueueQuery::default() };
    let page = list::page(&stage.service, who, Language::English, &query).await.expect("a page");
    *page.item.expect("open")
}

async fn opened(stage: &Stage, who: &Request, request: ServiceRequestId) -> Option<OpenRequest> {
    let query = RequestsQuery { page: 1, open: Some(request) };
    let page = requests::list::page(&stage.service, who, Language::English, query).await.expect("a page");
    page.item.map(|item| *item)
}

async fn say(stage: &Stage, who: &Request, request: ServiceRequestId, text: &str) -> Result<i64, Failure> {
    stage.clock.move_seconds(60);
    let input = Asked { written: Written { request, text: text.to_owned() }, asks: true };
    messages::message(&stage.service, who, stage.operation(), input).await
}

async fn note(stage: &Stage, who: &Request, request: ServiceRequestId, text: &str) -> Result<i64, Failure> {
    stage.clock.move_seconds(60);
    let input = Written { request, text: text.to_owned() };
    messages::note(&stage.service, who, stage.operation(), input).await
}

async fn reply(stage: &Stage, who: &Request, request: ServiceRequestId, text: &str) -> Result<i64, Failure> {
    stage.clock.move_seconds(60);
    answer(&stage.service, who, stage.operation(), Answer { request, text: text.to_owned() }).await
}

#[rstest]
#[tokio::test]
async fn operators_ask_and_whoever_may_see_the_request_answers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (agent, other) = (stage.operator(AGENT).await, stage.operator(OTHER_AGENT).await);
    let (requester, admin) = (stage.person(REQUESTER).await, stage.person(ADMIN).await);
    let wanted = wanted(&stage, "advisory").await;
    let request = wanted.request;
    let next = |item: Option<OpenRequest>| item.expect("one's own").next;
    assert_eq!(next(opened(&stage, &requester, request).await), Some(NextStep::Take));
    let number = say(&stage, &agent, request, " Which\r\nregion <b>is</b> it? ").await.expect("sent");
    let seen = opened(&stage, &requester, request).await.expect("one's own");
    assert_eq!(seen.messages.len(), 1);
    assert_eq!(
        (seen.messages[0].by.as_deref(), seen.messages[0].text.as_str()),
        (None, "Which\nregion <b>is</b> it?")
    );
    assert_eq!((seen.next, seen.takes_messages), (Some(NextStep::Answer), true));
    let mails = stage.mails(REQUESTER).await;
    let mail = mails.iter().rfind(|mail| mail.kind == "request_message").expect("the requester is told");
    assert!(mail.subject.contains(&number.to_string()) && mail.body.contains("region <b>is</b> it?"));
    assert!(mail.body.contains(&format!("/requests?open={request}#request-{number}")), "{}", mail.body);
    let notices =
        format!("select count(*) as number from notice where link like '/requests?open={request}%'");
    assert_eq!(stage.count(&notices).await, 1);

    // With nobody yet: nobody gets a mail, the queue says it.
    reply(&stage, &requester, request, "Norway East.").await.expect("answered");
    assert!(item(&stage, &agent, request).await.row.answered);
    assert!(stage.mails(AGENT).await.iter().all(|mail| mail.kind != "request_answered"));
    assert_eq!(next(opened(&stage, &requester, request).await), Some(NextStep::Take));
    stage.clock.move_seconds(60);
    take(&stage.service, &agent, stage.operation(), wanted).await.expect("taken");
    assert!(!item(&stage, &agent, request).await.row.answered, "whoever takes it has read it");

    // A colleague who may see the company's requests answers, and the owner hears of it.
    reply(&stage, &admin, request, "Rather Sweden.").await.expect("answered");
    let mails = stage.mails(AGENT).await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.kind == "request_answered").collect();
    assert_eq!(told.len(), 1);
    assert!(
        told[0].body.contains("Maren Tolvik") && told[0].body.contains("Rather Sweden."),
        "{}",
        told[0].body
    );
    assert!(told[0].body.contains(&format!("/operator/queue?open={request}#{request}")));
    assert!(item(&stage, &other, request).await.row.answered);
    say(&stage, &other, request, "Thanks.").await.expect("sent");
    let now = item(&stage, &agent, request).await;
    assert!(!now.row.answered);
    let what: Vec<_> = now.history.iter().map(|entry| (&entry.what, entry.by.as_deref())).collect();
    let written = |direction, text: &str| HistoryKind::Message(direction, text.to_owned());
    assert_eq!(
        what,
        [
            (&written(MessageDirection::ToPartner, "Which\nregion <b>is</b> it?"), Some("Marisa Talvinen")),
            (&written(MessageDirection::ToOperators, "Norway East."), Some("Priyanka Oyelaran")),
            (&HistoryKind::Done(AuditAction::RequestTaken), Some("Marisa Talvinen")),
            (&written(MessageDirection::ToOperators, "Rather Sweden."), Some("Maren Tolvik")),
            (&written(MessageDirection::ToPartner, "Thanks."), Some("丁若溪")),
        ]
    );
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn messages_are_bounded_and_end_with_the_request(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (agent, requester) = (stage.operator(AGENT).await, stage.person(REQUESTER).await);
    let wanted = wanted(&stage, "advisory").await;
    let request = wanted.request;
    for (text, code) in [
        (" \n ".to_owned(), ErrorCode::Required),
        ("字".repeat(MESSAGE_MAX + 1), ErrorCode::TooLong),
        ("a\u{202E}b".to_owned(), ErrorCode::ControlCharacters),
    ] {
        for refused in
            [say(&stage, &agent, request, &text).await, reply(&stage, &requester, request, &text).await]
        {
            let error = refused.expect_err("refused").told();
            assert!(error.of(Field::Message).is_some_and(|fault| fault.code == code), "{error:?}");
        }
        let error = note(&stage, &agent, request, &text).await.expect_err("refused").told();
        assert!(error.of(Field::Note).is_some_and(|fault| fault.code == code), "{error:?}");
    }
    say(&stage, &agent, request, &"字".repeat(MESSAGE_MAX)).await.expect("as long as it can be");
    let input = Refuse { wanted: again(&stage, request).await, reason: "Not now.".to_owned() };
    refuse(&stage.service, &agent, stage.operation(), input).await.expect("refused");
    for refused in
        [say(&stage, &agent, request, "One more.").await, reply(&stage, &requester, request, "But…").await]
    {
        assert!(refused.expect_err("decided").is(ErrorCode::AlreadyDecided));
    }
    note(&stage, &agent, request, "They asked by phone, too.").await.expect("a decided request takes notes");
    let seen = opened(&stage, &requester, request).await.expect("one's own");
    assert_eq!((seen.messages.len(), seen.takes_messages, seen.next), (1, false, None));
}

#[rstest]
#[tokio::test]
async fn rule_07_nobody_else_writes_or_reads(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    let request = wanted(&stage, "advisory").await.request;
    say(&stage, &agent, request, "A question about Landing zones.").await.expect("sent");
    let elsewhere = stage.person(ELSEWHERE).await;
    let missing = ServiceRequestId(stage.service.new_id());
    let theirs = reply(&stage, &elsewhere, request, "Hello").await.expect_err("another company's").told();
    let nothing = reply(&stage, &elsewhere, missing, "Hello").await.expect_err("nothing").told();
    assert_eq!(theirs, nothing);
    assert_eq!(theirs.code, ErrorCode::NotFound);
    assert_eq!(opened(&stage, &elsewhere, request).await, None);
    let employee = stage.person(EMPLOYEE).await;
    let refused = reply(&stage, &employee, request, "Hello").await.expect_err("a colleague's").told();
    assert_eq!(refused.code, ErrorCode::RoleNeeded);
    assert!(!refused.colleagues.is_empty(), "{refused:?}");
    assert_eq!(opened(&stage, &employee, request).await, None);
    let auditor = stage.operator(AUDITOR).await;
    for refused in
        [say(&stage, &auditor, request, "Hello").await, note(&stage, &auditor, request, "Hello").await]
    {
        assert!(refused.expect_err("reads only").is(ErrorCode::RoleNeeded));
    }
    for who in [&employee, &stage.person(ADMIN).await] {
        for refused in [say(&stage, who, request, "Hello").await, note(&stage, who, request, "Hello").await] {
            assert!(refused.expect_err("rule 1").is(ErrorCode::WrongSide));
        }
    }
    assert!(reply(&stage, &agent, request, "Hello").await.expect_err("rule 1").is(ErrorCode::WrongSide));
    assert_eq!(stage.count("select count(*) as number from request_message").await, 1);
}

#[rstest]
#[tokio::test]
async fn a_note_stays_with_the_operators(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    let request = wanted(&stage, "advisory").await.request;
    let own = "select count(*) as number from audit_event e join organization o on o.id = e.organization_id
        where o.domain = 'fernhollow.example'";
    let before = stage.count(own).await;
    note(&stage, &agent, request, "Quietly: the third time this year.").await.expect("noted");
    assert_eq!(stage.count(own).await, before, "the company's own trail doesn't tell");
    let auditor = stage.operator(AUDITOR).await;
    let seen = item(&stage, &auditor, request).await;
    assert_eq!(seen.history.len(), 1);
    assert_eq!(seen.history[0].what, HistoryKind::Note("Quietly: the third time this year.".to_owned()));
    assert!(seen.why_no_note.is_some());
    for who in [REQUESTER, ADMIN] {
        let person = stage.person(who).await;
        let page = format!("{:?}", opened(&stage, &person, request).await.expect("seen"));
        assert!(!page.contains("Quietly"), "{page}");
        assert!(stage.mails(who).await.iter().all(|mail| !mail.body.contains("Quietly")));
    }
    let leaked =
        "select count(*) as number from audit_event where coalesce(after_state, '') like '%Quietly%'";
    assert_eq!(stage.count(leaked).await, 0);
}

#[rstest]
#[tokio::test]
async fn the_programme_says_within_how_many_working_days_each_kind_is_answered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let save = async |name: &str, value: &str| {
        let version = policies_edit::page(&stage.service, &admin).await.expect("a page").version;
        let values = vec![(name.to_owned(), value.to_owned())];
        policies_edit::save(&stage.service, &admin, stage.operation(), SavePolicies { values, version }).await
    };
    for wrong in ["0", "61", "-1", "five", ""] {
        let error = save("target_days_advisory", wrong).await.expect_err("refused").told();
        assert!(
            error.of(Field::TargetDays).is_some_and(|fault| fault.code == ErrorCode::NumberUpTo),
            "{error:?}"
        );
        assert_eq!(error.detail.as_deref(), Some("target_days_advisory"));
    }
    // Friday, 10:00 in Oslo: seven working days end on the Tuesday after the next.
    assert_eq!(save("target_days_global_admin", "7").await.expect("saved"), 1);
    stage.run("delete from person_role where role = 'global_admin'", []).await;
    let employee = stage.person(EMPLOYEE).await;
    requests::global_admin::ask(&stage.service, &employee, stage.operation()).await.expect("asked");
    let page = requests::global_admin::page(&stage.service, &employee).await.expect("a page");
    assert_eq!(page.target_days, 7);
    assert_eq!(page.waiting.expect("waits").1.to_string(), "2026-12-01");
    let frozen = "select count(*) as number from order_line where policies like '%target_days%'";
    assert_eq!(stage.count(frozen).await, 0, "a purchase keeps what decides about it, not these");
}

#[rstest]
#[tokio::test]
async fn a_message_that_asks_nothing_leaves_the_next_step_and_former_people_hear_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (agent, requester) = (stage.operator(AGENT).await, stage.person(REQUESTER).await);
    let request = wanted(&stage, "advisory").await.request;
    let tell = async |text: &str| {
        stage.clock.move_seconds(60);
        let input = Asked { written: Written { request, text: text.to_owned() }, asks: false };
        messages::message(&stage.service, &agent, stage.operation(), input).await
    };
    tell("Our consultant is back on Monday.").await.expect("sent");
    let seen = opened(&stage, &requester, request).await.expect("one's own");
    assert_eq!((seen.next, seen.messages.len()), (Some(NextStep::Take), 1));

    // The requester has left: an administrator reads on, the mail goes to nobody outside the company.
    let text =
        "update person set status = 'left' where account_id = (select id from account where email = $1)";
    stage.run(text, [REQUESTER.into()]).await;
    let sent =
        async || stage.mails(REQUESTER).await.iter().filter(|mail| mail.kind == "request_message").count();
    let before = sent().await;
    tell("It will be Tuesday.").await.expect("sent");
    assert_eq!(sent().await, before);
    let text = "select count(*) as number from mail m join person p on p.account_id = m.account_id
        where m.kind = 'request_message' and m.body like '%It will be Tuesday.%' and p.status = 'active'
            and exists (select 1 from person_role r where r.person_id = p.id
                and r.role in ('global_admin', 'partner_admin'))";
    assert_eq!(stage.count(text).await, 1, "an administrator is told");
}
