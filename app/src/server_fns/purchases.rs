//! Purchases and their refunds.

use domain::view::purchases::PurchasesPage;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// The company's purchases with the conditions of a refund.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadPurchases, input = Json, output = Json)]
pub async fn purchases() -> Result<Loaded<PurchasesPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::purchases::list::page(&service, &context::request(), crate::i18n::language()).await;
    context::answer(&service, page).await
}
