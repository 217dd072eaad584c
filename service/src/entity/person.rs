//! An account in an organization.

use sea_orm::entity::prelude::*;

/// An account in an organization.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Account id.
    pub account_id: Uuid,
    /// Sort name.
    pub sort_name: String,
    /// Status.
    pub status: String,
    /// Created at.
    pub created_at: i64,
    /// Last sign-in at; 0 where there was none.
    pub last_sign_in_at: i64,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
