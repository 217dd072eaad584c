//! Provisioning: what its page shows.

use domain::view::provisioning::ProvisioningPage;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// Tokens, choices and groups.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadProvisioning, input = Json, output = Json)]
pub async fn provisioning() -> Result<Loaded<ProvisioningPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::provisioning::page::page(&service, &context::request()).await;
    context::answer(&service, page).await
}
