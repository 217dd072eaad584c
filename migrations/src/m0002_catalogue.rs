//! The programme as data: products with their texts and downloads, offers, entitlements, policies.

crate::dialect::schema_migration!("m0002_catalogue", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table programme (
    id bigint primary key not null check (id = 1),
    catalogue_version bigint not null,
    demo boolean not null
);
create table programme_text (
    language text primary key not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    name text not null
);
create table policy (
    name text primary key not null,
    value text not null
);
create table product (
    id {uuid} primary key not null,
    code text not null unique,
    category text not null
        check (category in ('software', 'cloud', 'visual_studio', 'technical', 'go_to_market')),
    kind text not null,
    unit text not null,
    portal_url text,
    activation_limit bigint check (activation_limit >= 0)
);
create table product_text (
    product_id {uuid} not null references product (id),
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    name text not null,
    summary text not null,
    instructions text not null,
    guidance text not null,
    primary key (product_id, language)
);
create table product_download (
    id {uuid} primary key not null,
    product_id {uuid} not null references product (id),
    version text not null,
    language text not null,
    operating_system text not null,
    file_name text not null,
    bytes bigint not null check (bytes > 0),
    unique (product_id, version, language, operating_system, file_name)
);
create table offer (
    id {uuid} primary key not null,
    code text not null unique,
    tier text not null check (tier in ('network', 'action_pack', 'silver', 'gold', 'isv')),
    price_minor bigint not null check (price_minor >= 0),
    currency text not null
);
create table offer_text (
    offer_id {uuid} not null references offer (id),
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    name text not null,
    primary key (offer_id, language)
);
create table entitlement (
    id {uuid} primary key not null,
    source text not null,
    level text check (level in ('silver', 'gold')),
    area text,
    per_area boolean not null,
    product_id {uuid} not null references product (id),
    quantity bigint check (quantity >= 0),
    seats bigint check (seats >= 0),
    pool_code text,
    illustrative boolean not null
);
create index entitlement_by_source on entitlement (source);
";
