//! One key pool with its batches.

use domain::benefit::ProductKind;
use domain::ids::{KeyBatchId, ProductKeyId};
use domain::moment::Zone;
use domain::rights::{OperatorAction, operator_may};
use domain::view::key_pools::{
    BATCH_ROWS, BatchDetail, BatchRow, BatchState, FAULT_LINES, FaultyLine, KeyPoolPage, KeyPoolQuery,
    LineFault, SEEN_KEYS, WithdrawnBatch,
};
use domain::{ErrorCode, Language};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::pools::{POOLS, Pool, counts, row};
use super::{inspect, seen};
use crate::queue::item::stamp;
use crate::request::Request;
use crate::{Failure, Outcome, Service, rights, sql};

#[derive(FromQueryResult)]
struct Batch {
    id: Uuid,
    name: String,
    source: String,
    imported_by: Option<String>,
    created_at: i64,
    state: String,
    lines: i64,
    position: i64,
    accepted: i64,
    duplicate: i64,
    malformed: i64,
    withdrawn_at: Option<i64>,
    withdrawn_by: Option<String>,
    withdrawn_reason: Option<String>,
}

#[derive(FromQueryResult)]
struct Fault {
    line: i64,
    fault: String,
}

const BATCHES: &str =
    "select b.id, b.name, b.source, a.full_name as imported_by, b.created_at, b.state, b.lines,
        b.position, b.accepted, b.duplicate, b.malformed, b.withdrawn_at, w.full_name as withdrawn_by, b.withdrawn_reason
    from key_batch b left join account a on a.id = b.imported_by left join account w on w.id = b.withdrawn_by";

/// The page of a product's pool.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] for a product without a pool, or a batch of another one.
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &KeyPoolQuery,
) -> Outcome<KeyPoolPage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadKeyPools)?;
    let reader = service.database.reader();
    let text = format!("{POOLS} where p.code = $2");
    let values = [language.tag().into(), query.product.as_str().into()];
    let pool = sql::one::<Pool>(reader, &text, values).await?.ok_or(ErrorCode::NotFound)?;
    let kind =
        ProductKind::from_code(&pool.kind).ok_or_else(|| Failure::broken("product", "kind", pool.id))?;
    let counted = counts(reader, "key_pool_id", Some(pool.id)).await?;
    let text = "select count(*) as number from key_batch where key_pool_id = $1";
    let total = sql::number(reader, text, [pool.id.into()]).await?;
    let rows = i64::from(BATCH_ROWS);
    let last = u32::try_from((total.max(1) + rows - 1) / rows).unwrap_or(u32::MAX);
    let page = query.page.clamp(1, last);
    let text = format!(
        "{BATCHES} where b.key_pool_id = $1 order by b.created_at desc, b.id desc limit {BATCH_ROWS} offset {}",
        u64::from(page - 1) * u64::from(BATCH_ROWS)
    );
    let batches = sql::all::<Batch>(reader, &text, [pool.id.into()]).await?;
    let open = match query.open {
        Some(batch) => Some(Box::new(open(service, pool.id, batch, query.before).await?)),
        None => None,
    };
    let key = match query.key {
        Some(key) => Some(Box::new(inspect::detail(reader, operator, pool.id, key).await?)),
        None => None,
    };
    Ok(KeyPoolPage {
        row: row(&pool, counted.get(&pool.id).copied().unwrap_or_default()),
        version: pool.row_version,
        takes_counts: kind == ProductKind::MultipleActivationKey,
        batches: batches.into_iter().map(batch_row).collect::<Outcome<_>>()?,
        total,
        page,
        open,
        key,
        why_not_import: operator_may(&operator.roles, OperatorAction::ImportKeys).err(),
        why_not_withdraw: operator_may(&operator.roles, OperatorAction::WithdrawKeys).err(),
    })
}

async fn open(
    service: &Service,
    pool: Uuid,
    batch: KeyBatchId,
    before: Option<ProductKeyId>,
) -> Outcome<BatchDetail> {
    let connection = service.database.reader();
    let text = format!("{BATCHES} where b.id = $1 and b.key_pool_id = $2");
    let row = sql::one::<Batch>(connection, &text, [batch.0.into(), pool.into()]).await?;
    let row = row.ok_or(ErrorCode::NotFound)?;
    let counted = counts(connection, "key_batch_id", Some(batch.0)).await?;
    let text = format!(
        "select line, fault from key_import_fault where key_batch_id = $1 order by line limit {FAULT_LINES}"
    );
    let faults = sql::all::<Fault>(connection, &text, [batch.0.into()]).await?;
    let withdrawn = row.withdrawn_at.map(|at| WithdrawnBatch {
        at: stamp(&Zone::named("UTC"), at),
        by: row.withdrawn_by.clone().unwrap_or_default(),
        reason: row.withdrawn_reason.clone().unwrap_or_default(),
    });
    let (seen, seen_before) = seen::of_batch(connection, batch, before, SEEN_KEYS).await?;
    Ok(BatchDetail {
        withdrawn,
        seen,
        seen_before,
        row: batch_row(row)?,
        counts: counted.get(&batch.0).copied().unwrap_or_default(),
        faults: faults
            .into_iter()
            .map(|Fault { line, fault }| {
                let fault = LineFault::from_code(&fault)
                    .ok_or_else(|| Failure::broken("key_import_fault", "fault", batch))?;
                Ok(FaultyLine { line, fault })
            })
            .collect::<Outcome<_>>()?,
    })
}

fn batch_row(row: Batch) -> Outcome<BatchRow> {
    Ok(BatchRow {
        state: BatchState::from_code(&row.state)
            .ok_or_else(|| Failure::broken("key_batch", "state", row.id))?,
        withdrawn: row.withdrawn_at.is_some(),
        id: KeyBatchId(row.id),
        name: row.name,
        source: row.source,
        by: row.imported_by,
        created: stamp(&Zone::named("UTC"), row.created_at),
        lines: row.lines,
        position: row.position,
        accepted: row.accepted,
        duplicate: row.duplicate,
        malformed: row.malformed,
    })
}
