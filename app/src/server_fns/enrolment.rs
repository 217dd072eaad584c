//! The steps of the enrolment.

use domain::view::enrolment::{ContactPage, EnrolmentPage, FoundingPage, LegalProfilePage};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::loaded::Loaded;
use crate::refusal::Refusal;

/// The wizard for whoever looks at it, signed in or not.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadEnrolment, input = Json, output = Json)]
pub async fn enrolment() -> Result<Loaded<EnrolmentPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::enrolment::page::page(&service, &context::request(), crate::i18n::language()).await;
    context::answer(&service, page).await
}

/// Legal profile and primary contact of a member.
///
/// # Errors
/// What the use case refuses.
#[server(name = LoadLegalProfile, input = Json, output = Json)]
pub async fn legal_profile() -> Result<Loaded<LegalProfilePage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::enrolment::legal_profile::page(&service, &context::request()).await;
    context::answer(&service, page).await
}

/// What stands behind the link that founds a company.
///
/// # Errors
/// [`domain::ErrorCode::EnrolmentEnded`].
#[server(name = LoadFounding, input = Json, output = Json)]
pub async fn founding(token: String) -> Result<Loaded<FoundingPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::enrolment::found::open(&service, &context::request(), &token).await;
    context::answer(&service, page).await
}

/// What the primary contact is asked.
///
/// # Errors
/// [`domain::ErrorCode::EnrolmentEnded`].
#[server(name = LoadContactQuestions, input = Json, output = Json)]
pub async fn contact_questions(token: String) -> Result<Loaded<ContactPage>, Refusal> {
    use super::context;
    let service = context::service()?;
    let page = service::enrolment::contact::open(&service, crate::i18n::language(), &token).await;
    context::answer(&service, page).await
}
