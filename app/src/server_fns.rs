//! Server functions: thin, they ask the service and pass on what it says.

#![allow(missing_docs, reason = "the macro makes a struct of the arguments, without docs")]

pub mod account;
pub mod activity;
pub mod benefits;
pub mod catalogue;
#[cfg(feature = "ssr")]
pub mod context;
pub mod dashboard;
pub mod directory;
pub mod enrolment;
pub mod individual_grants;
pub mod insight;
pub mod key_pools;
pub mod marketing;
pub mod membership;
pub mod operator;
pub mod operators;
pub mod orders;
pub mod people;
pub mod portal;
pub mod provisioning;
pub mod purchases;
pub mod requests;
pub mod tier_change;
