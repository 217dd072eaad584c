//! The list of people as a file.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::view::people::{PeopleQuery, PersonRow};
use locales::Texts;
use service::people::export::begin;

use crate::caller::Caller;
use crate::csv_export::{self, Cells};
use crate::plain;
use crate::router::Site;

/// Everybody whom the filters of the address leave.
pub async fn export(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let query =
        PeopleQuery::read(|name| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()));
    let texts = locales::texts(caller.language);
    match begin(&site.service, &caller.request, &query).await {
        Ok(export) => csv_export::answer("users.csv", head(texts), export, move |row| cells(texts, row)),
        Err(failure) => plain::refused(&site, &caller, "people_export", &failure).await,
    }
}

fn head(texts: Texts) -> Cells {
    let field = |code: &str| texts.find_field(code).unwrap_or_default();
    vec![
        field("name").to_owned(),
        field("email").to_owned(),
        field("roles").to_owned(),
        texts.common_status().to_owned(),
        texts.people_column_last_sign_in().to_owned(),
        texts.people_column_seats().to_owned(),
        texts.people_column_since().to_owned(),
    ]
}

fn cells(texts: Texts, row: PersonRow) -> Cells {
    let roles: Vec<&str> =
        row.roles.iter().map(|role| texts.find_role(role.code()).unwrap_or(role.code())).collect();
    vec![
        row.name,
        row.email,
        roles.join("; "),
        texts.find_status(row.status.code()).unwrap_or(row.status.code()).to_owned(),
        row.last_sign_in.map(|day| day.to_string()).unwrap_or_default(),
        row.seats.to_string(),
        row.since.to_string(),
    ]
}
