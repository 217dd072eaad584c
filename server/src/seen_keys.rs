//! Who had which key of a batch shown, as a file: for whoever has to tell them that it was withdrawn.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::ids::KeyBatchId;
use domain::view::key_pools::{SeenKey, key_label};
use domain::view::operator::Stamp;
use locales::Texts;
use service::Failure;
use service::keys::seen;

use crate::caller::Caller;
use crate::csv_export::{self, Cells};
use crate::plain;
use crate::router::Site;

/// The list of a batch.
pub async fn export(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(batch): Path<String>,
) -> Response {
    let texts = locales::texts(caller.language);
    let export = match batch.parse::<KeyBatchId>() {
        Ok(batch) => seen::export(&site.service, &caller.request, batch).await,
        Err(error) => Err(Failure::from(error)),
    };
    match export {
        Ok(export) => csv_export::answer("keys-shown.csv", head(texts), export, move |row| cells(texts, row)),
        Err(failure) => plain::refused(&site, &caller, "export_seen_keys", &failure).await,
    }
}

fn head(texts: Texts) -> Cells {
    vec![
        texts.key_pools_column_key().to_owned(),
        texts.common_status().to_owned(),
        texts.key_pools_column_company().to_owned(),
        texts.common_person().to_owned(),
        texts.key_pools_column_first().to_owned(),
        texts.key_pools_column_last_seen().to_owned(),
    ]
}

fn cells(texts: Texts, row: SeenKey) -> Cells {
    let SeenKey { key, state, company, person, first, last } = row;
    let time = |Stamp { day, time: (hour, minute) }: Stamp| format!("{day} {hour:02}:{minute:02}");
    let state = texts.find_status(&state).map_or(state.clone(), str::to_owned);
    vec![key_label(key), state, company, person, time(first), time(last)]
}
