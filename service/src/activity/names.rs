//! Names for what events name by id: a few questions for all rows together.

use std::collections::HashMap;

use domain::Language;
use domain::view::activity::Thing;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::list::Row;
use crate::{Outcome, sql};

/// Names of things by their ids.
#[derive(Default)]
pub(super) struct Names {
    requests: HashMap<Uuid, i64>,
    purchases: HashMap<Uuid, String>,
    accounts: HashMap<Uuid, String>,
}

#[derive(FromQueryResult)]
struct Numbered {
    id: Uuid,
    number: i64,
}

#[derive(FromQueryResult)]
struct Named {
    id: Uuid,
    name: String,
}

impl Names {
    /// Names of what the rows are about.
    pub(super) async fn of(
        connection: &impl ConnectionTrait,
        language: Language,
        rows: &[Row],
    ) -> Outcome<Self> {
        let ids = |kind: &str| -> Vec<Value> {
            let mut ids: Vec<Uuid> = rows
                .iter()
                .filter(|row| row.object_kind == kind)
                .filter_map(|row| Uuid::try_parse(&row.object_id).ok())
                .collect();
            ids.sort_unstable();
            ids.dedup();
            ids.into_iter().map(Value::from).collect()
        };
        let mut names = Self::default();
        let requests = ids("service_request");
        if !requests.is_empty() {
            let text =
                format!("select id, number from service_request where id in ({})", places(&requests, 1));
            let rows = sql::all::<Numbered>(connection, &text, requests).await?;
            names.requests = rows.into_iter().map(|row| (row.id, row.number)).collect();
        }
        let purchases = ids("order_line");
        if !purchases.is_empty() {
            let text = format!(
                "select l.id, t.name from order_line l
                join offer_text t on t.offer_id = l.offer_id and t.language = $1 where l.id in ({})",
                places(&purchases, 2)
            );
            let values = std::iter::once(Value::from(language.tag())).chain(purchases);
            let rows = sql::all::<Named>(connection, &text, values).await?;
            names.purchases = rows.into_iter().map(|row| (row.id, row.name)).collect();
        }
        let accounts = ids("account");
        if !accounts.is_empty() {
            let text =
                format!("select id, full_name as name from account where id in ({})", places(&accounts, 1));
            let rows = sql::all::<Named>(connection, &text, accounts).await?;
            names.accounts = rows.into_iter().map(|row| (row.id, row.name)).collect();
        }
        Ok(names)
    }

    /// What a row is about.
    pub(super) fn thing(&self, row: &Row) -> Thing {
        let id = Uuid::try_parse(&row.object_id).ok();
        let named = row.person_name.is_some() || row.product_name.is_some();
        match row.object_kind.as_str() {
            "service_request" => {
                // Some events name a request by its id, some by its number.
                let number = id.and_then(|id| self.requests.get(&id).copied());
                number.or_else(|| row.object_id.parse().ok()).map_or(Thing::Unnamed, Thing::Request)
            }
            "order_line" => {
                let name = id.and_then(|id| self.purchases.get(&id).cloned());
                name.map_or(Thing::Unnamed, Thing::Purchase)
            }
            _ if named => Thing::Beside,
            "account" => {
                let name = id.and_then(|id| self.accounts.get(&id).cloned());
                name.map_or(Thing::Unnamed, Thing::Account)
            }
            "policy" => Thing::Policy(row.object_id.clone()),
            "form" => Thing::Form(row.object_id.clone()),
            "address" => Thing::Address(row.object_id.clone()),
            "organization" => Thing::Company,
            _ => Thing::Unnamed,
        }
    }
}

fn places(values: &[Value], first: usize) -> String {
    (first..first + values.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
}
