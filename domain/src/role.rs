//! Roles: what a person is in an organization, and what an operator is in the programme.

use serde::{Deserialize, Serialize};

use crate::error::codes;

codes! {
    /// A person's role in an organization.
    #[derive(PartialOrd, Ord)]
    Role {
        /// Everything, assigning included.
        GlobalAdmin = "global_admin",
        /// The programme's benefits, without assigning unless the policy says so.
        PartnerAdmin = "partner_admin",
        /// People.
        UserAdmin = "user_admin",
        /// Set-up, support and purchases.
        AdminAgent = "admin_agent",
        /// Own benefits.
        Employee = "employee",
    }
}

codes! {
    /// An operator's role in the programme.
    #[derive(PartialOrd, Ord)]
    OperatorRole {
        /// Everything an operator can do.
        ProgrammeAdmin = "programme_admin",
        /// Catalogue and key pools.
        CatalogueManager = "catalogue_manager",
        /// The queue.
        FulfilmentAgent = "fulfilment_agent",
        /// Reads, changes nothing.
        Auditor = "auditor",
    }
}

/// An operator's roles, each once, in the order of the table; rights are their union (rule 1).
#[must_use]
pub fn operator_roles(roles: impl IntoIterator<Item = OperatorRole>) -> Vec<OperatorRole> {
    let mut roles: Vec<OperatorRole> = roles.into_iter().collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// A person's roles; rights are their union (rule 1).
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// The roles, each once, in the order of the table.
    #[must_use]
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Self {
        let mut roles: Vec<Role> = roles.into_iter().collect();
        roles.sort_unstable();
        roles.dedup();
        Self(roles)
    }

    /// Whether the role is among them.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// The roles in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
