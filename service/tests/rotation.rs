//! Changing the keys that seal secrets, while rows stand under both.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::{Engine, Stage, stage};
use domain::Moment;
use rstest::rstest;
use sea_orm::FromQueryResult;
use service::keys::reveal::{KeyOf, RevealKey, reveal};
use service::vault::{Keys, PASSING, SEALED, check, finish, reseal_some, start, under};
use service::{Failure, Service, Vault, sql};
use uuid::Uuid;

const GOLD: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    sealed: Vec<u8>,
}

/// Every secret in clear, by column and row.
async fn secrets(service: &Service) -> BTreeMap<(&'static str, &'static str, Uuid), String> {
    let mut secrets = BTreeMap::new();
    for sealed in SEALED {
        let text = format!(
            "select {id} as id, {column} as sealed from {table} where {column} is not null",
            id = sealed.id,
            column = sealed.column,
            table = sealed.table
        );
        for row in sql::all::<Row>(service.database.reader(), &text, []).await.expect("rows") {
            let secret = service.vault.open(&(sealed.place)(row.id), &row.sealed).expect("opens");
            secrets.insert((sealed.table, sealed.column, row.id), secret);
        }
    }
    secrets
}

/// The service with a second key.
fn with_new_key(stage: &Stage) -> Service {
    let mut keys = Keys::of(1, &[7; 32]);
    assert_eq!(keys.add([8; 32], Moment(0)), Some(2));
    Service { vault: Arc::new(Vault::with(keys)), ..stage.service.clone() }
}

/// A mail with a secret link, and more keys than are sealed anew in one step.
async fn many(stage: &Stage) {
    let admin = stage.person(ADMIN).await;
    let input = service::people::add::AddUser {
        name: "New Colleague".to_owned(),
        email: "new.colleague@fernhollow.example".to_owned(),
        language: "en".to_owned(),
        roles: vec![domain::Role::Employee],
    };
    service::people::add::add_user(&stage.service, &admin, stage.operation(), input).await.expect("a user");
    let text = "select id from key_pool order by id limit 1";
    let pool = stage.id(text, []).await;
    let transaction = stage.service.database.begin().await.expect("begins");
    for number in 0..450 {
        let id = stage.service.new_id();
        let key = format!("KEY-{number}");
        let place = format!("product_key/{id}");
        let sealed = stage.service.vault.seal(&*stage.service.random, &place, &key).expect("seals");
        let text = "insert into product_key (id, key_pool_id, ciphertext, key_hash, state)
            values ($1, $2, $3, $4, 'free')";
        let values = [id.into(), pool.into(), sealed.into(), stage.service.vault.hash(&key).into()];
        sql::run(&transaction, text, values).await.expect("a key");
    }
    let seal = |place: String, secret: &str| {
        stage.service.vault.seal(&*stage.service.random, &place, secret).expect("seals")
    };
    let account = stage.id("select id from account where email_key = $1", [ADMIN.into()]).await;
    let text = "insert into second_factor (account_id, secret, begun_at) values ($1, $2, 1)";
    let secret = seal(format!("second_factor/{account}"), "JBSWY3DPEHPK3PXP");
    sql::run(&transaction, text, [account.into(), secret.into()]).await.expect("a second factor");
    let directory = stage.service.new_id();
    let text = "insert into directory (id, organization_id, name, issuer, client_id, client_secret, scopes, enabled,
            just_in_time, authoritative, signs_out, role_claim, created_at)
        values ($1, $2, 'ID', 'https://id.example', 'portal', $3, 'openid', true, false, false, false, '', 1)";
    let organization = stage.organization(GOLD).await.0;
    let secret = seal(format!("directory/{directory}"), "a secret of the directory");
    let values = [directory.into(), organization.into(), secret.into()];
    sql::run(&transaction, text, values).await.expect("a directory");
    transaction.commit().await.expect("committed");
    let input = service::keys::import::ImportKeys {
        product: "windows_enterprise".to_owned(),
        source: "A test".to_owned(),
        batch: "Waits".to_owned(),
        content: b"ROTAT-AAAAA-BBBBB-CCCCC-00001",
        chunk: 10,
    };
    service::keys::import::import_by_command(&stage.service, input).await.expect("staged");
}

#[rstest]
#[tokio::test]
async fn keys_change_under_rows_that_stand_under_both(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    many(&stage).await;
    let before = secrets(&stage.service).await;
    let columns: BTreeSet<_> = before.keys().map(|(table, column, _)| (*table, *column)).collect();
    assert_eq!(columns.len(), SEALED.len(), "there is something in every column");
    let all = before.len() as i64;
    assert_eq!(under(&stage.service.database).await.expect("counts"), BTreeMap::from([(1, all)]));

    let service = with_new_key(&stage);
    check(&service).await.expect("opens");
    start::<Failure>(&service, 2, || Ok(())).await.expect("recorded");
    // Interrupted after one step: everything opens, old and new, and work goes on under the new key.
    let first = reseal_some(&service).await.expect("some");
    let counts = under(&service.database).await.expect("counts");
    assert_eq!((counts[&1], counts[&2]), (all - first as i64, first as i64));
    assert!(first > 0 && counts[&1] > 200, "{counts:?}");
    assert_eq!(secrets(&service).await, before);
    let admin = stage.person(ADMIN).await;
    for product in ["windows_enterprise", "windows_server_datacenter"] {
        let text = "select count(*) as number from product where code = $1";
        let known = sql::number(service.database.reader(), text, [product.into()]).await.expect("a number");
        if known == 0 {
            continue;
        }
        let grant = stage.grant(GOLD, product, "action_pack").await;
        let input = RevealKey { of: KeyOf::Grant(grant), consequence_accepted: true };
        let shown = reveal(&service, &admin, stage.operation(), input).await.expect("a key");
        assert_eq!(before[&("product_key", "ciphertext", shown.id.0)], shown.key);
    }
    // Whoever only knows the old key says so rather than showing something else.
    let refused = stage.service.vault.open("product_key/1", &[2; 60]);
    assert!(matches!(refused, Err(Failure::Broken { table: "vault", .. })));

    // Goes on to the end, and once more changes nothing.
    let mut resealed = first;
    loop {
        let some = reseal_some(&service).await.expect("some");
        resealed += some;
        if some == 0 {
            break;
        }
    }
    finish(&service, resealed, &[1]).await.expect("recorded");
    assert_eq!(under(&service.database).await.expect("counts"), BTreeMap::from([(2, all)]));
    assert_eq!(secrets(&service).await, before);
    // Without the old key everything opens, and duplicates are found as before.
    let mut keys = Keys::of(1, &[7; 32]);
    assert_eq!(keys.add([8; 32], Moment(0)), Some(2));
    assert_eq!(keys.forget_old(stage.service.now()), Ok(vec![1]));
    let alone = Service { vault: Arc::new(Vault::with(keys)), ..stage.service.clone() };
    assert_eq!(secrets(&alone).await, before);
    let text = "select count(*) as number from product_key where key_hash = $1";
    let hash = alone.vault.hash("KEY-17");
    assert_eq!(sql::number(alone.database.reader(), text, [hash.into()]).await.expect("a number"), 1);
    let told = "select count(*) as number from audit_event where action = 'keys_rotated'";
    assert_eq!(stage.count(told).await, 2);
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_wrong_key_changes_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let before = secrets(&stage.service).await;
    let mut keys = Keys::of(1, &[6; 32]);
    assert_eq!(keys.add([8; 32], Moment(0)), Some(2));
    let wrong = Service { vault: Arc::new(Vault::with(keys)), ..stage.service.clone() };
    for refused in [check(&wrong).await.err(), reseal_some(&wrong).await.err()] {
        let Some(Failure::Broken { row, .. }) = refused else { panic!("{refused:?}") };
        assert!(row.starts_with("product_key/"), "{row}");
    }
    assert_eq!(secrets(&stage.service).await, before);
    // One secret that was tampered with is named, and its batch stays as it was.
    let service = with_new_key(&stage);
    let victim = stage.id("select id from product_key order by id desc limit 1", []).await;
    let text = "select ciphertext as sealed, id from product_key where id = $1";
    let row = sql::one::<Row>(service.database.reader(), text, [victim.into()]).await.expect("a row");
    let mut sealed = row.expect("a key").sealed;
    *sealed.last_mut().expect("not empty") ^= 1;
    stage.run("update product_key set ciphertext = $2 where id = $1", [victim.into(), sealed.into()]).await;
    let mut refused = reseal_some(&service).await;
    for _ in 0..20 {
        if refused.is_err() {
            break;
        }
        refused = reseal_some(&service).await;
    }
    let Err(Failure::Broken { row, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(row, format!("product_key/{victim}"));
    // A key that can't be kept isn't recorded either.
    let kept = start::<Failure>(&service, 3, || Err(Failure::broken("file", "write", 3))).await;
    assert!(kept.is_err());
    assert_eq!(
        stage.count("select count(*) as number from audit_event where action = 'keys_rotated'").await,
        0
    );
}

/// Columns of bytes that are no sealed secrets: hashes, which nothing opens.
const HASHES: &[&str] = &[
    "attempt.key_hash",
    "audit_event.hash",
    "audit_event.previous_hash",
    "audit_head.hash",
    "audit_head.removed_hash",
    "directory_sign_in.browser_hash",
    "directory_sign_in.state_hash",
    "enrolment.contact_token_hash",
    "enrolment_link.token_hash",
    "invitation.token_hash",
    "operation.digest",
    "password_reset.token_hash",
    "product_key.key_hash",
    "provisioning_token.token_hash",
    "recovery_code.code_hash",
    "session.token_hash",
    "sign_in_step.token_hash",
];

/// Files that companies gave, as they are: no secrets of the portal.
const FILES: [&str; 1] = ["payment_proof.content"];

#[tokio::test]
async fn every_column_of_bytes_is_sealed_or_a_hash() {
    #[derive(FromQueryResult)]
    struct Column {
        name: String,
    }
    let stage = stage(Engine::Postgres).await;
    // Only PostgreSQL tells bytes from ids.
    let text = "select table_name || '.' || column_name as name from information_schema.columns
        where table_schema = 'public' and data_type = 'bytea' order by 1";
    let rows = sql::all::<Column>(stage.service.database.reader(), text, []).await.expect("columns");
    let found: BTreeSet<String> = rows.into_iter().map(|row| row.name).collect();
    let sealed = SEALED
        .iter()
        .map(|sealed| (sealed.table, sealed.column))
        .chain(PASSING.iter().copied())
        .map(|(table, column)| format!("{table}.{column}"));
    let others = HASHES.iter().chain(&FILES).map(|name| (*name).to_owned());
    let known: BTreeSet<String> = sealed.chain(others).collect();
    assert_eq!(found, known, "put it into SEALED, so that keys can be changed, or among the hashes");
}
