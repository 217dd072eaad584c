//! What the clock does to the catalogue: a published version comes into force on its day, and companies get
//! what a version brings them that reaches what they hold.

use domain::AuditAction;
use domain::ids::OrganizationId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{drafts, publish, reach};
use crate::audit::Event;
use crate::change::Change;
use crate::live::Changed;
use crate::membership::entitle;
use crate::people::roles;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// The last version that was to reach what is held; those after it are for purchases and renewals.
const REACHING: &str = "select coalesce(max(version), 1) as number from catalogue_draft
    where reach = 'existing' and version is not null";

/// So many companies are looked at in a round.
const ROUND: u32 = 200;

/// Puts the published version into force whose day has come; says which it is.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn put_into_force_due(service: &Service) -> Outcome<Option<i64>> {
    if drafts::due(service.database.reader(), service.now()).await?.is_none() {
        return Ok(None);
    }
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    publish::lock(&change).await?;
    // Another server may have been quicker.
    let Some(draft) = drafts::due(&change.transaction, change.now).await? else { return Ok(None) };
    let version = publish::put_into_force(&mut change, &draft).await?;
    change.commit(Some(version)).await
}

/// Brings companies to the last version that was to reach what they hold; says how many. One that can't be brought is
/// logged, and tried again.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn entitle_some(service: &Service) -> Outcome<usize> {
    #[derive(FromQueryResult)]
    struct Behind {
        id: Uuid,
    }
    let text = format!(
        "select id from organization where portal_state = 'member' and entitled_version < ({REACHING})
        order by entitled_version desc, id limit {ROUND}"
    );
    let behind = sql::all::<Behind>(service.database.reader(), &text, []).await?;
    let mut brought = 0;
    for Behind { id } in behind {
        match bring(service, OrganizationId(id)).await {
            Ok(new) => brought += usize::from(new),
            // The others don't wait for one that can't be brought.
            Err(failure) => {
                tracing::error!(company = %id, cause = %failure, "a company keeps its earlier version");
            }
        }
    }
    Ok(brought)
}

async fn bring(service: &Service, organization: OrganizationId) -> Outcome<bool> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    // The company comes before the version: meanwhile another one may come into force, and what is read of it belongs
    // together.
    roles::lock(&change, organization).await?;
    publish::keep(&change).await?;
    let version = sql::number(&change.transaction, REACHING, []).await?;
    // Another server may have been quicker.
    let text = "update organization set entitled_version = $2
        where id = $1 and portal_state = 'member' and entitled_version < $2";
    if sql::run(&change.transaction, text, [organization.0.into(), version.into()]).await? == 0 {
        return Ok(false);
    }
    reach::reach(&mut change, organization, version).await?;
    entitle::entitle(&mut change, organization).await?;
    change.record(
        Event::new(organization, AuditAction::CatalogueInForce, "organization", organization)
            .after(format!("catalogue {version}")),
    );
    change.tell(Changed::Organization(organization));
    change.commit(true).await
}
