//! What is here already of the companies that a batch of rows is about.

use std::collections::HashMap;

use domain::ids::OrganizationId;
use domain::older_portal::PortalState;
use domain::{Role, Tier};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::parse::Company;
use crate::bulk::places;
use crate::{Failure, Outcome, sql};

/// An account.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) email_key: String,
    pub(super) full_name: String,
    pub(super) language: String,
    pub(super) status: String,
}

/// A person of a company.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) person: Uuid,
    pub(super) status: String,
    pub(super) roles: Vec<Role>,
}

/// A holding.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Holding {
    pub(super) id: Uuid,
    organization_id: Uuid,
    pub(super) order_line_id: Uuid,
    tier: String,
    pub(super) areas: String,
    pub(super) starts_at: i64,
    pub(super) anniversary_at: i64,
}

/// A grant with its pool.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Grant {
    pub(super) id: Uuid,
    organization_id: Uuid,
    holding_id: Option<Uuid>,
    product_id: Uuid,
    area: Option<String>,
    pub(super) pool_id: Uuid,
    pub(super) quantity: Option<i64>,
    pub(super) used_before: i64,
    pub(super) pool_used_before: i64,
}

/// A company as it is here.
#[derive(Clone, Debug)]
pub(super) struct Present {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) account_email: String,
    pub(super) time_zone: String,
    pub(super) language: String,
    pub(super) tier: String,
    pub(super) state: PortalState,
    pub(super) primary: Option<Uuid>,
    /// By account.
    pub(super) people: HashMap<Uuid, Member>,
    pub(super) holdings: HashMap<Tier, Holding>,
    /// By holding, area and product.
    pub(super) grants: HashMap<(Uuid, Option<String>, Uuid), Grant>,
}

#[derive(FromQueryResult)]
struct OrganizationRow {
    id: Uuid,
    domain: String,
    name: String,
    account_email: String,
    time_zone: String,
    language: String,
    tier: String,
    portal_state: String,
    primary_person_id: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct PersonRow {
    id: Uuid,
    organization_id: Uuid,
    account_id: Uuid,
    status: String,
}

#[derive(FromQueryResult)]
struct RoleRow {
    person_id: Uuid,
    role: String,
}

/// Reads the companies of the rows, by domain; one query a table.
///
/// # Errors
/// [`Failure::Database`]; [`Failure::Broken`] for a state that doesn't exist.
pub(super) async fn companies(
    connection: &impl ConnectionTrait,
    some: &[Company],
) -> Outcome<HashMap<String, Present>> {
    let text = format!(
        "select o.id, o.domain, o.name, o.account_email, o.time_zone, o.language, o.tier, o.portal_state,
            r.primary_person_id
        from organization o left join older_record r on r.organization_id = o.id
        where o.domain in ({})",
        places(some.len())
    );
    let values = some.iter().map(|company| company.domain.clone().into());
    let mut present = HashMap::new();
    let mut domains: HashMap<Uuid, String> = HashMap::new();
    for row in sql::all::<OrganizationRow>(connection, &text, values).await? {
        let state = PortalState::from_code(&row.portal_state)
            .ok_or_else(|| Failure::broken("organization", "portal_state", OrganizationId(row.id)))?;
        domains.insert(row.id, row.domain.clone());
        let company = Present {
            id: row.id,
            name: row.name,
            account_email: row.account_email,
            time_zone: row.time_zone,
            language: row.language,
            tier: row.tier,
            state,
            primary: row.primary_person_id,
            people: HashMap::new(),
            holdings: HashMap::new(),
            grants: HashMap::new(),
        };
        present.insert(row.domain, company);
    }
    if domains.is_empty() {
        return Ok(present);
    }
    let ids = || domains.keys().map(|id| Value::from(*id)).collect::<Vec<_>>();
    let within = places(domains.len());
    let mut whose: HashMap<Uuid, (Uuid, Uuid)> = HashMap::new();
    let text = format!(
        "select id, organization_id, account_id, status from person where organization_id in ({within})"
    );
    for row in sql::all::<PersonRow>(connection, &text, ids()).await? {
        if let Some(company) = domains.get(&row.organization_id).and_then(|domain| present.get_mut(domain)) {
            whose.insert(row.id, (row.organization_id, row.account_id));
            let member = Member { person: row.id, status: row.status, roles: Vec::new() };
            company.people.insert(row.account_id, member);
        }
    }
    let text = format!("select person_id, role from person_role where organization_id in ({within})");
    for row in sql::all::<RoleRow>(connection, &text, ids()).await? {
        let Some((organization, account)) = whose.get(&row.person_id) else { continue };
        let company = domains.get(organization).and_then(|domain| present.get_mut(domain));
        if let Some(member) = company.and_then(|company| company.people.get_mut(account)) {
            member.roles.extend(Role::from_code(&row.role));
        }
    }
    let text = format!(
        "select h.id, h.organization_id, h.order_line_id, f.tier, h.areas, h.starts_at, h.anniversary_at
        from holding h join offer f on f.id = h.offer_id
        where h.organization_id in ({within}) and h.state = 'active'"
    );
    for row in sql::all::<Holding>(connection, &text, ids()).await? {
        let company = domains.get(&row.organization_id).and_then(|domain| present.get_mut(domain));
        if let (Some(company), Some(tier)) = (company, Tier::from_code(&row.tier)) {
            company.holdings.insert(tier, row);
        }
    }
    let text = format!(
        "select g.id, g.organization_id, g.holding_id, g.product_id, g.area, g.pool_id, po.quantity,
            g.used_before, po.used_before as pool_used_before
        from benefit_grant g join pool po on po.id = g.pool_id where g.organization_id in ({within})"
    );
    for row in sql::all::<Grant>(connection, &text, ids()).await? {
        let company = domains.get(&row.organization_id).and_then(|domain| present.get_mut(domain));
        if let (Some(company), Some(holding)) = (company, row.holding_id) {
            company.grants.insert((holding, row.area.clone(), row.product_id), row);
        }
    }
    Ok(present)
}

/// The accounts of all contacts that there are already, by the address as it is compared.
///
/// # Errors
/// [`Failure::Database`].
pub(super) async fn accounts(
    connection: &impl ConnectionTrait,
    keys: &[&str],
) -> Outcome<HashMap<String, Account>> {
    let mut accounts = HashMap::new();
    for some in keys.chunks(1_000) {
        let text = format!(
            "select id, email, email_key, full_name, language, status from account where email_key in ({})",
            places(some.len())
        );
        let values = some.iter().map(|key| Value::from(*key));
        for row in sql::all::<Account>(connection, &text, values).await? {
            accounts.insert(row.email_key.clone(), row);
        }
    }
    Ok(accounts)
}
