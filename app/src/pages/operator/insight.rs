//! How all companies use their benefits, how long requests take, which pools run low, what came in.

use domain::benefit::Category;
use domain::insight::Span;
use domain::view::insight::{
    Completion, LowPool, Money, ProgrammeInsightPage, ProgrammeInsightQuery, UnusedOfCompany,
};
use domain::view::requests::RequestKind;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use super::company_grants;
use super::item::when;
use super::queue::kind_text;
use crate::components::{Bar, BarChart, Column, Deadline, Empty, Ledger, Legend, Tally};
use crate::i18n::texts;
use crate::load::load;
use crate::pages::insight::{Remind, reminded, usage};
use crate::server_fns::insight::programme_insight;

const PATH: &str = "/operator/insight";

fn read(parameters: &ParamsMap) -> ProgrammeInsightQuery {
    let get = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
    ProgrammeInsightQuery {
        category: get("category").and_then(|code| Category::from_code(&code)),
        span: get("span").and_then(|code| Span::from_code(&code)).unwrap_or_default(),
        kind: get("kind").and_then(|code| RequestKind::from_code(&code)),
    }
}

fn write(query: &ProgrammeInsightQuery) -> String {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    if let Some(category) = query.category {
        pairs.push(("category", category.code()));
    }
    if query.span != Span::default() {
        pairs.push(("span", query.span.code()));
    }
    if let Some(kind) = query.kind {
        pairs.push(("kind", kind.code()));
    }
    if pairs.is_empty() {
        return PATH.to_owned();
    }
    format!("{PATH}?{}", serde_html_form::to_string(&pairs).unwrap_or_default())
}

/// The page **Insight** of the operators.
#[component]
pub fn ProgrammeInsight() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| read(&parameters.get()));
    load(move || query.get(), programme_insight, move |page| view! { <Page query=query page=page/> })
}

#[component]
fn Page(query: Memo<ProgrammeInsightQuery>, page: Signal<ProgrammeInsightPage>) -> impl IntoView {
    let texts = texts();
    let shown = Memo::new(move |_| page.with(|page| page.usage.clone()));
    let counted =
        move || shown.with(|shown| usage::counted(texts, shown)).map(|text| view! { <p>{text}</p> });
    let companies = move || {
        let text = page.with(|page| texts.insight_companies(page.companies));
        view! { <p>{text}</p> }
    };
    let spans = move || {
        let query = query.get();
        usage::spans(texts, query.span, |span| write(&ProgrammeInsightQuery { span, ..query.clone() }))
    };
    let used = move || {
        let query = query.get();
        let href = |category| write(&ProgrammeInsightQuery { category: Some(category), ..query.clone() });
        shown.with(|shown| usage::usage(texts, shown, href))
    };
    let times = move || {
        let query = query.get();
        let href = |kind| write(&ProgrammeInsightQuery { kind: Some(kind), ..query.clone() });
        page.with(|page| times(texts, page, href))
    };
    view! {
        <Title text=texts.common_page_title(texts.navigation_insight())/>
        <main class="page" id="main" data-density="compact">
            <div class="head">
                <div>
                    <h1>{texts.navigation_insight()}</h1>
                    <p>{texts.insight_programme_lead()}</p>
                    {companies}
                    {counted}
                </div>
                {move || shown.with(|shown| usage::totals(texts, &shown.values))}
            </div>
            {spans}
            {move || usage::files(texts, PATH, query.with(|query| query.span))}
            {used}
            {times}
            {move || page.with(|page| unused(texts, page))}
            {move || page.with(|page| low(texts, page))}
            {move || page.with(|page| money(texts, page))}
            <p class="small muted">{texts.insight_meaning()} " " {texts.insight_meaning_programme()}</p>
        </main>
    }
}

/// The link that takes a part of the page away; the workbook has all of them.
fn lines(texts: Texts, page: &ProgrammeInsightPage, part: &str) -> AnyView {
    let months = page.months.len();
    let span =
        Span::ALL.iter().find(|span| usize::from(span.months()) == months).copied().unwrap_or_default();
    let href = format!("{PATH}.csv?span={}&part={part}", span.code());
    view! { <a href=href rel="external" download>{texts.insight_export_csv()}</a> }.into_any()
}

/// Hours of so many minutes, rounded up: nothing takes no time.
const fn hours(minutes: i64) -> i64 {
    minutes.saturating_add(59) / 60
}

fn time(texts: Texts, minutes: i64) -> String {
    texts.insight_hours(hours(minutes))
}

fn times(texts: Texts, page: &ProgrammeInsightPage, href: impl Fn(RequestKind) -> String) -> AnyView {
    let Some(kind) = page.kind.filter(|kind| page.completions.iter().any(|one| one.kind == *kind)) else {
        return view! {
            <section class="sheet" aria-labelledby="times-title">
                <div class="sheet-head"><h2 id="times-title">{texts.insight_times()}</h2></div>
                <Empty title=texts.insight_times_none() text=texts.insight_times_none_text()/>
            </section>
        }
        .into_any();
    };
    let links = RequestKind::ALL
        .iter()
        .filter(|one| page.completions.iter().any(|row| row.kind == **one))
        .map(|one| (kind_text(*one).to_owned(), href(*one), *one == kind))
        .collect();
    let of_kind: Vec<&Completion> = page.completions.iter().filter(|row| row.kind == kind).collect();
    let bars: Vec<Bar> = page
        .months
        .iter()
        .map(|month| {
            let row = of_kind.iter().find(|row| row.month == *month);
            let drawn = usage::bar(*month, row.map_or(0, |row| hours(row.median)));
            Bar { line: row.map(|row| hours(row.ninetieth)), ..drawn }
        })
        .collect();
    let legend =
        Legend { frame: None, filled: texts.insight_median(), line: Some(texts.insight_ninetieth()) };
    let title = texts.insight_times_of(kind_text(kind));
    let description = of_kind.last().map_or_else(String::new, |row| {
        texts.insight_times_text(time(texts, row.median), time(texts, row.ninetieth))
    });
    let columns = vec![
        Column::new(texts.insight_month()),
        Column::new(texts.insight_completed()),
        Column::new(texts.insight_median()),
        Column::new(texts.insight_ninetieth()),
        Column::new(texts.insight_in_time()),
    ];
    let rows: Vec<_> = of_kind
        .iter()
        .rev()
        .map(|row| {
            let cell = |label: &'static str, value: String| {
                view! { <td role="cell" class="num" data-label=label>{value}</td> }
            };
            let number = |value| format::number(texts.language(), value);
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{format::month(texts.language(), row.month)}</th>
                    {cell(texts.insight_completed(), number(row.number))}
                    {cell(texts.insight_median(), time(texts, row.median))}
                    {cell(texts.insight_ninetieth(), time(texts, row.ninetieth))}
                    {cell(texts.insight_in_time(), number(row.in_time))}
                </tr>
            }
        })
        .collect();
    let caption = title.clone();
    view! {
        <section class="sheet" aria-labelledby="times-title">
            <div class="sheet-head">
                <h2 id="times-title">{texts.insight_times()}</h2>
                {usage::choices(texts.common_kind(), links)}
                {lines(texts, page, "times")}
            </div>
            <div class="in stack">
                <p class="muted">{texts.insight_times_note()}</p>
                <div class="charted">
                    <BarChart
                        id="times-chart"
                        title=title
                        description=description
                        bars=bars
                        legend=legend
                        mark=|value| format::number(domain::Language::default(), value)
                    />
                    <Ledger caption=caption columns=columns>{rows}</Ledger>
                </div>
            </div>
        </section>
    }
    .into_any()
}

/// What is left over all companies, what ends first at the top, with a reminder for those who decide about it.
fn unused(texts: Texts, page: &ProgrammeInsightPage) -> AnyView {
    let may = page.may_remind;
    let mut columns = vec![
        Column::new(texts.operator_column_organization()),
        Column::new(texts.common_benefit_name()),
        Column::new(texts.common_quantity()),
        Column::new(texts.insight_ends()),
        Column::new(texts.insight_reminded()),
    ];
    if may {
        columns.push(Column::silent(texts.common_actions()));
    }
    let content = if page.unused.is_empty() {
        view! { <Empty title=texts.insight_unused_none()/> }.into_any()
    } else {
        let rows: Vec<_> = page.unused.iter().map(|row| unused_row(texts, row, may)).collect();
        view! { <Ledger caption=texts.insight_unused_title() columns=columns>{rows}</Ledger> }.into_any()
    };
    view! {
        <section class="sheet" aria-labelledby="unused-title">
            <div class="sheet-head">
                <h2 id="unused-title">{texts.insight_unused_title()}</h2>
                {lines(texts, page, "unused")}
            </div>
            <div class="in stack"><p class="muted">{texts.insight_unused_all()}</p></div>
            {content}
        </section>
    }
    .into_any()
}

fn unused_row(texts: Texts, row: &UnusedOfCompany, may: bool) -> AnyView {
    let source = locales::source(texts, &row.source, row.source_name.as_deref());
    let action = may.then(|| {
        view! {
            <td role="cell" class="end act">
                <div class="row">
                    <Remind
                        code="remind_company"
                        target=row.grant.to_string()
                        described=texts.insight_remind_company(&row.name, &row.organization)
                        again=row.remind_again
                    />
                </div>
            </td>
        }
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">
                <a href=company_grants::path(&row.domain, None)>{row.organization.clone()}</a>
            </th>
            <td role="cell" data-label=texts.common_benefit_name()>
                <div>{row.name.clone()}<small>{source}</small></div>
            </td>
            <td role="cell" data-label=texts.common_quantity()>
                <div>
                    <Tally used=row.used quantity=Some(row.quantity)/>
                    <small>{usage::unit(texts, row.unit)}</small>
                </div>
            </td>
            <td role="cell" data-label=texts.insight_ends()>
                <Deadline date=row.ends days_left=row.days_left/>
            </td>
            <td role="cell" data-label=texts.insight_reminded()>{reminded(texts, row.reminded)}</td>
            {action}
        </tr>
    }
    .into_any()
}

fn low(texts: Texts, page: &ProgrammeInsightPage) -> AnyView {
    let rows: &[LowPool] = &page.low;
    let columns = vec![
        Column::new(texts.key_pools_column_product()),
        Column::new(texts.find_status("free").unwrap_or_default()),
        Column::new(texts.key_pools_column_threshold()),
        Column::new(texts.insight_since()),
    ];
    let number = |value: i64| format::number(texts.language(), value);
    let content = if rows.is_empty() {
        view! { <Empty title=texts.insight_low_none()/> }.into_any()
    } else {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let free = texts.find_status("free").unwrap_or_default();
                view! {
                    <tr role="row">
                        <th role="rowheader" scope="row">
                            <a href=format!("/operator/keys/{}", row.product)>{row.name.clone()}</a>
                        </th>
                        <td role="cell" class="num" data-label=free>{number(row.free)}</td>
                        <td role="cell" class="num" data-label=texts.key_pools_column_threshold()>
                            {number(row.threshold)}
                        </td>
                        <td role="cell" data-label=texts.insight_since()>{when(row.since)}</td>
                    </tr>
                }
            })
            .collect();
        view! { <Ledger caption=texts.insight_low() columns=columns>{rows}</Ledger> }.into_any()
    };
    view! {
        <section class="sheet" aria-labelledby="low-title">
            <div class="sheet-head">
                <h2 id="low-title">{texts.insight_low()}</h2>
                {lines(texts, page, "low")}
            </div>
            {content}
        </section>
    }
    .into_any()
}

fn money(texts: Texts, page: &ProgrammeInsightPage) -> AnyView {
    let mut currencies: Vec<&str> = page.money.iter().map(|row| row.currency.as_str()).collect();
    currencies.dedup();
    let content = if currencies.is_empty() {
        view! { <Empty title=texts.insight_money_none()/> }.into_any()
    } else {
        currencies.iter().map(|currency| in_currency(texts, page, currency)).collect_view().into_any()
    };
    view! {
        <section class="sheet" aria-labelledby="money-title">
            <div class="sheet-head">
                <h2 id="money-title">{texts.insight_money()}</h2>
                {lines(texts, page, "money")}
            </div>
            {content}
        </section>
    }
    .into_any()
}

fn in_currency(texts: Texts, page: &ProgrammeInsightPage, currency: &str) -> AnyView {
    let rows: Vec<&Money> = page.money.iter().filter(|row| row.currency == currency).collect();
    let amount = |minor: i64| format::money_in_full(texts.language(), minor, currency);
    let title = texts.insight_money_in(currency);
    // Whole units of the currency: a glance needs no cents.
    let whole = |minor: i64| minor / domain::money::minor_units(currency);
    let bars: Vec<Bar> = page
        .months
        .iter()
        .map(|month| {
            let row = rows.iter().find(|row| row.month == *month);
            let drawn = usage::bar(*month, row.map_or(0, |row| whole(row.revenue)));
            Bar { line: row.map(|row| whole(row.refunds)), ..drawn }
        })
        .collect();
    let legend = Legend { frame: None, filled: texts.insight_revenue(), line: Some(texts.insight_refunds()) };
    let sum = |of: fn(&Money) -> i64| rows.iter().map(|row| of(row)).fold(0_i64, i64::saturating_add);
    let description =
        texts.insight_money_text(amount(sum(|row| row.refunds)), amount(sum(|row| row.revenue)));
    let columns = vec![
        Column::new(texts.insight_month()),
        Column::new(texts.insight_revenue()),
        Column::new(texts.insight_refunds()),
    ];
    let cells: Vec<_> = rows
        .iter()
        .rev()
        .map(|row| {
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{format::month(texts.language(), row.month)}</th>
                    <td role="cell" class="num" data-label=texts.insight_revenue()>{amount(row.revenue)}</td>
                    <td role="cell" class="num" data-label=texts.insight_refunds()>{amount(row.refunds)}</td>
                </tr>
            }
        })
        .collect();
    let (heading, caption) = (title.clone(), title.clone());
    view! {
        <div class="in stack">
            <h3 class="h3">{heading}</h3>
            <div class="charted">
                <BarChart
                    id=format!("money-{currency}")
                    title=title
                    description=description
                    bars=bars
                    legend=legend
                    mark=|value| format::number(domain::Language::default(), value)
                />
                <Ledger caption=caption columns=columns figures=true>{cells}</Ledger>
            </div>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::benefit::Category;
    use domain::insight::Span;
    use domain::view::insight::ProgrammeInsightQuery;
    use domain::view::requests::RequestKind;
    use leptos_router::params::ParamsMap;

    use super::{PATH, hours, read, write};

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let query = ProgrammeInsightQuery {
            category: Some(Category::Cloud),
            span: Span::Half,
            kind: Some(RequestKind::Advisory),
        };
        let address = write(&query);
        let pairs = address.split_once('?').expect("a query").1;
        let pairs: Vec<(String, String)> = serde_html_form::from_str(pairs).expect("pairs");
        assert_eq!(read(&pairs.into_iter().collect()), query);
        assert_eq!(write(&read(&ParamsMap::new())), PATH);
    }

    #[test]
    fn part_of_an_hour_counts_as_one() {
        assert_eq!((hours(0), hours(1), hours(60), hours(61)), (0, 1, 1, 2));
    }
}
