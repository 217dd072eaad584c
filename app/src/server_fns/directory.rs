//! Signing in with a company's own directory: its settings, and the choice at the door.

use domain::view::directory::{DirectoryChoice, DirectoryPage};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// The settings.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadDirectoryPage, input = Json, output = Json)]
pub async fn directory_page() -> Result<Loaded<DirectoryPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::directories::settings::page(&service, &context::request()).await;
    context::answer(&service, page).await
}

/// The directories that somebody with this address can choose from.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadDirectoryChoices, input = Json, output = Json)]
pub async fn directory_choices(email: String) -> Result<Loaded<Vec<DirectoryChoice>>, Refusal> {
    use super::context;
    let service = context::service()?;
    let choices = service::directories::sign_in::choices(&service, &context::request(), &email).await;
    context::answer(&service, choices).await
}
