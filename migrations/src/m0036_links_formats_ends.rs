//! Where a package is, which is the programme's own address of each download; how the keys of a product look; and
//! benefits of all companies by the end of the year that they belong to.

crate::dialect::schema_migration!("m0036_links_formats_ends", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table product add column key_format text;
alter table product_download add column url text check (url like 'https://%');
create index benefit_grant_by_end on benefit_grant (coalesce(holding_ends_at, expires_at))
    where state = 'granted';
";
