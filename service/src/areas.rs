//! Names of competency areas, which are the programme's data. Where a query reads a benefit with its product's text, it
//! joins the area's beside it; several areas that stand in one column are named from here.

use std::collections::HashMap;

use domain::Language;
use domain::view::area::NamedArea;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::{Outcome, sql};

/// The names in a language, by code.
pub(crate) struct AreaNames(HashMap<String, String>);

impl AreaNames {
    /// Reads them.
    ///
    /// # Errors
    /// [`crate::Failure::Database`].
    pub(crate) async fn of(connection: &impl ConnectionTrait, language: Language) -> Outcome<Self> {
        #[derive(FromQueryResult)]
        struct Row {
            area: String,
            name: String,
        }
        let text = "select area, name from competency_area_text where language = $1";
        let rows = sql::all::<Row>(connection, text, [language.tag().into()]).await?;
        Ok(Self(rows.into_iter().map(|row| (row.area, row.name)).collect()))
    }

    /// An area's name; its code where it has none.
    pub(crate) fn name(&self, code: &str) -> String {
        self.0.get(code).map_or(code, String::as_str).to_owned()
    }

    /// The name of the area that a benefit comes with, if it comes with one.
    pub(crate) fn of_grant(&self, code: Option<String>) -> Option<String> {
        code.map(|code| self.name(&code))
    }

    /// An area with its name.
    pub(crate) fn named(&self, code: &str) -> NamedArea {
        NamedArea { code: code.to_owned(), name: self.name(code) }
    }

    /// Areas as they stand in a column, separated by commas.
    pub(crate) fn each(&self, codes: &str) -> Vec<NamedArea> {
        codes.split(',').filter(|code| !code.is_empty()).map(|code| self.named(code)).collect()
    }

    /// Their names alone.
    pub(crate) fn names(&self, codes: &str) -> Vec<String> {
        self.each(codes).into_iter().map(|area| area.name).collect()
    }
}
