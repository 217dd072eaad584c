//! `serve`: the portal.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Trouble;
use crate::configuration::Configuration;
use crate::metrics::{self, Metrics};
use crate::{mailer, router, worker};
use service::live::servers;
use service::sample_programme;

/// So long are requests and jobs waited for that were under way when the server was asked to stop.
const FAREWELL: Duration = Duration::from_secs(20);

pub(super) async fn run(configuration: &Configuration) -> Result<(), Trouble> {
    let mut service = configuration.service().await?;
    service.database.migrate().await?;
    // On SQLite there is one server, which hears itself.
    let _others = if service.database.is_postgres() {
        let (database, random) = (service.database.clone(), service.random.clone());
        Some(servers::join(&mut service.live, &database, &configuration.database_url, &*random).await?)
    } else {
        None
    };
    if configuration.demo && !sample_programme::is_loaded(&service).await? {
        let summary = sample_programme::load(&service).await?;
        tracing::info!("{summary}");
    }
    let mailer = mailer::from(configuration)?;
    let metrics = Arc::new(Metrics::new(service.counts.clone()));
    let (stop, stopping) = watch::channel(false);
    let listener = listen(configuration.address).await?;
    let measuring = match configuration.metrics_address {
        Some(address) => {
            let app = metrics::router(service.clone(), metrics.clone(), stopping.clone());
            Some((listen(address).await?, app))
        }
        None => None,
    };
    let worker = tokio::spawn(worker::run(service.clone(), mailer, metrics.clone(), stopping.clone()));
    if let Some((listener, app)) = measuring {
        let stopped = stopped(stopping.clone());
        tokio::spawn(async move {
            if let Err(cause) = axum::serve(listener, app).with_graceful_shutdown(stopped).await {
                tracing::error!(%cause, "metrics can no longer be read");
            }
        });
    }
    println!("Benefits Center is ready: {}", configuration.base_url);
    let app = router::measured(service, configuration, metrics, stopping.clone());
    tokio::spawn(async move {
        asked_to_stop().await;
        // Whoever listens no longer has ended already.
        let _ = stop.send(true);
    });
    let portal = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stopped(stopping.clone()));
    let late = |what: &'static str| {
        let stopping = stopping.clone();
        async move {
            stopped(stopping).await;
            tokio::time::sleep(FAREWELL).await;
            tracing::warn!(seconds = FAREWELL.as_secs(), "{what} that takes longer is left");
        }
    };
    let portal = async {
        tokio::select! {
            ended = portal => ended.map_err(Trouble::from),
            () = late("a request") => Ok(()),
        }
    };
    // What a job has begun is committed or not: leaving one loses nothing that was acknowledged.
    let worker = async {
        tokio::select! {
            ended = worker => ended.map_err(Trouble::from),
            () = late("a job") => Ok(()),
        }
    };
    tokio::try_join!(portal, worker)?;
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Trouble> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| format!("{address} can't be listened on: {error}").into())
}

/// Ends once the server is asked to stop.
async fn stopped(mut stopping: watch::Receiver<bool>) {
    // Whoever would tell is gone only with the server.
    let _ = stopping.wait_for(|stopping| *stopping).await;
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
