//! One key pool: its threshold, the import of keys, and the batches that came.

use domain::error::FieldError;
use domain::ids::KeyBatchId;
use domain::key_import::{BATCH_NAME_MAX, KEYS_MAX, THRESHOLD_MAX};
use domain::view::benefits::WhyNot;
use domain::view::key_pools::{
    BATCH_ROWS, BatchDetail, BatchRow, BatchState, FAULT_LINES, FaultyLine, KeyPoolPage, KeyPoolQuery,
    LineFault, WithdrawnBatch,
};
use domain::{Error, ErrorCode, Field};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use super::item::when;
use super::key::{OpenKey, seen_of_batch};
use super::keys::{counted, low};
use crate::components::{
    ButtonTone, Column, DisabledButton, Empty, Ledger, Notice, Opener, Pagination, Status, StatusByCode,
    StatusKind, SubmitButton, TextField, Tick, Tone, Voucher, Why, WhyKind,
};
use crate::forms::{Form, PostForm, ReasonField};
use crate::i18n::texts;
use crate::load::{OperationBase, load, part_of};
use crate::server_fns::key_pools::key_pool;
use crate::words;

const COLUMNS: usize = 7;

fn read(product: Option<String>, parameters: &ParamsMap) -> KeyPoolQuery {
    KeyPoolQuery {
        product: product.unwrap_or_default().chars().take(100).collect(),
        open: parameters.get("open").and_then(|open| open.parse().ok()),
        before: parameters.get("before").and_then(|before| before.parse().ok()),
        key: parameters.get("key").and_then(|key| key.parse().ok()),
        page: parameters.get("page").and_then(|page| page.parse().ok()).unwrap_or(1),
    }
}

fn address(product: &str, page: u32, open: Option<KeyBatchId>) -> String {
    let page = (page > 1).then(|| format!("page={page}"));
    let open = open.map(|open| format!("open={open}#batch-{open}"));
    let query: Vec<String> = page.into_iter().chain(open).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/operator/keys/{product}{mark}{}", query.join("&"))
}

/// The page of a product's keys.
#[component]
pub fn KeyPool() -> impl IntoView {
    let (parameters, query) = (use_params_map(), use_query_map());
    let query = Memo::new(move |_| read(parameters.with(|map| map.get("product")), &query.get()));
    load(move || query.get(), key_pool, move |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<KeyPoolPage>) -> impl IntoView {
    let texts = texts();
    let (product, name) = page.with_untracked(|page| (page.row.product.clone(), page.row.name.clone()));
    let why_not = page.with_untracked(|page| page.why_not_import.clone());
    let takes_counts = page.with_untracked(|page| page.takes_counts);
    let version = Memo::new(move |_| page.with(|page| (page.version, page.row.threshold)));
    let warning = move || page.with(|page| low(texts, &page.row));
    let counts = move || {
        page.with(|page| {
            counted(texts)
                .into_iter()
                .take(3)
                .map(|(name, of)| {
                    let shown = format::number(texts.language(), of(&page.row.counts));
                    view! { <div><dt>{name}</dt><dd>{shown}</dd></div> }
                })
                .collect_view()
        })
    };
    let threshold = {
        let (product, why_not) = (product.clone(), why_not.clone());
        move || {
            let (version, threshold) = version.get();
            view! {
                <Threshold product=product.clone() version=version threshold=threshold why_not=why_not.clone()/>
            }
        }
    };
    view! {
        <Title text=texts.common_page_title(&name)/>
        <main class="page" id="main" data-density="compact">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/operator/keys">{texts.navigation_keys()}</a></li>
                        <li aria-current="page">{name.clone()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div><h1>{name}</h1>{warning}</div>
                    <dl class="totals">{counts}</dl>
                </div>
            </div>
            <OpenKey page=page/>
            <div class="split">
                <section class="sheet" id="import">
                    <div class="sheet-head"><h2>{texts.key_pools_import()}</h2></div>
                    <div class="in stack"><Import product=product takes_counts=takes_counts why_not=why_not/></div>
                </section>
                <section class="sheet">
                    <div class="sheet-head"><h2>{texts.key_pools_column_threshold()}</h2></div>
                    <div class="in stack">{threshold}</div>
                </section>
            </div>
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.key_pools_batches()}</h2></div>
                <Batches page=page/>
            </section>
        </main>
    }
}

#[component]
fn Threshold(product: String, version: i64, threshold: i64, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    let form = Form::new("set_key_threshold", product);
    let action = match why_not {
        None => view! {
            <SubmitButton label=texts.key_pools_save_threshold() tone=ButtonTone::Secondary busy=form.pending/>
        }
        .into_any(),
        Some(error) => view! {
            <DisabledButton label=texts.key_pools_save_threshold() describedby="no-threshold"/>
            <Why id="no-threshold" kind=WhyKind::Right text=words::refusal(texts, &error)/>
        }
        .into_any(),
    };
    view! {
        <PostForm form=form class="form">
            <input type="hidden" name="version" value=version/>
            <TextField
                id=form.id(Field::Threshold)
                name=Field::Threshold.code()
                label=texts.key_pools_threshold_label()
                value=form.value(Field::Threshold, threshold.to_string())
                help=texts.key_pools_threshold_help(format::number(texts.language(), THRESHOLD_MAX))
                error=form.field_error(Field::Threshold)
                inputmode="numeric"
                required=true
            />
            <div class="form-foot">{action}</div>
        </PostForm>
    }
}

/// What the last try came to, as its address says: the keys themselves don't come back.
struct Tried {
    batch: String,
    source: String,
    fault: Option<Error>,
}

impl Tried {
    fn read(parameters: &ParamsMap) -> Self {
        let get = |name: &str| parameters.get(name).unwrap_or_default();
        let fault = ErrorCode::from_code(&get("fault")).map(|code| {
            let most = i64::try_from(KEYS_MAX).unwrap_or(i64::MAX);
            let error = Error::new(code);
            if code == ErrorCode::TooManyRows { error.with_number(most) } else { error }
        });
        let short = |text: String| text.chars().take(BATCH_NAME_MAX * 2).collect();
        Self { batch: short(get("batch")), source: short(get("source")), fault }
    }
}

/// What is wrong about a field of the form, from its address. The field's own name is taken by what was typed.
fn fault_of(parameters: &ParamsMap, field: Field) -> Option<String> {
    let code = ErrorCode::from_code(&parameters.get(&format!("wrong_{}", field.code()))?)?;
    let number = (code == ErrorCode::TooLong).then(|| i64::try_from(BATCH_NAME_MAX).unwrap_or(i64::MAX));
    Some(words::field(texts(), &FieldError { field, code, number }))
}

#[component]
fn Import(product: String, takes_counts: bool, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    if let Some(error) = why_not {
        return view! {
            <DisabledButton label=texts.key_pools_import() describedby="no-import"/>
            <Why id="no-import" kind=WhyKind::Right text=words::refusal(texts, &error)/>
        }
        .into_any();
    }
    let parameters = use_query_map().get_untracked();
    let Tried { batch, source, fault } = Tried::read(&parameters);
    let wrong = |field| Signal::stored(fault_of(&parameters, field));
    let (batch_fault, source_fault) = (wrong(Field::Batch), wrong(Field::KeySource));
    let keys_fault = fault_of(&parameters, Field::ProductKeys);
    let notice = fault.map(|error| {
        let text = words::refusal(texts, &error);
        view! { <Notice tone=Tone::Stop role="alert"><p>{text}</p><p>{texts.key_pools_again()}</p></Notice> }
    });
    let base = use_context::<OperationBase>().map(|base| base.0).unwrap_or_default();
    let most = format::number(texts.language(), i64::try_from(KEYS_MAX).unwrap_or(i64::MAX));
    let described = if keys_fault.is_some() { "keys-error" } else { "keys-help" };
    view! {
        {notice}
        <form
            method="post"
            action=format!("/operator/keys/{product}/file")
            enctype="multipart/form-data"
            class="form"
            autocomplete="off"
        >
            <input type="hidden" name="operation" value=format!("{base}:import_keys:{product}")/>
            <TextField
                id="batch"
                name="batch"
                label=texts.find_field(Field::Batch.code()).unwrap_or_default()
                value=batch
                help=texts.key_pools_batch_help()
                error=batch_fault
                maxlength=80_u32
                required=true
            />
            <TextField
                id="source"
                name="source"
                label=texts.find_field(Field::KeySource.code()).unwrap_or_default()
                value=source
                help=texts.key_pools_source_help()
                error=source_fault
                maxlength=80_u32
                required=true
            />
            <div class="field full">
                <label for="keys-file">{texts.key_pools_file()}</label>
                <input type="file" id="keys-file" name="file" accept=".csv,.txt,text/csv,text/plain" aria-describedby=described/>
            </div>
            <div class="field full">
                <label for="product-keys">{texts.key_pools_paste()}</label>
                <textarea
                    id="product-keys"
                    name="product_keys"
                    rows="6"
                    class="mono"
                    spellcheck="false"
                    aria-describedby=described
                    aria-invalid=keys_fault.is_some().then_some("true")
                ></textarea>
                {match keys_fault {
                    Some(fault) => view! { <p class="error" id="keys-error">{fault}</p> }.into_any(),
                    None => view! {
                        <p class="help" id="keys-help">
                            {if takes_counts { texts.key_pools_keys_counts(most) } else { texts.key_pools_keys_help(most) }}
                        </p>
                    }
                        .into_any(),
                }}
            </div>
            <div class="form-foot">
                <SubmitButton label=texts.key_pools_import()/>
                <p class="small muted">{texts.key_pools_sealed()}</p>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Batches(page: Signal<KeyPoolPage>) -> impl IntoView {
    let texts = texts();
    let columns: Vec<Column> = [
        texts.key_pools_column_batch(),
        texts.common_status(),
        texts.key_pools_accepted(),
        texts.key_pools_duplicate(),
        texts.key_pools_malformed(),
        texts.key_pools_column_came(),
    ]
    .into_iter()
    .map(Column::new)
    .chain([Column::silent(texts.common_details())])
    .collect();
    let any = Memo::new(move |_| page.with(|page| page.total > 0));
    // A batch that is open stands on whichever page of the list: its row comes first where the page has it not.
    let ids = Memo::new(move |_| {
        page.with(|page| {
            let open = page.open.as_ref().map(|open| open.row.id);
            let elsewhere = open.filter(|open| !page.batches.iter().any(|batch| batch.id == *open));
            elsewhere.into_iter().chain(page.batches.iter().map(|batch| batch.id)).collect::<Vec<_>>()
        })
    });
    let pages = move || {
        page.with(|page| {
            let product = page.row.product.clone();
            (page.total > i64::from(BATCH_ROWS)).then(|| {
                view! {
                    <Pagination
                        page=page.page
                        per_page=BATCH_ROWS
                        total=page.total
                        href=move |page| address(&product, page, None)
                    />
                }
            })
        })
    };
    view! {
        <Show
            when=move || any.get()
            fallback=move || view! { <Empty title=texts.key_pools_no_batch_title() text=texts.key_pools_no_batch_text()/> }
        >
            <Ledger caption=texts.key_pools_batches() columns=columns.clone()>
                <For each=move || ids.get() key=|id| *id let:id>
                    <Batch id=id page=page/>
                </For>
            </Ledger>
            {pages}
        </Show>
    }
}

fn find(page: &KeyPoolPage, id: KeyBatchId) -> Option<BatchRow> {
    let open = page.open.as_ref().map(|open| &open.row);
    page.batches.iter().chain(open).find(|batch| batch.id == id).cloned()
}

#[component]
fn Batch(id: KeyBatchId, page: Signal<KeyPoolPage>) -> impl IntoView {
    let texts = texts();
    let Some(batch) = part_of(page, move |page| find(page, id)) else { return ().into_any() };
    let opened =
        Memo::new(move |_| page.with(|page| page.open.as_ref().is_some_and(|open| open.row.id == id)));
    let href = Signal::derive(move || {
        let open = (!opened.get()).then_some(id);
        page.with(|page| address(&page.row.product, page.page, open))
    });
    let number = move |value: i64| format::number(texts.language(), value);
    let cells = move || {
        let BatchRow { name, source, by, created, accepted, duplicate, malformed, .. } = batch.get();
        let by = by.unwrap_or_else(|| texts.key_pools_by_command().to_owned());
        let shown_name = name.clone();
        view! {
            <th role="rowheader" scope="row">{name}<small>{source}</small></th>
            <td role="cell" data-label=texts.common_status()>{move || batch.with(|batch| state(texts, batch))}</td>
            <td role="cell" class="num" data-label=texts.key_pools_accepted()>{number(accepted)}</td>
            <td role="cell" class="num" data-label=texts.key_pools_duplicate()>{number(duplicate)}</td>
            <td role="cell" class="num" data-label=texts.key_pools_malformed()>{number(malformed)}</td>
            <td role="cell" data-label=texts.key_pools_column_came()><div>{when(created)}<small>{by}</small></div></td>
            <td role="cell" class="end">
                <Opener href=href open=opened name=shown_name source=texts.key_pools_column_batch()/>
            </td>
        }
        .into_any()
    };
    view! {
        <tr role="row" id=format!("batch-{id}") class:open=move || opened.get()>{cells}</tr>
        {move || {
            opened
                .get()
                .then(|| {
                    view! {
                        <tr role="row" class="detail">
                            <td role="cell" colspan=COLUMNS.to_string()><Detail id=id page=page/></td>
                        </tr>
                    }
                })
        }}
    }
    .into_any()
}

/// Where an import stands, with how far it is.
fn state(texts: Texts, batch: &BatchRow) -> AnyView {
    let number = |value: i64| format::number(texts.language(), value);
    if batch.withdrawn {
        return view! { <StatusByCode code="withdrawn"/> }.into_any();
    }
    match batch.state {
        BatchState::Importing => {
            let text = texts.key_pools_progress(number(batch.lines), number(batch.position));
            view! { <Status kind=StatusKind::Waiting text=text/> }.into_any()
        }
        BatchState::Done => {
            view! { <Status kind=StatusKind::Active text=texts.key_pools_done()/> }.into_any()
        }
        BatchState::Cancelled => view! { <StatusByCode code="cancelled"/> }.into_any(),
    }
}

#[component]
fn Detail(id: KeyBatchId, page: Signal<KeyPoolPage>) -> impl IntoView {
    let texts = texts();
    let open = move |page: &KeyPoolPage| page.open.as_deref().filter(|open| open.row.id == id).cloned();
    let Some(detail) = part_of(page, open) else { return ().into_any() };
    let importing = Memo::new(move |_| detail.with(|detail| detail.row.state == BatchState::Importing));
    let why_not = page.with_untracked(|page| page.why_not_import.clone());
    let counts = move || {
        detail.with(|detail| {
            counted(texts)
                .map(|(name, of)| {
                    let shown = format::number(texts.language(), of(&detail.counts));
                    view! { <dt>{name}</dt><dd>{shown}</dd> }
                })
                .collect_view()
        })
    };
    let why_not_withdraw = page.with_untracked(|page| page.why_not_withdraw.clone());
    let withdrawn = Memo::new(move |_| detail.with(|detail| detail.withdrawn.clone()));
    let withdraw = move || match withdrawn.get() {
        Some(WithdrawnBatch { at, by, reason }) => view! {
            <Notice tone=Tone::Stop>
                <p>{texts.key_pools_withdrawn(by, when(at))}</p>
                <blockquote>{reason}</blockquote>
            </Notice>
        }
        .into_any(),
        None => view! { <Withdraw id=id why_not=why_not_withdraw.clone()/> }.into_any(),
    };
    let product = page.with_untracked(|page| page.row.product.clone());
    let at = page.with_untracked(|page| page.page);
    let seen = move || {
        detail.with(|detail| {
            let list = address(&product, at, Some(id));
            seen_of_batch(texts, &product, &list, detail)
        })
    };
    let cancel = move || importing.get().then(|| view! { <Cancel id=id why_not=why_not.clone() page=page/> });
    view! {
        <div class="split">
            <div class="stack">
                <h3>{texts.key_pools_now()}</h3>
                <dl class="facts">{counts}</dl>
            </div>
            <div class="stack">
                <h3>{texts.key_pools_left_out()}</h3>
                {move || detail.with(|detail| left_out(texts, detail))}
                {cancel}
            </div>
        </div>
        <div class="stack">
            <h3>{texts.key_pools_seen()}</h3>
            {seen}
            {withdraw}
        </div>
    }
    .into_any()
}

/// Takes a batch out of use: what that costs stands left of the perforation.
#[component]
fn Withdraw(id: KeyBatchId, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    let form = Form::new("withdraw_key_batch", id);
    if let Some(error) = why_not {
        return view! {
            <div><DisabledButton label=texts.key_pools_withdraw() describedby="no-withdraw"/></div>
            <Why id="no-withdraw" kind=WhyKind::Right text=words::refusal(texts, &error)/>
        }
        .into_any();
    }
    let stub = move || {
        view! {
            <ReasonField form=form/>
            <Tick
                id=form.id(Field::Accept)
                name=Field::Accept.code()
                label=texts.key_pools_withdraw_accept()
                required=true
                error=form.field_error(Field::Accept)
            />
            <SubmitButton label=texts.key_pools_withdraw() tone=ButtonTone::DangerPrimary busy=form.pending/>
        }
    };
    view! {
        <details class="disclose" open=form.refused()>
            <summary class="button danger">{texts.key_pools_withdraw()}</summary>
            <PostForm form=form class="wide">
                <Voucher stub=stub>
                    <h4>{texts.key_pools_withdraw_what()}</h4>
                    <p>{texts.key_pools_withdraw_free()}</p>
                    <p>{texts.key_pools_withdraw_held()}</p>
                </Voucher>
            </PostForm>
        </details>
    }
    .into_any()
}

#[component]
fn Cancel(id: KeyBatchId, why_not: WhyNot, page: Signal<KeyPoolPage>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("cancel_key_import", id);
    let again = page.with_untracked(|page| address(&page.row.product, page.page, Some(id)));
    let action = match why_not {
        None => view! {
            <SubmitButton label=texts.key_pools_cancel() tone=ButtonTone::Danger busy=form.pending describedby="stays"/>
        }
        .into_any(),
        Some(error) => view! {
            <DisabledButton label=texts.key_pools_cancel() describedby="no-cancel"/>
            <Why id="no-cancel" kind=WhyKind::Right text=words::refusal(texts, &error)/>
        }
        .into_any(),
    };
    view! {
        <PostForm form=form class="stack">
            <p class="small muted" id="stays">{texts.key_pools_cancel_note()}</p>
            <div class="row">
                {action}
                <a href=again rel="external">{texts.key_pools_look_again()}</a>
            </div>
        </PostForm>
    }
}

/// The lines that brought no key, by their numbers: neighbours together.
fn left_out(texts: Texts, detail: &BatchDetail) -> AnyView {
    let BatchRow { duplicate, malformed, .. } = detail.row;
    if duplicate + malformed == 0 {
        return view! { <p class="muted">{texts.key_pools_none_left_out()}</p> }.into_any();
    }
    let lines = |fault: LineFault| {
        let ranges = ranges(&detail.faults, fault);
        let shown: Vec<String> = ranges
            .into_iter()
            .map(|(first, last)| {
                let number = |line| format::number(texts.language(), line);
                if first == last { number(first) } else { format!("{}–{}", number(first), number(last)) }
            })
            .collect();
        (!shown.is_empty()).then(|| shown.join(", "))
    };
    let part = |name: &'static str, lines: Option<String>| {
        lines.map(|lines| view! { <dt>{name}</dt><dd>{lines}</dd> })
    };
    let listed = i64::try_from(detail.faults.len()).unwrap_or(i64::MAX);
    let more = (duplicate + malformed > listed && detail.faults.len() >= FAULT_LINES as usize).then(|| {
        view! { <p class="small muted">{texts.key_pools_more_lines(duplicate + malformed - listed)}</p> }
    });
    view! {
        <dl class="facts">
            {part(texts.key_pools_lines_duplicate(), lines(LineFault::Duplicate))}
            {part(texts.key_pools_lines_malformed(), lines(LineFault::Malformed))}
        </dl>
        {more}
    }
    .into_any()
}

/// Lines with this fault as ranges, in the file's order.
fn ranges(faults: &[FaultyLine], fault: LineFault) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for line in faults.iter().filter(|line| line.fault == fault).map(|line| line.line) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == line => *last = line,
            _ => ranges.push((line, line)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use domain::view::key_pools::{FaultyLine, LineFault};

    use super::{address, ranges};

    #[test]
    fn neighbouring_lines_stand_together() {
        let faults = [1, 2, 3, 7, 9, 10].map(|line| FaultyLine { line, fault: LineFault::Duplicate });
        assert_eq!(ranges(&faults, LineFault::Duplicate), [(1, 3), (7, 7), (9, 10)]);
        assert_eq!(ranges(&faults, LineFault::Malformed), []);
    }

    #[test]
    fn the_address_says_page_and_batch() {
        assert_eq!(address("windows", 1, None), "/operator/keys/windows");
        assert_eq!(address("windows", 2, None), "/operator/keys/windows?page=2");
        let id = domain::ids::KeyBatchId(uuid::Uuid::nil());
        assert_eq!(
            address("windows", 2, Some(id)),
            format!("/operator/keys/windows?page=2&open={id}#batch-{id}")
        );
    }
}
