//! Working the queue: several requests at once, who has what, saved views, filters, what is planned.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::benefit::Category;
use domain::ids::{AccountId, OrganizationId, QueueViewId, ServiceRequestId};
use domain::queue::NextStep;
use domain::view::operator::{
    ItemFacts, OwnerFilter, PAGE_ROWS, QueuePage, QueuePlace, QueueQuery, QueueSort, StateFilter, WantedOwner,
};
use domain::view::requests::{RequestKind, RequestState, RequestsQuery};
use domain::{AuditAction, ErrorCode, Field, Language};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::queue::assign::{Handover, hand_over};
use service::queue::bulk::{self, Together};
use service::queue::plan::{self, PlanAdvisory};
use service::queue::take::take;
use service::queue::views::{self, SaveView, VIEWS_MAX};
use service::queue::{Wanted, list};
use service::{Failure, Request, requests, sql};
use uuid::Uuid;

const GOLD: &str = "fernhollow.example";
const REQUESTER: &str = "priyanka.oyelaran@fernhollow.example";
const AGENT: &str = "marisa.talvinen@northlight.example";
const OTHER_AGENT: &str = "ruoxi.ding@northlight.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";
const CATALOGUE_MANAGER: &str = "henrik.solvang@northlight.example";

type Edit = fn(&mut PlanAdvisory);

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    row_version: i64,
    state: String,
    open: bool,
    owner_id: Option<Uuid>,
}

async fn row(stage: &Stage, request: ServiceRequestId) -> Row {
    let text = "select id, row_version, state, open, owner_id from service_request where id = $1";
    let row = sql::one::<Row>(stage.service.database.reader(), text, [request.0.into()]).await;
    row.expect("reads").expect("a request")
}

/// Every open request of a kind, by number.
async fn open(stage: &Stage, kind: &str) -> Vec<Wanted> {
    let text = "select id, row_version, state, open, owner_id from service_request
        where kind = $1 and open order by number";
    let rows = sql::all::<Row>(stage.service.database.reader(), text, [kind.into()]).await.expect("reads");
    rows.into_iter().map(|row| Wanted { request: row.id.into(), version: row.row_version }).collect()
}

async fn account(stage: &Stage, email: &str) -> AccountId {
    AccountId(stage.id("select id from account where email_key = $1", [email.into()]).await)
}

async fn page(stage: &Stage, who: &Request, query: QueueQuery) -> QueuePage {
    list::page(&stage.service, who, Language::English, &query).await.expect("a page")
}

async fn work(
    stage: &Stage,
    who: &Request,
    chosen: &[Wanted],
    together: Together,
) -> Result<Vec<bulk::Worked>, Failure> {
    bulk::work(&stage.service, who, &stage.operation(), chosen, &together).await
}

#[rstest]
#[tokio::test]
async fn several_requests_are_worked_at_once_and_each_has_its_own_outcome(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (agent, other) = (stage.operator(AGENT).await, stage.operator(OTHER_AGENT).await);
    let activations = open(&stage, "activation").await;
    let cancellation = open(&stage, "cancellation").await[0];
    assert!(activations.len() > 1, "the sample has some");
    let (meanwhile, free) = (activations[0], activations[1]);
    take(&stage.service, &other, stage.operation(), meanwhile).await.expect("taken meanwhile");
    let missing = Wanted { request: ServiceRequestId(stage.service.new_id()), version: 1 };
    let operation = stage.operation();
    let chosen = [meanwhile, free, cancellation, missing];
    let again = || bulk::work(&stage.service, &agent, &operation, &chosen, &Together::Take);
    let worked = again().await.expect("an answer for each");
    let codes: Vec<_> = worked.iter().map(|one| one.refused.as_ref().map(|error| error.code)).collect();
    let expected = [Some(ErrorCode::Stale), None, Some(ErrorCode::RoleNeeded), Some(ErrorCode::NotFound)];
    assert_eq!(codes, expected);
    assert_eq!(worked[0].with.as_deref(), Some("丁若溪"), "who has it meanwhile is named");
    assert!(worked[0].number.is_some() && worked[3].number.is_none());
    let own = account(&stage, AGENT).await;
    assert_eq!(row(&stage, free.request).await.owner_id, Some(own.0));
    assert_ne!(row(&stage, meanwhile.request).await.owner_id, Some(own.0));
    let version = row(&stage, free.request).await.row_version;
    let worked = again().await.expect("the same form again");
    assert!(worked[1].refused.is_none());
    assert_eq!(row(&stage, free.request).await.row_version, version, "done once");
    let denied = "select count(*) as number from audit_event where action = 'denied'";
    assert!(stage.count(denied).await > 0, "what the rights refused is on record");

    let now = Wanted { version, ..free };
    let worked = work(&stage, &agent, &[now], Together::Complete).await.expect("an answer");
    assert_eq!(worked[0].refused.as_ref().map(|error| error.code), Some(ErrorCode::WrongKind));
    for (chosen, together, field, code) in [
        (vec![], Together::Take, Field::Requests, ErrorCode::Required),
        (vec![now; PAGE_ROWS as usize + 1], Together::Take, Field::Requests, ErrorCode::TooManyChosen),
        (vec![now], Together::Refuse(" ".to_owned()), Field::Reason, ErrorCode::ReasonNeeded),
    ] {
        let error = work(&stage, &agent, &chosen, together).await.expect_err("refused").told();
        assert!(error.of(field).is_some_and(|fault| fault.code == code), "{error:?}");
    }
    for email in [AUDITOR, CATALOGUE_MANAGER] {
        let who = stage.operator(email).await;
        let refused = work(&stage, &who, &[now], Together::Take).await.expect_err("no right");
        assert!(refused.is(ErrorCode::RoleNeeded));
    }
    let partner = stage.person(REQUESTER).await;
    assert!(
        work(&stage, &partner, &[now], Together::Take).await.expect_err("rule 1").is(ErrorCode::WrongSide)
    );
    let refuse = Together::Refuse("Not this year.".to_owned());
    let worked = work(&stage, &agent, &[now], refuse).await.expect("an answer");
    assert!(worked[0].refused.is_none());
    let refused = row(&stage, free.request).await;
    assert_eq!((refused.state.as_str(), refused.open), ("refused", false));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_operators_who_complete_the_same_requests_complete_each_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let operators = [stage.operator(AGENT).await, stage.operator(OTHER_AGENT).await];
    let chosen = open(&stage, "advisory").await;
    assert!(!chosen.is_empty());
    let mut running = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (service, operation) = (stage.service.clone(), stage.operation());
        let (who, chosen) = (operators[number % 2].clone(), chosen.clone());
        running
            .spawn(async move { bulk::work(&service, &who, &operation, &chosen, &Together::Complete).await });
    }
    let mut done = 0;
    while let Some(result) = running.join_next().await {
        for one in result.expect("no panic").expect("an answer for each") {
            match one.refused {
                None => done += 1,
                Some(error) => assert_eq!(error.code, ErrorCode::AlreadyDecided, "{error:?}"),
            }
        }
    }
    assert_eq!(done, chosen.len());
    let completed = "select count(*) as number from audit_event where action = 'request_completed'";
    assert_eq!(stage.count(completed).await, i64::try_from(chosen.len()).expect("few"));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_request_goes_to_a_colleague_who_could_decide_it_and_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (agent, admin) = (stage.operator(AGENT).await, stage.operator(PROGRAMME_ADMIN).await);
    let other = account(&stage, OTHER_AGENT).await;
    let wanted = open(&stage, "activation").await[0];
    let hand = async |who: &Request, wanted: Wanted, handover| {
        let version = row(&stage, wanted.request).await.row_version;
        let wanted = Wanted { version, ..wanted };
        hand_over(&stage.service, who, stage.operation(), wanted, handover).await
    };
    if row(&stage, wanted.request).await.owner_id.is_some() {
        hand(&agent, wanted, Handover::Nobody).await.expect("given back");
    }
    for wrong in [AUDITOR, CATALOGUE_MANAGER, REQUESTER] {
        let to = Handover::To(account(&stage, wrong).await);
        let error = hand(&agent, wanted, to).await.expect_err(wrong).told();
        assert!(error.of(Field::Owner).is_some_and(|fault| fault.code == ErrorCode::UnknownChoice));
    }
    // A refund is nothing for an agent, whoever hands it over.
    let cancellation = open(&stage, "cancellation").await[0];
    assert!(hand(&admin, cancellation, Handover::To(other)).await.is_err());
    assert!(
        hand(&agent, cancellation, Handover::Nobody).await.expect_err("no right").is(ErrorCode::RoleNeeded)
    );
    assert!(hand(&agent, wanted, Handover::Nobody).await.expect_err("with nobody").is(ErrorCode::WrongState));
    hand(&agent, wanted, Handover::To(other)).await.expect("given");
    let now = row(&stage, wanted.request).await;
    assert_eq!((now.owner_id, now.state.as_str()), (Some(other.0), "processing"));
    let mark = hand(&agent, wanted, Handover::Processing).await;
    assert!(mark.expect_err("so already").is(ErrorCode::WrongState));
    hand(&agent, wanted, Handover::Nobody).await.expect("given back");
    let now = row(&stage, wanted.request).await;
    assert_eq!((now.owner_id, now.state.as_str()), (None, "requested"));
    hand(&agent, wanted, Handover::Processing).await.expect("marked");
    let now = row(&stage, wanted.request).await;
    assert_eq!((now.owner_id, now.state.as_str()), (None, "processing"));
    let stale = hand_over(&stage.service, &agent, stage.operation(), wanted, Handover::To(other)).await;
    assert!(stale.expect_err("older than the row").is(ErrorCode::Stale));
    let query = QueueQuery { open: Some(wanted.request), ..QueueQuery::default() };
    let history = page(&stage, &agent, query).await.item.expect("open").history;
    let done: Vec<_> = history.iter().map(|entry| format!("{:?}", entry.what)).collect();
    for action in [AuditAction::RequestAssigned, AuditAction::RequestReleased] {
        assert!(done.contains(&format!("Done({action:?})")), "{done:?}");
    }
}

#[rstest]
#[tokio::test]
async fn the_queue_is_filtered_by_state_person_category_and_company(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (agent, other) = (stage.operator(AGENT).await, stage.operator(OTHER_AGENT).await);
    let wanted = open(&stage, "activation").await[0];
    take(&stage.service, &other, stage.operation(), wanted).await.expect("taken");
    let theirs = WantedOwner::Person(account(&stage, OTHER_AGENT).await);
    let found = page(&stage, &agent, QueueQuery { owner: Some(theirs), ..QueueQuery::default() }).await;
    assert!(found.rows.iter().any(|row| row.id == wanted.request));
    assert!(found.rows.iter().all(|row| row.owner.as_deref() == Some("丁若溪")));
    let mine = Some(WantedOwner::Filter(OwnerFilter::Me));
    let found = page(&stage, &other, QueueQuery { owner: mine, ..QueueQuery::default() }).await;
    assert!(found.rows.iter().any(|row| row.id == wanted.request) && found.rows.iter().all(|row| row.mine));
    assert!(found.colleagues.iter().any(|one| one.name == "丁若溪"));
    assert!(
        found.colleagues.iter().all(|one| !one.name.starts_with("Bartholomew")),
        "an auditor doesn't work"
    );
    let all = page(&stage, &agent, QueueQuery::default()).await.total;
    let mut sum = 0;
    for (filter, state) in [
        (StateFilter::Requested, RequestState::Requested),
        (StateFilter::Processing, RequestState::Processing),
    ] {
        let found = page(&stage, &agent, QueueQuery { state: Some(filter), ..QueueQuery::default() }).await;
        assert!(found.total > 0 && found.rows.iter().all(|row| row.state == state), "{filter:?}");
        sum += found.total;
    }
    assert_eq!(sum, all);
    let answered = QueueQuery { state: Some(StateFilter::Answered), ..QueueQuery::default() };
    assert_eq!(page(&stage, &agent, answered.clone()).await.total, 0);
    stage.run("update service_request set answered_at = 1 where id = $1", [wanted.request.0.into()]).await;
    let found = page(&stage, &agent, answered).await;
    assert_eq!(found.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [wanted.request]);
    let technical = QueueQuery { category: Some(Category::Technical), ..QueueQuery::default() };
    let found = page(&stage, &agent, technical).await;
    let text = "select count(*) as number from service_request r join benefit_grant g on g.id = r.grant_id
        where r.open and g.category = 'technical'";
    assert_eq!(found.total, stage.count(text).await);
    assert!(found.total > 0 && found.total < all);
    let company = stage.id("select id from organization where domain = $1", [GOLD.into()]).await;
    let of_company = QueueQuery { organization: Some(OrganizationId(company)), ..QueueQuery::default() };
    let found = page(&stage, &agent, of_company).await;
    assert!(found.total > 0 && found.rows.iter().all(|row| row.organization_id.0 == company));
    assert_eq!(found.organization.as_ref(), found.rows.first().map(|row| &row.organization));
    let nothing =
        QueueQuery { organization: Some(OrganizationId(stage.service.new_id())), ..QueueQuery::default() };
    let missing = list::page(&stage.service, &agent, Language::English, &nothing).await;
    assert!(missing.expect_err("no such company").is(ErrorCode::NotFound));
}

#[rstest]
#[tokio::test]
async fn a_view_is_ones_own_until_it_is_shared(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let (agent, other) = (stage.operator(AGENT).await, stage.operator(OTHER_AGENT).await);
    let save = async |who: &Request, name: &str, query: &str, shared| {
        let input = SaveView { name: name.to_owned(), query: query.to_owned(), shared };
        views::save(&stage.service, who, stage.operation(), input).await
    };
    let listed = async |who: &Request| page(&stage, who, QueueQuery::default()).await.views;
    save(&agent, " Late ones ", "target=late", false).await.expect("saved");
    assert!(listed(&other).await.is_empty());
    let own = listed(&agent).await;
    assert_eq!(
        (own[0].name.as_str(), own[0].query.as_str(), own[0].by.as_deref()),
        ("Late ones", "target=late", None)
    );
    save(&agent, "LATE ONES", "target=late&sort=age", true).await.expect("replaced");
    save(&other, "Late ones", "owner=me&target=late", false).await.expect("everybody has names of their own");
    let seen = listed(&other).await;
    assert_eq!(seen.len(), 2);
    let theirs = seen.iter().find(|view| view.by.is_some()).expect("the shared one");
    assert_eq!((theirs.name.as_str(), theirs.by.as_deref()), ("LATE ONES", Some("Marisa Talvinen")));
    assert_eq!(listed(&agent).await.len(), 1, "the same name of one's own is one view");
    let remove = async |who: &Request, view: QueueViewId| {
        views::remove(&stage.service, who, stage.operation(), view).await
    };
    for view in [theirs.id, QueueViewId(stage.service.new_id())] {
        assert!(remove(&other, view).await.expect_err("not one's own").is(ErrorCode::NotFound));
    }
    remove(&agent, theirs.id).await.expect("removed");
    assert!(listed(&agent).await.is_empty());
    for (name, query, code) in [
        ("", "target=late", ErrorCode::Invalid),
        ("a\nb", "target=late", ErrorCode::Invalid),
        ("Fine", "target=late#x", ErrorCode::Invalid),
    ] {
        assert!(save(&agent, name, query, false).await.expect_err("refused").is(code), "{name:?} {query:?}");
    }
    for number in 0..VIEWS_MAX {
        save(&agent, &format!("View {number}"), "", false).await.expect("room for it");
    }
    let full = save(&agent, "One more", "", false).await.expect_err("full").told();
    assert!(full.of(Field::Name).is_some_and(|fault| fault.code == ErrorCode::TooManyViews));
    // A colleague's view that was taken over is one more than there is room for.
    let text = "insert into queue_view (id, owner_id, name, name_key, shared, query, created_at)
        values ($1, $2, 'Theirs', 'theirs', true, '', 1)";
    let account = agent.operator().expect("an operator").account;
    stage.run(text, [stage.service.new_id().into(), account.0.into()]).await;
    save(&agent, "View 1", "target=late", false).await.expect("replaced all the same");
    let auditor = stage.operator(AUDITOR).await;
    save(&auditor, "To look at", "kind=payment", false).await.expect("whoever reads the queue has views");
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    assert!(save(&manager, "Mine", "", false).await.expect_err("no right").is(ErrorCode::RoleNeeded));
}

#[rstest]
#[tokio::test]
async fn rule_15_an_engagement_is_planned_and_the_partner_reads_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    let text = "select r.id from service_request r join person p on p.id = r.requested_by
        join account a on a.id = p.account_id
        where a.email_key = $1 and r.kind = 'advisory' and r.open order by r.number limit 1";
    let request = ServiceRequestId(stage.id(text, [REQUESTER.into()]).await);
    let plan = async |who: &Request, request: ServiceRequestId, edit: Edit| {
        let version = row(&stage, request).await.row_version;
        let mut input = PlanAdvisory {
            wanted: Wanted { request, version },
            consultant: "Ingeborg Vale".to_owned(),
            day: "2026-11-30".to_owned(),
            hours: "4".to_owned(),
            note: "By video".to_owned(),
        };
        edit(&mut input);
        plan::plan(&stage.service, who, stage.operation(), input).await
    };
    let cases: [(Edit, Field, ErrorCode); 7] = [
        (|plan| plan.consultant.clear(), Field::Consultant, ErrorCode::Required),
        (|plan| plan.day.clear(), Field::Day, ErrorCode::Required),
        (|plan| plan.day = "2026-02-30".to_owned(), Field::Day, ErrorCode::MalformedDate),
        (|plan| plan.day = "2026-11-19".to_owned(), Field::Day, ErrorCode::DateOrder),
        (|plan| plan.hours = "26".to_owned(), Field::PlannedHours, ErrorCode::EngagementTooLong),
        (|plan| plan.hours = "0".to_owned(), Field::PlannedHours, ErrorCode::MalformedNumber),
        (|plan| plan.note = "x".repeat(201), Field::Place, ErrorCode::TooLong),
    ];
    for (edit, field, code) in cases {
        let error = plan(&agent, request, edit).await.expect_err("refused").told();
        assert!(error.of(field).is_some_and(|fault| fault.code == code), "{error:?}");
    }
    let query = QueueQuery { open: Some(request), ..QueueQuery::default() };
    let facts = async || match page(&stage, &agent, query.clone()).await.item.expect("open").facts {
        ItemFacts::Advisory(facts) => *facts,
        other => panic!("{other:?}"),
    };
    let left = facts().await.left;
    plan(&agent, request, |_| {}).await.expect("planned");
    plan(&agent, request, |plan| plan.day = "2026-12-01".to_owned()).await.expect("planned anew");
    let now = facts().await;
    let planned = now.plan.expect("planned");
    assert_eq!((planned.day.to_string().as_str(), planned.hours), ("2026-12-01", 4));
    assert_eq!(now.left, left, "nothing is taken off before it is delivered");
    let requester = stage.person(REQUESTER).await;
    let seen = async || {
        let query = RequestsQuery { page: 1, open: Some(request) };
        let page = requests::list::page(&stage.service, &requester, Language::English, query).await;
        page.expect("a page").item.expect("one's own")
    };
    let item = seen().await;
    assert_eq!(item.plan, Some(planned));
    assert_eq!(item.next, Some(NextStep::Engagement));
    let mails = stage.mails(REQUESTER).await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.kind == "advisory_planned").collect();
    assert_eq!(told.len(), 2);
    assert!(told[1].body.contains("Ingeborg Vale") && told[1].body.contains("By video"), "{}", told[1].body);
    stage.clock.move_days(20);
    assert_eq!(seen().await.next, Some(NextStep::Decide), "the day is over");
    let activation = open(&stage, "activation").await[0].request;
    assert!(plan(&agent, activation, |_| {}).await.expect_err("no engagement").is(ErrorCode::WrongKind));
    let auditor = stage.operator(AUDITOR).await;
    assert!(plan(&auditor, request, |_| {}).await.expect_err("reads only").is(ErrorCode::RoleNeeded));
}

fn ids(page: &QueuePage) -> Vec<ServiceRequestId> {
    page.rows.iter().map(|row| row.id).collect()
}

#[rstest]
#[tokio::test]
async fn pages_of_the_queue_go_through_everything_once_and_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    stage.add_requests(3 * PAGE_ROWS as usize + 7).await;
    let mut queries = Vec::new();
    for sort in QueueSort::ALL {
        for descending in [false, true] {
            for kind in [None, Some(RequestKind::Advisory)] {
                queries.push(QueueQuery { sort: *sort, descending, kind, ..QueueQuery::default() });
            }
        }
    }
    for first in queries {
        let mut pages = Vec::new();
        let mut seen = Vec::new();
        let mut found = page(&stage, &agent, first.clone()).await;
        loop {
            assert_eq!(found.before, i64::try_from(seen.len()).expect("few"), "{first:?}");
            assert_eq!(found.previous.is_some(), !pages.is_empty(), "{first:?}");
            seen.extend(ids(&found));
            pages.push(ids(&found));
            let Some(next) = found.next else { break };
            let query = QueueQuery { place: Some(QueuePlace::After(next)), ..first.clone() };
            found = page(&stage, &agent, query).await;
        }
        assert!(pages.len() > 3, "{first:?}");
        assert_eq!(found.total, i64::try_from(seen.len()).expect("few"), "{first:?}");
        let mut different = seen.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), seen.len(), "nothing twice: {first:?}");
        for (number, expected) in pages.iter().enumerate().rev().skip(1) {
            let previous = found.previous.expect("a page before");
            let query = QueueQuery { place: Some(QueuePlace::Before(previous)), ..first.clone() };
            found = page(&stage, &agent, query).await;
            assert_eq!(&ids(&found), expected, "{first:?}");
            assert_eq!(found.before, i64::from(PAGE_ROWS) * i64::try_from(number).expect("few"), "{first:?}");
            assert!(found.next.is_some(), "{first:?}");
        }
        assert_eq!(found.previous, None, "{first:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_page_stays_where_it_is_while_requests_are_decided(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let agent = stage.operator(AGENT).await;
    stage.add_requests(PAGE_ROWS as usize + 20).await;
    let all = page(&stage, &agent, QueueQuery::default()).await;
    let at = |place| QueueQuery { place: Some(place), ..QueueQuery::default() };
    let place = all.next.expect("a second page");
    let second = ids(&page(&stage, &agent, at(QueuePlace::After(place))).await);
    // Of the first page half is decided, its last one as well: by offset, the second would leave some out.
    for request in ids(&all).into_iter().step_by(2).chain([place]) {
        let text = "update service_request set open = false, state = 'completed', decided_at = requested_at
            where id = $1";
        stage.run(text, [request.0.into()]).await;
    }
    let found = page(&stage, &agent, at(QueuePlace::After(place))).await;
    assert_eq!(ids(&found), second);
    assert_eq!(found.before, found.total - i64::try_from(second.len()).expect("few"));
    // What is left in front of it is less than a page: that is the first one.
    let found = page(&stage, &agent, at(QueuePlace::Before(second[0]))).await;
    assert_eq!((found.before, found.previous), (0, None));
    assert!(found.rows.len() == PAGE_ROWS as usize && found.next.is_some());
    // Nothing is left behind the last one.
    let last = second.last().copied().expect("some");
    let found = page(&stage, &agent, at(QueuePlace::After(last))).await;
    assert!(found.before == 0 && found.rows.len() == PAGE_ROWS as usize);
    for place in [QueuePlace::After, QueuePlace::Before] {
        let query = at(place(ServiceRequestId(stage.service.new_id())));
        let page = list::page(&stage.service, &agent, Language::English, &query).await;
        assert!(page.expect_err("no such request").is(ErrorCode::NotFound));
    }
}

#[tokio::test]
async fn the_queue_and_the_history_are_found_by_their_indexes() {
    let stage = stage(Engine::Sqlite).await;
    for (query, index) in [
        (
            "select id from service_request where owner_id = x'00' and open = true order by target_at",
            "service_request_by_owner",
        ),
        (
            "select id from service_request where open = true order by target_at limit 50",
            "service_request_queue",
        ),
        (
            "select id from service_request where open = true order by requested_at, number limit 50",
            "service_request_by_age",
        ),
        (
            "select id from service_request where open = true and (requested_at <= 7 and ((requested_at < 7)
                or (requested_at = 7 and number < 5))) order by requested_at desc, number desc limit 51",
            "service_request_by_age (open=? AND requested_at<?)",
        ),
        (
            "select at from audit_event where object_kind = 'service_request' and object_id = 'x' order by at",
            "audit_event_of_request",
        ),
        (
            "select body from request_note where request_id = x'00' order by written_at",
            "request_note_by_request",
        ),
        (
            "select body from request_message where request_id = x'00' order by written_at",
            "request_message_by_request",
        ),
    ] {
        let plan = stage.plan(query).await;
        assert!(plan.contains(index), "{query}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{query}: {plan}");
    }
}
