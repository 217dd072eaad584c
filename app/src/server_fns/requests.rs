//! Requests, the request form, and how to become a Global admin.

use domain::view::requests::{GlobalAdminPage, RequestsPage, RequestsQuery};
use domain::view::technical::AdvisoryPage;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// Requests that the reader decides, made, or may see.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadRequests, input = Json, output = Json)]
pub async fn requests(query: RequestsQuery) -> Result<Loaded<RequestsPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let request = context::request();
    let list = service::requests::list::page(&service, &request, crate::i18n::language(), query).await;
    context::answer(&service, list).await
}

/// What the request form offers.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadAdvisory, input = Json, output = Json)]
pub async fn advisory(grant: Option<String>) -> Result<Loaded<AdvisoryPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let request = context::request();
    let page = service::requests::advisory::page(&service, &request, crate::i18n::language(), grant).await;
    context::answer(&service, page).await
}

/// The Global admins that there are.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadGlobalAdmins, input = Json, output = Json)]
pub async fn global_admins() -> Result<Loaded<GlobalAdminPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::requests::global_admin::page(&service, &context::request()).await;
    context::answer(&service, page).await
}
