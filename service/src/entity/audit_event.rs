//! What somebody did.

use sea_orm::entity::prelude::*;

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub struct Model {
    /// Organization id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// Sequence.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// Previous hash.
    pub previous_hash: Vec<u8>,
    /// Hash.
    pub hash: Vec<u8>,
    /// At.
    pub at: i64,
    /// Actor kind.
    pub actor_kind: String,
    /// Actor id.
    pub actor_id: Option<Uuid>,
    /// Action.
    pub action: String,
    /// Object kind.
    pub object_kind: String,
    /// Object id.
    pub object_id: String,
    /// Before state.
    pub before_state: Option<String>,
    /// After state.
    pub after_state: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Request id.
    pub request_id: Option<String>,
    /// Person id.
    pub person_id: Option<Uuid>,
    /// Grant id.
    pub grant_id: Option<Uuid>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
