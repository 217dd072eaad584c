//! What whoever runs the server watches: whether the database is there and current, and what waits.

use sea_orm::FromQueryResult;

use crate::outbox::HELD;
use crate::{Outcome, Service, sql};

/// What waits, over all companies.
#[derive(FromQueryResult, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Waiting {
    /// Mail that is still to be delivered, without what is held for an address that mail doesn't reach.
    pub mail_waiting: i64,
    /// Mail that was given up, and that nobody marked.
    pub mail_failed: i64,
    /// When the oldest mail that waits was written, in milliseconds; 0 where none waits.
    pub mail_oldest_at: i64,
    /// Requests that wait for an operator.
    pub requests_open: i64,
    /// Those of them whose target date has passed.
    pub requests_late: i64,
}

/// What waits now.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn waiting(service: &Service) -> Outcome<Waiting> {
    let text = format!(
        "select
            (select count(*) from mail where state = 'waiting' and not {HELD}) as mail_waiting,
            (select count(*) from mail where state = 'failed' and bounced_at is null) as mail_failed,
            (select coalesce(min(created_at), 0) from mail where state = 'waiting' and not {HELD})
                as mail_oldest_at,
            (select count(*) from service_request where open) as requests_open,
            (select count(*) from service_request where open and target_at < $1) as requests_late"
    );
    let waiting = sql::one::<Waiting>(service.database.reader(), &text, [service.now().0.into()]).await?;
    Ok(waiting.unwrap_or_default())
}
