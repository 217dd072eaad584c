//! How the keys of a batch look is fixed when it is staged, whatever its product says later; when those were told who
//! could publish a draft; and benefits of all companies by each of the dates that one can end with.

crate::dialect::schema_migration!("m0040_kept_as_begun", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table key_batch add column key_format text;
update key_batch set key_format = (select p.key_format from key_pool k join product p on p.id = k.product_id
    where k.id = key_batch.key_pool_id);
alter table catalogue_draft add column told_at bigint;
drop index benefit_grant_by_end;
create index benefit_grant_by_begin on benefit_grant (activate_by, id) where state = 'granted';
create index benefit_grant_by_year on benefit_grant (holding_ends_at, id) where state = 'granted';
create index benefit_grant_by_expiry on benefit_grant (expires_at, id) where state = 'granted';
";
