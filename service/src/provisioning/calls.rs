//! How often a program may call: by its token, however many servers there are.

use std::num::NonZeroU32;
use std::time::Duration;

use domain::ids::ProvisioningTokenId;
use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock, DefaultClock};
use uuid::Uuid;

use crate::limits::{self, Limit};
use crate::{Outcome, Service};

/// Calls that a program has at once.
const BURST: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");
/// How long until one comes back.
const EVERY: Duration = Duration::from_millis(10);

/// By token.
const PROGRAM: Limit = Limit { kind: "program", burst: BURST, every: EVERY };

/// Counts calls: in this process, and where several servers share a PostgreSQL database there as well. What this
/// process refuses doesn't get as far as the database.
pub struct CallLimits(DefaultKeyedRateLimiter<Uuid>);

impl Default for CallLimits {
    fn default() -> Self {
        Self(DefaultKeyedRateLimiter::keyed(PROGRAM.quota()))
    }
}

impl CallLimits {
    /// Counts a call; says how long to wait where there were too many.
    ///
    /// # Errors
    /// [`crate::Failure::Database`].
    pub async fn check(&self, service: &Service, token: ProvisioningTokenId) -> Outcome<Option<Duration>> {
        if let Err(wait) = self.0.check_key(&token.0) {
            return Ok(Some(wait.wait_time_from(DefaultClock::default().now())));
        }
        if !service.database.is_postgres() {
            return Ok(None);
        }
        limits::count(service.database.alone(), service, PROGRAM, &token.0.to_string()).await
    }
}
