//! The worker inside the binary: delivers mail and moves states on the clock.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use service::accounts::{own_sessions, reset};
use service::outbox::{self, Mailer};
use service::{
    Outcome, Service, activations, audit, benefits, catalogue, directories, enrolment, individual_grants,
    insight, keys, membership, older_portal, people, purchases, reminders, sessions,
};
use tokio::sync::watch;

use crate::metrics::Metrics;

/// How often it looks for mail; a change is in the outbox at once, its delivery may wait this long.
const EVERY: Duration = Duration::from_secs(1);
/// How often it does what can wait: states on the clock, sessions that expired.
const SELDOM: Duration = Duration::from_secs(30);

/// Does jobs, one after the other, and counts how they went.
struct Worker {
    service: Service,
    metrics: Arc<Metrics>,
    stopping: watch::Receiver<bool>,
}

impl Worker {
    /// Does a job, unless the server is to stop: none is begun then, and the one under way is done first. What
    /// goes wrong is logged and tried again in a later round; the others go on.
    async fn job<T>(
        &self,
        name: &'static str,
        failed: &'static str,
        job: impl Future<Output = Outcome<T>>,
    ) -> Option<T> {
        if *self.stopping.borrow() {
            return None;
        }
        let done = match AssertUnwindSafe(job).catch_unwind().await {
            Ok(Ok(done)) => Some(done),
            Ok(Err(failure)) => {
                tracing::error!(job = name, cause = %failure, "{failed}");
                None
            }
            Err(_) => {
                tracing::error!(job = name, "a job panicked: {failed}");
                None
            }
        };
        self.metrics.job_done(name, done.is_some(), self.service.now());
        done
    }
}

/// Runs until told to stop. Mail, keys, the clock and counting don't wait for each other.
pub async fn run(
    service: Service,
    mailer: Arc<dyn Mailer>,
    metrics: Arc<Metrics>,
    stopping: watch::Receiver<bool>,
) {
    let worker = Worker { service, metrics, stopping };
    tokio::join!(
        worker.deliver(&*mailer),
        worker.follow_the_clock(),
        worker.take_keys_over(),
        worker.count_use()
    );
}

impl Worker {
    /// Waits; says whether to go on.
    async fn rest(&self, time: Duration) -> bool {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            _ = stopping.wait_for(|stopping| *stopping) => false,
        }
    }

    /// Delivers mail.
    async fn deliver(&self, mailer: &dyn Mailer) {
        let service = &self.service;
        loop {
            self.job(
                "reset_write_due",
                "links for new passwords could not be written",
                reset::write_due(service),
            )
            .await;
            self.job(
                "outbox_deliver_due",
                "the outbox could not be worked",
                outbox::deliver_while(service, mailer, || !*self.stopping.borrow()),
            )
            .await;
            if !self.rest(EVERY).await {
                return;
            }
        }
    }

    /// Takes staged product keys over, chunk by chunk.
    async fn take_keys_over(&self) {
        loop {
            let more = self
                .job(
                    "keys_take_over",
                    "product keys could not be taken over",
                    keys::take_over::take_next(&self.service),
                )
                .await;
            if more == Some(true) {
                tokio::task::yield_now().await;
            } else if !self.rest(EVERY).await {
                return;
            }
        }
    }

    /// Counts how benefits are used: after an update, companies by the thousand.
    async fn count_use(&self) {
        loop {
            let counted = self
                .job(
                    "insight_count_due",
                    "the use of benefits could not be counted",
                    insight::count::count_due(&self.service),
                )
                .await;
            if counted.is_some_and(|counted| counted >= insight::count::MANY) {
                tokio::task::yield_now().await;
            } else if !self.rest(SELDOM).await {
                return;
            }
        }
    }

    /// Moves states on the clock.
    async fn follow_the_clock(&self) {
        loop {
            self.one_round().await;
            if !self.rest(SELDOM).await {
                return;
            }
        }
    }

    async fn one_round(&self) {
        let service = &self.service;
        self.job(
            "activations_expire_due",
            "activations could not be expired",
            activations::on_clock::expire_due(service),
        )
        .await;
        // Holdings before grants: a benefit that goes on elsewhere takes its holders along.
        self.job(
            "membership_begin_due",
            "years bought ahead could not begin",
            membership::on_clock::begin_due(service),
        )
        .await;
        self.job("membership_end_due", "holdings could not be ended", membership::on_clock::end_due(service))
            .await;
        self.job(
            "catalogue_put_into_force_due",
            "a version of the catalogue could not come into force",
            catalogue::on_clock::put_into_force_due(service),
        )
        .await;
        self.job(
            "catalogue_entitle_some",
            "what a version brings could not be granted",
            catalogue::on_clock::entitle_some(service),
        )
        .await;
        self.job(
            "individual_grants_end_due",
            "individual grants could not be ended",
            individual_grants::on_clock::end_due(service),
        )
        .await;
        self.job("benefits_end_due", "grants could not be ended", benefits::on_clock::end_due(service)).await;
        self.job(
            "membership_remind_due",
            "the end of memberships could not be told",
            membership::on_clock::remind_due(service),
        )
        .await;
        self.job(
            "older_portal_end_due",
            "records from the older portal could not be ended",
            older_portal::on_clock::end_due(service),
        )
        .await;
        self.job(
            "purchases_look_up_due",
            "card payments could not be looked up",
            purchases::on_clock::look_up_due(service),
        )
        .await;
        self.job(
            "purchases_expire_due",
            "orders could not be expired",
            purchases::on_clock::expire_due(service),
        )
        .await;
        self.job(
            "purchases_refund_due",
            "money could not be given back",
            purchases::on_clock::refund_due(service),
        )
        .await;
        self.job(
            "activations_remind_due",
            "what ends soon could not be told",
            activations::on_clock::remind_due(service),
        )
        .await;
        self.job(
            "reminders_benefits_remind_due",
            "benefits that end or are unused could not be told",
            reminders::benefits::remind_due(service),
        )
        .await;
        self.job(
            "reminders_digest_send_due",
            "reminders could not be sent together",
            reminders::digest::send_due(service),
        )
        .await;
        self.job(
            "keys_tell_holders",
            "holders of withdrawn keys could not be told",
            keys::withdraw::tell_holders(service),
        )
        .await;
        self.job(
            "keys_tell_low",
            "key pools that run low could not be told",
            keys::threshold::tell_low(service),
        )
        .await;
        self.job("sessions_sweep", "sessions could not be swept", sessions::sweep(service)).await;
        self.job("people_import_sweep", "files of people could not be swept", people::import::sweep(service))
            .await;
        self.job(
            "own_sessions_sweep",
            "unfinished sign-ins could not be swept",
            own_sessions::sweep(service),
        )
        .await;
        self.job(
            "directories_sign_in_sweep",
            "sign-ins at directories could not be swept",
            directories::sign_in::sweep(service),
        )
        .await;
        self.job("enrolment_sweep", "links of enrolments could not be swept", enrolment::sweep(service))
            .await;
        self.job(
            "audit_remove_due",
            "old events of the audit trail could not be removed",
            audit::remove_due(service),
        )
        .await;
        let limits = &service.sign_in_limits;
        self.job("sign_in_limits_sweep", "attempts could not be forgotten", limits.sweep(service)).await;
    }
}
