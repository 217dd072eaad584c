//! A cloud subscription opened with a key.

use sea_orm::entity::prelude::*;

/// A cloud subscription opened with a key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Product id.
    pub product_id: Uuid,
    /// Seats.
    pub seats: i64,
    /// Ends on.
    pub ends_on: String,
    /// Opened at.
    pub opened_at: i64,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
