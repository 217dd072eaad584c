//! Operators remind a company of what is left, too: who reminded is a person of the company, or an operator.

crate::dialect::schema_migration!("m0041_reminded_by_operators", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table idle_reminder_by_either (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    grant_id {uuid} not null references benefit_grant (id),
    seat_id {uuid} references seat (id),
    sent_by {uuid} references person (id),
    operator_id {uuid} references account (id),
    sent_at bigint not null,
    check ((sent_by is null) <> (operator_id is null))
);
insert into idle_reminder_by_either (id, organization_id, grant_id, seat_id, sent_by, sent_at)
    select id, organization_id, grant_id, seat_id, sent_by, sent_at from idle_reminder;
drop table idle_reminder;
alter table idle_reminder_by_either rename to idle_reminder;
create index idle_reminder_of_grant on idle_reminder (grant_id, sent_at) where seat_id is null;
create index idle_reminder_of_seat on idle_reminder (seat_id, sent_at) where seat_id is not null;
";
