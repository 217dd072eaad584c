//! The audit trail: whoever changes it behind the back of the use cases is found out.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, empty_stage, stage};
use domain::Role;
use domain::ids::OrganizationId;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rstest::rstest;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, IntoActiveModel, Value};
use sea_orm_migration::MigratorTrait;
use service::accounts::sign_in::{SignIn, sign_in};
use service::assignments::assign::{AssignSeats, assign};
use service::assignments::release::{ReleaseSeat, release};
use service::audit::{self, Anchor, adrift, first_broken, heads, link, verify};
use service::entity::audit_event::Model;
use service::people::add::{AddUser, add_user};
use service::{Database, sql};
use uuid::Uuid;

const GOLD: &str = "fernhollow.example";
const ADMIN: &str = "maren.tolvik@fernhollow.example";

/// So often the trail is tampered with, on each database.
const TIMES: usize = 1000;

async fn events(transaction: &DatabaseTransaction, organization: OrganizationId) -> Vec<Model> {
    let text = "select * from audit_event where organization_id = $1 order by sequence";
    sql::all::<Model>(transaction, text, [organization.0.into()]).await.expect("events")
}

/// A trail of thirty events and more, and one in the programme's own.
async fn walk(stage: &Stage) {
    let unknown = SignIn {
        email: "nobody@nowhere.example".to_owned(),
        password: "a lamp".to_owned(),
        agent: String::new(),
        earlier: None,
    };
    assert!(sign_in(&stage.service, &stage.nobody(), unknown).await.is_err());
    let grant = stage.grant(GOLD, "visual_studio_enterprise", "gold_core").await;
    let admin = stage.person(ADMIN).await;
    for person in stage.people_without_seat(GOLD, grant).await.into_iter().take(15) {
        let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
        assign(&stage.service, &admin, stage.operation(), input).await.expect("a seat");
        let (seat, version) = stage.active_seat(grant, person).await;
        let input = ReleaseSeat { seat, version };
        release(&stage.service, &admin, stage.operation(), input).await.expect("a free seat");
    }
}

/// Nothing refuses a change any more, as for whoever owns the database.
async fn without_guard(stage: &Stage) {
    let drops: &[&str] = if stage.service.database.is_postgres() {
        &["drop trigger audit_event_stays on audit_event", "drop trigger audit_event_is_kept on audit_event"]
    } else {
        &["drop trigger audit_event_stays", "drop trigger audit_event_is_kept"]
    };
    for text in drops {
        stage.run(text, []).await;
    }
}

/// One way of tampering; gives the first sequence that no longer is as it was written.
async fn tamper(transaction: &DatabaseTransaction, all: &[Model], random: &mut StdRng) -> (String, i64) {
    let organization: Value = all[0].organization_id.into();
    let victim = all.choose(random).expect("an event").clone();
    let at = victim.sequence;
    let last = all.last().expect("an event").sequence;
    let kind = random.random_range(0..7);
    match kind {
        0 => {
            let changed = edited(victim, random);
            put(transaction, changed).await;
            ("edited".to_owned(), at)
        }
        1 => {
            let text = "delete from audit_event where organization_id = $1 and sequence = $2";
            sql::run(transaction, text, [organization, at.into()]).await.expect("deleted");
            ("deleted".to_owned(), at)
        }
        2 => {
            let text = "delete from audit_event where organization_id = $1 and sequence >= $2";
            sql::run(transaction, text, [organization, at.into()]).await.expect("truncated");
            ("truncated".to_owned(), at)
        }
        3 => {
            let other = all.iter().filter(|event| event.sequence != at).collect::<Vec<_>>();
            let other = (*other.choose(random).expect("another event")).clone();
            let swapped = |event: &Model, sequence| Model { sequence, ..event.clone() };
            put(transaction, swapped(&victim, other.sequence)).await;
            put(transaction, swapped(&other, at)).await;
            ("swapped".to_owned(), at.min(other.sequence))
        }
        4 => {
            // Its own hash fits again, that of the next or of the head doesn't.
            let changed = edited(victim, random);
            let hash = link(&changed);
            put(transaction, Model { hash, ..changed }).await;
            ("edited, with a new hash".to_owned(), at + 1)
        }
        5 => {
            // The head says that retention has removed them, the chain doesn't.
            let text =
                "update audit_head set removed_sequence = $2, removed_hash = $3 where organization_id = $1";
            let values = [organization.clone(), at.into(), victim.hash.into()];
            sql::run(transaction, text, values).await.expect("a head");
            let text = "delete from audit_event where organization_id = $1 and sequence <= $2";
            sql::run(transaction, text, [organization, at.into()]).await.expect("cut at the front");
            ("cut at the front".to_owned(), 1)
        }
        _ => {
            // Every hash fits, only the head doesn't.
            let mut changed = edited(victim, random);
            for event in &all[usize::try_from(at).expect("a place")..] {
                let hash = link(&changed);
                put(transaction, Model { hash: hash.clone(), ..changed }).await;
                changed = Model { previous_hash: hash, ..event.clone() };
            }
            let hash = link(&changed);
            put(transaction, Model { hash, ..changed }).await;
            ("rewritten to the end".to_owned(), last + 1)
        }
    }
}

/// The event with one thing changed.
fn edited(event: Model, random: &mut StdRng) -> Model {
    let letter = || "x".to_owned();
    match random.random_range(0..10) {
        0 => Model { at: event.at + 1, ..event },
        1 => Model { actor_id: Some(Uuid::from_u128(random.random())), ..event },
        2 => Model { action: event.action + "x", ..event },
        3 => Model { object_kind: event.object_kind + "x", ..event },
        4 => Model { object_id: event.object_id + "x", ..event },
        5 => {
            Model { before_state: Some(event.before_state.map_or_else(letter, |state| state + "x")), ..event }
        }
        7 => Model { person_id: Some(Uuid::from_u128(random.random())), ..event },
        8 => Model { grant_id: event.grant_id.map_or(Some(Uuid::nil()), |_| None), ..event },
        6 => Model { address: Some(event.address.map_or_else(letter, |address| address + "x")), ..event },
        // What stood after it now stands before it: nothing may move from field to field.
        _ => match (event.before_state.clone(), event.after_state.clone()) {
            (before, after) if before != after => Model { before_state: after, after_state: before, ..event },
            _ => Model {
                request_id: None,
                after_state: event.request_id.clone().or_else(|| Some(letter())),
                ..event
            },
        },
    }
}

async fn put(transaction: &DatabaseTransaction, event: Model) {
    event.into_active_model().reset_all().update(transaction).await.expect("an event is changed");
}

#[rstest]
#[tokio::test]
async fn a_thousand_edits_deletions_swaps_and_truncations_are_all_found(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let organization = stage.organization(GOLD).await;
    walk(&stage).await;
    without_guard(&stage).await;
    assert!(stage.audit_intact().await);
    let mut random = StdRng::seed_from_u64(19);
    let mut ways = std::collections::BTreeMap::new();
    for _ in 0..TIMES {
        let transaction = stage.service.database.begin().await.expect("a transaction");
        let all = events(&transaction, organization).await;
        assert!(all.len() > 30, "{}", all.len());
        let (how, first) = tamper(&transaction, &all, &mut random).await;
        let found = first_broken(&transaction, organization).await.expect("a chain");
        assert_eq!(found, Some(first), "{how}");
        *ways.entry(how).or_insert(0) += 1;
        transaction.rollback().await.expect("as before");
    }
    assert!(ways.len() == 7 && ways.values().all(|count| *count > TIMES / 14), "{ways:?}");
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn every_chain_is_followed_and_told_apart(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let organization = stage.organization(GOLD).await;
    walk(&stage).await;
    without_guard(&stage).await;
    let whole = verify(&stage.service.database).await.expect("chains");
    assert!(whole.iter().all(|chain| chain.broken.is_none() && chain.events > 0), "{whole:?}");
    assert!(whole.iter().filter(|chain| chain.organization.is_none()).count() == 1, "{whole:?}");
    let text = "delete from audit_event where organization_id = $1 and sequence = 3";
    stage.run(text, [organization.0.into()]).await;
    // A chain without its head is no chain.
    let text =
        "delete from audit_head where organization_id = (select id from organization where domain = $1)";
    stage.run(text, ["chienyuan.example".into()]).await;
    let headless = stage.organization("chienyuan.example").await;
    for (before, chain) in whole.iter().zip(verify(&stage.service.database).await.expect("chains")) {
        let expected = match chain.organization {
            Some(id) if id == organization => Some(3),
            Some(id) if id == headless => Some(before.events + 1),
            _ => None,
        };
        assert_eq!(chain.broken, expected, "{:?}", chain.name);
    }
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_recorded_does_not_happen(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let stage = stage(engine).await;
    let refuse = if stage.service.database.is_postgres() {
        "alter table audit_event add constraint full_up check (at < 0) not valid"
    } else {
        "create trigger full_up before insert on audit_event begin select raise(abort, 'full_up'); end"
    };
    stage.run(refuse, []).await;
    let grant = stage.grant(GOLD, "visual_studio_enterprise", "gold_core").await;
    let person = stage.people_without_seat(GOLD, grant).await[0];
    let request = stage.person(ADMIN).await;
    let kept = || async {
        let seats = stage.count("select count(*) as number from seat where released_at is null").await;
        (seats, stage.count("select count(*) as number from mail").await)
    };
    let before = kept().await;
    let input = AssignSeats { grant, people: vec![person], shortage: None, alternate_email: None };
    let refused = assign(&stage.service, &request, stage.operation(), input).await;
    assert!(refused.is_err());
    assert_eq!(kept().await, before);
}

/// A database as it was before a migration, with what holds it.
async fn before(engine: Engine, migration: &str) -> (Database, Option<Stage>, Option<tempfile::TempDir>) {
    let all = migrations::Migrator::migrations();
    let steps = all.iter().position(|known| known.name() == migration).expect("a migration");
    let (database, stage, folder) = match engine {
        Engine::Sqlite => {
            let folder = tempfile::TempDir::new().expect("a folder");
            let url = format!("sqlite://{}", folder.path().join("before.db").display());
            (Database::connect(&url).await.expect("a database"), None, Some(folder))
        }
        Engine::Postgres => {
            let stage = empty_stage(engine).await;
            stage.sql("drop schema public cascade; create schema public").await;
            (stage.service.database.clone(), Some(stage), None)
        }
    };
    let steps = u32::try_from(steps).expect("a number");
    // On one connection, as the portal does it: others may still have the schema before in mind.
    let transaction = database.begin().await.expect("begins");
    migrations::Migrator::up(&transaction, Some(steps)).await.expect("the schema before");
    transaction.commit().await.expect("commits");
    (database, stage, folder)
}

async fn try_run(database: &Database, text: &str) -> Result<(), sea_orm::DbErr> {
    let transaction = database.begin().await?;
    transaction.execute_unprepared(text).await?;
    transaction.commit().await
}

#[rstest]
#[tokio::test]
async fn a_trail_from_before_person_and_benefit_stays_whole(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (database, _stage, _folder) = before(engine, "m0008_activity").await;
    let organization = Uuid::from_u128(7);
    let mut previous = vec![0; 32];
    for sequence in 1..=5 {
        let event = Model {
            organization_id: organization,
            sequence,
            previous_hash: previous,
            hash: Vec::new(),
            at: 1_795_165_200_000 + sequence,
            actor_kind: if sequence == 2 { "worker" } else { "person" }.to_owned(),
            actor_id: (sequence != 2).then(|| Uuid::from_u128(9)),
            action: "seat_assigned".to_owned(),
            object_kind: "seat".to_owned(),
            object_id: sequence.to_string(),
            before_state: None,
            after_state: Some("grant".to_owned()),
            address: Some(String::new()),
            request_id: None,
            person_id: None,
            grant_id: None,
        };
        let hash = link(&event);
        let transaction = database.begin().await.expect("begins");
        let text = "insert into audit_event (organization_id, sequence, previous_hash, hash, at, actor_kind,
                actor_id, action, object_kind, object_id, before_state, after_state, address, request_id)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        let values: [Value; 14] = [
            event.organization_id.into(),
            event.sequence.into(),
            event.previous_hash.into(),
            hash.clone().into(),
            event.at.into(),
            event.actor_kind.into(),
            event.actor_id.into(),
            event.action.into(),
            event.object_kind.into(),
            event.object_id.into(),
            event.before_state.into(),
            event.after_state.into(),
            event.address.into(),
            event.request_id.into(),
        ];
        sql::run(&transaction, text, values).await.expect("an event");
        let text = "insert into audit_head (organization_id, sequence, hash) values ($1, $2, $3)
            on conflict (organization_id) do update set sequence = excluded.sequence, hash = excluded.hash";
        let values = [organization.into(), sequence.into(), hash.clone().into()];
        sql::run(&transaction, text, values).await.expect("a head");
        transaction.commit().await.expect("committed");
        previous = hash;
    }
    // A migration that fails on the way leaves all as it was, its guards as well.
    try_run(&database, "create table in_the_way (at bigint)").await.expect("a table");
    try_run(&database, "create index audit_event_denied on in_the_way (at)").await.expect("an index");
    assert!(database.migrate().await.is_err());
    let tampering = ["update audit_event set at = 1", "delete from audit_event where sequence = 5"];
    for text in tampering {
        assert!(try_run(&database, text).await.is_err_and(|error| error.to_string().contains("append_only")));
    }
    try_run(&database, "drop table in_the_way").await.expect("away");

    database.migrate().await.expect("up to date");
    let chains = verify(&database).await.expect("chains");
    assert_eq!(chains.len(), 1);
    assert_eq!((chains[0].events, chains[0].broken), (5, None));
    for text in tampering {
        assert!(try_run(&database, text).await.is_err_and(|error| error.to_string().contains("append_only")));
    }
    let acting = |kind: &str| {
        format!(
            "insert into audit_event (organization_id, sequence, previous_hash, hash, at, actor_kind, action,
                object_kind, object_id)
            select organization_id, 6, hash, hash, at, '{kind}', action, object_kind, object_id
            from audit_event where sequence = 5"
        )
    };
    assert!(try_run(&database, &acting("ghost")).await.is_err());
    try_run(&database, &acting("token")).await.expect("programs act, too");
}

#[rstest]
#[tokio::test]
async fn a_chain_that_was_rewritten_with_its_head_is_found_by_its_anchor(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let database = &stage.service.database;
    let organization = stage.organization(GOLD).await;
    walk(&stage).await;
    let first = heads(database).await.expect("heads");
    assert!(first.len() > 3 && first.iter().all(|head| head.fits), "{first:?}");
    walk(&stage).await;
    // Anchors of two times, each twice, as a file that is appended to has them.
    let anchors: Vec<Anchor> = [first.clone(), heads(database).await.expect("heads"), first]
        .concat()
        .into_iter()
        .map(|head| head.anchor)
        .collect();
    assert_eq!(adrift(database, &anchors).await.expect("anchors"), []);

    // Whoever owns the database rewrites the last events and the head: the chain is whole.
    without_guard(&stage).await;
    let transaction = database.begin().await.expect("begins");
    let all = events(&transaction, organization).await;
    let from = all.len() - 3;
    let mut previous = all[from - 1].hash.clone();
    for event in &all[from..] {
        let changed = Model { previous_hash: previous, object_id: "another".to_owned(), ..event.clone() };
        previous = link(&changed);
        put(&transaction, Model { hash: previous.clone(), ..changed }).await;
    }
    let text = "update audit_head set hash = $2 where organization_id = $1";
    sql::run(&transaction, text, [organization.0.into(), previous.into()]).await.expect("a head");
    transaction.commit().await.expect("committed");
    assert!(stage.audit_intact().await, "the chain itself doesn't tell");
    let lost = adrift(database, &anchors).await.expect("anchors");
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!(lost[0].anchor.organization, organization);
    assert_eq!(lost[0].anchor.sequence, all.len() as i64);
    assert!(lost[0].name.as_deref().is_some_and(|name| name.starts_with("Fernhollow")));

    // So is a chain that is gone with its head, and one that was cut: the first anchor of it is named.
    let text = "delete from audit_event where organization_id = $1 and sequence > 2";
    stage.run(text, [organization.0.into()]).await;
    let lost = adrift(database, &anchors).await.expect("anchors");
    let earlier =
        anchors.iter().filter(|anchor| anchor.organization == organization).map(|anchor| anchor.sequence);
    assert_eq!(lost[0].anchor.sequence, earlier.min().expect("an anchor"));
    assert!(heads(database).await.expect("heads").iter().any(|head| !head.fits));
    stage.run("delete from audit_event", []).await;
    stage.run("delete from audit_head", []).await;
    assert_eq!(verify(database).await.expect("chains"), []);
    let chains: std::collections::BTreeSet<_> = anchors.iter().map(|anchor| anchor.organization).collect();
    assert_eq!(adrift(database, &anchors).await.expect("anchors").len(), chains.len());
}

#[rstest]
#[tokio::test]
async fn old_events_go_from_the_front_where_the_programme_says_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let organization = stage.organization(GOLD).await;
    walk(&stage).await;
    let database = &stage.service.database;
    let old: Vec<Anchor> =
        heads(database).await.expect("heads").into_iter().map(|head| head.anchor).collect();
    let count = || stage.count("select count(*) as number from audit_event");
    let before = count().await;
    // For ever, however old it is.
    stage.clock.move_seconds(20 * 366 * 24 * 3600);
    assert_eq!(audit::remove_due(&stage.service).await.expect("nothing"), 0);
    stage.clock.move_seconds(-20 * 366 * 24 * 3600);
    for (policy, years) in [("10_years", 10), ("7_years", 7), ("3_years", 3), ("1_year", 1)] {
        stage.set_policy("audit_retention", policy).await;
        let late = years * 365 * 24 * 3600;
        stage.clock.move_seconds(late - 40 * 24 * 3600);
        assert_eq!(audit::remove_due(&stage.service).await.expect("nothing"), 0, "{policy}");
        stage.clock.move_seconds(40 * 24 * 3600 - late);
    }
    assert_eq!(count().await, before);

    // A year and two months later only what was done since is left, with the event that says so.
    stage.clock.move_seconds(425 * 24 * 3600);
    let admin = stage.person(ADMIN).await;
    for name in ["First", "Second", "Third"] {
        let input = AddUser {
            email: format!("{name}@fernhollow.example"),
            name: format!("{name} Person"),
            roles: vec![Role::Employee],
            language: "en".to_owned(),
        };
        add_user(&stage.service, &admin, stage.operation(), input).await.expect("adds");
    }
    let young = heads(database).await.expect("heads");
    let removed = audit::remove_due(&stage.service).await.expect("removes");
    assert!(removed > 30, "{removed}");
    assert_eq!(audit::remove_due(&stage.service).await.expect("once"), 0);
    assert!(stage.audit_intact().await);
    let transaction = database.begin().await.expect("begins");
    let left = events(&transaction, organization).await;
    transaction.rollback().await.expect("read");
    let last = left.last().expect("an event");
    assert_eq!((last.action.as_str(), last.actor_kind.as_str()), ("audit_removed", "worker"));
    let first = left.first().expect("an event").sequence - 1;
    assert!(
        first > 30
            && last.after_state.as_deref().is_some_and(|after| after.starts_with(&format!("{first} ")))
    );
    let young: Vec<Anchor> = young.into_iter().map(|head| head.anchor).collect();
    assert_eq!(adrift(database, &[old.clone(), young].concat()).await.expect("anchors"), []);

    // What is left can be neither changed nor removed, nor what is gone put back.
    for text in ["update audit_event set at = 1", "delete from audit_event"] {
        let refused = try_run(database, text).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("append_only")), "{text}");
    }
    without_guard(&stage).await;
    let transaction = database.begin().await.expect("begins");
    let text = "update audit_event set sequence = 1 where organization_id = $1 and sequence = $2";
    sql::run(&transaction, text, [organization.0.into(), left[0].sequence.into()]).await.expect("put back");
    assert_eq!(first_broken(&transaction, organization).await.expect("a chain"), Some(1));
    transaction.rollback().await.expect("as before");
    // Another hash for what is gone doesn't fit the event that tells of it.
    let transaction = database.begin().await.expect("begins");
    let text = "update audit_head set removed_sequence = removed_sequence + 1 where organization_id = $1";
    sql::run(&transaction, text, [organization.0.into()]).await.expect("a head");
    assert!(first_broken(&transaction, organization).await.expect("a chain").is_some());
    transaction.rollback().await.expect("as before");
}
