//! The list of operators.

use domain::Error;
use domain::ids::AccountId;
use domain::moment::Zone;
use domain::rights::{OperatorAction, keeps_programme_admin, may_take_off, operator_may};
use domain::view::operators::{FIND_MAX, OperatorRow, OperatorsPage, OperatorsQuery, PAGE_ROWS};
use domain::view::people::PersonStatus;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::{other_programme_admins, read_roles};
use crate::failure::Failure;
use crate::queue::item::stamp;
use crate::request::{Operator, Request};
use crate::{Outcome, Service, rights, sql};

/// Whoever is an operator: a few of all accounts, found by their roles.
const OPERATORS: &str = "from account a where a.id in (select r.account_id from operator_role r)";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    row_version: i64,
    full_name: String,
    email: String,
    status: String,
    last_sign_in_at: Option<i64>,
    roles: Option<String>,
    second_factor: bool,
    mail_comes_back: Option<String>,
}

fn rows() -> String {
    format!(
        "select a.id, a.row_version, a.full_name, a.email, a.status, a.last_sign_in_at,
            (select string_agg(r.role, ',') from operator_role r where r.account_id = a.id) as roles,
            exists (select 1 from second_factor f where f.account_id = a.id and f.confirmed_at is not null)
                as second_factor,
            (select b.reason from bouncing_address b where b.address_key = a.email_key) as mail_comes_back
        {OPERATORS}"
    )
}

impl TryFrom<Row> for OperatorRow {
    type Error = Failure;

    fn try_from(row: Row) -> Outcome<Self> {
        let utc = Zone::named("UTC");
        Ok(Self {
            id: AccountId(row.id),
            version: row.row_version,
            roles: read_roles(row.roles.as_deref()),
            status: PersonStatus::from_code(&row.status)
                .ok_or_else(|| Failure::broken("account", "status", row.id))?,
            name: row.full_name,
            email: row.email,
            second_factor: row.second_factor,
            mail_comes_back: row.mail_comes_back,
            last_sign_in: row.last_sign_in_at.map(|at| stamp(&utc, at)),
        })
    }
}

/// The page that the query asks for, by name.
///
/// # Errors
/// [`domain::ErrorCode::RoleNeeded`].
pub async fn page(service: &Service, request: &Request, query: &OperatorsQuery) -> Outcome<OperatorsPage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadEverything)?;
    let reader = service.database.reader();
    let (mut filter, mut values) = filter(query);
    let text = format!("select count(*) as number {OPERATORS}{filter}");
    let total = sql::number(reader, &text, values.clone()).await?;
    if let Some(after) = query.after {
        values.push(after.0.into());
        filter.push_str(&format!(
            " and (a.name_key, a.id) > (select b.name_key, b.id from account b where b.id = ${})",
            values.len()
        ));
    }
    let text = format!("{}{filter} order by a.name_key, a.id limit {}", rows(), PAGE_ROWS + 1);
    let found = sql::all::<Row>(reader, &text, values).await?;
    let mut rows = found.into_iter().map(OperatorRow::try_from).collect::<Outcome<Vec<_>>>()?;
    let most = PAGE_ROWS as usize;
    let more = rows.len() > most;
    rows.truncate(most);
    let open = match query.open {
        Some(open) => one(reader, open).await?,
        None => None,
    };
    let why_not = operator_may(&operator.roles, OperatorAction::ManageOperators).err();
    let (why_not_remove, why_not_take_off) = match &open {
        Some(open) => why_not_open(reader, operator, open, why_not.as_ref()).await?,
        None => (None, None),
    };
    Ok(OperatorsPage {
        next: rows.last().filter(|_| more).map(|row| row.id),
        rows,
        total,
        open,
        why_not,
        why_not_remove,
        why_not_take_off,
    })
}

fn filter(query: &OperatorsQuery) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let mut parts = String::new();
    let find: String = query.find.trim().chars().take(FIND_MAX).collect();
    if !find.is_empty() {
        values.push(sql::contains_pattern(&find).into());
        parts.push_str(" and (a.name_key like $1 escape '\\' or a.email_key like $1 escape '\\')");
    }
    if let Some(role) = query.role {
        values.push(role.code().into());
        parts.push_str(&format!(
            " and exists (select 1 from operator_role w where w.account_id = a.id and w.role = ${})",
            values.len()
        ));
    }
    (parts, values)
}

/// An operator as the list has them; none once they were removed, so that a page that had them open goes on.
async fn one(connection: &impl ConnectionTrait, account: AccountId) -> Outcome<Option<OperatorRow>> {
    let text = format!("{} and a.id = $1", rows());
    let row = sql::one::<Row>(connection, &text, [account.0.into()]).await?;
    row.map(OperatorRow::try_from).transpose()
}

/// Why the open operator can't be removed, and why their second factor can't be taken off.
async fn why_not_open(
    connection: &impl ConnectionTrait,
    by: &Operator,
    open: &OperatorRow,
    right: Option<&Error>,
) -> Outcome<(Option<Error>, Option<Error>)> {
    if let Some(right) = right {
        return Ok((Some(right.clone()), Some(right.clone())));
    }
    let remove = if open.status == PersonStatus::Active {
        let others = other_programme_admins(connection, open.id).await?;
        keeps_programme_admin(others, &open.roles, &[]).err()
    } else {
        None
    };
    Ok((remove, may_take_off(by.account, open.id).err()))
}
