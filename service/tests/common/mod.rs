//! The stage that tests of use cases play on: a database of their own with the sample programme, a
//! clock that moves, randomness that repeats itself.
//!
//! Migrating and loading happen once for each test process and engine; every test gets a copy.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod enrolment;
mod holdings;
mod requests;
mod seats;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::ids::{AccountId, GrantId, OrganizationId, PersonId};
use domain::operation::OperationId;
use domain::{Language, Moment, OperatorRole, Role, Roles};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectionTrait, FromQueryResult};
use service::accounts::limits::SignInLimits;
use service::clock::MovableClock;
use service::entity::mail;
use service::purchases::payment::Payments;
use service::purchases::test_card::TestCard;
use service::{
    Actor, Database, Operator, Person, Random, Request, Service, Vault, audit, live, sample_programme, sql,
};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// When every test begins: 2026-11-20 09:00 UTC, a Friday.
pub const BEGINNING: Moment = Moment(1_795_165_200_000);

/// The database that a test runs on.
#[derive(Clone, Copy, Debug)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// The server at `TEST_POSTGRES_URL`.
    Postgres,
}

/// Randomness that is the same in every run.
pub struct SeededRandom(Mutex<StdRng>);

impl SeededRandom {
    /// Randomness that begins with a seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().expect("not poisoned").fill_bytes(bytes);
    }
}

/// A service with its database and its clock.
pub struct Stage {
    /// The service.
    pub service: Service,
    /// Its clock.
    pub clock: Arc<MovableClock>,
    operations: AtomicU32,
    _folder: Option<TempDir>,
    _database: Option<PostgresDatabase>,
}

/// A stage with the sample programme.
pub async fn stage(engine: Engine) -> Stage {
    set(engine, true).await
}

/// A stage with nothing but the schema.
pub async fn empty_stage(engine: Engine) -> Stage {
    set(engine, false).await
}

async fn set(engine: Engine, loaded: bool) -> Stage {
    let (url, folder, dropped) = match engine {
        Engine::Sqlite => {
            let file = sqlite_template(loaded).await;
            let folder = TempDir::new().expect("a folder");
            let path = folder.path().join("stage.db");
            std::fs::write(&path, file).expect("a copy of the template");
            (format!("sqlite://{}", path.display()), Some(folder), None)
        }
        Engine::Postgres => {
            let database = PostgresDatabase::copy_of(postgres_template(loaded).await).await;
            (database.url(), None, Some(database))
        }
    };
    // Another seed than the template's, or new ids would be those that are there already.
    let (service, clock) = service(&url, 2).await;
    Stage { service, clock, operations: AtomicU32::new(0), _folder: folder, _database: dropped }
}

/// A database with nothing in it, not even the schema.
pub struct Bare {
    /// The connection to it.
    pub connection: sea_orm::DatabaseConnection,
    url: String,
    _folder: Option<TempDir>,
    _database: Option<PostgresDatabase>,
}

impl Bare {
    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A database with nothing in it, for what migrations do to rows that are there.
pub async fn bare(engine: Engine) -> Bare {
    let (url, folder, database) = match engine {
        Engine::Sqlite => {
            let folder = TempDir::new().expect("a folder");
            let url = format!("sqlite://{}?mode=rwc", folder.path().join("bare.db").display());
            (url, Some(folder), None)
        }
        Engine::Postgres => {
            let database = PostgresDatabase::copy_of("template0").await;
            (database.url(), None, Some(database))
        }
    };
    let mut options = sea_orm::ConnectOptions::new(url.clone());
    options.max_connections(1).sqlx_logging(false);
    let connection = sea_orm::Database::connect(options).await.expect("the database answers");
    Bare { connection, url, _folder: folder, _database: database }
}

async fn service(url: &str, seed: u64) -> (Service, Arc<MovableClock>) {
    let clock = Arc::new(MovableClock::at(BEGINNING));
    let database = Database::connect(url).await.expect("the database answers");
    let card = TestCard::new(database.clone(), clock.clone());
    let service = Service {
        payments: Payments { card: Some(Arc::new(card)), notice_secret: None },
        database,
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(seed)),
        vault: Arc::new(Vault::new(1, &[7; 32])),
        sign_in_limits: Arc::new(SignInLimits::default()),
        counts: Arc::default(),
        live: live::Live::default(),
        outside: service::directories::outside::Outside::default(),
        base_url: Arc::from("https://benefits.example"),
    };
    (service, clock)
}

async fn prepare(url: &str, loaded: bool) -> Service {
    let (service, _) = service(url, 1).await;
    service.database.migrate().await.expect("the schema");
    if loaded {
        sample_programme::load(&service).await.expect("the sample programme");
    }
    service
}

/// The bytes of a SQLite file, with or without the sample programme.
async fn sqlite_template(loaded: bool) -> &'static [u8] {
    static EMPTY: OnceCell<Vec<u8>> = OnceCell::const_new();
    static LOADED: OnceCell<Vec<u8>> = OnceCell::const_new();
    let template = if loaded { &LOADED } else { &EMPTY };
    template
        .get_or_init(|| async {
            let folder = TempDir::new().expect("a folder");
            let path = folder.path().join("template.db");
            let service = prepare(&format!("sqlite://{}", path.display()), loaded).await;
            // What is still in the write-ahead log belongs to the copy too.
            let copy = folder.path().join("copy.db");
            let text = format!("vacuum into '{}'", copy.display());
            service.database.reader().execute_unprepared(&text).await.expect("a copy");
            std::fs::read(copy).expect("the copy")
        })
        .await
}

/// The name of a PostgreSQL database, with or without the sample programme.
async fn postgres_template(loaded: bool) -> &'static str {
    static EMPTY: OnceCell<String> = OnceCell::const_new();
    static LOADED: OnceCell<String> = OnceCell::const_new();
    let template = if loaded { &LOADED } else { &EMPTY };
    template
        .get_or_init(|| async {
            drop_old_templates().await;
            let kind = if loaded { "loaded" } else { "empty" };
            let name = format!("benefits_template_{}_{}_{kind}", milliseconds(), std::process::id());
            on_server(&format!("create database {name}")).await;
            let service = prepare(&postgres_url(&name), loaded).await;
            // A database that somebody is connected to can't be copied.
            service.database.reader().clone().close().await.expect("closed");
            name
        })
        .await
}

/// A process can't drop its own templates when it ends, so the next one drops those of an hour ago.
async fn drop_old_templates() {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let server = connect_to_server().await;
    let text = "select cast(datname as text) as name from pg_database
        where datname like 'benefits_template_%' or datname like 'benefits_stage_%'";
    for row in sql::all::<Row>(&server, text, []).await.expect("the databases") {
        let made = row.name.split('_').nth(2).and_then(|part| part.parse::<u128>().ok());
        if made.is_some_and(|made| made + 3_600_000 < milliseconds()) {
            // Another process may have been faster.
            let _ = server
                .execute_unprepared(&format!("drop database if exists {} with (force)", row.name))
                .await;
        }
    }
    server.close().await.expect("closed");
}

fn milliseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis()
}

fn server_url() -> String {
    std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!(
            "These tests need a PostgreSQL server: `cargo xtask test` starts one, or set TEST_POSTGRES_URL \
             to one where databases can be created."
        )
    })
}

/// The address of a database on the test server.
fn postgres_url(name: &str) -> String {
    let url = server_url();
    let (address, options) = url.split_once('?').map_or((url.as_str(), None), |(a, o)| (a, Some(o)));
    let scheme = address.find("://").map_or(0, |at| at + 3);
    let server = address[scheme..].find('/').map_or(address, |at| &address[..scheme + at]);
    options.map_or_else(|| format!("{server}/{name}"), |options| format!("{server}/{name}?{options}"))
}

async fn connect_to_server() -> sea_orm::DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(server_url());
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.expect("the server at TEST_POSTGRES_URL answers")
}

async fn on_server(text: &str) {
    let server = connect_to_server().await;
    server.execute_unprepared(text).await.expect("the server does it");
    server.close().await.expect("closed");
}

/// A database of one test, dropped with it.
struct PostgresDatabase(String);

impl PostgresDatabase {
    async fn copy_of(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("benefits_stage_{}_{}_{count}", milliseconds(), std::process::id());
        on_server(&format!("create database {name} template {template}")).await;
        Self(name)
    }

    fn url(&self) -> String {
        postgres_url(&self.0)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let text = format!("drop database if exists {} with (force)", self.0);
        // The test's own runtime is busy with the end of the test.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(on_server(&text));
            }
        });
        let _ = dropping.join();
    }
}

impl Stage {
    /// How the database would go about a statement by its indexes, in one text.
    pub async fn plan(&self, text: &str) -> String {
        let connection = self.service.database.begin().await.expect("begins");
        let explained = if self.service.database.is_postgres() {
            connection.execute_unprepared("set local enable_seqscan = off").await.expect("set");
            connection.execute_unprepared("set local enable_bitmapscan = off").await.expect("set");
            format!("explain {text}")
        } else {
            format!("explain query plan {text}")
        };
        let statement = sea_orm::Statement::from_string(self.service.database.backend(), explained);
        let rows = connection.query_all_raw(statement).await.expect("a plan");
        let column = if self.service.database.is_postgres() { "QUERY PLAN" } else { "detail" };
        rows.iter()
            .map(|row| row.try_get::<String>("", column).expect("a line"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// A request of somebody, in the organization that they have been in longest.
    pub async fn person(&self, email: &str) -> Request {
        self.request_of(email, None).await
    }

    /// A request of somebody who serves several companies, in the one of that domain.
    pub async fn person_in(&self, email: &str, company_domain: &str) -> Request {
        self.request_of(email, Some(company_domain)).await
    }

    async fn request_of(&self, email: &str, company_domain: Option<&str>) -> Request {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: Uuid,
            person_id: Uuid,
            organization_id: Uuid,
            full_name: String,
            email: String,
            language: String,
            time_zone: String,
            roles: Option<String>,
        }
        let text = "select a.id as account_id, p.id as person_id, o.id as organization_id, a.full_name, a.email,
                a.language, o.time_zone,
                (select string_agg(r.role, ',') from person_role r where r.person_id = p.id) as roles
            from account a join person p on p.account_id = a.id join organization o on o.id = p.organization_id
            where a.email_key = $1 and ($2 = '' or o.domain = $2)
            order by p.created_at, o.id limit 1";
        let values = [email.to_lowercase().into(), company_domain.unwrap_or_default().into()];
        let row = sql::one::<Row>(self.service.database.reader(), text, values).await.expect("people");
        let row = row.unwrap_or_else(|| panic!("nobody is {email} in {company_domain:?}"));
        let roles = row.roles.unwrap_or_default();
        request(Actor::Person(Person {
            account: AccountId(row.account_id),
            id: PersonId(row.person_id),
            organization: OrganizationId(row.organization_id),
            roles: Roles::new(roles.split(',').filter_map(Role::from_code)),
            name: row.full_name,
            email: row.email,
            language: Language::from_tag(&row.language).expect("a language"),
            time_zone: row.time_zone,
        }))
    }

    /// A request of an operator.
    pub async fn operator(&self, email: &str) -> Request {
        #[derive(FromQueryResult)]
        struct Row {
            id: Uuid,
            full_name: String,
            language: String,
            roles: String,
        }
        let text = "select a.id, a.full_name, a.language, string_agg(r.role, ',') as roles
            from account a join operator_role r on r.account_id = a.id
            where a.email_key = $1 group by a.id, a.full_name, a.language";
        let row = sql::one::<Row>(self.service.database.reader(), text, [email.to_lowercase().into()]).await;
        let row = row.expect("operators").unwrap_or_else(|| panic!("no operator is {email}"));
        request(Actor::Operator(Operator {
            account: AccountId(row.id),
            roles: row.roles.split(',').filter_map(OperatorRole::from_code).collect(),
            name: row.full_name,
            language: Language::from_tag(&row.language).expect("a language"),
        }))
    }

    /// A request of nobody.
    pub fn nobody(&self) -> Request {
        request(Actor::Nobody)
    }

    /// A request of the worker.
    pub fn worker(&self) -> Request {
        request(Actor::Worker)
    }

    /// An operation id that was not used before.
    pub fn operation(&self) -> OperationId {
        let number = self.operations.fetch_add(1, Ordering::Relaxed);
        OperationId::parse(&format!("test-operation-{number}")).expect("an operation id")
    }

    /// A company.
    pub async fn organization(&self, company_domain: &str) -> OrganizationId {
        let text = "select id from organization where domain = $1";
        OrganizationId(self.id(text, [company_domain.into()]).await)
    }

    /// A company's grant of a product from a source; where several areas have one, the first by code.
    pub async fn grant(&self, company_domain: &str, product_code: &str, source: &str) -> GrantId {
        let text = "select g.id from benefit_grant g join organization o on o.id = g.organization_id
            join product p on p.id = g.product_id
            where o.domain = $1 and p.code = $2 and g.source = $3 order by g.area, g.id limit 1";
        GrantId(self.id(text, [company_domain.into(), product_code.into(), source.into()]).await)
    }

    /// A company's grant of a product that a competency area adds.
    pub async fn grant_in_area(&self, company_domain: &str, product_code: &str, area: &str) -> GrantId {
        let text = "select g.id from benefit_grant g join organization o on o.id = g.organization_id
            join product p on p.id = g.product_id
            where o.domain = $1 and p.code = $2 and g.source = 'select_competency' and g.area = $3";
        GrantId(self.id(text, [company_domain.into(), product_code.into(), area.into()]).await)
    }

    /// A person of a company.
    pub async fn person_id(&self, email: &str, company_domain: &str) -> PersonId {
        let text = "select p.id from person p join account a on a.id = p.account_id
            join organization o on o.id = p.organization_id where a.email_key = $1 and o.domain = $2";
        PersonId(self.id(text, [email.to_lowercase().into(), company_domain.into()]).await)
    }

    /// The id that a query finds.
    pub async fn id<const N: usize>(&self, text: &str, values: [sea_orm::Value; N]) -> Uuid {
        #[derive(FromQueryResult)]
        struct Row {
            id: Uuid,
        }
        let asked = format!("{values:?}");
        let row = sql::one::<Row>(self.service.database.reader(), text, values).await.expect("a query");
        row.unwrap_or_else(|| panic!("nothing for {asked} in: {text}")).id
    }

    /// The mail to an address, the oldest first.
    pub async fn mails(&self, email: &str) -> Vec<mail::Model> {
        let text = "select * from mail where lower(recipient) = $1 order by created_at, id";
        let values = [email.to_lowercase().into()];
        sql::all(self.service.database.reader(), text, values).await.expect("mail")
    }

    /// The link in the last invitation of an address.
    pub async fn invitation_link(&self, email: &str) -> String {
        let mails = self.mails(email).await;
        let invites = |kind: &str| matches!(kind, "invitation" | "operator_invited");
        let mail = mails.iter().rfind(|mail| invites(&mail.kind)).expect("an invitation");
        let sealed = mail.secret.as_ref().expect("a link that hasn't gone out");
        let link = self.service.vault.open(&format!("mail/{}", mail.id), sealed).expect("opens");
        link[link.find("/invitation/").expect("a path")..].to_owned()
    }

    /// Codes of the roles that an address has, in whichever company.
    pub async fn roles(&self, email: &str) -> Vec<String> {
        #[derive(FromQueryResult)]
        struct Row {
            role: String,
        }
        let text = "select r.role from person_role r join person p on p.id = r.person_id
            join account a on a.id = p.account_id where a.email_key = $1 order by r.role";
        let values = [email.to_lowercase().into()];
        let rows = sql::all::<Row>(self.service.database.reader(), text, values).await.expect("roles");
        rows.into_iter().map(|row| row.role).collect()
    }

    /// Gives somebody a second factor; a Global admin can require a directory with it.
    pub async fn break_glass(&self, email: &str) {
        let text = "insert into second_factor (account_id, secret, begun_at, confirmed_at)
            select id, $1, 1, 1 from account where email_key = $2 on conflict do nothing";
        self.run(text, [vec![1_u8, 2, 3].into(), email.into()]).await;
    }

    /// Sets a policy of the programme.
    pub async fn set_policy(&self, name: &str, value: &str) {
        let text = "insert into policy (name, value) values ($1, $2)
            on conflict (name) do update set value = excluded.value";
        self.run(text, [name.into(), value.into()]).await;
    }

    /// The number that a query gives as `number`.
    pub async fn count(&self, text: &str) -> i64 {
        sql::number(self.service.database.reader(), text, []).await.expect("a number")
    }

    /// Changes rows behind the back of the use cases, to set a scene.
    pub async fn run<const N: usize>(&self, text: &str, values: [sea_orm::Value; N]) -> u64 {
        let transaction = self.service.database.begin().await.expect("a transaction");
        let touched = sql::run(&transaction, text, values).await.expect("a change");
        transaction.commit().await.expect("committed");
        touched
    }

    /// Beside every name stands the text that it is found and sorted by.
    pub async fn names_are_folded(&self) {
        #[derive(FromQueryResult)]
        struct Row {
            text: String,
            folded: Option<String>,
        }
        for (rows, text, folded) in [
            ("account", "full_name", "name_key"),
            ("account", "email", "email_key"),
            ("organization", "name", "name_key"),
            ("person p join account a on a.id = p.account_id", "a.full_name", "p.sort_name"),
            ("product_text", "name", "name_key"),
            ("offer_text", "name", "name_key"),
            ("service_request", "title", "title_key"),
            ("mail", "subject", "subject_key"),
            ("mail", "recipient", "recipient_key"),
            ("queue_view", "name", "name_key"),
            ("provisioned_group", "display_name", "display_name_key"),
            ("provisioned_person", "user_name", "user_name_key"),
            ("provisioned_person", "display_name", "display_name_key"),
            ("provisioned_person", "formatted_name", "formatted_name_key"),
            ("provisioned_person", "given_name", "given_name_key"),
            ("provisioned_person", "family_name", "family_name_key"),
        ] {
            let query =
                format!("select {text} as text, {folded} as folded from {rows} where {text} is not null");
            let found = sql::all::<Row>(self.service.database.reader(), &query, []).await.expect("reads");
            for row in found {
                assert_eq!(row.folded, Some(sql::folded(&row.text)), "{folded} of {rows}");
            }
        }
    }

    /// Whether every audit chain is whole, the programme's own included.
    pub async fn audit_intact(&self) -> bool {
        let chains = audit::verify(&self.service.database).await.expect("chains");
        chains.iter().all(|chain| chain.broken.is_none())
    }
}

fn request(actor: Actor) -> Request {
    Request { actor, address: "192.0.2.7".to_owned(), id: "test".to_owned() }
}
