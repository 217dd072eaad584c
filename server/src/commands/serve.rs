//! `serve`: the portal.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::Trouble;
use crate::configuration::Configuration;
use crate::{key_worker, mailer, router, worker};
use service::sample_programme;

pub(super) async fn run(configuration: &Configuration) -> Result<(), Trouble> {
    let service = configuration.service().await?;
    service.database.migrate().await?;
    if configuration.demo && !sample_programme::is_loaded(&service).await? {
        let summary = sample_programme::load(&service).await?;
        tracing::info!("{summary}");
    }
    let mailer = mailer::from(configuration)?;
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(worker::run(service.clone(), mailer, stopping.clone()));
    let keys = tokio::spawn(key_worker::run(service.clone(), stopping.clone()));
    let listener = TcpListener::bind(configuration.address)
        .await
        .map_err(|error| format!("{} can't be listened on: {error}", configuration.address))?;
    println!("Benefits Center is ready: {}", configuration.base_url);
    let app = router::router(service, configuration, stopping);
    let until_stopped = async move {
        asked_to_stop().await;
        // Whoever listens no longer has ended already.
        let _ = stop.send(true);
    };
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(until_stopped)
        .await?;
    worker.await?;
    keys.await?;
    Ok(())
}

async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
