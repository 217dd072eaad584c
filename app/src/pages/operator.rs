//! The operators' side.

mod also_waiting;
mod bulk;
pub mod catalogue;
pub mod company_grants;
pub mod competencies;
mod decide;
mod enrolment;
mod history;
mod incidents;
pub mod individual_grants;
pub mod insight;
mod item;
pub mod key;
pub mod key_pool;
pub mod keys;
pub mod operators;
pub mod outbox;
mod outbox_item;
pub mod policies;
mod policy_words;
pub mod queue;
mod shortcuts;
pub mod templates;
mod ticks;
mod views;
