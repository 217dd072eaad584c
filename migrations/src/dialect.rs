//! One schema text for both databases: types that differ are written `{uuid}` and `{bytes}`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};

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

/// Lets a column have more values than its check was written with: `from` and `to` are the check as it
/// stands in the schema text. No row is touched.
///
/// SQLite has no statement for it; its documentation describes this way for a check that no row breaks.
pub async fn widen_check(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
    check: (&str, &str),
) -> Result<(), DbErr> {
    rewrite_check(manager, table, &format!("{table}_{column}_check"), check).await
}

/// Puts another check in the place of one, which PostgreSQL knows by its name. No row is touched, so the new one
/// must hold for every row that the old one held for.
pub async fn rewrite_check(
    manager: &SchemaManager<'_>,
    table: &str,
    name: &str,
    (from, to): (&str, &str),
) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Postgres {
        for statement in [
            format!("alter table {table} drop constraint {name}"),
            format!("alter table {table} add constraint {name} {to}"),
        ] {
            connection.execute_unprepared(&statement).await?;
        }
        return Ok(());
    }
    rewrite_definition(manager, table, from, to).await
}

/// Refuses rows without a value in a column that every row has one in. `column` is the column as it was added.
pub async fn require(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        let name = column.split(' ').next().unwrap_or(column);
        let statement = format!("alter table {table} alter column {name} set not null");
        manager.get_connection().execute_unprepared(&statement).await?;
        return Ok(());
    }
    rewrite_definition(manager, table, column, &format!("{column} not null")).await
}

/// Changes a table's definition where it stands, as SQLite's documentation describes it.
async fn rewrite_definition(
    manager: &SchemaManager<'_>,
    table: &str,
    from: &str,
    to: &str,
) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let backend = manager.get_database_backend();
    let row = connection
        .query_one_raw(Statement::from_string(backend, "pragma schema_version"))
        .await?
        .ok_or_else(|| DbErr::Migration("no schema version".to_owned()))?;
    let version: i64 = row.try_get_by_index(0)?;
    connection.execute_unprepared("pragma writable_schema = on").await?;
    let statement = Statement::from_sql_and_values(
        backend,
        "update sqlite_schema set sql = replace(sql, $1, $2)
            where type = 'table' and name = $3 and instr(sql, $1) > 0",
        [from.into(), to.into(), table.into()],
    );
    let changed = connection.execute_raw(statement).await?.rows_affected();
    connection.execute_unprepared(&format!("pragma schema_version = {}", version + 1)).await?;
    connection.execute_unprepared("pragma writable_schema = off").await?;
    if changed == 1 { Ok(()) } else { Err(DbErr::Migration(format!("{table} has no {from}"))) }
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
