//! The operators of the programme, for operators.

use domain::view::operators::{OperatorsPage, OperatorsQuery};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// The list with its open row.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadOperators, input = Json, output = Json)]
pub async fn operators(query: OperatorsQuery) -> Result<Loaded<OperatorsPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::operators::list::page(&service, &context::request(), &query).await;
    context::answer(&service, page).await
}
