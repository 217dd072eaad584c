//! The port to whoever takes money by card, and what the portal knows of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use domain::order::{ChargeState, DeclineCode};
use uuid::Uuid;

/// A payment as the processor is asked for it. The same reference is charged once, however often it is
/// asked for.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Our id of the payment.
    pub reference: Uuid,
    /// In the smallest unit of the currency.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What stands for the card: the processor's own word, never its number.
    pub card: String,
}

/// What the processor says about a payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    /// Where it stands.
    pub state: ChargeState,
    /// Why it was declined.
    pub decline: Option<DeclineCode>,
}

impl Told {
    /// What is said with nothing to add.
    #[must_use]
    pub const fn of(state: ChargeState) -> Self {
        Self { state, decline: None }
    }

    /// It was declined for this reason.
    #[must_use]
    pub const fn declined(decline: DeclineCode) -> Self {
        Self { state: ChargeState::Declined, decline: Some(decline) }
    }
}

/// Why nothing was learned from the processor; what was asked may have happened all the same.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the payment processor didn't answer: {0}")]
pub struct NoAnswer(pub String);

/// Something that is under way at the processor.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, NoAnswer>> + Send + 'a>>;

/// Takes money by card. No method is called while a transaction of the portal is open.
pub trait CardProcessor: Send + Sync {
    /// Its name, as the address for its notices has it.
    fn name(&self) -> &'static str;
    /// Takes the money, or says why not.
    fn charge(&self, charge: Charge) -> Asking<'_, Told>;
    /// What became of a payment; none where the processor never heard of it.
    fn look_up(&self, reference: Uuid) -> Asking<'_, Option<Told>>;
    /// Makes sure that a payment which isn't paid never will be; says what holds from now on.
    fn void(&self, reference: Uuid) -> Asking<'_, Told>;
    /// Gives all of a payment back, once.
    fn refund(&self, reference: Uuid) -> Asking<'_, ()>;
    /// The bank's answer to a confirmation, where the processor has no page of its own for it.
    fn confirm(&self, reference: Uuid, confirmed: bool) -> Asking<'_, Told>;
}

/// Which ways of payment this installation has.
#[derive(Clone, Default)]
pub struct Payments {
    /// Takes cards; none where the programme doesn't.
    pub card: Option<Arc<dyn CardProcessor>>,
    /// What the processor signs its notices with; none where it sends none.
    pub notice_secret: Option<Arc<str>>,
}
