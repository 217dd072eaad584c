//! Benefits in use: the marketing contact, seats, keys, activations, recorded uses.

use domain::Day;
use domain::benefit::{ActivationState, Category, ProductKind};
use domain::cloud::{KeyUse, preview};
use domain::text::Phone;
use domain::{Error, Field};
use uuid::Uuid;

use super::calendar::{At, Calendar};
use super::catalogue::{Catalogue, new_key};
use super::files::{self, Company, broken};
use super::membership::Membership;
use super::people::Staff;
use super::rows::Rows;
use crate::entity::{
    activation, balance_entry, marketing_contact, product_key, redemption, seat, subscription,
};
use crate::{Outcome, Service};

/// Working days within which an activation is worked on.
const ACTIVATION_TARGET: u16 = 5;

/// A company that uses its benefits.
pub(super) struct InUse<'a> {
    pub(super) service: &'a Service,
    pub(super) catalogue: &'a Catalogue<'a>,
    pub(super) staff: &'a Staff<'a>,
    pub(super) membership: Membership,
    pub(super) calendar: Calendar,
}

/// An activation that waits for an operator.
pub(super) struct Waiting {
    pub(super) activation: Uuid,
    pub(super) grant: Uuid,
    pub(super) state: ActivationState,
    pub(super) requested_by: Uuid,
    pub(super) requested_at: i64,
    pub(super) target_at: i64,
    pub(super) owner: Option<Uuid>,
}

impl InUse<'_> {
    /// Writes what the company does with its benefits.
    pub(super) fn build(&mut self, company: &Company, rows: &mut Rows) -> Outcome<()> {
        match company.marketing_contact.as_slice() {
            [] => {}
            [contact] => self.contact(contact, rows)?,
            _ => {
                return Err(broken("companies.toml", format!("{} has two marketing contacts", company.name)));
            }
        }
        for file in &company.seat {
            self.seats(file, rows)?;
        }
        for file in &company.revealed {
            self.reveal(file, rows)?;
        }
        for file in &company.activation {
            if let Some(waiting) = self.activation(file, rows)? {
                self.activation_waits(&file.product, waiting, rows)?;
            }
        }
        for file in &company.used {
            self.used(file, rows)?;
        }
        for file in &company.request {
            self.request(company, file, rows)?;
        }
        Ok(())
    }

    fn contact(&self, file: &files::MarketingContact, rows: &mut Rows) -> Outcome<()> {
        let fault = |error: Error| broken("companies.toml", format!("marketing contact: {error}"));
        Phone::parse(Field::Phone, &file.phone).map_err(|error| fault(error.into()))?;
        rows.marketing_contact.push(marketing_contact::Model {
            organization_id: self.staff.organization,
            person_id: self.staff.member(&file.email)?.person,
            alternate_email: file.alternate_email.clone(),
            phone: file.phone.clone(),
            language: file.language.tag().to_owned(),
            updated_at: self.calendar.ago(file.days_ago, At::Assigned).0,
            row_version: 1,
        });
        Ok(())
    }

    fn seats(&self, file: &files::Seat, rows: &mut Rows) -> Outcome<()> {
        let place = self.membership.grant(rows, file.source, &file.product, file.area.as_deref())?;
        let (grant_id, pool_id) = grant_and_pool(rows, place)?;
        let by = self.staff.member(&file.by)?;
        let assigned = self.calendar.ago(file.days_ago, At::Assigned);
        let released = file.released_days_ago.map(|days| self.calendar.ago(days, At::Released));
        if file.released_days_ago.is_some() != file.release_reason.is_some() {
            return Err(broken("companies.toml", format!("release of a seat of {}", file.product)));
        }
        for email in &file.emails {
            rows.seat.push(seat::Model {
                id: self.service.new_id(),
                organization_id: self.staff.organization,
                grant_id,
                pool_id,
                person_id: self.staff.member(email)?.person,
                alternate_email: None,
                assigned_at: assigned.0,
                assigned_by: by.person,
                // The policy's default: a seat can be reassigned any time (rule 10).
                locked_until: None,
                released_at: released.map(|moment| moment.0),
                released_by: released.map(|_| by.account),
                release_reason: file.release_reason.map(|reason| reason.code().to_owned()),
                row_version: 1,
            });
        }
        Ok(())
    }

    fn reveal(&self, file: &files::Revealed, rows: &mut Rows) -> Outcome<()> {
        let item = self.catalogue.item(&file.product)?;
        let fault = |what: &str| broken("companies.toml", format!("revealed {}: {what}", file.product));
        let pool = item.key_pool.ok_or_else(|| fault("a product without keys"))?;
        let place = self.membership.grant(rows, file.source, &file.product, file.area.as_deref())?;
        let (grant_id, pool_id) = grant_and_pool(rows, place)?;
        let by = self.staff.member(&file.by)?;
        let revealed = self.calendar.ago(file.days_ago, At::Revealed);
        let seat_id = match &file.holder {
            Some(holder) => {
                let person = self.staff.member(holder)?.person;
                let held = |seat: &&seat::Model| {
                    seat.grant_id == grant_id && seat.person_id == person && seat.released_at.is_none()
                };
                Some(rows.seat.iter().find(held).ok_or_else(|| fault("its holder has no seat"))?.id)
            }
            None => None,
        };
        let key = new_key(self.service, pool)?;
        let key_id = key.id;
        rows.product_key.push(product_key::Model {
            state: if file.redeemed_days_ago.is_some() { "spent" } else { "held" }.to_owned(),
            organization_id: Some(self.staff.organization),
            grant_id: Some(grant_id),
            seat_id,
            drawn_at: Some(revealed.0),
            revealed_at: Some(revealed.0),
            revealed_by: Some(by.person),
            ..key
        });
        if let Some(activations) = file.activations {
            let limit = rows.pool.iter().find(|pool| pool.id == pool_id).and_then(|pool| pool.quantity);
            let counted = item.file.kind == ProductKind::MultipleActivationKey;
            if !counted || activations < 1 || limit.is_some_and(|limit| activations > limit) {
                return Err(fault("activations that it doesn't have"));
            }
            rows.balance_entry.push(balance_entry::Model {
                id: self.service.new_id(),
                organization_id: self.staff.organization,
                grant_id,
                kind: "activation".to_owned(),
                amount: activations,
                reason: String::new(),
                recorded_by: by.account,
                recorded_at: self.calendar.ago(file.days_ago, At::Used).0,
            });
        }
        if let Some(days) = file.redeemed_days_ago {
            if item.file.kind != ProductKind::CloudLicense {
                return Err(fault("redeemed, but no cloud key"));
            }
            let seats = rows.pool.iter().find(|pool| pool.id == pool_id).and_then(|pool| pool.quantity);
            let seats = seats.ok_or_else(|| fault("redeemed without a quantity"))?;
            let redeemed = Redeemed { key_id, grant_id, product: item.id, seats, days, by: by.person };
            self.redeem(redeemed, rows)?;
        }
        Ok(())
    }

    fn redeem(&self, redeemed: Redeemed, rows: &mut Rows) -> Outcome<()> {
        let day = self.calendar.day(redeemed.days);
        let at = self.calendar.ago(redeemed.days, At::Redeemed);
        let seats = u32::try_from(redeemed.seats).unwrap_or(u32::MAX);
        let ends: Day = preview(KeyUse::NewSubscription, None, seats, day)?.ends;
        let id = self.service.new_id();
        rows.subscription.push(subscription::Model {
            id,
            organization_id: self.staff.organization,
            product_id: redeemed.product,
            seats: redeemed.seats,
            ends_on: ends.to_string(),
            opened_at: at.0,
            row_version: 1,
        });
        rows.redemption.push(redemption::Model {
            product_key_id: redeemed.key_id,
            organization_id: self.staff.organization,
            grant_id: redeemed.grant_id,
            subscription_id: id,
            used_for: KeyUse::NewSubscription.code().to_owned(),
            seats: redeemed.seats,
            redeemed_by: redeemed.by,
            redeemed_at: at.0,
        });
        Ok(())
    }

    /// Writes an activation and says whether an operator has to do something about it.
    fn activation(&self, file: &files::Activation, rows: &mut Rows) -> Outcome<Option<Waiting>> {
        let fault = |what: &str| broken("companies.toml", format!("activation of {}: {what}", file.product));
        let category = self.catalogue.item(&file.product)?.file.category;
        let marketing = category == Category::GoToMarket;
        if !marketing && category != Category::Technical {
            return Err(fault("a product that isn't activated"));
        }
        let place = self.membership.grant(rows, file.source, &file.product, file.area.as_deref())?;
        let (grant_id, _) = grant_and_pool(rows, place)?;
        let by = self.staff.member(&file.by)?;
        let operator = file.operator.as_deref().map(|email| self.staff.operator(email)).transpose()?;
        let id = self.service.new_id();
        let requested = self.calendar.ago(file.days_ago, At::Asked);
        let target = self.calendar.target(file.days_ago, ACTIVATION_TARGET);
        let began = matches!(file.state, ActivationState::Active | ActivationState::Expired);
        let refused = file.state == ActivationState::Refused;
        let completed = match (file.state, file.active_days_ago) {
            (ActivationState::Active | ActivationState::Expired, Some(days)) => {
                Some(self.calendar.ago(days, At::Decided))
            }
            // Refused the day after it was asked for.
            (ActivationState::Refused, None) if file.reason.is_some() => {
                Some(self.calendar.ago(file.days_ago.saturating_sub(1), At::Decided))
            }
            (ActivationState::Requested | ActivationState::Processing, None) => None,
            _ => return Err(fault("a state without its day or its reason")),
        };
        if (marketing && began) != file.expires_in_days.is_some() || (began || refused) && operator.is_none()
        {
            return Err(fault("an end or an operator is missing, or there is one too many"));
        }
        // A go-to-market benefit has an end of its own; support lasts as long as its grant.
        let own_end = file.expires_in_days.map(|days| self.calendar.end_of_day_in(days).0);
        let grant_end = rows.benefit_grant.get(place).and_then(|grant| grant.expires_at);
        let expires = if began { own_end.or(grant_end) } else { None };
        let ids = began && !marketing;
        let sealed = |part: &str| {
            let place = format!("activation/{id}/{part}");
            self.service.vault.seal(&*self.service.random, &place, &nine_digits(self.service))
        };
        rows.activation.push(activation::Model {
            id,
            organization_id: self.staff.organization,
            grant_id,
            person_id: None,
            alternate_email: None,
            state: file.state.code().to_owned(),
            requested_by: by.person,
            requested_at: requested.0,
            target_at: target.0,
            completed_at: completed.map(|moment| moment.0),
            completed_by: completed.and(operator),
            access_id: ids.then(|| sealed("access_id")).transpose()?,
            contract_id: ids.then(|| sealed("contract_id")).transpose()?,
            starts_at: file.active_days_ago.map(|days| self.calendar.start_of_day(days).0),
            expires_at: expires,
            reminded_at: None,
            reason: file.reason.clone(),
            row_version: 1,
        });
        if let Some(grant) = rows.benefit_grant.get_mut(place) {
            file.state.code().clone_into(&mut grant.activation_state);
            if marketing {
                grant.expires_at = expires;
            }
        }
        Ok(file.state.is_open().then_some(Waiting {
            activation: id,
            grant: grant_id,
            state: file.state,
            requested_by: by.person,
            requested_at: requested.0,
            target_at: target.0,
            owner: operator,
        }))
    }

    fn used(&self, file: &files::Use, rows: &mut Rows) -> Outcome<()> {
        let fault = |what: &str| broken("companies.toml", format!("use of {}: {what}", file.product));
        let charge =
            self.catalogue.item(&file.product)?.file.charge.ok_or_else(|| fault("nothing is charged"))?;
        let place = self.membership.grant(rows, file.source, &file.product, file.area.as_deref())?;
        let (grant_id, _) = grant_and_pool(rows, place)?;
        if !(0.25..=100.0).contains(&file.amount) {
            return Err(fault("an amount out of range"));
        }
        // The ledger counts whole hours, and an hour begun is an hour charged.
        let amount = file.amount.ceil() as i64;
        rows.balance_entry.push(balance_entry::Model {
            id: self.service.new_id(),
            organization_id: self.staff.organization,
            grant_id,
            kind: charge.code().to_owned(),
            amount,
            reason: file.note.clone(),
            recorded_by: self.staff.operator(&file.operator)?,
            recorded_at: self.calendar.ago(file.days_ago, At::Used).0,
        });
        Ok(())
    }
}

/// A cloud key that opened a subscription.
struct Redeemed {
    key_id: Uuid,
    grant_id: Uuid,
    product: Uuid,
    seats: i64,
    days: u16,
    by: Uuid,
}

/// Ids of the grant at a place, and of its pool.
pub(super) fn grant_and_pool(rows: &Rows, place: usize) -> Outcome<(Uuid, Uuid)> {
    let grant =
        rows.benefit_grant.get(place).ok_or_else(|| broken("companies.toml", format!("grant {place}")))?;
    Ok((grant.id, grant.pool_id))
}

/// An Access ID or a Contract ID.
fn nine_digits(service: &Service) -> String {
    let mut bytes = [0; 8];
    service.random.fill(&mut bytes);
    let number = u64::from_le_bytes(bytes) % 900_000_000 + 100_000_000;
    number.to_string()
}
