//! Rows of every table that the sample fills, written in batches.

use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable, ModelTrait};

use crate::{Outcome, entity};

/// Values that one statement may bind: SQLite takes 32,766, PostgreSQL twice as many.
const BOUND_AT_ONCE: usize = 32_000;

macro_rules! rows {
    ($($table:ident),+ $(,)?) => {
        /// The rows of each table, in the order in which they refer to each other.
        #[derive(Default)]
        pub(super) struct Rows {
            $(pub(super) $table: Vec<entity::$table::Model>,)+
        }

        impl Rows {
            /// Writes everything.
            pub(super) async fn write(self, transaction: &DatabaseTransaction) -> Outcome<()> {
                $(insert(transaction, self.$table).await?;)+
                Ok(())
            }
        }
    };
}

rows! {
    programme,
    programme_text,
    policy,
    product,
    product_text,
    product_download,
    offer,
    offer_text,
    entitlement,
    account,
    operator_role,
    organization,
    person,
    person_role,
    orders,
    order_line,
    holding,
    pool,
    benefit_grant,
    seat,
    seat_request,
    balance_entry,
    key_pool,
    product_key,
    subscription,
    redemption,
    activation,
    marketing_contact,
    service_request,
    number_sequence,
}

impl Rows {
    /// Numbers orders and service requests by age, over all companies.
    pub(super) fn number(&mut self, orders_from: i64, requests_from: i64) {
        let mut last_order = orders_from;
        self.orders.sort_by_key(|order| order.ordered_at);
        for order in &mut self.orders {
            last_order += 1;
            order.number = last_order;
        }
        let mut last_request = requests_from;
        self.service_request.sort_by_key(|request| request.requested_at);
        for request in &mut self.service_request {
            last_request += 1;
            request.number = last_request;
        }
        for (name, value) in [("order", last_order), ("service_request", last_request)] {
            self.number_sequence.push(entity::number_sequence::Model { name: name.to_owned(), value });
        }
    }
}

async fn insert<M>(transaction: &DatabaseTransaction, rows: Vec<M>) -> Outcome<()>
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
{
    let columns = <M::Entity as EntityTrait>::Column::iter().count().max(1);
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let batch: Vec<_> = rows.by_ref().take(BOUND_AT_ONCE / columns).collect();
        M::Entity::insert_many(batch).exec_without_returning(transaction).await?;
    }
    Ok(())
}
