//! What an open row shows, by the kind of its product.

use domain::Language;
use domain::benefit::{Category, ProductKind};
use domain::ids::{GrantId, PersonId};
use domain::rights::Action;
use domain::view::benefits::{DetailKind, GrantDetail};

use super::{grants, list, products};
use crate::individual_grants::shown;
use crate::request::Request;
use crate::{Outcome, Service, activations, assignments, cloud, contact, keys, policies, rights};

/// The open row of a grant; `chosen` is chosen already where it takes seats (rule 11).
///
/// # Errors
/// [`domain::ErrorCode::NotFound`] if the organization has no such grant,
/// [`domain::ErrorCode::RoleNeeded`] for whoever may not open the benefits pages.
pub async fn detail(
    service: &Service,
    request: &Request,
    language: Language,
    grant: GrantId,
    chosen: Option<PersonId>,
) -> Outcome<GrantDetail> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let now = service.now();
    let zone = person.zone();
    let grant = grants::find(reader, person.organization, grant).await?;
    let row = list::row(reader, person.organization, grant.id, language, &zone, now).await?;
    let texts = products::texts(reader, grant.product).await?;
    let texts = texts.of(language)?;
    let individual =
        Box::pin(shown::of(reader, person.organization, grant.product, grant.pool, language, now)).await?;
    let kind = match (grant.category, grant.kind) {
        (Category::VisualStudio, _) | (_, ProductKind::CloudUsage) => DetailKind::Seats(Box::new(
            assignments::view::seats(service, person, &grant, &policies, chosen).await?,
        )),
        (Category::Cloud, _) => DetailKind::CloudKey(Box::new(
            cloud::view::detail(service, person, &grant, &policies, language).await?,
        )),
        (Category::Software, _) => DetailKind::Software(Box::new(
            keys::view::detail(service, person, &grant, &policies, language, chosen).await?,
        )),
        (Category::Technical, _) if policies.support_by_assignment() => DetailKind::Seats(Box::new(
            assignments::view::seats(service, person, &grant, &policies, chosen).await?,
        )),
        (Category::Technical, _) => DetailKind::Technical(Box::new(
            activations::view::technical(service, person, &grant, &policies, language).await?,
        )),
        (Category::GoToMarket, _) => DetailKind::Marketing(Box::new(
            contact::view::marketing(service, person, &grant, &policies, language).await?,
        )),
    };
    Ok(GrantDetail {
        category: grant.category,
        version: grant.version,
        granted: zone.day_of(grant.granted_at),
        instructions: texts.instructions.clone(),
        row,
        individual,
        kind,
    })
}
