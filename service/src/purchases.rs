//! Purchases: offers, orders and how they are paid (rules 2, 18); the next year of a holding (rule 21); whether
//! a purchase can be refunded, asking for it, and what an approval ends (rule 20).

pub mod cancel;
pub mod card;
pub mod competencies;
pub mod invoice_document;
pub mod list;
pub mod offers;
pub mod on_clock;
pub mod orders;
pub mod other_digits;
pub mod payment;
pub mod place;
pub mod processor_notice;
pub mod renew;
pub(crate) mod settle;
pub mod test_card;
pub mod tier_change;
pub mod transfer;
pub(crate) mod withdraw;
