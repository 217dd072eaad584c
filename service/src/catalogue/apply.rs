//! Puts a catalogue into the tables as the next version.
//!
//! Quantities are kept by version: what is held keeps its own until its renewal, unless the version reaches
//! what is held already. Nobody loses a seat: a pool with a smaller quantity than is in use is over-allocated
//! (rule 12), and of what is no longer granted nothing new starts.

use std::collections::{HashMap, HashSet};

use domain::catalogue::{
    Area, Catalogue, ChangeKind, Difference, Entitlement, Offer, Product, Quantity, Subject, TierName,
    Translated, differences,
};
use domain::{AuditAction, Language};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set, Value};
use uuid::Uuid;

use super::{publish, read};
use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::entity::{entitlement, key_pool};
use crate::failure::Failure;
use crate::{Outcome, sql};

/// Writes what the catalogue changes about the one in force, as the next version; says which that is. What
/// companies hold is brought to it company by company, where it is to reach that ([`super::on_clock`]).
///
/// # Errors
/// [`Failure::Database`]; [`Failure::Broken`] for a row that the document can't have named.
pub(crate) async fn apply(change: &mut Change<'_>, catalogue: &Catalogue) -> Outcome<i64> {
    publish::lock(change).await?;
    let connection = &change.transaction;
    let version = read::version(connection).await? + 1;
    let found = differences(&read::in_force(connection).await?, catalogue);
    write_programme(connection, catalogue, &found).await?;
    let offers: HashMap<&str, &Offer> =
        catalogue.offers.iter().map(|offer| (offer.code.as_str(), offer)).collect();
    let products: HashMap<&str, &Product> =
        catalogue.products.iter().map(|product| (product.code.as_str(), product)).collect();
    for Difference { subject, kind, .. } in &found {
        match (subject, kind) {
            (Subject::Offer(code), ChangeKind::Removed) => {
                sql::run(connection, "update offer set listed = false where code = $1", [code.into()])
                    .await?;
            }
            (Subject::Offer(code), _) => {
                if let Some(offer) = offers.get(code.as_str()) {
                    write_offer(change, offer).await?;
                }
            }
            (Subject::Product(code), ChangeKind::Removed) => {
                let text = "update product set listed = false where code = $1";
                sql::run(connection, text, [code.into()]).await?;
            }
            (Subject::Product(code), _) => {
                if let Some(product) = products.get(code.as_str()) {
                    write_product(change, product).await?;
                }
            }
            _ => {}
        }
    }
    write_quantities(change, catalogue, &found, version).await?;
    sql::run(connection, "update programme set catalogue_version = $1", [version.into()]).await?;
    for Difference { subject, values, .. } in found {
        let (Subject::Policy(name), Some(value)) = (subject, values.into_iter().next()) else { continue };
        change.record(
            Event::new(programme_chain(), AuditAction::PolicyChanged, "policy", name)
                .before(value.before.unwrap_or_default())
                .after(value.after.unwrap_or_default()),
        );
    }
    Ok(version)
}

async fn write_programme(
    connection: &impl ConnectionTrait,
    catalogue: &Catalogue,
    found: &[Difference],
) -> Outcome<()> {
    for Difference { subject, kind, .. } in found {
        match (subject, kind) {
            (Subject::Programme, _) => {
                for language in Language::ALL {
                    let text = "insert into programme_text (language, name, bank_details) values ($1, $2, $3)
                        on conflict (language) do update
                            set name = excluded.name, bank_details = excluded.bank_details";
                    let details = catalogue.programme.bank_details.as_ref();
                    let values = [
                        language.tag().into(),
                        catalogue.programme.name.of(language).trim().into(),
                        details.map(|details| details.of(language).join("\n")).into(),
                    ];
                    sql::run(connection, text, values).await?;
                }
            }
            (Subject::Policy(name), _) => {
                let text = "insert into policy (name, value) values ($1, $2)
                    on conflict (name) do update set value = excluded.value";
                if let Some(value) = catalogue.policies.get(name) {
                    sql::run(connection, text, [name.into(), value.into()]).await?;
                }
            }
            (Subject::Tier(code), _) => {
                if let Some(tier) = catalogue.tiers.iter().find(|tier| tier.code.code() == code) {
                    write_tier_texts(connection, tier).await?;
                }
            }
            // Its name stays, for what is held in it.
            (Subject::Area(code), ChangeKind::Removed) => {
                sql::run(connection, "delete from competency_area where code = $1", [code.into()]).await?;
            }
            (Subject::Area(code), _) => {
                let text = "insert into competency_area (code) values ($1) on conflict (code) do nothing";
                sql::run(connection, text, [code.into()]).await?;
                if let Some(area) = catalogue.areas.iter().find(|area| area.code == *code) {
                    write_area_texts(connection, area).await?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

async fn write_tier_texts(connection: &impl ConnectionTrait, tier: &TierName) -> Outcome<()> {
    let text = "insert into tier_text (tier, language, name, source, source_name) values ($1, $2, $3, $4, $5)
        on conflict (tier, language) do update set name = excluded.name, source_name = excluded.source_name";
    for language in Language::ALL {
        let values = [
            tier.code.code().into(),
            language.tag().into(),
            tier.name.of(language).trim().into(),
            tier.code.source().code().into(),
            tier.source_name.of(language).trim().into(),
        ];
        sql::run(connection, text, values).await?;
    }
    Ok(())
}

async fn write_area_texts(connection: &impl ConnectionTrait, area: &Area) -> Outcome<()> {
    let text = "insert into competency_area_text (area, language, name) values ($1, $2, $3)
        on conflict (area, language) do update set name = excluded.name";
    for language in Language::ALL {
        let name = area.name.of(language).trim();
        sql::run(connection, text, [area.code.as_str().into(), language.tag().into(), name.into()]).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Id {
    id: Uuid,
}

async fn write_offer(change: &Change<'_>, offer: &Offer) -> Outcome<()> {
    let connection = &change.transaction;
    let text = "insert into offer (id, code, tier, price_minor, currency) values ($1, $2, $3, $4, $5)
        on conflict (code) do update set tier = excluded.tier, price_minor = excluded.price_minor,
            currency = excluded.currency, listed = true
        returning id";
    let values = [
        change.service().new_id().into(),
        offer.code.as_str().into(),
        offer.tier.code().into(),
        offer.price_minor.into(),
        offer.currency.as_str().into(),
    ];
    let id = sql::one::<Id>(connection, text, values).await?;
    let id = id.ok_or_else(|| Failure::broken("offer", "code", &offer.code))?.id;
    let text = "insert into offer_text (offer_id, language, name, name_key, description)
        values ($1, $2, $3, $4, $5)
        on conflict (offer_id, language) do update set name = excluded.name, name_key = excluded.name_key,
            description = excluded.description";
    for language in Language::ALL {
        let of = |texts: &Translated<String>| Value::from(texts.of(language).trim());
        let key = sql::folded(offer.name.of(language).trim());
        let values = [id.into(), language.tag().into(), of(&offer.name), key.into(), of(&offer.description)];
        sql::run(connection, text, values).await?;
    }
    Ok(())
}

async fn write_product(change: &Change<'_>, product: &Product) -> Outcome<()> {
    let connection = &change.transaction;
    let text =
        "insert into product (id, code, category, kind, unit, portal_url, activation_limit, key_format)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (code) do update set portal_url = excluded.portal_url,
            activation_limit = excluded.activation_limit, key_format = excluded.key_format, listed = true
        returning id";
    let values = [
        change.service().new_id().into(),
        product.code.as_str().into(),
        product.kind.category().code().into(),
        product.kind.code().into(),
        product.unit.code().into(),
        product.portal_url.clone().into(),
        product.activations.into(),
        product.key_format.clone().into(),
    ];
    let id = sql::one::<Id>(connection, text, values).await?;
    let id = id.ok_or_else(|| Failure::broken("product", "code", &product.code))?.id;
    let text =
        "insert into product_text (product_id, language, name, name_key, summary, instructions, guidance)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (product_id, language) do update set name = excluded.name, name_key = excluded.name_key,
            summary = excluded.summary, instructions = excluded.instructions, guidance = excluded.guidance";
    for language in Language::ALL {
        let of = |texts: &Translated<String>| Value::from(texts.of(language).trim());
        let values = [
            id.into(),
            language.tag().into(),
            of(&product.name),
            sql::folded(product.name.of(language).trim()).into(),
            of(&product.summary),
            product.instructions.of(language).join("\n").into(),
            product.guidance.as_ref().map_or_else(|| "".into(), of),
        ];
        sql::run(connection, text, values).await?;
    }
    // What somebody has downloaded stays known; what is gone is only no longer shown.
    sql::run(connection, "update product_download set listed = false where product_id = $1", [id.into()])
        .await?;
    let text =
        "insert into product_download (id, product_id, version, language, operating_system, file_name, bytes, url)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (product_id, version, language, operating_system, file_name)
        do update set bytes = excluded.bytes, url = excluded.url, listed = true";
    for download in &product.downloads {
        let values = [
            change.service().new_id().into(),
            id.into(),
            download.version.as_str().into(),
            download.language.as_str().into(),
            download.operating_system.as_str().into(),
            download.file.as_str().into(),
            download.bytes.into(),
            download.url.clone().into(),
        ];
        sql::run(connection, text, values).await?;
    }
    if product.kind.has_key() {
        let pool = key_pool::ActiveModel { id: Set(change.service().new_id()), product_id: Set(id) };
        let once =
            sea_orm::sea_query::OnConflict::column(key_pool::Column::ProductId).do_nothing().to_owned();
        key_pool::Entity::insert(pool).on_conflict(once).try_insert().exec(connection).await?;
    }
    Ok(())
}

/// Ends the rows that change, and writes those that come.
async fn write_quantities(
    change: &Change<'_>,
    catalogue: &Catalogue,
    found: &[Difference],
    version: i64,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Coded {
        id: Uuid,
        code: String,
    }
    let connection = &change.transaction;
    let mut coming: HashSet<&Quantity> = HashSet::new();
    for Difference { subject, kind, .. } in found {
        let Subject::Quantity(row) = subject else { continue };
        if *kind != ChangeKind::Added {
            let text = "update entitlement set until_version = $5
                where until_version is null and product_id = (select id from product where code = $1)
                    and source = $2 and coalesce(level, '') = $3 and coalesce(area, '') = $4";
            let values = [
                row.product.as_str().into(),
                row.source.as_str().into(),
                row.level.clone().unwrap_or_default().into(),
                row.area.clone().unwrap_or_default().into(),
                version.into(),
            ];
            sql::run(connection, text, values).await?;
        }
        if *kind != ChangeKind::Removed {
            coming.insert(row);
        }
    }
    let ids = sql::all::<Coded>(connection, "select id, code from product", []).await?;
    let ids: HashMap<String, Uuid> = ids.into_iter().map(|row| (row.code, row.id)).collect();
    let mut rows = Vec::new();
    for entitlement in &catalogue.entitlements {
        for row in entitlement.rows().iter().filter(|row| coming.contains(row)) {
            let id = ids.get(&row.product).ok_or_else(|| Failure::broken("product", "code", &row.product))?;
            rows.push(model(change, entitlement, row.area.clone(), *id, version));
        }
    }
    for some in rows.chunks(500) {
        entitlement::Entity::insert_many(some.to_vec()).exec_without_returning(connection).await?;
    }
    Ok(())
}

fn model(
    change: &Change<'_>,
    row: &Entitlement,
    area: Option<String>,
    product: Uuid,
    version: i64,
) -> entitlement::ActiveModel {
    entitlement::ActiveModel {
        id: Set(change.service().new_id()),
        source: Set(row.source.code().to_owned()),
        level: Set(row.level.map(|level| level.code().to_owned())),
        area: Set(area),
        per_area: Set(row.per_area),
        product_id: Set(product),
        quantity: Set(row.quantity),
        seats: Set(row.seats),
        pool_code: Set(row.pool.clone()),
        illustrative: Set(row.illustrative),
        from_version: Set(version),
        until_version: Set(None),
    }
}
