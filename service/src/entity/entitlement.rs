//! What a source grants of a product.

use sea_orm::entity::prelude::*;

/// What a source grants of a product.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entitlement")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Source.
    pub source: String,
    /// Level.
    pub level: Option<String>,
    /// Area.
    pub area: Option<String>,
    /// Per area.
    pub per_area: bool,
    /// Product id.
    pub product_id: Uuid,
    /// Quantity.
    pub quantity: Option<i64>,
    /// Seats.
    pub seats: Option<i64>,
    /// Pool code.
    pub pool_code: Option<String>,
    /// Illustrative.
    pub illustrative: bool,
    /// The first version of the catalogue that has it.
    pub from_version: i64,
    /// The first version that no longer has it.
    pub until_version: Option<i64>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
