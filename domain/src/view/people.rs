//! The people of an organization, and who is invited.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use crate::error::codes;
use crate::ids::PersonId;
use crate::{Day, Role};

/// Rows of a page.
pub const PAGE_ROWS: u32 = 50;

codes! {
    /// How a person stands in an organization.
    PersonStatus {
        /// Has an invitation and no password yet.
        Invited = "invited",
        /// Can sign in.
        Active = "active",
        /// Can't sign in for now.
        Suspended = "suspended",
        /// Has left; the row stays for what hangs on it.
        Left = "left",
    }
}

/// What the address of the page asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PeopleQuery {
    /// Part of the name or the address.
    pub find: String,
    /// Only those with the role.
    pub role: Option<Role>,
    /// Only those with the status.
    pub status: Option<PersonStatus>,
    /// The person after whom the page begins.
    pub after: Option<PersonId>,
    /// The row that is open.
    pub open: Option<PersonId>,
}

/// A person in the list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PersonRow {
    /// The person.
    pub id: PersonId,
    /// Version of the row, for the form that sets roles.
    pub version: i64,
    /// Full name.
    pub name: String,
    /// Sign-in address.
    pub email: String,
    /// Roles, in the order of the table.
    pub roles: Vec<Role>,
    /// Status.
    pub status: PersonStatus,
    /// Active seats.
    pub seats: i64,
    /// Since when the person is here.
    pub since: Day,
}

/// The list with its open row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PeoplePage {
    /// Rows of this page.
    pub rows: Vec<PersonRow>,
    /// Rows that the filters leave.
    pub total: i64,
    /// People without filters, those who left aside.
    pub all: i64,
    /// Active Global admins who can sign in.
    pub global_admins: i64,
    /// Rows before this page.
    pub before: i64,
    /// The person after whom the next page begins.
    pub next: Option<PersonId>,
    /// The open row, which may stand on another page.
    pub open: Option<PersonRow>,
    /// Why the reader can't add people.
    pub why_not_add: WhyNot,
    /// Why the reader can't set roles.
    pub why_not_roles: WhyNot,
    /// Roles that the reader can grant and take away.
    pub grantable: Vec<Role>,
    /// What is left of the set-up (rule 4).
    pub setup: Setup,
}

/// How far the set-up of an organization is (rule 4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Whether it is finished.
    pub finished: bool,
    /// Whether the reader is the founder, who finishes it.
    pub by_reader: bool,
    /// Name of the founder.
    pub founder: Option<String>,
}

/// What the page **Add user** needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AddUserPage {
    /// Why the reader can't.
    pub why_not: WhyNot,
    /// Roles that the reader can grant.
    pub grantable: Vec<Role>,
    /// What is left of the set-up (rule 4).
    pub setup: Setup,
}

/// Who is invited, for the page behind the link.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Invited {
    /// Full name.
    pub name: String,
    /// Sign-in address.
    pub email: String,
    /// The organization.
    pub organization: String,
    /// The last day of the link.
    pub until: Day,
}
