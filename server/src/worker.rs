//! The worker inside the binary: delivers mail and moves states on the clock.

use std::sync::Arc;
use std::time::Duration;

use service::accounts::{own_sessions, reset};
use service::outbox::{self, Mailer};
use service::{
    Service, activations, audit, benefits, catalogue, directories, enrolment, keys, membership, older_portal,
    people, purchases, reminders, sessions,
};
use tokio::sync::watch;

/// How often it looks for mail; a change is in the outbox at once, its delivery may wait this long.
const EVERY: Duration = Duration::from_secs(1);
/// How often it does what can wait: states on the clock, sessions that expired.
const SELDOM: u32 = 30;

/// Runs until told to stop.
pub async fn run(service: Service, mailer: Arc<dyn Mailer>, mut stopping: watch::Receiver<bool>) {
    let mut round = 0_u32;
    loop {
        if let Err(failure) = reset::write_due(&service).await {
            tracing::error!(cause = %failure, "links for new passwords could not be written");
        }
        if let Err(failure) = outbox::deliver_due(&service, &*mailer).await {
            tracing::error!(cause = %failure, "the outbox could not be worked");
        }
        if round.is_multiple_of(SELDOM) {
            if let Err(failure) = activations::on_clock::expire_due(&service).await {
                tracing::error!(cause = %failure, "activations could not be expired");
            }
            // Holdings before grants: a benefit that goes on elsewhere takes its holders along.
            if let Err(failure) = membership::on_clock::begin_due(&service).await {
                tracing::error!(cause = %failure, "years bought ahead could not begin");
            }
            if let Err(failure) = membership::on_clock::end_due(&service).await {
                tracing::error!(cause = %failure, "holdings could not be ended");
            }
            if let Err(failure) = catalogue::on_clock::put_into_force_due(&service).await {
                tracing::error!(cause = %failure, "a version of the catalogue could not come into force");
            }
            if let Err(failure) = catalogue::on_clock::entitle_some(&service).await {
                tracing::error!(cause = %failure, "what a version brings could not be granted");
            }
            if let Err(failure) = benefits::on_clock::end_due(&service).await {
                tracing::error!(cause = %failure, "grants could not be ended");
            }
            if let Err(failure) = membership::on_clock::remind_due(&service).await {
                tracing::error!(cause = %failure, "the end of memberships could not be told");
            }
            if let Err(failure) = older_portal::on_clock::end_due(&service).await {
                tracing::error!(cause = %failure, "records from the older portal could not be ended");
            }
            if let Err(failure) = purchases::on_clock::look_up_due(&service).await {
                tracing::error!(cause = %failure, "card payments could not be looked up");
            }
            if let Err(failure) = purchases::on_clock::expire_due(&service).await {
                tracing::error!(cause = %failure, "orders could not be expired");
            }
            if let Err(failure) = purchases::on_clock::refund_due(&service).await {
                tracing::error!(cause = %failure, "money could not be given back");
            }
            if let Err(failure) = activations::on_clock::remind_due(&service).await {
                tracing::error!(cause = %failure, "what ends soon could not be told");
            }
            if let Err(failure) = reminders::benefits::remind_due(&service).await {
                tracing::error!(cause = %failure, "benefits that end or are unused could not be told");
            }
            if let Err(failure) = reminders::digest::send_due(&service).await {
                tracing::error!(cause = %failure, "reminders could not be sent together");
            }
            if let Err(failure) = keys::withdraw::tell_holders(&service).await {
                tracing::error!(cause = %failure, "holders of withdrawn keys could not be told");
            }
            if let Err(failure) = keys::threshold::tell_low(&service).await {
                tracing::error!(cause = %failure, "key pools that run low could not be told");
            }
            if let Err(failure) = sessions::sweep(&service).await {
                tracing::error!(cause = %failure, "sessions could not be swept");
            }
            if let Err(failure) = people::import::sweep(&service).await {
                tracing::error!(cause = %failure, "files of people could not be swept");
            }
            if let Err(failure) = own_sessions::sweep(&service).await {
                tracing::error!(cause = %failure, "unfinished sign-ins could not be swept");
            }
            if let Err(failure) = directories::sign_in::sweep(&service).await {
                tracing::error!(cause = %failure, "sign-ins at directories could not be swept");
            }
            if let Err(failure) = enrolment::sweep(&service).await {
                tracing::error!(cause = %failure, "links of enrolments could not be swept");
            }
            if let Err(failure) = audit::remove_due(&service).await {
                tracing::error!(cause = %failure, "old events of the audit trail could not be removed");
            }
            service.sign_in_limits.sweep();
        }
        round = round.wrapping_add(1);
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stopping.changed() => return,
        }
    }
}
