//! From the ages in the files to moments, in the company's own zone.

use domain::moment::Zone;
use domain::{Day, Moment};

use super::files::{Company, broken};
use crate::Outcome;

/// The hour at which something happens on its day, so that what follows on the same day comes later.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Joined = 8,
    Bought = 9,
    Assigned = 10,
    Asked = 11,
    Revealed = 12,
    Redeemed = 13,
    Used = 14,
    Released = 15,
    Decided = 16,
}

/// A company's days.
pub(super) struct Calendar {
    zone: Zone,
    now: Moment,
    today: Day,
}

impl Calendar {
    /// The calendar of a company whose time zone exists.
    pub(super) fn of(company: &Company, now: Moment) -> Outcome<Self> {
        if jiff::tz::TimeZone::get(&company.time_zone).is_err() {
            return Err(broken("companies.toml", format!("time zone {}", company.time_zone)));
        }
        let zone = Zone::named(&company.time_zone);
        let today = zone.day_of(now);
        Ok(Self { zone, now, today })
    }

    /// The day that many days ago.
    pub(super) fn day(&self, days_ago: u16) -> Day {
        self.today.plus_days(-i64::from(days_ago))
    }

    /// The hour of the day that many days ago; never later than now.
    pub(super) fn ago(&self, days_ago: u16, at: At) -> Moment {
        let moment = self.zone.start_of(self.day(days_ago)).plus_seconds(at as i64 * 3600);
        moment.min(self.now)
    }

    /// The first moment of the day that many days ago.
    pub(super) fn start_of_day(&self, days_ago: u16) -> Moment {
        self.zone.start_of(self.day(days_ago))
    }

    /// The end of the day that many days ahead, or back where negative.
    pub(super) fn end_of_day_in(&self, days: i64) -> Moment {
        self.zone.end_of(self.today.plus_days(days))
    }

    /// The end of the working day that many working days after the day asked.
    pub(super) fn target(&self, asked_days_ago: u16, working_days: u16) -> Moment {
        self.zone.end_of(self.day(asked_days_ago).plus_working_days(working_days))
    }
}
