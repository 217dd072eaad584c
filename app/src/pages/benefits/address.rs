//! The state of the table stands in its address: filters, order, page, the open row.

use domain::benefit::{Category, RowStatus};
use domain::view::benefits::{BenefitsQuery, SortColumn, Until};
use leptos_router::params::ParamsMap;

/// Path of a category's page.
#[must_use]
pub fn path(category: Category) -> &'static str {
    match category {
        Category::Software => "/benefits/software",
        Category::Cloud => "/benefits/cloud",
        Category::VisualStudio => "/benefits/visual-studio",
        Category::Technical => "/benefits/technical",
        Category::GoToMarket => "/benefits/go-to-market",
    }
}

/// What an address asks for; whatever it says wrongly is as if it said nothing.
#[must_use]
pub fn read(category: Category, parameters: &ParamsMap) -> BenefitsQuery {
    let get = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
    let sort = get("sort").unwrap_or_default();
    let (sort, descending) = match sort.strip_prefix('-') {
        Some(column) => (column.to_owned(), true),
        None => (sort, false),
    };
    BenefitsQuery {
        category,
        find: get("find").unwrap_or_default().chars().take(100).collect(),
        source: get("source").map(|source| source.chars().take(80).collect()),
        status: get("status").and_then(|status| RowStatus::from_code(&status)),
        until: get("until").and_then(|until| Until::from_code(&until)),
        descending: descending && SortColumn::from_code(&sort).is_some(),
        sort: SortColumn::from_code(&sort).unwrap_or(SortColumn::Name),
        page: get("page").and_then(|page| page.parse().ok()).unwrap_or(1),
        open: get("open").and_then(|open| open.parse().ok()),
        chosen: get("chosen").and_then(|chosen| chosen.parse().ok()),
    }
}

/// The address that asks for it; what is as it is by default isn't said, nor who is chosen: that is
/// meant once.
#[must_use]
pub fn write(query: &BenefitsQuery) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if !query.find.is_empty() {
        pairs.push(("find", query.find.clone()));
    }
    if let Some(source) = &query.source {
        pairs.push(("source", source.clone()));
    }
    if let Some(status) = query.status {
        pairs.push(("status", status.code().to_owned()));
    }
    if let Some(until) = query.until {
        pairs.push(("until", until.code().to_owned()));
    }
    if query.sort != SortColumn::Name || query.descending {
        let sign = if query.descending { "-" } else { "" };
        pairs.push(("sort", format!("{sign}{}", query.sort.code())));
    }
    if query.page > 1 {
        pairs.push(("page", query.page.to_string()));
    }
    if let Some(open) = query.open {
        pairs.push(("open", open.to_string()));
    }
    let path = path(query.category);
    if pairs.is_empty() {
        return path.to_owned();
    }
    let pairs = serde_html_form::to_string(&pairs).unwrap_or_default();
    match query.open {
        Some(open) => format!("{path}?{pairs}#{open}"),
        None => format!("{path}?{pairs}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use domain::benefit::Category;
    use domain::view::benefits::{BenefitsQuery, SortColumn, Until};
    use leptos_router::params::ParamsMap;

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let open = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
        let query = BenefitsQuery {
            category: Category::Cloud,
            find: "Büro & 云".to_owned(),
            source: Some("gold_core".to_owned()),
            status: None,
            until: Some(Until::Month),
            sort: SortColumn::Expires,
            descending: true,
            page: 3,
            open: Some(open),
            chosen: None,
        };
        let address = write(&query);
        let pairs = address.split_once('?').and_then(|(_, rest)| rest.split_once('#')).expect("has both").0;
        let pairs: Vec<(String, String)> = serde_html_form::from_str(pairs).expect("pairs");
        let parameters: ParamsMap = pairs.into_iter().collect();
        assert_eq!(read(Category::Cloud, &parameters), query);
    }

    #[test]
    fn nonsense_is_as_if_nothing_were_said() {
        let parameters: ParamsMap =
            [("page", "-1"), ("open", "x"), ("sort", "--"), ("status", "?"), ("until", "")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into_iter()
                .collect();
        assert_eq!(write(&read(Category::Software, &parameters)), "/benefits/software");
    }
}
