//! The programme's name in a language.

use sea_orm::entity::prelude::*;

/// The programme's name in a language.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "programme_text")]
pub struct Model {
    /// Language.
    #[sea_orm(primary_key, auto_increment = false)]
    pub language: String,
    /// Name.
    pub name: String,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
