//! Writing the rows that were checked: what is new in a few statements for many companies, what changed
//! one by one, and nothing where nothing did.

use std::collections::{HashMap, HashSet};

use domain::ids::OrganizationId;
use domain::membership::Year;
use domain::moment::Zone;
use domain::older_portal::PortalState;
use domain::{AuditAction, Category, Moment, Role, Roles, Tier};
use sea_orm::{DatabaseTransaction, Value};
use uuid::Uuid;

use super::catalogue::Catalogue;
use super::parse::{About, Company, Contact, Grant, Membership};
use super::present::{self, Account, Present};
use super::tables::Tables;
use super::{Report, Wanted, broken, invite};
use crate::audit::{self, Event};
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// So many companies are written together.
pub(super) const BATCH: usize = 200;
/// Orders of an import are numbered like all others, which begin after this one.
const ORDERS_FROM: i64 = 10_000;
/// The agreement that purchases in the older portal are under.
const AGREEMENT: i64 = 1;

/// How a row fared.
enum Fate {
    Added,
    Updated,
    Unchanged,
}

/// What a company's rows came to.
#[derive(Clone, Copy, Default)]
struct Tally {
    added: usize,
    updated: usize,
    unchanged: usize,
}

impl Tally {
    const fn count(&mut self, fate: &Fate) {
        match fate {
            Fate::Added => self.added += 1,
            Fate::Updated => self.updated += 1,
            Fate::Unchanged => self.unchanged += 1,
        }
    }
}

/// The year of a membership that stands here or will.
#[derive(Clone, Copy)]
struct Held {
    holding: Uuid,
    line: Uuid,
    starts_at: i64,
    ends_at: i64,
    last_use_at: i64,
    /// The version of the catalogue that it has.
    version: i64,
}

/// Writes batches of companies.
pub(super) struct Writer<'a> {
    service: &'a Service,
    request: &'a Request,
    transaction: &'a DatabaseTransaction,
    catalogue: &'a Catalogue,
    wanted: Wanted,
    now: Moment,
}

impl<'a> Writer<'a> {
    /// A writer within a transaction.
    pub(super) const fn new(
        service: &'a Service,
        request: &'a Request,
        transaction: &'a DatabaseTransaction,
        catalogue: &'a Catalogue,
        wanted: Wanted,
        now: Moment,
    ) -> Self {
        Self { service, request, transaction, catalogue, wanted, now }
    }

    /// Writes some companies with their events and their invitations; counts in the report.
    pub(super) async fn write(&self, some: &[Company], report: &mut Report) -> Outcome<()> {
        let present = present::companies(self.transaction, some).await?;
        let keys: Vec<&str> = some.iter().flat_map(contacts).map(|contact| contact.key.as_str()).collect();
        let mut accounts = present::accounts(self.transaction, &keys).await?;
        let mut tables = Tables::new();
        let mut events = Vec::new();
        let mut invited = Vec::new();
        let open = if self.wanted.invite {
            invite::open(self.transaction, &present, self.now).await?
        } else {
            HashSet::new()
        };
        let mut number = self.order_numbers(some, &present).await?;
        for company in some {
            let Some(about) = company.about.as_ref().and_then(|row| row.holds.as_ref()) else { continue };
            let here = present.get(&company.domain);
            if here.is_some_and(|here| !here.state.is_kept_elsewhere()) {
                report.view_only +=
                    1 + company.contacts.len() + company.memberships.len() + company.grants.len();
                continue;
            }
            let mut writing = Writing {
                by: self,
                company,
                about,
                here,
                id: here.map_or_else(|| self.service.new_id(), |here| here.id),
                zone: Zone::named(&about.time_zone),
                tables: &mut tables,
                accounts: &mut accounts,
                tally: Tally::default(),
            };
            let (state, contact) = writing.write(&mut number).await?;
            let (id, tally) = (writing.id, writing.tally);
            report.added += tally.added;
            report.updated += tally.updated;
            report.unchanged += tally.unchanged;
            let organization = OrganizationId(id);
            if tally.added + tally.updated > 0 {
                events.push(
                    Event::new(organization, AuditAction::MemberImported, "organization", organization)
                        .after(format!("added {} updated {}", tally.added, tally.updated)),
                );
            }
            // Whose link ran out before anybody opened it is invited once more.
            let lapsed = state == PortalState::Invited && contact.status == "invited" && !open.contains(&id);
            if self.wanted.invite && (state.after_invitation().is_some() || lapsed) {
                invited.push(invite::Invited { organization, name: about.name.clone(), state, contact });
            }
        }
        tables.write(self.transaction).await?;
        report.invited += invited.len();
        for invited in &invited {
            events.push(
                Event::new(
                    invited.organization,
                    AuditAction::MemberInvited,
                    "organization",
                    invited.organization,
                )
                .before(invited.state.code())
                .after(PortalState::Invited.code()),
            );
        }
        invite::invite(self.service, self.transaction, invited, self.now).await?;
        audit::write_many(self.service, self.transaction, self.request, events, self.now).await
    }

    /// Takes a number for each membership that is new here; gives the first.
    async fn order_numbers(&self, some: &[Company], present: &HashMap<String, Present>) -> Outcome<i64> {
        let is_new = |company: &Company, membership: &Membership| {
            present.get(&company.domain).is_none_or(|here| !here.holdings.contains_key(&membership.tier))
        };
        let new = some
            .iter()
            .flat_map(|company| {
                let rows = company.memberships.iter().filter_map(|row| row.holds.as_ref());
                rows.filter(move |membership| is_new(company, membership))
            })
            .count();
        let new = i64::try_from(new).unwrap_or(i64::MAX);
        if new == 0 {
            return Ok(0);
        }
        let text = "insert into number_sequence (name, value) values ('order', $1)
            on conflict (name) do update set value = number_sequence.value + $2 returning value as number";
        let last = sql::number(self.transaction, text, [(ORDERS_FROM + new).into(), new.into()]).await?;
        Ok(last - new + 1)
    }
}

/// Everybody of a company whom the file names, the primary contact first.
fn contacts(company: &Company) -> impl Iterator<Item = &Contact> {
    let primary = company.about.iter().filter_map(|row| row.holds.as_ref()).map(|about| &about.contact);
    primary.chain(company.contacts.iter().filter_map(|row| row.holds.as_ref()))
}

/// One company at work.
struct Writing<'w, 'a> {
    by: &'w Writer<'a>,
    company: &'w Company,
    about: &'w About,
    here: Option<&'w Present>,
    id: Uuid,
    zone: Zone,
    tables: &'w mut Tables,
    accounts: &'w mut HashMap<String, Account>,
    tally: Tally,
}

impl Writing<'_, '_> {
    /// Puts what is new among the tables, and changes what differs. Gives the company's state and its
    /// primary contact's account.
    async fn write(&mut self, number: &mut i64) -> Outcome<(PortalState, Account)> {
        let memberships: Vec<&Membership> =
            self.company.memberships.iter().filter_map(|row| row.holds.as_ref()).collect();
        let tier = memberships.iter().map(|membership| membership.tier).max().unwrap_or(Tier::Network);
        let years = memberships.iter().map(|membership| Year { purchased: membership.began });
        let ends_at =
            years.map(|year| year.usable_until(&self.zone)).max().ok_or_else(|| broken("year", self.id))?;
        let before = self.here.map_or(PortalState::NotInvited, |here| here.state);
        let state = if self.here.is_none() { before.at(self.by.now, ends_at) } else { before };
        // The company stands first: all else refers to it.
        let mut changed = match self.here {
            None => {
                self.organization(tier, state);
                None
            }
            Some(here) => Some(self.differs(here, tier).await?),
        };
        let (account, person, fate) = self.contact(&self.about.contact, true).await?;
        if let Some(changed) = &mut changed {
            *changed |= !matches!(fate, Fate::Unchanged);
            *changed |= self.here.is_some_and(|here| here.primary != Some(person));
        }
        self.former_contact(person).await?;
        self.tally.count(&match changed {
            None => Fate::Added,
            Some(true) => Fate::Updated,
            Some(false) => Fate::Unchanged,
        });
        let company = self.company;
        for contact in company.contacts.iter().filter_map(|row| row.holds.as_ref()) {
            let (_, _, fate) = self.contact(contact, false).await?;
            self.tally.count(&fate);
        }
        let mut held = HashMap::new();
        for membership in memberships {
            let (one, fate) = self.membership(membership, number).await?;
            held.insert(membership.tier, one);
            self.tally.count(&fate);
        }
        self.grants(&held);
        if self.tally.added + self.tally.updated > 0 {
            let ended = (state == PortalState::Expired).then_some(self.by.now.0);
            self.tables.record.push([
                self.id.into(),
                person.into(),
                ends_at.0.into(),
                self.by.now.0.into(),
                ended.into(),
            ]);
        }
        Ok((state, account))
    }

    fn organization(&mut self, tier: Tier, state: PortalState) {
        self.tables.organization.push([
            self.id.into(),
            self.about.name.as_str().into(),
            sql::folded(&self.about.name).into(),
            self.company.domain.as_str().into(),
            self.about.account_email.as_str().into(),
            self.about.time_zone.as_str().into(),
            self.about.language.tag().into(),
            tier.code().into(),
            state.code().into(),
            // Set-up begins with the enrolment.
            true.into(),
            self.by.now.0.into(),
        ]);
    }

    /// Brings the company's own row up to date; says whether it differed.
    async fn differs(&self, here: &Present, tier: Tier) -> Outcome<bool> {
        let same = here.name == self.about.name
            && here.account_email == self.about.account_email
            && here.time_zone == self.about.time_zone
            && here.language == self.about.language.tag()
            && here.tier == tier.code();
        if !same {
            let text = "update organization set name = $2, account_email = $3, time_zone = $4, language = $5,
                    tier = $6, name_key = $7, row_version = row_version + 1
                where id = $1";
            let values = [
                self.id.into(),
                self.about.name.as_str().into(),
                self.about.account_email.as_str().into(),
                self.about.time_zone.as_str().into(),
                self.about.language.tag().into(),
                tier.code().into(),
                sql::folded(&self.about.name).into(),
            ];
            sql::run(self.by.transaction, text, values).await?;
        }
        Ok(!same)
    }

    /// Makes somebody a person of the company with their roles.
    async fn contact(&mut self, contact: &Contact, primary: bool) -> Outcome<(Account, Uuid, Fate)> {
        let account = self.account(contact);
        let roles = Roles::new(contact.roles.iter().copied());
        let known = self.here.and_then(|here| here.people.get(&account.id));
        let Some(member) = known else {
            let person = self.by.service.new_id();
            self.tables.person.push([
                person.into(),
                self.id.into(),
                account.id.into(),
                sql::folded(&account.full_name).into(),
                "active".into(),
                self.by.now.0.into(),
            ]);
            self.roles(person, &roles);
            return Ok((account, person, Fate::Added));
        };
        let renamed = account.full_name != contact.name && account.status == "invited";
        let had = Roles::new(member.roles.iter().copied());
        // The primary contact may have more roles than this one takes.
        let enough =
            if primary { roles.iter().all(|role| had.iter().any(|one| one == role)) } else { had == roles };
        let person = member.person;
        let back = member.status == "left";
        if renamed {
            let name_key = sql::folded(&contact.name);
            let text = "update account set full_name = $2, name_key = $3, row_version = row_version + 1
                where id = $1";
            let values = [account.id.into(), contact.name.as_str().into(), name_key.as_str().into()];
            sql::run(self.by.transaction, text, values).await?;
            let text = "update person set sort_name = $2 where account_id = $1";
            let values = [account.id.into(), name_key.into()];
            sql::run(self.by.transaction, text, values).await?;
        }
        if back {
            let text = "update person set status = 'active', row_version = row_version + 1 where id = $1";
            sql::run(self.by.transaction, text, [person.into()]).await?;
        }
        if !enough {
            if !primary {
                let text = "delete from person_role where person_id = $1";
                sql::run(self.by.transaction, text, [person.into()]).await?;
            }
            self.roles(person, &roles);
        }
        let fate = if renamed || back || !enough { Fate::Updated } else { Fate::Unchanged };
        Ok((account, person, fate))
    }

    fn roles(&mut self, person: Uuid, roles: &Roles) {
        for role in roles.iter() {
            self.tables.person_role.push([person.into(), self.id.into(), Role::code(role).into()]);
        }
    }

    /// The account of an address; a new one, still without a password, where there is none.
    fn account(&mut self, contact: &Contact) -> Account {
        if let Some(known) = self.accounts.get(&contact.key) {
            return known.clone();
        }
        let account = Account {
            id: self.by.service.new_id(),
            email: contact.email.clone(),
            email_key: contact.key.clone(),
            full_name: contact.name.clone(),
            language: self.about.language.tag().to_owned(),
            status: "invited".to_owned(),
        };
        self.tables.account.push([
            account.id.into(),
            account.email.as_str().into(),
            account.email_key.as_str().into(),
            account.full_name.as_str().into(),
            sql::folded(&account.full_name).into(),
            account.language.as_str().into(),
            account.status.as_str().into(),
            self.by.now.0.into(),
        ]);
        self.accounts.insert(contact.key.clone(), account.clone());
        account
    }

    /// Whoever was the primary contact, and is no contact any more, leaves.
    async fn former_contact(&self, now: Uuid) -> Outcome<()> {
        let Some((here, former)) = self.here.and_then(|here| Some((here, here.primary?))) else {
            return Ok(());
        };
        if former == now {
            return Ok(());
        }
        let stays = contacts(self.company).any(|contact| {
            let account = self.accounts.get(&contact.key);
            let member = account.and_then(|account| here.people.get(&account.id));
            member.is_some_and(|member| member.person == former)
        });
        if !stays {
            let text = "update person set status = 'left', row_version = row_version + 1 where id = $1";
            sql::run(self.by.transaction, text, [former.into()]).await?;
        }
        Ok(())
    }

    /// A membership with its order; its year and its areas follow the file.
    async fn membership(&mut self, file: &Membership, number: &mut i64) -> Outcome<(Held, Fate)> {
        let year = Year { purchased: file.began };
        let (starts_at, ends_at) = (self.zone.start_of(file.began).0, year.ends_at(&self.zone).0);
        let last_use_at = year.usable_until(&self.zone).0;
        let areas = file.areas.join(",");
        let offer =
            *self.by.catalogue.offers.get(&file.tier).ok_or_else(|| broken("offer", file.tier.code()))?;
        let (transaction, version) = (self.by.transaction, file.version);
        if let Some(known) = self.here.and_then(|here| here.holdings.get(&file.tier)) {
            let (holding, line) = (known.id, known.order_line_id);
            let held = Held { holding, line, starts_at, ends_at, last_use_at, version };
            if known.areas == areas && known.starts_at == starts_at && known.anniversary_at == ends_at {
                return Ok((held, Fate::Unchanged));
            }
            let text = "update holding set areas = $2, starts_at = $3, anniversary_at = $4,
                catalogue_version = $5, row_version = row_version + 1 where id = $1";
            let areas_now = areas.as_str().into();
            let values = [known.id.into(), areas_now, starts_at.into(), ends_at.into(), version.into()];
            sql::run(transaction, text, values).await?;
            let text = "update order_line set areas = $2, row_version = row_version + 1 where id = $1";
            sql::run(transaction, text, [known.order_line_id.into(), areas.into()]).await?;
            let text = "update orders set ordered_at = $2 where id = (select order_id from order_line where id = $1)";
            sql::run(transaction, text, [known.order_line_id.into(), starts_at.into()]).await?;
            let text = "update benefit_grant set granted_at = $2, holding_ends_at = $3,
                    activate_by = case when category = 'go_to_market' then activate_by else $3 end,
                    expires_at = case when category = 'go_to_market' then expires_at else $4 end,
                    ended_at = case when state = 'ended' and $4 > $5 then null else ended_at end,
                    state = case when state = 'ended' and $4 > $5 then 'granted' else state end,
                    row_version = row_version + 1
                where holding_id = $1";
            let values = [
                known.id.into(),
                starts_at.into(),
                ends_at.into(),
                last_use_at.into(),
                // What had ended with the year before goes on with a renewed one.
                self.by.now.0.into(),
            ];
            sql::run(transaction, text, values).await?;
            return Ok((held, Fate::Updated));
        }
        let service = self.by.service;
        let (order, line, holding) = (service.new_id(), service.new_id(), service.new_id());
        self.tables.orders.push([
            order.into(),
            (*number).into(),
            self.id.into(),
            starts_at.into(),
            "USD".into(),
            "paid".into(),
        ]);
        *number += 1;
        self.tables.order_line.push([
            line.into(),
            order.into(),
            self.id.into(),
            offer.into(),
            areas.as_str().into(),
            // It was paid in the older portal, if it cost anything.
            0_i64.into(),
            self.by.catalogue.policies.as_str().into(),
            AGREEMENT.into(),
            "active".into(),
        ]);
        self.tables.holding.push([
            holding.into(),
            self.id.into(),
            offer.into(),
            line.into(),
            areas.into(),
            "active".into(),
            starts_at.into(),
            ends_at.into(),
            version.into(),
        ]);
        Ok((Held { holding, line, starts_at, ends_at, last_use_at, version }, Fate::Added))
    }

    /// The benefits of a company: those that share a pool get it together.
    fn grants(&mut self, held: &HashMap<Tier, Held>) {
        let mut pools: Vec<Pool<'_>> = Vec::new();
        let mut shared: HashMap<(Tier, &str), usize> = HashMap::new();
        let company = self.company;
        for grant in company.grants.iter().filter_map(|row| row.holds.as_ref()) {
            let (catalogue, area) = (self.by.catalogue, grant.area.as_deref());
            let by = held.get(&grant.tier).map(|held| held.version);
            let plan = by.and_then(|version| catalogue.plan(version, grant.tier, area, grant.product));
            let Some(plan) = plan else { continue };
            let at = match &plan.pool {
                None => pools.len(),
                Some(code) => *shared.entry((grant.tier, code)).or_insert(pools.len()),
            };
            if at == pools.len() {
                pools.push(Pool::default());
            }
            if let Some(pool) = pools.get_mut(at) {
                pool.quantity =
                    if pool.grants.is_empty() { grant.quantity } else { pool.quantity.max(grant.quantity) };
                pool.grants.push((grant, plan.category.as_str()));
            }
        }
        for pool in pools {
            self.pool(&pool, held);
        }
    }

    fn pool(&mut self, pool: &Pool<'_>, held: &HashMap<Tier, Held>) {
        let here = self.here;
        let known = |grant: &Grant| {
            let holding = held.get(&grant.tier)?.holding;
            here?.grants.get(&(holding, grant.area.clone(), grant.product))
        };
        let earlier = pool.grants.iter().find_map(|(grant, _)| known(grant));
        let id = earlier.map_or_else(|| self.by.service.new_id(), |earlier| earlier.pool_id);
        let said: i64 = pool.grants.iter().map(|(grant, _)| grant.used).sum();
        let said_before: i64 =
            pool.grants.iter().filter_map(|(grant, _)| known(grant)).map(|known| known.used_before).sum();
        // What the file is silent about stays as it is.
        let used = earlier.map_or(0, |earlier| earlier.pool_used_before - said_before) + said;
        let differs = earlier
            .is_none_or(|earlier| earlier.quantity != pool.quantity || earlier.pool_used_before != used);
        if differs {
            // What the plan gives is what there is, until an individual grant says otherwise.
            self.tables.pool.push([
                id.into(),
                self.id.into(),
                pool.quantity.into(),
                pool.quantity.into(),
                used.into(),
            ]);
        }
        let resized = earlier.is_some_and(|earlier| earlier.quantity != pool.quantity);
        for (grant, category) in &pool.grants {
            let Some(held) = held.get(&grant.tier) else { continue };
            let known = known(grant);
            let fate = match known {
                None => Fate::Added,
                Some(known) if known.used_before != grant.used || resized => Fate::Updated,
                Some(_) => Fate::Unchanged,
            };
            if known.is_none_or(|known| known.used_before != grant.used) {
                let row = self.grant(grant, category, held, id, known.map(|known| known.id));
                self.tables.grant.push(row);
            }
            self.tally.count(&fate);
        }
    }

    fn grant(
        &self,
        grant: &Grant,
        category: &str,
        held: &Held,
        pool: Uuid,
        known: Option<Uuid>,
    ) -> Vec<Value> {
        use domain::benefit::SourceLabel;
        // A go-to-market benefit expires with its activation.
        let marketing = category == Category::GoToMarket.code();
        let source = match grant.area {
            Some(_) => SourceLabel::SelectCompetency,
            None => SourceLabel::core_of(grant.tier),
        };
        vec![
            known.unwrap_or_else(|| self.by.service.new_id()).into(),
            self.id.into(),
            grant.product.into(),
            category.into(),
            pool.into(),
            source.code().into(),
            grant.area.clone().into(),
            held.holding.into(),
            held.line.into(),
            "granted".into(),
            held.starts_at.into(),
            (!marketing).then_some(held.ends_at).into(),
            held.ends_at.into(),
            (!marketing).then_some(held.last_use_at).into(),
            held.version.into(),
            grant.used.into(),
        ]
    }
}

/// Benefits that share a limit.
#[derive(Default)]
struct Pool<'w> {
    quantity: Option<i64>,
    grants: Vec<(&'w Grant, &'w str)>,
}
