//! Tiers and the dates of a membership's year (rules 18 and 21).

use serde::{Deserialize, Serialize};

use crate::benefit::SourceLabel;
use crate::error::codes;
use crate::moment::Day;

/// Days from a purchase to its anniversary, which is the last day of the year.
pub const MEMBERSHIP_DAYS: i64 = 365;
/// Days after the anniversary in which existing use goes on (rule 21).
pub const RENEWAL_WINDOW_DAYS: i64 = 30;
/// Days from the anniversary to each reminder; negative is before.
pub const REMINDER_DAYS: [i64; 2] = [-15, 23];

codes! {
    /// A standing in the programme; tiers add up (rule 18).
    #[derive(PartialOrd, Ord)]
    Tier {
        /// The network membership, the base of all.
        Network = "network",
        /// The Action Pack.
        ActionPack = "action_pack",
        /// A silver competency.
        Silver = "silver",
        /// A gold competency.
        Gold = "gold",
    }
}

impl Tier {
    /// The tiers whose core grants come with this one. Each includes the network's; none of the
    /// others includes another.
    #[must_use]
    pub const fn includes(self) -> &'static [Self] {
        match self {
            Self::Network => &[Self::Network],
            Self::ActionPack => &[Self::Network, Self::ActionPack],
            Self::Silver => &[Self::Network, Self::Silver],
            Self::Gold => &[Self::Network, Self::Gold],
        }
    }
}

/// A holding, as far as it decides which grants come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// Its tier.
    pub tier: Tier,
    /// Code of the competency area, for silver and gold.
    pub area: Option<String>,
    /// Whether the area is a select one, which adds its own grants.
    pub select: bool,
}

/// Where grants come from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Source {
    /// The tier whose quantities count.
    pub tier: Tier,
    /// Code of the area, for what a select competency adds.
    pub area: Option<String>,
}

impl Source {
    /// How it is named beside the benefit.
    #[must_use]
    pub const fn label(&self) -> SourceLabel {
        if self.area.is_some() { SourceLabel::SelectCompetency } else { SourceLabel::core_of(self.tier) }
    }
}

/// The sources of all grants that the holdings bring, each once: the core of every tier however many
/// areas are held, and one for each select area of a level (rule 18). In the order of the tiers.
#[must_use]
pub fn sources(held: &[Held]) -> Vec<Source> {
    let mut sources = Vec::new();
    for holding in held {
        for tier in holding.tier.includes() {
            sources.push(Source { tier: *tier, area: None });
        }
        if holding.select && matches!(holding.tier, Tier::Silver | Tier::Gold) && holding.area.is_some() {
            sources.push(Source { tier: holding.tier, area: holding.area.clone() });
        }
    }
    sources.sort_unstable();
    sources.dedup();
    sources
}

codes! {
    /// Where a holding stands in its year.
    YearPhase {
        /// Up to the anniversary.
        Current = "current",
        /// In the window after it: existing use goes on (rule 21).
        RenewalWindow = "renewal_window",
        /// After the window.
        Ended = "ended",
    }
}

codes! {
    /// A reminder of a holding's year, sent once.
    YearReminder {
        /// The year ends soon: renew.
        BeforeAnniversary = "before_anniversary",
        /// Benefits end soon: the last days to renew.
        BeforeEnd = "before_end",
    }
}

/// The reminder that is due on a day, for an anniversary: from its day on until what it tells of is over,
/// so that a server that stood still for some days still sends it (rule 21).
#[must_use]
pub fn reminder_due(anniversary: Day, today: Day) -> Option<YearReminder> {
    let [before, after] = REMINDER_DAYS.map(|days| anniversary.plus_days(days));
    if today < before {
        None
    } else if today <= anniversary {
        Some(YearReminder::BeforeAnniversary)
    } else if today >= after && today <= anniversary.plus_days(RENEWAL_WINDOW_DAYS) {
        Some(YearReminder::BeforeEnd)
    } else {
        None
    }
}

/// The dates of a holding's year, in the organization's time zone. Each day counts to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Year {
    /// The day of purchase, day 0.
    pub purchased: Day,
}

impl Year {
    /// The anniversary: the last day of the year.
    #[must_use]
    pub fn anniversary(self) -> Day {
        self.purchased.plus_days(MEMBERSHIP_DAYS)
    }

    /// The last day of the renewal window, which is also the last day of benefits that are assigned.
    #[must_use]
    pub fn use_until(self) -> Day {
        self.anniversary().plus_days(RENEWAL_WINDOW_DAYS)
    }

    /// The days on which the company is reminded to renew.
    #[must_use]
    pub fn reminders(self) -> [Day; 2] {
        REMINDER_DAYS.map(|days| self.anniversary().plus_days(days))
    }

    /// Where it stands on a day.
    #[must_use]
    pub fn phase(self, today: Day) -> YearPhase {
        if today <= self.anniversary() {
            YearPhase::Current
        } else if today <= self.use_until() {
            YearPhase::RenewalWindow
        } else {
            YearPhase::Ended
        }
    }
}

/// Moments of a year: only where deadlines are computed.
#[cfg(feature = "zones")]
mod moments {
    use super::Year;
    use crate::moment::{Moment, Zone};

    impl Year {
        /// The year that begins with a purchase.
        #[must_use]
        pub fn from_purchase(purchased: Moment, zone: &Zone) -> Self {
            Self { purchased: zone.day_of(purchased) }
        }

        /// The last moment of the anniversary.
        #[must_use]
        pub fn ends_at(self, zone: &Zone) -> Moment {
            zone.end_of(self.anniversary())
        }

        /// The last moment of the renewal window: `expires_at` of a grant that ends with its holding.
        #[must_use]
        pub fn usable_until(self, zone: &Zone) -> Moment {
            zone.end_of(self.use_until())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn held(tier: Tier, area: Option<&str>, select: bool) -> Held {
        Held { tier, area: area.map(str::to_owned), select }
    }

    fn labels(held: &[Held]) -> Vec<(&'static str, Tier)> {
        sources(held).iter().map(|source| (source.label().code(), source.tier)).collect()
    }

    #[test]
    fn rule_18_every_tier_includes_the_network() {
        for tier in Tier::ALL {
            let included = tier.includes();
            assert!(included.contains(&Tier::Network) && included.contains(tier), "{tier:?}");
            assert_eq!(included.len(), if *tier == Tier::Network { 1 } else { 2 }, "{tier:?}");
        }
    }

    #[test]
    fn rule_18_tiers_add_up() {
        let all = [
            held(Tier::Gold, Some("security"), false),
            held(Tier::Network, None, false),
            held(Tier::ActionPack, None, false),
            held(Tier::Silver, Some("messaging"), false),
        ];
        assert_eq!(
            labels(&all),
            [
                ("network_core", Tier::Network),
                ("action_pack", Tier::ActionPack),
                ("silver_core", Tier::Silver),
                ("gold_core", Tier::Gold),
            ]
        );
        assert_eq!(labels(&[]), []);
    }

    #[test]
    fn rule_18_the_core_comes_once_and_only_select_areas_add() {
        let areas = [
            held(Tier::Gold, Some("devops"), true),
            held(Tier::Gold, Some("devops"), true),
            held(Tier::Gold, Some("cloud_platform"), true),
            held(Tier::Gold, Some("security"), false),
            held(Tier::Silver, Some("devops"), true),
        ];
        let source = |tier, area: Option<&str>| Source { tier, area: area.map(str::to_owned) };
        assert_eq!(
            sources(&areas),
            [
                source(Tier::Network, None),
                source(Tier::Silver, None),
                source(Tier::Silver, Some("devops")),
                source(Tier::Gold, None),
                source(Tier::Gold, Some("cloud_platform")),
                source(Tier::Gold, Some("devops")),
            ]
        );
        assert_eq!(sources(&areas)[2].label(), SourceLabel::SelectCompetency);
        // Areas belong to competencies alone.
        let pack = [held(Tier::ActionPack, Some("devops"), true), held(Tier::Gold, None, true)];
        assert!(sources(&pack).iter().all(|source| source.area.is_none()));
    }

    #[test]
    fn rule_21_the_year_has_its_dates() {
        let year = Year { purchased: Day::parse("2026-03-01").expect("a date") };
        assert_eq!(year.anniversary().to_string(), "2027-03-01");
        assert_eq!(year.use_until().to_string(), "2027-03-31");
        assert_eq!(year.reminders().map(|day| day.to_string()), ["2027-02-14", "2027-03-24"]);
        for (today, phase) in [
            ("2026-03-01", YearPhase::Current),
            ("2027-03-01", YearPhase::Current),
            ("2027-03-02", YearPhase::RenewalWindow),
            ("2027-03-31", YearPhase::RenewalWindow),
            ("2027-04-01", YearPhase::Ended),
        ] {
            assert_eq!(year.phase(Day::parse(today).expect("a date")), phase, "{today}");
        }
        // 365 days, not a calendar year.
        let leap = Year { purchased: Day::parse("2027-03-01").expect("a date") };
        assert_eq!(leap.anniversary().to_string(), "2028-02-29");
    }

    #[cfg(feature = "zones")]
    #[test]
    fn rule_21_the_year_ends_with_the_day_in_the_organizations_zone() {
        use crate::moment::{Moment, Zone};
        for name in ["UTC", "Europe/Oslo", "Asia/Taipei", "America/Los_Angeles"] {
            let zone = Zone::named(name);
            // The window begins in summer time and ends in winter time, where there is one.
            let purchased = zone.start_of(Day::parse("2025-10-10").expect("a date"));
            let year = Year::from_purchase(purchased, &zone);
            for (end, day) in [(year.ends_at(&zone), "2026-10-10"), (year.usable_until(&zone), "2026-11-09")]
            {
                assert_eq!(zone.day_of(end).to_string(), day, "{name}");
                assert_eq!(zone.time_of(end), (23, 59), "{name}");
                assert_ne!(zone.day_of(Moment(end.0 + 1)).to_string(), day, "{name}");
            }
        }
    }

    #[test]
    fn rule_21_reminders_are_due_15_days_before_and_23_after_the_anniversary() {
        let day = |text: &str| Day::parse(text).expect("a date");
        let anniversary = day("2027-03-01");
        for (today, due) in [
            ("2027-02-13", None),
            ("2027-02-14", Some(YearReminder::BeforeAnniversary)),
            ("2027-03-01", Some(YearReminder::BeforeAnniversary)),
            ("2027-03-02", None),
            ("2027-03-23", None),
            ("2027-03-24", Some(YearReminder::BeforeEnd)),
            ("2027-03-31", Some(YearReminder::BeforeEnd)),
            ("2027-04-01", None),
        ] {
            assert_eq!(reminder_due(anniversary, day(today)), due, "{today}");
        }
    }

    proptest! {
        #[test]
        fn rule_21_reminders_and_phases_keep_their_order(number in 0_i64..40_000, at in -400_i64..800) {
            let year = Year { purchased: Day::from_number(number).expect("within the calendar") };
            let [before, after] = year.reminders();
            prop_assert_eq!(year.phase(before), YearPhase::Current);
            prop_assert_eq!(year.phase(after), YearPhase::RenewalWindow);
            let expected = match at {
                ..=365 => YearPhase::Current,
                366..=395 => YearPhase::RenewalWindow,
                _ => YearPhase::Ended,
            };
            prop_assert_eq!(year.phase(year.purchased.plus_days(at)), expected);
        }

        #[test]
        fn rule_18_holding_more_never_takes_a_source_away(
            picks in proptest::collection::vec((0_usize..4, 0_usize..3, any::<bool>()), 0..8),
        ) {
            let all: Vec<Held> = picks
                .iter()
                .map(|(tier, area, select)| held(Tier::ALL[*tier], ["a", "b"].get(*area).copied(), *select))
                .collect();
            let total = sources(&all);
            for end in 0..=all.len() {
                prop_assert!(sources(&all[..end]).iter().all(|source| total.contains(source)));
            }
            let mut distinct = total.clone();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), total.len());
        }
    }
}
