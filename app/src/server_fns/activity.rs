//! The activity, of a company and of the whole programme.

use domain::view::activity::{ActivityPage, ActivityQuery};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// A company's activity, as far as the reader sees it.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadActivity, input = Json, output = Json)]
pub async fn activity(query: ActivityQuery) -> Result<Loaded<ActivityPage>, Refusal> {
    use super::context;
    use service::activity::{Side, list};
    let (service, language) = (context::service()?, crate::i18n::language());
    let page = list::page(&service, &context::request(), Side::Company, language, &query).await;
    context::answer(&service, page).await
}

/// The activity of the whole programme.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadProgrammeActivity, input = Json, output = Json)]
pub async fn programme_activity(query: ActivityQuery) -> Result<Loaded<ActivityPage>, Refusal> {
    use super::context;
    use service::activity::{Side, list};
    let (service, language) = (context::service()?, crate::i18n::language());
    let page = list::page(&service, &context::request(), Side::Programme, language, &query).await;
    context::answer(&service, page).await
}
