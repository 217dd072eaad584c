//! The dashboard, one's own benefits, notices.

use domain::ids::SeatId;
use domain::view::dashboard::{Dashboard, Notices, NoticesQuery};
use domain::view::own::OwnBenefits;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// What needs the reader's attention.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadDashboard, input = Json, output = Json)]
pub async fn dashboard() -> Result<Loaded<Dashboard>, Refusal> {
    use super::context;
    let service = context::service()?;
    let language = crate::i18n::language();
    let attention = service::dashboard::attention::attention(&service, &context::request(), language).await;
    context::answer(&service, attention).await
}

/// The reader's own benefits, with the key's state of the seat that is open.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadOwnBenefits, input = Json, output = Json)]
pub async fn own_benefits(open: Option<SeatId>) -> Result<Loaded<OwnBenefits>, Refusal> {
    use super::context;
    let service = context::service()?;
    let language = crate::i18n::language();
    let own =
        service::dashboard::own_benefits::own_benefits(&service, &context::request(), language, open).await;
    context::answer(&service, own).await
}

/// The reader's notices.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadNotices, input = Json, output = Json)]
pub async fn notices(query: NoticesQuery) -> Result<Loaded<Notices>, Refusal> {
    use super::context;
    let service = context::service()?;
    let notices = service::dashboard::notices::list(&service, &context::request(), &query).await;
    context::answer(&service, notices).await
}
