//! The catalogue as a document, its drafts and versions: on both databases.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use common::{Engine, Stage, stage};
use domain::benefit::RowStatus;
use domain::catalogue::{
    Area, Catalogue, ChangeKind, FaultCode, Offer, OfferTier, Product, Programme, Subject, TierName,
    Translated, differences,
};
use domain::entitlement::Amount::Of;
use domain::ids::{CatalogueDraftId, GrantId, HoldingId, PersonId};
use domain::moment::Zone;
use domain::operation::OperationId;
use domain::view::benefits::{BenefitRow, BenefitsQuery, DetailKind, SortColumn};
use domain::view::catalogue::{AreaAmount, CoreShare, DraftQuery};
use domain::view::operator::CompetenciesQuery;
use domain::view::tier_change::TierChangeQuery;
use domain::{Category, ErrorCode, Field, Language, Tier};
use rstest::rstest;
use service::assignments::assign::{AssignSeats, assign};
use service::catalogue::drafts::{self, BeginDraft, WantedDraft};
use service::catalogue::edit::{Amount, Edit};
use service::catalogue::publish::{self, Publish};
use service::catalogue::{effect, file, on_clock, read};
use service::purchases::card::{self, PayByCard};
use service::purchases::competencies::{self, Competency};
use service::purchases::place::{self, PlaceOrder, WantedOrder};
use service::purchases::tier_change;
use service::purchases::{offers, orders};
use service::{Failure, Request, Service, benefits, membership};
use tokio::task::JoinHandle;

const GOLD: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PACK: &str = "kestrelash.example";
const BUYER: &str = "piet.zanderling@kestrelash.example";
const SILVER_ADMIN: &str = "yanchu.gu@chenghu.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const CATALOGUE_MANAGER: &str = "henrik.solvang@northlight.example";
const FULFILMENT: &str = "marisa.talvinen@northlight.example";
const STUDIO: &str = "visual_studio_enterprise";

fn code(failure: &Failure) -> ErrorCode {
    failure.told().code
}

async fn in_force(stage: &Stage) -> Catalogue {
    read::in_force(stage.service.database.reader()).await.expect("the catalogue")
}

async fn begin(stage: &Stage, who: &Request, file: Option<String>) -> Result<CatalogueDraftId, Failure> {
    let input = BeginDraft { title: "Spring".to_owned(), file };
    drafts::begin(&stage.service, who, stage.operation(), input).await
}

async fn wanted(stage: &Stage, draft: CatalogueDraftId) -> WantedDraft {
    let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    WantedDraft { draft, version: found.row_version }
}

async fn change(stage: &Stage, who: &Request, draft: CatalogueDraftId, edit: Edit) -> Result<usize, Failure> {
    let wanted = wanted(stage, draft).await;
    drafts::change(&stage.service, who, stage.operation(), wanted, edit).await
}

async fn publish(
    stage: &Stage,
    who: &Request,
    draft: CatalogueDraftId,
    existing: bool,
) -> Result<Option<i64>, Failure> {
    let input = Publish { wanted: wanted(stage, draft).await, from: None, existing };
    publish::publish(&stage.service, who, stage.operation(), input).await
}

fn studio(source: &str, amount: Amount) -> Edit {
    let key = (STUDIO.to_owned(), source.to_owned());
    Edit::Core(domain::Category::VisualStudio, [(key, amount)].into(), [].into())
}

/// Publishes a change to what is held at once.
async fn put_into_force(stage: &Stage, edit: Edit, existing: bool) -> i64 {
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(stage, &manager, None).await.expect("a draft");
    change(stage, &manager, draft, edit).await.expect("changed");
    publish(stage, &admin, draft, existing).await.expect("published").expect("in force")
}

async fn quantity(stage: &Stage, grant: GrantId) -> Option<i64> {
    let text =
        "select p.quantity as number from pool p join benefit_grant g on g.pool_id = p.id where g.id = $1
        and p.quantity is not null";
    let reader = stage.service.database.reader();
    let found = service::sql::number(reader, text, [grant.0.into()]).await.expect("a pool");
    (found > 0).then_some(found)
}

async fn buy_silver(stage: &Stage, area: &str) {
    let buyer = stage.person(BUYER).await;
    let offer =
        PlaceOrder { offer: "silver".to_owned(), area: area.to_owned(), agreement: 1, accepted: true };
    let number = place::place(&stage.service, &buyer, stage.operation(), offer).await.expect("an order");
    let shown = orders::one(&stage.service, &buyer, Language::English, number).await.expect("the order");
    let order = WantedOrder { number, version: shown.version };
    let input = PayByCard { order, card: "pays".to_owned() };
    card::pay(&stage.service, &buyer, stage.operation(), input).await.expect("paid");
}

async fn assign_to(stage: &Stage, admin: &Request, grant: GrantId, person: PersonId) -> Result<(), Failure> {
    let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
    assign(&stage.service, admin, stage.operation(), input).await.map(|_| ())
}

#[rstest]
#[tokio::test]
async fn the_catalogue_is_written_to_a_file_and_read_back_the_same(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let catalogue = in_force(&stage).await;
    assert_eq!(file::faults_of(&catalogue), []);
    assert!(
        catalogue.products.len() > 40 && catalogue.entitlements.len() > 80 && catalogue.areas.len() == 19
    );
    let text = file::write(&catalogue).expect("a file");
    assert_eq!(file::read(&text).expect("a catalogue"), catalogue);
    // In a repository one line is one fact: the file doesn't depend on the order of rows.
    let mut turned = catalogue.clone();
    turned.products.reverse();
    turned.entitlements.reverse();
    assert_eq!(file::write(&turned).expect("a file"), text);
    let error = file::read(&text.replacen("kind = ", "sort = ", 1)).expect_err("an unknown field");
    assert_eq!(error.code, ErrorCode::CatalogueUnreadable);
    assert!(error.number.is_some_and(|line| line > 1), "{error:?}");

    // What is imported unchanged changes nothing, and isn't published.
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &admin, Some(text)).await.expect("a draft");
    let failure = publish(&stage, &admin, draft, false).await.expect_err("nothing to publish");
    assert_eq!(code(&failure), ErrorCode::CatalogueUnchanged);
}

#[rstest]
#[tokio::test]
async fn what_is_held_keeps_its_version_and_a_purchase_has_the_one_in_force(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let gold = stage.grant(GOLD, STUDIO, "gold_core").await;
    assert_eq!(put_into_force(&stage, studio("gold_core", Amount::Of(12)), false).await, 2);
    assert_eq!(put_into_force(&stage, studio("silver_core", Amount::Of(7)), false).await, 3);
    assert_eq!(quantity(&stage, gold).await, Some(10), "until its renewal");

    buy_silver(&stage, "security").await;
    let silver = stage.grant(PACK, STUDIO, "silver_core").await;
    assert_eq!(quantity(&stage, silver).await, Some(7));
    let text = "select catalogue_version as number from benefit_grant where id = $1";
    let reader = stage.service.database.reader();
    for (grant, version) in [(gold, 1), (silver, 3)] {
        assert_eq!(service::sql::number(reader, text, [grant.0.into()]).await.expect("a grant"), version);
    }
    assert_eq!(on_clock::entitle_some(&stage.service).await.expect("looked"), 0, "no version reaches them");
    assert!(stage.audit_intact().await);
}

/// How much of a product a Silver company has, and would have with Gold.
async fn with_gold(stage: &Stage, product: &str) -> (i64, i64) {
    let admin = stage.person(SILVER_ADMIN).await;
    let page = membership::page::page(&stage.service, &admin, Language::English).await.expect("the page");
    let gold = page.next.into_iter().find(|next| next.tier == domain::Tier::Gold).expect("a next level");
    let row = gold.differences.into_iter().find(|row| row.product.starts_with(product)).expect("more of it");
    match (row.before, row.after) {
        (Some(Of(before)), Some(Of(after))) => (before, after),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn what_another_level_would_bring_is_told_beside_what_the_company_holds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (before, after) = with_gold(&stage, "Visual Studio Enterprise").await;
    put_into_force(&stage, studio("silver_core", Amount::Of(7)), false).await;
    put_into_force(&stage, studio("gold_core", Amount::Of(12)), false).await;
    assert_eq!(with_gold(&stage, "Visual Studio Enterprise").await, (before, after + 2));
}

#[rstest]
#[tokio::test]
async fn what_only_a_later_purchase_brings_ends_with_its_level_as_the_page_said(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const LATER: &str = "visual_studio_professional";
    let stage = stage(engine).await;
    buy_silver(&stage, "devops").await;
    let key = (LATER.to_owned(), "silver_core".to_owned());
    let edit = Edit::Core(domain::Category::VisualStudio, [(key, Amount::Of(2))].into(), [].into());
    put_into_force(&stage, edit, false).await;
    stage.clock.move_seconds(60);
    buy_silver(&stage, "security").await;
    // Of the two only the later one has what the version brought.
    let grant = stage.grant(PACK, LATER, "silver_core").await;
    let text = "select holding_id as id from benefit_grant where id = $1";
    let holding = HoldingId(stage.id(text, [grant.0.into()]).await);
    let buyer = stage.person(BUYER).await;
    let query = TierChangeQuery { holding: Some(holding) };
    let page = tier_change::page(&stage.service, &buyer, Language::English, &query).await.expect("the page");
    let said = page.preview.expect("a preview");
    assert_eq!(said.elsewhere, 0);
    let named = |name: &str| name.starts_with("Visual Studio Professional");
    let goes_on = said.goes_on.iter().filter(|row| named(&row.product)).count();
    let ends = said.ends.iter().filter(|row| named(&row.product)).count();
    assert_eq!((goes_on, ends), (0, 1), "{said:?}");
}

#[rstest]
#[tokio::test]
async fn rule_12_a_smaller_quantity_overallocates_the_pool_and_takes_nobodys_seat(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    let active = "select count(*) as number from seat where released_at is null";
    let unlimited = "select count(*) as number from pool where quantity is null";
    let (seats, without_limit) = (stage.count(active).await, stage.count(unlimited).await);
    let used = "select p.used as number from pool p join benefit_grant g on g.pool_id = p.id where g.id = $1";
    let reader = stage.service.database.reader();
    let used = service::sql::number(reader, used, [grant.0.into()]).await.expect("a pool");
    assert!(used > 3, "the sample has holders");

    let mut draft = in_force(&stage).await;
    let before = draft.clone();
    studio("gold_core", Amount::Of(3)).apply(&mut draft);
    let found =
        effect::of(reader, &draft, &differences(&before, &draft), Language::English).await.expect("looked");
    assert_eq!((found.companies, found.seats), (1, used - 3));
    let named = found.named.first().expect("the company");
    assert_eq!((named.organization.as_str(), named.used, named.quantity), ("Fernhollow Systems", used, 3));

    put_into_force(&stage, studio("gold_core", Amount::Of(3)), true).await;
    assert_eq!(quantity(&stage, grant).await, Some(3));
    assert_eq!(stage.count(active).await, seats, "nobody lost a seat");
    assert_eq!(stage.count(unlimited).await, without_limit, "what has no limit has none");
    let admin = stage.person(ADMIN).await;
    let person = stage.people_without_seat(GOLD, grant).await[0];
    let failure = assign_to(&stage, &admin, grant, person).await.expect_err("over-allocated");
    assert_eq!(code(&failure), ErrorCode::NoSeatLeft);
    put_into_force(&stage, studio("gold_core", Amount::Unlimited), true).await;
    assert_eq!(quantity(&stage, grant).await, None);
    assign_to(&stage, &admin, grant, person).await.expect("without limit");
}

/// What a change to the catalogue in force would do.
async fn effect_of(stage: &Stage, edit: Edit) -> effect::Effect {
    let before = in_force(stage).await;
    let mut draft = before.clone();
    edit.apply(&mut draft);
    let reader = stage.service.database.reader();
    effect::of(reader, &draft, &differences(&before, &draft), Language::English).await.expect("looked")
}

#[rstest]
#[tokio::test]
async fn rule_12_whatever_is_in_use_counts_before_a_draft_is_published(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let core = |product: &str, amount: Amount| -> BTreeMap<(String, String), Amount> {
        [((product.to_owned(), "gold_core".to_owned()), amount)].into_iter().collect()
    };
    let number = async |column: &str, product: &str| {
        let grant = stage.grant(GOLD, product, "gold_core").await;
        let text = format!(
            "select {column} as number from pool p join benefit_grant g on g.pool_id = p.id where g.id = {}",
            stage.literal(grant.0)
        );
        stage.count(&text).await
    };
    // What the older portal gave.
    let used = number("p.used", STUDIO).await;
    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    let text = "update pool set used_before = 2 where id = (select pool_id from benefit_grant where id = $1)";
    stage.run(text, [grant.0.into()]).await;
    let found = effect_of(&stage, studio("gold_core", Amount::Of(used - 1))).await;
    assert_eq!((found.companies, found.seats), (1, 3));

    // What is gone altogether.
    let found = effect_of(&stage, studio("gold_core", Amount::Nothing)).await;
    assert_eq!((found.companies, found.seats), (1, used + 2));
    assert_eq!(found.named.first().map(|row| row.quantity), Some(0));

    let of_pool = |table: &str, column: &str| {
        format!(
            "(select cast(coalesce(sum(u.{column}), 0) as bigint) from {table} u
                join benefit_grant s on s.id = u.grant_id where s.pool_id = p.id)"
        )
    };
    // Hours that were delivered.
    let delivered = of_pool("balance_entry", "amount");
    let hours = number(&format!("p.used + p.used_before + {delivered}"), "advisory_hours").await;
    assert!(hours > 1, "the sample has some");
    let edit = Edit::Core(domain::Category::Technical, core("advisory_hours", Amount::Of(1)), [].into());
    let found = effect_of(&stage, edit).await;
    assert_eq!((found.companies, found.seats), (1, hours - 1));

    // A pool that several products share counts once.
    let grant = stage.grant(GOLD, "office_365_e3", "gold_core").await;
    let text = "update pool set used_before = 5 where id = (select pool_id from benefit_grant where id = $1)";
    stage.run(text, [grant.0.into()]).await;
    let counted =
        format!("p.used + 5 + {} + {}", of_pool("balance_entry", "amount"), of_pool("redemption", "seats"));
    let counted = number(&counted, "office_365_e3").await;
    let edit = Edit::Core(domain::Category::Cloud, core("office_365_e3", Amount::Of(1)), [].into());
    let found = effect_of(&stage, edit).await;
    assert_eq!((found.companies, found.seats), (1, counted - 1));
    assert_eq!(found.named.len(), 1, "{:?}", found.named);

    // One of them taken away leaves the other one its quantity; both are nothing.
    let of_pool = |row: &domain::catalogue::Entitlement| row.pool.as_deref() == Some("gold_office");
    let without = async |only: Option<&str>| {
        let mut draft = in_force(&stage).await;
        draft.entitlements.retain(|row| !of_pool(row) || only.is_some_and(|product| row.product != product));
        effect_of(&stage, Edit::Whole(Box::new(draft))).await
    };
    assert_eq!(without(Some("office_365_e3")).await, effect::Effect::default());
    let found = without(None).await;
    assert_eq!((found.companies, found.seats, found.named.len()), (1, counted, 1));

    // A pool that is above its quantity already isn't made so by a larger one.
    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    let text =
        "update pool set used_before = 1000 where id = (select pool_id from benefit_grant where id = $1)";
    stage.run(text, [grant.0.into()]).await;
    let there = quantity(&stage, grant).await.expect("a limit");
    let found = effect_of(&stage, studio("gold_core", Amount::Of(there + 1))).await;
    assert_eq!(found, effect::Effect::default());
    let found = effect_of(&stage, studio("gold_core", Amount::Of(there - 1))).await;
    assert_eq!((found.companies, found.seats), (1, used + 1_000 - (there - 1)));
}

#[rstest]
#[tokio::test]
async fn keys_of_a_grant_are_found_by_an_index(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let grant = stage.literal(stage.grant(GOLD, STUDIO, "gold_core").await.0);
    // As it is asked for each benefit of a company that a version comes to.
    let text =
        format!("select 1 from product_key k where k.grant_id = {grant} and k.state in ('held', 'spent')");
    let plan = stage.plan(&text).await;
    assert!(plan.contains("product_key_of_grant"), "{plan}");
}

#[rstest]
#[tokio::test]
async fn what_a_version_takes_away_goes_on_for_who_uses_it_and_comes_back_with_a_later_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    let admin = stage.person(ADMIN).await;
    let person = stage.people_without_seat(GOLD, grant).await[0];
    let granted =
        "select count(*) as number from benefit_grant where state = 'granted' and source = 'gold_core'";
    let before = stage.count(granted).await;

    let mut without = in_force(&stage).await;
    let unused = "power_bi_nobody_uses";
    without.entitlements.retain(|row| row.source.code() != "gold_core" || row.product != STUDIO);
    let row =
        without.entitlements.iter().find(|row| row.product == "project_professional").expect("a row").clone();
    let product = without.products.iter().find(|of| of.code == row.product).expect("a product").clone();
    without.products.push(Product { code: unused.to_owned(), ..product });
    without.entitlements.push(domain::catalogue::Entitlement {
        source: domain::benefit::SourceLabel::GoldCore,
        product: unused.to_owned(),
        ..row
    });
    put_into_force(&stage, Edit::Whole(Box::new(without)), true).await;
    let failure = assign_to(&stage, &admin, grant, person).await.expect_err("nothing new");
    assert_eq!(code(&failure), ErrorCode::ActivateByPassed);
    assert_eq!(stage.count(granted).await, before + 1, "the one in use stays, the new one came");
    assert_eq!(on_clock::entitle_some(&stage.service).await.expect("entitled"), 0, "publishing brought it");

    // Nobody uses the new one: it goes, and both are back with the next version.
    put_into_force(&stage, Edit::RemoveProduct(unused.to_owned()), true).await;
    assert_eq!(stage.count(granted).await, before);
    let mut again = in_force(&stage).await;
    again.entitlements.extend([domain::catalogue::Entitlement {
        source: domain::benefit::SourceLabel::GoldCore,
        product: STUDIO.to_owned(),
        quantity: Some(20),
        seats: None,
        pool: None,
        level: None,
        areas: Vec::new(),
        per_area: false,
        illustrative: false,
    }]);
    put_into_force(&stage, Edit::Whole(Box::new(again)), true).await;
    on_clock::entitle_some(&stage.service).await.expect("entitled");
    assert_eq!(stage.count(granted).await, before, "the same grant, not a second one");
    assert_eq!(quantity(&stage, grant).await, Some(20));
    assign_to(&stage, &admin, grant, person).await.expect("assigned");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn what_areas_come_to_add_together_is_left_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let organization = stage.literal(stage.organization(GOLD).await.0);
    let now = stage.service.now().0;
    let usable = format!(
        "select count(*) as number from benefit_grant g join product p on p.id = g.product_id
        where g.organization_id = {organization} and p.code = '{STUDIO}' and g.source = 'select_competency'
            and g.state = 'granted' and g.activate_by >= {now}"
    );
    let before = stage.count(&usable).await;
    assert!(before > 1, "each of its areas adds its own");
    let seats = format!(
        "select count(*) as number from seat where released_at is null and organization_id = {organization}"
    );
    let held = stage.count(&seats).await;
    let apart = in_force(&stage).await;
    let mut together = apart.clone();
    for row in &mut together.entitlements {
        row.per_area = row.per_area && (row.product != STUDIO || row.level != Some(Tier::Gold));
    }
    put_into_force(&stage, Edit::Whole(Box::new(together)), true).await;
    assert_eq!(stage.count(&usable).await, 1);
    assert_eq!(stage.count(&seats).await, held, "nobody loses a seat");
    put_into_force(&stage, Edit::Whole(Box::new(apart)), true).await;
    assert_eq!(stage.count(&usable).await, before);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn what_a_version_adds_to_an_isv_offer_comes_to_who_holds_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let granted =
        "select count(*) as number from benefit_grant where state = 'granted' and source = 'isv_co_sell'";
    let before = stage.count(granted).await;
    assert!(before > 0, "the sample has a holder");
    put_into_force(&stage, studio("isv_co_sell", Amount::Of(4)), false).await;
    assert_eq!(stage.count(granted).await, before);
    put_into_force(&stage, studio("isv_co_sell", Amount::Of(6)), true).await;
    assert_eq!(stage.count(granted).await, before + 1);
    assert_eq!(quantity(&stage, stage.grant(GOLD, STUDIO, "isv_co_sell").await).await, Some(6));
}

#[rstest]
#[tokio::test]
async fn a_version_that_reaches_what_is_held_brings_along_what_those_before_it_left(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const UNUSED: &str = "power_bi_nobody_uses";
    let stage = stage(engine).await;
    let gold = stage.grant(GOLD, STUDIO, "gold_core").await;
    let granted = format!(
        "select count(*) as number from benefit_grant g join product p on p.id = g.product_id
        where p.code = '{UNUSED}' and g.state = 'granted'"
    );
    let twice =
        "select count(*) as number from (select organization_id, product_id, source, area from benefit_grant
        where state = 'granted' and holding_id is not null
        group by organization_id, holding_id, product_id, source, area having count(*) > 1) t";
    let mut with = in_force(&stage).await;
    let row =
        with.entitlements.iter().find(|row| row.product == "project_professional").expect("a row").clone();
    let product = with.products.iter().find(|of| of.code == row.product).expect("a product").clone();
    with.products.push(Product { code: UNUSED.to_owned(), ..product });
    let core = domain::catalogue::Entitlement {
        source: domain::benefit::SourceLabel::GoldCore,
        product: UNUSED.to_owned(),
        ..row
    };
    with.entitlements.push(core.clone());
    put_into_force(&stage, Edit::Whole(Box::new(with)), true).await;
    let holders = stage.count(&granted).await;
    assert!(holders > 0);

    // Taken away from what is held, given again to purchases alone, and then a version about something else.
    let mut without = in_force(&stage).await;
    without.entitlements.retain(|row| row.product != UNUSED);
    put_into_force(&stage, Edit::Whole(Box::new(without)), true).await;
    assert_eq!(stage.count(&granted).await, 0, "nobody used it");
    let mut again = in_force(&stage).await;
    again.entitlements.push(core);
    put_into_force(&stage, Edit::Whole(Box::new(again)), false).await;
    put_into_force(&stage, studio("gold_core", Amount::Of(14)), false).await;
    assert_eq!(
        (stage.count(&granted).await, quantity(&stage, gold).await),
        (0, Some(10)),
        "what is held stays"
    );
    put_into_force(&stage, studio("silver_core", Amount::Of(6)), true).await;
    assert_eq!(stage.count(&granted).await, holders, "the same grants once more");
    assert_eq!(quantity(&stage, gold).await, Some(14), "and the quantity of the version before");
    assert_eq!(stage.count(twice).await, 0);
    let behind =
        "select count(*) as number from organization where portal_state = 'member' and entitled_version <
        (select catalogue_version from programme)";
    assert_eq!(stage.count(behind).await, 0, "the worker left nobody out");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_version_for_purchases_does_not_reach_what_is_brought_to_one_before_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let gold = stage.grant(GOLD, STUDIO, "gold_core").await;
    put_into_force(&stage, studio("gold_core", Amount::Of(12)), true).await;
    put_into_force(&stage, studio("gold_core", Amount::Of(5)), false).await;
    buy_silver(&stage, "devops").await;
    // As after a refund, when the holding before is in force again.
    stage.run("update organization set entitled_version = 1 where portal_state = 'member'", []).await;
    let text = "update holding set catalogue_version = 1
        where organization_id = (select id from organization where domain = $1)";
    stage.run(text, [GOLD.into()]).await;
    let text = "update pool set quantity = 10, plan_quantity = 10
        where id = (select pool_id from benefit_grant where id = $1)";
    stage.run(text, [gold.0.into()]).await;
    assert!(on_clock::entitle_some(&stage.service).await.expect("brought") > 1);
    assert_eq!(quantity(&stage, gold).await, Some(12), "not what purchases get");
    let at = async |company: &str, version: i64| {
        let text = format!(
            "select count(*) as number from holding h join organization o on o.id = h.organization_id
            where o.domain = '{company}' and h.state = 'active' and h.catalogue_version = {version}"
        );
        stage.count(&text).await
    };
    assert!(at(GOLD, 2).await > 0);
    assert_eq!((at(GOLD, 1).await, at(GOLD, 3).await), (0, 0));
    assert_eq!(at(PACK, 3).await, 1, "what was bought later stays as it was bought");
    assert_eq!(on_clock::entitle_some(&stage.service).await.expect("done"), 0);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn products_that_come_to_share_a_pool_bring_their_seats_and_part_with_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    let used = format!(
        "select p.used as number from pool p join benefit_grant g on g.pool_id = p.id where g.id = {}",
        stage.literal(grant.0)
    );
    let before = stage.count(&used).await;
    let mut shared = in_force(&stage).await;
    let alone = shared.clone();
    let of_gold = |row: &&mut domain::catalogue::Entitlement| {
        row.source == domain::benefit::SourceLabel::GoldCore && row.product == STUDIO
    };
    let limit = shared.entitlements.iter_mut().find(of_gold).map(|row| {
        row.pool = Some("development".to_owned());
        row.quantity
    });
    let other = shared.entitlements.iter_mut().find(|row| {
        row.source == domain::benefit::SourceLabel::GoldCore
            && row.product != STUDIO
            && row.pool.is_none()
            && row.quantity.is_some()
            && row.level.is_none()
    });
    let other = other.expect("another benefit of Gold");
    let product = other.product.clone();
    other.pool = Some("development".to_owned());
    other.quantity = limit.expect("the row");
    let second = stage.grant(GOLD, &product, "gold_core").await;
    let text = format!(
        "select count(*) as number from seat where released_at is null and grant_id = {}",
        stage.literal(second.0)
    );
    let of_second = stage.count(&text).await;
    put_into_force(&stage, Edit::Whole(Box::new(shared)), true).await;
    let same = format!(
        "select count(distinct pool_id) as number from benefit_grant where id in ({}, {})",
        stage.literal(grant.0),
        stage.literal(second.0)
    );
    assert_eq!(stage.count(&same).await, 1);
    assert_eq!(stage.count(&used).await, before + of_second);
    put_into_force(&stage, Edit::Whole(Box::new(alone)), true).await;
    assert_eq!((stage.count(&same).await, stage.count(&used).await), (2, before));
    let astray = "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
        where s.pool_id <> g.pool_id";
    assert_eq!(stage.count(astray).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_version_comes_into_force_on_its_day_and_can_be_taken_back_before(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let zone = Zone::named(publish::ZONE);
    let day = zone.day_of(stage.service.now()).plus_days(10);
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    change(&stage, &admin, draft, studio("gold_core", Amount::Of(4))).await.expect("changed");
    let publish_on = async |draft, day| {
        let input = Publish { wanted: wanted(&stage, draft).await, from: Some(day), existing: true };
        publish::publish(&stage.service, &admin, stage.operation(), input).await
    };
    let yesterday = zone.day_of(stage.service.now()).plus_days(-1);
    let failure = publish_on(draft, yesterday).await.expect_err("a day that is over");
    assert_eq!(failure.told().fields[0].code, ErrorCode::DateOrder);
    assert_eq!(publish_on(draft, day).await.expect("published"), None);

    let second = begin(&stage, &admin, None).await.expect("a draft");
    change(&stage, &admin, second, studio("gold_core", Amount::Of(5))).await.expect("changed");
    let failure = publish(&stage, &admin, second, true).await.expect_err("one waits");
    assert_eq!(code(&failure), ErrorCode::VersionWaits);
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let of_draft = wanted(&stage, draft).await;
    let failure = drafts::withdraw(&stage.service, &manager, stage.operation(), of_draft).await;
    assert_eq!(code(&failure.expect_err("not the manager's")), ErrorCode::RoleNeeded);
    drafts::withdraw(&stage.service, &admin, stage.operation(), of_draft).await.expect("taken back");
    assert_eq!(publish_on(second, day).await.expect("published"), None);

    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    stage.clock.set(domain::Moment(zone.start_of(day).0 - 1));
    assert_eq!(on_clock::put_into_force_due(&stage.service).await.expect("looked"), None);
    assert_eq!(quantity(&stage, grant).await, Some(10));
    // A policy that was changed meanwhile stays.
    stage.set_policy("double_holding", "refuse").await;
    stage.clock.set(zone.start_of(day));
    let (one, other) = tokio::join!(
        on_clock::put_into_force_due(&stage.service),
        on_clock::put_into_force_due(&stage.service)
    );
    let versions: Vec<i64> =
        [one, other].into_iter().filter_map(|version| version.expect("looked")).collect();
    assert_eq!(versions, [2], "by one of two servers");
    assert!(on_clock::entitle_some(&stage.service).await.expect("brought") > 0);
    assert_eq!(quantity(&stage, grant).await, Some(5));
    assert_eq!(in_force(&stage).await.policies["double_holding"], "refuse");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn policy_catalogue_publication_one_person_or_a_second_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    stage.set_policy("catalogue_publication", "second_person").await;
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    change(&stage, &admin, draft, studio("gold_core", Amount::Of(11))).await.expect("changed");
    let failure = publish(&stage, &admin, draft, false).await.expect_err("their own change");
    assert_eq!(code(&failure), ErrorCode::SecondPersonNeeded);
    change(&stage, &manager, draft, studio("gold_core", Amount::Of(12))).await.expect("changed");
    let failure =
        publish(&stage, &admin, draft, false).await.expect_err("their hand is in it, whoever came last");
    assert_eq!(code(&failure), ErrorCode::SecondPersonNeeded);
    let draft = begin(&stage, &admin, None).await.expect("beginning one changes nothing");
    change(&stage, &manager, draft, studio("gold_core", Amount::Of(12))).await.expect("changed");
    change(&stage, &admin, draft, studio("gold_core", Amount::Of(12))).await.expect("nothing differs");
    for other in [&manager, &stage.operator(FULFILMENT).await] {
        let failure = publish(&stage, other, draft, false).await.expect_err("no right to");
        assert_eq!(code(&failure), ErrorCode::RoleNeeded);
    }
    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(2));
    stage.set_policy("catalogue_publication", "one_person").await;
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    change(&stage, &admin, draft, studio("gold_core", Amount::Of(13))).await.expect("changed");
    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(3));
    for refused in [FULFILMENT, "bartholomew.okonreed@northlight.example"] {
        let failure =
            begin(&stage, &stage.operator(refused).await, None).await.expect_err("no right to draft");
        assert_eq!(code(&failure), ErrorCode::RoleNeeded);
    }
}

#[rstest]
#[tokio::test]
async fn seats_and_shared_pools_of_core_sources_are_set_beside_the_matrix(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    let share = |product: &str, seats: Option<i64>, pool: Option<&str>| {
        let key = (product.to_owned(), "gold_core".to_owned());
        let share = CoreShare { seats, pool: pool.map(str::to_owned) };
        Edit::Core(domain::Category::Cloud, BTreeMap::new(), [(key, share)].into())
    };
    let row = async |product: &str| {
        let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
        let mut rows = found.catalogue.entitlements.into_iter();
        rows.find(|row| row.source.code() == "gold_core" && row.product == product).expect("a row")
    };
    let before = row("azure_credit").await;
    assert_eq!((before.seats, before.pool.as_deref()), (Some(5), None));
    let found = change(&stage, &admin, draft, share("azure_credit", Some(7), None)).await;
    assert_eq!(found.expect("changed"), 1);
    let after = row("azure_credit").await;
    assert_eq!((after.seats, after.quantity), (Some(7), before.quantity));

    // Rows of one pool have one limit.
    let failure = change(&stage, &admin, draft, share("azure_credit", Some(7), Some("gold_office"))).await;
    assert_eq!(code(&failure.expect_err("another limit")), ErrorCode::CatalogueFaulty);
    let limit = row("office_365_e3").await.limit();
    change(&stage, &admin, draft, share("azure_credit", limit, Some("gold_office"))).await.expect("the same");
    assert_eq!(row("azure_credit").await.pool.as_deref(), Some("gold_office"));
    // Whoever sets it for one sets it for all of the pool.
    change(&stage, &admin, draft, share("azure_credit", Some(9), Some("gold_office")))
        .await
        .expect("changed");
    assert_eq!(row("office_365_e3").await.limit(), Some(9));
    change(&stage, &admin, draft, share("azure_credit", Some(9), None)).await.expect("out of the pool");
    assert_eq!(row("azure_credit").await.pool, None);
    // What a source doesn't grant has neither.
    let nothing = Edit::Core(
        domain::Category::Cloud,
        BTreeMap::new(),
        [(("azure_credit".to_owned(), "none".to_owned()), CoreShare::default())].into(),
    );
    let version = wanted(&stage, draft).await.version;
    change(&stage, &admin, draft, nothing).await.expect("nothing differs");
    assert_eq!(wanted(&stage, draft).await.version, version);
}

#[rstest]
#[tokio::test]
async fn where_a_second_person_publishes_those_who_can_hear_of_a_draft_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let told = async |email: &str| {
        let mails = stage.mails(email).await;
        mails.into_iter().filter(|mail| mail.kind == "catalogue_draft_waits").collect::<Vec<_>>()
    };
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    change(&stage, &manager, draft, studio("gold_core", Amount::Of(11))).await.expect("changed");
    assert!(told(PROGRAMME_ADMIN).await.is_empty(), "one person is enough");
    let earlier = draft;
    let shared = begin(&stage, &admin, None).await.expect("a draft");
    change(&stage, &admin, shared, studio("gold_core", Amount::Of(11))).await.expect("changed");

    stage.set_policy("catalogue_publication", "second_person").await;
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    change(&stage, &manager, shared, studio("gold_core", Amount::Of(12))).await.expect("changed");
    assert!(
        told(PROGRAMME_ADMIN).await.is_empty(),
        "one changes nothing yet, of the other they have a hand in it"
    );
    for number in [12, 13] {
        change(&stage, &manager, draft, studio("gold_core", Amount::Of(number))).await.expect("changed");
    }
    let mails = told(PROGRAMME_ADMIN).await;
    assert_eq!(mails.len(), 1, "once");
    assert!(
        mails[0].body.contains("Henrik Solvang") && mails[0].body.contains("Spring"),
        "{}",
        mails[0].body
    );
    assert!(mails[0].body.contains(&format!("/operator/catalogue/{draft}")), "{}", mails[0].body);
    let notices = "select count(*) as number from notice where kind = 'catalogue_draft_waits'";
    assert_eq!(stage.count(notices).await, 1);
    for other in [CATALOGUE_MANAGER, FULFILMENT] {
        assert!(told(other).await.is_empty(), "{other} can't publish it");
    }
    // Of one's own draft one isn't told.
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    change(&stage, &admin, draft, studio("gold_core", Amount::Of(14))).await.expect("changed");
    assert_eq!(told(PROGRAMME_ADMIN).await.len(), 1);

    // The policy came after its first change; and then as well nobody could publish it yet.
    let without = "delete from operator_role where role = 'programme_admin'";
    let admins = "select count(*) as number from operator_role where role = 'programme_admin'";
    assert_eq!(stage.count(admins).await, 1, "the test gives it back to one");
    let account = admin.account().expect("somebody");
    stage.run(without, []).await;
    change(&stage, &manager, earlier, studio("gold_core", Amount::Of(15))).await.expect("changed");
    assert_eq!(told(PROGRAMME_ADMIN).await.len(), 1, "nobody can");
    let again = "insert into operator_role (account_id, role) values ($1, 'programme_admin')";
    stage.run(again, [account.0.into()]).await;
    for number in [16, 17] {
        change(&stage, &manager, earlier, studio("gold_core", Amount::Of(number))).await.expect("changed");
    }
    let mails = told(PROGRAMME_ADMIN).await;
    assert_eq!(mails.len(), 2, "once");
    assert!(mails.iter().any(|mail| mail.body.contains(&format!("/operator/catalogue/{earlier}"))));
}

#[rstest]
#[tokio::test]
async fn a_draft_begun_before_another_version_is_brought_up_to_date_and_keeps_its_own_changes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    change(&stage, &admin, draft, studio("gold_core", Amount::Of(14))).await.expect("changed");
    put_into_force(&stage, studio("silver_core", Amount::Of(8)), false).await;
    let failure = publish(&stage, &admin, draft, false).await.expect_err("another began after");
    assert_eq!(code(&failure), ErrorCode::CatalogueMoved);
    let stale = WantedDraft { version: 1, ..wanted(&stage, draft).await };
    let failure = drafts::bring_up_to_date(&stage.service, &admin, stage.operation(), stale).await;
    assert_eq!(code(&failure.expect_err("changed since")), ErrorCode::Stale);
    let now = wanted(&stage, draft).await;
    let left = drafts::bring_up_to_date(&stage.service, &admin, stage.operation(), now).await;
    assert_eq!(left.expect("up to date"), 1);
    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(3));
    let found = in_force(&stage).await;
    let of = |source: &str| {
        let row = found.entitlements.iter().find(|row| row.source.code() == source && row.product == STUDIO);
        row.expect("a row").quantity
    };
    assert_eq!((of("gold_core"), of("silver_core")), (Some(14), Some(8)));
}

#[rstest]
#[tokio::test]
async fn a_change_that_brings_a_fault_is_refused_and_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    let failure =
        change(&stage, &admin, draft, studio("gold_core", Amount::Of(0))).await.expect_err("a fault");
    assert_eq!(code(&failure), ErrorCode::CatalogueFaulty);
    let mut product = in_force(&stage).await.products[0].clone();
    product.kind = domain::ProductKind::Marketing;
    let failure =
        change(&stage, &admin, draft, Edit::Product(Box::new(product))).await.expect_err("another kind");
    assert_eq!(code(&failure), ErrorCode::CatalogueFaulty);
    assert_eq!(wanted(&stage, draft).await.version, 1);

    // A file with faults can be drafted, to be corrected; it can't be published.
    let mut faulty = in_force(&stage).await;
    faulty.products[0].name.traditional.clear();
    let text = file::write(&faulty).expect("a file");
    let draft = begin(&stage, &admin, Some(text)).await.expect("a draft");
    let failure = publish(&stage, &admin, draft, true).await.expect_err("faulty");
    assert_eq!(code(&failure), ErrorCode::CatalogueFaulty);
    let mut right = faulty.products[0].clone();
    right.name.traditional = "新名稱".to_owned();
    change(&stage, &admin, draft, Edit::Product(Box::new(right.clone()))).await.expect("corrected");
    assert_eq!(publish(&stage, &admin, draft, true).await.expect("published"), Some(2));
    let found = in_force(&stage).await;
    assert!(found.products.contains(&right));
    let failure = change(&stage, &admin, draft, Edit::RemoveProduct(right.code)).await.expect_err("in force");
    assert_eq!(code(&failure), ErrorCode::WrongState);
}

#[rstest]
#[tokio::test]
async fn a_file_that_would_be_too_long_to_be_read_back_begins_no_draft(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use std::fmt::Write;
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    // Written as shortly as can be; each text on a line of its own is more.
    let texts = "{en=\"a\",zh-Hans=\"a\",zh-Hant=\"a\"}";
    let many = format!("[{}]", vec!["\"a\""; 120].join(","));
    let steps = format!("{{en={many},zh-Hans={many},zh-Hant={many}}}");
    let (kind, unit) = (domain::ProductKind::Marketing.code(), domain::benefit::Unit::Item.code());
    let mut text = format!("[programme]\nname={texts}\n");
    let mut number = 0;
    while text.len() < file::LARGEST - 4_000 {
        number += 1;
        write!(
            text,
            "[[product]]\ncode=\"p{number}\"\nkind=\"{kind}\"\nunit=\"{unit}\"\nname={texts}\n\
             summary={texts}\ninstructions={steps}\n"
        )
        .expect("a string");
    }
    file::read(&text).expect("a file that can be read");
    let failure = begin(&stage, &admin, Some(text)).await.expect_err("too long");
    assert_eq!(code(&failure), ErrorCode::TooLarge);
    assert_eq!(stage.count("select count(*) as number from catalogue_draft").await, 0);
}

#[test]
fn a_file_has_no_more_of_anything_than_pages_can_show() {
    let of = |change: fn(&mut Catalogue)| {
        let mut catalogue = Catalogue::default();
        change(&mut catalogue);
        file::read(&file::write(&catalogue).expect("a file")).err().map(|error| error.code)
    };
    fn entitlement(product: &str, areas: usize) -> domain::catalogue::Entitlement {
        domain::catalogue::Entitlement {
            source: domain::benefit::SourceLabel::SelectCompetency,
            product: product.to_owned(),
            quantity: Some(1),
            seats: None,
            pool: None,
            level: Some(Tier::Silver),
            areas: (0..areas).map(|number| format!("a{number}")).collect(),
            per_area: true,
            illustrative: false,
        }
    }
    assert_eq!(of(|catalogue| catalogue.areas = vec![area("a", "Area"); 500]), None);
    assert_eq!(of(|catalogue| catalogue.areas = vec![area("a", "Area"); 501]), Some(ErrorCode::TooLarge));
    let many = |catalogue: &mut Catalogue| {
        catalogue.entitlements = (0..41).map(|number| entitlement(&format!("p{number}"), 1_000)).collect();
    };
    assert_eq!(of(many), Some(ErrorCode::TooLarge));
    let few = |catalogue: &mut Catalogue| {
        catalogue.entitlements = (0..40).map(|number| entitlement(&format!("p{number}"), 1_000)).collect();
    };
    assert_eq!(of(few), None);
    let long = |catalogue: &mut Catalogue| {
        catalogue.policies.insert("x".repeat(201), "1".to_owned());
    };
    assert_eq!(of(long), Some(ErrorCode::TooLarge));
}

#[rstest]
#[tokio::test]
async fn a_new_product_takes_no_place_of_one_that_is_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    let there =
        in_force(&stage).await.products.into_iter().find(|of| of.code == STUDIO).expect("the product");
    let mut again = there.clone();
    again.name.en = "Another product".to_owned();
    let failure =
        change(&stage, &admin, draft, Edit::NewProduct(Box::new(again.clone()))).await.expect_err("taken");
    let error = failure.told();
    assert_eq!(error.of(Field::Code).map(|fault| fault.code), Some(ErrorCode::ProductCodeTaken));
    let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    assert!(found.row_version == 1 && found.catalogue.products.contains(&there), "as it was");
    again.code = "another_studio".to_owned();
    change(&stage, &admin, draft, Edit::NewProduct(Box::new(again.clone()))).await.expect("a new one");
    let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    assert!(found.catalogue.products.contains(&there) && found.catalogue.products.contains(&again));

    // What this draft takes away can be put back; a code that something had before isn't given to another one.
    let back = Edit::NewProduct(Box::new(there.clone()));
    change(&stage, &admin, draft, Edit::RemoveProduct(STUDIO.to_owned())).await.expect("removed");
    change(&stage, &admin, draft, back.clone()).await.expect("put back");
    put_into_force(&stage, Edit::RemoveProduct(STUDIO.to_owned()), false).await;
    put_into_force(&stage, Edit::RemoveOffer("isv_co_sell".to_owned()), false).await;
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    let failure = change(&stage, &admin, draft, back).await.expect_err("it had it");
    assert_eq!(first_fault(&failure), (FaultCode::CodeUsed, "code".to_owned()));
    let mut offer = in_force(&stage).await.offers.pop().expect("an offer");
    offer.code = "isv_co_sell".to_owned();
    let failure =
        change(&stage, &admin, draft, Edit::AddOffer(Box::new(offer))).await.expect_err("it had it");
    assert_eq!(first_fault(&failure), (FaultCode::CodeUsed, "code".to_owned()));
}

#[rstest]
#[tokio::test]
async fn products_of_one_pool_are_not_set_to_several_numbers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let mut pooled = in_force(&stage).await;
    // Both in one category, as a form of quantities has them.
    let kind = pooled.products.iter().find(|of| of.code == STUDIO).expect("a product").kind;
    let row =
        pooled.entitlements.iter().find(|row| row.product == STUDIO && row.source.code() == "gold_core");
    let row = row.expect("a row").clone();
    let second = pooled.products.iter().find(|of| of.code == STUDIO).expect("a product").clone();
    pooled.products.push(Product { code: "second_studio".to_owned(), kind, ..second });
    pooled.entitlements.retain(|of| *of != row);
    for product in [STUDIO, "second_studio"] {
        let (product, pool) = (product.to_owned(), Some("studios".to_owned()));
        pooled.entitlements.push(domain::catalogue::Entitlement { product, pool, ..row.clone() });
    }
    let text = file::write(&pooled).expect("a file");
    let draft = begin(&stage, &admin, Some(text)).await.expect("a draft");
    let set = |first: i64, second: i64| {
        let cell =
            |product: &str, number: i64| ((product.to_owned(), "gold_core".to_owned()), Amount::Of(number));
        Edit::Core(
            Category::VisualStudio,
            [cell(STUDIO, first), cell("second_studio", second)].into(),
            [].into(),
        )
    };
    let failure = change(&stage, &admin, draft, set(30, 40)).await.expect_err("one pool");
    assert_eq!(first_fault(&failure).0, FaultCode::PoolLimits);
    let was = row.quantity.expect("a number");
    change(&stage, &admin, draft, set(30, was)).await.expect("the other one follows");
    let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    let of_pool = found.catalogue.entitlements.iter().filter(|row| row.pool.as_deref() == Some("studios"));
    assert_eq!(of_pool.map(|row| row.quantity).collect::<Vec<_>>(), [Some(30), Some(30)]);
}

#[rstest]
#[tokio::test]
async fn products_offers_and_texts_of_a_version_are_written_and_gone_ones_stay_for_who_has_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let before = in_force(&stage).await;
    let mut after = before.clone();
    let studio = after.products.iter_mut().find(|product| product.code == STUDIO).expect("the product");
    studio.summary.en = "A new line".to_owned();
    studio.name.en = "ÄRZTE Studio".to_owned();
    let windows = after.products.iter_mut().find(|of| of.code == "windows_enterprise").expect("the product");
    windows.downloads.truncate(3);
    windows.downloads[1].url = Some("https://packages.example/windows.iso?a=1;2".to_owned());
    windows.activations = Some(60);
    windows.key_format = Some("XXXX-XXXX-XXXX".to_owned());
    let priced = after.offers.iter_mut().find(|offer| offer.price_minor > 0).expect("an offer");
    priced.price_minor = 4_200;
    after.programme.name.en = "Another programme".to_owned();
    after.areas.push(area("robotics", "Robotics"));
    let gone =
        after.products.iter().find(|product| product.kind == domain::ProductKind::Marketing).expect("one");
    let gone = gone.code.clone();
    Edit::RemoveProduct(gone.clone()).apply(&mut after);
    let downloads = stage.count("select count(*) as number from product_download").await;
    put_into_force(&stage, Edit::Whole(Box::new(after.clone())), false).await;
    let found = in_force(&stage).await;
    assert_eq!(differences(&after, &found), [], "all of it is in the tables");
    let subjects: Vec<Subject> =
        differences(&before, &found).into_iter().map(|found| found.subject).collect();
    assert!(subjects.contains(&Subject::Product(gone.clone())) && subjects.contains(&Subject::Programme));
    assert_eq!(stage.count("select count(*) as number from product_download").await, downloads, "kept");
    let text = format!("select count(*) as number from product where code = '{gone}' and not listed");
    assert_eq!(stage.count(&text).await, 1);
    // Back again: the same product, not a second one.
    put_into_force(&stage, Edit::Whole(Box::new(before.clone())), false).await;
    assert_eq!(differences(&before, &in_force(&stage).await), []);
    stage.names_are_folded().await;
}

/// The open row of a grant, as the company's admin sees it, and who holds a seat of it.
async fn opened(stage: &Stage, admin: &Request, grant: GrantId) -> (BenefitRow, Vec<PersonId>) {
    let detail = benefits::detail::detail(&stage.service, admin, Language::English, grant, None);
    let detail = detail.await.expect("opens");
    let DetailKind::Seats(seats) = detail.kind else { panic!("not seats: {:?}", detail.kind) };
    (detail.row, seats.holders.into_iter().map(|holder| holder.person).collect())
}

/// So many give seats of a grant at the same time.
const AT_ONCE: usize = 2;
/// So many seats each of them still asks for once the version is published.
const AFTERWARDS: usize = 5;

/// Somebody who was to be given a seat, whether the version was published by then, and what came of it.
struct Attempt {
    person: PersonId,
    published: bool,
    outcome: Result<(), Failure>,
}

/// Gives a seat to one after the other, until the version is published and a few more were asked for.
async fn go_on_assigning(
    service: Service,
    admin: Request,
    grant: GrantId,
    people: Arc<Mutex<Vec<(PersonId, OperationId)>>>,
    version: Arc<AtomicBool>,
) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let mut left = AFTERWARDS;
    while left > 0 {
        let published = version.load(Ordering::SeqCst);
        let next = {
            let mut people = people.lock().expect("not poisoned");
            // Some are kept for afterwards, however long that takes.
            if published || people.len() > AT_ONCE * AFTERWARDS { people.pop() } else { None }
        };
        if let Some((person, operation)) = next {
            let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
            let outcome = assign(&service, &admin, operation, input).await.map(|_| ());
            attempts.push(Attempt { person, published, outcome });
            left -= usize::from(published);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    attempts
}

/// Begins to give seats to the people, several at once.
fn assigning(
    stage: &Stage,
    admin: &Request,
    grant: GrantId,
    people: &[PersonId],
    version: &Arc<AtomicBool>,
) -> Vec<JoinHandle<Vec<Attempt>>> {
    let people: Vec<_> = people.iter().map(|person| (*person, stage.operation())).collect();
    let people = Arc::new(Mutex::new(people));
    let one = |_| {
        let (service, admin) = (stage.service.clone(), admin.clone());
        tokio::spawn(go_on_assigning(service, admin, grant, people.clone(), version.clone()))
    };
    (0..AT_ONCE).map(one).collect()
}

/// What came of all of it.
async fn ended(tasks: Vec<JoinHandle<Vec<Attempt>>>) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for task in tasks {
        attempts.extend(task.await.expect("no panic"));
    }
    let afterwards = attempts.iter().filter(|attempt| attempt.published).count();
    assert_eq!(afterwards, AT_ONCE * AFTERWARDS, "the load goes on after the version");
    attempts
}

/// How many seats of a grant were given before its company was brought to the last version, and how many after: the
/// trail of a company has what was done in it in the order in which it was committed.
async fn around_the_version(stage: &Stage, grant: GrantId) -> (i64, i64) {
    let organization = stage.literal(stage.organization(GOLD).await.0);
    let version = format!(
        "(select max(v.sequence) from audit_event v where v.organization_id = {organization}
            and v.action = 'catalogue_in_force')"
    );
    let given = format!(
        "select count(*) as number from audit_event e where e.organization_id = {organization}
            and e.action = 'seat_assigned' and e.grant_id = {}",
        stage.literal(grant.0)
    );
    let before = stage.count(&format!("{given} and e.sequence < {version}")).await;
    let after = stage.count(&format!("{given} and e.sequence > {version}")).await;
    (before, after)
}

#[rstest]
#[tokio::test]
async fn rule_12_a_version_under_load_lets_no_seat_beyond_its_quantity(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const WITHOUT_LIMIT: &str = "visual_studio_professional";
    const PEOPLE: usize = 200;
    let stage = stage(engine).await;
    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    let admin = stage.person(ADMIN).await;
    // Room for everybody: whoever is refused is refused because of the next version.
    let edit = Edit::Core(
        Category::VisualStudio,
        [
            ((STUDIO.to_owned(), "gold_core".to_owned()), Amount::Of(1000)),
            ((WITHOUT_LIMIT.to_owned(), "gold_core".to_owned()), Amount::Unlimited),
        ]
        .into(),
        [].into(),
    );
    put_into_force(&stage, edit, true).await;
    let unlimited = stage.grant(GOLD, WITHOUT_LIMIT, "gold_core").await;
    stage.add_people(GOLD, PEOPLE + 1).await;
    let mut people = stage.people_without_seat(GOLD, grant).await;
    people.truncate(PEOPLE + 1);
    let late = people.pop().expect("somebody comes too late");
    let (_, before) = opened(&stage, &admin, grant).await;
    // Fewer than there are already, whatever the load adds.
    let smaller = i64::try_from(before.len()).expect("a number") - 2;
    assert!(smaller > 0, "the sample has holders");

    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &operator, None).await.expect("a draft");
    change(&stage, &operator, draft, studio("gold_core", Amount::Of(smaller))).await.expect("changed");
    let input = Publish { wanted: wanted(&stage, draft).await, from: None, existing: true };
    let version = Arc::new(AtomicBool::new(false));
    let limited_tasks = assigning(&stage, &admin, grant, &people, &version);
    let unlimited_tasks = assigning(&stage, &admin, unlimited, &people, &version);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    publish::publish(&stage.service, &operator, stage.operation(), input).await.expect("published");
    version.store(true, Ordering::SeqCst);

    let (mut kept, mut given) = (before, 0);
    for Attempt { person, published, outcome } in ended(limited_tasks).await {
        match outcome {
            Ok(()) => {
                assert!(!published, "a seat after the version");
                kept.push(person);
                given += 1;
            }
            Err(failure) => assert_eq!(code(&failure), ErrorCode::NoSeatLeft, "{failure}"),
        }
    }
    assert!(given > 0, "somebody got a seat before the version");
    assert_eq!(around_the_version(&stage, grant).await, (given, 0), "no seat after the version");
    let (row, mut holders) = opened(&stage, &admin, grant).await;
    kept.sort();
    holders.sort();
    assert_eq!(holders, kept, "whoever had a seat by then has it");
    let in_use = i64::try_from(holders.len()).expect("a number");
    assert_eq!((row.status, row.quantity, row.used), (RowStatus::OverAllocated, Some(smaller), in_use));
    let failure = assign_to(&stage, &admin, grant, late).await.expect_err("over-allocated");
    assert_eq!(code(&failure), ErrorCode::NoSeatLeft);

    let mut expected = Vec::new();
    for Attempt { person, outcome, .. } in ended(unlimited_tasks).await {
        outcome.expect("there is no limit");
        expected.push(person);
    }
    let (given_before, given_after) = around_the_version(&stage, unlimited).await;
    let afterwards = i64::try_from(AT_ONCE * AFTERWARDS).expect("a number");
    assert!(given_before > 0 && given_after >= afterwards, "{given_before} and {given_after}");
    assign_to(&stage, &admin, unlimited, late).await.expect("there is no limit");
    expected.push(late);
    let (row, mut holders) = opened(&stage, &admin, unlimited).await;
    let in_use = i64::try_from(expected.len()).expect("a number");
    assert_eq!((row.status, row.quantity, row.used), (RowStatus::Active, None, in_use));
    expected.sort();
    holders.sort();
    assert_eq!(holders, expected, "nobody was refused, and nobody lost it");
    assert!(stage.audit_intact().await);
}

/// SQLite has one writer: there, whoever publishes comes before or after.
#[rstest]
#[tokio::test]
async fn a_company_that_waits_is_brought_to_one_version_and_not_to_parts_of_two(
    #[values(Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    let organization = stage.organization(GOLD).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    change(&stage, &admin, draft, studio("gold_core", Amount::Of(12))).await.expect("changed");
    // Somebody decides about the whole company.
    let work = stage.service.database.begin().await.expect("begins");
    let text = "select cast(1 as bigint) as number from organization where id = $1 for no key update";
    service::sql::number(&work, text, [organization.0.into()]).await.expect("held");
    let input = Publish { wanted: wanted(&stage, draft).await, from: None, existing: true };
    let (service, who, operation) = (stage.service.clone(), admin.clone(), stage.operation());
    let publishing = tokio::spawn(async move { publish::publish(&service, &who, operation, input).await });
    let reader = stage.service.database.reader();
    for _ in 0..500 {
        if read::version(reader).await.expect("a version") == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    // Whoever brings the companies has come to this one, and waits.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(put_into_force(&stage, studio("gold_core", Amount::Of(14)), false).await, 3);
    work.commit().await.expect("done");
    assert_eq!(publishing.await.expect("no panic").expect("published"), Some(2));
    let version = format!(
        "select h.catalogue_version as number from holding h join benefit_grant g on g.holding_id = h.id
        where g.id = {}",
        stage.literal(grant.0)
    );
    assert_eq!(
        (stage.count(&version).await, quantity(&stage, grant).await),
        (2, Some(12)),
        "the one that was to reach it"
    );
    assert!(stage.audit_intact().await);
}

/// What a draft changes about what it began from: the subjects with the fields that differ.
async fn changes(stage: &Stage, draft: CatalogueDraftId) -> Vec<(ChangeKind, Subject, Vec<String>)> {
    let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    differences(&found.base, &found.catalogue)
        .into_iter()
        .map(|of| (of.kind, of.subject, of.values.into_iter().map(|value| value.field).collect()))
        .collect()
}

/// The first fault that a refusal names: what it is, and the field at which it is shown.
fn first_fault(failure: &Failure) -> (FaultCode, String) {
    let told = failure.told();
    assert_eq!(told.code, ErrorCode::CatalogueFaulty);
    let fault = told.faults.first().expect("a fault with its place");
    (fault.code, fault.field().to_owned())
}

#[rstest]
#[tokio::test]
async fn an_offer_is_added_changed_and_removed_in_a_draft(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let base = in_force(&stage).await;
    let pack = base.offers.iter().find(|offer| offer.code == "action_pack").expect("an offer").clone();
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    let edit = async |edit: Edit| change(&stage, &manager, draft, edit).await;

    // What a form says again changes nothing, not even the line breaks that a browser sends otherwise.
    let mut same = pack.clone();
    same.description.en = format!(" {}\r\n", same.description.en);
    assert_eq!(edit(Edit::Offer(Box::new(same))).await.expect("the same"), 0);
    assert_eq!(wanted(&stage, draft).await.version, 1);

    let mut dearer = pack.clone();
    dearer.price_minor = 51_000;
    dearer.description.simplified = "供小型团队使用。".to_owned();
    assert_eq!(edit(Edit::Offer(Box::new(dearer.clone()))).await.expect("changed"), 1);
    let second = Offer { code: "isv_second".to_owned(), tier: OfferTier::Isv, ..pack.clone() };
    assert_eq!(edit(Edit::AddOffer(Box::new(second.clone()))).await.expect("added"), 2);
    assert_eq!(edit(Edit::RemoveOffer("isv_co_sell".to_owned())).await.expect("removed"), 3);
    let expected = [
        (
            ChangeKind::Changed,
            "action_pack",
            vec!["description.zh-Hans".to_owned(), "price_minor".to_owned()],
        ),
        (ChangeKind::Removed, "isv_co_sell", Vec::new()),
        (ChangeKind::Added, "isv_second", Vec::new()),
    ];
    let found = changes(&stage, draft).await;
    assert_eq!(found.len(), expected.len());
    for ((kind, subject, fields), (expected, code, only)) in found.into_iter().zip(expected) {
        assert_eq!((kind, subject), (expected, Subject::Offer(code.to_owned())));
        assert!(only.is_empty() || fields == only, "{fields:?}");
    }

    // Faults are told with the field that they are about.
    let refused =
        async |edit: Edit| first_fault(&change(&stage, &manager, draft, edit).await.expect_err("a fault"));
    let again = Edit::AddOffer(Box::new(second.clone()));
    assert_eq!(refused(again).await, (FaultCode::Twice, "code".to_owned()));
    let cheaper = Offer { price_minor: -1, ..dearer.clone() };
    let found = refused(Edit::Offer(Box::new(cheaper))).await;
    assert_eq!(found, (FaultCode::NumberRange, "price_minor".to_owned()));
    let mut nameless = dearer.clone();
    nameless.name.traditional = " ".to_owned();
    let found = refused(Edit::Offer(Box::new(nameless))).await;
    assert_eq!(found, (FaultCode::TextMissing, "name.zh-Hant".to_owned()));
    let found = refused(Edit::RemoveOffer("network".to_owned())).await;
    assert_eq!(found, (FaultCode::NetworkOffer, "tier".to_owned()));

    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(2));
    let found = in_force(&stage).await.offers;
    assert!(found.contains(&dearer) && found.contains(&second));
    assert!(!found.iter().any(|offer| offer.code == "isv_co_sell"));
    let kept = "select count(*) as number from offer where code = 'isv_co_sell' and not listed";
    assert_eq!(stage.count(kept).await, 1, "for those who hold it");
    assert!(stage.audit_intact().await);
}

/// An area with a name that is the same in each language but for a sign.
fn texts(text: &str) -> Translated<String> {
    Translated { en: text.to_owned(), simplified: format!("{text} 简"), traditional: format!("{text} 繁") }
}

fn area(code: &str, name: &str) -> Area {
    Area { code: code.to_owned(), name: texts(name) }
}

fn area_edit(area: &str, level: Tier, amount: Option<AreaAmount>) -> Edit {
    let key = (STUDIO.to_owned(), level);
    Edit::AreaQuantities(area.to_owned(), Category::VisualStudio, [(key, amount)].into())
}

#[rstest]
#[tokio::test]
async fn areas_and_what_they_add_are_changed_in_a_draft(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    let edit = async |edit: Edit| change(&stage, &manager, draft, edit).await;
    let own = |quantity: i64| Some(AreaAmount { quantity: Some(quantity), seats: None, per_area: true });
    let same = area_edit("devops", Tier::Silver, own(5));
    assert_eq!(edit(same).await.expect("as it was"), 0);

    assert_eq!(edit(Edit::AddArea(area("robotics", "Robotics"))).await.expect("added"), 1);
    assert_eq!(edit(area_edit("robotics", Tier::Silver, own(3))).await.expect("added"), 2);
    assert_eq!(edit(area_edit("devops", Tier::Silver, own(6))).await.expect("changed"), 3);
    assert_eq!(edit(area_edit("devops", Tier::Gold, None)).await.expect("removed"), 4);
    assert_eq!(edit(Edit::RemoveArea("cloud_crm".to_owned())).await.expect("removed"), 7);
    // An area that there isn't has no quantities.
    let failure = edit(area_edit("cloud_crm", Tier::Gold, own(1))).await.expect_err("gone");
    assert_eq!(code(&failure), ErrorCode::NotFound);
    let quantity = |area: &str, level: &str| {
        Subject::Quantity(domain::catalogue::Quantity {
            product: STUDIO.to_owned(),
            source: "select_competency".to_owned(),
            level: Some(level.to_owned()),
            area: Some(area.to_owned()),
        })
    };
    let found: Vec<(ChangeKind, Subject)> =
        changes(&stage, draft).await.into_iter().map(|(kind, subject, _)| (kind, subject)).collect();
    for expected in [
        (ChangeKind::Added, Subject::Area("robotics".to_owned())),
        (ChangeKind::Removed, Subject::Area("cloud_crm".to_owned())),
        (ChangeKind::Added, quantity("robotics", "silver")),
        (ChangeKind::Changed, quantity("devops", "silver")),
        (ChangeKind::Removed, quantity("devops", "gold")),
        (ChangeKind::Removed, quantity("cloud_crm", "silver")),
        (ChangeKind::Removed, quantity("cloud_crm", "gold")),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }

    assert_eq!(edit(Edit::Area(area("security", "Safety"))).await.expect("renamed"), 8);
    let mut nameless = area("drones", "Drones");
    nameless.name.traditional = " ".to_owned();
    let failure = edit(Edit::AddArea(nameless.clone())).await.expect_err("no name");
    assert_eq!(first_fault(&failure), (FaultCode::TextMissing, "name.zh-Hant".to_owned()));
    nameless.code = "devops".to_owned();
    let failure = edit(Edit::Area(nameless)).await.expect_err("no name");
    assert_eq!(first_fault(&failure), (FaultCode::TextMissing, "name.zh-Hant".to_owned()));
    let failure = edit(Edit::AddArea(area("devops", "DevOps"))).await.expect_err("it is there");
    assert_eq!(first_fault(&failure), (FaultCode::Twice, "code".to_owned()));
    let failure = edit(Edit::AddArea(area("No Code", "No code"))).await.expect_err("no code");
    assert_eq!(first_fault(&failure), (FaultCode::MalformedCode, "code".to_owned()));
    let failure = edit(area_edit("devops", Tier::Silver, own(0))).await.expect_err("none of it");
    assert_eq!(first_fault(&failure), (FaultCode::NumberRange, "quantity".to_owned()));

    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(2));
    let found = in_force(&stage).await;
    let of = |area: &str, level: Tier| {
        let row = found.entitlements.iter().find(|row| {
            row.product == STUDIO && row.level == Some(level) && row.areas.iter().any(|of| of == area)
        });
        row.map(|row| row.quantity)
    };
    assert_eq!(of("robotics", Tier::Silver), Some(Some(3)));
    assert_eq!(of("devops", Tier::Silver), Some(Some(6)));
    assert_eq!(of("devops", Tier::Gold), None);
    assert_eq!(of("application_development", Tier::Silver), Some(Some(5)), "the other areas stay");
    assert_eq!(of("application_development", Tier::Gold), Some(Some(25)));
    assert!(
        found.areas.contains(&area("security", "Safety"))
            && found.areas.contains(&area("robotics", "Robotics"))
    );
    let rows = "select count(*) as number from competency_area where code in ('robotics', 'cloud_crm')";
    assert_eq!(stage.count(rows).await, 1);
    assert!(stage.audit_intact().await);
}

/// The areas of what an Action Pack company holds at Silver, in each language.
async fn silver_areas(stage: &Stage) -> Vec<Vec<String>> {
    let buyer = stage.person(BUYER).await;
    let mut areas = Vec::new();
    for language in Language::ALL {
        let page = membership::page::page(&stage.service, &buyer, language).await.expect("the page");
        let silver = page.holdings.into_iter().find(|holding| holding.tier == "silver");
        areas.push(silver.expect("a level").areas);
    }
    areas
}

#[rstest]
#[tokio::test]
async fn lists_of_areas_are_in_the_order_of_their_names(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    change(&stage, &manager, draft, Edit::Area(area("windows_and_devices", "A first one")))
        .await
        .expect("named");
    let query = DraftQuery { draft: Some(draft), category: Category::VisualStudio };
    let page = service::catalogue::page::draft(&stage.service, &manager, Language::English, &query).await;
    let shown: Vec<String> = page.expect("the page").areas.into_iter().map(|area| area.name).collect();
    assert!(shown.is_sorted() && shown.first().is_some_and(|name| name == "A first one"), "{shown:?}");
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    publish(&stage, &admin, draft, false).await.expect("published");
    let operator = stage.operator(FULFILMENT).await;
    let query = CompetenciesQuery { find: String::new() };
    let page = competencies::page(&stage.service, &operator, Language::English, &query).await;
    let first = page.expect("the page").areas.into_iter().next().expect("an area");
    assert_eq!(first.code, "windows_and_devices");
}

#[rstest]
#[tokio::test]
async fn an_areas_name_is_shown_to_each_reader_in_their_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    put_into_force(&stage, Edit::AddArea(area("robotics", "Robotics")), false).await;
    let own = Some(AreaAmount { quantity: Some(3), seats: None, per_area: true });
    put_into_force(&stage, area_edit("robotics", Tier::Silver, own), false).await;
    let text = "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
        select o.id, 'silver', 'robotics', (select a.id from account a order by a.id limit 1), 0
        from organization o where o.domain = $1";
    assert_eq!(stage.run(text, [PACK.into()]).await, 1);
    let buyer = stage.person(BUYER).await;
    let page = offers::page(&stage.service, &buyer, Language::SimplifiedChinese).await.expect("the page");
    let named = page.offers.iter().flat_map(|offer| &offer.choices).filter_map(|choice| choice.area.as_ref());
    let named: Vec<_> = named.filter(|area| area.code == "robotics").map(|area| &*area.name).collect();
    assert_eq!(named, ["Robotics 简"]);
    buy_silver(&stage, "robotics").await;
    assert_eq!(silver_areas(&stage).await, [["Robotics"], ["Robotics 简"], ["Robotics 繁"]]);

    // Wherever a benefit that the area adds stands.
    let grant = stage.grant(PACK, STUDIO, "select_competency").await;
    let query = BenefitsQuery {
        category: Category::VisualStudio,
        find: String::new(),
        source: Some("select_competency:robotics".to_owned()),
        status: None,
        until: None,
        sort: SortColumn::Name,
        descending: false,
        page: 1,
        open: Some(grant),
        chosen: None,
    };
    let page = benefits::list::page(&stage.service, &buyer, Language::TraditionalChinese, &query);
    let page = page.await.expect("the page");
    let shown: Vec<_> = page.rows.iter().map(|row| row.source_name.as_deref()).collect();
    assert_eq!(shown, [Some("Robotics 繁")]);
    assert_eq!(page.open.expect("open").row.source_name.as_deref(), Some("Robotics 繁"));

    // Another company attained it, and holds nothing of it.
    let attained = Competency { domain: GOLD.into(), tier: "gold".into(), area: "robotics".into() };
    let operator = stage.operator(FULFILMENT).await;
    let recorded = competencies::record(&stage.service, &operator, stage.operation(), attained.clone()).await;
    recorded.expect("recorded");
    let admin = stage.person(ADMIN).await;
    let offered = async || {
        let page = offers::page(&stage.service, &admin, Language::English).await.expect("the page");
        let choices = page.offers.into_iter().flat_map(|offer| offer.choices);
        choices.filter(|choice| choice.area.as_ref().is_some_and(|area| area.code == "robotics")).count()
    };
    assert!(offered().await > 0);

    // Another name, and none of it any more: what is held keeps the last one.
    put_into_force(&stage, Edit::Area(area("robotics", "Robots")), false).await;
    assert_eq!(silver_areas(&stage).await, [["Robots"], ["Robots 简"], ["Robots 繁"]]);
    put_into_force(&stage, Edit::RemoveArea("robotics".to_owned()), false).await;
    assert!(!in_force(&stage).await.areas.iter().any(|area| area.code == "robotics"));
    assert_eq!(offered().await, 0, "it can't be bought");
    let again = competencies::record(&stage.service, &operator, stage.operation(), attained.clone()).await;
    let again = again.expect_err("no such area").told();
    assert_eq!(again.of(Field::Area).map(|fault| fault.code), Some(ErrorCode::UnknownChoice));
    competencies::revoke(&stage.service, &operator, stage.operation(), attained)
        .await
        .expect("off the record");
    let left = "select count(*) as number from attained_area where area = 'robotics'";
    assert_eq!(stage.count(left).await, 1, "whoever holds it keeps the record");
    assert_eq!(silver_areas(&stage).await, [["Robots"], ["Robots 简"], ["Robots 繁"]]);
    assert!(stage.audit_intact().await);
}

/// What a company is called by its tier, what stands beside its benefits, and what its filter offers for that.
async fn called(stage: &Stage, language: Language) -> (String, String, Vec<Option<String>>) {
    let admin = stage.person(ADMIN).await;
    let frame = service::dashboard::frame::frame(&stage.service, &admin, language).await.expect("a frame");
    let domain::view::portal::Reader::Person(reader) = frame.reader else { panic!("a person") };
    let query = BenefitsQuery {
        category: Category::VisualStudio,
        find: String::new(),
        source: Some("gold_core".to_owned()),
        status: None,
        until: None,
        sort: SortColumn::Name,
        descending: false,
        page: 1,
        open: None,
        chosen: None,
    };
    let page = benefits::list::page(&stage.service, &admin, language, &query).await.expect("the page");
    let row = page.rows.into_iter().next().expect("a benefit");
    let offered = page.sources.into_iter().filter(|choice| choice.value == "gold_core");
    (reader.tier, row.source_name.expect("a name"), offered.map(|choice| choice.source_name).collect())
}

#[rstest]
#[tokio::test]
async fn tiers_are_called_as_the_version_in_force_says_to_each_reader_in_their_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (tier, source, offered) = called(&stage, Language::English).await;
    assert_eq!((tier.as_str(), source.as_str()), ("Gold", "Gold Core"));
    assert_eq!(offered, [Some("Gold Core".to_owned())]);

    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    let platinum =
        TierName { code: OfferTier::Gold, name: texts("Platinum"), source_name: texts("Platinum Core") };
    let nameless = TierName { name: texts(" "), ..platinum.clone() };
    let refused = change(&stage, &manager, draft, Edit::Tier(Box::new(nameless))).await;
    assert_eq!(
        first_fault(&refused.expect_err("a tier needs a name")),
        (FaultCode::TextMissing, "name.en".to_owned())
    );
    // Nobody could tell the two apart.
    let silver = TierName { name: texts(" silver"), ..platinum.clone() };
    let refused = change(&stage, &manager, draft, Edit::Tier(Box::new(silver))).await;
    let fault = first_fault(&refused.expect_err("another tier is called so"));
    assert_eq!(fault, (FaultCode::Twice, "name.en".to_owned()));
    change(&stage, &manager, draft, Edit::Tier(Box::new(platinum.clone()))).await.expect("named");
    assert_eq!(called(&stage, Language::English).await.0, "Gold", "a draft changes nothing");
    let fields: Vec<String> = ["name", "source_name"]
        .iter()
        .flat_map(|field| ["en", "zh-Hans", "zh-Hant"].map(|tag| format!("{field}.{tag}")))
        .collect();
    assert_eq!(
        changes(&stage, draft).await,
        [(ChangeKind::Changed, Subject::Tier("gold".to_owned()), fields)]
    );
    // The draft's own page calls it so already, quantities of it too.
    let query = DraftQuery { draft: Some(draft), category: Category::VisualStudio };
    let page = service::catalogue::page::draft(&stage.service, &manager, Language::English, &query).await;
    let named: Vec<_> = page.expect("the page").tiers.into_iter().map(|tier| tier.source_name).collect();
    assert_eq!(
        named,
        ["Network membership", "Action Pack", "Silver Core", "Platinum Core", "ISV Co-sell ready"]
    );

    let admin = stage.operator(PROGRAMME_ADMIN).await;
    publish(&stage, &admin, draft, false).await.expect("published").expect("in force");
    for (language, tier, source) in [
        (Language::English, "Platinum", "Platinum Core"),
        (Language::SimplifiedChinese, "Platinum 简", "Platinum Core 简"),
        (Language::TraditionalChinese, "Platinum 繁", "Platinum Core 繁"),
    ] {
        let expected = (tier.to_owned(), source.to_owned(), vec![Some(source.to_owned())]);
        assert_eq!(called(&stage, language).await, expected);
    }
    let catalogue = in_force(&stage).await;
    assert!(catalogue.tiers.contains(&platinum) && catalogue.tiers.len() == 5);
    let text = file::write(&catalogue).expect("a file");
    assert_eq!(file::read(&text).expect("a catalogue"), catalogue);
    assert!(stage.audit_intact().await);
}

/// A catalogue's file as it was written before areas and tiers had names.
fn without_names(catalogue: &Catalogue) -> String {
    let text = file::write(catalogue).expect("a file");
    let mut table: toml::Table = text.parse().expect("a table");
    let areas = table.get_mut("area").and_then(toml::Value::as_array_mut).expect("areas");
    for area in areas {
        area.as_table_mut().expect("an area").remove("name").expect("a name");
    }
    table.remove("tier").expect("tiers");
    toml::to_string(&table).expect("a file")
}

#[rstest]
#[tokio::test]
async fn drafts_and_files_from_before_areas_and_tiers_had_names_are_read_with_the_names_that_there_are(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let before = in_force(&stage).await;
    let old = without_names(&before);
    let read = file::read(&old).expect("a catalogue");
    assert!(read.areas.iter().all(Area::is_unnamed) && read.tiers.is_empty());

    // A file: nothing of it is a difference.
    let draft = begin(&stage, &admin, Some(old.clone())).await.expect("a draft");
    let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    assert_eq!(found.catalogue, before);
    let input = wanted(&stage, draft).await;
    let changed = drafts::replace(&stage.service, &admin, stage.operation(), input, &old).await;
    assert_eq!(changed.expect("read"), 0);
    let failure = publish(&stage, &admin, draft, false).await.expect_err("nothing to publish");
    assert_eq!(code(&failure), ErrorCode::CatalogueUnchanged);

    // A draft that was kept; a new area of it has its code for a name, as it was shown.
    let mut changed = before.clone();
    changed.areas.push(area("robotics", "Robotics"));
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    let text = "update catalogue_draft set document = $2, base = $3 where id = $1";
    stage.run(text, [draft.0.into(), without_names(&changed).into(), old.into()]).await;
    let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    assert_eq!(found.base, before);
    let subjects: Vec<Subject> =
        differences(&found.base, &found.catalogue).into_iter().map(|found| found.subject).collect();
    assert_eq!(subjects, [Subject::Area("robotics".to_owned())]);
    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(2));
    let robotics = in_force(&stage).await.areas.into_iter().find(|area| area.code == "robotics");
    let names = robotics.expect("the area").name;
    assert!(Language::ALL.iter().all(|language| names.of(*language) == "robotics"), "{names:?}");
}

#[test]
fn areas_that_share_a_pool_get_its_limit_together() {
    let row = |product: &str, seats: Option<i64>| domain::catalogue::Entitlement {
        source: domain::benefit::SourceLabel::SelectCompetency,
        product: product.to_owned(),
        quantity: Some(5),
        seats,
        pool: Some("shared".to_owned()),
        level: Some(Tier::Silver),
        areas: vec!["devops".to_owned(), "security".to_owned()],
        per_area: true,
        illustrative: true,
    };
    let product = |code: &str| Product {
        code: code.to_owned(),
        kind: domain::ProductKind::Subscription,
        unit: domain::benefit::Unit::Seat,
        activations: None,
        key_format: None,
        portal_url: None,
        name: Translated::default(),
        summary: Translated::default(),
        instructions: Translated::default(),
        guidance: None,
        downloads: Vec::new(),
    };
    let mut catalogue = Catalogue {
        areas: ["devops", "security"].map(|code| area(code, code)).to_vec(),
        products: [STUDIO, "other"].map(product).to_vec(),
        entitlements: vec![row(STUDIO, None), row("other", Some(5))],
        ..Catalogue::default()
    };
    let amount = AreaAmount { quantity: Some(7), seats: None, per_area: true };
    area_edit("devops", Tier::Silver, Some(amount)).apply(&mut catalogue);
    let limits: Vec<Option<i64>> = catalogue.entitlements.iter().map(|row| row.limit()).collect();
    assert_eq!(limits, [Some(7); 3], "{:?}", catalogue.entitlements);
    let chosen = |row: &&domain::catalogue::Entitlement| row.illustrative && row.areas == ["devops"];
    assert_eq!(catalogue.entitlements.iter().filter(chosen).count(), 0, "somebody set that one");
}

#[rstest]
#[tokio::test]
async fn the_programmes_texts_and_every_value_of_a_policy_are_changed_in_a_draft(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const NUMBERS: [&str; 3] = ["0", "14", "365"];
    let stage = stage(engine).await;
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let base = in_force(&stage).await;
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    let edit = async |edit: Edit| change(&stage, &manager, draft, edit).await;

    let details = |text: &str| Translated {
        en: vec![text.to_owned(), "Account 1".to_owned()],
        simplified: vec!["银行".to_owned()],
        traditional: vec!["銀行".to_owned()],
    };
    let mut programme = base.programme.clone();
    programme.name.en = "Another programme".to_owned();
    programme.bank_details = Some(details(" A bank "));
    let texts = Edit::Programme(Box::new(programme.clone()));
    assert_eq!(edit(texts.clone()).await.expect("changed"), 1);
    let version = wanted(&stage, draft).await.version;
    assert_eq!(edit(texts).await.expect("the same"), 1);
    assert_eq!(wanted(&stage, draft).await.version, version, "nothing differs");
    let mut half = details("A bank");
    half.traditional.clear();
    let half = Programme { bank_details: Some(half), ..programme.clone() };
    let failure = edit(Edit::Programme(Box::new(half))).await.expect_err("not in every language");
    assert_eq!(first_fault(&failure), (FaultCode::TextMissing, "bank_details.zh-Hant".to_owned()));

    // Each policy takes each of its values, and no other.
    let policy = |name: &str, value: Option<&str>| {
        Edit::Policies([(name.to_owned(), value.map(str::to_owned))].into())
    };
    let cases: [(&str, &[&str]); 8] = [
        ("assign_roles", &["global_admin", "partner_admin"]),
        ("reassign_lock_days", &NUMBERS),
        ("double_holding", &["warn", "allow", "refuse"]),
        ("support_edition", &["a", "b", "c"]),
        ("reveal_counts_as_activation", &["true", "false"]),
        ("audit_retention", &["forever", "10_years", "7_years", "3_years", "1_year"]),
        ("catalogue_publication", &["one_person", "second_person"]),
        ("target_days_advisory", &["1", "60"]),
    ];
    for (name, values) in cases {
        for value in values.iter().rev().chain(values) {
            edit(policy(name, Some(*value))).await.expect("a value");
            let kept = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
            assert_eq!(kept.catalogue.policies[name], *value);
        }
        let failure = edit(policy(name, Some("sometimes"))).await.expect_err("no value of it");
        assert_eq!(first_fault(&failure), (FaultCode::UnknownPolicy, name.to_owned()));
    }
    edit(policy("catalogue_publication", Some("one_person"))).await.expect("as before");
    // What the draft doesn't say stays, whatever it becomes meanwhile.
    edit(policy("double_holding", None)).await.expect("left out");
    stage.set_policy("double_holding", "allow").await;
    let subjects: Vec<Subject> =
        changes(&stage, draft).await.into_iter().map(|(_, subject, _)| subject).collect();
    let of = |name: &str| Subject::Policy(name.to_owned());
    assert!(subjects.contains(&Subject::Programme) && subjects.contains(&of("reassign_lock_days")));
    assert!(!subjects.contains(&of("double_holding")) && !subjects.contains(&of("catalogue_publication")));

    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(2));
    let found = in_force(&stage).await;
    assert_eq!(found.programme.name, programme.name);
    assert_eq!(found.programme.bank_details, Some(details("A bank")));
    assert_eq!(found.policies["reassign_lock_days"], "365");
    assert_eq!(found.policies["audit_retention"], "1_year");
    assert_eq!(found.policies["double_holding"], "allow");

    // Without bank details there are no transfers.
    let without = Programme { bank_details: None, ..found.programme };
    put_into_force(&stage, Edit::Programme(Box::new(without)), false).await;
    assert_eq!(in_force(&stage).await.programme.bank_details, None);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_file_takes_the_place_of_what_a_draft_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    change(&stage, &manager, draft, studio("gold_core", Amount::Of(11))).await.expect("changed");
    let replace = async |who: &Request, wanted: WantedDraft, text: &str| {
        drafts::replace(&stage.service, who, stage.operation(), wanted, text).await
    };
    let now = wanted(&stage, draft).await;
    let failure = replace(&admin, now, "[programme]\nname = 7\n").await.expect_err("no catalogue");
    let told = failure.told();
    assert_eq!((told.code, told.number), (ErrorCode::CatalogueUnreadable, Some(2)));
    let agent = stage.operator(FULFILMENT).await;
    let failure = replace(&agent, now, "").await.expect_err("no right to");
    assert_eq!(code(&failure), ErrorCode::RoleNeeded);

    // With a fault it is taken over, to be corrected; what the draft said before is gone.
    let mut written = in_force(&stage).await;
    written.offers.iter_mut().for_each(|offer| offer.currency = "EUR".to_owned());
    let right = file::write(&written).expect("a file");
    let priced = written.offers.len();
    written.products[0].name.traditional.clear();
    written.policies.remove("double_holding");
    let faulty = file::write(&written).expect("a file");
    assert_eq!(replace(&admin, now, &faulty).await.expect("taken over"), priced + 1);
    let failure = replace(&admin, now, &right).await.expect_err("changed since");
    assert_eq!(code(&failure), ErrorCode::Stale);
    let kept = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    assert_eq!(file::faults_of(&kept.catalogue).len(), 1);
    assert!(!kept.catalogue.policies.contains_key("double_holding"), "as the file says");
    let failure = publish(&stage, &admin, draft, false).await.expect_err("faulty");
    assert_eq!(code(&failure), ErrorCode::CatalogueFaulty);

    let now = wanted(&stage, draft).await;
    assert_eq!(replace(&admin, now, &right).await.expect("taken over"), priced);
    // Whose file it is has a hand in it.
    stage.set_policy("catalogue_publication", "second_person").await;
    let failure = publish(&stage, &admin, draft, false).await.expect_err("their own file");
    assert_eq!(code(&failure), ErrorCode::SecondPersonNeeded);
    stage.set_policy("catalogue_publication", "one_person").await;
    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(2));
    assert!(in_force(&stage).await.offers.iter().all(|offer| offer.currency == "EUR"));
    let now = wanted(&stage, draft).await;
    let failure = replace(&admin, now, &right).await.expect_err("in force");
    assert_eq!(code(&failure), ErrorCode::WrongState);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_corrected_file_is_kept_also_where_nothing_differs_but_what_was_there_twice(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let mut right = in_force(&stage).await;
    right.programme.name.en = "Another programme".to_owned();
    let mut doubled = right.clone();
    let last = doubled.products.last().cloned().expect("a product");
    doubled.products.push(last);
    let text = file::write(&doubled).expect("a file");
    let draft = begin(&stage, &admin, Some(text)).await.expect("a draft");
    let failure = publish(&stage, &admin, draft, false).await.expect_err("twice");
    assert_eq!(first_fault(&failure).0, FaultCode::Twice);
    let now = wanted(&stage, draft).await;
    let text = file::write(&right).expect("a file");
    let replaced = drafts::replace(&stage.service, &admin, stage.operation(), now, &text).await;
    assert_eq!(replaced.expect("taken over"), 1);
    let kept = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    assert_eq!((kept.catalogue == right, kept.row_version), (true, now.version + 1));
    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(2));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_with_the_version_in_force_as_well_stands_in_no_drafts_way(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    // As a download said it before there was a list of languages.
    let download = stage.id("select id from product_download order by file_name limit 1", []).await;
    stage.run("update product_download set language = 'English' where id = $1", [download.into()]).await;
    let manager = stage.operator(CATALOGUE_MANAGER).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let draft = begin(&stage, &manager, None).await.expect("a draft");
    change(&stage, &manager, draft, studio("gold_core", Amount::Of(11))).await.expect("changed");
    let query = DraftQuery { draft: Some(draft), category: Category::VisualStudio };
    let page = service::catalogue::page::draft(&stage.service, &manager, Language::English, &query).await;
    let page = page.expect("the page");
    let earlier: Vec<FaultCode> = page.earlier_faults.iter().map(|fault| fault.code).collect();
    assert_eq!((page.faults.len(), earlier), (0, vec![FaultCode::UnknownLanguage]));

    // What is a draft's own does.
    let mut written = in_force(&stage).await;
    written.products[0].name.traditional.clear();
    let text = file::write(&written).expect("a file");
    let faulty = begin(&stage, &admin, Some(text)).await.expect("a draft");
    let failure = publish(&stage, &admin, faulty, false).await.expect_err("a name is missing");
    assert_eq!(first_fault(&failure), (FaultCode::TextMissing, "name.zh-Hant".to_owned()));
    assert_eq!(failure.told().faults.len(), 1, "the other one isn't told");

    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(2));
    assert_eq!(file::faults_of(&in_force(&stage).await).len(), 1, "it is as it was");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_draft_with_another_kind_in_it_is_still_changed_elsewhere(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let mut other = in_force(&stage).await;
    let offer = other.offers.iter_mut().find(|offer| offer.tier == OfferTier::Gold).expect("an offer");
    offer.tier = OfferTier::Isv;
    let text = file::write(&other).expect("a file");
    let draft = begin(&stage, &admin, Some(text)).await.expect("a draft");
    let edit = Edit::Area(area("security", "Safety"));
    assert_eq!(change(&stage, &admin, draft, edit).await.expect("changed"), 2);
    let failure = publish(&stage, &admin, draft, false).await.expect_err("another tier");
    assert_eq!(first_fault(&failure).0, FaultCode::TierChanged);
}

#[rstest]
#[tokio::test]
async fn a_draft_follows_the_policies_that_it_does_not_change(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let name = "reassign_lock_days";
    let policy = |value: &str| Edit::Policies([(name.to_owned(), Some(value.to_owned()))].into());
    let said = async |draft: CatalogueDraftId| {
        let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
        found.catalogue.policies[name].clone()
    };
    stage.set_policy(name, "30").await;
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    let before = file::write(&in_force(&stage).await).expect("a file");
    stage.set_policy(name, "60").await;
    assert_eq!(said(draft).await, "60", "as it is now");
    assert!(changes(&stage, draft).await.is_empty());
    // What it began with can be its own change by now.
    assert_eq!(change(&stage, &admin, draft, policy("30")).await.expect("changed"), 1);
    assert_eq!(said(draft).await, "30");
    stage.set_policy(name, "90").await;
    assert_eq!(said(draft).await, "30", "its own");
    assert_eq!(publish(&stage, &admin, draft, false).await.expect("published"), Some(2));
    assert_eq!(in_force(&stage).await.policies[name], "30");

    // An older file sets nothing back.
    stage.set_policy(name, "30").await;
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    stage.set_policy(name, "60").await;
    let now = wanted(&stage, draft).await;
    let replaced = drafts::replace(&stage.service, &admin, stage.operation(), now, &before).await;
    assert_eq!(replaced.expect("taken over"), 0);
    assert_eq!(said(draft).await, "60");
}

#[rstest]
#[tokio::test]
async fn an_old_draft_that_was_changed_keeps_the_areas_names_of_that_day_for_its_beginning(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let old = without_names(&in_force(&stage).await);
    let draft = begin(&stage, &admin, None).await.expect("a draft");
    let text = "update catalogue_draft set document = $2, base = $2 where id = $1";
    stage.run(text, [draft.0.into(), old.into()]).await;
    change(&stage, &admin, draft, studio("gold_core", Amount::Of(14))).await.expect("changed");
    put_into_force(&stage, Edit::Area(area("security", "Safety")), false).await;
    assert_eq!(changes(&stage, draft).await.len(), 1, "nobody renamed anything in it");
    let now = wanted(&stage, draft).await;
    let left = drafts::bring_up_to_date(&stage.service, &admin, stage.operation(), now).await;
    assert_eq!(left.expect("up to date"), 1);
    let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
    assert!(found.catalogue.areas.contains(&area("security", "Safety")));
}
