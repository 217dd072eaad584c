//! Orders that are placed before they are paid, what was paid and how, proofs of a bank transfer.
//!
//! Money comes in once for an order: one payment of it can be paid, whatever arrives how often.

crate::dialect::schema_migration!("m0017_orders", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::widen_check(
        manager,
        "orders",
        "state",
        (
            "check (state in ('paid', 'refunded'))",
            "check (state in ('placed', 'paid', 'refunded', 'expired', 'cancelled'))",
        ),
    )
    .await?;
    crate::dialect::widen_check(
        manager,
        "order_line",
        "state",
        (
            "check (state in ('active', 'refunded'))",
            "check (state in ('placed', 'active', 'refunded', 'expired', 'cancelled'))",
        ),
    )
    .await?;
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table orders add column row_version bigint not null default 1;
alter table orders add column paid_at bigint;
alter table orders add column accepted_by {uuid} references person (id);
alter table orders add column accepted_name text;
create index orders_unpaid on orders (ordered_at, id) where state = 'placed';
create unique index orders_by_number on orders (organization_id, number);
create unique index order_line_waiting on order_line (organization_id, offer_id, areas) where state = 'placed';
alter table offer add column needs_area boolean not null default false;
create table attained_area (
    organization_id {uuid} not null references organization (id),
    tier text not null check (tier in ('silver', 'gold')),
    area text not null,
    recorded_by {uuid} not null references account (id),
    recorded_at bigint not null,
    primary key (organization_id, tier, area)
);
create table payment (
    id {uuid} primary key not null,
    order_id {uuid} not null references orders (id),
    organization_id {uuid} not null references organization (id),
    method text not null check (method in ('card', 'bank_transfer')),
    state text not null check (state in ('started', 'confirmation', 'unknown', 'paid', 'declined', 'cancelled')),
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    processor_reference text unique,
    decline_code text,
    started_at bigint not null,
    started_by {uuid} references person (id),
    settled_at bigint,
    settled_by {uuid} references account (id),
    row_version bigint not null default 1
);
create index payment_by_order on payment (order_id, started_at, id);
create unique index payment_once on payment (order_id) where state = 'paid';
create unique index payment_open on payment (order_id) where state in ('started', 'confirmation', 'unknown');
create index payment_unsettled on payment (started_at, id) where state in ('started', 'unknown');
create table payment_notice (
    processor text not null,
    notice_id text not null,
    received_at bigint not null,
    primary key (processor, notice_id)
);
create table payment_proof (
    id {uuid} primary key not null,
    order_id {uuid} not null references orders (id),
    organization_id {uuid} not null references organization (id),
    file_name text not null,
    media_type text not null check (media_type in ('application/pdf', 'image/png', 'image/jpeg')),
    content {bytes} not null,
    uploaded_at bigint not null,
    uploaded_by {uuid} not null references person (id)
);
create index payment_proof_by_order on payment_proof (order_id, uploaded_at, id);
";
