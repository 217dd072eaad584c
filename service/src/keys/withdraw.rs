//! Withdrawing a batch of keys: nobody draws one of them any more, and whoever has one is told to replace it.

use std::collections::BTreeMap;

use domain::benefit::may_use;
use domain::ids::{AccountId, GrantId, KeyBatchId, OrganizationId};
use domain::key_format::KeyText;
use domain::key_replacement::REPLACEMENT_REASON_MAX;
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::text::Paragraph;
use domain::{AuditAction, Error, ErrorCode, Field, Language};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::formats;
use super::replace::path;
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::reminders::readers::readers;
use crate::request::Request;
use crate::{Outcome, Service, rights, sql};

/// Companies that are told in one round.
const AT_ONCE: u32 = 100;
/// Keys of a company that it is told of in one transaction.
const KEYS_AT_ONCE: u32 = 500;

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
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Required`] without a reason, [`ErrorCode::KeysInTheWrongField`] for a key in
/// it; [`ErrorCode::ConsequenceNotAccepted`];
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
    let formats = formats::of_all(service.database.reader()).await?;
    if KeyText::stands_in(&input.reason, &formats) {
        return Err(Error::field(Field::Reason, ErrorCode::KeysInTheWrongField).into());
    }
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
    grant_id: Uuid,
    seat_id: Option<Uuid>,
    redeemed: bool,
}

/// Tells those who hold keys of withdrawn batches, each company in a transaction of its own; gives how many keys that
/// was about. The worker's work. A company that can't be told keeps neither other companies nor later batches waiting.
///
/// # Errors
/// [`Failure::Database`].
pub async fn tell_holders(service: &Service) -> Outcome<usize> {
    #[derive(FromQueryResult)]
    struct Company {
        id: Uuid,
        batch: Uuid,
    }
    let reader = service.database.reader();
    let done = format!("select count(*) as number from key_batch where {DONE}");
    if sql::number(reader, &done, []).await? > 0 {
        let transaction = service.database.begin().await?;
        let text = format!("update key_batch set holders_told_at = $1 where {DONE}");
        sql::run(&transaction, &text, [service.now().0.into()]).await?;
        transaction.commit().await?;
    }
    let text = format!(
        "select distinct k.organization_id as id, k.key_batch_id as batch, b.withdrawn_at from key_batch b
        join product_key k on k.key_batch_id = b.id and k.state in ('held', 'spent') and k.holder_told_at is null
        where b.withdrawn_at is not null and b.holders_told_at is null
        order by b.withdrawn_at, k.key_batch_id, k.organization_id limit {AT_ONCE}"
    );
    let mut told = 0;
    for Company { id, batch } in sql::all::<Company>(reader, &text, []).await? {
        match tell_company(service, OrganizationId(id), batch).await {
            Ok(keys) => told += keys,
            // The others don't wait for one that can't be told; the next round tries it again.
            Err(failure) => {
                tracing::error!(company = %id, cause = %failure, "a company isn't told of a withdrawn key");
            }
        }
    }
    Ok(told)
}

/// Withdrawn batches of which every holder was told.
const DONE: &str = "withdrawn_at is not null and holders_told_at is null
    and not exists (select 1 from product_key k where k.key_batch_id = key_batch.id
        and k.state in ('held', 'spent') and k.holder_told_at is null)";

/// Tells a company of some of its keys; gives how many.
async fn tell_company(service: &Service, organization: OrganizationId, batch: Uuid) -> Outcome<usize> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    // Of two servers one tells; a key that was replaced meanwhile is nobody's any more.
    let text = format!(
        "update product_key set holder_told_at = $3
        where holder_told_at is null and id in (select id from product_key
            where key_batch_id = $1 and organization_id = $2 and state in ('held', 'spent')
                and holder_told_at is null order by id limit {KEYS_AT_ONCE})
        returning id, grant_id, seat_id,
            exists (select 1 from redemption r where r.product_key_id = product_key.id) as redeemed"
    );
    let values = [batch.into(), organization.0.into(), change.now.0.into()];
    let keys = sql::all::<Held>(&change.transaction, &text, values).await?;
    let told = keys.len();
    let mut grants: BTreeMap<Uuid, Vec<Option<Uuid>>> = BTreeMap::new();
    for key in keys {
        // A redeemed key can't be replaced: nobody is asked to.
        if !key.redeemed {
            grants.entry(key.grant_id).or_default().push(key.seat_id);
        }
        change.record(
            Event::new(organization, AuditAction::KeyWithdrawn, "product_key", key.id)
                .grant(GrantId(key.grant_id)),
        );
    }
    for (grant, seats) in grants {
        let grant = grants::find(&change.transaction, organization, GrantId(grant)).await?;
        if may_use(&grant.facts, change.now).is_ok() {
            let seats: Vec<Uuid> = seats.into_iter().flatten().collect();
            for letter in letters(&change.transaction, organization, &grant, &seats).await? {
                change.post(letter);
            }
        }
        change.tell(Changed::Grant(organization, grant.id));
    }
    change.commit(told).await
}

/// Mail about the keys of a grant: to those who look after benefits, and to the holders of seats with keys.
async fn letters(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    grant: &Grant,
    seats: &[Uuid],
) -> Outcome<Vec<Letter>> {
    #[derive(FromQueryResult)]
    struct Named {
        language: String,
        name: String,
    }
    #[derive(FromQueryResult)]
    struct Holder {
        id: Uuid,
        full_name: String,
        email: String,
        language: String,
    }
    let text = "select language, name from product_text where product_id = $1";
    let names = sql::all::<Named>(connection, text, [grant.product.0.into()]).await?;
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
            letter(reader.account, reader.name, reader.email, reader.language, path(grant.category, grant.id))
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
