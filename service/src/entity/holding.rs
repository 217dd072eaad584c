//! An offer that an organization has.

use sea_orm::entity::prelude::*;

/// An offer that an organization has.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "holding")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Offer id.
    pub offer_id: Uuid,
    /// Order line id.
    pub order_line_id: Uuid,
    /// Areas.
    pub areas: String,
    /// State.
    pub state: String,
    /// Starts at.
    pub starts_at: i64,
    /// Anniversary at.
    pub anniversary_at: i64,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
