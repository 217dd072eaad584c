//! Purchases: whether they can be refunded, asking for it, and what an approval ends (rule 20).

pub mod cancel;
pub mod list;
pub(crate) mod withdraw;
