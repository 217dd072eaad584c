//! What is asked for by a grant: its keys, those of its seats among them, whenever a version of the catalogue comes to a
//! company, a purchase is taken back, or use is counted; and its seats that nobody has used, which are few among those
//! of a company that uses what it has. Whoever counts a company marks those that were used.

crate::dialect::schema_migration!("m0032_looked_up", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create index product_key_of_grant on product_key (grant_id, state) where grant_id is not null;
alter table seat add column was_used boolean not null default false;
create index seat_unused_of_grant on seat (grant_id, released_at, assigned_at)
    where released_at is null and not was_used;
";
