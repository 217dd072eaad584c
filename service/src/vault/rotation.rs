//! Changing the keys: a new one seals at once, and what stands under old ones is sealed anew, a batch
//! at a time, while everything goes on. It can stop anywhere and go on later.

use std::collections::BTreeMap;

use domain::AuditAction;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::failure::Failure;
use crate::request::Request;
use crate::{Database, Outcome, Service, sql};

/// So many rows are sealed anew in one transaction.
const BATCH: u32 = 200;

/// A column of sealed secrets.
pub struct SealedColumn {
    /// Table.
    pub table: &'static str,
    /// The column that names a row.
    pub id: &'static str,
    /// Column.
    pub column: &'static str,
    /// The place that the secret of a row is bound to.
    pub place: fn(Uuid) -> String,
}

/// Every column of sealed secrets. A test compares it with the schema.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn {
        table: "product_key",
        id: "id",
        column: "ciphertext",
        place: |id| format!("product_key/{id}"),
    },
    SealedColumn {
        table: "activation",
        id: "id",
        column: "access_id",
        place: |id| format!("activation/{id}/access_id"),
    },
    SealedColumn {
        table: "activation",
        id: "id",
        column: "contract_id",
        place: |id| format!("activation/{id}/contract_id"),
    },
    SealedColumn {
        table: "key_import_chunk",
        id: "id",
        column: "sealed",
        place: |id| crate::keys::import::chunk_place(id),
    },
    SealedColumn { table: "mail", id: "id", column: "secret", place: |id| format!("mail/{id}") },
    SealedColumn {
        table: "second_factor",
        id: "account_id",
        column: "secret",
        place: |id| format!("second_factor/{id}"),
    },
    SealedColumn {
        table: "directory",
        id: "id",
        column: "client_secret",
        place: |id| crate::directories::secret_place(id),
    },
];

/// Columns of secrets that end within minutes: they aren't sealed anew, the old key just stays until they
/// are gone.
pub const PASSING: &[(&str, &str)] = &[("directory_sign_in", "secret")];

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    sealed: Vec<u8>,
}

/// How many secrets are sealed under which key.
///
/// # Errors
/// [`Failure::Database`].
pub async fn under(database: &Database) -> Outcome<BTreeMap<u8, i64>> {
    #[derive(FromQueryResult)]
    struct Counted {
        key: Vec<u8>,
        secrets: i64,
    }
    let parts: Vec<String> = SEALED
        .iter()
        .map(|SealedColumn { table, column, .. }| (*table, *column))
        .chain(PASSING.iter().copied())
        .map(|(table, column)| {
            format!("select substr({column}, 1, 1) as key from {table} where {column} is not null")
        })
        .collect();
    let text = format!(
        "select key, count(*) as secrets from ({}) s group by key order by key",
        parts.join(" union all ")
    );
    let rows = sql::all::<Counted>(database.reader(), &text, []).await?;
    // What is empty was never sealed; it counts as under a key that there is none of.
    Ok(rows.into_iter().map(|row| (row.key.first().copied().unwrap_or(0), row.secrets)).collect())
}

/// Whether the keys are those that the secrets were sealed under: opens one of every column.
///
/// # Errors
/// [`Failure::Broken`] with the place of a secret that doesn't open.
pub async fn check(service: &Service) -> Outcome<()> {
    for SealedColumn { table, id, column, place } in SEALED {
        let text = format!(
            "select {id} as id, {column} as sealed from {table} where {column} is not null order by {id} limit 1"
        );
        if let Some(Row { id, sealed }) = sql::one::<Row>(service.database.reader(), &text, []).await? {
            service.vault.open(&place(id), &sealed)?;
        }
    }
    Ok(())
}

/// Seals some secrets anew under the latest key, in one transaction for each column. Gives how many; none
/// is left once there are none.
///
/// # Errors
/// [`Failure::Broken`] with the place of a secret that doesn't open; nothing of its batch is changed.
pub async fn reseal_some(service: &Service) -> Outcome<u64> {
    let active = service.vault.active();
    let mut count = 0;
    for SealedColumn { table, id: name, column, place } in SEALED {
        let transaction = service.database.begin().await?;
        let text = format!(
            "select {name} as id, {column} as sealed from {table}
            where {column} is not null and substr({column}, 1, 1) <> $1 order by {name} limit {BATCH}"
        );
        for Row { id, sealed } in sql::all::<Row>(&transaction, &text, [vec![active].into()]).await? {
            let place = place(id);
            let secret = service.vault.open(&place, &sealed)?;
            let anew = service.vault.seal(&*service.random, &place, &secret)?;
            // Whoever changed it meanwhile has sealed it as well.
            let text = format!("update {table} set {column} = $2 where {name} = $1 and {column} = $3");
            count += sql::run(&transaction, &text, [id.into(), anew.into(), sealed.into()]).await?;
        }
        transaction.commit().await?;
    }
    Ok(count)
}

/// Records a new key. `keep` puts it where it is kept; the event is written only if that succeeds.
///
/// # Errors
/// What `keep` says; [`Failure::Database`].
pub async fn start<E: From<Failure>>(
    service: &Service,
    number: u8,
    keep: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    change.record(Event::new(programme_chain(), AuditAction::KeysRotated, "key", number).after("made"));
    keep()?;
    Ok(change.commit(()).await?)
}

/// Records that nothing is under old keys any more, and which of them were forgotten.
///
/// # Errors
/// [`Failure::Database`].
pub async fn finish(service: &Service, resealed: u64, forgotten: &[u8]) -> Outcome<()> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    let mut after = format!("sealed anew {resealed}");
    if !forgotten.is_empty() {
        let numbers: Vec<String> = forgotten.iter().map(u8::to_string).collect();
        after.push_str(&format!("; forgotten {}", numbers.join(", ")));
    }
    let active = service.vault.active();
    change.record(Event::new(programme_chain(), AuditAction::KeysRotated, "key", active).after(after));
    change.commit(()).await
}
