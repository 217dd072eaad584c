//! The operators' side.

pub mod catalogue;
pub mod competencies;
mod decide;
mod enrolment;
mod incidents;
mod item;
pub mod outbox;
mod outbox_item;
pub mod policies;
pub mod queue;
pub mod templates;
