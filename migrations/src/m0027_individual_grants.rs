//! Individual grants: what one company has of a product instead of its plan, or beside it, until a day.
//!
//! A pool keeps what the plan gives beside what there is: once the individual grant is over, that counts again.

crate::dialect::schema_migration!("m0027_individual_grants", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table individual_grant (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    product_id {uuid} not null references product (id),
    kind text not null check (kind in ('quantity', 'product')),
    quantity bigint check (quantity >= 0),
    reason text not null,
    starts_at bigint not null,
    ends_on text not null,
    ends_at bigint not null,
    grant_id {uuid} references benefit_grant (id),
    set_by {uuid} not null references account (id),
    set_at bigint not null,
    ended_at bigint,
    ended_by {uuid} references account (id),
    row_version bigint not null default 1,
    check ((kind = 'product') = (grant_id is not null)),
    check (ended_by is null or ended_at is not null),
    check (ends_at > starts_at)
);
create unique index individual_grant_in_force on individual_grant (organization_id, product_id)
    where ended_at is null;
create index individual_grant_due on individual_grant (ends_at) where ended_at is null;
create index individual_grant_by_organization on individual_grant (organization_id, id);
alter table pool add column plan_quantity bigint check (plan_quantity >= 0);
update pool set plan_quantity = quantity
";
