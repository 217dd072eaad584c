//! Licence-based cloud: what a key is used for (rule 9).

pub mod redeem;
pub mod view;
