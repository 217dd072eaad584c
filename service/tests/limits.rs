//! Limits for signing in, for links to a new password and for programs' calls, also where several servers share a
//! database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Engine, stage};
use domain::ErrorCode;
use domain::ids::ProvisioningTokenId;
use rstest::rstest;
use service::accounts::limits::SignInLimits;
use service::provisioning::calls::CallLimits;
use service::{Failure, Service};
use uuid::Uuid;

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

#[tokio::test]
async fn calls_of_a_program_hold_over_servers_and_restarts() {
    let stage = stage(Engine::Postgres).await;
    let servers = [CallLimits::default(), CallLimits::default()];
    let [calling, quiet] = [1, 2].map(|number| ProvisioningTokenId(Uuid::from_u128(number)));
    let wait = async |server: &CallLimits, token: ProvisioningTokenId| {
        server.check(&stage.service, token).await.expect("counted")
    };
    let (began, mut called) = (Instant::now(), 0_u128);
    let mut held_back = None;
    while held_back.is_none() {
        assert!(called < 10_000, "nothing holds it back");
        let server = &servers[usize::from(called % 2 == 1)];
        held_back = wait(server, calling).await;
        called += u128::from(held_back.is_none());
    }
    assert!(held_back <= Some(Duration::from_millis(10)), "{held_back:?}");
    // A thousand, and what came back meanwhile; each server by itself would let as many through.
    let back = began.elapsed().as_millis() / 10;
    assert!((1_000..=1_002 + back).contains(&called), "{called} calls, {back} came back");

    let text = "update attempt set used_until = used_until + 60000 where kind = 'program'";
    stage.run(text, []).await;
    for server in [&servers[0], &servers[1], &CallLimits::default()] {
        let held_back = wait(server, calling).await;
        assert!(held_back > Some(Duration::from_secs(30)), "also after a restart: {held_back:?}");
        assert_eq!(wait(server, quiet).await, None, "another program");
    }
    stage.run("update attempt set used_until = 1 where kind = 'program'", []).await;
    assert_eq!(wait(&CallLimits::default(), calling).await, None, "they came back");
}
