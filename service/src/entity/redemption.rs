//! What a cloud key was used for.

use sea_orm::entity::prelude::*;

/// What a cloud key was used for.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "redemption")]
pub struct Model {
    /// Product key id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_key_id: Uuid,
    /// Organization id.
    pub organization_id: Uuid,
    /// Grant id.
    pub grant_id: Uuid,
    /// Subscription id.
    pub subscription_id: Uuid,
    /// What for.
    pub used_for: String,
    /// Seats.
    pub seats: i64,
    /// Redeemed by.
    pub redeemed_by: Uuid,
    /// Redeemed at.
    pub redeemed_at: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
