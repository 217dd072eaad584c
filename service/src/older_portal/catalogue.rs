//! What the programme has, as far as a file of records names it.

use std::collections::{HashMap, HashSet};

use domain::benefit::SourceLabel;
use domain::{ErrorCode, Tier};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::{Outcome, policies, sql};

/// A benefit that a tier brings.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) category: String,
    /// How many; none is without limit.
    pub(super) limit: Option<i64>,
    /// The pool that several benefits of the tier share.
    pub(super) pool: Option<String>,
    /// The first version that says so.
    from: i64,
    /// The first one that says something else, if there is one.
    until: Option<i64>,
}

/// What the programme has.
#[derive(Default, Debug)]
pub(super) struct Catalogue {
    pub(super) version: i64,
    /// The policies of a purchase made now, as they stand on an order line.
    pub(super) policies: String,
    pub(super) offers: HashMap<Tier, Uuid>,
    /// Ids by code.
    pub(super) products: HashMap<String, Uuid>,
    /// Codes of competency areas, those that the version in force doesn't have any more among them: they are still held.
    areas: HashSet<String>,
    /// Tiers by what the programme calls them in any language, in small letters; none where two have that name.
    tiers: HashMap<String, Option<Tier>>,
    plans: HashMap<(Tier, Option<String>, Uuid), Vec<Plan>>,
}

impl Catalogue {
    /// What a tier, or a select area of it, brings of a benefit, as a version says.
    pub(super) fn plan(&self, version: i64, tier: Tier, area: Option<&str>, product: Uuid) -> Option<&Plan> {
        let plans = self.plans.get(&(tier, area.map(str::to_owned), product))?;
        plans.iter().find(|plan| plan.from <= version && plan.until.is_none_or(|until| version < until))
    }

    /// The tier of a code or a name, in small letters.
    pub(super) fn tier(&self, word: &str) -> Option<Tier> {
        match (Tier::from_code(word), self.tiers.get(word)) {
            // Where the programme calls another tier so, nobody knows which of the two is meant.
            (Some(code), Some(named)) if *named != Some(code) => None,
            (Some(code), _) => Some(code),
            (None, named) => named.copied().flatten(),
        }
    }

    /// Whether there is such a competency area, or was.
    pub(super) fn has_area(&self, code: &str) -> bool {
        self.areas.contains(code)
    }
}

#[derive(FromQueryResult)]
struct CodeRow {
    code: String,
    id: Uuid,
}

#[derive(FromQueryResult)]
struct TierRow {
    tier: String,
    name: String,
}

#[derive(FromQueryResult)]
struct AreaRow {
    code: String,
}

#[derive(FromQueryResult)]
struct PlanRow {
    source: String,
    level: Option<String>,
    area: Option<String>,
    product_id: Uuid,
    category: String,
    quantity: Option<i64>,
    seats: Option<i64>,
    pool_code: Option<String>,
    from_version: i64,
    until_version: Option<i64>,
}

/// Reads it.
///
/// # Errors
/// [`ErrorCode::NotFound`] where the database has no programme.
pub(super) async fn load(connection: &impl ConnectionTrait) -> Outcome<Catalogue> {
    let text = "select catalogue_version as number from programme";
    let version = sql::number(connection, text, []).await?;
    if version == 0 {
        return Err(ErrorCode::NotFound.into());
    }
    let mut catalogue = Catalogue {
        version,
        policies: policies::frozen(&policies::in_force(connection).await?),
        ..Catalogue::default()
    };
    for row in sql::all::<CodeRow>(
        connection,
        "select tier as code, id from offer where listed order by price_minor",
        [],
    )
    .await?
    {
        if let Some(tier) = Tier::from_code(&row.code) {
            catalogue.offers.entry(tier).or_insert(row.id);
        }
    }
    for row in sql::all::<CodeRow>(connection, "select code, id from product", []).await? {
        catalogue.products.insert(row.code, row.id);
    }
    let text = "select code from competency_area union select area as code from competency_area_text";
    for row in sql::all::<AreaRow>(connection, text, []).await? {
        catalogue.areas.insert(row.code);
    }
    for row in sql::all::<TierRow>(connection, "select tier, name from tier_text", []).await? {
        let Some(tier) = Tier::from_code(&row.tier) else { continue };
        let known = catalogue.tiers.entry(row.name.to_lowercase()).or_insert(Some(tier));
        if *known != Some(tier) {
            *known = None;
        }
    }
    let text = "select e.source, e.level, e.area, e.product_id, p.category, e.quantity, e.seats, e.pool_code,
            e.from_version, e.until_version
        from entitlement e join product p on p.id = e.product_id";
    for row in sql::all::<PlanRow>(connection, text, []).await? {
        let core = |tier: &&Tier| SourceLabel::core_of(**tier).code() == row.source;
        let tier = match row.level.as_deref() {
            Some(level) if row.source == SourceLabel::SelectCompetency.code() => Tier::from_code(level),
            _ => Tier::ALL.iter().find(core).copied(),
        };
        let Some(tier) = tier else { continue };
        let plan = Plan {
            category: row.category,
            limit: row.seats.or(row.quantity),
            pool: row.pool_code,
            from: row.from_version,
            until: row.until_version,
        };
        catalogue.plans.entry((tier, row.area, row.product_id)).or_default().push(plan);
    }
    Ok(catalogue)
}
