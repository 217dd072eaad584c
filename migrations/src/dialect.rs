//! One schema text for both databases: types that differ are written `{uuid}` and `{bytes}`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Runs the statements of a schema text after filling in the database's own type names.
pub async fn run(manager: &SchemaManager<'_>, schema: &str) -> Result<(), DbErr> {
    let postgres = manager.get_database_backend() == DbBackend::Postgres;
    let (uuid, bytes) = if postgres { ("uuid", "bytea") } else { ("blob", "blob") };
    let schema = schema.replace("{uuid}", uuid).replace("{bytes}", bytes);
    for statement in schema.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Runs the text that belongs to the database at hand: triggers have no common language.
pub async fn run_own(manager: &SchemaManager<'_>, sqlite: &[&str], postgres: &[&str]) -> Result<(), DbErr> {
    let statements = if manager.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite };
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Defines a migration that creates a schema text, and has no way back: data is worth more.
macro_rules! schema_migration {
    ($name:literal, $run:expr) => {
        crate::dialect::schema_migration!($name, $run, None);
    };
    // All or nothing on SQLite, too, which else commits each statement.
    ($name:literal, $run:expr, in one transaction) => {
        crate::dialect::schema_migration!($name, $run, Some(true));
    };
    ($name:literal, $run:expr, $transaction:expr) => {
        use sea_orm_migration::prelude::*;

        pub struct Migration;

        impl MigrationName for Migration {
            fn name(&self) -> &str {
                $name
            }
        }

        #[async_trait::async_trait]
        impl MigrationTrait for Migration {
            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                $run(manager).await
            }

            fn use_transaction(&self) -> Option<bool> {
                $transaction
            }
        }
    };
}
pub(crate) use schema_migration;
