//! Adding a user, with an invitation by mail (rule 11).

use domain::error::Faults;
use domain::ids::{AccountId, OrganizationId, PersonId};
use domain::rights::{Action, check_role_change};
use domain::text::{Email, PersonName};
use domain::{AuditAction, Error, ErrorCode, Field, Language, Role, Roles};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::administrator::Administrator;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::directories::WaysIn;
use crate::entity::{invitation, person, person_role};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Outcome, Service, policies, random, rights, sessions, sql};

/// So long an invitation can be accepted.
pub const INVITATION_DAYS: i64 = 7;
/// Where a company's directory is found by the address.
const DOOR: &str = "/sign-in/directory";

/// Who is added.
#[derive(Clone, Debug)]
pub struct AddUser {
    /// Mail address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Roles; at least one.
    pub roles: Vec<Role>,
    /// Tag of the language of invitation and pages.
    pub language: String,
}

/// Who was added.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Added {
    /// The person.
    pub person: PersonId,
    /// Full name, as it stands on the account.
    pub name: String,
    /// Address that the mail goes to.
    pub email: String,
}

/// An account as it is known by its address.
#[derive(FromQueryResult)]
pub(crate) struct Known {
    pub(crate) id: Uuid,
    email: String,
    pub(crate) full_name: String,
    language: String,
    pub(crate) status: String,
    pub(crate) operator: bool,
}

#[derive(FromQueryResult)]
struct Earlier {
    id: Uuid,
    status: String,
}

/// Adds a person. Whoever has no account yet gets an invitation with a single-use link; whoever has
/// one, because another company added it before, is told and signs in as before.
///
/// The person can be assigned benefits from now on: the mail about them finds the person whether or
/// not the invitation was accepted (rule 11).
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::ReadOnly`] (rule 22); [`ErrorCode::Invalid`] with the faults
/// of each field, among them [`ErrorCode::AlreadyInOrganization`] and [`ErrorCode::OutsideDirectory`]
/// where the company requires its directory and none speaks for the address;
/// [`ErrorCode::RoleNotGrantable`] (rule 3);
/// [`ErrorCode::WrongSide`] for an operator's address (rule 1).
pub async fn add_user(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: AddUser,
) -> Outcome<Added> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AddUser, &policies).await?;
    let mut faults = Faults::default();
    let name = faults.take(PersonName::parse(Field::Name, &input.name));
    let email = faults.take(Email::parse(Field::Email, &input.email));
    let language = Language::from_tag(&input.language);
    if language.is_none() {
        faults.add(Field::Language, ErrorCode::UnknownChoice);
    }
    let roles = Roles::new(input.roles.iter().copied());
    if roles.is_empty() {
        faults.add(Field::Roles, ErrorCode::Required);
    }
    faults.check()?;
    let (Some(name), Some(email), Some(language)) = (name, email, language) else {
        return Err(ErrorCode::Invalid.into());
    };
    check_role_change(&person.roles, &Roles::default(), &roles)?;
    let operation = Operation::new(operation, "add_user", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    rights::check_member(&change.transaction, person).await?;
    let new = NewPerson { name, email, roles, language, suspended: false };
    let added = write(&mut change, &person.into(), &new).await?;
    change.tell(Changed::Organization(person.organization));
    change.commit(added).await
}

/// Somebody to be added, whose texts were checked.
pub(crate) struct NewPerson {
    pub(crate) name: PersonName,
    pub(crate) email: Email,
    pub(crate) roles: Roles,
    pub(crate) language: Language,
    /// Whether the person stays out until resumed; nobody is told then.
    pub(crate) suspended: bool,
}

/// Makes somebody a person of the organization, with account, roles, invitation or mail; the one place
/// where a person comes into being. Whether the roles may be granted is asked before.
///
/// # Errors
/// [`ErrorCode::Invalid`] about the address: [`ErrorCode::WrongSide`],
/// [`ErrorCode::AlreadyInOrganization`], [`ErrorCode::OutsideDirectory`].
pub(crate) async fn write(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    new: &NewPerson,
) -> Outcome<Added> {
    let known = account_of(change, &new.email, &new.name, new.language).await?;
    if known.operator {
        return Err(Error::field(Field::Email, ErrorCode::WrongSide).into());
    }
    let ways = WaysIn::of(&change.transaction, by.organization).await?;
    ways.check(&new.email).map_err(|code| Error::field(Field::Email, code))?;
    let id = join(change, by.organization, known.id, &known.full_name).await?;
    set(&change.transaction, by.organization, id, &new.roles).await?;
    change.record(
        Event::new(by.organization, AuditAction::UserAdded, "person", id).person(id).after(codes(&new.roles)),
    );
    if new.suspended {
        let text = "update person set status = 'suspended' where id = $1";
        sql::run(&change.transaction, text, [id.0.into()]).await?;
        change.record(Event::new(by.organization, AuditAction::PersonSuspended, "person", id).person(id));
    } else if known.status == "invited" {
        invite(change, by, &known.invitee()).await?;
    } else {
        tell(change, by, &known).await?;
    }
    Ok(Added { person: id, name: known.full_name, email: known.email })
}

/// Somebody who gets an invitation.
pub(crate) struct Invitee {
    pub(crate) account: AccountId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) language: Language,
}

impl Known {
    fn invitee(&self) -> Invitee {
        Invitee {
            account: AccountId(self.id),
            name: self.full_name.clone(),
            email: self.email.clone(),
            language: Language::from_tag(&self.language).unwrap_or_default(),
        }
    }
}

/// The account of the address; a new one, still without a password, where there is none.
pub(crate) async fn account_of(
    change: &Change<'_>,
    email: &Email,
    name: &PersonName,
    language: Language,
) -> Outcome<Known> {
    // Two companies may add the same address at the same moment.
    let text =
        "insert into account (id, email, email_key, full_name, name_key, language, status, created_at, row_version)
        values ($1, $2, $3, $4, $7, $5, 'invited', $6, 1) on conflict (email_key) do nothing";
    let values = [
        change.service().new_id().into(),
        email.as_str().into(),
        email.key().into(),
        name.as_str().into(),
        language.tag().into(),
        change.now.0.into(),
        sql::folded(name.as_str()).into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let text = "select id, email, full_name, language, status,
            exists (select 1 from operator_role r where r.account_id = account.id) as operator
        from account where email_key = $1";
    sql::one::<Known>(&change.transaction, text, [email.key().into()])
        .await?
        .ok_or_else(|| crate::Failure::broken("account", "email_key", "just written"))
}

/// Makes the account a person of the organization; somebody who had left comes back to the old row.
///
/// # Errors
/// [`ErrorCode::AlreadyInOrganization`] about the address; [`ErrorCode::WrongSide`] for an operator's (rule 1).
pub(crate) async fn join(
    change: &mut Change<'_>,
    organization: OrganizationId,
    account: Uuid,
    full_name: &str,
) -> Outcome<PersonId> {
    let text = "select id, status from person where organization_id = $1 and account_id = $2";
    let values = [organization.0.into(), account.into()];
    match sql::one::<Earlier>(&change.transaction, text, values).await? {
        Some(earlier) if earlier.status == "left" => {
            let text = "update person set status = 'active', row_version = row_version + 1 where id = $1";
            sql::run(&change.transaction, text, [earlier.id.into()]).await?;
            Ok(PersonId(earlier.id))
        }
        Some(_) => Err(Error::field(Field::Email, ErrorCode::AlreadyInOrganization).into()),
        None => {
            let id = change.service().new_id();
            let row = person::ActiveModel {
                id: Set(id),
                organization_id: Set(organization.0),
                account_id: Set(account),
                sort_name: Set(sql::folded(full_name)),
                status: Set("active".to_owned()),
                created_at: Set(change.now.0),
                last_sign_in_at: Set(0),
                row_version: Set(1),
            };
            person::Entity::insert(row).exec_without_returning(&change.transaction).await?;
            // Whoever makes the account an operator holds it meanwhile, and the row above has waited for that.
            let text = "select count(*) as number from operator_role where account_id = $1";
            if sql::number(&change.transaction, text, [account.into()]).await? > 0 {
                return Err(Error::field(Field::Email, ErrorCode::WrongSide).into());
            }
            Ok(PersonId(id))
        }
    }
}

/// Writes the roles of a person in place of those before.
pub(crate) async fn set(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    person: PersonId,
    roles: &Roles,
) -> Outcome<()> {
    sql::run(connection, "delete from person_role where person_id = $1", [person.0.into()]).await?;
    let rows = roles.iter().map(|role| person_role::ActiveModel {
        person_id: Set(person.0),
        organization_id: Set(organization.0),
        role: Set(role.code().to_owned()),
    });
    person_role::Entity::insert_many(rows).exec_without_returning(connection).await?;
    Ok(())
}

/// Roles as an audit event has them.
pub(crate) fn codes(roles: &Roles) -> String {
    roles.iter().map(|role| role.code()).collect::<Vec<_>>().join(" ")
}

/// Writes an invitation and its mail. Only the hash of the link's token stays here. Whoever comes in with
/// the company's directory only is told so instead, and chooses no password.
pub(crate) async fn invite(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    invitee: &Invitee,
) -> Outcome<()> {
    let service = change.service();
    let organization = organization_name(&change.transaction, by.organization).await?;
    let letter = |kind, path: &str| Letter {
        organization: Some(by.organization),
        account: Some(invitee.account),
        recipient: invitee.email.clone(),
        language: invitee.language,
        kind,
        values: vec![
            ("person", invitee.name.clone()),
            ("by", by.name.to_owned()),
            ("organization", organization.clone()),
            ("days", INVITATION_DAYS.to_string()),
        ],
        path: path.to_owned(),
        secret: None,
        dates: Vec::new(),
    };
    if sessions::needs_directory(&change.transaction, invitee.account).await? {
        change.post(letter("invitation_by_directory", DOOR));
        return Ok(());
    }
    let token = random::token(&*service.random);
    let row = invitation::ActiveModel {
        token_hash: Set(hash_token(&token)),
        account_id: Set(invitee.account.0),
        organization_id: Set(Some(by.organization.0)),
        created_at: Set(change.now.0),
        expires_at: Set(change.now.plus_days(INVITATION_DAYS).0),
        used_at: Set(None),
    };
    invitation::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    change.post(Letter { secret: Some(token), ..letter("invitation", "/invitation/") });
    Ok(())
}

/// Tells somebody with an account that it serves one more company now.
async fn tell(change: &mut Change<'_>, by: &Administrator<'_>, known: &Known) -> Outcome<()> {
    let organization = organization_name(&change.transaction, by.organization).await?;
    change.post(Letter {
        organization: Some(by.organization),
        account: Some(AccountId(known.id)),
        recipient: known.email.clone(),
        language: Language::from_tag(&known.language).unwrap_or_default(),
        kind: "person_added",
        values: vec![
            ("person", known.full_name.clone()),
            ("by", by.name.to_owned()),
            ("organization", organization),
        ],
        path: "/".to_owned(),
        secret: None,
        dates: Vec::new(),
    });
    Ok(())
}

/// An organization's name.
pub(crate) async fn organization_name(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Row {
        name: String,
    }
    let text = "select name from organization where id = $1";
    let row = sql::one::<Row>(connection, text, [organization.0.into()]).await?;
    Ok(row.ok_or(ErrorCode::NotFound)?.name)
}

#[derive(FromQueryResult)]
struct Uninvited {
    account_id: Uuid,
    full_name: String,
    email: String,
    language: String,
    status: String,
}

/// Sends another invitation to somebody who hasn't accepted one yet; those before end. Gives the
/// person's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] for a person of somebody else;
/// [`ErrorCode::WrongState`] for somebody who has a password already.
pub async fn invite_again(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    invited: PersonId,
) -> Outcome<String> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::AddUser, &policies).await?;
    let operation = Operation::new(operation, "invite_again", &invited);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text = "select p.account_id, a.full_name, a.email, a.language, a.status
        from person p join account a on a.id = p.account_id
        where p.id = $1 and p.organization_id = $2 and p.status <> 'left'";
    let values = [invited.0.into(), person.organization.0.into()];
    let row = sql::one::<Uninvited>(&change.transaction, text, values).await?.ok_or(ErrorCode::NotFound)?;
    if row.status != "invited" {
        return Err(ErrorCode::WrongState.into());
    }
    let text = "update invitation set expires_at = $3
        where account_id = $1 and organization_id = $2 and used_at is null and expires_at > $3";
    let values = [row.account_id.into(), person.organization.0.into(), change.now.0.into()];
    sql::run(&change.transaction, text, values).await?;
    let invitee = Invitee {
        account: AccountId(row.account_id),
        name: row.full_name,
        email: row.email,
        language: Language::from_tag(&row.language).unwrap_or_default(),
    };
    invite(&mut change, &person.into(), &invitee).await?;
    change.record(
        Event::new(person.organization, AuditAction::UserInvitedAgain, "person", invited).person(invited),
    );
    change.tell(Changed::Organization(person.organization));
    change.commit(invitee.name).await
}
