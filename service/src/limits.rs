//! Limits that hold over all servers of a PostgreSQL database: what is used of each is in a table there, by the
//! database's clock.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::{Outcome, Service, sql};

/// How often something may happen: so often at once, and how long until it may happen once more.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) kind: &'static str,
    pub(crate) burst: NonZeroU32,
    pub(crate) every: Duration,
}

impl Limit {
    /// The same for one process.
    pub(crate) fn quota(self) -> Quota {
        let quota = Quota::with_period(self.every).unwrap_or_else(|| Quota::per_minute(self.burst));
        quota.allow_burst(self.burst)
    }
}

/// The time of the database, the same for all its servers, in milliseconds.
pub(crate) const NOW: &str = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

/// Counts one more for all servers, by one statement; says how long to wait where there were too many, which aren't
/// counted.
///
/// `used_until` is when all of them would have come back. Keys are kept as keyed hashes.
pub(crate) async fn count(
    connection: &impl ConnectionTrait,
    service: &Service,
    limit: Limit,
    key: &str,
) -> Outcome<Option<Duration>> {
    #[derive(FromQueryResult)]
    struct Wait {
        wait: i64,
    }
    let every = i64::try_from(limit.every.as_millis()).unwrap_or(i64::MAX);
    let room = every.saturating_mul(i64::from(limit.burst.get()) - 1);
    // The query beside it sees the row as it was before: that is the one that leaves no room.
    let text = format!(
        "with counted as (
            insert into attempt as a (kind, key_hash, used_until) values ($1, $2, {NOW} + $3)
            on conflict (kind, key_hash) do update set used_until = greatest(a.used_until, {NOW}) + $3
                where greatest(a.used_until, {NOW}) - {NOW} <= $4
            returning 1
        )
        select coalesce((select used_until - $4 - {NOW} from attempt where kind = $1 and key_hash = $2), 0) as wait
        where not exists (select 1 from counted)"
    );
    let values = [limit.kind.into(), service.vault.hash(key).into(), every.into(), room.into()];
    let wait = sql::one::<Wait>(connection, &text, values).await?;
    Ok(wait.map(|row| Duration::from_millis(row.wait.max(0).unsigned_abs())))
}
