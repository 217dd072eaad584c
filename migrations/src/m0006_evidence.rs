//! Evidence and messages: audit trail, operations, outbox, notices.
//!
//! An audit event names people by id only and is never changed; its hash covers the event before it.

crate::dialect::schema_migration!("m0006_evidence", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await?;
    crate::dialect::run_own(manager, SQLITE, POSTGRES).await
}

const SCHEMA: &str = "
create table audit_head (
    organization_id {uuid} primary key not null,
    sequence bigint not null,
    hash {bytes} not null
);
create table audit_event (
    organization_id {uuid} not null,
    sequence bigint not null check (sequence > 0),
    previous_hash {bytes} not null,
    hash {bytes} not null,
    at bigint not null,
    actor_kind text not null check (actor_kind in ('person', 'operator', 'worker', 'nobody')),
    actor_id {uuid},
    action text not null,
    object_kind text not null,
    object_id text not null,
    before_state text,
    after_state text,
    address text,
    request_id text,
    primary key (organization_id, sequence)
);
create table operation (
    id text primary key not null,
    account_id {uuid} not null references account (id),
    digest {bytes} not null,
    outcome text not null,
    at bigint not null
);
create index operation_by_age on operation (at);
create table mail (
    id {uuid} primary key not null,
    organization_id {uuid} references organization (id),
    account_id {uuid} references account (id),
    kind text not null,
    recipient text not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    subject text not null,
    body text not null,
    secret {bytes},
    state text not null check (state in ('waiting', 'sent', 'failed')),
    attempts bigint not null default 0,
    next_attempt_at bigint not null,
    last_error text,
    created_at bigint not null,
    sent_at bigint
);
create index mail_due on mail (next_attempt_at, id) where state = 'waiting';
create index mail_by_age on mail (created_at, id);
create table notice (
    id {uuid} primary key not null,
    organization_id {uuid} references organization (id),
    account_id {uuid} not null references account (id),
    title text not null,
    link text not null,
    created_at bigint not null,
    read_at bigint
);
create index notice_by_account on notice (account_id, created_at);
create index notice_unread on notice (account_id) where read_at is null;
";

const SQLITE: &[&str] = &[
    "create trigger audit_event_stays before update on audit_event begin
        select raise(abort, 'audit_is_append_only');
    end",
    "create trigger audit_event_is_kept before delete on audit_event begin
        select raise(abort, 'audit_is_append_only');
    end",
];

const POSTGRES: &[&str] = &[
    "create function audit_is_append_only() returns trigger language plpgsql as $$
    begin
        raise exception 'audit_is_append_only';
    end $$",
    "create trigger audit_event_stays before update or delete on audit_event
        for each row execute function audit_is_append_only()",
];
