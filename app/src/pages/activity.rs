//! The activity: who did what to what, and when. One page for companies, one for operators.

use domain::AuditAction;
use domain::audit::ActivityKind;
use domain::view::activity::{ActivityDetail, ActivityPage, ActivityQuery, ActivityRow, EventKey};
use domain::view::operator::Stamp;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use crate::components::{
    Choice, Column, DayFilter, Empty, Filter, FilterBar, FilterChip, Find, Icon, IconName, Ledger, Opener,
    OpeningRow,
};
use crate::i18n::texts;
use crate::load::{load, part_of};
use crate::server_fns::activity::{activity, programme_activity};
use crate::words::activity as words;

/// Whose page it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Company,
    Programme,
}

impl Of {
    const fn path(self) -> &'static str {
        match self {
            Self::Company => "/account/activity",
            Self::Programme => "/operator/activity",
        }
    }

    const fn columns(self) -> usize {
        match self {
            Self::Company => 6,
            Self::Programme => 7,
        }
    }

    fn write(self, query: &ActivityQuery) -> String {
        let address = at(self.path(), query);
        query.open.map_or(address.clone(), |open| format!("{address}#{}", anchor(open)))
    }

    /// Address of the file with all events that the filters leave.
    fn file(self, query: &ActivityQuery) -> String {
        at(&format!("{}.csv", self.path()), &query.filters())
    }
}

fn at(path: &str, query: &ActivityQuery) -> String {
    let pairs = query.pairs();
    if pairs.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", serde_html_form::to_string(&pairs).unwrap_or_default())
}

fn read(parameters: &ParamsMap) -> ActivityQuery {
    ActivityQuery::read(|name| parameters.get(name))
}

/// Id of a row's element.
fn anchor(key: EventKey) -> String {
    format!("event-{key}")
}

/// A company's activity.
#[component]
pub fn Activity() -> impl IntoView {
    let query = address();
    load(move || query.get(), activity, move |page| view! { <Page of=Of::Company query=query page=page/> })
}

/// The activity of the whole programme.
#[component]
pub fn ProgrammeActivity() -> impl IntoView {
    let query = address();
    load(
        move || query.get(),
        programme_activity,
        move |page| view! { <Page of=Of::Programme query=query page=page/> },
    )
}

fn address() -> Memo<ActivityQuery> {
    let parameters = use_query_map();
    Memo::new(move |_| read(&parameters.get()))
}

#[component]
fn Page(of: Of, query: Memo<ActivityQuery>, page: Signal<ActivityPage>) -> impl IntoView {
    let texts = texts();
    let lead = match of {
        Of::Company if page.with_untracked(|page| page.only_own) => texts.activity_lead_own(),
        Of::Company => texts.activity_lead(),
        Of::Programme => texts.activity_lead_programme(),
    };
    let removed = page.with_untracked(|page| page.kept_from).map(|from| {
        let text = texts.activity_kept_from(format::date(texts.language(), from));
        view! { <p>{text}</p> }
    });
    let crumbs = (of == Of::Company).then(|| {
        view! {
            <nav aria-label=texts.common_breadcrumb()>
                <ol class="crumbs">
                    <li><a href="/account">{texts.navigation_account_settings()}</a></li>
                    <li aria-current="page">{texts.navigation_activity()}</li>
                </ol>
            </nav>
        }
    });
    view! {
        <Title text=texts.common_page_title(texts.navigation_activity())/>
        <main class="page" id="main" data-density=(of == Of::Programme).then_some("compact")>
            <div>
                {crumbs}
                <div class="head">
                    <div><h1>{texts.navigation_activity()}</h1><p>{lead}</p>{removed}</div>
                </div>
            </div>
            <Filters of=of query=query page=page/>
            <div class="row">
                <a
                    class="button"
                    href=move || query.with(|query| of.file(query))
                    rel="external"
                    download
                    aria-describedby="export-note"
                >
                    <Icon name=IconName::Load/>
                    <span>{texts.activity_export()}</span>
                </a>
                <span class="small muted" id="export-note">{texts.activity_export_note()}</span>
            </div>
            <section class="sheet"><Rows of=of query=query page=page/></section>
        </main>
    }
}

#[component]
fn Filters(of: Of, query: Memo<ActivityQuery>, page: Signal<ActivityPage>) -> impl IntoView {
    let texts = texts();
    let find = Signal::derive(move || Find {
        name: "find",
        value: query.with(|query| query.find.clone()),
        hint: match of {
            Of::Company => texts.activity_find_hint().to_owned(),
            Of::Programme => texts.activity_find_programme().to_owned(),
        },
    });
    let filters = Memo::new(move |_| {
        let (kinds, products) = page.with(|page| (page.kinds.clone(), page.products.clone()));
        let query = query.get();
        let all = || Choice::new("", texts.common_all());
        let kind = |kind: &ActivityKind| {
            Choice::new(kind.code(), texts.find_activity_kind(kind.code()).unwrap_or_default())
        };
        let mut filters = vec![Filter {
            name: "kind",
            label: texts.activity_kind().to_owned(),
            choices: std::iter::once(all()).chain(kinds.iter().map(kind)).collect(),
            selected: query.kind.map(|kind| kind.code().to_owned()).unwrap_or_default(),
        }];
        if let Some(kind) = query.kind {
            let action = |action: AuditAction| Choice::new(action.code(), words::what(texts, action.code()));
            filters.push(Filter {
                name: "action",
                label: texts.activity_action().to_owned(),
                choices: std::iter::once(all()).chain(kind.actions().map(action)).collect(),
                selected: query.action.map(|action| action.code().to_owned()).unwrap_or_default(),
            });
        }
        if !products.is_empty() {
            let products = products.into_iter().map(|(id, name)| Choice::new(id.to_string(), name));
            filters.push(Filter {
                name: "benefit",
                label: texts.activity_benefit().to_owned(),
                choices: std::iter::once(all()).chain(products).collect(),
                selected: query.product.map(|product| product.to_string()).unwrap_or_default(),
            });
        }
        filters
    });
    let days = Memo::new(move |_| {
        let (from, to) = query.with(|query| (query.from, query.to));
        vec![
            DayFilter { name: "from", label: texts.activity_from().to_owned(), day: from },
            DayFilter { name: "to", label: texts.activity_to().to_owned(), day: to },
        ]
    });
    let count = Signal::derive(move || {
        page.with(|page| {
            if page.total > page.counted {
                let most = format::number(texts.language(), page.counted);
                texts.activity_count_more(most, &page.time_zone)
            } else {
                texts.activity_count(page.total, &page.time_zone)
            }
        })
    });
    let chips = Signal::derive(move || {
        let base = query.with(ActivityQuery::filters);
        let chip = |text: String, without: ActivityQuery| FilterChip { text, href: of.write(&without) };
        let mut chips = Vec::new();
        if !base.find.is_empty() {
            let text = texts.common_filter_on(texts.activity_find_person(), &base.find);
            chips.push(chip(text, ActivityQuery { find: String::new(), ..base.clone() }));
        }
        for filter in filters.get().into_iter().filter(|filter| !filter.selected.is_empty()) {
            let value = filter.choices.iter().find(|choice| choice.value == filter.selected);
            let value = value.map_or(filter.selected.as_str(), |choice| choice.text.as_str());
            let without = match filter.name {
                "kind" => ActivityQuery { kind: None, action: None, ..base.clone() },
                "action" => ActivityQuery { action: None, ..base.clone() },
                _ => ActivityQuery { product: None, ..base.clone() },
            };
            chips.push(chip(texts.common_filter_on(filter.label.clone(), value), without));
        }
        for filter in days.get() {
            let Some(day) = filter.day else { continue };
            let without = match filter.name {
                "from" => ActivityQuery { from: None, ..base.clone() },
                _ => ActivityQuery { to: None, ..base.clone() },
            };
            let day = format::date(texts.language(), day);
            chips.push(chip(texts.common_filter_on(filter.label, day), without));
        }
        chips
    });
    view! {
        <FilterBar
            action=of.path()
            find=find
            filters=filters
            days=days
            count=count
            chips=chips
            clear=of.path()
        />
    }
}

#[component]
fn Rows(of: Of, query: Memo<ActivityQuery>, page: Signal<ActivityPage>) -> impl IntoView {
    let texts = texts();
    let mut columns =
        vec![Column::new(texts.activity_column_what()), Column::new(texts.activity_column_when())];
    if of == Of::Programme {
        columns.push(Column::new(texts.activity_column_company()));
    }
    columns.extend([
        Column::new(texts.activity_column_who()),
        Column::new(texts.activity_column_on()),
        Column::new(texts.activity_column_address()),
        Column::silent(texts.common_details()),
    ]);
    let keys = Memo::new(move |_| {
        page.with(|page| {
            let mut keys: Vec<EventKey> = page.rows.iter().map(|row| row.key).collect();
            // An open row that the filters hide stands on top, so that its address always works.
            if let Some(open) = &page.open
                && !keys.contains(&open.row.key)
            {
                keys.insert(0, open.row.key);
            }
            keys
        })
    });
    let pages = move || {
        let base = query.with(|query| ActivityQuery { open: None, ..query.clone() });
        let first = base.after.is_some().then(|| {
            let href = of.write(&base.filters());
            view! { <li><a href=href>{texts.activity_first()}</a></li> }
        });
        let next = page.with(|page| page.next).map(|next| {
            let href = of.write(&ActivityQuery { after: Some(next), ..base.clone() });
            view! { <li><a href=href>{texts.activity_older()}</a></li> }
        });
        (first.is_some() || next.is_some()).then(|| {
            view! { <nav class="pages" aria-label=texts.component_pages()><ul>{first}{next}</ul></nav> }
        })
    };
    view! {
        <Show
            when=move || !keys.with(Vec::is_empty)
            fallback=move || {
                if query.with(ActivityQuery::is_filtered) {
                    view! {
                        <Empty title=texts.common_no_results()>
                            <a class="button" href=of.path()>{texts.common_clear_all()}</a>
                        </Empty>
                    }
                        .into_any()
                } else {
                    view! { <Empty title=texts.activity_empty() text=texts.activity_empty_text()/> }.into_any()
                }
            }
        >
            <Ledger caption=texts.navigation_activity() columns=columns.clone()>
                <For each=move || keys.get() key=|key| *key let:key>
                    <Row of=of key=key query=query page=page/>
                </For>
            </Ledger>
            {pages}
        </Show>
    }
}

#[component]
fn Row(of: Of, key: EventKey, query: Memo<ActivityQuery>, page: Signal<ActivityPage>) -> impl IntoView {
    let texts = texts();
    let found = move |page: &ActivityPage| {
        let open = page.open.as_ref().map(|open| &open.row);
        page.rows.iter().chain(open).find(|row| row.key == key).cloned()
    };
    let Some(row) = part_of(page, found) else { return ().into_any() };
    let detail = Memo::new(move |_| {
        page.with(|page| page.open.as_deref().filter(|open| open.row.key == key).cloned())
    });
    let open = Memo::new(move |_| detail.with(Option::is_some));
    let link = Memo::new(move |_| {
        let open = (!open.get()).then_some(key);
        query.with(|query| of.write(&ActivityQuery { open, ..query.clone() }))
    });
    let cells = move || row.with(|row| cells(texts, of, row, link, open));
    let detail = move || detail.get().map(|detail| facts(texts, detail));
    view! {
        <OpeningRow
            id=anchor(key)
            columns=of.columns()
            open=open
            cells=cells
            detail=move || view! { {detail} }
        />
    }
    .into_any()
}

fn when(texts: Texts, at: Stamp) -> String {
    format::date_time(texts.language(), at.day, at.time)
}

fn cells(texts: Texts, of: Of, row: &ActivityRow, link: Memo<String>, open: Memo<bool>) -> AnyView {
    let what = words::what(texts, &row.action).to_owned();
    let shown = when(texts, row.at);
    let (hour, minute) = row.at.time;
    let machine = format!("{}T{hour:02}:{minute:02}", row.at.day);
    let company = (of == Of::Programme).then(|| {
        let company = words::company(texts, row);
        view! { <td role="cell" data-label=texts.activity_column_company()>{company}</td> }
    });
    let mut things = words::things(texts, row).into_iter();
    let on = things.next();
    let others = things.map(|thing| view! { <small>{thing}</small> }).collect_view();
    view! {
        <th role="rowheader" scope="row"><a href=move || link.get()>{what.clone()}</a></th>
        <td role="cell" data-label=texts.activity_column_when()>
            <time class="nowrap" datetime=machine>{shown.clone()}</time>
        </td>
        {company}
        <td role="cell" data-label=texts.activity_column_who()>{words::who(texts, row)}</td>
        <td role="cell" data-label=texts.activity_column_on()><div>{on}{others}</div></td>
        <td role="cell" data-label=texts.activity_column_address()>{row.address.clone()}</td>
        <td role="cell" class="end"><Opener href=link open=open name=what source=shown/></td>
    }
    .into_any()
}

/// What was recorded, as it stands in the trail.
fn facts(texts: Texts, detail: ActivityDetail) -> AnyView {
    let state = |state: String| {
        // Roles have words; what else a state says is the trail's own.
        let roles: Option<Vec<&str>> = state
            .split([',', ' '])
            .filter(|code| !code.is_empty())
            .map(|code| texts.find_role(code))
            .collect();
        match roles {
            Some(roles) if !roles.is_empty() => format::list_and(texts.language(), &roles).into_any(),
            _ => view! { <code>{state}</code> }.into_any(),
        }
    };
    let fact = |name: &'static str, value: Option<AnyView>| {
        value.map(|value| view! { <dt>{name}</dt> <dd>{value}</dd> })
    };
    let code = |text: String| view! { <code>{text}</code> }.into_any();
    view! {
        <div class="stack">
            <h2 class="h3">{texts.activity_detail()}</h2>
            <dl class="facts">
                {fact(texts.activity_before(), detail.before.map(state))}
                {fact(texts.activity_after(), detail.after.map(state))}
                {fact(texts.activity_column_address(), detail.row.address.map(code))}
                {fact(texts.activity_request(), detail.request_id.filter(|id| !id.is_empty()).map(code))}
                {fact(texts.activity_column_action(), Some(code(detail.row.action)))}
                {fact(
                    texts.activity_sequence(),
                    Some(format::number(texts.language(), detail.row.key.sequence).into_any()),
                )}
                {fact(texts.activity_hash(), Some(code(detail.hash)))}
            </dl>
        </div>
    }
    .into_any()
}
