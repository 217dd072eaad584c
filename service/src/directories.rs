//! Signing in with a company's own directory (OpenID Connect).
//!
//! A directory speaks for one company only: for addresses in the company's verified mail domains, and
//! for nothing beyond the company itself. A session that it opened leads nowhere else.

pub mod domains;
pub mod identities;
pub mod outside;
mod provider;
pub mod settings;
pub mod sign_in;

use std::collections::HashSet;

use domain::directory::{Mapping, domain_of};
use domain::ids::{DirectoryId, OrganizationId};
use domain::text::Email;
use domain::{Error, ErrorCode, Role, Roles};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::failure::Failure;
use crate::{Outcome, Service, sql};
use provider::{Registration, Trouble};

/// Where directories send people back to, behind the portal's own address.
pub const CALLBACK_PATH: &str = "/sign-in/directory/callback";
/// Where directories send people after signing out there.
pub const SIGNED_OUT_PATH: &str = "/sign-in";

/// A directory as it is kept.
#[derive(Clone, FromQueryResult)]
struct Directory {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    issuer: String,
    client_id: String,
    client_secret: Option<Vec<u8>>,
    scopes: String,
    enabled: bool,
    just_in_time: bool,
    authoritative: bool,
    signs_out: bool,
    role_claim: String,
    row_version: i64,
}

const COLUMNS: &str =
    "d.id, d.organization_id, d.name, d.issuer, d.client_id, d.client_secret, d.scopes, d.enabled,
    d.just_in_time, d.authoritative, d.signs_out, d.role_claim, d.row_version";

/// A role that a claim's value gives, or that whoever is new gets.
#[derive(FromQueryResult)]
struct RoleRow {
    directory_id: Uuid,
    claim_value: String,
    role: String,
}

impl Directory {
    /// A directory of the company.
    async fn of(
        connection: &impl ConnectionTrait,
        organization: OrganizationId,
        id: DirectoryId,
    ) -> Outcome<Self> {
        let text = format!("select {COLUMNS} from directory d where d.id = $1 and d.organization_id = $2");
        let values = [id.0.into(), organization.0.into()];
        Ok(sql::one::<Self>(connection, &text, values).await?.ok_or(ErrorCode::NotFound)?)
    }

    /// How the portal is known there.
    fn registration(&self, service: &Service) -> Outcome<Registration> {
        let client_secret = match &self.client_secret {
            Some(sealed) => Some(service.vault.open(&secret_place(self.id), sealed)?),
            None => None,
        };
        Ok(Registration {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret,
            scopes: self.scopes.clone(),
            redirect_uri: redirect_uri(service),
        })
    }

    /// What is told of its trouble; the log has the cause.
    fn told(&self, request: &crate::Request, trouble: &Trouble) -> Failure {
        told(request, &self.name, trouble)
    }

    /// The roles that follow from its claim, and those of whoever is new.
    async fn roles(&self, connection: &impl ConnectionTrait) -> Outcome<(Mapping, Roles)> {
        let rows = role_rows(connection, "directory_id = $1", self.id).await?;
        let (new, mapped): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.claim_value.is_empty());
        let role = |row: &RoleRow| Role::from_code(&row.role);
        let mapping = mapped.iter().filter_map(|row| Some((row.claim_value.clone(), role(row)?)));
        Ok((Mapping::new(mapping), Roles::new(new.iter().filter_map(role))))
    }
}

/// What is told of a directory's trouble; the log has the cause.
fn told(request: &crate::Request, name: &str, trouble: &Trouble) -> Failure {
    tracing::warn!(request = %request.id, directory = name, cause = %trouble, "a directory is in trouble");
    let code = match trouble {
        Trouble::Unreachable(outside::Unreachable::Private) => ErrorCode::PrivateAddress,
        Trouble::Unreachable(outside::Unreachable::Away(_)) => ErrorCode::DirectoryUnreachable,
        Trouble::Answer(_) => ErrorCode::DirectoryAnswer,
    };
    Error::new(code).with_detail(name.to_owned()).into()
}

/// Rows of both tables of roles; those of whoever is new have an empty value.
async fn role_rows(connection: &impl ConnectionTrait, which: &str, id: Uuid) -> Outcome<Vec<RoleRow>> {
    let text = format!(
        "select directory_id, claim_value, role from directory_role where {which}
        union all select directory_id, '' as claim_value, role from directory_default_role where {which}
        order by directory_id, claim_value, role"
    );
    Ok(sql::all::<RoleRow>(connection, &text, [id.into()]).await?)
}

pub(crate) fn secret_place(directory: Uuid) -> String {
    format!("directory/{directory}")
}

/// Where directories send people back to, as it is registered there.
pub(crate) fn redirect_uri(service: &Service) -> String {
    format!("{}{CALLBACK_PATH}", service.base_url)
}

/// Directories that are in use for a mail domain.
async fn for_domain(connection: &impl ConnectionTrait, email: &str) -> Outcome<Vec<Directory>> {
    let Some(domain) = domain_of(email) else { return Ok(Vec::new()) };
    let text = format!(
        "select {COLUMNS} from directory d join organization o on o.id = d.organization_id
        where d.enabled and (o.domain = $1 or exists (select 1 from mail_domain m
            where m.organization_id = d.organization_id and m.domain = $1 and m.state = 'verified'
                and (m.directory_id is null or m.directory_id = d.id)))
        order by d.name, d.id limit 20"
    );
    Ok(sql::all::<Directory>(connection, &text, [domain.into()]).await?)
}

/// Whether a mail domain is the company's own for this directory.
async fn speaks_for(connection: &impl ConnectionTrait, directory: &Directory, email: &str) -> Outcome<bool> {
    let Some(domain) = domain_of(email) else { return Ok(false) };
    let text = "select count(*) as number from organization o where o.id = $1 and (o.domain = $3
        or exists (select 1 from mail_domain m where m.organization_id = o.id and m.domain = $3
            and m.state = 'verified' and (m.directory_id is null or m.directory_id = $2)))";
    let values = [directory.organization_id.into(), directory.id.into(), domain.into()];
    Ok(sql::number(connection, text, values).await? > 0)
}

/// Which addresses can come in to a company.
pub(crate) enum WaysIn {
    /// Any: there are passwords.
    Any,
    /// Those of mail domains that a directory in use speaks for, because the company requires it.
    Domains(HashSet<String>),
}

impl WaysIn {
    /// Those of a company.
    ///
    /// # Errors
    /// [`Failure::Database`].
    pub(crate) async fn of(connection: &impl ConnectionTrait, organization: OrganizationId) -> Outcome<Self> {
        #[derive(FromQueryResult)]
        struct Row {
            domain: String,
        }
        let text = "select count(*) as number from organization where id = $1 and directory_required";
        if sql::number(connection, text, [organization.0.into()]).await? == 0 {
            return Ok(Self::Any);
        }
        let text = "select o.domain from organization o where o.id = $1
                and exists (select 1 from directory d where d.organization_id = o.id and d.enabled)
            union select m.domain from mail_domain m join directory d
                on d.organization_id = m.organization_id and d.enabled
                    and (m.directory_id is null or m.directory_id = d.id)
            where m.organization_id = $1 and m.state = 'verified'";
        let rows = sql::all::<Row>(connection, text, [organization.0.into()]).await?;
        Ok(Self::Domains(rows.into_iter().map(|row| row.domain).collect()))
    }

    /// Whether the address can come in.
    ///
    /// # Errors
    /// [`ErrorCode::OutsideDirectory`].
    pub(crate) fn check(&self, email: &Email) -> Result<(), ErrorCode> {
        match self {
            Self::Domains(domains)
                if !domain_of(email.as_str()).is_some_and(|domain| domains.contains(&domain)) =>
            {
                Err(ErrorCode::OutsideDirectory)
            }
            _ => Ok(()),
        }
    }
}
