//! The activity: the audit trail as people read it, each as far as the roles reach.

pub mod export;
pub mod list;
mod names;
mod reach;

pub use reach::Side;
