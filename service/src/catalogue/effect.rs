//! What a draft would do to companies: pools that would be over-allocated (rule 12).

use std::collections::HashMap;

use domain::catalogue::{Catalogue, ChangeKind, Difference, Entitlement, Quantity, Subject};
use domain::{Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};

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

/// The pools whose use is above what the draft grants. Quantities that stay without limit, and those that
/// grow, are in none of them; nor are those that an individual grant has the say about, whatever the plan gives.
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
    struct Sums {
        companies: i64,
        seats: i64,
    }
    let limits: HashMap<Quantity, &Entitlement> = catalogue
        .entitlements
        .iter()
        .flat_map(|row| row.rows().into_iter().map(move |key| (key, row)))
        .collect();
    let mut rows = Vec::new();
    let mut values: Vec<sea_orm::Value> = vec![language.tag().into()];
    for Difference { subject, kind, .. } in differences {
        let Subject::Quantity(row) = subject else { continue };
        if *kind != ChangeKind::Changed {
            continue;
        }
        let Some(limit) = limits.get(row).and_then(|of| of.limit()) else { continue };
        let at = values.len();
        rows.push(format!(
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
            limit.into(),
        ]);
    }
    if rows.is_empty() {
        return Ok(Effect::default());
    }
    let found = format!(
        "with changed (product, source, level, area, quantity) as (values {}),
        found as (select distinct o.name as organization, o.id as organization_id, t.name as product, g.source,
                p.used, c.quantity, h.anniversary_at, p.id
            from changed c join product d on d.code = c.product
            join product_text t on t.product_id = d.id and t.language = $1
            join benefit_grant g on g.product_id = d.id and g.source = c.source and g.state = 'granted'
                and (c.area = '' or g.area = c.area)
            join holding h on h.id = g.holding_id and h.state = 'active'
            join offer f on f.id = h.offer_id and (c.level = '' or f.tier = c.level)
            join pool p on p.id = g.pool_id join organization o on o.id = g.organization_id
            where p.used > c.quantity and not exists (select 1 from individual_grant i
                join benefit_grant b on b.product_id = i.product_id and b.organization_id = i.organization_id
                where i.organization_id = o.id and i.kind = 'quantity' and i.ended_at is null
                    and b.pool_id = p.id and b.state = 'granted'))",
        rows.join(", ")
    );
    let text = format!(
        "{found} select organization, product, source, used, quantity, anniversary_at from found
        order by organization, product, source limit {NAMED}"
    );
    let named = sql::all::<OverAllocated>(connection, &text, values.clone()).await?;
    let text = format!(
        "{found} select count(distinct organization_id) as companies,
            cast(coalesce(sum(used - quantity), 0) as bigint) as seats from found where $1 <> ''"
    );
    let sums = sql::one::<Sums>(connection, &text, values).await?;
    let (companies, seats) = sums.map_or((0, 0), |sums| (sums.companies, sums.seats));
    Ok(Effect { named, companies, seats })
}
