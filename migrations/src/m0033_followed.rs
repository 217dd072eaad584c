//! What follows a grant, a holding or the line of an order is found by its index also where next to nothing follows
//! anything: an index that counts the rows without one as equal looks useless to SQLite once it has counted them.

crate::dialect::schema_migration!("m0033_followed", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
drop index order_line_of_holding;
create unique index order_line_of_holding on order_line (of_holding_id)
    where of_holding_id is not null and state in ('placed', 'active');
drop index holding_follows_once;
create unique index holding_follows_once on holding (follows_id)
    where follows_id is not null and state <> 'cancelled';
drop index benefit_grant_follows_once;
create unique index benefit_grant_follows_once on benefit_grant (follows_id)
    where follows_id is not null and state <> 'withdrawn';
";
