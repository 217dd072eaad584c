//! Names of competency areas and of tiers, which are the programme's data. Where a query reads a benefit with its
//! product's text, it joins them beside it; several areas that stand in one column are named from here.

use std::collections::HashMap;

use domain::Language;
use domain::view::area::NamedArea;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::{Outcome, sql};

/// The names in a language, by code.
pub(crate) struct ProgrammeNames {
    areas: HashMap<String, String>,
    tiers: HashMap<String, String>,
    sources: HashMap<String, String>,
}

impl ProgrammeNames {
    /// Reads them.
    ///
    /// # Errors
    /// [`crate::Failure::Database`].
    pub(crate) async fn of(connection: &impl ConnectionTrait, language: Language) -> Outcome<Self> {
        #[derive(FromQueryResult)]
        struct Row {
            kind: String,
            code: String,
            name: String,
        }
        let text = "select 'area' as kind, area as code, name from competency_area_text where language = $1
            union all select 'tier' as kind, tier as code, name from tier_text where language = $1
            union all select 'source' as kind, source as code, source_name as name from tier_text
                where language = $1";
        let mut names = Self { areas: HashMap::new(), tiers: HashMap::new(), sources: HashMap::new() };
        for row in sql::all::<Row>(connection, text, [language.tag().into()]).await? {
            let of_kind = match row.kind.as_str() {
                "area" => &mut names.areas,
                "tier" => &mut names.tiers,
                _ => &mut names.sources,
            };
            of_kind.insert(row.code, row.name);
        }
        Ok(names)
    }

    /// An area's name; its code where it has none.
    pub(crate) fn name(&self, code: &str) -> String {
        self.areas.get(code).map_or(code, String::as_str).to_owned()
    }

    /// A tier's name.
    pub(crate) fn tier(&self, code: &str) -> String {
        self.tiers.get(code).map_or(code, String::as_str).to_owned()
    }

    /// What the source of a benefit is called: by its area, if it comes with one; an individual grant has no name.
    pub(crate) fn of_grant(&self, source: &str, area: Option<&str>) -> Option<String> {
        area.map(|code| self.name(code)).or_else(|| self.sources.get(source).cloned())
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
