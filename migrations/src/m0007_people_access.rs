//! People at the size of a large company: roles counted by organization, the list in each of its
//! orders, the last sign-in; what an import of people has read before it is saved.

crate::dialect::schema_migration!("m0007_people_access", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table person add column last_sign_in_at bigint not null default 0;
drop index person_by_name;
create index person_listed_by_name on person (organization_id, sort_name, id) where status <> 'left';
create index person_listed_by_last_sign_in on person (organization_id, last_sign_in_at, id) where status <> 'left';
create unique index person_in_organization on person (id, organization_id);
create table person_role_in_organization (
    person_id {uuid} not null,
    organization_id {uuid} not null,
    role text not null check (role in ('global_admin', 'partner_admin', 'user_admin', 'admin_agent', 'employee')),
    primary key (person_id, role),
    foreign key (person_id, organization_id) references person (id, organization_id)
);
insert into person_role_in_organization (person_id, organization_id, role)
    select r.person_id, p.organization_id, r.role from person_role r join person p on p.id = r.person_id;
drop table person_role;
alter table person_role_in_organization rename to person_role;
create index person_role_by_organization on person_role (organization_id, role, person_id);
create index redemption_by_grant on redemption (grant_id);
create table people_import (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    person_id {uuid} not null references person (id),
    file_name text not null,
    content text not null,
    state text not null check (state in ('checked', 'saved')),
    created_at bigint not null,
    outcome text,
    check ((state = 'saved') = (outcome is not null))
);
create index people_import_by_age on people_import (created_at);
";
