//! What a company is told while its record is kept in the older portal, or is over.

use domain::ids::OrganizationId;
use domain::older_portal::PortalState;
use domain::view::portal::OlderPortal;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::{Failure, Outcome, sql};

/// What the pages of a company say; nothing for a member.
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn notice(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    portal_state: &str,
) -> Outcome<Option<OlderPortal>> {
    #[derive(FromQueryResult)]
    struct Row {
        sign_in_link: Option<String>,
        technical_contact: Option<String>,
    }
    let state = PortalState::from_code(portal_state)
        .ok_or_else(|| Failure::broken("organization", "portal_state", organization))?;
    if !state.is_read_only() {
        return Ok(None);
    }
    // Once the record is over there is nothing to go on with there.
    if !state.is_kept_elsewhere() {
        return Ok(Some(OlderPortal { state, sign_in_link: None, technical_contact: None }));
    }
    let text = "select sign_in_link, technical_contact from older_portal where id = 1";
    let row = sql::one::<Row>(connection, text, []).await?;
    let (link, contact) = row.map_or((None, None), |row| (row.sign_in_link, row.technical_contact));
    Ok(Some(OlderPortal { state, sign_in_link: link, technical_contact: contact }))
}
