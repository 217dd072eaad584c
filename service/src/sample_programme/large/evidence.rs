//! What is left of what a company did: events of its trail, mail that has arrived, and notices.

use domain::audit::ActorKind;
use domain::ids::{AccountId, GrantId, OrganizationId, PersonId};
use domain::seat::ReleaseReason;
use domain::{AuditAction, Moment, Tier};
use locales::format;
use uuid::Uuid;

use super::people::Seat;
use super::write::{Granted, Writing};
use crate::assignments::letters::{self, Holder};
use crate::audit::Event;
use crate::outbox::Letter;
use crate::{Outcome, sql};

/// Mail about what was bought last.
const PAID: &str = "order_paid";
/// Mail that the large programme has.
pub(super) const KINDS: [&str; 4] = [PAID, "seat_assigned", "key_seat_assigned", "seat_removed"];
/// Milliseconds of a day, after which a notice was read.
const DAY: i64 = 86_400_000;

impl Writing<'_> {
    /// Somebody of the company did something to a benefit.
    pub(super) fn note(&mut self, at: Moment, by: AccountId, grant: Uuid, event: Event) {
        self.past.push((at, event.by(ActorKind::Person, by).grant(GrantId(grant))));
    }

    /// What the portal noted of a seat, and told its holder.
    pub(super) fn seat_evidence(&mut self, granted: Granted, id: Uuid, seat: &Seat) -> Outcome<()> {
        let organization = OrganizationId(self.organization);
        let by = AccountId(self.admin()?.account);
        let Some(member) = self.members.get(seat.person) else { return Ok(()) };
        let (person, account) = (PersonId(member.person), AccountId(member.account));
        let after = format!("grant {} person {person}", granted.id);
        let event =
            Event::new(organization, AuditAction::SeatAssigned, "seat", id).person(person).after(after);
        self.note(seat.assigned_at, by, granted.id, event);
        if let Some(at) = seat.released_at {
            let after = format!("reason {}", ReleaseReason::Removed.code());
            let event =
                Event::new(organization, AuditAction::SeatReleased, "seat", id).person(person).after(after);
            self.note(at, by, granted.id, event);
        }
        let (Some(holder), Some(admin)) = (self.people.get(seat.person), self.people.first()) else {
            return Ok(());
        };
        let product = self.book.product(granted.product)?;
        let text = product.texts.of(holder.language)?;
        let seen = holder.seen_at;
        let reader = Holder {
            organization,
            account,
            name: &holder.name,
            email: &holder.email,
            language: holder.language,
        };
        let welcome =
            letters::assigned(&reader, text, product.has_key, product.portal.as_deref(), &admin.name);
        let farewell = seat.released_at.map(|at| (letters::ended(&reader, text, ReleaseReason::Removed), at));
        for (letter, at) in [(welcome, seat.assigned_at)].into_iter().chain(farewell) {
            self.tell(&letter, at, seen.filter(|seen| *seen > at));
        }
        Ok(())
    }

    /// Tells the Global admin of what was bought last; nothing of what was free.
    pub(super) fn paid_evidence(&mut self) -> Outcome<()> {
        let bought = self.company.purchase(self.company.tier).filter(|one| one.tier > Tier::Network);
        let Some(purchase) = bought else { return Ok(()) };
        let account = self.admin()?.account;
        let reader = self.people.first().ok_or_else(|| self.broken("person"))?;
        let offer = self.book.offer(purchase.tier)?;
        let letter = Letter {
            organization: Some(OrganizationId(self.organization)),
            account: Some(AccountId(account)),
            recipient: reader.email.clone(),
            language: reader.language,
            kind: PAID,
            values: vec![
                ("person", reader.name.clone()),
                ("offer", offer.name(reader.language)),
                ("number", purchase.order_number.to_string()),
                ("amount", format::money(reader.language, offer.price_minor, &offer.currency)),
            ],
            path: format!("/orders/{}", purchase.order_number),
            secret: None,
            dates: Vec::new(),
        };
        let at = purchase.begins_at;
        let read = self.company.number.is_multiple_of(2).then_some(Moment(at.0 + DAY));
        self.tell(&letter, at, read);
        Ok(())
    }

    /// A letter that arrived then, with its notice in the portal.
    fn tell(&mut self, letter: &Letter, at: Moment, read: Option<Moment>) {
        let link = format!("{}{}", self.service.base_url, letter.path);
        let subject = letter.subject(self.wordings);
        let account = letter.account.map(|account| account.0);
        self.tables.mail.push([
            self.service.new_id().into(),
            self.organization.into(),
            account.into(),
            letter.kind.into(),
            letter.recipient.as_str().into(),
            sql::folded(&letter.recipient).into(),
            letter.language.tag().into(),
            subject.as_str().into(),
            sql::folded(&subject).into(),
            letter.text(self.wordings, Some(&link)).into(),
            "sent".into(),
            1_i64.into(),
            at.0.into(),
            at.0.into(),
            at.0.into(),
        ]);
        self.tables.notice.push([
            self.service.new_id().into(),
            self.organization.into(),
            account.into(),
            subject.into(),
            letter.path.as_str().into(),
            at.0.into(),
            read.map(|at| at.0).into(),
            letter.kind.into(),
        ]);
    }
}
