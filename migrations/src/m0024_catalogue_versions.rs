//! The catalogue's versions: drafts that become one, and which version what is held came from.
//!
//! A row of quantities belongs to the versions from `from_version` until before `until_version`; a holding
//! keeps the version that was in force when it was bought. What the catalogue no longer lists stays for
//! those who have it.

crate::dialect::schema_migration!("m0024_catalogue_versions", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table catalogue_draft (
    id {uuid} primary key not null,
    title text not null,
    state text not null check (state in ('draft', 'published', 'in_force', 'replaced', 'withdrawn')),
    document text not null,
    base text not null,
    base_version bigint not null,
    in_force_on text,
    in_force_at bigint,
    reach text not null default 'new' check (reach in ('new', 'existing')),
    version bigint unique,
    drafted_by {uuid} not null references account (id),
    drafted_at bigint not null,
    changed_by {uuid} not null references account (id),
    changed_at bigint not null,
    published_by {uuid} references account (id),
    published_at bigint,
    row_version bigint not null default 1,
    check ((state in ('in_force', 'replaced')) = (version is not null)),
    check (state in ('draft', 'withdrawn') or published_by is not null and in_force_at is not null)
);
create unique index catalogue_draft_in_force on catalogue_draft (state) where state = 'in_force';
create unique index catalogue_draft_published on catalogue_draft (state) where state = 'published';
create index catalogue_draft_by_change on catalogue_draft (changed_at, id);
alter table entitlement add column from_version bigint not null default 1;
alter table entitlement add column until_version bigint check (until_version > from_version);
create index entitlement_in_force on entitlement (product_id, source) where until_version is null;
alter table holding add column catalogue_version bigint not null default 1;
alter table product add column listed boolean not null default true;
alter table product_download add column listed boolean not null default true;
alter table offer add column listed boolean not null default true;
alter table organization add column entitled_version bigint not null default 1;
create index organization_by_entitled_version on organization (entitled_version, id) where portal_state = 'member'
";
