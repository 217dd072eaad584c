//! Moments and days. A date without a time ends at 23:59:59 in the organization's time zone.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// The moment that many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// The moment that many times 24 hours later.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days.saturating_mul(86_400))
    }
}

/// A calendar day, in whichever zone the text around it says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    year: i16,
    month: u8,
    day: u8,
}

impl Day {
    /// The day, if the calendar has it; years 1900 to 9999.
    #[must_use]
    pub fn new(year: i16, month: u8, day: u8) -> Option<Self> {
        let valid = (1900..=9999).contains(&year)
            && (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month);
        valid.then_some(Self { year, month, day })
    }

    /// The day of an ISO date, `2026-11-21`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let shape = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
        if !shape {
            return None;
        }
        Self::new(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)
    }

    /// Year.
    #[must_use]
    pub const fn year(self) -> i16 {
        self.year
    }

    /// Month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// Day of the month.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> i64 {
        // Days from civil, with the year beginning in March so that leap days come last.
        let year = self.year as i64 - (self.month <= 2) as i64;
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let month = (self.month as i64 + 9) % 12;
        let of_year = (153 * month + 2) / 5 + self.day as i64 - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// The day with that number, within the years that [`Day::new`] knows.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        let shifted = number.checked_add(719_468)?;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self::new(i16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// The day that many days later; the last known day where the calendar ends.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self::from_number(self.number().saturating_add(days)).unwrap_or(if days < 0 {
            Self { year: 1900, month: 1, day: 1 }
        } else {
            Self { year: 9999, month: 12, day: 31 }
        })
    }

    /// The same day of the month that many months later; the month's last day where it is shorter,
    /// the last known day where the calendar ends.
    #[must_use]
    pub fn plus_months(self, months: i64) -> Self {
        let count = (i64::from(self.year) * 12 + i64::from(self.month) - 1).saturating_add(months);
        let year = i16::try_from(count.div_euclid(12)).ok().filter(|year| (1900..=9999).contains(year));
        let month = u8::try_from(count.rem_euclid(12) + 1).ok();
        let (Some(year), Some(month)) = (year, month) else {
            return self.plus_days(if months < 0 { i64::MIN } else { i64::MAX });
        };
        Self { year, month, day: self.day.min(days_in_month(year, month)) }
    }

    /// Days from this day to the other; negative where the other lies before.
    #[must_use]
    pub const fn days_until(self, other: Self) -> i64 {
        other.number() - self.number()
    }

    /// Whether it is neither Saturday nor Sunday.
    #[must_use]
    pub const fn is_working_day(self) -> bool {
        // Day 0 was a Thursday.
        (self.number() + 3).rem_euclid(7) < 5
    }

    /// Working days after this day up to and with the other; 0 where the other isn't later.
    #[must_use]
    pub const fn working_days_until(self, other: Self) -> i64 {
        /// Working days from the Monday of week 0 up to and with the day.
        const fn since_monday(number: i64) -> i64 {
            // Day 0 was a Thursday, so day -3 was a Monday.
            let days = number + 3;
            let of_week = days.rem_euclid(7) + 1;
            days.div_euclid(7) * 5 + if of_week > 5 { 5 } else { of_week }
        }
        let days = since_monday(other.number()) - since_monday(self.number());
        if days < 0 { 0 } else { days }
    }

    /// The working day that many working days later: targets of the queue.
    #[must_use]
    pub fn plus_working_days(self, days: u16) -> Self {
        let mut day = self;
        let mut left = days;
        while left > 0 {
            day = day.plus_days(1);
            if day.is_working_day() {
                left -= 1;
            }
        }
        day
    }
}

const fn days_in_month(year: i16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a date")
    }
}

/// Time zones: only where deadlines are computed, which is the server.
#[cfg(feature = "zones")]
mod zone {
    use jiff::{Timestamp, civil, tz::TimeZone};

    use super::{Day, Moment};

    /// An organization's time zone.
    #[derive(Clone, Debug)]
    pub struct Zone(TimeZone);

    impl Zone {
        /// The zone of a name like `Europe/Oslo`; UTC where the name is unknown.
        #[must_use]
        pub fn named(name: &str) -> Self {
            Self(TimeZone::get(name).unwrap_or(TimeZone::UTC))
        }

        /// The day on which the moment falls here.
        #[must_use]
        pub fn day_of(&self, moment: Moment) -> Day {
            let date = Timestamp::from_millisecond(moment.0)
                .unwrap_or(if moment.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
                .to_zoned(self.0.clone())
                .date();
            let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
            Day::new(date.year(), month, day).unwrap_or(Day { year: 1900, month: 1, day: 1 })
        }

        /// The last moment of the day here: 23:59:59.999.
        #[must_use]
        pub fn end_of(&self, day: Day) -> Moment {
            let next = day.plus_days(1);
            Moment(self.start_of(next).0 - 1)
        }

        /// The first moment of the day here.
        #[must_use]
        pub fn start_of(&self, day: Day) -> Moment {
            let date = civil::date(day.year, day.month.cast_signed(), day.day.cast_signed());
            let zoned = date.to_zoned(self.0.clone()).or_else(|_| date.to_zoned(TimeZone::UTC));
            Moment(zoned.map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond()))
        }

        /// The moment at which the day's clock here shows a full hour; where it skips that hour, the one after.
        #[must_use]
        pub fn at_hour(&self, day: Day, hour: u8) -> Moment {
            let date = civil::date(day.year, day.month.cast_signed(), day.day.cast_signed());
            let time = civil::Time::new(hour.cast_signed(), 0, 0, 0).unwrap_or(civil::Time::midnight());
            let zoned = date.to_datetime(time).to_zoned(self.0.clone());
            zoned.map_or_else(|_| self.start_of(day), |zoned| Moment(zoned.timestamp().as_millisecond()))
        }

        /// The moment here as ISO 8601 with seconds and offset: `2026-11-21T19:04:05+01:00`.
        #[must_use]
        pub fn iso(&self, moment: Moment) -> String {
            let zoned = Timestamp::from_millisecond(moment.0)
                .unwrap_or(Timestamp::UNIX_EPOCH)
                .to_zoned(self.0.clone());
            zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        }

        /// Hour and minute here.
        #[must_use]
        pub fn time_of(&self, moment: Moment) -> (u8, u8) {
            let time = Timestamp::from_millisecond(moment.0)
                .unwrap_or(Timestamp::UNIX_EPOCH)
                .to_zoned(self.0.clone())
                .time();
            (time.hour().unsigned_abs(), time.minute().unsigned_abs())
        }
    }
}

#[cfg(feature = "zones")]
pub use zone::Zone;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Day;

    proptest! {
        #[test]
        fn days_and_numbers_agree(number in -25_567_i64..2_932_896) {
            let day = Day::from_number(number).expect("within the calendar");
            prop_assert_eq!(day.number(), number);
            prop_assert_eq!(Day::parse(&day.to_string()), Some(day));
            prop_assert!(day.plus_days(1) >= day);
        }
    }

    #[test]
    fn months_keep_the_day_where_they_can() {
        for (from, months, to) in [
            ("2026-01-31", 1, "2026-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2028-02-29", 12, "2029-02-28"),
            ("2026-11-21", 12, "2027-11-21"),
            ("2026-11-21", 2, "2027-01-21"),
            ("2026-01-31", -2, "2025-11-30"),
            ("9999-11-30", 2, "9999-12-31"),
            ("1900-01-31", -1, "1900-01-01"),
            ("2026-01-31", i64::MAX, "9999-12-31"),
        ] {
            let day = Day::parse(from).expect("a date");
            assert_eq!(day.plus_months(months).to_string(), to, "{from} {months}");
        }
    }

    #[test]
    fn malformed_dates_are_none() {
        for text in ["", "2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "2026-01-01T00", "٢٠٢٦-٠١-٠١"]
        {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn working_days_skip_the_weekend() {
        let friday = Day::parse("2026-11-20").expect("a date");
        assert!(friday.is_working_day());
        assert_eq!(friday.plus_working_days(1).to_string(), "2026-11-23");
        assert_eq!(friday.plus_working_days(5).to_string(), "2026-11-27");
        assert!(!friday.plus_days(1).is_working_day());
    }

    proptest! {
        #[test]
        fn working_days_forth_and_back(number in -10_000_i64..50_000, days in 0_u16..400) {
            let day = Day::from_number(number).expect("within the calendar");
            prop_assert_eq!(day.working_days_until(day.plus_working_days(days)), i64::from(days));
            prop_assert_eq!(day.working_days_until(day), 0);
            prop_assert_eq!(day.working_days_until(day.plus_days(-1)), 0);
        }
    }

    #[cfg(feature = "zones")]
    #[test]
    fn a_moment_is_written_with_its_offset() {
        use super::{Moment, Zone};
        let moment = Moment(1_795_284_245_999);
        for (zone, text) in [
            ("UTC", "2026-11-21T18:04:05+00:00"),
            ("Europe/Oslo", "2026-11-21T19:04:05+01:00"),
            ("Asia/Kolkata", "2026-11-21T23:34:05+05:30"),
        ] {
            assert_eq!(Zone::named(zone).iso(moment), text);
        }
    }

    #[cfg(feature = "zones")]
    #[test]
    fn a_day_ends_at_midnight_of_its_zone() {
        use super::Zone;
        let day = Day::parse("2026-03-29").expect("a date");
        for name in ["UTC", "Europe/Oslo", "Asia/Taipei", "America/Los_Angeles"] {
            let zone = Zone::named(name);
            let end = zone.end_of(day);
            assert_eq!(zone.day_of(end), day, "{name}");
            assert_eq!(zone.day_of(super::Moment(end.0 + 1)), day.plus_days(1), "{name}");
        }
    }
}
