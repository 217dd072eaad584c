//! The benefits tables.

use domain::view::benefits::{BenefitsPage, BenefitsQuery};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// The table of a category with its open row.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadBenefits, input = Json, output = Json)]
pub async fn benefits(query: BenefitsQuery) -> Result<Loaded<BenefitsPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let language = crate::i18n::language();
    let page = service::benefits::list::page(&service, &context::request(), language, &query).await;
    context::answer(&service, page).await
}
