//! Operators of the programme: who they are, with which roles, how they come and go.

pub mod add;
pub mod list;
pub mod remove;
pub mod roles;
pub mod second_factor;

use domain::ids::{AccountId, OrganizationId};
use domain::rights::{OperatorAction, keeps_programme_admin, operator_may};
use domain::role::operator_roles;
use domain::{AuditAction, ErrorCode, Language, OperatorRole};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::Change;
use crate::enrolment::programme_name;
use crate::entity::operator_role;
use crate::live::Changed;
use crate::outbox::Letter;
use crate::request::Operator;
use crate::{Outcome, sql};

/// An operator with the roles held.
#[derive(FromQueryResult)]
struct Held {
    id: Uuid,
    full_name: String,
    email: String,
    language: String,
    status: String,
    row_version: i64,
    roles: Option<String>,
}

impl Held {
    const fn account(&self) -> AccountId {
        AccountId(self.id)
    }

    fn roles(&self) -> Vec<OperatorRole> {
        read_roles(self.roles.as_deref())
    }

    fn language(&self) -> Language {
        Language::from_tag(&self.language).unwrap_or_default()
    }

    /// A mail to the operator about the own role; name and programme are among its values.
    async fn letter(
        &self,
        change: &Change<'_>,
        kind: &'static str,
        by: &Operator,
        path: &str,
    ) -> Outcome<Letter> {
        let programme = programme_name(&change.transaction, self.language()).await?;
        Ok(Letter {
            organization: None,
            account: Some(self.account()),
            recipient: self.email.clone(),
            language: self.language(),
            kind,
            values: vec![
                ("person", self.full_name.clone()),
                ("by", by.name.clone()),
                ("programme", programme),
            ],
            path: path.to_owned(),
            secret: None,
            dates: Vec::new(),
        })
    }
}

/// Roles as a query gathers them.
fn read_roles(roles: Option<&str>) -> Vec<OperatorRole> {
    operator_roles(roles.unwrap_or_default().split(',').filter_map(OperatorRole::from_code))
}

/// Roles as an audit event has them.
fn codes(roles: &[OperatorRole]) -> String {
    roles.iter().map(|role| role.code()).collect::<Vec<_>>().join(" ")
}

/// Roles in a mail.
fn words(language: Language, roles: &[OperatorRole]) -> String {
    let texts = locales::texts(language);
    let names: Vec<&str> =
        roles.iter().map(|role| texts.find_role(role.code()).unwrap_or_default()).collect();
    locales::format::list_and(language, &names)
}

/// Lets changes of operators wait for each other: who counts the programme admins must not count one who is being
/// demoted meanwhile.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn lock(change: &Change<'_>) -> Outcome<()> {
    if change.service().database.is_postgres() {
        let text = "lock table operator_role in share row exclusive mode";
        sql::run(&change.transaction, text, []).await?;
    }
    Ok(())
}

/// Waits for other changes of operators, and asks again whether this one may be made: nobody acts as the programme
/// admin that they were.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever has lost the role since they were let in.
async fn claim(change: &Change<'_>, operator: &Operator) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Own {
        roles: Option<String>,
    }
    lock(change).await?;
    let text = "select string_agg(role, ',') as roles from operator_role where account_id = $1";
    let own = sql::one::<Own>(&change.transaction, text, [operator.account.0.into()]).await?;
    let roles = read_roles(own.and_then(|own| own.roles).as_deref());
    Ok(operator_may(&roles, OperatorAction::ManageOperators)?)
}

/// An operator, as the transaction that has claimed the operators finds them.
///
/// # Errors
/// [`ErrorCode::NotFound`].
async fn held(change: &Change<'_>, account: AccountId) -> Outcome<Held> {
    let text = "select a.id, a.full_name, a.email, a.language, a.status, a.row_version,
            (select string_agg(r.role, ',') from operator_role r where r.account_id = a.id) as roles
        from account a
        where a.id = $1 and exists (select 1 from operator_role r where r.account_id = a.id)";
    let row = sql::one::<Held>(&change.transaction, text, [account.0.into()]).await?;
    Ok(row.ok_or(ErrorCode::NotFound)?)
}

/// The same, in the version that the page showed.
///
/// # Errors
/// [`ErrorCode::NotFound`], [`ErrorCode::Stale`].
async fn held_in(change: &Change<'_>, account: AccountId, version: i64) -> Outcome<Held> {
    let held = held(change, account).await?;
    if held.row_version != version {
        return Err(ErrorCode::Stale.into());
    }
    Ok(held)
}

/// Programme admins who can sign in, without this one.
async fn other_programme_admins(connection: &impl ConnectionTrait, account: AccountId) -> Outcome<u64> {
    let text = "select count(*) as number from operator_role r
        join account a on a.id = r.account_id and a.status = 'active'
        where r.role = 'programme_admin' and r.account_id <> $1";
    let others = sql::number(connection, text, [account.0.into()]).await?;
    Ok(u64::try_from(others).unwrap_or(0))
}

/// Checks that a programme admin remains, and writes the roles in place of those before; the one place where an
/// operator's roles change. None are left for whoever is removed.
///
/// # Errors
/// [`ErrorCode::LastProgrammeAdmin`].
async fn put(change: &mut Change<'_>, held: &Held, after: &[OperatorRole]) -> Outcome<()> {
    let before = held.roles();
    if held.status == "active" {
        let others = other_programme_admins(&change.transaction, held.account()).await?;
        keeps_programme_admin(others, &before, after)?;
    }
    let text = "delete from operator_role where account_id = $1";
    sql::run(&change.transaction, text, [held.id.into()]).await?;
    grant(&change.transaction, held.account(), after).await?;
    hand_back(change, held.account(), after).await
}

/// Writes roles of somebody who has none, and notes that the account changed.
async fn grant(connection: &impl ConnectionTrait, account: AccountId, roles: &[OperatorRole]) -> Outcome<()> {
    if !roles.is_empty() {
        let rows = roles.iter().map(|role| operator_role::ActiveModel {
            account_id: Set(account.0),
            role: Set(role.code().to_owned()),
        });
        operator_role::Entity::insert_many(rows).exec_without_returning(connection).await?;
    }
    let text = "update account set row_version = row_version + 1 where id = $1";
    sql::run(connection, text, [account.0.into()]).await?;
    Ok(())
}

/// Gives requests back that somebody with these roles can't decide: whoever looks next takes them.
async fn hand_back(change: &mut Change<'_>, account: AccountId, roles: &[OperatorRole]) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Released {
        id: Uuid,
        organization_id: Uuid,
        grant_id: Option<Uuid>,
        requested_by: Uuid,
    }
    let may = |action| operator_may(roles, action).is_ok();
    let which = match (may(OperatorAction::WorkQueue), may(OperatorAction::DecideRefunds)) {
        (true, true) => return Ok(()),
        (true, false) => " and kind = 'cancellation'",
        (false, true) => " and kind <> 'cancellation'",
        (false, false) => "",
    };
    let text = format!(
        "update service_request set owner_id = null, state = 'requested', row_version = row_version + 1
        where owner_id = $1 and open{which} returning id, organization_id, grant_id, requested_by"
    );
    let released = sql::all::<Released>(&change.transaction, &text, [account.0.into()]).await?;
    for request in released {
        let organization = OrganizationId(request.organization_id);
        let event = Event::new(organization, AuditAction::RequestReleased, "service_request", request.id)
            .person(request.requested_by);
        change.record(Event { grant: request.grant_id, ..event });
        change.tell(Changed::Organization(organization));
        change.tell(Changed::Queue);
    }
    Ok(())
}
