//! The year of a membership: which reminders were sent, what is due, and days for a calendar.

crate::dialect::schema_migration!("m0014_membership_year", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table membership_reminder (
    holding_id {uuid} not null references holding (id),
    kind text not null check (kind in ('before_anniversary', 'before_end')),
    sent_at bigint not null,
    primary key (holding_id, kind)
);
create index holding_by_anniversary on holding (anniversary_at, id) where state = 'active';
alter table mail add column calendar text;
";
