//! Who is reminded: whoever decides about the membership and its benefits.

use domain::Language;
use domain::ids::{AccountId, OrganizationId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::{Outcome, sql};

/// Somebody who is reminded.
pub(crate) struct Reader {
    /// Whose portal has the notice.
    pub(crate) account: AccountId,
    /// Full name.
    pub(crate) name: String,
    /// Address.
    pub(crate) email: String,
    /// Their language.
    pub(crate) language: Language,
}

/// Global admins and MPN partner admins of a company, by name.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn readers(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Vec<Reader>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        full_name: String,
        email: String,
        language: String,
    }
    let text = "select a.id, a.full_name, a.email, a.language from person p
        join account a on a.id = p.account_id and a.status = 'active'
        where p.organization_id = $1 and p.status = 'active' and exists (select 1 from person_role r
            where r.person_id = p.id and r.role in ('global_admin', 'partner_admin'))
        order by p.sort_name, p.id";
    let rows = sql::all::<Row>(connection, text, [organization.0.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| Reader {
            account: AccountId(row.id),
            name: row.full_name,
            email: row.email,
            language: Language::from_tag(&row.language).unwrap_or_default(),
        })
        .collect())
}
