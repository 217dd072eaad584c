//! A sign-in identity.

use sea_orm::entity::prelude::*;

/// A sign-in identity.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Email.
    pub email: String,
    /// Email key.
    pub email_key: String,
    /// Full name.
    pub full_name: String,
    /// The name as it is found and sorted.
    pub name_key: String,
    /// Language.
    pub language: String,
    /// Password hash.
    pub password_hash: Option<String>,
    /// Status.
    pub status: String,
    /// Created at.
    pub created_at: i64,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
