//! The last link of an organization's audit chain.

use sea_orm::entity::prelude::*;

/// The last link of an organization's audit chain.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_head")]
pub struct Model {
    /// Organization id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// Sequence.
    pub sequence: i64,
    /// Hash.
    pub hash: Vec<u8>,
    /// Number of the last event that retention has removed; 0 where it has removed none.
    pub removed_sequence: i64,
    /// Its hash.
    pub removed_hash: Option<Vec<u8>>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
