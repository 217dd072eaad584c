//! What each pool of a company has: what the plan gives, unless an individual grant says otherwise.
//!
//! The one place that computes it. Whoever brings benefits writes what the plan gives beside the pool and comes here
//! then: purchases and renewals ([`crate::membership::entitle`]), versions of the catalogue that reach what is held,
//! and whoever sets, changes and ends individual grants.

use std::collections::HashMap;

use domain::entitlement::Amount;
use domain::ids::{OrganizationId, ProductId};
use domain::individual_grant::{Individual, IndividualKind, PlanPool, beyond, plan_of, shares};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{amount, column};
use crate::change::Change;
use crate::request::Request;
use crate::{Outcome, Service, people, sql};

/// A benefit in force with its pool.
#[derive(FromQueryResult, Clone, Debug)]
pub(super) struct Pooled {
    pub(super) grant_id: Uuid,
    pub(super) product_id: Uuid,
    pub(super) pool_id: Uuid,
    category: String,
    source: String,
    plan_quantity: Option<i64>,
    quantity: Option<i64>,
    pub(super) in_use: i64,
}

impl Pooled {
    /// Whether it stands beside the plan.
    pub(super) fn is_individual(&self) -> bool {
        self.source == "individual_grant"
    }

    fn plan(&self) -> PlanPool {
        PlanPool { plan: amount(self.plan_quantity), in_use: self.in_use }
    }

    /// The page of the benefit.
    pub(super) fn path(&self) -> String {
        format!("/benefits/{}?open={1}#{1}", self.category.replace('_', "-"), self.grant_id)
    }
}

/// Everything that a company has, the oldest first.
pub(super) struct Pools(Vec<Pooled>);

impl Pools {
    /// Reads it.
    pub(super) async fn of(connection: &impl ConnectionTrait, organization: OrganizationId) -> Outcome<Self> {
        let text = "select g.id as grant_id, g.product_id, g.pool_id, g.category, g.source, p.plan_quantity,
                p.quantity, p.used + p.used_before
                    + coalesce((select cast(sum(b.amount) as bigint) from balance_entry b
                        join benefit_grant s on s.id = b.grant_id
                        where s.pool_id = p.id and b.kind <> 'monthly_credit'), 0)
                    + coalesce((select cast(sum(d.seats) as bigint) from redemption d
                        join benefit_grant s on s.id = d.grant_id where s.pool_id = p.id), 0) as in_use
            from benefit_grant g join pool p on p.id = g.pool_id
            where g.organization_id = $1 and g.state = 'granted' and not exists (select 1 from benefit_grant n
                where n.follows_id = g.id and n.state <> 'withdrawn')
            order by g.granted_at, g.id";
        Ok(Self(sql::all::<Pooled>(connection, text, [organization.0.into()]).await?))
    }

    /// The benefits of a product that the plan gives, each pool once.
    pub(super) fn plan(&self, product: ProductId) -> Vec<&Pooled> {
        let mut found: Vec<&Pooled> = Vec::new();
        for row in self.0.iter().filter(|row| row.product_id == product.0 && !row.is_individual()) {
            if !found.iter().any(|other| other.pool_id == row.pool_id) {
                found.push(row);
            }
        }
        found
    }

    /// Every benefit of a product, whichever it comes from.
    pub(super) fn all(&self, product: ProductId) -> impl Iterator<Item = &Pooled> {
        self.0.iter().filter(move |row| row.product_id == product.0)
    }

    /// Every product, each once.
    pub(super) fn products(&self) -> Vec<ProductId> {
        let mut products: Vec<ProductId> = self.0.iter().map(|row| ProductId(row.product_id)).collect();
        products.sort_unstable();
        products.dedup();
        products
    }

    /// What the plan gives of a product; none where it gives none.
    pub(super) fn plan_value(&self, product: ProductId) -> Option<Amount> {
        let pools: Vec<PlanPool> = self.plan(product).into_iter().map(Pooled::plan).collect();
        plan_of(&pools)
    }

    /// What is in use of a product, of pools that it shares everything.
    pub(super) fn in_use(&self, product: ProductId) -> i64 {
        let mut pools: Vec<(Uuid, i64)> = self.all(product).map(|row| (row.pool_id, row.in_use)).collect();
        pools.sort_unstable();
        pools.dedup();
        pools.into_iter().map(|(_, in_use)| in_use).sum()
    }

    /// Products that share a pool of the plan with this one, itself left out.
    pub(super) fn sharing(&self, product: ProductId) -> Vec<ProductId> {
        let plan = self.plan(product);
        self.0
            .iter()
            .filter(|row| row.product_id != product.0 && plan.iter().any(|own| own.pool_id == row.pool_id))
            .map(|row| ProductId(row.product_id))
            .collect()
    }

    /// What each pool of a product's plan has with so much of it instead; with none what the plan gives.
    fn given(&self, product: ProductId, instead: Option<Amount>) -> Vec<(&Pooled, Amount)> {
        let rows = self.plan(product);
        let plan: Vec<PlanPool> = rows.iter().map(|row| row.plan()).collect();
        let given =
            instead.map_or_else(|| plan.iter().map(|pool| pool.plan).collect(), |all| shares(all, &plan));
        rows.into_iter().zip(given).collect()
    }

    /// How many more are in use of a product than there would be (rule 12).
    pub(super) fn beyond(&self, product: ProductId, instead: Option<Amount>) -> i64 {
        self.given(product, instead).into_iter().map(|(row, share)| beyond(share, row.in_use)).sum()
    }
}

/// Individual grants in force that stand for what the plan gives.
async fn instead(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Vec<(ProductId, Amount)>> {
    #[derive(FromQueryResult)]
    struct Row {
        product_id: Uuid,
        quantity: Option<i64>,
    }
    let text = "select product_id, quantity from individual_grant
        where organization_id = $1 and kind = 'quantity' and ended_at is null order by id";
    let rows = sql::all::<Row>(connection, text, [organization.0.into()]).await?;
    Ok(rows.into_iter().map(|row| (ProductId(row.product_id), amount(row.quantity))).collect())
}

/// Lets what is in use stay as it is until the commit: what is read of it afterwards counts. Benefits come before
/// pools, as with whoever assigns; always in the same order. SQLite has one writer anyway.
pub(super) async fn hold_still(change: &Change<'_>, organization: OrganizationId) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select g.id from benefit_grant g join individual_grant i on i.grant_id = g.id
            where i.organization_id = $1 and i.ended_at is null order by g.id for no key update of g";
        sql::run(&change.transaction, text, [organization.0.into()]).await?;
    }
    hold_pools(change, organization).await
}

async fn hold_pools(change: &Change<'_>, organization: OrganizationId) -> Outcome<()> {
    people::roles::lock(change, organization).await?;
    if change.service().database.is_postgres() {
        let text = "select id from pool where organization_id = $1 order by id for no key update";
        sql::run(&change.transaction, text, [organization.0.into()]).await?;
    }
    Ok(())
}

/// Gives every pool of a company's products with an individual grant what it has by that, and the pools of the
/// product whose individual grant is over what the plan gives. Nobody loses a seat: a pool with less than is in use
/// is over-allocated (rule 12). To do it again changes nothing.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn settle(
    change: &Change<'_>,
    organization: OrganizationId,
    over: Option<ProductId>,
) -> Outcome<()> {
    if instead(&change.transaction, organization).await?.is_empty() && over.is_none() {
        return Ok(());
    }
    hold_pools(change, organization).await?;
    let instead = instead(&change.transaction, organization).await?;
    let pools = Pools::of(&change.transaction, organization).await?;
    let mut limits: HashMap<Uuid, (Option<i64>, Amount)> = HashMap::new();
    for (row, share) in over.map(|product| pools.given(product, None)).unwrap_or_default() {
        limits.insert(row.pool_id, (row.quantity, share));
    }
    let mut individual: HashMap<Uuid, Amount> = HashMap::new();
    for (product, all) in instead {
        for (row, share) in pools.given(product, Some(all)) {
            // Products that came to share a pool: the larger of what was said about them counts.
            let share = individual.get(&row.pool_id).map_or(share, |other| larger(*other, share));
            individual.insert(row.pool_id, share);
            limits.insert(row.pool_id, (row.quantity, share));
        }
    }
    let text = "update pool set quantity = $2 where id = $1";
    for (pool, (before, share)) in limits {
        if before != column(share) {
            keep_before(change, pool, column(share)).await?;
            sql::run(&change.transaction, text, [pool.into(), column(share).into()]).await?;
        }
    }
    Ok(())
}

/// Keeps what a pool has until now, where that becomes another quantity: months are counted after their end.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn keep_before(change: &Change<'_>, pool: Uuid, quantity: Option<i64>) -> Outcome<()> {
    // Of several changes at one moment the first one says what there was before.
    let text = "insert into pool_quantity (pool_id, until_at, quantity)
        select p.id, cast($2 as bigint), p.quantity from pool p
            where p.id = $1 and p.quantity is distinct from cast($3 as bigint)
        on conflict (pool_id, until_at) do nothing";
    sql::run(&change.transaction, text, [pool.into(), change.now.0.into(), quantity.into()]).await?;
    Ok(())
}

const fn larger(one: Amount, other: Amount) -> Amount {
    match (one, other) {
        (Amount::Of(a), Amount::Of(b)) => Amount::Of(if a > b { a } else { b }),
        _ => Amount::Unlimited,
    }
}

/// Settles companies of which benefits have just ended: what is left of them has what those had. Each in a
/// transaction of its own, because whoever ended them holds benefits of many.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn settle_all(service: &Service, mut organizations: Vec<OrganizationId>) -> Outcome<()> {
    organizations.sort_unstable();
    organizations.dedup();
    for organization in organizations {
        if instead(service.database.reader(), organization).await?.is_empty() {
            continue;
        }
        let request = Request::of_worker(service);
        let change = Change::begin_unasked(service, &request).await?;
        settle(&change, organization, None).await?;
        change.commit(()).await?;
    }
    Ok(())
}

/// What a company has of a product by an individual grant that is in force.
pub(super) fn result(pools: &Pools, product: ProductId, individual: Option<Individual>) -> Option<Amount> {
    domain::individual_grant::result(pools.plan_value(product), individual)
}

/// How much a kind stands for instead of the plan.
pub(super) fn instead_of_plan(individual: Individual) -> Option<Amount> {
    (individual.kind == IndividualKind::Quantity).then_some(individual.amount)
}
