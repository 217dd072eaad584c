//! Holds what was acknowledged against what the database has.

use std::collections::BTreeMap;

use sea_orm::FromQueryResult;
use service::{audit, sql};
use uuid::Uuid;

use crate::Outcome;
use crate::database::Stage;

/// What clients were told.
#[derive(Clone, Default, Debug)]
pub struct Acknowledged {
    /// Grant and person of each seat that was given.
    pub assigned: Vec<(Uuid, Uuid)>,
    /// Each seat that was taken back.
    pub released: Vec<Uuid>,
}

/// A seat as the database has it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Seat {
    /// Its id.
    pub id: Uuid,
    /// Its grant.
    pub grant_id: Uuid,
    /// Its holder.
    pub person_id: Uuid,
    /// When it was taken back.
    pub released_at: Option<i64>,
}

/// An audit event about a seat.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Event {
    /// What was done.
    pub action: String,
    /// The seat's id as text.
    pub object_id: String,
}

/// A pool and its count.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Pool {
    /// The grant that has it.
    pub grant_id: Uuid,
    /// How many seats there are.
    pub quantity: i64,
    /// How many it says are used.
    pub used: i64,
    /// How many are.
    pub active: i64,
}

/// What the database has.
#[derive(Clone, Default, Debug)]
pub struct Found {
    /// All seats of the grants.
    pub seats: Vec<Seat>,
    /// All audit events about seats, but for seats of other grants.
    pub events: Vec<Event>,
    /// The grants' pools.
    pub pools: Vec<Pool>,
    /// Chains of audit events that don't hold.
    pub broken: Vec<String>,
}

/// Grants as they stand in `in (…)`.
#[must_use]
pub fn list(stage: &Stage, ids: &[Uuid]) -> String {
    ids.iter().map(|id| stage.literal(*id)).collect::<Vec<_>>().join(", ")
}

/// The pools of these grants, each with its count of active seats, of one moment.
///
/// # Errors
/// The database's.
pub async fn pools(stage: &Stage, grants: &[Uuid]) -> Outcome<Vec<Pool>> {
    let text = format!(
        "select g.id as grant_id, coalesce(po.quantity, 0) as quantity, po.used,
            (select count(*) from seat s where s.pool_id = po.id and s.released_at is null) as active
        from benefit_grant g join pool po on po.id = g.pool_id where g.id in ({})",
        list(stage, grants)
    );
    Ok(sql::all::<Pool>(stage.database.reader(), &text, []).await?)
}

/// Reads what the database has of these grants.
///
/// # Errors
/// The database's.
pub async fn read(stage: &Stage, grants: &[Uuid]) -> Outcome<Found> {
    let reader = stage.database.reader();
    let grants_listed = list(stage, grants);
    let text =
        format!("select id, grant_id, person_id, released_at from seat where grant_id in ({grants_listed})");
    let seats = sql::all::<Seat>(reader, &text, []).await?;
    let others = stage.ids(&format!("select id from seat where grant_id not in ({grants_listed})")).await?;
    let others: Vec<String> = others.iter().map(Uuid::to_string).collect();
    let text = "select action, object_id from audit_event where action in ('seat_assigned', 'seat_released')";
    let mut events = sql::all::<Event>(reader, text, []).await?;
    events.retain(|event| !others.contains(&event.object_id));
    Ok(Found { seats, events, pools: pools(stage, grants).await?, broken: broken_chains(stage).await? })
}

/// Follows every organization's chain.
///
/// # Errors
/// The database's.
pub async fn broken_chains(stage: &Stage) -> Outcome<Vec<String>> {
    let chains = audit::verify(&stage.database).await?;
    Ok(chains
        .into_iter()
        .filter_map(|chain| {
            let whose = chain.organization.map_or("the programme".to_owned(), |id| id.to_string());
            chain.broken.map(|sequence| format!("{whose} at {sequence}"))
        })
        .collect())
}

/// Where the two don't agree, a sentence each.
#[must_use]
pub fn violations(acknowledged: &Acknowledged, found: &Found) -> Vec<String> {
    let mut violations = Vec::new();
    let mut given: BTreeMap<(Uuid, Uuid), (usize, usize, usize)> = BTreeMap::new();
    for pair in &acknowledged.assigned {
        given.entry(*pair).or_default().0 += 1;
    }
    for seat in &found.seats {
        let entry = given.entry((seat.grant_id, seat.person_id)).or_default();
        entry.1 += 1;
        entry.2 += usize::from(seat.released_at.is_none());
    }
    for ((grant, person), (told, there, active)) in given {
        if told != there {
            violations.push(format!(
                "grant {grant}, person {person}: {told} assignments acknowledged, {there} seats"
            ));
        }
        if active > 1 {
            violations.push(format!("grant {grant}, person {person}: {active} active seats"));
        }
    }
    let mut taken: BTreeMap<Uuid, (usize, usize)> = BTreeMap::new();
    for seat in &acknowledged.released {
        taken.entry(*seat).or_default().0 += 1;
    }
    for seat in found.seats.iter().filter(|seat| seat.released_at.is_some()) {
        taken.entry(seat.id).or_default().1 += 1;
    }
    for (seat, (told, there)) in taken {
        if told != there {
            violations.push(format!("seat {seat}: {told} releases acknowledged, {there} found"));
        }
    }
    violations.extend(wrong_evidence(found));
    for Pool { grant_id, quantity, used, active } in &found.pools {
        if active > quantity || used != active {
            violations.push(format!("grant {grant_id}: {active} active of {quantity}, counted {used}"));
        }
    }
    violations.extend(found.broken.iter().map(|chain| format!("audit chain of {chain} is broken")));
    violations
}

/// Each seat has one event of its beginning, and one of its end if it has ended.
fn wrong_evidence(found: &Found) -> Vec<String> {
    let mut events: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for event in &found.events {
        *events.entry((event.object_id.clone(), &event.action)).or_default() += 1;
    }
    let mut violations = Vec::new();
    for seat in &found.seats {
        let id = seat.id.to_string();
        for (action, expected) in
            [("seat_assigned", 1), ("seat_released", usize::from(seat.released_at.is_some()))]
        {
            let there = events.remove(&(id.clone(), action)).unwrap_or(0);
            if there != expected {
                violations.push(format!("seat {id}: {there} events {action}, not {expected}"));
            }
        }
    }
    for ((seat, action), count) in events {
        violations.push(format!("seat {seat} isn't there but has {count} events {action}"));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANT: Uuid = Uuid::from_u128(1);
    const ANNA: Uuid = Uuid::from_u128(2);
    const BERT: Uuid = Uuid::from_u128(3);
    const FIRST: Uuid = Uuid::from_u128(10);
    const SECOND: Uuid = Uuid::from_u128(11);

    fn event(action: &str, seat: Uuid) -> Event {
        Event { action: action.to_owned(), object_id: seat.to_string() }
    }

    /// Anna has a seat, Bert had one.
    fn agreeing() -> (Acknowledged, Found) {
        let acknowledged =
            Acknowledged { assigned: vec![(GRANT, ANNA), (GRANT, BERT)], released: vec![SECOND] };
        let found = Found {
            seats: vec![
                Seat { id: FIRST, grant_id: GRANT, person_id: ANNA, released_at: None },
                Seat { id: SECOND, grant_id: GRANT, person_id: BERT, released_at: Some(1) },
            ],
            events: vec![
                event("seat_assigned", FIRST),
                event("seat_assigned", SECOND),
                event("seat_released", SECOND),
            ],
            pools: vec![Pool { grant_id: GRANT, quantity: 10, used: 1, active: 1 }],
            broken: Vec::new(),
        };
        (acknowledged, found)
    }

    #[test]
    fn what_agrees_is_no_violation() {
        let (acknowledged, found) = agreeing();
        assert_eq!(violations(&acknowledged, &found), Vec::<String>::new());
    }

    #[test]
    fn a_lost_assignment_is_found() {
        let (acknowledged, mut found) = agreeing();
        found.seats.remove(0);
        found.events.remove(0);
        found.pools[0] = Pool { grant_id: GRANT, quantity: 10, used: 0, active: 0 };
        assert_eq!(violations(&acknowledged, &found).len(), 1);
    }

    #[test]
    fn a_doubled_assignment_is_found() {
        let (acknowledged, mut found) = agreeing();
        let third = Uuid::from_u128(12);
        found.seats.push(Seat { id: third, grant_id: GRANT, person_id: BERT, released_at: None });
        found.events.push(event("seat_assigned", third));
        found.pools[0] = Pool { grant_id: GRANT, quantity: 10, used: 2, active: 2 };
        assert_eq!(violations(&acknowledged, &found).len(), 1);
    }

    #[test]
    fn a_lost_release_is_found() {
        let (acknowledged, mut found) = agreeing();
        found.seats[1].released_at = None;
        found.events.pop();
        found.pools[0] = Pool { grant_id: GRANT, quantity: 10, used: 2, active: 2 };
        assert_eq!(violations(&acknowledged, &found).len(), 1);
    }

    #[test]
    fn a_missing_a_doubled_and_a_stray_event_are_found() {
        let (acknowledged, mut found) = agreeing();
        found.events.remove(0);
        assert_eq!(violations(&acknowledged, &found).len(), 1);
        let (acknowledged, mut found) = agreeing();
        found.events.push(event("seat_released", SECOND));
        assert_eq!(violations(&acknowledged, &found).len(), 1);
        let (acknowledged, mut found) = agreeing();
        found.events.push(event("seat_assigned", BERT));
        assert_eq!(violations(&acknowledged, &found).len(), 1);
    }

    #[test]
    fn too_many_seats_a_wrong_count_and_a_broken_chain_are_found() {
        let (acknowledged, mut found) = agreeing();
        found.pools[0] = Pool { grant_id: GRANT, quantity: 0, used: 1, active: 1 };
        assert_eq!(violations(&acknowledged, &found).len(), 1);
        found.pools[0] = Pool { grant_id: GRANT, quantity: 10, used: 2, active: 1 };
        assert_eq!(violations(&acknowledged, &found).len(), 1);
        let (acknowledged, mut found) = agreeing();
        found.broken.push("somebody at 7".to_owned());
        assert_eq!(violations(&acknowledged, &found).len(), 1);
    }
}
