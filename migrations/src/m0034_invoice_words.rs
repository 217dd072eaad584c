//! What an invoice says was bought is kept when it is issued: a document that somebody has stays as it was, whatever the
//! programme calls its offers and competency areas later. Those that were issued before are read with today's names.

crate::dialect::schema_migration!("m0034_invoice_words", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await
}

// Names of areas are one a line.
const SCHEMA: &str = "
create table invoice_line_text (
    order_line_id {uuid} not null references order_line (id),
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    seller text not null,
    offer text not null,
    areas text not null,
    primary key (order_line_id, language)
);
";
