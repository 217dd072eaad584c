//! The activity: events name the person and the benefit they concern, programs with a token can act,
//! and what the page filters by has its index.
//!
//! SQLite can't change a check, so the table is made anew with the same rows; the guards that keep it
//! append-only stand aside for that moment. Nothing that a hash covers changes.

crate::dialect::schema_migration!("m0008_activity", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run_own(manager, SQLITE, POSTGRES).await?;
    crate::dialect::run(manager, INDEXES).await
}

const SQLITE: &[&str] = &["
drop trigger audit_event_stays;
drop trigger audit_event_is_kept;
create table audit_event_next (
    organization_id blob not null,
    sequence bigint not null check (sequence > 0),
    previous_hash blob not null,
    hash blob not null,
    at bigint not null,
    actor_kind text not null check (actor_kind in ('person', 'operator', 'token', 'worker', 'nobody')),
    actor_id blob,
    action text not null,
    object_kind text not null,
    object_id text not null,
    before_state text,
    after_state text,
    address text,
    request_id text,
    person_id blob,
    grant_id blob,
    primary key (organization_id, sequence)
);
insert into audit_event_next (organization_id, sequence, previous_hash, hash, at, actor_kind, actor_id, action,
        object_kind, object_id, before_state, after_state, address, request_id)
    select organization_id, sequence, previous_hash, hash, at, actor_kind, actor_id, action,
        object_kind, object_id, before_state, after_state, address, request_id
    from audit_event order by organization_id, sequence;
drop table audit_event;
alter table audit_event_next rename to audit_event;
create trigger audit_event_stays before update on audit_event begin
    select raise(abort, 'audit_is_append_only');
end;
create trigger audit_event_is_kept before delete on audit_event begin
    select raise(abort, 'audit_is_append_only');
end;
"];

const POSTGRES: &[&str] = &[
    "alter table audit_event drop constraint audit_event_actor_kind_check",
    "alter table audit_event add constraint audit_event_actor_kind_check
        check (actor_kind in ('person', 'operator', 'token', 'worker', 'nobody'))",
    "alter table audit_event add column person_id uuid, add column grant_id uuid",
];

const INDEXES: &str = "
create index audit_event_by_time on audit_event (organization_id, at, sequence);
create index audit_event_of_all on audit_event (at, organization_id, sequence);
create index audit_event_by_actor on audit_event (organization_id, actor_id, at, sequence);
create index audit_event_by_person on audit_event (organization_id, person_id, at, sequence)
    where person_id is not null;
create index audit_event_by_grant on audit_event (organization_id, grant_id, at, sequence)
    where grant_id is not null;
create index audit_event_by_action on audit_event (organization_id, action, at, sequence);
create index audit_event_denied on audit_event (actor_id, at) where action = 'denied';
";
