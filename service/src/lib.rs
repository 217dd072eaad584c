//! Use cases: each one transaction over the database, with its audit event and its mail.
//!
//! A use case takes the [`Service`], the [`Request`] that says who asks, and its input in `domain`
//! types. It checks the right, the tenant and the state, and it is the only way to its change,
//! whoever asks: page, command or worker. No HTTP here.

pub mod accounts;
pub mod activations;
pub mod activity;
pub mod assignments;
pub mod audit;
pub mod backup;
pub mod benefits;
mod bulk;
pub mod catalogue;
pub mod change;
pub mod clock;
pub mod cloud;
pub mod contact;
pub mod counts;
pub mod dashboard;
pub mod database;
pub mod directories;
pub mod enrolment;
pub mod entity;
pub mod failure;
pub mod individual_grants;
pub mod insight;
pub mod keys;
mod limits;
pub mod live;
pub mod membership;
mod names;
pub mod older_portal;
pub mod operation;
pub mod operations;
pub mod operators;
pub mod outbox;
pub mod passwords;
pub mod people;
pub mod policies;
pub mod provisioning;
pub mod purchases;
pub mod queue;
pub mod random;
pub mod reminders;
pub mod request;
pub mod requests;
pub mod rights;
pub mod sample_programme;
mod search;
pub mod sessions;
pub mod spreadsheet;
pub mod sql;
pub mod vault;
mod wording;

use std::sync::Arc;

pub use clock::{Clock, SystemClock};
pub use database::Database;
pub use failure::Failure;
pub use random::{Random, SystemRandom};
pub use request::{Actor, Operator, Person, Request, Token};
pub use vault::Vault;

/// What every use case stands on.
#[derive(Clone)]
pub struct Service {
    /// Where everything is kept.
    pub database: Database,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Ids, tokens, salts and nonces.
    pub random: Arc<dyn Random>,
    /// Seals secrets.
    pub vault: Arc<Vault>,
    /// Counts attempts to sign in.
    pub sign_in_limits: Arc<accounts::limits::SignInLimits>,
    /// Counts what happens, for whoever watches the server.
    pub counts: Arc<counts::Counts>,
    /// Tells other pages that something changed.
    pub live: live::Live,
    /// Companies' own directories, and the name system.
    pub outside: directories::outside::Outside,
    /// Ways of payment.
    pub payments: purchases::payment::Payments,
    /// The portal's own address, without a slash at its end: links in mail begin with it.
    pub base_url: Arc<str>,
}

/// A use case's result.
pub type Outcome<T> = Result<T, Failure>;

impl Service {
    /// The time now, by the injected clock.
    #[must_use]
    pub fn now(&self) -> domain::Moment {
        self.clock.now()
    }

    /// A fresh id, ordered by time.
    #[must_use]
    pub fn new_id(&self) -> uuid::Uuid {
        let mut bytes = [0; 10];
        self.random.fill(&mut bytes);
        let milliseconds = self.now().0.max(0).unsigned_abs();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid()
    }
}
