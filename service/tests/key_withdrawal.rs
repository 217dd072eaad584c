//! Withdrawing a batch of keys: no free one is drawn, and those who hold one are told and get another.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::{GrantId, KeyBatchId};
use domain::view::key_pools::{KeyPoolPage, KeyPoolQuery};
use domain::{ErrorCode, Field, Language};
use rstest::rstest;
use service::keys::import::{ImportKeys, import_by_command};
use service::keys::inspect::{FoundKey, InspectKey, find, inspect};
use service::keys::pool;
use service::keys::replace::{ReplaceKey, replace};
use service::keys::reveal::{KeyOf, RevealKey, RevealedKey, reveal};
use service::keys::seen;
use service::keys::take_over::take_next;
use service::keys::withdraw::{WithdrawBatch, Withdrawn, tell_holders, withdraw};
use service::spreadsheet::Batches;
use service::{Failure, Request};

const COMPANY: &str = "fernhollow.example";
const GLOBAL_ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const CATALOGUE_MANAGER: &str = "henrik.solvang@northlight.example";
const PRODUCT: &str = "visio_professional";

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> ErrorCode {
    match result {
        Err(Failure::Refused(error)) => error.code,
        other => panic!("not refused: {other:?}"),
    }
}

async fn take(stage: &Stage, request: &Request, batch: KeyBatchId) -> Result<Withdrawn, Failure> {
    let input = WithdrawBatch { batch, reason: "It stood on a public page.".to_owned(), accepted: true };
    withdraw(&stage.service, request, stage.operation(), input).await
}

async fn show(stage: &Stage, request: &Request, grant: GrantId) -> Result<RevealedKey, Failure> {
    let input = RevealKey { of: KeyOf::Grant(grant), consequence_accepted: true };
    reveal(&stage.service, request, stage.operation(), input).await
}

async fn page(stage: &Stage, batch: KeyBatchId) -> KeyPoolPage {
    let query =
        KeyPoolQuery { product: PRODUCT.to_owned(), open: Some(batch), page: 1, ..KeyPoolQuery::default() };
    let request = stage.operator(PROGRAMME_ADMIN).await;
    pool::page(&stage.service, &request, Language::English, &query).await.expect("a page")
}

async fn tell_all(stage: &Stage) -> usize {
    let mut told = 0;
    loop {
        let some = tell_holders(&stage.service).await.expect("told");
        told += some;
        if some == 0 {
            return told;
        }
    }
}

/// The batch of the free keys of the product.
async fn first_batch(stage: &Stage) -> KeyBatchId {
    let text =
        "select distinct k.key_batch_id as id from product_key k join key_pool p on p.id = k.key_pool_id
        join product d on d.id = p.product_id where d.code = $1";
    KeyBatchId(stage.id(text, [PRODUCT.into()]).await)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_batch_gives_no_key_and_its_holders_get_another(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let batch = first_batch(&stage).await;
    let grant = stage.grant(COMPANY, PRODUCT, "action_pack").await;
    let (admin, partner) = (stage.person(GLOBAL_ADMIN).await, stage.person(PARTNER_ADMIN).await);
    let old = show(&stage, &partner, grant).await.expect("a key");
    show(&stage, &admin, grant).await.expect("the same key");
    // Long over, and once replaced: neither counts once the batch is withdrawn.
    stage.clock.move_days(40);
    let again = ReplaceKey { of: KeyOf::Grant(grant), reason: "It leaked.".to_owned() };
    let refused = replace(&stage.service, &admin, stage.operation(), again.clone()).await;
    assert_eq!(code(refused), ErrorCode::ReplacementOver);

    let seen = page(&stage, batch).await.open.expect("open").seen;
    let who: Vec<&str> = seen.iter().map(|seen| seen.person.as_str()).collect();
    assert!(who.contains(&"Maren Tolvik") && who.contains(&"Odalys Brandt-Reyes"), "{seen:?}");
    let shown: Vec<_> =
        seen.iter().filter(|seen| seen.key == old.id).map(|seen| seen.person.as_str()).collect();
    assert_eq!(shown.len(), 2, "once for each person, the latest first: {seen:?}");

    let manager = stage.operator(CATALOGUE_MANAGER).await;
    assert_eq!(code(take(&stage, &manager, batch).await), ErrorCode::RoleNeeded);
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let careless = WithdrawBatch { batch, reason: "It leaked.".to_owned(), accepted: false };
    let Err(Failure::Refused(error)) = withdraw(&stage.service, &operator, stage.operation(), careless).await
    else {
        panic!("not refused");
    };
    assert!(error.of(Field::Accept).is_some());
    let before = page(&stage, batch).await.open.expect("open").counts;
    let taken = take(&stage, &operator, batch).await.expect("withdrawn");
    assert_eq!(taken, Withdrawn { free: before.free, in_use: before.held + before.spent });
    let after = page(&stage, batch).await.open.expect("open");
    assert_eq!((after.counts.free, after.counts.held), (0, before.held));
    assert_eq!(after.withdrawn.expect("withdrawn").reason, "It stood on a public page.");
    assert_eq!(code(take(&stage, &operator, batch).await), ErrorCode::WrongState);

    // Each holder is told once; the company's own activity has it, too.
    let told = async |email: &str| {
        let mails = stage.mails(email).await;
        let told = mails
            .iter()
            .filter(|mail| mail.kind == "key_withdrawn" && mail.body.contains(&grant.to_string()));
        told.count()
    };
    assert_eq!(tell_all(&stage).await, usize::try_from(taken.in_use).expect("a count"));
    assert_eq!(tell_all(&stage).await, 0);
    assert_eq!((told(GLOBAL_ADMIN).await, told(PARTNER_ADMIN).await), (1, 1));
    let text = format!(
        "select count(*) as number from audit_event where action = 'key_withdrawn' and object_id = '{}'",
        old.id
    );
    assert_eq!(stage.count(&text).await, 1);

    // The old key stays until there is another one to take its place.
    assert_eq!(show(&stage, &admin, grant).await.expect("the key").key, old.key);
    let none = replace(&stage.service, &admin, stage.operation(), again.clone()).await;
    assert_eq!(code(none), ErrorCode::NoKeyLeft);
    let content = "FRESH-AAAAA-BBBBB-CCCCC-00001\n";
    let input = ImportKeys {
        product: PRODUCT.to_owned(),
        source: "The vendor".to_owned(),
        batch: "New".to_owned(),
        content: content.as_bytes(),
        chunk: 10,
    };
    import_by_command(&stage.service, input).await.expect("staged");
    while take_next(&stage.service).await.expect("taken over") {}
    let new = replace(&stage.service, &admin, stage.operation(), again.clone()).await.expect("another key");
    assert_eq!(new.key, content.trim());
    // That one was none of the one replacement that everybody has; there is just no key left now.
    let next = replace(&stage.service, &admin, stage.operation(), again).await;
    assert_eq!(code(next), ErrorCode::NoKeyLeft);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_cant_be_told_keeps_no_later_batch_waiting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let first = first_batch(&stage).await;
    let partner = stage.person(PARTNER_ADMIN).await;
    show(&stage, &partner, stage.grant(COMPANY, PRODUCT, "action_pack").await).await.expect("a key");
    let text = "select distinct key_batch_id as id from product_key
        where key_batch_id <> $1 and state in ('held', 'spent') limit 1";
    let later = KeyBatchId(stage.id(text, [first.0.into()]).await);
    take(&stage, &operator, first).await.expect("withdrawn");
    stage.clock.move_days(1);
    take(&stage, &operator, later).await.expect("withdrawn");
    // What the first batch is about can't be read.
    let text = "update benefit_grant set category = 'unknown' where id in (select grant_id from product_key
        where key_batch_id = $1)";
    assert!(stage.run(text, [first.0.into()]).await > 0);
    tell_holders(&stage.service).await.expect("told");
    let waits = |batch: KeyBatchId| {
        let text = "select count(*) as number from product_key
            where key_batch_id = $1 and state in ('held', 'spent') and holder_told_at is null";
        service::sql::number(stage.service.database.reader(), text, [batch.0.into()])
    };
    assert!(waits(first).await.expect("reads") > 0, "it is tried again");
    assert_eq!(waits(later).await.expect("reads"), 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_a_withdrawn_batch_stops(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let content: String = (0..30).map(|number| format!("FRESH-AAAAA-BBBBB-CCCCC-{number:05}\n")).collect();
    let input = ImportKeys {
        product: PRODUCT.to_owned(),
        source: "The vendor".to_owned(),
        batch: "New".to_owned(),
        content: content.as_bytes(),
        chunk: 10,
    };
    let batch = import_by_command(&stage.service, input).await.expect("staged").batch;
    assert!(take_next(&stage.service).await.expect("taken over"));
    let operator = stage.operator(PROGRAMME_ADMIN).await;
    let taken = take(&stage, &operator, batch).await.expect("withdrawn");
    assert_eq!(taken, Withdrawn { free: 10, in_use: 0 });
    assert!(!take_next(&stage.service).await.expect("nothing waits"));
    let counts = page(&stage, batch).await.open.expect("open").counts;
    assert_eq!((counts.free, counts.withdrawn), (0, 10));
    assert_eq!(stage.count("select count(*) as number from key_import_chunk").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_products_own_format_stands_in_no_reason_and_no_name(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let format = "update product set key_format = $1 where code = 'windows_enterprise'";
    stage.run(format, ["XXXX-XXXX-XXXX-XXXX".into()]).await;
    let batch = first_batch(&stage).await;
    let grant = stage.grant(COMPANY, PRODUCT, "action_pack").await;
    let (admin, operator) = (stage.person(GLOBAL_ADMIN).await, stage.operator(PROGRAMME_ADMIN).await);
    let key = show(&stage, &admin, grant).await.expect("a key").id;
    let wrong = |failure: Failure, field| match failure {
        Failure::Refused(error) => error.of(field).map(|fault| fault.code),
        other => panic!("not refused: {other:?}"),
    };
    let refused = Some(ErrorCode::KeysInTheWrongField);
    // A key of another product is one, too.
    for typed in ["AB12-CD34-EF56-GH78 says it is invalid", "It says ab12cd34ef56gh78."] {
        let reason = typed.to_owned();
        let input = ReplaceKey { of: KeyOf::Grant(grant), reason: reason.clone() };
        let replaced = replace(&stage.service, &admin, stage.operation(), input).await;
        assert_eq!(wrong(replaced.expect_err("a key"), Field::Reason), refused, "{typed}");
        let input = WithdrawBatch { batch, reason: reason.clone(), accepted: true };
        let withdrawn = withdraw(&stage.service, &operator, stage.operation(), input).await;
        assert_eq!(wrong(withdrawn.expect_err("a key"), Field::Reason), refused, "{typed}");
        let input = InspectKey { key, reason: reason.clone() };
        let shown = inspect(&stage.service, &operator, stage.operation(), input).await;
        assert_eq!(wrong(shown.expect_err("a key"), Field::Reason), refused, "{typed}");
        for field in [Field::Batch, Field::KeySource] {
            let (batch, source) = if field == Field::Batch { (typed, "Order 7") } else { ("Order 7", typed) };
            let input = ImportKeys {
                product: PRODUCT.to_owned(),
                source: source.to_owned(),
                batch: batch.to_owned(),
                content: b"TESTS-AAAAA-BBBBB-CCCCC-00001",
                chunk: 10,
            };
            let imported = import_by_command(&stage.service, input).await;
            assert_eq!(wrong(imported.expect_err("a key"), field), refused, "{typed}");
        }
    }
    // Where no keys look so, it is a text as any other.
    stage.run(format, [None::<String>.into()]).await;
    let reason = "AB12-CD34-EF56-GH78 says it is invalid".to_owned();
    let input = ReplaceKey { of: KeyOf::Grant(grant), reason };
    replace(&stage.service, &admin, stage.operation(), input).await.expect("another key");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn operators_find_a_key_and_have_it_shown_with_a_reason(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let grant = stage.grant(COMPANY, PRODUCT, "action_pack").await;
    let admin = stage.person(GLOBAL_ADMIN).await;
    let key = show(&stage, &admin, grant).await.expect("a key");
    let (auditor, operator) = (stage.operator(AUDITOR).await, stage.operator(PROGRAMME_ADMIN).await);

    // Whoever has the key finds whose it is; nobody learns of one that isn't here, or from half of one.
    let found =
        find(&stage.service, &auditor, &format!(" {} ", key.key.to_lowercase())).await.expect("found");
    assert_eq!(found, FoundKey { product: PRODUCT.to_owned(), key: key.id });
    for (typed, expected) in [
        ("", ErrorCode::Required),
        ("QWERT", ErrorCode::MalformedKey),
        ("QWERT-12345-ASDFG-67890-ZXCVB", ErrorCode::UnknownKey),
    ] {
        let Err(Failure::Refused(error)) = find(&stage.service, &auditor, typed).await else {
            panic!("{typed} is found")
        };
        assert_eq!(error.of(Field::ProductKey).map(|fault| fault.code), Some(expected));
    }
    assert_eq!(code(find(&stage.service, &admin, &key.key).await), ErrorCode::WrongSide);

    let input = |reason: &str| InspectKey { key: key.id, reason: reason.to_owned() };
    for (who, expected) in [(&auditor, ErrorCode::RoleNeeded), (&admin, ErrorCode::WrongSide)] {
        let refused = inspect(&stage.service, who, stage.operation(), input("To compare.")).await;
        assert_eq!(code(refused), expected);
    }
    for (reason, expected) in [(" ", ErrorCode::Required), (&*key.key, ErrorCode::KeysInTheWrongField)] {
        let Err(Failure::Refused(error)) =
            inspect(&stage.service, &operator, stage.operation(), input(reason)).await
        else {
            panic!("{reason} is a reason")
        };
        assert_eq!(error.of(Field::Reason).map(|fault| fault.code), Some(expected));
    }
    let text = "select id from product_key where state = 'free' order by id limit 1";
    let free = InspectKey { key: stage.id(text, []).await.into(), reason: "To try it.".to_owned() };
    let refused = inspect(&stage.service, &operator, stage.operation(), free).await;
    assert_eq!(code(refused), ErrorCode::WrongState, "nobody drew it");

    let operation = stage.operation();
    for _ in 0..2 {
        let shown = inspect(&stage.service, &operator, operation.clone(), input("The vendor asks.")).await;
        assert_eq!(shown.expect("the key"), key.key, "the same answer, once on record");
    }
    let query =
        KeyPoolQuery { product: PRODUCT.to_owned(), key: Some(key.id), page: 1, ..KeyPoolQuery::default() };
    let page = pool::page(&stage.service, &auditor, Language::English, &query).await.expect("a page");
    let detail = page.key.expect("the key's page");
    assert_eq!(
        detail.why_not.map(|error| error.code),
        Some(ErrorCode::RoleNeeded),
        "the auditor sees no key"
    );
    assert_eq!(detail.drawn.expect("drawn").company, "Fernhollow Systems");
    assert_eq!(detail.seen.len(), 2, "its holder and the operator: {:?}", detail.seen);
    let reasons: Vec<_> = detail.inspections.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!(reasons, ["The vendor asks."]);
    // The company's own activity says so too.
    let text = format!(
        "select count(*) as number from audit_event where action = 'key_revealed' and actor_kind = 'operator'
            and object_id = '{}' and organization_id = (select id from organization where domain = '{COMPANY}')",
        key.id
    );
    assert_eq!(stage.count(&text).await, 1);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_who_saw_which_key_is_complete_however_long(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let batch = first_batch(&stage).await;
    let grant = stage.grant(COMPANY, PRODUCT, "action_pack").await;
    let admin = stage.person(GLOBAL_ADMIN).await;
    let key = show(&stage, &admin, grant).await.expect("a key");
    // As if so many had been drawn and replaced: more than a page and more than a part of the file have.
    for _ in 0..560 {
        let text = "insert into product_key (id, key_pool_id, key_batch_id, ciphertext, key_hash, state,
                organization_id, grant_id, drawn_at, revealed_at, revealed_by, replaced_at)
            select $2, key_pool_id, key_batch_id, ciphertext, $3, 'replaced',
                organization_id, grant_id, drawn_at, revealed_at, revealed_by, drawn_at from product_key where id = $1";
        let id = stage.service.new_id();
        stage.run(text, [key.id.0.into(), id.into(), id.as_bytes().to_vec().into()]).await;
    }
    let first = page(&stage, batch).await.open.expect("open");
    assert_eq!(first.seen.len(), 50);
    let before = first.seen_before.expect("more follow");
    let query = KeyPoolQuery {
        product: PRODUCT.to_owned(),
        open: Some(batch),
        before: Some(before),
        page: 1,
        ..KeyPoolQuery::default()
    };
    let operator = stage.operator(AUDITOR).await;
    let next = pool::page(&stage.service, &operator, Language::English, &query).await.expect("a page");
    let next = next.open.expect("open").seen;
    assert!(next.iter().all(|row| row.key < before), "the list goes on where the first page ends");
    let mut export = seen::export(&stage.service, &operator, batch).await.expect("a list");
    // Names of people of all companies leave the portal: the trail says so before the first of them.
    let recorded = format!(
        "select count(*) as number from audit_event where action = 'seen_keys_exported' and object_id = '{batch}'"
    );
    assert_eq!(stage.count(&recorded).await, 1);
    let mut keys = std::collections::BTreeSet::new();
    loop {
        let rows = export.next().await.expect("rows");
        if rows.is_empty() {
            break;
        }
        keys.extend(rows.into_iter().map(|row| row.key));
    }
    let text = format!(
        "select count(*) as number from product_key where revealed_at is not null and key_batch_id = {}",
        stage.literal(batch.0)
    );
    assert_eq!(i64::try_from(keys.len()).expect("a count"), stage.count(&text).await);
    assert!(keys.len() > 560);
}
