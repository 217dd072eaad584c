//! One unit of a pool held by a person.

use sea_orm::entity::prelude::*;

/// One unit of a pool held by a person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seat")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Grant id.
    pub grant_id: Uuid,
    /// Pool id.
    pub pool_id: Uuid,
    /// Person id.
    pub person_id: Uuid,
    /// Alternate email.
    pub alternate_email: Option<String>,
    /// Assigned at.
    pub assigned_at: i64,
    /// Assigned by.
    pub assigned_by: Uuid,
    /// Locked until.
    pub locked_until: Option<i64>,
    /// Released at.
    pub released_at: Option<i64>,
    /// Released by.
    pub released_by: Option<Uuid>,
    /// Release reason.
    pub release_reason: Option<String>,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
