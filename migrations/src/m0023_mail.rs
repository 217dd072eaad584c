//! Mail as operators look after it: each attempt, what came back, addresses that mail can't reach, and the
//! programme's own wording.

crate::dialect::schema_migration!("m0023_mail", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table mail add column recipient_key text not null default '';
update mail set recipient_key = lower(recipient);
alter table mail add column bounced_at bigint;
alter table mail add column bounce_reason text;
create index mail_by_place on mail ((case when state = 'failed' and bounced_at is null then 0
    when state = 'waiting' and attempts > 0 then 1 when state = 'waiting' then 2 else 3 end), id desc);
create index mail_by_state on mail (state, id);
create index mail_by_kind on mail (kind, id);
create index mail_by_recipient on mail (recipient_key, id);
create index mail_by_organization on mail (organization_id, id);
create index mail_bounced on mail (id) where bounced_at is not null;
create table mail_attempt (
    id {uuid} primary key not null,
    mail_id {uuid} not null references mail (id),
    started_at bigint not null,
    ended_at bigint,
    error text
);
create index mail_attempt_by_mail on mail_attempt (mail_id, id);
create table bouncing_address (
    address_key text primary key not null,
    mail_id {uuid} not null references mail (id),
    reason text not null,
    since bigint not null
);
create table mail_template (
    kind text not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    subject text not null,
    body text not null,
    row_version bigint not null,
    changed_at bigint not null,
    changed_by {uuid} not null references account (id),
    primary key (kind, language)
);
alter table notice add column kind text not null default '';
alter table notice add column due_on text;
create index notice_by_due on notice (account_id, due_on, id) where due_on is not null;
";
