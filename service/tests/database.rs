//! What the database does when the machine lets it down.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::Engine;
use sea_orm::ConnectionTrait;
use service::{Database, sql};

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

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_together_bring_one_database_up_to_date() {
    let bare = common::bare(Engine::Postgres).await;
    let url = bare.url().to_owned();
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let database = Database::connect(&url).await.expect("the database answers");
                database.migrate().await.expect("up to date");
                let current = database.is_current().await.expect("an answer");
                database.close().await.expect("closed");
                current
            })
        })
        .collect();
    for start in starts {
        assert!(start.await.expect("it ends"));
    }
}
