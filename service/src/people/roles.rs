//! Roles of people: nobody grants beyond the table, and the last Global admin stays (rules 3, 4).

use domain::ids::{AccountId, OrganizationId, PersonId};
use domain::rights::{Action, check_role_change, keeps_global_admin};
use domain::view::people::PersonStatus;
use domain::{AuditAction, Error, ErrorCode, Field, Language, Role, Roles};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

use super::add::{codes, organization_name, set};
use super::administrator::Administrator;
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::request::Request;
use crate::{Failure, Outcome, Service, policies, rights, sql};

/// Which roles a person has from now on.
#[derive(Clone, Debug)]
pub struct SetRoles {
    /// The person.
    pub person: PersonId,
    /// Version of the row as the page showed it.
    pub version: i64,
    /// All roles; at least one.
    pub roles: Vec<Role>,
}

/// What the founder ticked on User management (rule 4).
#[derive(Clone, Debug)]
pub struct OwnAgent {
    /// Whether **Admin agent** is ticked.
    pub admin_agent: bool,
}

/// A person with the roles held.
#[derive(FromQueryResult)]
pub(crate) struct Held {
    pub(crate) account_id: Uuid,
    pub(crate) full_name: String,
    pub(crate) email: String,
    pub(crate) language: String,
    pub(crate) status: String,
    pub(crate) account_status: String,
    pub(crate) row_version: i64,
    roles: Option<String>,
}

impl Held {
    /// The roles.
    pub(crate) fn roles(&self) -> Roles {
        Roles::new(self.roles.as_deref().unwrap_or_default().split(',').filter_map(Role::from_code))
    }

    /// How the person stands: invited as long as the account has no password.
    ///
    /// # Errors
    /// [`Failure::Broken`] for a status that no code has.
    pub(crate) fn status(&self) -> Outcome<PersonStatus> {
        let invited = self.status == "active" && self.account_status == "invited";
        let status = if invited { "invited" } else { &self.status };
        PersonStatus::from_code(status).ok_or_else(|| Failure::broken("person", "status", self.account_id))
    }
}

/// Sets somebody's roles, one's own included; the person is told. Gives the person's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] for a person of somebody else;
/// [`ErrorCode::Required`] without any role; [`ErrorCode::Stale`]; [`ErrorCode::ReadOnly`] (rule 22);
/// [`ErrorCode::RoleNotGrantable`] and [`ErrorCode::LastGlobalAdmin`] (rule 3).
pub async fn set_roles(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: SetRoles,
) -> Outcome<String> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::SetRoles, &policies).await?;
    let after = Roles::new(input.roles.iter().copied());
    if after.is_empty() {
        return Err(Error::field(Field::Roles, ErrorCode::Required).into());
    }
    let operation = Operation::new(operation, "set_roles", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, person.organization).await?;
    rights::check_member(&change.transaction, person).await?;
    let held = held(&change.transaction, person.organization, input.person).await?;
    if held.row_version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    put(&mut change, &person.into(), input.person, &held, &after).await?;
    change.commit(held.full_name).await
}

/// Ends the set-up of a new organization: its founder ticks **Admin agent** and selects **Update**.
///
/// # Errors
/// [`ErrorCode::NotFound`] for anybody but the founder; [`ErrorCode::Required`] on the roles without
/// the tick; [`ErrorCode::RoleNotGrantable`] if the founder's roles don't reach that far (rule 3).
pub async fn update_own_agent(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: OwnAgent,
) -> Outcome<()> {
    let person = request.person()?;
    if !input.admin_agent {
        return Err(Error::field(Field::Roles, ErrorCode::Required).into());
    }
    let operation = Operation::new(operation, "update_own_agent", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    lock(&change, person.organization).await?;
    let text = "select count(*) as number from organization where id = $1 and founder_person_id = $2";
    let values = [person.organization.0.into(), person.id.0.into()];
    if sql::number(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::NotFound.into());
    }
    let held = held(&change.transaction, person.organization, person.id).await?;
    let after = Roles::new(held.roles().iter().chain([Role::AdminAgent]));
    put(&mut change, &person.into(), person.id, &held, &after).await?;
    change.commit(()).await
}

/// Changes of roles in one organization wait for each other: who counts the Global admins must not
/// count one who is being demoted meanwhile. Whoever decides about the whole company waits here, too; whoever
/// writes a row that refers to it doesn't.
pub(crate) async fn lock(change: &Change<'_>, organization: OrganizationId) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "select cast(1 as bigint) as number from organization where id = $1 for no key update";
        sql::number(&change.transaction, text, [organization.0.into()]).await?;
    }
    Ok(())
}

/// The organization's person, unless it has left.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(crate) async fn held(
    transaction: &DatabaseTransaction,
    organization: OrganizationId,
    person: PersonId,
) -> Outcome<Held> {
    let text = "select p.account_id, a.full_name, a.email, a.language, p.status, a.status as account_status,
            p.row_version,
            (select string_agg(r.role, ',') from person_role r where r.person_id = p.id) as roles
        from person p join account a on a.id = p.account_id
        where p.id = $1 and p.organization_id = $2 and p.status <> 'left'";
    let values = [person.0.into(), organization.0.into()];
    Ok(sql::one::<Held>(transaction, text, values).await?.ok_or(ErrorCode::NotFound)?)
}

/// Active Global admins who can sign in, without the person.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn other_global_admins(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    person: PersonId,
) -> Outcome<u64> {
    let text = "select count(*) as number from person_role r
        join person p on p.id = r.person_id and p.status = 'active'
        join account a on a.id = p.account_id and a.status = 'active'
        where r.organization_id = $1 and r.role = 'global_admin' and p.id <> $2";
    let values = [organization.0.into(), person.0.into()];
    let others = sql::number(connection, text, values).await?;
    Ok(u64::try_from(others).unwrap_or(0))
}

/// Checks and writes the roles; the one place where a person's roles change.
pub(crate) async fn put(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    id: PersonId,
    held: &Held,
    after: &Roles,
) -> Outcome<()> {
    let before = held.roles();
    let own = by.roles(&change.transaction, change.now).await?;
    check_role_change(&own, &before, after)?;
    if held.status == "active" && held.account_status == "active" {
        let others = other_global_admins(&change.transaction, by.organization, id).await?;
        keeps_global_admin(others, &before, after, true)?;
    }
    finish_setup(change, by.organization, id, after).await?;
    if before == *after {
        return Ok(());
    }
    set(&change.transaction, by.organization, id, after).await?;
    let text = "update person set row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [id.0.into()]).await?;
    change.record(
        Event::new(by.organization, AuditAction::RolesSet, "person", id)
            .person(id)
            .before(codes(&before))
            .after(codes(after)),
    );
    tell(change, by.organization, held, &before, after);
    if held.account_status == "active" && by.person() != Some(id) {
        let organization = organization_name(&change.transaction, by.organization).await?;
        let language = Language::from_tag(&held.language).unwrap_or_default();
        let texts = locales::texts(language);
        let names: Vec<&str> =
            after.iter().map(|role| texts.find_role(role.code()).unwrap_or_default()).collect();
        change.post(Letter {
            organization: Some(by.organization),
            account: Some(AccountId(held.account_id)),
            recipient: held.email.clone(),
            language,
            kind: "roles_changed",
            values: vec![
                ("person", held.full_name.clone()),
                ("by", by.name.to_owned()),
                ("organization", organization),
                ("roles", locales::format::list_and(language, &names)),
            ],
            path: "/".to_owned(),
            secret: None,
            dates: Vec::new(),
        });
    }
    Ok(())
}

/// The founder with the role Admin agent: the set-up is finished (rule 4).
async fn finish_setup(
    change: &mut Change<'_>,
    organization: OrganizationId,
    person: PersonId,
    after: &Roles,
) -> Outcome<()> {
    if !after.has(Role::AdminAgent) {
        return Ok(());
    }
    let text = "update organization set setup_finished = true, row_version = row_version + 1
        where id = $1 and founder_person_id = $2 and not setup_finished";
    if sql::run(&change.transaction, text, [organization.0.into(), person.0.into()]).await? > 0 {
        change.record(Event::new(organization, AuditAction::SetupFinished, "organization", organization));
        change.tell(Changed::Organization(organization));
    }
    Ok(())
}

/// Gives the role Global admin to somebody who asked for it; the operators' approval.
pub(crate) async fn grant_global_admin(
    change: &mut Change<'_>,
    organization: OrganizationId,
    person: PersonId,
) -> Outcome<()> {
    let held = held(&change.transaction, organization, person).await?;
    if held.status != "active" || held.account_status != "active" {
        return Err(Error::new(ErrorCode::PersonNotActive).with_detail(held.full_name).into());
    }
    let before = held.roles();
    let after = Roles::new(before.iter().chain([Role::GlobalAdmin]));
    set(&change.transaction, organization, person, &after).await?;
    let text = "update person set row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [person.0.into()]).await?;
    change.record(
        Event::new(organization, AuditAction::GlobalAdminGranted, "person", person)
            .person(person)
            .before(codes(&before))
            .after(codes(&after)),
    );
    change.tell(Changed::Organization(organization));
    Ok(())
}

/// Sets the roles that a company's directory says, as a table of a Global admin has it. The last Global
/// admin stays one, whatever the directory says (rule 3). The organization is locked.
pub(crate) async fn by_directory(
    change: &mut Change<'_>,
    organization: OrganizationId,
    person: PersonId,
    decide: impl FnOnce(&Roles) -> Roles,
) -> Outcome<()> {
    let held = held(&change.transaction, organization, person).await?;
    let before = held.roles();
    let mut after = decide(&before);
    let others = other_global_admins(&change.transaction, organization, person).await?;
    if keeps_global_admin(others, &before, &after, true).is_err() {
        after = Roles::new(after.iter().chain([Role::GlobalAdmin]));
        change.record(
            Event::new(organization, AuditAction::LastGlobalAdminKept, "person", person).person(person),
        );
    }
    finish_setup(change, organization, person, &after).await?;
    if before == after {
        return Ok(());
    }
    set(&change.transaction, organization, person, &after).await?;
    let text = "update person set row_version = row_version + 1 where id = $1";
    sql::run(&change.transaction, text, [person.0.into()]).await?;
    change.record(
        Event::new(organization, AuditAction::RolesSetByDirectory, "person", person)
            .person(person)
            .before(codes(&before))
            .after(codes(&after)),
    );
    tell(change, organization, &held, &before, &after);
    Ok(())
}

/// Tells open pages. Where a directory is asked for, the password of whoever is no Global admin any more leads nowhere.
fn tell(change: &mut Change<'_>, organization: OrganizationId, held: &Held, before: &Roles, after: &Roles) {
    change.tell(Changed::Organization(organization));
    if before.has(Role::GlobalAdmin) && !after.has(Role::GlobalAdmin) {
        change.tell(Changed::SignedOut(AccountId(held.account_id)));
    }
}
