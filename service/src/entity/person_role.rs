//! A person's role.

use sea_orm::entity::prelude::*;

/// A person's role.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_role")]
pub struct Model {
    /// Person id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: Uuid,
    /// Organization id, the person's.
    pub organization_id: Uuid,
    /// Role.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: String,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
