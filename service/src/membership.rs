//! The membership: what a company holds, where its benefits come from, what another tier would change.

pub mod catalogue;
pub mod page;
