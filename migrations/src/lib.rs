//! The database schema, the same on SQLite and PostgreSQL.
//!
//! The tables hold the invariants: a seat beyond its pool's quantity, a second active seat of one
//! person, a changed audit event are refused here, whatever the path that leads to them.

use sea_orm_migration::prelude::*;

mod dialect;
mod m0001_people;
mod m0002_catalogue;
mod m0003_membership;
mod m0004_benefits;
mod m0005_requests;
mod m0006_evidence;
mod m0007_people_access;
mod m0008_activity;
mod m0009_own_account;
mod m0010_directory;
mod m0011_provisioning;
mod m0012_audit_retention;
mod m0013_older_portal;
mod m0014_membership_year;
mod m0015_people_count;
mod m0017_orders;
mod m0018_enrolment;
mod m0019_renewal;
mod m0020_reminders;
mod m0021_key_pools;
mod m0022_queue;
mod m0023_mail;
mod m0024_catalogue_versions;
mod m0025_operations;
mod m0026_insight;
mod m0027_individual_grants;
mod m0028_catalogue_editors;
mod m0029_operators;
mod m0030_area_names;
mod m0032_looked_up;
mod m0033_followed;
mod m0034_invoice_words;
mod m0035_activity_of_all;
mod m0036_links_formats_ends;
mod m0037_found_by_name;
mod m0038_tier_names;
mod m0039_calls_of_programs;
mod m0040_kept_as_begun;
mod m0041_reminded_by_operators;
mod m0042_also_waiting;
mod m0043_found_among_many;

/// All migrations, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Migration),
            Box::new(m0002_catalogue::Migration),
            Box::new(m0003_membership::Migration),
            Box::new(m0004_benefits::Migration),
            Box::new(m0005_requests::Migration),
            Box::new(m0006_evidence::Migration),
            Box::new(m0007_people_access::Migration),
            Box::new(m0008_activity::Migration),
            Box::new(m0009_own_account::Migration),
            Box::new(m0010_directory::Migration),
            Box::new(m0011_provisioning::Migration),
            Box::new(m0012_audit_retention::Migration),
            Box::new(m0013_older_portal::Migration),
            Box::new(m0014_membership_year::Migration),
            Box::new(m0015_people_count::Migration),
            Box::new(m0017_orders::Migration),
            Box::new(m0018_enrolment::Migration),
            Box::new(m0019_renewal::Migration),
            Box::new(m0020_reminders::Migration),
            Box::new(m0021_key_pools::Migration),
            Box::new(m0022_queue::Migration),
            Box::new(m0023_mail::Migration),
            Box::new(m0024_catalogue_versions::Migration),
            Box::new(m0025_operations::Migration),
            Box::new(m0026_insight::Migration),
            Box::new(m0027_individual_grants::Migration),
            Box::new(m0028_catalogue_editors::Migration),
            Box::new(m0029_operators::Migration),
            Box::new(m0030_area_names::Migration),
            Box::new(m0032_looked_up::Migration),
            Box::new(m0033_followed::Migration),
            Box::new(m0034_invoice_words::Migration),
            Box::new(m0035_activity_of_all::Migration),
            Box::new(m0036_links_formats_ends::Migration),
            Box::new(m0037_found_by_name::Migration),
            Box::new(m0038_tier_names::Migration),
            Box::new(m0039_calls_of_programs::Migration),
            Box::new(m0040_kept_as_begun::Migration),
            Box::new(m0041_reminded_by_operators::Migration),
            Box::new(m0042_also_waiting::Migration),
            Box::new(m0043_found_among_many::Migration),
        ]
    }
}
