//! Some companies of the large programme as rows, written in one transaction.

use std::collections::{HashMap, HashSet};

use domain::benefit::SourceLabel;
use domain::entitlement::{Edition, granted};
use domain::ids::{AccountId, OrganizationId};
use domain::moment::Zone;
use domain::seat::ReleaseReason;
use domain::{AuditAction, Category, Moment, Role, Tier};
use uuid::Uuid;

use super::Summary;
use super::book::Book;
use super::dice::Dice;
use super::evidence::KINDS;
use super::keys::{self, Drawn};
use super::people::{self, Person};
use super::plan::{Company, Purchase};
use super::requests;
use super::tables::Tables;
use crate::audit::{self, Event};
use crate::membership::catalogue::of_areas;
use crate::membership::entitle::{Same, same};
use crate::request::Request;
use crate::sample_programme::FIRST_REMINDERS_DAYS;
use crate::wording::Wordings;
use crate::{Failure, Outcome, Service, sql};

/// The agreement that every purchase was made under.
const AGREEMENT: i64 = 1;
/// Software with one key for the whole company, and activations on record for it.
const COMPANY_KEY: &str = "windows_enterprise";
const ACTIVATIONS: i64 = 5;
/// Where marketing contacts are called.
const CONTACT_PHONE: &str = "+44 1632 960 018";

/// Writes companies.
pub(super) struct Writer<'a> {
    pub(super) service: &'a Service,
    pub(super) request: &'a Request,
    pub(super) book: &'a Book,
    pub(super) now: Moment,
}

impl Writer<'_> {
    /// Writes some of them, with all that they have; says how much it was.
    pub(super) async fn write(&self, some: &[Company]) -> Outcome<Summary> {
        let transaction = self.service.database.begin().await?;
        let wordings = Wordings::of(&transaction, KINDS).await?;
        let (mut tables, mut summary) = (Tables::new(), Summary::default());
        let mut events = Vec::new();
        for company in some {
            let mut writing = Writing::new(self, company, &wordings, &mut tables, &mut summary);
            writing.write()?;
            let organization = OrganizationId(writing.organization);
            let mut past = writing.past;
            past.sort_by_key(|(at, _)| *at);
            events.append(&mut past);
            let loaded = AuditAction::SampleProgrammeLoaded;
            events.push((self.now, Event::new(organization, loaded, "organization", organization)));
        }
        tables.write(&transaction).await?;
        audit::write_past(self.service, &transaction, self.request, events).await?;
        transaction.commit().await?;
        Ok(summary)
    }
}

/// Somebody who was written.
pub(super) struct Member {
    pub(super) person: Uuid,
    pub(super) account: Uuid,
}

/// A benefit that was written.
#[derive(Clone, Copy)]
pub(super) struct Granted {
    pub(super) id: Uuid,
    pool: Uuid,
    pub(super) product: Uuid,
    pub(super) since: Moment,
}

/// A purchase that was written.
#[derive(Clone, Copy)]
pub(super) struct Bought {
    pub(super) order: Uuid,
    pub(super) line: Uuid,
    holding: Uuid,
}

/// One company at work.
pub(super) struct Writing<'w> {
    pub(super) service: &'w Service,
    pub(super) book: &'w Book,
    pub(super) now: Moment,
    pub(super) company: &'w Company,
    pub(super) zone: Zone,
    pub(super) organization: Uuid,
    pub(super) tables: &'w mut Tables,
    pub(super) summary: &'w mut Summary,
    pub(super) wordings: &'w Wordings,
    /// What was done, in no order.
    pub(super) past: Vec<(Moment, Event)>,
    pub(super) people: Vec<Person>,
    pub(super) members: Vec<Member>,
    bought: Vec<Bought>,
    grants: HashMap<(SourceLabel, &'w str), Granted>,
}

impl<'w> Writing<'w> {
    fn new(
        writer: &Writer<'w>,
        company: &'w Company,
        wordings: &'w Wordings,
        tables: &'w mut Tables,
        summary: &'w mut Summary,
    ) -> Self {
        let service = writer.service;
        let people = people::people(company, writer.now);
        let id = |_: &Person| Member { person: service.new_id(), account: service.new_id() };
        Self {
            service,
            book: writer.book,
            now: writer.now,
            company,
            zone: Zone::named(company.time_zone),
            organization: service.new_id(),
            tables,
            summary,
            wordings,
            past: Vec::new(),
            members: people.iter().map(id).collect(),
            people,
            bought: Vec::new(),
            grants: HashMap::new(),
        }
    }

    fn write(&mut self) -> Outcome<()> {
        self.organization()?;
        for at in 0..self.people.len() {
            self.person(at);
        }
        self.marketing_contact()?;
        for purchase in &self.company.purchases {
            self.purchase(purchase)?;
        }
        self.benefits()?;
        self.seats()?;
        self.company_key()?;
        requests::write(self)?;
        self.paid_evidence()?;
        self.summary.companies += 1;
        self.summary.people += self.people.len();
        Ok(())
    }

    /// The Global admin, who buys and asks.
    pub(super) fn admin(&self) -> Outcome<&Member> {
        self.members.first().ok_or_else(|| self.broken("person"))
    }

    /// What was bought, by its place among the purchases.
    pub(super) fn bought(&self, place: usize) -> Outcome<Bought> {
        self.bought.get(place).copied().ok_or_else(|| self.broken("purchase"))
    }

    /// The benefit of a product from a source.
    pub(super) fn grant(&self, source: SourceLabel, product: &str) -> Outcome<Granted> {
        self.grants.get(&(source, product)).copied().ok_or_else(|| self.broken("grant"))
    }

    pub(super) fn broken(&self, what: &'static str) -> Failure {
        Failure::broken("large_programme", what, &self.company.domain)
    }

    fn organization(&mut self) -> Outcome<()> {
        let company = self.company;
        let founder = self.admin()?.person;
        self.tables.organization.push([
            self.organization.into(),
            company.name.as_str().into(),
            sql::folded(&company.name).into(),
            company.domain.as_str().into(),
            format!("office@{}", company.domain).into(),
            company.time_zone.into(),
            company.language.tag().into(),
            company.tier.code().into(),
            founder.into(),
            true.into(),
            company.joined_at().0.into(),
            // Whatever is due on the first day was told long ago.
            self.now.plus_days(FIRST_REMINDERS_DAYS).0.into(),
        ]);
        Ok(())
    }

    fn person(&mut self, at: usize) {
        let (Some(person), Some(member)) = (self.people.get(at), self.members.get(at)) else { return };
        let status = if person.invited { "invited" } else { "active" };
        let joined = self.company.joined_at().0;
        self.tables.account.push([
            member.account.into(),
            person.email.as_str().into(),
            person.email.as_str().into(),
            person.name.as_str().into(),
            sql::folded(&person.name).into(),
            person.language.tag().into(),
            (!person.invited).then(|| self.book.password_hash.clone()).into(),
            status.into(),
            joined.into(),
        ]);
        let seen = person.seen_at.map_or(0, |seen| seen.0);
        self.tables.person.push([
            member.person.into(),
            self.organization.into(),
            member.account.into(),
            sql::folded(&person.name).into(),
            status.into(),
            joined.into(),
            seen.into(),
            seen.into(),
        ]);
        // Everybody of a company can hold seats, whatever else they do there.
        for role in person.role.into_iter().chain([Role::Employee]) {
            let row = [member.person.into(), self.organization.into(), role.code().into()];
            self.tables.person_role.push(row);
        }
    }

    /// Whoever is asked about go-to-market benefits; without one none is activated (rule 16).
    fn marketing_contact(&mut self) -> Outcome<()> {
        if self.company.tier == Tier::Network {
            return Ok(());
        }
        let partner_admin = self.people.iter().position(|person| person.role == Some(Role::PartnerAdmin));
        let at = partner_admin.unwrap_or(0);
        let (Some(person), Some(member)) = (self.people.get(at), self.members.get(at)) else {
            return Err(self.broken("person"));
        };
        self.tables.marketing_contact.push([
            self.organization.into(),
            member.person.into(),
            format!("marketing@{}", self.company.domain).into(),
            CONTACT_PHONE.into(),
            person.language.tag().into(),
            self.company.joined_at().0.into(),
        ]);
        Ok(())
    }

    fn purchase(&mut self, purchase: &Purchase) -> Outcome<()> {
        let offer = self.book.offer(purchase.tier)?;
        let by = self.admin()?.person;
        let (order, line, holding) = (self.service.new_id(), self.service.new_id(), self.service.new_id());
        let (organization, areas) = (self.organization, purchase.areas.join(","));
        let (ordered, begins) = (purchase.ordered_at.0, purchase.begins_at.0);
        let (currency, price) = (offer.currency.as_str(), offer.price_minor);
        self.tables.orders.push([
            order.into(),
            purchase.order_number.into(),
            organization.into(),
            by.into(),
            ordered.into(),
            currency.into(),
            "paid".into(),
            begins.into(),
        ]);
        self.tables.order_line.push([
            line.into(),
            order.into(),
            organization.into(),
            offer.id.into(),
            areas.as_str().into(),
            price.into(),
            self.book.frozen.as_str().into(),
            AGREEMENT.into(),
            "active".into(),
        ]);
        self.tables.holding.push([
            holding.into(),
            organization.into(),
            offer.id.into(),
            line.into(),
            areas.as_str().into(),
            "active".into(),
            begins.into(),
            purchase.anniversary_at.0.into(),
            self.book.version.into(),
        ]);
        for area in &purchase.areas {
            self.tables.attained_area.push([
                organization.into(),
                purchase.tier.code().into(),
                (*area).into(),
                self.book.admin.into(),
                ordered.into(),
            ]);
        }
        if purchase.tier > Tier::Network {
            self.tables.payment.push([
                self.service.new_id().into(),
                order.into(),
                organization.into(),
                "bank_transfer".into(),
                "paid".into(),
                price.into(),
                currency.into(),
                ordered.into(),
                by.into(),
                begins.into(),
                self.book.agent(self.bought.len() + self.company.number).into(),
            ]);
            self.tables.invoice.push([
                self.service.new_id().into(),
                purchase.invoice_number.into(),
                organization.into(),
                order.into(),
                "invoice".into(),
                price.into(),
                currency.into(),
                self.company.name.as_str().into(),
                begins.into(),
                self.company.country.into(),
            ]);
        }
        self.bought.push(Bought { order, line, holding });
        Ok(())
    }

    /// What the purchases bring, the oldest first; what several bring stands with the first of them.
    fn benefits(&mut self) -> Outcome<()> {
        let (book, company) = (self.book, self.company);
        let mut seen: HashSet<Same> = HashSet::new();
        for (place, purchase) in company.purchases.iter().enumerate() {
            let bought = self.bought(place)?;
            let mut shared: HashMap<(SourceLabel, Option<&str>, &str), Uuid> = HashMap::new();
            let held = of_areas(purchase.tier, &purchase.areas.join(","), &book.entitlements);
            for row in granted(&[Edition { catalogue: &book.entitlements, held }]) {
                if !seen.insert(same(row)) {
                    continue;
                }
                let fresh = self.service.new_id();
                let pool = match row.pool.as_deref() {
                    Some(code) => *shared.entry((row.source, row.area.as_deref(), code)).or_insert(fresh),
                    None => fresh,
                };
                if pool == fresh {
                    let limit = row.limit();
                    self.tables.pool.push([
                        pool.into(),
                        self.organization.into(),
                        limit.into(),
                        limit.into(),
                    ]);
                }
                let product = book.product(row.product.0)?;
                let id = self.service.new_id();
                // A go-to-market benefit expires with its activation.
                let dated = product.category != Category::GoToMarket.code();
                let (state, expires_at) = requests::activation_of(self, row.source, &product.code);
                self.tables.grant.push([
                    id.into(),
                    self.organization.into(),
                    row.product.0.into(),
                    product.category.as_str().into(),
                    pool.into(),
                    row.source.code().into(),
                    row.area.as_deref().into(),
                    bought.holding.into(),
                    bought.line.into(),
                    "granted".into(),
                    state.code().into(),
                    purchase.begins_at.0.into(),
                    dated.then_some(purchase.anniversary_at.0).into(),
                    purchase.anniversary_at.0.into(),
                    if dated { Some(purchase.last_use_at.0) } else { expires_at.map(|at| at.0) }.into(),
                    book.version.into(),
                ]);
                self.summary.grants += 1;
                if row.area.is_none() {
                    let granted = Granted { id, pool, product: row.product.0, since: purchase.begins_at };
                    self.grants.insert((row.source, product.code.as_str()), granted);
                }
            }
        }
        Ok(())
    }

    /// Everybody's seats, and the keys that their holders were shown.
    fn seats(&mut self) -> Outcome<()> {
        let mut dice = Dice::of(self.company.number as u64 + (1 << 33));
        let admin = self.admin()?;
        let (by, by_account) = (admin.person, admin.account);
        for held in people::held_at(self.company.tier) {
            let granted = self.grant(held.source, held.product)?;
            let delivery = self.book.product(granted.product)?.keys;
            for seat in people::seats(*held, &self.people, granted.since, self.now, &mut dice) {
                let Some(member) = self.members.get(seat.person) else { continue };
                let (person, account) = (member.person, AccountId(member.account));
                let id = self.service.new_id();
                let released = seat.released_at.is_some();
                self.tables.seat.push([
                    id.into(),
                    self.organization.into(),
                    granted.id.into(),
                    granted.pool.into(),
                    person.into(),
                    seat.assigned_at.0.into(),
                    by.into(),
                    seat.released_at.map(|at| at.0).into(),
                    released.then_some(by_account).into(),
                    released.then(|| ReleaseReason::Removed.code()).into(),
                ]);
                self.seat_evidence(granted, id, &seat)?;
                let shown = seat.key_at.filter(|_| !self.company.cancels());
                if let (Some(at), Some(delivery)) = (shown, delivery) {
                    let (organization, grant) = (self.organization, granted.id);
                    let drawn = Drawn { organization, grant, seat: Some(id), at, by: person };
                    let key = keys::draw(self.service, delivery, &drawn, self.tables)?;
                    self.shown(at, account, granted, key);
                }
                if released {
                    self.summary.seats_before += 1;
                } else {
                    self.summary.seats += 1;
                }
            }
        }
        Ok(())
    }

    /// A key was shown to somebody for the first time.
    fn shown(&mut self, at: Moment, to: AccountId, granted: Granted, key: Uuid) {
        let organization = OrganizationId(self.organization);
        let event = Event::new(organization, AuditAction::KeyRevealed, "product_key", key).after("first");
        self.note(at, to, granted.id, event);
        self.summary.keys += 1;
    }

    /// The key that a company has for all its computers, with what was activated by it.
    fn company_key(&mut self) -> Outcome<()> {
        let tier = self.company.tier;
        if tier == Tier::Network || self.company.cancels() {
            return Ok(());
        }
        let granted = self.grant(SourceLabel::core_of(tier), COMPANY_KEY)?;
        let Some(delivery) = self.book.product(granted.product)?.keys else { return Ok(()) };
        let admin = self.admin()?;
        let (by, by_account) = (admin.person, admin.account);
        let (organization, grant, at) = (self.organization, granted.id, granted.since.plus_seconds(7200));
        let drawn = Drawn { organization, grant, seat: None, at, by };
        let key = keys::draw(self.service, delivery, &drawn, self.tables)?;
        self.shown(at, AccountId(by_account), granted, key);
        self.tables.balance_entry.push([
            self.service.new_id().into(),
            organization.into(),
            grant.into(),
            "activation".into(),
            ACTIVATIONS.into(),
            "".into(),
            by_account.into(),
            at.plus_seconds(3600).0.into(),
        ]);
        Ok(())
    }
}
