//! What comes from the older portal: the states of a company that still has its record there, and what
//! a file of its records can't say (rule 22).

use serde::{Deserialize, Serialize};

use crate::error::codes;
use crate::moment::Moment;

/// So many rows can stand in one file of records.
pub const RECORD_ROWS_MAX: usize = 1_000_000;
/// The longest cell of such a file, in characters.
pub const CELL_MAX: usize = 500;

codes! {
    /// Where a company's record is kept (rule 22).
    PortalState {
        /// Here: the company is enrolled.
        Member = "member",
        /// In the older portal; the company goes on there.
        NotInvited = "not_invited",
        /// In the older portal; the company was invited to enrol here.
        Invited = "invited",
        /// Nowhere any more: the old record is view-only for good.
        Expired = "expired",
        /// Here, and not yet a member: its enrolment is under way (rule 19).
        Enrolling = "enrolling",
    }
}

impl PortalState {
    /// Whether nothing of the company's data can be changed.
    #[must_use]
    pub const fn is_read_only(self) -> bool {
        !matches!(self, Self::Member)
    }

    /// Whether the company's administrators can begin to enrol: once it is invited, and anew once the old
    /// record is over.
    #[must_use]
    pub const fn can_begin_to_enrol(self) -> bool {
        matches!(self, Self::Invited | Self::Expired)
    }

    /// Whether the older portal owns the record, so that importing it again brings it up to date.
    #[must_use]
    pub const fn is_kept_elsewhere(self) -> bool {
        matches!(self, Self::NotInvited | Self::Invited)
    }

    /// The state once the primary contact has been invited; only a company that wasn't yet can be.
    #[must_use]
    pub const fn after_invitation(self) -> Option<Self> {
        match self {
            Self::NotInvited => Some(Self::Invited),
            Self::Member | Self::Invited | Self::Expired | Self::Enrolling => None,
        }
    }

    /// The state at a moment, by the last moment of the record: the end of the window after the last
    /// anniversary. A record that is over stays so.
    #[must_use]
    pub fn at(self, now: Moment, ends_at: Moment) -> Self {
        if self.is_kept_elsewhere() && now > ends_at { Self::Expired } else { self }
    }
}

codes! {
    /// What a row of the file is about.
    RecordKind {
        /// A company with its primary contact.
        Company = "company",
        /// Another person of it.
        Contact = "contact",
        /// A membership that it has.
        Membership = "membership",
        /// A benefit that comes with a membership, and how much of it is used.
        Grant = "grant",
    }
}

codes! {
    /// A column of the file; its head is the code, or its name in any language.
    RecordColumn {
        /// What the row is about.
        Record = "record",
        /// The company's domain, which every row of it has.
        Domain = "domain",
        /// The company's name.
        Company = "company",
        /// The company's own mail address.
        AccountEmail = "account_email",
        /// Its time zone.
        TimeZone = "time_zone",
        /// Its language.
        Language = "language",
        /// Full name of a contact.
        ContactName = "contact_name",
        /// Mail address of a contact.
        ContactEmail = "contact_email",
        /// Roles of a contact.
        Roles = "roles",
        /// The tier of a membership.
        Tier = "tier",
        /// Competency areas of a membership; for what a select area adds, the one area of a grant.
        Areas = "areas",
        /// First day of the membership's year.
        Began = "began",
        /// Code of a benefit.
        Benefit = "benefit",
        /// How many there are.
        Quantity = "quantity",
        /// How many of them are used.
        Used = "used",
    }
}

impl RecordColumn {
    /// Whether a file without it can't be read.
    #[must_use]
    pub const fn is_needed(self) -> bool {
        matches!(self, Self::Record | Self::Domain)
    }
}

codes! {
    /// What is wrong about a row; its words say what to do.
    RecordFault {
        /// A cell that must be filled in.
        Required = "required",
        /// Not a kind of row.
        UnknownRecord = "unknown_record",
        /// Not a domain.
        MalformedDomain = "malformed_domain",
        /// Not a mail address.
        MalformedEmail = "malformed_email",
        /// Not a date.
        MalformedDate = "malformed_date",
        /// Not a whole number from 0.
        MalformedNumber = "malformed_number",
        /// Above the limit, or with characters that no line has.
        UnusableText = "unusable_text",
        /// Not a tier.
        UnknownTier = "unknown_tier",
        /// Not a competency area.
        UnknownArea = "unknown_area",
        /// Not a time zone.
        UnknownTimeZone = "unknown_time_zone",
        /// Not a language.
        UnknownLanguage = "unknown_language",
        /// Not a role.
        UnknownRole = "unknown_role",
        /// Not a benefit of the catalogue.
        UnknownBenefit = "unknown_benefit",
        /// A day that hasn't come yet.
        FutureDate = "future_date",
        /// The same stands in an earlier row; `number` is its line.
        DuplicateRow = "duplicate_row",
        /// The company is a member here already.
        AlreadyMember = "already_member",
        /// The address belongs to somebody who runs the programme.
        OperatorAddress = "operator_address",
        /// No row of the file is the company itself.
        CompanyMissing = "company_missing",
        /// The company's own row, at line `number`, has a fault.
        CompanyFaulty = "company_faulty",
        /// The company has no network membership among its rows (rule 18).
        NetworkMissing = "network_missing",
        /// No row of the file is the membership that the benefit comes with.
        MembershipMissing = "membership_missing",
        /// The membership's row, at line `number`, has a fault.
        MembershipFaulty = "membership_faulty",
        /// The membership doesn't bring that benefit.
        NotInPlan = "not_in_plan",
        /// More than the plan has, which is `number`.
        AbovePlan = "above_plan",
        /// More used than there are, which is `number`.
        UsedAboveQuantity = "used_above_quantity",
    }
}

/// A fault of a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RowFault {
    /// The row's line in the file; the heads are line 1.
    pub line: u32,
    /// The column.
    pub column: RecordColumn,
    /// What is wrong.
    pub fault: RecordFault,
    /// What the words name: a line, a limit.
    pub number: Option<i64>,
}

/// How many there are of a benefit: what the file says, at most what the plan has; the plan's where the
/// file says nothing. None is without limit.
///
/// # Errors
/// [`RecordFault::AbovePlan`] with the plan's number.
pub fn quantity(plan: Option<i64>, said: Option<i64>) -> Result<Option<i64>, (RecordFault, i64)> {
    match (plan, said) {
        (Some(plan), Some(said)) if said > plan => Err((RecordFault::AbovePlan, plan)),
        (plan, None) => Ok(plan),
        (_, said) => Ok(said),
    }
}

/// Whether so many can be used.
///
/// # Errors
/// [`RecordFault::UsedAboveQuantity`] with how many there are.
pub fn check_used(quantity: Option<i64>, used: i64) -> Result<(), (RecordFault, i64)> {
    match quantity {
        Some(quantity) if used > quantity => Err((RecordFault::UsedAboveQuantity, quantity)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_22_a_company_is_read_only_until_it_is_a_member() {
        for state in PortalState::ALL {
            assert_eq!(state.is_read_only(), *state != PortalState::Member, "{state:?}");
        }
    }

    #[test]
    fn rule_22_only_who_was_not_invited_is_invited() {
        let next = |state: PortalState| state.after_invitation();
        assert_eq!(next(PortalState::NotInvited), Some(PortalState::Invited));
        for state in [PortalState::Member, PortalState::Invited, PortalState::Expired, PortalState::Enrolling]
        {
            assert_eq!(next(state), None, "{state:?}");
        }
    }

    #[test]
    fn rule_22_at_expiry_the_old_record_is_view_only_for_good() {
        let end = Moment(1_000);
        for state in [PortalState::NotInvited, PortalState::Invited] {
            assert_eq!(state.at(end, end), state, "the last moment counts");
            assert_eq!(state.at(Moment(1_001), end), PortalState::Expired);
        }
        assert_eq!(PortalState::Member.at(Moment(1_001), end), PortalState::Member);
        assert_eq!(PortalState::Expired.at(Moment(0), end), PortalState::Expired);
        assert!(!PortalState::Expired.is_kept_elsewhere());
    }

    #[test]
    fn rule_22_a_record_brings_no_more_than_the_plan() {
        assert_eq!(quantity(Some(5), Some(6)), Err((RecordFault::AbovePlan, 5)));
        assert_eq!(quantity(Some(5), Some(5)), Ok(Some(5)));
        assert_eq!(quantity(Some(5), None), Ok(Some(5)));
        assert_eq!(quantity(None, Some(9)), Ok(Some(9)));
        assert_eq!(quantity(None, None), Ok(None));
        assert_eq!(check_used(Some(5), 6), Err((RecordFault::UsedAboveQuantity, 5)));
        assert_eq!(check_used(Some(5), 5), Ok(()));
        assert_eq!(check_used(None, 600), Ok(()));
    }
}
