//! What a programme's figures mean: months, what was granted and used in them, what lay idle and its worth, how
//! long requests took, and the axis of a drawing.
//!
//! - **Granted** is what the benefits with a limit that are in force at the month's end allow together, with the
//!   quantity that they had then. Benefits that share a limit count once, with the oldest of them.
//! - **Used** is what is taken of it at the month's end: seats held, keys drawn, activations that run; of what is
//!   spent (hours, incidents, activations of a key) all that was spent since the benefit was granted.
//! - **Begun** is what came into use within the month, so of hours and incidents what was spent in it.
//! - **Peak** is the most that was in use at once within the month.
//! - **Unused** is what is granted and not used, of each limit by itself: what one has too many in use takes nothing
//!   from what another one has left. What has no limit has nothing unused; its use is counted apart.
//! - **The value of what is unused** follows from the price that the order froze: it is shared equally among the
//!   benefits of its line that have a limit, and each loses the part of it that is unused. The catalogue has
//!   prices for offers, none for products.
//!
//! A month that isn't over counts up to now.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::audit::{ActivityKind, AuditAction};
use crate::benefit::{Category, ProductKind, Unit};
use crate::error::codes;
use crate::ids::ProductId;
use crate::moment::{Day, Moment};

/// A calendar month.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Month(Day);

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(day: Day) -> Self {
        Self(day.plus_days(1 - i64::from(day.day())))
    }

    /// The month of a number as [`Month::number`] gives it; years 1900 to 9999.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        let year = i16::try_from(number.div_euclid(12)).ok()?;
        let month = u8::try_from(number.rem_euclid(12) + 1).ok()?;
        Day::new(year, month, 1).map(Self)
    }

    /// Months since the year 0: how a row keeps it.
    #[must_use]
    pub fn number(self) -> i64 {
        i64::from(self.0.year()) * 12 + i64::from(self.0.month()) - 1
    }

    /// Its first day.
    #[must_use]
    pub const fn first_day(self) -> Day {
        self.0
    }

    /// The month that many months later, as far as the calendar goes.
    #[must_use]
    pub fn plus(self, months: i64) -> Self {
        Self::of(self.0.plus_months(months))
    }

    /// So many months that end with this one, the earliest first.
    #[must_use]
    pub fn latest(self, months: u8) -> Vec<Self> {
        (0..i64::from(months)).rev().map(|back| self.plus(-back)).collect()
    }

    /// Its first moment, and the first one after it.
    #[cfg(feature = "zones")]
    #[must_use]
    pub fn bounds(self, zone: &crate::moment::Zone) -> (Moment, Moment) {
        (zone.start_of(self.0), zone.start_of(self.plus(1).0))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

codes! {
    /// How many months are looked at.
    #[derive(Default)]
    Span {
        /// Six.
        Half = "half",
        /// Twelve.
        #[default]
        Year = "year",
        /// Twenty-four.
        TwoYears = "two_years",
    }
}

impl Span {
    /// Months.
    #[must_use]
    pub const fn months(self) -> u8 {
        match self {
            Self::Half => 6,
            Self::Year => 12,
            Self::TwoYears => 24,
        }
    }
}

/// The latest month that is shown of all companies, of which the last one was counted in `counted`: a month that some
/// of them don't have yet isn't. A company that can't be counted holds the others up for a month at most.
#[must_use]
pub fn latest_of_all(counted: Option<Month>, current: Month) -> Month {
    counted.unwrap_or(current).clamp(current.plus(-1), current)
}

/// Something in use: from when, until when, how much. A correction of what was spent is negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Use {
    /// Since when.
    pub from: Moment,
    /// When it ended; none while it goes on.
    pub until: Option<Moment>,
    /// Units.
    pub amount: i64,
    /// Whether it goes on from a benefit of the year before, so that nothing begins with it.
    pub carried: bool,
}

/// What was in use in a month.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct InUse {
    /// At its end.
    pub used: i64,
    /// At most at once.
    pub peak: i64,
    /// Began in it.
    pub begun: i64,
}

/// What was in use from `start` until before `end`. At one moment what ends makes room for what begins.
#[must_use]
pub fn in_use(uses: impl IntoIterator<Item = Use>, start: Moment, end: Moment) -> InUse {
    let mut before = 0_i64;
    let mut begun = 0_i64;
    let mut steps: Vec<(Moment, i64)> = Vec::new();
    for one in uses {
        if one.from >= end || one.until.is_some_and(|until| until <= start || until <= one.from) {
            continue;
        }
        if one.from < start {
            before = before.saturating_add(one.amount);
        } else {
            if !one.carried {
                begun = begun.saturating_add(one.amount);
            }
            steps.push((one.from, one.amount));
        }
        if let Some(until) = one.until.filter(|until| *until < end) {
            steps.push((until, one.amount.saturating_neg()));
        }
    }
    steps.sort_unstable();
    let (mut now, mut peak) = (before, before);
    for (_, step) in steps {
        now = now.saturating_add(step);
        peak = peak.max(now);
    }
    InUse { used: now, peak, begun }
}

/// Whether the portal knows of the use of such products. Of licenses without a key nobody says who uses them.
#[must_use]
pub const fn is_counted(kind: ProductKind) -> bool {
    !matches!(kind, ProductKind::LicenseOnly)
}

/// Whether such an event may change what is counted: whoever signs in, reads, takes figures away or reminds somebody
/// uses nothing by that.
#[must_use]
pub const fn changes_use(action: AuditAction) -> bool {
    !matches!(action.kind(), ActivityKind::SignIn)
        && !matches!(
            action,
            AuditAction::InsightExported
                | AuditAction::ActivityExported
                | AuditAction::PeopleExported
                | AuditAction::SeenKeysExported
                | AuditAction::BenefitReminded
                | AuditAction::SeatReminded
                | AuditAction::MembershipReminded
                | AuditAction::SupportIdsShown
                | AuditAction::Denied
        )
}

/// Whether what is left of such a benefit, once it is in use, is used up also while nothing new starts (rule 21):
/// hours and incidents are, but nobody gets a seat or a key.
#[must_use]
pub const fn goes_on(kind: ProductKind) -> bool {
    matches!(
        kind,
        ProductKind::BreakFixSignature
            | ProductKind::BreakFixIncidents
            | ProductKind::PresalesDeployment
            | ProductKind::AdvisoryHours
    )
}

/// A price's share that belongs to a benefit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Worth {
    /// In the smallest unit of the currency.
    pub minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// A limit with what was used of it: that of one benefit, or of several that share it.
#[derive(Clone, Debug)]
pub struct Limit {
    /// The product of the oldest of its benefits.
    pub product: ProductId,
    /// Its category.
    pub category: Category,
    /// What is counted.
    pub unit: Unit,
    /// How much; none is unlimited.
    pub quantity: Option<i64>,
    /// How much it was before: until before which moment, the earliest first.
    pub earlier: Vec<(Moment, Option<i64>)>,
    /// Since when it is in force.
    pub since: Moment,
    /// The first moment at which it no longer is.
    pub until: Option<Moment>,
    /// What it is worth.
    pub worth: Option<Worth>,
    /// What was used of it.
    pub uses: Vec<Use>,
}

impl Limit {
    /// How much it was at a moment; none is unlimited.
    #[must_use]
    pub fn quantity_at(&self, moment: Moment) -> Option<i64> {
        self.earlier
            .iter()
            .find(|(until, _)| moment < *until)
            .map_or(self.quantity, |(_, quantity)| *quantity)
    }

    /// All of it as used from a moment on, however much that came to be: what one key opens.
    #[must_use]
    pub fn all_from(&self, moment: Moment) -> Vec<Use> {
        let amount = |quantity: Option<i64>| quantity.unwrap_or(1);
        let mut had = amount(self.quantity_at(moment));
        let mut uses = vec![Use { from: moment, until: None, amount: had, carried: false }];
        for (at, _) in self.earlier.iter().filter(|(at, _)| *at > moment) {
            let has = amount(self.quantity_at(*at));
            if has != had {
                uses.push(Use { from: *at, until: None, amount: has.saturating_sub(had), carried: false });
            }
            had = has;
        }
        uses
    }

    fn holds_at(&self, moment: Moment) -> bool {
        self.since <= moment && self.until.is_none_or(|until| moment < until)
    }

    fn uses(&self) -> impl Iterator<Item = Use> + '_ {
        self.uses.iter().map(|one| Use {
            until: match (one.until, self.until) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
            ..*one
        })
    }
}

/// The figures of a month.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// Granted at its end.
    pub granted: i64,
    /// Used of it at its end.
    pub used: i64,
    /// Granted and not used at its end, of each limit by itself.
    pub unused: i64,
    /// Used at once at most.
    pub peak: i64,
    /// Came into use.
    pub begun: i64,
    /// Used at its end of what has no limit.
    pub unlimited: i64,
}

impl Figures {
    /// The used part of what is granted, in percent; none where nothing is granted.
    #[must_use]
    pub const fn share(&self) -> Option<i64> {
        if self.granted <= 0 { None } else { Some(self.used.saturating_mul(100) / self.granted) }
    }
}

/// What figures are about: codes of category and unit, and a product or all of them together.
pub type About = (&'static str, &'static str, Option<ProductId>);

/// The figures from `start` until before `end`, for each product and for each unit of a category as a whole,
/// without those that are nothing.
#[must_use]
pub fn figures(limits: &[Limit], start: Moment, end: Moment) -> BTreeMap<About, Figures> {
    let last = Moment(end.0.saturating_sub(1));
    let mut of: BTreeMap<About, (Figures, Vec<Use>)> = BTreeMap::new();
    for limit in limits {
        let quantity = limit.quantity_at(last);
        let left = quantity.filter(|_| limit.holds_at(last)).map(|quantity| {
            let used = in_use(limit.uses(), start, end).used;
            (quantity, quantity.saturating_sub(used).max(0))
        });
        for product in [None, Some(limit.product)] {
            let about = (limit.category.code(), limit.unit.code(), product);
            let (figures, uses) = of.entry(about).or_default();
            if quantity.is_none() {
                let used = in_use(limit.uses(), start, end);
                figures.unlimited = figures.unlimited.saturating_add(used.used);
                figures.begun = figures.begun.saturating_add(used.begun);
                continue;
            }
            if let Some((granted, unused)) = left {
                figures.granted = figures.granted.saturating_add(granted);
                figures.unused = figures.unused.saturating_add(unused);
            }
            uses.extend(limit.uses());
        }
    }
    of.into_iter()
        .map(|(about, (mut figures, uses))| {
            let InUse { used, peak, begun } = in_use(uses, start, end);
            (figures.used, figures.peak) = (used, peak);
            figures.begun = figures.begun.saturating_add(begun);
            (about, figures)
        })
        .filter(|(_, figures)| *figures != Figures::default())
        .collect()
}

/// What was paid for benefits and what of it lies idle, in the smallest unit of the currency.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Idle {
    /// Paid.
    pub paid: i64,
    /// The part of it whose benefits aren't used.
    pub unused: i64,
}

/// What lies idle at a moment, for each category and currency.
#[must_use]
pub fn idle(limits: &[Limit], at: Moment) -> BTreeMap<(&'static str, String), Idle> {
    let mut of: BTreeMap<(&'static str, String), Idle> = BTreeMap::new();
    for limit in limits.iter().filter(|limit| limit.holds_at(at)) {
        let (Some(quantity), Some(worth)) = (limit.quantity.filter(|quantity| *quantity > 0), &limit.worth)
        else {
            continue;
        };
        let used = in_use(limit.uses(), at, Moment(at.0.saturating_add(1))).used;
        let idle = of.entry((limit.category.code(), worth.currency.clone())).or_default();
        idle.paid = idle.paid.saturating_add(worth.minor);
        idle.unused = idle.unused.saturating_add(part(worth.minor, quantity - used, quantity));
    }
    of
}

/// So many of `quantity` parts of an amount, rounded down; nothing below zero.
#[must_use]
pub fn part(amount: i64, parts: i64, quantity: i64) -> i64 {
    if parts <= 0 || quantity <= 0 {
        return 0;
    }
    let share = i128::from(amount) * i128::from(parts.min(quantity)) / i128::from(quantity);
    i64::try_from(share).unwrap_or(i64::MAX)
}

/// How long something took in minutes, of working days only: Saturdays and Sundays of the zone don't count.
#[cfg(feature = "zones")]
#[must_use]
pub fn working_minutes(from: Moment, until: Moment, zone: &crate::moment::Zone) -> i64 {
    const DAY: i64 = 24 * 60;
    if until <= from {
        return 0;
    }
    let (first, last) = (zone.day_of(from), zone.day_of(until));
    let since_midnight = |day: Day, moment: Moment| (moment.0 - zone.start_of(day).0) / 60_000;
    let part = |day: Day, minutes: i64| if day.is_working_day() { minutes.clamp(0, DAY) } else { 0 };
    if first == last {
        return part(first, (until.0 - from.0) / 60_000);
    }
    let between = first.working_days_until(last) - i64::from(last.is_working_day());
    part(first, DAY - since_midnight(first, from)) + between * DAY + part(last, since_midnight(last, until))
}

/// The smallest value that so many percent of the values don't exceed; none without values. They are sorted.
#[must_use]
pub fn percentile(sorted: &[i64], percent: u8) -> Option<i64> {
    let rank = (sorted.len() * usize::from(percent.min(100))).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The marks of an axis from nothing to at least `most`, at most six of them, in steps of 1, 2 or 5 and zeros.
#[must_use]
pub fn axis(most: i64) -> Vec<i64> {
    let most = most.max(1);
    let mut step = 1_i64;
    let mut factors = [2, 5, 10].into_iter().cycle();
    let mut ten = 1_i64;
    while most.div_euclid(step) + i64::from(most % step != 0) > 5 {
        let factor = factors.next().unwrap_or(10);
        step = ten.saturating_mul(factor);
        if factor == 10 {
            ten = step;
        }
        if step == i64::MAX {
            break;
        }
    }
    let marks = most.div_euclid(step) + i64::from(most % step != 0);
    (0..=marks).map(|mark| step.saturating_mul(mark)).collect()
}

/// So many days pass before somebody is reminded of the same again.
pub const REMIND_AGAIN_DAYS: i64 = 7;

/// When somebody can be reminded again; none where that is now.
#[must_use]
pub fn remind_again(reminded: Option<Moment>, now: Moment) -> Option<Moment> {
    reminded.map(|at| at.plus_days(REMIND_AGAIN_DAYS)).filter(|again| *again > now)
}

#[cfg(test)]
mod tests {
    use std::slice;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn month(text: &str) -> Month {
        Month::of(Day::parse(&format!("{text}-15")).expect("a day"))
    }

    fn used(from: i64, until: Option<i64>, amount: i64) -> Use {
        Use { from: Moment(from), until: until.map(Moment), amount, carried: false }
    }

    fn limit(quantity: Option<i64>, since: i64, until: Option<i64>, uses: Vec<Use>) -> Limit {
        Limit {
            product: ProductId(Uuid::from_u128(7)),
            category: Category::VisualStudio,
            unit: Unit::Seat,
            quantity,
            earlier: Vec::new(),
            since: Moment(since),
            until: until.map(Moment),
            worth: Some(Worth { minor: 1000, currency: "USD".to_owned() }),
            uses,
        }
    }

    #[test]
    fn months_follow_each_other_over_the_year() {
        assert_eq!(month("2026-12").plus(1), month("2027-01"));
        assert_eq!(month("2026-01").plus(-1).to_string(), "2025-12");
        assert_eq!(Month::from_number(month("2026-11").number()), Some(month("2026-11")));
        assert_eq!(Month::from_number(0), None);
        let latest: Vec<String> =
            month("2026-02").latest(3).into_iter().map(|month| month.to_string()).collect();
        assert_eq!(latest, ["2025-12", "2026-01", "2026-02"]);
    }

    #[cfg(feature = "zones")]
    #[test]
    fn a_month_begins_at_midnight_of_its_zone() {
        use crate::moment::Zone;
        for name in ["UTC", "Europe/Oslo", "Asia/Taipei", "America/Los_Angeles"] {
            let zone = Zone::named(name);
            let (start, end) = month("2026-03").bounds(&zone);
            assert_eq!(zone.day_of(start).to_string(), "2026-03-01", "{name}");
            assert_eq!(zone.day_of(Moment(end.0 - 1)).to_string(), "2026-03-31", "{name}");
            assert_eq!(month("2026-04").bounds(&zone).0, end, "{name}");
        }
    }

    #[test]
    fn the_end_of_a_month_and_its_peak_differ() {
        let uses = [
            used(0, None, 2),      // held before and after
            used(0, Some(12), 1),  // given back within
            used(11, Some(15), 3), // taken and given back within
            used(15, Some(40), 1), // taken at the moment at which three came back
            used(20, None, 9),     // after its end
            used(1, Some(10), 5),  // over before its beginning
        ];
        let month = in_use(uses, Moment(10), Moment(20));
        assert_eq!(month, InUse { used: 3, peak: 6, begun: 4 });
    }

    #[test]
    fn a_correction_takes_back_what_was_spent() {
        let uses = [used(5, None, 8), used(12, None, 4), used(13, None, -3)];
        assert_eq!(in_use(uses, Moment(10), Moment(20)), InUse { used: 9, peak: 12, begun: 1 });
    }

    proptest! {
        #[test]
        fn what_is_used_never_exceeds_the_peak(
            uses in proptest::collection::vec((0_i64..50, proptest::option::of(0_i64..50), 1_i64..9), 0..30)
        ) {
            let uses = uses.into_iter().map(|(from, until, amount)| used(from, until, amount));
            let month = in_use(uses.clone(), Moment(10), Moment(30));
            let at_end: i64 = uses.clone()
                .filter(|one| one.from < Moment(30) && one.until.is_none_or(|until| until >= Moment(30)))
                .map(|one| one.amount).sum();
            prop_assert_eq!(month.used, at_end);
            prop_assert!(month.peak >= month.used && month.begun >= 0);
            // Two halves of a month have its peak together.
            let halves = [(10, 20), (20, 30)].map(|(start, end)| in_use(uses.clone(), Moment(start), Moment(end)));
            prop_assert_eq!(month.peak, halves[0].peak.max(halves[1].peak));
            prop_assert_eq!(month.begun, halves[0].begun + halves[1].begun);
        }
    }

    #[test]
    fn figures_stand_for_products_and_for_units() {
        let other = Limit {
            product: ProductId(Uuid::from_u128(8)),
            ..limit(Some(5), 0, None, vec![used(1, None, 2)])
        };
        let limits = [
            limit(Some(10), 0, None, vec![used(1, Some(12), 4), used(13, None, 3)]),
            other,
            limit(None, 0, None, vec![used(11, None, 6)]),
            limit(Some(7), 0, Some(15), vec![used(1, None, 7)]),
        ];
        let figures = figures(&limits, Moment(10), Moment(20));
        let all = figures[&("visual_studio", "seat", None)];
        // The last limit is over before the month's end, with what was used of it.
        assert_eq!(all, Figures { granted: 15, used: 5, unused: 10, peak: 13, begun: 9, unlimited: 6 });
        assert_eq!((all.unused, all.share()), (10, Some(33)));
        let first = figures[&("visual_studio", "seat", Some(ProductId(Uuid::from_u128(7))))];
        assert_eq!(first, Figures { granted: 10, used: 3, unused: 7, peak: 11, begun: 9, unlimited: 6 });
        assert_eq!(figures.len(), 3);
        assert_eq!(super::figures(&limits, Moment(-9), Moment(0)).len(), 0, "before anything was granted");
    }

    #[test]
    fn too_many_in_use_of_one_limit_take_nothing_from_what_another_has_left() {
        let over = limit(Some(5), 0, None, vec![used(1, None, 10)]);
        let left = limit(Some(9), 0, None, vec![used(1, None, 4)]);
        let figures = figures(&[over, left], Moment(10), Moment(20))[&("visual_studio", "seat", None)];
        assert_eq!((figures.granted, figures.used, figures.unused), (14, 14, 5));
    }

    #[test]
    fn a_month_counts_with_the_quantity_of_its_end() {
        let earlier = vec![(Moment(5), Some(10)), (Moment(21), Some(50))];
        let limit = Limit { earlier, ..limit(Some(10), 0, None, vec![used(1, None, 20)]) };
        let of = |start, end| {
            figures(slice::from_ref(&limit), Moment(start), Moment(end))[&("visual_studio", "seat", None)]
        };
        assert_eq!((of(10, 20).granted, of(10, 20).unused), (50, 30));
        assert_eq!((of(20, 30).granted, of(20, 30).unused), (10, 0));
        assert_eq!((limit.quantity_at(Moment(4)), limit.quantity_at(Moment(5))), (Some(10), Some(50)));
        // What one key opens is all of it, however much that is.
        let all = Limit { uses: limit.all_from(Moment(2)), ..limit };
        let used = |end| {
            figures(slice::from_ref(&all), Moment(0), Moment(end))[&("visual_studio", "seat", None)].used
        };
        assert_eq!((used(4), used(6), used(30)), (10, 50, 10));
    }

    #[test]
    fn what_goes_on_from_the_year_before_does_not_begin() {
        let carried = Use { carried: true, ..used(12, None, 4) };
        let month = in_use([used(1, Some(12), 4), carried], Moment(10), Moment(20));
        assert_eq!(month, InUse { used: 4, peak: 4, begun: 0 });
    }

    #[test]
    fn what_not_all_companies_have_yet_is_not_the_latest_month() {
        let now = month("2026-12");
        for (counted, latest) in [
            (None, "2026-12"),
            (Some("2026-12"), "2026-12"),
            (Some("2026-11"), "2026-11"),
            // One that can't be counted holds nobody up for long, and one may be a day ahead.
            (Some("2026-07"), "2026-11"),
            (Some("2027-01"), "2026-12"),
        ] {
            assert_eq!(latest_of_all(counted.map(month), now), month(latest), "{counted:?}");
        }
    }

    #[test]
    fn events_that_use_nothing_are_told_apart() {
        let quiet = [AuditAction::SignedIn, AuditAction::SignedOut, AuditAction::InsightExported];
        assert!(quiet.into_iter().all(|action| !changes_use(action)));
        for action in [
            AuditAction::SeatAssigned,
            AuditAction::SeatReleased,
            AuditAction::KeyRevealed,
            AuditAction::UseRecorded,
            AuditAction::GrantEnded,
            AuditAction::BenefitsGranted,
            AuditAction::IndividualGrantEnded,
            AuditAction::PersonRemoved,
        ] {
            assert!(changes_use(action), "{action:?}");
        }
    }

    #[test]
    fn hours_go_on_while_nothing_new_starts() {
        let going: Vec<&str> =
            ProductKind::ALL.iter().filter(|kind| goes_on(**kind)).map(|kind| kind.code()).collect();
        assert_eq!(going.len(), 4, "{going:?}");
        assert!(!goes_on(ProductKind::Subscription) && !goes_on(ProductKind::MultipleActivationKey));
    }

    #[test]
    fn what_has_no_limit_has_nothing_unused() {
        let limits = [limit(None, 0, None, vec![used(1, None, 3)])];
        let figures = figures(&limits, Moment(0), Moment(9))[&("visual_studio", "seat", None)];
        assert_eq!((figures.granted, figures.unused, figures.share(), figures.unlimited), (0, 0, None, 3));
        assert!(idle(&limits, Moment(5)).is_empty());
    }

    #[test]
    fn the_value_of_what_is_unused_is_its_part_of_the_price() {
        let over = limit(Some(2), 0, None, vec![used(1, None, 3)]);
        let limits =
            [limit(Some(3), 0, None, vec![used(1, None, 1)]), over, limit(Some(4), 0, Some(4), Vec::new())];
        let idle = idle(&limits, Moment(5));
        assert_eq!(idle[&("visual_studio", "USD".to_owned())], Idle { paid: 2000, unused: 666 });
        assert_eq!((part(i64::MAX, 1, 1), part(100, 7, 5), part(100, -1, 5)), (i64::MAX, 100, 0));
    }

    #[cfg(feature = "zones")]
    #[test]
    fn weekends_take_no_working_time() {
        use crate::moment::Zone;
        let zone = Zone::named("Europe/Oslo");
        let friday = Day::parse("2026-11-20").expect("a day");
        let at = |days: i64, hour| zone.at_hour(friday.plus_days(days), hour);
        for (from, until, hours) in [
            (at(0, 9), at(0, 17), 8),
            (at(0, 9), at(3, 9), 24),   // over the weekend
            (at(1, 9), at(2, 17), 0),   // within it
            (at(1, 9), at(3, 8), 8),    // from it
            (at(0, 20), at(1, 5), 4),   // into it
            (at(0, 9), at(10, 9), 144), // over two
            (at(0, 9), at(0, 8), 0),
        ] {
            assert_eq!(working_minutes(from, until, &zone), hours * 60, "{from:?} {until:?}");
        }
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!((percentile(&[4], 50), percentile(&[4], 90)), (Some(4), Some(4)));
        let ten: Vec<i64> = (1..=10).collect();
        assert_eq!(
            (percentile(&ten, 50), percentile(&ten, 90), percentile(&ten, 100)),
            (Some(5), Some(9), Some(10))
        );
        assert_eq!(percentile(&ten, 0), Some(1));
    }

    #[test]
    fn an_axis_has_few_round_marks_and_ends_above() {
        assert_eq!(axis(0), [0, 1]);
        assert_eq!(axis(5), [0, 1, 2, 3, 4, 5]);
        assert_eq!(axis(6), [0, 2, 4, 6]);
        assert_eq!(axis(23), [0, 5, 10, 15, 20, 25]);
        assert_eq!(axis(120), [0, 50, 100, 150]);
        for most in [1, 9, 10, 11, 99, 101, 12_345, 1_000_000, i64::MAX / 20] {
            let marks = axis(most);
            assert!((2..=6).contains(&marks.len()) && marks[marks.len() - 1] >= most, "{most}: {marks:?}");
        }
    }

    #[test]
    fn nobody_is_reminded_of_the_same_within_a_week() {
        let now = Moment(1_795_165_200_000);
        assert_eq!(remind_again(None, now), None);
        assert_eq!(remind_again(Some(now.plus_days(-3)), now), Some(now.plus_days(4)));
        assert_eq!(remind_again(Some(now.plus_days(-7)), now), None);
    }
}
