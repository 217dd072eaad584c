//! Provisioning: tokens of programs that keep a company's people, what such a program says about
//! each person, and its groups with the role that each gives.

crate::dialect::schema_migration!("m0011_provisioning", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table provisioning_token (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    name text not null,
    token_hash {bytes} not null unique,
    created_at bigint not null,
    created_by {uuid} not null references person (id),
    last_used_at bigint,
    expires_at bigint,
    revoked_at bigint
);
create index provisioning_token_by_organization on provisioning_token (organization_id, created_at, id);
create table provisioning_setting (
    organization_id {uuid} primary key not null references organization (id),
    seats text not null check (seats in ('keep', 'release')),
    gives_user_admin boolean not null,
    gives_admin_agent boolean not null,
    gives_employee boolean not null,
    row_version bigint not null default 1,
    check (gives_user_admin or gives_admin_agent or gives_employee)
);
create table provisioned_person (
    person_id {uuid} primary key not null,
    organization_id {uuid} not null,
    user_name text not null,
    user_name_key text not null,
    external_id text,
    display_name text,
    formatted_name text,
    given_name text,
    family_name text,
    preferred_language text,
    foreign key (person_id, organization_id) references person (id, organization_id)
);
create unique index provisioned_person_user_name on provisioned_person (organization_id, user_name_key);
create unique index provisioned_person_external_id on provisioned_person (organization_id, external_id)
    where external_id is not null;
create table provisioned_group (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    display_name text not null,
    display_name_key text not null,
    external_id text,
    role text check (role in ('user_admin', 'admin_agent', 'employee')),
    created_at bigint not null,
    row_version bigint not null default 1
);
create unique index provisioned_group_in_organization on provisioned_group (id, organization_id);
create unique index provisioned_group_name on provisioned_group (organization_id, display_name_key);
create unique index provisioned_group_external_id on provisioned_group (organization_id, external_id)
    where external_id is not null;
create table provisioned_group_member (
    group_id {uuid} not null,
    person_id {uuid} not null,
    organization_id {uuid} not null,
    primary key (group_id, person_id),
    foreign key (group_id, organization_id) references provisioned_group (id, organization_id),
    foreign key (person_id, organization_id) references person (id, organization_id)
);
create index provisioned_group_member_by_person on provisioned_group_member (person_id, group_id);
";
