//! Takes staged product keys over, beside the worker: a large batch doesn't keep mail waiting.

use std::time::Duration;

use service::Service;
use service::keys::take_over;
use tokio::sync::watch;

/// How often it looks for a new batch.
const EVERY: Duration = Duration::from_secs(1);

/// Runs until told to stop; what is left then goes on with the next start.
pub async fn run(service: Service, mut stopping: watch::Receiver<bool>) {
    loop {
        loop {
            if *stopping.borrow() {
                return;
            }
            match take_over::take_next(&service).await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => break,
                Err(failure) => {
                    tracing::error!(cause = %failure, "product keys could not be taken over");
                    break;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stopping.changed() => return,
        }
    }
}
