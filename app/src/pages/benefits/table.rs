//! The table of a category: filters, rows, the open row.

use domain::benefit::{Category, ProductKind, RowStatus};
use domain::entitlement::Amount;
use domain::ids::GrantId;
use domain::policy::SupportEdition;
use domain::view::benefits::{
    BenefitRow, BenefitsPage, BenefitsQuery, DetailKind, GrantDetail, PAGE_ROWS, SortColumn, SourceChoice,
    Until,
};
use domain::view::individual_grants::IndividualShown;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::{Texts, format};

use super::address;
use super::cloud::CloudKeyDetailPane;
use super::marketing::{MarketingContactPane, MarketingDetailPane};
use super::seats::SeatsPane;
use super::software::SoftwareDetail;
use super::technical::TechnicalDetailPane;
use crate::components::{
    Choice, Column, Deadline, Direction, Empty, Filter, FilterBar, FilterChip, Find, Ledger, Notice, Opener,
    OpeningRow, Pagination, ProcessingClock, StatusByCode, Tally, Tone,
};
use crate::i18n::texts;
use crate::load::{load, part_of};
use crate::server_fns::benefits::benefits;

const COLUMNS: usize = 7;

/// The page of a category.
#[component]
pub fn CategoryPage(
    /// Which one.
    category: Category,
) -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| address::read(category, &parameters.get()));
    load(move || query.get(), benefits, move |page| view! { <Table query=query page=page/> })
}

fn name(category: Category, edition: SupportEdition) -> &'static str {
    let texts = texts();
    match category {
        Category::Software => texts.navigation_software(),
        Category::Cloud => texts.navigation_cloud(),
        Category::VisualStudio => texts.navigation_visual_studio(),
        Category::Technical if edition == SupportEdition::A => texts.navigation_support(),
        Category::Technical => texts.navigation_technical(),
        Category::GoToMarket => texts.navigation_go_to_market_benefits(),
    }
}

fn lead(category: Category, edition: SupportEdition) -> &'static str {
    let texts = texts();
    match category {
        Category::Software => texts.benefits_software_lead(),
        Category::Cloud => texts.benefits_cloud_lead(),
        Category::VisualStudio => texts.benefits_visual_studio_lead(),
        Category::Technical if edition != SupportEdition::C => texts.benefits_support_lead(),
        Category::Technical => texts.benefits_technical_lead(),
        Category::GoToMarket => texts.benefits_go_to_market_lead(),
    }
}

#[component]
fn Table(query: Memo<BenefitsQuery>, page: Signal<BenefitsPage>) -> impl IntoView {
    let texts = texts();
    let category = query.get_untracked().category;
    let edition = page.get_untracked().edition;
    let title = name(category, edition);
    let figure =
        move |of: fn(&BenefitsPage) -> i64| move || locales::format::number(texts.language(), page.with(of));
    let seats = category == Category::VisualStudio;
    view! {
        <Title text=texts.common_page_title(title)/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/benefits/software">{texts.navigation_benefits()}</a></li>
                        <li aria-current="page">{title}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div>
                        <h1>{title}</h1>
                        <p>{lead(category, edition)}</p>
                    </div>
                    <dl class="totals">
                        {if seats {
                            view! {
                                <div><dt>{texts.benefits_totals_seats()}</dt><dd>{figure(|page| page.quantity)}</dd></div>
                                <div><dt>{texts.benefits_totals_left()}</dt><dd>{figure(|page| page.left)}</dd></div>
                                <div><dt>{texts.benefits_totals_holders()}</dt><dd>{figure(|page| page.holders)}</dd></div>
                            }
                                .into_any()
                        } else {
                            view! {
                                <div><dt>{texts.benefits_totals_benefits()}</dt><dd>{figure(|page| page.all)}</dd></div>
                                <div><dt>{texts.benefits_totals_ending()}</dt><dd>{figure(|page| page.ending)}</dd></div>
                            }
                                .into_any()
                        }}
                    </dl>
                </div>
            </div>
            {(category == Category::GoToMarket).then(|| view! { <MarketingContactPane/> })}
            <Filters query=query page=page/>
            <section class="sheet">
                <Rows query=query page=page title=title/>
            </section>
            <p class="small"><a href="/become-global-admin">{texts.benefits_become_admin()}</a></p>
        </main>
    }
}

fn choice(value: impl Into<String>, text: impl Into<String>) -> Choice {
    Choice { value: value.into(), text: text.into(), note: String::new(), refused: false }
}

#[component]
fn Filters(query: Memo<BenefitsQuery>, page: Signal<BenefitsPage>) -> impl IntoView {
    let texts = texts();
    let category = query.get_untracked().category;
    let find = Signal::derive(move || Find {
        name: "find",
        value: query.with(|query| query.find.clone()),
        hint: texts.benefits_find_hint().to_owned(),
    });
    let filters = Memo::new(move |_| {
        let query = query.get();
        let mut sources = vec![choice("", texts.common_all())];
        for SourceChoice { value, source, source_name } in page.with(|page| page.sources.clone()) {
            sources.push(choice(value, locales::source(texts, &source, source_name.as_deref())));
        }
        let mut statuses = vec![choice("", texts.common_all())];
        for status in RowStatus::ALL {
            let code = status.code();
            statuses.push(choice(code, texts.find_status(code).unwrap_or(code)));
        }
        let untils = vec![
            choice("", texts.common_any_time()),
            choice(Until::Week.code(), texts.benefits_until_week()),
            choice(Until::Month.code(), texts.benefits_until_month()),
            choice(Until::Later.code(), texts.benefits_until_later()),
        ];
        vec![
            Filter {
                name: "source",
                label: texts.common_source().to_owned(),
                choices: sources,
                selected: query.source.clone().unwrap_or_default(),
            },
            Filter {
                name: "status",
                label: texts.common_status().to_owned(),
                choices: statuses,
                selected: query.status.map(|status| status.code().to_owned()).unwrap_or_default(),
            },
            Filter {
                name: "until",
                label: texts.benefits_filter_until().to_owned(),
                choices: untils,
                selected: query.until.map(|until| until.code().to_owned()).unwrap_or_default(),
            },
        ]
    });
    let kept = Signal::derive(move || {
        let query = query.get();
        let sort = (query.sort != SortColumn::Name || query.descending).then(|| {
            let sign = if query.descending { "-" } else { "" };
            ("sort".to_owned(), format!("{sign}{}", query.sort.code()))
        });
        sort.into_iter().collect::<Vec<_>>()
    });
    let count = Signal::derive(move || {
        let column = column_name(category, query.with(|query| query.sort));
        texts.benefits_count(column, page.with(|page| page.total))
    });
    let chips = Signal::derive(move || chips(&query.get(), &filters.get()));
    view! {
        <FilterBar
            action=address::path(category)
            find=find
            filters=filters
            kept=kept
            count=count
            chips=chips
            clear=address::path(category)
        />
    }
}

/// What is filtered by, each with the address without it.
fn chips(query: &BenefitsQuery, filters: &[Filter]) -> Vec<FilterChip> {
    let mut chips = Vec::new();
    let base = BenefitsQuery { page: 1, open: None, chosen: None, ..query.clone() };
    if !base.find.is_empty() {
        chips.push(FilterChip {
            text: base.find.clone(),
            href: address::write(&BenefitsQuery { find: String::new(), ..base.clone() }),
        });
    }
    for filter in filters.iter().filter(|filter| !filter.selected.is_empty()) {
        let without = match filter.name {
            "source" => BenefitsQuery { source: None, ..base.clone() },
            "status" => BenefitsQuery { status: None, ..base.clone() },
            _ => BenefitsQuery { until: None, ..base.clone() },
        };
        let value = filter.choices.iter().find(|choice| choice.value == filter.selected);
        let value = value.map_or(filter.selected.as_str(), |choice| choice.text.as_str());
        chips.push(FilterChip {
            text: texts().common_filter_on(filter.label.clone(), value),
            href: address::write(&without),
        });
    }
    chips
}

fn column_name(category: Category, column: SortColumn) -> &'static str {
    let texts = texts();
    match column {
        SortColumn::Name => texts.common_benefit_name(),
        SortColumn::Source => texts.common_source(),
        SortColumn::Left if category == Category::VisualStudio => texts.benefits_column_seats(),
        SortColumn::Left => texts.benefits_column_quantity(),
        SortColumn::Status => texts.common_status(),
        SortColumn::ActivateBy => texts.benefits_column_activate_by(),
        SortColumn::Expires => texts.benefits_column_expires(),
    }
}

#[component]
fn Rows(query: Memo<BenefitsQuery>, page: Signal<BenefitsPage>, title: &'static str) -> impl IntoView {
    let texts = texts();
    let category = query.get_untracked().category;
    let columns = Signal::derive(move || {
        let now = query.get();
        let mut columns: Vec<Column> = SortColumn::ALL
            .iter()
            .map(|column| {
                let current = now.sort == *column;
                let direction = current.then_some(if now.descending {
                    Direction::Descending
                } else {
                    Direction::Ascending
                });
                let next = BenefitsQuery {
                    sort: *column,
                    descending: current && !now.descending,
                    page: 1,
                    open: None,
                    ..now.clone()
                };
                Column::sorts(column_name(category, *column), address::write(&next), direction)
            })
            .collect();
        columns.push(Column::silent(texts.common_details()));
        columns
    });
    let ids = Memo::new(move |_| {
        page.with(|page| {
            let mut ids: Vec<GrantId> = page.rows.iter().map(|row| row.id).collect();
            // An open row that the filters hide stands on top, so that its address always works.
            if let Some(open) = &page.open
                && !ids.contains(&open.row.id)
            {
                ids.insert(0, open.row.id);
            }
            ids
        })
    });
    let empty = move || ids.with(Vec::is_empty);
    view! {
        <Show
            when=move || !empty()
            fallback=move || view! { <Nothing query=query page=page/> }
        >
            <Ledger caption=title columns=columns>
                <For each=move || ids.get() key=|id| *id let:id>
                    <Row id=id query=query page=page/>
                </For>
            </Ledger>
        </Show>
        <Show when=move || !empty()>
            {move || {
                let now = query.get();
                let (at, total) = page.with(|page| (page.page, page.total));
                view! {
                    <Pagination
                        page=at
                        per_page=PAGE_ROWS
                        total=total
                        href=move |page| address::write(&BenefitsQuery { page, open: None, ..now.clone() })
                    />
                }
            }}
        </Show>
    }
}

#[component]
fn Nothing(query: Memo<BenefitsQuery>, page: Signal<BenefitsPage>) -> impl IntoView {
    let texts = texts();
    let all = page.with_untracked(|page| page.all);
    if all == 0 {
        return view! { <Empty title=texts.benefits_empty_title() text=texts.benefits_empty_text()/> }
            .into_any();
    }
    view! {
        <Empty title=texts.benefits_none_match_title() text=texts.benefits_none_match_text(all)>
            <a class="button" href=address::path(query.get_untracked().category)>{texts.common_clear_all()}</a>
        </Empty>
    }
    .into_any()
}

#[component]
fn Row(id: GrantId, query: Memo<BenefitsQuery>, page: Signal<BenefitsPage>) -> impl IntoView {
    let texts = texts();
    let found = move |page: &BenefitsPage| {
        let listed = page.rows.iter().find(|row| row.id == id);
        listed.or_else(|| page.open.as_ref().map(|open| &open.row).filter(|row| row.id == id)).cloned()
    };
    let Some(row) = part_of(page, found) else { return ().into_any() };
    let open = Memo::new(move |_| page.with(|page| page.open.as_ref().is_some_and(|open| open.row.id == id)));
    let link = Memo::new(move |_| {
        let open = (!open.get()).then_some(id);
        query.with(|query| address::write(&BenefitsQuery { open, ..query.clone() }))
    });
    let category = query.with_untracked(|query| query.category);
    let cells = move || row.with(|row| cells(texts, category, row, link, open));
    let detail = move || {
        let of_row = move |page: &BenefitsPage| page.open.as_ref().filter(|open| open.row.id == id).cloned();
        part_of(page, of_row).map(|detail| view! { <Detail detail=detail.into()/> })
    };
    view! { <OpeningRow id=id.to_string() columns=COLUMNS open=open cells=cells detail=detail/> }.into_any()
}

fn cells(
    texts: Texts,
    category: Category,
    row: &BenefitRow,
    link: Memo<String>,
    open: Memo<bool>,
) -> AnyView {
    let source = locales::source(texts, &row.source, row.source_name.as_deref());
    let quantity_label = match category {
        Category::VisualStudio => texts.benefits_column_seats(),
        _ => texts.benefits_column_quantity(),
    };
    // What is activated as a whole, or all used, no longer waits for its day.
    let done = match row.status {
        RowStatus::AllUsed => true,
        RowStatus::Active => matches!(category, Category::Technical | Category::GoToMarket),
        _ => false,
    };
    view! {
        <th role="rowheader" scope="row">
            <a href=move || link.get()>{row.name.clone()}</a>
            <small>{row.summary.clone()}</small>
        </th>
        <td role="cell" data-label=texts.common_source()>{source.clone()}</td>
        <td role="cell" data-label=quantity_label>{quantity(texts, row)}</td>
        <td role="cell" data-label=texts.common_status()>{status(row)}</td>
        <td role="cell" data-label=texts.benefits_column_activate_by()>
            <Deadline date=row.activate_by days_left=row.activate_by_days.filter(|_| !done)/>
        </td>
        <td role="cell" data-label=texts.benefits_column_expires()>
            <Deadline date=row.expires days_left=row.expires_days/>
        </td>
        <td role="cell" class="end">
            <Opener href=link open=open name=row.name.clone() source=source/>
        </td>
    }
    .into_any()
}

fn quantity(texts: Texts, row: &BenefitRow) -> AnyView {
    let word = texts.find_unit_word(row.unit.code()).unwrap_or_default();
    match (row.kind, row.quantity) {
        // An offer is activated, not used up.
        (ProductKind::Marketing, _) => view! { <span class="muted">{word}</span> }.into_any(),
        (_, None) => view! { <Tally used=row.used quantity=None/> }.into_any(),
        (_, Some(_)) => {
            view! { <Tally used=row.used quantity=row.quantity/> <small>{word}</small> }.into_any()
        }
    }
}

fn status(row: &BenefitRow) -> AnyView {
    match (row.status, row.processing) {
        (RowStatus::Processing, Some((day, target))) => {
            view! { <ProcessingClock day=day target=target/> }.into_any()
        }
        (status, _) => view! { <StatusByCode code=status.code()/> }.into_any(),
    }
}

/// What the company has instead of what its plan gives: plan value, individual grant, result, until when.
fn individual(texts: Texts, shown: &IndividualShown) -> AnyView {
    let say = |amount: Option<Amount>, none: &str| match amount {
        None => none.to_owned(),
        Some(Amount::Unlimited) => texts.common_unlimited().to_owned(),
        Some(Amount::Of(amount)) => format::number(texts.language(), amount),
    };
    let plan = say(shown.plan, texts.individual_grants_not_in_plan());
    let result = say(shown.result, texts.individual_grants_rests());
    let own = say(Some(shown.individual.amount), "");
    let what = texts.individual_grants_yours_text(&shown.product);
    let (until, last_day) = (shown.until.to_string(), format::date(texts.language(), shown.until));
    view! {
        <Notice tone=Tone::Info>
            <b>{texts.individual_grants_yours()}</b>
            <p>{what}</p>
            <dl class="facts">
                <dt>{texts.individual_grants_yours_plan()}</dt><dd>{plan}</dd>
                <dt>{texts.individual_grants_yours()}</dt><dd>{own}</dd>
                <dt>{texts.individual_grants_yours_result()}</dt><dd>{result}</dd>
                <dt>{texts.individual_grants_yours_until()}</dt>
                <dd><time datetime=until>{last_day}</time></dd>
            </dl>
        </Notice>
    }
    .into_any()
}

/// What belongs to the open row; it is built once and follows its data.
#[component]
fn Detail(detail: Signal<GrantDetail>) -> impl IntoView {
    let texts = texts();
    let kind = Memo::new(move |_| detail.with(|detail| std::mem::discriminant(&detail.kind)));
    let over = move || detail.with(|detail| detail.row.status == RowStatus::OverAllocated);
    let individual = Memo::new(move |_| detail.with(|detail| detail.individual.clone()));
    view! {
        <Show when=over>
            <Notice tone=Tone::Wait>
                <b>{texts.benefits_over_title()}</b>
                <p>{texts.benefits_over_text()}</p>
            </Notice>
        </Show>
        {move || individual.get().map(|shown| self::individual(texts, &shown))}
        {move || {
            kind.track();
            match detail.get_untracked().kind {
                DetailKind::Seats(_) => view! { <SeatsPane detail=detail/> }.into_any(),
                DetailKind::Software(_) => view! { <SoftwareDetail detail=detail/> }.into_any(),
                DetailKind::CloudKey(_) => view! { <CloudKeyDetailPane detail=detail/> }.into_any(),
                DetailKind::Technical(_) => view! { <TechnicalDetailPane detail=detail/> }.into_any(),
                DetailKind::Marketing(_) => view! { <MarketingDetailPane detail=detail/> }.into_any(),
            }
        }}
    }
}
