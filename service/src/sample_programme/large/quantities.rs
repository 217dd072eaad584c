//! The large programme's own catalogue: its companies have more people than the sample's quantities are made for, so
//! a version of the catalogue gives their levels enough seats. What the sample companies hold keeps its version.

use domain::benefit::Unit;
use domain::{OperationId, OperatorRole};

use super::people;
use super::plan::Scale;
use crate::catalogue::drafts::{self, BeginDraft, WantedDraft};
use crate::catalogue::publish::{Publish, publish};
use crate::catalogue::{file, read};
use crate::request::Request;
use crate::sample_programme::demo_accounts;
use crate::{Failure, Outcome, Service, sessions};

/// What the version is called.
const TITLE: &str = "Quantities for larger companies";

/// Drafts and publishes it, as operators do.
///
/// # Errors
/// Those of [`drafts::begin`] and [`publish`].
pub(super) async fn publish_larger(service: &Service, scale: Scale) -> Outcome<()> {
    let mut catalogue = read::in_force(service.database.reader()).await?;
    let in_seats: Vec<String> = catalogue
        .products
        .iter()
        .filter(|product| product.unit == Unit::Seat)
        .map(|product| product.code.clone())
        .collect();
    for row in &mut catalogue.entitlements {
        let Some(most) = people::most(scale, row.source, &row.product) else { continue };
        let Some(quantity) = row.quantity else { continue };
        if in_seats.contains(&row.product) {
            row.quantity = Some(quantity.max(most));
        } else {
            row.seats = Some(row.seats.unwrap_or(quantity).max(most));
        }
        row.illustrative = true;
    }
    let drafter = operator(service, OperatorRole::CatalogueManager).await?;
    let begin = BeginDraft { title: TITLE.to_owned(), file: Some(file::write(&catalogue)?) };
    let draft = drafts::begin(service, &drafter, operation(service)?, begin).await?;
    let publisher = operator(service, OperatorRole::ProgrammeAdmin).await?;
    let wanted = WantedDraft { draft, version: 1 };
    let input = Publish { wanted, from: None, existing: false };
    publish(service, &publisher, operation(service)?, input).await?;
    Ok(())
}

/// An operator of the sample programme who has a role.
async fn operator(service: &Service, role: OperatorRole) -> Outcome<Request> {
    let accounts = demo_accounts();
    let found =
        accounts.iter().find(|account| account.company.is_none() && account.roles.contains(&role.code()));
    let found = found.ok_or_else(|| Failure::broken("operator_role", "role", role.code()))?;
    sessions::operator_of(service, &found.email).await
}

fn operation(service: &Service) -> Outcome<OperationId> {
    Ok(OperationId::parse(&service.new_id().simple().to_string())?)
}
