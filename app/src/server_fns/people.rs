//! People: searching, listing, adding, inviting.

use domain::ids::GrantId;
use domain::view::access::AccessPage;
use domain::view::people::{AddUserPage, DeparturePage, DepartureQuery, Invited, PeoplePage, PeopleQuery};
use domain::view::people_import::{ImportPage, ImportQuery};
use domain::view::seats::PersonChoice;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// People for a seat of a grant, by part of name or address.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadSearchPeople, input = Json, output = Json)]
pub async fn search_people(grant: GrantId, typed: String) -> Result<Loaded<Vec<PersonChoice>>, Refusal> {
    use super::context;
    let service = context::service()?;
    let found = service::assignments::view::search(&service, &context::request(), grant, &typed).await;
    context::answer(&service, found).await
}

/// User management with its open row.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadPeople, input = Json, output = Json)]
pub async fn people(query: PeopleQuery) -> Result<Loaded<PeoplePage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::people::list::page(&service, &context::request(), &query).await;
    context::answer(&service, page).await
}

/// What **Add user** shows.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadAddUserPage, input = Json, output = Json)]
pub async fn add_user_page() -> Result<Loaded<AddUserPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::people::list::add_user_page(&service, &context::request()).await;
    context::answer(&service, page).await
}

/// What the reader may do, and who could let them do more.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadAccess, input = Json, output = Json)]
pub async fn access() -> Result<Loaded<AccessPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::people::access::page(&service, &context::request()).await;
    context::answer(&service, page).await
}

/// Several people at once: the file that was read, row by row.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadPeopleImport, input = Json, output = Json)]
pub async fn people_import(query: ImportQuery) -> Result<Loaded<ImportPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::people::import::page(&service, &context::request(), &query).await;
    context::answer(&service, page).await
}

/// What suspending or removing somebody comes to.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadDeparturePage, input = Json, output = Json)]
pub async fn departure_page(query: DepartureQuery) -> Result<Loaded<Option<DeparturePage>>, Refusal> {
    use super::context;
    let service = context::service()?;
    let (request, language) = (context::request(), crate::i18n::language());
    let page = service::people::departure::page(&service, &request, language, &query).await;
    context::answer(&service, page).await
}

/// Who is invited by a link.
///
/// # Errors
/// [`domain::ErrorCode::InvitationEnded`].
#[server(name = LoadInvited, input = Json, output = Json)]
pub async fn invited(token: String) -> Result<Loaded<Invited>, Refusal> {
    use super::context;
    let service = context::service()?;
    let invited = service::accounts::invitation::open(&service, &token).await;
    context::answer(&service, invited).await
}
