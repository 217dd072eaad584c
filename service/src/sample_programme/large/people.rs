//! Who is at a company of the large programme, and who has a seat of what since when.

use domain::benefit::SourceLabel;
use domain::{Language, Moment, Role, Tier};

use super::dice::Dice;
use super::names;
use super::plan::{Company, SHAPES, Scale};

/// Of a hundred people this one was invited and hasn't come yet.
const INVITED: usize = 47;
/// Every so many people of a product had a seat of it before.
const EARLIER_EVERY: usize = 33;
/// Every so many holders have had their key shown.
const KEY_EVERY: usize = 9;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Somebody of a company.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) language: Language,
    /// Besides the one of an employee, which all have.
    pub(super) role: Option<Role>,
    pub(super) invited: bool,
    pub(super) seen_at: Option<Moment>,
}

/// Everybody of a company, its Global admin first.
pub(super) fn people(company: &Company, now: Moment) -> Vec<Person> {
    // Another sequence than the company's own.
    let mut dice = Dice::of(company.number as u64 + (1 << 32));
    let administrators = 1 + company.number % 3;
    let roles = [Role::GlobalAdmin, Role::PartnerAdmin, Role::UserAdmin];
    let since = company.joined_at();
    let person = |at: usize| {
        // Some speak another language than their company.
        let language = if dice.below(12) == 0 { dice.pick(&Language::ALL) } else { company.language };
        let (name, email) = names::person(&mut dice, language, at, &company.domain);
        let role = roles.get(at).filter(|_| at < administrators).copied();
        let invited = role.is_none() && at % 100 == INVITED;
        let never = invited || role.is_none() && dice.below(10) == 0;
        let ago = dice.below((now.0 - since.0).clamp(1, 60 * DAY));
        Person { name, email, language, role, invited, seen_at: (!never).then_some(Moment(now.0 - ago)) }
    };
    (0..company.people).map(person).collect()
}

/// A product whose seats people of a level have.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) product: &'static str,
    pub(super) source: SourceLabel,
    /// Of a hundred people so many have a seat.
    pub(super) percent: usize,
    /// Whether each holder has a key.
    pub(super) keys: bool,
}

const fn held(product: &'static str, source: SourceLabel, percent: usize, keys: bool) -> Held {
    Held { product, source, percent, keys }
}

/// What the people of each level have seats of.
const HELD: [(Tier, &[Held]); 3] = [
    (
        Tier::ActionPack,
        &[
            held("visual_studio_professional", SourceLabel::ActionPack, 100, false),
            held("azure_credit", SourceLabel::ActionPack, 100, false),
            held("project_professional", SourceLabel::ActionPack, 100, true),
            held("visio_professional", SourceLabel::ActionPack, 100, true),
        ],
    ),
    (
        Tier::Silver,
        &[
            held("visual_studio_professional", SourceLabel::ActionPack, 60, false),
            held("visual_studio_enterprise", SourceLabel::SilverCore, 100, false),
            held("azure_credit", SourceLabel::SilverCore, 100, false),
            held("azure_bulk_credit_6000", SourceLabel::SilverCore, 80, false),
            held("project_professional", SourceLabel::SilverCore, 90, true),
            held("visio_professional", SourceLabel::SilverCore, 90, true),
        ],
    ),
    (
        Tier::Gold,
        &[
            held("visual_studio_professional", SourceLabel::ActionPack, 60, false),
            held("visual_studio_enterprise", SourceLabel::GoldCore, 100, false),
            held("azure_credit", SourceLabel::GoldCore, 100, false),
            held("azure_bulk_credit_12000", SourceLabel::GoldCore, 80, false),
            held("project_professional", SourceLabel::GoldCore, 90, true),
            held("visio_professional", SourceLabel::GoldCore, 90, true),
        ],
    ),
];

/// What the people of a level have seats of.
pub(super) fn held_at(tier: Tier) -> &'static [Held] {
    HELD.iter().find(|(of, _)| *of == tier).map_or(&[], |(_, held)| *held)
}

impl Held {
    /// How many of so many people have a seat.
    pub(super) const fn of(&self, people: usize) -> usize {
        people * self.percent / 100
    }
}

/// The most seats of a product that a company of this programme has from a source; none where nobody has any.
pub(super) fn most(scale: Scale, source: SourceLabel, product: &str) -> Option<i64> {
    let mut most: Option<usize> = None;
    for (tier, percent) in SHAPES {
        for held in held_at(tier).iter().filter(|held| held.source == source && held.product == product) {
            most = most.max(Some(held.of(scale.people_at(percent))));
        }
    }
    most.and_then(|most| i64::try_from(most).ok())
}

/// A seat that somebody has or had.
pub(super) struct Seat {
    /// Whose, by the place among the people.
    pub(super) person: usize,
    pub(super) assigned_at: Moment,
    pub(super) released_at: Option<Moment>,
    /// When the holder had the key shown.
    pub(super) key_at: Option<Moment>,
}

/// The seats of a product that came at a moment, in the order in which they were assigned: spread over the time since.
/// Nobody has two of them at once.
pub(super) fn seats(held: Held, people: &[Person], since: Moment, now: Moment, dice: &mut Dice) -> Vec<Seat> {
    let count = held.of(people.len());
    let first = usize::try_from(dice.below(i64::try_from(people.len()).unwrap_or(0))).unwrap_or(0);
    let span = (now.0 - since.0 - 2 * HOUR).max(1);
    let mut all = Vec::with_capacity(count + count / EARLIER_EVERY + 1);
    for at in 0..count {
        let person = (first + at) % people.len();
        let after = HOUR + span * i64::try_from(at).unwrap_or(0) / i64::try_from(count).unwrap_or(1);
        let assigned_at = Moment(since.0 + after);
        let comes = people.get(person).is_some_and(|person| !person.invited);
        let key_at = (held.keys && comes && at % KEY_EVERY == 0).then_some(Moment(assigned_at.0 + HOUR / 2));
        if at % EARLIER_EVERY == EARLIER_EVERY / 2 {
            let (began, ended) = (Moment(since.0 + after / 4), Moment(since.0 + after / 2));
            all.push(Seat { person, assigned_at: began, released_at: Some(ended), key_at: None });
        }
        all.push(Seat { person, assigned_at, released_at: None, key_at });
    }
    all.sort_by_key(|seat| seat.assigned_at);
    all
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use domain::queue::TargetDays;
    use domain::{Moment, Role};

    use super::super::dice::Dice;
    use super::super::plan::{Scale, companies};
    use super::{held_at, most, people, seats};

    const NOW: Moment = Moment(1_795_165_200_000);

    #[test]
    fn a_large_programme_has_a_million_seats() {
        let scale = Scale::LARGE;
        let all = companies(scale, NOW, TargetDays::default());
        let seats: usize = all
            .iter()
            .flat_map(|company| held_at(company.tier).iter().map(|held| held.of(company.people)))
            .sum();
        assert_eq!((all.len(), seats), (2000, 1_000_000));
        assert_eq!(all.iter().map(|company| company.people).sum::<usize>(), 200_000);
        for company in &all {
            for held in held_at(company.tier) {
                let most = most(scale, held.source, held.product).expect("a quantity");
                assert!(held.of(company.people) as i64 <= most);
            }
        }
    }

    #[test]
    fn nobody_has_two_seats_of_a_product_at_once_and_none_before_it_came() {
        for company in companies(Scale { companies: 30, people: 40 }, NOW, TargetDays::default()) {
            let people = people(&company, NOW);
            assert_eq!(people.len(), company.people);
            assert!(people[0].role == Some(Role::GlobalAdmin) && !people[0].invited);
            let addresses: HashSet<&str> = people.iter().map(|person| person.email.as_str()).collect();
            assert_eq!(addresses.len(), people.len());
            let since = company.joined_at();
            for held in held_at(company.tier) {
                let all = seats(*held, &people, since, NOW, &mut Dice::of(1));
                let mut until: HashMap<usize, Moment> = HashMap::new();
                for seat in &all {
                    let free = until.insert(seat.person, seat.released_at.unwrap_or(NOW));
                    assert!(free.unwrap_or(since) <= seat.assigned_at && seat.assigned_at < NOW);
                    assert!(seat.released_at.is_none_or(|released| seat.assigned_at < released));
                    assert!(seat.key_at.is_none_or(|shown| seat.assigned_at < shown && shown <= NOW));
                }
                let active = all.iter().filter(|seat| seat.released_at.is_none()).count();
                assert_eq!(active, held.of(people.len()));
            }
        }
    }
}
