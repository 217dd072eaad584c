//! Calls of programs are counted beside attempts to sign in, for all servers together.

crate::dialect::schema_migration!("m0039_calls_of_programs", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::widen_check(
        manager,
        "attempt",
        "kind",
        (
            "check (kind in ('account', 'address', 'link'))",
            "check (kind in ('account', 'address', 'link', 'program'))",
        ),
    )
    .await
}
