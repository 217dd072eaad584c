//! My access: what the reader may do, and who could let them do more (rules 1, 3, 5, 6).

use domain::rights::{AREAS, granters, roles_for};
use domain::view::access::{AccessArea, AccessPage};
use domain::{Action, Policies, Role, Roles};

use super::add::organization_name;
use crate::request::Request;
use crate::rights::{Administrator, administrators, named};
use crate::{Outcome, Service, dashboard, policies, requests};

/// The page of whoever asks, in a constant number of queries.
///
/// # Errors
/// [`domain::ErrorCode::SignInNeeded`], [`domain::ErrorCode::WrongSide`].
pub async fn page(service: &Service, request: &Request) -> Outcome<AccessPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    let colleagues = administrators(reader, person.organization).await?;
    let areas = AREAS.iter().map(|action| area(*action, &person.roles, &policies, &colleagues)).collect();
    Ok(AccessPage {
        organization: organization_name(reader, person.organization).await?,
        roles: person.roles.iter().collect(),
        areas,
        has_global_admin: !named(&colleagues, &[Role::GlobalAdmin]).is_empty(),
        waiting: requests::global_admin::waiting(reader, person).await?,
        others: dashboard::frame::other_organizations(reader, person).await?,
    })
}

fn area(action: Action, roles: &Roles, policies: &Policies, colleagues: &[Administrator]) -> AccessArea {
    let opened_by = roles_for(action, policies);
    let by: Vec<Role> = opened_by.iter().copied().filter(|role| roles.has(*role)).collect();
    // The table names the mightiest first; nobody needs to ask for more than it takes.
    let needs = opened_by.last().copied().filter(|_| by.is_empty());
    let granters = needs.map(|role| named(colleagues, &granters(role))).unwrap_or_default();
    AccessArea { action, by, needs, granters }
}
