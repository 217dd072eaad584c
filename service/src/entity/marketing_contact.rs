//! Whom go-to-market mail goes to.

use sea_orm::entity::prelude::*;

/// Whom go-to-market mail goes to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "marketing_contact")]
pub struct Model {
    /// Organization id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// Person id.
    pub person_id: Uuid,
    /// Alternate email.
    pub alternate_email: String,
    /// Phone.
    pub phone: String,
    /// Language.
    pub language: String,
    /// Updated at.
    pub updated_at: i64,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
