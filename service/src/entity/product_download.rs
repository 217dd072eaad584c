//! A package of a product.

use sea_orm::entity::prelude::*;

/// A package of a product.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_download")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Product id.
    pub product_id: Uuid,
    /// Version.
    pub version: String,
    /// Language.
    pub language: String,
    /// Operating system.
    pub operating_system: String,
    /// File name.
    pub file_name: String,
    /// Bytes.
    pub bytes: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
