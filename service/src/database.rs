//! The database: SQLite with one writer and several readers, or PostgreSQL with one pool.

use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::{
    AccessMode, ConnectOptions, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, FromQueryResult,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

use crate::sql;

/// The lock that whoever brings a PostgreSQL schema up to date holds; the number stands for nothing else.
const MIGRATING: i64 = 0x6265_6e65_6669_7473;

/// Where everything is kept.
#[derive(Clone, Debug)]
pub struct Database {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

impl Database {
    /// Connects to `sqlite://PATH` or `postgres://…`; a SQLite file is created where it is missing.
    ///
    /// SQLite runs with WAL, `synchronous=FULL`, foreign keys and one writer: an acknowledged change
    /// survives a power cut, and nobody is told that the database is locked.
    ///
    /// # Errors
    /// The driver's error where the address is wrong or nobody answers.
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        if url.starts_with("postgres") {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(16)
                .acquire_timeout(Duration::from_secs(8))
                .connect_timeout(Duration::from_secs(8))
                .sqlx_logging(false);
            let connection = sea_orm::Database::connect(options).await?;
            return Ok(Self { writer: connection.clone(), reader: connection });
        }
        let options = |connections: u32| {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(Duration::from_secs(30))
                .sqlx_logging(false)
                .map_sqlx_sqlite_opts(|sqlite| {
                    sqlite
                        .create_if_missing(true)
                        .foreign_keys(true)
                        .busy_timeout(Duration::from_secs(10))
                        .pragma("journal_mode", "WAL")
                        .pragma("synchronous", "FULL")
                        .pragma("cache_size", "-16000")
                })
                .map_sqlx_sqlite_pool_opts(|pool| {
                    pool.after_release(|connection, _| {
                        // SQLite ends a transaction by itself where the disk is full, and the driver goes
                        // on counting it: everything later would be inside it, acknowledged and lost.
                        let clean = !connection.is_in_transaction();
                        Box::pin(async move { Ok(clean) })
                    })
                });
            options
        };
        let writer = sea_orm::Database::connect(options(1)).await?;
        let reader = sea_orm::Database::connect(options(4)).await?;
        Ok(Self { writer, reader })
    }

    /// Opens a SQLite file that nobody writes to, only to be looked at: nothing is written, not even beside it.
    ///
    /// # Errors
    /// The driver's error where there is no such file, or it is none of SQLite's.
    pub async fn look_at(path: &std::path::Path) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new("sqlite://copy?mode=ro&immutable=true");
        let path = path.to_owned();
        options
            .max_connections(2)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path));
        let connection = sea_orm::Database::connect(options).await?;
        Ok(Self { writer: connection.clone(), reader: connection })
    }

    /// Brings the schema up to date. Servers that start at the same moment wait for each other.
    ///
    /// # Errors
    /// The driver's error; what was applied before stays.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        if !self.is_postgres() {
            return migrations::Migrator::up(&self.writer, None).await;
        }
        // Held by a connection of its own until it ends, however that is.
        let turn = self.begin().await?;
        sql::run(&turn, "select pg_advisory_xact_lock($1)", [MIGRATING.into()]).await?;
        migrations::Migrator::up(&self.writer, None).await?;
        turn.commit().await
    }

    /// How many migrations are still to be applied.
    ///
    /// # Errors
    /// The driver's error.
    pub async fn pending_migrations(&self) -> Result<usize, DbErr> {
        Ok(migrations::Migrator::get_pending_migrations(&self.writer).await?.len())
    }

    /// Whether everything that this version of the program needs has been applied; what a later version
    /// applied besides doesn't matter. Nothing is written.
    ///
    /// # Errors
    /// The driver's error, also where there is no schema at all.
    pub async fn is_current(&self) -> Result<bool, DbErr> {
        let applied = self.applied_migrations().await?;
        Ok(migrations::Migrator::migrations()
            .iter()
            .all(|needed| applied.iter().any(|name| name == needed.name())))
    }

    /// The names of the migrations that were applied, in their order.
    ///
    /// # Errors
    /// The driver's error, also where there is no schema at all.
    pub async fn applied_migrations(&self) -> Result<Vec<String>, DbErr> {
        #[derive(FromQueryResult)]
        struct Applied {
            version: String,
        }
        let text = "select version from seaql_migrations order by version";
        let applied = sql::all::<Applied>(&self.reader, text, []).await?;
        Ok(applied.into_iter().map(|row| row.version).collect())
    }

    /// Those of these migrations that this version of the program doesn't know.
    pub fn without_migration(applied: &[String]) -> impl Iterator<Item = &str> {
        let known = migrations::Migrator::migrations();
        let known: Vec<String> = known.iter().map(|known| known.name().to_owned()).collect();
        applied.iter().map(String::as_str).filter(move |name| !known.iter().any(|known| known == name))
    }

    /// Whether there is no table at all.
    ///
    /// # Errors
    /// The driver's error.
    pub async fn is_empty(&self) -> Result<bool, DbErr> {
        let text = if self.is_postgres() {
            "select count(*) as number from pg_catalog.pg_class c
                join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'
                    and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')"
        } else {
            "select count(*) as number from sqlite_master"
        };
        Ok(sql::number(&self.reader, text, []).await? == 0)
    }

    /// The time by the database's clock, in milliseconds since 1970.
    ///
    /// # Errors
    /// The driver's error.
    pub async fn clock(&self) -> Result<i64, DbErr> {
        let text = if self.is_postgres() {
            "select (extract(epoch from clock_timestamp()) * 1000)::bigint as number"
        } else {
            "select cast(unixepoch('subsec') * 1000 as integer) as number"
        };
        sql::number(&self.reader, text, []).await
    }

    /// Lets all connections go, once what is under way has ended.
    ///
    /// # Errors
    /// The driver's error.
    pub async fn close(self) -> Result<(), DbErr> {
        self.writer.close().await?;
        self.reader.close().await
    }

    /// Connections of each pool: its name, how many are open, how many of them are idle.
    #[must_use]
    pub fn connections(&self) -> Vec<(&'static str, u32, usize)> {
        if self.is_postgres() {
            let pool = self.writer.get_postgres_connection_pool();
            return vec![("all", pool.size(), pool.num_idle())];
        }
        let of = |name, connection: &DatabaseConnection| {
            let pool = connection.get_sqlite_connection_pool();
            (name, pool.size(), pool.num_idle())
        };
        vec![of("write", &self.writer), of("read", &self.reader)]
    }

    /// For queries that change nothing.
    #[must_use]
    pub const fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For one statement that changes something by itself: it is its own transaction.
    #[must_use]
    pub const fn alone(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction that may write; on SQLite it waits for its turn here, not later.
    ///
    /// # Errors
    /// The driver's error where the database is busy or away.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.writer
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }

    /// Begins to read one state of the database, whatever is written meanwhile.
    ///
    /// # Errors
    /// The driver's error where the database is busy or away.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        // SQLite has no other way to read than this.
        let levels = self.is_postgres().then_some((IsolationLevel::RepeatableRead, AccessMode::ReadOnly));
        let (isolation_level, access_mode) = levels.unzip();
        self.reader
            .begin_with_options(TransactionOptions {
                isolation_level,
                access_mode,
                ..TransactionOptions::default()
            })
            .await
    }

    /// Hears of every statement once it has run, with how long it took; for measuring. It is set
    /// before the database is shared: copies made earlier stay silent.
    pub fn observe(&mut self, hear: impl Fn(&sea_orm::metric::Info<'_>) + Clone + Send + Sync + 'static) {
        self.writer.set_metric_callback(hear.clone());
        self.reader.set_metric_callback(hear);
    }

    /// Which of the two it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether it is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }
}
