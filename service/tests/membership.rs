//! The page Membership: what the catalogue grants is what the companies have, and what another tier would
//! change is computed from it (rule 18).

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;

use common::{Engine, Stage, stage};
use domain::entitlement::{Amount, DifferenceKind, granted};
use domain::membership::{Tier, YearPhase};
use domain::view::membership::{HoldingState, MembershipPage, YearDay};
use domain::{ErrorCode, Language};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::membership::catalogue::Editions;
use service::membership::{on_clock, page};
use service::sql;
use uuid::Uuid;

const GOLD: &str = "fernhollow.example";
const NETWORK_ADMIN: &str = "yunting.yeh@chienyuan.example";
const SILVER_ADMIN: &str = "yanchu.gu@chenghu.example";
const GOLD_ADMIN: &str = "maren.tolvik@fernhollow.example";
const COMPANIES: [&str; 4] = [GOLD, "kestrelash.example", "chenghu.example", "chienyuan.example"];

async fn of(stage: &Stage, email: &str) -> MembershipPage {
    let person = stage.person(email).await;
    page::page(&stage.service, &person, Language::English).await.expect("the page")
}

#[rstest]
#[tokio::test]
async fn rule_18_what_the_catalogue_grants_is_what_the_companies_have(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Row {
        product_id: Uuid,
        source: String,
        area: Option<String>,
    }
    let stage = stage(engine).await;
    let reader = stage.service.database.reader();
    for company in COMPANIES {
        let organization = stage.organization(company).await;
        let editions = Editions::of(reader, organization).await.expect("the catalogue");
        let held = editions.held(reader, organization, None).await.expect("holdings");
        let mut expected: BTreeMap<(Uuid, String, Option<String>), i64> = BTreeMap::new();
        for row in granted(&held) {
            *expected.entry((row.product.0, row.source.code().to_owned(), row.area.clone())).or_default() +=
                1;
        }
        // Offers that are no tier, and grants to one company alone, aren't a tier's.
        let text = "select product_id, source, area from benefit_grant where organization_id = $1
            and source not in ('isv_co_sell', 'individual_grant')";
        let mut found: BTreeMap<(Uuid, String, Option<String>), i64> = BTreeMap::new();
        for row in sql::all::<Row>(reader, text, [organization.0.into()]).await.expect("grants") {
            *found.entry((row.product_id, row.source, row.area)).or_default() += 1;
        }
        assert_eq!(found, expected, "{company}");
        assert!(!found.is_empty());
    }
}

#[rstest]
#[tokio::test]
async fn rule_18_the_next_tiers_say_what_they_would_change(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let network = of(&stage, NETWORK_ADMIN).await;
    assert_eq!(network.tier, Tier::Network);
    let tiers: Vec<Tier> = network.next.iter().map(|next| next.tier).collect();
    assert_eq!(tiers, [Tier::ActionPack, Tier::Silver, Tier::Gold]);
    for next in &network.next {
        assert!(!next.differences.is_empty() && !next.replaces_silver);
        assert!(next.differences.iter().all(|row| row.kind == DifferenceKind::Gained), "{next:?}");
    }
    let pack = &network.next[0];
    let studio = pack.differences.iter().find(|row| row.product.starts_with("Visual Studio Professional"));
    assert_eq!(studio.map(|row| row.after), Some(Some(Amount::Of(3))));

    let silver = of(&stage, SILVER_ADMIN).await;
    let gold = silver.next.iter().find(|next| next.tier == Tier::Gold).expect("the next tier");
    assert!(gold.replaces_silver);
    let kinds: Vec<DifferenceKind> = gold.differences.iter().map(|row| row.kind).collect();
    assert!(kinds.is_sorted() && kinds.contains(&DifferenceKind::Changed), "{kinds:?}");
    let enterprise = gold.differences.iter().find(|row| row.product.starts_with("Visual Studio Enterprise"));
    let enterprise = enterprise.expect("more of it");
    assert!(
        matches!((enterprise.before, enterprise.after), (Some(Amount::Of(few)), Some(Amount::Of(many))) if many > few)
    );

    let top = of(&stage, GOLD_ADMIN).await;
    assert_eq!(top.tier, Tier::Gold);
    assert!(
        top.next.iter().all(|next| next.tier != Tier::Silver && next.tier != Tier::Gold),
        "{:?}",
        top.next
    );
}

#[rstest]
#[tokio::test]
async fn rule_21_the_year_of_each_holding_has_its_days(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let page = of(&stage, GOLD_ADMIN).await;
    assert!(page.holdings.len() > 1);
    for holding in &page.holdings {
        assert_eq!((holding.state, holding.phase), (HoldingState::Active, YearPhase::Current));
        assert!(holding.days.iter().map(|(_, day)| *day).is_sorted(), "{:?}", holding.days);
        let anniversary = holding.days.iter().find(|(of, _)| *of == YearDay::Anniversary).expect("a day").1;
        assert_eq!(page.today.days_until(anniversary), holding.days_left);
        assert!(holding.benefits > 0 && holding.days_left > 0);
    }
    // The benefits of all sources are those that the company has.
    let listed: i64 = page.sources.iter().flat_map(|row| &row.benefits).map(|(_, count)| count).sum();
    let organization = stage.organization(GOLD).await;
    let text = format!(
        "select count(*) as number from benefit_grant where state = 'granted' and organization_id = {}",
        stage.literal(organization.0)
    );
    assert_eq!(listed, stage.count(&text).await);
    // After the anniversary the window counts down, and after it nothing is left.
    let longest = page.holdings.iter().map(|holding| holding.days_left).max().expect("a holding");
    stage.clock.move_seconds((longest + 10) * 24 * 3600);
    let later = of(&stage, GOLD_ADMIN).await;
    assert!(later.holdings.iter().any(|holding| holding.phase == YearPhase::RenewalWindow), "{later:?}");
    stage.clock.move_seconds(30 * 24 * 3600);
    let ended = of(&stage, GOLD_ADMIN).await;
    assert!(ended.holdings.iter().all(|holding| holding.phase == YearPhase::Ended));
}

#[rstest]
#[tokio::test]
async fn rule_06_whoever_may_not_open_the_benefits_sees_no_membership(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let employee = stage.person("teodor.wrzosek@fernhollow.example").await;
    let refused = page::page(&stage.service, &employee, Language::English).await.expect_err("no right");
    let told = refused.told();
    assert_eq!(told.code, ErrorCode::RoleNeeded);
    assert!(!told.colleagues.is_empty());
}

/// Moves the clock to a day relative to the anniversary of a company's holding, and back to its noon.
async fn go_to(stage: &Stage, company: &str, offer: &str, days: i64) {
    #[derive(FromQueryResult)]
    struct Row {
        anniversary_at: i64,
    }
    let text = "select h.anniversary_at from holding h join offer f on f.id = h.offer_id
        join organization o on o.id = h.organization_id where o.domain = $1 and f.code = $2";
    let row = sql::one::<Row>(stage.service.database.reader(), text, [company.into(), offer.into()]).await;
    let at = row.expect("reads").expect("a holding").anniversary_at;
    let noon = at - 12 * 3600 * 1000 + days * 24 * 3600 * 1000;
    stage.clock.set(domain::Moment(noon));
}

async fn mails(stage: &Stage, email: &str, kind: &str) -> Vec<service::entity::mail::Model> {
    stage.mails(email).await.into_iter().filter(|mail| mail.kind == kind).collect()
}

#[rstest]
#[tokio::test]
async fn a_holding_that_nobody_can_be_reminded_of_keeps_no_other_waiting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Row {
        holding_id: Uuid,
    }
    let stage = stage(engine).await;
    let anniversary = domain::Moment(1_800_000_000_000);
    stage.sql(&format!("update holding set anniversary_at = {} where state = 'active'", anniversary.0)).await;
    stage.clock.set(anniversary.plus_days(-10));
    let all = on_clock::remind_due(&stage.service).await.expect("reminds");
    assert!(all > 1, "{all}");
    // The same again, and the first of them is broken.
    let text = "select holding_id from membership_reminder order by holding_id limit 1";
    let first = sql::one::<Row>(stage.service.database.reader(), text, []).await.expect("reads");
    stage.sql("delete from membership_reminder").await;
    stage.refuse_changes("membership_reminder", "holding_id", first.expect("a row").holding_id).await;
    assert_eq!(on_clock::remind_due(&stage.service).await.expect("the others"), all - 1);
}

#[rstest]
#[tokio::test]
async fn rule_21_whoever_renews_is_reminded_once_before_and_once_after_the_anniversary(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let silver = "chenghu.example";
    go_to(&stage, silver, "silver", -16).await;
    on_clock::remind_due(service).await.expect("others");
    assert_eq!(mails(&stage, SILVER_ADMIN, "membership_renew").await.len(), 0, "a day too early");

    go_to(&stage, silver, "silver", -15).await;
    // Two servers at the same moment send it once.
    let (one, other) = tokio::join!(on_clock::remind_due(service), on_clock::remind_due(service));
    assert!(one.expect("sends") + other.expect("sends") > 0);
    assert_eq!(on_clock::remind_due(service).await.expect("once"), 0);
    let sent = mails(&stage, SILVER_ADMIN, "membership_renew").await;
    let silver_mail = sent.iter().filter(|mail| mail.subject.contains("银级")).collect::<Vec<_>>();
    assert_eq!(silver_mail.len(), 1, "{sent:?}");
    let mail = silver_mail[0];
    assert_eq!(mail.language, "zh-Hans");
    assert!(mail.body.contains("https://benefits.example/membership"), "{}", mail.body);
    let calendar = mail.calendar.as_deref().expect("a day");
    assert!(calendar.contains("BEGIN:VEVENT") && calendar.contains("DTSTART;VALUE=DATE:"), "{calendar}");
    // MPN partner admins as well, and nobody else.
    assert_eq!(mails(&stage, "qinghe.wei@chenghu.example", "membership_renew").await.len(), sent.len());
    for nobody in ["qizhen.lu@chenghu.example", "ruolan.wen@chenghu.example"] {
        assert_eq!(mails(&stage, nobody, "membership_renew").await.len(), 0, "{nobody}");
    }

    go_to(&stage, silver, "silver", 22).await;
    on_clock::remind_due(service).await.expect("others");
    let last_days = |sent: Vec<service::entity::mail::Model>| {
        sent.into_iter().filter(|mail| mail.subject.contains("银级")).count()
    };
    assert_eq!(last_days(mails(&stage, SILVER_ADMIN, "membership_last_days").await), 0);
    go_to(&stage, silver, "silver", 23).await;
    on_clock::remind_due(service).await.expect("sends");
    go_to(&stage, silver, "silver", 25).await;
    on_clock::remind_due(service).await.expect("once");
    assert_eq!(last_days(mails(&stage, SILVER_ADMIN, "membership_last_days").await), 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn rule_21_a_holding_ends_with_the_window_and_the_tier_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    let silver = "chenghu.example";
    let held = "select count(*) as number from holding h join organization o on o.id = h.organization_id
        join offer f on f.id = h.offer_id
        where o.domain = 'chenghu.example' and f.code = 'silver' and h.state = 'active'";
    go_to(&stage, silver, "silver", 30).await;
    on_clock::end_due(service).await.expect("others");
    assert_eq!(stage.count(held).await, 1, "the last day isn't over");
    assert_eq!(of(&stage, SILVER_ADMIN).await.tier, Tier::Silver);

    go_to(&stage, silver, "silver", 31).await;
    let (one, other) = tokio::join!(on_clock::end_due(service), on_clock::end_due(service));
    assert!(one.expect("ends") + other.expect("ends") > 0);
    assert_eq!(on_clock::end_due(service).await.expect("once"), 0);
    assert_eq!(stage.count(held).await, 0);
    assert_ne!(of(&stage, SILVER_ADMIN).await.tier, Tier::Silver);
    let told = mails(&stage, SILVER_ADMIN, "membership_ended").await;
    assert_eq!(told.iter().filter(|mail| mail.subject.contains("银级")).count(), 1, "{told:?}");
    let page = of(&stage, SILVER_ADMIN).await;
    assert!(page.holdings.iter().any(|holding| holding.state == HoldingState::Ended));
    assert!(page.next.iter().any(|next| next.tier == Tier::Silver), "it can be had again");
    assert!(stage.audit_intact().await);
}
