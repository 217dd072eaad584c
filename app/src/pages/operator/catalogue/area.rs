//! Competency areas of a draft: their list on its page, and a page for each with its name and what it
//! adds at each level.

use domain::benefit::Unit;
use domain::ids::CatalogueDraftId;
use domain::view::benefits::WhyNot;
use domain::view::catalogue::{
    AreaAmount, AreaQuantityRow, DraftAreaPage, DraftAreaQuery, DraftAreaRow, DraftPage, LEVELS,
};
use domain::{Category, Language};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::{Texts, format};

use super::quantities::{QUANTITY, typed};
use super::{PATH, Version, part, save};
use crate::components::{
    ButtonTone, Column, Confirm, DisabledButton, Empty, Ledger, LinkButton, SubmitButton, TextField, Why,
    WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::catalogue::catalogue_area;
use crate::words;

/// What the names of the table's fields for people begin with.
pub const SEATS: &str = "seats:";
/// What the names of its boxes begin with: each area adds its own.
pub const PER_AREA: &str = "per_area:";

/// The areas on the draft's page.
pub(super) fn list(texts: Texts, page: &DraftPage) -> AnyView {
    let draft = page.row.id.to_string();
    let add = page.why_not.is_none().then(|| {
        let href = format!("{PATH}/{draft}/area");
        view! { <div class="row"><LinkButton href=href label=texts.catalogue_new_area()/></div> }
    });
    view! {
        <section class="sheet" id="areas">
            <div class="sheet-head"><h2>{texts.catalogue_areas()}</h2></div>
            <div class="in stack"><p>{texts.catalogue_areas_lead()}</p>{add}</div>
            {table(texts, &draft, &page.areas)}
        </section>
    }
    .into_any()
}

fn table(texts: Texts, draft: &str, areas: &[DraftAreaRow]) -> AnyView {
    if areas.is_empty() {
        return view! { <Empty title=texts.catalogue_no_areas()/> }.into_any();
    }
    let count = texts.catalogue_quantities();
    let rows = areas
        .iter()
        .map(|area| {
            let href = format!("{PATH}/{draft}/area?code={}", words::encode(&area.code));
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">
                        <a href=href>{area.name.clone()}</a>
                        <small><code>{area.code.clone()}</code></small>
                    </th>
                    <td role="cell" data-label=count>{format::number(texts.language(), area.quantities)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Ledger
            caption=texts.catalogue_areas()
            columns=vec![
                Column::new(texts.find_catalogue_part("area").unwrap_or_default()),
                Column::new(count),
            ]
            keep=true
        >
            {rows}
        </Ledger>
    }
    .into_any()
}

/// The fields for its name, one for each language.
fn name_fields(texts: Texts, form: Form, names: &[String; 3]) -> AnyView {
    Language::ALL
        .iter()
        .zip(names)
        .map(|(language, said)| {
            view! {
                <fieldset class="form" lang=language.tag()>
                    <legend>{language.own_name()}</legend>
                    {part::name_field(texts, form, "name", *language, said)}
                </fieldset>
            }
        })
        .collect_view()
        .into_any()
}

/// The form for the name of an area that is there.
#[component]
fn Name(
    draft: CatalogueDraftId,
    area: String,
    names: [String; 3],
    why_not: WhyNot,
    version: Signal<i64>,
) -> impl IntoView {
    let texts = texts();
    // The target of its quantities has one part more.
    let form = Form::of_what_stands("name_catalogue_area", format!("{draft}:{area}"));
    view! {
        <section class="sheet narrow" id="name">
            <div class="sheet-head"><h2>{texts.common_name()}</h2></div>
            <div class="in stack">
                <p>{texts.catalogue_area_name_lead()}</p>
                <PostForm form=form class="form">
                    <Version version=version/>
                    {name_fields(texts, form, &names)}
                    <div class="form-foot">{save(texts, form, why_not.as_ref(), "no-name")}</div>
                </PostForm>
            </div>
        </section>
    }
}

/// The form for a new area.
#[component]
fn Add(draft: CatalogueDraftId, why_not: WhyNot, version: Signal<i64>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("add_catalogue_area", format!("{draft}:"));
    let foot = match &why_not {
        Some(error) => view! {
            <DisabledButton label=texts.catalogue_new_area() describedby="no-area"/>
            <Why id="no-area" kind=WhyKind::of(error) text=words::refusal(texts, error)/>
        }
        .into_any(),
        None => view! { <SubmitButton label=texts.common_save() busy=form.pending/> }.into_any(),
    };
    view! {
        <PostForm form=form class="form">
            <Version version=version/>
            <TextField
                id=form.fault_id("code")
                name="area_code"
                label=texts.catalogue_product_code()
                value=form.kept_named("area_code").unwrap_or_default()
                help=texts.catalogue_area_code_help()
                error=form.fault("code")
                maxlength=60_u32
                required=true
            />
            {name_fields(texts, form, &Default::default())}
            <div class="form-foot">{foot}</div>
        </PostForm>
    }
}

/// The page of an area.
#[component]
pub fn Area() -> impl IntoView {
    let parameters = use_params_map();
    let query = use_query_map();
    let wanted = Memo::new(move |_| DraftAreaQuery {
        draft: parameters.with(|map| map.get("draft").and_then(|id| id.parse().ok())),
        area: query.with(|map| map.get("code")).unwrap_or_default().chars().take(200).collect(),
        category: query
            .with(|map| map.get("category").and_then(|code| Category::from_code(&code)))
            .unwrap_or(Category::VisualStudio),
    });
    load(move || wanted.get(), catalogue_area, |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<DraftAreaPage>) -> impl IntoView {
    let texts = texts();
    let version = Signal::derive(move || page.with(|page| page.row_version));
    let known = Memo::new(move |_| page.with(|page| !page.area.is_empty()));
    let back = Memo::new(move |_| page.with(|page| (page.row.id, page.row.title.clone())));
    let title = Memo::new(move |_| page.with(|page| title(texts, page)));
    let named = Memo::new(move |_| {
        page.with(|page| (page.row.id, page.area.clone(), page.names.clone(), page.why_not.clone()))
    });
    let content = move || {
        if !known.get() {
            return view! {
                <section class="sheet narrow">
                    <div class="in">
                        {move || {
                            let (draft, _, _, why_not) = named.get();
                            view! { <Add draft=draft why_not=why_not version=version/> }
                        }}
                    </div>
                </section>
            }
            .into_any();
        }
        view! {
            {move || {
                let (draft, area, names, why_not) = named.get();
                view! { <Name draft=draft area=area names=names why_not=why_not version=version/> }
            }}
            <Quantities page=page version=version/>
        }
        .into_any()
    };
    let remove = move || {
        let (draft, area, _, why_not) = named.get();
        (!area.is_empty() && why_not.is_none()).then(|| {
            let target = format!("{draft}:{area}");
            view! { <div><Remove target=target name=title.get() version=version/></div> }
        })
    };
    view! {
        <Title text=texts.common_page_title(texts.catalogue_area())/>
        <main class="page" id="main" data-density="compact">
            {move || {
                let (draft, of) = back.get();
                part::head(texts, draft, of, title.get(), texts.catalogue_area_lead())
            }}
            {content}
            {remove}
        </main>
    }
}

/// Its name in the reader's language.
fn title(texts: Texts, page: &DraftAreaPage) -> String {
    if page.area.is_empty() {
        return texts.catalogue_new_area().to_owned();
    }
    let at = Language::ALL.iter().position(|language| *language == texts.language());
    page.names.get(at.unwrap_or(0)).cloned().unwrap_or_default()
}

/// What it adds of a category, with links to the others.
#[component]
fn Quantities(page: Signal<DraftAreaPage>, version: Signal<i64>) -> impl IntoView {
    let texts = texts();
    let chosen = Memo::new(move |_| page.with(|page| (page.row.id, page.area.clone(), page.category)));
    let shown = Memo::new(move |_| {
        page.with(|page| {
            let levels = page.levels.clone();
            (page.row.id, page.area.clone(), page.category, levels, page.rows.clone(), page.why_not.clone())
        })
    });
    let chips = move || {
        let (draft, area, chosen) = chosen.get();
        let code = words::encode(&area);
        Category::ALL
            .iter()
            .map(|category| {
                let href = format!("{PATH}/{draft}/area?code={code}&category={}", category.code());
                let current = (*category == chosen).then_some("page");
                view! {
                    <li>
                        <a class="chip" href=href aria-current=current>{words::category(texts, *category)}</a>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <section class="sheet" id="quantities">
            <div class="sheet-head"><h2>{texts.catalogue_quantities()}</h2></div>
            <div class="in stack">
                <p>{texts.catalogue_area_quantities_lead(texts.common_unlimited())}</p>
                <nav aria-label=texts.catalogue_quantities()><ul class="chips">{chips}</ul></nav>
            </div>
            {move || {
                let (draft, area, category, levels, rows, why_not) = shown.get();
                view! {
                    <Matrix
                        draft=draft
                        area=area
                        category=category
                        levels=levels
                        rows=rows
                        why_not=why_not
                        version=version
                    />
                }
            }}
        </section>
    }
}

/// Heads of a level's columns: quantity, people, whether each area adds its own.
fn heads(texts: Texts, level: &str) -> [String; 3] {
    ["quantity", "seats", "per_area"].map(|field| {
        texts.catalogue_quantity_of(level, texts.find_catalogue_field(field).unwrap_or_default())
    })
}

#[component]
fn Matrix(
    draft: CatalogueDraftId,
    area: String,
    category: Category,
    levels: Vec<String>,
    rows: Vec<AreaQuantityRow>,
    why_not: WhyNot,
    version: Signal<i64>,
) -> impl IntoView {
    let texts = texts();
    if rows.is_empty() {
        return view! { <Empty title=texts.catalogue_no_products()/> }.into_any();
    }
    let code = category.code();
    let form = Form::of_what_stands("save_catalogue_area", format!("{draft}:{area}:{code}"));
    let mut columns = vec![Column::new(texts.catalogue_column_product())];
    columns.extend(levels.iter().flat_map(|level| heads(texts, level)).map(Column::new));
    let editable = why_not.is_none();
    let rows = rows.iter().map(|row| self::row(texts, form, &levels, row, editable)).collect_view();
    let ledger = view! {
        <Ledger caption=words::category(texts, category) columns=columns>{rows}</Ledger>
    };
    match &why_not {
        Some(error) => view! {
            {ledger}
            <div class="in stack">
                <div><DisabledButton label=texts.catalogue_save_quantities() describedby="no-quantities"/></div>
                <Why id="no-quantities" kind=WhyKind::of(error) text=words::refusal(texts, error)/>
            </div>
        }
        .into_any(),
        None => view! {
            <PostForm form=form>
                <Version version=version/>
                <input type="hidden" name="category" value=code/>
                {ledger}
                <div class="in"><SubmitButton label=texts.catalogue_save_quantities() busy=form.pending/></div>
            </PostForm>
        }
        .into_any(),
    }
}

fn row(texts: Texts, form: Form, levels: &[String], row: &AreaQuantityRow, editable: bool) -> AnyView {
    let cells = LEVELS
        .iter()
        .zip(levels)
        .zip(&row.amounts)
        .map(|((level, named), amount)| {
            cells(texts, form, row, (level.code(), named.as_str()), *amount, editable)
        })
        .collect_view();
    let unit = texts.find_unit_word(row.unit.code()).unwrap_or_default();
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{row.name.clone()}<small>{unit}</small></th>
            {cells}
        </tr>
    }
    .into_any()
}

/// The cells of a level: how much, how many people, and whether each area adds its own.
fn cells(
    texts: Texts,
    form: Form,
    row: &AreaQuantityRow,
    (level, named): (&str, &str),
    amount: Option<AreaAmount>,
    editable: bool,
) -> AnyView {
    let [quantity_head, seats_head, own_head] = heads(texts, named);
    let key = format!("{}:{level}", row.product);
    let seats = amount.and_then(|amount| amount.seats);
    let own = amount.is_some_and(|amount| amount.per_area);
    let quantity = typed(texts, amount.map(|amount| amount.quantity));
    let people = seats.map(|seats| seats.to_string()).unwrap_or_default();
    if !editable {
        let own = own.then(|| texts.common_yes());
        return view! {
            <td role="cell" data-label=quantity_head>{quantity}</td>
            <td role="cell" data-label=seats_head>{people}</td>
            <td role="cell" data-label=own_head>{own}</td>
        }
        .into_any();
    }
    let field = |start: &str, head: &str, value: String| {
        let name = format!("{start}{key}");
        let value = form.kept_named(&name).unwrap_or(value);
        view! {
            <input
                class="amount"
                type="text"
                name=name
                value=value
                maxlength="20"
                autocomplete="off"
                aria-label=texts.catalogue_quantity_of(&row.name, head)
            />
        }
    };
    // Where a quantity counts people, it says how many people there are.
    let counts_people = row.unit == Unit::Seat && seats.is_none();
    let people = (!counts_people).then(|| field(SEATS, &seats_head, people));
    let tick = format!("{PER_AREA}{key}");
    let ticked = if form.keeps() { form.kept_named(&tick).is_some() } else { own };
    let label = texts.catalogue_quantity_of(&row.name, &own_head);
    view! {
        <td role="cell" data-label=quantity_head.clone()>{field(QUANTITY, &quantity_head, quantity)}</td>
        <td role="cell" data-label=seats_head.clone()>{people}</td>
        <td role="cell" data-label=own_head.clone()>
            <input class="box" type="checkbox" name=tick value="true" checked=ticked aria-label=label/>
        </td>
    }
    .into_any()
}

#[component]
fn Remove(target: String, name: String, version: Signal<i64>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("remove_catalogue_area", target);
    let confirmed = move || {
        view! {
            <PostForm form=form>
                <Version version=version/>
                <SubmitButton
                    label=texts.catalogue_remove_area()
                    tone=ButtonTone::DangerPrimary
                    busy=form.pending
                />
            </PostForm>
        }
    };
    view! {
        <Confirm
            id="remove-area"
            label=texts.catalogue_remove_area()
            tone=ButtonTone::Danger
            question=texts.catalogue_remove_question(name)
            form=confirmed
            done=Signal::derive(move || form.done.with(Option::is_some))
            open=form.refused()
        >
            <p>{texts.catalogue_remove_area_text()}</p>
        </Confirm>
    }
}
