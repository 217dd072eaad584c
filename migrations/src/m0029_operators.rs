//! When an operator signed in last: people have it in their companies, operators on their account.

crate::dialect::schema_migration!("m0029_operators", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table account add column last_sign_in_at bigint;
update account set last_sign_in_at =
    (select max(e.at) from audit_event e where e.actor_id = account.id and e.action = 'signed_in')
    where exists (select 1 from operator_role r where r.account_id = account.id)
";
