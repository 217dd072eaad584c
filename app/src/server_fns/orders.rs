//! Offers, orders and payments.

use domain::view::operator::{CompetenciesPage, CompetenciesQuery};
use domain::view::orders::{OffersPage, OrderPage, OrdersPage, OrdersQuery};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// What the company can join or buy.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadOffers, input = Json, output = Json)]
pub async fn offers() -> Result<Loaded<OffersPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::purchases::offers::page(&service, &context::request(), crate::i18n::language()).await;
    context::answer(&service, page).await
}

/// The company's orders.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadOrders, input = Json, output = Json)]
pub async fn orders(query: OrdersQuery) -> Result<Loaded<OrdersPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::purchases::orders::page(&service, &context::request(), crate::i18n::language(), &query)
            .await;
    context::answer(&service, page).await
}

/// One order of the company.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadOrder, input = Json, output = Json)]
pub async fn order(number: i64) -> Result<Loaded<OrderPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::purchases::orders::one(&service, &context::request(), crate::i18n::language(), number).await;
    context::answer(&service, page).await
}

/// Competencies on record, for operators.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadCompetencies, input = Json, output = Json)]
pub async fn competencies(query: CompetenciesQuery) -> Result<Loaded<CompetenciesPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::purchases::competencies::page(
        &service,
        &context::request(),
        crate::i18n::language(),
        &query,
    )
    .await;
    context::answer(&service, page).await
}
