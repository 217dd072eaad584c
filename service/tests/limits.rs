//! Limits for signing in and for links to a new password, also where several servers share a database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{Engine, stage};
use domain::ErrorCode;
use rstest::rstest;
use service::accounts::limits::SignInLimits;
use service::{Failure, Service};

/// The seconds to wait, of somebody who was held back.
fn seconds(refused: &Failure) -> i64 {
    let told = refused.told();
    assert_eq!(told.code, ErrorCode::TooManyAttempts);
    told.number.expect("how long to wait")
}

/// Another server on the same database.
fn beside(service: &Service) -> Service {
    Service { sign_in_limits: Arc::new(SignInLimits::default()), counts: Arc::default(), ..service.clone() }
}

async fn tries(service: &Service, address: &str, email: &str) -> Result<(), Failure> {
    service.sign_in_limits.check(service, address, email).await
}

async fn asks(service: &Service, address: &str, email: &str) -> Result<(), Failure> {
    service.sign_in_limits.check_link(service, address, email).await
}

#[rstest]
#[tokio::test]
async fn the_ninth_attempt_on_one_account_waits_and_others_go_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    for _ in 0..8 {
        tries(service, "127.0.0.1", "a@b.example").await.expect("within the limit");
    }
    let refused = tries(service, "127.0.0.1", "a@b.example").await.expect_err("waits");
    assert!((1..=61).contains(&seconds(&refused)), "{refused}");
    tries(service, "127.0.0.1", "c@b.example").await.expect("another account");
    tries(service, "127.0.0.2", "a@b.example").await.expect("another client");
    assert_eq!(service.counts.held_back(), 1);
}

#[rstest]
#[tokio::test]
async fn an_account_gets_three_links_whoever_asks_and_then_waits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let service = &stage.service;
    for client in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
        asks(service, client, "a@b.example").await.expect("within the limit");
    }
    let refused = asks(service, "127.0.0.4", "a@b.example").await.expect_err("waits");
    assert!((1..=601).contains(&seconds(&refused)), "{refused}");
    asks(service, "127.0.0.4", "c@b.example").await.expect("another account");
}

#[tokio::test]
async fn attempts_hold_over_servers_and_restarts() {
    let stage = stage(Engine::Postgres).await;
    let servers = [stage.service.clone(), beside(&stage.service), beside(&stage.service)];
    for at in 0..8 {
        tries(&servers[at % 3], "127.0.0.1", "a@b.example").await.expect("within the limit");
    }
    for server in &servers {
        let refused = tries(server, "127.0.0.1", "a@b.example").await.expect_err("waits at every server");
        assert!((1..=61).contains(&seconds(&refused)), "{refused}");
    }
    let started_anew = beside(&stage.service);
    tries(&started_anew, "127.0.0.1", "a@b.example").await.expect_err("waits also after a restart");
    tries(&started_anew, "127.0.0.1", "c@b.example").await.expect("another account");

    // An attempt comes back by the database's clock.
    stage.run("update attempt set used_until = used_until - 60000 where kind = 'account'", []).await;
    tries(&servers[1], "127.0.0.1", "a@b.example").await.expect("one came back");
    tries(&servers[2], "127.0.0.1", "a@b.example").await.expect_err("only one");

    let kept = stage.count("select count(*) as number from attempt").await;
    stage.run("update attempt set used_until = 1 where kind = 'account'", []).await;
    servers[0].sign_in_limits.sweep(&servers[0]).await.expect("swept");
    let left = stage.count("select count(*) as number from attempt").await;
    assert!(left < kept, "{left} of {kept} attempts are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_at_the_same_moment_are_all_counted() {
    let stage = stage(Engine::Postgres).await;
    let tried: Vec<_> = (0..32)
        .map(|_| {
            let server = beside(&stage.service);
            tokio::spawn(async move { tries(&server, "127.0.0.1", "a@b.example").await.is_ok() })
        })
        .collect();
    let mut within = 0;
    for one in tried {
        within += usize::from(one.await.expect("it ends"));
    }
    assert_eq!(within, 8);
}

#[tokio::test]
async fn the_database_keeps_no_address_of_an_attempt() {
    let stage = stage(Engine::Postgres).await;
    tries(&stage.service, "203.0.113.77", "somebody@b.example").await.expect("within the limit");
    let text = "select count(*) as number from attempt where encode(key_hash, 'escape') like '%203.0.113%'
        or encode(key_hash, 'escape') like '%somebody%' or length(key_hash) <> 32";
    assert_eq!(stage.count(text).await, 0);
    assert_eq!(stage.count("select count(*) as number from attempt").await, 2);
}
