//! Withdrawing a batch of keys: no free one is drawn, and those who hold one are told and get another.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::ids::{GrantId, KeyBatchId};
use domain::view::key_pools::{KeyPoolPage, KeyPoolQuery};
use domain::{ErrorCode, Field, Language};
use rstest::rstest;
use service::keys::import::{ImportKeys, import_by_command};
use service::keys::pool;
use service::keys::replace::{ReplaceKey, replace};
use service::keys::reveal::{KeyOf, RevealKey, RevealedKey, reveal};
use service::keys::take_over::take_next;
use service::keys::withdraw::{WithdrawBatch, Withdrawn, tell_holders, withdraw};
use service::{Failure, Request};

const COMPANY: &str = "fernhollow.example";
const GLOBAL_ADMIN: &str = "maren.tolvik@fernhollow.example";
const PARTNER_ADMIN: &str = "odalys.brandt@fernhollow.example";
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
    let query = KeyPoolQuery { product: PRODUCT.to_owned(), open: Some(batch), page: 1 };
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
    assert!(seen.iter().all(|seen| !old.key.contains(&seen.key.to_uppercase())), "{seen:?}");

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
