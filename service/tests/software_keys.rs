//! Software: Get keys, activations, downloads (rules 8 and 20).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::benefit::ProductKind;
use domain::ids::{GrantId, SeatId};
use domain::view::benefits::DetailKind;
use domain::view::software::KeyDetail;
use domain::{Error, ErrorCode, Field, Language};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::assignments::assign::{AssignSeats, assign};
use service::benefits::detail::detail;
use service::benefits::grants;
use service::keys::activations::{RecordActivations, record_activations};
use service::keys::downloads::{DownloadFile, HandedOut, open_download};
use service::keys::reveal::{KeyOf, RevealKey, RevealedKey, reveal};
use service::keys::view::own_key;
use service::{Failure, Request, sql};
use uuid::Uuid;

const COMPANY: &str = "fernhollow.example";
const GLOBAL_ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const EMPLOYEE: &str = "teodor.wrzosek@fernhollow.example";
const STRANGER: &str = "piet.zanderling@kestrelash.example";

/// A day in milliseconds.
const MINUTE: i64 = 60_000;

fn refusal<T: std::fmt::Debug>(result: Result<T, Failure>) -> Error {
    match result {
        Err(Failure::Refused(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> ErrorCode {
    refusal(result).code
}

fn fault<T: std::fmt::Debug>(result: Result<T, Failure>, field: Field) -> Option<ErrorCode> {
    refusal(result).of(field).map(|fault| fault.code)
}

async fn get(stage: &Stage, request: &Request, of: KeyOf, accepted: bool) -> Result<RevealedKey, Failure> {
    let input = RevealKey { of, consequence_accepted: accepted };
    reveal(&stage.service, request, stage.operation(), input).await
}

async fn record(
    stage: &Stage,
    request: &Request,
    grant: GrantId,
    count: i64,
    note: &str,
) -> Result<Option<i64>, Failure> {
    let input = RecordActivations { grant, count, note: note.to_owned() };
    record_activations(&stage.service, request, stage.operation(), input).await
}

async fn view(stage: &Stage, request: &Request, grant: GrantId) -> KeyDetail {
    match detail(&stage.service, request, Language::English, grant, None).await.expect("a row").kind {
        DetailKind::Software(software) => *software,
        other => panic!("not software: {other:?}"),
    }
}

fn stand_in(handed_out: HandedOut) -> DownloadFile {
    match handed_out {
        HandedOut::StandIn(file) => file,
        HandedOut::At(address) => panic!("at {address}"),
    }
}

async fn free_keys(stage: &Stage) -> i64 {
    stage.count("select count(*) as number from product_key where state = 'free'").await
}

async fn reveals(stage: &Stage, order: &str) -> i64 {
    let text = format!(
        "select count(*) as number from audit_event where action = 'key_revealed' and after_state = '{order}'"
    );
    stage.count(&text).await
}

async fn package(stage: &Stage, product: &str) -> Uuid {
    let text = "select d.id from product_download d join product p on p.id = d.product_id
        where p.code = $1 order by d.id limit 1";
    stage.id(text, [product.into()]).await
}

async fn seat_of(stage: &Stage, email: &str, product: &str) -> SeatId {
    let text =
        "select s.id from seat s join person p on p.id = s.person_id join account a on a.id = p.account_id
        join benefit_grant g on g.id = s.grant_id join product pr on pr.id = g.product_id
        where a.email_key = $1 and pr.code = $2 and s.released_at is null";
    SeatId(stage.id(text, [email.into(), product.into()]).await)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_a_key_is_drawn_once_and_showing_it_again_is_recorded(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let (first_reader, second_reader) = (stage.person(PARTNER_ADMIN).await, stage.person(GLOBAL_ADMIN).await);
    let free = free_keys(&stage).await;
    let (firsts, agains) = (reveals(&stage, "first").await, reveals(&stage, "again").await);

    let first = get(&stage, &first_reader, KeyOf::Grant(grant), false).await.expect("a key");
    assert!(first.first && !first.refund_ended);
    assert_eq!(first.key.len(), 29, "five groups of five");
    let again = get(&stage, &second_reader, KeyOf::Grant(grant), false).await.expect("the same key");
    assert!(!again.first);
    assert_eq!((again.id, &again.key), (first.id, &first.key));

    assert_eq!(free_keys(&stage).await, free - 1);
    assert_eq!(reveals(&stage, "first").await, firsts + 1);
    assert_eq!(reveals(&stage, "again").await, agains + 1);
    assert!(stage.audit_intact().await);
    let shown = view(&stage, &second_reader, grant).await;
    let revealed = shown.key.expect("it has a key").revealed.expect("revealed");
    assert_eq!(revealed.by, "Odalys Brandt-Reyes");
    assert_eq!(revealed.time, (10, 0), "nine in UTC is ten in Oslo");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_twenty_reveals_of_one_grant_at_once_give_one_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let request = stage.person(PARTNER_ADMIN).await;
    let free = free_keys(&stage).await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let (service, request, operation) = (stage.service.clone(), request.clone(), stage.operation());
        tasks.push(tokio::spawn(async move {
            let input = RevealKey { of: KeyOf::Grant(grant), consequence_accepted: false };
            reveal(&service, &request, operation, input).await
        }));
    }
    let mut keys = Vec::new();
    for task in tasks {
        keys.push(task.await.expect("no panic").expect("a key"));
    }
    assert_eq!(keys.iter().filter(|key| key.first).count(), 1);
    assert!(keys.iter().all(|key| key.id == keys[0].id && key.key == keys[0].key));
    assert_eq!(free_keys(&stage).await, free - 1);
    assert!(stage.audit_intact().await);
}

/// Grants of the same product, copied from one, so that all draw from the same pool.
async fn copies(stage: &Stage, grant: GrantId, count: u8) -> Vec<GrantId> {
    let mut copies = Vec::new();
    for number in 0..count {
        let id = Uuid::from_u128(0x7000_0000_0000_0000_8000_0000_0000_0000 + u128::from(number));
        let text = "insert into benefit_grant (id, organization_id, product_id, category, pool_id, source, area,
                holding_id, order_line_id, state, activation_state, granted_at, activate_by, holding_ends_at,
                expires_at, catalogue_version, row_version)
            select $1, organization_id, product_id, category, pool_id, source, $3, holding_id, order_line_id,
                state, activation_state, granted_at, activate_by, holding_ends_at, expires_at, catalogue_version, 1
            from benefit_grant where id = $2";
        stage.run(text, [id.into(), grant.0.into(), format!("copy_{number}").into()]).await;
        copies.push(GrantId(id));
    }
    copies
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_reveals_of_ten_grants_at_once_give_ten_keys(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let mut tasks = Vec::new();
    for copy in copies(&stage, grant, 10).await {
        let (service, request, operation) = (stage.service.clone(), request.clone(), stage.operation());
        tasks.push(tokio::spawn(async move {
            let input = RevealKey { of: KeyOf::Grant(copy), consequence_accepted: false };
            reveal(&service, &request, operation, input).await
        }));
    }
    let mut keys = Vec::new();
    for task in tasks {
        keys.push(task.await.expect("no panic").expect("a key").key);
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 10);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_an_empty_pool_says_so_and_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let request = stage.person(GLOBAL_ADMIN).await;
    stage.run("delete from product_key where state = 'free'", []).await;
    let recorded = reveals(&stage, "first").await;
    assert_eq!(code(get(&stage, &request, KeyOf::Grant(grant), false).await), ErrorCode::NoKeyLeft);
    assert_eq!(reveals(&stage, "first").await, recorded);
    assert!(view(&stage, &request, grant).await.key.expect("it has a key").revealed.is_none());
    // Keys that are drawn are still shown.
    let drawn = stage.grant(COMPANY, "exchange_server_standard", "action_pack").await;
    assert!(!get(&stage, &request, KeyOf::Grant(drawn), false).await.expect("a key").first);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_20_a_first_key_is_shown_only_when_the_end_of_the_refund_is_accepted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let gold = stage.grant(COMPANY, "visio_professional", "gold_core").await;
    let request = stage.person(PARTNER_ADMIN).await;
    let shown = view(&stage, &request, gold).await;
    let refund = shown.key.expect("it has a key").refund.expect("a refund is possible");
    assert_eq!(refund.until.to_string(), "2026-12-08", "day 30 after 8 November");
    let (free, recorded) = (free_keys(&stage).await, reveals(&stage, "first").await);
    let error = refusal(get(&stage, &request, KeyOf::Grant(gold), false).await);
    assert_eq!(error.code, ErrorCode::ConsequenceNotAccepted);
    assert_eq!(error.of(Field::Accept).map(|fault| fault.code), Some(ErrorCode::ConsequenceNotAccepted));
    assert_eq!((free_keys(&stage).await, reveals(&stage, "first").await), (free, recorded));

    let key = get(&stage, &request, KeyOf::Grant(gold), true).await.expect("a key");
    assert!(key.first && key.refund_ended);
    // It has ended for the whole purchase: the next key of it costs nothing more.
    let next = stage.grant(COMPANY, "project_professional", "gold_core").await;
    assert!(view(&stage, &request, next).await.key.expect("it has a key").refund.is_none());
    let key = get(&stage, &request, KeyOf::Grant(next), false).await.expect("a key");
    assert!(key.first && !key.refund_ended);
}

#[rstest]
#[case::the_last_moment_of_day_30(18, true)]
#[case::day_31(19, false)]
#[tokio::test(flavor = "multi_thread")]
async fn rule_20_the_end_of_the_refund_is_asked_until_its_last_moment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] days: i64,
    #[case] asked: bool,
) {
    let stage = stage(engine).await;
    let gold = stage.grant(COMPANY, "visio_professional", "gold_core").await;
    let request = stage.person(GLOBAL_ADMIN).await;
    // 10:00 in Oslo; the day ends there 14 hours later.
    stage.clock.move_days(days);
    if asked {
        stage.clock.move_seconds(14 * 3600 - 1);
    }
    let result = get(&stage, &request, KeyOf::Grant(gold), false).await;
    if asked {
        assert_eq!(code(result), ErrorCode::ConsequenceNotAccepted);
        stage.clock.move_seconds(1);
        assert!(get(&stage, &request, KeyOf::Grant(gold), false).await.is_ok(), "day 31 has begun");
    } else {
        assert!(!result.expect("a key").refund_ended);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_20_the_policy_of_the_day_of_purchase_decides(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let gold = stage.grant(COMPANY, "visio_professional", "gold_core").await;
    let request = stage.person(GLOBAL_ADMIN).await;
    // The programme's policy of today doesn't change what was bought before.
    stage.set_policy("reveal_counts_as_activation", "false").await;
    assert_eq!(
        code(get(&stage, &request, KeyOf::Grant(gold), false).await),
        ErrorCode::ConsequenceNotAccepted
    );
    let text = "update order_line set policies = $1 where id = (select order_line_id from benefit_grant where id = $2)";
    stage.run(text, [r#"{"reveal_counts_as_activation":"false"}"#.into(), gold.0.into()]).await;
    let key = get(&stage, &request, KeyOf::Grant(gold), false).await.expect("a key");
    assert!(key.first && !key.refund_ended);
    // A download still ends it, and the page says so.
    let shown = view(&stage, &request, gold).await;
    assert!(shown.refund.is_some());
    let package = package(&stage, "visio_professional").await;
    open_download(&stage.service, &request, gold, package).await.expect("a file");
    assert!(view(&stage, &request, gold).await.refund.is_none());
}

#[rstest]
#[case("maren.tolvik@fernhollow.example", true)]
#[case("odalys.brandt@fernhollow.example", true)]
#[case("malin.thistlewood@fernhollow.example", false)]
#[case("kofi.anselmsen@fernhollow.example", false)]
#[case("teodor.wrzosek@fernhollow.example", false)]
#[tokio::test(flavor = "multi_thread")]
async fn rule_06_keys_downloads_and_records_are_for_two_roles(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] email: &str,
    #[case] may: bool,
) {
    let stage = stage(engine).await;
    let request = stage.person(email).await;
    let grant = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let package = package(&stage, "windows_enterprise").await;
    let results = [
        get(&stage, &request, KeyOf::Grant(grant), true).await.map(drop),
        record(&stage, &request, grant, 1, "").await.map(drop),
        open_download(&stage.service, &request, grant, package).await.map(drop),
    ];
    for result in results {
        if may {
            result.expect("allowed");
        } else {
            let error = refusal(result);
            assert_eq!(error.code, ErrorCode::RoleNeeded);
            assert!(error.colleagues.iter().any(|name| name == "Maren Tolvik"), "{error:?}");
        }
    }
    if email != EMPLOYEE {
        let shown = view(&stage, &request, grant).await;
        assert_eq!(shown.kind, ProductKind::MultipleActivationKey);
        let key = shown.key.expect("it has a key");
        assert_eq!(key.why_not.is_none(), may);
        assert_eq!(shown.why_not_download.is_none(), may);
        assert_eq!(shown.activations.expect("it has activations").why_not_record.is_none(), may);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_an_employee_gets_the_key_of_an_own_seat_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let seat = seat_of(&stage, EMPLOYEE, "project_professional").await;
    let holder = stage.person(EMPLOYEE).await;
    let own = get(&stage, &holder, KeyOf::Seat(seat), false).await.expect("the own key");
    assert!(!own.first, "the sample programme has shown it before");

    let colleague = stage.person("yunhee.paikova@fernhollow.example").await;
    assert_eq!(code(get(&stage, &colleague, KeyOf::Seat(seat), false).await), ErrorCode::RoleNeeded);
    for email in [STRANGER, "imogen.larkwhistle@kestrelash.example"] {
        let stranger = stage.person(email).await;
        assert_eq!(code(get(&stage, &stranger, KeyOf::Seat(seat), false).await), ErrorCode::NotFound);
    }

    // The company's key of the same grant is another one.
    let grant = stage.grant(COMPANY, "project_professional", "action_pack").await;
    let person = holder.person().expect("a person");
    let found =
        grants::find(stage.service.database.reader(), person.organization, grant).await.expect("a grant");
    let policies = domain::Policies::default();
    let shown =
        own_key(&stage.service, person, &found, seat, &policies, Language::English).await.expect("a key");
    let shown = shown.expect("the own key");
    assert_eq!((shown.own_seat, shown.why_not), (Some(seat), None));
    assert_eq!(shown.revealed.expect("revealed").by, "Teodor Wrzosek");
    assert_eq!(code(get(&stage, &holder, KeyOf::Grant(grant), false).await), ErrorCode::RoleNeeded);
    let administrator = stage.person(GLOBAL_ADMIN).await;
    let company = get(&stage, &administrator, KeyOf::Grant(grant), false).await.expect("a key");
    assert_ne!(company.key, own.key);

    let text = "update seat set released_at = 1, release_reason = 'removed' where id = $1";
    stage.run(text, [seat.0.into()]).await;
    assert_eq!(code(get(&stage, &holder, KeyOf::Seat(seat), false).await), ErrorCode::RoleNeeded);
    assert_eq!(code(get(&stage, &administrator, KeyOf::Seat(seat), false).await), ErrorCode::SeatReleased);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_each_seat_draws_a_key_of_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let seat = seat_of(&stage, EMPLOYEE, "project_professional").await;
    let holder = stage.person(EMPLOYEE).await;
    let shown = get(&stage, &holder, KeyOf::Seat(seat), false).await.expect("the own key");
    stage.run("delete from product_key where seat_id = $1", [seat.0.into()]).await;
    let drawn = get(&stage, &holder, KeyOf::Seat(seat), false).await.expect("a key");
    assert!(drawn.first);
    assert_ne!(drawn.key, shown.key);
    let again = get(&stage, &holder, KeyOf::Seat(seat), false).await.expect("the same key");
    assert_eq!((again.first, again.key), (false, drawn.key));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_07_another_companys_ids_answer_like_ids_that_dont_exist(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let stranger = stage.person(STRANGER).await;
    let theirs = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let nothing = GrantId(Uuid::from_u128(7));
    let package = package(&stage, "windows_enterprise").await;
    for grant in [theirs, nothing] {
        assert_eq!(code(get(&stage, &stranger, KeyOf::Grant(grant), true).await), ErrorCode::NotFound);
        assert_eq!(code(record(&stage, &stranger, grant, 1, "").await), ErrorCode::NotFound);
        let file = open_download(&stage.service, &stranger, grant, package).await;
        assert_eq!(code(file), ErrorCode::NotFound);
    }
    let nobody = SeatId(Uuid::from_u128(7));
    assert_eq!(code(get(&stage, &stranger, KeyOf::Seat(nobody), true).await), ErrorCode::NotFound);
    assert_eq!(code(get(&stage, &stage.nobody(), KeyOf::Grant(theirs), true).await), ErrorCode::SignInNeeded);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_21_what_ended_a_minute_ago_gives_no_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let fresh = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let drawn = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let package = package(&stage, "windows_enterprise").await;
    let text = "update benefit_grant set expires_at = $1 where organization_id = $2";
    let organization = stage.organization(COMPANY).await;
    let end = common::BEGINNING.0 + MINUTE;
    stage.run(text, [end.into(), organization.0.into()]).await;
    stage.clock.move_seconds(120);
    for grant in [fresh, drawn] {
        assert_eq!(code(get(&stage, &request, KeyOf::Grant(grant), true).await), ErrorCode::GrantEnded);
    }
    assert_eq!(code(record(&stage, &request, drawn, 1, "").await), ErrorCode::GrantEnded);
    let file = open_download(&stage.service, &request, drawn, package).await;
    assert_eq!(code(file), ErrorCode::GrantEnded);
    stage.clock.move_seconds(-60);
    assert!(get(&stage, &request, KeyOf::Grant(fresh), true).await.is_ok(), "its last moment counts");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_21_in_the_renewal_window_drawn_keys_are_shown_and_no_new_ones(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    // Bought 340 days ago: 30 days later the anniversary is five days over.
    stage.clock.move_days(30);
    let fresh = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let drawn = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    assert_eq!(code(get(&stage, &request, KeyOf::Grant(fresh), true).await), ErrorCode::RenewalWindow);
    assert_eq!(code(record(&stage, &request, drawn, 1, "").await), ErrorCode::RenewalWindow);
    assert!(!get(&stage, &request, KeyOf::Grant(drawn), true).await.expect("shown").first);
    assert!(
        record(&stage, &request, drawn, -1, "Counted twice").await.is_ok(),
        "a correction starts nothing"
    );
    let shown = view(&stage, &request, fresh).await.key.expect("it has a key");
    assert_eq!(shown.why_not.map(|error| error.code), Some(ErrorCode::RenewalWindow));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_licenses_without_a_key_and_other_kinds_have_none_to_show(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let license = stage.grant(COMPANY, "windows_server_cal", "action_pack").await;
    assert_eq!(code(get(&stage, &request, KeyOf::Grant(license), true).await), ErrorCode::WrongKind);
    let shown = view(&stage, &request, license).await;
    assert!(shown.key.is_none() && shown.downloads.is_empty() && shown.activations.is_none());
    let developer = stage.grant(COMPANY, "visual_studio_professional", "action_pack").await;
    assert_eq!(code(get(&stage, &request, KeyOf::Grant(developer), true).await), ErrorCode::WrongKind);
    let single = stage.grant(COMPANY, "exchange_server_standard", "action_pack").await;
    assert_eq!(code(record(&stage, &request, single, 1, "").await), ErrorCode::WrongKind);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_operation_id_has_one_effect_and_the_same_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let other = stage.grant(COMPANY, "storage_server_workgroup", "action_pack").await;
    let operation = stage.operation();
    let send = |grant, request: Request| {
        let (service, operation) = (stage.service.clone(), operation.clone());
        let input = RevealKey { of: KeyOf::Grant(grant), consequence_accepted: false };
        async move { reveal(&service, &request, operation, input).await }
    };
    let first = send(grant, request.clone()).await.expect("a key");
    let recorded = reveals(&stage, "first").await + reveals(&stage, "again").await;
    let second = send(grant, request.clone()).await.expect("the same answer");
    assert_eq!((second.id, second.key, second.first), (first.id, first.key, first.first));
    assert_eq!(reveals(&stage, "first").await + reveals(&stage, "again").await, recorded);
    assert_eq!(code(send(other, request).await), ErrorCode::OperationReused);
    let colleague = stage.person(PARTNER_ADMIN).await;
    assert_eq!(code(send(grant, colleague).await), ErrorCode::OperationReused);
}

/// Every column of every table, as the database lists them.
async fn columns(stage: &Stage, engine: Engine) -> Vec<(String, String)> {
    #[derive(FromQueryResult)]
    struct Row {
        table_name: String,
        column_name: String,
    }
    let text = match engine {
        Engine::Sqlite => {
            "select m.name as table_name, c.name as column_name from sqlite_master m
                join pragma_table_info(m.name) c where m.type = 'table'"
        }
        Engine::Postgres => {
            "select cast(table_name as text) as table_name, cast(column_name as text) as column_name
                from information_schema.columns where table_schema = 'public'"
        }
    };
    let rows = sql::all::<Row>(stage.service.database.reader(), text, []).await.expect("columns");
    rows.into_iter().map(|row| (row.table_name, row.column_name)).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_in_no_row_in_plain(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "visio_professional", "action_pack").await;
    let key = get(&stage, &request, KeyOf::Grant(grant), false).await.expect("a key").key;
    let columns = columns(&stage, engine).await;
    assert!(columns.len() > 200, "only {} columns", columns.len());
    // What stands in a column of bytes is written as digits by PostgreSQL.
    let digits: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    for (table, column) in columns {
        let text = format!(
            "select count(*) as number from \"{table}\" where cast(\"{column}\" as text) like '%{key}%'
                or cast(\"{column}\" as text) like '%{digits}%'"
        );
        assert_eq!(stage.count(&text).await, 0, "{table}.{column}");
    }
    let shown = detail(&stage.service, &request, Language::English, grant, None).await.expect("a row");
    assert!(!format!("{shown:?}").contains(&key));
    let again = get(&stage, &request, KeyOf::Grant(grant), false).await.expect("the key");
    assert!(!format!("{again:?}").contains(&key), "not for a log either");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_what_is_left_is_computed_from_the_records(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(PARTNER_ADMIN).await;
    let grant = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let error = refusal(record(&stage, &request, grant, 3, "").await);
    assert_eq!((error.code, error.number), (ErrorCode::ActivationsExceeded, Some(2)));
    assert_eq!(record(&stage, &request, grant, 2, "Meeting rooms").await.expect("recorded"), Some(0));
    assert_eq!(code(record(&stage, &request, grant, 1, "").await), ErrorCode::ActivationsExceeded);

    assert_eq!(
        fault(record(&stage, &request, grant, 0, "").await, Field::Quantity),
        Some(ErrorCode::MalformedNumber)
    );
    assert_eq!(
        fault(record(&stage, &request, grant, -1, " ").await, Field::Reason),
        Some(ErrorCode::Required)
    );
    let too_many = record(&stage, &request, grant, -11, "All wrong").await;
    assert_eq!(fault(too_many, Field::Quantity), Some(ErrorCode::MalformedNumber));
    let huge = record(&stage, &request, grant, i64::MIN, "All wrong").await;
    assert_eq!(fault(huge, Field::Quantity), Some(ErrorCode::MalformedNumber));
    let long = "x".repeat(501);
    assert_eq!(
        fault(record(&stage, &request, grant, -1, &long).await, Field::Reason),
        Some(ErrorCode::TooLong)
    );
    stage.clock.move_seconds(60);
    assert_eq!(record(&stage, &request, grant, -1, "Counted twice").await.expect("recorded"), Some(1));

    let shown = view(&stage, &request, grant).await.activations.expect("it has activations");
    assert_eq!((shown.limit, shown.used, shown.left), (Some(10), 9, Some(1)));
    let amounts: Vec<i64> = shown.entries.iter().map(|entry| entry.amount).collect();
    assert_eq!(amounts, [-1, 2, 8], "the latest first");
    assert_eq!(shown.entries[0].by, "Odalys Brandt-Reyes");
    assert_eq!(shown.entries[0].note, "Counted twice");
    let text = "select count(*) as number from audit_event
        where action in ('activations_recorded', 'activations_corrected')";
    assert_eq!(stage.count(text).await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_records_at_once_stay_within_the_limit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(PARTNER_ADMIN).await;
    let grant = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (service, request, operation) = (stage.service.clone(), request.clone(), stage.operation());
        tasks.push(tokio::spawn(async move {
            let input = RecordActivations { grant, count: 1, note: String::new() };
            record_activations(&service, &request, operation, input).await
        }));
    }
    let mut recorded = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(_) => recorded += 1,
            Err(failure) => assert!(failure.is(ErrorCode::ActivationsExceeded), "{failure:?}"),
        }
    }
    assert_eq!(recorded, 2, "8 of 10 were used before");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_activations_and_downloads_come_after_the_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person(PARTNER_ADMIN).await;
    let grant = stage.grant(COMPANY, "windows_enterprise", "gold_core").await;
    let package = package(&stage, "windows_enterprise").await;
    assert_eq!(code(record(&stage, &request, grant, 1, "").await), ErrorCode::WrongState);
    let file = open_download(&stage.service, &request, grant, package).await;
    assert_eq!(code(file), ErrorCode::WrongState, "the refund would end without a word");
    get(&stage, &request, KeyOf::Grant(grant), true).await.expect("a key");
    assert_eq!(record(&stage, &request, grant, 1, "").await.expect("recorded"), Some(99));
    open_download(&stage.service, &request, grant, package).await.expect("a file");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_each_existing_package_has_its_own_download_and_others_dont_exist(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let request = stage.person("qinghe.wei@chenghu.example").await;
    let grant = stage.grant("chenghu.example", "windows_enterprise", "silver_core").await;
    get(&stage, &request, KeyOf::Grant(grant), false).await.expect("a key");
    let shown = view(&stage, &request, grant).await;
    assert!(shown.downloads.len() > 10);
    let mut combinations: Vec<String> = shown
        .downloads
        .iter()
        .map(|package| format!("{} {} {}", package.version, package.language, package.operating_system))
        .collect();
    combinations.sort();
    combinations.dedup();
    assert_eq!(combinations.len(), shown.downloads.len(), "each once");

    let wanted = shown.downloads.iter().find(|package| package.language == "zh-Hans").expect("a package");
    let id: Uuid = wanted.id.parse().expect("an id");
    let downloads = "select count(*) as number from download";
    let before = stage.count(downloads).await;
    for _ in 0..2 {
        let file = stand_in(open_download(&stage.service, &request, grant, id).await.expect("a file"));
        assert_eq!(file.file_name, format!("{}.txt", wanted.file_name));
        let size = domain::view::software::size(wanted.bytes);
        let facts =
            [wanted.version.as_str(), &wanted.file_name, &size, "中文（简体）", "Windows", "示例计划"];
        for fact in facts {
            assert!(file.content.contains(fact), "{fact} in {}", file.content);
        }
    }
    assert_eq!(stage.count(downloads).await, before + 2, "one row a click");
    let foreign = package(&stage, "office_professional_plus").await;
    for id in [foreign, Uuid::from_u128(7)] {
        let file = open_download(&stage.service, &request, grant, id).await;
        assert_eq!(code(file), ErrorCode::NoSuchDownload);
    }
    assert_eq!(stage.count(downloads).await, before + 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_software_counted_in_seats_is_assigned_and_each_holder_has_a_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let administrator = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "visio_professional", "gold_core").await;
    let employee = stage.person_id(EMPLOYEE, COMPANY).await;
    let before = view(&stage, &administrator, grant).await.seats.expect("it takes seats").holders.len();

    let input = AssignSeats { grant, people: vec![employee], shortage: None, alternate_email: None };
    assign(&stage.service, &administrator, stage.operation(), input).await.expect("a seat");
    let shown = view(&stage, &administrator, grant).await;
    assert_eq!(shown.seats.expect("seats").holders.len(), before + 1);
    let mails = stage.mails(EMPLOYEE).await;
    let mail = mails.iter().rfind(|mail| mail.kind == "key_seat_assigned").expect("a mail");
    assert!(mail.body.contains("You have a key of your own"), "{}", mail.body);
    assert!(mail.body.contains("/my-benefits"), "{}", mail.body);

    let free = free_keys(&stage).await;
    let seat = seat_of(&stage, EMPLOYEE, "visio_professional").await;
    let holder = stage.person(EMPLOYEE).await;
    let own = get(&stage, &holder, KeyOf::Seat(seat), true).await.expect("the own key");
    assert!(own.first);
    assert_eq!(free_keys(&stage).await, free - 1);

    // Software with one key for the company is nobody's own.
    let grant = stage.grant(COMPANY, "exchange_server_standard", "gold_core").await;
    assert_eq!(view(&stage, &administrator, grant).await.seats, None);
    let input = AssignSeats { grant, people: vec![employee], shortage: None, alternate_email: None };
    let refused = assign(&stage.service, &administrator, stage.operation(), input).await;
    assert_eq!(code(refused), ErrorCode::WrongKind);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_every_package_that_a_page_offers_can_be_downloaded(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Offered {
        id: Uuid,
    }
    let stage = stage(engine).await;
    let administrator = stage.person(GLOBAL_ADMIN).await;
    let organization = stage.literal(administrator.person().expect("a person").organization.0);
    let text = format!(
        "select g.id from benefit_grant g join product p on p.id = g.product_id
        where g.organization_id = {organization} and g.category = 'software' order by g.id"
    );
    let grants = sql::all::<Offered>(stage.service.database.reader(), &text, []).await.expect("grants");
    let mut files = 0;
    for Offered { id } in grants {
        let grant = GrantId(id);
        let shown = view(&stage, &administrator, grant).await;
        if shown.key.is_some() {
            get(&stage, &administrator, KeyOf::Grant(grant), true).await.expect("a key");
        }
        for package in view(&stage, &administrator, grant).await.downloads {
            let id = Uuid::try_parse(&package.id).expect("an id");
            let handed_out = open_download(&stage.service, &administrator, grant, id).await.expect("a file");
            let file = stand_in(handed_out);
            assert!(file.file_name.starts_with(&package.file_name), "{}", file.file_name);
            assert!(!file.content.is_empty(), "{}", package.file_name);
            files += 1;
        }
    }
    assert!(files > 50, "only {files} packages are offered");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_at_its_address_and_without_one_there_only_in_a_sample_programme(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const ADDRESS: &str = "https://packages.example/windows.iso?a=1;2";
    let stage = stage(engine).await;
    let request = stage.person(GLOBAL_ADMIN).await;
    let grant = stage.grant(COMPANY, "windows_enterprise", "action_pack").await;
    get(&stage, &request, KeyOf::Grant(grant), true).await.expect("a key");
    let all = view(&stage, &request, grant).await.downloads.len();
    let package = package(&stage, "windows_enterprise").await;
    let text = "update product_download set url = $2 where id = $1";
    stage.run(text, [package.into(), ADDRESS.into()]).await;
    let taken = "select count(*) as number from download";
    let before = stage.count(taken).await;
    let found = open_download(&stage.service, &request, grant, package).await.expect("an address");
    assert_eq!(found, HandedOut::At(ADDRESS.to_owned()));
    assert_eq!(stage.count(taken).await, before + 1, "recorded");
    assert_eq!(view(&stage, &request, grant).await.downloads.len(), all, "the others stand in");
    // A programme of its own has no stand-ins: what has no address isn't there.
    stage.run("update programme set demo = $1", [false.into()]).await;
    let shown = view(&stage, &request, grant).await.downloads;
    assert_eq!(shown.iter().map(|package| &*package.id).collect::<Vec<_>>(), [package.to_string()]);
    let text = "select d.id from product_download d join product p on p.id = d.product_id
        where p.code = 'windows_enterprise' and d.url is null order by d.id limit 1";
    let other = stage.id(text, []).await;
    let refused = open_download(&stage.service, &request, grant, other).await;
    assert_eq!(code(refused), ErrorCode::NoSuchDownload);
    assert_eq!(stage.count(taken).await, before + 1);
    stage.run("update product_download set url = null where id = $1", [package.into()]).await;
    assert_eq!(view(&stage, &request, grant).await.downloads, []);
}
