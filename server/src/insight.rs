//! The figures of insight as files: lines (CSV) and workbooks (XLSX). They have as many rows as months and
//! benefits, two years at most, however many seats are behind them.

use std::sync::Arc;

use app::words;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::insight::Span;
use locales::Texts;
use service::Outcome;
use service::insight::export::{self, Exported, Programme};
use service::spreadsheet::{Cell, Sheet, Whole, workbook};

use crate::caller::Caller;
use crate::csv_export;
use crate::plain;
use crate::router::Site;

type Pairs = Query<Vec<(String, String)>>;

fn get<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn span(pairs: &Pairs) -> Span {
    get(pairs, "span").and_then(Span::from_code).unwrap_or_default()
}

/// A company's figures as lines.
pub async fn lines_of_company(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    pairs: Pairs,
) -> Response {
    let sheets = of_company(&site, &caller, span(&pairs)).await;
    answer(&site, &caller, sheets, |sheets| lines("insight.csv", sheets, 0)).await
}

/// A company's figures as a workbook.
pub async fn workbook_of_company(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    pairs: Pairs,
) -> Response {
    let sheets = of_company(&site, &caller, span(&pairs)).await;
    answer(&site, &caller, sheets, |sheets| book("insight.xlsx", &sheets)).await
}

/// The figures of the programme as lines: those of the use, or of another part.
pub async fn lines_of_programme(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    pairs: Pairs,
) -> Response {
    let (name, part) = match get(&pairs, "part") {
        Some("times") => ("time-to-complete.csv", 1),
        Some("money") => ("revenue-and-refunds.csv", 2),
        Some("low") => ("key-pools-running-low.csv", 3),
        Some("unused") => ("unused-benefits.csv", 4),
        _ => ("insight.csv", 0),
    };
    let sheets = of_programme(&site, &caller, span(&pairs)).await;
    answer(&site, &caller, sheets, |sheets| lines(name, sheets, part)).await
}

/// The figures of the programme as a workbook.
pub async fn workbook_of_programme(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    pairs: Pairs,
) -> Response {
    let sheets = of_programme(&site, &caller, span(&pairs)).await;
    answer(&site, &caller, sheets, |sheets| book("insight.xlsx", &sheets)).await
}

async fn of_company(site: &Site, caller: &Caller, span: Span) -> Outcome<Vec<Sheet>> {
    let rows = export::company(&site.service, &caller.request, caller.language, span).await?;
    Ok(vec![usage(locales::texts(caller.language), rows)])
}

async fn of_programme(site: &Site, caller: &Caller, span: Span) -> Outcome<Vec<Sheet>> {
    let texts = locales::texts(caller.language);
    let figures = export::programme(&site.service, &caller.request, caller.language, span).await?;
    let (times, money) = (times(texts, &figures), money(texts, &figures));
    let (low, unused) = (low(texts, &figures), unused(texts, &figures));
    Ok(vec![usage(texts, figures.usage), times, money, low, unused])
}

async fn answer(
    site: &Site,
    caller: &Caller,
    sheets: Outcome<Vec<Sheet>>,
    file: impl FnOnce(Vec<Sheet>) -> Outcome<Response>,
) -> Response {
    match sheets.and_then(file) {
        Ok(response) => response,
        Err(failure) => plain::refused(site, caller, "insight_export", &failure).await,
    }
}

fn lines(name: &str, sheets: Vec<Sheet>, part: usize) -> Outcome<Response> {
    let sheet = sheets.into_iter().nth(part).ok_or(domain::ErrorCode::NotFound)?;
    Ok(csv_export::answer(name, sheet.head, Whole(sheet.rows), |row: Vec<Cell>| row))
}

fn book(name: &str, sheets: &[Sheet]) -> Outcome<Response> {
    let headers = [
        (CONTENT_TYPE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, workbook(sheets)?).into_response())
}

fn heads<const N: usize>(heads: [&str; N]) -> Vec<String> {
    heads.map(str::to_owned).into()
}

fn usage(texts: Texts, rows: Vec<Exported>) -> Sheet {
    let row = |row: Exported| {
        let text = |text: &str| Cell::Text(text.to_owned());
        let product = row.product.unwrap_or_else(|| texts.insight_all_benefits().to_owned());
        let figures = row.figures;
        vec![
            Cell::Text(row.month.to_string()),
            text(words::category(texts, row.category)),
            Cell::Text(product),
            text(texts.find_unit_head(row.unit.code()).unwrap_or(row.unit.code())),
            Cell::Number(figures.granted),
            Cell::Number(figures.used),
            Cell::Number(figures.unused),
            Cell::Number(figures.peak),
            Cell::Number(figures.begun),
            Cell::Number(figures.unlimited),
        ]
    };
    Sheet {
        name: texts.insight_sheet_usage().to_owned(),
        head: heads([
            texts.insight_month(),
            texts.insight_category(),
            texts.common_benefit_name(),
            texts.insight_counts(),
            texts.insight_granted(),
            texts.insight_used(),
            texts.insight_unused(),
            texts.insight_peak(),
            texts.insight_begun(),
            texts.insight_unlimited(),
        ]),
        rows: rows.into_iter().map(row).collect(),
    }
}

fn times(texts: Texts, figures: &Programme) -> Sheet {
    let rows = figures.completions.iter().map(|row| {
        vec![
            Cell::Text(row.month.to_string()),
            Cell::Text(words::request_kind(texts, row.kind).to_owned()),
            Cell::Number(row.number),
            Cell::Number(row.median),
            Cell::Number(row.ninetieth),
            Cell::Number(row.in_time),
        ]
    });
    Sheet {
        name: texts.insight_sheet_times().to_owned(),
        head: heads([
            texts.insight_month(),
            texts.common_kind(),
            texts.insight_completed(),
            texts.insight_column_median(),
            texts.insight_column_ninetieth(),
            texts.insight_in_time(),
        ]),
        rows: rows.collect(),
    }
}

fn money(texts: Texts, figures: &Programme) -> Sheet {
    let rows = figures.money.iter().map(|row| {
        vec![
            Cell::Text(row.month.to_string()),
            Cell::Text(row.currency.clone()),
            Cell::money(row.revenue, &row.currency),
            Cell::money(row.refunds, &row.currency),
        ]
    });
    Sheet {
        name: texts.insight_sheet_money().to_owned(),
        head: heads([
            texts.insight_month(),
            texts.insight_column_currency(),
            texts.insight_revenue(),
            texts.insight_refunds(),
        ]),
        rows: rows.collect(),
    }
}

fn low(texts: Texts, figures: &Programme) -> Sheet {
    let rows = figures.low.iter().map(|row| {
        vec![
            Cell::Text(row.name.clone()),
            Cell::Number(row.free),
            Cell::Number(row.threshold),
            Cell::Text(row.since.day.to_string()),
        ]
    });
    Sheet {
        name: texts.insight_sheet_low().to_owned(),
        head: heads([
            texts.key_pools_column_product(),
            texts.find_status("free").unwrap_or_default(),
            texts.key_pools_column_threshold(),
            texts.insight_since(),
        ]),
        rows: rows.collect(),
    }
}

fn unused(texts: Texts, figures: &Programme) -> Sheet {
    let rows = figures.unused.iter().map(|row| {
        vec![
            Cell::Text(row.organization.clone()),
            Cell::Text(row.name.clone()),
            Cell::Text(locales::source(texts, &row.source, row.source_name.as_deref())),
            Cell::Text(texts.find_unit_head(row.unit.code()).unwrap_or(row.unit.code()).to_owned()),
            Cell::Number(row.quantity),
            Cell::Number(row.used),
            Cell::Text(row.ends.map(|day| day.to_string()).unwrap_or_default()),
        ]
    });
    Sheet {
        name: texts.insight_unused_title().to_owned(),
        head: heads([
            texts.operator_column_organization(),
            texts.common_benefit_name(),
            texts.common_source(),
            texts.insight_counts(),
            texts.insight_granted(),
            texts.insight_used(),
            texts.insight_ends(),
        ]),
        rows: rows.collect(),
    }
}
