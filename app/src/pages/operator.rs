//! The operators' side.

pub mod competencies;
mod decide;
mod incidents;
mod item;
pub mod outbox;
pub mod policies;
pub mod queue;
