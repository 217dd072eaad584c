//! What the catalogue grants, and what a company holds of it.

use std::collections::HashMap;

use domain::benefit::SourceLabel;
use domain::entitlement::{Edition, Entitlement};
use domain::ids::{HoldingId, OrganizationId, ProductId};
use domain::membership::{Held, Tier};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::failure::Failure;
use crate::{Outcome, sql};

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    source: String,
    level: Option<String>,
    area: Option<String>,
    per_area: bool,
    product_id: Uuid,
    quantity: Option<i64>,
    seats: Option<i64>,
    pool_code: Option<String>,
    from_version: i64,
    until_version: Option<i64>,
}

const COLUMNS: &str = "select id, source, level, area, per_area, product_id, quantity, seats, pool_code,
    from_version, until_version from entitlement";

impl TryFrom<Row> for Entitlement {
    type Error = Failure;

    fn try_from(row: Row) -> Outcome<Self> {
        let broken = |column| Failure::broken("entitlement", column, row.id);
        let level = match &row.level {
            Some(level) => Some(Tier::from_code(level).ok_or_else(|| broken("level"))?),
            None => None,
        };
        Ok(Self {
            source: SourceLabel::from_code(&row.source).ok_or_else(|| broken("source"))?,
            level,
            area: row.area,
            per_area: row.per_area,
            product: ProductId(row.product_id),
            quantity: row.quantity,
            seats: row.seats,
            pool: row.pool_code,
        })
    }
}

/// Every row of the catalogue in force, in the order in which it was written.
///
/// # Errors
/// [`Failure::Broken`] for a source or a level that isn't known.
pub async fn entitlements(connection: &impl ConnectionTrait) -> Outcome<Vec<Entitlement>> {
    let text = format!("{COLUMNS} where until_version is null order by id");
    sql::all::<Row>(connection, &text, []).await?.into_iter().map(Entitlement::try_from).collect()
}

/// Every row that a version has, in the order in which it was written.
///
/// # Errors
/// As [`entitlements`].
pub async fn entitlements_at(connection: &impl ConnectionTrait, version: i64) -> Outcome<Vec<Entitlement>> {
    let text = format!(
        "{COLUMNS} where from_version <= $1 and (until_version is null or until_version > $1) order by id"
    );
    let rows = sql::all::<Row>(connection, &text, [version.into()]).await?;
    rows.into_iter().map(Entitlement::try_from).collect()
}

/// The catalogue as each holding of a company has it: a holding keeps the version that was in force when it
/// was bought, until its renewal.
pub struct Editions {
    /// Every row of any version.
    pub(crate) all: Vec<Entitlement>,
    by_version: HashMap<i64, Vec<Entitlement>>,
}

impl Editions {
    /// Reads the versions that a company's holdings have.
    ///
    /// # Errors
    /// As [`entitlements`].
    pub async fn of(connection: &impl ConnectionTrait, organization: OrganizationId) -> Outcome<Self> {
        #[derive(FromQueryResult)]
        struct Held {
            catalogue_version: i64,
        }
        let text = "select distinct catalogue_version from holding where organization_id = $1";
        let versions = sql::all::<Held>(connection, text, [organization.0.into()]).await?;
        let mut by_version: HashMap<i64, Vec<Entitlement>> =
            versions.into_iter().map(|held| (held.catalogue_version, Vec::new())).collect();
        let mut all = Vec::new();
        for row in sql::all::<Row>(connection, &format!("{COLUMNS} order by id"), []).await? {
            let (from, until) = (row.from_version, row.until_version);
            let row = Entitlement::try_from(row)?;
            for (version, rows) in &mut by_version {
                if from <= *version && until.is_none_or(|until| *version < until) {
                    rows.push(row.clone());
                }
            }
            all.push(row);
        }
        Ok(Self { all, by_version })
    }

    /// The catalogue that a grant came from: its holding's, or every row for one without a holding.
    pub(crate) fn of_grant(&self, version: Option<i64>) -> &[Entitlement] {
        version.map_or(self.all.as_slice(), |version| self.at(version))
    }

    /// The catalogue of a version that a holding has.
    pub(crate) fn at(&self, version: i64) -> &[Entitlement] {
        self.by_version.get(&version).map_or(&[], Vec::as_slice)
    }

    /// What the company holds at the moment, each holding by its own catalogue, the oldest first; a row for each
    /// competency area. Offers that are no tier grant the same whatever else is held, and aren't in it.
    ///
    /// # Errors
    /// [`Failure::Database`].
    pub async fn held(
        &self,
        connection: &impl ConnectionTrait,
        organization: OrganizationId,
        without: Option<HoldingId>,
    ) -> Outcome<Vec<Edition<'_>>> {
        #[derive(FromQueryResult)]
        struct Holding {
            id: Uuid,
            tier: String,
            areas: String,
            catalogue_version: i64,
        }
        let text = "select h.id, f.tier, h.areas, h.catalogue_version from holding h
            join offer f on f.id = h.offer_id join holding r on r.id = coalesce(h.first_id, h.id)
            where h.organization_id = $1 and h.state = 'active' order by r.starts_at, r.id";
        let rows = sql::all::<Holding>(connection, text, [organization.0.into()]).await?;
        let rows = rows.into_iter().filter(|row| without.is_none_or(|without| without.0 != row.id));
        Ok(rows
            .filter_map(|row| Some((Tier::from_code(&row.tier)?, row)))
            .map(|(tier, row)| {
                let catalogue = self.at(row.catalogue_version);
                Edition { catalogue, held: of_areas(tier, &row.areas, catalogue) }
            })
            .collect())
    }
}

/// A holding of these areas, separated by commas, as the rules see it: a row for each.
pub(crate) fn of_areas(tier: Tier, areas: &str, catalogue: &[Entitlement]) -> Vec<Held> {
    let areas: Vec<&str> = areas.split(',').filter(|area| !area.is_empty()).collect();
    if areas.is_empty() {
        return vec![Held { tier, area: None, select: false }];
    }
    let select = |area: &str| catalogue.iter().any(|row| row.per_area && row.area.as_deref() == Some(area));
    areas.into_iter().map(|area| Held { tier, area: Some(area.to_owned()), select: select(area) }).collect()
}
