//! Rights: asked of `domain`, answered with the colleagues who could (rule 6).

use domain::ids::OrganizationId;
use domain::rights::{self, Action, OperatorAction};
use domain::{Error, Policies, Role};
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::request::{Operator, Person};
use crate::{Outcome, sql};

/// So many colleagues are named at most.
const NAMED: usize = 3;

/// Checks that the company's data can be changed at all.
///
/// # Errors
/// [`domain::ErrorCode::ReadOnly`] while it is still kept in the older portal, or no longer here
/// (rule 22).
pub async fn check_member(connection: &impl ConnectionTrait, person: &Person) -> Outcome<()> {
    let text = "select count(*) as number from organization where id = $1 and portal_state = 'member'";
    if sql::number(connection, text, [person.organization.0.into()]).await? == 0 {
        return Err(domain::ErrorCode::ReadOnly.into());
    }
    Ok(())
}

/// Checks that the person may.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`] with the roles that may and colleagues who have one.
pub async fn check(
    connection: &impl ConnectionTrait,
    person: &Person,
    action: Action,
    policies: &Policies,
) -> Outcome<()> {
    match why_not(connection, person, action, policies).await? {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// Why the person may not, for the visible text beside the action; none if they may.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn why_not(
    connection: &impl ConnectionTrait,
    person: &Person,
    action: Action,
    policies: &Policies,
) -> Outcome<Option<Error>> {
    let Err(mut error) = rights::may(&person.roles, action, policies) else { return Ok(None) };
    error.colleagues = colleagues(connection, person.organization, &error.roles).await?;
    Ok(Some(error))
}

/// Checks that the operator may.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`] with the operators' roles that may.
pub fn check_operator(operator: &Operator, action: OperatorAction) -> Outcome<()> {
    Ok(rights::operator_may(&operator.roles, action)?)
}

/// Names of active people who have one of the roles, first those with the role named first.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn colleagues(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    roles: &[Role],
) -> Outcome<Vec<String>> {
    let administrators = administrators(connection, organization).await?;
    Ok(named(&administrators, roles))
}

/// Somebody who has more to do in a company than an employee, once for each role.
#[derive(FromQueryResult)]
pub struct Administrator {
    full_name: String,
    role: String,
}

/// Names of those who have one of the roles, first those with the role named first; each once, and not
/// more than are named at all.
#[must_use]
pub fn named(administrators: &[Administrator], roles: &[Role]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(NAMED);
    for role in roles {
        for one in administrators.iter().filter(|one| one.role == role.code()) {
            if names.len() < NAMED && !names.contains(&one.full_name) {
                names.push(one.full_name.clone());
            }
        }
    }
    names
}

/// Active people of a company with a role beyond Employee, by name, at most a hundred.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn administrators(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<Vec<Administrator>> {
    let text = "select a.full_name, r.role from person_role r
        join person p on p.id = r.person_id and p.status = 'active'
        join account a on a.id = p.account_id and a.status = 'active'
        where r.organization_id = $1 and r.role in ('global_admin', 'partner_admin', 'user_admin', 'admin_agent')
        order by p.sort_name, p.id limit 100";
    Ok(sql::all::<Administrator>(connection, text, [organization.0.into()]).await?)
}
