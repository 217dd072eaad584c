//! The built-in test processor: it takes no money. Its cards stand for the outcomes that a real one has.
//!
//! It keeps its own record, as a real one does: what it was asked for outlives the portal's process.

use std::sync::Arc;

use domain::order::{ChargeState, DeclineCode};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::payment::{Asking, CardProcessor, Charge, NoAnswer, Told};
use crate::{Clock, Database, sql};

/// The cards, as the form names them.
pub const CARDS: [&str; 5] = ["pays", "insufficient_funds", "declined", "confirmation", "timeout"];

/// The processor.
#[derive(Clone)]
pub struct TestCard {
    database: Database,
    clock: Arc<dyn Clock>,
}

#[derive(FromQueryResult)]
struct Row {
    state: String,
    decline_code: Option<String>,
}

impl Row {
    fn told(&self) -> Told {
        match self.state.as_str() {
            "confirmation" => Told::of(ChargeState::Confirmation),
            "declined" => Told {
                state: ChargeState::Declined,
                decline: self.decline_code.as_deref().and_then(DeclineCode::from_code),
            },
            // What was refunded had been paid.
            _ => Told::of(ChargeState::Paid),
        }
    }
}

fn away(error: impl ToString) -> NoAnswer {
    NoAnswer(error.to_string())
}

impl TestCard {
    /// The processor with its record in the portal's database.
    #[must_use]
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    async fn row(&self, reference: Uuid) -> Result<Option<Told>, NoAnswer> {
        let text = "select state, decline_code from test_card_charge where reference = $1";
        let row = sql::one::<Row>(self.database.reader(), text, [reference.to_string().into()]);
        Ok(row.await.map_err(away)?.map(|row| row.told()))
    }

    /// Writes a charge, unless there is one of that reference; says which one counts.
    async fn note(&self, charge: &Charge, told: Told) -> Result<Told, NoAnswer> {
        let transaction = self.database.begin().await.map_err(away)?;
        let text = "insert into test_card_charge
                (reference, amount_minor, currency, state, decline_code, charged_at)
            values ($1, $2, $3, $4, $5, $6) on conflict (reference) do nothing";
        let values = [
            charge.reference.to_string().into(),
            charge.amount_minor.into(),
            charge.currency.clone().into(),
            told.state.code().into(),
            told.decline.map(|code| code.code().to_owned()).into(),
            self.clock.now().0.into(),
        ];
        sql::run(&transaction, text, values).await.map_err(away)?;
        transaction.commit().await.map_err(away)?;
        Ok(self.row(charge.reference).await?.unwrap_or(told))
    }

    /// Moves a charge on from a state.
    async fn become_(&self, reference: Uuid, from: &str, told: Told) -> Result<(), NoAnswer> {
        let transaction = self.database.begin().await.map_err(away)?;
        let text =
            "update test_card_charge set state = $3, decline_code = $4 where reference = $1 and state = $2";
        let values = [
            reference.to_string().into(),
            from.into(),
            told.state.code().into(),
            told.decline.map(|code| code.code().to_owned()).into(),
        ];
        sql::run(&transaction, text, values).await.map_err(away)?;
        transaction.commit().await.map_err(away)
    }
}

impl CardProcessor for TestCard {
    fn name(&self) -> &'static str {
        "test-card"
    }

    fn charge(&self, charge: Charge) -> Asking<'_, Told> {
        Box::pin(async move {
            let told = match charge.card.as_str() {
                "insufficient_funds" => Told::declined(DeclineCode::InsufficientFunds),
                "confirmation" => Told::of(ChargeState::Confirmation),
                "pays" | "timeout" => Told::of(ChargeState::Paid),
                _ => Told::declined(DeclineCode::Declined),
            };
            let told = self.note(&charge, told).await?;
            if charge.card == "timeout" {
                return Err(NoAnswer("the answer was lost".to_owned()));
            }
            Ok(told)
        })
    }

    fn look_up(&self, reference: Uuid) -> Asking<'_, Option<Told>> {
        Box::pin(self.row(reference))
    }

    fn void(&self, reference: Uuid) -> Asking<'_, Told> {
        Box::pin(async move {
            let never = Told::declined(DeclineCode::NotCharged);
            self.become_(reference, "confirmation", Told::declined(DeclineCode::NotConfirmed)).await?;
            let charge = Charge { reference, amount_minor: 0, currency: String::new(), card: String::new() };
            // Whoever asks for the charge after this finds it declined.
            self.note(&charge, never).await
        })
    }

    fn refund(&self, reference: Uuid) -> Asking<'_, ()> {
        Box::pin(async move {
            let transaction = self.database.begin().await.map_err(away)?;
            let text =
                "update test_card_charge set state = 'refunded' where reference = $1 and state = 'paid'";
            sql::run(&transaction, text, [reference.to_string().into()]).await.map_err(away)?;
            transaction.commit().await.map_err(away)
        })
    }

    fn confirm(&self, reference: Uuid, confirmed: bool) -> Asking<'_, Told> {
        Box::pin(async move {
            let told = if confirmed {
                Told::of(ChargeState::Paid)
            } else {
                Told::declined(DeclineCode::NotConfirmed)
            };
            self.become_(reference, "confirmation", told).await?;
            self.row(reference).await?.ok_or_else(|| NoAnswer("no such payment".to_owned()))
        })
    }
}
