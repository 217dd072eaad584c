//! Rows as what they mean: each by itself, gathered by company.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use domain::directory::MailDomain;
use domain::moment::Zone;
use domain::older_portal::{CELL_MAX, RecordColumn, RecordFault, RecordKind, RowFault};
use domain::text::{Email, Line, PersonName};
use domain::{Day, Field, Language, Moment, Role, Tier};
use uuid::Uuid;

use super::catalogue::Catalogue;
use super::file::Raw;
use crate::people::import::file as people;

/// The longest name of a company, in characters.
const NAME_MAX: usize = 200;

/// A row that was understood, or is known to be there at least.
#[derive(Debug)]
pub(super) struct Row<T> {
    pub(super) line: u32,
    pub(super) holds: Option<T>,
}

/// Somebody of a company.
#[derive(Debug)]
pub(super) struct Contact {
    pub(super) name: String,
    pub(super) email: String,
    /// The form in which addresses are compared.
    pub(super) key: String,
    pub(super) roles: Vec<Role>,
}

/// A company with its primary contact.
#[derive(Debug)]
pub(super) struct About {
    pub(super) name: String,
    pub(super) account_email: String,
    pub(super) time_zone: String,
    pub(super) language: Language,
    pub(super) contact: Contact,
}

/// A membership.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) tier: Tier,
    /// Codes, in order.
    pub(super) areas: Vec<String>,
    pub(super) began: Day,
    /// The version of the catalogue in force; once checked, the one that it is here by.
    pub(super) version: i64,
}

/// A benefit.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) tier: Tier,
    pub(super) area: Option<String>,
    pub(super) product: Uuid,
    /// How many the file says; once checked, how many there are.
    pub(super) quantity: Option<i64>,
    pub(super) used: i64,
}

/// Everything the file says about a company.
#[derive(Debug)]
pub(super) struct Company {
    pub(super) domain: String,
    pub(super) about: Option<Row<About>>,
    pub(super) contacts: Vec<Row<Contact>>,
    pub(super) memberships: Vec<Row<Membership>>,
    pub(super) grants: Vec<Row<Grant>>,
}

/// The whole file.
#[derive(Default)]
pub(super) struct Book {
    rows: usize,
    pub(super) companies: Vec<Company>,
    by_domain: HashMap<String, usize>,
    pub(super) faults: Vec<RowFault>,
}

/// Finds what is wrong about one row.
struct Reading<'a> {
    raw: &'a Raw,
    faults: &'a mut Vec<RowFault>,
    good: bool,
}

impl Reading<'_> {
    fn fault(&mut self, column: RecordColumn, fault: RecordFault) {
        self.good = false;
        self.faults.push(RowFault { line: self.raw.line, column, fault, number: None });
    }

    /// A cell that must be filled in.
    fn needed(&mut self, column: RecordColumn) -> Option<&str> {
        if self.raw.cell(column).is_empty() {
            self.fault(column, RecordFault::Required);
            return None;
        }
        Some(self.raw.cell(column))
    }

    fn name(&mut self, column: RecordColumn, person: bool) -> Option<String> {
        let text = self.needed(column)?;
        let parsed = if person {
            PersonName::parse(Field::Name, text).map(String::from)
        } else {
            Line::parse(Field::Name, text, NAME_MAX).map(String::from)
        };
        if parsed.is_err() {
            self.fault(column, RecordFault::UnusableText);
        }
        parsed.ok()
    }

    fn email(&mut self, column: RecordColumn) -> Option<Email> {
        let parsed = Email::parse(Field::Email, self.needed(column)?);
        if parsed.is_err() {
            self.fault(column, RecordFault::MalformedEmail);
        }
        parsed.ok()
    }

    fn tier(&mut self, catalogue: &Catalogue) -> Option<Tier> {
        let tier = catalogue.tier(&self.needed(RecordColumn::Tier)?.to_lowercase());
        if tier.is_none() {
            self.fault(RecordColumn::Tier, RecordFault::UnknownTier);
        }
        tier
    }

    fn areas(&mut self, catalogue: &Catalogue) -> Vec<String> {
        let mut areas: Vec<String> = self
            .raw
            .cell(RecordColumn::Areas)
            .split([';', ',', '、', '，', '；', '|', '/'])
            .map(|word| word.trim().to_lowercase())
            .filter(|word| !word.is_empty())
            .collect();
        areas.sort_unstable();
        areas.dedup();
        if areas.iter().any(|area| !catalogue.has_area(area)) {
            self.fault(RecordColumn::Areas, RecordFault::UnknownArea);
        }
        areas
    }

    fn number(&mut self, column: RecordColumn) -> Option<i64> {
        let cell = self.raw.cell(column);
        if cell.is_empty() {
            return None;
        }
        // At most nine digits: sums of a company's rows stay far from the limits of a number.
        let number = cell.parse().ok().filter(|number| (0..1_000_000_000).contains(number));
        if number.is_none() {
            self.fault(column, RecordFault::MalformedNumber);
        }
        number
    }

    fn contact(&mut self, roles: Option<Vec<Role>>) -> Option<Contact> {
        let name = self.name(RecordColumn::ContactName, true);
        let email = self.email(RecordColumn::ContactEmail);
        let roles = roles.or_else(|| {
            let roles = people::roles(self.raw.cell(RecordColumn::Roles));
            if roles.is_none() {
                self.fault(RecordColumn::Roles, RecordFault::UnknownRole);
            }
            roles
        });
        let email = email?;
        Some(Contact { name: name?, key: email.key(), email: email.into(), roles: roles? })
    }

    fn about(&mut self) -> Option<About> {
        let name = self.name(RecordColumn::Company, false);
        let account_email = self.email(RecordColumn::AccountEmail).map(String::from);
        let zone = match self.raw.cell(RecordColumn::TimeZone) {
            "" => "UTC".to_owned(),
            zone => zone.to_owned(),
        };
        if jiff::tz::TimeZone::get(&zone).is_err() {
            self.fault(RecordColumn::TimeZone, RecordFault::UnknownTimeZone);
        }
        let language = people::language(self.raw.cell(RecordColumn::Language), Language::English);
        if language.is_none() {
            self.fault(RecordColumn::Language, RecordFault::UnknownLanguage);
        }
        // Somebody has to be able to open what stands here, and to enrol the company later.
        let contact = self.contact(Some(vec![Role::GlobalAdmin, Role::Employee]));
        Some(About {
            name: name?,
            account_email: account_email?,
            time_zone: zone,
            language: language?,
            contact: contact?,
        })
    }

    fn membership(&mut self, catalogue: &Catalogue, now: Moment) -> Option<Membership> {
        let tier = self.tier(catalogue);
        let areas = self.areas(catalogue);
        let began = self.needed(RecordColumn::Began).map(Day::parse);
        let began = match began {
            None => None,
            Some(None) => {
                self.fault(RecordColumn::Began, RecordFault::MalformedDate);
                None
            }
            // Somewhere it is tomorrow already.
            Some(Some(day)) if day > Zone::named("UTC").day_of(now).plus_days(1) => {
                self.fault(RecordColumn::Began, RecordFault::FutureDate);
                None
            }
            Some(day) => day,
        };
        Some(Membership { tier: tier?, areas, began: began?, version: catalogue.version })
    }

    fn grant(&mut self, catalogue: &Catalogue) -> Option<Grant> {
        let tier = self.tier(catalogue);
        let mut areas = self.areas(catalogue);
        if areas.len() > 1 {
            self.fault(RecordColumn::Areas, RecordFault::UnknownArea);
        }
        let product = self.needed(RecordColumn::Benefit).map(|code| catalogue.products.get(code).copied());
        if product == Some(None) {
            self.fault(RecordColumn::Benefit, RecordFault::UnknownBenefit);
        }
        let quantity = self.number(RecordColumn::Quantity);
        let used = self.number(RecordColumn::Used).unwrap_or(0);
        Some(Grant { tier: tier?, area: areas.pop(), product: product??, quantity, used })
    }
}

impl Book {
    /// Rows so far.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Takes a row in.
    pub(super) fn take(&mut self, catalogue: &Catalogue, raw: &Raw, now: Moment) {
        self.rows += 1;
        let line = raw.line;
        let mut reading = Reading { raw, faults: &mut self.faults, good: true };
        for column in RecordColumn::ALL {
            if raw.cell(*column).chars().nth(CELL_MAX).is_some() {
                reading.fault(*column, RecordFault::UnusableText);
                return;
            }
        }
        let kind = match reading.needed(RecordColumn::Record).map(kind) {
            None => None,
            Some(None) => {
                reading.fault(RecordColumn::Record, RecordFault::UnknownRecord);
                None
            }
            Some(kind) => kind,
        };
        let domain = match reading.needed(RecordColumn::Domain) {
            None => None,
            Some(text) => {
                let domain = MailDomain::parse(Field::MailDomain, text).ok();
                if domain.is_none() {
                    reading.fault(RecordColumn::Domain, RecordFault::MalformedDomain);
                }
                domain
            }
        };
        let (Some(kind), Some(domain)) = (kind, domain) else { return };
        let at = match self.by_domain.entry(domain.as_str().to_owned()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.companies.push(Company {
                    domain: new.key().clone(),
                    about: None,
                    contacts: Vec::new(),
                    memberships: Vec::new(),
                    grants: Vec::new(),
                });
                *new.insert(self.companies.len() - 1)
            }
        };
        let Some(company) = self.companies.get_mut(at) else { return };
        match kind {
            RecordKind::Company => {
                let holds = reading.about().filter(|_| reading.good);
                if let Some(earlier) = &company.about {
                    let number = Some(i64::from(earlier.line));
                    let column = RecordColumn::Domain;
                    self.faults.push(RowFault { line, column, fault: RecordFault::DuplicateRow, number });
                } else {
                    company.about = Some(Row { line, holds });
                }
            }
            RecordKind::Contact => {
                let holds = reading.contact(None).filter(|_| reading.good);
                company.contacts.push(Row { line, holds });
            }
            RecordKind::Membership => {
                let holds = reading.membership(catalogue, now).filter(|_| reading.good);
                company.memberships.push(Row { line, holds });
            }
            RecordKind::Grant => {
                let holds = reading.grant(catalogue).filter(|_| reading.good);
                company.grants.push(Row { line, holds });
            }
        }
    }
}

/// What a row is about: by its code, or by its name in any language.
fn kind(cell: &str) -> Option<RecordKind> {
    let cell = cell.to_lowercase();
    RecordKind::ALL.iter().copied().find(|kind| {
        cell == kind.code()
            || Language::ALL.iter().any(|language| {
                let name = locales::texts(*language).find("record_kind", kind.code());
                name.is_some_and(|name| name.to_lowercase() == cell)
            })
    })
}
