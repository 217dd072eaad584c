//! The sample programme: what `seed-demo` loads, from the files in `service/sample_programme/`.
//!
//! The files travel inside the binary. Their days are ages, so that whatever day the programme is
//! loaded on, one offer was bought twelve days ago and another has its anniversary soon.

mod calendar;
mod catalogue;
mod files;
mod in_use;
pub mod large;
mod membership;
mod people;
mod purchases;
mod rows;
mod waiting;

use std::fmt;
use std::sync::LazyLock;

use domain::ids::OrganizationId;
use domain::{AuditAction, ErrorCode};

use crate::audit::Event;
use crate::change::Change;
use crate::request::{Actor, Request};
use crate::{Outcome, Service, passwords, sql};

use calendar::Calendar;
use catalogue::Catalogue;
use files::Files;
use in_use::InUse;
use membership::Membership;
use people::People;
use rows::Rows;

/// The password of every account of the sample programme. The sign-in page shows it.
pub const DEMO_PASSWORD: &str = "benefits-demo-2020";

/// The first order has the number after this one.
const ORDERS_FROM: i64 = 10_000;
/// So many days ago the keys came.
const KEYS_CAME_DAYS: i64 = 90;
/// So many days after loading, the first reminders of single benefits are due.
const FIRST_REMINDERS_DAYS: i64 = 2;
/// The first service request has the number after this one.
const REQUESTS_FROM: i64 = 20_400;

/// What was loaded, as one sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Partner companies.
    pub companies: usize,
    /// People of them, each once, however many companies they serve.
    pub people: usize,
    /// Operators of the programme.
    pub operators: usize,
    /// Products of the catalogue.
    pub products: usize,
    /// Rows of the companies' benefits tables.
    pub grants: usize,
    /// Seats that people hold.
    pub seats: usize,
    /// Product keys, drawn ones included.
    pub keys: usize,
    /// Requests that wait for an operator.
    pub requests: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The sample programme was loaded: {} companies, {} people, {} operators, {} products, \
             {} grants, {} seats, {} keys, {} open requests.",
            self.companies,
            self.people,
            self.operators,
            self.products,
            self.grants,
            self.seats,
            self.keys,
            self.requests
        )
    }
}

/// An account that can sign in with [`DEMO_PASSWORD`]; somebody who serves two companies is there
/// for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DemoAccount {
    /// Sign-in address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// The partner company; none for the programme's operators.
    pub company: Option<String>,
    /// Codes of the roles there: [`domain::Role`], or [`domain::OperatorRole`] for operators.
    pub roles: Vec<&'static str>,
}

/// The accounts that can sign in, in the order of the files, operators last.
#[must_use]
pub fn demo_accounts() -> Vec<DemoAccount> {
    // The sign-in page asks for them each time it is shown.
    static READ: LazyLock<Vec<DemoAccount>> = LazyLock::new(read_accounts);
    READ.clone()
}

fn read_accounts() -> Vec<DemoAccount> {
    // The files are part of the binary and a test reads them: there is nobody to tell of a fault.
    let Ok(files) = Files::embedded() else { return Vec::new() };
    let mut accounts = Vec::new();
    for company in &files.companies {
        for person in company.person.iter().filter(|person| person.state.is_none()) {
            accounts.push(DemoAccount {
                email: person.email.clone(),
                name: person.name.clone(),
                company: Some(company.name.clone()),
                roles: person.roles.iter().map(|role| role.code()).collect(),
            });
        }
    }
    for operator in &files.operators.operator {
        accounts.push(DemoAccount {
            email: operator.email.clone(),
            name: operator.name.clone(),
            company: None,
            roles: operator.roles.iter().map(|role| role.code()).collect(),
        });
    }
    accounts
}

/// Whether the database has a programme, the sample or another.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn is_loaded(service: &Service) -> Outcome<bool> {
    let text = "select count(*) as number from programme";
    Ok(sql::number(service.database.reader(), text, []).await? > 0)
}

/// Loads the sample programme, all of it or nothing.
///
/// # Errors
/// [`ErrorCode::WrongState`] where the database has a programme already;
/// [`crate::Failure::Broken`] for a file that names what isn't there or lacks a language;
/// [`crate::Failure::Database`].
pub async fn load(service: &Service) -> Outcome<Summary> {
    let files = Files::embedded()?;
    let password_hash = passwords::hash(service, DEMO_PASSWORD).await?;
    let request = Request { actor: Actor::Worker, address: String::new(), id: "sample_programme".to_owned() };
    let mut change = Change::begin_unasked(service, &request).await?;
    let text = "select count(*) as number from programme";
    if sql::number(&change.transaction, text, []).await? > 0 {
        return Err(ErrorCode::WrongState.into());
    }

    let mut rows = Rows::default();
    let catalogue = Catalogue::build(service, &files, &mut rows)?;
    let mut people = People::build(service, &files, &password_hash, change.now, &mut rows)?;
    for company in &files.companies {
        let calendar = Calendar::of(company, change.now)?;
        let staff = people.join(service, company, &calendar, &mut rows)?;
        let membership = Membership::build(service, &catalogue, company, &staff, &calendar, &mut rows)?;
        let mut in_use = InUse { service, catalogue: &catalogue, staff: &staff, membership, calendar };
        in_use.build(company, &mut rows)?;
        change.record(Event::new(
            OrganizationId(staff.organization),
            AuditAction::SampleProgrammeLoaded,
            "organization",
            staff.organization,
        ));
    }
    rows.number(ORDERS_FROM, REQUESTS_FROM);

    let operators = files.operators.operator.len();
    let summary = Summary {
        companies: rows.organization.len(),
        people: rows.account.len() - operators,
        operators,
        products: rows.product.len(),
        grants: rows.benefit_grant.len(),
        seats: rows.seat.iter().filter(|seat| seat.released_at.is_none()).count(),
        keys: rows.product_key.len(),
        requests: rows.service_request.len(),
    };
    rows.write(&change.transaction).await?;
    purchases::write(&change.transaction, &files, change.now).await?;
    write_batches(&change).await?;
    let older = &files.operators.programme.older_portal;
    let text = "insert into older_portal (id, sign_in_link, technical_contact) values (1, $1, $2)
        on conflict (id) do nothing";
    let values = [older.sign_in_link.as_str().into(), older.technical_contact.as_str().into()];
    sql::run(&change.transaction, text, values).await?;
    // Whatever is due on the first day was told long ago.
    let text = "update organization set next_reminders_at = $1";
    sql::run(&change.transaction, text, [change.now.plus_days(FIRST_REMINDERS_DAYS).0.into()]).await?;
    change.commit(()).await?;
    Ok(summary)
}

/// The keys of each pool came in one batch.
async fn write_batches(change: &Change<'_>) -> Outcome<()> {
    let text = "insert into key_batch (id, key_pool_id, name, source, state, imported_by, created_at, ended_at, lines,
            position, accepted)
        select p.id, p.id, 'First keys', 'Sample programme', 'done',
            (select r.account_id from operator_role r where r.role = 'catalogue_manager' order by r.account_id limit 1),
            $1, $1, k.number, k.number, k.number
        from key_pool p join (select key_pool_id, count(*) as number from product_key group by key_pool_id) k
            on k.key_pool_id = p.id";
    sql::run(&change.transaction, text, [change.now.plus_days(-KEYS_CAME_DAYS).0.into()]).await?;
    sql::run(&change.transaction, "update product_key set key_batch_id = key_pool_id", []).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::demo_accounts;
    use super::files::Files;

    #[test]
    fn the_embedded_files_can_be_read() {
        let files = Files::embedded().expect("the files fit their schema");
        assert_eq!(files.companies.len(), 4);
        assert_eq!(files.operators.operator.len(), 5);
    }

    #[test]
    fn whoever_can_sign_in_is_listed_once_for_each_side() {
        let accounts = demo_accounts();
        let of = |email: &str| accounts.iter().filter(|account| account.email == email).count();
        assert_eq!(of("maren.tolvik@fernhollow.example"), 1);
        assert_eq!(of("noor.castellane@tarnbridge.example"), 2);
        assert_eq!(of("eirik.tveitanger@fernhollow.example"), 0, "invited");
        assert_eq!(of("tarik.selimbasic@fernhollow.example"), 0, "suspended");
        assert_eq!(accounts.iter().filter(|account| account.company.is_none()).count(), 5);
        assert!(accounts.iter().all(|account| !account.roles.is_empty()));
    }
}
