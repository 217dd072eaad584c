//! Activations of a multiple-activation key: records, from which what is left is computed (rule 8).

use domain::benefit::{ProductKind, may_start, may_use};
use domain::ids::{GrantId, PoolId};
use domain::rights::Action;
use domain::text::{Paragraph, optional};
use domain::{AuditAction, Error, ErrorCode, Field};
use sea_orm::{ConnectionTrait, EntityTrait, Set};

use super::reveal::bound_key;
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::change::{Begun, Change};
use crate::entity::balance_entry;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// So long may a note be.
pub const NOTE: usize = 500;
/// So many can be recorded or corrected at once.
pub const AT_ONCE: i64 = 100_000;

/// What to record.
#[derive(Clone, Debug)]
pub struct RecordActivations {
    /// Of which grant's key.
    pub grant: GrantId,
    /// How many devices were activated; negative to correct an earlier record.
    pub count: i64,
    /// Where, or why; a correction says why.
    pub note: String,
}

/// Records activations, or a correction of earlier records. Gives how many are left, none where the
/// key has no limit.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`], [`ErrorCode::WrongKind`];
/// [`ErrorCode::WrongState`] before the key is revealed;
/// [`ErrorCode::MalformedNumber`] for none at all, or a correction of more than is on record;
/// [`ErrorCode::ActivationsExceeded`] with what is left; [`ErrorCode::Required`] for a correction
/// without its reason; those of [`may_start`], for a correction those of [`may_use`].
pub async fn record_activations(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: RecordActivations,
) -> Outcome<Option<i64>> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::RecordActivations, &policies).await?;
    let note = if input.count < 0 {
        Some(Paragraph::parse(Field::Reason, &input.note, NOTE)?)
    } else {
        optional(&input.note, |note| Paragraph::parse(Field::Reason, note, NOTE))?
    };
    if input.count == 0 || input.count.saturating_abs() > AT_ONCE {
        return Err(Error::field(Field::Quantity, ErrorCode::MalformedNumber).into());
    }
    let operation = Operation::new(operation, "record_activations", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    grants::hold(&change, input.grant).await?;
    let grant = grants::find(&change.transaction, person.organization, input.grant).await?;
    if grant.kind != ProductKind::MultipleActivationKey {
        return Err(ErrorCode::WrongKind.into());
    }
    if grant.facts.read_only {
        return Err(ErrorCode::ReadOnly.into());
    }
    if input.count > 0 {
        may_start(&grant.facts, change.now)?;
    } else {
        may_use(&grant.facts, change.now)?;
    }
    if bound_key(&change.transaction, grant.id, None).await?.is_none() {
        return Err(ErrorCode::WrongState.into());
    }
    lock_pool(&change, grant.pool).await?;
    let left = left_after(&change.transaction, &grant, input.count).await?;
    let id = service.new_id();
    let entry = balance_entry::ActiveModel {
        id: Set(id),
        organization_id: Set(grant.organization.0),
        grant_id: Set(grant.id.0),
        kind: Set("activation".to_owned()),
        amount: Set(input.count),
        reason: Set(note.map(|note| note.as_str().to_owned()).unwrap_or_default()),
        recorded_by: Set(person.account.0),
        recorded_at: Set(change.now.0),
    };
    balance_entry::Entity::insert(entry).exec_without_returning(&change.transaction).await?;
    let action =
        if input.count > 0 { AuditAction::ActivationsRecorded } else { AuditAction::ActivationsCorrected };
    change.record(
        Event::new(grant.organization, action, "grant", grant.id)
            .grant(grant.id)
            .after(format!("amount {}", input.count)),
    );
    change.tell(Changed::Grant(grant.organization, grant.id));
    change.commit(left).await
}

/// Uses of one pool wait for each other, so that together they stay within its limit.
pub(crate) async fn lock_pool(change: &Change<'_>, pool: PoolId) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select id from pool where id = $1 for no key update";
        sql::run(&change.transaction, text, [pool.0.into()]).await?;
    }
    Ok(())
}

async fn left_after(connection: &impl ConnectionTrait, grant: &Grant, count: i64) -> Outcome<Option<i64>> {
    if count < 0 && used(connection, grant).await?.saturating_add(count) < 0 {
        return Err(Error::field(Field::Quantity, ErrorCode::MalformedNumber).into());
    }
    let Some(left) = left(connection, grant).await? else { return Ok(None) };
    if count > left {
        return Err(Error::new(ErrorCode::ActivationsExceeded).with_number(left.max(0)).into());
    }
    Ok(Some(left - count))
}

/// Activations that a grant's key has; none is unlimited. A key whose batch said how many it has doesn't get more
/// by what was granted.
#[must_use]
pub fn limit(grant: &Grant) -> Option<i64> {
    match (grant.capacity.quantity, grant.key_activations) {
        (Some(quantity), Some(of_key)) => Some(quantity.min(of_key)),
        (quantity, of_key) => quantity.or(of_key).or(grant.activation_limit),
    }
}

/// Activations of the grant's own key on record.
pub(crate) async fn used(connection: &impl ConnectionTrait, grant: &Grant) -> Outcome<i64> {
    let text = "select coalesce(cast(sum(amount) as bigint), 0) as number from balance_entry
        where grant_id = $1 and kind = 'activation'";
    Ok(sql::number(connection, text, [grant.id.0.into()]).await?)
}

/// Activations on record since the key that the grant has now was drawn: one that was replaced took its own along.
async fn used_of_key(connection: &impl ConnectionTrait, grant: &Grant) -> Outcome<i64> {
    let text = "select coalesce(cast(sum(b.amount) as bigint), 0) as number from balance_entry b
        where b.grant_id = $1 and b.kind = 'activation' and b.recorded_at >= (select coalesce(max(k.drawn_at), 0)
            from product_key k where k.grant_id = $1 and k.seat_id is null and k.state in ('held', 'spent'))";
    Ok(sql::number(connection, text, [grant.id.0.into()]).await?.max(0))
}

/// What is left of the limit, all that counted which shares it: activations of other keys, and the
/// seats of a redeemed cloud key.
pub(crate) async fn left(connection: &impl ConnectionTrait, grant: &Grant) -> Outcome<Option<i64>> {
    let of_key = match grant.key_activations {
        Some(activations) => Some(activations - used_of_key(connection, grant).await?),
        None => None,
    };
    let granted = grant.capacity.quantity;
    let Some(limit) = granted.or(grant.activation_limit.filter(|_| of_key.is_none())) else {
        return Ok(of_key);
    };
    let text = "select coalesce(cast(sum(r.seats) as bigint), 0) as number from redemption r
        join benefit_grant g on g.id = r.grant_id where g.pool_id = $1";
    let redeemed = sql::number(connection, text, [grant.pool.0.into()]).await?;
    let left = limit - redeemed - recorded_in_pool(connection, grant.pool).await?;
    Ok(Some(of_key.map_or(left, |of_key| left.min(of_key))))
}

/// Activations on record of all grants that share a pool.
pub(crate) async fn recorded_in_pool(connection: &impl ConnectionTrait, pool: PoolId) -> Outcome<i64> {
    let text = "select coalesce(cast(sum(b.amount) as bigint), 0) as number from balance_entry b
        join benefit_grant g on g.id = b.grant_id where g.pool_id = $1 and b.kind = 'activation'";
    Ok(sql::number(connection, text, [pool.0.into()]).await?)
}
