//! Insight: what is counted, what lies idle, who can be reminded, what operators see.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{BEGINNING, Engine, Stage, stage};
use domain::audit::ActorKind;
use domain::benefit::{Category, Unit};
use domain::ids::{GrantId, IndividualGrantId, SeatId};
use domain::insight::{Figures, Month, Span};
use domain::moment::Zone;
use domain::view::activity::ActivityQuery;
use domain::view::insight::{
    After, IDLE_ROWS, IdleSeat, InsightPage, InsightQuery, ProgrammeInsightPage, ProgrammeInsightQuery,
};
use domain::view::requests::RequestKind;
use domain::{AuditAction, Day, ErrorCode, Language, Moment, OperatorRole};
use rstest::rstest;
use service::accounts::sign_in::{Entry, SignIn, sign_in};
use service::activity::{Side, list};
use service::assignments::assign::{AssignSeats, assign};
use service::assignments::release::{ReleaseSeat, release};
use service::audit::Event;
use service::change::Change;
use service::individual_grants::end::{self, EndIndividualGrant};
use service::individual_grants::set::{self, SetIndividualGrant};
use service::individual_grants::{Wanted, on_clock};
use service::insight::{company, count, export, programme, remind};
use service::sample_programme::DEMO_PASSWORD;
use service::{Failure, Request, sessions};
use uuid::Uuid;

const COMPANY: &str = "fernhollow.example";
const OTHER: &str = "kestrelash.example";
const STUDIO: &str = "visual_studio_enterprise";
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
        "select cast(coalesce(sum(used + 3 * granted + 5 * unused + 7 * peak + 11 * begun + 13 * unlimited), 0) as bigint)
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
    let members = "select count(*) as number from organization where portal_state = 'member'";
    assert_eq!(all.companies, stage.count(members).await);
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
    stage.sql("update person set last_sign_in_at = 0, last_seen_at = 0; delete from session;").await;
    stage
        .sql(&format!(
            "update seat set assigned_at = {before}, locked_until = null, was_used = false
            where released_at is null"
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
    let recorded = "select count(*) as number from audit_event where action = 'seat_reminded'";
    assert_eq!(stage.count(recorded).await, 1);
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
        format!("update person set last_seen_at = {} where id = {}", BEGINNING.0, stage.literal(person.0));
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
async fn operators_remind_a_company_in_the_name_of_the_programme(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = grant(&stage).await;
    let ends = async |days: i64| {
        let text = "update benefit_grant set holding_ends_at = $1 where id = $2";
        stage.run(text, [stage.service.now().plus_days(days).0.into(), grant.0.into()]).await;
    };
    ends(2).await;
    let (operator, agent) = (stage.operator(PROGRAMME_ADMIN).await, stage.operator(AGENT).await);
    let admin = stage.person(ADMIN).await;
    let remind = async |by: &Request| remind::company(&stage.service, by, stage.operation(), grant).await;
    let told = async |email: &str| {
        let mails = stage.mails(email).await;
        mails.into_iter().filter(|mail| mail.kind == "benefit_left").collect::<Vec<_>>()
    };
    assert_eq!(remind(&operator).await.expect("reminded").len(), 4, "two of each kind that decides");
    for email in [ADMIN, PARTNER_ADMIN] {
        let mails = told(email).await;
        let [mail] = &mails[..] else { panic!("one mail to {email}: {mails:?}") };
        assert!(mail.body.contains("Northlight Partner Programme asks"), "{}", mail.body);
        assert!(!mail.body.contains("Rosalind"), "which operator it was isn't told: {}", mail.body);
    }
    assert!(told(USER_ADMIN).await.is_empty());
    assert_eq!(stage.count("select count(*) as number from notice where kind = 'benefit_left'").await, 4);
    let by_operator = "select count(*) as number from idle_reminder r
        join operator_role o on o.account_id = r.operator_id where r.sent_by is null";
    assert_eq!(stage.count(by_operator).await, 1);

    // The company reads it in its own activity.
    let query = ActivityQuery { action: Some(AuditAction::BenefitReminded), ..ActivityQuery::default() };
    let activity = list::page(&stage.service, &admin, Side::Company, Language::English, &query).await;
    let rows = activity.expect("a page").rows;
    let [row] = &rows[..] else { panic!("one event: {rows:?}") };
    assert_eq!((row.actor, row.actor_name.as_deref()), (ActorKind::Operator, None));
    assert!(row.benefit.is_some());

    // Not again, whoever of either side asks, until a week is over.
    for by in [&operator, &agent] {
        let again = refused(remind(by).await);
        assert_eq!((again.code, again.detail.as_deref()), (ErrorCode::RemindedAlready, Some("2026-11-27")));
    }
    let own = remind::administrators(&stage.service, &admin, stage.operation(), grant).await;
    assert_eq!(refused(own).code, ErrorCode::RemindedAlready);
    for (by, may) in [(&operator, true), (&stage.operator(AUDITOR).await, false)] {
        let query = ProgrammeInsightQuery::default();
        let page = programme::page(&stage.service, by, Language::English, &query).await.expect("a page");
        assert_eq!(page.may_remind, may);
        let row = page.unused.iter().find(|row| row.grant == grant).expect("still left");
        let days = [row.reminded, row.remind_again].map(|day| day.map(|day| day.to_string()));
        assert_eq!(days, [Some("2026-11-20".to_owned()), Some("2026-11-27".to_owned())]);
    }
    assert_eq!(told(PARTNER_ADMIN).await.len(), 1);
    stage.clock.move_days(7);
    ends(60).await;
    remind::administrators(&stage.service, &admin, stage.operation(), grant).await.expect("its own");
    assert_eq!(refused(remind(&agent).await).code, ErrorCode::RemindedAlready);
    stage.clock.move_days(7);
    remind(&agent).await.expect("who works the queue reminds, too");
    assert_eq!(told(PARTNER_ADMIN).await.len(), 3);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn only_operators_who_work_the_queue_remind_and_only_members_of_what_is_left(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let own = grant(&stage).await;
    let remind = async |by: &Request, grant: GrantId| {
        refused(remind::company(&stage.service, by, stage.operation(), grant).await)
    };
    for email in [AUDITOR, "henrik.solvang@northlight.example"] {
        let error = remind(&stage.operator(email).await, own).await;
        assert_eq!(error.code, ErrorCode::RoleNeeded, "{email}");
        let able = [OperatorRole::ProgrammeAdmin, OperatorRole::FulfilmentAgent];
        assert_eq!(error.operator_roles, able, "{email}");
    }
    for email in [ADMIN, PARTNER_ADMIN, OTHER_ADMIN, EMPLOYEE] {
        let person = stage.person(email).await;
        assert_eq!(remind(&person, own).await.code, ErrorCode::WrongSide, "{email}");
    }
    assert_eq!(remind(&stage.nobody(), own).await.code, ErrorCode::SignInNeeded);
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let unknown = GrantId(stage.service.new_id());
    assert_eq!(remind(&operator, unknown).await.code, ErrorCode::NotFound);
    // What a company reminds of itself is its own: an operator acts as nobody of it.
    let as_partner = remind::administrators(&stage.service, &operator, stage.operation(), own).await;
    assert_eq!(refused(as_partner).code, ErrorCode::WrongSide);

    let state = async |state: &str| {
        let text = "update organization set portal_state = $1 where domain = $2";
        stage.run(text, [state.into(), COMPANY.into()]).await;
    };
    state("invited").await;
    assert_eq!(remind(&operator, own).await.code, ErrorCode::WrongState);
    state("member").await;
    let pool = stage.grant_row(own).await.pool_id;
    stage.run("update pool set quantity = used where id = $1", [pool.into()]).await;
    assert_eq!(remind(&operator, own).await.code, ErrorCode::WrongState);
    stage.run("update benefit_grant set state = 'ended' where id = $1", [own.0.into()]).await;
    assert_eq!(remind(&operator, own).await.code, ErrorCode::GrantEnded);

    for table in ["idle_reminder", "mail where kind = 'benefit_left'", "notice where kind = 'benefit_left'"] {
        let text = format!("select count(*) as number from {table}");
        assert_eq!(stage.count(&text).await, 0, "{table}");
    }
    let recorded = "select count(*) as number from audit_event where action = 'benefit_reminded'";
    assert_eq!(stage.count(recorded).await, 0);
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
    // What is left over all companies, what ends first at the top.
    assert!(page.unused.len() > 5 && page.unused.is_sorted_by_key(|row| row.ends), "{:?}", page.unused);
    assert!(page.unused.iter().all(|row| row.used < row.quantity && row.days_left >= Some(0)));
    let soon = stage.service.now().plus_seconds(3600).0;
    stage
        .sql(&format!(
            "update benefit_grant set holding_ends_at = {soon} where state = 'granted'
                and holding_ends_at > {soon}
                and organization_id = (select id from organization where domain = 'chenghu.example')"
        ))
        .await;
    let unused = programme_page(&stage, &ProgrammeInsightQuery::default()).await.unused;
    let first = unused.first().expect("a benefit");
    assert_eq!(first.domain, "chenghu.example", "{unused:?}");
    stage.sql("update organization set portal_state = 'not_invited' where domain = 'chenghu.example'").await;
    let unused = programme_page(&stage, &ProgrammeInsightQuery::default()).await.unused;
    assert!(unused.iter().all(|row| row.domain != "chenghu.example"), "{unused:?}");
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
async fn what_ends_first_is_found_by_the_day_that_is_shown(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const LOOKED_AT: usize = 500;
    /// More than are looked at.
    const OTHERS: usize = 600;
    let stage = stage(engine).await;
    let company = stage.id("select id from organization where domain = $1", [COMPANY.into()]).await;
    let person = stage.id("select id from person where organization_id = $1 limit 1", [company.into()]).await;
    let product = stage.id("select id from product where code = $1", [STUDIO.into()]).await;
    let day = |days: i64| stage.service.now().plus_days(days).0.to_string();
    let id = || stage.literal(stage.service.new_id());
    let (company, person, product) = (stage.literal(company), stage.literal(person), stage.literal(product));
    let pools = [(id(), 5), (id(), 7_001), (id(), 7_002)];
    for (pool, quantity) in &pools {
        let text = "insert into pool (id, organization_id, quantity) values";
        stage.sql(&format!("{text} ({pool}, {company}, {quantity})")).await;
    }
    let row = |grant: &str, pool: &str, begin: &str, year: &str| {
        format!(
            "({grant}, {company}, {product}, 'visual_studio', {pool}, 'gold_core', 'granted', 1, {begin}, {year}, 1)"
        )
    };
    // The year of all of these ends in some weeks; that of one to begin tomorrow, and of one that expires a day later,
    // in many months.
    let mut rows: Vec<String> = (0..OTHERS).map(|_| row(&id(), &pools[0].0, "null", &day(40))).collect();
    // In the window after a year that nobody renewed nothing of these can be begun any more.
    let past: Vec<String> = (0..OTHERS)
        .map(|_| {
            let row = row(&id(), &pools[0].0, &day(-3), &day(-3));
            format!("{}, {})", row.trim_end_matches(')'), day(27))
        })
        .collect();
    rows.push(row(&id(), &pools[1].0, &day(1), &day(300)));
    let expiring = id();
    rows.push(row(&expiring, &pools[2].0, "null", &day(300)));
    stage
        .sql(&format!(
            "insert into benefit_grant (id, organization_id, product_id, category, pool_id, source, state, granted_at,
                activate_by, holding_ends_at, catalogue_version) values {}",
            rows.join(", ")
        ))
        .await;
    stage
        .sql(&format!(
            "insert into benefit_grant (id, organization_id, product_id, category, pool_id, source, state, granted_at,
                activate_by, holding_ends_at, catalogue_version, expires_at) values {}",
            past.join(", ")
        ))
        .await;
    stage
        .sql(&format!(
            "insert into activation (id, organization_id, grant_id, state, requested_by, requested_at, target_at,
                expires_at) values ({}, {company}, {expiring}, 'active', {person}, 1, 1, {})",
            id(),
            day(2)
        ))
        .await;
    let unused = programme_page(&stage, &ProgrammeInsightQuery::default()).await.unused;
    let ends: Vec<_> =
        unused.iter().filter(|row| row.quantity > 7_000).map(|row| (row.quantity, row.days_left)).collect();
    assert_eq!(ends, [(7_001, Some(1)), (7_002, Some(2))], "{unused:?}");
    assert_eq!(unused.len(), IDLE_ROWS as usize);
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let all = export::programme(&stage.service, &operator, Language::English, Span::Half)
        .await
        .expect("rows")
        .unused;
    // But for some of the sample's, whose activations or hours are used up, as many as are looked at: none is past.
    assert!((LOOKED_AT - 20..=LOOKED_AT).contains(&all.len()), "{}", all.len());
    assert!(all.is_sorted_by_key(|row| row.ends));
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
    assert_eq!(count_all(&stage).await, 0, "nothing is used by that");
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let all =
        export::programme(&stage.service, &operator, Language::English, Span::Half).await.expect("rows");
    assert!(!all.usage.is_empty() && !all.unused.is_empty());
    assert_eq!(stage.count(recorded).await, 2);
    assert!(stage.audit_intact().await);
}

/// Gives a company so much of Visual Studio until a day.
async fn individual(stage: &Stage, domain: &str, quantity: i64, until: &str) -> IndividualGrantId {
    let product = stage.id("select id from product where code = $1", [STUDIO.into()]).await;
    let wanted = Wanted {
        quantity: quantity.to_string(),
        unlimited: false,
        ends: until.to_owned(),
        reason: "A pilot that the programme supports".to_owned(),
        accepted: Some(i64::MAX),
    };
    let organization = stage.organization(domain).await;
    let input = SetIndividualGrant { organization, product: product.to_string(), wanted };
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    set::set(&stage.service, &operator, stage.operation(), input).await.expect("set")
}

/// A moment of a day of UTC.
fn at(day: &str, hours: i64) -> Moment {
    let day = Day::parse(day).expect("a day");
    Zone::named("UTC").start_of(day).plus_seconds(hours * 3600)
}

/// Counts every company anew, also where nothing has happened.
async fn count_anew(stage: &Stage) {
    stage.sql("update usage_count set counted_at = 0").await;
    count_all(stage).await;
}

#[rstest]
#[tokio::test]
async fn a_benefit_that_ended_early_is_over_in_the_months_that_follow(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let id = individual(&stage, OTHER, 7, "2027-06-30").await;
    count_all(&stage).await;
    let with = latest(&shown(&stage, OTHER_ADMIN, &visual_studio()).await);
    stage.clock.move_days(2);
    let input = EndIndividualGrant { id, version: 1, accepted: Some(i64::MAX) };
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    end::end(&stage.service, &operator, stage.operation(), input).await.expect("ended");
    count_all(&stage).await;
    let without = latest(&shown(&stage, OTHER_ADMIN, &visual_studio()).await);
    assert_eq!(without.granted, with.granted - 7);
    // The first count of December is the last one of November.
    stage.clock.set(at("2026-12-02", 12));
    count_all(&stage).await;
    let months = seats(&shown(&stage, OTHER_ADMIN, &visual_studio()).await);
    let [.., november, december] = months[..] else { panic!("{months:?}") };
    assert_eq!((november.granted, december.granted), (without.granted, without.granted));
    let kept = "select count(*) as number from benefit_grant where ended_at is not null
        and source = 'individual_grant'";
    assert_eq!(stage.count(kept).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_month_counts_with_the_quantity_that_it_ended_with(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    count_all(&stage).await;
    let plan = latest(&shown(&stage, ADMIN, &visual_studio()).await).granted;
    individual(&stage, COMPANY, 400, "2026-11-30").await;
    count_all(&stage).await;
    let with = latest(&shown(&stage, ADMIN, &visual_studio()).await).granted;
    assert!(with > plan, "{with} > {plan}");
    // It ends with the month, and what the plan gives is there again before anything is counted.
    stage.clock.set(at("2026-12-01", 12));
    assert_eq!(on_clock::end_due(&stage.service).await.expect("ran"), 1);
    count_all(&stage).await;
    let months = seats(&shown(&stage, ADMIN, &visual_studio()).await);
    let [.., november, december] = months[..] else { panic!("{months:?}") };
    assert_eq!((november.granted, december.granted), (with, plan));
}

#[rstest]
#[case::cloud_licence_first(true)]
#[case::activation_key_first(false)]
#[tokio::test]
async fn what_shares_a_limit_is_counted_by_its_own_kind(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] licence_first: bool,
) {
    let stage = stage(engine).await;
    let licence = stage.grant(COMPANY, "office_365_e3", "gold_core").await;
    let key = stage.grant(COMPANY, "office_professional_plus", "gold_core").await;
    let (first, second) = if licence_first { (licence, key) } else { (key, licence) };
    let pool = stage.grant_row(licence).await.pool_id;
    assert_eq!(stage.grant_row(key).await.pool_id, pool, "they share one");
    let text = "update benefit_grant set granted_at = granted_at - 1 where id = $1";
    stage.run(text, [first.0.into()]).await;
    let text =
        "update product_key set state = 'withdrawn' where grant_id in ($1, $2) and state <> 'replaced'";
    stage.run(text, [first.0.into(), second.0.into()]).await;
    let used = async || -> i64 {
        count_anew(&stage).await;
        let page = shown(&stage, ADMIN, &InsightQuery::default()).await;
        page.usage.overview.iter().map(|one| one.figures.used).sum()
    };
    let draw = async |grant: GrantId| {
        let row = stage.grant_row(grant).await;
        let text = "update product_key set state = 'held', organization_id = $1, grant_id = $2, drawn_at = $3
            where id = (select k.id from product_key k join key_pool p on p.id = k.key_pool_id
                where p.product_id = $4 and k.state = 'free' limit 1)";
        let values = [row.organization_id.into(), grant.0.into(), BEGINNING.0.into(), row.product_id.into()];
        assert_eq!(stage.run(text, values).await, 1);
    };
    let before = used().await;
    draw(key).await;
    assert_eq!(used().await, before, "a key with activations opens nothing by itself");
    draw(licence).await;
    let quantity = format!("select quantity as number from pool where id = {}", stage.literal(pool));
    let quantity = stage.count(&quantity).await;
    assert!(used().await > before && used().await <= before + quantity, "one key opens all of it");
    let unused = shown(&stage, ADMIN, &InsightQuery::default()).await.unused;
    assert!(unused.iter().all(|row| row.grant != licence));
}

#[rstest]
#[tokio::test]
async fn a_month_is_shown_once_every_company_has_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    stage
        .sql("update organization set time_zone = 'America/Los_Angeles' where domain = 'kestrelash.example'")
        .await;
    count_all(&stage).await;
    let query = ProgrammeInsightQuery::default();
    let before = programme_page(&stage, &query).await.usage;
    // In Europe and Asia December has begun.
    stage.clock.set(at("2026-12-01", 3));
    let page = shown(&stage, ADMIN, &visual_studio()).await;
    assert!(page.usage.overview.iter().any(|one| one.figures.granted > 0));
    assert!(latest(&page).granted > 0, "the drawing ends with the month that was counted");
    assert!(count_all(&stage).await > 0);
    let within = programme_page(&stage, &query).await;
    assert_eq!(within.usage.months.last(), before.months.last());
    let granted: i64 = within.usage.overview.iter().map(|one| one.figures.granted).sum();
    let month = Month::of(Zone::named("UTC").day_of(BEGINNING)).number();
    let counted = format!(
        "select cast(sum(granted) as bigint) as number from usage_month where month = {month} and product_id = {}",
        stage.literal(Uuid::nil())
    );
    assert_eq!(granted, stage.count(&counted).await, "no company is missing");
    assert_eq!(within.months.last().map(ToString::to_string).as_deref(), Some("2026-12"));
    stage.clock.set(at("2026-12-01", 20));
    count_all(&stage).await;
    let after = programme_page(&stage, &query).await.usage;
    assert_eq!(after.months.last().map(ToString::to_string).as_deref(), Some("2026-12"));
}

#[rstest]
#[tokio::test]
async fn a_company_whose_benefits_are_all_over_has_nothing_granted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    count_all(&stage).await;
    let organization = stage.literal(stage.organization(COMPANY).await.0);
    let text = format!(
        "update benefit_grant set state = 'ended', ended_at = {} where organization_id = {organization}
            and state = 'granted'",
        BEGINNING.0
    );
    stage.sql(&text).await;
    stage.clock.set(at("2026-12-15", 12));
    count_all(&stage).await;
    let page = shown(&stage, ADMIN, &visual_studio()).await;
    assert_eq!(page.usage.months.last().map(ToString::to_string).as_deref(), Some("2026-12"));
    assert!(!page.usage.overview.is_empty(), "what there was can still be looked at");
    assert!(page.usage.overview.iter().all(|one| one.figures.granted == 0), "{:?}", page.usage.overview);
}

#[rstest]
#[tokio::test]
async fn a_sum_that_was_not_written_is_written_later(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    count_all(&stage).await;
    let used = "select cast(coalesce(sum(used), 0) as bigint) as number from usage_total";
    let before = stage.count(used).await;
    assert!(before > 0);
    assert_eq!(stage.count("select count(*) as number from usage_changed").await, 0);
    // The server stopped after a company was counted.
    let month = Month::of(Zone::named("UTC").day_of(BEGINNING)).number();
    stage.run("delete from usage_total where month = $1", [month.into()]).await;
    let text = "insert into usage_changed (id, month) values ($1, $2)";
    stage.run(text, [stage.service.new_id().into(), month.into()]).await;
    assert_eq!(count_all(&stage).await, 0, "no company is due");
    assert_eq!(stage.count(used).await, before);
    assert_eq!(stage.count("select count(*) as number from usage_changed").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_company_that_can_not_be_counted_lets_the_others_pass(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let companies = stage.count("select count(*) as number from organization").await;
    let kind = "select count(distinct g.organization_id) as number from benefit_grant g
        join product p on p.id = g.product_id join organization o on o.id = g.organization_id
        where p.code = 'visual_studio_enterprise' and o.portal_state = 'member'
            and (g.state <> 'withdrawn' or g.ended_at is not null)";
    let holders = stage.count(kind).await;
    stage.sql("update product set kind = 'of_a_later_version' where code = 'visual_studio_enterprise'").await;
    let counted = i64::try_from(count_all(&stage).await).expect("few");
    assert!(holders > 0 && counted == companies - holders, "{counted} of {companies}, {holders} hold it");
    let waiting = "select count(*) as number from usage_retry";
    assert_eq!(stage.count(waiting).await, holders);
    stage.sql("update product set kind = 'subscription' where code = 'visual_studio_enterprise'").await;
    assert_eq!(count_all(&stage).await, 0, "it isn't tried again at once");
    stage.clock.move_seconds(16 * 60);
    assert_eq!(i64::try_from(count_all(&stage).await).expect("few"), holders);
    assert_eq!(stage.count(waiting).await, 0);
}

#[rstest]
#[tokio::test]
async fn whoever_was_in_the_portal_and_signed_out_does_not_count_as_idle(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (grant, admin) = (grant(&stage).await, stage.person(ADMIN).await);
    let person = stage.person_id(EMPLOYEE, COMPANY).await;
    if stage.people_without_seat(COMPANY, grant).await.contains(&person) {
        let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
        assign(&stage.service, &admin, stage.operation(), input).await.expect("a seat");
    }
    let seat = stage.active_seat(grant, person).await.0;
    stage.sql("update person set last_sign_in_at = 0, last_seen_at = 0; delete from session;").await;
    let input = SignIn {
        email: EMPLOYEE.to_owned(),
        password: DEMO_PASSWORD.to_owned(),
        agent: "test".to_owned(),
        earlier: None,
    };
    let Entry::Session(token) = sign_in(&stage.service, &stage.nobody(), input).await.expect("signs in")
    else {
        panic!("no second factor is set up");
    };
    // The seat comes while the holder is there, who then signs out.
    stage.clock.move_seconds(3600);
    let now = stage.service.now();
    let text = "update seat set assigned_at = $1, locked_until = null where id = $2";
    stage.run(text, [now.0.into(), seat.0.into()]).await;
    stage.clock.move_seconds(1800);
    let holder = stage.person(EMPLOYEE).await;
    sessions::end(&stage.service, &holder, &token).await.expect("signed out");
    stage.clock.move_days(8);
    let page = shown(&stage, ADMIN, &InsightQuery::default()).await;
    assert!(page.idle.iter().all(|one| one.seat != seat), "was there since");
    let told = remind::holder(&stage.service, &admin, stage.operation(), seat).await;
    assert_eq!(refused(told).code, ErrorCode::WrongState);
    assert!(stage.mails(EMPLOYEE).await.iter().all(|mail| mail.kind != "seat_idle"));
    // One who doesn't come back is idle a week after the last visit.
    let text = "update person set last_seen_at = $1 where id = $2";
    stage.run(text, [now.plus_days(-1).0.into(), person.0.into()]).await;
    remind::holder(&stage.service, &admin, stage.operation(), seat).await.expect("reminded");
}

#[rstest]
#[tokio::test]
async fn nobody_is_reminded_of_a_seat_that_has_just_begun(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    stage.sql("update person set last_sign_in_at = 0, last_seen_at = 0; delete from session;").await;
    let admin = stage.person(ADMIN).await;
    let seat = give(&stage, &admin, grant(&stage).await).await;
    let told = remind::holder(&stage.service, &admin, stage.operation(), seat).await;
    assert_eq!(refused(told).code, ErrorCode::WrongState);
}

#[rstest]
#[tokio::test]
async fn rule_21_nobody_is_reminded_of_what_can_not_be_assigned_any_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = grant(&stage).await;
    let row = stage.grant_row(grant).await;
    let ends = row.holding_ends_at.expect("a year");
    let page = shown(&stage, ADMIN, &InsightQuery::default()).await;
    let shown_row = page.unused.iter().find(|one| one.grant == grant);
    assert!(shown_row.is_none_or(|one| one.place.ends <= ends), "not with the window after the year");
    stage.clock.set(Moment(ends).plus_days(1));
    let page = shown(&stage, ADMIN, &InsightQuery::default()).await;
    assert!(page.unused.iter().all(|one| one.grant != grant));
    let admin = stage.person(ADMIN).await;
    let told = remind::administrators(&stage.service, &admin, stage.operation(), grant).await;
    assert_eq!(refused(told).code, ErrorCode::RenewalWindow);
}

#[rstest]
#[tokio::test]
async fn seats_of_companies_that_can_only_be_read_are_not_offered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    count_all(&stage).await;
    let all = programme_page(&stage, &ProgrammeInsightQuery::default()).await.companies;
    let (_, page) = idle(&stage).await;
    assert!(!page.idle.is_empty());
    stage.sql("update organization set portal_state = 'invited' where domain = 'fernhollow.example'").await;
    assert!(shown(&stage, ADMIN, &InsightQuery::default()).await.idle.is_empty());
    let members = programme_page(&stage, &ProgrammeInsightQuery::default()).await.companies;
    assert_eq!(members, all - 1);
}

#[rstest]
#[tokio::test]
async fn whoever_saw_a_key_that_was_withdrawn_since_does_not_count_as_idle(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let person = stage.person_id(EMPLOYEE, COMPANY).await;
    let text = "select s.id from seat s join benefit_grant g on g.id = s.grant_id
        join product p on p.id = g.product_id and p.code = 'project_professional'
        where s.person_id = $1 and s.released_at is null";
    let seat = SeatId(stage.id(text, [person.0.into()]).await);
    stage.run("update product_key set state = 'withdrawn' where seat_id = $1", [seat.0.into()]).await;
    let (_, page) = idle(&stage).await;
    assert!(page.idle.iter().all(|row| row.seat != seat), "the key was shown");
    stage.run("update product_key set seat_id = null where seat_id = $1", [seat.0.into()]).await;
    let admin = stage.person(ADMIN).await;
    remind::holder(&stage.service, &admin, stage.operation(), seat).await.expect("no key was ever shown");
}

#[rstest]
#[tokio::test]
async fn a_seat_that_was_used_once_is_looked_at_no_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (row, _) = idle(&stage).await;
    let seen = |at: i64| {
        format!(
            "update person set last_seen_at = {at} where id = (select person_id from seat where id = {})",
            stage.literal(row.seat.0)
        )
    };
    stage.sql(&seen(stage.service.now().0)).await;
    let before = shown(&stage, ADMIN, &InsightQuery::default()).await.idle;
    assert!(!before.is_empty() && before.iter().all(|one| one.seat != row.seat), "came by");
    count_all(&stage).await;
    let marked =
        format!("select count(*) as number from seat where was_used and id = {}", stage.literal(row.seat.0));
    assert_eq!(stage.count(&marked).await, 1);
    let after = shown(&stage, ADMIN, &InsightQuery::default()).await.idle;
    assert_eq!(after, before, "what is idle isn't marked");
    // The mark alone says so from now on.
    stage.sql(&seen(0)).await;
    let after = shown(&stage, ADMIN, &InsightQuery::default()).await.idle;
    assert!(after.iter().all(|one| one.seat != row.seat));
}

#[rstest]
#[tokio::test]
async fn many_sign_ins_are_passed_over_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    count_all(&stage).await;
    let organization = stage.organization(COMPANY).await;
    let happens = async |action: AuditAction, times: usize| {
        let worker = stage.worker();
        let mut change = Change::begin_unasked(&stage.service, &worker).await.expect("a change");
        for _ in 0..times {
            change.record(Event::new(organization, action, "organization", organization));
        }
        change.commit(()).await.expect("committed");
    };
    let unread = format!(
        "select h.sequence - c.sequence as number from usage_count c
        join audit_head h on h.organization_id = c.organization_id where c.organization_id = {}",
        stage.literal(organization.0)
    );
    happens(AuditAction::SignedIn, 20).await;
    assert_eq!((count_all(&stage).await, stage.count(&unread).await), (0, 20), "few are read again");
    happens(AuditAction::SignedIn, 100).await;
    assert_eq!((count_all(&stage).await, stage.count(&unread).await), (0, 0));
    happens(AuditAction::SeatAssigned, 1).await;
    assert_eq!((count_all(&stage).await, stage.count(&unread).await), (1, 0), "what counts is counted");
}
