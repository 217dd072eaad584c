//! Takes staged keys over, a chunk in one transaction: its keys, its faults, the position of the batch and the
//! end of the chunk are written together. So whoever is killed in between loses nothing and repeats nothing,
//! several workers don't get in each other's way, and others who write get their turn after each chunk.

use std::collections::HashSet;

use domain::benefit::ProductKind;
use domain::ids::KeyBatchId;
use domain::key_format::KeyFormat;
use domain::key_import;
use domain::view::key_pools::LineFault;
use domain::{AuditAction, ErrorCode};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::import::{chunk_place, unpacked};
use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::live::Changed;
use crate::request::Request;
use crate::{Failure, Outcome, Service, sql};

/// Rows of one statement.
const ROWS_AT_ONCE: usize = 250;

/// A chunk that waits.
#[derive(FromQueryResult)]
struct Waiting {
    id: Uuid,
    starts_at: i64,
    lines: i64,
    sealed: Vec<u8>,
    key_batch_id: Uuid,
    key_pool_id: Uuid,
    kind: String,
    key_format: Option<String>,
}

/// A key ready to be written.
struct Ready {
    id: Uuid,
    line: i64,
    hash: Vec<u8>,
    sealed: Vec<u8>,
    activations: Option<i64>,
}

/// What became of the lines of a chunk.
struct Taken {
    accepted: i64,
    faults: Vec<(i64, LineFault)>,
}

/// Takes the next chunk over; false once none waits.
///
/// # Errors
/// [`Failure::Database`]; [`Failure::Broken`] for a chunk that doesn't open. It stays as it is then.
pub async fn take_next(service: &Service) -> Outcome<bool> {
    let text =
        "select c.id, c.starts_at, c.lines, c.sealed, c.key_batch_id, b.key_pool_id, p.kind, b.key_format
        from key_import_chunk c join key_batch b on b.id = c.key_batch_id
        join key_pool k on k.id = b.key_pool_id join product p on p.id = k.product_id
        where b.state = 'importing' order by b.created_at, b.id, c.starts_at limit 1";
    let Some(chunk) = sql::one::<Waiting>(service.database.reader(), text, []).await? else {
        return Ok(false);
    };
    // What takes time comes before the transaction: nobody waits for it.
    let (ready, malformed) = open(service, &chunk)?;
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    if !claim(&change, &chunk).await? {
        // Somebody else has taken it, or the import was stopped.
        return Ok(true);
    }
    let mut taken = write_keys(&change.transaction, &chunk, ready).await?;
    let duplicate = taken.faults.len();
    taken.faults.extend(malformed.iter().map(|line| (*line, LineFault::Malformed)));
    write_faults(&change.transaction, chunk.key_batch_id, taken.faults).await?;
    let done = advance(&change, &chunk, taken.accepted, duplicate, malformed.len()).await?;
    if let Some(outcome) = done {
        change.record(
            Event::new(programme_chain(), AuditAction::KeysImported, "key_batch", chunk.key_batch_id)
                .after(outcome),
        );
    }
    change.tell(Changed::Queue);
    change.commit(()).await?;
    Ok(true)
}

/// How far the import of a batch is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Its lines.
    pub lines: i64,
    /// Lines that were looked at.
    pub position: i64,
    /// Keys that came.
    pub accepted: i64,
    /// Lines whose key was here already.
    pub duplicate: i64,
    /// Lines without a key.
    pub malformed: i64,
    /// Whether it is over.
    pub ended: bool,
}

/// How far the import of a batch is.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub async fn progress(service: &Service, batch: KeyBatchId) -> Outcome<Progress> {
    #[derive(FromQueryResult)]
    struct Row {
        lines: i64,
        position: i64,
        accepted: i64,
        duplicate: i64,
        malformed: i64,
        ended_at: Option<i64>,
    }
    let text =
        "select lines, position, accepted, duplicate, malformed, ended_at from key_batch where id = $1";
    let row = sql::one::<Row>(service.database.reader(), text, [batch.0.into()]).await?;
    let Row { lines, position, accepted, duplicate, malformed, ended_at } = row.ok_or(ErrorCode::NotFound)?;
    Ok(Progress { lines, position, accepted, duplicate, malformed, ended: ended_at.is_some() })
}

/// The lines of a batch that brought no key, in the file's order.
///
/// # Errors
/// [`Failure::Database`].
pub async fn faults(service: &Service, batch: KeyBatchId) -> Outcome<Vec<(i64, LineFault)>> {
    #[derive(FromQueryResult)]
    struct Row {
        line: i64,
        fault: String,
    }
    let text = "select line, fault from key_import_fault where key_batch_id = $1 order by line";
    let rows = sql::all::<Row>(service.database.reader(), text, [batch.0.into()]).await?;
    rows.into_iter()
        .map(|Row { line, fault }| {
            let fault = LineFault::from_code(&fault)
                .ok_or_else(|| Failure::broken("key_import_fault", "fault", batch))?;
            Ok((line, fault))
        })
        .collect()
}

/// Opens a chunk: its keys, hashed and sealed for their rows, and the lines without one.
fn open(service: &Service, chunk: &Waiting) -> Outcome<(Vec<Ready>, Vec<i64>)> {
    let kind = ProductKind::from_code(&chunk.kind)
        .ok_or_else(|| Failure::broken("product", "kind", chunk.key_pool_id))?;
    let takes_counts = kind == ProductKind::MultipleActivationKey;
    let format = match &chunk.key_format {
        Some(pattern) => KeyFormat::parse(pattern)
            .ok_or_else(|| Failure::broken("key_batch", "key_format", chunk.key_batch_id))?,
        None => KeyFormat::default(),
    };
    let text = service.vault.open(&chunk_place(chunk.id), &chunk.sealed)?;
    let (mut ready, mut malformed) = (Vec::new(), Vec::new());
    for line in unpacked(&text) {
        let Some(imported) = key_import::parse(line, &format, takes_counts) else {
            malformed.push(line.number);
            continue;
        };
        let id = service.new_id();
        let key = imported.key.as_str();
        ready.push(Ready {
            id,
            line: line.number,
            hash: service.vault.hash(&imported.key.identity()),
            sealed: service.vault.seal(&*service.random, &format!("product_key/{id}"), key)?,
            activations: imported.activations,
        });
    }
    if i64::try_from(ready.len() + malformed.len()) != Ok(chunk.lines) {
        return Err(Failure::broken("key_import_chunk", "lines", chunk.id));
    }
    // Two imports with the same keys in another order would wait for each other; and of two alike lines the
    // first one counts.
    ready.sort_by(|one, other| one.hash.cmp(&other.hash).then(one.line.cmp(&other.line)));
    Ok((ready, malformed))
}

/// Holds the batch and takes the chunk away from everybody else.
async fn claim(change: &Change<'_>, chunk: &Waiting) -> Outcome<bool> {
    let lock = if change.service().database.is_postgres() { " for update" } else { "" };
    let text = format!(
        "select position as number from key_batch where id = $1 and state = 'importing' and position = $2{lock}"
    );
    #[derive(FromQueryResult)]
    struct Held {
        #[expect(dead_code, reason = "that it is there is enough")]
        number: i64,
    }
    let values = [chunk.key_batch_id.into(), chunk.starts_at.into()];
    if sql::one::<Held>(&change.transaction, &text, values).await?.is_none() {
        return Ok(false);
    }
    let text = "delete from key_import_chunk where id = $1";
    Ok(sql::run(&change.transaction, text, [chunk.id.into()]).await? == 1)
}

/// Writes the keys that no pool has yet; the unique keyed hash says which they are.
async fn write_keys(connection: &impl ConnectionTrait, chunk: &Waiting, ready: Vec<Ready>) -> Outcome<Taken> {
    #[derive(FromQueryResult)]
    struct Written {
        id: Uuid,
    }
    let mut taken = Taken { accepted: 0, faults: Vec::new() };
    let mut ready = ready.into_iter();
    loop {
        let some: Vec<Ready> = ready.by_ref().take(ROWS_AT_ONCE).collect();
        if some.is_empty() {
            return Ok(taken);
        }
        let ids: Vec<(Uuid, i64)> = some.iter().map(|key| (key.id, key.line)).collect();
        let mut values: Vec<Value> = Vec::with_capacity(some.len() * 7);
        for Ready { id, hash, sealed, activations, .. } in some {
            values.extend([
                id.into(),
                chunk.key_pool_id.into(),
                chunk.key_batch_id.into(),
                sealed.into(),
                hash.into(),
                activations.into(),
                "free".into(),
            ]);
        }
        let text = format!(
            "insert into product_key (id, key_pool_id, key_batch_id, ciphertext, key_hash, activations, state)
            values {} on conflict (key_hash) do nothing returning id",
            sql::rows_of_places(values.len(), 7)
        );
        let written: HashSet<Uuid> =
            sql::all::<Written>(connection, &text, values).await?.into_iter().map(|row| row.id).collect();
        taken.accepted += i64::try_from(written.len()).unwrap_or(i64::MAX);
        let doubled = ids.into_iter().filter(|(id, _)| !written.contains(id));
        taken.faults.extend(doubled.map(|(_, line)| (line, LineFault::Duplicate)));
    }
}

async fn write_faults(
    connection: &impl ConnectionTrait,
    batch: Uuid,
    faults: Vec<(i64, LineFault)>,
) -> Outcome<()> {
    for some in faults.chunks(ROWS_AT_ONCE) {
        let values: Vec<Value> = some
            .iter()
            .flat_map(|(line, fault)| [batch.into(), (*line).into(), fault.code().into()])
            .collect();
        let text = format!(
            "insert into key_import_fault (key_batch_id, line, fault) values {}",
            sql::rows_of_places(values.len(), 3)
        );
        sql::run(connection, &text, values).await?;
    }
    Ok(())
}

/// Moves the batch on; what came of it, once this was its last chunk.
async fn advance(
    change: &Change<'_>,
    chunk: &Waiting,
    accepted: i64,
    duplicate: usize,
    malformed: usize,
) -> Outcome<Option<String>> {
    #[derive(FromQueryResult)]
    struct Row {
        state: String,
        accepted: i64,
        duplicate: i64,
        malformed: i64,
    }
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let text = "update key_batch set position = position + $2, accepted = accepted + $3,
            duplicate = duplicate + $4, malformed = malformed + $5, row_version = row_version + 1,
            state = case when position + $2 = lines then 'done' else 'importing' end,
            ended_at = case when position + $2 = lines then $6 end
        where id = $1 returning state, accepted, duplicate, malformed";
    let values = [
        chunk.key_batch_id.into(),
        chunk.lines.into(),
        accepted.into(),
        number(duplicate).into(),
        number(malformed).into(),
        change.now.0.into(),
    ];
    let row = sql::one::<Row>(&change.transaction, text, values)
        .await?
        .ok_or_else(|| Failure::broken("key_batch", "id", chunk.key_batch_id))?;
    Ok((row.state == "done").then(|| {
        format!("accepted {}, duplicate {}, malformed {}", row.accepted, row.duplicate, row.malformed)
    }))
}
