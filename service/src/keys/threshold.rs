//! Below how many free keys a pool runs low, and telling the operators once when it does.
//!
//! The worker looks, not whoever draws: drawing a key stays one statement, and whatever takes keys out of a pool is
//! noticed alike.

use domain::ids::AccountId;
use domain::key_import::THRESHOLD_MAX;
use domain::operation::OperationId;
use domain::rights::{OperatorAction, operator_roles_for};
use domain::view::key_pools::runs_low;
use domain::{AuditAction, Error, ErrorCode, Field, Language};
use locales::format;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::Request;
use crate::{Failure, Outcome, Service, rights, sql};

/// A new threshold, as it was typed.
#[derive(Clone, Debug)]
pub struct SetThreshold {
    /// Code of the product.
    pub product: String,
    /// Below so many free keys the operators are told; 0 for never.
    pub threshold: String,
    /// Version of the pool that the page showed.
    pub version: i64,
}

/// Sets the threshold of a pool.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::Stale`]; [`ErrorCode::MalformedNumber`].
pub async fn set(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: SetThreshold,
) -> Outcome<i64> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        threshold: i64,
    }
    rights::check_operator(request.operator()?, OperatorAction::ImportKeys)?;
    let threshold = domain::text::whole_number(Field::Threshold, input.threshold.trim(), 0..=THRESHOLD_MAX)?;
    let operation = Operation::new(operation, "set_key_threshold", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text =
        "select k.id, k.threshold from key_pool k join product p on p.id = k.product_id where p.code = $1";
    let before = sql::one::<Row>(&change.transaction, text, [input.product.as_str().into()]).await?;
    let before = before.ok_or_else(|| Error::new(ErrorCode::NotFound))?;
    let text = "update key_pool set threshold = $2, row_version = row_version + 1
        where id = $1 and row_version = $3";
    let values = [before.id.into(), threshold.into(), input.version.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::Stale.into());
    }
    change.record(
        Event::new(programme_chain(), AuditAction::KeyThresholdSet, "key_pool", before.id)
            .before(before.threshold)
            .after(threshold),
    );
    change.tell(Changed::Queue);
    change.commit(threshold).await
}

#[derive(FromQueryResult)]
struct Looked {
    id: Uuid,
    product_id: Uuid,
    code: String,
    threshold: i64,
    low_since: Option<i64>,
    free: i64,
}

/// Tells the operators of pools that have run low since they were looked at last, once each; a pool that is full
/// again can be told of anew. Gives how many were told of. The worker's work.
///
/// # Errors
/// [`Failure::Database`].
pub async fn tell_low(service: &Service) -> Outcome<usize> {
    // Counts no further than the largest threshold, however many keys there are.
    let text = format!(
        "select k.id, k.product_id, p.code, k.threshold, k.low_since,
            (select count(*) from (select 1 from product_key f where f.key_pool_id = k.id and f.state = 'free'
                limit {THRESHOLD_MAX}) s) as free
        from key_pool k join product p on p.id = k.product_id where k.threshold > 0 or k.low_since is not null"
    );
    let pools = sql::all::<Looked>(service.database.reader(), &text, []).await?;
    let mut told = 0;
    for pool in pools.iter().filter(|pool| runs_low(pool.free, pool.threshold) != pool.low_since.is_some()) {
        told += usize::from(note(service, pool).await?);
    }
    Ok(told)
}

/// Notes that a pool has run low, or is full again; whether the operators were told now.
async fn note(service: &Service, pool: &Looked) -> Outcome<bool> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    if !runs_low(pool.free, pool.threshold) {
        let text = "update key_pool set low_since = null where id = $1";
        sql::run(&change.transaction, text, [pool.id.into()]).await?;
        change.tell(Changed::Queue);
        change.commit(()).await?;
        return Ok(false);
    }
    // Of two servers that look at the same moment one tells.
    let text = "update key_pool set low_since = $2 where id = $1 and low_since is null";
    if sql::run(&change.transaction, text, [pool.id.into(), change.now.0.into()]).await? == 0 {
        return Ok(false);
    }
    for letter in letters(&change.transaction, pool).await? {
        change.post(letter);
    }
    change.record(
        Event::new(programme_chain(), AuditAction::KeyPoolLow, "key_pool", pool.id)
            .after(format!("{}, free {}, threshold {}", pool.code, pool.free, pool.threshold)),
    );
    change.tell(Changed::Queue);
    change.commit(()).await?;
    Ok(true)
}

/// Mail to everybody who may import keys.
async fn letters(connection: &impl ConnectionTrait, pool: &Looked) -> Outcome<Vec<Letter>> {
    #[derive(FromQueryResult)]
    struct Reader {
        id: Uuid,
        email: String,
        full_name: String,
        language: String,
        product: String,
    }
    let roles: Vec<Value> =
        operator_roles_for(OperatorAction::ImportKeys).into_iter().map(|role| role.code().into()).collect();
    let places: Vec<String> = (2..roles.len() + 2).map(|place| format!("${place}")).collect();
    let text = format!(
        "select a.id, a.email, a.full_name, a.language, t.name as product from account a
        join product_text t on t.language = a.language and t.product_id = $1
        where a.status = 'active' and a.id in (select r.account_id from operator_role r where r.role in ({}))
        order by a.id",
        places.join(", ")
    );
    let values = std::iter::once(Value::from(pool.product_id)).chain(roles);
    let readers = sql::all::<Reader>(connection, &text, values).await?;
    readers
        .into_iter()
        .map(|reader| {
            let language = Language::from_tag(&reader.language)
                .ok_or_else(|| Failure::broken("account", "language", reader.id))?;
            Ok(Letter {
                organization: None,
                account: Some(AccountId(reader.id)),
                recipient: reader.email,
                language,
                kind: "key_pool_low",
                values: vec![
                    ("person", reader.full_name),
                    ("product", reader.product),
                    ("number", format::number(language, pool.free)),
                    ("threshold", format::number(language, pool.threshold)),
                ],
                path: format!("/operator/keys/{}", pool.code),
                secret: None,
                dates: Vec::new(),
            })
        })
        .collect()
}
