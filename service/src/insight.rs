//! How benefits are used, of a company and over all companies.
//!
//! Figures are facts that the worker counts ([`count`]); only the lists of what lies idle read seats of the company
//! that asks, those of which nothing says that they were used. What a company granted and used in a month is a row for each product, what all companies did is a row of
//! their sum. A company is counted anew when its trail has grown by an event that may change them, since every change
//! of state is one; months that are over are written a last time with the first count after their end, and stay. A
//! month is shown once every company has it. So the operators' page asks as much of a programme with a million seats as
//! of one with ten. What can be asked of an index alone is asked of the rows: pools that run low, and invoices.
//!
//! A company's figures are for whoever may open its benefits pages, those of the programme for operators who read
//! everything: programme admins and auditors.

pub mod company;
pub mod count;
pub mod export;
mod limits;
pub mod programme;
pub mod remind;
pub(crate) mod unused;
mod usage;
