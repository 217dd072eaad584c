//! The way of a grant from requested to active.

use sea_orm::entity::prelude::*;

/// The way of a grant from requested to active.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activation")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Grant id.
    pub grant_id: Uuid,
    /// Person id.
    pub person_id: Option<Uuid>,
    /// Alternate email.
    pub alternate_email: Option<String>,
    /// State.
    pub state: String,
    /// Requested by.
    pub requested_by: Uuid,
    /// Requested at.
    pub requested_at: i64,
    /// Target at.
    pub target_at: i64,
    /// Completed at.
    pub completed_at: Option<i64>,
    /// Completed by.
    pub completed_by: Option<Uuid>,
    /// Access id.
    pub access_id: Option<Vec<u8>>,
    /// Contract id.
    pub contract_id: Option<Vec<u8>>,
    /// Starts at.
    pub starts_at: Option<i64>,
    /// Expires at.
    pub expires_at: Option<i64>,
    /// When the contact was told that it ends soon; once.
    pub reminded_at: Option<i64>,
    /// Reason.
    pub reason: Option<String>,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
