//! Cancelling a purchase (rule 20): conditions, the request, what an approval ends.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::{OrderLineId, ServiceRequestId};
use domain::moment::Zone;
use domain::refund::last_moment;
use domain::view::purchases::{PurchaseLine, UseKind};
use domain::{ErrorCode, Field, Language, Moment};
use rstest::rstest;
use service::assignments::assign::{AssignSeats, assign};
use service::purchases::cancel::{CancelPurchase, TakeBack, submit, take_back};
use service::purchases::list;
use service::queue::Wanted;
use service::queue::complete::cancellation as approve;
use service::queue::refuse::{Refuse, refuse};
use service::{Failure, Request, sql};
use uuid::Uuid;

const GOLD: &str = "fernhollow.example";
const SILVER: &str = "chenghu.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const USER_ADMIN: &str = "malin.thistlewood@fernhollow.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const AGENT: &str = "marisa.talvinen@northlight.example";

async fn line(stage: &Stage, domain: &str, offer: &str) -> OrderLineId {
    let text = "select l.id from order_line l join organization o on o.id = l.organization_id
        join offer f on f.id = l.offer_id where o.domain = $1 and f.code = $2";
    OrderLineId(stage.id(text, [domain.into(), offer.into()]).await)
}

async fn number(stage: &Stage, text: &str, id: Uuid) -> i64 {
    sql::number(stage.service.database.reader(), text, [id.into()]).await.expect("a number")
}

async fn input(stage: &Stage, line: OrderLineId) -> CancelPurchase {
    let text = "select row_version as number from order_line where id = $1";
    CancelPurchase {
        line,
        version: number(stage, text, line.0).await,
        reason: "bought_by_mistake".to_owned(),
        note: String::new(),
        accepted: true,
    }
}

async fn ask(stage: &Stage, who: &Request, line: OrderLineId) -> Result<i64, Failure> {
    submit(&stage.service, who, stage.operation(), input(stage, line).await).await
}

async fn waiting(stage: &Stage, line: OrderLineId) -> Wanted {
    let text = "select id from service_request where order_line_id = $1 and open";
    let request = ServiceRequestId(stage.id(text, [line.0.into()]).await);
    let text = "select row_version as number from service_request where id = $1";
    Wanted { request, version: number(stage, text, request.0).await }
}

async fn shown(stage: &Stage, who: &Request, line: OrderLineId) -> PurchaseLine {
    let page = list::page(&stage.service, who, Language::English).await.expect("a page");
    page.lines.into_iter().find(|of| of.id == line).expect("the purchase")
}

/// The last moment of the refund.
async fn deadline(stage: &Stage, line: OrderLineId, zone: &str) -> Moment {
    let text =
        "select o.ordered_at as number from orders o join order_line l on l.order_id = o.id where l.id = $1";
    last_moment(Moment(number(stage, text, line.0).await), &Zone::named(zone))
}

/// Puts a software benefit of the purchase to use, behind the back of the use cases.
async fn put_to_use(stage: &Stage, line: OrderLineId, kind: UseKind) {
    let text = "select g.id from benefit_grant g join product p on p.id = g.product_id
        where g.order_line_id = $1 and p.code = 'windows_enterprise'";
    let grant = stage.id(text, [line.0.into()]).await;
    let person = stage.person_id(ADMIN, GOLD).await;
    let now = stage.service.now().0;
    let id = stage.service.new_id();
    match kind {
        UseKind::Activated => {
            let text = "insert into balance_entry (id, organization_id, grant_id, kind, amount, reason, recorded_by, recorded_at)
                select $1, g.organization_id, g.id, 'activation', 1, 'laptop', p.account_id, $4
                from benefit_grant g join person p on p.id = $3 where g.id = $2";
            stage.run(text, [id.into(), grant.into(), person.0.into(), now.into()]).await;
        }
        UseKind::Downloaded => {
            let text = "insert into download (id, organization_id, grant_id, product_download_id, person_id, downloaded_at)
                select $1, g.organization_id, g.id, d.id, $3, $4
                from benefit_grant g join product_download d on d.product_id = g.product_id
                where g.id = $2 order by d.id limit 1";
            assert_eq!(stage.run(text, [id.into(), grant.into(), person.0.into(), now.into()]).await, 1);
        }
        UseKind::UsedBefore => {
            let text = "update benefit_grant set used_before = 1 where id = $1";
            stage.run(text, [grant.into()]).await;
        }
        UseKind::Revealed => {
            let text = "update product_key set state = 'held', organization_id = $2, grant_id = $1,
                    drawn_at = $4, revealed_at = $4, revealed_by = $3
                where id = (select k.id from product_key k join key_pool kp on kp.id = k.key_pool_id
                    join benefit_grant g on g.product_id = kp.product_id
                    where g.id = $1 and k.state = 'free' order by k.id limit 1)";
            let organization = stage.organization(GOLD).await;
            let values = [grant.into(), organization.0.into(), person.0.into(), now.into()];
            assert_eq!(stage.run(text, values).await, 1);
        }
    }
}

#[rstest]
#[tokio::test]
async fn rule_20_day_30_ends_at_23_59_59_in_the_companys_zone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values((GOLD, "Europe/Oslo", ADMIN, "gold"), (SILVER, "Asia/Shanghai", "yanchu.gu@chenghu.example", "action_pack"))]
    case: (&'static str, &'static str, &'static str, &'static str),
) {
    let stage = stage(engine).await;
    let (domain, zone, email, offer) = case;
    let who = stage.person(email).await;
    let line = line(&stage, domain, offer).await;
    stage.run("update service_request set open = false where order_line_id = $1", [line.0.into()]).await;
    let last = deadline(&stage, line, zone).await;
    assert_eq!(Zone::named(zone).time_of(last), (23, 59));

    stage.clock.set(Moment(last.0 - 999));
    let view = shown(&stage, &who, line).await;
    assert!(view.refundable() && view.days_left == 0 && view.day == 30);
    let asked = ask(&stage, &who, line).await.expect("the last second");
    stage.clock.set(Moment(last.0 - 999 + 1000));
    let view = shown(&stage, &who, line).await;
    assert!(!view.in_time && view.untouched && view.days_left == -1);
    let wanted = waiting(&stage, line).await;
    let back = TakeBack { request: wanted.request, version: wanted.version };
    assert_eq!(take_back(&stage.service, &who, stage.operation(), back).await.expect("taken back"), asked);
    let late = ask(&stage, &who, line).await.expect_err("a second later").told();
    assert_eq!(late.code, ErrorCode::RefundNotPossible);
    assert_eq!(late.detail, Some(view.deadline.to_string()));
}

#[rstest]
#[tokio::test]
async fn rule_20_what_was_put_to_use_ends_the_refund(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(UseKind::Activated, UseKind::Downloaded, UseKind::Revealed)] kind: UseKind,
    #[values(true, false)] reveal_counts: bool,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let line = line(&stage, GOLD, "gold").await;
    // What the programme says today doesn't matter: the purchase has its own policies.
    stage.set_policy("reveal_counts_as_activation", if reveal_counts { "false" } else { "true" }).await;
    let frozen = format!(r#"{{"reveal_counts_as_activation":"{reveal_counts}"}}"#);
    stage.run("update order_line set policies = $2 where id = $1", [line.0.into(), frozen.into()]).await;
    assert!(shown(&stage, &admin, line).await.refundable());
    put_to_use(&stage, line, kind).await;
    let counts = kind != UseKind::Revealed || reveal_counts;
    let view = shown(&stage, &admin, line).await;
    assert_eq!(view.untouched, !counts);
    assert_eq!(
        view.uses.iter().map(|of| of.kind).collect::<Vec<_>>(),
        if counts { vec![kind] } else { vec![] }
    );
    let asked = ask(&stage, &admin, line).await;
    if counts {
        let refused = asked.expect_err("put to use").told();
        assert_eq!((refused.code, refused.detail), (ErrorCode::RefundNotPossible, None));
    } else {
        asked.expect("a revealed key doesn't count here");
    }
}

#[rstest]
#[tokio::test]
async fn rule_20_the_approval_decides_again_but_waiting_costs_nobody_the_deadline(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(UseKind::Downloaded, UseKind::Revealed)] meanwhile: UseKind,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let gold = line(&stage, GOLD, "gold").await;
    ask(&stage, &admin, gold).await.expect("asked");
    put_to_use(&stage, gold, meanwhile).await;
    let wanted = waiting(&stage, gold).await;
    let refused =
        approve(&stage.service, &operator, stage.operation(), wanted).await.expect_err("used meanwhile");
    assert!(refused.is(ErrorCode::RefundNotPossible));
    let open = "select count(*) as number from service_request where order_line_id = $1 and open";
    assert_eq!(number(&stage, open, gold.0).await, 1, "nothing half-written");
    let granted =
        "select count(*) as number from benefit_grant where order_line_id = $1 and state = 'granted'";
    assert!(number(&stage, granted, gold.0).await > 10);

    let isv = line(&stage, GOLD, "isv_co_sell").await;
    ask(&stage, &admin, isv).await.expect("asked");
    stage.clock.move_days(60);
    let wanted = waiting(&stage, isv).await;
    approve(&stage.service, &operator, stage.operation(), wanted).await.expect("asked in time");
    assert_eq!(number(&stage, granted, isv.0).await, 0);
}

#[rstest]
#[tokio::test]
async fn rule_20_an_approval_ends_benefits_seats_and_keys_and_tells_the_holders(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let gold = line(&stage, GOLD, "gold").await;
    let frozen = r#"{"reveal_counts_as_activation":"false"}"#;
    stage.run("update order_line set policies = $2 where id = $1", [gold.0.into(), frozen.into()]).await;
    put_to_use(&stage, gold, UseKind::Revealed).await;
    let before = shown(&stage, &admin, gold).await;
    assert!(before.holders > 10 && before.benefits > 10);
    assert_eq!(before.tier_after.as_deref(), Some("Action Pack"));
    let seats = "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
        where g.order_line_id = $1 and s.released_at is null";
    let active = number(&stage, seats, gold.0).await;
    let asked = ask(&stage, &admin, gold).await.expect("asked");
    let told = stage.mails(ADMIN).await;
    let told = told.iter().rfind(|mail| mail.kind == "cancellation_requested").expect("confirmed");
    assert!(told.subject.contains(&asked.to_string()), "{}", told.subject);

    let wanted = waiting(&stage, gold).await;
    let partner = approve(&stage.service, &admin, stage.operation(), wanted).await;
    assert!(partner.expect_err("never the partner").is(ErrorCode::WrongSide));
    let agent = stage.operator(AGENT).await;
    let refused = approve(&stage.service, &agent, stage.operation(), wanted).await.expect_err("not theirs");
    assert!(refused.is(ErrorCode::RoleNeeded));
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    assert_eq!(approve(&stage.service, &operator, stage.operation(), wanted).await.expect("approved"), asked);

    for (text, expected) in [
        (seats, 0),
        ("select count(*) as number from benefit_grant where order_line_id = $1 and state <> 'withdrawn'", 0),
        (
            "select count(*) as number from product_key k join benefit_grant g on g.id = k.grant_id
            where g.order_line_id = $1 and k.state <> 'withdrawn'",
            0,
        ),
        (
            "select count(*) as number from product_key k join benefit_grant g on g.id = k.grant_id
            where g.order_line_id = $1 and k.state = 'withdrawn'",
            1,
        ),
        (
            "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
            where g.order_line_id = $1 and s.release_reason = 'grant_withdrawn'",
            active,
        ),
        (
            "select count(*) as number from activation v join benefit_grant g on g.id = v.grant_id
            where g.order_line_id = $1 and v.state in ('requested', 'processing', 'active')",
            0,
        ),
        (
            "select count(*) as number from service_request r join benefit_grant g on g.id = r.grant_id
            where g.order_line_id = $1 and r.kind = 'activation' and r.open",
            0,
        ),
        ("select count(*) as number from order_line where id = $1 and state = 'refunded'", 1),
        ("select count(*) as number from holding where order_line_id = $1 and state = 'cancelled'", 1),
        (
            "select count(*) as number from orders o join order_line l on l.order_id = o.id
            where l.id = $1 and o.state = 'refunded'",
            1,
        ),
    ] {
        assert_eq!(number(&stage, text, gold.0).await, expected, "{text}");
    }
    let letters = stage.count("select count(*) as number from mail where kind = 'seat_withdrawn'").await;
    assert_eq!(letters, active, "each holder is told about each seat");
    let tier = "select count(*) as number from organization where domain = 'fernhollow.example' and tier = 'action_pack'";
    assert_eq!(stage.count(tier).await, 1);
    assert!(stage.mails(ADMIN).await.iter().any(|mail| mail.kind == "cancellation_approved"));
    // Grants of other purchases stay.
    let pack = line(&stage, GOLD, "action_pack").await;
    let granted =
        "select count(*) as number from benefit_grant where order_line_id = $1 and state = 'granted'";
    assert!(number(&stage, granted, pack.0).await > 10);
    let after = shown(&stage, &admin, gold).await;
    assert!(after.refunded && !after.refundable());
    let again = ask(&stage, &admin, gold).await.expect_err("refunded");
    assert!(again.is(ErrorCode::WrongState));
    let twice = approve(&stage.service, &operator, stage.operation(), wanted).await.expect_err("twice");
    assert!(twice.is(ErrorCode::AlreadyDecided));
    assert!(stage.audit_intact().await);
    stage.names_are_folded().await;
}

#[rstest]
#[tokio::test]
async fn a_cancellation_needs_right_reason_and_consent_and_has_one_effect(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let gold = line(&stage, GOLD, "gold").await;
    let user_admin = stage.person(USER_ADMIN).await;
    let refused = ask(&stage, &user_admin, gold).await.expect_err("no right").told();
    assert_eq!(refused.code, ErrorCode::RoleNeeded);
    assert!(!refused.colleagues.is_empty());
    let page = list::page(&stage.service, &user_admin, Language::English).await.expect("sees it");
    assert!(page.why_not.is_some(), "rule 6: visible, with the reason");

    let base = input(&stage, gold).await;
    let submit_it = |input: CancelPurchase| submit(&stage.service, &admin, stage.operation(), input);
    for (changed, field, code) in [
        (CancelPurchase { reason: String::new(), ..base.clone() }, Field::Reason, ErrorCode::ReasonNeeded),
        (CancelPurchase { reason: "x".to_owned(), ..base.clone() }, Field::Reason, ErrorCode::UnknownChoice),
        (
            CancelPurchase { reason: "other".to_owned(), ..base.clone() },
            Field::Description,
            ErrorCode::ReasonNeeded,
        ),
        (CancelPurchase { note: "x".repeat(501), ..base.clone() }, Field::Description, ErrorCode::TooLong),
        (
            CancelPurchase { accepted: false, ..base.clone() },
            Field::Accept,
            ErrorCode::ConsequenceNotAccepted,
        ),
    ] {
        let refused = submit_it(changed).await.expect_err("refused").told();
        assert!(refused.of(field).is_some_and(|fault| fault.code == code), "{refused:?}");
    }
    let stale = CancelPurchase { version: base.version - 1, ..base.clone() };
    assert!(submit_it(stale).await.expect_err("older than the row").is(ErrorCode::Stale));
    let foreign = CancelPurchase { line: line(&stage, SILVER, "silver").await, ..base.clone() };
    let missing = CancelPurchase { line: OrderLineId(stage.service.new_id()), ..base.clone() };
    for other in [foreign, missing] {
        assert_eq!(submit_it(other).await.expect_err("rule 7").told(), ErrorCode::NotFound.into());
    }

    let operation = stage.operation();
    let first = submit(&stage.service, &admin, operation.clone(), base.clone()).await.expect("asked");
    let second = submit(&stage.service, &admin, operation, base.clone()).await.expect("the same answer");
    assert_eq!(first, second);
    let partner_admin = stage.person(PARTNER_ADMIN).await;
    let twice = ask(&stage, &partner_admin, gold).await.expect_err("waits already");
    assert!(twice.is(ErrorCode::AlreadyRequested), "{twice}");
    let view = shown(&stage, &admin, gold).await;
    assert!(view.waiting.is_some_and(|waiting| waiting.number == first));

    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let no = Refuse { wanted: waiting(&stage, gold).await, reason: "Ask the reseller.".to_owned() };
    refuse(&stage.service, &operator, stage.operation(), no).await.expect("refused");
    let mails = stage.mails(ADMIN).await;
    let told = mails.iter().rfind(|mail| mail.kind == "cancellation_refused").expect("told");
    assert!(told.body.contains("Ask the reseller."));
    let page = list::page(&stage.service, &admin, Language::English).await.expect("a page");
    assert!(
        page.earlier.iter().any(|of| of.number == first && of.reason.as_deref() == Some("Ask the reseller."))
    );
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_20_an_assignment_at_the_moment_of_the_approval_leaves_no_seat_behind(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.person(ADMIN).await;
    let gold = line(&stage, GOLD, "gold").await;
    ask(&stage, &admin, gold).await.expect("asked");
    let wanted = waiting(&stage, gold).await;
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let grant = stage.grant(GOLD, "visual_studio_enterprise", "gold_core").await;
    let mut tasks = Vec::new();
    for person in stage.people_without_seat(GOLD, grant).await.into_iter().take(8) {
        let (service, admin, operation) = (stage.service.clone(), admin.clone(), stage.operation());
        tasks.push(tokio::spawn(async move {
            let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
            match assign(&service, &admin, operation, input).await {
                Ok(_) => true,
                Err(failure) => {
                    let over = failure.is(ErrorCode::GrantWithdrawn) || failure.is(ErrorCode::NoSeatLeft);
                    assert!(over, "{failure}");
                    false
                }
            }
        }));
    }
    approve(&stage.service, &operator, stage.operation(), wanted).await.expect("approved");
    let mut assigned = 0;
    for task in tasks {
        assigned += i64::from(task.await.expect("no panic"));
    }
    let active = "select count(*) as number from seat where grant_id = $1 and released_at is null";
    assert_eq!(number(&stage, active, grant.0).await, 0);
    // Whoever got a seat a moment before lost it with the others.
    let written = "select count(*) as number from audit_event where action = 'seat_assigned'";
    assert!(stage.count(written).await >= assigned);
    assert!(stage.audit_intact().await);
    // A seat that went past the use cases is refused by the database itself.
    let text = "insert into seat (id, organization_id, grant_id, pool_id, person_id, assigned_at, assigned_by, row_version)
        select $2, g.organization_id, g.id, g.pool_id, $3, 1, $3, 1 from benefit_grant g where g.id = $1";
    let person = stage.person_id(ADMIN, GOLD).await;
    let values = [grant.0.into(), stage.service.new_id().into(), person.0.into()];
    let transaction = stage.service.database.begin().await.expect("a transaction");
    let refused: Failure = sql::run(&transaction, text, values).await.expect_err("over").into();
    assert!(refused.is(ErrorCode::GrantWithdrawn), "{refused}");
}
