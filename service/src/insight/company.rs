//! A company's page: granted against used, what lies idle, who can be reminded of it.

use domain::Language;
use domain::insight::Month;
use domain::rights::Action;
use domain::view::insight::{InsightPage, InsightQuery};

use super::unused;
use super::usage::{Of, usage};
use crate::request::Request;
use crate::{Outcome, Service, policies, rights};

/// The page that the query asks for.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`] for whoever may not open the benefits pages.
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &InsightQuery,
) -> Outcome<InsightPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let now = service.now();
    let zone = person.zone();
    let organization = person.organization;
    let current = Month::of(zone.day_of(now));
    let of = Of::Company(organization);
    let usage = usage(reader, of, language, &zone, current, (query.category, query.span)).await?;
    let (unused, unused_next) =
        unused::benefits(reader, organization, language, &zone, now, query.benefits_after).await?;
    let (idle, idle_next) =
        unused::seats(reader, organization, language, &zone, now, query.seats_after).await?;
    Ok(InsightPage {
        usage,
        unused,
        unused_next,
        idle,
        idle_next,
        why_not_remind: rights::why_not(reader, person, Action::SetReminders, &policies).await?,
        why_not_reclaim: rights::why_not(reader, person, Action::AssignUser, &policies).await?,
    })
}
