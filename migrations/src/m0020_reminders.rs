//! Reminders of single benefits: how long before, which were sent, and what waits to be sent together.
//!
//! `next_reminders_at` is the next morning at which a company's benefits are looked at, in its time zone.

crate::dialect::schema_migration!("m0020_reminders", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table organization add column ending_first bigint default 30 check (ending_first between 1 and 300);
alter table organization add column ending_second bigint check (ending_second is null
    or ending_first is not null and ending_second >= 1 and ending_second < ending_first);
alter table organization add column unused_first bigint default 90 check (unused_first between 1 and 300);
alter table organization add column unused_second bigint default 30 check (unused_second is null
    or unused_first is not null and unused_second >= 1 and unused_second < unused_first);
alter table organization add column next_reminders_at bigint not null default 0;
create index organization_by_reminders on organization (next_reminders_at, id) where portal_state = 'member';
create index invitation_by_organization on invitation (organization_id);
create table benefit_reminder (
    grant_id {uuid} not null references benefit_grant (id),
    kind text not null check (kind in ('ending', 'unused')),
    last_at bigint not null,
    turn text not null check (turn in ('first', 'second')),
    sent_at bigint not null,
    primary key (grant_id, kind, last_at, turn)
);
alter table account add column reminders text not null default 'single'
    check (reminders in ('single', 'daily', 'weekly'));
create table collected_reminder (
    id {uuid} primary key not null,
    account_id {uuid} not null references account (id),
    organization_id {uuid} references organization (id),
    title text not null,
    path text not null,
    dates text not null,
    created_at bigint not null,
    due_at bigint not null
);
create index collected_reminder_by_account on collected_reminder (account_id, created_at);
create index collected_reminder_due on collected_reminder (due_at);
";
