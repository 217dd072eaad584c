//! A notice in the portal.

use sea_orm::entity::prelude::*;

/// A notice in the portal.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Option<Uuid>,
    /// Account id.
    pub account_id: Uuid,
    /// Title.
    pub title: String,
    /// Link.
    pub link: String,
    /// Created at.
    pub created_at: i64,
    /// Read at.
    pub read_at: Option<i64>,
    /// Kind of the mail that it stands beside.
    pub kind: String,
    /// The day that it is about, as `2027-03-31`.
    pub due_on: Option<String>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
