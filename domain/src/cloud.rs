//! What a cloud key does to a subscription, shown before the choice is made (rule 9).
//!
//! Months are counted from a day by the calendar: the same day of the month, or the month's last day
//! where it is shorter. A fraction of a month is that fraction of the days which the month in question
//! has. What remains of a subscription is counted from today, a result is counted out from the same
//! day, and a fraction of a day becomes a whole one: in the partner's favour, and by less than a day.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Field, codes};
use crate::moment::Day;

/// Months that a key gives to each of its seats.
pub const KEY_MONTHS: i64 = 12;
/// How many times the seats of a subscription its extensions may cover.
pub const EXTENSION_FACTOR: i64 = 3;

codes! {
    /// What a cloud key is used for.
    KeyUse {
        /// A subscription of its own.
        NewSubscription = "new_subscription",
        /// More seats in the present one; the end is averaged.
        MoreSeats = "more_seats",
        /// A later end of the present one; the seats stay.
        LaterEnd = "later_end",
    }
}

/// A cloud subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// How many people it is for.
    pub seats: u32,
    /// Its last day.
    pub ends: Day,
}

/// The subscription after the key has been used.
///
/// * A new one runs 12 months from today.
/// * More seats: (present seats × remaining months + new seats × 12) ÷ all seats, from today.
/// * A later end: key seats ÷ present seats × 12 months, from the present end.
///
/// # Errors
/// [`ErrorCode::MalformedNumber`] of [`Field::Seats`] for no seats or too many;
/// [`ErrorCode::NoSubscription`] where there is none that still runs;
/// [`ErrorCode::ExtensionTooLarge`] above three times the seats, with that limit.
pub fn preview(
    key_use: KeyUse,
    present: Option<Subscription>,
    key_seats: u32,
    today: Day,
) -> Result<Subscription, Error> {
    let malformed = || Error::field(Field::Seats, ErrorCode::MalformedNumber);
    if key_seats == 0 {
        return Err(malformed());
    }
    let running = || {
        present
            .filter(|present| present.seats > 0 && present.ends >= today)
            .ok_or(Error::new(ErrorCode::NoSubscription))
    };
    match key_use {
        KeyUse::NewSubscription => Ok(Subscription { seats: key_seats, ends: today.plus_months(KEY_MONTHS) }),
        KeyUse::MoreSeats => {
            let present = running()?;
            let seats = present.seats.checked_add(key_seats).ok_or_else(malformed)?;
            let (months, days, of) = months_between(today, present.ends);
            // Months as a fraction with the denominator `of`, so that nothing is rounded on the way.
            let remaining = i128::from(months) * i128::from(of) + i128::from(days);
            let added = i128::from(key_seats) * i128::from(KEY_MONTHS) * i128::from(of);
            let total = i128::from(present.seats) * remaining + added;
            Ok(Subscription { seats, ends: after(today, total, i128::from(seats) * i128::from(of)) })
        }
        KeyUse::LaterEnd => {
            let present = running()?;
            let limit = i64::from(present.seats) * EXTENSION_FACTOR;
            if i64::from(key_seats) > limit {
                return Err(Error::new(ErrorCode::ExtensionTooLarge).with_number(limit));
            }
            let months = i128::from(key_seats) * i128::from(KEY_MONTHS);
            Ok(Subscription { ends: after(present.ends, months, i128::from(present.seats)), ..present })
        }
    }
}

/// From a day to a later one: whole months, days beyond them, and the days of the month in which
/// those lie.
fn months_between(from: Day, to: Day) -> (i64, i64, i64) {
    let index = |day: Day| i64::from(day.year()) * 12 + i64::from(day.month());
    let mut months = index(to) - index(from);
    if from.plus_months(months) > to {
        months -= 1;
    }
    let reached = from.plus_months(months);
    // Where the calendar ends a month has no days.
    let of = reached.days_until(from.plus_months(months + 1)).max(1);
    (months, reached.days_until(to), of)
}

/// The day that many months, `numerator` by `denominator`, after another.
fn after(from: Day, numerator: i128, denominator: i128) -> Day {
    let months = i64::try_from(numerator / denominator).unwrap_or(i64::MAX);
    let rest = numerator % denominator;
    let reached = from.plus_months(months);
    let of = reached.days_until(from.plus_months(months.saturating_add(1)));
    let days = (rest * i128::from(of) + denominator - 1) / denominator;
    reached.plus_days(i64::try_from(days).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a date")
    }

    fn present(seats: u32, ends: &str) -> Option<Subscription> {
        Some(Subscription { seats, ends: day(ends) })
    }

    #[test]
    fn rule_09_a_new_subscription_runs_twelve_months() {
        for existing in [None, present(5, "2027-01-01")] {
            let result = preview(KeyUse::NewSubscription, existing, 5, day("2026-11-21"));
            assert_eq!(result, Ok(Subscription { seats: 5, ends: day("2027-11-21") }));
        }
        let leap = preview(KeyUse::NewSubscription, None, 1, day("2028-02-29")).expect("possible");
        assert_eq!(leap.ends, day("2029-02-28"));
    }

    #[test]
    fn rule_09_more_seats_average_the_end() {
        for (seats, ends, key_seats, today, expected) in [
            // (100 × 6 + 100 × 12) ÷ 200 = 9 months.
            (100, "2027-05-21", 100, "2026-11-21", "2027-08-21"),
            // (5 × 3 + 10 × 12) ÷ 15 = 9 months.
            (5, "2027-02-21", 10, "2026-11-21", "2027-08-21"),
            // (10 × 4 + 5 × 12) ÷ 15 = 6 months and two thirds; 2/3 of 31 days is 20.67.
            (10, "2027-03-21", 5, "2026-11-21", "2027-06-11"),
            // It ends today: (5 × 0 + 5 × 12) ÷ 10 = 6 months.
            (5, "2026-11-21", 5, "2026-11-21", "2027-05-21"),
            // 15 days of the 30 from 21 November: (1 × 0.5 + 1 × 12) ÷ 2 = 6.25; a quarter of 31 is 7.75.
            (1, "2026-12-06", 1, "2026-11-21", "2027-05-29"),
            // More than a year left: (1 × 24 + 1 × 12) ÷ 2 = 18 months.
            (1, "2028-11-21", 1, "2026-11-21", "2028-05-21"),
        ] {
            let result = preview(KeyUse::MoreSeats, present(seats, ends), key_seats, day(today));
            let expected = Subscription { seats: seats + key_seats, ends: day(expected) };
            assert_eq!(result, Ok(expected), "{seats} until {ends} and {key_seats} on {today}");
        }
    }

    #[test]
    fn rule_09_an_extension_adds_in_proportion() {
        for (seats, key_seats, expected) in [
            (10, 10, "2028-05-21"),
            (10, 5, "2027-11-21"),
            (10, 30, "2030-05-21"),
            // 7 ÷ 10 × 12 = 8.4 months; 0.4 of the 31 days from 21 January is 12.4.
            (10, 7, "2028-02-03"),
            // A third of a year is four months.
            (3, 1, "2027-09-21"),
        ] {
            let result =
                preview(KeyUse::LaterEnd, present(seats, "2027-05-21"), key_seats, day("2026-11-21"));
            assert_eq!(result, Ok(Subscription { seats, ends: day(expected) }), "{key_seats} for {seats}");
        }
    }

    #[test]
    fn rule_09_an_extension_covers_at_most_three_times_the_seats() {
        let extend =
            |key_seats| preview(KeyUse::LaterEnd, present(10, "2027-05-21"), key_seats, day("2026-11-21"));
        assert!(extend(30).is_ok());
        let error = extend(31).expect_err("too large");
        assert_eq!((error.code, error.number), (ErrorCode::ExtensionTooLarge, Some(30)));
        // Only extensions have that limit.
        let more = preview(KeyUse::MoreSeats, present(10, "2027-05-21"), 31, day("2026-11-21"));
        assert!(more.is_ok());
    }

    #[test]
    fn rule_09_a_key_adds_only_to_a_subscription_that_runs() {
        let today = day("2026-11-21");
        for key_use in [KeyUse::MoreSeats, KeyUse::LaterEnd] {
            for existing in [None, present(5, "2026-11-20"), present(0, "2027-11-21")] {
                let error = preview(key_use, existing, 5, today).expect_err("none to add to");
                assert_eq!(error.code, ErrorCode::NoSubscription, "{key_use:?} {existing:?}");
            }
            assert!(preview(key_use, present(5, "2026-11-21"), 5, today).is_ok());
        }
    }

    #[test]
    fn rule_09_a_key_has_seats() {
        for key_use in KeyUse::ALL {
            let error =
                preview(*key_use, present(5, "2027-11-21"), 0, day("2026-11-21")).expect_err("no seats");
            let code = error.of(Field::Seats).map(|field| field.code);
            assert_eq!(code, Some(ErrorCode::MalformedNumber), "{key_use:?}");
        }
        let full = present(u32::MAX, "2027-11-21");
        assert!(preview(KeyUse::MoreSeats, full, 1, day("2026-11-21")).is_err());
    }

    #[test]
    fn rule_09_the_end_of_the_calendar_is_no_trap() {
        let last = day("9999-12-31");
        for key_use in KeyUse::ALL {
            let result = preview(*key_use, present(3, "9999-12-31"), 2, last).expect("possible");
            assert_eq!(result.ends, last, "{key_use:?}");
        }
    }

    fn days() -> impl Strategy<Value = Day> {
        (10_957_i64..36_524).prop_map(|number| Day::from_number(number).expect("within the calendar"))
    }

    proptest! {
        #[test]
        fn rule_09_adding_never_ends_before_today_and_stays_between(
            today in days(), left in 0_i64..2_000, seats in 1_u32..5_000, key_seats in 1_u32..5_000,
        ) {
            let ends = today.plus_days(left);
            let result = preview(KeyUse::MoreSeats, Some(Subscription { seats, ends }), key_seats, today)
                .expect("possible");
            let year = today.plus_months(12);
            prop_assert_eq!(result.seats, seats + key_seats);
            prop_assert!(result.ends >= today);
            prop_assert!(result.ends >= ends.min(year) && result.ends <= ends.max(year));
        }

        #[test]
        fn rule_09_what_ends_later_ends_later_after_adding(
            today in days(), left in 0_i64..2_000, more in 0_i64..40,
            seats in 1_u32..500, key_seats in 1_u32..500,
        ) {
            let add = |left| {
                let ends = today.plus_days(left);
                preview(KeyUse::MoreSeats, Some(Subscription { seats, ends }), key_seats, today)
                    .expect("possible").ends
            };
            prop_assert!(add(left + more) >= add(left));
        }

        #[test]
        fn rule_09_more_new_seats_draw_the_end_towards_a_year(
            today in days(), left in 0_i64..2_000, seats in 1_u32..500, key_seats in 1_u32..500,
        ) {
            let ends = today.plus_days(left);
            let add = |key_seats| {
                preview(KeyUse::MoreSeats, Some(Subscription { seats, ends }), key_seats, today)
                    .expect("possible").ends
            };
            let (fewer, more) = (add(key_seats), add(key_seats + 1));
            if ends <= today.plus_months(12) {
                prop_assert!(more >= fewer);
            } else {
                prop_assert!(more <= fewer);
            }
        }

        #[test]
        fn rule_09_an_extension_grows_with_its_key(
            today in days(), left in 0_i64..2_000, seats in 1_u32..500, part in 1_u32..1_500,
        ) {
            let present = Subscription { seats, ends: today.plus_days(left) };
            let extend = |key_seats| preview(KeyUse::LaterEnd, Some(present), key_seats, today);
            let key_seats = part.min(seats * 3);
            let result = extend(key_seats).expect("possible");
            prop_assert_eq!(result.seats, seats);
            prop_assert!(result.ends > present.ends);
            prop_assert!(result.ends <= present.ends.plus_months(36));
            if key_seats > 1 {
                prop_assert!(result.ends >= extend(key_seats - 1).expect("possible").ends);
            }
        }

        #[test]
        fn rule_09_rounding_gives_less_than_a_day(
            from in days(), months in 0_i128..40, part in 0_i128..997,
        ) {
            let result = after(from, months * 997 + part, 997);
            let whole = from.plus_months(i64::try_from(months).expect("few"));
            let of = whole.days_until(from.plus_months(i64::try_from(months + 1).expect("few")));
            let given = i128::from(whole.days_until(result)) * 997;
            let exact = part * i128::from(of);
            prop_assert!(given >= exact && given - exact < 997);
        }

        #[test]
        fn rule_09_months_between_days_count_back_to_the_same_day(from in days(), left in 0_i64..4_000) {
            let to = from.plus_days(left);
            let (months, rest, of) = months_between(from, to);
            prop_assert_eq!(from.plus_months(months).plus_days(rest), to);
            prop_assert!(months >= 0 && (0..of).contains(&rest) && (28..=31).contains(&of));
        }
    }
}
