//! What the database does when the machine lets it down.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::Engine;
use sea_orm::ConnectionTrait;
use service::sql;

#[tokio::test]
async fn what_is_acknowledged_after_a_full_disk_is_kept() {
    let stage = common::stage(Engine::Sqlite).await;
    let database = &stage.service.database;
    let transaction = database.begin().await.expect("a transaction");
    // On a full disk SQLite ends the transaction by itself; the driver isn't told.
    transaction.execute_unprepared("rollback").await.expect("an end");
    drop(transaction);
    // The next one is given up in order.
    drop(database.begin().await.expect("a transaction"));
    let transaction = database.begin().await.expect("a transaction");
    let text = "insert into number_sequence (name, value) values ('after', 1)";
    transaction.execute_unprepared(text).await.expect("room");
    transaction.commit().await.expect("acknowledged");
    let text = "select count(*) as number from number_sequence where name = 'after'";
    assert_eq!(sql::number(database.reader(), text, []).await.expect("a count"), 1);
}
