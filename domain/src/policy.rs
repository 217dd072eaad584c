//! Programme policies: where the programme's documents differ by edition, a value decides.

use serde::{Deserialize, Serialize};

use crate::error::codes;

codes! {
    /// Who may assign besides the Global admin (rule "Assign user").
    AssignRoles {
        /// Only the Global admin (B, C).
        GlobalAdmin = "global_admin",
        /// The MPN partner admin too.
        PartnerAdmin = "partner_admin",
    }
}

codes! {
    /// Whether one person may hold the same product from two sources (rule 12).
    DoubleHolding {
        /// Warned before, allowed.
        Warn = "warn",
        /// Allowed without a word.
        Allow = "allow",
        /// Refused.
        Refuse = "refuse",
    }
}

codes! {
    /// How technical benefits are put to use (rule 13).
    SupportEdition {
        /// 2017: a person is assigned; the category is called Support.
        A = "a",
        /// 2019: a person is assigned.
        B = "b",
        /// 2020: Activate, then Access ID and Contract ID.
        C = "c",
    }
}

/// The values in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Policies {
    /// Who may assign besides the Global admin.
    pub assign_roles: AssignRoles,
    /// Days for which a seat can't be reassigned (rule 10); 0 to 365.
    pub reassign_lock_days: u16,
    /// Whether one person may hold the same product from two sources.
    pub double_holding: DoubleHolding,
    /// How technical benefits are put to use.
    pub support_edition: SupportEdition,
    /// Whether a revealed key counts as activation for a refund (rule 20).
    pub reveal_counts_as_activation: bool,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            assign_roles: AssignRoles::GlobalAdmin,
            reassign_lock_days: 0,
            double_holding: DoubleHolding::Warn,
            support_edition: SupportEdition::C,
            reveal_counts_as_activation: true,
        }
    }
}

impl Policies {
    /// Whether technical benefits go by assigning a person (editions A and B, rule 13).
    #[must_use]
    pub const fn support_by_assignment(&self) -> bool {
        matches!(self.support_edition, SupportEdition::A | SupportEdition::B)
    }
}
