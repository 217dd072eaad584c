//! The catalogue in force, read from the tables.

use std::collections::{BTreeMap, HashMap};

use domain::Language;
use domain::benefit::{ProductKind, SourceLabel, Unit};
use domain::catalogue::{
    Area, Catalogue, Download, Entitlement, Known, Offer, OfferTier, Product, Programme, TierName, Translated,
};
use domain::membership::Tier;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::failure::Failure;
use crate::{Database, Outcome, policies, sql};

/// The version in force.
///
/// # Errors
/// [`Failure::Database`].
pub async fn version(connection: &impl ConnectionTrait) -> Outcome<i64> {
    Ok(sql::number(connection, "select catalogue_version as number from programme", []).await?)
}

/// The version in force with its catalogue, whatever comes into force meanwhile.
///
/// # Errors
/// As [`in_force`].
pub async fn at_one_moment(database: &Database) -> Outcome<(i64, Catalogue)> {
    let snapshot = database.snapshot().await?;
    Ok((version(&snapshot).await?, in_force(&snapshot).await?))
}

/// The catalogue in force, sorted.
///
/// # Errors
/// [`Failure::Broken`] for a code that isn't known.
pub async fn in_force(connection: &impl ConnectionTrait) -> Outcome<Catalogue> {
    let mut catalogue = Catalogue {
        programme: programme(connection).await?,
        policies: policies(connection).await?,
        tiers: tiers(connection).await?,
        areas: areas(connection).await?,
        offers: offers(connection).await?,
        products: products(connection).await?,
        entitlements: entitlements(connection).await?,
    };
    catalogue.sort();
    Ok(catalogue)
}

/// The policies in force, by their names.
///
/// # Errors
/// [`Failure::Broken`] for a value that isn't known.
pub async fn policies(connection: &impl ConnectionTrait) -> Outcome<BTreeMap<String, String>> {
    let entries = policies::entries(&policies::in_force(connection).await?);
    Ok(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// What products and offers are, by their codes, those that aren't listed any more among them.
///
/// # Errors
/// [`Failure::Broken`] for a code that isn't known.
pub async fn known(connection: &impl ConnectionTrait) -> Outcome<Known> {
    #[derive(FromQueryResult)]
    struct ProductRow {
        code: String,
        kind: String,
        unit: String,
    }
    #[derive(FromQueryResult)]
    struct OfferRow {
        code: String,
        tier: String,
    }
    let mut known = Known::default();
    for row in sql::all::<ProductRow>(connection, "select code, kind, unit from product", []).await? {
        let kind = ProductKind::from_code(&row.kind).zip(Unit::from_code(&row.unit));
        let kind = kind.ok_or_else(|| Failure::broken("product", "kind", &row.code))?;
        known.products.insert(row.code, kind);
    }
    for row in sql::all::<OfferRow>(connection, "select code, tier from offer", []).await? {
        let tier = OfferTier::from_code(&row.tier);
        let tier = tier.ok_or_else(|| Failure::broken("offer", "tier", &row.code))?;
        known.offers.insert(row.code, tier);
    }
    Ok(known)
}

/// Puts a text into its language's place; a language that isn't known is left out.
fn put<T>(texts: &mut Translated<T>, language: &str, text: T) {
    if let Some(language) = Language::from_tag(language) {
        *texts.of_mut(language) = text;
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

async fn programme(connection: &impl ConnectionTrait) -> Outcome<Programme> {
    #[derive(FromQueryResult)]
    struct Row {
        language: String,
        name: String,
        bank_details: Option<String>,
    }
    let mut programme = Programme::default();
    let text = "select language, name, bank_details from programme_text";
    for row in sql::all::<Row>(connection, text, []).await? {
        put(&mut programme.name, &row.language, row.name);
        if let Some(details) = row.bank_details {
            put(programme.bank_details.get_or_insert_default(), &row.language, lines(&details));
        }
    }
    Ok(programme)
}

/// What the tiers are called.
async fn tiers(connection: &impl ConnectionTrait) -> Outcome<Vec<TierName>> {
    #[derive(FromQueryResult)]
    struct Row {
        tier: String,
        language: String,
        name: String,
        source_name: String,
    }
    let mut tiers: Vec<TierName> = Vec::new();
    let text = "select tier, language, name, source_name from tier_text order by tier";
    for row in sql::all::<Row>(connection, text, []).await? {
        let code =
            OfferTier::from_code(&row.tier).ok_or_else(|| Failure::broken("tier_text", "tier", &row.tier))?;
        if tiers.last().is_none_or(|last| last.code != code) {
            tiers.push(TierName { code, name: Translated::default(), source_name: Translated::default() });
        }
        if let Some(tier) = tiers.last_mut() {
            put(&mut tier.name, &row.language, row.name);
            put(&mut tier.source_name, &row.language, row.source_name);
        }
    }
    Ok(tiers)
}

#[derive(FromQueryResult)]
struct AreaRow {
    code: String,
    language: String,
    name: String,
}

async fn areas(connection: &impl ConnectionTrait) -> Outcome<Vec<Area>> {
    let text = "select c.code, t.language, t.name from competency_area c
        join competency_area_text t on t.area = c.code order by c.code";
    let mut areas: Vec<Area> = Vec::new();
    for row in sql::all::<AreaRow>(connection, text, []).await? {
        if areas.last().is_none_or(|last| last.code != row.code) {
            areas.push(Area { code: row.code, name: Translated::default() });
        }
        if let Some(area) = areas.last_mut() {
            put(&mut area.name, &row.language, row.name);
        }
    }
    Ok(areas)
}

/// Names the tiers and the areas of documents that were written before they had names: as the database does, also
/// where the catalogue in force doesn't have the area any more; else by their codes.
///
/// # Errors
/// [`Failure::Database`], [`Failure::Broken`] for a code that isn't known.
pub async fn name_unnamed<const N: usize>(
    connection: &impl ConnectionTrait,
    mut catalogues: [&mut Catalogue; N],
) -> Outcome<()> {
    if catalogues.iter().any(|catalogue| catalogue.tiers.is_empty()) {
        let mut in_force = tiers(connection).await?;
        in_force.sort_by_key(|tier| tier.code as u8);
        for catalogue in &mut catalogues {
            if catalogue.tiers.is_empty() {
                catalogue.tiers.clone_from(&in_force);
            }
        }
    }
    let unnamed = catalogues.into_iter().flat_map(|catalogue| &mut catalogue.areas);
    let unnamed: Vec<&mut Area> = unnamed.filter(|area| area.is_unnamed()).collect();
    if unnamed.is_empty() {
        return Ok(());
    }
    let mut names: HashMap<String, Translated<String>> = HashMap::new();
    let text = "select area as code, language, name from competency_area_text";
    for row in sql::all::<AreaRow>(connection, text, []).await? {
        put(names.entry(row.code).or_default(), &row.language, row.name);
    }
    for area in unnamed {
        let code = || area.code.clone();
        area.name = match names.get(&area.code) {
            Some(name) => name.clone(),
            None => Translated { en: code(), simplified: code(), traditional: code() },
        };
    }
    Ok(())
}

async fn offers(connection: &impl ConnectionTrait) -> Outcome<Vec<Offer>> {
    #[derive(FromQueryResult)]
    struct Row {
        code: String,
        tier: String,
        price_minor: i64,
        currency: String,
        language: String,
        name: String,
        description: String,
    }
    let text = "select f.code, f.tier, f.price_minor, f.currency, t.language, t.name, t.description
        from offer f join offer_text t on t.offer_id = f.id where f.listed order by f.code";
    let mut offers: Vec<Offer> = Vec::new();
    for row in sql::all::<Row>(connection, text, []).await? {
        if offers.last().is_none_or(|last| last.code != row.code) {
            offers.push(Offer {
                tier: OfferTier::from_code(&row.tier)
                    .ok_or_else(|| Failure::broken("offer", "tier", &row.code))?,
                code: row.code,
                price_minor: row.price_minor,
                currency: row.currency,
                name: Translated::default(),
                description: Translated::default(),
            });
        }
        if let Some(offer) = offers.last_mut() {
            put(&mut offer.name, &row.language, row.name);
            put(&mut offer.description, &row.language, row.description);
        }
    }
    Ok(offers)
}

async fn products(connection: &impl ConnectionTrait) -> Outcome<Vec<Product>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        code: String,
        kind: String,
        unit: String,
        key_format: Option<String>,
        portal_url: Option<String>,
        activation_limit: Option<i64>,
        language: String,
        name: String,
        summary: String,
        instructions: String,
        guidance: String,
    }
    #[derive(FromQueryResult)]
    struct DownloadRow {
        product_id: Uuid,
        version: String,
        language: String,
        operating_system: String,
        file_name: String,
        bytes: i64,
        url: Option<String>,
    }
    let text = "select product_id, version, language, operating_system, file_name, bytes, url
        from product_download where listed";
    let mut downloads: HashMap<Uuid, Vec<Download>> = HashMap::new();
    for row in sql::all::<DownloadRow>(connection, text, []).await? {
        downloads.entry(row.product_id).or_default().push(Download {
            version: row.version,
            language: row.language,
            operating_system: row.operating_system,
            file: row.file_name,
            bytes: row.bytes,
            url: row.url,
        });
    }
    let text = "select p.id, p.code, p.kind, p.unit, p.key_format, p.portal_url, p.activation_limit, t.language, t.name,
            t.summary, t.instructions, t.guidance
        from product p join product_text t on t.product_id = p.id where p.listed order by p.code";
    let mut products: Vec<Product> = Vec::new();
    for row in sql::all::<Row>(connection, text, []).await? {
        if products.last().is_none_or(|last| last.code != row.code) {
            let broken = |column| Failure::broken("product", column, &row.code);
            products.push(Product {
                kind: ProductKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?,
                unit: Unit::from_code(&row.unit).ok_or_else(|| broken("unit"))?,
                code: row.code.clone(),
                activations: row.activation_limit,
                key_format: row.key_format,
                portal_url: row.portal_url,
                name: Translated::default(),
                summary: Translated::default(),
                instructions: Translated::default(),
                guidance: None,
                downloads: downloads.remove(&row.id).unwrap_or_default(),
            });
        }
        if let Some(product) = products.last_mut() {
            put(&mut product.name, &row.language, row.name);
            put(&mut product.summary, &row.language, row.summary);
            put(&mut product.instructions, &row.language, lines(&row.instructions));
            if !row.guidance.is_empty() {
                put(product.guidance.get_or_insert_default(), &row.language, row.guidance);
            }
        }
    }
    Ok(products)
}

async fn entitlements(connection: &impl ConnectionTrait) -> Outcome<Vec<Entitlement>> {
    #[derive(FromQueryResult)]
    struct Row {
        source: String,
        level: Option<String>,
        area: Option<String>,
        per_area: bool,
        code: String,
        quantity: Option<i64>,
        seats: Option<i64>,
        pool_code: Option<String>,
        illustrative: bool,
    }
    let text = "select e.source, e.level, e.area, e.per_area, p.code, e.quantity, e.seats, e.pool_code,
            e.illustrative
        from entitlement e join product p on p.id = e.product_id where e.until_version is null order by e.id";
    sql::all::<Row>(connection, text, [])
        .await?
        .into_iter()
        .map(|row| {
            let broken = |column| Failure::broken("entitlement", column, &row.code);
            let level = match &row.level {
                Some(level) => Some(Tier::from_code(level).ok_or_else(|| broken("level"))?),
                None => None,
            };
            Ok(Entitlement {
                source: SourceLabel::from_code(&row.source).ok_or_else(|| broken("source"))?,
                product: row.code,
                quantity: row.quantity,
                seats: row.seats,
                pool: row.pool_code,
                level,
                areas: row.area.into_iter().collect(),
                per_area: row.per_area,
                illustrative: row.illustrative,
            })
        })
        .collect()
}
