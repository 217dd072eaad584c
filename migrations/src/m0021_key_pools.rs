//! Where keys come from: batches, their import a chunk at a time, and below how many free keys a pool runs low.
//!
//! A chunk of an import is sealed, and goes with the transaction that takes it over: what is left is what is still
//! to do. `position` counts the lines that were looked at, each of which brought a key or says why not.

crate::dialect::schema_migration!("m0021_key_pools", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // A key that nobody has drawn can be withdrawn with its batch.
    crate::dialect::rewrite_check(
        manager,
        "product_key",
        "product_key_check",
        (
            "check ((state = 'free') = (grant_id is null))",
            "check (state = 'withdrawn' or (state = 'free') = (grant_id is null))",
        ),
    )
    .await?;
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table key_pool add column threshold bigint not null default 10 check (threshold between 0 and 10000);
alter table key_pool add column low_since bigint;
alter table key_pool add column row_version bigint not null default 1;
create table key_batch (
    id {uuid} primary key not null,
    key_pool_id {uuid} not null references key_pool (id),
    name text not null,
    source text not null,
    state text not null check (state in ('importing', 'done', 'cancelled')),
    imported_by {uuid} references account (id),
    created_at bigint not null,
    ended_at bigint,
    lines bigint not null check (lines > 0),
    position bigint not null default 0 check (position between 0 and lines),
    accepted bigint not null default 0 check (accepted >= 0),
    duplicate bigint not null default 0 check (duplicate >= 0),
    malformed bigint not null default 0 check (malformed >= 0),
    withdrawn_at bigint,
    withdrawn_by {uuid} references account (id),
    withdrawn_reason text,
    holders_told_at bigint,
    row_version bigint not null default 1,
    check (accepted + duplicate + malformed = position),
    check ((state = 'importing') = (ended_at is null)),
    check (state <> 'done' or position = lines)
);
create index key_batch_by_pool on key_batch (key_pool_id, created_at, id);
create index key_batch_importing on key_batch (created_at, id) where state = 'importing';
create index key_batch_telling on key_batch (withdrawn_at, id)
    where withdrawn_at is not null and holders_told_at is null;
create table key_import_chunk (
    id {uuid} primary key not null,
    key_batch_id {uuid} not null references key_batch (id),
    starts_at bigint not null,
    lines bigint not null check (lines > 0),
    sealed {bytes} not null
);
create unique index key_import_chunk_of_batch on key_import_chunk (key_batch_id, starts_at);
create table key_import_fault (
    key_batch_id {uuid} not null references key_batch (id),
    line bigint not null,
    fault text not null check (fault in ('duplicate', 'malformed')),
    primary key (key_batch_id, line)
);
alter table product_key add column key_batch_id {uuid} references key_batch (id);
alter table product_key add column replacement text check (replacement in ('faulty', 'withdrawn'));
alter table product_key add column replaced_at bigint;
alter table product_key add column replaced_by {uuid} references person (id);
alter table product_key add column replaced_reason text;
alter table product_key add column holder_told_at bigint;
alter table product_key add column activations bigint check (activations > 0);
insert into key_batch (id, key_pool_id, name, source, state, created_at, ended_at, lines, position, accepted)
    select p.id, p.id, '#0', '', 'done', t.at, t.at, k.number, k.number, k.number from key_pool p
    join (select key_pool_id, count(*) as number from product_key group by key_pool_id) k on k.key_pool_id = p.id
    cross join (select cast(coalesce(max(applied_at), 0) * 1000 as bigint) as at from seaql_migrations) t;
update product_key set key_batch_id = key_pool_id;
create unique index product_key_replaced_once_a_grant
    on product_key (grant_id) where seat_id is null and replacement = 'faulty';
create unique index product_key_replaced_once_a_seat on product_key (seat_id) where replacement = 'faulty';
create index product_key_by_state on product_key (key_pool_id, state);
create index product_key_by_batch on product_key (key_batch_id, state);
create index product_key_shown on product_key (key_batch_id, id) where revealed_at is not null;
create index audit_event_key_revealed on audit_event (object_id) where action = 'key_revealed';
create table key_inspection (
    id {uuid} primary key not null,
    product_key_id {uuid} not null references product_key (id),
    account_id {uuid} not null references account (id),
    reason text not null,
    at bigint not null
);
create index key_inspection_of_key on key_inspection (product_key_id, at);
";
