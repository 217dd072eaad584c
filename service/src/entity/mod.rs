//! One file a table, as the migrations make it.

#![allow(missing_docs, reason = "the derives write undocumented items")]

pub mod account;
pub mod activation;
pub mod audit_event;
pub mod audit_head;
pub mod balance_entry;
pub mod benefit_grant;
pub mod download;
pub mod entitlement;
pub mod holding;
pub mod invitation;
pub mod key_pool;
pub mod mail;
pub mod marketing_contact;
pub mod notice;
pub mod number_sequence;
pub mod offer;
pub mod offer_text;
pub mod operation;
pub mod operator_role;
pub mod order_line;
pub mod orders;
pub mod organization;
pub mod person;
pub mod person_role;
pub mod policy;
pub mod pool;
pub mod product;
pub mod product_download;
pub mod product_key;
pub mod product_text;
pub mod programme;
pub mod programme_text;
pub mod recovery_code;
pub mod redemption;
pub mod seat;
pub mod seat_request;
pub mod service_request;
pub mod session;
pub mod subscription;
