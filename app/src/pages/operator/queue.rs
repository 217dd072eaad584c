//! The operators' queue; an open row holds the form that completes it.

use domain::Field;
use domain::benefit::Category;
use domain::ids::ServiceRequestId;
use domain::view::operator::{
    OwnerFilter, QueuePage, QueuePlace, QueueQuery, QueueRow, QueueSort, StateFilter, TargetFilter, Ticked,
    WantedOwner,
};
use domain::view::requests::RequestKind;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::{Texts, format};

use super::also_waiting::{AlsoWaiting, ToAlsoWaiting};
use super::bulk::{self, BULK, Bulk};
use super::incidents::Incidents;
use super::item::Item;
use super::shortcuts::Keys;
use super::ticks::Ticks;
use super::views::Views;
use crate::components::{
    Choice, Column, Direction, Empty, Filter, FilterBar, FilterChip, Find, Icon, IconName, Ledger,
    Neighbours, Opener, OpeningRow, ProcessingClock, Target,
};
use crate::i18n::texts;
use crate::load::{load, part_of};
use crate::server_fns::operator::queue;
use crate::words;

const PATH: &str = "/operator/queue";
const COLUMNS: usize = 6;

fn read(get: impl Fn(&str) -> Option<String>) -> QueueQuery {
    let get = |name: &str| get(name).filter(|value| !value.is_empty());
    let request = |name: &str| get(name).and_then(|request| request.parse().ok());
    let after = || request("after").map(QueuePlace::After);
    let sort = get("sort").unwrap_or_default();
    let (sort, descending) = match sort.strip_prefix('-') {
        Some(column) => (column.to_owned(), true),
        None => (sort, false),
    };
    QueueQuery {
        find: get("find").unwrap_or_default().chars().take(100).collect(),
        kind: get("kind").and_then(|kind| RequestKind::from_code(&kind)),
        owner: get("owner").and_then(|owner| WantedOwner::from_code(&owner)),
        state: get("state").and_then(|state| StateFilter::from_code(&state)),
        category: get("category").and_then(|category| Category::from_code(&category)),
        organization: get("organization").and_then(|organization| organization.parse().ok()),
        target: get("target").and_then(|target| TargetFilter::from_code(&target)),
        sort: QueueSort::from_code(&sort).unwrap_or_default(),
        descending,
        place: request("before").map(QueuePlace::Before).or_else(after),
        ticked: get("ticked").map(|ticked| Ticked::from_list(&ticked)).unwrap_or_default(),
        open: request("open"),
        company: get("company").unwrap_or_default().chars().take(100).collect(),
    }
}

/// The address that asks for it; what is as it is by default isn't said.
pub(super) fn write(query: &QueueQuery) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if !query.find.is_empty() {
        pairs.push(("find", query.find.clone()));
    }
    if let Some(kind) = query.kind {
        pairs.push(("kind", kind.code().to_owned()));
    }
    if let Some(owner) = query.owner {
        pairs.push(("owner", owner.code()));
    }
    if let Some(state) = query.state {
        pairs.push(("state", state.code().to_owned()));
    }
    if let Some(category) = query.category {
        pairs.push(("category", category.code().to_owned()));
    }
    if let Some(organization) = query.organization {
        pairs.push(("organization", organization.to_string()));
    }
    if let Some(target) = query.target {
        pairs.push(("target", target.code().to_owned()));
    }
    if let Some(sort) = sort_of(query) {
        pairs.push(("sort", sort));
    }
    match query.place {
        Some(QueuePlace::After(request)) => pairs.push(("after", request.to_string())),
        Some(QueuePlace::Before(request)) => pairs.push(("before", request.to_string())),
        None => {}
    }
    if !query.ticked.is_empty() {
        pairs.push(("ticked", Ticked::list(&query.ticked)));
    }
    if let Some(open) = query.open {
        pairs.push(("open", open.to_string()));
    }
    if !query.company.is_empty() {
        pairs.push(("company", query.company.clone()));
    }
    if pairs.is_empty() {
        return PATH.to_owned();
    }
    let pairs = serde_html_form::to_string(&pairs).unwrap_or_default();
    match query.open {
        Some(open) => format!("{PATH}?{pairs}#{open}"),
        None => format!("{PATH}?{pairs}"),
    }
}

/// What a saved view keeps of an address: filters and sorting, neither the page nor what is ticked or open.
pub(super) fn kept(query: &QueueQuery) -> String {
    let kept =
        QueueQuery { place: None, ticked: Vec::new(), open: None, company: String::new(), ..query.clone() };
    write(&kept).split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
}

/// The same of an address that somebody sent.
pub fn kept_of(typed: &str) -> String {
    kept(&read_typed(typed))
}

/// An address that somebody sent, with nothing ticked in it.
pub fn unticked(typed: &str) -> String {
    let query = typed.split_once('?').map_or("", |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    write(&QueueQuery { ticked: Vec::new(), ..read_typed(query) })
}

/// The address of what filters leave, with what is ticked.
pub fn filtered(filters: &[(&str, &str)], ticked: Vec<Ticked>) -> String {
    let get = |name: &str| {
        filters.iter().rev().find(|(filter, _)| *filter == name).map(|(_, value)| (*value).to_owned())
    };
    write(&QueueQuery { ticked, ..read(get) })
}

fn read_typed(typed: &str) -> QueueQuery {
    let pairs: Vec<(String, String)> = serde_html_form::from_str(typed).unwrap_or_default();
    read(|name| pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
}

fn sort_of(query: &QueueQuery) -> Option<String> {
    let sign = if query.descending { "-" } else { "" };
    (query.sort != QueueSort::Target || query.descending).then(|| format!("{sign}{}", query.sort.code()))
}

/// The address of the queue without any filter; what is ticked stays so.
fn everything(query: &QueueQuery) -> String {
    write(&QueueQuery { ticked: query.ticked.clone(), ..QueueQuery::default() })
}

/// A kind of request in words.
pub(super) fn kind_text(kind: RequestKind) -> &'static str {
    words::request_kind(texts(), kind)
}

/// The queue of all organizations.
#[component]
pub fn Queue() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| parameters.with(|parameters| read(|name| parameters.get(name))));
    load(move || query.get(), queue, move |page| view! { <Page query=query page=page/> })
}

#[component]
fn Page(query: Memo<QueueQuery>, page: Signal<QueuePage>) -> impl IntoView {
    let texts = texts();
    let ticks = query.with_untracked(Ticks::new);
    let figure = move |of: fn(&QueuePage) -> i64| move || format::number(texts.language(), page.with(of));
    view! {
        <Title text=texts.common_page_title(texts.navigation_queue())/>
        <main class="page" id="main" data-density="compact">
            <div class="head">
                <div>
                    <h1>{texts.navigation_queue()}</h1>
                    <p>{texts.operator_queue_lead()}</p>
                    <ToAlsoWaiting page=page/>
                </div>
                <dl class="totals">
                    <div><dt>{texts.operator_total_open()}</dt><dd>{figure(|page| page.open)}</dd></div>
                    <div><dt>{texts.operator_total_late()}</dt><dd>{figure(|page| page.late)}</dd></div>
                    <div><dt>{texts.operator_total_mine()}</dt><dd>{figure(|page| page.mine)}</dd></div>
                </dl>
            </div>
            <Views query=query page=page/>
            <Keys page=page/>
            <Filters query=query page=page ticks=ticks/>
            <section class="sheet">
                <Rows query=query page=page ticks=ticks/>
                <Bulk query=query page=page ticks=ticks/>
            </section>
            <AlsoWaiting page=page/>
            <Incidents query=query page=page ticks=ticks/>
        </main>
    }
}

#[component]
fn Filters(query: Memo<QueueQuery>, page: Signal<QueuePage>, ticks: Ticks) -> impl IntoView {
    let texts = texts();
    let there = bulk::is_there(page, ticks);
    let find = Signal::derive(move || Find {
        name: "find",
        value: query.with(|query| query.find.clone()),
        hint: texts.operator_find_hint().to_owned(),
    });
    let filters = Memo::new(move |_| {
        let query = query.get();
        let mut owners = vec![
            Choice::new("", texts.operator_anybody()),
            Choice::new(OwnerFilter::Me.code(), texts.operator_me()),
            Choice::new(OwnerFilter::Nobody.code(), texts.operator_nobody()),
        ];
        page.with(|page| {
            let colleagues = page.colleagues.iter();
            owners.extend(colleagues.map(|one| Choice::new(one.account.to_string(), one.name.clone())));
        });
        let categories = Category::ALL
            .iter()
            .map(|category| Choice::new(category.code(), words::category(texts, *category)));
        let kinds = RequestKind::ALL.iter().map(|kind| Choice::new(kind.code(), kind_text(*kind)));
        vec![
            Filter {
                name: "kind",
                label: texts.common_kind().to_owned(),
                choices: std::iter::once(Choice::new("", texts.common_all())).chain(kinds).collect(),
                selected: query.kind.map(|kind| kind.code().to_owned()).unwrap_or_default(),
            },
            Filter {
                name: "owner",
                label: texts.operator_with().to_owned(),
                choices: owners,
                selected: query.owner.map(WantedOwner::code).unwrap_or_default(),
            },
            Filter {
                name: "state",
                label: texts.common_status().to_owned(),
                choices: vec![
                    Choice::new("", texts.common_all()),
                    Choice::new(
                        StateFilter::Requested.code(),
                        texts.find_status(StateFilter::Requested.code()).unwrap_or_default(),
                    ),
                    Choice::new(StateFilter::Processing.code(), texts.queue_state_processing()),
                    Choice::new(StateFilter::Answered.code(), texts.queue_answered()),
                ],
                selected: query.state.map(|state| state.code().to_owned()).unwrap_or_default(),
            },
            Filter {
                name: "category",
                label: texts.queue_category().to_owned(),
                choices: std::iter::once(Choice::new("", texts.common_all())).chain(categories).collect(),
                selected: query.category.map(|category| category.code().to_owned()).unwrap_or_default(),
            },
            Filter {
                name: "target",
                label: texts.operator_target().to_owned(),
                choices: vec![
                    Choice::new("", texts.common_any_time()),
                    Choice::new(TargetFilter::Late.code(), texts.operator_target_late()),
                    Choice::new(TargetFilter::Week.code(), texts.operator_target_week()),
                ],
                selected: query.target.map(|target| target.code().to_owned()).unwrap_or_default(),
            },
        ]
    });
    let kept = Signal::derive(move || {
        query.with(|query| {
            let company = query.organization.map(|company| ("organization".to_owned(), company.to_string()));
            let sort = sort_of(query).map(|sort| ("sort".to_owned(), sort));
            sort.into_iter().chain(company).collect::<Vec<_>>()
        })
    });
    let count = Signal::derive(move || {
        let column = column_name(query.with(|query| query.sort));
        texts.operator_queue_count(column, page.with(|page| page.total))
    });
    let chips = Signal::derive(move || {
        let base = QueueQuery { place: None, open: None, ..query.get() };
        let mut chips = Vec::new();
        if !base.find.is_empty() {
            chips.push(FilterChip {
                text: base.find.clone(),
                href: write(&QueueQuery { find: String::new(), ..base.clone() }),
            });
        }
        if let Some(company) = page.with(|page| page.organization.clone()) {
            chips.push(FilterChip {
                text: texts.common_filter_on(texts.operator_column_organization(), company),
                href: write(&QueueQuery { organization: None, ..base.clone() }),
            });
        }
        for filter in filters.get().into_iter().filter(|filter| !filter.selected.is_empty()) {
            let without = match filter.name {
                "kind" => QueueQuery { kind: None, ..base.clone() },
                "owner" => QueueQuery { owner: None, ..base.clone() },
                "state" => QueueQuery { state: None, ..base.clone() },
                "category" => QueueQuery { category: None, ..base.clone() },
                _ => QueueQuery { target: None, ..base.clone() },
            };
            let value = filter.choices.iter().find(|choice| choice.value == filter.selected);
            let value = value.map_or(filter.selected.as_str(), |choice| choice.text.as_str());
            chips.push(FilterChip {
                text: texts.common_filter_on(filter.label.clone(), value),
                href: write(&without),
            });
        }
        chips
    });
    view! {
        <FilterBar
            action=PATH
            find=find
            filters=filters
            kept=kept
            count=count
            chips=chips
            clear=query.with_untracked(everything)
            along=Signal::derive(move || there.get().then_some(BULK))
        />
    }
}

fn column_name(column: QueueSort) -> &'static str {
    let texts = texts();
    match column {
        QueueSort::Number => texts.operator_column_request(),
        QueueSort::Organization => texts.operator_column_organization(),
        QueueSort::Age => texts.operator_column_age(),
        QueueSort::Target => texts.operator_target(),
    }
}

#[component]
fn Rows(query: Memo<QueueQuery>, page: Signal<QueuePage>, ticks: Ticks) -> impl IntoView {
    let texts = texts();
    let columns = Signal::derive(move || {
        let now = query.get();
        let mut columns: Vec<Column> =
            [QueueSort::Number, QueueSort::Organization, QueueSort::Age, QueueSort::Target]
                .into_iter()
                .map(|column| {
                    let current = now.sort == column;
                    let direction = current.then_some(if now.descending {
                        Direction::Descending
                    } else {
                        Direction::Ascending
                    });
                    let next = QueueQuery {
                        sort: column,
                        descending: current && !now.descending,
                        place: None,
                        open: None,
                        ..now.clone()
                    };
                    Column::sorts(column_name(column), write(&next), direction)
                })
                .collect();
        columns.push(Column::new(texts.operator_with()));
        columns.push(Column::silent(texts.common_details()));
        columns
    });
    let ids = Memo::new(move |_| {
        page.with(|page| {
            let mut ids: Vec<ServiceRequestId> = page.rows.iter().map(|row| row.id).collect();
            // An open row that is decided, or that the filters hide, stands on top.
            if let Some(item) = &page.item
                && !ids.contains(&item.row.id)
            {
                ids.insert(0, item.row.id);
            }
            ids
        })
    });
    view! {
        <Show
            when=move || !ids.with(Vec::is_empty)
            fallback=move || view! { <Nothing query=query page=page/> }
        >
            <Ledger caption=texts.navigation_queue() columns=columns>
                <For each=move || ids.get() key=|id| *id let:id>
                    <Row id=id query=query page=page ticks=ticks/>
                </For>
            </Ledger>
            {move || {
                let now = query.get();
                let (before, rows, total) = page.with(|page| (page.before, page.rows.len(), page.total));
                let (previous, next) = page.with(|page| (page.previous, page.next));
                let at = |place| write(&QueueQuery { place: Some(place), open: None, ..now.clone() });
                view! {
                    <Neighbours
                        before=before
                        rows=rows
                        total=total
                        previous=previous.map(|request| at(QueuePlace::Before(request)))
                        next=next.map(|request| at(QueuePlace::After(request)))
                    />
                }
            }}
        </Show>
    }
}

#[component]
fn Nothing(query: Memo<QueueQuery>, page: Signal<QueuePage>) -> impl IntoView {
    let texts = texts();
    match page.with_untracked(|page| page.open) {
        0 => view! { <Empty title=texts.operator_queue_empty() text=texts.operator_queue_empty_text()/> }
            .into_any(),
        open => view! {
            <Empty title=texts.common_no_results() text=texts.operator_queue_none_text(open)>
                <a class="button" href=query.with_untracked(everything)>{texts.common_clear_all()}</a>
            </Empty>
        }
        .into_any(),
    }
}

#[component]
fn Row(
    id: ServiceRequestId,
    query: Memo<QueueQuery>,
    page: Signal<QueuePage>,
    ticks: Ticks,
) -> impl IntoView {
    let texts = texts();
    let found = move |page: &QueuePage| {
        let open = page.item.as_ref().map(|item| &item.row);
        page.rows.iter().chain(open).find(|row| row.id == id).cloned()
    };
    let Some(row) = part_of(page, found) else { return ().into_any() };
    let open = Memo::new(move |_| page.with(|page| page.item.as_ref().is_some_and(|item| item.row.id == id)));
    let link = Memo::new(move |_| {
        let open = (!open.get()).then_some(id);
        query.with(|query| write(&QueueQuery { open, ..query.clone() }))
    });
    let ticks = page.with_untracked(|page| page.why_not.is_none()).then_some(ticks);
    let cells = move || row.with(|row| cells(texts, row, link, open, ticks));
    let detail = move || {
        let of_row = move |page: &QueuePage| {
            page.item.as_ref().filter(|item| item.row.id == id).map(|item| (**item).clone())
        };
        part_of(page, of_row).map(|item| view! { <Item item=item.into()/> })
    };
    view! { <OpeningRow id=id.to_string() columns=COLUMNS open=open cells=cells detail=detail/> }.into_any()
}

fn cells(
    texts: Texts,
    row: &QueueRow,
    link: Memo<String>,
    open: Memo<bool>,
    ticks: Option<Ticks>,
) -> AnyView {
    let pick = ticks.filter(|_| row.open).map(|ticks| {
        let ticked = Ticked { request: row.id, version: row.version };
        view! {
            <input
                type="checkbox"
                class="pick"
                form=BULK
                name=Field::Requests.code()
                value=ticked.code()
                checked=untrack(move || ticks.has(ticked))
                prop:checked=move || ticks.has(ticked)
                on:change=move |event| ticks.set(ticked, event_target_checked(&event))
                aria-label=texts.queue_pick(row.number)
            />
        }
    });
    let age = if row.age < 1 { texts.common_today().to_owned() } else { texts.operator_days(row.age) };
    let (day, target) = row.clock;
    let owner = match (&row.owner, row.mine) {
        (_, true) => view! { <span>{texts.operator_me()}</span> }.into_any(),
        (Some(name), false) => view! { <span>{name.clone()}</span> }.into_any(),
        (None, false) => view! { <span class="muted">{texts.operator_nobody()}</span> }.into_any(),
    };
    let answered = row.answered.then(|| {
        view! { <span class="status near"><Icon name=IconName::Mail/>{texts.queue_answered()}</span> }
    });
    let kind = kind_text(row.kind);
    let note = texts.operator_row_note(kind, row.number);
    // A benefit that is called like the kind of request says nothing more.
    let benefit = row.benefit.as_ref().filter(|benefit| *benefit != kind);
    let note = benefit.map_or_else(|| note.clone(), |benefit| format!("{note} · {benefit}"));
    let state = texts.find_status(row.state.code()).unwrap_or_default();
    view! {
        <th role="rowheader" scope="row">
            {pick}
            <a href=move || link.get()>{row.subject.clone()}</a>
            <small>{note}</small>
            {answered}
        </th>
        <td role="cell" data-label=texts.operator_column_organization()>
            <div>{row.organization.clone()}<small>{row.requester.clone()}</small></div>
        </td>
        <td role="cell" data-label=texts.operator_column_age()>
            <ProcessingClock day=day target=target text=age/>
        </td>
        <td role="cell" data-label=texts.operator_target()>
            <Target date=row.target days_left=row.target_days/>
        </td>
        <td role="cell" data-label=texts.operator_with()><div>{owner}<small>{state}</small></div></td>
        <td role="cell" class="end">
            <Opener
                href=link
                open=open
                name=format!("{} {}", row.number, row.subject)
                source=row.organization.clone()
            />
        </td>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::benefit::Category;
    use domain::view::operator::{
        OwnerFilter, QueuePlace, QueueQuery, QueueSort, StateFilter, TargetFilter, Ticked, WantedOwner,
    };
    use domain::view::requests::RequestKind;

    use super::{PATH, filtered, kept_of, read_typed, unticked, write};

    /// Two with a comma behind each.
    const TICKED: &str = "01890a5d-ac96-774b-bcce-b302099a8051:3,01890a5d-ac96-774b-bcce-b302099a8052:14,";

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let query = QueueQuery {
            find: "Brücke & 云".to_owned(),
            kind: Some(RequestKind::Cancellation),
            owner: Some(WantedOwner::Filter(OwnerFilter::Nobody)),
            state: Some(StateFilter::Answered),
            category: Some(Category::Technical),
            organization: "01890a5d-ac96-774b-bcce-b302099a8058".parse().ok(),
            target: Some(TargetFilter::Late),
            sort: QueueSort::Age,
            descending: true,
            place: "01890a5d-ac96-774b-bcce-b302099a8059".parse().ok().map(QueuePlace::Before),
            ticked: Ticked::from_list(&TICKED.repeat(2)),
            open: "01890a5d-ac96-774b-bcce-b302099a8057".parse().ok(),
            company: "Kestrel & Ash".to_owned(),
        };
        assert_eq!(query.ticked.len(), 4);
        let address = write(&query);
        let pairs = address.split_once('?').and_then(|(_, rest)| rest.split_once('#')).expect("has both").0;
        assert_eq!(read_typed(pairs), query);
        let nothing = QueueQuery { ticked: Vec::new(), ..query };
        assert_eq!(unticked(&address), write(&nothing));
        assert_eq!(write(&read_typed("before=50&after=&ticked=7,:,x:1&page=3")), PATH);
    }

    #[test]
    fn a_page_begins_behind_a_request() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8059";
        let after = QueueQuery { place: id.parse().ok().map(QueuePlace::After), ..QueueQuery::default() };
        assert_eq!(read_typed(&format!("after={id}")), after);
        assert_eq!(write(&after), format!("{PATH}?after={id}"));
    }

    #[test]
    fn filters_are_sent_with_what_is_ticked_and_a_view_keeps_the_filters_alone() {
        let pairs =
            [("find", "5% & more"), ("kind", "advisory"), ("owner", ""), ("elsewhere", "//evil.example")];
        let address = filtered(&pairs, Ticked::from_list(TICKED));
        let query = address.split_once('?').expect("has one").1;
        assert_eq!(read_typed(query).ticked, Ticked::from_list(TICKED));
        assert_eq!(read_typed(query).find, "5% & more");
        assert_eq!(kept_of(query), "find=5%25+%26+more&kind=advisory");
        assert_eq!(unticked("//evil.example"), PATH);
    }
}
