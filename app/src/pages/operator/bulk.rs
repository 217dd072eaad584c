//! The same for several requests at once; the boxes stand in their rows.

use domain::Field;
use domain::view::operator::QueuePage;
use leptos::prelude::*;

use super::decide::label;
use crate::components::{ButtonTone, Choice, Notice, SelectField, SubmitButton, TextArea, Tone};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;

/// Id of the form; boxes name it.
pub(super) const BULK: &str = "work-requests";

/// The form that the boxes belong to.
#[component]
pub(super) fn Bulk(page: Signal<QueuePage>) -> impl IntoView {
    let texts = texts();
    let works = Memo::new(move |_| page.with(|page| page.why_not.is_none() && !page.rows.is_empty()));
    view! {
        <Show when=move || works.get()>
            <div class="in stack bulk">
                <h2 class="h3">{texts.queue_bulk()}</h2>
                <Fields page=page/>
            </div>
        </Show>
    }
}

#[component]
fn Fields(page: Signal<QueuePage>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("work_requests", "");
    let colleagues: Vec<Choice> = page.with_untracked(|page| {
        page.colleagues.iter().map(|one| Choice::new(one.account.to_string(), one.name.clone())).collect()
    });
    let told = move || {
        form.done.get().map(|done| {
            view! { <Notice tone=Tone::Good role="status"><p class="lines">{done.message}</p></Notice> }
        })
    };
    let button = move |what: &'static str, label: &'static str, tone: ButtonTone| {
        view! { <SubmitButton label=label tone=tone busy=form.pending name="decision" value=what/> }
    };
    view! {
        <PostForm form=form id=BULK class="stack">
            <p class="muted small" id=form.id(Field::Requests)>{texts.queue_bulk_note()}</p>
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
                    <TextArea
                        id=form.id(Field::Reason)
                        name=Field::Reason.code()
                        label=label(texts, Field::Reason)
                        value=form.value(Field::Reason, "")
                        help=texts.queue_bulk_reason_help()
                        error=form.field_error(Field::Reason)
                        maxlength=500_u32
                    />
                    <div class="row">{button("refuse", texts.queue_bulk_refuse(), ButtonTone::Danger)}</div>
                </div>
            </details>
        </PostForm>
    }
}
