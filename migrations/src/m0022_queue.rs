//! The operators' work: notes and messages on a request, what is planned for an engagement, saved views of
//! the queue.
//!
//! `answered_at` stands while the partner has answered and no operator has looked after it since.

crate::dialect::schema_migration!("m0022_queue", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table service_request add column answered_at bigint;
create index service_request_by_owner on service_request (owner_id, target_at) where open = true;
create index service_request_by_age on service_request (open, requested_at, number);
create index audit_event_of_request on audit_event (object_id, at) where object_kind = 'service_request';
create table request_note (
    id {uuid} primary key not null,
    request_id {uuid} not null references service_request (id),
    written_by {uuid} not null references account (id),
    written_at bigint not null,
    body text not null check (length(body) between 1 and 2000)
);
create index request_note_by_request on request_note (request_id, written_at, id);
create table request_message (
    id {uuid} primary key not null,
    request_id {uuid} not null references service_request (id),
    direction text not null check (direction in ('to_partner', 'to_operators')),
    written_by {uuid} not null references account (id),
    written_at bigint not null,
    body text not null check (length(body) between 1 and 2000),
    asks boolean not null check (direction = 'to_partner' or not asks)
);
create index request_message_by_request on request_message (request_id, written_at, id);
create table advisory_plan (
    request_id {uuid} primary key not null references service_request (id),
    consultant text not null check (length(consultant) between 1 and 100),
    planned_on text not null,
    hours bigint not null check (hours between 1 and 25),
    note text not null check (length(note) <= 200),
    saved_by {uuid} not null references account (id),
    saved_at bigint not null
);
create table queue_view (
    id {uuid} primary key not null,
    owner_id {uuid} not null references account (id),
    name text not null check (length(name) between 1 and 60),
    name_key text not null,
    shared boolean not null,
    query text not null check (length(query) <= 1000),
    created_at bigint not null,
    unique (owner_id, name_key)
);
create index queue_view_shared on queue_view (name_key, id) where shared;
alter table account add column shortcuts boolean not null default true;
";
