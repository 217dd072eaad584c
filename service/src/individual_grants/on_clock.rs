//! What the clock does to individual grants: they end with the last moment of their last day.

use domain::ids::OrganizationId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::end::over_now;
use super::{COLUMNS, Company, Row};
use crate::change::Change;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// So many companies are looked at in a round.
const ROUND: u32 = 200;

/// Ends the individual grants whose last moment is over, each company's in a transaction. Says how many there were.
///
/// # Errors
/// [`crate::Failure::Database`]; what was ended before stays ended.
pub async fn end_due(service: &Service) -> Outcome<usize> {
    #[derive(FromQueryResult)]
    struct Due {
        organization_id: Uuid,
    }
    let text = format!(
        "select distinct organization_id from individual_grant where ended_at is null and ends_at < $1
        order by organization_id limit {ROUND}"
    );
    let due = sql::all::<Due>(service.database.reader(), &text, [service.now().0.into()]).await?;
    let mut ended = 0;
    for Due { organization_id } in due {
        match end_of(service, OrganizationId(organization_id)).await {
            Ok(number) => ended += number,
            // The others don't wait for one that can't be ended.
            Err(failure) => {
                tracing::error!(company = %organization_id, cause = %failure, "an individual grant could not be ended");
            }
        }
    }
    Ok(ended)
}

async fn end_of(service: &Service, organization: OrganizationId) -> Outcome<usize> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    Company::locked(&change, organization).await?;
    let text =
        format!("{COLUMNS} where organization_id = $1 and ended_at is null and ends_at < $2 order by id");
    let values = [organization.0.into(), change.now.0.into()];
    let mut ended = 0;
    // Another server may have been quicker.
    for row in sql::all::<Row>(&change.transaction, &text, values).await? {
        ended += usize::from(over_now(&mut change, &row, None).await?);
    }
    change.commit(ended).await
}
