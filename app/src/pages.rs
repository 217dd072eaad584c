//! Pages: one file an address.

pub mod access;
pub mod account;
pub mod activity;
pub mod advisory;
pub mod benefits;
pub mod cancel;
pub mod dashboard;
pub mod directory;
pub mod forgotten_password;
pub mod global_admin;
pub mod invitation;
pub mod membership;
pub mod my_benefits;
pub mod not_found;
pub mod notices;
pub mod offers;
pub mod operator;
pub mod orders;
pub mod people;
pub mod provisioning;
pub mod renewal;
pub mod requests;
pub mod reset_password;
pub mod second_step;
pub mod security;
pub mod sign_in;
