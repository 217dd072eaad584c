//! What a draft changes, a row for each thing with the fields that differ.

use domain::Language;
use domain::catalogue::{ChangeKind, Value};
use domain::view::catalogue::{DifferenceRow, OverAllocatedRow, Part};
use leptos::prelude::*;
use locales::{Texts, format};

use crate::pages::operator::policy_words;

/// A field's name: of a text with its language, of a download with its file.
fn field(texts: Texts, name: &str) -> String {
    if let Some(file) = name.strip_prefix("download ") {
        return format!("{} {file}", texts.find_catalogue_field("download").unwrap_or_default());
    }
    let (name, tag) = name.split_once('.').unwrap_or((name, ""));
    let word = texts.find_catalogue_field(name).unwrap_or(name).to_owned();
    match Language::from_tag(tag) {
        Some(language) => format!("{word}, {}", language.own_name()),
        None => word,
    }
}

fn said(texts: Texts, row: &DifferenceRow, value: Option<&String>) -> String {
    match value.map(String::as_str) {
        None => texts.catalogue_nothing().to_owned(),
        Some(value) if row.part == Part::Policy => policy_words::value(texts, &row.name, value),
        Some("unlimited") => texts.common_unlimited().to_owned(),
        Some("true") => texts.common_yes().to_owned(),
        Some("false") => texts.common_no().to_owned(),
        Some(text) => text.to_owned(),
    }
}

fn change(texts: Texts, row: &DifferenceRow, value: &Value) -> AnyView {
    let name = field(texts, &value.field);
    let said = |text: &Option<String>| said(texts, row, text.as_ref());
    let (before, after) = (said(&value.before), said(&value.after));
    match row.kind {
        ChangeKind::Added => view! { <li>{texts.catalogue_value(name, after)}</li> }.into_any(),
        ChangeKind::Removed => view! { <li>{texts.catalogue_value(name, before)}</li> }.into_any(),
        ChangeKind::Changed => {
            view! { <li>{texts.catalogue_value_changed(after, before, name)}</li> }.into_any()
        }
    }
}

/// A row of the differences.
pub(super) fn row(texts: Texts, row: &DifferenceRow) -> AnyView {
    let part = texts.find_catalogue_part(row.part.code()).unwrap_or_default();
    let name = match row.part {
        Part::Programme => part.to_owned(),
        Part::Policy => policy_words::label(texts, &row.name),
        _ => row.name.clone(),
    };
    let below = row.source.clone().unwrap_or_else(|| part.to_owned());
    let kind = texts.find_catalogue_part(row.kind.code()).unwrap_or_default();
    // What is new or gone is told by its name; a new quantity by its numbers, a policy by its value, too.
    let short = row.kind == ChangeKind::Changed || matches!(row.part, Part::Quantity | Part::Policy);
    let values: Vec<AnyView> = row
        .values
        .iter()
        .filter(|value| {
            row.kind == ChangeKind::Changed || matches!(&*value.field, "quantity" | "seats" | "value")
        })
        .map(|value| change(texts, row, value))
        .collect();
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{name}<small>{below}</small></th>
            <td role="cell" data-label=texts.catalogue_column_change()>{kind}</td>
            <td role="cell" data-label=texts.catalogue_column_values()>
                {short.then(|| view! { <ul class="plain">{values}</ul> })}
            </td>
        </tr>
    }
    .into_any()
}

/// A pool that would be over-allocated.
pub(super) fn over_allocated(texts: Texts, row: &OverAllocatedRow) -> AnyView {
    let language = texts.language();
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{row.organization.clone()}</th>
            <td role="cell" data-label=texts.catalogue_column_product()>
                <div>
                    {row.product.clone()}
                    <small>{row.source.clone()}</small>
                </div>
            </td>
            <td role="cell" data-label=texts.catalogue_column_used()>{format::number(language, row.used)}</td>
            <td role="cell" data-label=texts.catalogue_column_quantity()>{format::number(language, row.quantity)}</td>
            <td role="cell" data-label=texts.catalogue_column_anniversary()>{format::date(language, row.anniversary)}</td>
        </tr>
    }
    .into_any()
}
