//! An offer in a language.

use sea_orm::entity::prelude::*;

/// An offer in a language.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer_text")]
pub struct Model {
    /// Offer id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: Uuid,
    /// Language.
    #[sea_orm(primary_key, auto_increment = false)]
    pub language: String,
    /// Name.
    pub name: String,
    /// The name as it is found and sorted.
    pub name_key: String,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
