//! What several servers share, and what whoever watches them asks for.
//!
//! `used_until` is when all attempts of a client would have come back, by the database's clock.

crate::dialect::schema_migration!("m0025_operations", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table attempt (
    kind text not null check (kind in ('account', 'address', 'link')),
    key_hash {bytes} not null,
    used_until bigint not null,
    primary key (kind, key_hash)
);
create index attempt_by_end on attempt (used_until);
create index mail_given_up on mail (created_at, id) where state = 'failed';
";
