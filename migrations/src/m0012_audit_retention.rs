//! Retention of the audit trail: where an operator sets a limit, events go from the front of a chain
//! only, and the head keeps the number and the hash of the last one that went.

crate::dialect::schema_migration!("m0012_audit_retention", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await?;
    crate::dialect::run_own(manager, SQLITE, POSTGRES).await
}

const SCHEMA: &str = "
alter table audit_head add column removed_sequence bigint not null default 0;
alter table audit_head add column removed_hash {bytes};
";

const SQLITE: &[&str] = &[
    "drop trigger audit_event_is_kept",
    "create trigger audit_event_is_kept before delete on audit_event
    when old.sequence > coalesce(
        (select removed_sequence from audit_head where organization_id = old.organization_id), 0)
    begin
        select raise(abort, 'audit_is_append_only');
    end",
];

const POSTGRES: &[&str] = &[
    "drop trigger audit_event_stays on audit_event",
    "create trigger audit_event_stays before update on audit_event
        for each row execute function audit_is_append_only()",
    "create function audit_goes_from_the_front() returns trigger language plpgsql as $$
    begin
        if old.sequence > coalesce((select removed_sequence from audit_head
                where organization_id = old.organization_id), 0) then
            raise exception 'audit_is_append_only';
        end if;
        return old;
    end $$",
    "create trigger audit_event_is_kept before delete on audit_event
        for each row execute function audit_goes_from_the_front()",
];
