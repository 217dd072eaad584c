//! A message in the outbox.

use sea_orm::entity::prelude::*;

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Organization id.
    pub organization_id: Option<Uuid>,
    /// Account id.
    pub account_id: Option<Uuid>,
    /// Kind.
    pub kind: String,
    /// Recipient.
    pub recipient: String,
    /// Language.
    pub language: String,
    /// Subject.
    pub subject: String,
    /// The subject as it is found.
    pub subject_key: String,
    /// Body.
    pub body: String,
    /// Secret.
    pub secret: Option<Vec<u8>>,
    /// A day for the reader's calendar, as an `.ics` file has it.
    pub calendar: Option<String>,
    /// State.
    pub state: String,
    /// Attempts.
    pub attempts: i64,
    /// Next attempt at.
    pub next_attempt_at: i64,
    /// Last error.
    pub last_error: Option<String>,
    /// Created at.
    pub created_at: i64,
    /// Sent at.
    pub sent_at: Option<i64>,
    /// The recipient as addresses are compared.
    pub recipient_key: String,
    /// When somebody said that it came back.
    pub bounced_at: Option<i64>,
    /// Why it came back.
    pub bounce_reason: Option<String>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
