//! Product keys, their activations and downloads (rule 8).

pub mod activations;
pub mod downloads;
pub mod formats;
pub mod import;
pub mod inspect;
pub mod pool;
pub mod pools;
pub(crate) mod refund;
pub mod replace;
pub mod reveal;
pub mod seen;
pub mod take_over;
pub mod threshold;
pub mod view;
pub mod withdraw;
