//! The operators' catalogue.

use domain::view::catalogue::{
    CataloguePage, DraftAreaPage, DraftAreaQuery, DraftOfferPage, DraftOfferQuery, DraftPage,
    DraftProductPage, DraftProductQuery, DraftProgrammePage, DraftProgrammeQuery, DraftQuery, DraftTierPage,
    DraftTierQuery,
};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// The catalogue's versions and drafts.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadCatalogue, input = Json, output = Json)]
pub async fn catalogue() -> Result<Loaded<CataloguePage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::catalogue::page::list(&service, &context::request()).await;
    context::answer(&service, page).await
}

/// A draft.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadCatalogueDraft, input = Json, output = Json)]
pub async fn catalogue_draft(query: DraftQuery) -> Result<Loaded<DraftPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::catalogue::page::draft(&service, &context::request(), crate::i18n::language(), &query).await;
    context::answer(&service, page).await
}

/// A product of a draft.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadCatalogueProduct, input = Json, output = Json)]
pub async fn catalogue_product(query: DraftProductQuery) -> Result<Loaded<DraftProductPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::catalogue::page::product(&service, &context::request(), &query).await;
    context::answer(&service, page).await
}

/// An offer of a draft.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadCatalogueOffer, input = Json, output = Json)]
pub async fn catalogue_offer(query: DraftOfferQuery) -> Result<Loaded<DraftOfferPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::catalogue::page::offer(&service, &context::request(), crate::i18n::language(), &query).await;
    context::answer(&service, page).await
}

/// What a draft calls a tier.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadCatalogueTier, input = Json, output = Json)]
pub async fn catalogue_tier(query: DraftTierQuery) -> Result<Loaded<DraftTierPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::catalogue::page::tier(&service, &context::request(), crate::i18n::language(), &query).await;
    context::answer(&service, page).await
}

/// A competency area of a draft.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadCatalogueArea, input = Json, output = Json)]
pub async fn catalogue_area(query: DraftAreaQuery) -> Result<Loaded<DraftAreaPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page =
        service::catalogue::page::area(&service, &context::request(), crate::i18n::language(), &query).await;
    context::answer(&service, page).await
}

/// What a draft says about the programme itself.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadCatalogueProgramme, input = Json, output = Json)]
pub async fn catalogue_programme(query: DraftProgrammeQuery) -> Result<Loaded<DraftProgrammePage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::catalogue::page::programme(&service, &context::request(), &query).await;
    context::answer(&service, page).await
}
