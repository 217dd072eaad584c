//! One key as operators see it: whose it is and who had it shown. The key itself has a right of its own, a reason, and
//! evidence in the company's activity.

use domain::ids::{KeyBatchId, OrganizationId, ProductKeyId};
use domain::key_format::KeyText;
use domain::key_replacement::REPLACEMENT_REASON_MAX;
use domain::moment::Zone;
use domain::operation::OperationId;
use domain::rights::{OperatorAction, operator_may};
use domain::text::Paragraph;
use domain::view::key_pools::{DrawnKey, KeyDetail, KeyInspection, ReplacedKey};
use domain::{AuditAction, Error, ErrorCode, Field};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::formats;
use super::reveal::{self, Sealed};
use super::seen;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::operation::Operation;
use crate::queue::item::stamp;
use crate::request::{Operator, Request};
use crate::{Outcome, Service, rights, sql};

/// So many inspections of a key are listed.
const INSPECTIONS: u32 = 50;

/// Where a key is found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FoundKey {
    /// Code of its product.
    pub product: String,
    /// The key's id.
    pub key: ProductKeyId,
}

/// Finds the key that somebody holds in their hands, such as from a partner's message: by its keyed hash, in whichever
/// pool.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Required`], [`ErrorCode::MalformedKey`] on the key;
/// [`ErrorCode::UnknownKey`] on it where no pool has it.
pub async fn find(service: &Service, request: &Request, typed: &str) -> Outcome<FoundKey> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        product: String,
    }
    rights::check_operator(request.operator()?, OperatorAction::ReadKeyPools)?;
    let wrong = |code| Error::field(Field::ProductKey, code);
    if typed.trim().is_empty() {
        return Err(wrong(ErrorCode::Required).into());
    }
    // Whose it is isn't known yet: it may be written as keys of any product are.
    let identity = KeyText::identity_of(typed).ok_or_else(|| wrong(ErrorCode::MalformedKey))?;
    let text = "select k.id, p.code as product from product_key k join key_pool q on q.id = k.key_pool_id
        join product p on p.id = q.product_id where k.key_hash = $1";
    let hash = service.vault.hash(&identity);
    let row = sql::one::<Row>(service.database.reader(), text, [hash.into()]).await?;
    let row = row.ok_or_else(|| wrong(ErrorCode::UnknownKey))?;
    Ok(FoundKey { product: row.product, key: ProductKeyId(row.id) })
}

/// Which key an operator wants to see, and why.
#[derive(Clone, Debug)]
pub struct InspectKey {
    /// The key.
    pub key: ProductKeyId,
    /// Why; operators read it.
    pub reason: String,
}

/// Shows a key that a company holds, or held, to an operator.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Required`] or [`ErrorCode::TooLong`] on the reason,
/// [`ErrorCode::KeysInTheWrongField`] for a key in it; [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] for a key that
/// nobody drew.
pub async fn inspect(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: InspectKey,
) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Of {
        organization_id: Option<Uuid>,
    }
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::RevealKeyAsOperator)?;
    let reason = Paragraph::parse(Field::Reason, &input.reason, REPLACEMENT_REASON_MAX)?;
    let formats = formats::of_all(service.database.reader()).await?;
    if KeyText::stands_in(&input.reason, &formats) {
        return Err(Error::field(Field::Reason, ErrorCode::KeysInTheWrongField).into());
    }
    let operation = Operation::new(operation, "inspect_key", &input);
    let mut change = match Change::begin::<ProductKeyId>(service, request, operation).await? {
        Begun::Before(key) => {
            return reveal::open(service, &sealed(service.database.reader(), key).await?);
        }
        Begun::New(change) => change,
    };
    let text = "select organization_id from product_key where id = $1";
    let of = sql::one::<Of>(&change.transaction, text, [input.key.0.into()]).await?;
    let organization = of.ok_or(ErrorCode::NotFound)?.organization_id.ok_or(ErrorCode::WrongState)?;
    let shown = reveal::open(service, &sealed(&change.transaction, input.key).await?)?;
    let text =
        "insert into key_inspection (id, product_key_id, account_id, reason, at) values ($1, $2, $3, $4, $5)";
    let values = [
        service.new_id().into(),
        input.key.0.into(),
        operator.account.0.into(),
        reason.as_str().into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    change.record(
        Event::new(OrganizationId(organization), AuditAction::KeyRevealed, "product_key", input.key)
            .after("operator"),
    );
    change.commit(input.key).await?;
    Ok(shown)
}

async fn sealed(connection: &impl ConnectionTrait, key: ProductKeyId) -> Outcome<Sealed> {
    let text = "select id, ciphertext from product_key where id = $1 and organization_id is not null";
    let sealed = sql::one::<Sealed>(connection, text, [key.0.into()]).await?;
    Ok(sealed.ok_or(ErrorCode::NotFound)?)
}

/// A key of a pool, but not the key.
pub(super) async fn detail(
    connection: &impl ConnectionTrait,
    operator: &Operator,
    pool: Uuid,
    key: ProductKeyId,
) -> Outcome<KeyDetail> {
    #[derive(FromQueryResult)]
    struct Row {
        state: String,
        batch_id: Option<Uuid>,
        batch: Option<String>,
        company: Option<String>,
        holder: Option<String>,
        drawn_at: Option<i64>,
        replaced_at: Option<i64>,
        replaced_by: Option<String>,
        replaced_reason: Option<String>,
    }
    #[derive(FromQueryResult)]
    struct Inspection {
        by: String,
        at: i64,
        reason: String,
    }
    let text = "select k.state, b.id as batch_id, b.name as batch, o.name as company, h.full_name as holder, k.drawn_at,
            k.replaced_at, r.full_name as replaced_by, k.replaced_reason
        from product_key k left join key_batch b on b.id = k.key_batch_id
        left join organization o on o.id = k.organization_id
        left join seat s on s.id = k.seat_id left join person sp on sp.id = s.person_id
        left join account h on h.id = sp.account_id
        left join person rp on rp.id = k.replaced_by left join account r on r.id = rp.account_id
        where k.id = $1 and k.key_pool_id = $2";
    let row = sql::one::<Row>(connection, text, [key.0.into(), pool.into()]).await?;
    let row = row.ok_or(ErrorCode::NotFound)?;
    let text = format!(
        "select a.full_name as by, i.at, i.reason from key_inspection i join account a on a.id = i.account_id
        where i.product_key_id = $1 order by i.at desc, i.id limit {INSPECTIONS}"
    );
    let inspections = sql::all::<Inspection>(connection, &text, [key.0.into()]).await?;
    let zone = Zone::named("UTC");
    let why_not = operator_may(&operator.roles, OperatorAction::RevealKeyAsOperator)
        .err()
        .or_else(|| row.company.is_none().then(|| ErrorCode::WrongState.into()));
    Ok(KeyDetail {
        id: key,
        state: row.state,
        batch: row.batch_id.map(|id| (KeyBatchId(id), row.batch.unwrap_or_default())),
        drawn: row.company.zip(row.drawn_at).map(|(company, at)| DrawnKey {
            company,
            holder: row.holder,
            at: stamp(&zone, at),
        }),
        replaced: row.replaced_at.map(|at| ReplacedKey {
            at: stamp(&zone, at),
            by: row.replaced_by.unwrap_or_default(),
            reason: row.replaced_reason.unwrap_or_default(),
        }),
        seen: seen::of_key(connection, key).await?,
        inspections: inspections
            .into_iter()
            .map(|Inspection { by, at, reason }| KeyInspection { by, at: stamp(&zone, at), reason })
            .collect(),
        why_not,
    })
}
