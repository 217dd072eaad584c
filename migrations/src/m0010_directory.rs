//! Signing in with a company's own directory: providers, mail domains, who is who there.

crate::dialect::schema_migration!("m0010_directory", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table directory (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    name text not null,
    issuer text not null,
    client_id text not null,
    client_secret {bytes},
    scopes text not null,
    enabled boolean not null,
    just_in_time boolean not null,
    authoritative boolean not null,
    signs_out boolean not null,
    role_claim text not null,
    created_at bigint not null,
    row_version bigint not null default 1,
    constraint directory_once unique (organization_id, issuer, client_id)
);
create table directory_role (
    directory_id {uuid} not null references directory (id),
    claim_value text not null,
    role text not null check (role in ('global_admin', 'partner_admin', 'user_admin', 'admin_agent', 'employee')),
    primary key (directory_id, claim_value, role)
);
create table directory_default_role (
    directory_id {uuid} not null references directory (id),
    role text not null check (role in ('partner_admin', 'user_admin', 'admin_agent', 'employee')),
    primary key (directory_id, role)
);
create table mail_domain (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    domain text not null,
    directory_id {uuid} references directory (id),
    state text not null check (state in ('pending', 'verified')),
    token text not null,
    created_at bigint not null,
    verified_at bigint,
    check ((state = 'verified') = (verified_at is not null)),
    constraint mail_domain_once unique (organization_id, domain)
);
create unique index mail_domain_verified on mail_domain (domain) where state = 'verified';
create index mail_domain_by_directory on mail_domain (directory_id);
create table directory_identity (
    id {uuid} primary key not null,
    directory_id {uuid} not null references directory (id),
    subject text not null,
    account_id {uuid} not null references account (id),
    state text not null check (state in ('linked', 'waiting')),
    offered_email text,
    created_at bigint not null,
    last_used_at bigint not null,
    constraint directory_identity_subject unique (directory_id, subject)
);
create unique index directory_identity_linked on directory_identity (directory_id, account_id)
    where state = 'linked';
create index directory_identity_by_account on directory_identity (account_id);
create table directory_sign_in (
    state_hash {bytes} primary key not null,
    browser_hash {bytes} not null,
    directory_id {uuid} not null references directory (id),
    secret {bytes} not null,
    then_path text not null,
    expires_at bigint not null
);
create index directory_sign_in_by_expiry on directory_sign_in (expires_at);
create index directory_sign_in_by_directory on directory_sign_in (directory_id);
alter table session add column directory_id {uuid} references directory (id);
create index session_by_directory on session (directory_id) where directory_id is not null;
alter table organization add column directory_required boolean not null default false;
";
