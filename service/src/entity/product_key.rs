//! An imported secret.

use sea_orm::entity::prelude::*;

/// An imported secret.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_key")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Key pool id.
    pub key_pool_id: Uuid,
    /// Ciphertext.
    pub ciphertext: Vec<u8>,
    /// Key hash.
    pub key_hash: Vec<u8>,
    /// State.
    pub state: String,
    /// Organization id.
    pub organization_id: Option<Uuid>,
    /// Grant id.
    pub grant_id: Option<Uuid>,
    /// Seat id.
    pub seat_id: Option<Uuid>,
    /// Drawn at.
    pub drawn_at: Option<i64>,
    /// Revealed at.
    pub revealed_at: Option<i64>,
    /// Revealed by.
    pub revealed_by: Option<Uuid>,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
