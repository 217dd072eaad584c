//! Mail domains: a company's own counts at once, because its enrolment has checked it; any other is
//! proven by a record in the name system.

use domain::directory::MailDomain;
use domain::ids::{DirectoryId, MailDomainId, OrganizationId};
use domain::view::directory::DomainRow;
use domain::{AuditAction, Error, ErrorCode, Field, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::Directory;
use super::settings::allowed;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::failure::Failure;
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::{Person, Request};
use crate::{Outcome, Service, random, sql};

/// So many domains a company has at most.
const MOST: i64 = 50;
/// What stands before the token in the record.
const RECORD: &str = "benefits-center-verification=";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    domain: String,
    token: String,
    verified_at: Option<i64>,
    directory: Option<String>,
}

#[derive(FromQueryResult)]
struct Own {
    domain: String,
}

/// The domains of the company, its own first.
pub(super) async fn rows(connection: &impl ConnectionTrait, person: &Person) -> Outcome<Vec<DomainRow>> {
    let id = person.organization.0;
    let own = sql::one::<Own>(connection, "select domain from organization where id = $1", [id.into()])
        .await?
        .ok_or_else(|| Failure::broken("organization", "id", id))?;
    let mut rows =
        vec![DomainRow { id: None, domain: own.domain, verified: None, record: None, directory: None }];
    let text = "select m.id, m.domain, m.token, m.verified_at, d.name as directory
        from mail_domain m left join directory d on d.id = m.directory_id
        where m.organization_id = $1 order by m.domain";
    let zone = person.zone();
    rows.extend(sql::all::<Row>(connection, text, [id.into()]).await?.into_iter().map(|row| DomainRow {
        id: Some(MailDomainId(row.id)),
        domain: row.domain,
        verified: row.verified_at.map(|at| zone.day_of(Moment(at))),
        record: row.verified_at.is_none().then(|| format!("{RECORD}{}", row.token)),
        directory: row.directory,
    }));
    Ok(rows)
}

/// A domain that is to be proven.
#[derive(Clone, Debug)]
pub struct AddMailDomain {
    /// The domain.
    pub domain: String,
    /// The one directory that it leads to; any of them where there is none.
    pub directory: Option<DirectoryId>,
}

/// Puts a domain on the list; gives the record that proves it.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Invalid`] with the fault of the domain, among them
/// [`ErrorCode::DomainTaken`] for one of another company; [`ErrorCode::NotFound`] for a directory that
/// isn't the company's.
pub async fn add(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: AddMailDomain,
) -> Outcome<String> {
    let person = allowed(service, request).await?;
    let domain = MailDomain::parse(Field::MailDomain, &input.domain)?;
    let operation = Operation::new(operation, "add_mail_domain", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    if let Some(directory) = input.directory {
        Directory::of(&change.transaction, person.organization, directory).await?;
    }
    if is_taken(&change.transaction, person.organization, domain.as_str()).await? {
        return Err(Error::field(Field::MailDomain, ErrorCode::DomainTaken).into());
    }
    let text = "select count(*) as number from mail_domain where organization_id = $1";
    if sql::number(&change.transaction, text, [person.organization.0.into()]).await? >= MOST {
        return Err(ErrorCode::TooLarge.into());
    }
    let id = service.new_id();
    let token: String = random::token(&*service.random).chars().take(32).collect();
    let text = "insert into mail_domain (id, organization_id, domain, directory_id, state, token, created_at)
        values ($1, $2, $3, $4, 'pending', $5, $6)";
    let values = [
        id.into(),
        person.organization.0.into(),
        domain.as_str().into(),
        input.directory.map(|id| id.0).into(),
        token.clone().into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    change.record(
        Event::new(person.organization, AuditAction::MailDomainAdded, "mail_domain", id)
            .after(domain.as_str()),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(format!("{RECORD}{token}")).await
}

/// Whether a domain is on this company's list already, or belongs to another company.
async fn is_taken(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    domain: &str,
) -> Outcome<bool> {
    let text = "select (select count(*) from organization where domain = $2)
        + (select count(*) from mail_domain
            where domain = $2 and (state = 'verified' or organization_id = $1)) as number";
    Ok(sql::number(connection, text, [organization.0.into(), domain.into()]).await? > 0)
}

#[derive(FromQueryResult)]
struct Pending {
    domain: String,
    token: String,
    state: String,
}

async fn find(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    id: MailDomainId,
) -> Outcome<Pending> {
    let text = "select domain, token, state from mail_domain where id = $1 and organization_id = $2";
    let values = [id.0.into(), organization.0.into()];
    Ok(sql::one::<Pending>(connection, text, values).await?.ok_or(ErrorCode::NotFound)?)
}

/// Looks for the record of a domain, and takes the domain as the company's where it is there. Gives the
/// domain.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::DomainNotProven`] with the domain;
/// [`ErrorCode::DomainTaken`] where another company has proven it meanwhile.
pub async fn verify(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    id: MailDomainId,
) -> Outcome<String> {
    let person = allowed(service, request).await?;
    let pending = find(service.database.reader(), person.organization, id).await?;
    if pending.state == "pending" {
        let wanted = format!("{RECORD}{}", pending.token);
        let found = match service.outside.names().texts(&pending.domain).await {
            Ok(texts) => texts.iter().any(|text| text.trim() == wanted),
            Err(cause) => {
                tracing::warn!(request = %request.id, domain = %pending.domain, %cause, "no answer from the name system");
                false
            }
        };
        if !found {
            return Err(Error::new(ErrorCode::DomainNotProven).with_detail(pending.domain).into());
        }
    }
    let operation = Operation::new(operation, "verify_mail_domain", &id);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text = "select count(*) as number from organization where domain = $1";
    if sql::number(&change.transaction, text, [pending.domain.clone().into()]).await? > 0 {
        return Err(ErrorCode::DomainTaken.into());
    }
    let text = "update mail_domain set state = 'verified', verified_at = $3
        where id = $1 and organization_id = $2 and state = 'pending' and token = $4";
    let values = [id.0.into(), person.organization.0.into(), change.now.0.into(), pending.token.into()];
    if sql::run(&change.transaction, text, values).await? > 0 {
        let event = Event::new(person.organization, AuditAction::MailDomainVerified, "mail_domain", id);
        change.record(event.after(&pending.domain));
        change.tell(Changed::Organization(person.organization));
    } else {
        // Removed meanwhile, or verified already.
        find(&change.transaction, person.organization, id).await?;
    }
    change.commit(pending.domain).await
}

/// Takes a domain off the list; gives the domain. Whoever is linked already stays so.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`].
pub async fn remove(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    id: MailDomainId,
) -> Outcome<String> {
    let person = allowed(service, request).await?;
    let operation = Operation::new(operation, "remove_mail_domain", &id);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let found = find(&change.transaction, person.organization, id).await?;
    let text = "delete from mail_domain where id = $1 and organization_id = $2";
    sql::run(&change.transaction, text, [id.0.into(), person.organization.0.into()]).await?;
    let event = Event::new(person.organization, AuditAction::MailDomainRemoved, "mail_domain", id);
    change.record(event.before(&found.domain));
    change.tell(Changed::Organization(person.organization));
    change.commit(found.domain).await
}
