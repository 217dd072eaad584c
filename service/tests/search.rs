//! Finding in the activity of all companies and in the outbox: the same whether few are called so or so many that
//! what is theirs is looked for down the list.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::mail_kind::MailKind;
use domain::view::activity::{ActivityQuery, COUNTED, COUNTED_OF_MANY, EventKey};
use domain::view::operator::{MailState, OutboxPage, OutboxQuery};
use domain::{Language, Role};
use rstest::rstest;
use service::activity::{Side, list};
use service::catalogue::drafts::{self, BeginDraft};
use service::insight::remind;
use service::people::add::{AddUser, add_user};
use service::queue::outbox_list;

const ADMIN: &str = "maren.tolvik@fernhollow.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";
/// More than are looked up.
const MANY: usize = 1_001;
const MANY_COMPANIES: usize = 21;

/// What the first page of the trail has of a name, and how much there is.
async fn activity(stage: &Stage, find: &str) -> (Vec<EventKey>, i64) {
    let auditor = stage.operator(AUDITOR).await;
    let query = ActivityQuery { find: find.to_owned(), ..ActivityQuery::default() };
    let page = list::page(&stage.service, &auditor, Side::Programme, Language::English, &query).await;
    let page = page.expect("a page");
    (page.rows.iter().map(|row| row.key).collect(), page.total)
}

async fn outbox(stage: &Stage, query: OutboxQuery) -> OutboxPage {
    let auditor = stage.operator(AUDITOR).await;
    outbox_list::page(&stage.service, &auditor, &query).await.expect("a page")
}

fn find(find: &str) -> OutboxQuery {
    OutboxQuery { find: find.to_owned(), ..OutboxQuery::default() }
}

async fn insert(stage: &Stage, table: &str, rows: impl Iterator<Item = String>) {
    stage.sql(&format!("insert into {table} values {}", rows.collect::<Vec<_>>().join(", "))).await;
}

/// Somebody of the sample company adds somebody, who is told by mail.
async fn add_zelda(stage: &Stage) {
    let admin = stage.person(ADMIN).await;
    let user = AddUser {
        email: "zelda@fernhollow.example".to_owned(),
        name: "Zelda Quist".to_owned(),
        roles: vec![Role::Employee],
        language: "en".to_owned(),
    };
    add_user(&stage.service, &admin, stage.operation(), user).await.expect("added");
}

/// Many accounts with a name, none of which has done anything.
async fn many_people(stage: &Stage, name: &str) {
    let rows = (0..MANY).map(|number| {
        let (id, folded) = (stage.literal(stage.service.new_id()), name.to_lowercase());
        let address = format!("copy{number}@elsewhere.example");
        format!("({id}, '{address}', '{address}', '{name} {number}', '{folded} {number}', 'en', 'active', 0)")
    });
    let columns = "account (id, email, email_key, full_name, name_key, language, status, created_at)";
    insert(stage, columns, rows).await;
}

async fn many_companies(stage: &Stage, name: &str) {
    let rows = (0..MANY_COMPANIES).map(|number| {
        let (id, folded) = (stage.literal(stage.service.new_id()), name.to_lowercase());
        format!(
            "({id}, '{name} {number}', '{folded} {number}', 'copy{number}.example', 'a@copy{number}.example', 'UTC',
                'en', 'network', true, 0)"
        )
    });
    let columns = "organization (id, name, name_key, domain, account_email, time_zone, language, tier,
        setup_finished, created_at)";
    insert(stage, columns, rows).await;
}

/// Mail to addresses that nobody has an account with.
async fn many_mails(stage: &Stage) {
    let rows = (0..MANY).map(|number| {
        let id = stage.literal(stage.service.new_id());
        let address = format!("contact{number}@outside.example");
        format!(
            "({id}, 'order_paid', '{address}', '{address}', 'en', 'Told', 'told', 'Text', 'sent', 1, 0, 0, 0)"
        )
    });
    let columns =
        "mail (id, kind, recipient, recipient_key, language, subject, subject_key, body, state, attempts,
        next_attempt_at, created_at, sent_at)";
    insert(stage, columns, rows).await;
}

#[rstest]
#[tokio::test]
async fn what_was_done_is_found_whether_few_or_many_are_called_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    add_zelda(&stage).await;
    // An operator in a company's chain, and one in the programme's.
    let grant = stage.grant("fernhollow.example", "visual_studio_enterprise", "gold_core").await;
    let admin = stage.operator("rosalind.ekwueme@northlight.example").await;
    remind::company(&stage.service, &admin, stage.operation(), grant).await.expect("reminded");
    let manager = stage.operator("henrik.solvang@northlight.example").await;
    let begun = BeginDraft { title: "Spring".to_owned(), file: None };
    drafts::begin(&stage.service, &manager, stage.operation(), begun).await.expect("a draft");
    for (name, what) in [
        ("Maren", "who did it"),
        ("Quist", "whom it concerns"),
        ("Fernhollow", "the company"),
        ("Rosalind", "an operator for a company"),
        ("Henrik", "an operator of the programme"),
    ] {
        let before = activity(&stage, name).await;
        assert!(!before.0.is_empty(), "{what}");
        assert_eq!(activity(&stage, &name.to_uppercase()).await, before, "{what}");
        many_people(&stage, name).await;
        assert_eq!(activity(&stage, name).await, before, "many {what}");
        stage.sql("delete from account where email_key like '%@elsewhere.example'").await;
    }
    let before = activity(&stage, "Fernhollow").await;
    many_companies(&stage, "Fernhollow").await;
    assert_eq!(activity(&stage, "Fernhollow").await, before, "many companies");
    assert_eq!(activity(&stage, "nobody is called so").await, (Vec::new(), 0));
}

#[rstest]
#[tokio::test]
async fn mail_is_found_by_address_person_company_and_subject_whether_few_or_many_are_called_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    add_zelda(&stage).await;
    let ids = |page: &OutboxPage| page.rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let all = outbox(&stage, OutboxQuery::default()).await;
    let zelda: Vec<_> =
        all.rows.iter().filter(|row| row.recipient == "zelda@fernhollow.example").map(|row| row.id).collect();
    assert_eq!(zelda.len(), 1, "who was added is told");
    let subject = all.rows.iter().find(|row| row.id == zelda[0]).expect("it").subject.clone();
    for (typed, what) in [("ZELDA@", "the address"), ("quist", "the name")] {
        assert_eq!(ids(&outbox(&stage, find(typed)).await), zelda, "{what}");
    }
    assert!(ids(&outbox(&stage, find(&subject)).await).contains(&zelda[0]), "the subject");
    assert!(ids(&outbox(&stage, find("Fernhollow Sys")).await).contains(&zelda[0]), "the company");
    assert!(outbox(&stage, find("nobody is called so")).await.rows.is_empty());

    for name in ["Quist", "Fernhollow"] {
        let before = outbox(&stage, find(name)).await;
        many_people(&stage, name).await;
        let after = outbox(&stage, find(name)).await;
        assert_eq!((ids(&after), after.total), (ids(&before), before.total), "{name}");
        stage.sql("delete from account where email_key like '%@elsewhere.example'").await;
    }

    // Whoever has no account is found by the address alone; much of it is counted up to a number.
    many_mails(&stage).await;
    let one = outbox(&stage, find("contact777@")).await;
    assert_eq!((one.rows.len(), one.total), (1, 1));
    let page = outbox(&stage, find("outside.example")).await;
    assert_eq!((page.rows.len(), page.total, page.counted), (50, COUNTED_OF_MANY + 1, COUNTED_OF_MANY));
    let next = outbox(&stage, OutboxQuery { after: page.next, ..find("outside.example") }).await;
    assert!(next.rows.iter().all(|row| !ids(&page).contains(&row.id)), "nothing stands twice");
}

#[rstest]
#[tokio::test]
async fn states_and_kinds_of_mail_are_the_same_as_their_rows_say(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    many_mails(&stage).await;
    let page = outbox(&stage, find("outside.example")).await;
    let ids: Vec<_> = page.rows.iter().take(6).map(|row| row.id.0).collect();
    let states = [
        "state = 'failed', attempts = 3",
        "state = 'failed', attempts = 3, bounced_at = 5",
        "state = 'sent', bounced_at = 5",
        "state = 'waiting', attempts = 0, sent_at = null",
        "state = 'waiting', attempts = 2, sent_at = null",
    ];
    for (id, state) in ids.iter().zip(states) {
        stage.run(&format!("update mail set {state} where id = $1"), [(*id).into()]).await;
    }
    let shown = async |state: MailState| {
        let query = OutboxQuery { state: Some(state), ..find("outside.example") };
        let page = outbox(&stage, query).await;
        assert!(page.rows.iter().all(|row| row.state == state), "{state:?}");
        page.rows.iter().map(|row| row.id.0).collect::<Vec<_>>()
    };
    assert_eq!(shown(MailState::Failed).await, [ids[0]]);
    assert_eq!(shown(MailState::Bounced).await, [ids[1], ids[2]]);
    // What failed once comes first.
    assert_eq!(shown(MailState::Waiting).await, [ids[4], ids[3]]);
    assert_eq!(shown(MailState::Sent).await[0], ids[5]);
    let paid = stage.count("select count(*) as number from mail where kind = 'order_paid'").await;
    let query = OutboxQuery { kind: Some(MailKind::OrderPaid), ..OutboxQuery::default() };
    let page = outbox(&stage, query).await;
    assert_eq!(page.rows[0].id.0, ids[0], "what was given up comes first");
    assert_eq!((page.total, page.counted), (paid, COUNTED));
}
