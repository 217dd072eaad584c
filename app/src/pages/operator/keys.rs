//! Key pools: how many keys are in which state, and which pools run low. No key stands here.

use domain::Field;
use domain::view::key_pools::{KeyCounts, KeyPoolsPage, PoolRow};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::{Texts, format};

use super::item::when;
use crate::components::{ButtonTone, Column, Empty, Ledger, Status, StatusKind, SubmitButton, TextField};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::key_pools::key_pools;

/// The page **Product keys**.
#[component]
pub fn Keys() -> impl IntoView {
    load(|| (), |()| key_pools(), |page| view! { <Page page=page/> })
}

/// The head of a column that counts keys, and which of them.
type Counted = (&'static str, fn(&KeyCounts) -> i64);

/// Columns that count keys.
pub(super) fn counted(texts: Texts) -> [Counted; 5] {
    let name = |code| texts.find_status(code).unwrap_or_default();
    [
        (name("free"), |counts| counts.free),
        (name("held"), |counts| counts.held),
        (name("spent"), |counts| counts.spent),
        (name("withdrawn"), |counts| counts.withdrawn),
        (name("replaced"), |counts| counts.replaced),
    ]
}

#[component]
fn Page(page: Signal<KeyPoolsPage>) -> impl IntoView {
    let texts = texts();
    let number = move |value: i64| format::number(texts.language(), value);
    let total =
        move |of: fn(&PoolRow) -> i64| move || page.with(|page| number(page.rows.iter().map(of).sum()));
    let columns: Vec<Column> = std::iter::once(Column::new(texts.key_pools_column_product()))
        .chain(counted(texts).map(|(name, _)| Column::new(name)))
        .chain([Column::new(texts.key_pools_column_threshold()), Column::new(texts.key_pools_column_last())])
        .collect();
    let rows = move || page.with(|page| page.rows.iter().map(|pool| row(texts, pool)).collect_view());
    let any = Memo::new(move |_| page.with(|page| !page.rows.is_empty()));
    view! {
        <Title text=texts.common_page_title(texts.navigation_keys())/>
        <main class="page" id="main" data-density="compact">
            <div class="head">
                <div><h1>{texts.navigation_keys()}</h1><p>{texts.key_pools_lead()}</p></div>
                <dl class="totals">
                    <div><dt>{texts.key_pools_total_low()}</dt><dd>{total(|pool| i64::from(pool.low()))}</dd></div>
                    <div><dt>{texts.key_pools_total_free()}</dt><dd>{total(|pool| pool.counts.free)}</dd></div>
                </dl>
            </div>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.key_pools_find()}</h2></div>
                <div class="in"><FindKey/></div>
            </section>
            <section class="sheet">
                <Show
                    when=move || any.get()
                    fallback=move || {
                        view! { <Empty title=texts.key_pools_none_title() text=texts.key_pools_none_text()/> }
                    }
                >
                    <Ledger caption=texts.navigation_keys() columns=columns.clone()>{rows}</Ledger>
                </Show>
            </section>
        </main>
    }
}

/// Finds the key that somebody was sent. It goes in the body of a post, never in an address.
#[component]
fn FindKey() -> impl IntoView {
    let texts = texts();
    let form = Form::new("find_key", "");
    view! {
        <PostForm form=form class="form">
            <TextField
                id=form.id(Field::ProductKey)
                name=Field::ProductKey.code()
                label=texts.find_field(Field::ProductKey.code()).unwrap_or_default()
                help=texts.key_pools_find_help()
                error=form.field_error(Field::ProductKey)
                maxlength=100_u32
                wide=true
                required=true
            />
            <div class="form-foot">
                <SubmitButton label=texts.key_pools_find() tone=ButtonTone::Secondary busy=form.pending/>
            </div>
        </PostForm>
    }
}

fn row(texts: Texts, pool: &PoolRow) -> AnyView {
    let number = |value: i64| format::number(texts.language(), value);
    let counts = counted(texts)
        .map(|(name, of)| {
            let shown = number(of(&pool.counts));
            view! { <td role="cell" class="num" data-label=name>{shown}</td> }
        })
        .collect_view();
    view! {
        <tr role="row" id=pool.product.clone()>
            <th role="rowheader" scope="row">
                <a href=format!("/operator/keys/{}", pool.product)>{pool.name.clone()}</a>
                {low(texts, pool)}
            </th>
            {counts}
            <td role="cell" class="num" data-label=texts.key_pools_column_threshold()>
                {if pool.threshold == 0 { texts.key_pools_no_threshold().to_owned() } else { number(pool.threshold) }}
            </td>
            <td role="cell" data-label=texts.key_pools_column_last()>
                {match (pool.importing, pool.last_import) {
                    (true, _) => view! { <Status kind=StatusKind::Waiting text=texts.key_pools_importing()/> }.into_any(),
                    (false, Some(stamp)) => when(stamp).into_any(),
                    (false, None) => texts.key_pools_never().into_any(),
                }}
            </td>
        </tr>
    }
    .into_any()
}

/// The warning of a pool that runs low.
pub(super) fn low(texts: Texts, pool: &PoolRow) -> Option<AnyView> {
    pool.low().then(|| view! { <Status kind=StatusKind::Failed text=texts.key_pools_low()/> }.into_any())
}
