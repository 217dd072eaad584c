//! What would come of each row: nothing is written here.

use std::collections::{HashMap, HashSet};

use domain::error::Faults;
use domain::rights::check_role_change;
use domain::text::{Email, PersonName};
use domain::view::people_import::ImportRow;
use domain::{ErrorCode, Field, FieldError, Roles};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use super::file::{self, Raw};
use crate::directories::WaysIn;
use crate::people::add::NewPerson;
use crate::request::Person;
use crate::{Outcome, sql};

/// A row with what it comes to.
pub(super) struct Checked {
    /// As the page shows it.
    pub(super) shown: ImportRow,
    /// Who would be added; nobody where something is wrong.
    pub(super) person: Option<NewPerson>,
}

/// Checks every row: its texts, what the reader may grant, the other rows, and who is here already.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn check(
    connection: &impl ConnectionTrait,
    by: &Person,
    rows: Vec<Raw>,
) -> Outcome<Vec<Checked>> {
    let key = |row: &Raw| Email::parse(Field::Email, &row.email).ok().map(|email| email.key());
    let keys: Vec<Option<String>> =
        rows.iter().map(|row| key(row).filter(|_| row.misread.is_none())).collect();
    let taken = taken(connection, by, &keys).await?;
    let ways = WaysIn::of(connection, by.organization).await?;
    let mut first: HashMap<&str, i64> = HashMap::new();
    let mut checked = Vec::with_capacity(rows.len());
    for (row, key) in rows.into_iter().zip(&keys) {
        let mut one = alone(by, row);
        if let Some(key) = key {
            let of_address = |code| FieldError { field: Field::Email, code, number: None };
            let earlier = *first.entry(key).or_insert(one.shown.line);
            if earlier != one.shown.line {
                let fault = FieldError { number: Some(earlier), ..of_address(ErrorCode::DuplicateRow) };
                one.shown.faults.push(fault);
            } else if taken.here.contains(key) {
                one.shown.faults.push(of_address(ErrorCode::AlreadyInOrganization));
            } else if taken.operators.contains(key) {
                one.shown.faults.push(of_address(ErrorCode::WrongSide));
            } else if let Some(Err(code)) = one.person.as_ref().map(|person| ways.check(&person.email)) {
                one.shown.faults.push(of_address(code));
            }
        }
        if !one.shown.faults.is_empty() {
            one.person = None;
        }
        checked.push(one);
    }
    Ok(checked)
}

/// What is wrong about a row by itself.
fn alone(by: &Person, row: Raw) -> Checked {
    if let Some(code) = row.misread {
        let fault = FieldError { field: Field::Name, code, number: None };
        let Raw { line, name, email, roles, language, .. } = row;
        let shown =
            ImportRow { line, name, email, roles, language, understood: Vec::new(), faults: vec![fault] };
        return Checked { shown, person: None };
    }
    let mut faults = Faults::default();
    let name = faults.take(PersonName::parse(Field::Name, &row.name));
    let email = faults.take(Email::parse(Field::Email, &row.email));
    let roles = file::roles(&row.roles).map(Roles::new);
    match &roles {
        None => faults.add(Field::Roles, ErrorCode::UnknownChoice),
        Some(roles) if check_role_change(&by.roles, &Roles::default(), roles).is_err() => {
            faults.add(Field::Roles, ErrorCode::RoleNotGrantable);
        }
        Some(_) => {}
    }
    let language = file::language(&row.language, by.language);
    if language.is_none() {
        faults.add(Field::Language, ErrorCode::UnknownChoice);
    }
    let Raw { line, name: name_text, email: email_text, roles: roles_text, language: language_text, .. } =
        row;
    let shown = ImportRow {
        line,
        name: name_text,
        email: email_text,
        roles: roles_text,
        language: language_text,
        understood: roles.iter().flat_map(|roles| roles.iter()).collect(),
        faults: faults.check().err().map(|error| error.fields).unwrap_or_default(),
    };
    let person = match (name, email, roles, language) {
        (Some(name), Some(email), Some(roles), Some(language)) => {
            Some(NewPerson { name, email, roles, language, suspended: false })
        }
        _ => None,
    };
    Checked { shown, person }
}

/// Addresses that can't be added.
struct Taken {
    /// Of people of the company.
    here: HashSet<String>,
    /// Of operators of the programme.
    operators: HashSet<String>,
}

async fn taken(connection: &impl ConnectionTrait, by: &Person, keys: &[Option<String>]) -> Outcome<Taken> {
    #[derive(FromQueryResult)]
    struct Row {
        email_key: String,
        here: bool,
        operator: bool,
    }
    let mut values: Vec<Value> = vec![by.organization.0.into()];
    let places: Vec<String> = keys
        .iter()
        .flatten()
        .map(|key| {
            values.push(key.clone().into());
            format!("${}", values.len())
        })
        .collect();
    let mut taken = Taken { here: HashSet::new(), operators: HashSet::new() };
    if places.is_empty() {
        return Ok(taken);
    }
    let text = format!(
        "select a.email_key,
            exists (select 1 from person p where p.account_id = a.id and p.organization_id = $1
                and p.status <> 'left') as here,
            exists (select 1 from operator_role r where r.account_id = a.id) as operator
        from account a where a.email_key in ({})",
        places.join(", ")
    );
    for row in sql::all::<Row>(connection, &text, values).await? {
        if row.here {
            taken.here.insert(row.email_key);
        } else if row.operator {
            taken.operators.insert(row.email_key);
        }
    }
    Ok(taken)
}
