//! Product keys, their activations and downloads (rule 8).

pub mod activations;
pub mod downloads;
pub(crate) mod refund;
pub mod reveal;
pub mod view;
