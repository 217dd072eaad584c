//! Who had which key shown: person, company and time, never a key.

use std::collections::BTreeMap;

use domain::AuditAction;
use domain::ids::{KeyBatchId, ProductKeyId};
use domain::moment::Zone;
use domain::rights::OperatorAction;
use domain::view::key_pools::SeenKey;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::queue::item::stamp;
use crate::request::Request;
use crate::spreadsheet::Batches;
use crate::{Outcome, Service, rights, sql};

/// Keys whose readers an export reads at once.
const EXPORTED: u32 = 500;

#[derive(FromQueryResult)]
struct Key {
    id: Uuid,
    state: String,
    company: String,
    account_id: Option<Uuid>,
    person: Option<String>,
    revealed_at: i64,
}

/// Somebody who had a key shown.
#[derive(FromQueryResult)]
struct Sight {
    key: String,
    account_id: Uuid,
    person: String,
    first: i64,
    last: i64,
}

const KEYS: &str =
    "select k.id, k.state, o.name as company, a.id as account_id, a.full_name as person, k.revealed_at
    from product_key k join organization o on o.id = k.organization_id
    left join person p on p.id = k.revealed_by left join account a on a.id = p.account_id
    where k.revealed_at is not null";

/// Who had keys of a batch shown, those of its last keys first, and the last key where more follow.
pub(super) async fn of_batch(
    connection: &impl ConnectionTrait,
    batch: KeyBatchId,
    before: Option<ProductKeyId>,
    keys: u32,
) -> Outcome<(Vec<SeenKey>, Option<ProductKeyId>)> {
    let from = if before.is_some() { "and k.id < $2" } else { "" };
    let text = format!("{KEYS} and k.key_batch_id = $1 {from} order by k.id desc limit {}", keys + 1);
    let values: Vec<Value> =
        std::iter::once(batch.0.into()).chain(before.map(|before| before.0.into())).collect();
    let mut rows = sql::all::<Key>(connection, &text, values).await?;
    let more = rows.len() > keys as usize;
    rows.truncate(keys as usize);
    let last = rows.last().filter(|_| more).map(|row| ProductKeyId(row.id));
    Ok((seen(connection, rows).await?, last))
}

/// Who had one key shown, the latest first.
pub(super) async fn of_key(connection: &impl ConnectionTrait, key: ProductKeyId) -> Outcome<Vec<SeenKey>> {
    let rows = sql::all::<Key>(connection, &format!("{KEYS} and k.id = $1"), [key.0.into()]).await?;
    seen(connection, rows).await
}

/// The readers of these keys: whoever drew them, and whoever the evidence names. Older evidence may be removed by
/// then; the first reader stands with the key.
async fn seen(connection: &impl ConnectionTrait, keys: Vec<Key>) -> Outcome<Vec<SeenKey>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (1..=keys.len()).map(|place| format!("${place}")).collect();
    let text = format!(
        "select e.object_id as key, a.id as account_id, a.full_name as person, min(e.at) as first, max(e.at) as last
        from audit_event e join account a on a.id = e.actor_id
        where e.action = 'key_revealed' and e.object_id in ({})
        group by e.object_id, a.id, a.full_name",
        places.join(", ")
    );
    let values = keys.iter().map(|key| Value::from(key.id.to_string()));
    let sights = sql::all::<Sight>(connection, &text, values).await?;
    let mut readers: BTreeMap<String, BTreeMap<Uuid, (String, i64, i64)>> = BTreeMap::new();
    for Sight { key, account_id, person, first, last } in sights {
        readers.entry(key).or_default().insert(account_id, (person, first, last));
    }
    let zone = Zone::named("UTC");
    let mut seen = Vec::new();
    for key in keys {
        let mut of_key = readers.remove(&key.id.to_string()).unwrap_or_default();
        if let (Some(account), Some(person)) = (key.account_id, key.person) {
            let (_, first, _) = of_key.entry(account).or_insert((person, key.revealed_at, key.revealed_at));
            *first = key.revealed_at.min(*first);
        }
        let mut of_key: Vec<(String, i64, i64)> = of_key.into_values().collect();
        of_key.sort_by(|one, other| other.2.cmp(&one.2).then_with(|| one.0.cmp(&other.0)));
        seen.extend(of_key.into_iter().map(|(person, first, last)| SeenKey {
            key: ProductKeyId(key.id),
            state: key.state.clone(),
            company: key.company.clone(),
            person,
            first: stamp(&zone, first),
            last: stamp(&zone, last),
        }));
    }
    Ok(seen)
}

/// The whole list of a batch, to be read some keys at a time.
pub struct Export {
    service: Service,
    batch: KeyBatchId,
    before: Option<ProductKeyId>,
    over: bool,
}

/// Who had which key of a batch shown, for a file; that it is taken away is recorded before the first row.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`]; [`domain::ErrorCode::NotFound`]; [`crate::Failure::Database`] where it can't be
/// recorded: then there is no file.
pub async fn export(service: &Service, request: &Request, batch: KeyBatchId) -> Outcome<Export> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadKeyPools)?;
    let text = "select count(*) as number from key_batch where id = $1";
    if sql::number(service.database.reader(), text, [batch.0.into()]).await? == 0 {
        return Err(domain::ErrorCode::NotFound.into());
    }
    let mut change = Change::begin_unasked(service, request).await?;
    change.record(Event::new(programme_chain(), AuditAction::SeenKeysExported, "key_batch", batch));
    change.commit(()).await?;
    Ok(Export { service: service.clone(), batch, before: None, over: false })
}

impl Batches for Export {
    type Row = SeenKey;

    async fn next(&mut self) -> Outcome<Vec<SeenKey>> {
        if self.over {
            return Ok(Vec::new());
        }
        let (rows, before) =
            of_batch(self.service.database.reader(), self.batch, self.before, EXPORTED).await?;
        (self.before, self.over) = (before, before.is_none());
        Ok(rows)
    }
}
