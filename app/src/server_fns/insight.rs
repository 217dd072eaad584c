//! How benefits are used.

use domain::view::insight::{InsightPage, InsightQuery, ProgrammeInsightPage, ProgrammeInsightQuery};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// How a company uses its benefits, and what lies idle.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadInsight, input = Json, output = Json)]
pub async fn insight(query: InsightQuery) -> Result<Loaded<InsightPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let language = crate::i18n::language();
    let page = service::insight::company::page(&service, &context::request(), language, &query).await;
    context::answer(&service, page).await
}

/// How all companies use their benefits, and how the operators' work goes.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadProgrammeInsight, input = Json, output = Json)]
pub async fn programme_insight(
    query: ProgrammeInsightQuery,
) -> Result<Loaded<ProgrammeInsightPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let language = crate::i18n::language();
    let page = service::insight::programme::page(&service, &context::request(), language, &query).await;
    context::answer(&service, page).await
}
