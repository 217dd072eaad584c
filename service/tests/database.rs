//! What the database does when the machine lets it down, and when the program becomes a newer one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::Engine;
use migrations::Migrator;
use rstest::rstest;
use sea_orm::{ConnectionTrait, FromQueryResult};
use sea_orm_migration::MigratorTrait;
use service::{Database, sql};
use uuid::Uuid;

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

const EDITORS: &str =
    "create table catalogue_editor (catalogue_draft_id {uuid} not null references catalogue_draft (id),
    account_id {uuid} not null references account (id), primary key (catalogue_draft_id, account_id))";

/// One release created the table of a draft's editors along with the drafts', another one before it did not.
#[rstest]
#[tokio::test]
async fn drafts_of_an_earlier_release_keep_those_who_changed_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] has_the_table: bool,
) {
    let bare = common::bare(engine).await;
    let migrations = Migrator::migrations();
    let before =
        migrations.iter().position(|one| one.name() == "m0028_catalogue_editors").expect("a migration");
    Migrator::up(&bare.connection, Some(u32::try_from(before).expect("few"))).await.expect("as it was");
    let run = async |text: &str, values: Vec<sea_orm::Value>| {
        sql::run(&bare.connection, text, values).await.expect("a row");
    };
    let [author, editor, draft] = [1, 2, 3].map(Uuid::from_u128);
    for (account, email) in [(author, "one@fernhollow.example"), (editor, "two@fernhollow.example")] {
        let text = "insert into account (id, email, email_key, full_name, language, status, created_at)
            values ($1, $2, $2, $2, 'en', 'active', 0)";
        run(text, vec![account.into(), email.into()]).await;
    }
    let text =
        "insert into catalogue_draft (id, title, state, document, base, base_version, drafted_by, drafted_at,
        changed_by, changed_at) values ($1, 'Autumn', 'draft', '{}', '{}', 1, $2, 0, $3, 0)";
    run(text, vec![draft.into(), author.into(), editor.into()]).await;
    if has_the_table {
        let uuid = if matches!(engine, Engine::Postgres) { "uuid" } else { "blob" };
        bare.connection.execute_unprepared(&EDITORS.replace("{uuid}", uuid)).await.expect("a table");
        for account in [author, editor] {
            run("insert into catalogue_editor values ($1, $2)", vec![draft.into(), account.into()]).await;
        }
    }
    Migrator::up(&bare.connection, None).await.expect("up to date");
    let known =
        "select count(*) as number from catalogue_editor where catalogue_draft_id = $1 and account_id = $2";
    for (account, expected) in [(author, i64::from(has_the_table)), (editor, 1)] {
        let found =
            sql::number(&bare.connection, known, [draft.into(), account.into()]).await.expect("a count");
        assert_eq!(found, expected);
    }
}

/// The portal's own texts had names for the areas of one programme; the others were shown by their codes.
#[rstest]
#[tokio::test]
async fn areas_of_an_earlier_release_have_the_names_that_were_shown(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let bare = common::bare(engine).await;
    let migrations = Migrator::migrations();
    let before = migrations.iter().position(|one| one.name() == "m0030_area_names").expect("a migration");
    Migrator::up(&bare.connection, Some(u32::try_from(before).expect("few"))).await.expect("as it was");
    let text = "insert into competency_area (code) values ('security'), ('robotics')";
    sql::run(&bare.connection, text, []).await.expect("areas");
    Migrator::up(&bare.connection, None).await.expect("up to date");
    let all = "select count(*) as number from competency_area_text";
    assert_eq!(sql::number(&bare.connection, all, []).await.expect("a count"), 6);
    let named =
        "select count(*) as number from competency_area_text where area = $1 and language = $2 and name = $3";
    for (area, language, name) in [
        ("security", "en", "Security"),
        ("security", "zh-Hans", "安全性"),
        ("security", "zh-Hant", "安全性"),
        ("robotics", "en", "robotics"),
        ("robotics", "zh-Hans", "robotics"),
        ("robotics", "zh-Hant", "robotics"),
    ] {
        let values = [area.into(), language.into(), name.into()];
        let found = sql::number(&bare.connection, named, values).await.expect("a count");
        assert_eq!(found, 1, "{area} in {language}");
    }
}

/// The portal's own texts had names for the tiers and their cores.
#[rstest]
#[tokio::test]
async fn tiers_of_an_earlier_release_have_the_names_that_were_shown(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let bare = common::bare(engine).await;
    Migrator::up(&bare.connection, None).await.expect("up to date");
    let all = "select count(*) as number from tier_text";
    assert_eq!(sql::number(&bare.connection, all, []).await.expect("a count"), 15);
    let named = "select count(*) as number from tier_text
        where tier = $1 and language = $2 and name = $3 and source = $4 and source_name = $5";
    for [tier, language, name, source, source_name] in [
        ["network", "en", "Network", "network_core", "Network membership"],
        ["action_pack", "zh-Hant", "行動套件", "action_pack", "行動套件"],
        ["silver", "zh-Hans", "银级", "silver_core", "银级核心"],
        ["gold", "en", "Gold", "gold_core", "Gold Core"],
        ["isv", "zh-Hant", "ISV 優惠", "isv_co_sell", "ISV 為共同銷售做好準備"],
    ] {
        let values = [tier, language, name, source, source_name].map(Into::into);
        let found = sql::number(&bare.connection, named, values).await.expect("a count");
        assert_eq!(found, 1, "{tier} in {language}");
    }
}

/// Names were folded by whatever the database made of `lower`.
#[rstest]
#[tokio::test]
async fn names_of_an_earlier_release_are_found_by_any_letters(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Row {
        text: String,
        folded: String,
    }
    /// More than are read at once.
    const PEOPLE: u128 = 4_500;
    let bare = common::bare(engine).await;
    let migrations = Migrator::migrations();
    let before = migrations.iter().position(|one| one.name() == "m0037_found_by_name").expect("a migration");
    Migrator::up(&bare.connection, Some(u32::try_from(before).expect("few"))).await.expect("as it was");
    let run = async |text: &str, values: Vec<sea_orm::Value>| {
        sql::run(&bare.connection, text, values).await.expect("a row");
    };
    let mut values: Vec<sea_orm::Value> = Vec::new();
    for number in 0..PEOPLE {
        let (email, name) = (
            format!("p{number}@fernhollow.example"),
            match number % 3 {
                0 => format!("Ünal ÖZTÜRK {number}"),
                1 => format!("WANG Lihua {number}"),
                _ => format!("王丽华 {number}"),
            },
        );
        values.extend([
            Uuid::from_u128(number + 1).into(),
            email.clone().into(),
            email.into(),
            name.into(),
            "en".into(),
            "active".into(),
            0_i64.into(),
        ]);
    }
    let account =
        "insert into account (id, email, email_key, full_name, language, status, created_at) values";
    run(&format!("{account} {}", sql::rows_of_places(values.len(), 7)), values).await;
    let [account, organization, person, mail] = [1, 2, 3, 4].map(Uuid::from_u128);
    let text = "insert into organization (id, name, domain, account_email, time_zone, language, tier,
            setup_finished, created_at)
        values ($1, 'ÖSTERREICHISCHE Brücken', 'bruecken.example', 'a@b.example', 'UTC', 'en', 'gold', true, 0)";
    run(text, vec![organization.into()]).await;
    let text = "insert into person (id, organization_id, account_id, sort_name, status, created_at)
        values ($1, $2, $3, 'ünal öztürk 0', 'active', 0)";
    run(text, vec![person.into(), organization.into(), account.into()]).await;
    let text =
        "insert into provisioned_person (person_id, organization_id, user_name, user_name_key, family_name)
        values ($1, $2, 'unal', 'unal', 'ÖZTÜRK')";
    run(text, vec![person.into(), organization.into()]).await;
    let text = "insert into mail (id, kind, recipient, recipient_key, language, subject, body, state, attempts,
            next_attempt_at, created_at)
        values ($1, 'invitation', 'Ärzte@B.example', 'Ärzte@b.example', 'en', 'GRÜSSE 您好', 'Body', 'sent', 1, 0, 0)";
    run(text, vec![mail.into()]).await;

    Migrator::up(&bare.connection, None).await.expect("up to date");
    for (table, text, key, rows) in [
        ("account", "full_name", "name_key", 4_500),
        ("organization", "name", "name_key", 1),
        ("provisioned_person", "family_name", "family_name_key", 1),
        ("mail", "subject", "subject_key", 1),
        ("mail", "recipient", "recipient_key", 1),
    ] {
        let query = format!("select {text} as text, {key} as folded from {table}");
        let found = sql::all::<Row>(&bare.connection, &query, []).await.expect("rows");
        assert_eq!(found.len(), rows, "{table}");
        assert!(found.iter().all(|row| row.folded == sql::folded(&row.text)), "{key} of {table}");
    }
    let text = "select count(*) as number from provisioned_person where display_name_key is null";
    assert_eq!(sql::number(&bare.connection, text, []).await.expect("a count"), 1);
    // What forgets the key is refused.
    let text = "insert into account (id, email, email_key, full_name, language, status, created_at)
        values ($1, 'x@b.example', 'x@b.example', 'X', 'en', 'active', 0)";
    sql::run(&bare.connection, text, [Uuid::from_u128(9_999).into()]).await.expect_err("no key");
    sql::run(&bare.connection, "update organization set name_key = null", []).await.expect_err("no key");
}

/// Formats of keys were a product's alone: a batch that came, or is on its way, has its product's.
#[rstest]
#[tokio::test]
async fn batches_of_an_earlier_release_have_the_format_of_their_product(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let bare = common::bare(engine).await;
    let migrations = Migrator::migrations();
    let before = migrations.iter().position(|one| one.name() == "m0040_kept_as_begun").expect("a migration");
    Migrator::up(&bare.connection, Some(u32::try_from(before).expect("few"))).await.expect("as it was");
    let run = async |text: &str, values: Vec<sea_orm::Value>| {
        sql::run(&bare.connection, text, values).await.expect("a row");
    };
    for (number, format) in [(1, Some("XXXX-XXXX-XXXX".to_owned())), (2, None)] {
        let id = Uuid::from_u128(number);
        let text = "insert into product (id, code, category, kind, unit, key_format)
            values ($1, $2, 'software', 'single_key', 'key', $3)";
        run(text, vec![id.into(), format!("product_{number}").into(), format.into()]).await;
        run("insert into key_pool (id, product_id) values ($1, $1)", vec![id.into()]).await;
        let text = "insert into key_batch (id, key_pool_id, name, source, state, created_at, lines)
            values ($1, $1, 'Order 7', '', 'importing', 0, 1)";
        run(text, vec![id.into()]).await;
    }
    Migrator::up(&bare.connection, None).await.expect("up to date");
    for (number, condition) in [(1, "key_format = 'XXXX-XXXX-XXXX'"), (2, "key_format is null")] {
        let text = format!("select count(*) as number from key_batch where id = $1 and {condition}");
        let found = sql::number(&bare.connection, &text, [Uuid::from_u128(number).into()]).await;
        assert_eq!(found.expect("a count"), 1, "{condition}");
    }
}

/// Only people of a company reminded of what is left: what they sent stays theirs.
#[rstest]
#[tokio::test]
async fn reminders_of_an_earlier_release_stay_those_of_their_senders(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let bare = common::bare(engine).await;
    let migrations = Migrator::migrations();
    let before =
        migrations.iter().position(|one| one.name() == "m0041_reminded_by_operators").expect("a migration");
    Migrator::up(&bare.connection, Some(u32::try_from(before).expect("few"))).await.expect("as it was");
    // One of each, all with the same id.
    let id = Uuid::from_u128(1);
    let run = async |text: &str| sql::run(&bare.connection, text, [id.into()]).await;
    for text in [
        "insert into account (id, email, email_key, full_name, name_key, language, status, created_at)
            values ($1, 'a@b.example', 'a@b.example', 'A', 'a', 'en', 'active', 0)",
        "insert into organization (id, name, name_key, domain, account_email, time_zone, language, tier,
                setup_finished, created_at)
            values ($1, 'B', 'b', 'b.example', 'a@b.example', 'UTC', 'en', 'gold', true, 0)",
        "insert into person (id, organization_id, account_id, sort_name, status, created_at)
            values ($1, $1, $1, 'a', 'active', 0)",
        "insert into product (id, code, category, kind, unit)
            values ($1, 'product', 'visual_studio', 'subscription', 'seat')",
        "insert into pool (id, organization_id, quantity) values ($1, $1, 5)",
        "insert into benefit_grant (id, organization_id, product_id, category, pool_id, source, state, granted_at,
                catalogue_version)
            values ($1, $1, $1, 'visual_studio', $1, 'gold_core', 'granted', 1, 1)",
        "insert into idle_reminder (id, organization_id, grant_id, sent_by, sent_at) values ($1, $1, $1, $1, 7)",
    ] {
        run(text).await.expect("a row");
    }
    Migrator::up(&bare.connection, None).await.expect("up to date");
    let text = "select count(*) as number from idle_reminder
        where sent_by = $1 and grant_id = $1 and seat_id is null and operator_id is null and sent_at = 7";
    assert_eq!(sql::number(&bare.connection, text, [id.into()]).await.expect("a count"), 1);
    // One is sent by somebody, on either side.
    run("update idle_reminder set sent_by = null where id = $1").await.expect_err("by nobody");
    run("update idle_reminder set operator_id = $1 where id = $1").await.expect_err("by two");
    run("update idle_reminder set sent_by = null, operator_id = $1 where id = $1")
        .await
        .expect("by an operator");
}
