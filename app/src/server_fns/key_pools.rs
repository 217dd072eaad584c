//! Key pools, for operators.

use domain::view::key_pools::{KeyPoolPage, KeyPoolQuery, KeyPoolsPage};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// Every key pool.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadKeyPools, input = Json, output = Json)]
pub async fn key_pools() -> Result<Loaded<KeyPoolsPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::keys::pools::page(&service, &context::request(), crate::i18n::language()).await;
    context::answer(&service, page).await
}

/// One key pool with its batches.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadKeyPool, input = Json, output = Json)]
pub async fn key_pool(query: KeyPoolQuery) -> Result<Loaded<KeyPoolPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::keys::pool::page(&service, &context::request(), crate::i18n::language(), &query).await;
    context::answer(&service, page).await
}
