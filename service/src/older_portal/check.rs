//! What the rows say together, and what is here already: nothing is written here.

use std::collections::{HashMap, HashSet};

use domain::moment::Zone;
use domain::older_portal::{PortalState, RecordColumn, RecordFault, RowFault, check_used, quantity};
use domain::{Moment, Tier};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::Report;
use super::catalogue::Catalogue;
use super::parse::{Book, Company, Membership, Row};
use crate::bulk::places;
use crate::{Outcome, sql};

/// So many are looked for with one query.
const AT_ONCE: usize = 500;

/// Checks every row against the others and against the database. Gives the companies with the rows that
/// can be written; the report gets the faults.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn check(
    connection: &impl ConnectionTrait,
    catalogue: &Catalogue,
    book: Book,
    report: &mut Report,
) -> Outcome<Vec<Company>> {
    let Book { mut companies, mut faults, .. } = book;
    let members = members(connection, &companies).await?;
    let operators = operators(connection).await?;
    let mut here = holdings(connection, &companies).await?;
    for company in &mut companies {
        if let Some(holdings) = here.remove(&company.domain) {
            versions(company, &holdings);
        }
        one(catalogue, company, members.contains(&company.domain), &operators, &mut faults);
    }
    companies.retain(|company| company.about.as_ref().is_some_and(|about| about.holds.is_some()));
    faults.sort_by_key(|fault| fault.line);
    let lines: HashSet<u32> = faults.iter().map(|fault| fault.line).collect();
    report.faulty = lines.len();
    report.faults = faults;
    Ok(companies)
}

/// Domains of companies that are members here already.
async fn members(connection: &impl ConnectionTrait, companies: &[Company]) -> Outcome<HashSet<String>> {
    #[derive(FromQueryResult)]
    struct Found {
        domain: String,
        portal_state: String,
    }
    let mut members = HashSet::new();
    for some in companies.chunks(AT_ONCE) {
        let text =
            format!("select domain, portal_state from organization where domain in ({})", places(some.len()));
        let values = some.iter().map(|company| company.domain.clone().into());
        for row in sql::all::<Found>(connection, &text, values).await? {
            if row.portal_state == PortalState::Member.code() {
                members.insert(row.domain);
            }
        }
    }
    Ok(members)
}

/// A membership that is here.
#[derive(FromQueryResult)]
struct Holding {
    domain: String,
    tier: String,
    starts_at: i64,
    catalogue_version: i64,
}

/// Memberships that are here, by the company's domain.
async fn holdings(
    connection: &impl ConnectionTrait,
    companies: &[Company],
) -> Outcome<HashMap<String, Vec<Holding>>> {
    let mut holdings: HashMap<String, Vec<Holding>> = HashMap::new();
    for some in companies.chunks(AT_ONCE) {
        let text = format!(
            "select o.domain, f.tier, h.starts_at, h.catalogue_version from holding h
            join organization o on o.id = h.organization_id join offer f on f.id = h.offer_id
            where o.domain in ({}) and h.state = 'active'",
            places(some.len())
        );
        let values = some.iter().map(|company| company.domain.clone().into());
        for row in sql::all::<Holding>(connection, &text, values).await? {
            holdings.entry(row.domain.clone()).or_default().push(row);
        }
    }
    Ok(holdings)
}

/// A membership keeps the version that it came with, until the older portal renews it.
fn versions(company: &mut Company, here: &[Holding]) {
    let Some(about) = company.about.as_ref().and_then(|row| row.holds.as_ref()) else { return };
    let zone = Zone::named(&about.time_zone);
    for membership in company.memberships.iter_mut().filter_map(|row| row.holds.as_mut()) {
        let known = here.iter().find(|known| known.tier == membership.tier.code());
        // The company's time zone may be another one by now.
        let renewed =
            |known: &&Holding| Moment(known.starts_at).plus_days(1) < zone.start_of(membership.began);
        if let Some(known) = known.filter(|known| !renewed(known)) {
            membership.version = known.catalogue_version;
        }
    }
}

/// Addresses of those who run the programme, as they are compared; there are few.
async fn operators(connection: &impl ConnectionTrait) -> Outcome<HashSet<String>> {
    #[derive(FromQueryResult)]
    struct Found {
        email_key: String,
    }
    let text = "select distinct a.email_key from operator_role r join account a on a.id = r.account_id";
    Ok(sql::all::<Found>(connection, text, []).await?.into_iter().map(|row| row.email_key).collect())
}

fn fault(line: u32, column: RecordColumn, fault: RecordFault, number: Option<i64>) -> RowFault {
    RowFault { line, column, fault, number }
}

fn one(
    catalogue: &Catalogue,
    company: &mut Company,
    member: bool,
    operators: &HashSet<String>,
    faults: &mut Vec<RowFault>,
) {
    contacts(company, operators, faults);
    memberships(catalogue, company, faults);
    let network = company
        .memberships
        .iter()
        .find(|row| row.holds.as_ref().is_some_and(|membership| membership.tier == Tier::Network));
    let network = network.is_some();
    let refused = match &mut company.about {
        None => Some((RecordFault::CompanyMissing, None)),
        Some(about) => {
            if about.holds.is_some() && member {
                faults.push(fault(about.line, RecordColumn::Domain, RecordFault::AlreadyMember, None));
                about.holds = None;
            } else if about.holds.is_some() && !network {
                faults.push(fault(about.line, RecordColumn::Tier, RecordFault::NetworkMissing, None));
                about.holds = None;
            }
            about.holds.is_none().then_some((RecordFault::CompanyFaulty, Some(i64::from(about.line))))
        }
    };
    if let Some((why, number)) = refused {
        fn refuse<T>(rows: &[Row<T>], why: RecordFault, number: Option<i64>, faults: &mut Vec<RowFault>) {
            // Rows with faults of their own have said them already.
            let good = rows.iter().filter(|row| row.holds.is_some());
            faults.extend(good.map(|row| fault(row.line, RecordColumn::Domain, why, number)));
        }
        refuse(&company.contacts, why, number, faults);
        refuse(&company.memberships, why, number, faults);
        refuse(&company.grants, why, number, faults);
        return;
    }
    grants(catalogue, company, faults);
    company.contacts.retain(|row| row.holds.is_some());
    company.memberships.retain(|row| row.holds.is_some());
    company.grants.retain(|row| row.holds.is_some());
}

/// Nobody who runs the programme, and nobody twice.
fn contacts(company: &mut Company, operators: &HashSet<String>, faults: &mut Vec<RowFault>) {
    let mut first: HashMap<String, u32> = HashMap::new();
    if let Some(about) = &mut company.about
        && let Some(holds) = &about.holds
    {
        if operators.contains(&holds.contact.key) {
            let column = RecordColumn::ContactEmail;
            faults.push(fault(about.line, column, RecordFault::OperatorAddress, None));
            about.holds = None;
        } else {
            first.insert(holds.contact.key.clone(), about.line);
        }
    }
    for row in &mut company.contacts {
        let Some(contact) = &row.holds else { continue };
        let column = RecordColumn::ContactEmail;
        let earlier = *first.entry(contact.key.clone()).or_insert(row.line);
        if operators.contains(&contact.key) {
            faults.push(fault(row.line, column, RecordFault::OperatorAddress, None));
            row.holds = None;
        } else if earlier != row.line {
            faults.push(fault(row.line, column, RecordFault::DuplicateRow, Some(i64::from(earlier))));
            row.holds = None;
        }
    }
}

/// No tier twice, and none that the programme doesn't offer; areas where they belong.
fn memberships(catalogue: &Catalogue, company: &mut Company, faults: &mut Vec<RowFault>) {
    let mut first: HashMap<Tier, u32> = HashMap::new();
    for row in &mut company.memberships {
        let Some(membership) = &row.holds else { continue };
        let competency = matches!(membership.tier, Tier::Silver | Tier::Gold);
        let earlier = *first.entry(membership.tier).or_insert(row.line);
        let wrong = if earlier != row.line {
            Some((RecordColumn::Tier, RecordFault::DuplicateRow, Some(i64::from(earlier))))
        } else if !catalogue.offers.contains_key(&membership.tier) {
            Some((RecordColumn::Tier, RecordFault::UnknownTier, None))
        } else if competency && membership.areas.is_empty() {
            Some((RecordColumn::Areas, RecordFault::Required, None))
        } else if !competency && !membership.areas.is_empty() {
            Some((RecordColumn::Areas, RecordFault::UnknownArea, None))
        } else {
            None
        };
        if let Some((column, code, number)) = wrong {
            faults.push(fault(row.line, column, code, number));
            row.holds = None;
        }
    }
}

/// What a shared pool has, by the tier and its name.
#[derive(Default)]
struct Shared {
    quantity: Option<i64>,
    used: i64,
}

/// Each benefit once, from a membership that brings it, no more than that brings, no more used than
/// there are.
fn grants(catalogue: &Catalogue, company: &mut Company, faults: &mut Vec<RowFault>) {
    let memberships: HashMap<Tier, &Membership> = company
        .memberships
        .iter()
        .filter_map(|row| row.holds.as_ref())
        .map(|membership| (membership.tier, membership))
        .collect();
    // A membership with a fault has no tier to be known by: any of them may be the one.
    let faulty = company.memberships.iter().find(|row| row.holds.is_none()).map(|row| i64::from(row.line));
    let mut first: HashMap<(Tier, Option<String>, uuid::Uuid), u32> = HashMap::new();
    let mut shared: HashMap<(Tier, &str), Shared> = HashMap::new();
    for row in &mut company.grants {
        let line = row.line;
        let Some(grant) = &mut row.holds else { continue };
        let wrong = (|| {
            let Some(membership) = memberships.get(&grant.tier) else {
                return Err(match faulty {
                    Some(line) => (RecordColumn::Tier, RecordFault::MembershipFaulty, Some(line)),
                    None => (RecordColumn::Tier, RecordFault::MembershipMissing, None),
                });
            };
            let held = grant.area.as_ref().is_none_or(|area| membership.areas.contains(area));
            let plan = catalogue.plan(membership.version, grant.tier, grant.area.as_deref(), grant.product);
            let Some(plan) = plan.filter(|_| held) else {
                return Err((RecordColumn::Benefit, RecordFault::NotInPlan, None));
            };
            let key = (grant.tier, grant.area.clone(), grant.product);
            let earlier = *first.entry(key).or_insert(line);
            if earlier != line {
                let number = Some(i64::from(earlier));
                return Err((RecordColumn::Benefit, RecordFault::DuplicateRow, number));
            }
            let there = quantity(plan.limit, grant.quantity)
                .map_err(|(code, number)| (RecordColumn::Quantity, code, Some(number)))?;
            let too_many = |(code, number): (RecordFault, i64)| (RecordColumn::Used, code, Some(number));
            check_used(there, grant.used).map_err(too_many)?;
            if let Some(pool) = &plan.pool {
                let shared = shared.entry((grant.tier, pool.as_str())).or_default();
                shared.quantity = shared.quantity.max(there);
                check_used(shared.quantity, shared.used + grant.used).map_err(too_many)?;
                shared.used += grant.used;
            }
            grant.quantity = there;
            Ok(())
        })();
        if let Err((column, code, number)) = wrong {
            faults.push(fault(line, column, code, number));
            row.holds = None;
        }
    }
}
