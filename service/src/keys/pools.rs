//! The key pools as operators see them: counts by state, no key.
//!
//! The counts are asked of the keys each time, by one walk over an index that has nothing else: kept beside them
//! they would make everybody who draws a key of one product wait for each other.

use std::collections::HashMap;

use domain::Language;
use domain::moment::Zone;
use domain::rights::OperatorAction;
use domain::view::key_pools::{KeyCounts, KeyPoolsPage, PoolRow};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::queue::item::stamp;
use crate::request::Request;
use crate::{Failure, Outcome, Service, rights, sql};

/// A pool, without its counts.
#[derive(FromQueryResult)]
pub(super) struct Pool {
    pub(super) id: Uuid,
    pub(super) product: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) threshold: i64,
    pub(super) row_version: i64,
    importing: i64,
    last_import: Option<i64>,
}

#[derive(FromQueryResult)]
struct Counted {
    of: Uuid,
    state: String,
    number: i64,
}

/// Every pool with its product's name, `$1` being the reader's language.
pub(super) const POOLS: &str = "select k.id, p.code as product, p.kind, t.name, k.threshold, k.row_version,
        (select count(*) from key_batch b where b.key_pool_id = k.id and b.state = 'importing') as importing,
        (select max(b.created_at) from key_batch b where b.key_pool_id = k.id) as last_import
    from key_pool k join product p on p.id = k.product_id
    join product_text t on t.product_id = p.id and t.language = $1";

/// The pools, those that run low first.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`].
pub async fn page(service: &Service, request: &Request, language: Language) -> Outcome<KeyPoolsPage> {
    rights::check_operator(request.operator()?, OperatorAction::ReadKeyPools)?;
    let reader = service.database.reader();
    let text = format!("{POOLS} order by t.name_key, p.code");
    let pools = sql::all::<Pool>(reader, &text, [language.tag().into()]).await?;
    let counts = counts(reader, "key_pool_id", None).await?;
    let mut rows: Vec<PoolRow> =
        pools.into_iter().map(|pool| row(&pool, counts.get(&pool.id).copied().unwrap_or_default())).collect();
    rows.sort_by_key(|row| !row.low());
    Ok(KeyPoolsPage { rows })
}

pub(super) fn row(pool: &Pool, counts: KeyCounts) -> PoolRow {
    let zone = Zone::named("UTC");
    PoolRow {
        product: pool.product.clone(),
        name: pool.name.clone(),
        counts,
        threshold: pool.threshold,
        importing: pool.importing > 0,
        last_import: pool.last_import.map(|at| stamp(&zone, at)),
    }
}

/// Keys by state, for each value of a column or for one of them.
pub(super) async fn counts(
    connection: &impl ConnectionTrait,
    column: &'static str,
    only: Option<Uuid>,
) -> Outcome<HashMap<Uuid, KeyCounts>> {
    let filter = if only.is_some() { "= $1" } else { "is not null" };
    let text = format!(
        "select {column} as of, state, count(*) as number from product_key where {column} {filter}
        group by {column}, state"
    );
    let rows = sql::all::<Counted>(connection, &text, only.map(Value::from)).await?;
    let mut counts: HashMap<Uuid, KeyCounts> = HashMap::new();
    for Counted { of, state, number } in rows {
        let counts = counts.entry(of).or_default();
        let place = match state.as_str() {
            "free" => &mut counts.free,
            "held" => &mut counts.held,
            "spent" => &mut counts.spent,
            "withdrawn" => &mut counts.withdrawn,
            "replaced" => &mut counts.replaced,
            _ => return Err(Failure::broken("product_key", "state", of)),
        };
        *place = number;
    }
    Ok(counts)
}
