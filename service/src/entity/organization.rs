//! A partner company, the tenant.

use sea_orm::entity::prelude::*;

/// A partner company, the tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organization")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// The name as it is found and sorted.
    pub name_key: String,
    /// Domain.
    pub domain: String,
    /// Account email.
    pub account_email: String,
    /// Time zone.
    pub time_zone: String,
    /// Language.
    pub language: String,
    /// Tier.
    pub tier: String,
    /// Portal state.
    pub portal_state: String,
    /// Founder person id.
    pub founder_person_id: Option<Uuid>,
    /// Setup finished.
    pub setup_finished: bool,
    /// Created at.
    pub created_at: i64,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
