//! A purchase.

use sea_orm::entity::prelude::*;

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Number.
    pub number: i64,
    /// Organization id.
    pub organization_id: Uuid,
    /// Ordered by.
    pub ordered_by: Option<Uuid>,
    /// Ordered at.
    pub ordered_at: i64,
    /// Currency.
    pub currency: String,
    /// State.
    pub state: String,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
