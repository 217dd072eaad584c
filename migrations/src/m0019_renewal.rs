//! The next year of a holding: which one it follows, which order buys it, and which grant took over from
//! which. One order alone can renew a holding, and one holding and one grant alone can follow another.

crate::dialect::schema_migration!("m0019_renewal", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::widen_check(
        manager,
        "holding",
        "state",
        (
            "check (state in ('active', 'cancelled', 'ended'))",
            "check (state in ('coming', 'active', 'cancelled', 'ended'))",
        ),
    )
    .await?;
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table order_line add column kind text not null default 'purchase'
    check (kind in ('purchase', 'renewal', 'tier_change'));
alter table order_line add column of_holding_id {uuid} references holding (id)
    check ((of_holding_id is null) = (kind = 'purchase'));
create unique index order_line_of_holding on order_line (of_holding_id) where state in ('placed', 'active');
alter table holding add column follows_id {uuid} references holding (id);
alter table holding add column first_id {uuid} references holding (id);
create unique index holding_follows_once on holding (follows_id) where state <> 'cancelled';
create index holding_coming on holding (starts_at, id) where state = 'coming';
alter table benefit_grant add column follows_id {uuid} references benefit_grant (id);
create unique index benefit_grant_follows_once on benefit_grant (follows_id) where state <> 'withdrawn';
";
