//! The portal over HTTP, on both databases: one test program, one file for each concern.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod activity;
mod bad_input;
mod browser;
mod catalogue_forms;
mod commands;
mod directory;
mod former_holders;
mod global_admin;
mod hardening;
mod headers;
mod html;
mod insight;
mod invoices;
mod key_pools;
mod languages;
mod log;
mod older_portal;
mod operations;
mod operators;
mod outbox;
mod own_account;
mod payment_notices;
mod people_files;
mod policies;
mod provisioning;
mod queries;
mod queue;
mod rights;
mod scene;
mod sign_in;
mod smtp;
mod tenants;

#[path = "../../../service/tests/common/mod.rs"]
mod common;
