//! The operators of the programme: who they are, with which roles.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::operator::Stamp;
use super::people::PersonStatus;
use crate::ids::AccountId;
use crate::role::OperatorRole;

/// Rows of a page.
pub const PAGE_ROWS: u32 = 50;
/// So many characters of what is looked for count.
pub const FIND_MAX: usize = 120;

/// What the address of the list asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OperatorsQuery {
    /// Part of the name or the address.
    pub find: String,
    /// Only those with the role.
    pub role: Option<OperatorRole>,
    /// The operator after whom the page begins.
    pub after: Option<AccountId>,
    /// The row that is open.
    pub open: Option<AccountId>,
}

impl OperatorsQuery {
    /// What an address asks for; what it says wrongly counts as not said.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        Self {
            find: get("find").unwrap_or_default().chars().take(FIND_MAX).collect(),
            role: get("role").and_then(|role| OperatorRole::from_code(&role)),
            after: get("after").and_then(|after| after.parse().ok()),
            open: get("open").and_then(|open| open.parse().ok()),
        }
    }

    /// What an address has to say to ask for it.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        [
            ("find", Some(self.find.clone()).filter(|find| !find.is_empty())),
            ("role", self.role.map(|role| role.code().to_owned())),
            ("after", self.after.map(|after| after.to_string())),
            ("open", self.open.map(|open| open.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// An operator in the list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OperatorRow {
    /// The account.
    pub id: AccountId,
    /// Version of the row, for the forms.
    pub version: i64,
    /// Full name.
    pub name: String,
    /// Sign-in address.
    pub email: String,
    /// Roles, in the order of the table.
    pub roles: Vec<OperatorRole>,
    /// Status.
    pub status: PersonStatus,
    /// Whether the second factor is on.
    pub second_factor: bool,
    /// Why mail to the address comes back; none where it doesn't.
    pub mail_comes_back: Option<String>,
    /// The last sign-in, UTC; none where there was none yet.
    pub last_sign_in: Option<Stamp>,
}

/// The list with its open row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OperatorsPage {
    /// Rows of this page, by name.
    pub rows: Vec<OperatorRow>,
    /// Operators that the filters leave.
    pub total: i64,
    /// Where the next page begins, if there is one.
    pub next: Option<AccountId>,
    /// The open row, also where the filters hide it.
    pub open: Option<OperatorRow>,
    /// Why the reader can't change operators.
    pub why_not: WhyNot,
    /// Why the open operator can't be removed.
    pub why_not_remove: WhyNot,
    /// Why the open operator's second factor can't be taken off.
    pub why_not_take_off: WhyNot,
}
