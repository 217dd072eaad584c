//! What the large programme is made of: companies, what they bought and when, what they asked the operators for.
//! The same moment and the same size give the same programme; nothing here knows of a database.

use domain::membership::{MEMBERSHIP_DAYS, RENEWAL_WINDOW_DAYS, Tier};
use domain::moment::Zone;
use domain::queue::TargetDays;
use domain::view::requests::RequestKind;
use domain::{Language, Moment};

use super::dice::Dice;
use super::names;

/// How large a programme is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// Companies.
    pub companies: usize,
    /// People of a company, on average over ten companies in a row.
    pub people: usize,
}

impl Scale {
    /// 2,000 companies, 200,000 people, 1,000,000 assignments.
    pub const LARGE: Self = Self { companies: 2000, people: 100 };

    /// People of a company that has so many percent of the average.
    pub(super) fn people_at(self, percent: usize) -> usize {
        (self.people * percent / 100).max(FEWEST)
    }
}

/// Enough for every role of an administrator.
const FEWEST: usize = 3;

/// Ten companies in a row: level, and people in percent of the average. With the seats of `people::HELD` they have as
/// many people as ten average ones and, in whole numbers, five seats for each.
pub(super) const SHAPES: [(Tier, usize); 10] = [
    (Tier::ActionPack, 30),
    (Tier::Silver, 100),
    (Tier::Gold, 80),
    (Tier::Silver, 40),
    (Tier::Network, 20),
    (Tier::Gold, 300),
    (Tier::Silver, 60),
    (Tier::ActionPack, 50),
    (Tier::Gold, 160),
    (Tier::Silver, 160),
];

/// Where companies are: language, time zone, country.
const HOMES: [(Language, &str, &str); 10] = [
    (Language::English, "Europe/London", "GB"),
    (Language::SimplifiedChinese, "Asia/Shanghai", "CN"),
    (Language::English, "Europe/Oslo", "NO"),
    (Language::English, "America/Toronto", "CA"),
    (Language::TraditionalChinese, "Asia/Taipei", "TW"),
    (Language::English, "Europe/Berlin", "DE"),
    (Language::SimplifiedChinese, "Asia/Singapore", "SG"),
    (Language::English, "Australia/Sydney", "AU"),
    (Language::English, "America/Chicago", "US"),
    (Language::TraditionalChinese, "Asia/Hong_Kong", "HK"),
];

/// Competency areas that are bought; all of them are in the catalogue.
pub(super) const AREAS: [&str; 8] = [
    "application_development",
    "cloud_platform",
    "cloud_productivity",
    "collaboration_and_content",
    "data_analytics",
    "devops",
    "messaging",
    "security",
];

/// Every company joined at least so many days ago, and at most so many more.
const JOINED_DAYS: (i64, i64) = (31, 310);
/// From one purchase to the next it takes at least so many days, and at most so many more.
const NEXT_DAYS: (i64, i64) = (4, 5);
/// The latest at which a purchase can be cancelled, as the programme has it.
const CANCELLED_WITHIN_DAYS: i64 = 25;
/// Hours that every company asks a consultant for.
pub(super) const HOURS: i64 = 2;

/// Something bought.
pub(super) struct Purchase {
    pub(super) tier: Tier,
    /// Codes of competency areas.
    pub(super) areas: Vec<&'static str>,
    pub(super) ordered_at: Moment,
    /// When it was paid: its benefits come then.
    pub(super) begins_at: Moment,
    pub(super) anniversary_at: Moment,
    pub(super) last_use_at: Moment,
    pub(super) order_number: i64,
    /// 0 for what is free.
    pub(super) invoice_number: i64,
}

/// What a request is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum About {
    /// Hours of a consultant, from the highest level.
    Advisory,
    /// A go-to-market benefit of the Action Pack.
    Activation(&'static str),
    /// The highest level.
    Cancellation,
    /// The money of a purchase, by its place among them.
    Payment(usize),
}

impl About {
    pub(super) const fn kind(self) -> RequestKind {
        match self {
            Self::Advisory => RequestKind::Advisory,
            Self::Activation(_) => RequestKind::Activation,
            Self::Cancellation => RequestKind::Cancellation,
            Self::Payment(_) => RequestKind::Payment,
        }
    }
}

/// A request to the operators.
pub(super) struct Asked {
    pub(super) about: About,
    pub(super) at: Moment,
    pub(super) target_at: Moment,
    /// None while it is open.
    pub(super) decided_at: Option<Moment>,
    pub(super) refused: bool,
    /// Which operator has it; none while nobody has taken it.
    pub(super) owner: Option<usize>,
    pub(super) number: i64,
}

/// A company.
pub(super) struct Company {
    /// From 0.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) language: Language,
    pub(super) time_zone: &'static str,
    pub(super) country: &'static str,
    pub(super) tier: Tier,
    pub(super) people: usize,
    /// The oldest first, the network membership.
    pub(super) purchases: Vec<Purchase>,
    pub(super) requests: Vec<Asked>,
}

impl Company {
    /// When it joined.
    pub(super) fn joined_at(&self) -> Moment {
        self.purchases.first().map_or(Moment(0), |purchase| purchase.begins_at)
    }

    /// Whether its highest level is to be cancelled: nothing of it has been put to use then (rule 20).
    pub(super) fn cancels(&self) -> bool {
        self.requests.iter().any(|asked| asked.about == About::Cancellation)
    }

    /// What it has bought of a level.
    pub(super) fn purchase(&self, tier: Tier) -> Option<&Purchase> {
        self.purchases.iter().find(|purchase| purchase.tier == tier)
    }
}

/// All companies, still without numbers of orders and requests.
pub(super) fn companies(scale: Scale, now: Moment, targets: TargetDays) -> Vec<Company> {
    (0..scale.companies).map(|number| company(scale, number, now, targets)).collect()
}

fn company(scale: Scale, number: usize, now: Moment, targets: TargetDays) -> Company {
    let mut dice = Dice::of(number as u64);
    let (tier, percent) = SHAPES[number % SHAPES.len()];
    // Levels and places come in ever other pairs.
    let (language, time_zone, country) = HOMES[(number / SHAPES.len() + number) % HOMES.len()];
    let (name, domain) = names::company(number, language);
    let calendar = Calendar { zone: Zone::named(time_zone), now };
    let (purchases, latest_days) = purchases(&mut dice, tier, &calendar);
    let mut company = Company {
        number,
        name,
        domain,
        language,
        time_zone,
        country,
        tier,
        people: scale.people_at(percent),
        purchases,
        requests: Vec::new(),
    };
    if tier > Tier::Network {
        company.requests = requests(&mut dice, &company, latest_days, &calendar, targets);
    }
    company
}

/// A company's days.
struct Calendar {
    zone: Zone,
    now: Moment,
}

impl Calendar {
    /// The full hour of the day that many days ago; never later than now.
    fn ago(&self, days: i64, hour: u8) -> Moment {
        self.zone.at_hour(self.zone.day_of(self.now).plus_days(-days), hour).min(self.now)
    }
}

/// What is bought to reach a level, the oldest first; and how many days ago the last of it began.
fn purchases(dice: &mut Dice, tier: Tier, calendar: &Calendar) -> (Vec<Purchase>, i64) {
    let tiers: &[Tier] = match tier {
        Tier::Network => &[Tier::Network],
        Tier::ActionPack => &[Tier::Network, Tier::ActionPack],
        Tier::Silver => &[Tier::Network, Tier::ActionPack, Tier::Silver],
        Tier::Gold => &[Tier::Network, Tier::ActionPack, Tier::Gold],
    };
    let mut days = JOINED_DAYS.0 + dice.below(JOINED_DAYS.1);
    let mut all: Vec<Purchase> = Vec::with_capacity(tiers.len());
    for tier in tiers {
        if !all.is_empty() {
            days -= NEXT_DAYS.0 + dice.below(NEXT_DAYS.1.max(days / 3));
        }
        let begins_at = calendar.ago(days, 9);
        let anniversary = calendar.zone.day_of(begins_at).plus_days(MEMBERSHIP_DAYS);
        let mut areas = Vec::new();
        if *tier >= Tier::Silver {
            areas.push(dice.pick(&AREAS));
            let second = dice.pick(&AREAS);
            if *tier == Tier::Gold && !areas.contains(&second) {
                areas.push(second);
            }
        }
        all.push(Purchase {
            tier: *tier,
            areas,
            // A transfer takes some days; what is free is settled at once.
            ordered_at: if *tier == Tier::Network {
                begins_at
            } else {
                calendar.ago(days + 1 + dice.below(NEXT_DAYS.0 - 1), 15)
            },
            begins_at,
            anniversary_at: calendar.zone.end_of(anniversary),
            last_use_at: calendar.zone.end_of(anniversary.plus_days(RENEWAL_WINDOW_DAYS)),
            order_number: 0,
            invoice_number: 0,
        });
    }
    (all, days)
}

/// What the company asked for and asks for; `latest_days` ago it had everything.
fn requests(
    dice: &mut Dice,
    company: &Company,
    latest_days: i64,
    calendar: &Calendar,
    targets: TargetDays,
) -> Vec<Asked> {
    let asked = |about: About, at: Moment| Asked {
        about,
        at,
        target_at: targets.target(about.kind(), at, &calendar.zone),
        decided_at: None,
        refused: false,
        owner: None,
        number: 0,
    };
    let mut all = Vec::new();
    for (place, purchase) in company.purchases.iter().enumerate().filter(|(_, one)| one.tier > Tier::Network)
    {
        all.push(Asked {
            decided_at: Some(purchase.begins_at),
            owner: Some(place + company.number),
            ..asked(About::Payment(place), purchase.ordered_at)
        });
    }
    for (about, most_hours) in [(About::Advisory, 60), (About::Activation("standard_marketing_assets"), 220)]
    {
        let at = calendar.ago(1 + dice.below(latest_days - 2), 11);
        let decided = at.plus_seconds(3600 * (1 + dice.below(most_hours))).min(calendar.now);
        all.push(Asked {
            decided_at: Some(decided),
            refused: dice.below(8) == 0,
            owner: Some(company.number),
            ..asked(about, at)
        });
    }
    let mut open = |about: About, days: i64| {
        let at = calendar.ago(dice.below(days.min(latest_days - 1)), 10);
        let taken = dice.below(2) == 0;
        all.push(Asked { owner: taken.then_some(company.number), ..asked(about, at) });
    };
    if company.number.is_multiple_of(2) {
        open(About::Advisory, 6);
    }
    if company.number.is_multiple_of(3) {
        open(About::Activation("on_demand_marketing_training"), 12);
    }
    if !company.number.is_multiple_of(2) && latest_days <= CANCELLED_WITHIN_DAYS {
        open(About::Cancellation, CANCELLED_WITHIN_DAYS);
    }
    all
}

/// The last numbers that were given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Numbers {
    pub(super) orders: i64,
    pub(super) invoices: i64,
    pub(super) requests: i64,
}

/// Numbers orders, invoices and requests by age over all companies, each after those that there are; gives the last.
pub(super) fn number(companies: &mut [Company], after: Numbers) -> Numbers {
    let mut last = after;
    let mut purchases: Vec<&mut Purchase> =
        companies.iter_mut().flat_map(|company| &mut company.purchases).collect();
    purchases.sort_by_key(|purchase| purchase.ordered_at);
    for purchase in &mut purchases {
        last.orders += 1;
        purchase.order_number = last.orders;
    }
    purchases.sort_by_key(|purchase| purchase.begins_at);
    for purchase in purchases.into_iter().filter(|purchase| purchase.tier > Tier::Network) {
        last.invoices += 1;
        purchase.invoice_number = last.invoices;
    }
    let mut requests: Vec<&mut Asked> =
        companies.iter_mut().flat_map(|company| &mut company.requests).collect();
    requests.sort_by_key(|asked| asked.at);
    for asked in requests {
        last.requests += 1;
        asked.number = last.requests;
    }
    last
}

#[cfg(test)]
mod tests {
    use domain::queue::TargetDays;
    use domain::{Moment, Tier};

    use super::{Company, Numbers, Scale, companies, number};

    const NOW: Moment = Moment(1_795_165_200_000);

    fn programme(scale: Scale) -> Vec<Company> {
        companies(scale, NOW, TargetDays::default())
    }

    #[test]
    fn ten_companies_in_a_row_have_as_many_people_as_ten_average_ones() {
        for people in [30, 100] {
            let all = programme(Scale { companies: 10, people });
            assert_eq!(all.iter().map(|company| company.people).sum::<usize>(), 10 * people);
        }
    }

    #[test]
    fn everything_happens_in_its_order_and_before_now() {
        for company in programme(Scale { companies: 500, people: 10 }) {
            let begins: Vec<Moment> = company.purchases.iter().map(|purchase| purchase.begins_at).collect();
            assert!(begins.is_sorted(), "{}", company.name);
            assert_eq!(company.purchases[0].tier, Tier::Network);
            assert_eq!(company.purchases.last().expect("purchases").tier, company.tier);
            for purchase in &company.purchases {
                assert!(company.joined_at() <= purchase.ordered_at, "{}", company.name);
                assert!(purchase.ordered_at <= purchase.begins_at && purchase.begins_at < NOW);
                assert!(NOW < purchase.anniversary_at, "nothing ends before it is looked at");
                assert_eq!(purchase.areas.is_empty(), purchase.tier < Tier::Silver);
            }
            for asked in &company.requests {
                assert!(company.joined_at() < asked.at && asked.at <= NOW, "{:?}", asked.about);
                assert!(asked.decided_at.is_none_or(|decided| asked.at <= decided && decided <= NOW));
            }
        }
    }

    #[test]
    fn numbers_follow_those_that_there_are_by_age() {
        let mut all = programme(Scale { companies: 40, people: 10 });
        let after = Numbers { orders: 100, invoices: 200, requests: 300 };
        let last = number(&mut all, after);
        let mut orders: Vec<(i64, Moment)> = all
            .iter()
            .flat_map(|company| &company.purchases)
            .map(|purchase| (purchase.order_number, purchase.ordered_at))
            .collect();
        orders.sort_unstable();
        assert_eq!(orders.first().map(|order| order.0), Some(101));
        assert_eq!(orders.last().map(|order| order.0), Some(last.orders));
        assert!(orders.is_sorted_by_key(|order| order.1));
        let requests: usize = all.iter().map(|company| company.requests.len()).sum();
        assert_eq!(last.requests, 300 + i64::try_from(requests).expect("few"));
        assert!(last.invoices < 200 + (last.orders - 100), "the network membership is free");
    }
}
