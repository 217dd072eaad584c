//! A copy of the database: made while everything goes on, and looked at as a whole before it is believed.

use std::collections::BTreeMap;
use std::path::Path;

use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::{Database, Outcome, audit, sql, vault};

/// What was found in a database.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Examined {
    /// The migrations that were applied, in order.
    pub applied: Vec<String>,
    /// Chains of the audit trail, and events in them.
    pub chains: usize,
    /// Events in them.
    pub events: i64,
    /// How many secrets are sealed under which key of the secret file.
    pub under: BTreeMap<u8, i64>,
    /// What isn't as it should be, a sentence each.
    pub faults: Vec<String>,
}

/// Writes a copy of a SQLite database as it is at one moment, whatever is written meanwhile.
///
/// # Errors
/// [`crate::Failure::Database`], as where the disk is full.
pub async fn copy(database: &Database, to: &Path) -> Outcome<()> {
    let to = to.display().to_string().replace('\'', "''");
    database.reader().execute_unprepared(&format!("vacuum into '{to}'")).await?;
    Ok(())
}

/// Looks at a whole database: its pages and references where it is SQLite, its version, every chain of the audit
/// trail, the keys that it needs.
///
/// # Errors
/// [`crate::Failure::Database`] where it can't be read.
pub async fn examine(database: &Database) -> Outcome<Examined> {
    let mut examined = Examined::default();
    if !database.is_postgres() {
        pages(database, &mut examined.faults).await?;
    }
    examined.applied = match database.applied_migrations().await {
        Ok(applied) => applied,
        Err(_) => {
            examined.faults.push("it is no database of this program".to_owned());
            return Ok(examined);
        }
    };
    let unknown: Vec<&str> = Database::without_migration(&examined.applied).collect();
    if !unknown.is_empty() {
        let unknown = unknown.join(", ");
        examined
            .faults
            .push(format!("it was written by a later version of this program, which has {unknown}"));
        return Ok(examined);
    }
    if !database.is_current().await? {
        // Tables that a chain or a key is looked for in may not be there yet; the migration comes first.
        return Ok(examined);
    }
    for chain in audit::verify(database).await? {
        examined.chains += 1;
        examined.events += chain.events;
        if let Some(sequence) = chain.broken {
            let whose = chain.name.unwrap_or_else(|| "the programme".to_owned());
            examined.faults.push(format!("the audit trail of {whose} is broken at {sequence}"));
        }
    }
    examined.under = vault::under(database).await?;
    Ok(examined)
}

async fn pages(database: &Database, faults: &mut Vec<String>) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Found {
        integrity_check: String,
    }
    #[derive(FromQueryResult)]
    struct Dangling {
        table: String,
        parent: String,
    }
    let found = sql::all::<Found>(database.reader(), "pragma integrity_check(5)", []).await?;
    faults.extend(found.into_iter().map(|row| row.integrity_check).filter(|said| said != "ok"));
    let dangling = sql::all::<Dangling>(database.reader(), "pragma foreign_key_check", []).await?;
    if let Some(Dangling { table, parent }) = dangling.first() {
        faults.push(format!("{} rows refer to nothing, the first in {table} to {parent}", dangling.len()));
    }
    Ok(())
}
