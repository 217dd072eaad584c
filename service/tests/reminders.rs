//! Reminders of single benefits: when, to whom, once; how long before is the company's choice, and whether they
//! come one by one is everybody's own. On both databases.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{Engine, Stage, stage};
use domain::mail_topic::MailTopic;
use domain::moment::Zone;
use domain::reminder::{LeadTimes, ReminderCadence, ReminderTimes};
use domain::{Day, ErrorCode, Language, Moment};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::accounts::mail_choices;
use service::benefits::list::ROWS;
use service::membership::page;
use service::reminders::{benefits, digest, settings};
use service::{entity, sql};
use uuid::Uuid;

const SILVER: &str = "chenghu.example";
const SILVER_ADMIN: &str = "yanchu.gu@chenghu.example";
const SILVER_PARTNER_ADMIN: &str = "qinghe.wei@chenghu.example";
const SILVER_OTHERS: [&str; 2] = ["qizhen.lu@chenghu.example", "ruolan.wen@chenghu.example"];
/// Never used: nobody ever had a seat of it.
const UNUSED: &str =
    "t.status = 'ready' and t.used = 0 and not exists (select 1 from seat s where s.grant_id = t.id)";
const GOLD_ADMIN: &str = "maren.tolvik@fernhollow.example";
const GOLD_EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";

#[derive(FromQueryResult)]
struct Holding {
    id: Uuid,
    anniversary_at: i64,
}

async fn silver(stage: &Stage) -> Holding {
    let text = "select h.id, h.anniversary_at from holding h join offer f on f.id = h.offer_id
        join organization o on o.id = h.organization_id where o.domain = $1 and f.code = 'silver'";
    let found = sql::one::<Holding>(stage.service.database.reader(), text, [SILVER.into()]).await;
    found.expect("reads").expect("a holding")
}

fn zone() -> Zone {
    Zone::named("Asia/Shanghai")
}

/// A full hour of the day so many days after the anniversary of the silver competency.
async fn go_to(stage: &Stage, days: i64, hour: u8) -> Day {
    let anniversary = zone().day_of(Moment(silver(stage).await.anniversary_at));
    stage.clock.set(zone().at_hour(anniversary.plus_days(days), hour));
    anniversary
}

/// Sets the lead times of the silver company, as days; 0 is none.
async fn lead(stage: &Stage, ending: [u16; 2], unused: [u16; 2]) {
    let times = |[first, second]: [u16; 2]| LeadTimes {
        first: (first > 0).then_some(first),
        second: (second > 0).then_some(second),
    };
    let times = ReminderTimes { ending: times(ending), unused: times(unused) };
    let who = stage.person(SILVER_ADMIN).await;
    let before = page::page(&stage.service, &who, Language::English).await.expect("the page").reminders;
    settings::set(&stage.service, &who, stage.operation(), before.version(), times).await.expect("set");
}

/// Grants of the silver competency with these statuses, as the company's tables show them now.
async fn listed(stage: &Stage, condition: &str) -> BTreeSet<Uuid> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let text = format!(
        "select t.id from ({ROWS}) t join benefit_grant g on g.id = t.id
        where g.holding_id = $4 and not t.followed and {condition}"
    );
    let organization = stage.organization(SILVER).await;
    let values =
        [organization.0.into(), "en".into(), stage.service.now().0.into(), silver(stage).await.id.into()];
    let rows = sql::all::<Row>(stage.service.database.reader(), &text, values).await.expect("rows");
    rows.into_iter().map(|row| row.id).collect()
}

/// Grants of the silver competency that were told of.
async fn told(stage: &Stage, kind: &str, turn: &str) -> BTreeSet<Uuid> {
    #[derive(FromQueryResult)]
    struct Row {
        grant_id: Uuid,
    }
    let text = "select r.grant_id from benefit_reminder r join benefit_grant g on g.id = r.grant_id
        where g.holding_id = $1 and r.kind = $2 and r.turn = $3";
    let values = [silver(stage).await.id.into(), kind.into(), turn.into()];
    let rows = sql::all::<Row>(stage.service.database.reader(), text, values).await.expect("rows");
    rows.into_iter().map(|row| row.grant_id).collect()
}

async fn mails(stage: &Stage, email: &str, kind: &str) -> Vec<entity::mail::Model> {
    // Of one benefit the mail is called so, too.
    let one = kind.replace("benefits", "benefit");
    stage.mails(email).await.into_iter().filter(|mail| mail.kind == kind || mail.kind == one).collect()
}

async fn notices(stage: &Stage, email: &str) -> i64 {
    let text = format!(
        "select count(*) as number from notice n join account a on a.id = n.account_id
        where a.email_key = '{email}'"
    );
    stage.count(&text).await
}

async fn remind(stage: &Stage) -> usize {
    benefits::remind_due(&stage.service).await.expect("reminds")
}

#[rstest]
#[tokio::test]
async fn unused_benefits_are_told_once_at_each_lead_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    lead(&stage, [0, 0], [90, 30]).await;
    go_to(&stage, -91, 7).await;
    remind(&stage).await;
    assert!(told(&stage, "unused", "first").await.is_empty(), "a day too early");
    let told_before = mails(&stage, SILVER_ADMIN, "benefits_unused").await.len();

    let anniversary = go_to(&stage, -90, 6).await;
    assert_eq!(remind(&stage).await, 0, "not before the morning");
    go_to(&stage, -90, 7).await;
    let before = notices(&stage, SILVER_ADMIN).await;
    // Two servers at the same moment send it once.
    let (one, other) =
        tokio::join!(benefits::remind_due(&stage.service), benefits::remind_due(&stage.service));
    assert!(one.expect("reminds") + other.expect("reminds") > 0);
    let unused = listed(&stage, UNUSED).await;
    assert!(unused.len() > 1);
    assert_eq!(told(&stage, "unused", "first").await, unused);
    let sent = mails(&stage, SILVER_ADMIN, "benefits_unused").await;
    assert_eq!(sent.len(), told_before + 1);
    assert_eq!(notices(&stage, SILVER_ADMIN).await, before + 1);
    let mail = sent
        .iter()
        .find(|mail| mail.subject.contains(&locales::format::date(Language::SimplifiedChinese, anniversary)))
        .expect("the day in the subject");
    assert_eq!(mail.language, "zh-Hans");
    assert!(mail.body.contains("https://benefits.example/"), "{}", mail.body);
    let listed_lines = mail.body.lines().filter(|line| line.contains('（')).count();
    assert_eq!(listed_lines, unused.len().min(20), "{}", mail.body);
    let calendar = mail.calendar.as_deref().expect("a day");
    let day = anniversary.to_string().replace('-', "");
    assert!(calendar.contains(&format!("DTSTART;VALUE=DATE:{day}")), "{calendar}");
    // MPN partner admins as well, and nobody else.
    assert_eq!(mails(&stage, SILVER_PARTNER_ADMIN, "benefits_unused").await.len(), sent.len());
    for nobody in SILVER_OTHERS {
        assert!(mails(&stage, nobody, "benefits_unused").await.is_empty(), "{nobody}");
    }
    assert!(mails(&stage, SILVER_ADMIN, "benefits_ending").await.is_empty(), "that one is switched off");

    // The days between bring nothing, whatever the company sets meanwhile.
    lead(&stage, [0, 0], [120, 30]).await;
    for days in [-89, -60, -31] {
        go_to(&stage, days, 7).await;
        remind(&stage).await;
    }
    assert_eq!(told(&stage, "unused", "first").await, unused);
    assert!(told(&stage, "unused", "second").await.is_empty());
    // A server that stood still tells it later; what is used meanwhile isn't told again.
    let used = *unused.iter().next().expect("a grant");
    stage
        .run(
            "update pool set used_before = 1 where id = (select pool_id from benefit_grant where id = $1)",
            [used.into()],
        )
        .await;
    go_to(&stage, -27, 13).await;
    remind(&stage).await;
    let second = told(&stage, "unused", "second").await;
    assert!(!second.contains(&used) && !second.is_empty());
    assert_eq!(second, listed(&stage, UNUSED).await);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn benefits_in_use_are_told_before_they_end(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    lead(&stage, [14, 0], [0, 0]).await;
    // The last day is 30 days after the anniversary.
    go_to(&stage, 15, 9).await;
    remind(&stage).await;
    assert!(told(&stage, "ending", "first").await.is_empty());
    go_to(&stage, 16, 9).await;
    remind(&stage).await;
    let used = listed(
        &stage,
        "t.status in ('active', 'all_used', 'over_allocated') and t.category <> 'go_to_market'",
    )
    .await;
    assert!(!used.is_empty());
    assert_eq!(told(&stage, "ending", "first").await, used);
    assert!(told(&stage, "unused", "first").await.is_empty());
    let sent = mails(&stage, SILVER_ADMIN, "benefits_ending").await;
    go_to(&stage, 17, 9).await;
    remind(&stage).await;
    assert_eq!(mails(&stage, SILVER_ADMIN, "benefits_ending").await, sent, "once");
    let organization = stage.organization(SILVER).await;
    let text = format!(
        "select count(*) as number from audit_event where action = 'benefit_reminded' and organization_id = {}",
        stage.literal(organization.0)
    );
    assert!(stage.count(&text).await >= i64::try_from(used.len()).expect("few"));
}

#[rstest]
#[tokio::test]
async fn what_the_next_year_was_bought_for_is_not_told_to_end(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    lead(&stage, [60, 0], [0, 0]).await;
    let old = silver(&stage).await;
    let text = "insert into order_line (id, order_id, organization_id, offer_id, areas, price_minor, policies, state,
            kind, of_holding_id, agreement_version)
        select $2, l.order_id, l.organization_id, l.offer_id, l.areas, l.price_minor, l.policies, 'active',
            'renewal', h.id, 1 from holding h join order_line l on l.id = h.order_line_id where h.id = $1";
    let next = Uuid::from_u128(7);
    stage.run(text, [old.id.into(), next.into()]).await;
    let text = "insert into holding (id, organization_id, offer_id, order_line_id, areas, state, starts_at,
            anniversary_at, follows_id)
        select $2, organization_id, offer_id, $2, areas, 'coming', anniversary_at + 1,
            anniversary_at + 31536000000, id from holding where id = $1";
    stage.run(text, [old.id.into(), next.into()]).await;
    let anniversary = zone().day_of(Moment(old.anniversary_at));
    stage.clock.set(zone().at_hour(anniversary.plus_days(-20), 9));
    remind(&stage).await;
    assert!(told(&stage, "ending", "first").await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_company_sets_its_lead_times(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let who = stage.person(GOLD_ADMIN).await;
    let now = async || page::page(&stage.service, &who, Language::English).await.expect("the page").reminders;
    let days = |first, second| LeadTimes { first, second };
    assert_eq!(
        now().await,
        ReminderTimes { ending: days(Some(30), None), unused: days(Some(90), Some(30)) },
        "what a company has at first"
    );
    for times in [
        ReminderTimes { ending: days(Some(300), Some(1)), unused: days(None, None) },
        ReminderTimes { ending: days(None, None), unused: days(Some(1), None) },
    ] {
        let before = now().await.version();
        settings::set(&stage.service, &who, stage.operation(), before, times).await.expect("set");
        assert_eq!(now().await, times);
        let late = settings::set(&stage.service, &who, stage.operation(), before, times).await;
        assert_eq!(late.expect_err("filled in over other times").told().code, ErrorCode::Stale);
    }
    let employee = stage.person(GOLD_EMPLOYEE).await;
    let refused =
        settings::set(&stage.service, &employee, stage.operation(), 0, ReminderTimes::default()).await;
    assert_eq!(refused.expect_err("no right").told().code, ErrorCode::RoleNeeded);
    let set = "select count(*) as number from audit_event where action = 'reminders_set'";
    assert_eq!(stage.count(set).await, 2);
    // What the database takes is what the form takes.
    for wrong in ["unused_first = 301", "ending_first = 0", "unused_second = 1, unused_first = null"] {
        let refused = stage.try_sql(&format!("update organization set {wrong}")).await;
        assert!(refused.is_err(), "{wrong}");
    }
}

async fn choose(stage: &Stage, email: &str, topics: &[MailTopic], cadence: ReminderCadence) {
    let who = stage.person(email).await;
    mail_choices::choose(&stage.service, &who, stage.operation(), topics, cadence).await.expect("chosen");
}

async fn send(stage: &Stage) -> usize {
    digest::send_due(&stage.service).await.expect("sends")
}

#[rstest]
#[tokio::test]
async fn reminders_come_together_for_whoever_wants_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    lead(&stage, [120, 0], [90, 0]).await;
    choose(&stage, SILVER_ADMIN, MailTopic::ALL, ReminderCadence::Daily).await;
    let single =
        ["benefit_unused", "benefits_unused", "benefit_ending", "benefits_ending", "membership_renew"];
    let alone = async |email: &str| {
        let sent = stage.mails(email).await;
        sent.into_iter().filter(|mail| single.contains(&mail.kind.as_str())).count()
    };
    let before = notices(&stage, SILVER_ADMIN).await;
    go_to(&stage, -90, 8).await;
    remind(&stage).await;
    let colleague = alone(SILVER_PARTNER_ADMIN).await;
    assert!(colleague > 1, "a colleague gets each by itself");
    assert_eq!(alone(SILVER_ADMIN).await, 0);
    let said = notices(&stage, SILVER_ADMIN).await - before;
    assert_eq!(said, i64::try_from(colleague).expect("few"), "the portal has each at once");
    assert_eq!(send(&stage).await, 0, "not before the morning");

    go_to(&stage, -89, 7).await;
    let (one, other) = tokio::join!(digest::send_due(&stage.service), digest::send_due(&stage.service));
    assert_eq!(one.expect("sends") + other.expect("sends"), 1);
    let sent = mails(&stage, SILVER_ADMIN, "reminders_collected").await;
    assert_eq!(sent.len(), 1);
    let mail = &sent[0];
    assert_eq!(mail.language, "zh-Hans");
    assert!(mail.subject.contains(&colleague.to_string()), "{}", mail.subject);
    for other in stage.mails(SILVER_PARTNER_ADMIN).await {
        if single.contains(&other.kind.as_str()) {
            assert!(mail.body.contains(&other.subject), "{} in {}", other.subject, mail.body);
        }
    }
    assert!(mail.body.contains("https://benefits.example/"), "{}", mail.body);
    let calendar = mail.calendar.as_deref().expect("days");
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), colleague, "{calendar}");
    assert_eq!(notices(&stage, SILVER_ADMIN).await, before + said, "the collected mail is no news");
    assert_eq!(send(&stage).await, 0);
    assert_eq!(stage.count("select count(*) as number from collected_reminder").await, 0);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_weekly_mail_waits_for_monday_and_a_change_of_mind_sends_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    lead(&stage, [0, 0], [90, 0]).await;
    choose(&stage, SILVER_ADMIN, MailTopic::ALL, ReminderCadence::Weekly).await;
    choose(&stage, SILVER_PARTNER_ADMIN, MailTopic::ALL, ReminderCadence::Weekly).await;
    let anniversary = go_to(&stage, -90, 8).await;
    remind(&stage).await;
    let today = anniversary.plus_days(-90);
    // Day 0 was a Thursday.
    let monday = (1..=7).map(|days| today.plus_days(days)).find(|day| day.number().rem_euclid(7) == 4);
    let monday = monday.expect("a Monday");
    stage.clock.set(Moment(zone().at_hour(monday, 7).0 - 1));
    assert_eq!(send(&stage).await, 0);
    // Whoever wants each by itself from now on doesn't wait, and whoever wants no mail gets none.
    choose(&stage, SILVER_ADMIN, MailTopic::ALL, ReminderCadence::Single).await;
    assert_eq!(send(&stage).await, 1);
    assert_eq!(mails(&stage, SILVER_ADMIN, "reminders_collected").await.len(), 1);
    choose(&stage, SILVER_PARTNER_ADMIN, &[MailTopic::Seats], ReminderCadence::Weekly).await;
    stage.clock.set(zone().at_hour(monday, 7));
    send(&stage).await;
    assert!(mails(&stage, SILVER_PARTNER_ADMIN, "reminders_collected").await.is_empty());
    assert_eq!(stage.count("select count(*) as number from collected_reminder").await, 0);
}

#[rstest]
#[tokio::test]
async fn whoever_no_longer_decides_gets_no_collected_mail_and_a_new_company_waits_for_its_morning(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    lead(&stage, [0, 0], [90, 0]).await;
    choose(&stage, SILVER_PARTNER_ADMIN, MailTopic::ALL, ReminderCadence::Daily).await;
    go_to(&stage, -90, 8).await;
    // A company that has just joined is looked at from its next morning on.
    let fresh = "update organization set next_reminders_at = 0 where domain = 'chenghu.example'";
    stage.run(fresh, []).await;
    remind(&stage).await;
    assert!(told(&stage, "unused", "first").await.is_empty());
    go_to(&stage, -89, 7).await;
    remind(&stage).await;
    assert!(!told(&stage, "unused", "first").await.is_empty());
    let kept = format!(
        "select count(*) as number from collected_reminder r join account a on a.id = r.account_id
        where a.email_key = '{SILVER_PARTNER_ADMIN}'"
    );
    assert!(stage.count(&kept).await > 0);
    let text = "delete from person_role where role in ('global_admin', 'partner_admin') and person_id in
        (select p.id from person p join account a on a.id = p.account_id where a.email_key = $1)";
    stage.run(text, [SILVER_PARTNER_ADMIN.into()]).await;
    go_to(&stage, -88, 7).await;
    send(&stage).await;
    assert!(mails(&stage, SILVER_PARTNER_ADMIN, "reminders_collected").await.is_empty());
    assert_eq!(stage.count(&kept).await, 0);
}
