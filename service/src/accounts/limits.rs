//! Limits for signing in: by address and account together, and by address alone; and for links to a new
//! password, which are mail to somebody.

use std::num::NonZeroU32;
use std::time::Duration;

use domain::{Error, ErrorCode};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

/// Attempts that one client has for one account before it has to wait.
const FOR_AN_ACCOUNT: NonZeroU32 = NonZeroU32::new(8).expect("not zero");
/// Attempts that one client has for all accounts together.
const FOR_AN_ADDRESS: NonZeroU32 = NonZeroU32::new(60).expect("not zero");

/// Links for a new password that one account is sent before whoever asks has to wait, and how long until
/// the next one.
const LINKS: NonZeroU32 = NonZeroU32::new(3).expect("not zero");
const LINK_EVERY: Duration = Duration::from_secs(600);

/// Counts attempts in this process.
pub struct SignInLimits {
    account: DefaultKeyedRateLimiter<(String, String)>,
    address: DefaultKeyedRateLimiter<String>,
    links: DefaultKeyedRateLimiter<String>,
}

impl Default for SignInLimits {
    fn default() -> Self {
        let refill = |burst, every| Quota::with_period(every).map(|quota: Quota| quota.allow_burst(burst));
        let minute = |burst: NonZeroU32| Quota::per_minute(burst);
        Self {
            account: DefaultKeyedRateLimiter::keyed(
                refill(FOR_AN_ACCOUNT, Duration::from_secs(60)).unwrap_or_else(|| minute(FOR_AN_ACCOUNT)),
            ),
            address: DefaultKeyedRateLimiter::keyed(minute(FOR_AN_ADDRESS)),
            links: DefaultKeyedRateLimiter::keyed(refill(LINKS, LINK_EVERY).unwrap_or_else(|| minute(LINKS))),
        }
    }
}

impl SignInLimits {
    /// Counts an attempt.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyAttempts`] with the seconds to wait; the same for an account that exists
    /// and for one that doesn't.
    pub fn check(&self, address: &str, email_key: &str) -> Result<(), Error> {
        let now = DefaultClock::default().now();
        let waits = [
            self.address.check_key(&address.to_owned()).err(),
            self.account.check_key(&(address.to_owned(), email_key.to_owned())).err(),
        ];
        answer(waits.into_iter().flatten().map(|wait| wait.wait_time_from(now)).max())
    }

    /// Counts a wish for a link to a new password, whoever the client is: the mail goes to the account.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_link(&self, address: &str, email_key: &str) -> Result<(), Error> {
        let now = DefaultClock::default().now();
        let waits = [
            self.address.check_key(&address.to_owned()).err(),
            self.links.check_key(&email_key.to_owned()).err(),
        ];
        answer(waits.into_iter().flatten().map(|wait| wait.wait_time_from(now)).max())
    }

    /// Counts a question that is about no account.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyAttempts`] with the seconds to wait.
    pub fn check_address(&self, address: &str) -> Result<(), Error> {
        let now = DefaultClock::default().now();
        let wait = self.address.check_key(&address.to_owned()).err();
        answer(wait.map(|wait| wait.wait_time_from(now)))
    }

    /// Forgets clients that have waited long enough; the worker's work.
    pub fn sweep(&self) {
        self.account.retain_recent();
        self.address.retain_recent();
        self.links.retain_recent();
    }
}

fn answer(wait: Option<Duration>) -> Result<(), Error> {
    let Some(wait) = wait else { return Ok(()) };
    let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX).saturating_add(1);
    Err(Error::new(ErrorCode::TooManyAttempts).with_number(seconds))
}

#[cfg(test)]
mod tests {
    use super::SignInLimits;
    use domain::ErrorCode;

    #[test]
    fn the_ninth_attempt_on_one_account_waits_and_others_go_on() {
        let limits = SignInLimits::default();
        for _ in 0..8 {
            assert!(limits.check("127.0.0.1", "a@b.example").is_ok());
        }
        let refused = limits.check("127.0.0.1", "a@b.example").expect_err("waits");
        assert_eq!(refused.code, ErrorCode::TooManyAttempts);
        assert!(refused.number.is_some_and(|seconds| (1..=61).contains(&seconds)));
        assert!(limits.check("127.0.0.1", "c@b.example").is_ok());
        assert!(limits.check("127.0.0.2", "a@b.example").is_ok());
    }

    #[test]
    fn an_account_gets_three_links_whoever_asks_and_then_waits() {
        let limits = SignInLimits::default();
        for client in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
            assert!(limits.check_link(client, "a@b.example").is_ok());
        }
        let refused = limits.check_link("127.0.0.4", "a@b.example").expect_err("waits");
        assert_eq!(refused.code, ErrorCode::TooManyAttempts);
        assert!(refused.number.is_some_and(|seconds| (1..=601).contains(&seconds)));
        assert!(limits.check_link("127.0.0.4", "c@b.example").is_ok());
    }
}
