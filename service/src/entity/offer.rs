//! What can be joined or bought.

use sea_orm::entity::prelude::*;

/// What can be joined or bought.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Code.
    pub code: String,
    /// Tier.
    pub tier: String,
    /// Price minor.
    pub price_minor: i64,
    /// Currency.
    pub currency: String,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
