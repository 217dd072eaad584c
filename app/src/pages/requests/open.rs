//! An open request of the company: what was written about it, and the answer.

use domain::Field;
use domain::queue::{MESSAGE_MAX, NextStep};
use domain::support::EngagementPlan;
use domain::view::requests::{OpenRequest, RequestMessage};
use leptos::prelude::*;
use locales::{Texts, format};

use crate::components::{ButtonTone, SubmitButton, TextArea};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;

/// What stands below the row of an open request; it is built once, so that what is typed stays.
#[component]
pub(super) fn Opened(item: Signal<OpenRequest>) -> impl IntoView {
    let texts = texts();
    let messages = Memo::new(move |_| item.with(|item| item.messages.clone()));
    let plan = Memo::new(move |_| item.with(|item| item.plan.clone()));
    let next = Memo::new(move |_| item.with(|item| item.next));
    let takes = Memo::new(move |_| item.with(|item| item.takes_messages));
    view! {
        <div class="stack">
            {move || next.get().map(|step| view! { <p><b>{texts.queue_next()}</b>" " {next_text(texts, step)}</p> })}
            {move || plan.get().map(|plan| planned(texts, plan))}
            <h3>{texts.queue_conversation()}</h3>
            {move || conversation(texts, messages.get())}
            <Show when=move || takes.get()>
                <Answer item=item/>
            </Show>
        </div>
    }
}

fn planned(texts: Texts, plan: EngagementPlan) -> impl IntoView {
    let day = format::date(texts.language(), plan.day);
    view! {
        <h3>{texts.queue_plan()}</h3>
        <p>{texts.queue_plan_line(plan.consultant, plan.hours, day)}</p>
        {(!plan.note.is_empty()).then_some(view! { <p class="muted">{plan.note}</p> })}
    }
}

fn next_text(texts: Texts, step: NextStep) -> &'static str {
    match step {
        NextStep::Take => texts.queue_next_take(),
        NextStep::Decide => texts.queue_next_decide(),
        NextStep::Answer => texts.queue_next_answer(),
        NextStep::FindMoney => texts.queue_next_find_money(),
        NextStep::Engagement => texts.queue_next_engagement(),
    }
}

fn conversation(texts: Texts, messages: Vec<RequestMessage>) -> AnyView {
    if messages.is_empty() {
        return view! { <p class="muted">{texts.queue_conversation_none()}</p> }.into_any();
    }
    let lines: Vec<_> = messages
        .into_iter()
        .map(|message| {
            let by = message.by.unwrap_or_else(|| texts.queue_operators().to_owned());
            let when = format::date_time(texts.language(), message.at.day, message.at.time);
            view! {
                <li>
                    <p><b>{by}</b>" " <span class="muted small">{when}</span></p>
                    <blockquote>{message.text}</blockquote>
                </li>
            }
        })
        .collect();
    view! { <ol class="plain history">{lines}</ol> }.into_any()
}

#[component]
fn Answer(item: Signal<OpenRequest>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("answer_operators", item.with_untracked(|item| item.row.id));
    let area = move || {
        // What was sent doesn't stay in the field.
        form.done.track();
        view! {
            <TextArea
                id=form.id(Field::Message)
                name=Field::Message.code()
                label=texts.queue_answer()
                value=form.value(Field::Message, "")
                help=texts.queue_answer_help()
                error=form.field_error(Field::Message)
                maxlength=u32::try_from(MESSAGE_MAX).unwrap_or(u32::MAX)
                required=true
            />
        }
    };
    view! {
        <PostForm form=form class="stack">
            {area}
            <div class="row">
                <SubmitButton label=texts.queue_answer_send() tone=ButtonTone::Secondary busy=form.pending/>
            </div>
        </PostForm>
    }
}
