//! What people set for themselves: sessions that can be named, new passwords by mail, the second factor,
//! which mail they get.
//!
//! `second_factor.secret` is sealed for the place `second_factor/<account_id>`; links and recovery codes
//! stand here as hashes only.

crate::dialect::schema_migration!("m0009_own_account", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SESSION).await?;
    crate::dialect::run_own(manager, SQLITE, POSTGRES).await?;
    crate::dialect::run(manager, SCHEMA).await
}

/// Whoever is signed in stays so: the rows move into a table whose sessions have ids.
const SESSION: &str = "
create table named_session (
    token_hash {bytes} primary key not null,
    id {uuid} not null unique,
    account_id {uuid} not null references account (id),
    organization_id {uuid} references organization (id),
    created_at bigint not null,
    last_seen_at bigint not null,
    expires_at bigint not null,
    address text not null,
    agent text not null
);
";

const SQLITE: &[&str] = &["insert into named_session
    select token_hash, randomblob(16), account_id, organization_id, created_at, last_seen_at, expires_at,
        address, agent
    from session"];

const POSTGRES: &[&str] = &["insert into named_session
    select token_hash, gen_random_uuid(), account_id, organization_id, created_at, last_seen_at, expires_at,
        address, agent
    from session"];

const SCHEMA: &str = "
drop table session;
alter table named_session rename to session;
create index session_by_account on session (account_id);
create index session_by_expiry on session (expires_at);
create table password_reset_request (
    id {uuid} primary key not null,
    email_key text not null,
    created_at bigint not null,
    address text not null,
    request_id text not null
);
create table password_reset (
    account_id {uuid} primary key not null references account (id),
    token_hash {bytes} not null unique,
    created_at bigint not null,
    expires_at bigint not null
);
create table sign_in_step (
    token_hash {bytes} primary key not null,
    account_id {uuid} not null references account (id),
    created_at bigint not null,
    expires_at bigint not null
);
create index sign_in_step_by_account on sign_in_step (account_id);
create index sign_in_step_by_expiry on sign_in_step (expires_at);
create table second_factor (
    account_id {uuid} primary key not null references account (id),
    secret {bytes} not null,
    begun_at bigint not null,
    confirmed_at bigint,
    last_step bigint not null default 0,
    failures bigint not null default 0 check (failures >= 0),
    locked_until bigint
);
create table recovery_code (
    code_hash {bytes} primary key not null,
    account_id {uuid} not null references account (id),
    created_at bigint not null,
    used_at bigint
);
create index recovery_code_by_account on recovery_code (account_id);
create table mail_choice (
    account_id {uuid} not null references account (id),
    topic text not null check (topic in ('seats', 'seat_requests', 'marketing_contact', 'reminders')),
    by_mail boolean not null,
    primary key (account_id, topic)
);
";
