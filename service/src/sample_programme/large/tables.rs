//! The tables that the large programme fills: columns and order. What isn't named keeps its default.

use sea_orm::DatabaseTransaction;

use crate::Outcome;
use crate::bulk::Bulk;

macro_rules! tables {
    ($($field:ident: $table:literal [$($column:literal),+ $(,)?],)+) => {
        /// New rows of each table, in the order in which they refer to each other.
        pub(super) struct Tables {
            $(pub(super) $field: Bulk,)+
        }

        impl Tables {
            /// No rows yet.
            pub(super) const fn new() -> Self {
                Self { $($field: Bulk::new($table, &[$($column),+], ""),)+ }
            }

            /// Writes everything, and is empty again.
            pub(super) async fn write(&mut self, transaction: &DatabaseTransaction) -> Outcome<()> {
                $(self.$field.write(transaction).await?;)+
                Ok(())
            }
        }
    };
}

tables! {
    account: "account" [
        "id", "email", "email_key", "full_name", "name_key", "language", "password_hash", "status", "created_at",
    ],
    organization: "organization" [
        "id", "name", "name_key", "domain", "account_email", "time_zone", "language", "tier", "founder_person_id",
        "setup_finished", "created_at", "next_reminders_at",
    ],
    person: "person" [
        "id", "organization_id", "account_id", "sort_name", "status", "created_at", "last_sign_in_at", "last_seen_at",
    ],
    person_role: "person_role" ["person_id", "organization_id", "role"],
    marketing_contact: "marketing_contact" [
        "organization_id", "person_id", "alternate_email", "phone", "language", "updated_at",
    ],
    orders: "orders" ["id", "number", "organization_id", "ordered_by", "ordered_at", "currency", "state", "paid_at"],
    order_line: "order_line" [
        "id", "order_id", "organization_id", "offer_id", "areas", "price_minor", "policies", "agreement_version",
        "state",
    ],
    holding: "holding" [
        "id", "organization_id", "offer_id", "order_line_id", "areas", "state", "starts_at", "anniversary_at",
        "catalogue_version",
    ],
    pool: "pool" ["id", "organization_id", "quantity", "plan_quantity"],
    grant: "benefit_grant" [
        "id", "organization_id", "product_id", "category", "pool_id", "source", "area", "holding_id", "order_line_id",
        "state", "activation_state", "granted_at", "activate_by", "holding_ends_at", "expires_at",
        "catalogue_version",
    ],
    seat: "seat" [
        "id", "organization_id", "grant_id", "pool_id", "person_id", "assigned_at", "assigned_by", "released_at",
        "released_by", "release_reason",
    ],
    product_key: "product_key" [
        "id", "key_pool_id", "ciphertext", "key_hash", "state", "organization_id", "grant_id", "seat_id", "drawn_at",
        "revealed_at", "revealed_by", "key_batch_id",
    ],
    activation: "activation" [
        "id", "organization_id", "grant_id", "state", "requested_by", "requested_at", "target_at", "completed_at",
        "completed_by", "starts_at", "expires_at", "reason",
    ],
    service_request: "service_request" [
        "id", "number", "organization_id", "kind", "state", "open", "grant_id", "activation_id", "order_line_id",
        "order_id", "title", "title_key", "details", "requested_by", "requested_at", "target_at", "owner_id", "decided_at",
        "decided_by", "reason",
    ],
    balance_entry: "balance_entry" [
        "id", "organization_id", "grant_id", "kind", "amount", "reason", "recorded_by", "recorded_at",
    ],
    payment: "payment" [
        "id", "order_id", "organization_id", "method", "state", "amount_minor", "currency", "started_at",
        "started_by", "settled_at", "settled_by",
    ],
    invoice: "invoice" [
        "id", "number", "organization_id", "order_id", "kind", "amount_minor", "currency", "buyer", "issued_at",
        "buyer_country",
    ],
    attained_area: "attained_area" ["organization_id", "tier", "area", "recorded_by", "recorded_at"],
    mail: "mail" [
        "id", "organization_id", "account_id", "kind", "recipient", "recipient_key", "language", "subject",
        "subject_key", "body", "state", "attempts", "next_attempt_at", "created_at", "sent_at",
    ],
    notice: "notice" ["id", "organization_id", "account_id", "title", "link", "created_at", "read_at", "kind"],
}
