//! Where a package is: the programme's own address of each download.

crate::dialect::schema_migration!("m0036_download_addresses", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table product_download add column url text check (url like 'https://%');
";
