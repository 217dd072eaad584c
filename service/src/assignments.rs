//! Seats: assigning, releasing, and employees' requests for one (rules 10 to 12).

pub mod assign;
pub(crate) mod letters;
pub mod release;
pub mod seat_requests;
pub mod view;
