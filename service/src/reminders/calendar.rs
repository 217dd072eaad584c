//! Days for the reader's calendar, as an `.ics` file (RFC 5545).

use chrono::{DateTime, NaiveDate};
use domain::{Day, Moment};
use icalendar::{Calendar, Component, Event, EventLike};
use serde::{Deserialize, Serialize};

/// A day that mail tells of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Date {
    /// What stays the same whenever the same day is sent again.
    pub id: String,
    /// The day.
    pub day: Day,
    /// What happens on it.
    pub title: String,
    /// Where the portal has more about it.
    pub link: String,
}

/// The file; none without a day. `now` stands in it as the moment at which it was made.
#[must_use]
pub fn file(dates: &[Date], now: Moment) -> Option<String> {
    if dates.is_empty() {
        return None;
    }
    let mut calendar = Calendar::new();
    for date in dates {
        let mut event = Event::new();
        event.uid(&format!("{}@benefits-center", date.id)).summary(&date.title).url(&date.link);
        if let Some(made) = DateTime::from_timestamp_millis(now.0) {
            event.timestamp(made);
        }
        let day = &date.day;
        let (month, of_month) = (u32::from(day.month()), u32::from(day.day()));
        if let Some(day) = NaiveDate::from_ymd_opt(i32::from(day.year()), month, of_month) {
            event.all_day(day);
        }
        calendar.push(event.done());
    }
    Some(calendar.done().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_calendars_read_it() {
        let date = Date {
            id: "7-before_end".to_owned(),
            day: Day::parse("2027-03-31").expect("a day"),
            title: "Gold, ends; soon\nreally".to_owned(),
            link: "https://benefits.example/membership".to_owned(),
        };
        let later = Date { id: "8-before_end".to_owned(), day: date.day.plus_days(1), ..date.clone() };
        let now = Moment(1_800_000_000_000);
        assert_eq!(super::file(&[], now), None);
        let file = super::file(&[date, later], now).expect("days");
        let lines: Vec<&str> = file.split("\r\n").collect();
        assert_eq!(lines.first(), Some(&"BEGIN:VCALENDAR"));
        for line in [
            "BEGIN:VEVENT",
            "UID:7-before_end@benefits-center",
            "DTSTAMP:20270115T080000Z",
            "DTSTART;VALUE=DATE:20270331",
            "SUMMARY:Gold\\, ends\\; soon\\nreally",
            "END:VEVENT",
            "UID:8-before_end@benefits-center",
            "DTSTART;VALUE=DATE:20270401",
            "END:VCALENDAR",
        ] {
            assert!(lines.contains(&line), "{line} in {file}");
        }
        assert!(file.contains("https://benefits.example/membership"), "{file}");
    }
}
