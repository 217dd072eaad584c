//! What a company's page and the operators' one have in common: the use by category, as drawings with their tables.

use domain::benefit::Category;
use domain::insight::{Figures, Month, Span};
use domain::view::insight::{IdleValue, MonthFigures, Overview, ProductUse, UnitUse, Usage};
use leptos::prelude::*;
use locales::{Texts, format};

use crate::components::{Bar, BarChart, Column, Empty, Icon, IconName, Ledger, Legend};
use crate::words;

/// What a unit counts, as it stands by itself: "seats".
pub(crate) fn unit(texts: Texts, unit: domain::benefit::Unit) -> &'static str {
    texts.find_unit_head(unit.code()).unwrap_or_default()
}

fn number(texts: Texts, value: i64) -> String {
    format::number(texts.language(), value)
}

/// A month as the start of a bar.
pub(crate) fn bar(month: Month, filled: i64) -> Bar {
    let day = month.first_day();
    Bar { year: day.year(), month: day.month(), frame: None, filled, line: None }
}

/// A row of links of which one is where the reader is.
pub(crate) fn choices(label: &str, links: Vec<(String, String, bool)>) -> AnyView {
    let links: Vec<_> = links
        .into_iter()
        .map(|(text, href, here)| {
            view! { <li><a class="chip" href=href aria-current=here.then_some("page")>{text}</a></li> }
        })
        .collect();
    view! { <nav class="choices" aria-label=label.to_owned()><ul>{links}</ul></nav> }.into_any()
}

/// Links to the spans of months.
pub(crate) fn spans(texts: Texts, span: Span, href: impl Fn(Span) -> String) -> AnyView {
    let links = Span::ALL
        .iter()
        .map(|one| (texts.insight_months(i64::from(one.months())), href(*one), *one == span))
        .collect();
    choices(texts.insight_span(), links)
}

/// The ways to take the figures away.
pub(crate) fn files(texts: Texts, path: &str, span: Span) -> AnyView {
    let links: Vec<_> = [("csv", texts.insight_export_csv()), ("xlsx", texts.insight_export_xlsx())]
        .map(|(kind, label)| {
            let href = format!("{path}.{kind}?span={}", span.code());
            view! {
                <a class="button" href=href rel="external" download aria-describedby="export-note">
                    <Icon name=IconName::Load/>
                    <span>{label}</span>
                </a>
            }
        })
        .into_iter()
        .collect();
    view! {
        <div class="row">
            {links}
            <span class="small muted" id="export-note">{texts.insight_export_note()}</span>
        </div>
    }
    .into_any()
}

/// The totals in the page's head: what lies idle, by currency.
pub(crate) fn totals(texts: Texts, values: &[IdleValue]) -> AnyView {
    let mut currencies: Vec<(&str, i64)> = Vec::new();
    for value in values {
        match currencies.iter_mut().find(|(currency, _)| *currency == value.currency) {
            Some((_, sum)) => *sum = sum.saturating_add(value.idle.unused),
            None => currencies.push((&value.currency, value.idle.unused)),
        }
    }
    let totals: Vec<_> = currencies
        .into_iter()
        .map(|(currency, sum)| {
            let sum = format::money_in_full(texts.language(), sum, currency);
            view! { <div><dt>{texts.insight_value_unused()}</dt><dd>{sum}</dd></div> }
        })
        .collect();
    view! { <dl class="totals">{totals}</dl> }.into_any()
}

/// When the figures were counted.
pub(crate) fn counted(texts: Texts, usage: &Usage) -> Option<String> {
    usage
        .counted
        .map(|stamp| texts.insight_counted(format::date_time(texts.language(), stamp.day, stamp.time)))
}

/// Everything that both pages show of the use.
pub(crate) fn usage(texts: Texts, usage: &Usage, href: impl Fn(Category) -> String) -> AnyView {
    if usage.overview.is_empty() && usage.units.is_empty() {
        return view! {
            <section class="sheet">
                <Empty title=texts.insight_none_title() text=texts.insight_none_text()/>
            </section>
        }
        .into_any();
    }
    let mut shown: Vec<Category> = usage.overview.iter().map(|one| one.category).collect();
    shown.dedup();
    let links = shown
        .iter()
        .map(|category| {
            (words::category(texts, *category).to_owned(), href(*category), *category == usage.category)
        })
        .collect();
    let charts: Vec<_> = usage.units.iter().map(|one| chart(texts, usage.category, one)).collect();
    let drawn = if charts.is_empty() {
        view! { <Empty title=texts.insight_category_none()/> }.into_any()
    } else {
        charts.into_any()
    };
    let title = words::category(texts, usage.category);
    view! {
        {overview(texts, &usage.overview)}
        <section class="sheet" aria-labelledby="use-title">
            <div class="sheet-head">
                <h2 id="use-title">{texts.insight_use_of(title)}</h2>
                {choices(texts.insight_category(), links)}
            </div>
            {drawn}
            {products(texts, &usage.products)}
        </section>
        {values(texts, &usage.values)}
    }
    .into_any()
}

fn share(texts: Texts, one: &Overview) -> String {
    one.figures.share().map(|share| texts.insight_percent(number(texts, share))).unwrap_or_default()
}

fn overview(texts: Texts, rows: &[Overview]) -> AnyView {
    let mut columns = vec![
        Column::new(texts.insight_category()),
        Column::new(texts.insight_counts()),
        Column::new(texts.insight_granted()),
        Column::new(texts.insight_used()),
        Column::new(texts.insight_share()),
        Column::new(texts.insight_unused()),
        Column::new(texts.insight_peak()),
    ];
    let unlimited = rows.iter().any(|one| one.figures.unlimited > 0);
    columns.extend(unlimited.then(|| Column::new(texts.insight_unlimited())));
    let rows: Vec<_> = rows
        .iter()
        .map(|one| {
            let cell = |label: &'static str, value: String| {
                view! { <td role="cell" class="num" data-label=label>{value}</td> }
            };
            let figures = one.figures;
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{words::category(texts, one.category)}</th>
                    <td role="cell" data-label=texts.insight_counts()>{unit(texts, one.unit)}</td>
                    {cell(texts.insight_granted(), number(texts, figures.granted))}
                    {cell(texts.insight_used(), number(texts, figures.used))}
                    {cell(texts.insight_share(), share(texts, one))}
                    {cell(texts.insight_unused(), number(texts, figures.unused))}
                    {cell(texts.insight_peak(), number(texts, figures.peak))}
                    {unlimited.then(|| cell(texts.insight_unlimited(), number(texts, figures.unlimited)))}
                </tr>
            }
        })
        .collect();
    view! {
        <section class="sheet" aria-labelledby="overview-title">
            <div class="sheet-head"><h2 id="overview-title">{texts.insight_overview()}</h2></div>
            <Ledger caption=texts.insight_overview() columns=columns>{rows}</Ledger>
        </section>
    }
    .into_any()
}

/// The head of a column and its figure.
type Told = (&'static str, fn(&Figures) -> i64);

/// Which figures a table of months has: of what never had a limit nothing is granted, and what has one throughout
/// isn't used without.
fn told(texts: Texts, free: bool, unlimited: bool) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    if !free {
        told.push((texts.insight_granted(), |figures| figures.granted));
        told.push((texts.insight_used(), |figures| figures.used));
        told.push((texts.insight_unused(), |figures| figures.unused));
        told.push((texts.insight_peak(), |figures| figures.peak));
    }
    told.push((texts.insight_begun(), |figures| figures.begun));
    if unlimited {
        told.push((texts.insight_unlimited(), |figures| figures.unlimited));
    }
    told
}

fn chart(texts: Texts, category: Category, one: &UnitUse) -> AnyView {
    let name = texts.insight_unit_in(words::category(texts, category), unit(texts, one.unit));
    let latest = one.months.last().map(|month| month.figures).unwrap_or_default();
    // What never had a limit is drawn without one.
    let free = one.months.iter().all(|month| month.figures.granted == 0 && month.figures.peak == 0)
        && one.months.iter().any(|month| month.figures.unlimited > 0);
    let description = if free {
        texts.insight_chart_text_free(number(texts, latest.unlimited))
    } else {
        texts.insight_chart_text(number(texts, latest.granted), number(texts, latest.used))
    };
    let bars: Vec<Bar> = one
        .months
        .iter()
        .map(|MonthFigures { month, figures }| {
            if free {
                return bar(*month, figures.unlimited);
            }
            Bar { frame: Some(figures.granted), line: Some(figures.peak), ..bar(*month, figures.used) }
        })
        .collect();
    let legend = if free {
        Legend { frame: None, filled: texts.insight_unlimited(), line: None }
    } else {
        Legend {
            frame: Some(texts.insight_granted()),
            filled: texts.insight_used(),
            line: Some(texts.insight_peak()),
        }
    };
    let id = format!("use-{}", one.unit.code());
    let told = told(texts, free, one.months.iter().any(|month| month.figures.unlimited > 0));
    let heads = told.iter().map(|(head, _)| Column::new(*head));
    let columns: Vec<_> = std::iter::once(Column::new(texts.insight_month())).chain(heads).collect();
    let rows: Vec<_> = one
        .months
        .iter()
        .rev()
        .map(|MonthFigures { month, figures }| {
            let cells: Vec<_> = told
                .iter()
                .map(|(label, value)| {
                    view! { <td role="cell" data-label=*label>{number(texts, value(figures))}</td> }
                })
                .collect();
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{format::month(texts.language(), *month)}</th>
                    {cells}
                </tr>
            }
        })
        .collect();
    let mark = |value| format::number(domain::Language::default(), value);
    let heading = name.clone();
    let caption = name.clone();
    view! {
        <div class="in stack">
            <h3 class="h3">{heading}</h3>
            <div class="charted">
                <BarChart id=id title=name description=description bars=bars legend=legend mark=mark/>
                <Ledger caption=caption columns=columns figures=true>{rows}</Ledger>
            </div>
        </div>
    }
    .into_any()
}

fn products(texts: Texts, rows: &[ProductUse]) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    let columns = vec![
        Column::new(texts.common_benefit_name()),
        Column::new(texts.insight_counts()),
        Column::new(texts.insight_granted()),
        Column::new(texts.insight_used()),
        Column::new(texts.insight_unused()),
        Column::new(texts.insight_peak()),
        Column::new(texts.insight_peak_in()),
    ];
    let rows: Vec<_> = rows
        .iter()
        .map(|one| {
            let cell = |label: &'static str, value: i64| {
                view! { <td role="cell" class="num" data-label=label>{number(texts, value)}</td> }
            };
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{one.name.clone()}</th>
                    <td role="cell" data-label=texts.insight_counts()>{unit(texts, one.unit)}</td>
                    {cell(texts.insight_granted(), one.figures.granted)}
                    {cell(texts.insight_used(), one.figures.used)}
                    {cell(texts.insight_unused(), one.figures.unused)}
                    {cell(texts.insight_peak(), one.peak)}
                    <td role="cell" data-label=texts.insight_peak_in()>
                        {(one.peak > 0).then(|| format::month(texts.language(), one.peak_in))}
                    </td>
                </tr>
            }
        })
        .collect();
    Some(
        view! {
            <div class="in"><h3 class="h3">{texts.insight_by_benefit()}</h3></div>
            <Ledger caption=texts.insight_by_benefit() columns=columns>{rows}</Ledger>
        }
        .into_any(),
    )
}

fn values(texts: Texts, rows: &[IdleValue]) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    let columns = vec![
        Column::new(texts.insight_category()),
        Column::new(texts.insight_paid()),
        Column::new(texts.insight_value_unused()),
    ];
    let rows: Vec<_> = rows
        .iter()
        .map(|one| {
            let cell = |label: &'static str, minor: i64| {
                let value = format::money_in_full(texts.language(), minor, &one.currency);
                view! { <td role="cell" class="num" data-label=label>{value}</td> }
            };
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{words::category(texts, one.category)}</th>
                    {cell(texts.insight_paid(), one.idle.paid)}
                    {cell(texts.insight_value_unused(), one.idle.unused)}
                </tr>
            }
        })
        .collect();
    Some(
        view! {
            <section class="sheet" aria-labelledby="value-title">
                <div class="sheet-head"><h2 id="value-title">{texts.insight_value_unused()}</h2></div>
                <div class="in"><p class="muted">{texts.insight_value_note()}</p></div>
                <Ledger caption=texts.insight_value_unused() columns=columns>{rows}</Ledger>
            </section>
        }
        .into_any(),
    )
}
