//! An individual grant as the company sees it, beside the benefit that it concerns. Its reason isn't shown: it is
//! written by operators for operators.

use std::collections::HashMap;

use domain::ids::{OrganizationId, PoolId, ProductId};
use domain::individual_grant::{Individual, IndividualKind};
use domain::view::individual_grants::IndividualShown;
use domain::{Day, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::amount;
use super::quantities::{self, Pools};
use crate::failure::Failure;
use crate::{Outcome, sql};

/// The individual grant in force of a product, or of one that shares its pool.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn of(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    product: ProductId,
    pool: PoolId,
    language: Language,
    now: Moment,
) -> Outcome<Option<IndividualShown>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        product_id: Uuid,
        name: String,
        kind: String,
        quantity: Option<i64>,
        ends_on: String,
    }
    let text = "select i.id, i.product_id, t.name, i.kind, i.quantity, i.ends_on from individual_grant i
        join product_text t on t.product_id = i.product_id and t.language = $4
        where i.organization_id = $1 and i.ended_at is null and (i.product_id = $2 or i.kind = 'quantity'
            and exists (select 1 from benefit_grant g where g.pool_id = $3 and g.product_id = i.product_id
                and g.state = 'granted'))
        order by case when i.product_id = $2 then 0 else 1 end, i.id limit 1";
    let values = [organization.0.into(), product.0.into(), pool.0.into(), language.tag().into()];
    let Some(row) = sql::one::<Row>(connection, text, values).await? else { return Ok(None) };
    let broken = |column| Failure::broken("individual_grant", column, row.id);
    let individual = Individual {
        kind: IndividualKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?,
        amount: amount(row.quantity),
    };
    let until = Day::parse(&row.ends_on).ok_or_else(|| broken("ends_on"))?;
    let pools = Pools::of(connection, organization, now).await?;
    let product = ProductId(row.product_id);
    Ok(Some(IndividualShown {
        product: row.name,
        plan: pools.plan_value(product),
        result: quantities::result(&pools, product, Some(individual)),
        individual,
        until,
    }))
}

/// The individual grants in force, by the products that they are about; what stands for the plan is also about those
/// that share its pool.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn of_products(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<HashMap<Uuid, Individual>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        product_id: Uuid,
        kind: String,
        quantity: Option<i64>,
    }
    let text = "select i.id, i.product_id, i.kind, i.quantity from individual_grant i
            where i.organization_id = $1 and i.ended_at is null
        union select i.id, g.product_id, i.kind, i.quantity from individual_grant i
            join benefit_grant s on s.organization_id = i.organization_id and s.product_id = i.product_id
                and s.state = 'granted' and s.source <> 'individual_grant'
            join benefit_grant g on g.pool_id = s.pool_id and g.state = 'granted'
            where i.organization_id = $1 and i.kind = 'quantity' and i.ended_at is null";
    sql::all::<Row>(connection, text, [organization.0.into()])
        .await?
        .into_iter()
        .map(|row| {
            let kind = IndividualKind::from_code(&row.kind)
                .ok_or_else(|| Failure::broken("individual_grant", "kind", row.id))?;
            Ok((row.product_id, Individual { kind, amount: amount(row.quantity) }))
        })
        .collect()
}
