//! One effect for one operation id: a double click and a re-sent form change nothing twice.

use domain::ErrorCode;
use domain::ids::AccountId;
use domain::operation::OperationId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::sql;

/// An operation id with a digest of what it was used for.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The id that the form carried.
    pub id: OperationId,
    /// Digest of use case and input.
    pub digest: Vec<u8>,
}

impl Operation {
    /// The operation of a use case with its input, as its debug text tells it apart.
    #[must_use]
    pub fn new(id: OperationId, use_case: &'static str, input: &impl std::fmt::Debug) -> Self {
        let mut digest = Sha256::new();
        digest.update(use_case);
        digest.update([0]);
        digest.update(format!("{input:?}"));
        Self { id, digest: digest.finalize().to_vec() }
    }

    /// The outcome it had, if it was carried out before.
    ///
    /// # Errors
    /// [`ErrorCode::OperationReused`] if the id was used for something else or by somebody else.
    pub async fn earlier<T: DeserializeOwned>(
        &self,
        connection: &impl ConnectionTrait,
        account: AccountId,
    ) -> Result<Option<T>, Failure> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: uuid::Uuid,
            digest: Vec<u8>,
            outcome: String,
        }
        let text = "select account_id, digest, outcome from operation where id = $1";
        let Some(row) = sql::one::<Row>(connection, text, [self.id.as_str().into()]).await? else {
            return Ok(None);
        };
        if row.account_id != account.0 || row.digest != self.digest {
            return Err(ErrorCode::OperationReused.into());
        }
        serde_json::from_str(&row.outcome)
            .map(Some)
            .map_err(|_| Failure::broken("operation", "outcome", self.id.as_str()))
    }

    /// Waits until no other transaction carries out the same operation: of two posts at the same
    /// moment the second finds the first one's outcome, not its effect in the way. SQLite has one
    /// writer anyway.
    pub(crate) async fn wait_for_its_like(&self, connection: &impl ConnectionTrait) -> Result<(), Failure> {
        let text = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
        sql::run(connection, text, [self.id.as_str().into()]).await?;
        Ok(())
    }

    /// Notes the outcome, in the transaction that made it.
    pub(crate) async fn note(
        &self,
        connection: &impl ConnectionTrait,
        account: AccountId,
        outcome: &impl Serialize,
        at: i64,
    ) -> Result<(), Failure> {
        let outcome = serde_json::to_string(outcome)
            .map_err(|_| Failure::broken("operation", "outcome", self.id.as_str()))?;
        let text = "insert into operation (id, account_id, digest, outcome, at) values ($1, $2, $3, $4, $5)";
        let values = [
            self.id.as_str().into(),
            account.0.into(),
            self.digest.clone().into(),
            outcome.into(),
            at.into(),
        ];
        sql::run(connection, text, values).await?;
        Ok(())
    }
}
