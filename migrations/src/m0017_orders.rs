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
    crate::dialect::run(manager, SCHEMA).await?;
    crate::dialect::widen_check(
        manager,
        "service_request",
        "kind",
        (
            "check (kind in ('activation', 'advisory', 'cancellation', 'global_admin'))",
            "check (kind in ('activation', 'advisory', 'cancellation', 'global_admin', 'payment'))",
        ),
    )
    .await
}

const SCHEMA: &str = "
alter table orders add column row_version bigint not null default 1;
alter table orders add column paid_at bigint;
create index orders_unpaid on orders (ordered_at, id) where state = 'placed';
create unique index orders_by_number on orders (organization_id, number);
create unique index order_line_waiting on order_line (organization_id, offer_id, areas) where state = 'placed';
create table purchase_agreement (
    version bigint not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    text text not null,
    in_force_at bigint not null,
    primary key (version, language)
);
alter table programme_text add column bank_details text;
alter table offer_text add column description text not null default '';
create table programme_point (
    position bigint not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    title text not null,
    text text not null,
    primary key (position, language)
);
alter table service_request add column order_id {uuid} references orders (id);
create unique index service_request_one_payment on service_request (order_id) where kind = 'payment' and open;
create table competency_area (
    code text primary key not null
);
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
    decline_code text,
    started_at bigint not null,
    started_by {uuid} references person (id),
    settled_at bigint,
    settled_by {uuid} references account (id),
    refund_due_at bigint,
    refunded_at bigint,
    row_version bigint not null default 1
);
create index payment_by_order on payment (order_id, started_at, id);
create unique index payment_once on payment (order_id) where state = 'paid';
create unique index payment_open on payment (order_id) where state in ('started', 'confirmation', 'unknown');
create index payment_unsettled on payment (started_at, id) where state in ('started', 'unknown');
create table test_card_charge (
    reference text primary key not null,
    amount_minor bigint not null,
    currency text not null,
    state text not null check (state in ('paid', 'declined', 'confirmation', 'refunded')),
    decline_code text,
    charged_at bigint not null
);
create table invoice (
    id {uuid} primary key not null,
    number bigint not null unique,
    organization_id {uuid} not null references organization (id),
    order_id {uuid} not null references orders (id),
    order_line_id {uuid} references order_line (id),
    kind text not null check (kind in ('invoice', 'credit_note')),
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    buyer text not null,
    issued_at bigint not null,
    check ((kind = 'credit_note') = (order_line_id is not null))
);
create unique index invoice_once on invoice (order_id) where kind = 'invoice';
create unique index credit_note_once on invoice (order_line_id) where kind = 'credit_note';
create index invoice_by_organization on invoice (organization_id, issued_at);
create index payment_refund_due on payment (refund_due_at, id) where refunded_at is null;
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
