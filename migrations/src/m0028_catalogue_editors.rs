//! Who has had a hand in a draft of the catalogue: none of them publishes it where a second person has to. Of drafts
//! from before, whoever changed them last is known. Some databases have the table already, from a release in which the
//! migration of the catalogue's versions created it.

crate::dialect::schema_migration!("m0028_catalogue_editors", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
create table if not exists catalogue_editor (
    catalogue_draft_id {uuid} not null references catalogue_draft (id),
    account_id {uuid} not null references account (id),
    primary key (catalogue_draft_id, account_id)
);
insert into catalogue_editor (catalogue_draft_id, account_id)
    select id, changed_by from catalogue_draft draft
    where not exists (select 1 from catalogue_editor editor where editor.catalogue_draft_id = draft.id);
";
