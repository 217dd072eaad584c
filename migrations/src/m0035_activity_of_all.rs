//! What operators filter the activity of all companies by is found by its index: a kind of event that is rare among
//! millions.

crate::dialect::schema_migration!("m0035_activity_of_all", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create index audit_event_of_action on audit_event (action, at, organization_id, sequence);
";
