//! The matrix of a category: a row for each product, a column for each core source.

use domain::Category;
use domain::view::catalogue::{DraftPage, DraftTierRow, QuantityRow, SOURCES};
use leptos::prelude::*;
use locales::Texts;

use super::area::SEATS;
use super::tier::source_names;
use super::{PATH, Version};
use crate::components::{Column, Empty, Ledger, SubmitButton};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::words;

/// What the names of the matrix's fields begin with.
pub const QUANTITY: &str = "quantity:";
/// What the names of the fields of shared pools begin with.
pub const POOL: &str = "pool:";

/// The quantities of the category that the address says, with links to the others.
#[component]
pub(super) fn Quantities(page: Signal<DraftPage>) -> impl IntoView {
    let texts = texts();
    let version = Signal::derive(move || page.with(|page| page.row_version));
    // What somebody is typing stays until these quantities themselves changed.
    let shown = Memo::new(move |_| {
        page.with(|page| {
            let (tiers, rows) = (page.tiers.clone(), page.quantities.clone());
            (page.row.id, page.category, tiers, rows, page.why_not.is_none())
        })
    });
    view! {
        <section class="sheet" id="quantities">
            <div class="sheet-head"><h2>{texts.catalogue_quantities()}</h2></div>
            <div class="in stack">
                <p>{texts.catalogue_quantities_lead(texts.common_unlimited())}</p>
                <nav aria-label=texts.catalogue_quantities()>
                    <ul class="chips">
                        {move || {
                            let (draft, chosen) = shown.with(|(draft, category, ..)| (*draft, *category));
                            Category::ALL
                                .iter()
                                .map(|category| {
                                    let href = format!("{PATH}/{draft}?category={}#quantities", category.code());
                                    let current = (*category == chosen).then_some("page");
                                    view! {
                                        <li>
                                            <a class="chip" href=href aria-current=current>
                                                {words::category(texts, *category)}
                                            </a>
                                        </li>
                                    }
                                })
                                .collect_view()
                        }}
                    </ul>
                </nav>
            </div>
            {move || {
                shown
                    .with(|(draft, category, tiers, rows, editable)| {
                        view! {
                            <Matrix
                                draft=draft.to_string()
                                version=version
                                category=*category
                                tiers=tiers.clone()
                                rows=rows.clone()
                                editable=*editable
                            />
                        }
                    })
            }}
        </section>
    }
}

#[component]
fn Matrix(
    draft: String,
    version: Signal<i64>,
    category: Category,
    tiers: Vec<DraftTierRow>,
    rows: Vec<QuantityRow>,
    editable: bool,
) -> impl IntoView {
    let texts = texts();
    if rows.is_empty() {
        return view! { <Empty title=texts.catalogue_no_products()/> }.into_any();
    }
    // Several forms of the page are about the draft: this one is the category's.
    let form = Form::of_what_stands("save_catalogue_quantities", format!("{draft}:{}", category.code()));
    let mut columns = vec![Column::new(texts.catalogue_column_product())];
    let names = source_names(&tiers);
    columns.extend(names.iter().map(|name| Column::new(name.as_str())));
    let table = rows.iter().map(|row| self::row(texts, form, &draft, &names, row, editable)).collect_view();
    let ledger = view! {
        <Ledger caption=words::category(texts, category) columns=columns>{table}</Ledger>
    };
    if !editable {
        return ledger.into_any();
    }
    view! {
        <PostForm form=form>
            <Version version=version/>
            <input type="hidden" name="category" value=category.code()/>
            {ledger}
            {shares(texts, form, category, &names, &rows)}
            <div class="in"><SubmitButton label=texts.catalogue_save_quantities() busy=form.pending/></div>
        </PostForm>
    }
    .into_any()
}

/// How many people, and which shared pool, of what each source grants; folded, for few rows say it.
fn shares(texts: Texts, form: Form, category: Category, names: &[String], rows: &[QuantityRow]) -> AnyView {
    let [seats, pool] = ["seats", "pool"].map(|field| texts.find_catalogue_field(field).unwrap_or_default());
    let columns = vec![
        Column::new(texts.catalogue_column_product()),
        Column::new(texts.common_source()),
        Column::new(seats),
        Column::new(pool),
    ];
    let granted = rows.iter().flat_map(|row| {
        let shares = row.shares.iter().enumerate();
        shares.filter_map(move |(at, share)| {
            Some((row, SOURCES.get(at)?.code(), names.get(at)?.as_str(), share.as_ref()?))
        })
    });
    let table: Vec<AnyView> = granted
        .map(|(row, source, named, share)| {
            let key = format!("{}:{source}", row.product);
            let people = share.seats.map(|number| number.to_string()).unwrap_or_default();
            let field = |start: &str, head: &'static str, value: String, length: &'static str| {
                let name = format!("{start}{key}");
                let value = form.kept_named(&name).unwrap_or(value);
                let label = texts.catalogue_quantity_of(named, format!("{head} · {}", row.name));
                view! {
                    <input
                        class="amount"
                        type="text"
                        name=name
                        value=value
                        maxlength=length
                        autocomplete="off"
                        aria-label=label
                    />
                }
            };
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{row.name.clone()}</th>
                    <td role="cell" data-label=texts.common_source()>{named.to_owned()}</td>
                    <td role="cell" data-label=seats>{field(SEATS, seats, people, "20")}</td>
                    <td role="cell" data-label=pool>
                        {field(POOL, pool, share.pool.clone().unwrap_or_default(), "60")}
                    </td>
                </tr>
            }
            .into_any()
        })
        .collect();
    view! {
        <div class="in">
            <details class="disclose" open=form.refused()>
                <summary class="button quiet">{texts.catalogue_shares()}</summary>
                <p>{texts.catalogue_shares_text()}</p>
                <Ledger
                    caption=format!("{}: {}", texts.catalogue_shares(), words::category(texts, category))
                    columns=columns
                >
                    {table}
                </Ledger>
            </details>
        </div>
    }
    .into_any()
}

/// How an amount stands in its field.
pub(super) fn typed(texts: Texts, amount: Option<Option<i64>>) -> String {
    match amount {
        None => String::new(),
        Some(None) => texts.common_unlimited().to_owned(),
        Some(Some(number)) => number.to_string(),
    }
}

fn row(
    texts: Texts,
    form: Form,
    draft: &str,
    names: &[String],
    row: &QuantityRow,
    editable: bool,
) -> AnyView {
    let cells = SOURCES
        .iter()
        .zip(names)
        .zip(&row.amounts)
        .map(|((source, label), amount)| {
            let value = typed(texts, *amount);
            let content = if editable {
                let name = format!("{QUANTITY}{}:{}", row.product, source.code());
                let value = form.kept_named(&name).unwrap_or(value);
                view! {
                    <input
                        class="amount"
                        type="text"
                        name=name
                        value=value
                        maxlength="20"
                        autocomplete="off"
                        aria-label=texts.catalogue_quantity_of(&row.name, label)
                    />
                }
                .into_any()
            } else {
                value.into_any()
            };
            view! { <td role="cell" data-label=label.clone()>{content}</td> }
        })
        .collect_view();
    let href = format!("{PATH}/{draft}/product?code={}", row.product);
    let unit = texts.find_unit_word(row.unit.code()).unwrap_or_default();
    view! {
        <tr role="row">
            <th role="rowheader" scope="row"><a href=href>{row.name.clone()}</a><small>{unit}</small></th>
            {cells}
        </tr>
    }
    .into_any()
}
