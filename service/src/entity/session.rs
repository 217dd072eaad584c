//! A signed-in browser.

use sea_orm::entity::prelude::*;

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Token hash.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// Its name in forms.
    pub id: Uuid,
    /// Account id.
    pub account_id: Uuid,
    /// Organization id.
    pub organization_id: Option<Uuid>,
    /// Created at.
    pub created_at: i64,
    /// Last seen at.
    pub last_seen_at: i64,
    /// Expires at.
    pub expires_at: i64,
    /// Address.
    pub address: String,
    /// Agent.
    pub agent: String,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
