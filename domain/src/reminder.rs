//! Reminders of single benefits: how long before their last day the company is told, and whether somebody
//! gets each reminder as a mail of its own or several in one.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Field, FieldError, codes};
use crate::moment::Day;

/// The longest lead time in days.
pub const LEAD_DAYS_MAX: u16 = 300;
/// The hour at which reminders are written and collected mails go out, in the company's time zone.
pub const REMINDER_HOUR: u8 = 7;

codes! {
    /// What a company is reminded of.
    ReminderKind {
        /// A benefit in use ends.
        Ending = "ending",
        /// A benefit was never used, and the last day to begin comes near.
        Unused = "unused",
    }
}

codes! {
    /// How somebody gets reminders by mail.
    ReminderCadence {
        /// Each as a mail of its own, at once.
        Single = "single",
        /// All of a day in one mail, in the morning.
        Daily = "daily",
        /// All of a week in one mail, on Monday morning; earlier where Monday would be too late.
        Weekly = "weekly",
    }
}

codes! {
    /// Which of the two reminders.
    ReminderTurn {
        /// The first.
        First = "first",
        /// The second, nearer to the day.
        Second = "second",
    }
}

/// How many days before a benefit's last day its company is reminded: never, once or twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LeadTimes {
    /// Days before the last day of the first reminder.
    pub first: Option<u16>,
    /// Days before the last day of the second one, fewer than of the first.
    pub second: Option<u16>,
}

impl LeadTimes {
    /// What stands in the two fields of a form; an empty one is no reminder.
    ///
    /// # Errors
    /// [`ErrorCode::NumberUpTo`] for what isn't between 1 and [`LEAD_DAYS_MAX`];
    /// [`ErrorCode::SecondReminderLater`] for a second reminder that isn't after the first one.
    pub fn parse(fields: [Field; 2], texts: [&str; 2]) -> Result<Self, Error> {
        let days = |at: usize| -> Result<Option<u16>, Error> {
            let text = texts[at].trim();
            if text.is_empty() {
                return Ok(None);
            }
            let days = text.parse().ok().filter(|days| (1..=LEAD_DAYS_MAX).contains(days));
            days.map(Some).ok_or_else(|| wrong(fields[at], ErrorCode::NumberUpTo))
        };
        match [days(0)?, days(1)?] {
            // One alone is the first, wherever it stands.
            [first, None] | [None, first] => Ok(Self { first, second: None }),
            [first, second] if second < first => Ok(Self { first, second }),
            _ => Err(wrong(fields[1], ErrorCode::SecondReminderLater)),
        }
    }

    /// The reminder that is due on a day: from its day on up to the last day, so that a server that stood
    /// still for some days still sends it. Where both are due, the second says all.
    #[must_use]
    pub fn due(self, last_day: Day, today: Day) -> Option<ReminderTurn> {
        if today > last_day {
            return None;
        }
        let left = today.days_until(last_day);
        let reached = |days: Option<u16>| days.is_some_and(|days| left <= i64::from(days));
        if reached(self.second) {
            Some(ReminderTurn::Second)
        } else {
            reached(self.first).then_some(ReminderTurn::First)
        }
    }
}

fn wrong(field: Field, code: ErrorCode) -> Error {
    let number = (code == ErrorCode::NumberUpTo).then_some(i64::from(LEAD_DAYS_MAX));
    Error::fields(vec![FieldError { field, code, number }])
}

/// What a company is reminded of, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ReminderTimes {
    /// Before a benefit in use ends.
    pub ending: LeadTimes,
    /// Before a benefit that was never used can't be begun any more.
    pub unused: LeadTimes,
}

impl ReminderTimes {
    /// A number that differs where the times do, for a form that says what it was filled in over.
    #[must_use]
    pub fn version(self) -> i64 {
        let times = [self.ending.first, self.ending.second, self.unused.first, self.unused.second];
        times.into_iter().fold(0, |version, days| version * 1000 + i64::from(days.unwrap_or(0)))
    }

    /// The lead times of a kind.
    #[must_use]
    pub const fn of(self, kind: ReminderKind) -> LeadTimes {
        match kind {
            ReminderKind::Ending => self.ending,
            ReminderKind::Unused => self.unused,
        }
    }
}

/// The day on which a mail that collects reminders takes this one along; none if it goes out by itself.
/// `morning` is the day of the next morning, `about` the day that it tells of: what the morning would be too late
/// for goes out by itself.
#[must_use]
pub fn collected_on(cadence: ReminderCadence, morning: Day, about: Option<Day>) -> Option<Day> {
    if about.is_some_and(|about| about < morning) {
        return None;
    }
    match cadence {
        ReminderCadence::Single => None,
        ReminderCadence::Daily => Some(morning),
        ReminderCadence::Weekly => {
            // Day 0 was a Thursday.
            let monday = morning.plus_days((4 - morning.number()).rem_euclid(7));
            Some(if about.is_some_and(|about| about <= monday) { morning } else { monday })
        }
    }
}

/// Moments: only where deadlines are computed.
#[cfg(feature = "zones")]
mod moments {
    use super::{REMINDER_HOUR, ReminderCadence, collected_on};
    use crate::moment::{Day, Moment, Zone};

    /// The next morning at which reminders are written or sent, after `now`.
    #[must_use]
    pub fn next_morning(now: Moment, zone: &Zone) -> Moment {
        let today = zone.day_of(now);
        let morning = zone.at_hour(today, REMINDER_HOUR);
        if now < morning { morning } else { zone.at_hour(today.plus_days(1), REMINDER_HOUR) }
    }

    /// When a mail that collects reminders takes this one along; none if it goes out by itself.
    #[must_use]
    pub fn collected_at(
        cadence: ReminderCadence,
        now: Moment,
        zone: &Zone,
        about: Option<Day>,
    ) -> Option<Moment> {
        let morning = zone.day_of(next_morning(now, zone));
        collected_on(cadence, morning, about).map(|day| zone.at_hour(day, REMINDER_HOUR))
    }
}

#[cfg(feature = "zones")]
pub use moments::{collected_at, next_morning};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIELDS: [Field; 2] = [Field::EndingFirst, Field::EndingSecond];

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a date")
    }

    #[test]
    fn lead_times_are_none_one_or_two_in_order() {
        let times = |first, second| LeadTimes { first, second };
        for (texts, expected) in [
            (["", ""], times(None, None)),
            ([" 30 ", ""], times(Some(30), None)),
            (["", "30"], times(Some(30), None)),
            (["300", "1"], times(Some(300), Some(1))),
        ] {
            assert_eq!(LeadTimes::parse(FIELDS, texts), Ok(expected), "{texts:?}");
        }
        for (texts, field, code) in [
            (["0", ""], 0, ErrorCode::NumberUpTo),
            (["301", ""], 0, ErrorCode::NumberUpTo),
            (["-1", ""], 0, ErrorCode::NumberUpTo),
            (["a week", ""], 0, ErrorCode::NumberUpTo),
            (["30", "1.5"], 1, ErrorCode::NumberUpTo),
            (["30", "30"], 1, ErrorCode::SecondReminderLater),
            (["30", "31"], 1, ErrorCode::SecondReminderLater),
        ] {
            assert_eq!(LeadTimes::parse(FIELDS, texts), Err(wrong(FIELDS[field], code)), "{texts:?}");
        }
    }

    #[test]
    fn a_reminder_is_due_from_its_day_to_the_last_one() {
        let both = LeadTimes { first: Some(90), second: Some(30) };
        let last = day("2027-03-31");
        for (days, due) in [
            (91, None),
            (90, Some(ReminderTurn::First)),
            (31, Some(ReminderTurn::First)),
            (30, Some(ReminderTurn::Second)),
            (0, Some(ReminderTurn::Second)),
            (-1, None),
        ] {
            assert_eq!(both.due(last, last.plus_days(-days)), due, "{days} days before");
        }
        let one = LeadTimes { first: Some(30), second: None };
        assert_eq!(one.due(last, last), Some(ReminderTurn::First));
        assert_eq!(LeadTimes::default().due(last, last), None);
    }

    #[test]
    fn a_weekly_mail_waits_for_monday_unless_that_is_too_late() {
        use ReminderCadence::{Daily, Single, Weekly};
        // 2026-11-23 is a Monday.
        for (cadence, morning, about, expected) in [
            (Single, "2026-11-24", None, None),
            (Daily, "2026-11-24", Some("2027-01-01"), Some("2026-11-24")),
            (Weekly, "2026-11-23", None, Some("2026-11-23")),
            (Weekly, "2026-11-24", None, Some("2026-11-30")),
            (Weekly, "2026-11-29", Some("2026-12-01"), Some("2026-11-30")),
            (Weekly, "2026-11-24", Some("2026-12-01"), Some("2026-11-30")),
            (Weekly, "2026-11-24", Some("2026-11-30"), Some("2026-11-24")),
            (Weekly, "2026-11-24", Some("2026-11-24"), Some("2026-11-24")),
            (Weekly, "2026-11-24", Some("2026-11-23"), None),
            (Daily, "2026-11-24", Some("2026-11-23"), None),
        ] {
            let got = collected_on(cadence, day(morning), about.map(day));
            assert_eq!(got, expected.map(day), "{cadence:?} {morning} {about:?}");
        }
    }

    #[cfg(feature = "zones")]
    #[test]
    fn mornings_are_those_of_the_companys_zone() {
        use crate::moment::Zone;
        for name in ["UTC", "Europe/Oslo", "Asia/Taipei", "America/Los_Angeles"] {
            let zone = Zone::named(name);
            // The second Sunday of March and the last one, when clocks go forward here and there.
            for date in ["2027-03-14", "2027-03-28", "2027-10-31", "2027-11-07", "2027-06-01"] {
                let morning = zone.at_hour(day(date), REMINDER_HOUR);
                assert_eq!(
                    (zone.day_of(morning), zone.time_of(morning)),
                    (day(date), (7, 0)),
                    "{name} {date}"
                );
                assert_eq!(next_morning(morning.plus_seconds(-1), &zone), morning, "{name} {date}");
                let after = next_morning(morning, &zone);
                assert_eq!(zone.day_of(after), day(date).plus_days(1), "{name} {date}");
                assert_eq!(collected_at(ReminderCadence::Single, morning, &zone, None), None);
                assert_eq!(collected_at(ReminderCadence::Daily, morning, &zone, None), Some(after));
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_collected_is_read_in_the_week_and_before_its_day(
            number in 0_i64..40_000, away in -3_i64..400, weekly: bool,
        ) {
            let morning = Day::from_number(number).expect("within the calendar");
            let about = morning.plus_days(away);
            let cadence = if weekly { ReminderCadence::Weekly } else { ReminderCadence::Daily };
            let Some(on) = collected_on(cadence, morning, Some(about)) else {
                prop_assert!(away < 0, "only what is too late goes by itself");
                return Ok(());
            };
            prop_assert!(on >= morning && (on < about || on == morning));
            prop_assert!(away >= 0 && morning.days_until(on) < 7);
        }

        #[test]
        fn nearer_to_the_day_nothing_is_taken_back(first in 1_u16..=300, second in 0_u16..300, left in 0_i64..400) {
            let second = (second > 0 && second < first).then_some(second);
            let times = LeadTimes { first: Some(first), second };
            let last = Day::from_number(20_000).expect("within the calendar");
            let at = |left: i64| times.due(last, last.plus_days(-left));
            let turn = |turn: Option<ReminderTurn>| turn.map_or(0, |turn| 1 + i64::from(turn == ReminderTurn::Second));
            prop_assert!(turn(at(left)) >= turn(at(left + 1)));
            prop_assert_eq!(at(left).is_some(), left <= i64::from(first));
        }
    }
}
