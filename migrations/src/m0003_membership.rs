//! What an organization joined or bought: holdings, orders, order lines.

crate::dialect::schema_migration!("m0003_membership", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table orders (
    id {uuid} primary key not null,
    number bigint not null unique,
    organization_id {uuid} not null references organization (id),
    ordered_by {uuid} references person (id),
    ordered_at bigint not null,
    currency text not null,
    state text not null check (state in ('paid', 'refunded'))
);
create index orders_by_organization on orders (organization_id, ordered_at);
create table order_line (
    id {uuid} primary key not null,
    order_id {uuid} not null references orders (id),
    organization_id {uuid} not null references organization (id),
    offer_id {uuid} not null references offer (id),
    areas text not null,
    price_minor bigint not null check (price_minor >= 0),
    policies text not null,
    agreement_version bigint not null,
    state text not null check (state in ('active', 'refunded')),
    row_version bigint not null default 1
);
create index order_line_by_organization on order_line (organization_id);
create index order_line_by_order on order_line (order_id);
create table holding (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    offer_id {uuid} not null references offer (id),
    order_line_id {uuid} not null unique references order_line (id),
    areas text not null,
    state text not null check (state in ('active', 'cancelled', 'ended')),
    starts_at bigint not null,
    anniversary_at bigint not null check (anniversary_at > starts_at),
    row_version bigint not null default 1
);
create index holding_by_organization on holding (organization_id);
";
