//! What the product is compared with: the same work by hand, directly on the driver, in processes of
//! their own on the same core.

pub mod argon;
pub mod by_hand;
pub mod pages;
pub mod statements;

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{PgPool, SqlitePool};

use crate::Outcome;

/// A pool of connections, with the product's settings.
#[derive(Clone)]
pub enum Pool {
    /// A file.
    Sqlite(SqlitePool),
    /// A server.
    Postgres(PgPool),
}

impl Pool {
    /// Connects.
    ///
    /// # Errors
    /// The driver's.
    pub async fn connect(url: &str, connections: u32) -> Outcome<Self> {
        if url.starts_with("postgres") {
            return Ok(Self::Postgres(PgPoolOptions::new().max_connections(connections).connect(url).await?));
        }
        let options = SqliteConnectOptions::from_str(url)?
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("cache_size", "-16000");
        let pool = SqlitePoolOptions::new().max_connections(connections).connect_with(options).await?;
        Ok(Self::Sqlite(pool))
    }
}
