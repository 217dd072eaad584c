//! What waits for operators beside the requests is found by indexes of its own: drafts by the version that they began
//! from, key pools that run low, and mail that waits for an address on hold.

crate::dialect::schema_migration!("m0042_also_waiting", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create index catalogue_draft_open on catalogue_draft (base_version, changed_at, id) where state = 'draft';
create index key_pool_low on key_pool (low_since, id) where low_since is not null;
create index bouncing_address_by_age on bouncing_address (since, address_key);
create index mail_waiting_by_recipient on mail (recipient_key, id) where state = 'waiting';
";
