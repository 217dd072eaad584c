//! Who is who: entries of a directory and the accounts that they stand for. What a directory says
//! otherwise than the portal has it is recorded and offered, never taken over silently.

use domain::directory::domain_of;
use domain::ids::{DirectoryId, DirectoryIdentityId, OrganizationId};
use domain::text::Email;
use domain::view::directory::Offer;
use domain::{AuditAction, Error, ErrorCode, Field};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::settings::allowed;
use super::{Directory, speaks_for};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, sessions, sql};

/// So many offers are shown at once.
const SHOWN: i64 = 50;

/// Lets an entry of a directory stand for an account.
pub(super) async fn link(
    change: &mut Change<'_>,
    directory: &Directory,
    subject: &str,
    account: Uuid,
) -> Outcome<()> {
    put(change, directory, subject, account, "linked").await?;
    let organization = OrganizationId(directory.organization_id);
    let event = Event::new(organization, AuditAction::DirectoryLinked, "account", account);
    change.record(event.after(format!("directory {}", directory.id)));
    Ok(())
}

/// Notes that an entry asks to stand for an account that another one stands for.
pub(super) async fn wait(
    change: &Change<'_>,
    directory: &Directory,
    subject: &str,
    account: Uuid,
) -> Outcome<()> {
    put(change, directory, subject, account, "waiting").await
}

async fn put(
    change: &Change<'_>,
    directory: &Directory,
    subject: &str,
    account: Uuid,
    state: &str,
) -> Outcome<()> {
    let text = "insert into directory_identity
            (id, directory_id, subject, account_id, state, created_at, last_used_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        on conflict (directory_id, subject) do update set account_id = excluded.account_id,
            state = excluded.state, last_used_at = excluded.last_used_at, offered_email = null";
    let values = [
        change.service().new_id().into(),
        directory.id.into(),
        subject.into(),
        account.into(),
        state.into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    Ok(())
}

/// Notes that an entry was used, and the address that the directory has where it differs.
pub(super) async fn used(
    change: &mut Change<'_>,
    directory: &Directory,
    subject: &str,
    email_key: &str,
    address: Option<&Email>,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        account_id: Uuid,
        offered_email: Option<String>,
    }
    let text = "select id, account_id, offered_email from directory_identity
        where directory_id = $1 and subject = $2";
    let values = [directory.id.into(), subject.into()];
    let Some(row) = sql::one::<Row>(&change.transaction, text, values).await? else { return Ok(()) };
    // An address that doesn't count says nothing; what was offered before stays.
    let differs =
        address.filter(|address| address.key() != email_key).map(|address| address.as_str().to_owned());
    let offered = if address.is_some() { differs } else { row.offered_email.clone() };
    let text = "update directory_identity set last_used_at = $2, offered_email = $3 where id = $1";
    sql::run(&change.transaction, text, [row.id.into(), change.now.0.into(), offered.clone().into()]).await?;
    if offered.is_some() && offered != row.offered_email {
        let organization = OrganizationId(directory.organization_id);
        // The trail names people by id only: the address itself stands beside the entry.
        let event = Event::new(organization, AuditAction::DirectoryAddressDiffers, "account", row.account_id);
        change.record(event.after(format!("directory {}", directory.id)));
        change.tell(Changed::Organization(organization));
    }
    Ok(())
}

/// What the company's directories say otherwise.
pub(super) async fn offers(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Vec<Offer>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        full_name: String,
        email: String,
        directory: String,
        offered_email: Option<String>,
    }
    let text = format!(
        "select i.id, a.full_name, a.email, d.name as directory, i.offered_email
        from directory_identity i join directory d on d.id = i.directory_id
        join account a on a.id = i.account_id
        where d.organization_id = $1 and (i.state = 'waiting' or i.offered_email is not null)
        order by i.last_used_at, i.id limit {SHOWN}"
    );
    let rows = sql::all::<Row>(connection, &text, [organization.0.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| Offer {
            id: DirectoryIdentityId(row.id),
            name: row.full_name,
            email: row.email,
            directory: row.directory,
            address: row.offered_email,
        })
        .collect())
}

/// Takes over what a directory says, or dismisses it.
#[derive(Clone, Debug)]
pub struct Decide {
    /// The entry.
    pub identity: DirectoryIdentityId,
    /// Whether it is taken over.
    pub accepted: bool,
}

#[derive(FromQueryResult)]
struct Offered {
    directory_id: Uuid,
    account_id: Uuid,
    state: String,
    offered_email: Option<String>,
    full_name: String,
    elsewhere: bool,
}

/// Decides about an offer: the account gets the new address, or the other entry stands for it from now
/// on in place of the one before. Gives the person's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::AlreadyDecided`];
/// [`ErrorCode::AlreadyInOrganization`] for an address that another account has;
/// [`ErrorCode::DirectoryAddressForeign`] where the mail domain is no longer the company's, or the
/// account serves other companies, too, whose sign-in it would change.
pub async fn decide(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: Decide,
) -> Outcome<String> {
    let person = allowed(service, request).await?;
    let organization = person.organization;
    let operation = Operation::new(operation, "decide_identity", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text = "select i.directory_id, i.account_id, i.state, i.offered_email, a.full_name,
            exists (select 1 from person p where p.account_id = a.id and p.organization_id <> $2
                and p.status <> 'left') as elsewhere
        from directory_identity i join directory d on d.id = i.directory_id
        join account a on a.id = i.account_id
        where i.id = $1 and d.organization_id = $2";
    let values = [input.identity.0.into(), organization.0.into()];
    let offered = sql::one::<Offered>(&change.transaction, text, values).await?.ok_or(ErrorCode::NotFound)?;
    let action = match (offered.state.as_str(), &offered.offered_email, input.accepted) {
        ("waiting", _, true) => {
            let of: [Value; 2] = [offered.directory_id.into(), offered.account_id.into()];
            let text = "delete from directory_identity
                where directory_id = $1 and account_id = $2 and state = 'linked'";
            sql::run(&change.transaction, text, of.clone()).await?;
            sessions::end_some(&mut change, "directory_id = $1 and account_id = $2", of).await?;
            let text = "update directory_identity set state = 'linked' where id = $1";
            sql::run(&change.transaction, text, [input.identity.0.into()]).await?;
            AuditAction::DirectoryLinked
        }
        ("waiting", _, false) => {
            let text = "delete from directory_identity where id = $1";
            sql::run(&change.transaction, text, [input.identity.0.into()]).await?;
            AuditAction::DirectoryOfferDismissed
        }
        (_, Some(email), true) => {
            take_address(&change, organization, &offered, email).await?;
            AuditAction::DirectoryAddressTaken
        }
        (_, Some(_), false) => AuditAction::DirectoryOfferDismissed,
        (_, None, _) => return Err(ErrorCode::AlreadyDecided.into()),
    };
    let text = "update directory_identity set offered_email = null where id = $1";
    sql::run(&change.transaction, text, [input.identity.0.into()]).await?;
    let event = Event::new(organization, action, "account", offered.account_id);
    change.record(event.after(format!("directory {}", offered.directory_id)));
    change.tell(Changed::Organization(organization));
    change.commit(offered.full_name).await
}

async fn take_address(
    change: &Change<'_>,
    organization: OrganizationId,
    offered: &Offered,
    email: &str,
) -> Outcome<()> {
    let email = Email::parse(Field::Email, email)?;
    let directory =
        Directory::of(&change.transaction, organization, DirectoryId(offered.directory_id)).await?;
    if offered.elsewhere
        || domain_of(&email.key()).is_none()
        || !speaks_for(&change.transaction, &directory, &email.key()).await?
    {
        return Err(ErrorCode::DirectoryAddressForeign.into());
    }
    let text = "select count(*) as number from account where email_key = $1 and id <> $2";
    let values = [email.key().into(), offered.account_id.into()];
    if sql::number(&change.transaction, text, values).await? > 0 {
        return Err(Error::new(ErrorCode::AlreadyInOrganization).into());
    }
    let text = "update account set email = $2, email_key = $3, row_version = row_version + 1 where id = $1";
    let values = [offered.account_id.into(), email.as_str().into(), email.key().into()];
    sql::run(&change.transaction, text, values).await?;
    Ok(())
}
