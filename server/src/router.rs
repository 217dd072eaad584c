//! The router: assets, live events, server functions, and pages for everything else.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use service::Service;
use tokio::sync::watch;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;

use crate::configuration::Configuration;
use crate::metrics::Metrics;
use crate::{
    activity, assets, caller, catalogue, events, former_holders, headers, health, insight, invoices,
    key_files, page, payments, people_files, people_list, plain, provisioning, seen_keys, watched,
};

/// What the handlers share.
pub struct Site {
    /// The use cases.
    pub service: Service,
    /// Whether browsers come by TLS.
    pub secure: bool,
    /// Whether demo accounts are shown.
    pub demo: bool,
    /// Whether a proxy says the client's address.
    pub trust_proxy: bool,
    /// Folder of the assets.
    pub assets: String,
    /// What is counted and measured.
    pub metrics: Arc<Metrics>,
    /// Becomes true when the server is to end: streams that would stay open end, too.
    pub stopping: watch::Receiver<bool>,
}

const LIVE: &str = "/live";
const DOWNLOAD: &str = "/downloads/{grant}/{download}";
const PEOPLE: &str = "/account/users.csv";
const PEOPLE_FILE: &str = "/account/users/import/file";
const PEOPLE_TEMPLATE: &str = "/account/users/import/template.csv";
const PEOPLE_FAULTY: &str = "/account/users/import/{import}/faulty.csv";
const PROOF_FILE: &str = "/orders/{number}/proof";
const KEY_FILE: &str = "/operator/keys/{product}/file";
const SEEN_KEYS: &str = "/operator/keys/batches/{batch}/seen.csv";
const FORMER_HOLDERS: &str = "/orders/{number}/former-holders.csv";
const PROOF: &str = "/payment-proofs/{proof}";
const OPERATOR_PROOF: &str = "/operator/payment-proofs/{proof}";
const INVOICE: &str = "/invoices/{number}";
const PAYMENT_NOTICE: &str = "/payment-notices/{processor}";
const ACTIVITY: &str = "/account/activity.csv";
const PROGRAMME_ACTIVITY: &str = "/operator/activity.csv";
const CATALOGUE: &str = "/operator/catalogue.toml";
/// The page of a draft: it takes a file beside its forms.
const CATALOGUE_DRAFT: &str = "/operator/catalogue/{draft}";
const INSIGHT_LINES: &str = "/insight.csv";
const INSIGHT_WORKBOOK: &str = "/insight.xlsx";
const PROGRAMME_INSIGHT_LINES: &str = "/operator/insight.csv";
const PROGRAMME_INSIGHT_WORKBOOK: &str = "/operator/insight.xlsx";

const FROM_DIRECTORY: &str = service::directories::CALLBACK_PATH;

/// What answers beside assets, pages and server functions; a test has the right of each.
pub const ROUTES: &[&str] = &[
    LIVE,
    DOWNLOAD,
    PEOPLE,
    PEOPLE_FILE,
    PEOPLE_TEMPLATE,
    PEOPLE_FAULTY,
    PROOF_FILE,
    KEY_FILE,
    SEEN_KEYS,
    FORMER_HOLDERS,
    PROOF,
    OPERATOR_PROOF,
    INVOICE,
    PAYMENT_NOTICE,
    ACTIVITY,
    PROGRAMME_ACTIVITY,
    CATALOGUE,
    INSIGHT_LINES,
    INSIGHT_WORKBOOK,
    PROGRAMME_INSIGHT_LINES,
    PROGRAMME_INSIGHT_WORKBOOK,
    FROM_DIRECTORY,
];

/// So large may the body of any request be.
const MAX_BODY: usize = 256 * 1024;
/// So large may the body of a proof be: larger than a proof may, so that whoever chose the wrong file reads so on
/// the order's page.
const MAX_PROOF_BODY: usize = 4 * domain::order::PROOF_MAX_BYTES;

/// So large may the body of a file of keys be, likewise.
const MAX_KEYS_BODY: usize = 2 * domain::key_import::KEY_BYTES_MAX;

/// So large may the body of a catalogue's file be, likewise.
const MAX_CATALOGUE_BODY: usize = 2 * service::catalogue::file::LARGEST;

/// Compresses quickly rather than well: pages are made for each reader.
fn compression() -> CompressionLayer {
    CompressionLayer::new().quality(CompressionLevel::Precise(4))
}

/// The whole portal, until `stopping` becomes true.
pub fn router(service: Service, configuration: &Configuration, stopping: watch::Receiver<bool>) -> Router {
    let metrics = Arc::new(Metrics::new(service.counts.clone()));
    measured(service, configuration, metrics, stopping)
}

/// The whole portal, counted and measured by what others read.
pub fn measured(
    service: Service,
    configuration: &Configuration,
    metrics: Arc<Metrics>,
    stopping: watch::Receiver<bool>,
) -> Router {
    let health = health::router(service.database.clone(), stopping.clone());
    // Rendering spawns its loads; a second router, as in tests, finds it set already.
    let _ = any_spawner::Executor::init_tokio();
    let assets = format!("/pkg/{}", assets::digest());
    let site = Arc::new(Site {
        service,
        secure: configuration.is_secure(),
        demo: configuration.demo,
        trust_proxy: configuration.trust_proxy,
        assets,
        metrics,
        stopping,
    });
    // Only what is read: the answer to a post may show a secret beside what was typed, and the length
    // of the two compressed together would tell about it.
    let pages = get(page::get).layer(compression()).post(page::post);
    // Taking one away is recorded, and a download may end a refund: no other site has a say in it.
    let files = Router::new()
        .route(DOWNLOAD, get(crate::downloads::download))
        .route(PEOPLE, get(people_list::export))
        .route(PEOPLE_FAULTY, get(people_files::faulty))
        .route(SEEN_KEYS, get(seen_keys::export))
        .route(FORMER_HOLDERS, get(former_holders::export))
        .route(PROOF, get(payments::proof))
        .route(OPERATOR_PROOF, get(payments::proof_for_operator))
        .route(INVOICE, get(invoices::invoice))
        .route(ACTIVITY, get(activity::of_company))
        .route(PROGRAMME_ACTIVITY, get(activity::of_programme))
        .route(CATALOGUE, get(catalogue::export))
        .route(INSIGHT_LINES, get(insight::lines_of_company))
        .route(INSIGHT_WORKBOOK, get(insight::workbook_of_company))
        .route(PROGRAMME_INSIGHT_LINES, get(insight::lines_of_programme))
        .route(PROGRAMME_INSIGHT_WORKBOOK, get(insight::workbook_of_programme))
        .route_layer(from_fn(headers::from_here));
    let large = Router::new()
        .route(PROOF_FILE, post(payments::give_proof))
        .layer(from_fn_with_state(site.clone(), caller::identify))
        .layer(DefaultBodyLimit::max(MAX_PROOF_BODY))
        .layer(RequestBodyLimitLayer::new(MAX_PROOF_BODY))
        .layer(CsrfLayer::new());
    let keys = Router::new()
        .route(KEY_FILE, post(key_files::import))
        .layer(from_fn_with_state(site.clone(), caller::identify))
        .layer(DefaultBodyLimit::max(MAX_KEYS_BODY))
        .layer(RequestBodyLimitLayer::new(MAX_KEYS_BODY))
        .layer(CsrfLayer::new());
    let drafts = Router::new()
        .route(CATALOGUE_DRAFT, get(page::get).layer(compression()).post(catalogue::post))
        .layer(from_fn_with_state(site.clone(), caller::identify))
        .layer(DefaultBodyLimit::max(MAX_CATALOGUE_BODY))
        .layer(RequestBodyLimitLayer::new(MAX_CATALOGUE_BODY))
        .layer(CsrfLayer::new());
    Router::new()
        .route(LIVE, get(events::live))
        .route("/api/{*function}", post(page::server_function))
        .merge(files)
        .route(PEOPLE_FILE, post(people_files::upload))
        .route(PEOPLE_TEMPLATE, get(people_files::template))
        .route(PAYMENT_NOTICE, post(payments::notice))
        // The page that says why nobody came in has forms, which post to its address.
        .route(FROM_DIRECTORY, get(page::from_directory).post(page::post))
        .fallback_service(pages.with_state(site.clone()))
        .layer(from_fn_with_state(site.clone(), caller::identify))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(CsrfLayer::new())
        .merge(large)
        .merge(keys)
        .merge(drafts)
        .route("/pkg/{*path}", get(assets::serve_asset))
        // Outside of what reads cookies: a program comes with its token.
        .merge(provisioning::router(site.clone()))
        // Whatever watches the server has neither cookie nor token.
        .merge(health)
        // A panic is a fault of ours: the log has it, the caller learns that nothing is known.
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a handler panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }))
        .layer(from_fn_with_state(site.clone(), plain::explain))
        .layer(from_fn_with_state(site.clone(), headers::secure))
        .layer(from_fn_with_state(site.clone(), watched::watch))
        .with_state(site)
}
