//! The people of an organization, and who is invited.

use serde::{Deserialize, Serialize};

use super::benefits::WhyNot;
use super::seats::PersonChoice;
use crate::departure::Departure;
use crate::error::codes;
use crate::ids::{GrantId, PersonId, SeatId};
use crate::{Day, ErrorCode, Role};

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

codes! {
    /// The order in which people are listed.
    #[derive(Default)]
    PeopleSort {
        /// By name.
        #[default]
        Name = "name",
        /// By name, the last first.
        NameDown = "name_down",
        /// By last sign-in, those who never did first.
        LastSignIn = "last_sign_in",
        /// By last sign-in, the latest first.
        LastSignInDown = "last_sign_in_down",
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
    /// The order of the rows.
    pub sort: PeopleSort,
    /// The person after whom the page begins.
    pub after: Option<PersonId>,
    /// The row that is open.
    pub open: Option<PersonId>,
}

impl PeopleQuery {
    /// What an address asks for; what it says wrongly counts as not said.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        Self {
            find: get("find").unwrap_or_default().chars().take(100).collect(),
            role: get("role").and_then(|role| Role::from_code(&role)),
            status: get("status").and_then(|status| PersonStatus::from_code(&status)),
            sort: get("sort").and_then(|sort| PeopleSort::from_code(&sort)).unwrap_or_default(),
            after: get("after").and_then(|after| after.parse().ok()),
            open: get("open").and_then(|open| open.parse().ok()),
        }
    }

    /// What an address has to say to ask for it.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let sort = (self.sort != PeopleSort::default()).then(|| self.sort.code().to_owned());
        [
            ("find", Some(self.find.clone()).filter(|find| !find.is_empty())),
            ("role", self.role.map(|role| role.code().to_owned())),
            ("status", self.status.map(|status| status.code().to_owned())),
            ("sort", sort),
            ("after", self.after.map(|after| after.to_string())),
            ("open", self.open.map(|open| open.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
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
    /// Why mail to the address comes back; none where it doesn't.
    pub mail_comes_back: Option<String>,
    /// Since when the person is here.
    pub since: Day,
    /// The last sign-in; none where there was none yet.
    pub last_sign_in: Option<Day>,
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
    /// Whether the person of the open row signs in with a second factor.
    pub second_factor: bool,
    /// Why the reader can't take it off.
    pub why_not_take_off: WhyNot,
    /// Why the reader can't let the person of the open row in again.
    pub why_not_return: WhyNot,
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
    /// Whether the company's directory is the way in, so that no password is chosen.
    pub by_directory: bool,
    /// Whether it goes on with the company's enrolment (rule 22).
    pub enrols: bool,
}

/// What the address of the page for suspending and removing asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DepartureQuery {
    /// The person.
    pub person: Option<PersonId>,
    /// Which of the two.
    pub departure: Option<Departure>,
}

/// Somebody who is to be suspended or removed, with what the person holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeparturePage {
    /// The person.
    pub person: PersonRow,
    /// Suspending or removing.
    pub departure: Departure,
    /// Active seats.
    pub seats: Vec<DepartingSeat>,
    /// Requests for seats that wait; they end.
    pub waiting_requests: i64,
    /// Whether the person is the marketing contact, who goes on being written to.
    pub marketing_contact: bool,
    /// Why the reader can't do it.
    pub why_not: WhyNot,
    /// Why the reader can't hand seats over.
    pub why_not_hand_over: WhyNot,
    /// Colleagues who could get a seat, the first by name.
    pub colleagues: Vec<PersonChoice>,
}

/// A seat of somebody who is to be suspended or removed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DepartingSeat {
    /// The seat.
    pub seat: SeatId,
    /// Its version.
    pub version: i64,
    /// The grant.
    pub grant: GrantId,
    /// Name of the product.
    pub product: String,
    /// Code of the source.
    pub source: String,
    /// What the source is called in the reader's language; none of an individual grant.
    pub source_name: Option<String>,
    /// Why it can't be handed over now.
    pub stays: Option<ErrorCode>,
    /// The day until which it can't be handed over (rule 10).
    pub locked_until: Option<Day>,
}
