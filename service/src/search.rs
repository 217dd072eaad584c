//! Who was meant by a part of a name or an address, for lists that are too long to be read through: people and
//! companies are looked for where each stands once, and what is theirs is found by indexes.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::{Outcome, sql};

/// What so many people have is looked up; where more are meant, something of theirs stands never far down a list.
const PEOPLE: usize = 1_000;
/// The same of companies, which have more each.
const COMPANIES: usize = 20;
/// Letters that are looked at.
const LETTERS: usize = 120;

/// Somebody who was meant.
#[derive(FromQueryResult)]
pub(crate) struct Called {
    /// The account.
    pub(crate) id: Uuid,
    /// Its address, folded.
    pub(crate) address: String,
}

/// Who was meant.
pub(crate) struct Meant {
    /// What was typed, as a pattern for `like` with `\` before what stands for itself.
    pub(crate) pattern: String,
    /// People by name or address, or as many of them as one more than are looked up.
    pub(crate) people: Vec<Called>,
    /// Companies by name, in the same way.
    pub(crate) companies: Vec<Uuid>,
}

impl Meant {
    /// Looks for them; none where nothing was typed.
    ///
    /// # Errors
    /// [`crate::Failure::Database`].
    pub(crate) async fn by(connection: &impl ConnectionTrait, typed: &str) -> Outcome<Option<Self>> {
        #[derive(FromQueryResult)]
        struct Company {
            id: Uuid,
        }
        let find: String = typed.trim().chars().take(LETTERS).collect();
        if find.is_empty() {
            return Ok(None);
        }
        let pattern = sql::contains_pattern(&find);
        let text = format!(
            "select a.id, a.email_key as address from account a
            where a.name_key like $1 escape '\\' or a.email_key like $1 escape '\\' limit {}",
            PEOPLE + 1
        );
        let people = sql::all::<Called>(connection, &text, [pattern.as_str().into()]).await?;
        let text = format!(
            "select o.id from organization o where o.name_key like $1 escape '\\' limit {}",
            COMPANIES + 1
        );
        let companies = sql::all::<Company>(connection, &text, [pattern.as_str().into()]).await?;
        let companies = companies.into_iter().map(|company| company.id).collect();
        Ok(Some(Self { pattern, people, companies }))
    }

    /// Whether so many are meant that what is theirs is found by going down a list.
    pub(crate) const fn are_many(&self) -> bool {
        self.people.len() > PEOPLE || self.companies.len() > COMPANIES
    }
}

/// Adds values and gives their places, as they stand between parentheses.
pub(crate) fn among(values: &mut Vec<Value>, more: impl IntoIterator<Item = Value>) -> String {
    let before = values.len();
    values.extend(more);
    (before + 1..=values.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}
