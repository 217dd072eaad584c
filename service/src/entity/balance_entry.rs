//! One entry of a ledger.

use sea_orm::entity::prelude::*;

/// One entry of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "balance_entry")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Grant id.
    pub grant_id: Uuid,
    /// Kind.
    pub kind: String,
    /// Amount.
    pub amount: i64,
    /// Reason.
    pub reason: String,
    /// Recorded by.
    pub recorded_by: Uuid,
    /// Recorded at.
    pub recorded_at: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
