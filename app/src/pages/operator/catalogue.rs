//! The catalogue: its versions and drafts, a draft with what it changes, its products, tiers, offers and areas.

mod area;
mod difference;
mod draft;
mod offer;
mod part;
mod product;
mod programme;
mod quantities;
mod tier;

use domain::view::catalogue::{CataloguePage, DraftRow, DraftState};
use domain::{Error, Field};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::{Texts, format};

pub use area::Area;
#[cfg(feature = "ssr")]
pub use area::{PER_AREA, SEATS};
pub use draft::Draft;
pub use offer::Offer;
pub use product::Product;
#[cfg(feature = "ssr")]
pub use programme::POLICY;
pub use programme::Programme;
#[cfg(feature = "ssr")]
pub use quantities::{POOL, QUANTITY};
pub use tier::Tier;

use super::item::when;
use crate::components::{
    Column, DisabledButton, Empty, Ledger, StatusByCode, SubmitButton, TextField, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::catalogue::catalogue;
use crate::words;

const PATH: &str = "/operator/catalogue";

/// The draft's version that a form carries. It follows the page, also where the form itself stays as it is: a form is
/// written anew once what it shows changed, and only then.
#[component]
fn Version(version: Signal<i64>) -> impl IntoView {
    view! { <input type="hidden" name="version" value=move || version.get().to_string()/> }
}

/// The button that saves, or why it can't be pressed.
fn save(texts: Texts, form: Form, why_not: Option<&Error>, id: &'static str) -> AnyView {
    match why_not {
        Some(error) => view! {
            <DisabledButton label=texts.common_save() describedby=id/>
            <Why id=id kind=WhyKind::of(error) text=words::refusal(texts, error)/>
        }
        .into_any(),
        None => view! { <SubmitButton label=texts.common_save() busy=form.pending/> }.into_any(),
    }
}

/// The page **Catalogue**.
#[component]
pub fn Catalogue() -> impl IntoView {
    load(|| (), |()| catalogue(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<CataloguePage>) -> impl IntoView {
    let texts = texts();
    let why_not = page.with_untracked(|page| page.why_not.clone());
    let any = Memo::new(move |_| page.with(|page| !page.rows.is_empty()));
    let lead = move || page.with(|page| texts.catalogue_lead(page.products, page.version));
    let rows = move || page.with(|page| page.rows.iter().map(|row| self::row(texts, row)).collect_view());
    view! {
        <Title text=texts.common_page_title(texts.navigation_catalogue())/>
        <main class="page" id="main" data-density="compact">
            <div class="head">
                <div><h1>{texts.navigation_catalogue()}</h1><p>{lead}</p></div>
                <a class="button" href="/operator/catalogue.toml" rel="external" download="catalogue.toml">
                    {texts.catalogue_export()}
                </a>
            </div>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.catalogue_begin()}</h2></div>
                <div class="in">
                    <p>{texts.catalogue_begin_lead()}</p>
                    {match why_not {
                        Some(error) => view! {
                            <div><DisabledButton label=texts.catalogue_begin() describedby="no-draft"/></div>
                            <Why id="no-draft" kind=WhyKind::of(&error) text=words::refusal(texts, &error)/>
                        }
                        .into_any(),
                        None => view! { <Begin/> }.into_any(),
                    }}
                </div>
            </section>
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.catalogue_versions()}</h2></div>
                <Show
                    when=move || any.get()
                    fallback=move || {
                        view! {
                            <Empty title=texts.catalogue_none_title() text=texts.catalogue_none_text()/>
                        }
                    }
                >
                    <Ledger
                        caption=texts.catalogue_versions()
                        columns=vec![
                            Column::new(texts.catalogue_column_title()),
                            Column::new(texts.common_status()),
                            Column::new(texts.catalogue_column_from()),
                            Column::new(texts.catalogue_column_reach()),
                            Column::new(texts.catalogue_column_changed()),
                        ]
                    >
                        {rows}
                    </Ledger>
                </Show>
            </section>
        </main>
    }
}

#[component]
fn Begin() -> impl IntoView {
    let texts = texts();
    let form = Form::new("begin_catalogue_draft", "");
    view! {
        <PostForm form=form class="form">
            <TextField
                id=form.id(Field::Title)
                name=Field::Title.code()
                label=texts.catalogue_column_title()
                value=form.value(Field::Title, "")
                help=texts.catalogue_title_help()
                error=form.field_error(Field::Title)
                maxlength=100_u32
                required=true
            />
            <div class="form-foot"><SubmitButton label=texts.catalogue_begin() busy=form.pending/></div>
        </PostForm>
    }
}

/// Whom a version reaches.
fn reach(texts: Texts, row: &DraftRow) -> &'static str {
    match (row.state, row.existing) {
        (DraftState::Draft | DraftState::Withdrawn, _) => "",
        (_, true) => texts.catalogue_reach_existing(),
        (_, false) => texts.catalogue_reach_new(),
    }
}

fn row(texts: Texts, row: &DraftRow) -> AnyView {
    let version = row.version.map(|version| view! { <small>{texts.catalogue_version(version)}</small> });
    let from = row.from.map(|day| format::date(texts.language(), day));
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">
                <a href=format!("{PATH}/{}", row.id)>{row.title.clone()}</a>
                {version}
            </th>
            <td role="cell" data-label=texts.common_status()><StatusByCode code=row.state.code()/></td>
            <td role="cell" data-label=texts.catalogue_column_from()>{from}</td>
            <td role="cell" data-label=texts.catalogue_column_reach()>{reach(texts, row)}</td>
            <td role="cell" data-label=texts.catalogue_column_changed()>
                <div>{when(row.changed)}<small>{row.changed_by.clone()}</small></div>
            </td>
        </tr>
    }
    .into_any()
}
