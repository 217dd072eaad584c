//! The catalogue as a document: read from the tables, edited as a draft, put into force as a version.
//!
//! A draft is the whole document and what it began from. Whoever publishes it says from which day on, and
//! whether what companies hold already changes with it; the clock then puts it into force.

pub(crate) mod apply;
pub mod drafts;
pub mod edit;
pub mod effect;
pub mod file;
pub mod on_clock;
pub mod page;
pub mod publish;
mod reach;
pub mod read;
mod second_person;
