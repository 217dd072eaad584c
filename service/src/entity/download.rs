//! A package that was downloaded.

use sea_orm::entity::prelude::*;

/// A package that was downloaded.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "download")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Grant id.
    pub grant_id: Uuid,
    /// Product download id.
    pub product_download_id: Uuid,
    /// Person id.
    pub person_id: Uuid,
    /// Downloaded at.
    pub downloaded_at: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
