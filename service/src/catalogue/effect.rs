//! What a draft would do to companies: pools that would be over-allocated (rule 12).

use std::collections::{HashMap, HashSet};

use domain::catalogue::{Catalogue, ChangeKind, Difference, Quantity, Subject};
use domain::{Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::individual_grants::quantities::COUNTED;
use crate::{Outcome, sql};

/// Companies that are named; the numbers count all.
pub const NAMED: usize = 100;

/// A pool that a smaller quantity makes over-allocated.
#[derive(FromQueryResult, Clone, PartialEq, Eq, Debug)]
pub struct OverAllocated {
    /// The company's name.
    pub organization: String,
    /// The product's name in the reader's language.
    pub product: String,
    /// Code of the source.
    pub source: String,
    /// The area, for a select competency.
    pub area: Option<String>,
    /// How many are in use.
    pub used: i64,
    /// How many there would be.
    pub quantity: i64,
    /// The last moment of the holding's year, after which the draft counts in any case.
    pub anniversary_at: i64,
}

/// What a draft would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effect {
    /// The first pools, by company.
    pub named: Vec<OverAllocated>,
    /// Companies with one.
    pub companies: i64,
    /// Seats beyond their new quantities.
    pub seats: i64,
}

impl OverAllocated {
    /// When the year ends.
    #[must_use]
    pub const fn anniversary(&self) -> Moment {
        Moment(self.anniversary_at)
    }
}

/// Rows whose pools are looked for with one query.
const AT_ONCE: usize = 2_000;

/// The pools that the draft makes smaller than what is in use of them; what it no longer grants goes on for whoever
/// uses it, and is all above it, unless other benefits still have the pool. Pools that are above their quantity already
/// and don't get a smaller one are in none of them; nor are those that an individual grant has the say about, whatever
/// the plan gives.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn of(
    connection: &impl ConnectionTrait,
    catalogue: &Catalogue,
    differences: &[Difference],
    language: Language,
) -> Outcome<Effect> {
    #[derive(FromQueryResult)]
    struct Concerned {
        organization_id: Uuid,
        seats: i64,
    }
    let rows = less(catalogue, differences);
    let mut effect = Effect::default();
    let mut companies: HashSet<Uuid> = HashSet::new();
    for some in rows.chunks(AT_ONCE) {
        let (above, values) = pools(some, language);
        let text = format!(
            "{above} select organization, product, source, area, used, quantity, anniversary_at from above
            order by organization, product, source limit {NAMED}"
        );
        effect.named.extend(sql::all::<OverAllocated>(connection, &text, values.clone()).await?);
        let text = format!(
            "{above} select organization_id, cast(sum(used - quantity) as bigint) as seats from above
            group by organization_id"
        );
        for row in sql::all::<Concerned>(connection, &text, values).await? {
            companies.insert(row.organization_id);
            effect.seats += row.seats;
        }
    }
    if rows.len() > AT_ONCE {
        effect.named.sort_by_cached_key(|row| (row.organization.clone(), row.product.clone()));
        effect.named.truncate(NAMED);
    }
    effect.companies = i64::try_from(companies.len()).unwrap_or(i64::MAX);
    Ok(effect)
}

/// What several rows share: source, level, area and the pool's code.
type Shared<'c> = (&'c str, Option<&'c str>, Option<String>, &'c str);

/// The rows that there may be less of, with their limits; those of one source come together, because they can share
/// a pool.
fn less<'d>(catalogue: &Catalogue, differences: &'d [Difference]) -> Vec<(&'d Quantity, i64)> {
    let limits: HashMap<Quantity, Option<i64>> = catalogue
        .entitlements
        .iter()
        .flat_map(|row| row.rows().into_iter().map(move |key| (key, row.limit())))
        .collect();
    // What a pool keeps that several rows share, where one of them goes.
    let mut pools: HashMap<Shared<'_>, Option<i64>> = HashMap::new();
    for row in &catalogue.entitlements {
        let Some(pool) = row.pool.as_deref() else { continue };
        for Quantity { area, .. } in row.rows() {
            let level = row.level.map(|level| level.code());
            pools.insert((row.source.code(), level, area, pool), row.limit());
        }
    }
    let shared = |row: &Quantity, values: &[domain::catalogue::Value]| {
        let pool = values.iter().find(|value| value.field == "pool")?.before.as_deref()?;
        pools.get(&(row.source.as_str(), row.level.as_deref(), row.area.clone(), pool)).copied()
    };
    let mut rows = Vec::new();
    for Difference { subject, kind, values } in differences {
        let Subject::Quantity(row) = subject else { continue };
        let limit = match kind {
            ChangeKind::Added => None,
            ChangeKind::Changed => limits.get(row).copied().flatten(),
            ChangeKind::Removed => shared(row, values).unwrap_or(Some(0)),
        };
        rows.extend(limit.map(|limit| (row, limit)));
    }
    rows.sort_by_cached_key(|(row, _)| (row.source.clone(), row.level.clone(), row.area.clone()));
    rows
}

/// The pools of companies that are above the limits, each once, as the table `above`, with the values of its text.
fn pools(rows: &[(&Quantity, i64)], language: Language) -> (String, Vec<Value>) {
    let mut places = Vec::with_capacity(rows.len());
    let mut values: Vec<Value> = vec![language.tag().into()];
    for (row, limit) in rows {
        let at = values.len();
        places.push(format!(
            "(${}, ${}, ${}, ${}, cast(${} as bigint))",
            at + 1,
            at + 2,
            at + 3,
            at + 4,
            at + 5
        ));
        values.extend([
            row.product.as_str().into(),
            row.source.as_str().into(),
            row.level.clone().unwrap_or_default().into(),
            row.area.clone().unwrap_or_default().into(),
            (*limit).into(),
        ]);
    }
    let text = format!(
        "with changed (product, source, level, area, quantity) as (values {}),
        found as (select o.name as organization, o.id as organization_id, t.name as product, g.source, g.area,
                {COUNTED} as used, c.quantity, p.plan_quantity, h.anniversary_at, p.id as pool_id
            from changed c join product d on d.code = c.product
            join product_text t on t.product_id = d.id and t.language = $1
            join benefit_grant g on g.product_id = d.id and g.source = c.source and g.state = 'granted'
                and (c.area = '' or g.area = c.area)
            join holding h on h.id = g.holding_id and h.state = 'active'
            join offer f on f.id = h.offer_id and (c.level = '' or f.tier = c.level)
            join pool p on p.id = g.pool_id join organization o on o.id = g.organization_id
            where not exists (select 1 from individual_grant i
                join benefit_grant b on b.product_id = i.product_id and b.organization_id = i.organization_id
                where i.organization_id = o.id and i.kind = 'quantity' and i.ended_at is null
                    and b.pool_id = p.id and b.state = 'granted')),
        above as (select organization, organization_id, pool_id, min(product) as product,
                min(source) as source, min(area) as area, max(used) as used, min(quantity) as quantity,
                min(anniversary_at) as anniversary_at
            from found where used > quantity and (plan_quantity is null or plan_quantity > quantity)
            group by organization, organization_id, pool_id)",
        places.join(", ")
    );
    (text, values)
}
