//! What waits for an operator: one table for the queue.

crate::dialect::schema_migration!("m0005_requests", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table number_sequence (
    name text primary key not null,
    value bigint not null
);
create table service_request (
    id {uuid} primary key not null,
    number bigint not null unique,
    organization_id {uuid} not null references organization (id),
    kind text not null check (kind in ('activation', 'advisory', 'cancellation', 'global_admin')),
    state text not null check (state in ('requested', 'processing', 'completed', 'approved', 'refused', 'withdrawn')),
    open boolean not null,
    grant_id {uuid} references benefit_grant (id),
    activation_id {uuid} references activation (id),
    order_line_id {uuid} references order_line (id),
    title text not null,
    details text not null,
    requested_by {uuid} not null references person (id),
    requested_at bigint not null,
    target_at bigint not null,
    owner_id {uuid} references account (id),
    decided_at bigint,
    decided_by {uuid} references account (id),
    reason text,
    row_version bigint not null default 1
);
create index service_request_queue on service_request (open, target_at, id);
create index service_request_by_organization on service_request (organization_id, requested_at);
create unique index service_request_one_cancellation on service_request (order_line_id)
    where kind = 'cancellation' and open;
create unique index service_request_one_global_admin on service_request (requested_by)
    where kind = 'global_admin' and open;
";
