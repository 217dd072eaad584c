//! Two handlers to compare pages with: a constant one, and one written by hand.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::moment::Zone;
use domain::{Moment, Policies};
use sha2::{Digest, Sha256};
use sqlx::Row as _;
use uuid::Uuid;

use super::{Pool, statements};
use crate::Outcome;

/// So many bytes are answered on `/constant`.
const CONSTANT: usize = 1024;

/// So many connections to the database, as the product's readers have on SQLite.
const CONNECTIONS: u32 = 4;
/// As the product's pool has on PostgreSQL.
const CONNECTIONS_POSTGRES: u32 = 16;

struct Row {
    id: Uuid,
    name: String,
    summary: String,
    source: String,
    quantity: Option<i64>,
    used: i64,
    status: String,
    activate_by: Option<String>,
    expires_at: Option<String>,
}

#[derive(Template)]
#[template(path = "visual_studio.html")]
struct Page {
    reader: String,
    rows: Vec<Row>,
}

/// Answers on `address` until it is ended.
///
/// # Errors
/// The database or the address can't be used.
pub async fn serve(database_url: &str, address: &str) -> Outcome {
    let postgres = database_url.starts_with("postgres");
    let connections = if postgres { CONNECTIONS_POSTGRES } else { CONNECTIONS };
    let pool = Pool::connect(database_url, connections).await?;
    let constant: Arc<str> = "x".repeat(CONSTANT).into();
    let app = Router::new()
        .route("/constant", get(move || async move { constant.to_string() }))
        .route("/visual-studio", get(visual_studio))
        .with_state(pool);
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn visual_studio(State(pool): State<Pool>, headers: HeaderMap) -> Response {
    let token = headers
        .get(COOKIE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').find_map(|pair| pair.trim().strip_prefix("session=")));
    let Some(token) = token else { return StatusCode::UNAUTHORIZED.into_response() };
    let page = match &pool {
        Pool::Sqlite(pool) => page_on_sqlite(pool, token).await,
        Pool::Postgres(pool) => page_on_postgres(pool, token).await,
    };
    match page.map(|page| page.map(|page| page.render())) {
        Ok(Some(Ok(html))) => Html(html).into_response(),
        Ok(None) => StatusCode::FORBIDDEN.into_response(),
        Ok(Some(Err(_))) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Who reads it, in which organization and zone; none for whoever may not.
fn may_open(roles: Option<&str>, policies: &Policies) -> bool {
    use domain::rights::{Action, may};
    use domain::{Role, Roles};
    let roles = Roles::new(roles.unwrap_or_default().split(',').filter_map(Role::from_code));
    may(&roles, Action::OpenBenefits, policies).is_ok()
}

/// The two drivers share no type that a query could be written for once.
macro_rules! page_on {
    ($name:ident, $pool:ty) => {
        async fn $name(pool: &$pool, token: &str) -> sqlx::Result<Option<Page>> {
            let now = service::Clock::now(&service::SystemClock).0;
            let hash = Sha256::digest(token).to_vec();
            let session = sqlx::query(statements::SESSION).bind(hash).bind(now).fetch_optional(pool).await?;
            let Some(session) = session else { return Ok(None) };
            let mut policies = Policies::default();
            for row in sqlx::query(statements::POLICIES).fetch_all(pool).await? {
                let (name, value): (String, String) = (row.try_get("name")?, row.try_get("value")?);
                if service::policies::set(&mut policies, &name, &value).is_none() {
                    return Ok(None);
                }
            }
            let roles: Option<String> = session.try_get("roles")?;
            if !may_open(roles.as_deref(), &policies) {
                return Ok(None);
            }
            let zone = Zone::named(&session.try_get::<String, _>("time_zone")?);
            let day = |at: Option<i64>| at.map(|at| zone.day_of(Moment(at)).to_string());
            let organization: Uuid = session.try_get("organization_id")?;
            let found = sqlx::query(statements::LIST.as_str())
                .bind(organization)
                .bind("en")
                .bind(now)
                .bind("visual_studio")
                .fetch_all(pool)
                .await?;
            let mut rows = Vec::with_capacity(found.len());
            for row in found {
                rows.push(Row {
                    id: row.try_get("id")?,
                    name: row.try_get("name")?,
                    summary: row.try_get("summary")?,
                    source: row.try_get("source")?,
                    quantity: row.try_get("quantity")?,
                    used: row.try_get("used")?,
                    status: row.try_get("status")?,
                    activate_by: day(row.try_get("activate_by")?),
                    expires_at: day(row.try_get("expires_at")?),
                });
            }
            Ok(Some(Page { reader: session.try_get("full_name")?, rows }))
        }
    };
}

page_on!(page_on_sqlite, sqlx::SqlitePool);
page_on!(page_on_postgres, sqlx::PgPool);
