//! What is counted and measured, as Prometheus reads it (OpenMetrics text): by address pattern, job and
//! action, never by person, company or id.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use service::Service;
use service::counts::Counts;
use service::operations;
use tokio::sync::watch;

use crate::health;

/// Where they are read, on a listener of their own.
pub const METRICS: &str = "/metrics";
/// So long may the database take to say what waits; the rest is told without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bounds of durations, in seconds.
const BUCKETS: [f64; 12] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// An answer.
#[derive(Clone, PartialEq, Eq, Hash, EncodeLabelSet, Debug)]
struct Answered {
    route: String,
    method: &'static str,
    status: &'static str,
}

/// What was asked for.
#[derive(Clone, PartialEq, Eq, Hash, EncodeLabelSet, Debug)]
struct Asked {
    route: String,
    method: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, EncodeLabelSet, Debug)]
struct Job {
    job: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, EncodeLabelSet, Debug)]
struct Connections {
    pool: &'static str,
    state: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, EncodeLabelSet, Debug)]
struct InState {
    state: &'static str,
}

/// Everything that this process counts and measures.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Asked, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    live: Gauge,
    runs: Family<Job, Counter>,
    failures: Family<Job, Counter>,
    succeeded: Family<Job, Gauge>,
    connections: Family<Connections, Gauge>,
    answers: Gauge,
    mail: Family<InState, Gauge>,
    mail_oldest: Gauge,
    requests_waiting: Family<InState, Gauge>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(counts: Arc<Counts>) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let mut metrics = Self {
            registry: Registry::with_prefix("benefits_center"),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            in_flight: Gauge::default(),
            live: Gauge::default(),
            runs: Family::default(),
            failures: Family::default(),
            succeeded: Family::default(),
            connections: Family::default(),
            answers: Gauge::default(),
            mail: Family::default(),
            mail_oldest: Gauge::default(),
            requests_waiting: Family::default(),
        };
        metrics.describe(counts);
        metrics
    }

    fn describe(&mut self, counts: Arc<Counts>) {
        let registry = &mut self.registry;
        registry.register(
            "build",
            "Version of the program",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register(
            "http_requests",
            "Answers, by address pattern, method and class of status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time until an answer begins",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests whose answer has not begun",
            self.in_flight.clone(),
        );
        registry.register("live_connections", "Streams of live events that are open", self.live.clone());
        registry.register("job_runs", "Runs of the worker's jobs", self.runs.clone());
        registry.register("job_failures", "Runs that failed", self.failures.clone());
        registry.register_with_unit(
            "job_last_success_timestamp",
            "When a job last ended well",
            Unit::Seconds,
            self.succeeded.clone(),
        );
        registry.register(
            "database_connections",
            "Connections to the database, by pool and state",
            self.connections.clone(),
        );
        registry.register("database_up", "Whether the database answered this question", self.answers.clone());
        registry.register("mail", "Mail that waits, and mail that was given up", self.mail.clone());
        registry.register_with_unit(
            "mail_oldest_timestamp",
            "When the oldest mail that waits was written; 0 where none waits",
            Unit::Seconds,
            self.mail_oldest.clone(),
        );
        registry.register(
            "queue_requests",
            "Requests that wait for an operator, and those of them past their target date",
            self.requests_waiting.clone(),
        );
        registry.register(
            "actions",
            "What committed changes recorded, by the code of the audit trail",
            Actions(counts.clone()),
        );
        registry.register(
            "attempts_held_back",
            "Attempts to sign in, or to ask for a link, that a limit held back",
            HeldBack(counts),
        );
    }

    /// Counts a request as long as its answer hasn't begun.
    #[must_use]
    pub fn begin_request(&self) -> Counted {
        Counted::new(self.in_flight.clone())
    }

    /// Counts a stream of live events as long as it is open.
    #[must_use]
    pub fn begin_stream(&self) -> Counted {
        Counted::new(self.live.clone())
    }

    /// Counts an answer.
    pub fn answered(&self, route: &str, method: &'static str, status: StatusCode, took: Duration) {
        let route = route.to_owned();
        let answered = Answered { route: route.clone(), method, status: class(status) };
        self.requests.get_or_create(&answered).inc();
        self.durations.get_or_create(&Asked { route, method }).observe(took.as_secs_f64());
    }

    /// Counts a run of a job of the worker.
    pub fn job_done(&self, job: &'static str, well: bool, now: domain::Moment) {
        let job = Job { job };
        self.runs.get_or_create(&job).inc();
        // Written also where it is 0: what was never there can't be compared with.
        let failures = self.failures.get_or_create(&job);
        if well {
            self.succeeded.get_or_create(&job).set(now.0.div_euclid(1000));
        } else {
            failures.inc();
        }
    }

    /// Everything as text.
    pub async fn text(&self, service: &Service) -> Result<String, fmt::Error> {
        for (pool, open, idle) in service.database.connections() {
            let idle = i64::try_from(idle).unwrap_or(i64::MAX);
            let busy = (i64::from(open) - idle).max(0);
            self.connections.get_or_create(&Connections { pool, state: "idle" }).set(idle);
            self.connections.get_or_create(&Connections { pool, state: "busy" }).set(busy);
        }
        match tokio::time::timeout(PATIENCE, operations::waiting(service)).await {
            Ok(Ok(waiting)) => {
                let mail = |state| self.mail.get_or_create(&InState { state });
                mail("waiting").set(waiting.mail_waiting);
                mail("failed").set(waiting.mail_failed);
                self.mail_oldest.set(waiting.mail_oldest_at.div_euclid(1000));
                let requests = |state| self.requests_waiting.get_or_create(&InState { state });
                requests("open").set(waiting.requests_open);
                requests("late").set(waiting.requests_late);
                self.answers.set(1);
            }
            // Numbers of a moment ago would look like those of now.
            Ok(Err(_)) | Err(_) => {
                self.mail.clear();
                self.requests_waiting.clear();
                self.mail_oldest.set(0);
                self.answers.set(0);
            }
        }
        let mut text = String::with_capacity(16 * 1024);
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts something as long as it is there, however it ends.
#[derive(Debug)]
pub struct Counted(Gauge);

impl Counted {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The service's counts by action.
#[derive(Debug)]
struct Actions(Arc<Counts>);

impl EncodeMetric for Actions {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        for (action, count) in self.0.actions() {
            encoder
                .encode_family(&[("action", action)])?
                .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

/// The service's count of attempts that were held back.
#[derive(Debug)]
struct HeldBack(Arc<Counts>);

impl EncodeMetric for HeldBack {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        encoder.encode_counter::<NoLabelSet, _, u64>(&self.0.held_back(), None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

const fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

struct Measured {
    service: Service,
    metrics: Arc<Metrics>,
}

/// The listener of its own: metrics, and health beside them.
pub fn router(service: Service, metrics: Arc<Metrics>, stopping: watch::Receiver<bool>) -> Router {
    let database = service.database.clone();
    Router::new()
        .route(METRICS, get(read))
        .with_state(Arc::new(Measured { service, metrics }))
        .merge(health::router(database, stopping))
}

async fn read(State(measured): State<Arc<Measured>>) -> Response {
    match measured.metrics.text(&measured.service).await {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], text).into_response()
        }
        Err(cause) => {
            tracing::error!(%cause, "metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
