//! The benefits tables: a company's grants by category, and what an open row shows.

pub mod detail;
pub mod grants;
pub mod list;
pub mod on_clock;
pub mod products;
