//! How benefits were used, month by month: facts that a worker counts, so that no page looks at all seats.
//!
//! A month is a number, twelve times the year and the month from 0. `product_id` is nil where a row is about all
//! products of a unit together. `usage_count` says up to which event of a company's trail its figures are counted,
//! `usage_retry` until when one that couldn't be counted waits, `usage_changed` of which months the sum of all
//! companies has to be written anew.
//!
//! Months that are over are counted after their end. So a benefit keeps when it ended, a pool what it had before, and
//! a person the last moment in the portal, which sessions forget with a sign-out.

crate::dialect::schema_migration!("m0026_insight", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table usage_month (
    organization_id {uuid} not null references organization (id),
    month bigint not null,
    category text not null,
    unit text not null,
    product_id {uuid} not null,
    granted bigint not null check (granted >= 0),
    used bigint not null,
    unused bigint not null check (unused >= 0),
    peak bigint not null,
    begun bigint not null,
    unlimited bigint not null,
    primary key (organization_id, month, category, unit, product_id)
);
create index usage_month_of_all on usage_month (month, category, unit, product_id);
create table usage_total (
    month bigint not null,
    category text not null,
    unit text not null,
    product_id {uuid} not null,
    granted bigint not null,
    used bigint not null,
    unused bigint not null check (unused >= 0),
    peak bigint not null,
    begun bigint not null,
    unlimited bigint not null,
    primary key (month, category, unit, product_id)
);
create table usage_value (
    organization_id {uuid} not null references organization (id),
    category text not null,
    currency text not null,
    paid_minor bigint not null check (paid_minor >= 0),
    unused_minor bigint not null check (unused_minor between 0 and paid_minor),
    primary key (organization_id, category, currency)
);
create index usage_value_of_all on usage_value (category, currency, paid_minor, unused_minor);
create table usage_count (
    organization_id {uuid} primary key not null references organization (id),
    month bigint not null,
    sequence bigint not null,
    counted_at bigint not null
);
create index usage_count_by_age on usage_count (counted_at);
create index usage_count_by_month on usage_count (month);
create table usage_retry (
    organization_id {uuid} primary key not null references organization (id),
    after_at bigint not null
);
create table usage_changed (
    id {uuid} primary key not null,
    month bigint not null
);
create index usage_changed_by_month on usage_changed (month);
create table pool_quantity (
    pool_id {uuid} not null references pool (id),
    until_at bigint not null,
    quantity bigint check (quantity >= 0),
    primary key (pool_id, until_at)
);
create index product_key_of_seat on product_key (seat_id) where seat_id is not null;
alter table benefit_grant add column ended_at bigint;
update benefit_grant set ended_at = (select max(e.at) from audit_event e
        where e.organization_id = benefit_grant.organization_id and e.grant_id = benefit_grant.id
            and e.action in ('grant_ended', 'grant_withdrawn'))
    where state in ('ended', 'withdrawn');
alter table person add column last_seen_at bigint not null default 0;
update person set last_seen_at = last_sign_in_at;
update person set last_seen_at = (select max(s.last_seen_at) from session s
        where s.account_id = person.account_id and s.organization_id = person.organization_id)
    where exists (select 1 from session s where s.account_id = person.account_id
        and s.organization_id = person.organization_id and s.last_seen_at > person.last_seen_at);
create table request_month (
    month bigint not null,
    kind text not null,
    number bigint not null check (number > 0),
    median_minutes bigint not null check (median_minutes >= 0),
    ninetieth_minutes bigint not null check (ninetieth_minutes >= median_minutes),
    in_time bigint not null check (in_time between 0 and number),
    primary key (month, kind)
);
create index service_request_decided on service_request (decided_at) where decided_at is not null;
create index invoice_by_day on invoice (issued_at);
create table idle_reminder (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    grant_id {uuid} not null references benefit_grant (id),
    seat_id {uuid} references seat (id),
    sent_by {uuid} not null references person (id),
    sent_at bigint not null
);
create index idle_reminder_of_grant on idle_reminder (grant_id, sent_at) where seat_id is null;
create index idle_reminder_of_seat on idle_reminder (seat_id, sent_at) where seat_id is not null;
";
