//! The dashboard: what needs attention, for whom, and when; notices.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{BEGINNING, Engine, Stage, stage};
use domain::mail_topic::MailTopic;
use domain::view::dashboard::{Dashboard, NoticeFilter, NoticesQuery, Waiting};
use domain::{ErrorCode, Language};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::assignments::assign::{AssignSeats, assign};
use service::dashboard::attention::attention;
use service::dashboard::notices;
use service::people::roles::{OwnAgent, update_own_agent};
use service::sql;

const GOLD: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const ADMIN_OF_NETWORK: &str = "yunting.yeh@chienyuan.example";

async fn shown(stage: &Stage, email: &str) -> Dashboard {
    let request = stage.person(email).await;
    attention(&stage.service, &request, Language::English).await.expect("a dashboard")
}

#[rstest]
#[tokio::test]
async fn what_ends_within_sixty_days_is_shown_and_no_longer_once_it_is_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let first = shown(&stage, ADMIN).await.expiring;
    assert!(!first.is_empty());
    let days: Vec<_> = first.iter().map(|(_, row)| row.expires_days.expect("it ends")).collect();
    assert!(days.is_sorted() && days.iter().all(|days| (0..=60).contains(days)), "{days:?}");
    let (_, nearest) = &first[0];
    let left = nearest.expires_days.expect("it ends");
    stage.clock.move_days(left + 1);
    let later = shown(&stage, ADMIN).await.expiring;
    assert!(later.iter().all(|(_, row)| row.id != nearest.id), "{} is over", nearest.name);
    // A year before, nothing of it was near.
    stage.clock.set(BEGINNING);
    stage.clock.move_days(-300);
    assert!(shown(&stage, ADMIN).await.expiring.is_empty());
}

#[rstest]
#[tokio::test]
async fn what_nobody_uses_is_shown_until_somebody_does(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(GOLD, "visual_studio_enterprise", "select_competency").await;
    let unused = "select count(*) as number from seat where released_at is null and grant_id = ";
    // The one of the areas that nobody uses comes first of all.
    let text = format!("update benefit_grant set expires_at = {} where id = $1", BEGINNING.plus_days(2).0);
    stage.run(&text, [grant.0.into()]).await;
    let text = "update seat set released_at = 1, release_reason = 'removed' where grant_id = $1 and released_at is null";
    stage.run(text, [grant.0.into()]).await;
    assert_eq!(stage.count(&format!("{unused}{}", stage.literal(grant.0))).await, 0);
    let has = async || shown(&stage, ADMIN).await.unused.iter().any(|(_, row)| row.id == grant);
    assert!(has().await);
    let admin = stage.person(ADMIN).await;
    let people = vec![stage.person_id(EMPLOYEE, GOLD).await];
    let input = AssignSeats { grant, people, shortage: None, alternate_email: None };
    assign(&stage.service, &admin, stage.operation(), input).await.expect("a seat");
    assert!(!has().await);
}

#[rstest]
#[tokio::test]
async fn seat_requests_wait_for_whoever_decides_them_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let waits = |dashboard: &Dashboard| {
        dashboard.waiting.iter().any(|waiting| matches!(waiting, Waiting::SeatRequests(3)))
    };
    assert!(waits(&shown(&stage, ADMIN).await));
    assert!(!waits(&shown(&stage, PARTNER_ADMIN).await));
    stage.set_policy("assign_roles", "partner_admin").await;
    assert!(waits(&shown(&stage, PARTNER_ADMIN).await));
}

#[rstest]
#[tokio::test]
async fn an_employee_sees_the_end_of_own_seats_and_own_requests(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let seats = "select count(*) as number from seat s join person p on p.id = s.person_id
        join account a on a.id = p.account_id join benefit_grant g on g.id = s.grant_id
        where a.email_key = 'teodor.wrzosek@fernhollow.example' and s.released_at is null and g.expires_at is not null";
    assert!(stage.count(seats).await > 0);
    let all = shown(&stage, EMPLOYEE).await;
    assert!(!all.opens_benefits && all.unused.is_empty() && all.setup.is_none());
    let text = format!("update benefit_grant set expires_at = {}", BEGINNING.plus_days(9).0);
    stage.run(&text, []).await;
    let near = shown(&stage, EMPLOYEE).await.expiring;
    assert_eq!(i64::try_from(near.len()).expect("few"), stage.count(seats).await, "{near:?}");
    let text = "update service_request set requested_by = $1 where number = 20402";
    stage.run(text, [stage.person_id(EMPLOYEE, GOLD).await.0.into()]).await;
    let waiting = shown(&stage, EMPLOYEE).await.waiting;
    assert!(
        matches!(waiting.as_slice(), [Waiting::Request { number: 20402, .. }]),
        "only the own request: {waiting:?}"
    );
}

#[rstest]
#[tokio::test]
async fn rule_04_an_unfinished_set_up_is_said_until_it_is_finished(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    assert_eq!(shown(&stage, ADMIN).await.setup, None);
    let setup = shown(&stage, ADMIN_OF_NETWORK).await.setup.expect("unfinished");
    assert!(setup.by_reader && !setup.finished);
    let request = stage.person(ADMIN_OF_NETWORK).await;
    let input = OwnAgent { admin_agent: true };
    update_own_agent(&stage.service, &request, stage.operation(), input).await.expect("updated");
    assert_eq!(shown(&stage, ADMIN_OF_NETWORK).await.setup, None);
}

#[rstest]
#[tokio::test]
async fn notices_about_a_day_to_come_stand_in_its_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let account = admin.account().expect("an account").0;
    let day =
        |days| domain::moment::Zone::named("UTC").day_of(stage.service.now().plus_days(days)).to_string();
    for (number, due) in [(1, Some(40)), (2, Some(-40)), (3, None), (4, Some(5)), (5, Some(40))] {
        let text = "insert into notice (id, account_id, title, link, created_at, kind, due_on)
            values ($1, $2, $3, '/', $4, 'password_changed', $5)";
        let (id, title) = (stage.service.new_id(), format!("Number {number}"));
        let due: Option<String> = due.map(day);
        stage.run(text, [id.into(), account.into(), title.into(), number.into(), due.into()]).await;
        stage.clock.move_seconds(1);
    }
    let due = NoticesQuery { show: Some(NoticeFilter::Due), after: None };
    let list = notices::list(&stage.service, &admin, &due).await.expect("a list").notices;
    let own: Vec<&str> =
        list.iter().map(|notice| notice.title.as_str()).filter(|title| title.starts_with("Number")).collect();
    assert_eq!(own, ["Number 4", "Number 1", "Number 5"]);
    assert!(list.is_sorted_by_key(|notice| notice.due.expect("a day").to_string()));
    assert!(list.iter().filter(|notice| notice.title.starts_with("Number")).all(|notice| notice.mandatory));
    // From the one after the first.
    let after = NoticesQuery { after: Some(list[0].id.clone()), ..due };
    let rest = notices::list(&stage.service, &admin, &after).await.expect("a list").notices;
    assert_eq!(rest, list[1..]);
}

#[rstest]
#[tokio::test]
async fn notices_are_unread_until_they_are_marked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let grant = stage.grant(GOLD, "visual_studio_enterprise", "gold_core").await;
    let person = stage.people_without_seat(GOLD, grant).await[0];
    let holder = stage.id("select account_id as id from person where id = $1", [person.0.into()]).await;
    let email = "select count(*) as number from notice where read_at is null and account_id = ";
    let unread = async || stage.count(&format!("{email}{}", stage.literal(holder))).await;
    let before = unread().await;
    let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
    assign(&stage.service, &admin, stage.operation(), input).await.expect("a seat");
    assert_eq!(unread().await, before + 1);
    let nobody =
        notices::list(&stage.service, &stage.nobody(), &NoticesQuery::default()).await.expect_err("nobody");
    assert!(nobody.is(ErrorCode::SignInNeeded));
    #[derive(FromQueryResult)]
    struct Account {
        email: String,
    }
    let text = "select email from account where id = $1";
    let account = sql::one::<Account>(stage.service.database.reader(), text, [holder.into()]).await;
    let address = account.expect("answers").expect("an account").email;
    let reader = stage.person(&address).await;
    assert_eq!(shown(&stage, &address).await.unread.len(), usize::try_from(before + 1).expect("few").min(6));
    // One of them, and only one's own.
    let newest = NoticesQuery { show: Some(NoticeFilter::Unread), after: None };
    let list = notices::list(&stage.service, &reader, &newest).await.expect("a list");
    assert_eq!(list.notices[0].topic, Some(MailTopic::Seats));
    assert!(!list.notices[0].mandatory);
    let newest = list.notices[0].id.parse().expect("an id");
    let foreign = notices::mark_one_read(&stage.service, &admin, newest).await.expect_err("somebody else's");
    assert!(foreign.is(ErrorCode::NotFound));
    assert_eq!(unread().await, before + 1);
    notices::mark_one_read(&stage.service, &reader, newest).await.expect("marked");
    notices::mark_one_read(&stage.service, &reader, newest).await.expect("once more");
    assert_eq!(unread().await, before);
    notices::mark_read(&stage.service, &reader).await.expect("marked");
    assert_eq!(unread().await, 0);
    assert!(shown(&stage, &address).await.unread.is_empty());
    let list = notices::list(&stage.service, &reader, &NoticesQuery::default()).await.expect("a list");
    assert!(!list.notices.is_empty() && list.notices.iter().all(|notice| notice.read));
}
