//! Going from one level of a competency to another (rules 20, 21): what the page says would happen is what
//! happens, and until something depends on it, it can be taken back. On both databases.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::{Engine, Stage, stage};
use domain::ids::{GrantId, HoldingId, PersonId, ServiceRequestId};
use domain::order::{OrderKind, OrderState, PaymentState};
use domain::tier_change::{TakeBackCondition, TierChangeCondition};
use domain::view::orders::OrderPage;
use domain::view::tier_change::{TierChangePage, TierChangePreview, TierChangeQuery};
use domain::{ErrorCode, Language};
use rstest::rstest;
use service::assignments::assign::{AssignSeats, assign};
use service::catalogue::drafts::{self, BeginDraft, WantedDraft};
use service::catalogue::edit::{Amount, Edit};
use service::catalogue::publish::{self, Publish};
use service::keys::reveal::{KeyOf, RevealKey, reveal};
use service::purchases::card::{self, PayByCard};
use service::purchases::place::{PlaceOrder, WantedOrder, place};
use service::purchases::tier_change::{self, ChangeTier};
use service::purchases::{list, on_clock, orders, transfer};
use service::queue::{Wanted, complete};
use service::{Failure, Request, sql};
use uuid::Uuid;

/// A Silver company in two areas, with people on its benefits.
const SILVER: &str = "chenghu.example";
const SILVER_ADMIN: &str = "yanchu.gu@chenghu.example";
const GOLD: &str = "fernhollow.example";
const GOLD_ADMIN: &str = "maren.tolvik@fernhollow.example";
const GOLD_AGENT: &str = "kofi.anselmsen@fernhollow.example";
const PACK: &str = "kestrelash.example";
const PACK_ADMIN: &str = "piet.zanderling@kestrelash.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const STUDIO: &str = "visual_studio_enterprise";
const FULFILMENT: &str = "marisa.talvinen@northlight.example";

/// Puts every area of a company on record at Gold.
async fn attain(stage: &Stage, company: &str) {
    let text = "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
        select o.id, 'gold', c.code, (select account_id from operator_role limit 1), 1
        from organization o cross join competency_area c where o.domain = $1
        on conflict (organization_id, tier, area) do nothing";
    stage.run(text, [company.into()]).await;
}

/// Gold hasn't got the credit any more, so whoever holds it loses it.
async fn without_credit(stage: &Stage) {
    let text = "delete from entitlement where source = 'gold_core'
        and product_id = (select id from product where code = 'azure_credit')";
    assert!(stage.run(text, []).await > 0);
}

async fn holding(stage: &Stage, company: &str, offer: &str) -> Uuid {
    let text = "select h.id from holding h join offer f on f.id = h.offer_id
        join organization o on o.id = h.organization_id
        where o.domain = $1 and f.code = $2 and h.state = 'active' order by h.starts_at, h.id limit 1";
    stage.id(text, [company.into(), offer.into()]).await
}

async fn holdings(stage: &Stage, company: &str, offer: &str, state: &str) -> i64 {
    let text = format!(
        "select count(*) as number from holding h join offer f on f.id = h.offer_id
        join organization o on o.id = h.organization_id
        where o.domain = '{company}' and f.code = '{offer}' and h.state = '{state}'"
    );
    stage.count(&text).await
}

/// Who holds a seat of what a level gives, by address.
async fn holders(stage: &Stage, company: &str) -> BTreeSet<(String, String)> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        email: String,
        code: String,
    }
    let text = "select a.email, p.code from seat s join benefit_grant g on g.id = s.grant_id
        join product p on p.id = g.product_id join person e on e.id = s.person_id
        join account a on a.id = e.account_id join organization o on o.id = s.organization_id
        where o.domain = $1 and s.released_at is null
            and g.source in ('silver_core', 'gold_core', 'select_competency')";
    let rows = sql::all::<Row>(stage.service.database.reader(), text, [company.into()]).await;
    rows.expect("holders").into_iter().map(|row| (row.email, row.code)).collect()
}

async fn page(stage: &Stage, who: &Request, of: Option<Uuid>) -> TierChangePage {
    let query = TierChangeQuery { holding: of.map(HoldingId) };
    tier_change::page(&stage.service, who, Language::English, &query).await.expect("the page")
}

async fn preview(stage: &Stage, who: &Request, of: Uuid) -> TierChangePreview {
    page(stage, who, Some(of)).await.preview.expect("a preview")
}

fn unmet(preview: &TierChangePreview) -> Vec<TierChangeCondition> {
    preview.conditions.iter().filter(|(_, met)| !met).map(|(condition, _)| *condition).collect()
}

async fn order(stage: &Stage, who: &Request, of: Uuid) -> Result<i64, Failure> {
    let input = ChangeTier { holding: HoldingId(of), agreement: 1, accepted: true };
    tier_change::change(&stage.service, who, stage.operation(), input).await
}

async fn shown(stage: &Stage, who: &Request, number: i64) -> OrderPage {
    orders::one(&stage.service, who, Language::English, number).await.expect("the order")
}

async fn wanted(stage: &Stage, who: &Request, number: i64) -> WantedOrder {
    WantedOrder { number, version: shown(stage, who, number).await.version }
}

async fn pay(stage: &Stage, who: &Request, number: i64, card: &str) -> PaymentState {
    let order = wanted(stage, who, number).await;
    let input = PayByCard { order, card: card.to_owned() };
    card::pay(&stage.service, who, stage.operation(), input).await.expect("an answer")
}

async fn changed(stage: &Stage, who: &Request, of: Uuid) -> i64 {
    let number = order(stage, who, of).await.expect("placed");
    assert_eq!(pay(stage, who, number, "pays").await, PaymentState::Paid);
    number
}

async fn take_back(stage: &Stage, who: &Request, number: i64) -> Result<i64, Failure> {
    let order = wanted(stage, who, number).await;
    tier_change::take_back(&stage.service, who, stage.operation(), order).await
}

fn detail(outcome: Result<i64, Failure>) -> (ErrorCode, Option<String>) {
    let error = outcome.expect_err("refused").told();
    (error.code, error.detail)
}

async fn grant_of(stage: &Stage, company: &str, product: &str, source: &str) -> GrantId {
    let text = "select g.id from benefit_grant g join organization o on o.id = g.organization_id
        join product p on p.id = g.product_id
        where o.domain = $1 and p.code = $2 and g.source = $3 and g.state = 'granted' order by g.id limit 1";
    GrantId(stage.id(text, [company.into(), product.into(), source.into()]).await)
}

async fn give(stage: &Stage, who: &Request, grant: GrantId, person: PersonId) -> Result<(), Failure> {
    let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
    assign(&stage.service, who, stage.operation(), input).await.map(|_| ())
}

#[rstest]
#[tokio::test]
async fn rule_21_an_upgrade_costs_a_quarter_less_and_does_what_its_page_said(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(SILVER_ADMIN).await;
    without_credit(&stage).await;
    let silver = holding(&stage, SILVER, "silver").await;
    assert_eq!(page(&stage, &admin, None).await.choices.len(), 1);
    assert_eq!(unmet(&preview(&stage, &admin, silver).await), [TierChangeCondition::Attained]);
    assert_eq!(
        detail(order(&stage, &admin, silver).await),
        (ErrorCode::TierChangeNotPossible, Some("attained".to_owned()))
    );
    attain(&stage, SILVER).await;
    let said = preview(&stage, &admin, silver).await;
    assert_eq!(unmet(&said), []);
    assert_eq!((said.price_minor, said.full_price_minor), (354_750, 473_000));
    let losing: Vec<_> = said.ends.iter().filter(|row| !row.holders.is_empty()).collect();
    assert_eq!(losing.len(), 1, "{:?}", said.ends);
    assert_eq!(losing[0].holders.len(), 1);
    assert!(!said.told.is_empty());
    let before = holders(&stage, SILVER).await;

    let number = order(&stage, &admin, silver).await.expect("placed");
    let placed = shown(&stage, &admin, number).await;
    assert_eq!((placed.order.kind, placed.order.price_minor), (OrderKind::TierChange, 354_750));
    assert!(placed.tier_change.is_none());
    assert_eq!(detail(order(&stage, &admin, silver).await).1.as_deref(), Some("none_waiting"));
    assert_eq!(preview(&stage, &admin, silver).await.waiting_order, Some(number));
    assert_eq!(holders(&stage, SILVER).await, before, "nothing before it is paid");

    assert_eq!(pay(&stage, &admin, number, "pays").await, PaymentState::Paid);
    assert_eq!(holdings(&stage, SILVER, "silver", "ended").await, 1);
    assert_eq!(holdings(&stage, SILVER, "gold", "active").await, 1);
    let year =
        "select count(*) as number from holding h join offer f on f.id = h.offer_id and f.code = 'gold'
        join organization o on o.id = h.organization_id and o.domain = 'chenghu.example'
        where h.anniversary_at - h.starts_at between 31449600000 and 31622400000";
    assert_eq!(stage.count(year).await, 1, "a year from the payment");
    let after = holders(&stage, SILVER).await;
    let lost: Vec<_> = before.difference(&after).collect();
    assert_eq!(lost, [&(SILVER_ADMIN.to_owned(), "azure_credit".to_owned())]);
    assert!(after.is_subset(&before), "nobody got anything new");
    let told = stage.mails(SILVER_ADMIN).await;
    assert_eq!(told.iter().filter(|mail| mail.kind == "seat_tier_changed").count(), 1);
    let informed = "select count(*) as number from mail where kind = 'tier_changed'";
    assert_eq!(stage.count(informed).await, i64::try_from(said.told.len()).expect("few"), "as it was said");
    // The page's word: what goes on does, with the quantity it said.
    for row in &said.goes_on {
        let text = "select count(*) as number from benefit_grant g join pool p on p.id = g.pool_id
            join product_text t on t.product_id = g.product_id and t.language = 'en'
            where t.name = $1 and g.follows_id is not null and g.state = 'granted'
                and coalesce(p.quantity, -1) = $2";
        let quantity = match row.after {
            domain::entitlement::Amount::Of(number) => number,
            domain::entitlement::Amount::Unlimited => -1,
        };
        let values = [row.product.clone().into(), quantity.into()];
        let found = sql::number(stage.service.database.reader(), text, values).await.expect("a number");
        assert!(found >= 1, "{row:?}");
    }
    let followed = "select count(*) as number from benefit_grant where follows_id is not null";
    assert_eq!(stage.count(followed).await, i64::try_from(said.goes_on.len()).expect("few"));
    let done = shown(&stage, &admin, number).await;
    assert_eq!(done.documents.len(), 1);
    assert_eq!(done.documents[0].amount_minor, 354_750);
    assert_eq!(done.tier_change.map(|done| done.former), Some(1));
    let file = tier_change::export_former(&stage.service, &admin, Language::English, number).await;
    let file = file.expect("a file");
    assert_eq!((file.len(), file[0].email.as_str()), (1, SILVER_ADMIN));
    let other = stage.person(GOLD_ADMIN).await;
    let foreign = tier_change::export_former(&stage.service, &other, Language::English, number).await;
    assert_eq!(foreign.expect_err("another company's").told().code, ErrorCode::NotFound);
    stage.nothing_left_behind().await;
}

#[rstest]
#[tokio::test]
async fn rule_20_a_change_is_taken_back_with_its_holders_and_its_money(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("card", "transfer")] method: &str,
) {
    let stage = stage(engine).await;
    let admin = stage.person(SILVER_ADMIN).await;
    without_credit(&stage).await;
    attain(&stage, SILVER).await;
    let silver = holding(&stage, SILVER, "silver").await;
    let before = holders(&stage, SILVER).await;
    let open = "select id from service_request where kind = 'payment' and open";
    let operator = stage.operator(FULFILMENT).await;
    // Seats that the older portal gave are there after the change as before.
    let text =
        "update pool set used_before = 2 where id = (select g.pool_id from benefit_grant g where g.id = $1)";
    let studio = grant_of(&stage, SILVER, "visual_studio_enterprise", "silver_core").await;
    stage.run(text, [studio.0.into()]).await;
    let elsewhere = async |source: &str| {
        let text = format!("select p.used_before as number from benefit_grant g join pool p on p.id = g.pool_id
            join product d on d.id = g.product_id join organization o on o.id = g.organization_id
            where o.domain = 'chenghu.example' and d.code = 'visual_studio_enterprise' and g.source = '{source}'
                and g.state = 'granted'");
        stage.count(&text).await
    };
    let number = if method == "card" {
        changed(&stage, &admin, silver).await
    } else {
        let number = order(&stage, &admin, silver).await.expect("placed");
        let order_now = wanted(&stage, &admin, number).await;
        transfer::choose(&stage.service, &admin, stage.operation(), order_now).await.expect("a transfer");
        let here = Wanted { request: ServiceRequestId(stage.id(open, []).await), version: 1 };
        complete::payment(&stage.service, &operator, stage.operation(), here).await.expect("here");
        number
    };
    assert_ne!(holders(&stage, SILVER).await, before);
    assert_eq!(elsewhere("gold_core").await, 2);
    let lines = list::page(&stage.service, &admin, Language::English).await.expect("the purchases").lines;
    let line = lines.iter().find(|line| line.order == number).expect("the change");
    assert!(line.going_on > 0, "what both levels have goes back with its holders");
    assert_eq!(line.tier_after.as_deref(), Some("Silver"));
    stage.clock.move_seconds(29 * 86_400);
    let done = shown(&stage, &admin, number).await.tier_change.expect("a change");
    assert!(done.take_back.expect("possible").iter().all(|(_, met)| *met));
    assert_eq!(take_back(&stage, &admin, number).await.expect("taken back"), number);
    assert_eq!(holders(&stage, SILVER).await, before, "everybody has what they had");
    assert_eq!(elsewhere("silver_core").await, 2);
    assert_eq!(holding(&stage, SILVER, "silver").await, silver);
    let told = |kind: &str| format!("select count(*) as number from mail where kind = '{kind}'");
    // The sample company's change costs one person a seat; that one is told both times.
    assert_eq!(stage.count(&told("seat_tier_changed")).await, 1);
    assert_eq!(stage.count(&told("seat_given_back")).await, 1);
    let readers = stage.count(&told("tier_changed")).await;
    assert!(readers > 1);
    assert_eq!(stage.count(&told("tier_change_taken_back")).await, readers);
    assert_eq!(holdings(&stage, SILVER, "gold", "cancelled").await, 1);
    let page = shown(&stage, &admin, number).await;
    assert_eq!(page.order.state, OrderState::Refunded);
    assert_eq!(page.documents.len(), 2, "an invoice and a credit note");
    assert_eq!(page.documents[0].amount_minor, page.documents[1].amount_minor);
    let back = on_clock::refund_due(&stage.service).await.expect("given back");
    assert_eq!(back, usize::from(method == "card"));
    if method == "transfer" {
        let back = Wanted { request: ServiceRequestId(stage.id(open, []).await), version: 1 };
        complete::payment(&stage.service, &operator, stage.operation(), back).await.expect("sent back");
    }
    assert!(shown(&stage, &admin, number).await.payments[0].refunded.is_some());
    assert_eq!(take_back(&stage, &admin, number).await.expect_err("once").told().code, ErrorCode::WrongState);
    let tier =
        "select count(*) as number from organization where domain = 'chenghu.example' and tier = 'silver'";
    assert_eq!(stage.count(tier).await, 1);
    stage.nothing_left_behind().await;
    // It can be changed after all, and the former ones are those of this change.
    let again = changed(&stage, &admin, silver).await;
    assert_eq!(shown(&stage, &admin, again).await.tier_change.map(|done| done.former), Some(1));
    stage.nothing_left_behind().await;
}

/// The next version gives Silver another number of studios, also to whoever holds it.
async fn next_version(stage: &Stage, studios: i64) {
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let input = BeginDraft { title: "Spring".to_owned(), file: None };
    let draft = drafts::begin(&stage.service, &admin, stage.operation(), input).await.expect("a draft");
    let key = (STUDIO.to_owned(), "silver_core".to_owned());
    let edit = Edit::Core(domain::Category::VisualStudio, [(key, Amount::Of(studios))].into(), [].into());
    let wanted = WantedDraft { draft, version: 1 };
    drafts::change(&stage.service, &admin, stage.operation(), wanted, edit).await.expect("changed");
    let wanted = WantedDraft { draft, version: 2 };
    let input = Publish { wanted, from: None, existing: true };
    let version = publish::publish(&stage.service, &admin, stage.operation(), input).await;
    assert_eq!(version.expect("published"), Some(2));
}

#[rstest]
#[tokio::test]
async fn rule_20_a_seat_that_is_given_back_is_one_that_was_used_as_before(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("marked", "seen", "unused")] used: &str,
) {
    let stage = stage(engine).await;
    let admin = stage.person(SILVER_ADMIN).await;
    without_credit(&stage).await;
    attain(&stage, SILVER).await;
    let silver = holding(&stage, SILVER, "silver").await;
    stage.sql("update person set last_seen_at = 0").await;
    match used {
        "marked" => stage.sql("update seat set was_used = true where released_at is null").await,
        // Nobody was counted since.
        "seen" => stage.sql(&format!("update person set last_seen_at = {}", stage.service.now().0)).await,
        _ => {}
    }
    let number = changed(&stage, &admin, silver).await;
    stage.clock.move_days(3);
    take_back(&stage, &admin, number).await.expect("taken back");
    let back = |mark: &str| {
        let now = stage.service.now().0;
        format!(
            "select count(*) as number from seat where assigned_at = {now} and released_at is null {mark}"
        )
    };
    assert_eq!(stage.count(&back("")).await, 1, "the sample company's change costs one person a seat");
    assert_eq!(stage.count(&back("and was_used")).await, i64::from(used != "unused"));
}

#[rstest]
#[tokio::test]
async fn rule_20_a_level_that_is_given_back_has_what_came_to_everybody_meanwhile(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(SILVER_ADMIN).await;
    attain(&stage, SILVER).await;
    let number = changed(&stage, &admin, holding(&stage, SILVER, "silver").await).await;
    next_version(&stage, 9).await;
    take_back(&stage, &admin, number).await.expect("taken back");
    assert_eq!(service::catalogue::on_clock::entitle_some(&stage.service).await.expect("brought"), 1);
    let grant = grant_of(&stage, SILVER, STUDIO, "silver_core").await;
    let text =
        "select p.quantity as number from pool p join benefit_grant g on g.pool_id = p.id where g.id = $1";
    let found = sql::number(stage.service.database.reader(), text, [grant.0.into()]).await;
    assert_eq!(found.expect("a pool"), 9);
    assert_eq!(service::catalogue::on_clock::entitle_some(&stage.service).await.expect("looked"), 0);
    stage.nothing_left_behind().await;
}

#[rstest]
#[tokio::test]
async fn rule_20_what_depends_on_a_change_keeps_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("assignment", "reveal", "time")] what: &str,
) {
    let stage = stage(engine).await;
    let admin = stage.person(SILVER_ADMIN).await;
    attain(&stage, SILVER).await;
    let silver = holding(&stage, SILVER, "silver").await;
    let number = changed(&stage, &admin, silver).await;
    let mut missed = "nothing_started";
    match what {
        "assignment" => {
            let grant = grant_of(&stage, SILVER, "visual_studio_enterprise", "gold_core").await;
            let person = stage.people_without_seat(SILVER, grant).await[0];
            give(&stage, &admin, grant, person).await.expect("assigned");
        }
        "reveal" => {
            let text = "select g.id from benefit_grant g join product p on p.id = g.product_id
                join organization o on o.id = g.organization_id
                where o.domain = 'chenghu.example' and g.source = 'gold_core' and g.state = 'granted'
                    and p.kind = 'multiple_activation_key' order by p.code limit 1";
            let of = KeyOf::Grant(GrantId(stage.id(text, []).await));
            let input = RevealKey { of, consequence_accepted: true };
            reveal(&stage.service, &admin, stage.operation(), input).await.expect("revealed");
        }
        _ => {
            stage.clock.move_seconds(32 * 86_400);
            missed = "within_thirty_days";
        }
    }
    let done = shown(&stage, &admin, number).await.tier_change.expect("a change");
    let unmet: Vec<TakeBackCondition> = done
        .take_back
        .expect("conditions")
        .into_iter()
        .filter(|(_, met)| !met)
        .map(|(condition, _)| condition)
        .collect();
    assert_eq!(unmet.iter().map(|condition| condition.code()).collect::<Vec<_>>(), [missed]);
    let refused = detail(take_back(&stage, &admin, number).await);
    assert_eq!(refused, (ErrorCode::TakeBackNotPossible, Some(missed.to_owned())));
    assert_eq!(holdings(&stage, SILVER, "gold", "active").await, 1);
    stage.nothing_left_behind().await;
}

#[rstest]
#[tokio::test]
async fn rule_12_on_the_way_down_nobody_is_removed_from_what_goes_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(GOLD_ADMIN).await;
    let gold = holding(&stage, GOLD, "gold").await;
    let grant = grant_of(&stage, GOLD, "visual_studio_enterprise", "gold_core").await;
    for person in stage.people_without_seat(GOLD, grant).await {
        if give(&stage, &admin, grant, person).await.is_err() {
            break;
        }
    }
    stage.clock.move_seconds(60);
    let said = preview(&stage, &admin, gold).await;
    assert_eq!(said.price_minor, 167_000, "nothing is taken off on the way down");
    let studio: Vec<_> = said.goes_on.iter().filter(|row| row.is_over_allocated()).collect();
    assert!(!studio.is_empty(), "{:?}", said.goes_on);
    let ending: usize = said.ends.iter().map(|row| row.holders.len()).sum();
    let before = holders(&stage, GOLD).await;
    let agent = stage.person(GOLD_AGENT).await;
    let number = changed(&stage, &agent, gold).await;
    let after = holders(&stage, GOLD).await;
    assert!(before.difference(&after).count() <= ending);
    let over = "select count(*) as number from pool where quantity is not null and used > quantity";
    assert!(stage.count(over).await > 0);
    stage.nothing_left_behind().await;
    // Buying needs no Global admin, taking back is a refund: an Admin agent has no say in it.
    let refused = take_back(&stage, &agent, number).await.expect_err("an Admin agent").told();
    assert_eq!(refused.code, ErrorCode::RoleNeeded);
    let done = shown(&stage, &agent, number).await.tier_change.expect("a change");
    assert!(done.why_not.is_some());
    take_back(&stage, &admin, number).await.expect("taken back");
    assert_eq!(holders(&stage, GOLD).await, before);
    stage.nothing_left_behind().await;
}

#[rstest]
#[tokio::test]
async fn rule_18_what_another_area_brings_as_well_goes_on_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let buyer = stage.person(PACK_ADMIN).await;
    for area in ["devops", "security"] {
        let input = PlaceOrder { offer: "silver".into(), area: area.into(), agreement: 1, accepted: true };
        let number = place(&stage.service, &buyer, stage.operation(), input).await.expect("placed");
        pay(&stage, &buyer, number, "pays").await;
        stage.clock.move_seconds(60);
    }
    attain(&stage, PACK).await;
    let core =
        "select count(*) as number from benefit_grant g join organization o on o.id = g.organization_id
        where o.domain = 'kestrelash.example' and g.source = 'silver_core' and g.state = 'granted'";
    let before = stage.count(core).await;
    let first = holding(&stage, PACK, "silver").await;
    let said = preview(&stage, &buyer, first).await;
    assert_eq!(said.elsewhere, before, "the core goes on with the other area");
    // A refund of what was replaced isn't a refund of its own.
    let number = changed(&stage, &buyer, first).await;
    assert_eq!(stage.count(core).await, before);
    let purchases = service::purchases::list::page(&stage.service, &buyer, Language::English).await;
    let lines = purchases.expect("purchases").lines;
    let replaced: Vec<_> = lines.iter().filter(|line| line.over).collect();
    assert_eq!(replaced.len(), 1);
    assert!(!replaced[0].refundable());
    take_back(&stage, &buyer, number).await.expect("taken back");
    assert_eq!(stage.count(core).await, before);
    assert_eq!(holdings(&stage, PACK, "silver", "active").await, 2);
    stage.nothing_left_behind().await;
}

#[rstest]
#[tokio::test]
async fn rule_21_a_change_that_is_paid_by_many_at_once_happens_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(SILVER_ADMIN).await;
    attain(&stage, SILVER).await;
    let silver = holding(&stage, SILVER, "silver").await;
    let number = order(&stage, &admin, silver).await.expect("placed");
    assert_eq!(pay(&stage, &admin, number, "timeout").await, PaymentState::Unknown);
    stage.clock.move_seconds(61);
    let (one, other) =
        tokio::join!(on_clock::look_up_due(&stage.service), on_clock::look_up_due(&stage.service));
    assert!(one.expect("looked") + other.expect("looked") >= 1);
    assert_eq!(holdings(&stage, SILVER, "gold", "active").await, 1);
    let changes = "select count(*) as number from audit_event where action = 'tier_changed'";
    assert_eq!(stage.count(changes).await, 1);
    stage.nothing_left_behind().await;
}
