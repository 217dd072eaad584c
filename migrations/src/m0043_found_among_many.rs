//! The outbox and the trail of a large programme: mail of a kind in the order of the list, addresses of mail to whoever
//! has no account, and what an operator did, in whichever chain.

crate::dialect::schema_migration!("m0043_found_among_many", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
drop index mail_by_kind;
create index mail_by_kind on mail (kind, (case when state = 'failed' and bounced_at is null then 0
    when state = 'waiting' and attempts > 0 then 1 when state = 'waiting' then 2 else 3 end), id desc);
create index mail_to_others on mail (recipient_key) where account_id is null;
create index audit_event_of_operator on audit_event (actor_id, at, organization_id, sequence)
    where actor_kind = 'operator';
";
