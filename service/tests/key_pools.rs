//! Key pools: importing keys, stopping an import, and telling when a pool runs low.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::KeyBatchId;
use domain::view::key_pools::{BatchState, KeyPoolPage, KeyPoolQuery, LineFault};
use domain::{ErrorCode, Field, Language};
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::keys::import::{CHUNK, ImportKeys, Staged, cancel, chunk_place, import, import_by_command};
use service::keys::reveal::{KeyOf, RevealKey, reveal};
use service::keys::take_over::{Progress, faults, progress, take_next};
use service::keys::threshold::{SetThreshold, set, tell_low};
use service::keys::{activations, inspect, pool, pools};
use service::{Failure, sql};
use uuid::Uuid;

const COMPANY: &str = "fernhollow.example";
const GLOBAL_ADMIN: &str = "maren.tolvik@fernhollow.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const CATALOGUE_MANAGER: &str = "henrik.solvang@northlight.example";
const AGENT: &str = "marisa.talvinen@northlight.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";
const PRODUCT: &str = "windows_enterprise";
const OTHER_PRODUCT: &str = "visio_professional";

/// The key with a number.
fn key(number: usize) -> String {
    format!("TESTS-AAAAA-BBBBB-CCCCC-{number:05}")
}

fn file(numbers: impl IntoIterator<Item = usize>) -> String {
    numbers.into_iter().map(|number| key(number) + "\n").collect()
}

fn input<'a>(product: &str, content: &'a str, chunk: usize) -> ImportKeys<'a> {
    ImportKeys {
        product: product.to_owned(),
        source: "The vendor's portal".to_owned(),
        batch: "Order 7".to_owned(),
        content: content.as_bytes(),
        chunk,
    }
}

async fn staged(stage: &Stage, product: &str, content: &str, chunk: usize) -> Staged {
    import_by_command(&stage.service, input(product, content, chunk)).await.expect("staged")
}

async fn take_all(stage: &Stage) -> usize {
    let mut chunks = 0;
    while take_next(&stage.service).await.expect("taken over") {
        chunks += 1;
    }
    chunks
}

async fn how_far(stage: &Stage, batch: KeyBatchId) -> Progress {
    progress(&stage.service, batch).await.expect("a batch")
}

async fn page(stage: &Stage, email: &str, product: &str, open: Option<KeyBatchId>) -> KeyPoolPage {
    let query = KeyPoolQuery { product: product.to_owned(), open, page: 1, ..KeyPoolQuery::default() };
    let request = stage.operator(email).await;
    pool::page(&stage.service, &request, Language::English, &query).await.expect("a page")
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> ErrorCode {
    match result {
        Err(Failure::Refused(error)) => error.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn a_product_says_how_its_keys_look_and_they_are_found_as_they_are_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let text = "update product set key_format = 'XXXX-XXXX-XXXX' where code = $1";
    stage.run(text, [PRODUCT.into()]).await;
    let content = format!("abcd-efgh-1234\n{}\nABCDEFGH5678\nABCD-EFGH-12345\n", key(1));
    for (product, accepted) in [(PRODUCT, 2), (OTHER_PRODUCT, 1)] {
        let batch = staged(&stage, product, &content, CHUNK).await.batch;
        assert_eq!(take_all(&stage).await, 1);
        let expected =
            Progress { lines: 4, position: 4, accepted, duplicate: 0, malformed: 4 - accepted, ended: true };
        assert_eq!(how_far(&stage, batch).await, expected, "{product}");
    }
    let admin = stage.operator(CATALOGUE_MANAGER).await;
    for (typed, product) in [("ABCD EFGH 1234", PRODUCT), (key(1).as_str(), OTHER_PRODUCT)] {
        let found = inspect::find(&stage.service, &admin, typed).await.expect("a key");
        assert_eq!(found.product, product);
    }
    for (typed, fault) in [("ABCD-EF", ErrorCode::MalformedKey), ("ABCD-EFGH-9999", ErrorCode::UnknownKey)] {
        let failure = inspect::find(&stage.service, &admin, typed).await.expect_err("none");
        assert_eq!(failure.told().of(Field::ProductKey).map(|found| found.code), Some(fault), "{typed}");
    }
}

#[rstest]
#[tokio::test]
async fn a_batch_is_read_as_its_product_said_when_it_was_staged(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let text = "update product set key_format = $2 where code = $1";
    stage.run(text, [PRODUCT.into(), "XXXX-XXXX-XXXX".into()]).await;
    let content = "ABCD-EFGH-0001\nABCD-EFGH-0002\nABCD-EFGH-0003\n";
    let batch = staged(&stage, PRODUCT, content, 1).await.batch;
    assert!(take_next(&stage.service).await.expect("taken over"));
    // A version with another format comes into force meanwhile.
    stage.run(text, [PRODUCT.into(), "XXXXXXXX".into()]).await;
    assert_eq!(take_all(&stage).await, 2);
    let expected = Progress { lines: 3, position: 3, accepted: 3, duplicate: 0, malformed: 0, ended: true };
    assert_eq!(how_far(&stage, batch).await, expected);
    // What came in the earlier format is a secret still.
    let named = ImportKeys { batch: "ABCD-EFGH-0001 leaked".to_owned(), ..input(PRODUCT, "ABCD0004", CHUNK) };
    let Err(Failure::Refused(error)) = import_by_command(&stage.service, named).await else {
        panic!("not refused");
    };
    assert_eq!(error.of(Field::Batch).map(|fault| fault.code), Some(ErrorCode::KeysInTheWrongField));
    let later = staged(&stage, PRODUCT, "ABCD0004\nABCD-EFGH-0005\n", CHUNK).await.batch;
    take_all(&stage).await;
    let later = how_far(&stage, later).await;
    assert_eq!((later.accepted, later.malformed), (1, 1), "the next batch has the product's new format");
}

#[rstest]
#[tokio::test]
async fn the_same_letters_are_one_key_however_a_product_groups_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    staged(&stage, PRODUCT, &file(0..3), CHUNK).await;
    assert_eq!(take_all(&stage).await, 1);
    // As vendors' files without hyphens have them; and grouped once more otherwise.
    let whole = file(0..5).replace('-', "");
    for (format, accepted) in [("X".repeat(25), 2), ("XXXXXXXXXX-XXXXXXXXXXXXXXX".to_owned(), 0)] {
        let text = "update product set key_format = $2 where code = $1";
        stage.run(text, [OTHER_PRODUCT.into(), format.as_str().into()]).await;
        let batch = staged(&stage, OTHER_PRODUCT, &whole, CHUNK).await.batch;
        assert_eq!(take_all(&stage).await, 1);
        let expected =
            Progress { lines: 5, position: 5, accepted, duplicate: 5 - accepted, malformed: 0, ended: true };
        assert_eq!(how_far(&stage, batch).await, expected, "{format}");
    }
    let admin = stage.operator(CATALOGUE_MANAGER).await;
    for (typed, product) in [
        (key(1).replace('-', ""), PRODUCT),
        (key(4), OTHER_PRODUCT),
        (key(4).replace('-', " "), OTHER_PRODUCT),
    ] {
        let found = inspect::find(&stage.service, &admin, &typed).await.expect("a key");
        assert_eq!(found.product, product);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_import_brings_each_key_once_and_says_what_it_left_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        ciphertext: Vec<u8>,
    }
    let stage = stage(engine).await;
    staged(&stage, OTHER_PRODUCT, &file(3..5), CHUNK).await;
    assert_eq!(take_all(&stage).await, 1);
    let before = page(&stage, AUDITOR, PRODUCT, None).await.row.counts;

    // Lines 1 to 10 are keys, of which 3 and 4 are in the other pool; then one of them again, small, and no key.
    let content = format!("{}\n{}\nnot a key\n", file(1..11), key(7).to_lowercase());
    let admin = stage.operator(CATALOGUE_MANAGER).await;
    let operation = stage.operation();
    let first = import(&stage.service, &admin, operation.clone(), input(PRODUCT, &content, 4)).await;
    let first = first.expect("staged");
    assert_eq!(first.lines, 12);
    let again = import(&stage.service, &admin, operation, input(PRODUCT, &content, 4)).await;
    assert_eq!(again.expect("the same"), first, "a double click stages nothing twice");
    let open = page(&stage, CATALOGUE_MANAGER, PRODUCT, Some(first.batch)).await;
    assert!(open.row.importing && open.why_not_import.is_none());
    assert_eq!(open.open.expect("open").row.state, BatchState::Importing);

    // Neither what waits nor what came can be read.
    let text = "select id, sealed as ciphertext from key_import_chunk order by starts_at";
    let chunks = sql::all::<Row>(stage.service.database.reader(), text, []).await.expect("chunks");
    assert_eq!(chunks.len(), 3);
    for chunk in &chunks {
        assert!(!String::from_utf8_lossy(&chunk.ciphertext).contains("TESTS"));
        let text = stage.service.vault.open(&chunk_place(chunk.id), &chunk.ciphertext).expect("opens");
        assert!(text.contains("TESTS"));
    }
    assert_eq!(take_all(&stage).await, 3);
    assert_eq!(stage.count("select count(*) as number from key_import_chunk").await, 0);
    let expected = Progress { lines: 12, position: 12, accepted: 8, duplicate: 3, malformed: 1, ended: true };
    assert_eq!(how_far(&stage, first.batch).await, expected);
    let left_out = [
        (3, LineFault::Duplicate),
        (4, LineFault::Duplicate),
        (12, LineFault::Duplicate),
        (13, LineFault::Malformed),
    ];
    assert_eq!(faults(&stage.service, first.batch).await.expect("faults"), left_out);
    let text = "select id, ciphertext from product_key where key_batch_id = $1";
    let keys = sql::all::<Row>(stage.service.database.reader(), text, [first.batch.0.into()]).await;
    let mut keys: Vec<String> = keys
        .expect("keys")
        .iter()
        .map(|row| stage.service.vault.open(&format!("product_key/{}", row.id), &row.ciphertext))
        .collect::<Result<_, _>>()
        .expect("open");
    keys.sort();
    assert_eq!(keys, [1, 2, 5, 6, 7, 8, 9, 10].map(key));

    let after = page(&stage, AUDITOR, PRODUCT, Some(first.batch)).await;
    assert_eq!(after.row.counts.free, before.free + 8);
    let open = after.open.expect("open");
    assert_eq!((open.counts.free, open.row.by.as_deref()), (8, Some("Henrik Solvang-Adeyemi")));
    assert_eq!(open.faults.len(), 4);
    assert_eq!(after.why_not_import.expect("an auditor only reads").code, ErrorCode::RoleNeeded);
    for action in ["key_import_begun", "keys_imported"] {
        let text = format!("select count(*) as number from audit_event where action = '{action}'");
        assert_eq!(stage.count(&text).await, 2, "{action}");
    }
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn imports_at_once_bring_each_key_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let one = staged(&stage, PRODUCT, &file(0..120), 10).await;
    let other = staged(&stage, OTHER_PRODUCT, &file((60..180).rev()), 7).await;
    let mut workers = Vec::new();
    for _ in 0..6 {
        let service = stage.service.clone();
        workers.push(tokio::spawn(async move { while take_next(&service).await.expect("taken over") {} }));
    }
    for worker in workers {
        worker.await.expect("no panic");
    }
    let (one, other) = (how_far(&stage, one.batch).await, how_far(&stage, other.batch).await);
    assert!(one.ended && other.ended);
    assert_eq!((one.position, other.position), (120, 120));
    assert_eq!(one.accepted + other.accepted, 180);
    assert_eq!(one.duplicate + other.duplicate, 60);
    let text = "select count(*) as number from product_key k join key_batch b on b.id = k.key_batch_id
        where b.name = 'Order 7'";
    assert_eq!(stage.count(text).await, 180);
    assert_eq!(stage.count("select count(*) as number from key_import_chunk").await, 0);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_import_keeps_what_came_and_forgets_the_rest(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let batch = staged(&stage, PRODUCT, &file(0..30), 10).await.batch;
    assert!(take_next(&stage.service).await.expect("taken over"));
    let agent = stage.operator(AGENT).await;
    assert_eq!(code(cancel(&stage.service, &agent, stage.operation(), batch).await), ErrorCode::RoleNeeded);
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let accepted = cancel(&stage.service, &admin, stage.operation(), batch).await;
    assert_eq!(accepted.expect("stopped"), 10);
    assert_eq!(take_all(&stage).await, 0);
    let expected =
        Progress { lines: 30, position: 10, accepted: 10, duplicate: 0, malformed: 0, ended: true };
    assert_eq!(how_far(&stage, batch).await, expected);
    assert_eq!(stage.count("select count(*) as number from key_import_chunk").await, 0);
    assert_eq!(code(cancel(&stage.service, &admin, stage.operation(), batch).await), ErrorCode::WrongState);
    let nothing = KeyBatchId(stage.service.new_id());
    assert_eq!(code(cancel(&stage.service, &admin, stage.operation(), nothing).await), ErrorCode::NotFound);
    // The same file brings what is missing.
    let again = staged(&stage, PRODUCT, &file(0..30), 10).await.batch;
    take_all(&stage).await;
    let again = how_far(&stage, again).await;
    assert_eq!((again.accepted, again.duplicate), (20, 10));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_import_and_what_is_wrong_is_said_before_anything_is_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let content = file(0..3);
    for email in [AGENT, AUDITOR] {
        let request = stage.operator(email).await;
        let result =
            import(&stage.service, &request, stage.operation(), input(PRODUCT, &content, CHUNK)).await;
        assert_eq!(code(result), ErrorCode::RoleNeeded, "{email}");
    }
    let person = stage.person(GLOBAL_ADMIN).await;
    let result = import(&stage.service, &person, stage.operation(), input(PRODUCT, &content, CHUNK)).await;
    assert_eq!(code(result), ErrorCode::WrongSide);
    assert_eq!(code(pools::page(&stage.service, &person, Language::English).await), ErrorCode::WrongSide);
    let agent = stage.operator(AGENT).await;
    assert_eq!(code(pools::page(&stage.service, &agent, Language::English).await), ErrorCode::RoleNeeded);

    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let try_it = async |input| code(import(&stage.service, &admin, stage.operation(), input).await);
    assert_eq!(try_it(input("no such product", &content, CHUNK)).await, ErrorCode::NotFound);
    assert_eq!(try_it(input(PRODUCT, "\n", CHUNK)).await, ErrorCode::NoRows);
    let nameless =
        ImportKeys { batch: " ".to_owned(), source: "x".repeat(81), ..input(PRODUCT, &content, CHUNK) };
    let Err(Failure::Refused(error)) = import(&stage.service, &admin, stage.operation(), nameless).await
    else {
        panic!("not refused");
    };
    assert_eq!(error.of(Field::Batch).map(|fault| fault.code), Some(ErrorCode::Required));
    assert_eq!(error.of(Field::KeySource).map(|fault| fault.code), Some(ErrorCode::TooLong));
    let text = "select count(*) as number from key_batch where name = 'Order 7'";
    assert_eq!(stage.count(text).await, 0);
    let query = KeyPoolQuery { product: "no such product".to_owned(), ..KeyPoolQuery::default() };
    let missing = pool::page(&stage.service, &admin, Language::English, &query).await;
    assert_eq!(code(missing), ErrorCode::NotFound);
    // A batch of another pool is none of this one's.
    let elsewhere = staged(&stage, OTHER_PRODUCT, &content, CHUNK).await.batch;
    let query = KeyPoolQuery {
        product: PRODUCT.to_owned(),
        open: Some(elsewhere),
        page: 1,
        ..KeyPoolQuery::default()
    };
    let missing = pool::page(&stage.service, &admin, Language::English, &query).await;
    assert_eq!(code(missing), ErrorCode::NotFound);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rule_08_a_keys_own_count_of_activations_is_its_limit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let text = "select g.id from benefit_grant g join organization o on o.id = g.organization_id
        join product p on p.id = g.product_id and p.kind = 'multiple_activation_key'
        where o.domain = $1 and not exists (select 1 from product_key k where k.grant_id = g.id)
        order by p.code, g.id limit 1";
    let grant = domain::ids::GrantId(stage.id(text, [COMPANY.into()]).await);
    let row = stage.grant_row(grant).await;
    let product = stage.id("select id from product where id = $1", [row.product_id.into()]).await;
    let text = "update product_key set state = 'withdrawn', organization_id = $2, grant_id = $3
        where state = 'free' and key_pool_id = (select id from key_pool where product_id = $1)";
    stage.run(text, [product.into(), row.organization_id.into(), grant.0.into()]).await;
    stage.run("update pool set quantity = 500 where id = $1", [row.pool_id.into()]).await;
    let code = "select code as text from product where id = $1";
    #[derive(FromQueryResult)]
    struct Code {
        text: String,
    }
    let code = sql::one::<Code>(stage.service.database.reader(), code, [product.into()]).await;
    let code = code.expect("a query").expect("a product").text;
    staged(&stage, &code, &format!("key;activations\n{};5\n", key(1)), CHUNK).await;
    take_all(&stage).await;
    let admin = stage.person(GLOBAL_ADMIN).await;
    let of = KeyOf::Grant(grant);
    let input = RevealKey { of, consequence_accepted: true };
    let shown = reveal(&stage.service, &admin, stage.operation(), input).await.expect("a key");
    assert_eq!(shown.key, key(1));
    let record = async |count| {
        let input = activations::RecordActivations { grant, count, note: String::new() };
        activations::record_activations(&stage.service, &admin, stage.operation(), input).await
    };
    let Err(Failure::Refused(error)) = record(6).await else { panic!("not refused") };
    assert_eq!((error.code, error.number), (ErrorCode::ActivationsExceeded, Some(5)));
    assert_eq!(record(4).await.expect("recorded"), Some(1));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_once_each_time_a_pool_runs_low(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    assert_eq!(tell_low(&stage.service).await.expect("looked"), 0, "every pool is full");
    let free = page(&stage, AUDITOR, OTHER_PRODUCT, None).await.row.counts.free;
    let admin = stage.operator(CATALOGUE_MANAGER).await;
    let threshold = async |threshold: &str, version| {
        let input =
            SetThreshold { product: OTHER_PRODUCT.to_owned(), threshold: threshold.to_owned(), version };
        set(&stage.service, &admin, stage.operation(), input).await
    };
    for wrong in ["", "-1", "10001", "many"] {
        let Err(Failure::Refused(error)) = threshold(wrong, 1).await else { panic!("{wrong} not refused") };
        assert!(error.of(Field::Threshold).is_some(), "{wrong}");
    }
    assert_eq!(threshold(&(free + 1).to_string(), 1).await.expect("set"), free + 1);
    assert_eq!(code(threshold("5", 1).await), ErrorCode::Stale);
    assert!(page(&stage, AUDITOR, OTHER_PRODUCT, None).await.row.low());
    let shown = pools::page(&stage.service, &admin, Language::English).await.expect("a page");
    assert_eq!(shown.rows[0].product, OTHER_PRODUCT, "what runs low comes first");
    let told = async |email: &str| {
        stage.mails(email).await.iter().filter(|mail| mail.kind == "key_pool_low").count()
    };
    let look = async || {
        // Two servers look at the same moment.
        let (one, other) = tokio::join!(tell_low(&stage.service), tell_low(&stage.service));
        one.expect("looked") + other.expect("looked")
    };
    assert_eq!((look().await, look().await), (1, 0));
    assert_eq!((told(PROGRAMME_ADMIN).await, told(CATALOGUE_MANAGER).await), (1, 1));
    assert_eq!((told(AGENT).await, told(AUDITOR).await), (0, 0));
    let mails = stage.mails(PROGRAMME_ADMIN).await;
    let mail = mails.iter().find(|mail| mail.kind == "key_pool_low").expect("a mail");
    assert!(mail.body.contains(&format!("/operator/keys/{OTHER_PRODUCT}")), "{}", mail.body);
    // Full again, and then low again.
    staged(&stage, OTHER_PRODUCT, &file(0..1), CHUNK).await;
    take_all(&stage).await;
    assert_eq!(look().await, 0);
    let grant = stage.grant(COMPANY, OTHER_PRODUCT, "action_pack").await;
    let drawn = RevealKey { of: KeyOf::Grant(grant), consequence_accepted: true };
    let person = stage.person(GLOBAL_ADMIN).await;
    let shown = reveal(&stage.service, &person, stage.operation(), drawn).await.expect("a key");
    assert!(shown.first);
    assert_eq!((look().await, look().await), (1, 0));
    assert_eq!(told(CATALOGUE_MANAGER).await, 2);
    assert_eq!(threshold("0", 2).await.expect("set"), 0);
    assert_eq!(look().await, 0);
    assert!(!page(&stage, AUDITOR, OTHER_PRODUCT, None).await.row.low());
    assert!(stage.audit_intact().await);
}
