//! The activity as a file.

use std::sync::Arc;

use app::words::activity as activity_words;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::view::activity::ActivityQuery;
use locales::Texts;
use service::activity::Side;
use service::activity::export::{Exported, begin};

use crate::caller::Caller;
use crate::csv_export::{self, Cells};
use crate::plain;
use crate::router::Site;

/// A company's activity, as far as the reader sees it.
pub async fn of_company(
    site: State<Arc<Site>>,
    caller: Extension<Caller>,
    query: Query<Vec<(String, String)>>,
) -> Response {
    export(site, caller, query, Side::Company).await
}

/// The activity of the whole programme.
pub async fn of_programme(
    site: State<Arc<Site>>,
    caller: Extension<Caller>,
    query: Query<Vec<(String, String)>>,
) -> Response {
    export(site, caller, query, Side::Programme).await
}

async fn export(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Query(pairs): Query<Vec<(String, String)>>,
    side: Side,
) -> Response {
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let query = ActivityQuery::read(get);
    let texts = locales::texts(caller.language);
    match begin(&site.service, &caller.request, side, caller.language, &query).await {
        Ok(export) => {
            let programme = side == Side::Programme;
            let cells = move |event| cells(texts, programme, event);
            csv_export::answer("activity.csv", head(texts, programme), export, cells)
        }
        Err(failure) => plain::refused(&site, &caller, "activity_export", &failure).await,
    }
}

fn head(texts: Texts, programme: bool) -> Cells {
    let mut head = vec![texts.activity_column_when()];
    if programme {
        head.push(texts.activity_column_company());
    }
    head.extend([
        texts.activity_column_who(),
        texts.activity_column_what(),
        texts.activity_column_action(),
        texts.common_person(),
        texts.activity_benefit(),
        texts.common_source(),
        texts.activity_column_on(),
        texts.activity_before(),
        texts.activity_after(),
        texts.activity_column_address(),
        texts.activity_request(),
        texts.activity_sequence(),
        texts.activity_hash(),
    ]);
    head.into_iter().map(str::to_owned).collect()
}

fn cells(texts: Texts, programme: bool, Exported { at, event }: Exported) -> Cells {
    let row = event.row;
    let mut cells = vec![at];
    if programme {
        cells.push(activity_words::company(texts, &row));
    }
    let (benefit, source) = match &row.benefit {
        Some(benefit) => (benefit.name.clone(), activity_words::source(texts, benefit)),
        None => Default::default(),
    };
    cells.extend([
        activity_words::who(texts, &row),
        activity_words::what(texts, &row.action).to_owned(),
        row.action.clone(),
        row.person.clone().unwrap_or_default(),
        benefit,
        source,
        activity_words::thing(texts, &row).unwrap_or_default(),
        event.before.unwrap_or_default(),
        event.after.unwrap_or_default(),
        row.address.unwrap_or_default(),
        event.request_id.unwrap_or_default(),
        row.key.sequence.to_string(),
        event.hash,
    ]);
    cells
}
