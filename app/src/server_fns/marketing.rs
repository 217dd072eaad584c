//! The marketing contact.

use domain::ids::PersonId;
use domain::view::marketing::ContactPane;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// The marketing contact, with people to choose from.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadMarketingContact, input = Json, output = Json)]
pub async fn marketing_contact(chosen: Option<PersonId>) -> Result<Loaded<ContactPane>, Refusal> {
    use super::context;
    let service = context::service()?;
    let pane = service::contact::view::contact(&service, &context::request(), chosen).await;
    context::answer(&service, pane).await
}
