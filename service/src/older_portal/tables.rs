//! The tables that an import writes: columns, order, and what happens to a row that is there already.

use sea_orm::DatabaseTransaction;

use crate::Outcome;
use crate::bulk::Bulk;

/// New rows of each table, in the order in which they refer to each other.
pub(super) struct Tables {
    pub(super) account: Bulk,
    pub(super) organization: Bulk,
    pub(super) person: Bulk,
    pub(super) person_role: Bulk,
    pub(super) orders: Bulk,
    pub(super) order_line: Bulk,
    pub(super) holding: Bulk,
    pub(super) pool: Bulk,
    pub(super) grant: Bulk,
    pub(super) record: Bulk,
}

impl Tables {
    /// No rows yet.
    pub(super) fn new() -> Self {
        Self {
            account: Bulk::new(
                "account",
                &["id", "email", "email_key", "full_name", "name_key", "language", "status", "created_at"],
                "",
            ),
            organization: Bulk::new(
                "organization",
                &[
                    "id",
                    "name",
                    "name_key",
                    "domain",
                    "account_email",
                    "time_zone",
                    "language",
                    "tier",
                    "portal_state",
                    "setup_finished",
                    "created_at",
                ],
                "",
            ),
            person: Bulk::new(
                "person",
                &["id", "organization_id", "account_id", "sort_name", "status", "created_at"],
                "",
            ),
            person_role: Bulk::new(
                "person_role",
                &["person_id", "organization_id", "role"],
                "on conflict (person_id, role) do nothing",
            ),
            orders: Bulk::new(
                "orders",
                &["id", "number", "organization_id", "ordered_at", "currency", "state"],
                "",
            ),
            order_line: Bulk::new(
                "order_line",
                &[
                    "id",
                    "order_id",
                    "organization_id",
                    "offer_id",
                    "areas",
                    "price_minor",
                    "policies",
                    "agreement_version",
                    "state",
                ],
                "",
            ),
            holding: Bulk::new(
                "holding",
                &[
                    "id",
                    "organization_id",
                    "offer_id",
                    "order_line_id",
                    "areas",
                    "state",
                    "starts_at",
                    "anniversary_at",
                    "catalogue_version",
                ],
                "",
            ),
            pool: Bulk::new(
                "pool",
                &["id", "organization_id", "quantity", "plan_quantity", "used_before"],
                "on conflict (id) do update set quantity = excluded.quantity,
                    plan_quantity = excluded.plan_quantity, used_before = excluded.used_before",
            ),
            grant: Bulk::new(
                "benefit_grant",
                &[
                    "id",
                    "organization_id",
                    "product_id",
                    "category",
                    "pool_id",
                    "source",
                    "area",
                    "holding_id",
                    "order_line_id",
                    "state",
                    "granted_at",
                    "activate_by",
                    "holding_ends_at",
                    "expires_at",
                    "catalogue_version",
                    "used_before",
                ],
                "on conflict (id) do update set used_before = excluded.used_before,
                    row_version = benefit_grant.row_version + 1",
            ),
            record: Bulk::new(
                "older_record",
                &["organization_id", "primary_person_id", "ends_at", "imported_at", "ended_at"],
                "on conflict (organization_id) do update set primary_person_id = excluded.primary_person_id,
                    ends_at = excluded.ends_at, imported_at = excluded.imported_at",
            ),
        }
    }

    /// Writes everything.
    pub(super) async fn write(mut self, transaction: &DatabaseTransaction) -> Outcome<()> {
        for table in [
            &mut self.account,
            &mut self.organization,
            &mut self.person,
            &mut self.person_role,
            &mut self.orders,
            &mut self.order_line,
            &mut self.holding,
            &mut self.pool,
            &mut self.grant,
            &mut self.record,
        ] {
            table.write(transaction).await?;
        }
        Ok(())
    }
}
