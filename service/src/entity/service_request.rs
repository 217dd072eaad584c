//! What waits for an operator.

use sea_orm::entity::prelude::*;

/// What waits for an operator.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_request")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Number.
    pub number: i64,
    /// Organization id.
    pub organization_id: Uuid,
    /// Kind.
    pub kind: String,
    /// State.
    pub state: String,
    /// Open.
    pub open: bool,
    /// Grant id.
    pub grant_id: Option<Uuid>,
    /// Activation id.
    pub activation_id: Option<Uuid>,
    /// Order line id.
    pub order_line_id: Option<Uuid>,
    /// Title.
    pub title: String,
    /// The title as it is found.
    pub title_key: String,
    /// Details.
    pub details: String,
    /// Requested by.
    pub requested_by: Uuid,
    /// Requested at.
    pub requested_at: i64,
    /// Target at.
    pub target_at: i64,
    /// Owner id.
    pub owner_id: Option<Uuid>,
    /// Decided at.
    pub decided_at: Option<i64>,
    /// Decided by.
    pub decided_by: Option<Uuid>,
    /// Reason.
    pub reason: Option<String>,
    /// Row version.
    pub row_version: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
