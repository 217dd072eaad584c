//! Changing the level of a competency.

use domain::view::tier_change::{TierChangePage, TierChangeQuery};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// What can be changed, and what a change would do.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadTierChange, input = Json, output = Json)]
pub async fn tier_change(query: TierChangeQuery) -> Result<Loaded<TierChangePage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::purchases::tier_change::page(&service, &context::request(), crate::i18n::language(), &query)
            .await;
    context::answer(&service, page).await
}
