//! A company that moves to another time zone: the last days of its individual grants end there.

use domain::ids::OrganizationId;
use domain::moment::Zone;

use super::{COLUMNS, Row};
use crate::change::Change;
use crate::{Outcome, sql};

/// Lets the individual grants in force, and benefits beside the plan with them, end with the last moment of their day
/// in this zone. Where that is over, the clock ends them. The organization is locked by then.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn moved(change: &Change<'_>, organization: OrganizationId, zone: &Zone) -> Outcome<()> {
    let text = format!("{COLUMNS} where organization_id = $1 and ended_at is null order by id");
    for row in sql::all::<Row>(&change.transaction, &text, [organization.0.into()]).await? {
        let ends_at = zone.end_of(row.ends()?).0;
        // It has lasted for a moment, whatever the zone.
        let text = "update individual_grant
            set ends_at = case when starts_at < $2 then $2 else starts_at + 1 end where id = $1";
        sql::run(&change.transaction, text, [row.id.into(), ends_at.into()]).await?;
        // What is activated of go-to-market ends with its activation.
        let text = "update benefit_grant set expires_at = $2, activate_by = $2, row_version = row_version + 1
            where id = $1 and state = 'granted'
                and not (category = 'go_to_market' and activation_state = 'active')";
        if let Some(grant) = row.grant_id {
            sql::run(&change.transaction, text, [grant.into(), ends_at.into()]).await?;
        }
    }
    Ok(())
}
