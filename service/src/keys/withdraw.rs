//! Withdrawing a batch of keys: nobody draws one of them any more, and whoever has one is told to replace it.

use std::collections::BTreeMap;

use domain::benefit::Category;
use domain::ids::{AccountId, GrantId, KeyBatchId, OrganizationId};
use domain::key_replacement::REPLACEMENT_REASON_MAX;
use domain::moment::Zone;
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::text::Paragraph;
use domain::view::key_pools::{SEEN_ROWS, SeenKey};
use domain::{AuditAction, Error, ErrorCode, Field, Language};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::replace::path;
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::queue::item::stamp;
use crate::reminders::readers::readers;
use crate::request::Request;
use crate::{Failure, Outcome, Service, rights, sql};

/// Keys whose holders are told in one round.
const AT_ONCE: u32 = 100;

/// Which batch, and why.
#[derive(Clone, Debug)]
pub struct WithdrawBatch {
    /// The batch.
    pub batch: KeyBatchId,
    /// Why, as operators read it.
    pub reason: String,
    /// Whether its consequence was accepted.
    pub accepted: bool,
}

/// What was withdrawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Keys that can't be drawn any more.
    pub free: i64,
    /// Keys whose holders are told.
    pub in_use: i64,
}

/// Withdraws a batch: its free keys at once, an import of it stops, and those who hold one of its keys are told by
/// the worker. Held keys stay what they are until they are replaced.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Required`] without a reason; [`ErrorCode::ConsequenceNotAccepted`];
/// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] where it was withdrawn before.
pub async fn withdraw(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: WithdrawBatch,
) -> Outcome<Withdrawn> {
    #[derive(FromQueryResult)]
    struct Row {
        withdrawn_at: Option<i64>,
    }
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::WithdrawKeys)?;
    let reason = Paragraph::parse(Field::Reason, &input.reason, REPLACEMENT_REASON_MAX)?;
    if !input.accepted {
        return Err(Error::field(Field::Accept, ErrorCode::ConsequenceNotAccepted).into());
    }
    let operation = Operation::new(operation, "withdraw_key_batch", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let batch = input.batch.0;
    let lock = if service.database.is_postgres() { " for update" } else { "" };
    let text = format!("select withdrawn_at from key_batch where id = $1{lock}");
    let row = sql::one::<Row>(&change.transaction, &text, [batch.into()]).await?;
    if row.ok_or(ErrorCode::NotFound)?.withdrawn_at.is_some() {
        return Err(ErrorCode::WrongState.into());
    }
    sql::run(&change.transaction, "delete from key_import_chunk where key_batch_id = $1", [batch.into()])
        .await?;
    let text = "update key_batch set withdrawn_at = $2, withdrawn_by = $3, withdrawn_reason = $4,
            ended_at = coalesce(ended_at, $2), row_version = row_version + 1,
            state = case when state = 'importing' then 'cancelled' else state end
        where id = $1";
    let values = [batch.into(), change.now.0.into(), operator.account.0.into(), reason.as_str().into()];
    sql::run(&change.transaction, text, values).await?;
    let text = "update product_key set state = 'withdrawn', row_version = row_version + 1
        where key_batch_id = $1 and state = 'free'";
    let free = sql::run(&change.transaction, text, [batch.into()]).await?;
    let free = i64::try_from(free).unwrap_or(i64::MAX);
    let text =
        "select count(*) as number from product_key where key_batch_id = $1 and state in ('held', 'spent')";
    let in_use = sql::number(&change.transaction, text, [batch.into()]).await?;
    change.record(
        Event::new(programme_chain(), AuditAction::KeyBatchWithdrawn, "key_batch", input.batch)
            .after(format!("free {free}, in use {in_use}")),
    );
    change.tell(Changed::Queue);
    change.commit(Withdrawn { free, in_use }).await
}

#[derive(FromQueryResult)]
struct Held {
    id: Uuid,
    organization_id: Uuid,
    grant_id: Uuid,
    seat_id: Option<Uuid>,
}

/// Tells some of those who hold keys of withdrawn batches, each company in a transaction; gives how many keys that
/// was about. The worker's work.
///
/// # Errors
/// [`Failure::Database`].
pub async fn tell_holders(service: &Service) -> Outcome<usize> {
    #[derive(FromQueryResult)]
    struct Batch {
        id: Uuid,
    }
    let text = "select id from key_batch where withdrawn_at is not null and holders_told_at is null
        order by withdrawn_at, id limit 1";
    let Some(batch) = sql::one::<Batch>(service.database.reader(), text, []).await? else { return Ok(0) };
    let text = format!(
        "select id, organization_id, grant_id, seat_id from product_key
        where key_batch_id = $1 and state in ('held', 'spent') and holder_told_at is null
        order by organization_id, id limit {AT_ONCE}"
    );
    let held = sql::all::<Held>(service.database.reader(), &text, [batch.id.into()]).await?;
    let told = held.len();
    if told == 0 {
        let transaction = service.database.begin().await?;
        let text = "update key_batch set holders_told_at = $2 where id = $1 and holders_told_at is null";
        sql::run(&transaction, text, [batch.id.into(), service.now().0.into()]).await?;
        transaction.commit().await?;
    }
    let mut companies: BTreeMap<Uuid, Vec<Held>> = BTreeMap::new();
    for key in held {
        companies.entry(key.organization_id).or_default().push(key);
    }
    for (organization, keys) in companies {
        tell_company(service, OrganizationId(organization), keys).await?;
    }
    Ok(told)
}

async fn tell_company(service: &Service, organization: OrganizationId, keys: Vec<Held>) -> Outcome<()> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    let mut grants: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for key in keys {
        // Of two servers one tells; a key that was replaced meanwhile is nobody's any more.
        let text = "update product_key set holder_told_at = $2
            where id = $1 and holder_told_at is null and state in ('held', 'spent')";
        if sql::run(&change.transaction, text, [key.id.into(), change.now.0.into()]).await? == 0 {
            continue;
        }
        grants.entry(key.grant_id).or_default().extend(key.seat_id);
        change.record(
            Event::new(organization, AuditAction::KeyWithdrawn, "product_key", key.id)
                .grant(GrantId(key.grant_id)),
        );
    }
    for (grant, seats) in grants {
        for letter in letters(&change.transaction, organization, GrantId(grant), &seats).await? {
            change.post(letter);
        }
        change.tell(Changed::Grant(organization, GrantId(grant)));
    }
    change.commit(()).await
}

/// Mail about the keys of a grant: to those who look after benefits, and to the holders of seats with keys.
async fn letters(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    grant: GrantId,
    seats: &[Uuid],
) -> Outcome<Vec<Letter>> {
    #[derive(FromQueryResult)]
    struct Named {
        language: String,
        name: String,
        category: String,
    }
    #[derive(FromQueryResult)]
    struct Holder {
        id: Uuid,
        full_name: String,
        email: String,
        language: String,
    }
    let text = "select t.language, t.name, g.category from benefit_grant g
        join product_text t on t.product_id = g.product_id where g.id = $1";
    let names = sql::all::<Named>(connection, text, [grant.0.into()]).await?;
    let category = names
        .first()
        .and_then(|named| Category::from_code(&named.category))
        .ok_or_else(|| Failure::broken("benefit_grant", "category", grant))?;
    let product = |language: Language| {
        let found = names.iter().find(|named| named.language == language.tag());
        found.map(|named| named.name.clone()).unwrap_or_default()
    };
    let letter = |account, person, recipient, language, path: String| Letter {
        organization: Some(organization),
        account: Some(account),
        recipient,
        language,
        kind: "key_withdrawn",
        values: vec![("person", person), ("product", product(language))],
        path,
        secret: None,
        dates: Vec::new(),
    };
    let mut letters: Vec<Letter> = readers(connection, organization)
        .await?
        .into_iter()
        .map(|reader| {
            letter(reader.account, reader.name, reader.email, reader.language, path(category, grant))
        })
        .collect();
    if !seats.is_empty() {
        let places: Vec<String> = (1..=seats.len()).map(|place| format!("${place}")).collect();
        let text = format!(
            "select a.id, a.full_name, a.email, a.language from seat s join person p on p.id = s.person_id
            join account a on a.id = p.account_id and a.status = 'active'
            where s.released_at is null and p.status = 'active' and s.id in ({}) order by a.id",
            places.join(", ")
        );
        let holders = sql::all::<Holder>(connection, &text, seats.iter().copied().map(Value::from)).await?;
        for holder in holders {
            let account = AccountId(holder.id);
            if letters.iter().any(|letter| letter.account == Some(account)) {
                continue;
            }
            let language = Language::from_tag(&holder.language).unwrap_or_default();
            letters.push(letter(
                account,
                holder.full_name,
                holder.email,
                language,
                "/my-benefits".to_owned(),
            ));
        }
    }
    Ok(letters)
}

/// Who had which key of a batch shown, the latest first: person, company and time, never a key.
pub(super) async fn seen(
    connection: &impl ConnectionTrait,
    postgres: bool,
    batch: KeyBatchId,
) -> Outcome<Vec<SeenKey>> {
    #[derive(FromQueryResult)]
    struct Row {
        key: String,
        state: String,
        company: String,
        person: String,
        at: i64,
    }
    let id = if postgres { "replace(cast(k.id as text), '-', '')" } else { "lower(hex(k.id))" };
    let text = format!(
        "select e.object_id as key, k.state, o.name as company, a.full_name as person, e.at from product_key k
        join audit_event e on e.organization_id = k.organization_id and e.action = 'key_revealed'
            and replace(e.object_id, '-', '') = {id}
        join organization o on o.id = k.organization_id join account a on a.id = e.actor_id
        where k.key_batch_id = $1 and k.state <> 'free' order by e.at desc, e.object_id limit {SEEN_ROWS}"
    );
    let zone = Zone::named("UTC");
    let rows = sql::all::<Row>(connection, &text, [batch.0.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| SeenKey {
            // The end of an id tells keys of a batch apart.
            key: row.key.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect(),
            state: row.state,
            company: row.company,
            person: row.person,
            at: stamp(&zone, row.at),
        })
        .collect())
}
