//! One offer within a purchase.

use sea_orm::entity::prelude::*;

/// One offer within a purchase.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_line")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Order id.
    pub order_id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Offer id.
    pub offer_id: Uuid,
    /// Areas.
    pub areas: String,
    /// Price minor.
    pub price_minor: i64,
    /// Policies.
    pub policies: String,
    /// Agreement version.
    pub agreement_version: i64,
    /// State.
    pub state: String,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
