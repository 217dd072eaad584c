//! Provisioning: a program of the company, such as its directory, keeps the company's people (SCIM 2.0,
//! RFC 7643 and 7644).
//!
//! It acts through a token, only on the people and groups of one company, and never beyond what a User
//! admin may (rule 3). Global admins and MPN partner admins are looked after by people.

pub mod calls;
pub mod condition;
pub mod filter;
pub mod groups;
pub mod page;
pub mod refusal;
pub mod settings;
pub mod tokens;
pub mod users;

pub use refusal::Refusal;

/// So many resources a page of a list has at most.
pub const PAGE_MAX: i64 = 200;

/// Which part of a list is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What the resources have to match.
    pub filter: Option<filter::Filter>,
    /// Number of the first one, from 1.
    pub start: i64,
    /// How many at most, up to [`PAGE_MAX`].
    pub count: i64,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// How many match in all.
    pub total: i64,
    /// Those asked for.
    pub rows: Vec<T>,
}
