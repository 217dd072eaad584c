//! The operators' work on a request, and what the partner sees of it.

use serde::{Deserialize, Serialize};

#[cfg(feature = "zones")]
use crate::Moment;
use crate::error::codes;
#[cfg(feature = "zones")]
use crate::moment::Zone;
use crate::view::requests::{RequestKind, RequestState};

/// The longest message or note about a request, in characters.
pub const MESSAGE_MAX: usize = 2000;
/// So many working days can a kind of request have at most.
pub const TARGET_DAYS_MAX: u16 = 60;

codes! {
    /// Which way a message about a request goes.
    MessageDirection {
        /// From the operators to whoever made the request.
        ToPartner = "to_partner",
        /// From the company to the operators.
        ToOperators = "to_operators",
    }
}

codes! {
    /// What happens next with a request, as the partner reads it.
    NextStep {
        /// An operator takes it.
        Take = "take",
        /// The operator who has it decides.
        Decide = "decide",
        /// The operators asked something, and the company answers.
        Answer = "answer",
        /// The programme looks for the money.
        FindMoney = "find_money",
        /// A consultant comes on the planned day.
        Engagement = "engagement",
    }
}

/// What happens next; nothing once a request is decided. A question is `asked` while the latest message is the
/// operators' and asks for an answer.
#[must_use]
pub fn next_step(kind: RequestKind, state: RequestState, asked: bool, planned: bool) -> Option<NextStep> {
    match state {
        RequestState::Completed
        | RequestState::Approved
        | RequestState::Refused
        | RequestState::Withdrawn => None,
        RequestState::Requested | RequestState::Processing if asked => Some(NextStep::Answer),
        RequestState::Requested | RequestState::Processing if planned => Some(NextStep::Engagement),
        RequestState::Requested | RequestState::Processing if kind == RequestKind::Payment => {
            Some(NextStep::FindMoney)
        }
        RequestState::Requested => Some(NextStep::Take),
        RequestState::Processing => Some(NextStep::Decide),
    }
}

/// Working days within which operators answer each kind of request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TargetDays {
    /// Setting an activation up.
    pub activation: u16,
    /// A consultant's answer to an advisory request.
    pub advisory: u16,
    /// A cancellation with its refund.
    pub cancellation: u16,
    /// Who asks to become a Global admin.
    pub global_admin: u16,
    /// The money of a bank transfer.
    pub payment: u16,
    /// The review of a company that enrols.
    pub enrolment: u16,
}

impl Default for TargetDays {
    fn default() -> Self {
        Self { activation: 5, advisory: 2, cancellation: 10, global_admin: 2, payment: 5, enrolment: 5 }
    }
}

impl TargetDays {
    /// The days of a kind.
    #[must_use]
    pub const fn of(self, kind: RequestKind) -> u16 {
        match kind {
            RequestKind::Activation => self.activation,
            RequestKind::Advisory => self.advisory,
            RequestKind::Cancellation => self.cancellation,
            RequestKind::GlobalAdmin => self.global_admin,
            RequestKind::Payment => self.payment,
            RequestKind::Enrolment => self.enrolment,
        }
    }

    /// Sets the days of a kind; none where they aren't 1 to [`TARGET_DAYS_MAX`].
    #[must_use]
    pub fn set(&mut self, kind: RequestKind, days: u16) -> Option<()> {
        if !(1..=TARGET_DAYS_MAX).contains(&days) {
            return None;
        }
        match kind {
            RequestKind::Activation => self.activation = days,
            RequestKind::Advisory => self.advisory = days,
            RequestKind::Cancellation => self.cancellation = days,
            RequestKind::GlobalAdmin => self.global_admin = days,
            RequestKind::Payment => self.payment = days,
            RequestKind::Enrolment => self.enrolment = days,
        }
        Some(())
    }

    /// The last moment at which a request that was made then is on time: the end of the last of its working
    /// days, Monday to Friday, where the company is. The day of the request itself doesn't count.
    #[cfg(feature = "zones")]
    #[must_use]
    pub fn target(self, kind: RequestKind, asked: Moment, zone: &Zone) -> Moment {
        zone.end_of(zone.day_of(asked).plus_working_days(self.of(kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::{NextStep, TARGET_DAYS_MAX, TargetDays, next_step};
    use crate::view::requests::{RequestKind, RequestState};

    #[cfg(feature = "zones")]
    #[test]
    fn working_days_begin_after_the_day_of_the_request_and_leave_weekends_out() {
        use crate::moment::Zone;
        use crate::{Day, Moment};
        let zone = Zone::named("Europe/Oslo");
        let mut days = TargetDays::default();
        // A Friday at noon, a Saturday, and the last minute of the Sunday there.
        let friday = Day::new(2026, 11, 20).expect("a day");
        for (asked, kind, last) in [
            (zone.at_hour(friday, 12), RequestKind::Advisory, (2026, 11, 24)),
            (zone.at_hour(friday, 12), RequestKind::Activation, (2026, 11, 27)),
            (zone.at_hour(friday.plus_days(1), 12), RequestKind::Advisory, (2026, 11, 24)),
            (zone.end_of(friday.plus_days(2)), RequestKind::Advisory, (2026, 11, 24)),
            (zone.at_hour(friday.plus_days(3), 0), RequestKind::Advisory, (2026, 11, 25)),
            (zone.at_hour(friday, 12), RequestKind::Cancellation, (2026, 12, 4)),
        ] {
            let (year, month, day) = last;
            let last = Day::new(year, month, day).expect("a day");
            assert_eq!(days.target(kind, asked, &zone), zone.end_of(last), "{kind:?} {asked:?}");
        }
        // The same moment is another day elsewhere.
        let late = Moment(zone.end_of(friday).0);
        let taipei = Zone::named("Asia/Taipei");
        assert_eq!(
            taipei.day_of(days.target(RequestKind::Advisory, late, &taipei)),
            Day::new(2026, 11, 24).expect("a day")
        );
        assert_eq!(days.set(RequestKind::Advisory, 1), Some(()));
        assert_eq!(
            days.target(RequestKind::Advisory, zone.at_hour(friday, 12), &zone),
            zone.end_of(friday.plus_days(3))
        );
    }

    #[test]
    fn every_kind_has_days_of_its_own_within_the_limits() {
        for kind in RequestKind::ALL {
            let mut days = TargetDays::default();
            let before = days;
            assert_eq!(days.set(*kind, TARGET_DAYS_MAX), Some(()));
            assert_eq!(days.of(*kind), TARGET_DAYS_MAX);
            for other in RequestKind::ALL.iter().filter(|other| *other != kind) {
                assert_eq!(days.of(*other), before.of(*other), "{other:?}");
            }
            for wrong in [0, TARGET_DAYS_MAX + 1] {
                assert_eq!(days.set(*kind, wrong), None);
            }
            assert_eq!(days.of(*kind), TARGET_DAYS_MAX);
        }
    }

    #[test]
    fn the_next_step_is_the_partners_only_while_a_question_is_open() {
        let step = |state, asked, planned| next_step(RequestKind::Advisory, state, asked, planned);
        assert_eq!(step(RequestState::Requested, false, false), Some(NextStep::Take));
        assert_eq!(step(RequestState::Processing, false, false), Some(NextStep::Decide));
        assert_eq!(step(RequestState::Processing, true, false), Some(NextStep::Answer));
        assert_eq!(step(RequestState::Requested, true, true), Some(NextStep::Answer));
        assert_eq!(step(RequestState::Processing, false, true), Some(NextStep::Engagement));
        let payment = next_step(RequestKind::Payment, RequestState::Requested, false, false);
        assert_eq!(payment, Some(NextStep::FindMoney));
        for over in
            [RequestState::Completed, RequestState::Approved, RequestState::Refused, RequestState::Withdrawn]
        {
            assert_eq!(step(over, true, true), None, "{over:?}");
        }
    }
}
