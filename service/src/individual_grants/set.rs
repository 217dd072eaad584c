//! Setting an individual grant.

use domain::benefit::{Category, ProductKind};
use domain::entitlement::Amount;
use domain::ids::{GrantId, IndividualGrantId, OrganizationId, ProductId};
use domain::individual_grant::{Individual, IndividualKind, check_kind, on_top};
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::{AuditAction, Error, ErrorCode, Field, Moment};
use sea_orm::{EntityTrait, FromQueryResult, Set, Value};
use uuid::Uuid;

use super::quantities::{self, Pools};
use super::{Company, Wanted, check_beyond, column, last_moment, letters, noted};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::entity::{benefit_grant, pool};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, catalogue, rights, sql};

/// What a company is to have of a product.
#[derive(Clone, Debug)]
pub struct SetIndividualGrant {
    /// The company.
    pub organization: OrganizationId,
    /// The product.
    pub product: String,
    /// How much, until when, and why.
    pub wanted: Wanted,
}

#[derive(FromQueryResult)]
struct Product {
    id: Uuid,
    category: String,
    kind: String,
    listed: bool,
}

impl Product {
    fn kind(&self) -> Outcome<ProductKind> {
        ProductKind::from_code(&self.kind).ok_or_else(|| Failure::broken("product", "kind", self.id))
    }
}

/// Gives a company so much of a product: instead of what its plan gives, or beside a plan that gives none of it or in
/// which nothing can start any more.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] if there is no such company, [`ErrorCode::WrongState`] if it
/// isn't a member; [`ErrorCode::Invalid`] with what is wrong about the fields, among it
/// [`ErrorCode::IndividualGrantExists`] on the product, [`ErrorCode::LimitNeeded`] on the quantity, and
/// [`ErrorCode::BelowUse`] where more is in use and that wasn't accepted.
pub async fn set(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: SetIndividualGrant,
) -> Outcome<IndividualGrantId> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::SetIndividualGrants)?;
    let checked = input.wanted.checked()?;
    let operation = Operation::new(operation, "set_individual_grant", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let organization = input.organization;
    let company = Company::locked(&change, organization).await?;
    if company.portal_state != "member" {
        return Err(ErrorCode::WrongState.into());
    }
    let ends_at = last_moment(&company.zone(), checked.ends, change.now)?;
    let unknown = || Error::field(Field::Product, ErrorCode::UnknownChoice);
    let id: ProductId = input.product.parse().map_err(|_| unknown())?;
    let text = "select id, category, kind, listed from product where id = $1";
    let product = sql::one::<Product>(&change.transaction, text, [id.0.into()]).await?;
    let product = product.ok_or_else(unknown)?;
    let pools = Pools::of(&change.transaction, organization, change.now).await?;
    check_kind(product.kind()?, checked.amount)?;
    let plan = pools.plan_pools(id);
    if plan.is_empty() {
        if !product.listed {
            return Err(unknown().into());
        }
        // None of what the plan doesn't give is nothing.
        if checked.amount == Amount::Of(0) {
            return Err(Error::field(Field::Quantity, ErrorCode::MalformedNumber).into());
        }
    }
    check_free(&change, organization, id, &pools).await?;
    let individual = on_top(&plan, checked.amount);
    if individual.kind == IndividualKind::Quantity {
        check_beyond(pools.beyond(id, Some(individual.amount)), input.wanted.accepted)?;
    }
    let row = service.new_id();
    let grant = match individual.kind {
        IndividualKind::Quantity => None,
        IndividualKind::Product => Some(grant(&change, organization, &product, individual, ends_at).await?),
    };
    let text =
        "insert into individual_grant (id, organization_id, product_id, kind, quantity, reason, starts_at,
            ends_on, ends_at, grant_id, set_by, set_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $7)";
    let values = [
        row.into(),
        organization.0.into(),
        id.0.into(),
        individual.kind.code().into(),
        column(individual.amount).into(),
        checked.reason.as_str().into(),
        change.now.0.into(),
        checked.ends.to_string().into(),
        ends_at.0.into(),
        grant.into(),
        operator.account.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    quantities::settle(&change, organization).await?;
    let pools = Pools::of(&change.transaction, organization, change.now).await?;
    letters::set(&mut change, organization, id, &pools, individual, checked.ends).await?;
    let (plan, row) = (pools.plan_value(id), IndividualGrantId(row));
    let event = Event::new(organization, AuditAction::IndividualGrantSet, "individual_grant", row)
        .before(noted(plan))
        .after(noted(quantities::result(&pools, id, Some(individual))));
    told(&mut change, organization, id, &pools, event);
    change.commit(row).await
}

/// Records what happened beside the first benefit that it concerns, and tells open pages.
pub(super) fn told(
    change: &mut Change<'_>,
    organization: OrganizationId,
    product: ProductId,
    pools: &Pools,
    event: Event,
) {
    let mut grants = pools.all(product).map(|row| GrantId(row.grant_id)).peekable();
    let event = match grants.peek() {
        Some(grant) => event.grant(*grant),
        None => event,
    };
    change.record(event);
    for grant in grants {
        change.tell(Changed::Grant(organization, grant));
    }
    change.tell(Changed::Organization(organization));
    change.tell(Changed::Queue);
}

/// Refuses a second individual grant of a product, and one of a product that shares its pool: two of them would say
/// two things about it.
async fn check_free(
    change: &Change<'_>,
    organization: OrganizationId,
    product: ProductId,
    pools: &Pools,
) -> Outcome<()> {
    let mut values: Vec<Value> = vec![organization.0.into(), product.0.into()];
    let mut others = Vec::new();
    for other in pools.sharing(product) {
        values.push(other.0.into());
        others.push(format!("${}", values.len()));
    }
    let sharing = if others.is_empty() {
        String::new()
    } else {
        format!(" or kind = 'quantity' and product_id in ({})", others.join(", "))
    };
    let text = format!(
        "select count(*) as number from individual_grant
        where organization_id = $1 and ended_at is null and (product_id = $2{sharing})"
    );
    if sql::number(&change.transaction, &text, values).await? > 0 {
        return Err(Error::field(Field::Product, ErrorCode::IndividualGrantExists).into());
    }
    Ok(())
}

/// The benefit of a product beside the plan, with a pool of its own.
async fn grant(
    change: &Change<'_>,
    organization: OrganizationId,
    product: &Product,
    individual: Individual,
    ends_at: Moment,
) -> Outcome<Uuid> {
    let category = Category::from_code(&product.category)
        .ok_or_else(|| Failure::broken("product", "category", product.id))?;
    let (pool, grant) = (change.service().new_id(), change.service().new_id());
    let row = pool::ActiveModel {
        id: Set(pool),
        organization_id: Set(organization.0),
        quantity: Set(column(individual.amount)),
        // The plan gives none of it.
        plan_quantity: Set(Some(0)),
        used: Set(0),
    };
    pool::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    let row = benefit_grant::ActiveModel {
        id: Set(grant),
        organization_id: Set(organization.0),
        product_id: Set(product.id),
        category: Set(category.code().to_owned()),
        pool_id: Set(pool),
        source: Set(domain::benefit::SourceLabel::IndividualGrant.code().to_owned()),
        area: Set(None),
        holding_id: Set(None),
        order_line_id: Set(None),
        state: Set("granted".to_owned()),
        activation_state: Set("available".to_owned()),
        granted_at: Set(change.now.0),
        activate_by: Set(Some(ends_at.0)),
        holding_ends_at: Set(None),
        expires_at: Set(Some(ends_at.0)),
        catalogue_version: Set(catalogue::read::version(&change.transaction).await?),
        follows_id: Set(None),
        row_version: Set(1),
    };
    benefit_grant::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    Ok(grant)
}
