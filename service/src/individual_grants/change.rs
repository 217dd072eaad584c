//! Changing an individual grant: how much, until when, why.

use domain::benefit::ProductKind;
use domain::entitlement::Amount;
use domain::ids::{IndividualGrantId, ProductId};
use domain::individual_grant::{Individual, beyond, check_kind, check_more};
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::{AuditAction, Error, ErrorCode, Field, Moment};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::quantities::{self, Pools};
use super::set::told;
use super::{Wanted, check_beyond, claim, column, last_moment, letters, noted};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::operation::Operation;
use crate::request::Request;
use crate::{Failure, Outcome, Service, rights, sql};

/// What an individual grant is to be from now on.
#[derive(Clone, Debug)]
pub struct ChangeIndividualGrant {
    /// Which one.
    pub id: IndividualGrantId,
    /// Its version as the page showed it.
    pub version: i64,
    /// How much, until when, and why.
    pub wanted: Wanted,
}

/// Changes an individual grant in force.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`], [`ErrorCode::NotFound`]; [`ErrorCode::Stale`] if somebody changed it meanwhile,
/// [`ErrorCode::WrongState`] if it is over; [`ErrorCode::Invalid`] with what is wrong about the fields, among it
/// [`ErrorCode::LimitNeeded`] and [`ErrorCode::MoreNeedsKey`] on the quantity, and [`ErrorCode::BelowUse`] where more
/// is in use and that wasn't accepted.
pub async fn change(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: ChangeIndividualGrant,
) -> Outcome<IndividualGrantId> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::SetIndividualGrants)?;
    let checked = input.wanted.checked()?;
    let operation = Operation::new(operation, "change_individual_grant", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let (row, company) = claim(&change, input.id, input.version).await?;
    let ends_at = last_moment(&company.zone(), checked.ends, change.now)?;
    let (organization, product) = (row.organization(), row.product());
    let before = row.individual()?;
    let individual = Individual { amount: checked.amount, ..before };
    let pools = Pools::of(&change.transaction, organization, change.now).await?;
    check_kind(kind(&change, product).await?, individual.amount)?;
    check_more(before.amount, individual.amount, pools.redeemed(product, row.grant_id))?;
    let over = match row.grant_id {
        None => pools.beyond(product, quantities::instead_of_plan(individual)),
        Some(grant) => own_beyond(&pools, product, grant, individual.amount)?,
    };
    check_beyond(over, input.wanted.accepted)?;
    if let Some(grant) = row.grant_id {
        move_grant(&change, grant, individual.amount, ends_at).await?;
    }
    let text =
        "update individual_grant set quantity = $2, ends_on = $3, ends_at = $4, reason = $5, set_by = $6,
            set_at = $7, row_version = row_version + 1
        where id = $1 and ended_at is null";
    let values = [
        row.id.into(),
        column(individual.amount).into(),
        checked.ends.to_string().into(),
        ends_at.0.into(),
        checked.reason.as_str().into(),
        operator.account.0.into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    quantities::settle(&change, organization).await?;
    let pools = Pools::of(&change.transaction, organization, change.now).await?;
    if before != individual || row.ends()? != checked.ends {
        letters::set(&mut change, organization, product, &pools, individual, checked.ends).await?;
    }
    let event = Event::new(organization, AuditAction::IndividualGrantChanged, "individual_grant", row.id())
        .before(noted(quantities::result(&pools, product, Some(before))))
        .after(noted(quantities::result(&pools, product, Some(individual))));
    told(&mut change, organization, product, &pools, event);
    change.commit(row.id()).await
}

async fn kind(change: &Change<'_>, product: ProductId) -> Outcome<ProductKind> {
    #[derive(FromQueryResult)]
    struct Row {
        kind: String,
    }
    let text = "select kind from product where id = $1";
    let row = sql::one::<Row>(&change.transaction, text, [product.0.into()]).await?;
    let kind = row.and_then(|row| ProductKind::from_code(&row.kind));
    kind.ok_or_else(|| Failure::broken("product", "kind", product))
}

/// How many more are in use of a benefit beside the plan than it would have.
fn own_beyond(pools: &Pools, product: ProductId, grant: Uuid, amount: Amount) -> Outcome<i64> {
    if amount == Amount::Of(0) {
        return Err(Error::field(Field::Quantity, ErrorCode::MalformedNumber).into());
    }
    // Its last moment may have come before the clock has said so.
    let own = pools.all(product).find(|row| row.grant_id == grant).ok_or(ErrorCode::WrongState)?;
    Ok(beyond(amount, own.in_use()))
}

#[derive(FromQueryResult)]
struct PoolId {
    id: Uuid,
}

/// Gives a benefit beside the plan its new quantity and its new last day.
async fn move_grant(change: &Change<'_>, grant: Uuid, amount: Amount, ends_at: Moment) -> Outcome<()> {
    let text = "update benefit_grant set expires_at = $2, activate_by = $2, row_version = row_version + 1
        where id = $1 and state = 'granted'";
    if sql::run(&change.transaction, text, [grant.into(), ends_at.0.into()]).await? == 0 {
        return Err(ErrorCode::WrongState.into());
    }
    let text = "select pool_id as id from benefit_grant where id = $1";
    let pool = sql::one::<PoolId>(&change.transaction, text, [grant.into()]).await?;
    let pool = pool.ok_or(ErrorCode::WrongState)?.id;
    quantities::keep_before(change, pool, column(amount)).await?;
    let text = "update pool set quantity = $2 where id = $1";
    sql::run(&change.transaction, text, [pool.into(), column(amount).into()]).await?;
    Ok(())
}
