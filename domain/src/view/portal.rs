//! What stands around every page: who is signed in, where they can go.

use serde::{Deserialize, Serialize};

use super::form::Said;
use crate::benefit::Category;
use crate::older_portal::PortalState;
use crate::policy::SupportEdition;
use crate::{Day, OperatorRole, Role};

/// The frame of a page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Portal {
    /// The programme's name in the reader's language.
    pub programme: String,
    /// Whether demo accounts may be shown.
    pub demo: bool,
    /// Who is signed in.
    pub reader: Reader,
    /// Notices not read yet.
    pub unread: i64,
    /// What the page before did, in words.
    pub flash: Option<Said>,
}

/// Who is signed in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Reader {
    /// Nobody.
    Nobody,
    /// Somebody of a partner company.
    Person(Box<PersonReader>),
    /// Somebody who runs the programme.
    Operator(OperatorReader),
}

/// Somebody of a partner company.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PersonReader {
    /// Full name.
    pub name: String,
    /// Sign-in address.
    pub email: String,
    /// Roles here.
    pub roles: Vec<Role>,
    /// The organization's id.
    pub organization: String,
    /// The organization's name.
    pub organization_name: String,
    /// Its tier, in the reader's language.
    pub tier: String,
    /// Whether set-up is finished (rule 4).
    pub setup_finished: bool,
    /// Whether the founder is the reader.
    pub founder: bool,
    /// Rows of each category.
    pub counts: Vec<(Category, i64)>,
    /// Own active seats.
    pub own_seats: i64,
    /// Requests that wait.
    pub open_requests: i64,
    /// Active people.
    pub people: i64,
    /// How technical benefits are put to use; in edition A the category is called Support.
    pub edition: SupportEdition,
    /// Which other organizations the account serves: id and name.
    pub others: Vec<(String, String)>,
    /// The membership's year.
    pub year: Option<MembershipYear>,
    /// Where the record is kept, while that isn't here (rule 22).
    pub older_portal: Option<OlderPortal>,
}

/// What a company is told whose record is kept in the older portal, or is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OlderPortal {
    /// Which of the states.
    pub state: PortalState,
    /// The older portal's sign-in link.
    pub sign_in_link: Option<String>,
    /// Whom to ask about technical benefits.
    pub technical_contact: Option<String>,
}

/// Where the membership stands in its year.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MembershipYear {
    /// Anniversary.
    pub renews: Day,
    /// Days since the start.
    pub day: i64,
}

/// Somebody who runs the programme.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OperatorReader {
    /// Full name.
    pub name: String,
    /// Roles in the programme.
    pub roles: Vec<OperatorRole>,
    /// Open work items.
    pub queue: i64,
    /// Mails that were given up or failed at least once.
    pub failed_mail: i64,
}
