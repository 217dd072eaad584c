//! The membership: what a company holds, where its benefits come from, what another tier would change, and
//! what the clock does to it.

pub(crate) mod carry;
pub mod catalogue;
pub(crate) mod entitle;
pub mod on_clock;
pub mod page;
pub(crate) mod renewal;
pub mod tier_change;
