//! What somebody may do in the portal, and who could let them do more.

use serde::{Deserialize, Serialize};

use crate::{Action, Day, Role};

/// The page **My access**.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccessPage {
    /// Name of the organization.
    pub organization: String,
    /// Roles there.
    pub roles: Vec<Role>,
    /// Every area of the portal.
    pub areas: Vec<AccessArea>,
    /// Whether the organization has an active Global admin.
    pub has_global_admin: bool,
    /// The reader's request to become Global admin, if it waits: number and target date.
    pub waiting: Option<(i64, Day)>,
    /// Which other organizations the account serves: id and name.
    pub others: Vec<(String, String)>,
}

/// An area of the portal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccessArea {
    /// What it lets one do.
    pub action: Action,
    /// The reader's roles that open it; none where it is closed.
    pub by: Vec<Role>,
    /// The role that would open it with the least, where it is closed.
    pub needs: Option<Role>,
    /// Colleagues who could grant that role, at most three.
    pub granters: Vec<String>,
}

impl AccessArea {
    /// Whether the reader has it.
    #[must_use]
    pub fn granted(&self) -> bool {
        !self.by.is_empty()
    }
}
