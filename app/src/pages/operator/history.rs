//! What happened to a request, with notes that operators alone read and messages to the company.

use domain::Field;
use domain::queue::{MESSAGE_MAX, MessageDirection};
use domain::view::operator::{HistoryEntry, HistoryKind, ItemFacts, QueueItem};
use leptos::prelude::*;

use super::decide::label;
use super::item::when;
use crate::components::{ButtonTone, SubmitButton, TextArea, Tick};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::words;

/// Writing to whoever made the request.
#[component]
pub(super) fn Message(item: Signal<QueueItem>) -> impl IntoView {
    // A company that enrols is asked for changes instead.
    if item.with_untracked(|item| matches!(item.facts, ItemFacts::Enrolment(_))) {
        return ().into_any();
    }
    let texts = texts();
    let name = item.with_untracked(|item| item.row.requester.clone());
    let form = Form::new("message_partner", item.with_untracked(|item| item.row.id));
    view! {
        <Write
            form=form
            field=Field::Message
            open=texts.queue_message_open(name.clone())
            help=texts.queue_message_help(name)
            send=texts.queue_message_send()
            asks=true
        />
    }
    .into_any()
}

/// Writing what operators alone read; a decided request takes notes, too.
#[component]
pub(super) fn Note(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("note_request", item.with_untracked(|item| item.row.id));
    view! {
        <Write
            form=form
            field=Field::Note
            open=texts.queue_note_open()
            help=texts.queue_note_help()
            send=texts.queue_note_save()
        />
    }
}

#[component]
fn Write(
    form: Form,
    field: Field,
    #[prop(into)] open: String,
    #[prop(into)] help: String,
    send: &'static str,
    /// Whether it can ask for an answer.
    #[prop(optional)]
    asks: bool,
) -> impl IntoView {
    let texts = texts();
    let asks = asks.then(|| {
        let checked = !form.refused() || form.value(Field::Asks, "") == "true";
        view! {
            <Tick
                id=form.id(Field::Asks)
                name=Field::Asks.code()
                label=texts.queue_message_asks()
                checked=checked
            />
        }
    });
    let area = move || {
        // What was sent doesn't stay in the field.
        form.done.track();
        view! {
            <TextArea
                id=form.id(field)
                name=field.code()
                label=label(texts, field)
                value=form.value(field, "")
                help=help.clone()
                error=form.field_error(field)
                maxlength=u32::try_from(MESSAGE_MAX).unwrap_or(u32::MAX)
                required=true
            />
        }
    };
    view! {
        <details class="disclose" open=form.refused()>
            <summary class="button">{open}</summary>
            <PostForm form=form class="stack">
                {area}
                {asks}
                <div class="row">
                    <SubmitButton label=send tone=ButtonTone::Secondary busy=form.pending/>
                </div>
            </PostForm>
        </details>
    }
}

/// The history, the earliest first.
#[component]
pub(super) fn History(item: Signal<QueueItem>) -> impl IntoView {
    let texts = texts();
    let entries = Memo::new(move |_| item.with(|item| item.history.clone()));
    view! {
        <Show when=move || !entries.with(Vec::is_empty)>
            <section class="stack">
                <h2 class="h3">{texts.queue_history()}</h2>
                <ol class="plain history">{move || entries.get().into_iter().map(entry).collect_view()}</ol>
            </section>
        </Show>
    }
}

fn entry(entry: HistoryEntry) -> impl IntoView {
    let texts = texts();
    let (what, text) = match entry.what {
        HistoryKind::Done(action) => (words::activity::what(texts, action.code()).to_owned(), None),
        HistoryKind::Note(text) => (texts.queue_history_note().to_owned(), Some(text)),
        HistoryKind::Message(MessageDirection::ToPartner, text) => {
            (texts.queue_history_sent().to_owned(), Some(text))
        }
        HistoryKind::Message(MessageDirection::ToOperators, text) => {
            (texts.queue_history_answered().to_owned(), Some(text))
        }
    };
    let by = entry.by.unwrap_or_else(|| texts.queue_history_portal().to_owned());
    view! {
        <li>
            <p><b>{what}</b>" " <span class="muted small">{texts.queue_history_who(by, when(entry.at))}</span></p>
            {text.map(|text| view! { <blockquote>{text}</blockquote> })}
        </li>
    }
}
