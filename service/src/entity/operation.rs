//! A form or call that was carried out.

use sea_orm::entity::prelude::*;

/// A form or call that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operation")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Account id.
    pub account_id: Uuid,
    /// Digest.
    pub digest: Vec<u8>,
    /// Outcome.
    pub outcome: String,
    /// At.
    pub at: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
