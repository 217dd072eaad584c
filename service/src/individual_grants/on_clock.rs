//! What the clock does to individual grants: they end with the last moment of their last day, and what they give is
//! shared out anew where something else has ended or closed.

use domain::ids::OrganizationId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::end::over_now;
use super::{COLUMNS, Company, Row, quantities};
use crate::change::Change;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// So many companies are looked at in a round.
const ROUND: u32 = 200;

/// Those that are over: their last moment is, or the benefit beside the plan, which a go-to-market activation can end
/// before; `$1` now.
const OVER: &str = "ended_at is null and (ends_at < $1 or exists (select 1 from benefit_grant g
    where g.id = individual_grant.grant_id and g.state <> 'granted'))";

/// Ends the individual grants whose last moment is over, each company's in a transaction, and shares out those that
/// go on where that has to be done. Says how many ended.
///
/// # Errors
/// [`crate::Failure::Database`]; what was ended before stays ended.
pub async fn end_due(service: &Service) -> Outcome<usize> {
    #[derive(FromQueryResult)]
    struct Due {
        organization_id: Uuid,
    }
    let text = format!(
        "select distinct organization_id from individual_grant where {OVER}
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
    // Whoever ended benefits may have been stopped before it came to that.
    let unsettled = quantities::unsettled(service).await?;
    quantities::settle_all(service, unsettled).await;
    Ok(ended)
}

async fn end_of(service: &Service, organization: OrganizationId) -> Outcome<usize> {
    let request = Request::of_worker(service);
    let mut change = Change::begin_unasked(service, &request).await?;
    Company::locked(&change, organization).await?;
    let text = format!("{COLUMNS} where {OVER} and organization_id = $2 order by id");
    let values = [change.now.0.into(), organization.0.into()];
    let mut ended = 0;
    // Another server may have been quicker.
    for row in sql::all::<Row>(&change.transaction, &text, values).await? {
        ended += usize::from(over_now(&mut change, &row, None).await?);
    }
    change.commit(ended).await
}
