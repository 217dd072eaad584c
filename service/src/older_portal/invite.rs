//! Inviting companies to enrol: their state, and a mail to each primary contact.

use std::collections::{HashMap, HashSet};

use domain::ids::{AccountId, OrganizationId};
use domain::older_portal::PortalState;
use domain::{Language, Moment};
use sea_orm::{DatabaseTransaction, FromQueryResult, Value};
use uuid::Uuid;

use super::present::{Account, Present};
use crate::bulk::{Bulk, places};
use crate::outbox::{self, Letter};
use crate::people::add::INVITATION_DAYS;
use crate::vault::hash_token;
use crate::wording::Wordings;
use crate::{Outcome, Service, random, sql};

/// A company that is invited.
pub(super) struct Invited {
    pub(super) organization: OrganizationId,
    pub(super) name: String,
    /// Its state before.
    pub(super) state: PortalState,
    /// Its primary contact.
    pub(super) contact: Account,
}

/// The companies that have a link which can still be opened.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn open(
    transaction: &DatabaseTransaction,
    present: &HashMap<String, Present>,
    now: Moment,
) -> Outcome<HashSet<Uuid>> {
    #[derive(FromQueryResult)]
    struct Row {
        organization_id: Uuid,
    }
    if present.is_empty() {
        return Ok(HashSet::new());
    }
    let text = format!(
        "select distinct organization_id from invitation
        where used_at is null and expires_at > {} and organization_id in ({})",
        now.0,
        places(present.len())
    );
    let ids = present.values().map(|company| Value::from(company.id));
    let rows = sql::all::<Row>(transaction, &text, ids).await?;
    Ok(rows.into_iter().map(|row| row.organization_id).collect())
}

/// Invites companies. Whoever has no password yet gets a link to choose one; whoever has, because
/// another company added them, a link to the portal.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn invite(
    service: &Service,
    transaction: &DatabaseTransaction,
    invited: Vec<Invited>,
    now: Moment,
) -> Outcome<()> {
    if invited.is_empty() {
        return Ok(());
    }
    let ids = || invited.iter().map(|one| Value::from(one.organization.0));
    // Only here: an import leaves the state of a company that is known already alone.
    let text = format!(
        "update organization set portal_state = '{}', row_version = row_version + 1
        where portal_state = '{}' and id in ({})",
        PortalState::Invited.code(),
        PortalState::NotInvited.code(),
        places(invited.len())
    );
    sql::run(transaction, &text, ids()).await?;
    let text = format!(
        "update older_record set invited_at = {} where organization_id in ({})",
        now.0,
        places(invited.len())
    );
    sql::run(transaction, &text, ids()).await?;
    let mut links = Bulk::new(
        "invitation",
        &["token_hash", "account_id", "organization_id", "created_at", "expires_at"],
        "",
    );
    let mut notices = Bulk::new(
        "notice",
        &["id", "organization_id", "account_id", "title", "link", "created_at", "kind"],
        "",
    );
    let mut letters = Vec::with_capacity(invited.len());
    let wordings = Wordings::of(transaction, ["member_invited", "member_invited_known"]).await?;
    for Invited { organization, name, contact, .. } in invited {
        let token = (contact.status == "invited").then(|| random::token(&*service.random));
        if let Some(token) = &token {
            links.push([
                hash_token(token).into(),
                contact.id.into(),
                organization.0.into(),
                now.0.into(),
                now.plus_days(INVITATION_DAYS).0.into(),
            ]);
        }
        let letter = Letter {
            organization: Some(organization),
            account: Some(AccountId(contact.id)),
            recipient: contact.email,
            language: Language::from_tag(&contact.language).unwrap_or_default(),
            kind: if token.is_some() { "member_invited" } else { "member_invited_known" },
            values: vec![
                ("person", contact.full_name),
                ("organization", name),
                ("days", INVITATION_DAYS.to_string()),
            ],
            path: if token.is_some() { "/invitation/" } else { "/enrol" }.to_owned(),
            secret: token,
            dates: Vec::new(),
        };
        if let Some((account, title, link)) = letter.notice(&wordings) {
            notices.push([
                service.new_id().into(),
                organization.0.into(),
                account.0.into(),
                title.into(),
                link.into(),
                now.0.into(),
                letter.kind.into(),
            ]);
        }
        letters.push(letter);
    }
    links.write(transaction).await?;
    notices.write(transaction).await?;
    outbox::write(service, transaction, letters, &wordings, now).await
}
