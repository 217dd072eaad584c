//! Importing product keys: a file is staged sealed, chunk by chunk, and taken over by [`super::take_over`].

use domain::ids::{AccountId, KeyBatchId};
use domain::key_format::{KeyFormat, KeyText};
use domain::key_import::{self, BATCH_NAME_MAX, Line};
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::text;
use domain::{AuditAction, Error, ErrorCode, Field};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::formats;
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, rights, sql};

/// So many lines are taken over in one transaction: others who write wait no longer than for them.
pub const CHUNK: usize = 1000;

/// A batch of keys, as it came.
pub struct ImportKeys<'a> {
    /// Code of the product.
    pub product: String,
    /// Where the keys come from.
    pub source: String,
    /// What the batch is called.
    pub batch: String,
    /// The file, or what was pasted.
    pub content: &'a [u8],
    /// Lines of a chunk; [`CHUNK`] but in tests.
    pub chunk: usize,
}

/// What an operation is recognized by: the keys themselves aren't even hashed without a key.
#[derive(Debug)]
#[expect(dead_code, reason = "what is read is its debug text")]
struct Recognized {
    product: String,
    source: String,
    batch: String,
    content: Vec<u8>,
}

/// What was staged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Staged {
    /// The batch.
    pub batch: KeyBatchId,
    /// Its lines.
    pub lines: i64,
}

/// A chunk on its way into the database: where it begins, how many lines it has, and the lines.
struct Chunk {
    id: Uuid,
    starts_at: i64,
    lines: i64,
    sealed: Vec<u8>,
}

/// What the text of a chunk is bound to.
#[must_use]
pub fn chunk_place(id: Uuid) -> String {
    format!("key_import_chunk/{id}")
}

/// Stages a batch of keys; the worker takes it over.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] for a product without a key pool; [`ErrorCode::Invalid`]
/// with what is wrong about name and source; those of [`key_import::lines`].
pub async fn import(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: ImportKeys<'_>,
) -> Outcome<Staged> {
    may(request)?;
    let by = request.operator()?.account;
    let recognized = Recognized {
        product: input.product.clone(),
        source: input.source.clone(),
        batch: input.batch.clone(),
        content: service.vault.hash(&String::from_utf8_lossy(input.content)),
    };
    let operation = Operation::new(operation, "import_keys", &recognized);
    let formats = formats::of_all(service.database.reader()).await?;
    let prepared = prepare(service, &formats, &input)?;
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let staged = write(&mut change, Some(by), &input.product, prepared).await?;
    change.commit(staged).await
}

/// Stages a batch for whoever runs commands on the server.
///
/// # Errors
/// As [`import`], apart from rights.
pub async fn import_by_command(service: &Service, input: ImportKeys<'_>) -> Outcome<Staged> {
    let request = Request::of_worker(service);
    let formats = formats::of_all(service.database.reader()).await?;
    let prepared = prepare(service, &formats, &input)?;
    let mut change = Change::begin_unasked(service, &request).await?;
    let staged = write(&mut change, None, &input.product, prepared).await?;
    change.commit(staged).await
}

/// Whether the caller may import.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], and as for every operator's use case.
pub fn may(request: &Request) -> Outcome<()> {
    rights::check_operator(request.operator()?, OperatorAction::ImportKeys)
}

struct Prepared {
    name: text::Line,
    source: text::Line,
    lines: i64,
    chunks: Vec<Chunk>,
}

/// Reads and seals the file before any transaction begins.
fn prepare(service: &Service, formats: &[KeyFormat], input: &ImportKeys<'_>) -> Outcome<Prepared> {
    let mut faults = domain::error::Faults::default();
    let name = faults.take(text::Line::parse(Field::Batch, &input.batch, BATCH_NAME_MAX));
    let source = faults.take(text::Line::parse(Field::KeySource, &input.source, BATCH_NAME_MAX));
    for (field, typed) in [(Field::Batch, &input.batch), (Field::KeySource, &input.source)] {
        if KeyText::stands_in(typed, formats) {
            faults.add(field, ErrorCode::KeysInTheWrongField);
        }
    }
    faults.check()?;
    let (Some(name), Some(source)) = (name, source) else { return Err(ErrorCode::Invalid.into()) };
    let lines = key_import::lines(input.content)?;
    let mut chunks = Vec::with_capacity(lines.len().div_ceil(input.chunk.max(1)));
    let mut starts_at = 0;
    for some in lines.chunks(input.chunk.max(1)) {
        let id = service.new_id();
        let lines = i64::try_from(some.len()).unwrap_or(i64::MAX);
        let sealed = service.vault.seal(&*service.random, &chunk_place(id), &packed(some))?;
        chunks.push(Chunk { id, starts_at, lines, sealed });
        starts_at += lines;
    }
    Ok(Prepared { name, source, lines: starts_at, chunks })
}

/// Lines of a chunk as one text; [`unpacked`] reads it.
fn packed(lines: &[Line<'_>]) -> String {
    let mut text = String::with_capacity(lines.len() * 40);
    for Line { number, key, count } in lines {
        text.push_str(&format!("{number}\t{key}\t{count}\n"));
    }
    text
}

/// The lines of a chunk's text; none of what isn't one.
pub(super) fn unpacked(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        Some(Line { number: cells.next()?.parse().ok()?, key: cells.next()?, count: cells.next()? })
    })
}

async fn write(
    change: &mut Change<'_>,
    by: Option<AccountId>,
    product: &str,
    prepared: Prepared,
) -> Outcome<Staged> {
    #[derive(FromQueryResult)]
    struct Pool {
        id: Uuid,
        key_format: Option<String>,
    }
    let text =
        "select k.id, p.key_format from key_pool k join product p on p.id = k.product_id where p.code = $1";
    let pool = sql::one::<Pool>(&change.transaction, text, [product.into()]).await?;
    let pool = pool.ok_or_else(|| Error::new(ErrorCode::NotFound))?;
    let batch = KeyBatchId(change.service().new_id());
    // The format is kept with the batch: all of its lines are read by the same, whatever comes into force meanwhile.
    let text =
        "insert into key_batch (id, key_pool_id, name, source, state, imported_by, created_at, lines, key_format)
        values ($1, $2, $3, $4, 'importing', $5, $6, $7, $8)";
    let values = [
        batch.0.into(),
        pool.id.into(),
        prepared.name.as_str().into(),
        prepared.source.as_str().into(),
        by.map(|by| by.0).into(),
        change.now.0.into(),
        prepared.lines.into(),
        pool.key_format.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    write_chunks(&change.transaction, batch, prepared.chunks).await?;
    change.record(
        Event::new(programme_chain(), AuditAction::KeyImportBegun, "key_batch", batch)
            .after(format!("{product}, lines {}", prepared.lines)),
    );
    change.tell(Changed::Queue);
    Ok(Staged { batch, lines: prepared.lines })
}

async fn write_chunks(
    connection: &impl ConnectionTrait,
    batch: KeyBatchId,
    chunks: Vec<Chunk>,
) -> Outcome<()> {
    let mut chunks = chunks.into_iter();
    loop {
        let mut values: Vec<Value> = Vec::new();
        for Chunk { id, starts_at, lines, sealed } in chunks.by_ref().take(100) {
            values.extend([id.into(), batch.0.into(), starts_at.into(), lines.into(), sealed.into()]);
        }
        if values.is_empty() {
            return Ok(());
        }
        let text = format!(
            "insert into key_import_chunk (id, key_batch_id, starts_at, lines, sealed) values {}",
            sql::rows_of_places(values.len(), 5)
        );
        sql::run(connection, &text, values).await?;
    }
}

/// Stops an import: the lines that still wait are forgotten, the keys that came stay. Gives how many came.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] where it has ended.
pub async fn cancel(
    service: &Service,
    request: &Request,
    operation: OperationId,
    batch: KeyBatchId,
) -> Outcome<i64> {
    #[derive(FromQueryResult)]
    struct Row {
        state: String,
        accepted: i64,
        position: i64,
    }
    may(request)?;
    let operation = Operation::new(operation, "cancel_key_import", &batch);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let lock = if service.database.is_postgres() { " for update" } else { "" };
    let text = format!("select state, accepted, position from key_batch where id = $1{lock}");
    let row = sql::one::<Row>(&change.transaction, &text, [batch.0.into()]).await?;
    let row = row.ok_or_else(|| Error::new(ErrorCode::NotFound))?;
    if row.state != "importing" {
        return Err(ErrorCode::WrongState.into());
    }
    let text = "delete from key_import_chunk where key_batch_id = $1";
    sql::run(&change.transaction, text, [batch.0.into()]).await?;
    let text = "update key_batch set state = 'cancelled', ended_at = $2, row_version = row_version + 1
        where id = $1";
    sql::run(&change.transaction, text, [batch.0.into(), change.now.0.into()]).await?;
    change.record(
        Event::new(programme_chain(), AuditAction::KeyImportCancelled, "key_batch", batch)
            .after(format!("line {}, accepted {}", row.position, row.accepted)),
    );
    change.tell(Changed::Queue);
    change.commit(row.accepted).await
}

#[cfg(test)]
mod tests {
    use domain::key_import::Line;

    use super::{packed, unpacked};

    #[test]
    fn lines_of_a_chunk_come_back_as_they_were() {
        let lines = [
            Line { number: 1, key: "ABCDE 12345", count: "" },
            Line { number: 100_000, key: "", count: "25" },
        ];
        let text = packed(&lines);
        assert!(unpacked(&text).collect::<Vec<_>>() == lines);
    }
}
