//! Reminders: what a company is told of its benefits, when, and whether somebody gets each as a mail of its
//! own or several in one.

pub mod benefits;
pub mod calendar;
pub mod digest;
pub(crate) mod readers;
pub mod settings;
