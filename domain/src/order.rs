//! Orders: what can be bought, on which conditions, and how an order is paid (rules 2, 18).

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, codes};
use crate::membership::Tier;
use crate::moment::Day;

/// Days after which an order that nobody paid expires.
pub const ORDER_DAYS: i64 = 30;
/// The longest proof of a bank transfer, in bytes.
pub const PROOF_MAX_BYTES: usize = 5 * 1024 * 1024;
/// So many proofs an order takes.
pub const PROOFS_MAX: i64 = 5;

codes! {
    /// Where an order stands.
    OrderState {
        /// It waits for its payment.
        Placed = "placed",
        /// It was paid, or is free.
        Paid = "paid",
        /// Everything of it was refunded.
        Refunded = "refunded",
        /// Nobody paid it in time.
        Expired = "expired",
        /// Whoever buys for the company took it back before it was paid.
        Cancelled = "cancelled",
    }
}

codes! {
    /// What an order buys.
    OrderKind {
        /// Something that the company doesn't have.
        Purchase = "purchase",
        /// The next year of a holding (rule 21).
        Renewal = "renewal",
        /// Another level of what is held (rule 21).
        TierChange = "tier_change",
    }
}

codes! {
    /// How an order is paid.
    PaymentMethod {
        /// By card: at once.
        Card = "card",
        /// By bank transfer, which an operator confirms.
        BankTransfer = "bank_transfer",
    }
}

codes! {
    /// Where a payment stands.
    PaymentState {
        /// It was begun; for a bank transfer: the money isn't here yet.
        Started = "started",
        /// The bank asks whoever pays to confirm it.
        Confirmation = "confirmation",
        /// The processor didn't answer in time: whether it was charged will be learned.
        Unknown = "unknown",
        /// The money is here.
        Paid = "paid",
        /// The processor declined it.
        Declined = "declined",
        /// Another way was chosen, or the order ended.
        Cancelled = "cancelled",
    }
}

impl PaymentState {
    /// Whether it can still become paid; an order has one such payment at most.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Started | Self::Confirmation | Self::Unknown)
    }
}

codes! {
    /// Why a card was declined, as far as whoever pays can do something about it.
    DeclineCode {
        /// The card has not enough money.
        InsufficientFunds = "insufficient_funds",
        /// The bank doesn't say why.
        Declined = "declined",
        /// The confirmation at the bank failed.
        NotConfirmed = "not_confirmed",
        /// The payment never reached the processor.
        NotCharged = "not_charged",
    }
}

codes! {
    /// What has to be true for an offer to be bought; the page shows each, met or not.
    OfferCondition {
        /// The network membership is there: it comes before everything else (rule 18).
        NetworkFirst = "network_first",
        /// An operator recorded the competency as attained.
        Attained = "attained",
        /// The company doesn't have it yet.
        NotHeld = "not_held",
        /// The company doesn't have another level of the area.
        NoOtherLevel = "no_other_level",
        /// No order of it, or of another level of the area, waits for its payment.
        NoneWaiting = "none_waiting",
        /// The company is a member here, and not only in the older portal (rule 22).
        Member = "member",
    }
}

/// What the conditions ask about an offer, in one competency area where it has areas.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferFacts {
    /// Its tier.
    pub tier: Tier,
    /// Whether it is bought for a competency area.
    pub needs_area: bool,
    /// Whether the company's own record is here, open to changes.
    pub member: bool,
    /// Whether the company has the network membership.
    pub has_network: bool,
    /// Whether the competency is recorded as attained at this level or a higher one.
    pub attained: bool,
    /// Whether the company has it.
    pub held: bool,
    /// Whether the company has another level in the area.
    pub other_level: bool,
    /// Whether an order of it, or of another level of the area, waits for its payment.
    pub waiting: bool,
}

/// Each condition of an offer, and whether it is met.
#[must_use]
pub fn conditions(facts: &OfferFacts) -> Vec<(OfferCondition, bool)> {
    let mut conditions = vec![(OfferCondition::Member, facts.member)];
    if facts.tier != Tier::Network {
        conditions.push((OfferCondition::NetworkFirst, facts.has_network));
    }
    if facts.needs_area {
        conditions.push((OfferCondition::Attained, facts.attained));
    }
    conditions.push((OfferCondition::NotHeld, !facts.held));
    if facts.needs_area {
        conditions.push((OfferCondition::NoOtherLevel, !facts.other_level));
    }
    conditions.push((OfferCondition::NoneWaiting, !facts.waiting));
    conditions
}

/// Whether an offer can be bought.
///
/// # Errors
/// [`ErrorCode::OfferNotPossible`] with the code of the first condition that isn't met.
pub fn check(facts: &OfferFacts) -> Result<(), Error> {
    match conditions(facts).into_iter().find(|(_, met)| !met) {
        None => Ok(()),
        Some((condition, _)) => Err(Error::new(ErrorCode::OfferNotPossible).with_detail(condition.code())),
    }
}

/// The last day on which an order can be paid: day 30, to its end.
#[must_use]
pub fn pay_by(ordered: Day) -> Day {
    ordered.plus_days(ORDER_DAYS)
}

/// Moments of an order: only where deadlines are computed.
#[cfg(feature = "zones")]
mod moments {
    use super::pay_by;
    use crate::moment::{Moment, Zone};

    /// The last moment at which an order can be paid: 23:59:59 of day 30 in the organization's zone.
    #[must_use]
    pub fn pay_until(ordered: Moment, zone: &Zone) -> Moment {
        zone.end_of(pay_by(zone.day_of(ordered)))
    }
}

#[cfg(feature = "zones")]
pub use moments::pay_until;

codes! {
    /// What a processor says about a payment.
    ChargeState {
        /// The money was taken.
        Paid = "paid",
        /// It wasn't, and won't be.
        Declined = "declined",
        /// The bank asks for a confirmation first.
        Confirmation = "confirmation",
    }
}

/// What becomes of a payment when the processor tells of it; none where nothing changes. A payment that
/// is settled stays as it is, whatever arrives later and how often.
#[must_use]
pub const fn next_state(now: PaymentState, told: ChargeState) -> Option<PaymentState> {
    if !now.is_open() {
        return None;
    }
    match (told, now) {
        (ChargeState::Paid, _) => Some(PaymentState::Paid),
        (ChargeState::Declined, _) => Some(PaymentState::Declined),
        (ChargeState::Confirmation, PaymentState::Confirmation) => None,
        (ChargeState::Confirmation, _) => Some(PaymentState::Confirmation),
    }
}

codes! {
    /// What a file is, by its first bytes.
    ProofType {
        /// A PDF document.
        Pdf = "application/pdf",
        /// A PNG image.
        Png = "image/png",
        /// A JPEG image.
        Jpeg = "image/jpeg",
    }
}

/// What a proof of a bank transfer is, by its content: name and claimed type of a file say nothing.
///
/// # Errors
/// [`ErrorCode::TooLarge`]; [`ErrorCode::ProofNotReadable`] for anything but PDF, PNG and JPEG.
pub fn proof_type(content: &[u8]) -> Result<ProofType, Error> {
    if content.len() > PROOF_MAX_BYTES {
        return Err(Error::new(ErrorCode::TooLarge));
    }
    let ends_as_pdf = || {
        let tail = content.len().saturating_sub(1024);
        content.get(tail..).is_some_and(|tail| tail.windows(5).any(|five| five == b"%%EOF"))
    };
    if content.starts_with(b"%PDF-") && ends_as_pdf() {
        Ok(ProofType::Pdf)
    } else if content.starts_with(b"\x89PNG\r\n\x1a\n") && content.get(12..16) == Some(b"IHDR") {
        Ok(ProofType::Png)
    } else if content.starts_with(&[0xff, 0xd8, 0xff]) && content.ends_with(&[0xff, 0xd9]) {
        Ok(ProofType::Jpeg)
    } else {
        Err(Error::new(ErrorCode::ProofNotReadable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> OfferFacts {
        OfferFacts {
            tier: Tier::Silver,
            needs_area: true,
            member: true,
            has_network: true,
            attained: true,
            held: false,
            other_level: false,
            waiting: false,
        }
    }

    #[test]
    fn rule_18_the_network_membership_comes_first() {
        assert_eq!(check(&facts()), Ok(()));
        let without = OfferFacts { has_network: false, ..facts() };
        let error = check(&without).expect_err("no network membership");
        assert_eq!(
            (error.code, error.detail.as_deref()),
            (ErrorCode::OfferNotPossible, Some("network_first"))
        );
        let network = OfferFacts { tier: Tier::Network, needs_area: false, ..without };
        assert_eq!(check(&network), Ok(()), "it doesn't wait for itself");
    }

    #[test]
    fn rule_18_each_condition_is_asked_for_and_named() {
        let cases = [
            (OfferFacts { member: false, ..facts() }, OfferCondition::Member),
            (OfferFacts { attained: false, ..facts() }, OfferCondition::Attained),
            (OfferFacts { held: true, ..facts() }, OfferCondition::NotHeld),
            (OfferFacts { other_level: true, ..facts() }, OfferCondition::NoOtherLevel),
            (OfferFacts { waiting: true, ..facts() }, OfferCondition::NoneWaiting),
        ];
        for (facts, missed) in cases {
            let all = conditions(&facts);
            let unmet: Vec<OfferCondition> =
                all.iter().filter(|(_, met)| !met).map(|(condition, _)| *condition).collect();
            assert_eq!(unmet, [missed]);
            assert_eq!(check(&facts).expect_err("unmet").detail.as_deref(), Some(missed.code()));
        }
        let pack = OfferFacts { tier: Tier::ActionPack, needs_area: false, attained: false, ..facts() };
        assert_eq!(check(&pack), Ok(()), "nobody attains an Action Pack");
    }

    #[test]
    fn a_settled_payment_stays_whatever_arrives() {
        for told in ChargeState::ALL {
            for settled in [PaymentState::Paid, PaymentState::Declined, PaymentState::Cancelled] {
                assert_eq!(next_state(settled, *told), None, "{settled:?} {told:?}");
            }
        }
        for open in [PaymentState::Started, PaymentState::Confirmation, PaymentState::Unknown] {
            assert!(open.is_open());
            assert_eq!(next_state(open, ChargeState::Paid), Some(PaymentState::Paid));
            assert_eq!(next_state(open, ChargeState::Declined), Some(PaymentState::Declined));
        }
        assert_eq!(
            next_state(PaymentState::Unknown, ChargeState::Confirmation),
            Some(PaymentState::Confirmation)
        );
        assert_eq!(next_state(PaymentState::Confirmation, ChargeState::Confirmation), None);
    }

    #[test]
    fn a_proof_is_what_its_content_says() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and more";
        assert_eq!(proof_type(png), Ok(ProofType::Png));
        assert_eq!(proof_type(b"%PDF-1.7\n1 0 obj\n%%EOF\n"), Ok(ProofType::Pdf));
        assert_eq!(proof_type(&[0xff, 0xd8, 0xff, 0xe0, 1, 2, 0xff, 0xd9]), Ok(ProofType::Jpeg));
        for content in [
            &b""[..],
            b"<html>",
            b"%PDF-1.7 cut off",
            b"\x89PNG\r\n\x1a\n",
            b"MZ\x90",
            b"\xff\xd8\xff\xe0 cut off",
        ] {
            let error = proof_type(content).expect_err("no proof");
            assert_eq!(error.code, ErrorCode::ProofNotReadable, "{content:?}");
        }
        let mut large = b"%PDF-1.7\n".to_vec();
        large.resize(PROOF_MAX_BYTES, b' ');
        large.extend(b"%%EOF");
        assert_eq!(proof_type(&large).expect_err("too large").code, ErrorCode::TooLarge);
    }

    #[cfg(feature = "zones")]
    #[test]
    fn an_unpaid_order_waits_until_day_30_is_over_in_the_companys_zone() {
        use crate::moment::{Moment, Zone};
        // 2026-10-10 23:30 UTC is already the 11th in Oslo and Taipei.
        let ordered = Moment(1_791_675_000_000);
        for (name, last) in
            [("UTC", "2026-11-09"), ("Europe/Oslo", "2026-11-10"), ("Asia/Taipei", "2026-11-10")]
        {
            let zone = Zone::named(name);
            let until = pay_until(ordered, &zone);
            assert_eq!(zone.day_of(until).to_string(), last, "{name}");
            assert_eq!(zone.time_of(until), (23, 59), "{name}");
        }
    }
}
