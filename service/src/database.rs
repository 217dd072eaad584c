//! The database: SQLite with one writer and several readers, or PostgreSQL with one pool.

use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::{
    AccessMode, ConnectOptions, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

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

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// The driver's error; what was applied before stays.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        migrations::Migrator::up(&self.writer, None).await
    }

    /// How many migrations are still to be applied.
    ///
    /// # Errors
    /// The driver's error.
    pub async fn pending_migrations(&self) -> Result<usize, DbErr> {
        Ok(migrations::Migrator::get_pending_migrations(&self.writer).await?.len())
    }

    /// For queries that change nothing.
    #[must_use]
    pub const fn reader(&self) -> &DatabaseConnection {
        &self.reader
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
