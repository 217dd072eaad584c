//! Programme policies: where the programme's documents differ by edition, a value decides.

use serde::{Deserialize, Serialize};

use crate::Day;
use crate::catalogue::Publication;
use crate::error::codes;
use crate::queue::TargetDays;

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

codes! {
    /// How long the audit trail keeps an event.
    AuditRetention {
        /// For ever: no limit unless an operator sets one.
        Forever = "forever",
        /// Ten years.
        TenYears = "10_years",
        /// Seven years.
        SevenYears = "7_years",
        /// Three years.
        ThreeYears = "3_years",
        /// One year.
        OneYear = "1_year",
    }
}

impl AuditRetention {
    /// The day before which events go; none where all stay. It moves on the first of each month only,
    /// so that a chain gets one event a month that tells of the removal, not one a day.
    #[must_use]
    pub fn keeps_from(self, today: Day) -> Option<Day> {
        let years = match self {
            Self::Forever => return None,
            Self::TenYears => 10,
            Self::SevenYears => 7,
            Self::ThreeYears => 3,
            Self::OneYear => 1,
        };
        Day::new(today.year(), today.month(), 1).map(|first| first.plus_months(-12 * years))
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
    /// How long the audit trail keeps an event.
    pub audit_retention: AuditRetention,
    /// Who puts a draft of the catalogue into force.
    pub catalogue_publication: Publication,
    /// Working days within which operators answer each kind of request.
    pub target_days: TargetDays,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            assign_roles: AssignRoles::GlobalAdmin,
            reassign_lock_days: 0,
            double_holding: DoubleHolding::Warn,
            support_edition: SupportEdition::C,
            reveal_counts_as_activation: true,
            audit_retention: AuditRetention::Forever,
            catalogue_publication: Publication::OnePerson,
            target_days: TargetDays::default(),
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

#[cfg(test)]
mod tests {
    use super::AuditRetention;
    use crate::Day;

    #[test]
    fn the_limit_of_the_trail_moves_once_a_month() {
        let day = |year, month, day| Day::new(year, month, day).expect("a day");
        let from = |retention: AuditRetention, today| retention.keeps_from(today);
        assert_eq!(from(AuditRetention::Forever, day(2026, 11, 21)), None);
        for (retention, year) in [
            (AuditRetention::TenYears, 2016),
            (AuditRetention::SevenYears, 2019),
            (AuditRetention::ThreeYears, 2023),
            (AuditRetention::OneYear, 2025),
        ] {
            for today in [day(2026, 11, 1), day(2026, 11, 30)] {
                assert_eq!(from(retention, today), Some(day(year, 11, 1)));
            }
        }
        assert_eq!(from(AuditRetention::OneYear, day(2024, 2, 29)), Some(day(2023, 2, 1)));
    }
}
