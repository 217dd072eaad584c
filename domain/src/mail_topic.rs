//! Which mail somebody can do without: what it says then stands in the portal only, as a notice.

use serde::{Deserialize, Serialize};

use crate::error::codes;

codes! {
    /// A kind of news that one can have by mail or in the portal only.
    MailTopic {
        /// One's own seats: assigned, removed, ended.
        Seats = "seats",
        /// Colleagues who ask for a seat.
        SeatRequests = "seat_requests",
        /// Who the marketing contact is (rule 16).
        MarketingContact = "marketing_contact",
        /// Benefits that end soon or have ended (rule 16).
        Reminders = "reminders",
    }
}

impl MailTopic {
    /// The topic of a kind of mail. None for mail that one can't do without: invitations, passwords,
    /// the second factor, roles, and answers to what one has asked for. A kind that isn't known here is
    /// such mail, too.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "seat_assigned" | "key_seat_assigned" | "seat_removed" | "seat_withdrawn" | "seat_ended"
            | "seat_tier_changed" | "seat_given_back" => Self::Seats,
            "seat_requested" => Self::SeatRequests,
            "marketing_contact_changed" => Self::MarketingContact,
            "marketing_expiring"
            | "marketing_expired"
            | "membership_renew"
            | "membership_last_days"
            | "benefit_ending"
            | "benefits_ending"
            | "benefit_unused"
            | "benefits_unused"
            | "reminders_collected"
            | "seat_idle"
            | "benefit_left" => Self::Reminders,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::MailTopic;

    #[test]
    fn nobody_can_do_without_what_concerns_access_or_their_own_requests() {
        for kind in [
            "invitation",
            "person_added",
            "roles_changed",
            "password_reset",
            "password_changed",
            "second_factor_on",
            "second_factor_off",
            "recovery_code_used",
            "advisory_submitted",
            "seat_request_refused",
            "cancellation_approved",
            "global_admin_granted",
            "technical_active",
            "a kind that comes later",
        ] {
            assert_eq!(MailTopic::of(kind), None, "{kind}");
        }
    }

    #[test]
    fn every_topic_has_kinds() {
        let kinds = ["seat_assigned", "seat_requested", "marketing_contact_changed", "marketing_expiring"];
        let found: Vec<_> = kinds.iter().filter_map(|kind| MailTopic::of(kind)).collect();
        assert_eq!(found, MailTopic::ALL);
    }
}
