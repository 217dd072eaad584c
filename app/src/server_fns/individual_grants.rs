//! Individual grants, for operators.

use domain::view::individual_grants::{
    CompanyGrantsPage, CompanyGrantsQuery, IndividualGrantsPage, IndividualGrantsQuery,
};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// The individual grants of all companies.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadIndividualGrants, input = Json, output = Json)]
pub async fn individual_grants(
    query: IndividualGrantsQuery,
) -> Result<Loaded<IndividualGrantsPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let language = crate::i18n::language();
    let page = service::individual_grants::list::page(&service, &context::request(), language, &query).await;
    context::answer(&service, page).await
}

/// What one company has of each product.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadCompanyGrants, input = Json, output = Json)]
pub async fn company_grants(query: CompanyGrantsQuery) -> Result<Loaded<CompanyGrantsPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let language = crate::i18n::language();
    let page =
        service::individual_grants::company::page(&service, &context::request(), language, &query).await;
    context::answer(&service, page).await
}
