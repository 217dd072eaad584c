//! Accounts, organizations, people, roles, sessions, invitations.

crate::dialect::schema_migration!("m0001_people", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table account (
    id {uuid} primary key not null,
    email text not null,
    email_key text not null unique,
    full_name text not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    password_hash text,
    status text not null check (status in ('invited', 'active', 'suspended')),
    created_at bigint not null,
    row_version bigint not null default 1
);
create table operator_role (
    account_id {uuid} not null references account (id),
    role text not null check (role in ('programme_admin', 'catalogue_manager', 'fulfilment_agent', 'auditor')),
    primary key (account_id, role)
);
create table organization (
    id {uuid} primary key not null,
    name text not null,
    domain text not null unique,
    account_email text not null,
    time_zone text not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    tier text not null check (tier in ('network', 'action_pack', 'silver', 'gold')),
    portal_state text not null default 'member'
        check (portal_state in ('member', 'not_invited', 'invited', 'expired')),
    founder_person_id {uuid},
    setup_finished boolean not null,
    created_at bigint not null,
    row_version bigint not null default 1
);
create table person (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    account_id {uuid} not null references account (id),
    sort_name text not null,
    status text not null check (status in ('invited', 'active', 'suspended', 'left')),
    created_at bigint not null,
    row_version bigint not null default 1,
    unique (organization_id, account_id)
);
create index person_by_name on person (organization_id, sort_name, id);
create index person_by_account on person (account_id);
create table person_role (
    person_id {uuid} not null references person (id),
    role text not null check (role in ('global_admin', 'partner_admin', 'user_admin', 'admin_agent', 'employee')),
    primary key (person_id, role)
);
create table session (
    token_hash {bytes} primary key not null,
    account_id {uuid} not null references account (id),
    organization_id {uuid} references organization (id),
    created_at bigint not null,
    last_seen_at bigint not null,
    expires_at bigint not null,
    address text not null,
    agent text not null
);
create index session_by_account on session (account_id);
create index session_by_expiry on session (expires_at);
create table invitation (
    token_hash {bytes} primary key not null,
    account_id {uuid} not null references account (id),
    organization_id {uuid} references organization (id),
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);
create index invitation_by_account on invitation (account_id);
";
