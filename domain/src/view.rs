//! What pages show: plain data that the server fills and the browser renders. No secrets here:
//! whatever stands in a view stands in the page's source.

pub mod access;
pub mod activity;
pub mod also_waiting;
pub mod area;
pub mod benefits;
pub mod catalogue;
pub mod cloud;
pub mod dashboard;
pub mod directory;
pub mod enrolment;
pub mod form;
pub mod individual_grants;
pub mod insight;
pub mod key_pools;
pub mod mail_template;
pub mod marketing;
pub mod membership;
pub mod operator;
pub mod operators;
pub mod orders;
pub mod own;
pub mod people;
pub mod people_import;
pub mod portal;
pub mod provisioning;
pub mod purchases;
pub mod renewal;
pub mod requests;
pub mod seats;
pub mod security;
pub mod software;
pub mod technical;
pub mod tier_change;
