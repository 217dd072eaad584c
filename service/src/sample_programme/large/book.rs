//! What the companies' rows refer to, as the sample programme has left it: offers, products, who works for the
//! programme, the catalogue in force.

use std::collections::HashMap;

use domain::benefit::ProductKind;
use domain::entitlement::Entitlement;
use domain::{Language, Policies, Tier};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::keys::SOURCE;
use crate::benefits::products::{ProductTexts, texts_of_all};
use crate::membership::catalogue;
use crate::{Failure, Outcome, policies, sql};

/// A level's offer.
pub(super) struct Offer {
    pub(super) id: Uuid,
    pub(super) price_minor: i64,
    pub(super) currency: String,
    names: HashMap<String, String>,
}

impl Offer {
    /// Its name in a language.
    pub(super) fn name(&self, language: Language) -> String {
        self.names.get(language.tag()).cloned().unwrap_or_default()
    }
}

/// Where keys of a product come from.
#[derive(Clone, Copy)]
pub(super) struct Delivery {
    pub(super) key_pool: Uuid,
    /// The batch of the large programme.
    pub(super) batch: Uuid,
}

/// A product.
pub(super) struct Product {
    pub(super) code: String,
    pub(super) category: String,
    pub(super) texts: ProductTexts,
    /// Whether each holder has a key.
    pub(super) has_key: bool,
    /// Where a holder begins at the vendor's.
    pub(super) portal: Option<String>,
    pub(super) keys: Option<Delivery>,
}

/// Everything that rows refer to.
pub(super) struct Book {
    pub(super) version: i64,
    pub(super) entitlements: Vec<Entitlement>,
    pub(super) password_hash: String,
    /// Policies as an order line keeps them.
    pub(super) frozen: String,
    pub(super) in_force: Policies,
    /// A programme admin.
    pub(super) admin: Uuid,
    agents: Vec<Uuid>,
    offers: HashMap<String, Offer>,
    products: HashMap<Uuid, Product>,
}

impl Book {
    /// Reads it.
    pub(super) async fn read(connection: &impl ConnectionTrait, password_hash: String) -> Outcome<Self> {
        #[derive(FromQueryResult)]
        struct Account {
            id: Uuid,
        }
        let text = "select account_id as id from operator_role where role = $1 order by account_id";
        let agents = sql::all::<Account>(connection, text, ["fulfilment_agent".into()]).await?;
        let admin = sql::one::<Account>(connection, text, ["programme_admin".into()]).await?;
        let in_force = policies::in_force(connection).await?;
        Ok(Self {
            version: crate::catalogue::read::version(connection).await?,
            entitlements: catalogue::entitlements(connection).await?,
            password_hash,
            frozen: policies::frozen(&in_force),
            in_force,
            admin: admin.ok_or_else(|| Failure::broken("operator_role", "role", "programme_admin"))?.id,
            agents: agents.into_iter().map(|agent| agent.id).collect(),
            offers: offers(connection).await?,
            products: products(connection).await?,
        })
    }

    /// The offer of a level.
    pub(super) fn offer(&self, tier: Tier) -> Outcome<&Offer> {
        self.offers.get(tier.code()).ok_or_else(|| Failure::broken("offer", "tier", tier.code()))
    }

    /// The product of an id.
    pub(super) fn product(&self, id: Uuid) -> Outcome<&Product> {
        self.products.get(&id).ok_or_else(|| Failure::broken("product", "id", id))
    }

    /// All products that have keys.
    pub(super) fn deliveries(&self) -> impl Iterator<Item = Delivery> {
        self.products.values().filter_map(|product| product.keys)
    }

    /// One of those who work on the queue.
    pub(super) fn agent(&self, number: usize) -> Uuid {
        self.agents.get(number % self.agents.len().max(1)).copied().unwrap_or(self.admin)
    }
}

async fn offers(connection: &impl ConnectionTrait) -> Outcome<HashMap<String, Offer>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        tier: String,
        price_minor: i64,
        currency: String,
        language: String,
        name: String,
    }
    let text = "select f.id, f.tier, f.price_minor, f.currency, t.language, t.name
        from offer f join offer_text t on t.offer_id = f.id where f.listed order by f.code";
    let mut offers: HashMap<String, Offer> = HashMap::new();
    for row in sql::all::<Row>(connection, text, []).await? {
        let offer = offers.entry(row.tier).or_insert_with(|| Offer {
            id: row.id,
            price_minor: row.price_minor,
            currency: row.currency,
            names: HashMap::new(),
        });
        offer.names.insert(row.language, row.name);
    }
    Ok(offers)
}

async fn products(connection: &impl ConnectionTrait) -> Outcome<HashMap<Uuid, Product>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        code: String,
        kind: String,
        category: String,
        portal_url: Option<String>,
        key_pool_id: Option<Uuid>,
        key_batch_id: Option<Uuid>,
    }
    let text = "select p.id, p.code, p.kind, p.category, p.portal_url, k.id as key_pool_id,
            (select b.id from key_batch b where b.key_pool_id = k.id and b.source = $1) as key_batch_id
        from product p left join key_pool k on k.product_id = p.id";
    let mut texts = texts_of_all(connection).await?;
    let mut product = |row: Row| {
        let keys = row.key_pool_id.zip(row.key_batch_id);
        let keys = keys.map(|(key_pool, batch)| Delivery { key_pool, batch });
        let without = || Failure::broken("product_text", "product_id", row.id);
        let product = Product {
            texts: texts.remove(&row.id).ok_or_else(without)?,
            has_key: ProductKind::from_code(&row.kind).is_some_and(ProductKind::has_key),
            code: row.code,
            category: row.category,
            portal: row.portal_url,
            keys,
        };
        Ok((row.id, product))
    };
    let rows = sql::all::<Row>(connection, text, [SOURCE.into()]).await?;
    rows.into_iter().map(&mut product).collect()
}
