//! What goes over from a grant to the one that follows it: nobody loses a seat, a key bound to a seat, or
//! something that runs; what was used of a balance stays with the year in which it was used (rule 21).

use sea_orm::Value;

use crate::change::Change;
use crate::{Outcome, sql};

/// Which way it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// From each grant in force to the one in force that follows it.
    On,
    /// From each grant of the order line named to the ended one that it followed.
    Back,
}

impl Way {
    /// The pairs, as `from_id`, `from_pool`, `to_id`, `to_pool`; `$1` is the organization for one way, the order
    /// line for the other.
    const fn pairs(self) -> &'static str {
        match self {
            Self::On => {
                "with pair as (select f.id as from_id, f.pool_id as from_pool, n.id as to_id, n.pool_id as to_pool
                    from benefit_grant n join benefit_grant f on f.id = n.follows_id
                    where n.organization_id = $1 and n.state = 'granted' and f.state = 'granted')"
            }
            Self::Back => {
                "with pair as (select n.id as from_id, n.pool_id as from_pool, f.id as to_id, f.pool_id as to_pool
                    from benefit_grant n join benefit_grant f on f.id = n.follows_id
                    where n.order_line_id = $1 and n.state = 'granted' and f.state = 'ended')"
            }
        }
    }
}

/// The first makes assignments and reveals wait: what came before goes over, what comes after finds the grant
/// ended. Pools count after they are held, or a seat given meanwhile would be missed. Keys bound to a grant
/// go over only where one key opens all of it: the others have a number of uses of their own each year.
const STEPS: &[&str] = &[
    "update benefit_grant set state = state where id in (select from_id from pair)",
    "update pool set used = used
        where id in (select from_pool from pair union select to_pool from pair)",
    "update pool set used = used
            + (select count(*) from seat s join pair p on p.from_id = s.grant_id
                where s.released_at is null and p.to_pool = pool.id)
            - (select count(*) from seat s join pair p on p.from_id = s.grant_id
                where s.released_at is null and p.from_pool = pool.id)
        where id in (select from_pool from pair union select to_pool from pair)",
    "update pool set used_before = (select coalesce(sum(o.used_before), 0) from pool o
                where o.id in (select p.from_pool from pair p where p.to_pool = pool.id))
        where used_before = 0 and id in (select p.to_pool from pair p join benefit_grant g on g.id = p.to_id
            join product d on d.id = g.product_id where d.unit = 'seat')",
    "update seat set pool_id = (select p.to_pool from pair p where p.from_id = seat.grant_id),
            grant_id = (select p.to_id from pair p where p.from_id = seat.grant_id)
        where released_at is null and grant_id in (select from_id from pair)",
    "update product_key set grant_id = (select p.to_id from pair p where p.from_id = product_key.grant_id)
        where state in ('held', 'spent') and grant_id in (select from_id from pair)
            and (seat_id in (select s.id from seat s join pair p on p.to_id = s.grant_id
                    where s.released_at is null)
                or seat_id is null and grant_id in (select g.id from benefit_grant g
                    join product d on d.id = g.product_id where d.kind in ('single_key', 'core_key')))",
    "update activation set grant_id = (select p.to_id from pair p where p.from_id = activation.grant_id)
        where state in ('requested', 'processing', 'active') and grant_id in (select from_id from pair)",
    "update benefit_grant set activation_state = (select f.activation_state from pair p
            join benefit_grant f on f.id = p.from_id where p.to_id = benefit_grant.id)
        where id in (select to_id from pair) and id in (select a.grant_id from activation a
            where a.state in ('requested', 'processing', 'active'))",
    "update seat_request set grant_id = (select p.to_id from pair p where p.from_id = seat_request.grant_id)
        where state = 'requested' and grant_id in (select from_id from pair)",
    "update service_request set grant_id = (select p.to_id from pair p where p.from_id = service_request.grant_id)
        where open and grant_id in (select from_id from pair)",
];

/// Carries everything over. The grants that it came from are ended, those that it goes to are in force.
/// To do it again changes nothing.
///
/// A go-to-market benefit ends with its activation, not with the year, so none of them follows one that runs:
/// see [`super::entitle`].
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn carry(change: &Change<'_>, way: Way, of: impl Into<Value>) -> Outcome<()> {
    let of = of.into();
    let pairs = way.pairs();
    if way == Way::Back {
        // What ran when it went over may have ended since; what still runs says so below.
        let text = "update benefit_grant set activation_state = 'available'
            where id in (select to_id from pair) and activation_state in ('requested', 'processing', 'active')";
        sql::run(&change.transaction, &format!("{pairs} {text}"), [of.clone()]).await?;
    }
    for step in STEPS {
        sql::run(&change.transaction, &format!("{pairs} {step}"), [of.clone()]).await?;
    }
    let (ends, values) = match way {
        Way::On => (
            "update benefit_grant set state = 'ended', ended_at = $2, row_version = row_version + 1
            where id in (select from_id from pair)",
            vec![of, change.now.0.into()],
        ),
        // The other side is withdrawn with its purchase, which has more to do.
        Way::Back => (
            "update benefit_grant set state = 'granted', ended_at = null, row_version = row_version + 1
            where id in (select to_id from pair)",
            vec![of],
        ),
    };
    sql::run(&change.transaction, &format!("{pairs} {ends}"), values).await?;
    Ok(())
}
