//! Limits for signing in: by address and account together, and by address alone; and for links to a new
//! password, which are mail to somebody.

use std::num::NonZeroU32;
use std::time::Duration;

use domain::{Error, ErrorCode};
use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock, DefaultClock};

use crate::limits::{self, Limit, NOW};
use crate::{Outcome, Service, sql};

/// Attempts that one client has for one account before it has to wait.
const FOR_AN_ACCOUNT: NonZeroU32 = NonZeroU32::new(8).expect("not zero");
/// Attempts that one client has for all accounts together.
const FOR_AN_ADDRESS: NonZeroU32 = NonZeroU32::new(60).expect("not zero");

/// Links for a new password that one account is sent before whoever asks has to wait, and how long until
/// the next one.
const LINKS: NonZeroU32 = NonZeroU32::new(3).expect("not zero");
const LINK_EVERY: Duration = Duration::from_secs(600);

/// By address and account.
const ACCOUNT: Limit = Limit { kind: "account", burst: FOR_AN_ACCOUNT, every: Duration::from_secs(60) };
/// By address.
const ADDRESS: Limit = Limit { kind: "address", burst: FOR_AN_ADDRESS, every: Duration::from_secs(1) };
/// By the account that a link would go to.
const LINK: Limit = Limit { kind: "link", burst: LINKS, every: LINK_EVERY };

/// Counts attempts: in this process, and where several servers share a PostgreSQL database there as well, by
/// its clock. What this process refuses doesn't get as far as the database.
pub struct SignInLimits {
    account: DefaultKeyedRateLimiter<(String, String)>,
    address: DefaultKeyedRateLimiter<String>,
    links: DefaultKeyedRateLimiter<String>,
}

impl Default for SignInLimits {
    fn default() -> Self {
        Self {
            account: DefaultKeyedRateLimiter::keyed(ACCOUNT.quota()),
            address: DefaultKeyedRateLimiter::keyed(ADDRESS.quota()),
            links: DefaultKeyedRateLimiter::keyed(LINK.quota()),
        }
    }
}

impl SignInLimits {
    /// Counts an attempt.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyAttempts`] with the seconds to wait; the same for an account that exists
    /// and for one that doesn't. [`crate::Failure::Database`].
    pub async fn check(&self, service: &Service, address: &str, email_key: &str) -> Outcome<()> {
        let now = DefaultClock::default().now();
        let waits = [
            self.address.check_key(&address.to_owned()).err(),
            self.account.check_key(&(address.to_owned(), email_key.to_owned())).err(),
        ];
        let here = waits.into_iter().flatten().map(|wait| wait.wait_time_from(now)).max();
        let account = format!("{address}\n{email_key}");
        answer(service, here, &[(ACCOUNT, &account), (ADDRESS, address)]).await
    }

    /// Counts a wish for a link to a new password, whoever the client is: the mail goes to the account.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn check_link(&self, service: &Service, address: &str, email_key: &str) -> Outcome<()> {
        let now = DefaultClock::default().now();
        let waits = [
            self.address.check_key(&address.to_owned()).err(),
            self.links.check_key(&email_key.to_owned()).err(),
        ];
        let here = waits.into_iter().flatten().map(|wait| wait.wait_time_from(now)).max();
        answer(service, here, &[(ADDRESS, address), (LINK, email_key)]).await
    }

    /// Counts a question that is about no account.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn check_address(&self, service: &Service, address: &str) -> Outcome<()> {
        let now = DefaultClock::default().now();
        let wait = self.address.check_key(&address.to_owned()).err();
        answer(service, wait.map(|wait| wait.wait_time_from(now)), &[(ADDRESS, address)]).await
    }

    /// Forgets clients that have waited long enough; the worker's work.
    ///
    /// # Errors
    /// [`crate::Failure::Database`].
    pub async fn sweep(&self, service: &Service) -> Outcome<u64> {
        self.account.retain_recent();
        self.address.retain_recent();
        self.links.retain_recent();
        if !service.database.is_postgres() {
            return Ok(0);
        }
        let transaction = service.database.begin().await?;
        // Not those that somebody counts at this moment: two servers would wait for each other.
        let text = format!(
            "delete from attempt where ctid in
                (select ctid from attempt where used_until <= {NOW} for update skip locked)"
        );
        let forgotten = sql::run(&transaction, &text, []).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}

async fn answer(service: &Service, here: Option<Duration>, counted: &[(Limit, &str)]) -> Outcome<()> {
    let wait = match here {
        None if service.database.is_postgres() => everywhere(service, counted).await?,
        here => here,
    };
    let Some(wait) = wait else { return Ok(()) };
    service.counts.hold_back();
    let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX).saturating_add(1);
    Err(Error::new(ErrorCode::TooManyAttempts).with_number(seconds).into())
}

/// Counts an attempt for all servers; says how long to wait where there were too many.
async fn everywhere(service: &Service, counted: &[(Limit, &str)]) -> Outcome<Option<Duration>> {
    let transaction = service.database.begin().await?;
    let mut longest = None;
    for (limit, key) in counted {
        longest = longest.max(limits::count(&transaction, service, *limit, key).await?);
    }
    transaction.commit().await?;
    Ok(longest)
}
