//! The server: commands, configuration, router, sign-in cookie, worker, mail. It wires; rules are
//! in `domain`, use cases in `service`.

pub mod activity;
pub mod assets;
pub mod caller;
mod catalogue;
pub mod commands;
pub mod configuration;
pub mod csv_export;
pub mod downloads;
pub mod events;
pub mod former_holders;
pub mod headers;
pub mod health;
mod insight;
mod invoices;
mod key_files;
pub mod mailer;
pub mod metrics;
pub mod outside;
pub mod page;
mod payments;
mod people_files;
mod people_list;
pub mod plain;
pub mod provisioning;
pub mod router;
mod seen_keys;
pub mod watched;
pub mod worker;
