//! Insight: what is counted, what lies idle, who can be reminded, what operators see.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{BEGINNING, Engine, Stage, stage};
use domain::benefit::{Category, Unit};
use domain::ids::{GrantId, SeatId};
use domain::insight::{Figures, Month, Span};
use domain::moment::Zone;
use domain::view::insight::{
    After, IDLE_ROWS, IdleSeat, InsightPage, InsightQuery, ProgrammeInsightPage, ProgrammeInsightQuery,
};
use domain::view::requests::RequestKind;
use domain::{ErrorCode, Language};
use rstest::rstest;
use service::assignments::assign::{AssignSeats, assign};
use service::assignments::release::{ReleaseSeat, release};
use service::insight::{company, count, export, programme, remind};
use service::{Failure, Request};

const COMPANY: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const OTHER_ADMIN: &str = "piet.zanderling@kestrelash.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";
const AGENT: &str = "marisa.talvinen@northlight.example";

fn refused<T>(result: Result<T, Failure>) -> domain::Error {
    match result {
        Err(Failure::Refused(error)) => error,
        Err(failure) => panic!("failed: {failure}"),
        Ok(_) => panic!("not refused"),
    }
}

async fn count_all(stage: &Stage) -> usize {
    count::count_due(&stage.service).await.expect("counted")
}

async fn shown(stage: &Stage, email: &str, query: &InsightQuery) -> InsightPage {
    let request = stage.person(email).await;
    company::page(&stage.service, &request, Language::English, query).await.expect("a page")
}

async fn programme_page(stage: &Stage, query: &ProgrammeInsightQuery) -> ProgrammeInsightPage {
    let request = stage.operator(AUDITOR).await;
    programme::page(&stage.service, &request, Language::English, query).await.expect("a page")
}

fn visual_studio() -> InsightQuery {
    InsightQuery { category: Some(Category::VisualStudio), ..InsightQuery::default() }
}

/// Seats of Visual Studio month by month, the latest last.
fn seats(page: &InsightPage) -> Vec<Figures> {
    let unit = page.usage.units.iter().find(|one| one.unit == Unit::Seat).expect("seats");
    unit.months.iter().map(|month| month.figures).collect()
}

fn latest(page: &InsightPage) -> Figures {
    *seats(page).last().expect("a month")
}

async fn grant(stage: &Stage) -> GrantId {
    stage.grant(COMPANY, "visual_studio_enterprise", "gold_core").await
}

async fn give(stage: &Stage, by: &Request, grant: GrantId) -> SeatId {
    let person = stage.people_without_seat(COMPANY, grant).await[0];
    let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
    assign(&stage.service, by, stage.operation(), input).await.expect("a seat");
    stage.active_seat(grant, person).await.0
}

async fn take(stage: &Stage, by: &Request, seat: SeatId) {
    let text = format!("select row_version as number from seat where id = {}", stage.literal(seat.0));
    let version = stage.count(&text).await;
    let input = ReleaseSeat { seat, version };
    release(&stage.service, by, stage.operation(), input).await.expect("released");
}

#[rstest]
#[tokio::test]
async fn what_is_counted_is_what_the_rows_say(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    assert!(shown(&stage, ADMIN, &visual_studio()).await.usage.overview.is_empty(), "nothing is counted yet");
    let companies = stage.count("select count(*) as number from organization").await;
    assert_eq!(i64::try_from(count_all(&stage).await).expect("few"), companies);
    assert_eq!(count_all(&stage).await, 0, "nothing has changed since");
    let now = latest(&shown(&stage, ADMIN, &visual_studio()).await);
    let organization = stage.literal(stage.organization(COMPANY).await.0);
    let held = stage
        .count(&format!(
            "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
            where g.organization_id = {organization} and g.category = 'visual_studio' and s.released_at is null"
        ))
        .await;
    let granted = stage
        .count(&format!(
            "select cast(sum(quantity) as bigint) as number from pool where id in (select pool_id
            from benefit_grant g where g.organization_id = {organization} and g.category = 'visual_studio'
            and g.state = 'granted' and not exists (select 1 from benefit_grant n where n.follows_id = g.id))"
        ))
        .await;
    assert!(held > 0 && granted > held);
    assert_eq!((now.granted, now.used, now.unused), (granted, held, granted - held));
    assert!(now.peak >= now.used);

    // A seat that comes and goes within the month is its peak, not its end.
    let admin = stage.person(ADMIN).await;
    let grant = grant(&stage).await;
    let seat = give(&stage, &admin, grant).await;
    assert_eq!(count_all(&stage).await, 1, "one company has changed");
    let with = latest(&shown(&stage, ADMIN, &visual_studio()).await);
    assert_eq!((with.used, with.begun), (held + 1, now.begun + 1));
    stage.clock.move_days(1);
    take(&stage, &admin, seat).await;
    count_all(&stage).await;
    let without = latest(&shown(&stage, ADMIN, &visual_studio()).await);
    assert_eq!((without.used, without.begun), (held, now.begun + 1));
    assert_eq!(without.peak, now.peak.max(held + 1));

    // The sum of all companies is that of their rows.
    let sum =
        "select cast(coalesce(sum(used + 3 * granted + 7 * peak + 11 * begun + 13 * unlimited), 0) as bigint)
        as number from ";
    let parts = stage.count(&format!("{sum} usage_month")).await;
    assert!(parts > 0);
    assert_eq!(stage.count(&format!("{sum} usage_total")).await, parts);
}

#[rstest]
#[tokio::test]
async fn a_month_that_is_over_stays_as_it_was(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = grant(&stage).await;
    let seat = give(&stage, &admin, grant).await;
    count_all(&stage).await;
    let november = latest(&shown(&stage, ADMIN, &visual_studio()).await);
    stage.clock.move_days(15);
    assert!(count_all(&stage).await > 0, "the clock alone makes a month");
    let page = shown(&stage, ADMIN, &visual_studio()).await;
    let zone = Zone::named("Europe/Oslo");
    let december = Month::of(zone.day_of(stage.service.now()));
    assert_eq!(page.usage.months.last(), Some(&december));
    assert_eq!(Month::of(zone.day_of(BEGINNING)), december.plus(-1));
    let months = seats(&page);
    assert_eq!(months[months.len() - 2].used, november.used);
    // What is taken back afterwards doesn't change it, also where the rows no longer tell.
    take(&stage, &admin, seat).await;
    let text = format!("update seat set assigned_at = 1 where id = {}", stage.literal(seat.0));
    stage.sql(&text).await;
    count_all(&stage).await;
    let months = seats(&shown(&stage, ADMIN, &visual_studio()).await);
    assert_eq!(months[months.len() - 2].used, november.used);
    assert_eq!(months[months.len() - 1].used, november.used - 1);
    assert_eq!(
        seats(&shown(&stage, ADMIN, &InsightQuery { span: Span::Half, ..visual_studio() }).await).len(),
        6
    );
}

#[rstest]
#[tokio::test]
async fn the_value_of_what_is_unused_is_a_part_of_what_was_paid(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    count_all(&stage).await;
    let page = shown(&stage, ADMIN, &visual_studio()).await;
    let organization = stage.literal(stage.organization(COMPANY).await.0);
    let paid = stage
        .count(&format!(
            "select cast(sum(price_minor) as bigint) as number from order_line
            where organization_id = {organization} and state = 'active'"
        ))
        .await;
    let worth: i64 = page.usage.values.iter().map(|value| value.idle.paid).sum();
    let unused: i64 = page.usage.values.iter().map(|value| value.idle.unused).sum();
    assert!(worth > 0 && worth <= paid, "{worth} of {paid}");
    assert!(unused > 0 && unused < worth, "{unused} of {worth}");
    let admin = stage.person(ADMIN).await;
    give(&stage, &admin, grant(&stage).await).await;
    count_all(&stage).await;
    let page = shown(&stage, ADMIN, &visual_studio()).await;
    let after: i64 = page.usage.values.iter().map(|value| value.idle.unused).sum();
    assert!(after < unused, "{after} < {unused}");
}

#[rstest]
#[tokio::test]
async fn rule_01_administrators_see_their_companys_use_and_operators_that_of_all(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    count_all(&stage).await;
    for email in [ADMIN, PARTNER_ADMIN, USER_ADMIN] {
        assert!(!shown(&stage, email, &visual_studio()).await.usage.overview.is_empty(), "{email}");
    }
    let query = InsightQuery::default();
    for (email, code) in [(EMPLOYEE, ErrorCode::RoleNeeded)] {
        let request = stage.person(email).await;
        let page = company::page(&stage.service, &request, Language::English, &query).await;
        assert_eq!(refused(page).code, code, "{email}");
        let file = export::company(&stage.service, &request, Language::English, Span::Year).await;
        assert_eq!(refused(file).code, code, "{email}");
    }
    let agent = stage.operator(AGENT).await;
    let all = ProgrammeInsightQuery::default();
    let page = programme::page(&stage.service, &agent, Language::English, &all).await;
    assert_eq!(refused(page).code, ErrorCode::RoleNeeded);
    let file = export::programme(&stage.service, &agent, Language::English, Span::Year).await;
    assert_eq!(refused(file).code, ErrorCode::RoleNeeded);
    let page = company::page(&stage.service, &agent, Language::English, &query).await;
    assert_eq!(refused(page).code, ErrorCode::WrongSide);
    let all = programme_page(&stage, &ProgrammeInsightQuery::default()).await;
    assert_eq!(all.companies, stage.count("select count(*) as number from organization").await);
    // Two companies have less than all of them.
    let own = shown(&stage, ADMIN, &query).await.usage.overview;
    let other = shown(&stage, OTHER_ADMIN, &query).await.usage.overview;
    let granted = |rows: &[domain::view::insight::Overview]| -> i64 {
        rows.iter().filter(|row| row.unit == Unit::Seat).map(|row| row.figures.granted).sum()
    };
    assert!(granted(&own) > 0 && granted(&own) + granted(&other) <= granted(&all.usage.overview));
    assert_ne!(own, other);
}

/// Seats that were assigned weeks ago to people who never came.
async fn idle(stage: &Stage) -> (IdleSeat, InsightPage) {
    let before = BEGINNING.plus_days(-30).0;
    stage.sql("update person set last_sign_in_at = 0; delete from session;").await;
    stage
        .sql(&format!(
            "update seat set assigned_at = {before}, locked_until = null where released_at is null"
        ))
        .await;
    let page = shown(stage, ADMIN, &InsightQuery::default()).await;
    let one = page.idle.iter().find(|row| !row.without_key).expect("an idle seat").clone();
    (one, page)
}

#[rstest]
#[tokio::test]
async fn a_holder_is_reminded_once_a_week_and_the_seat_can_be_taken_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (row, page) = idle(&stage).await;
    let ends: Vec<i64> = page.idle.iter().map(|row| row.place.ends).collect();
    assert!(ends.is_sorted(), "what ends first comes first");
    let partner_admin = stage.person(PARTNER_ADMIN).await;
    let user_admin = stage.person(USER_ADMIN).await;
    let other = stage.person(OTHER_ADMIN).await;
    let remind = async |by: &Request| remind::holder(&stage.service, by, stage.operation(), row.seat).await;
    assert_eq!(refused(remind(&user_admin).await).code, ErrorCode::RoleNeeded);
    assert_eq!(refused(remind(&other).await).code, ErrorCode::NotFound);
    let told = async || stage.mails(&row.email).await.iter().filter(|mail| mail.kind == "seat_idle").count();
    assert_eq!(told().await, 0);
    assert_eq!(remind(&partner_admin).await.expect("reminded"), row.name);
    assert_eq!(told().await, 1);
    let again = refused(remind(&partner_admin).await);
    assert_eq!((again.code, again.detail.as_deref()), (ErrorCode::RemindedAlready, Some("2026-11-27")));
    let reminded = shown(&stage, ADMIN, &InsightQuery::default()).await;
    let shown_row = reminded.idle.iter().find(|one| one.seat == row.seat).expect("still idle");
    assert!(shown_row.reminded.is_some() && shown_row.remind_again.is_some());
    stage.clock.move_days(7);
    remind(&partner_admin).await.expect("reminded again");
    assert_eq!(told().await, 2);
    // Whoever comes to the portal uses the seat.
    let person = stage.person_id(&row.email, COMPANY).await;
    let seat =
        format!("update person set last_sign_in_at = {} where id = {}", BEGINNING.0, stage.literal(person.0));
    stage.sql(&seat).await;
    let after = shown(&stage, ADMIN, &InsightQuery::default()).await;
    assert!(after.idle.iter().all(|one| one.email != row.email || one.without_key));
    // The way back is that of any seat.
    let admin = stage.person(ADMIN).await;
    take(&stage, &admin, row.seat).await;
    assert_eq!(refused(remind(&partner_admin).await).code, ErrorCode::SeatReleased);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn the_page_says_who_may_remind_and_take_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let page = shown(&stage, ADMIN, &InsightQuery::default()).await;
    assert_eq!((page.why_not_remind, page.why_not_reclaim), (None, None));
    let page = shown(&stage, PARTNER_ADMIN, &InsightQuery::default()).await;
    assert_eq!(page.why_not_remind, None);
    assert!(!page.why_not_reclaim.expect("a reason").colleagues.is_empty());
    let page = shown(&stage, USER_ADMIN, &InsightQuery::default()).await;
    assert!(page.why_not_remind.is_some() && page.why_not_reclaim.is_some());
}

#[rstest]
#[tokio::test]
async fn administrators_are_reminded_of_what_is_left(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let page = shown(&stage, ADMIN, &InsightQuery::default()).await;
    assert!(page.unused.iter().all(|row| row.quantity > row.used));
    let ends: Vec<i64> = page.unused.iter().map(|row| row.place.ends).collect();
    assert!(ends.is_sorted() && !ends.is_empty());
    let row = page.unused[0].clone();
    let admin = stage.person(ADMIN).await;
    let other = stage.person(OTHER_ADMIN).await;
    let remind =
        async |by: &Request| remind::administrators(&stage.service, by, stage.operation(), row.grant).await;
    assert_eq!(refused(remind(&other).await).code, ErrorCode::NotFound);
    let names = remind(&admin).await.expect("reminded");
    assert!(!names.is_empty());
    let mails = stage.mails(PARTNER_ADMIN).await;
    let mail = mails.iter().find(|mail| mail.kind == "benefit_left").expect("a mail");
    assert!(mail.subject.contains(&(row.quantity - row.used).to_string()), "{}", mail.subject);
    assert!(stage.mails(ADMIN).await.iter().all(|mail| mail.kind != "benefit_left"), "not to oneself");
    assert_eq!(refused(remind(&admin).await).code, ErrorCode::RemindedAlready);
    // The seat of somebody is something else.
    let (seat, _) = idle(&stage).await;
    remind::holder(&stage.service, &admin, stage.operation(), seat.seat).await.expect("reminded");
    // Nothing is left of what is used up.
    let grant = grant(&stage).await;
    let pool = stage.grant_row(grant).await.pool_id;
    stage.run("update pool set quantity = used where id = $1", [pool.into()]).await;
    let full = remind::administrators(&stage.service, &admin, stage.operation(), grant).await;
    assert_eq!(refused(full).code, ErrorCode::WrongState);
    assert!(shown(&stage, ADMIN, &InsightQuery::default()).await.unused.iter().all(|row| row.grant != grant));
}

#[rstest]
#[tokio::test]
async fn lists_go_on_where_they_ended(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    stage.add_people(COMPANY, 60).await;
    let grant = grant(&stage).await;
    let pool = stage.grant_row(grant).await.pool_id;
    stage.run("update pool set quantity = 500 where id = $1", [pool.into()]).await;
    let admin = stage.person(ADMIN).await;
    let people = stage.people_without_seat(COMPANY, grant).await;
    let input = AssignSeats { grant, people, shortage: None, alternate_email: None };
    assign(&stage.service, &admin, stage.operation(), input).await.expect("seats");
    idle(&stage).await;
    let mut found: Vec<SeatId> = Vec::new();
    let mut after: Option<After> = None;
    for round in 0.. {
        assert!(round < 50, "it ends");
        let query = InsightQuery { seats_after: after, ..InsightQuery::default() };
        let page = shown(&stage, ADMIN, &query).await;
        assert!(page.idle.len() <= IDLE_ROWS as usize);
        found.extend(page.idle.iter().map(|row| row.seat));
        after = page.idle_next;
        if after.is_none() {
            break;
        }
    }
    assert!(found.len() > 60, "{}", found.len());
    let all = found.len();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), all, "no seat twice");
}

#[rstest]
#[tokio::test]
async fn operators_see_how_long_requests_took_what_came_in_and_what_runs_low(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    // Tuesday morning until Friday morning.
    let (asked, decided) = (BEGINNING.plus_days(-3).0, BEGINNING.0);
    stage.sql("update service_request set decided_at = null").await;
    stage
        .sql(&format!(
            "update service_request set state = 'completed', open = false, requested_at = {asked},
            target_at = {asked}, decided_at = {decided} where kind = 'advisory'"
        ))
        .await;
    let number = stage.count("select count(*) as number from service_request where kind = 'advisory'").await;
    assert!(number > 0);
    stage.sql("update key_pool set low_since = 1").await;
    count_all(&stage).await;
    let page = programme_page(&stage, &ProgrammeInsightQuery::default()).await;
    assert_eq!(page.kind, Some(RequestKind::Advisory));
    assert_eq!(page.completions.len(), 1);
    let row = page.completions[0];
    // Three times 24 hours, no weekend between.
    assert_eq!((row.number, row.median, row.ninetieth, row.in_time), (number, 3 * 24 * 60, 3 * 24 * 60, 0));
    let pools = stage.count("select count(*) as number from key_pool").await;
    assert_eq!(i64::try_from(page.low.len()).expect("few"), pools);
    let start = Month::of(Zone::named("UTC").day_of(BEGINNING)).plus(-11).bounds(&Zone::named("UTC")).0.0;
    for (kind, shown) in [
        ("invoice", page.money.iter().map(|row| row.revenue).sum::<i64>()),
        ("credit_note", page.money.iter().map(|row| row.refunds).sum::<i64>()),
    ] {
        let text = format!(
            "select cast(coalesce(sum(amount_minor), 0) as bigint) as number from invoice
            where kind = '{kind}' and issued_at >= {start}"
        );
        assert_eq!(stage.count(&text).await, shown, "{kind}");
    }
    // One that was decided since is counted with the next round, and withdrawn ones aren't.
    stage
        .sql(&format!(
            "update service_request set state = 'withdrawn', open = false, decided_at = {decided}
            where kind = 'activation'"
        ))
        .await;
    count_all(&stage).await;
    assert_eq!(programme_page(&stage, &ProgrammeInsightQuery::default()).await.completions.len(), 1);
}

#[rstest]
#[tokio::test]
async fn taking_figures_away_is_recorded(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    count_all(&stage).await;
    let recorded = "select count(*) as number from audit_event where action = 'insight_exported'";
    let admin = stage.person(USER_ADMIN).await;
    let rows = export::company(&stage.service, &admin, Language::English, Span::Year).await.expect("rows");
    assert!(rows.iter().any(|row| row.product.is_none()) && rows.iter().any(|row| row.product.is_some()));
    assert_eq!(stage.count(recorded).await, 1);
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let all =
        export::programme(&stage.service, &operator, Language::English, Span::Half).await.expect("rows");
    assert!(!all.usage.is_empty());
    assert_eq!(stage.count(recorded).await, 2);
    assert!(stage.audit_intact().await);
}
