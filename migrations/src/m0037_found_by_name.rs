//! What is found and sorted by its name has the name in small letters beside it, as `person.sort_name` has it: SQLite's
//! `lower` leaves every letter that isn't English as it is, and PostgreSQL's depends on the language of the database.
//! So does the order of texts there, unless a column says otherwise.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

crate::dialect::schema_migration!("m0037_found_by_name", up, in one transaction);

/// So many different texts are folded at once: each statement reads the table once.
const AT_ONCE: usize = 2_000;

/// Tables with the column that is read, and the one that is searched and sorted.
const KEYS: [(&str, &str, &str); 6] = [
    ("account", "full_name", "name_key"),
    ("organization", "name", "name_key"),
    ("product_text", "name", "name_key"),
    ("offer_text", "name", "name_key"),
    ("service_request", "title", "title_key"),
    ("mail", "subject", "subject_key"),
];

/// The same of what a program says about a person, which it may leave out.
const SAID: [(&str, &str); 4] = [
    ("display_name", "display_name_key"),
    ("formatted_name", "formatted_name_key"),
    ("given_name", "given_name_key"),
    ("family_name", "family_name_key"),
];

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for (table, text, key) in KEYS {
        add(manager, table, text, key).await?;
        crate::dialect::require(manager, table, &format!("{key} text")).await?;
    }
    for (text, key) in SAID {
        add(manager, "provisioned_person", text, key).await?;
    }
    addresses(manager).await?;
    crate::dialect::run_own(manager, &[], ORDERED_ALIKE).await
}

/// Adds a key and fills it.
async fn add(manager: &SchemaManager<'_>, table: &str, text: &str, key: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let backend = manager.get_database_backend();
    let (ordered, bytes) = if backend == DbBackend::Postgres {
        (" collate \"C\"", format!("octet_length({text})"))
    } else {
        ("", format!("length(cast({text} as blob))"))
    };
    for statement in [
        format!("alter table {table} add column {key} text{ordered}"),
        // English letters are folded alike everywhere, and most texts have no others.
        format!("update {table} set {key} = lower({text}{ordered}) where {bytes} = length({text})"),
        // Those that are left leave it as they are folded.
        format!("create index {table}_not_folded on {table} ({text}) where {key} is null"),
    ] {
        connection.execute_unprepared(&statement).await?;
    }
    let left = format!(
        "select distinct {text} from {table} where {key} is null and {text} > $1 order by {text} limit {AT_ONCE}"
    );
    let mut last = String::new();
    loop {
        let values = [last.as_str().into()];
        let rows =
            connection.query_all_raw(Statement::from_sql_and_values(backend, left.as_str(), values)).await?;
        let mut folded: Vec<Value> = Vec::with_capacity(2 * rows.len());
        for row in &rows {
            last = row.try_get_by_index(0)?;
            folded.push(last.as_str().into());
            folded.push(last.to_lowercase().into());
        }
        let places: Vec<String> = (1..=rows.len())
            .map(|row| format!("(cast(${} as text), cast(${} as text))", 2 * row - 1, 2 * row))
            .collect();
        if !places.is_empty() {
            let fold = format!(
                "update {table} set {key} = v.column2 from (values {}) v
                where {table}.{key} is null and {table}.{text} = v.column1",
                places.join(", ")
            );
            connection.execute_raw(Statement::from_sql_and_values(backend, fold, folded)).await?;
        }
        if places.len() < AT_ONCE {
            break;
        }
    }
    connection.execute_unprepared(&format!("drop index {table}_not_folded")).await?;
    Ok(())
}

/// Addresses of mail from before they had a key were folded by the database.
async fn addresses(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let backend = manager.get_database_backend();
    let bytes = if backend == DbBackend::Postgres {
        "octet_length(recipient)"
    } else {
        "length(cast(recipient as blob))"
    };
    let text =
        format!("select distinct recipient, recipient_key from mail where {bytes} <> length(recipient)");
    let fold = "update mail set recipient_key = $3 where recipient_key = $2 and recipient = $1";
    for row in connection.query_all_raw(Statement::from_string(backend, text)).await? {
        let recipient: String = row.try_get_by_index(0)?;
        let key: String = row.try_get_by_index(1)?;
        let folded = recipient.to_lowercase();
        if key != folded {
            let values = [recipient.into(), key.into(), folded.into()];
            connection.execute_raw(Statement::from_sql_and_values(backend, fold, values)).await?;
        }
    }
    Ok(())
}

/// The names that were sorted before are sorted on PostgreSQL as SQLite sorts them.
const ORDERED_ALIKE: &[&str] = &[
    "alter table person alter column sort_name type text collate \"C\"",
    "alter table queue_view alter column name_key type text collate \"C\"",
    "alter table provisioned_group alter column display_name_key type text collate \"C\"",
];
