//! The operators' side.

use domain::view::mail_template::{TemplatesPage, TemplatesQuery};
use domain::view::operator::{OutboxPage, OutboxQuery, PoliciesPage, QueuePage, QueueQuery};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// The queue with its open row.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadQueue, input = Json, output = Json)]
pub async fn queue(query: QueueQuery) -> Result<Loaded<QueuePage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::queue::list::page(&service, &context::request(), crate::i18n::language(), &query).await;
    context::answer(&service, page).await
}

/// The outbox.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadOutbox, input = Json, output = Json)]
pub async fn outbox(query: OutboxQuery) -> Result<Loaded<OutboxPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::queue::outbox_list::page(&service, &context::request(), &query).await;
    context::answer(&service, page).await
}

/// Templates of mail.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadTemplates, input = Json, output = Json)]
pub async fn templates(query: TemplatesQuery) -> Result<Loaded<TemplatesPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::queue::templates::page(&service, &context::request(), crate::i18n::language(), &query).await;
    context::answer(&service, page).await
}

/// The policies in force.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadPolicies, input = Json, output = Json)]
pub async fn policies() -> Result<Loaded<PoliciesPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::queue::policies_edit::page(&service, &context::request()).await;
    context::answer(&service, page).await
}
