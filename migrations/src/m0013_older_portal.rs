//! Records from the older portal: which company still has one there, until when; what of its benefits
//! was used there; where that portal is.
//!
//! What was used there counts against the pool as a seat does: the guard of rule 12 looks at both.

crate::dialect::schema_migration!("m0013_older_portal", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await?;
    crate::dialect::run_own(manager, SQLITE, POSTGRES).await
}

const SCHEMA: &str = "
create table older_portal (
    id bigint primary key not null check (id = 1),
    sign_in_link text,
    technical_contact text
);
create table older_record (
    organization_id {uuid} primary key not null references organization (id),
    primary_person_id {uuid} not null references person (id),
    ends_at bigint not null,
    imported_at bigint not null,
    invited_at bigint,
    ended_at bigint
);
create index older_record_due on older_record (ends_at) where ended_at is null;
alter table pool add column used_before bigint not null default 0 check (used_before >= 0);
alter table benefit_grant add column used_before bigint not null default 0 check (used_before >= 0);
";

const SQLITE: &[&str] = &[
    "drop trigger seat_takes_one",
    "create trigger seat_takes_one before insert on seat when new.released_at is null begin
        select raise(abort, 'pool_full') from pool
            where id = new.pool_id and quantity is not null and used + used_before >= quantity;
        select raise(abort, 'grant_is_over') from benefit_grant
            where id = new.grant_id and state <> 'granted';
        update pool set used = used + 1 where id = new.pool_id;
    end",
];

const POSTGRES: &[&str] =
    &["create or replace function seat_takes_one() returns trigger language plpgsql as $$
    begin
        if new.released_at is null then
            update pool set used = used + 1
                where id = new.pool_id and (quantity is null or used + used_before < quantity);
            if not found then
                raise exception 'pool_full';
            end if;
            perform 1 from benefit_grant where id = new.grant_id and state <> 'granted';
            if found then
                raise exception 'grant_is_over';
            end if;
        end if;
        return new;
    end $$"];
