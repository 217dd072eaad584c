//! Those who lost a seat with a change of level, as a file.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::ErrorCode;
use locales::Texts;
use service::Failure;
use service::membership::tier_change::FormerHolder;
use service::purchases::tier_change::export_former;
use service::spreadsheet::Whole;

use crate::caller::Caller;
use crate::csv_export::{self, Cells};
use crate::plain;
use crate::router::Site;

/// Those of the order with this number.
pub async fn export(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Response {
    let texts = locales::texts(caller.language);
    let rows = match number.parse() {
        Ok(number) => export_former(&site.service, &caller.request, caller.language, number).await,
        Err(_) => Err(Failure::from(ErrorCode::NotFound)),
    };
    match rows {
        Ok(rows) => csv_export::answer("former-holders.csv", head(texts), Whole(rows), cells),
        Err(failure) => plain::refused(&site, &caller, "former_holders", &failure).await,
    }
}

fn head(texts: Texts) -> Cells {
    vec![
        texts.tier_change_column_product().to_owned(),
        texts.tier_change_column_name().to_owned(),
        texts.tier_change_column_email().to_owned(),
        texts.tier_change_column_assigned().to_owned(),
        texts.tier_change_column_ended().to_owned(),
    ]
}

fn cells(row: FormerHolder) -> Cells {
    let day = |at: domain::Day| at.to_string();
    vec![row.product, row.name, row.email, day(row.assigned), day(row.ended)]
}
