//! A catalogue entry.

use sea_orm::entity::prelude::*;

/// A catalogue entry.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Code.
    pub code: String,
    /// Category.
    pub category: String,
    /// Kind.
    pub kind: String,
    /// Unit.
    pub unit: String,
    /// Portal url.
    pub portal_url: Option<String>,
    /// Activation limit.
    pub activation_limit: Option<i64>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
