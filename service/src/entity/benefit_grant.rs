//! A row of the benefits table.

use sea_orm::entity::prelude::*;

/// A row of the benefits table.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "benefit_grant")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Product id.
    pub product_id: Uuid,
    /// Category.
    pub category: String,
    /// Pool id.
    pub pool_id: Uuid,
    /// Source.
    pub source: String,
    /// Area.
    pub area: Option<String>,
    /// Holding id.
    pub holding_id: Option<Uuid>,
    /// Order line id.
    pub order_line_id: Option<Uuid>,
    /// State.
    pub state: String,
    /// Activation state.
    pub activation_state: String,
    /// Granted at.
    pub granted_at: i64,
    /// Activate by.
    pub activate_by: Option<i64>,
    /// Holding ends at.
    pub holding_ends_at: Option<i64>,
    /// Expires at.
    pub expires_at: Option<i64>,
    /// Catalogue version.
    pub catalogue_version: i64,
    /// The grant of the earlier year that it took over from.
    pub follows_id: Option<Uuid>,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
