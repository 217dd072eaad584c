//! The frame around every page.

use domain::view::portal::Portal;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// Who is signed in, and what the menu shows.
///
/// # Errors
/// [`domain::ErrorCode::Unavailable`] where the database is away.
#[server(name = LoadPortal, input = Json, output = Json)]
pub async fn portal() -> Result<Loaded<Portal>, Refusal> {
    use super::context;
    let service = context::service()?;
    let request = context::request();
    let flash = use_context::<context::Browser>().and_then(|browser| browser.flash);
    let portal = service::dashboard::frame::frame(&service, &request, crate::i18n::language()).await;
    context::answer(&service, portal.map(|portal| Portal { flash, ..portal })).await
}

/// What the sign-in page shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Door {
    /// The programme's name.
    pub programme: String,
    /// Accounts of the sample programme, in demo mode only.
    pub demo: Option<Demo>,
}

/// Accounts of the sample programme.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Demo {
    /// One for each company and role.
    pub accounts: Vec<DemoAccount>,
    /// The password of all of them.
    pub password: String,
}

/// An account to try the portal with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DemoAccount {
    /// Address to sign in with.
    pub email: String,
    /// Company, or the programme.
    pub company: String,
    /// Codes of roles.
    pub roles: Vec<String>,
}

/// Whether this server runs in demo mode; provided by the server.
#[derive(Clone, Copy, Debug)]
pub struct DemoMode(pub bool);

/// What the sign-in page shows.
///
/// # Errors
/// [`domain::ErrorCode::Unavailable`] where the database is away.
#[server(name = LoadDoor, input = Json, output = Json)]
pub async fn door() -> Result<Loaded<Door>, Refusal> {
    use super::context;
    let service = context::service()?;
    let request = context::request();
    let demo_mode = use_context::<DemoMode>().is_some_and(|mode| mode.0);
    let portal = service::dashboard::frame::frame(&service, &request, crate::i18n::language()).await;
    let door = portal.map(|portal| Door {
        programme: portal.programme,
        demo: (demo_mode && portal.demo).then(|| Demo {
            accounts: one_for_each_role(service::sample_programme::demo_accounts())
                .map(|account| DemoAccount {
                    email: account.email,
                    company: account.company.unwrap_or_default(),
                    roles: account.roles.into_iter().map(str::to_owned).collect(),
                })
                .collect(),
            password: service::sample_programme::DEMO_PASSWORD.to_owned(),
        }),
    });
    context::answer(&service, door).await
}

/// The first account of each company with each combination of roles: nobody reads a hundred lines.
#[cfg(feature = "ssr")]
fn one_for_each_role(
    accounts: Vec<service::sample_programme::DemoAccount>,
) -> impl Iterator<Item = service::sample_programme::DemoAccount> {
    let mut seen = Vec::new();
    accounts.into_iter().filter(move |account| {
        let kind = (account.company.clone(), account.roles.clone());
        let new = !seen.contains(&kind);
        if new {
            seen.push(kind);
        }
        new
    })
}
