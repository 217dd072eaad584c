//! One's own account, and links for a new password.

use domain::view::security::{Profile, Resetting, Security};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// Name and mail of whoever asks.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadProfile, input = Json, output = Json)]
pub async fn profile() -> Result<Loaded<Profile>, Refusal> {
    use super::context;
    let service = context::service()?;
    let profile = service::accounts::profile::profile(&service, &context::request()).await;
    context::answer(&service, profile).await
}

/// Sessions and second factor of whoever asks.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadSecurity, input = Json, output = Json)]
pub async fn security() -> Result<Loaded<Security>, Refusal> {
    use super::context;
    let service = context::service()?;
    let token = use_context::<context::Browser>().and_then(|browser| browser.session_token);
    let token = token.unwrap_or_default();
    let security = service::accounts::own_sessions::security(&service, &context::request(), &token).await;
    context::answer(&service, security).await
}

/// Whose password is chosen behind a link.
///
/// # Errors
/// [`domain::ErrorCode::ResetEnded`].
#[server(name = LoadResetting, input = Json, output = Json)]
pub async fn resetting(token: String) -> Result<Loaded<Resetting>, Refusal> {
    use super::context;
    let service = context::service()?;
    let resetting = service::accounts::reset::open(&service, &token).await;
    context::answer(&service, resetting).await
}
