//! The operators' side.

pub mod catalogue;
pub mod competencies;
mod decide;
mod enrolment;
mod incidents;
mod item;
pub mod key_pool;
pub mod keys;
pub mod outbox;
pub mod policies;
pub mod queue;
