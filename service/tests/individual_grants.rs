//! Individual grants: more or less than the plan, until a day; through versions of the catalogue, renewals and several
//! servers. On both databases.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::cloud::KeyUse;
use domain::enrolment::ProfileDraft;
use domain::entitlement::Amount;
use domain::ids::{GrantId, IndividualGrantId, OrganizationId, PersonId, ProductId};
use domain::individual_grant::IndividualKind;
use domain::moment::Zone;
use domain::view::individual_grants::{
    CompanyGrantRow, CompanyGrantsQuery, IndividualGrantsQuery, IndividualState,
};
use domain::view::tier_change::TierChangeQuery;
use domain::{Day, ErrorCode, Field, Language, Moment};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::activations::request::{ActivateGrant, activate};
use service::assignments::assign::{AssignSeats, assign};
use service::assignments::seat_requests::{AskForSeat, ask};
use service::catalogue::edit::{Amount as Quantity, Edit};
use service::catalogue::publish::{self, Publish};
use service::catalogue::{drafts, effect, read};
use service::cloud::redeem::{RedeemKey, redeem};
use service::enrolment::legal_profile;
use service::enrolment::profile::SaveProfile;
use service::individual_grants::change::{self, ChangeIndividualGrant};
use service::individual_grants::end::{self, EndIndividualGrant};
use service::individual_grants::set::{self, SetIndividualGrant};
use service::individual_grants::{Wanted, company, list, on_clock};
use service::keys::reveal::{KeyOf, RevealKey, reveal};
use service::purchases::card::{self, PayByCard};
use service::purchases::orders;
use service::purchases::place::WantedOrder;
use service::purchases::renew::{self, RenewHolding};
use service::purchases::tier_change::{self, ChangeTier};
use service::{Failure, Request, benefits, membership, sql};
use uuid::Uuid;

const GOLD: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PACK: &str = "kestrelash.example";
const BUYER: &str = "piet.zanderling@kestrelash.example";
const OTHER: &str = "chenghu.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const CATALOGUE_MANAGER: &str = "henrik.solvang@northlight.example";
const FULFILMENT: &str = "marisa.talvinen@northlight.example";
const STUDIO: &str = "visual_studio_enterprise";
const PACK_STUDIO: &str = "visual_studio_professional";
const DAY: i64 = 24 * 3600 * 1000;

async fn product(stage: &Stage, product: &str) -> ProductId {
    ProductId(stage.id("select id from product where code = $1", [product.into()]).await)
}

/// So many days after the beginning, in the company's zone.
async fn day(stage: &Stage, company: &str, days: i64) -> Day {
    zone(stage, company).await.day_of(stage.service.now()).plus_days(days)
}

async fn zone(stage: &Stage, company: &str) -> Zone {
    #[derive(FromQueryResult)]
    struct Row {
        time_zone: String,
    }
    let text = "select time_zone from organization where domain = $1";
    let row = sql::one::<Row>(stage.service.database.reader(), text, [company.into()]).await;
    Zone::named(&row.expect("reads").expect("a company").time_zone)
}

fn wanted(quantity: &str, ends: Day) -> Wanted {
    Wanted {
        quantity: quantity.to_owned(),
        unlimited: quantity == "unlimited",
        ends: ends.to_string(),
        reason: "A pilot that the programme supports".to_owned(),
        accepted: None,
    }
}

async fn set_as(
    stage: &Stage,
    who: &str,
    company: &str,
    of: &str,
    wanted: Wanted,
) -> Result<IndividualGrantId, Failure> {
    let input = SetIndividualGrant {
        organization: stage.organization(company).await,
        product: product(stage, of).await.to_string(),
        wanted,
    };
    set::set(&stage.service, &stage.operator(who).await, stage.operation(), input).await
}

async fn set(stage: &Stage, company: &str, of: &str, quantity: &str, days: i64) -> IndividualGrantId {
    let wanted = Wanted { accepted: Some(i64::MAX), ..wanted(quantity, day(stage, company, days).await) };
    set_as(stage, PROGRAMME_ADMIN, company, of, wanted).await.expect("set")
}

/// The name that a query finds.
async fn text_of(stage: &Stage, text: &str) -> String {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let row = sql::one::<Row>(stage.service.database.reader(), text, []).await;
    row.expect("reads").expect("a row").name
}

async fn version(stage: &Stage, id: IndividualGrantId) -> i64 {
    let text = "select row_version as number from individual_grant where id = $1";
    sql::number(stage.service.database.reader(), text, [id.0.into()]).await.expect("a version")
}

async fn end(stage: &Stage, id: IndividualGrantId, accepted: bool) -> Result<IndividualGrantId, Failure> {
    let accepted = accepted.then_some(i64::MAX);
    let input = EndIndividualGrant { id, version: version(stage, id).await, accepted };
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    end::end(&stage.service, &admin, stage.operation(), input).await
}

/// What the company has of a product, as its page for operators says.
async fn row(stage: &Stage, company: &str, of: &str) -> CompanyGrantRow {
    let query = CompanyGrantsQuery { company: company.to_owned(), product: Some(product(stage, of).await) };
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let page = company::page(&stage.service, &admin, Language::English, &query).await.expect("a page");
    page.chosen.expect("the product")
}

/// Quantities of a company's pools of a product, the oldest benefit first; none is without limit.
async fn pools(stage: &Stage, company: &str, of: &str) -> Vec<Option<i64>> {
    #[derive(FromQueryResult)]
    struct Row {
        quantity: Option<i64>,
    }
    let text = "select p.quantity from benefit_grant g join pool p on p.id = g.pool_id
        join product d on d.id = g.product_id join organization o on o.id = g.organization_id
        where o.domain = $1 and d.code = $2 and g.state = 'granted' and not exists (select 1 from benefit_grant n
            where n.follows_id = g.id and n.state <> 'withdrawn')
        order by g.granted_at, g.id";
    let rows = sql::all::<Row>(stage.service.database.reader(), text, [company.into(), of.into()]).await;
    rows.expect("pools").into_iter().map(|row| row.quantity).collect()
}

fn total(pools: &[Option<i64>]) -> Option<i64> {
    pools.iter().copied().sum()
}

async fn seats(stage: &Stage) -> i64 {
    stage.count("select count(*) as number from seat where released_at is null").await
}

async fn give(stage: &Stage, admin: &Request, grant: GrantId, person: PersonId) -> Result<(), Failure> {
    let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
    assign(&stage.service, admin, stage.operation(), input).await.map(|_| ())
}

fn fault(failure: &Failure, field: Field) -> Option<(ErrorCode, Option<i64>)> {
    failure.told().of(field).map(|fault| (fault.code, fault.number))
}

async fn mails(stage: &Stage, email: &str, kind: &str) -> Vec<String> {
    let mails = stage.mails(email).await;
    mails.into_iter().filter(|mail| mail.kind == kind).map(|mail| mail.body).collect()
}

async fn put_into_force(stage: &Stage, source: &str, amount: Quantity, existing: bool) {
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let input = drafts::BeginDraft { title: "Spring".to_owned(), file: None };
    let draft = drafts::begin(&stage.service, &admin, stage.operation(), input).await.expect("a draft");
    let wanted = async || {
        let found = drafts::find(stage.service.database.reader(), draft).await.expect("the draft");
        drafts::WantedDraft { draft, version: found.row_version }
    };
    let key = (STUDIO.to_owned(), source.to_owned());
    let edit = Edit::Core(domain::Category::VisualStudio, [(key, amount)].into(), [].into());
    drafts::change(&stage.service, &admin, stage.operation(), wanted().await, edit).await.expect("changed");
    let input = Publish { wanted: wanted().await, from: None, existing };
    publish::publish(&stage.service, &admin, stage.operation(), input).await.expect("in force");
}

/// The last moment of the day that an individual grant ends on, and one later.
async fn last_moment(stage: &Stage, id: IndividualGrantId) -> Moment {
    let text = "select ends_at as number from individual_grant where id = $1";
    Moment(sql::number(stage.service.database.reader(), text, [id.0.into()]).await.expect("a moment"))
}

#[rstest]
#[tokio::test]
async fn a_company_has_more_than_its_plan_until_a_day_and_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let before = pools(&stage, GOLD, STUDIO).await;
    let plan = total(&before).expect("a limit");
    let id = set(&stage, GOLD, STUDIO, &(plan + 40).to_string(), 30).await;
    assert_eq!(total(&pools(&stage, GOLD, STUDIO).await), Some(plan + 40));
    let shown = row(&stage, GOLD, STUDIO).await;
    assert_eq!((shown.plan, shown.result), (Some(Amount::Of(plan)), Some(Amount::Of(plan + 40))));
    let individual = shown.individual.expect("it is in force");
    assert_eq!(individual.individual.kind, IndividualKind::Quantity);
    assert_eq!(individual.reason, "A pilot that the programme supports");
    let told = mails(&stage, ADMIN, "individual_grant_set").await;
    assert_eq!(told.len(), 1);
    assert!(told[0].contains(&(plan + 40).to_string()) && told[0].contains(&plan.to_string()), "{told:?}");
    assert!(!told[0].contains("pilot"), "the reason is the operators'");

    // Its company sees plan value, individual grant, result and the last day; not why.
    let admin = stage.person(ADMIN).await;
    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    let detail = benefits::detail::detail(&stage.service, &admin, Language::English, grant, None).await;
    let shown = detail.expect("the open row").individual.expect("shown");
    assert_eq!((shown.plan, shown.result), (Some(Amount::Of(plan)), Some(Amount::Of(plan + 40))));
    assert_eq!(shown.until, day(&stage, GOLD, 30).await);

    // Until the last moment of its last day, where the company is.
    let last = last_moment(&stage, id).await;
    assert_eq!(zone(&stage, GOLD).await.end_of(day(&stage, GOLD, 30).await), last);
    stage.clock.set(last);
    assert_eq!(on_clock::end_due(&stage.service).await.expect("looked"), 0);
    stage.clock.set(Moment(last.0 + 1));
    let (one, other) = tokio::join!(on_clock::end_due(&stage.service), on_clock::end_due(&stage.service));
    assert_eq!(one.expect("ended") + other.expect("ended"), 1, "by one of two servers");
    assert_eq!(pools(&stage, GOLD, STUDIO).await, before);
    assert_eq!(row(&stage, GOLD, STUDIO).await.individual, None);
    assert_eq!(mails(&stage, ADMIN, "individual_grant_ended").await.len(), 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn the_last_day_ends_in_the_zone_that_a_company_moves_to(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let ends = day(&stage, GOLD, 30).await;
    let id = set(&stage, GOLD, STUDIO, "60", 30).await;
    let text = "update benefit_grant set state = 'ended'
        where product_id = (select id from product where code = 'visual_studio_professional')";
    stage.run(text, []).await;
    set(&stage, GOLD, PACK_STUDIO, "2", 30).await;
    let draft = ProfileDraft {
        contact_email: ADMIN.to_owned(),
        time_zone: "America/Los_Angeles".to_owned(),
        ..common::enrolment::profile()
    };
    let input = SaveProfile { version: 0, draft };
    let admin = stage.person(ADMIN).await;
    legal_profile::change(&stage.service, &admin, stage.operation(), input).await.expect("saved");
    let last = zone(&stage, GOLD).await.end_of(ends);
    assert_eq!(last, Zone::named("America/Los_Angeles").end_of(ends));
    assert_eq!(last_moment(&stage, id).await, last);
    let grant = stage.grant(GOLD, PACK_STUDIO, "individual_grant").await;
    assert_eq!(stage.grant_row(grant).await.expires_at, Some(last.0));
}

#[rstest]
#[tokio::test]
async fn rule_12_less_than_is_in_use_takes_nobodys_seat_and_starts_nothing_new(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (before, held) = (pools(&stage, GOLD, STUDIO).await, seats(&stage).await);
    let in_use = row(&stage, GOLD, STUDIO).await.in_use;
    assert!(in_use > 2, "the sample has holders");
    let less = wanted(&(in_use - 2).to_string(), day(&stage, GOLD, 30).await);
    let failure =
        set_as(&stage, PROGRAMME_ADMIN, GOLD, STUDIO, less.clone()).await.expect_err("not accepted");
    assert_eq!(fault(&failure, Field::Accept), Some((ErrorCode::BelowUse, Some(2))), "says how many more");
    assert_eq!(pools(&stage, GOLD, STUDIO).await, before, "nothing happened");

    // Somebody released seats or took them since the page was read: what was accepted is that number.
    let fewer = Wanted { accepted: Some(1), ..less.clone() };
    let failure = set_as(&stage, PROGRAMME_ADMIN, GOLD, STUDIO, fewer).await.expect_err("one was accepted");
    assert_eq!(fault(&failure, Field::Accept), Some((ErrorCode::BelowUse, Some(2))));
    let accepted = Wanted { accepted: Some(2), ..less };
    let id = set_as(&stage, PROGRAMME_ADMIN, GOLD, STUDIO, accepted).await.expect("set");
    assert_eq!(total(&pools(&stage, GOLD, STUDIO).await), Some(in_use - 2));
    assert_eq!(seats(&stage).await, held, "nobody lost a seat");
    let text = "select g.id from benefit_grant g join pool p on p.id = g.pool_id join product d on d.id = g.product_id
        join organization o on o.id = g.organization_id
        where o.domain = $1 and d.code = $2 and g.state = 'granted' order by p.used - p.quantity desc limit 1";
    let grant = GrantId(stage.id(text, [GOLD.into(), STUDIO.into()]).await);
    let (admin, person) = (stage.person(ADMIN).await, stage.people_without_seat(GOLD, grant).await[0]);
    let failure = give(&stage, &admin, grant, person).await.expect_err("over-allocated");
    assert_eq!(failure.told().code, ErrorCode::NoSeatLeft);

    end(&stage, id, false).await.expect("the plan covers what is in use");
    assert_eq!(pools(&stage, GOLD, STUDIO).await, before);
    give(&stage, &admin, grant, person).await.expect("there is room again");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn without_limit_and_back_where_what_came_meanwhile_stays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let before = pools(&stage, PACK, PACK_STUDIO).await;
    let plan = total(&before).expect("a limit");
    let id = set(&stage, PACK, PACK_STUDIO, "unlimited", 30).await;
    assert_eq!(pools(&stage, PACK, PACK_STUDIO).await, vec![None; before.len()]);
    assert_eq!(row(&stage, PACK, PACK_STUDIO).await.result, Some(Amount::Unlimited));
    let grant = stage.grant(PACK, PACK_STUDIO, "action_pack").await;
    let text = "update pool set used = $2 where id = (select pool_id from benefit_grant where id = $1)";
    stage.run(text, [grant.0.into(), (plan + 4).into()]).await;
    let failure = end(&stage, id, false).await.expect_err("not accepted");
    assert_eq!(fault(&failure, Field::Accept), Some((ErrorCode::BelowUse, Some(4))));
    end(&stage, id, true).await.expect("ended early");
    assert_eq!(pools(&stage, PACK, PACK_STUDIO).await, before);
    let failure = end(&stage, id, true).await.expect_err("it is over");
    assert_eq!(failure.told().code, ErrorCode::WrongState);
    // Another one can follow.
    set(&stage, PACK, PACK_STUDIO, "100", 10).await;
}

#[rstest]
#[tokio::test]
async fn a_product_outside_the_plan_is_a_benefit_of_its_own_that_ends_on_its_day(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let id = set(&stage, PACK, STUDIO, "2", 20).await;
    assert_eq!(mails(&stage, BUYER, "individual_product_set").await.len(), 1);
    assert_eq!(mails(&stage, BUYER, "individual_grant_set").await.len(), 0, "no plan counts afterwards");
    let shown = row(&stage, PACK, STUDIO).await;
    assert_eq!((shown.plan, shown.result), (None, Some(Amount::Of(2))));
    assert_eq!(shown.individual.expect("in force").individual.kind, IndividualKind::Product);
    let grant = stage.grant(PACK, STUDIO, "individual_grant").await;
    let admin = stage.person(BUYER).await;
    let detail = benefits::detail::detail(&stage.service, &admin, Language::English, grant, None).await;
    let detail = detail.expect("the open row");
    assert_eq!((detail.row.quantity, detail.row.expires), (Some(2), Some(day(&stage, PACK, 20).await)));
    assert_eq!(detail.individual.expect("shown").plan, None);
    let people = stage.people_without_seat(PACK, grant).await;
    for person in &people[..2] {
        give(&stage, &admin, grant, *person).await.expect("assigned");
    }
    let failure = give(&stage, &admin, grant, people[2]).await.expect_err("both are taken");
    assert_eq!(failure.told().code, ErrorCode::NoSeatLeft);

    // More of it, and longer.
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let longer = day(&stage, PACK, 25).await;
    let input = ChangeIndividualGrant {
        id,
        version: version(&stage, id).await,
        wanted: Wanted { reason: "It went well".to_owned(), ..wanted("3", longer) },
    };
    change::change(&stage.service, &operator, stage.operation(), input).await.expect("changed");
    give(&stage, &admin, grant, people[2]).await.expect("assigned");
    let one = ChangeIndividualGrant { id, version: version(&stage, id).await, wanted: wanted("1", longer) };
    let failure = change::change(&stage.service, &operator, stage.operation(), one).await;
    let failure = failure.expect_err("three are in use");
    assert_eq!(fault(&failure, Field::Accept), Some((ErrorCode::BelowUse, Some(2))));

    stage.clock.set(Moment(zone(&stage, PACK).await.end_of(longer).0 + 1));
    // Whichever of the two jobs comes first.
    benefits::on_clock::end_due(&stage.service).await.expect("ran");
    on_clock::end_due(&stage.service).await.expect("ran");
    let over = "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
        where g.source = 'individual_grant' and s.released_at is null";
    assert_eq!(stage.count(over).await, 0, "the seats ended with it");
    let ended =
        "select count(*) as number from benefit_grant where source = 'individual_grant' and state = 'ended'";
    assert_eq!(stage.count(ended).await, 1);
    assert_eq!(row(&stage, PACK, STUDIO).await.result, None);
    let told = mails(&stage, BUYER, "individual_product_ended").await;
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("/benefits/visual-studio"), "the page of what it was: {told:?}");
    assert_eq!(on_clock::end_due(&stage.service).await.expect("ran"), 0, "once");
    stage.nothing_left_behind().await;
}

#[rstest]
#[tokio::test]
async fn a_product_outside_the_plan_that_ends_early_takes_its_seats_along_once_that_is_accepted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let id = set(&stage, PACK, STUDIO, "2", 20).await;
    let grant = stage.grant(PACK, STUDIO, "individual_grant").await;
    let admin = stage.person(BUYER).await;
    let person = stage.people_without_seat(PACK, grant).await[0];
    give(&stage, &admin, grant, person).await.expect("assigned");
    let failure = end(&stage, id, false).await.expect_err("somebody has a seat");
    assert_eq!(fault(&failure, Field::Accept), Some((ErrorCode::BelowUse, Some(1))));
    end(&stage, id, true).await.expect("ended");
    assert_eq!(row(&stage, PACK, STUDIO).await.result, None);
    let failure = give(&stage, &admin, grant, person).await.expect_err("it is over");
    assert_eq!(failure.told().code, ErrorCode::GrantEnded);
    stage.nothing_left_behind().await;
}

#[rstest]
#[tokio::test]
async fn with_a_product_outside_the_plan_what_waits_for_it_ends_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let id = set(&stage, PACK, STUDIO, "2", 20).await;
    let grant = stage.grant(PACK, STUDIO, "individual_grant").await;
    let employee = stage.person("imogen.larkwhistle@kestrelash.example").await;
    let input = AskForSeat { grant, note: String::new() };
    ask(&stage.service, &employee, stage.operation(), input).await.expect("asked");
    end(&stage, id, true).await.expect("ended");
    let waits = "select count(*) as number from seat_request r join benefit_grant g on g.id = r.grant_id
        where g.source = 'individual_grant' and r.state = 'requested'";
    assert_eq!(stage.count(waits).await, 0);
    let told = mails(&stage, "imogen.larkwhistle@kestrelash.example", "seat_request_refused").await;
    assert_eq!(told.len(), 1);

    // A benefit that is activated: nothing is left for the operators, and nobody hears that it ends soon.
    let product = "case_study";
    let text = "update benefit_grant set state = 'ended'
        where product_id = (select id from product where code = 'case_study')";
    stage.run(text, []).await;
    let id = set(&stage, GOLD, product, "1", 20).await;
    let grant = stage.grant(GOLD, product, "individual_grant").await;
    let text = "select row_version as number from benefit_grant where id = $1";
    let version = sql::number(stage.service.database.reader(), text, [grant.0.into()]).await;
    let input = ActivateGrant { grant, version: version.expect("a version") };
    activate(&stage.service, &stage.person(ADMIN).await, stage.operation(), input).await.expect("asked");
    let failure = end(&stage, id, false).await.expect_err("it was asked for");
    assert_eq!(fault(&failure, Field::Accept), Some((ErrorCode::BelowUse, Some(1))));
    end(&stage, id, true).await.expect("ended");
    let waits = "select count(*) as number from service_request r join benefit_grant g on g.id = r.grant_id
        where g.source = 'individual_grant' and r.open";
    assert_eq!(stage.count(waits).await, 0);
    stage.nothing_left_behind().await;

    // One that ends with its activation, before its own last day, takes the individual grant along.
    set(&stage, GOLD, product, "1", 20).await;
    let text = "update benefit_grant set state = 'ended'
        where source = 'individual_grant' and state = 'granted'";
    assert_eq!(stage.run(text, []).await, 1);
    assert_eq!(on_clock::end_due(&stage.service).await.expect("ended"), 1);
    set(&stage, GOLD, product, "1", 20).await;
}

#[rstest]
#[tokio::test]
async fn a_version_that_reaches_what_is_held_changes_the_plan_value_and_not_what_the_company_has(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let before = pools(&stage, GOLD, STUDIO).await;
    let plan = total(&before).expect("a limit");
    let in_use = row(&stage, GOLD, STUDIO).await.in_use;
    let id = set(&stage, GOLD, STUDIO, "60", 30).await;

    // What a draft would do leaves out what an individual grant has the say about.
    let reader = stage.service.database.reader();
    let catalogue = read::in_force(reader).await.expect("the catalogue");
    let mut draft = catalogue.clone();
    let key = (STUDIO.to_owned(), "gold_core".to_owned());
    Edit::Core(domain::Category::VisualStudio, [(key, Quantity::Of(1))].into(), [].into()).apply(&mut draft);
    let differences = domain::catalogue::differences(&catalogue, &draft);
    let found = effect::of(reader, &draft, &differences, Language::English).await.expect("looked");
    assert!(found.named.iter().all(|row| row.organization != "Fernhollow Systems"), "{found:?}");

    put_into_force(&stage, "gold_core", Quantity::Of(1), true).await;
    let shown = row(&stage, GOLD, STUDIO).await;
    assert_eq!((shown.plan, shown.result), (Some(Amount::Of(plan - 9)), Some(Amount::Of(60))));
    assert_eq!(total(&pools(&stage, GOLD, STUDIO).await), Some(60));
    let outside = "select count(*) as number from pool where quantity is not null and used > quantity";
    let over = stage.count(outside).await;

    // Once it is over, the plan value of the version that was reached counts.
    end(&stage, id, true).await.expect("ended");
    assert_eq!(total(&pools(&stage, GOLD, STUDIO).await), Some(plan - 9));
    assert!(stage.count(outside).await >= over, "{in_use} are in use");
    put_into_force(&stage, "gold_core", Quantity::Of(12), true).await;
    assert_eq!(total(&pools(&stage, GOLD, STUDIO).await), Some(plan + 2), "a version as without any");
    // One that doesn't reach what is held changes nothing, with an individual grant or without.
    set(&stage, GOLD, STUDIO, "70", 30).await;
    put_into_force(&stage, "gold_core", Quantity::Of(5), false).await;
    let shown = row(&stage, GOLD, STUDIO).await;
    assert_eq!((shown.plan, shown.result), (Some(Amount::Of(plan + 2)), Some(Amount::Of(70))));
    assert!(stage.audit_intact().await);
}

async fn holding(stage: &Stage, company: &str, offer: &str) -> (Uuid, i64) {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        anniversary_at: i64,
    }
    let text = "select h.id, h.anniversary_at from holding h join offer f on f.id = h.offer_id
        join organization o on o.id = h.organization_id
        where o.domain = $1 and f.code = $2 and h.state = 'active' order by h.anniversary_at limit 1";
    let row = sql::one::<Row>(stage.service.database.reader(), text, [company.into(), offer.into()]).await;
    let row = row.expect("reads").expect("a holding");
    (row.id, row.anniversary_at)
}

async fn pay(stage: &Stage, who: &Request, number: i64) {
    let shown = orders::one(&stage.service, who, Language::English, number).await.expect("the order");
    let order = WantedOrder { number, version: shown.version };
    let input = PayByCard { order, card: "pays".to_owned() };
    card::pay(&stage.service, who, stage.operation(), input).await.expect("paid");
}

#[rstest]
#[tokio::test]
async fn rule_21_a_renewal_brings_the_plan_and_the_individual_grant_goes_on_until_its_own_day(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let text = "update holding set anniversary_at = anniversary_at + 315360000000
        where offer_id = (select id from offer where code = 'network')";
    stage.run(text, []).await;
    let before = pools(&stage, PACK, PACK_STUDIO).await;
    let (pack, anniversary) = holding(&stage, PACK, "action_pack").await;
    let days = (anniversary - stage.service.now().0) / DAY;
    let id = set(&stage, PACK, PACK_STUDIO, "17", days + 60).await;
    // The year that ends is renewed ahead, and the next one begins.
    stage.clock.set(Moment(anniversary - 5 * DAY));
    let buyer = stage.person(BUYER).await;
    let input = RenewHolding { holding: pack.into(), agreement: 1, accepted: true };
    let number = renew::renew(&stage.service, &buyer, stage.operation(), input).await.expect("an order");
    pay(&stage, &buyer, number).await;
    stage.clock.set(Moment(anniversary + DAY));
    membership::on_clock::begin_due(&stage.service).await.expect("begun");
    let (next, _) = holding(&stage, PACK, "action_pack").await;
    assert_ne!(next, pack, "another year");
    assert_eq!(pools(&stage, PACK, PACK_STUDIO).await, vec![Some(17)]);
    let shown = row(&stage, PACK, PACK_STUDIO).await;
    assert_eq!(shown.plan, before[0].map(Amount::Of));
    stage.nothing_left_behind().await;
    // And after its last day the new year's plan counts.
    stage.clock.set(Moment(last_moment(&stage, id).await.0 + 1));
    assert_eq!(on_clock::end_due(&stage.service).await.expect("ended"), 1);
    assert_eq!(pools(&stage, PACK, PACK_STUDIO).await, before);
}

/// The other company on the level above, with the order of it.
async fn upgraded(stage: &Stage) -> (Request, i64) {
    let text = "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
        select o.id, 'gold', c.code, (select account_id from operator_role limit 1), 1
        from organization o cross join competency_area c where o.domain = $1
        on conflict (organization_id, tier, area) do nothing";
    stage.run(text, [OTHER.into()]).await;
    let admin = stage.person("yanchu.gu@chenghu.example").await;
    let (silver, _) = holding(stage, OTHER, "silver").await;
    let input = ChangeTier { holding: silver.into(), agreement: 1, accepted: true };
    let number =
        tier_change::change(&stage.service, &admin, stage.operation(), input).await.expect("an order");
    pay(stage, &admin, number).await;
    (admin, number)
}

#[rstest]
#[tokio::test]
async fn rule_21_a_change_of_level_that_is_taken_back_leaves_what_counts_at_that_moment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("over", "changed")] meanwhile: &str,
) {
    let stage = stage(engine).await;
    let before = pools(&stage, OTHER, STUDIO).await;
    let plan = total(&before).expect("a limit");
    let id = set(&stage, OTHER, STUDIO, &(plan + 13).to_string(), 200).await;
    let (admin, number) = upgraded(&stage).await;
    if meanwhile == "over" {
        end(&stage, id, true).await.expect("ended");
    } else {
        let wanted = wanted(&(plan + 5).to_string(), day(&stage, OTHER, 200).await);
        let input = ChangeIndividualGrant { id, version: version(&stage, id).await, wanted };
        let operator = stage.operator(PROGRAMME_ADMIN).await;
        change::change(&stage.service, &operator, stage.operation(), input).await.expect("changed");
    }
    let shown = orders::one(&stage.service, &admin, Language::English, number).await.expect("the order");
    let order = WantedOrder { number, version: shown.version };
    tier_change::take_back(&stage.service, &admin, stage.operation(), order).await.expect("taken back");
    let after = pools(&stage, OTHER, STUDIO).await;
    if meanwhile == "over" {
        assert_eq!(after, before, "what the plan gives, not what there was when the level changed");
    } else {
        assert_eq!(total(&after), Some(plan + 5));
    }
    stage.nothing_left_behind().await;
}

#[rstest]
#[tokio::test]
async fn what_nobody_came_to_share_out_is_shared_out_by_the_clock(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    set(&stage, GOLD, STUDIO, "60", 30).await;
    let several = pools(&stage, GOLD, STUDIO).await;
    assert!(several.len() > 1, "{several:?}");
    // A benefit ends, and the server stops before what it had goes to the others.
    let grant = stage.grant(GOLD, STUDIO, "gold_core").await;
    stage.run("update benefit_grant set state = 'ended' where id = $1", [grant.0.into()]).await;
    assert_ne!(total(&pools(&stage, GOLD, STUDIO).await), Some(60));
    assert_eq!(on_clock::end_due(&stage.service).await.expect("looked"), 0);
    assert_eq!(total(&pools(&stage, GOLD, STUDIO).await), Some(60));
}

#[rstest]
#[tokio::test]
async fn what_is_more_than_the_plan_lies_where_something_new_can_start(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let before = pools(&stage, GOLD, STUDIO).await;
    let plan = total(&before).expect("a limit");
    set(&stage, GOLD, STUDIO, &(plan + 40).to_string(), 30).await;
    // The benefit that has it comes to the day by which it had to be used.
    let text = "update benefit_grant set activate_by = 1
        where product_id = (select id from product where code = 'visual_studio_enterprise')
            and pool_id in (select id from pool where quantity > plan_quantity)";
    assert!(stage.run(text, []).await > 0);
    on_clock::end_due(&stage.service).await.expect("looked");
    assert_eq!(total(&pools(&stage, GOLD, STUDIO).await), Some(plan + 40));
    let idle = "select count(*) as number from benefit_grant g join pool p on p.id = g.pool_id
        where g.activate_by = 1 and p.quantity > p.plan_quantity and p.quantity > p.used";
    assert_eq!(stage.count(idle).await, 0, "it went to another one");

    // Where nothing can start at all, what is more than the plan is a benefit of its own.
    let text = "update benefit_grant set activate_by = 1
        where product_id = (select id from product where code = 'visual_studio_professional')";
    stage.run(text, []).await;
    let plan = total(&pools(&stage, PACK, PACK_STUDIO).await).expect("a limit");
    set(&stage, PACK, PACK_STUDIO, &(plan + 2).to_string(), 30).await;
    let shown = row(&stage, PACK, PACK_STUDIO).await;
    assert_eq!((shown.plan, shown.result), (Some(Amount::Of(plan)), Some(Amount::Of(plan + 2))));
    let individual = shown.individual.expect("in force").individual;
    assert_eq!((individual.kind, individual.amount), (IndividualKind::Product, Amount::Of(2)));
    let grant = stage.grant(PACK, PACK_STUDIO, "individual_grant").await;
    let of_the_plan = stage.grant(PACK, PACK_STUDIO, "action_pack").await;
    let person = stage.people_without_seat(PACK, of_the_plan).await[0];
    give(&stage, &stage.person(BUYER).await, grant, person).await.expect("it is of use");
}

/// Sets an individual grant and says how it was refused.
async fn refused(stage: &Stage, company: &str, of: &str, quantity: &str) -> Option<ErrorCode> {
    let wanted = wanted(quantity, day(stage, company, 30).await);
    let failure = set_as(stage, PROGRAMME_ADMIN, company, of, wanted).await.expect_err("refused");
    fault(&failure, Field::Quantity).map(|(code, _)| code)
}

#[rstest]
#[tokio::test]
async fn a_licence_of_the_cloud_has_a_number_and_more_of_it_a_key_of_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let suite = "enterprise_mobility_suite";
    assert_eq!(refused(&stage, GOLD, suite, "unlimited").await, Some(ErrorCode::LimitNeeded));
    // Its key was drawn in the sample programme; once redeemed it has taken all that there is.
    let admin = stage.person(ADMIN).await;
    let grant = stage.grant(GOLD, suite, "action_pack").await;
    let input = RedeemKey { grant, used_for: KeyUse::NewSubscription, subscription: None };
    let seats = redeem(&stage.service, &admin, stage.operation(), input).await.expect("redeemed").seats;
    let text = "update benefit_grant set activate_by = 1 where id <> $1
        and product_id = (select id from product where code = 'enterprise_mobility_suite')";
    stage.run(text, [grant.0.into()]).await;
    let plan = total(&pools(&stage, GOLD, suite).await).expect("a limit");
    assert!(plan >= i64::from(seats));
    let id = set(&stage, GOLD, suite, &(plan + 50).to_string(), 30).await;
    let individual = row(&stage, GOLD, suite).await.individual.expect("in force").individual;
    assert_eq!((individual.kind, individual.amount), (IndividualKind::Product, Amount::Of(50)));
    let own = stage.grant(GOLD, suite, "individual_grant").await;
    let input = RevealKey { of: KeyOf::Grant(own), consequence_accepted: false };
    reveal(&stage.service, &admin, stage.operation(), input).await.expect("a key of its own");
    assert_eq!(row(&stage, GOLD, suite).await.result, Some(Amount::Of(plan + 50)));
    let failure = end(&stage, id, false).await.expect_err("a key was drawn");
    assert_eq!(fault(&failure, Field::Accept), Some((ErrorCode::BelowUse, Some(1))));
    let input = RedeemKey { grant: own, used_for: KeyUse::NewSubscription, subscription: None };
    let redeemed = redeem(&stage.service, &admin, stage.operation(), input).await.expect("redeemed");
    assert_eq!(redeemed.seats, 50);
    // Still more would be of no use to anybody.
    let wanted = wanted("60", day(&stage, GOLD, 30).await);
    let input = ChangeIndividualGrant { id, version: version(&stage, id).await, wanted };
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let failure = change::change(&stage.service, &operator, stage.operation(), input).await;
    let failure = failure.expect_err("the key was redeemed");
    assert_eq!(fault(&failure, Field::Quantity), Some((ErrorCode::MoreNeedsKey, None)));
}

#[rstest]
#[tokio::test]
async fn of_a_quantity_of_nothing_no_key_is_drawn_and_nothing_is_activated(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Found {
        grant_id: Uuid,
        code: String,
        row_version: i64,
    }
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let now = stage.service.now();
    let find = async |further: &str| {
        let text = format!(
            "select g.id as grant_id, p.code, g.row_version from benefit_grant g
            join product p on p.id = g.product_id join organization o on o.id = g.organization_id
            where o.domain = $1 and g.state = 'granted' and g.activation_state = 'available'
                and (g.activate_by is null or g.activate_by > $2) and g.holding_ends_at > $2 and {further}
            order by g.id limit 1"
        );
        let values = [GOLD.into(), now.0.into()];
        let found = sql::one::<Found>(stage.service.database.reader(), &text, values).await;
        found.expect("reads").expect("such a grant")
    };
    let key = find(
        "p.kind in ('single_key', 'core_key') and not exists (select 1 from product_key k where k.grant_id = g.id)
            and exists (select 1 from key_pool l join product_key k on k.key_pool_id = l.id
                where l.product_id = p.id and k.state = 'free')
            and not exists (select 1 from benefit_grant s where s.pool_id = g.pool_id and s.id <> g.id)",
    )
    .await;
    let id = set(&stage, GOLD, &key.code, "0", 30).await;
    let input = RevealKey { of: KeyOf::Grant(GrantId(key.grant_id)), consequence_accepted: true };
    let failure = reveal(&stage.service, &admin, stage.operation(), input.clone()).await;
    assert_eq!(failure.expect_err("there is none").told().code, ErrorCode::NothingGranted);
    end(&stage, id, false).await.expect("ended");
    reveal(&stage.service, &admin, stage.operation(), input).await.expect("a key");
    // What is drawn counts as in use.
    assert!(row(&stage, GOLD, &key.code).await.in_use > 0);
    let failure = set_as(&stage, PROGRAMME_ADMIN, GOLD, &key.code, wanted("0", day(&stage, GOLD, 30).await));
    let failure = failure.await.expect_err("not accepted");
    assert!(fault(&failure, Field::Accept).is_some_and(|(code, _)| code == ErrorCode::BelowUse));

    let benefit = find("p.category = 'go_to_market'").await;
    set(&stage, GOLD, &benefit.code, "0", 30).await;
    let input = ActivateGrant { grant: GrantId(benefit.grant_id), version: benefit.row_version };
    let failure = activate(&stage.service, &admin, stage.operation(), input).await;
    assert_eq!(failure.expect_err("there is none").told().code, ErrorCode::NothingGranted);
}

#[rstest]
#[tokio::test]
async fn rule_21_a_change_of_level_brings_another_plan_and_the_individual_grant_stays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let before = total(&pools(&stage, OTHER, STUDIO).await).expect("a limit");
    let id = set(&stage, OTHER, STUDIO, &(before + 13).to_string(), 200).await;
    // The page says that nothing of it changes.
    let buyer = stage.person("yanchu.gu@chenghu.example").await;
    let query = TierChangeQuery { holding: Some(holding(&stage, OTHER, "silver").await.0.into()) };
    let page = tier_change::page(&stage.service, &buyer, Language::English, &query).await.expect("the page");
    let goes_on = page.preview.expect("a preview").goes_on;
    let studio = "select name from product_text t join product p on p.id = t.product_id
        where p.code = 'visual_studio_enterprise' and t.language = 'en'";
    let studio = text_of(&stage, studio).await;
    let rows: Vec<_> = goes_on.iter().filter(|row| row.product == studio).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.before == row.after), "{rows:?}");
    upgraded(&stage).await;
    assert_eq!(total(&pools(&stage, OTHER, STUDIO).await), Some(before + 13));
    let plan = row(&stage, OTHER, STUDIO).await.plan;
    assert!(matches!(plan, Some(Amount::Of(plan)) if plan > before), "{plan:?} instead of {before}");
    end(&stage, id, true).await.expect("ended");
    assert_eq!(total(&pools(&stage, OTHER, STUDIO).await).map(Amount::Of), plan);
    stage.nothing_left_behind().await;
}

#[rstest]
#[tokio::test]
async fn of_two_operators_at_once_one_is_told_what_the_other_did(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let ends = day(&stage, GOLD, 30).await;
    let (one, other) = tokio::join!(
        set_as(&stage, PROGRAMME_ADMIN, GOLD, STUDIO, wanted("50", ends)),
        set_as(&stage, PROGRAMME_ADMIN, GOLD, STUDIO, wanted("55", ends)),
    );
    let (ids, failures): (Vec<_>, Vec<_>) = [one, other].into_iter().partition(Result::is_ok);
    let failure = failures.into_iter().next().expect("one of them").expect_err("refused");
    let exists = Some((ErrorCode::IndividualGrantExists, None));
    assert_eq!(fault(&failure, Field::Product), exists);
    let id = ids.into_iter().next().expect("one of them").expect("set");
    // Both saw the same version.
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let change_to = |quantity: &str| {
        change::change(
            &stage.service,
            &operator,
            stage.operation(),
            ChangeIndividualGrant { id, version: 1, wanted: wanted(quantity, ends) },
        )
    };
    let (one, other) = tokio::join!(change_to("61"), change_to("62"));
    let stale = [one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(stale.len(), 1);
    assert_eq!(stale[0].told().code, ErrorCode::Stale);
    let stale = EndIndividualGrant { id, version: 1, accepted: Some(i64::MAX) };
    let failure = end::end(&stage.service, &operator, stage.operation(), stale).await.expect_err("older");
    assert_eq!(failure.told().code, ErrorCode::Stale);
    // The same operation has one effect.
    let operation = stage.operation();
    let input = EndIndividualGrant { id, version: 2, accepted: Some(i64::MAX) };
    for _ in 0..2 {
        end::end(&stage.service, &operator, operation.clone(), input).await.expect("ended");
    }
    let events = "select count(*) as number from audit_event where action = 'individual_grant_ended'";
    assert_eq!(stage.count(events).await, 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_is_said_by_field_and_others_companies_are_left_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let (ends, others) = (day(&stage, GOLD, 30).await, pools(&stage, OTHER, STUDIO).await);
    let nothing = Wanted {
        quantity: "many".to_owned(),
        unlimited: false,
        ends: "soon".to_owned(),
        reason: " ".to_owned(),
        accepted: None,
    };
    let failure = set_as(&stage, PROGRAMME_ADMIN, GOLD, STUDIO, nothing).await.expect_err("faults");
    assert_eq!(fault(&failure, Field::Quantity), Some((ErrorCode::MalformedNumber, None)));
    assert_eq!(fault(&failure, Field::Expires), Some((ErrorCode::MalformedDate, None)));
    assert_eq!(fault(&failure, Field::Reason), Some((ErrorCode::Required, None)));
    let yesterday = wanted("50", day(&stage, GOLD, -1).await);
    let failure = set_as(&stage, PROGRAMME_ADMIN, GOLD, STUDIO, yesterday).await.expect_err("over");
    assert_eq!(fault(&failure, Field::Expires), Some((ErrorCode::DateOrder, None)));
    let long = Wanted { reason: "x".repeat(501), ..wanted("50", ends) };
    let failure = set_as(&stage, PROGRAMME_ADMIN, GOLD, STUDIO, long).await.expect_err("too long");
    assert_eq!(fault(&failure, Field::Reason), Some((ErrorCode::TooLong, Some(500))));
    let failure =
        set_as(&stage, PROGRAMME_ADMIN, PACK, STUDIO, wanted("0", ends)).await.expect_err("none of nothing");
    assert_eq!(fault(&failure, Field::Quantity), Some((ErrorCode::MalformedNumber, None)));
    for (organization, product, code) in [
        (OrganizationId(Uuid::from_u128(7)), product(&stage, STUDIO).await.to_string(), ErrorCode::NotFound),
        (stage.organization(GOLD).await, "no id".to_owned(), ErrorCode::Invalid),
        (stage.organization(GOLD).await, Uuid::from_u128(7).to_string(), ErrorCode::Invalid),
    ] {
        let input = SetIndividualGrant { organization, product, wanted: wanted("50", ends) };
        let admin = stage.operator(PROGRAMME_ADMIN).await;
        let failure = set::set(&stage.service, &admin, stage.operation(), input).await;
        assert_eq!(failure.expect_err("refused").told().code, code);
    }
    for who in [CATALOGUE_MANAGER, FULFILMENT, "bartholomew.okonreed@northlight.example"] {
        let failure = set_as(&stage, who, GOLD, STUDIO, wanted("50", ends)).await.expect_err("no right");
        assert_eq!(failure.told().code, ErrorCode::RoleNeeded);
    }
    let none = "select count(*) as number from individual_grant";
    assert_eq!(stage.count(none).await, 0);

    // An individual grant is one company's.
    set(&stage, GOLD, STUDIO, "50", 30).await;
    assert_eq!(pools(&stage, OTHER, STUDIO).await, others);
    assert_eq!(row(&stage, OTHER, STUDIO).await.individual, None);
    let query = IndividualGrantsQuery::default();
    for who in [CATALOGUE_MANAGER, "bartholomew.okonreed@northlight.example"] {
        let reader = stage.operator(who).await;
        let page = list::page(&stage.service, &reader, Language::English, &query).await.expect("a page");
        assert_eq!(page.total, 1);
    }
    for who in [stage.operator(FULFILMENT).await, stage.person(ADMIN).await] {
        list::page(&stage.service, &who, Language::English, &query).await.expect_err("no right");
    }
}

#[rstest]
#[tokio::test]
async fn products_that_share_a_pool_have_one_individual_grant_together(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Shared {
        one: String,
        other: String,
        grant_id: Uuid,
        quantity: i64,
    }
    let stage = stage(engine).await;
    let text = "select d.code as one, e.code as other, h.id as grant_id, p.quantity from benefit_grant g
        join benefit_grant h on h.pool_id = g.pool_id and h.product_id <> g.product_id
        join pool p on p.id = g.pool_id and p.quantity > 0
        join product d on d.id = g.product_id join product e on e.id = h.product_id
        join organization o on o.id = g.organization_id
        where o.domain = $1 and d.category = 'software' and g.state = 'granted' and h.state = 'granted'
        order by d.code, e.code, g.id limit 1";
    let shared = sql::one::<Shared>(stage.service.database.reader(), text, [GOLD.into()]).await;
    let Shared { one, other, grant_id, quantity } = shared.expect("reads").expect("a pool that is shared");
    let (grant, admin) = (GrantId(grant_id), stage.person(ADMIN).await);
    let detail = async || {
        let detail = benefits::detail::detail(&stage.service, &admin, Language::English, grant, None).await;
        detail.expect("the open row")
    };
    let id = set(&stage, GOLD, &one, "0", 30).await;
    let open = detail().await;
    assert_eq!(open.row.quantity, Some(0), "the pool is {other}'s, too");
    let shown = open.individual.expect("its company sees why");
    assert_eq!(shown.individual.amount, Amount::Of(0));
    // Operators see it with both of them.
    let query = CompanyGrantsQuery { company: GOLD.to_owned(), product: Some(product(&stage, &other).await) };
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let page = company::page(&stage.service, &operator, Language::English, &query).await.expect("a page");
    let name = product(&stage, &other).await;
    let listed = page.rows.iter().find(|row| row.product == name).expect("the other one");
    assert_eq!(listed.individual.as_ref().map(|row| row.id), Some(id));
    assert_ne!(listed.result, listed.plan, "what there is in the pools");
    assert!(page.products.iter().all(|(choice, _)| *choice != name), "there is nothing to choose");
    assert_eq!(page.chosen.expect("the one that it hangs on").individual.map(|row| row.id), Some(id));
    let ends = day(&stage, GOLD, 30).await;
    let failure = set_as(&stage, PROGRAMME_ADMIN, GOLD, &other, wanted("999", ends)).await;
    let failure = failure.expect_err("one of them is enough");
    assert_eq!(fault(&failure, Field::Product), Some((ErrorCode::IndividualGrantExists, None)));
    end(&stage, id, true).await.expect("ended");
    let open = detail().await;
    assert_eq!((open.row.quantity, open.individual), (Some(quantity), None));

    // Where only one of them ends, the other one doesn't keep what was said about both.
    let id = set(&stage, GOLD, &one, "0", 30).await;
    let text = "update benefit_grant set state = 'ended'
        where product_id = (select id from product where code = $1)";
    stage.run(text, [one.into()]).await;
    end(&stage, id, true).await.expect("ended");
    assert_eq!(detail().await.row.quantity, Some(quantity));
}

#[rstest]
#[tokio::test]
async fn the_list_is_searched_filtered_and_paged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let auditor = stage.operator("bartholomew.okonreed@northlight.example").await;
    let page = async |query: IndividualGrantsQuery| {
        list::page(&stage.service, &auditor, Language::English, &query).await.expect("a page")
    };
    let mut last = None;
    for round in 0..52 {
        stage.clock.move_seconds(1);
        let id = set(&stage, GOLD, STUDIO, &(50 + round).to_string(), 30).await;
        if round < 51 {
            end(&stage, id, true).await.expect("ended");
        }
        last = Some(id);
    }
    let first = page(IndividualGrantsQuery::default()).await;
    assert_eq!((first.rows.len(), first.total), (50, 52));
    assert_eq!(first.rows.first().map(|row| row.id), last, "the latest first");
    let next = IndividualGrantsQuery { after: first.next, ..IndividualGrantsQuery::default() };
    let second = page(next).await;
    assert_eq!((second.rows.len(), second.next), (2, None));
    assert!(second.rows.iter().all(|row| !first.rows.contains(row)));
    for (state, total) in [(IndividualState::InForce, 1), (IndividualState::Ended, 51)] {
        let query = IndividualGrantsQuery { state: Some(state), ..IndividualGrantsQuery::default() };
        assert_eq!(page(query).await.total, total, "{state:?}");
    }
    for (find, total) in [("FERN", 52), ("visual studio", 52), ("100%", 0)] {
        let query = IndividualGrantsQuery { find: find.to_owned(), ..IndividualGrantsQuery::default() };
        assert_eq!(page(query).await.total, total, "{find}");
    }
    let query = IndividualGrantsQuery { company: "kestrel".to_owned(), ..IndividualGrantsQuery::default() };
    let found = page(query).await.companies;
    assert_eq!(found.iter().map(|company| company.domain.as_str()).collect::<Vec<_>>(), [PACK]);
}

#[rstest]
#[tokio::test]
async fn another_level_changes_nothing_about_what_an_individual_grant_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let told = async || {
        let admin = stage.person("yanchu.gu@chenghu.example").await;
        let page = membership::page::page(&stage.service, &admin, Language::English).await.expect("the page");
        let gold = page.next.into_iter().find(|next| next.tier == domain::Tier::Gold).expect("a next level");
        gold.differences.iter().any(|row| row.product.starts_with("Visual Studio Enterprise"))
    };
    assert!(told().await, "Gold gives more of it");
    set(&stage, OTHER, STUDIO, "40", 60).await;
    assert!(!told().await, "forty on either level");
}
