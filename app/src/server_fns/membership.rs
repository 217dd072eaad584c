//! The membership.

use domain::view::membership::MembershipPage;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// What the company holds, where its benefits come from, what another tier would change.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadMembership, input = Json, output = Json)]
pub async fn membership() -> Result<Loaded<MembershipPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::membership::page::page(&service, &context::request(), crate::i18n::language()).await;
    context::answer(&service, page).await
}
