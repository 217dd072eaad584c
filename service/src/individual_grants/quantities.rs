//! What each pool of a company has: what the plan gives, unless an individual grant says otherwise.
//!
//! The one place that computes it. Whoever brings benefits writes what the plan gives beside the pool and comes here
//! then: purchases and renewals ([`crate::membership::entitle`]), versions of the catalogue that reach what is held,
//! and whoever sets, changes and ends individual grants.

use std::collections::{BTreeMap, HashMap};

use domain::Moment;
use domain::benefit::{GrantFacts, GrantState, may_start};
use domain::entitlement::Amount;
use domain::ids::{OrganizationId, ProductId};
use domain::individual_grant::{
    Individual, IndividualKind, PlanPool, altogether, beyond, is_unsettled, plan_of, shares,
};
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
    organization_id: Uuid,
    pub(super) product_id: Uuid,
    pub(super) pool_id: Uuid,
    category: String,
    source: String,
    expires_at: Option<i64>,
    activate_by: Option<i64>,
    holding_ends_at: Option<i64>,
    spent: bool,
    plan_quantity: Option<i64>,
    quantity: Option<i64>,
    counted: i64,
    begun: bool,
}

impl Pooled {
    /// Whether it stands beside the plan.
    pub(super) fn is_individual(&self) -> bool {
        self.source == "individual_grant"
    }

    /// What is in use: what is counted, and at least one where a key was drawn or an activation runs.
    pub(super) fn in_use(&self) -> i64 {
        self.counted.max(i64::from(self.begun))
    }

    /// What there is of it.
    fn has(&self) -> Amount {
        amount(self.quantity)
    }

    /// Whether something new can start: a key that was redeemed has taken all that there was.
    fn opens(&self, now: Moment) -> bool {
        let facts = GrantFacts {
            state: GrantState::Granted,
            expires_at: self.expires_at.map(Moment),
            activate_by: self.activate_by.map(Moment),
            holding_ends_at: self.holding_ends_at.map(Moment),
            read_only: false,
            without_network: false,
        };
        !self.spent && may_start(&facts, now).is_ok()
    }

    /// The page of the benefit.
    pub(super) fn path(&self) -> String {
        format!("/benefits/{}?open={1}#{1}", self.category.replace('_', "-"), self.grant_id)
    }
}

/// How much of a pool `p` is in use, as far as it is counted: seats, what the older portal says, balances, and what
/// redeemed keys opened.
pub(crate) const COUNTED: &str = "p.used + p.used_before
            + coalesce((select cast(sum(b.amount) as bigint) from balance_entry b
                join benefit_grant s on s.id = b.grant_id
                where s.pool_id = p.id and b.kind <> 'monthly_credit'), 0)
            + coalesce((select cast(sum(d.seats) as bigint) from redemption d
                join benefit_grant s on s.id = d.grant_id where s.pool_id = p.id), 0)";

/// Benefits in force with their pools, as far as `further` narrows them down. What was begun without being counted is
/// a key drawn for all of a grant, or an activation for the whole company.
fn pooled(further: &str) -> String {
    format!(
        "select g.id as grant_id, g.organization_id, g.product_id, g.pool_id, g.category, g.source,
            g.expires_at, g.activate_by, g.holding_ends_at, p.plan_quantity, p.quantity,
            exists (select 1 from redemption r where r.grant_id = g.id) as spent, {COUNTED} as counted,
            (exists (select 1 from product_key k join benefit_grant s on s.id = k.grant_id
                    where s.pool_id = p.id and s.state = 'granted' and k.seat_id is null
                        and k.state in ('held', 'spent'))
                or exists (select 1 from activation a join benefit_grant s on s.id = a.grant_id
                    where s.pool_id = p.id and s.state = 'granted' and a.person_id is null
                        and a.state in ('requested', 'processing', 'active'))) as begun
        from benefit_grant g join pool p on p.id = g.pool_id
        where g.state = 'granted' and not exists (select 1 from benefit_grant n
            where n.follows_id = g.id and n.state <> 'withdrawn')
            and {further} order by g.granted_at, g.id"
    )
}

/// Everything that a company has, the oldest first.
pub(super) struct Pools {
    rows: Vec<Pooled>,
    now: Moment,
}

impl Pools {
    /// Reads it.
    pub(super) async fn of(
        connection: &impl ConnectionTrait,
        organization: OrganizationId,
        now: Moment,
    ) -> Outcome<Self> {
        let text = pooled("g.organization_id = $1");
        Ok(Self { rows: sql::all::<Pooled>(connection, &text, [organization.0.into()]).await?, now })
    }

    /// The benefits of a product that the plan gives, each pool once.
    fn plan(&self, product: ProductId) -> Vec<&Pooled> {
        let mut found: Vec<&Pooled> = Vec::new();
        for row in self.rows.iter().filter(|row| row.product_id == product.0 && !row.is_individual()) {
            if !found.iter().any(|other| other.pool_id == row.pool_id) {
                found.push(row);
            }
        }
        found
    }

    /// The pools of the plan's benefits of a product, as the rule sees them.
    pub(super) fn plan_pools(&self, product: ProductId) -> Vec<PlanPool> {
        let opens = |pool: Uuid| {
            self.all(product).any(|row| row.pool_id == pool && !row.is_individual() && row.opens(self.now))
        };
        self.plan(product)
            .into_iter()
            .map(|row| PlanPool {
                plan: amount(row.plan_quantity),
                in_use: row.in_use(),
                opens: opens(row.pool_id),
            })
            .collect()
    }

    /// Every benefit of a product, whichever it comes from.
    pub(super) fn all(&self, product: ProductId) -> impl Iterator<Item = &Pooled> {
        self.rows.iter().filter(move |row| row.product_id == product.0)
    }

    /// Every product, each once.
    pub(super) fn products(&self) -> Vec<ProductId> {
        let mut products: Vec<ProductId> = self.rows.iter().map(|row| ProductId(row.product_id)).collect();
        products.sort_unstable();
        products.dedup();
        products
    }

    /// What the plan gives of a product; none where it gives none.
    pub(super) fn plan_value(&self, product: ProductId) -> Option<Amount> {
        plan_of(&self.plan_pools(product))
    }

    /// Whether the keys of all benefits of a product that the plan gives were redeemed, or the one of a benefit beside
    /// the plan.
    pub(super) fn redeemed(&self, product: ProductId, beside: Option<Uuid>) -> bool {
        let mut rows = self
            .all(product)
            .filter(|row| beside.map_or_else(|| !row.is_individual(), |grant| row.grant_id == grant))
            .peekable();
        rows.peek().is_some() && rows.all(|row| row.spent)
    }

    /// What there is of a product altogether, of pools that it shares everything; none for nothing.
    pub(super) fn there_is(&self, product: ProductId) -> Option<Amount> {
        let mut pools: Vec<&Pooled> = self.all(product).collect();
        pools.sort_unstable_by_key(|row| row.pool_id);
        pools.dedup_by_key(|row| row.pool_id);
        let has: Vec<Amount> = pools.into_iter().map(Pooled::has).collect();
        altogether(&has)
    }

    /// What is in use of a product, of pools that it shares everything.
    pub(super) fn in_use(&self, product: ProductId) -> i64 {
        let mut pools: Vec<(Uuid, i64)> = self.all(product).map(|row| (row.pool_id, row.in_use())).collect();
        pools.sort_unstable();
        pools.dedup();
        pools.into_iter().map(|(_, in_use)| in_use).sum()
    }

    /// Products that share a pool of the plan with this one, itself left out.
    pub(super) fn sharing(&self, product: ProductId) -> Vec<ProductId> {
        let plan = self.plan(product);
        self.rows
            .iter()
            .filter(|row| row.product_id != product.0 && plan.iter().any(|own| own.pool_id == row.pool_id))
            .map(|row| ProductId(row.product_id))
            .collect()
    }

    /// What each pool of a product's plan has with so much of it instead; with none what the plan gives.
    fn given(&self, product: ProductId, instead: Option<Amount>) -> Vec<(&Pooled, Amount)> {
        let plan = self.plan_pools(product);
        let given =
            instead.map_or_else(|| plan.iter().map(|pool| pool.plan).collect(), |all| shares(all, &plan));
        self.plan(product).into_iter().zip(given).collect()
    }

    /// How many more are in use of a product than there would be (rule 12).
    pub(super) fn beyond(&self, product: ProductId, instead: Option<Amount>) -> i64 {
        self.given(product, instead).into_iter().map(|(row, share)| beyond(share, row.in_use())).sum()
    }

    /// Pools of the plan that have something else than they are to have: what individual grants say, else what the
    /// plan gives.
    fn changes(&self, instead: &[(ProductId, Amount)]) -> BTreeMap<Uuid, Amount> {
        let mut individual: HashMap<Uuid, Amount> = HashMap::new();
        for (product, all) in instead {
            for (row, share) in self.given(*product, Some(*all)) {
                // Products that came to share a pool: the larger of what was said about them counts.
                let share = individual.get(&row.pool_id).map_or(share, |other| larger(*other, share));
                individual.insert(row.pool_id, share);
            }
        }
        self.rows
            .iter()
            .filter(|row| !row.is_individual())
            .map(|row| {
                (row, individual.get(&row.pool_id).copied().unwrap_or_else(|| amount(row.plan_quantity)))
            })
            .filter(|(row, share)| row.has() != *share)
            .map(|(row, share)| (row.pool_id, share))
            .collect()
    }
}

/// Individual grants in force that stand for what the plan gives.
async fn instead(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Vec<(ProductId, Amount)>> {
    let text = format!("{INSTEAD} and organization_id = $1 order by id");
    let rows = sql::all::<Instead>(connection, &text, [organization.0.into()]).await?;
    Ok(rows.into_iter().map(|row| (ProductId(row.product_id), amount(row.quantity))).collect())
}

const INSTEAD: &str = "select organization_id, product_id, quantity from individual_grant
    where kind = 'quantity' and ended_at is null";

#[derive(FromQueryResult)]
struct Instead {
    organization_id: Uuid,
    product_id: Uuid,
    quantity: Option<i64>,
}

/// Lets what is in use stay as it is until the commit: what is read of it afterwards counts. The company comes first,
/// then all its benefits, then its pools, as with whoever assigns, draws or redeems; always in the same order. SQLite
/// has one writer anyway.
pub(super) async fn hold_still(change: &Change<'_>, organization: OrganizationId) -> Outcome<()> {
    people::roles::lock(change, organization).await?;
    if change.service().database.is_postgres() {
        for text in [
            "select id from benefit_grant where organization_id = $1 and state = 'granted' order by id
            for no key update",
            "select id from pool where organization_id = $1 order by id for no key update",
        ] {
            sql::run(&change.transaction, text, [organization.0.into()]).await?;
        }
    }
    Ok(())
}

/// Whether pools of the company have, or are to have, something else than the plan gives.
async fn is_concerned(connection: &impl ConnectionTrait, organization: OrganizationId) -> Outcome<bool> {
    let text = "select (select count(*) from individual_grant
            where organization_id = $1 and kind = 'quantity' and ended_at is null)
        + (select count(*) from pool p
            where p.organization_id = $1 and coalesce(p.quantity, -1) <> coalesce(p.plan_quantity, -1)
                and exists (select 1 from benefit_grant g where g.pool_id = p.id and g.state = 'granted'
                    and g.source <> 'individual_grant')) as number";
    Ok(sql::number(connection, text, [organization.0.into()]).await? > 0)
}

/// Gives every pool of a company's plan what it is to have: where its product has an individual grant, a share of
/// that, else what the plan gives. Nobody loses a seat: a pool with less than is in use is over-allocated (rule 12).
/// To do it again changes nothing.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn settle(change: &Change<'_>, organization: OrganizationId) -> Outcome<()> {
    if !is_concerned(&change.transaction, organization).await? {
        return Ok(());
    }
    hold_still(change, organization).await?;
    let instead = instead(&change.transaction, organization).await?;
    let pools = Pools::of(&change.transaction, organization, change.now).await?;
    let text = "update pool set quantity = $2 where id = $1";
    for (pool, share) in pools.changes(&instead) {
        keep_before(change, pool, column(share)).await?;
        sql::run(&change.transaction, text, [pool.into(), column(share).into()]).await?;
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
/// transaction of its own, because whoever ended them holds benefits of many. One that can't be settled keeps no
/// other waiting; the clock comes back to it.
pub(crate) async fn settle_all(service: &Service, mut organizations: Vec<OrganizationId>) {
    organizations.sort_unstable();
    organizations.dedup();
    for organization in organizations {
        if let Err(failure) = settle_one(service, organization).await {
            tracing::error!(
                company = %organization,
                cause = %failure,
                "individual grants could not be shared out"
            );
        }
    }
}

async fn settle_one(service: &Service, organization: OrganizationId) -> Outcome<()> {
    if !is_concerned(service.database.reader(), organization).await? {
        return Ok(());
    }
    let request = Request::of_worker(service);
    let change = Change::begin_unasked(service, &request).await?;
    settle(&change, organization).await?;
    change.commit(()).await
}

/// Companies that have to be settled: a benefit ended and nobody came to share out what it had, or one with more
/// than its plan gives came into its renewal window.
pub(super) async fn unsettled(service: &Service) -> Outcome<Vec<OrganizationId>> {
    let reader = service.database.reader();
    let instead = sql::all::<Instead>(reader, INSTEAD, []).await?;
    if instead.is_empty() {
        return Ok(Vec::new());
    }
    let text = pooled(
        "g.organization_id in (select organization_id from individual_grant
            where kind = 'quantity' and ended_at is null)
            and exists (select 1 from individual_grant i where i.organization_id = g.organization_id
                and i.product_id = g.product_id and i.kind = 'quantity' and i.ended_at is null)",
    );
    let mut of_company: HashMap<Uuid, Pools> = HashMap::new();
    for row in sql::all::<Pooled>(reader, &text, []).await? {
        let pools = of_company.entry(row.organization_id);
        pools.or_insert_with(|| Pools { rows: Vec::new(), now: service.now() }).rows.push(row);
    }
    let due = |row: &Instead| {
        let product = ProductId(row.product_id);
        of_company.get(&row.organization_id).is_some_and(|pools| {
            let has = pools.plan(product).into_iter().map(Pooled::has);
            let pools: Vec<_> = pools.plan_pools(product).into_iter().zip(has).collect();
            is_unsettled(amount(row.quantity), &pools)
        })
    };
    Ok(instead.into_iter().filter(due).map(|row| OrganizationId(row.organization_id)).collect())
}

/// What a company has of a product by an individual grant that is in force.
pub(super) fn result(pools: &Pools, product: ProductId, individual: Option<Individual>) -> Option<Amount> {
    domain::individual_grant::result(pools.plan_value(product), individual)
}

/// How much a kind stands for instead of the plan.
pub(super) fn instead_of_plan(individual: Individual) -> Option<Amount> {
    (individual.kind == IndividualKind::Quantity).then_some(individual.amount)
}
