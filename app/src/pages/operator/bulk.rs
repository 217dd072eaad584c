//! The same for several requests at once; the boxes stand in their rows.

use domain::Field;
use domain::view::operator::{QueuePage, QueueQuery};
use leptos::prelude::*;

use super::decide::label;
use super::queue::write;
use super::ticks::Ticks;
use crate::components::{ButtonTone, Choice, Notice, SelectField, SubmitButton, Tone, hydrated};
use crate::forms::{Form, PostForm, ReasonField};
use crate::i18n::texts;

/// Id of the form; boxes name it.
pub(super) const BULK: &str = "work-requests";
/// Code of the form.
pub(super) const FORM: &str = "work_requests";

/// Whether the page has the form.
pub(super) fn is_there(page: Signal<QueuePage>, ticks: Ticks) -> Memo<bool> {
    let elsewhere = ticks.elsewhere(page);
    Memo::new(move |_| {
        let (works, any) = page.with(|page| (page.why_not.is_none(), !page.rows.is_empty()));
        works && (any || !elsewhere.with(Vec::is_empty))
    })
}

/// The form that the boxes belong to.
#[component]
pub(super) fn Bulk(query: Memo<QueueQuery>, page: Signal<QueuePage>, ticks: Ticks) -> impl IntoView {
    let texts = texts();
    let there = is_there(page, ticks);
    view! {
        <Show when=move || there.get()>
            <div class="in stack bulk">
                <h2 class="h3">{texts.queue_bulk()}</h2>
                <Fields query=query page=page ticks=ticks/>
            </div>
        </Show>
    }
}

#[component]
fn Fields(query: Memo<QueueQuery>, page: Signal<QueuePage>, ticks: Ticks) -> impl IntoView {
    let texts = texts();
    let form = Form::new(FORM, "");
    let ready = hydrated();
    Effect::new(move |_| {
        // What was worked on is ticked no longer.
        if form.done.with(Option::is_some) {
            ticks.clear();
        }
    });
    let colleagues: Vec<Choice> = page.with_untracked(|page| {
        page.colleagues.iter().map(|one| Choice::new(one.account.to_string(), one.name.clone())).collect()
    });
    let told = move || {
        form.done.get().map(|done| {
            let tone = Tone::of(done.extent);
            view! { <Notice tone=tone role=tone.role()><p class="lines">{done.message}</p></Notice> }
        })
    };
    let button = move |what: &'static str, label: &'static str, tone: ButtonTone| {
        view! { <SubmitButton label=label tone=tone busy=form.pending name="decision" value=what/> }
    };
    view! {
        <PostForm form=form id=BULK class="stack">
            <p class="muted small" id=form.id(Field::Requests)>{texts.queue_bulk_note()}</p>
            {move || (!ready.get()).then(|| view! { <p class="muted small">{texts.queue_bulk_apply()}</p> })}
            <Elsewhere query=query page=page ticks=ticks/>
            {told}
            <div class="row">
                {button("take", texts.queue_bulk_take(), ButtonTone::Secondary)}
                {button("release", texts.queue_bulk_release(), ButtonTone::Secondary)}
                {button("process", texts.queue_bulk_process(), ButtonTone::Secondary)}
                {button("complete", texts.queue_bulk_complete(), ButtonTone::Secondary)}
            </div>
            <details class="disclose" open=form.refused()>
                <summary class="button">{texts.queue_bulk_more()}</summary>
                <div class="stack">
                    <SelectField
                        id=form.id(Field::Owner)
                        name=Field::Owner.code()
                        label=label(texts, Field::Owner)
                        choices=colleagues
                        empty=texts.common_choose()
                        selected=form.value(Field::Owner, "")
                        error=form.field_error(Field::Owner)
                    />
                    <div class="row">{button("assign", texts.queue_bulk_assign(), ButtonTone::Secondary)}</div>
                    <ReasonField form=form help=texts.queue_bulk_reason_help() required=false/>
                    <div class="row">{button("refuse", texts.queue_bulk_refuse(), ButtonTone::Danger)}</div>
                </div>
            </details>
        </PostForm>
    }
}

/// What is ticked and not listed goes along; and where the address has ticks, it is left for one without.
#[component]
fn Elsewhere(query: Memo<QueueQuery>, page: Signal<QueuePage>, ticks: Ticks) -> impl IntoView {
    let texts = texts();
    let elsewhere = ticks.elsewhere(page);
    let without =
        Memo::new(move |_| query.with(|query| write(&QueueQuery { ticked: Vec::new(), ..query.clone() })));
    let listed_only = Memo::new(move |_| {
        query.with(|query| {
            let ticked = elsewhere.with(|elsewhere| {
                query.ticked.iter().filter(|one| !elsewhere.contains(one)).copied().collect()
            });
            write(&QueueQuery { ticked, ..query.clone() })
        })
    });
    let in_address = Memo::new(move |_| query.with(|query| !query.ticked.is_empty()));
    let then = move || {
        in_address.get().then(|| view! { <input type="hidden" name="then" value=move || without.get()/> })
    };
    let also = move || {
        let hidden = elsewhere.get();
        let count = i64::try_from(hidden.len()).unwrap_or(i64::MAX);
        (count > 0).then(|| {
            let inputs: Vec<_> = hidden
                .iter()
                .map(|one| {
                    view! { <input type="hidden" name=Field::Requests.code() value=one.code()/> }
                })
                .collect();
            let forget = move |_| ticks.forget(&hidden);
            view! {
                <p>
                    {texts.queue_bulk_also(count)} " "
                    <a href=move || listed_only.get() on:click=forget>{texts.queue_bulk_forget()}</a>
                </p>
                {inputs}
            }
        })
    };
    view! {
        {then}
        {also}
    }
}
