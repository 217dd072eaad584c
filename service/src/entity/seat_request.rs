//! An employee's request for a seat.

use sea_orm::entity::prelude::*;

/// An employee's request for a seat.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "seat_request")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Grant id.
    pub grant_id: Uuid,
    /// Person id.
    pub person_id: Uuid,
    /// Note.
    pub note: String,
    /// State.
    pub state: String,
    /// Requested at.
    pub requested_at: i64,
    /// Decided at.
    pub decided_at: Option<i64>,
    /// Decided by.
    pub decided_by: Option<Uuid>,
    /// Reason.
    pub reason: Option<String>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
