//! The keys of the large programme: one batch for each pool, of which companies draw.

use domain::Moment;
use sea_orm::{DatabaseTransaction, FromQueryResult, Value};
use uuid::Uuid;

use super::book::Delivery;
use super::tables::Tables;
use crate::bulk::Bulk;
use crate::sample_programme::catalogue::new_key;
use crate::{Outcome, Service, sql};

/// Where the batches come from, by which they are found again.
pub(super) const SOURCE: &str = "Large programme";
/// So many days ago they came, before anybody could draw of them.
const CAME_DAYS: i64 = 400;

/// A key that somebody has drawn.
pub(super) struct Drawn {
    pub(super) organization: Uuid,
    pub(super) grant: Uuid,
    pub(super) seat: Option<Uuid>,
    pub(super) at: Moment,
    /// The person who was shown it.
    pub(super) by: Uuid,
}

/// Opens a batch for every pool; how many keys it has is counted at the end, by [`count`].
pub(super) async fn open_batches(
    service: &Service,
    transaction: &DatabaseTransaction,
    now: Moment,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Pool {
        id: Uuid,
    }
    let by =
        "(select account_id from operator_role where role = 'catalogue_manager' order by account_id limit 1)";
    let text = format!(
        "insert into key_batch (id, key_pool_id, name, source, state, imported_by, created_at, ended_at, lines, position,
            accepted)
        values ($1, $2, 'Keys of the year', $3, 'done', {by}, $4, $4, 1, 1, 1)"
    );
    let came = now.plus_days(-CAME_DAYS).0;
    for pool in sql::all::<Pool>(transaction, "select id from key_pool order by id", []).await? {
        let values = [service.new_id().into(), pool.id.into(), SOURCE.into(), came.into()];
        sql::run(transaction, &text, values).await?;
    }
    Ok(())
}

/// Writes so many keys of a pool that nobody has drawn.
pub(super) fn free(service: &Service, delivery: Delivery, count: usize, tables: &mut Tables) -> Outcome<()> {
    for _ in 0..count {
        push(&mut tables.product_key, service, delivery, None)?;
    }
    Ok(())
}

/// Writes a key that was drawn, and says which it is.
pub(super) fn draw(
    service: &Service,
    delivery: Delivery,
    drawn: &Drawn,
    tables: &mut Tables,
) -> Outcome<Uuid> {
    push(&mut tables.product_key, service, delivery, Some(drawn))
}

fn push(keys: &mut Bulk, service: &Service, delivery: Delivery, drawn: Option<&Drawn>) -> Outcome<Uuid> {
    let key = new_key(service, delivery.key_pool)?;
    let at = drawn.map(|drawn| drawn.at.0);
    keys.push([
        key.id.into(),
        key.key_pool_id.into(),
        key.ciphertext.into(),
        key.key_hash.into(),
        if drawn.is_some() { "held" } else { "free" }.into(),
        drawn.map(|drawn| drawn.organization).into(),
        drawn.map(|drawn| drawn.grant).into(),
        drawn.and_then(|drawn| drawn.seat).into(),
        at.into(),
        at.into(),
        drawn.map(|drawn| drawn.by).into(),
        Value::from(delivery.batch),
    ]);
    Ok(key.id)
}

/// Lets every batch say how many keys it has.
pub(super) async fn count(transaction: &DatabaseTransaction) -> Outcome<()> {
    let keys = "(select count(*) from product_key k where k.key_batch_id = key_batch.id)";
    let text = format!(
        "update key_batch set lines = {keys}, position = {keys}, accepted = {keys} where source = $1"
    );
    sql::run(transaction, &text, [SOURCE.into()]).await?;
    Ok(())
}
