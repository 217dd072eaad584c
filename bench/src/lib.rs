//! Measures the release as its users meet it: a server of its own on loopback, a client beside it.
//!
//! `cargo xtask bench` runs it. Figures are ratios to a yardstick taken in the same run, wherever
//! one exists; the absolute ones belong to the machine that they were taken on.

#![forbid(unsafe_code)]

pub mod checker;
pub mod client;
pub mod command;
pub mod contributors;
pub mod database;
pub mod disk;
pub mod driver;
pub mod figure;
pub mod figures;
pub mod outage;
pub mod plan;
pub mod plot;
pub mod portal;
pub mod probe;
pub mod purchases;
pub mod report;
pub mod samples;
pub mod scene;
pub mod wrk;
pub mod yardstick;

/// What went wrong, in a sentence.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// A result of measuring.
pub type Outcome<T = ()> = Result<T, Trouble>;
