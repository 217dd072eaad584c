//! Individual grants of all companies, and the way to a company.

use domain::entitlement::Amount;
use domain::individual_grant::{Individual, IndividualKind};
use domain::view::individual_grants::{
    CompanyFound, IndividualGrantRow, IndividualGrantsPage, IndividualGrantsQuery, IndividualState,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use super::item::when;
use crate::components::{
    ButtonTone, Choice, Column, Empty, Filter, FilterBar, FilterChip, Find, Ledger, StatusByCode,
    SubmitButton, TextField,
};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::individual_grants::individual_grants;
use crate::words;

/// Address of the list.
pub(super) const PATH: &str = "/operator/grants";

fn read(parameters: &ParamsMap) -> IndividualGrantsQuery {
    let get = |name: &str| parameters.get(name).unwrap_or_default();
    IndividualGrantsQuery {
        find: get("find"),
        state: IndividualState::from_code(&get("state")),
        after: get("after").parse().ok(),
        company: get("company"),
    }
}

fn write(query: &IndividualGrantsQuery) -> String {
    let mut parts = Vec::new();
    let mut part = |name: &str, value: &str| {
        if !value.is_empty() {
            parts.push(format!("{name}={}", words::encode(value)));
        }
    };
    part("find", &query.find);
    part("state", query.state.map(IndividualState::code).unwrap_or_default());
    part("company", &query.company);
    part("after", &query.after.map(|after| after.to_string()).unwrap_or_default());
    if parts.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", parts.join("&")) }
}

/// The page **Individual grants**.
#[component]
pub fn IndividualGrants() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| parameters.with(read));
    load(move || query.get(), individual_grants, move |page| view! { <Page query=query page=page/> })
}

#[component]
fn Page(query: Memo<IndividualGrantsQuery>, page: Signal<IndividualGrantsPage>) -> impl IntoView {
    let texts = texts();
    let find = Signal::derive(move || Find {
        name: "find",
        value: query.with(|query| query.find.clone()),
        hint: texts.individual_grants_find().to_owned(),
    });
    let filters = Signal::derive(move || {
        let name = |state: IndividualState| texts.find_status(state.code()).unwrap_or_default();
        let choices = std::iter::once(Choice::new("", texts.common_all()))
            .chain(IndividualState::ALL.iter().map(|state| Choice::new(state.code(), name(*state))))
            .collect();
        let selected = query.with(|query| query.state.map(IndividualState::code).unwrap_or_default());
        let label = texts.individual_grants_state().to_owned();
        vec![Filter { name: "state", label, choices, selected: selected.to_owned() }]
    });
    let count = Signal::derive(move || texts.individual_grants_count(page.with(|page| page.total)));
    let chips = Signal::derive(move || chips(texts, &query.get()));
    let any = Memo::new(move |_| page.with(|page| !page.rows.is_empty()));
    let rows = move || page.with(|page| page.rows.iter().map(|row| self::row(texts, row)).collect_view());
    let pages = move || {
        let base = query.get();
        let latest = base.after.is_some().then(|| {
            let href = write(&IndividualGrantsQuery { after: None, ..base.clone() });
            view! { <li><a href=href>{texts.individual_grants_latest()}</a></li> }
        });
        let earlier = page.with(|page| page.next).map(|next| {
            let href = write(&IndividualGrantsQuery { after: Some(next), ..base.clone() });
            view! { <li><a href=href>{texts.individual_grants_earlier()}</a></li> }
        });
        (latest.is_some() || earlier.is_some()).then(|| {
            view! { <nav class="pages" aria-label=texts.component_pages()><ul>{latest}{earlier}</ul></nav> }
        })
    };
    let columns = vec![
        Column::new(texts.individual_grants_column_company()),
        Column::new(texts.individual_grants_column_product()),
        Column::new(texts.individual_grants_column_individual()),
        Column::new(texts.individual_grants_column_until()),
        Column::new(texts.common_status()),
        Column::new(texts.individual_grants_column_set()),
    ];
    view! {
        <Title text=texts.common_page_title(texts.individual_grants_title())/>
        <main class="page" id="main" data-density="compact">
            <div class="head">
                <div><h1>{texts.individual_grants_title()}</h1><p>{texts.individual_grants_lead()}</p></div>
            </div>
            <Companies query=query page=page/>
            <FilterBar
                action=PATH
                find=find
                filters=filters
                count=count
                chips=chips
                clear=PATH
            />
            <section class="sheet">
                <Show
                    when=move || any.get()
                    fallback=move || {
                        view! {
                            <Empty
                                title=texts.individual_grants_none_title()
                                text=texts.individual_grants_none_text()
                            />
                        }
                    }
                >
                    <Ledger caption=texts.individual_grants_title() columns=columns.clone()>{rows}</Ledger>
                    {pages}
                </Show>
            </section>
        </main>
    }
}

/// What is filtered by, each with the address without it.
fn chips(texts: Texts, query: &IndividualGrantsQuery) -> Vec<FilterChip> {
    let base = IndividualGrantsQuery { after: None, ..query.clone() };
    let find = (!base.find.is_empty()).then(|| FilterChip {
        text: base.find.clone(),
        href: write(&IndividualGrantsQuery { find: String::new(), ..base.clone() }),
    });
    let state = base.state.map(|state| FilterChip {
        text: texts.find_status(state.code()).unwrap_or_default().to_owned(),
        href: write(&IndividualGrantsQuery { state: None, ..base.clone() }),
    });
    find.into_iter().chain(state).collect()
}

/// Finds the company whose grants are to be set.
#[component]
fn Companies(query: Memo<IndividualGrantsQuery>, page: Signal<IndividualGrantsPage>) -> impl IntoView {
    let texts = texts();
    let typed = query.with_untracked(|query| query.company.clone());
    let found = move || {
        let companies = page.with(|page| page.companies.clone());
        if query.with(|query| query.company.trim().is_empty()) {
            return None;
        }
        Some(if companies.is_empty() {
            view! { <p class="muted" role="status">{texts.individual_grants_company_none()}</p> }.into_any()
        } else {
            let links = companies.iter().map(link).collect_view();
            view! { <ul class="plain">{links}</ul> }.into_any()
        })
    };
    view! {
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.individual_grants_company_find()}</h2></div>
            <div class="in stack">
                <search>
                    <form method="get" action=PATH class="form">
                        <TextField
                            id="company"
                            name="company"
                            label=texts.individual_grants_company_label()
                            value=typed
                            help=texts.individual_grants_company_help()
                            maxlength=120_u32
                        />
                        <div class="form-foot">
                            <SubmitButton label=texts.individual_grants_company_find() tone=ButtonTone::Secondary/>
                        </div>
                    </form>
                </search>
                {found}
            </div>
        </section>
    }
}

fn link(company: &CompanyFound) -> AnyView {
    view! {
        <li>
            <a href=super::company_grants::path(&company.domain, None)>{company.name.clone()}</a>
            " "
            <span class="muted">{company.domain.clone()}</span>
        </li>
    }
    .into_any()
}

fn row(texts: Texts, row: &IndividualGrantRow) -> AnyView {
    let state = if row.ended.is_some() { IndividualState::Ended } else { IndividualState::InForce };
    let over = row.ended.map(|at| {
        let how = match &row.ended_by {
            Some(by) => texts.individual_grants_ended_by(by),
            None => texts.individual_grants_ended_clock().to_owned(),
        };
        view! { <small>{when(at)}" "{how}</small> }
    });
    view! {
        <tr role="row" id=row.id.to_string()>
            <th role="rowheader" scope="row">
                <a href=super::company_grants::path(&row.domain, Some(row.product))>{row.company.clone()}</a>
            </th>
            <td role="cell" data-label=texts.individual_grants_column_product()>{row.name.clone()}</td>
            <td role="cell" data-label=texts.individual_grants_column_individual()>
                <div>{individual(texts, row.individual)}<small>{row.reason.clone()}</small></div>
            </td>
            <td role="cell" data-label=texts.individual_grants_column_until()>
                {format::date(texts.language(), row.ends)}
            </td>
            <td role="cell" data-label=texts.common_status()>
                <div><StatusByCode code=state.code()/>{over}</div>
            </td>
            <td role="cell" data-label=texts.individual_grants_column_set()>
                <div>{when(row.set)}<small>{row.by.clone()}</small></div>
            </td>
        </tr>
    }
    .into_any()
}

/// How much, in words.
pub(crate) fn amount(texts: Texts, amount: Amount) -> String {
    match amount {
        Amount::Of(amount) => format::number(texts.language(), amount),
        Amount::Unlimited => texts.common_unlimited().to_owned(),
    }
}

/// How much, and whether it stands for the plan or beside it.
pub(crate) fn individual(texts: Texts, individual: Individual) -> AnyView {
    let kind = match individual.kind {
        IndividualKind::Quantity => texts.individual_grants_instead(),
        IndividualKind::Product => texts.individual_grants_beside(),
    };
    view! { {amount(texts, individual.amount)}" "<span class="muted">{kind}</span> }.into_any()
}

#[cfg(test)]
mod tests {
    use domain::ids::IndividualGrantId;
    use domain::view::individual_grants::{IndividualGrantsQuery, IndividualState};
    use leptos_router::params::ParamsMap;

    use super::{read, write};

    #[test]
    fn the_address_says_what_is_shown() {
        assert_eq!(write(&IndividualGrantsQuery::default()), "/operator/grants");
        let query = IndividualGrantsQuery {
            find: "Fern & Co".to_owned(),
            state: Some(IndividualState::Ended),
            after: Some(IndividualGrantId(uuid::Uuid::nil())),
            company: "oak".to_owned(),
        };
        let address = write(&query);
        assert_eq!(
            address,
            "/operator/grants?find=Fern%20%26%20Co&state=ended&company=oak&\
             after=00000000-0000-0000-0000-000000000000"
        );
        let mut map = ParamsMap::new();
        for (name, value) in [
            ("find", "Fern & Co"),
            ("state", "ended"),
            ("company", "oak"),
            ("after", "00000000-0000-0000-0000-000000000000"),
        ] {
            map.insert(name, value.to_owned());
        }
        assert_eq!(read(&map), query);
        let mut wrong = ParamsMap::new();
        wrong.insert("after", "no id".to_owned());
        wrong.insert("state", "no state".to_owned());
        assert_eq!(read(&wrong), IndividualGrantsQuery::default());
    }
}
