//! One key of a pool: whose it is and who had it shown. The key itself comes with the answer to a post only.

use domain::view::benefits::WhyNot;
use domain::view::form::Shown;
use domain::view::key_pools::{
    BatchDetail, DrawnKey, KeyDetail, KeyInspection, KeyPoolPage, ReplacedKey, SeenKey, key_label,
};
use leptos::prelude::*;
use locales::Texts;

use super::item::when;
use crate::components::{
    ButtonTone, Column, DisabledButton, IconName, KeyOutput, Ledger, Notice, StatusByCode, SubmitButton,
    Tone, Why, WhyKind,
};
use crate::forms::{Form, PostForm, ReasonField};
use crate::i18n::texts;
use crate::load::part_of;
use crate::words;

/// The address of a key's page.
fn address(product: &str, key: impl std::fmt::Display) -> String {
    format!("/operator/keys/{product}?key={key}#key")
}

/// Who had which key of a batch shown, with the list as a file.
pub(super) fn seen_of_batch(texts: Texts, product: &str, list: &str, detail: &BatchDetail) -> AnyView {
    if detail.seen.is_empty() {
        return view! { <p class="muted">{texts.key_pools_seen_none()}</p> }.into_any();
    }
    let (page, place) = list.split_once('#').unwrap_or((list, ""));
    let more = detail.seen_before.map(|before| {
        let href = format!("{page}&before={before}#{place}");
        view! { <a class="button" href=href>{texts.key_pools_seen_more()}</a> }
    });
    let file = format!("/operator/keys/batches/{}/seen.csv", detail.row.id);
    view! {
        {seen(texts, Some(product), &detail.seen)}
        <div class="actions">
            {more} <a class="button" href=file download="" rel="external">{texts.key_pools_seen_file()}</a>
        </div>
    }
    .into_any()
}

/// A list of who had keys shown; with a product, each key leads to its page.
fn seen(texts: Texts, product: Option<&str>, seen: &[SeenKey]) -> impl IntoView + use<> {
    let key = product.map(|_| Column::new(texts.key_pools_column_key()));
    let columns: Vec<Column> = [
        texts.common_person(),
        texts.key_pools_column_company(),
        texts.key_pools_column_first(),
        texts.key_pools_column_last_seen(),
    ]
    .into_iter()
    .map(Column::new)
    .chain(key)
    .chain([Column::new(texts.common_status())])
    .collect();
    let rows = seen
        .iter()
        .map(|seen| {
            let key = product.map(|product| {
                let href = address(product, seen.key);
                view! {
                    <td role="cell" data-label=texts.key_pools_column_key()>
                        <a class="mono" href=href>{key_label(seen.key)}</a>
                    </td>
                }
            });
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row">{seen.person.clone()}</th>
                    <td role="cell" data-label=texts.key_pools_column_company()>{seen.company.clone()}</td>
                    <td role="cell" data-label=texts.key_pools_column_first()>{when(seen.first)}</td>
                    <td role="cell" data-label=texts.key_pools_column_last_seen()>{when(seen.last)}</td>
                    {key}
                    <td role="cell" data-label=texts.common_status()>
                        <StatusByCode code=seen.state.clone()/>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! { <Ledger caption=texts.key_pools_key_seen() columns=columns>{rows}</Ledger> }
}

/// The key that the page's address names.
#[component]
pub(super) fn OpenKey(page: Signal<KeyPoolPage>) -> impl IntoView {
    let key = Memo::new(move |_| page.with(|page| page.key.as_ref().map(|key| key.id)));
    move || {
        let id = key.get()?;
        let detail = part_of(page, move |page| page.key.as_deref().filter(|key| key.id == id).cloned())?;
        Some(view! { <Key page=page key=detail.into()/> })
    }
}

#[component]
fn Key(page: Signal<KeyPoolPage>, key: Signal<KeyDetail>) -> impl IntoView {
    let texts = texts();
    let id = key.with_untracked(|key| key.id);
    let close = page.with_untracked(|page| format!("/operator/keys/{}", page.row.product));
    let why_not = key.with_untracked(|key| key.why_not.clone());
    let product = page.with_untracked(|page| page.row.product.clone());
    let facts = move || key.with(|key| facts(texts, &product, key));
    let readers = move || key.with(|key| seen_of_key(texts, key));
    view! {
        <section class="sheet" id="key">
            <div class="sheet-head">
                <h2>{texts.key_pools_key(key_label(id))}</h2>
                <a class="button" href=close>{texts.key_pools_close_key()}</a>
            </div>
            <div class="in split">
                <div class="stack">{facts}</div>
                <div class="stack"><ShowKey id=id.to_string() why_not=why_not/></div>
            </div>
            <div class="in stack">{readers}</div>
        </section>
    }
}

fn facts(texts: Texts, product: &str, key: &KeyDetail) -> AnyView {
    let batch = key.batch.clone().map(|(id, name)| {
        let href = format!("/operator/keys/{product}?open={id}#batch-{id}");
        view! { <dt>{texts.key_pools_key_batch()}</dt><dd><a href=href>{name}</a></dd> }
    });
    let drawn = match key.drawn.clone() {
        None => view! { <p class="muted">{texts.key_pools_key_nobody()}</p> }.into_any(),
        Some(DrawnKey { company, holder, at }) => {
            let holder =
                holder.map(|holder| view! { <dt>{texts.key_pools_key_holder()}</dt><dd>{holder}</dd> });
            view! {
                <dl class="facts">
                    <dt>{texts.key_pools_key_company()}</dt>
                    <dd>{company}</dd>
                    {holder}
                    <dt>{texts.key_pools_key_drawn()}</dt>
                    <dd>{when(at)}</dd>
                </dl>
            }
            .into_any()
        }
    };
    let replaced = key.replaced.clone().map(|ReplacedKey { at, by, reason }| {
        view! {
            <Notice tone=Tone::Wait>
                <p>{texts.key_pools_key_replaced(by, when(at))}</p>
                <blockquote>{reason}</blockquote>
            </Notice>
        }
    });
    view! {
        <dl class="facts">
            <dt>{texts.common_status()}</dt>
            <dd><StatusByCode code=key.state.clone()/></dd>
            {batch}
        </dl>
        {drawn}
        {replaced}
    }
    .into_any()
}

fn seen_of_key(texts: Texts, key: &KeyDetail) -> AnyView {
    let readers = if key.seen.is_empty() {
        view! { <p class="muted">{texts.key_pools_seen_none()}</p> }.into_any()
    } else {
        seen(texts, None, &key.seen).into_any()
    };
    let inspections = (!key.inspections.is_empty()).then(|| {
        let rows = key
            .inspections
            .iter()
            .map(|KeyInspection { by, at, reason }| {
                view! {
                    <li>
                        <p><strong>{by.clone()}</strong> " " <span class="muted">{when(*at)}</span></p>
                        <blockquote>{reason.clone()}</blockquote>
                    </li>
                }
            })
            .collect_view();
        view! { <h3>{texts.key_pools_key_inspections()}</h3><ul class="plain stack">{rows}</ul> }
    });
    view! { <h3>{texts.key_pools_key_seen()}</h3> {readers} {inspections} }.into_any()
}

/// The form that shows the key, and the key in its answer.
#[component]
fn ShowKey(id: String, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    let form = Form::new("inspect_key", id);
    if let Some(error) = why_not {
        return view! {
            <div><DisabledButton label=texts.key_pools_show_key() describedby="no-show-key"/></div>
            <Why id="no-show-key" kind=WhyKind::of(&error) text=words::refusal(texts, &error)/>
        }
        .into_any();
    }
    view! {
        {move || match form.shown().get() {
            Some(Shown::Key { key, .. }) => {
                view! { <KeyOutput key=key name=texts.software_product_key()/> }.into_any()
            }
            _ => view! {
                <PostForm form=form class="stack">
                    <ReasonField form=form/>
                    <p class="small muted">{texts.key_pools_show_key_note()}</p>
                    <SubmitButton
                        label=texts.key_pools_show_key()
                        icon=IconName::Key
                        tone=ButtonTone::Secondary
                        busy=form.pending
                    />
                </PostForm>
            }
                .into_any(),
        }}
    }
    .into_any()
}
