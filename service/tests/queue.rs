//! The operators' side: queue, deliveries, incidents, outbox, policies (rules 1, 5, 13 to 16).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::future::Future;
use std::pin::Pin;

use common::{Engine, Stage, stage};
use domain::ids::{CatalogueDraftId, MailId, ServiceRequestId};
use domain::policy::{AssignRoles, DoubleHolding, SupportEdition};
use domain::view::also_waiting::{ROWS, WaitingGroup, WaitingKind, WaitingPlace};
use domain::view::operator::{
    ItemFacts, MailState, OutboxQuery, OwnerFilter, PAGE_ROWS, QueueQuery, QueueSort, TargetFilter,
    WantedOwner,
};
use domain::view::requests::{RequestKind, RequestState};
use domain::{ErrorCode, Field, Language, Role};
use rstest::rstest;
use service::catalogue::drafts::{self, BeginDraft, WantedDraft};
use service::catalogue::edit::{Amount, Edit};
use service::catalogue::publish::{Publish, publish};
use service::keys::threshold::{self, SetThreshold, tell_low};
use service::outbox::{Mailer, Message, Undelivered, deliver_due};
use service::queue::bounce::{self, MarkBounced};
use service::queue::complete::{self, CompleteActivation};
use service::queue::outbox_list;
use service::queue::policies_edit::{self, SavePolicies};
use service::queue::record_use::{self, RecordDelivery, RecordIncident};
use service::queue::refuse::{Refuse, refuse};
use service::queue::take::take;
use service::queue::{Wanted, list};
use service::requests::global_admin;
use service::{Actor, Failure, Request, policies, sql};

const GOLD: &str = "fernhollow.example";
const PACK: &str = "kestrelash.example";
const AGENT: &str = "marisa.talvinen@northlight.example";
const OTHER_AGENT: &str = "ruoxi.ding@northlight.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const CATALOGUE_MANAGER: &str = "henrik.solvang@northlight.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";
const ULLA: &str = "ulla.brennmark@kestrelash.example";
const YANCHU: &str = "yanchu.gu@chenghu.example";

/// The open request of a company of a kind; where there are several, the first by number.
async fn wanted(stage: &Stage, domain: &str, kind: &str) -> Wanted {
    let text = "select r.id from service_request r join organization o on o.id = r.organization_id
        where o.domain = $1 and r.kind = $2 and r.open order by r.number limit 1";
    let id = stage.id(text, [domain.into(), kind.into()]).await;
    again(stage, Wanted { request: ServiceRequestId(id), version: 0 }).await
}

/// The same request as it stands now.
async fn again(stage: &Stage, wanted: Wanted) -> Wanted {
    let text = "select row_version as number from service_request where id = $1";
    let values = [wanted.request.0.into()];
    let version = sql::number(stage.service.database.reader(), text, values).await.expect("a version");
    Wanted { version, ..wanted }
}

fn ids(wanted: Wanted) -> CompleteActivation {
    CompleteActivation {
        wanted,
        access_id: "482 016 357".to_owned(),
        contract_id: "730915264".to_owned(),
        starts: "2026-11-20".to_owned(),
        expires: "2027-10-01".to_owned(),
    }
}

async fn finish(stage: &Stage, who: &Request, input: CompleteActivation) -> Result<i64, Failure> {
    complete::activation(&stage.service, who, stage.operation(), input).await
}

async fn deliver(stage: &Stage, who: &Request, wanted: Wanted, hours: &str) -> Result<i64, Failure> {
    let input = RecordDelivery {
        wanted: again(stage, wanted).await,
        hours: hours.to_owned(),
        note: "Design review".to_owned(),
    };
    record_use::delivery(&stage.service, who, stage.operation(), input).await
}

#[rstest]
#[tokio::test]
async fn rule_13_only_an_operator_who_works_the_queue_completes_an_activation(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let wanted = wanted(&stage, PACK, "activation").await;
    for partner in [ULLA, "piet.zanderling@kestrelash.example"] {
        let who = stage.person(partner).await;
        assert!(finish(&stage, &who, ids(wanted)).await.expect_err("rule 1").is(ErrorCode::WrongSide));
        let taken = take(&stage.service, &who, stage.operation(), wanted).await;
        assert!(taken.expect_err("rule 1").is(ErrorCode::WrongSide));
    }
    for operator in [CATALOGUE_MANAGER, AUDITOR] {
        let who = stage.operator(operator).await;
        let refused = finish(&stage, &who, ids(wanted)).await.expect_err("no right").told();
        assert_eq!(refused.code, ErrorCode::RoleNeeded);
        assert!(!refused.operator_roles.is_empty());
    }
    let agent = stage.operator(AGENT).await;
    let nine = |access: &str, contract: &str| CompleteActivation {
        access_id: access.to_owned(),
        contract_id: contract.to_owned(),
        ..ids(wanted)
    };
    for (input, field, code) in [
        (nine("4820163", "730915264"), Field::AccessId, ErrorCode::NineDigits),
        (nine("", "730915264"), Field::AccessId, ErrorCode::Required),
        (nine("482016357", ""), Field::ContractId, ErrorCode::Required),
        (
            CompleteActivation { expires: "2026-02-30".to_owned(), ..ids(wanted) },
            Field::Expires,
            ErrorCode::MalformedDate,
        ),
        (CompleteActivation { starts: String::new(), ..ids(wanted) }, Field::Starts, ErrorCode::Required),
        (
            CompleteActivation { expires: "2026-11-19".to_owned(), ..ids(wanted) },
            Field::Expires,
            ErrorCode::DateOrder,
        ),
    ] {
        let refused = finish(&stage, &agent, input).await.expect_err("refused").told();
        assert!(refused.of(field).is_some_and(|fault| fault.code == code), "{refused:?}");
    }
    let open = again(&stage, wanted).await;
    assert_eq!(open.version, wanted.version, "nothing half-written");
    let number = finish(&stage, &agent, ids(wanted)).await.expect("completed");
    assert!(number > 20_400);
    let grant = stage.grant(PACK, "product_support_incidents", "action_pack").await;
    let active = "select count(*) as number from benefit_grant where id = $1 and activation_state = 'active'";
    let active = sql::number(stage.service.database.reader(), active, [grant.0.into()]).await.expect("reads");
    assert_eq!(active, 1);
    let mails = stage.mails(ULLA).await;
    let mail = mails.iter().rfind(|mail| mail.kind == "technical_active").expect("the requester is told");
    let steps = stage.instructions("product_support_incidents", &mail.language).await;
    assert!(steps.iter().all(|step| mail.body.contains(step.as_str())), "{}", mail.body);
    assert!(!mail.body.contains("482016357") && !mail.body.contains("482 016 357"));
    let leaked = "select (select count(*) from audit_event where after_state like '%482016357%')
        + (select count(*) from operation where outcome like '%482016357%') as number";
    assert_eq!(stage.count(leaked).await, 0);
    let twice = finish(&stage, &agent, ids(wanted)).await.expect_err("once");
    assert!(twice.is(ErrorCode::AlreadyDecided));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_operators_never_both_complete_one_request(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let wanted = wanted(&stage, PACK, "activation").await;
    let operators = [stage.operator(AGENT).await, stage.operator(OTHER_AGENT).await];
    let mut running = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (service, operation) = (stage.service.clone(), stage.operation());
        let who = operators[number % 2].clone();
        running.spawn(async move {
            if number % 4 < 2 {
                complete::activation(&service, &who, operation, ids(wanted)).await
            } else {
                refuse(&service, &who, operation, Refuse { wanted, reason: "No.".to_owned() }).await
            }
        });
    }
    let mut done = 0;
    while let Some(result) = running.join_next().await {
        match result.expect("no panic") {
            Ok(_) => done += 1,
            Err(failure) => assert!(failure.is(ErrorCode::AlreadyDecided), "{failure}"),
        }
    }
    assert_eq!(done, 1);
    let mails = stage.mails(ULLA).await;
    let told =
        mails.iter().filter(|mail| ["technical_active", "activation_refused"].contains(&mail.kind.as_str()));
    assert_eq!(told.count(), 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_taken_request_is_its_owners_and_an_older_form_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (agent, other) = (stage.operator(AGENT).await, stage.operator(OTHER_AGENT).await);
    let wanted = wanted(&stage, PACK, "activation").await;
    take(&stage.service, &agent, stage.operation(), wanted).await.expect("taken");
    let stale = finish(&stage, &other, ids(wanted)).await.expect_err("older than the row");
    assert!(stale.is(ErrorCode::Stale));
    let query = QueueQuery { open: Some(wanted.request), ..QueueQuery::default() };
    let page = list::page(&stage.service, &agent, Language::English, &query).await.expect("a page");
    let item = page.item.expect("open");
    assert!(item.row.mine && item.row.state == RequestState::Processing);
    assert!(matches!(&item.facts, ItemFacts::Activation(facts) if facts.needs_ids && !facts.marketing));
    let page = list::page(&stage.service, &other, Language::English, &query).await.expect("a page");
    let item = page.item.expect("open");
    assert!(!item.row.mine);
    assert_eq!(item.row.owner.as_deref(), Some("Marisa Talvinen"));
    let now = again(&stage, wanted).await;
    take(&stage.service, &other, stage.operation(), now).await.expect("taken over");
    let missing = Wanted { request: ServiceRequestId(stage.service.new_id()), version: 1 };
    let nothing = take(&stage.service, &other, stage.operation(), missing).await.expect_err("nothing");
    assert!(nothing.is(ErrorCode::NotFound));
    let advisory =
        complete::advisory(&stage.service, &other, stage.operation(), again(&stage, wanted).await).await;
    assert!(advisory.expect_err("an activation").is(ErrorCode::WrongKind));
}

#[rstest]
#[tokio::test]
async fn rule_15_hours_are_deducted_when_a_delivery_is_recorded(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    let wanted = wanted(&stage, PACK, "advisory").await;
    let query = QueueQuery { open: Some(wanted.request), ..QueueQuery::default() };
    let item = || async {
        let page = list::page(&stage.service, &agent, Language::English, &query).await.expect("a page");
        match page.item.expect("open").facts {
            ItemFacts::Advisory(facts) => *facts,
            other => panic!("{other:?}"),
        }
    };
    let before = item().await;
    assert_eq!(before.draft.title, "Moving 40 mailboxes");
    let left = before.left.expect("a limit");
    assert!(left >= 2, "{left}");
    deliver(&stage, &agent, wanted, "1").await.expect("recorded");
    deliver(&stage, &agent, wanted, "1").await.expect("and more");
    let after = item().await;
    assert_eq!(after.left, Some(left - 2));
    assert_eq!(
        after.deliveries.iter().map(|of| (of.hours, of.note.as_str())).collect::<Vec<_>>(),
        [(1, "Design review"), (1, "Design review"),]
    );
    let too_much =
        deliver(&stage, &agent, wanted, &(left - 1).to_string()).await.expect_err("too much").told();
    assert_eq!((too_much.code, too_much.number), (ErrorCode::BalanceTooLow, Some(left - 2)));
    for (hours, code) in [
        ("0", ErrorCode::MalformedNumber),
        ("x", ErrorCode::MalformedNumber),
        ("26", ErrorCode::EngagementTooLong),
        ("24", ErrorCode::EngagementTooLong),
    ] {
        let refused = deliver(&stage, &agent, wanted, hours).await.expect_err("refused").told();
        assert!(refused.of(Field::Hours).is_some_and(|fault| fault.code == code), "{hours}: {refused:?}");
    }
    assert_eq!(item().await.left, Some(left - 2));

    // A re-sent form has one effect.
    let operation = stage.operation();
    if left > 2 {
        let input = RecordDelivery {
            wanted: again(&stage, wanted).await,
            hours: "1".to_owned(),
            note: "Once".to_owned(),
        };
        for _ in 0..2 {
            record_use::delivery(&stage.service, &agent, operation.clone(), input.clone())
                .await
                .expect("once");
        }
        assert_eq!(item().await.left, Some(left - 3));
    }
    let number = complete::advisory(&stage.service, &agent, stage.operation(), again(&stage, wanted).await)
        .await
        .expect("completed");
    let mails = stage.mails(ULLA).await;
    assert!(mails.iter().any(|mail| mail.kind == "hours_recorded" && mail.body.contains("Design review")));
    let done = mails.iter().rfind(|mail| mail.kind == "advisory_completed").expect("told");
    assert!(done.subject.contains(&number.to_string()));
    let late = deliver(&stage, &agent, wanted, "1").await.expect_err("completed");
    assert!(late.is(ErrorCode::AlreadyDecided));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_14_a_balance_falls_when_an_operator_records_incidents(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    let grant = stage.grant(GOLD, "product_support_incidents", "gold_core").await;
    let find = |company: &str| QueueQuery { company: company.to_owned(), ..QueueQuery::default() };
    let page = list::page(&stage.service, &agent, Language::English, &find("FERNH")).await.expect("a page");
    let offered = page.incidents.expect("looked for");
    let before = offered.iter().find(|of| of.id == grant).expect("offered").left.expect("a limit");
    let page = list::page(&stage.service, &agent, Language::English, &find("no such company"))
        .await
        .expect("a page");
    assert_eq!(page.incidents.map(|grants| grants.len()), Some(0));
    let record = |who: Request, grant, incidents: &str| {
        let input =
            RecordIncident { grant, incidents: incidents.to_owned(), note: "Mail queue stuck".to_owned() };
        let (stage, operation) = (&stage, stage.operation());
        async move { record_use::incident(&stage.service, &who, operation, input).await }
    };
    assert_eq!(record(agent.clone(), grant, "2").await.expect("recorded"), Some(before - 2));
    let too_many = record(agent.clone(), grant, &before.to_string()).await.expect_err("too many").told();
    assert_eq!((too_many.code, too_many.number), (ErrorCode::BalanceTooLow, Some(before - 2)));
    let hours = stage.grant(GOLD, "advisory_hours", "gold_core").await;
    assert!(record(agent.clone(), hours, "1").await.expect_err("hours").is(ErrorCode::WrongKind));
    let nothing = domain::ids::GrantId(stage.service.new_id());
    assert!(record(agent.clone(), nothing, "1").await.expect_err("nothing").is(ErrorCode::NotFound));
    for count in ["0", "-1", "1.5", ""] {
        let refused = record(agent.clone(), grant, count).await.expect_err("refused").told();
        assert!(refused.of(Field::Quantity).is_some(), "{count}");
    }
    let auditor = stage.operator(AUDITOR).await;
    assert!(record(auditor, grant, "1").await.expect_err("reads only").is(ErrorCode::RoleNeeded));
    let partner = stage.person("maren.tolvik@fernhollow.example").await;
    assert!(record(partner, grant, "1").await.expect_err("rule 1").is(ErrorCode::WrongSide));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn incidents_are_offered_of_companies_that_have_some_however_many_others_are_called_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let companies: Vec<String> = (0..300)
        .map(|number| {
            let id = stage.literal(stage.service.new_id());
            format!(
                "({id}, 'Aardvark Systems {number}', 'aardvark systems {number}', 'aardvark{number}.example',
                    'a@aardvark{number}.example', 'UTC', 'en', 'network', true, 0)"
            )
        })
        .collect();
    stage
        .sql(&format!(
            "insert into organization (id, name, name_key, domain, account_email, time_zone, language, tier,
                setup_finished, created_at) values {}",
            companies.join(", ")
        ))
        .await;
    let grant = stage.grant(GOLD, "product_support_incidents", "gold_core").await;
    let agent = stage.operator(AGENT).await;
    let query = QueueQuery { company: "SYSTEMS".to_owned(), ..QueueQuery::default() };
    let page = list::page(&stage.service, &agent, Language::English, &query).await.expect("a page");
    let offered = page.incidents.expect("looked for");
    assert!(offered.iter().any(|of| of.id == grant), "{offered:?}");
}

#[rstest]
#[tokio::test]
async fn a_refusal_has_a_reason_that_goes_out_in_the_readers_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    let wanted_advisory = wanted(&stage, "chenghu.example", "advisory").await;
    let no = |wanted, reason: &str| Refuse { wanted, reason: reason.to_owned() };
    for reason in ["", "   "] {
        let refused = refuse(&stage.service, &agent, stage.operation(), no(wanted_advisory, reason)).await;
        let refused = refused.expect_err("a reason").told();
        assert!(refused.of(Field::Reason).is_some_and(|fault| fault.code == ErrorCode::ReasonNeeded));
    }
    let reason = "<script>alert(1)</script> 请先升级。";
    refuse(&stage.service, &agent, stage.operation(), no(wanted_advisory, reason)).await.expect("refused");
    let mails = stage.mails(YANCHU).await;
    let mail = mails.iter().rfind(|mail| mail.kind == "advisory_refused").expect("told");
    assert_eq!(mail.language, "zh-Hans");
    assert!(mail.body.contains(reason) && mail.body.contains("原因"), "{}", mail.body);
    let query = QueueQuery { open: Some(wanted_advisory.request), ..QueueQuery::default() };
    let page = list::page(&stage.service, &agent, Language::English, &query).await.expect("a page");
    let item = page.item.expect("decided rows open too");
    assert!(!item.row.open && item.row.state == RequestState::Refused);
    assert_eq!(item.reason.as_deref(), Some(reason));
    let activation = wanted(&stage, PACK, "activation").await;
    refuse(&stage.service, &agent, stage.operation(), no(activation, "No.")).await.expect("refused");
    assert!(stage.mails(ULLA).await.iter().any(|mail| mail.kind == "activation_refused"));
    let cancellation = wanted(&stage, "chenghu.example", "cancellation").await;
    let refused = refuse(&stage.service, &agent, stage.operation(), no(cancellation, "No.")).await;
    assert!(refused.expect_err("a refund").is(ErrorCode::RoleNeeded));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_05_operators_make_the_first_global_admin_and_only_the_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let domain = "chienyuan.example";
    let (email, second) = ("chiao.fanchiang@chienyuan.example", "yuhsi.cheng@chienyuan.example");
    let admin = stage.person_id("yunting.yeh@chienyuan.example", domain).await;
    stage
        .run("delete from person_role where person_id = $1 and role = 'global_admin'", [admin.0.into()])
        .await;
    for who in [email, second] {
        global_admin::ask(&stage.service, &stage.person(who).await, stage.operation()).await.expect("asked");
    }
    let agent = stage.operator(AGENT).await;
    let first = wanted(&stage, domain, "global_admin").await;
    let auditor = stage.operator(AUDITOR).await;
    let refused = complete::global_admin(&stage.service, &auditor, stage.operation(), first).await;
    assert!(refused.expect_err("reads only").is(ErrorCode::RoleNeeded));
    complete::global_admin(&stage.service, &agent, stage.operation(), first).await.expect("approved");
    let holders = [email, second];
    let mut granted = 0;
    for who in holders {
        let request = stage.person(who).await;
        granted += i32::from(matches!(&request.actor, Actor::Person(of) if of.roles.has(Role::GlobalAdmin)));
    }
    assert_eq!(granted, 1);
    let next = wanted(&stage, domain, "global_admin").await;
    let refused = complete::global_admin(&stage.service, &agent, stage.operation(), next).await;
    let refused = refused.expect_err("has one now").told();
    assert_eq!(refused.code, ErrorCode::WrongState);
    assert_eq!(refused.colleagues.len(), 1);
    let no = Refuse { wanted: next, reason: "A colleague decides.".to_owned() };
    refuse(&stage.service, &agent, stage.operation(), no).await.expect("refused");
    let kinds =
        "select count(*) as number from mail where kind in ('global_admin_granted', 'global_admin_refused')";
    assert_eq!(stage.count(kinds).await, 2);
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn the_queue_is_filtered_sorted_and_counted_by_the_database(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    let ask = |query: QueueQuery| {
        let (stage, agent) = (&stage, &agent);
        async move { list::page(&stage.service, agent, Language::English, &query).await.expect("a page") }
    };
    let all = ask(QueueQuery::default()).await;
    assert_eq!(all.total, all.open);
    assert!(all.total > 8 && all.rows.len() as i64 == all.total.min(i64::from(PAGE_ROWS)));
    assert!(all.rows.windows(2).all(|pair| pair[0].target <= pair[1].target), "by target");
    let late = ask(QueueQuery { target: Some(TargetFilter::Late), ..QueueQuery::default() }).await;
    assert_eq!(late.total, all.late);
    assert!(late.rows.iter().all(|row| row.target_days < 0));
    let nobody =
        ask(QueueQuery { owner: Some(WantedOwner::Filter(OwnerFilter::Nobody)), ..QueueQuery::default() })
            .await;
    assert!(nobody.rows.iter().all(|row| row.owner.is_none()) && nobody.total > 0);
    let mine =
        ask(QueueQuery { owner: Some(WantedOwner::Filter(OwnerFilter::Me)), ..QueueQuery::default() }).await;
    assert_eq!(mine.total, all.mine);
    for kind in [RequestKind::Activation, RequestKind::Advisory, RequestKind::Cancellation] {
        let page = ask(QueueQuery { kind: Some(kind), ..QueueQuery::default() }).await;
        assert!(page.total > 0 && page.rows.iter().all(|row| row.kind == kind));
        // What is named by a case says which benefit it is about; the others are named by it.
        let named = kind == RequestKind::Advisory;
        assert!(page.rows.iter().all(|row| row.benefit.is_some() == named), "{:?}", page.rows);
    }
    let wanted = all.rows.first().expect("a row").number.to_string();
    let found = ask(QueueQuery { find: wanted, ..QueueQuery::default() }).await;
    assert_eq!(found.total, 1);
    let found = ask(QueueQuery { find: "KESTREL".to_owned(), ..QueueQuery::default() }).await;
    assert!(found.total > 0 && found.rows.iter().all(|row| row.organization.starts_with("Kestrel")));
    for sort in QueueSort::ALL {
        let way = |descending| QueueQuery { sort: *sort, descending, ..QueueQuery::default() };
        let up: Vec<i64> = ask(way(false)).await.rows.iter().map(|row| row.number).collect();
        let down: Vec<i64> = ask(way(true)).await.rows.iter().map(|row| row.number).collect();
        assert_ne!(up, down, "{sort:?}");
        assert_eq!(up.len(), down.len());
    }
    for (email, allowed) in [(PROGRAMME_ADMIN, true), (AUDITOR, true), (CATALOGUE_MANAGER, false)] {
        let who = stage.operator(email).await;
        let page = list::page(&stage.service, &who, Language::English, &QueueQuery::default()).await;
        assert_eq!(page.is_ok(), allowed, "{email}");
        if let Ok(page) = page {
            assert_eq!(page.why_not.is_none(), email == PROGRAMME_ADMIN, "{email}");
        }
    }
    let partner = stage.person(ULLA).await;
    let page = list::page(&stage.service, &partner, Language::English, &QueueQuery::default()).await;
    assert!(page.expect_err("rule 1").is(ErrorCode::WrongSide));
}

/// Refuses every mail.
struct Broken;

impl Mailer for Broken {
    fn send<'a>(
        &'a self,
        _: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>> {
        Box::pin(async { Err("550 mailbox unavailable".to_owned().into()) })
    }
}

/// Takes every mail.
struct Working;

impl Mailer for Working {
    fn send<'a>(
        &'a self,
        _: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>> {
        Box::pin(async { Ok(()) })
    }
}

#[rstest]
#[tokio::test]
async fn the_outbox_shows_what_failed_first_and_sends_it_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    let refusal = Refuse { wanted: wanted(&stage, PACK, "activation").await, reason: "No.".to_owned() };
    refuse(&stage.service, &agent, stage.operation(), refusal).await.expect("a mail");
    for _ in 0..service::outbox::MAX_ATTEMPTS {
        deliver_due(&stage.service, &Broken).await.expect("tries");
        stage.clock.move_days(1);
    }
    // More mail, delivered, waiting: over several pages.
    for number in 0..70_i64 {
        let id = stage.service.new_id();
        let state = if number % 2 == 0 { "sent" } else { "waiting" };
        let text = "insert into mail (id, kind, recipient, language, subject, subject_key, body, state, attempts, next_attempt_at, created_at)
            values ($1, 'invitation', $2, 'en', 'Subject', 'subject', 'Body', $3, 0, $4, $4)";
        let recipient = format!("extra{number}@new.example");
        let now = stage.service.now().0;
        stage.run(text, [id.into(), recipient.into(), state.into(), now.into()]).await;
        stage.clock.move_seconds(1);
    }
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let mut query = OutboxQuery::default();
    let mut seen = Vec::new();
    let first = loop {
        let page = outbox_list::page(&stage.service, &admin, &query).await.expect("a page");
        seen.extend(page.rows.iter().map(|row| (row.id, row.state)));
        match page.next {
            Some(next) => query.after = Some(next),
            None => {
                assert_eq!(seen.len() as i64, page.total);
                query.after = None;
                break outbox_list::page(&stage.service, &admin, &query).await.expect("a page");
            }
        }
    };
    let mut distinct: Vec<MailId> = seen.iter().map(|(id, _)| *id).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), seen.len());
    let order: Vec<MailState> = seen.iter().map(|(_, state)| *state).collect();
    assert!(order.is_sorted_by_key(|state| MailState::ALL.iter().position(|of| of == state)), "{order:?}");
    assert!(first.failed >= 1);
    let failed = first.rows.first().expect("the failed one");
    assert_eq!(failed.state, MailState::Failed);
    assert_eq!(failed.attempts, service::outbox::MAX_ATTEMPTS);
    assert_eq!(failed.last_error.as_deref(), Some("550 mailbox unavailable"));

    let auditor = stage.operator(AUDITOR).await;
    let page = outbox_list::page(&stage.service, &auditor, &query).await.expect("reads");
    assert!(page.why_not.is_some());
    let again = |who: Request, mail| {
        let (stage, operation) = (&stage, stage.operation());
        async move { outbox_list::send_again(&stage.service, &who, operation, mail).await }
    };
    assert!(again(auditor, failed.id).await.expect_err("reads only").is(ErrorCode::RoleNeeded));
    assert!(again(agent.clone(), failed.id).await.expect_err("reads no mail").is(ErrorCode::RoleNeeded));
    let unread = outbox_list::page(&stage.service, &agent, &query).await.expect_err("reads no mail");
    assert!(unread.is(ErrorCode::RoleNeeded));
    again(admin.clone(), failed.id).await.expect("again");
    while deliver_due(&stage.service, &Working).await.expect("delivers") > 0 {}
    let sent = OutboxQuery { find: ULLA.to_owned(), state: Some(MailState::Sent), ..OutboxQuery::default() };
    let page = outbox_list::page(&stage.service, &admin, &sent).await.expect("a page");
    assert!(
        page.rows.iter().any(|row| row.id == failed.id && row.sent.is_some() && row.last_error.is_none())
    );
    assert!(again(admin.clone(), failed.id).await.expect_err("sent").is(ErrorCode::WrongState));
    let nothing = MailId(stage.service.new_id());
    assert!(again(admin, nothing).await.expect_err("nothing").is(ErrorCode::NotFound));
}

#[rstest]
#[tokio::test]
async fn programme_admins_change_policies_and_every_change_is_on_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let page = policies_edit::page(&stage.service, &admin).await.expect("a page");
    assert!(page.why_not.is_none());
    let save = |who: Request, version, values: &[(&str, &str)]| {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (stage, operation) = (&stage, stage.operation());
        async move { policies_edit::save(&stage.service, &who, operation, SavePolicies { values, version }).await }
    };
    for (name, value) in [
        ("assign_roles", "everybody"),
        ("reassign_lock_days", "366"),
        ("reassign_lock_days", "-1"),
        ("reassign_lock_days", "x"),
        ("unknown", "1"),
    ] {
        let refused = save(admin.clone(), page.version, &[("double_holding", "allow"), (name, value)]).await;
        assert!(refused.expect_err("refused").told().of(Field::Policy).is_some(), "{name} {value}");
    }
    let in_force = || async { policies::in_force(stage.service.database.reader()).await.expect("policies") };
    assert_eq!(in_force().await, page.policies, "nothing half-written");
    let changes = [
        ("assign_roles", "partner_admin"),
        ("reassign_lock_days", "90"),
        ("double_holding", "refuse"),
        ("support_edition", "a"),
        ("reveal_counts_as_activation", "false"),
    ];
    for operator in [AGENT, CATALOGUE_MANAGER, AUDITOR] {
        let who = stage.operator(operator).await;
        let refused = save(who, page.version, &changes).await.expect_err("no right");
        assert!(refused.is(ErrorCode::RoleNeeded), "{operator}");
    }
    assert_eq!(save(admin.clone(), page.version, &changes).await.expect("saved"), 5);
    let now = in_force().await;
    assert_eq!(now.assign_roles, AssignRoles::PartnerAdmin);
    assert_eq!(now.reassign_lock_days, 90);
    assert_eq!(now.double_holding, DoubleHolding::Refuse);
    assert_eq!(now.support_edition, SupportEdition::A);
    assert!(!now.reveal_counts_as_activation);
    let events = "select count(*) as number from audit_event where action = 'policy_changed' and actor_kind = 'operator'";
    assert_eq!(stage.count(events).await, 5);
    let stale = save(admin.clone(), page.version, &[("support_edition", "b")]).await.expect_err("older");
    assert!(stale.is(ErrorCode::Stale));
    let version = policies_edit::page(&stage.service, &admin).await.expect("a page").version;
    assert_eq!(save(admin, version, &changes).await.expect("the same values"), 0);
    assert_eq!(stage.count(events).await, 5, "what stays isn't recorded");
    let auditor = stage.operator(AUDITOR).await;
    assert!(policies_edit::page(&stage.service, &auditor).await.expect("reads").why_not.is_some());
    let agent = stage.operator(AGENT).await;
    let refused = policies_edit::page(&stage.service, &agent).await.expect_err("reads the queue only");
    assert!(refused.is(ErrorCode::RoleNeeded));
    assert!(stage.audit_intact().await);
}

/// What else waits, as an operator sees it.
async fn also(stage: &Stage, who: &Request) -> Vec<WaitingGroup> {
    let page = list::page(&stage.service, who, Language::English, &QueueQuery::default()).await;
    page.expect("the queue").also
}

/// Of a kind: how many wait, and where those that are shown are done.
fn of_kind(groups: &[WaitingGroup], kind: WaitingKind) -> (i64, Vec<WaitingPlace>) {
    let group = groups.iter().find(|group| group.kind == kind);
    group.map_or((0, Vec::new()), |group| {
        (group.total, group.rows.iter().map(|row| row.place.clone()).collect())
    })
}

async fn wanted_draft(stage: &Stage, draft: CatalogueDraftId) -> WantedDraft {
    let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    WantedDraft { draft, version: found.row_version }
}

async fn begin_draft(stage: &Stage, who: &Request, title: &str) -> CatalogueDraftId {
    stage.clock.move_seconds(1);
    let input = BeginDraft { title: title.to_owned(), file: None };
    drafts::begin(&stage.service, who, stage.operation(), input).await.expect("a draft")
}

async fn change_draft(stage: &Stage, who: &Request, draft: CatalogueDraftId, seats: i64) {
    stage.clock.move_seconds(1);
    let key = ("visual_studio_enterprise".to_owned(), "gold_core".to_owned());
    let edit = Edit::Core(domain::Category::VisualStudio, [(key, Amount::Of(seats))].into(), [].into());
    let wanted = wanted_draft(stage, draft).await;
    drafts::change(&stage.service, who, stage.operation(), wanted, edit).await.expect("changed");
}

#[rstest]
#[tokio::test]
async fn a_draft_waits_beside_the_queue_for_a_second_person_who_had_no_hand_in_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let auditor = stage.operator(AUDITOR).await;
    let agent = stage.operator(AGENT).await;
    let drafts_of = async |who: &Request| of_kind(&also(&stage, who).await, WaitingKind::CatalogueDraft);
    let nothing = (0, Vec::new());
    let theirs = begin_draft(&stage, &manager, "Spring").await;
    change_draft(&stage, &manager, theirs, 11).await;
    assert_eq!(drafts_of(&admin).await, nothing, "one person is enough");

    stage.set_policy("catalogue_publication", "second_person").await;
    let place = WaitingPlace::Draft(theirs);
    assert_eq!(drafts_of(&admin).await, (1, vec![place.clone()]));
    stage.clock.move_days(3);
    let groups = also(&stage, &admin).await;
    let row = groups[0].rows.first().expect("the draft");
    assert_eq!((row.name.as_str(), row.age), ("Spring", 3));
    assert!(row.note.as_deref().is_some_and(|by| by.starts_with("Henrik Solvang")), "{row:?}");
    assert_eq!(drafts_of(&auditor).await, (1, vec![place.clone()]));
    assert!(also(&stage, &agent).await.is_empty(), "who doesn't read the catalogue");

    // Nobody changed it yet; and one that the reader changed waits for somebody else.
    begin_draft(&stage, &manager, "Nothing yet").await;
    assert_eq!(drafts_of(&admin).await, (1, vec![place.clone()]));
    let own = begin_draft(&stage, &admin, "Own").await;
    change_draft(&stage, &admin, own, 12).await;
    assert_eq!(drafts_of(&admin).await, (1, vec![place.clone()]));
    assert_eq!(
        drafts_of(&auditor).await,
        (2, vec![place.clone(), WaitingPlace::Draft(own)]),
        "the oldest first"
    );

    // Published, it waits no longer; what was begun before has to be brought up to date first.
    let input = Publish { wanted: wanted_draft(&stage, theirs).await, from: None, existing: false };
    assert_eq!(publish(&stage.service, &admin, stage.operation(), input).await.expect("published"), Some(2));
    assert_eq!(drafts_of(&auditor).await, nothing);
    let wanted = wanted_draft(&stage, own).await;
    drafts::bring_up_to_date(&stage.service, &manager, stage.operation(), wanted).await.expect("up to date");
    assert_eq!(drafts_of(&auditor).await, (1, vec![WaitingPlace::Draft(own)]));
    let wanted = wanted_draft(&stage, own).await;
    drafts::withdraw(&stage.service, &manager, stage.operation(), wanted).await.expect("withdrawn");
    assert_eq!(drafts_of(&auditor).await, nothing);
}

#[rstest]
#[tokio::test]
async fn a_pool_that_runs_low_waits_beside_the_queue_until_it_is_full_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let set = async |threshold: &str, version| {
        let product = "visio_professional".to_owned();
        let input = SetThreshold { product, threshold: threshold.to_owned(), version };
        threshold::set(&stage.service, &admin, stage.operation(), input).await.expect("set");
        tell_low(&stage.service).await.expect("looked")
    };
    assert!(also(&stage, &admin).await.is_empty(), "nothing waits");
    assert_eq!(set("10000", 1).await, 1);
    for (who, sees) in [(PROGRAMME_ADMIN, true), (AUDITOR, true), (AGENT, false)] {
        let groups = also(&stage, &stage.operator(who).await).await;
        let place = WaitingPlace::KeyPool("visio_professional".to_owned());
        let expected = if sees { (1, vec![place]) } else { (0, Vec::new()) };
        assert_eq!(of_kind(&groups, WaitingKind::KeyPool), expected, "{who}");
        assert!(groups.iter().flat_map(|group| &group.rows).all(|row| row.name.contains("Visio")));
    }
    set("0", 2).await;
    assert!(also(&stage, &admin).await.is_empty(), "full again");
    // Of many a few are shown, and all are counted.
    stage.run("update key_pool set low_since = 1", []).await;
    let pools = stage.count("select count(*) as number from key_pool").await;
    let (total, shown) = of_kind(&also(&stage, &admin).await, WaitingKind::KeyPool);
    assert_eq!((total, shown.len()), (pools, ROWS.min(usize::try_from(pools).expect("few"))));
}

/// Writes a mail in a state.
async fn write_mail(stage: &Stage, kind: &str, recipient: &str, state: &str) -> MailId {
    stage.clock.move_seconds(1);
    let id = stage.service.new_id();
    let text =
        "insert into mail (id, kind, recipient, recipient_key, language, subject, subject_key, body, state,
            attempts, next_attempt_at, created_at)
        values ($1, $2, $3, lower($3), 'zh-Hant', 'Subject', 'subject', 'Body', $4, 0, $5, $5)";
    let now = stage.service.now().0;
    stage.run(text, [id.into(), kind.into(), recipient.into(), state.into(), now.into()]).await;
    MailId(id)
}

#[rstest]
#[tokio::test]
async fn mail_that_failed_or_is_on_hold_waits_beside_the_queue_for_who_reads_mail(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let agent = stage.operator(AGENT).await;
    let auditor = stage.operator(AUDITOR).await;
    let failed_of = async |who: &Request| of_kind(&also(&stage, who).await, WaitingKind::FailedMail);
    let held_of = async |who: &Request| of_kind(&also(&stage, who).await, WaitingKind::HeldMail);
    let nothing = (0, Vec::new());
    assert_eq!(failed_of(&admin).await, nothing);
    let mut failed = Vec::new();
    for number in 0..=ROWS {
        let recipient = format!("Extra{number}@new.example");
        failed.push(write_mail(&stage, "invitation", &recipient, "failed").await);
    }
    stage.clock.move_days(2);
    let places: Vec<WaitingPlace> = failed.iter().map(|mail| WaitingPlace::Mail(*mail)).collect();
    let all = i64::try_from(failed.len()).expect("few");
    for who in [&admin, &auditor] {
        assert_eq!(failed_of(who).await, (all, places[..ROWS].to_vec()), "the oldest first");
    }
    let row = also(&stage, &admin).await[0].rows[0].clone();
    assert_eq!((row.note.as_deref(), row.age), (Some("Extra0@new.example"), 2));
    assert_eq!(row.language, Some(Language::TraditionalChinese));
    assert!(also(&stage, &agent).await.is_empty(), "who doesn't read mail");

    // Sent again, or said to have come back, it waits no longer.
    outbox_list::send_again(&stage.service, &admin, stage.operation(), failed[0]).await.expect("again");
    assert_eq!(failed_of(&admin).await, (all - 1, places[1..].to_vec()));
    let input = MarkBounced { mail: failed[1], reason: "No such mailbox".to_owned() };
    let address = bounce::mark(&stage.service, &admin, stage.operation(), input).await.expect("marked");
    assert_eq!(failed_of(&admin).await, (all - 2, places[2..].to_vec()));

    // Its address waits for somebody once a mail waits for it, but for mail that goes out all the same.
    assert_eq!(held_of(&admin).await, nothing);
    write_mail(&stage, "password_reset", &address, "waiting").await;
    write_mail(&stage, "invitation", &address, "sent").await;
    write_mail(&stage, "invitation", "elsewhere@new.example", "waiting").await;
    assert_eq!(held_of(&admin).await, nothing);
    for _ in 0..2 {
        write_mail(&stage, "invitation", &address, "waiting").await;
    }
    let held = (1, vec![WaitingPlace::Address("extra1@new.example".to_owned())]);
    assert_eq!(held_of(&admin).await, held, "an address once");
    assert_eq!(held_of(&auditor).await, held);
    assert_eq!(held_of(&agent).await, nothing);
    bounce::clear(&stage.service, &admin, stage.operation(), failed[1]).await.expect("cleared");
    assert_eq!(held_of(&admin).await, nothing);
}

#[tokio::test]
async fn what_waits_beside_the_queue_is_found_by_indexes() {
    let stage = stage(Engine::Sqlite).await;
    for (query, index) in [
        (
            "select d.id from catalogue_draft d where d.state = 'draft'
                and d.base_version = (select catalogue_version from programme where id = 1)
                and exists (select 1 from catalogue_editor e where e.catalogue_draft_id = d.id)
            order by d.changed_at, d.id limit 3",
            "catalogue_draft_open (base_version=?)",
        ),
        (
            "select k.id from key_pool k where k.low_since is not null order by k.low_since, k.id limit 3",
            "key_pool_low",
        ),
        (
            "select m.id from mail m where (case when m.state = 'failed' and m.bounced_at is null then 0
                when m.state = 'waiting' and m.attempts > 0 then 1 when m.state = 'waiting' then 2 else 3 end) = 0
            order by m.id limit 3",
            "mail_by_place (<expr>=?)",
        ),
        (
            "select a.address_key from bouncing_address a where exists (select 1 from mail
                where mail.recipient_key = a.address_key and mail.state = 'waiting')
            order by a.since, a.address_key limit 3",
            "mail_waiting_by_recipient (recipient_key=?)",
        ),
    ] {
        let plan = stage.plan(query).await;
        assert!(plan.contains(index), "{query}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{query}: {plan}");
    }
}
