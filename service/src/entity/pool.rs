//! The limit that one or several grants share.

use sea_orm::entity::prelude::*;

/// The limit that one or several grants share.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pool")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Quantity.
    pub quantity: Option<i64>,
    /// What the plan gives, whatever an individual grant says.
    pub plan_quantity: Option<i64>,
    /// Used.
    pub used: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
